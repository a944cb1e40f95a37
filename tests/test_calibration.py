"""The whole model is calibrated: fits of cases whose truth is known. `make calibrate` does this with many more."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from attribution.inference.settings import Sampling
from benchmarks.calibration import calibrate, inside, kept
from benchmarks.ledger import Ledger
from tests.simulated_cases import simulated

SMALL = Sampling(log2_points=8)


def test_of_the_things_given_some_probability_as_many_hold() -> None:
    found = calibrate(range(80), "importance", sampling=SMALL)
    for pairs in ([p for one in found for p in one.faction], [p for one in found for p in one.fact]):
        worst = max(abs(row.held - row.given) / max(row.error, 0.01) for row in kept(pairs) if row.count >= 10)
        assert worst < 4
    for name in found[0].pits:
        assert inside(np.array([one.pits[name] for one in found]), 0.999), name


def test_a_wrong_posterior_is_found_out() -> None:
    """The check can fail: probabilities pushed towards certainty, ranks pushed to one side."""
    rng = np.random.default_rng(0)
    p = rng.random(4000)
    held = rng.random(4000) < p
    sure = np.clip(0.5 + 1.4 * (p - 0.5), 0.001, 0.999)
    worst = {
        name: max(abs(row.held - row.given) / row.error for row in kept(list(zip(given, held, strict=True))))
        for name, given in (("right", p), ("sure", sure))
    }
    assert worst["right"] < 4 < worst["sure"]
    assert inside(rng.random(200), 0.999)
    assert not inside(rng.random(200) ** 1.6, 0.999)


def test_the_same_cases_whatever_the_executor() -> None:
    seeds = range(3)
    told: list[int] = []
    with ThreadPoolExecutor(2) as threads:
        first = calibrate(seeds, "importance", executor=threads, sampling=SMALL, told=told.append)
    assert told == [1, 2, 3]
    assert first == calibrate(seeds, "importance", sampling=SMALL)


def test_simulated_cases_use_everything_that_can_be_simulated() -> None:
    cases = [simulated(seed) for seed in range(60)]
    assert sum(len(one.model.deception.forged) for one in cases) > 10
    assert sum(len(one.model.deception.staged) for one in cases) > 10
    assert sum(len(one.model.deception.deceptive) for one in cases) > 10
    copies = [item for one in cases for item in one.case.evidence if getattr(item, "copies", None)]
    assert len(copies) > 5
    assert any(len(origin.items) > 1 for one in cases for origin in one.case.origins)
    assert any(one.unranked for one in cases)
    assert any(one.perpetrator == "other" for one in cases)


@pytest.mark.slow
def test_nuts_is_calibrated_too() -> None:
    from attribution.inference.nuts import compilations

    found = calibrate(range(24), "nuts")
    for name in found[0].pits:
        assert inside(np.array([one.pits[name] for one in found]), 0.999), name
    assert compilations() <= 5


def test_a_run_that_was_killed_goes_on_where_it_was(tmp_path: Path) -> None:
    path = tmp_path / "finished.jsonl"
    whole = calibrate(range(4), "importance", sampling=SMALL, ledger=Ledger(path))
    cut = path.read_bytes()
    path.write_bytes(cut[: cut.rindex(b"\n") + 40])  # killed in the middle of the last line
    told: list[int] = []
    again = calibrate(range(4), "importance", sampling=SMALL, ledger=Ledger(path), told=told.append)
    assert told == [4]
    assert repr(again) == repr(whole)
    assert len(Ledger(path).known) == 4
