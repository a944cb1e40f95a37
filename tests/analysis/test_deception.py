"""The budget applied is a tie; curves are those of models that say so; the fewest are the fewest."""

from __future__ import annotations

import gc
from dataclasses import replace
from itertools import combinations
from weakref import ref

import numpy as np
import pytest

import attribution as at
from attribution.analysis.deception import _Levels
from attribution.analysis.perturbations import forgeable, forgeries
from attribution.analysis.reweighting import published
from attribution.analysis.workspace import Workspace, even_rows
from attribution.domain.facts import Fact
from attribution.domain.model import Deception, Forged
from attribution.domain.numbers import Number
from attribution.domain.origins import OriginDeclaration
from attribution.errors import UsageError
from attribution.inference.posterior import Posterior
from attribution.inference.sobol import sobol_normals
from attribution.network.compiler import compile_network
from attribution.network.summation import log_joint, normalise
from tests.builders import YES_NO, a_case, a_model, a_report, a_table, a_tree, says


@pytest.fixture(scope="module")
def posterior() -> Posterior:
    return at.fit(at.read_case("tower-22"), at.read_model("tower-22/baseline"), engine="importance")


@pytest.fixture(scope="module")
def found(posterior: Posterior) -> at.DeceptionBudget:
    return at.deception_budget(posterior)


def under(posterior: Posterior, forged: dict[str, float], toward: str) -> np.ndarray:
    """Probabilities when the model file says so, from points of other scrambles."""
    stated = tuple(Forged(origin, Number.exactly(d), toward) for origin, d in forged.items())
    kept = tuple(one for one in posterior.model.deception.forged if one.target not in forged)
    model = replace(posterior.model, deception=replace(posterior.model.deception, forged=(*stated, *kept)))
    program = compile_network(posterior.case, model)
    z = sobol_normals(program.dimension, 8, 10, 77).reshape(-1, program.dimension)
    probability, evidence = normalise(log_joint(program, z))
    return np.asarray(np.exp(evidence) @ probability / np.exp(evidence).sum())


def test_what_the_case_calls_unforgeable_is_left_alone(found: at.DeceptionBudget) -> None:
    assert "halt" not in found.forgeable
    assert "nujaba-vows" not in found.forgeable
    assert "no-denial-found" not in found.forgeable
    assert set(found.as_in_model) == {"from-rutba"}  # the only one that the model itself takes for forged


@pytest.mark.parametrize("toward", ["", "kataib-hezbollah", "nujaba", "other"])
def test_the_curve_is_that_of_models_that_say_so(posterior: Posterior, found: at.DeceptionBudget, toward: str) -> None:
    direction = next(one for one in found.directions if one.toward == toward)
    for level in (0.1, 0.5):
        expected = under(posterior, dict.fromkeys(found.forgeable, level), toward)
        curve = np.array(direction.curve[found.levels.index(level)])
        assert curve == pytest.approx(expected, abs=0.03)  # 512 draws here
    start = published(posterior).probabilities
    assert np.array(direction.curve[0]) == pytest.approx(start, abs=0.02)


@pytest.fixture(scope="module")
def passing() -> Posterior:
    """The evidence lets `a` lead where the prior would let `b`."""
    facts = [Fact(name, ("yes", "no")) for name in ("u", "v")]
    items = [a_report(f"r-{name}", says(name, "yes"), source=source) for name, source in zip("uv", "st", strict=True)]
    tables = [
        a_table("u", {"yes": {"a": (0.5, 0.7, 0.9), "else": (0.1, 0.2, 0.4)}}),
        a_table("v", {"yes": {"a": (0.3, 0.5, 0.7), "else": 0.2}}),
    ]
    model = a_model(*tables, shares={"a": 0.25, "b": 0.5, "c": 0.25})
    return at.fit(a_case(*facts, items=items, tree=a_tree("a", "b", "c")), model, engine="importance")


@pytest.mark.parametrize("toward", ["", "a", "b"])
def test_at_the_budget_the_lead_is_tied(passing: Posterior, toward: str) -> None:
    budget = at.deception_budget(passing)
    direction = next(one for one in budget.directions if one.toward == toward)
    assert direction.flip is not None
    assert abs(direction.log_odds) <= 4 * direction.log_odds_error + 2e-3
    leader, rival = (budget.factions.index(id) for id in (budget.leader, direction.to))
    for level, ahead in ((0.9 * direction.flip, leader), (min(1.0, 1.1 * direction.flip), rival)):
        then = under(passing, dict.fromkeys(budget.forgeable, level), toward)
        assert int(then.argmax()) == ahead


def test_surely_forged_all_directions_say_the_same_about_the_perpetrator(posterior: Posterior) -> None:
    """In every draw; of the numbers they say different things: one imitation is more probable than another."""
    on = Workspace(posterior, even_rows(posterior, 40))
    joints = [one.preview(on, 1.0) for one in forgeries(posterior, forgeable(posterior.case.as_of()))[:4]]
    for other in joints[1:]:
        np.testing.assert_allclose(normalise(other)[0], normalise(joints[0])[0], atol=1e-9)


def test_the_fewest_are_the_fewest() -> None:
    """All sets of origins, each in a model of its own."""
    facts = [Fact(name, ("yes", "no")) for name in ("u", "v", "w")]
    items = [a_report(f"r-{name}", says(name, "yes"), source=source) for name, source in zip("uvw", "sts", strict=True)]
    tables = [
        a_table("u", {"yes": {"a": 0.6, "else": 0.2}}),
        a_table("v", {"yes": {"a": (0.3, 0.4, 0.5), "else": 0.2}}),
        a_table("w", {"yes": {"b": 0.5, "else": 0.2}}),
    ]
    posterior = at.fit(a_case(*facts, items=items, tree=a_tree("a", "b", "c")), a_model(*tables), engine="importance")
    leader = posterior.ranking[0].id
    origins = posterior.program.origins
    found = {one.toward: one for one in at.deception_budget(posterior).directions}
    for toward in ("", "a"):
        breaking = [
            gone
            for size in range(1, 4)
            for gone in combinations(origins, size)
            if posterior.program.factions[int(under(posterior, dict.fromkeys(gone, 1.0), toward).argmax())] != leader
        ]
        fewest = found[toward].fewest
        assert fewest is not None
        assert fewest.exact
        assert len(fewest.origins) == len(breaking[0])
        assert fewest.sets == sum(len(one) == len(breaking[0]) for one in breaking)
        assert fewest.origins in breaking


def test_a_closed_form() -> None:
    """One origin, nothing uncertain: forged at random with d it says 1 - d of what it said."""
    case = a_case(Fact("w", ("yes", "no")), items=[a_report("r", says("w", "yes"))], tree=a_tree("a", "b"))
    model = a_model(a_table("w", {"yes": {"a": 0.9, "b": 0.1, "else": 0.1}}), shares={"a": 0.45, "b": 0.55}, other=0.01)
    posterior = at.fit(case, model, engine="importance")
    noise = at.deception_budget(posterior).directions[0]
    rho = float(model.grading.letters[1].best * model.grading.digits[1].best)
    true, false = rho + (1 - rho) / 2, (1 - rho) / 2
    a, b = (p * true + (1 - p) * false for p in (0.9, 0.1))
    pi = 0.99 * 0.45
    mean = pi * a + (1 - pi) * b  # anybody by the prior
    # 0.45 ((1 - d) a + d m) = 0.55 ((1 - d) b + d m)
    gap = 0.45 * (a - mean) - 0.55 * (b - mean)
    assert noise.flip == pytest.approx(1 - 0.1 * mean / gap, abs=2e-3)
    assert noise.to == "b"


def test_a_model_that_doubts_everything_is_moved_all_the_same() -> None:
    case = a_case(Fact("w", ("yes", "no")), items=[a_report("r", says("w", "yes"))], tree=a_tree("a", "b"))
    doubts = Deception(forged=(Forged("r", Number.exactly(0.1), "a"),))
    model = a_model(a_table("w", {"yes": {"a": 0.9, "else": 0.1}}), deception=doubts)
    found = at.deception_budget(at.fit(case, model, engine="importance"))
    assert found.forgeable == ("r",)
    assert found.as_in_model == ()


def test_nothing_can_be_forged() -> None:
    home = (OriginDeclaration("o", forgeable=False),)
    item = replace(a_report("r", says("w", "yes"), origin="o"))
    case = a_case(Fact("w", ("yes", "no")), items=[item], declarations=home)
    posterior = at.fit(case, a_model(a_table("w", {"yes": {"a": 0.6, "else": 0.2}})), engine="importance")
    with pytest.raises(UsageError, match="no origin of this case could be forged"):
        at.deception_budget(posterior)


def test_a_tied_lead_needs_no_deception(posterior: Posterior) -> None:
    case = a_case(Fact("w", ("yes", "no")), items=[a_report("r", says("w", "yes"))], tree=a_tree("a"))
    model = a_model(a_table("w", {"yes": {"else": 0.3}}), other=0.5)
    found = at.deception_budget(at.fit(case, model, engine="importance"))
    assert found.tied
    assert "no deception is needed" in str(found)


def test_the_paragraph_and_the_table(passing: Posterior) -> None:
    found = at.deception_budget(passing)
    text = str(found)
    leader = found.labels[found.factions.index(found.leader)]
    assert f"The lead of {leader} passes to" in text
    assert "at the worst it says nothing" in text
    frame = found.to_frame()
    assert len(frame) == len(found.levels) * (1 + len(found.factions))
    assert frame.sum(axis=1).to_numpy() == pytest.approx(1)


def test_what_was_supposed_counts_only_what_separates_leader_and_rival() -> None:
    """One report sets a apart from b; the other tells both from c alone, and forging it gives b nothing."""
    items = (a_report("r", says("perpetrator", "a"), grade="B2"), a_report("t", says("t", "no"), grade="B2"))
    case = a_case(Fact("t", YES_NO), items=items, tree=a_tree("a", "b", "c"))
    model = a_model(a_table("t", {"yes": {"c": 0.9, "else": 0.1}}), shares={"a": 0.4, "b": 0.5, "c": 0.1})
    found = at.deception_budget(at.fit(case, model, engine="importance"))
    assert set(found.forgeable) == {"r", "t"}
    assert found.weakest is not None
    assert found.weakest.to == "b"
    assert found.separating == ("r",)
    assert found.supposed.startswith(
        "Suppose that the one origin that sets A apart from B was forged at one common rate"
    )
    assert found.supposed.endswith("on B would lead.")


def test_draws_of_a_direction_are_let_go_with_it(posterior: Posterior) -> None:
    """Not when circles of garbage are looked for, which a command does seldom."""
    gc.collect()
    gc.disable()
    try:
        forgery = forgeries(posterior, posterior.program.origins[:1])[0]
        levels = _Levels(Workspace(posterior, even_rows(posterior, 32)), forgery)
        assert np.isinf(levels.margins(0.5)).sum() == 1
        gone = ref(levels.log_joint(0.5))
        del levels
        assert gone() is None
    finally:
        gc.enable()
