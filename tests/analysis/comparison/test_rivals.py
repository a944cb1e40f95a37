"""Models side by side; the way by which the runner-up would win really puts the runner-up ahead."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import attribution as at
from attribution.analysis.comparison.path import FARTHEST, _Walk, shortest_path
from attribution.analysis.comparison.rivals import compare_models
from attribution.domain.facts import Fact
from attribution.domain.identifiers import Catalog
from attribution.errors import UsageError
from attribution.inference.draws import smoothed
from attribution.inference.posterior import Posterior
from attribution.inference.sobol import sobol_normals
from attribution.network.summation import log_joint, normalise
from tests.builders import YES_NO, a_case, a_model, a_report, a_table, a_tree, says


@pytest.fixture(scope="module")
def posteriors() -> tuple[Posterior, ...]:
    case = at.read_case("tower-22")
    models = ("baseline", "sceptical", "without-state-finding")
    return tuple(at.fit(case, at.read_model(f"tower-22/{model}"), engine="importance") for model in models)


def lead_at(posterior: Posterior, shift: np.ndarray, seed: int) -> tuple[float, float]:
    """Log-odds of leader against runner-up on points of another seed, with the error over scrambles."""
    dimension = posterior.program.dimension
    z = sobol_normals(dimension, 8, 10, seed).reshape(-1, dimension) + shift
    probability, evidence = normalise(log_joint(posterior.program, z))
    weights = np.exp(smoothed(evidence)[0]).reshape(8, -1)
    a, b = (posterior.program.factions.index(one.id) for one in posterior.ranking[:2])
    sums = np.einsum("sd,sdh->sh", weights, probability.reshape(8, -1, 9))
    each = np.log(sums[:, a] / sums[:, b])
    return float(np.log(sums[:, a].sum() / sums[:, b].sum())), float(each.std(ddof=1) / np.sqrt(8))


def test_the_last_step_of_the_path_is_the_one_that_turns_the_lead(posteriors: tuple[Posterior, ...]) -> None:
    posterior = posteriors[0]
    found = shortest_path(posterior)
    assert found.reached
    labels = list(posterior.program.labels)
    shift = np.zeros(len(labels))
    for step in found.steps[:-1]:
        shift[labels.index(step.number)] = step.deviations
    before, error = lead_at(posterior, shift, 77)
    assert before > 4 * error or found.steps[-1].deviations == pytest.approx(0, abs=0.1)
    shift[labels.index(found.steps[-1].number)] = found.steps[-1].deviations
    after, error = lead_at(posterior, shift, 77)
    assert abs(after) < 4 * np.hypot(error, found.lead_error / 10 * np.log(10)) + 0.003
    assert all(abs(step.deviations) <= FARTHEST for step in found.steps)
    leads = [found.lead, *(step.lead for step in found.steps)]
    assert leads == sorted(leads, reverse=True)


def test_a_moved_number_is_a_number_in_the_model_file(posteriors: tuple[Posterior, ...]) -> None:
    """A symmetric triple moved by 1.645 deviations: [low, best, high] becomes the triple around its old end."""
    fact = Fact("x", YES_NO)
    narrow = (0.30, 0.40, 0.5074)
    case = a_case(fact, items=[a_report("r", says("x", "yes"))])
    model = a_model(a_table("x", {"yes": {"a": (0.55, 0.6, 0.65), "else": narrow}}))
    one = at.fit(case, model, engine="importance")
    found = shortest_path(one)
    assert found.steps
    walk = _Walk.between(one, 0, 1)
    labels = list(one.program.labels)
    shift = np.zeros(len(labels))
    shift[labels.index("table[x=yes|a]")] = -1.0
    from attribution.network.curves import quantile

    number = one.program.coordinates[labels.index("table[x=yes|a]")].number
    moved = tuple(float(quantile(number, np.array(z - 1.0))) for z in (-FARTHEST, 0.0, FARTHEST))
    again = at.fit(
        case,
        replace(model, tables=Catalog([a_table("x", {"yes": {"a": moved, "else": narrow}})])),  # type: ignore[dict-item]
        engine="importance",
    )
    odds = 10 * np.log10(again.standings[0].probability / again.standings[1].probability)
    assert walk.look(shift).lead == pytest.approx(odds, abs=0.01)


def test_the_slope_is_the_derivative(posteriors: tuple[Posterior, ...]) -> None:
    posterior = posteriors[0]
    a, b = (posterior.program.factions.index(one.id) for one in posterior.ranking[:2])
    walk = _Walk.between(posterior, a, b)
    here = walk.look(np.zeros(posterior.program.dimension))
    at_most = int(np.argmax(np.abs(here.slope)))
    step = np.zeros(posterior.program.dimension)
    step[at_most] = 0.05
    measured = -(walk.look(step).lead - walk.look(-step).lead) / 0.1 / (10 / np.log(10))
    assert measured == pytest.approx(here.slope[at_most], rel=0.2)


def test_models_side_by_side(posteriors: tuple[Posterior, ...]) -> None:
    own, *others = posteriors
    found = compare_models(own, tuple(others))
    assert not found.agree
    assert "do not agree" in str(found)
    assert [one.model for one in found.verdicts] == ["baseline", "sceptical", "without-state-finding"]
    assert found.verdicts[0].distance == 0
    for one, posterior in zip(found.verdicts, posteriors, strict=True):
        assert one.prior_db + one.evidence_db == pytest.approx(
            10 * np.log10(posterior.ranking[0].probability / posterior.ranking[1].probability)
        )
        assert sum(one.probabilities) == pytest.approx(1)
        leader = found.factions.index(one.leader)
        assert one.probabilities[leader] == max(one.probabilities)
    assert compare_models(own, (others[1],)).agree


def test_other_evidence_is_refused(posteriors: tuple[Posterior, ...]) -> None:
    less = replace(posteriors[0].case, title="Another")
    other = at.fit(less, posteriors[1].model, engine="importance")
    with pytest.raises(UsageError, match="other evidence"):
        compare_models(posteriors[0], (other,))
    earlier = at.fit(posteriors[0].case, posteriors[1].model, engine="importance", as_of="2024-03-01")
    with pytest.raises(UsageError, match="day"):
        compare_models(posteriors[0], (earlier,))


def test_who_can_be_asked_about(posteriors: tuple[Posterior, ...]) -> None:
    with pytest.raises(UsageError, match="leads already"):
        shortest_path(posteriors[0], "kataib-hezbollah")
    with pytest.raises(UsageError, match="factions"):
        shortest_path(posteriors[0], "nobody")


def test_where_nothing_can_be_moved() -> None:
    one = at.fit(a_case(tree=a_tree("a")), a_model(other=0.1), engine="importance")
    found = shortest_path(one)
    assert not found.reached
    assert found.steps == ()
    assert "No uncertain number" in str(found)
