"""Origins too many to enumerate: sampled orders that agree with all of them, and commands that always answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import attribution as at
from attribution.analysis import deception, dependence, subsets
from attribution.analysis.deception import ForgedSets, fewest
from attribution.analysis.reweighting import disjoint_sets
from attribution.analysis.sensitivity import _or_from_all
from attribution.analysis.shapley import contributions
from attribution.cli import main
from attribution.domain.facts import Fact
from attribution.inference.posterior import Posterior
from attribution.network import reader, summation
from attribution.network.summation import part_log_likelihoods, switched_off
from attribution.network.tape import Sealed
from benchmarks.large import write_pair
from tests.builders import a_case, a_model, a_report, a_table, says

DB = 10 / np.log(10)


def many_reports(count: int) -> Posterior:
    """So many reports of one fact: all of them hang together."""
    items = [a_report(f"r{k}", says("seen", "yes" if k % 3 else "no"), grade="BCD"[k % 3] + "3") for k in range(count)]
    case = a_case(Fact("seen", ("yes", "no")), items=items)
    model = a_model(a_table("seen", {"yes": {"a": (0.5, 0.7, 0.9), "else": (0.1, 0.3, 0.6)}}))
    return at.fit(case, model, engine="importance", log2_points=6)


def test_sampled_orders_sum_to_the_log_odds_in_every_draw() -> None:
    posterior = many_reports(13)
    found = contributions(posterior, *disjoint_sets(posterior, "a", "b"))
    assert found.orders == 2 * subsets.PAIRS
    likelihood = posterior.parts.total - posterior.parts.prior
    a, b = (posterior.program.factions.index(id) for id in ("a", "b"))
    total = np.mean(DB * (likelihood[:, a] - likelihood[:, b]))
    assert sum(values.mean() for values in found.values.values()) == pytest.approx(total, abs=0.02)
    assert len(found.values) == 13


def test_sampled_orders_agree_with_all_subsets(monkeypatch: pytest.MonkeyPatch) -> None:
    sides = disjoint_sets(many_reports(9), "a", "b")
    exact = contributions(many_reports(9), *sides)
    monkeypatch.setattr(subsets, "MOST_ENUMERATED", 4)
    sampled = contributions(many_reports(9), *sides)
    assert exact.orders == 0
    assert sampled.orders == 2 * subsets.PAIRS
    for origin, values in exact.values.items():
        mean = float(exact.weights @ values)
        assert abs(sampled.values[origin].mean() - mean) <= 4 * sampled.error[origin] + 0.01


def test_switches_as_inputs_give_what_written_out_subsets_give(monkeypatch: pytest.MonkeyPatch) -> None:
    """One short tape read many times, or one long tape: the same sums."""
    posterior = many_reports(5)
    program = posterior.program
    part = int(program.ints.origin_part[0])
    switches = [switched_off(program, frozenset(program.origins[:k])) for k in range(6)]
    written = part_log_likelihoods(program, posterior.slots, part, switches)
    monkeypatch.setattr(summation, "_MOST_WRITTEN", 0)
    gated = part_log_likelihoods(program, posterior.slots, part, switches)
    assert np.abs(gated - written).max() < 1e-14
    some = np.array([1])
    assert np.array_equal(part_log_likelihoods(program, posterior.slots, part, switches, only=some), gated[:, :, some])


def test_the_fewest_forged_origins_among_many() -> None:
    posterior = many_reports(20)
    leader = posterior.program.factions.index(posterior.ranking[0].id)
    found = fewest(ForgedSets(posterior, posterior.program.origins), "", leader)
    assert found is None or found.leader != posterior.ranking[0].id or found.open


def test_thirteen_tied_origins_have_every_finding() -> None:
    found = at.sensitivity(many_reports(13))
    assert "sampled orders" in found.decomposition.method
    assert found.lattice is not None
    assert found.deception is not None


@pytest.mark.parametrize("command", [pytest.param("sensitivity", marks=pytest.mark.slow), "report"])
def test_thirteen_reports_of_one_fact_are_answered(command: str, tmp_path: Path) -> None:
    case, model = write_pair(tmp_path, 3, 1, 13)
    out = tmp_path / "out.json"
    status = main([command, str(case), "--model", str(model), "--engine", "importance", "-o", str(out)])
    assert status in (0, 1)
    assert ("sampled orders" if command == "sensitivity" else '"orders": 64') in out.read_text()


def instructions(case: Path, model: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many are read, times draws, for what is asked of each origin in turn."""
    posterior = at.fit(at.read_case(case), at.read_model(model), engine="importance", log2_points=5)
    assert posterior.ranking and posterior.parts is not None
    found, in_parts = [0], reader._in_parts

    def counted(work: Callable[[slice], None], tape: Sealed, draws: int) -> None:
        found[0] += draws * len(tape.code)
        in_parts(work, tape, draws)

    with monkeypatch.context() as patched:
        patched.setattr(reader, "_in_parts", counted)
        at.leave_out(posterior, refit=False)
        at.power_scaling(posterior)
        at.next_evidence(posterior)
        at.story_sweep(posterior, refit=False)
    return found[0]


def test_work_grows_with_the_case_not_faster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twice the items, or twice the factions: at most about twice the instructions."""
    one, items, factions = (
        instructions(*write_pair(tmp_path, *size), monkeypatch) for size in ((6, 4, 40), (6, 4, 80), (12, 4, 40))
    )
    assert one < items < 2.5 * one
    assert one < factions < 2.5 * one


def test_what_no_points_reach_is_not_asked_of_all_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Points whose own k-hat is too high: a finding that fewer do not reach stays one of fewer, and says so."""
    posterior = many_reports(3)
    fewer = replace(posterior)
    asked: list[Posterior] = []

    class Doubtful:
        def unreliable(self) -> tuple[str, ...]:
            return ("k-hat is too high",)

    def work(of: Posterior) -> Doubtful:
        asked.append(of)
        return Doubtful()

    _or_from_all(posterior, fewer, work)  # type: ignore[type-var]
    assert asked == [fewer, posterior]
    beyond = replace(posterior, draws=replace(posterior.draws, khat=0.9))
    asked.clear()
    _or_from_all(beyond, fewer, work)  # type: ignore[type-var]
    assert asked == [fewer]


def test_deceivers_point_to_the_most_probable_factions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case, model = write_pair(tmp_path, 6, 2, 6)
    posterior = at.fit(at.read_case(case), at.read_model(model), engine="importance", log2_points=5)
    whole = at.deception_budget(posterior, refit=False)
    assert len(whole.directions) == 1 + 6
    assert "most probable" not in whole.method
    monkeypatch.setattr(deception, "_MOST_TOWARD", 3)
    some = at.deception_budget(replace(posterior), refit=False)
    likeliest = [one.id for one in posterior.ranking[:3]]
    assert [one.toward for one in some.directions] == ["", *(id for id in whole.factions if id in likeliest)]
    assert "toward one faction of the 3 most probable of 6" in some.method
    known = {one.toward: one for one in whole.directions}
    assert all(one.curve == known[one.toward].curve for one in some.directions)


def test_institutions_that_pull_most_are_merged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case, model = write_pair(tmp_path, 4, 2, 70)
    posterior = at.fit(at.read_case(case), at.read_model(model), engine="importance", log2_points=5)
    monkeypatch.setattr(dependence, "_LONGEST", 3)
    monkeypatch.setattr(dependence, "MOST_PAIRS", 10)
    found = at.dependence(posterior)
    assert len(found.institutions) == dependence._MOST_INSTITUTIONS
    assert found.unmerged_institutions > 0
    assert f"the {len(found.institutions)} whose origins pull most were taken as one" in found.method
    assert len(found.pairs) == 10
    monkeypatch.setattr(dependence, "_MOST_INSTITUTIONS", 100)
    everyone = at.dependence(posterior)
    assert set(found.institutions) < set(everyone.institutions)
    assert "pull most" not in everyone.method
