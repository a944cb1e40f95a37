"""Power-scaling equals recomputation at each power, and ArviZ's for functions of the unknown numbers."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

import attribution as at
from attribution.analysis.factors import tempered_log_joint
from attribution.analysis.power import OrderedSample, power_scaling
from attribution.domain.evidence import Direct
from attribution.domain.facts import Fact
from attribution.domain.numbers import Number
from attribution.errors import UsageError
from attribution.inference.posterior import Posterior
from attribution.inference.sobol import sobol_normals
from attribution.network.compiler import compile_network
from attribution.network.summation import evidence_gradient, log_joint, log_joint_at, normalise, numbers
from tests.analysis.equal_draws import drawn_again
from tests.brute_numbers import point
from tests.builders import DAY, YES_NO, a_case, a_model, a_report, a_table, a_tree, says
from tests.network.test_gradient import differences, log_evidence
from tests.random_cases import random_pair


@pytest.fixture(scope="module")
def posterior() -> Posterior:
    return at.fit(at.read_case("tower-22"), at.read_model("tower-22/baseline"), engine="importance")


def test_a_factor_to_a_power_is_what_the_tape_sums(posterior: Posterior) -> None:
    """The shortcut through the truth of an origin, against the sum with the factor really raised."""
    few = drawn_again(posterior, draws=50)
    for origin in few.program.origins:
        for power in (0.0, 0.8, 1.0, 3.0):
            summed = log_joint_at(few.program.powered(origin, power), few.slots)
            np.testing.assert_allclose(tempered_log_joint(few, origin, power), summed, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("seed", range(600, 620))
def test_a_factor_to_a_power_in_any_network(seed: int) -> None:
    case, model = random_pair(seed)
    found = at.fit(case, model, engine="importance", scrambles=2, log2_points=7)
    for origin in found.program.origins:
        summed = log_joint_at(found.program.powered(origin, 1.25), found.slots)
        mine = tempered_log_joint(found, origin, 1.25)
        possible = summed > -600  # of what is all but impossible nothing is left to compare
        np.testing.assert_allclose(mine[possible], summed[possible], rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("power", [0.5, 1.0, 2.5])
@pytest.mark.parametrize("seed", range(600, 610))
def test_the_gradient_knows_of_powers(seed: int, power: float) -> None:
    program = compile_network(*random_pair(seed))
    for origin in program.origins:
        program = program.powered(origin, power)
    z = np.random.default_rng(seed).standard_normal(program.dimension)
    value, gradient = evidence_gradient(program, z)
    assert value == pytest.approx(log_evidence(program, z[None])[0], rel=1e-12)
    np.testing.assert_allclose(gradient, differences(lambda p: log_evidence(program, p), z), rtol=1e-5, atol=1e-8)


def test_the_second_power_is_a_second_witness() -> None:
    """An origin squared says what it says twice, as two independent origins with the same numbers would."""
    fact, table = Fact("x", YES_NO), a_table("x", {"yes": {"a": 1.0, "else": 0.0}})
    weighed = Direct(
        id="d", title="", source="s", published=DAY, fact="x", ratios=(("yes", Number.exactly(3.0, "ratio")),)
    )
    one = a_case(fact, items=[a_report("r", says("x", "yes")), weighed])
    two = a_case(
        fact,
        items=[a_report("r", says("x", "yes")), a_report("q", says("x", "yes")), weighed, replace(weighed, id="e")],
    )
    z = np.zeros((1, 0))
    squared = compile_network(one, a_model(table)).powered("r", 2.0).powered("d", 2.0)
    np.testing.assert_allclose(log_joint(squared, z), log_joint(compile_network(two, a_model(table)), z), rtol=1e-12)


@pytest.mark.parametrize("alpha", [0.8, 1.25])
def test_probabilities_equal_a_fresh_run_at_each_power(posterior: Posterior, alpha: float) -> None:
    """Other points, the factor really raised: the published probabilities agree within 4 combined standard errors."""
    found = {one.id: one for one in power_scaling(posterior).components}
    place = power_scaling(posterior).alphas.index(alpha)
    for origin in ("from-syria", "state-finding"):
        program = posterior.program.powered(origin, alpha)
        z = sobol_normals(program.dimension, 8, 11, 99)
        probability, evidence = normalise(log_joint_at(program, numbers(program, z.reshape(-1, program.dimension))))
        weights = np.exp(evidence - evidence.max())
        fresh = weights @ probability / weights.sum()
        parts = zip(weights.reshape(8, -1), probability.reshape(8, -1, 9), strict=True)
        error = np.std([w @ p / w.sum() for w, p in parts], axis=0, ddof=1) / np.sqrt(8)
        combined = np.hypot(error, [one.mcse for one in posterior.standings])
        assert np.all(np.abs(fresh - found[origin].probabilities[place]) < np.maximum(4 * combined, 1e-4)), origin


def test_the_prior_over_factions_to_a_power(posterior: Posterior) -> None:
    """Brute force: (pi / size)^alpha size p(E | h) in every draw."""
    found = next(one for one in power_scaling(posterior).components if one.id == "perpetrator")
    z = dict(zip(posterior.program.labels, posterior.draws.flat.T, strict=True))
    stated = posterior.model.perpetrator.sizes
    sizes = np.ones(posterior.log_joint.shape)
    for entry in stated.entries:
        drawn = [math.exp(point(stated.of(entry.node), float(one))) for one in z[f"size[{entry.node}]"]]
        sizes[:, posterior.program.factions.index(entry.node)] = drawn
    for alpha, stated in zip((0.8, 1.25), found.probabilities, strict=True):
        joint = np.exp(posterior.log_joint) * (np.exp(posterior.parts.prior) / sizes) ** (alpha - 1)
        prior = posterior.draws.weights / np.exp(posterior.log_joint).sum(axis=1)
        brute = prior @ joint
        assert brute / brute.sum() == pytest.approx(stated, abs=1e-9)


def test_what_arviz_says_of_functions_of_the_numbers(posterior: Posterior) -> None:
    """`psense` of the leader's probability in each draw, block by block, to the last digits."""
    import arviz_stats

    equal = drawn_again(posterior)
    found = power_scaling(equal)
    blocks = {
        "trait:tempo": [label for label in equal.program.labels if label.startswith("trait[tempo|")],
        "table:launch-area": [label for label in equal.program.labels if label.startswith("table[launch-area=")],
        "forged": [label for label in equal.program.labels if label.startswith("forged[")],
    }
    said = {one.id: one.sensitivity for one in found.components}
    common = {"var_names": ["probability"], "coords": {"faction": [found.leader]}, "alphas": found.alphas}
    for block, labels in blocks.items():
        theirs = arviz_stats.psense(equal.tree, group="prior", group_coords={"number": labels}, **common)
        assert said[block] == pytest.approx(float(theirs["probability"].item()), rel=1e-6, abs=1e-9), block
    theirs = arviz_stats.psense(equal.tree, group="likelihood", **common)
    assert found.evidence.sensitivity == pytest.approx(float(theirs["probability"].item()), rel=1e-6)


def test_the_distance_is_arvizs_and_between_any_samples() -> None:
    from arviz_stats.base.array import array_stats

    rng = np.random.default_rng(3)
    values, weights = rng.standard_normal(400), rng.dirichlet(np.ones(400))
    mine = OrderedSample.of(values, np.full(400, 1 / 400))
    theirs = max(array_stats._cjs_dist(values, weights), array_stats._cjs_dist(-values, weights))
    assert mine.distance_to_weights(weights) == pytest.approx(theirs, rel=1e-9)
    assert mine.distance(values, weights) == pytest.approx(theirs, rel=1e-9)
    assert mine.distance(values, mine.weights) == pytest.approx(0, abs=1e-7)
    assert OrderedSample.of(np.zeros(5), np.full(5, 0.2)).distance(np.zeros(3), np.full(3, 1 / 3)) == 0


def test_splitting_a_faction_changes_nothing() -> None:
    fact, table = Fact("x", YES_NO), a_table("x", {"yes": {"a": 0.8, "else": 0.2}})
    items = [a_report("r", says("x", "yes"))]
    whole = at.fit(a_case(fact, items=items), a_model(table, sizes={"b": 2.0}), engine="importance")
    split = at.fit(a_case(fact, items=items, tree=a_tree("a", "b", "c")), a_model(table), engine="importance")
    leaders = [{one.id: one.probabilities[0][0] for one in power_scaling(found).components} for found in (whole, split)]
    assert leaders[0] == pytest.approx(leaders[1], abs=1e-12)


def test_what_is_not_evidence_has_no_influence() -> None:
    """Without evidence only the prior over factions can move the answer."""
    bare = at.fit(a_case(Fact("x", YES_NO)), a_model(a_table("x", {"yes": {"else": 0.5}})), engine="importance")
    found = power_scaling(bare)
    assert [one.id for one in found.components] == ["perpetrator"]
    assert found.evidence.sensitivity == 0


def test_powers_lie_on_both_sides_of_one(posterior: Posterior) -> None:
    with pytest.raises(UsageError, match="powers"):
        power_scaling(posterior, (1.1, 1.2))


def test_the_paragraph_says_how(posterior: Posterior) -> None:
    found = power_scaling(posterior)
    assert found.method in str(found)
    assert "points" in str(found)
    assert found.to_frame().loc["evidence", "kind"] == "evidence"
