"""Leaving out by reweighting equals leaving out and fitting again."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import attribution as at
from attribution.analysis import reweighting
from attribution.analysis.leave_out import without
from attribution.analysis.reweighting import transferred
from attribution.analysis.units import UnitKind, units
from attribution.domain.case import Case
from attribution.domain.evidence import Absence, Direct, Item, Statement
from attribution.domain.facts import Fact
from attribution.domain.grades import Grade
from attribution.domain.identifiers import Catalog
from attribution.domain.model import Model
from attribution.errors import UsageError
from attribution.inference import posterior_draws
from attribution.inference.draws import estimate
from attribution.inference.posterior import Posterior
from attribution.inference.sobol import sobol_normals
from attribution.network.compiler import compile_network
from attribution.network.summation import log_joint, log_joint_at, normalise, numbers
from benchmarks.large import write_pair
from tests.builders import YES_NO, a_case, a_model, a_report, a_table, a_tree, says
from tests.random_cases import random_pair
from tests.rewriting import rewritten


@pytest.fixture(scope="module")
def posterior() -> Posterior:
    return at.fit(at.read_case("tower-22"), at.read_model("tower-22/baseline"), engine="importance")


@pytest.mark.parametrize("origin", ["state-finding", "us-intelligence", "from-syria", "halt", "banner-statement"])
def test_an_origin_left_out_is_an_origin_never_there(posterior: Posterior, origin: str) -> None:
    """A fresh run on other points, weighted by the evidence without the origin."""
    less = posterior.program.without(frozenset({origin}))
    z = sobol_normals(less.dimension, 8, 11, 99)
    probability, evidence = normalise(log_joint_at(less, numbers(less, z.reshape(-1, less.dimension))))
    weights = np.exp(evidence - evidence.max())
    fresh = weights @ probability / weights.sum()
    by_scramble = np.array(
        [w @ p / w.sum() for w, p in zip(weights.reshape(8, -1), probability.reshape(8, -1, 9), strict=True)]
    )
    error = np.hypot(by_scramble.std(axis=0, ddof=1) / np.sqrt(8), [s.mcse for s in posterior.standings])
    found = next(removal for removal in at.leave_out(posterior).removals if removal.id == origin)
    assert np.all(np.abs(found.probabilities - fresh) <= np.maximum(4 * error, 1e-4))


def test_the_pull_is_what_the_origin_adds_to_the_odds(posterior: Posterior) -> None:
    found = at.leave_out(posterior)
    leader, runner_up = (found.factions.index(id) for id in (found.leader, found.runner_up))
    published = [standing.probability for standing in posterior.standings]
    for removal in found.removals:
        without = removal.probabilities
        change = (published[leader] / published[runner_up]) / (without[leader] / without[runner_up])
        assert removal.lead_pull == pytest.approx(10 * np.log10(change))


def test_a_source_is_all_its_origins(posterior: Posterior) -> None:
    found = {removal.id: removal.origins for removal in at.leave_out(posterior, "institution").removals}
    assert {"us-intelligence", "state-finding", "navigation-unit"} <= set(found["us-government"])
    assert sorted(origin for origins in found.values() for origin in origins) == sorted(posterior.program.origins)


def test_leaving_out_from_a_weighted_and_from_a_sampled_run_agree(posterior: Posterior) -> None:
    sampled = at.fit(posterior.case, posterior.model)
    first, second = (
        {removal.id: removal.probabilities for removal in at.leave_out(one).removals} for one in (posterior, sampled)
    )
    error = np.hypot(
        estimate(posterior.draws, posterior.faction_draws).mcse, estimate(sampled.draws, sampled.faction_draws).mcse
    )
    for origin, probabilities in first.items():
        difference = np.abs(np.array(probabilities) - np.array(second[origin]))
        assert np.all(difference <= np.maximum(6 * error, 2e-3)), origin


def without_item(case: Case, item: str) -> Case:
    return replace(case, evidence=Catalog([one for one in case.evidence if one.id != item]))


def without_fact(case: Case, fact: str) -> Case:
    """Every word about a fact struck out."""
    kept: list[Item] = []
    for item in case.evidence:
        if isinstance(item, Statement | Absence):
            said = tuple(one for one in item.says if one.fact != fact)
            kept += [replace(item, says=said)] if said else []
        elif not (isinstance(item, Direct) and item.fact == fact):
            kept.append(item)
    return replace(case, evidence=Catalog(kept))


def in_twos(case: Case) -> Case:
    """Without digit 1, which reads differently beside another origin, and without copies, which lose their original."""

    def plain(value: object) -> Grade | None:
        return Grade(value.letter, "2") if isinstance(value, Grade) and value.digit == "1" else None

    case = rewritten(case, plain)
    items = [replace(item, copies=None) if isinstance(item, Statement) else item for item in case.evidence]
    return replace(case, evidence=Catalog(items)).as_of()


def forged_there(case: Case, model: Model) -> Model:
    """The model without what it says of the forging of origins that are not in the case (any more)."""
    there = {one.origin_id for one in case.evidence} | set(case.sources.ids)
    kept = tuple(one for one in model.deception.forged if one.target in there)
    return replace(model, deception=replace(model.deception, forged=kept), clusters=Catalog())


@settings(max_examples=25)
@given(st.integers(20_000, 1_000_000), st.sampled_from(["item", "fact"]))
def test_a_unit_left_out_is_a_unit_never_there(seed: int, by: UnitKind) -> None:
    """In every draw, whatever else its origin says: the case is written again without it."""
    case, model = random_pair(seed)
    case = in_twos(case)
    model = forged_there(case, model)  # what was withdrawn since is not there to be forged
    posterior = at.fit(case, model, engine="importance", scrambles=2, log2_points=5)
    strike = without_item if by == "item" else without_fact
    for unit in units(posterior, by):
        smaller = strike(case, unit.id)
        program = compile_network(smaller, forged_there(smaller, model))
        expected = normalise(log_joint(program, transferred(posterior, program)))[0]
        found = normalise(without(posterior, unit)[1])[0]
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


def test_items_of_one_origin_stand_in_for_one_another(posterior: Posterior) -> None:
    """What one intelligence community would sign: each adds something, all together are the origin."""
    one_by_one = {removal.id: removal for removal in at.leave_out(posterior, "item").removals}
    signed = ("footprints", "earmarks", "examined-still")
    together = at.leave_out(posterior, "item", only=signed, at_once=True).removals[0]
    origin = at.leave_out(posterior, only=("us-intelligence",)).removals[0]
    assert together.probabilities == pytest.approx(origin.probabilities, abs=1e-12)
    assert one_by_one["footprints"].partial == ("us-intelligence",)
    assert 0 < one_by_one["footprints"].lead_pull < 0.2  # the earmarks imply it: only that much less by chance
    assert one_by_one["state-2025"].lead_pull == pytest.approx(0.0, abs=1e-9)  # the same finding again


def test_what_moves_a_third_party_most_stands_first() -> None:
    """Closed form. Item t hides a false flag: without it c rises from 4 to 28 %, while a against b stays as it was."""
    facts = (Fact("x", YES_NO), Fact("t", YES_NO))
    items = (a_report("x", says("x", "yes"), grade="A1"), a_report("t", says("t", "no"), grade="A1"))
    case = a_case(*facts, items=items, tree=a_tree("a", "b", "c"))
    tables = a_table("x", {"yes": {"a": 0.6, "b": 0.4, "else": 0.4}}), a_table("t", {"yes": {"c": 0.9, "else": 0.1}})
    posterior = at.fit(case, a_model(*tables), engine="importance")
    found = at.leave_out(posterior)
    assert [removal.id for removal in found.removals] == ["t", "x"]
    first = found.removals[0]
    assert abs(first.lead_pull) < 1e-6 < abs(found.removals[1].lead_pull)
    assert first.moved == "c"
    now = {standing.id: standing.probability for standing in posterior.standings}
    then = dict(zip(found.factions, first.probabilities, strict=True))
    assert first.move == pytest.approx(then["c"] - now["c"])
    assert all(abs(then[id] - now[id]) <= abs(first.move) for id in now)
    assert "C without “T”, by +2" in str(found)
    asked = at.leave_out(posterior, between=("a", "b"))
    assert [removal.id for removal in asked.removals] == ["x", "t"]


def test_a_pull_between_any_two_nodes(posterior: Posterior) -> None:
    found = at.leave_out(posterior, "institution", between=("iran-aligned", "other"))
    named = np.array([faction != "other" for faction in found.factions])
    now = np.array([standing.probability for standing in posterior.standings])
    for removal in found.removals:
        then = np.array(removal.probabilities)
        change = (now[named].sum() / now[~named].sum()) / (then[named].sum() / then[~named].sum())
        assert removal.between_pull == pytest.approx(10 * np.log10(change), abs=1e-9)
    assert "Iran-aligned axis against Anyone else" in str(found)


def test_without_any_evidence_it_is_the_prior_and_says_so(posterior: Posterior) -> None:
    found = at.leave_out(posterior, only=posterior.program.origins, at_once=True)
    assert found.removals[0].probabilities == pytest.approx([one.prior for one in posterior.standings], abs=1e-12)
    assert found.removals[0].leaves_prior
    assert "what remains is the prior" in str(found)


def test_the_error_of_a_pull_is_what_other_scrambles_show(posterior: Posterior) -> None:
    """Over twelve runs the pulls scatter as much as each run says."""
    runs = [
        at.leave_out(
            at.fit(posterior.case, posterior.model, engine="importance", random_seed=seed, scrambles=8, log2_points=7),
            only=("us-intelligence",),
        ).removals[0]
        for seed in range(12)
    ]
    scatter = np.std([run.lead_pull for run in runs], ddof=1)
    assert 0.5 < scatter / np.mean([run.lead_error for run in runs]) < 2.0


def test_what_the_draws_cannot_reach_is_fitted_again(posterior: Posterior, monkeypatch: pytest.MonkeyPatch) -> None:
    sampled = at.fit(posterior.case, posterior.model, draws=300, tune=200)
    monkeypatch.setattr(reweighting, "khat_threshold", lambda draws: float("-inf"))
    again = at.leave_out(sampled, only=("us-intelligence",))
    without_refit = at.leave_out(sampled, only=("us-intelligence",), refit=False)
    first, second = again.removals[0], without_refit.removals[0]
    assert first.refitted
    assert not second.refitted
    assert "Fitted again" in str(again)
    error = np.hypot(first.mcse, second.mcse)
    assert np.all(np.abs(np.subtract(first.probabilities, second.probabilities)) <= np.maximum(5 * error, 1e-4))


def test_two_factions_whose_lead_is_tied() -> None:
    tied = at.fit(
        a_case(Fact("w", ("yes", "no")), items=[a_report("r", says("w", "yes"))], tree=a_tree("a")),
        a_model(a_table("w", {"yes": {"else": 0.3}}), other=0.5),
        engine="importance",
    )
    found = at.leave_out(tied)
    assert found.tied
    assert found.removals[0].lead_open
    assert "no more than Monte Carlo error" in str(found)


def test_the_table_and_the_paragraph(posterior: Posterior) -> None:
    found = at.leave_out(posterior, "source")
    frame = found.to_frame()
    assert frame.index.name == "source"
    assert frame[list(found.factions)].sum(axis=1).to_numpy() == pytest.approx(1)
    assert str(found).startswith("Leaving out one source at a time")


def test_an_unknown_unit(posterior: Posterior) -> None:
    with pytest.raises(UsageError) as raised:
        at.leave_out(posterior, "orign")  # type: ignore[arg-type]
    assert raised.value.hint == 'did you mean "origin"?'


@pytest.mark.parametrize(
    ("by", "name", "hint"),
    [("item", "earmark", "earmarks"), ("source", "us-justise", "us-justice"), ("fact", "wepon", "weapon")],
)
def test_an_unknown_name(posterior: Posterior, by: UnitKind, name: str, hint: str) -> None:
    with pytest.raises(UsageError) as raised:
        at.leave_out(posterior, by, only=(name,))
    assert raised.value.hint == f'did you mean "{hint}"?'


@pytest.mark.parametrize("between", [("nujaba", "nujaba"), ("iran-aligned", "nujaba"), ("nujaba", "nobody")])
def test_nodes_that_cannot_be_compared(posterior: Posterior, between: tuple[str, str]) -> None:
    with pytest.raises(UsageError):
        at.leave_out(posterior, between=between)


def test_a_large_case_keeps_no_draws_of_what_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Past a size all is let go after use, and says the same: an array (draw, faction) of each origin would not fit."""
    case, model = write_pair(tmp_path, 10, 10, 50)
    kept, large = (
        at.fit(at.read_case(case), at.read_model(model), engine="importance", log2_points=9) for _ in range(2)
    )
    for posterior in (kept, large):
        assert len(posterior.ranking) == 10 and posterior.parts is not None
    all_of_them = len(kept.program.origins) * kept.log_joint.nbytes
    whole = at.leave_out(kept, refit=False)
    monkeypatch.setattr(posterior_draws, "_MOST_KEPT", 0)
    tracemalloc.start()
    try:
        assert at.leave_out(large, refit=False) == whole
        remaining, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert remaining < all_of_them / 4
