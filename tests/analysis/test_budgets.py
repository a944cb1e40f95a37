"""Origins too many to enumerate: sampled orders that agree with all of them, and commands that always answer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import attribution as at
from attribution.analysis import subsets
from attribution.analysis.deception import fewest
from attribution.analysis.reweighting import disjoint_sets
from attribution.analysis.shapley import contributions
from attribution.cli import main
from attribution.domain.facts import Fact
from attribution.inference.posterior import Posterior
from attribution.network import summation
from attribution.network.summation import part_log_likelihoods, switched_off
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
    found = fewest(posterior, posterior.program.origins, "", leader)
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
