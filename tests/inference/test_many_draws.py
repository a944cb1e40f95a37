"""Where draws are too many to hold their normals and numbers at once, nothing that is said of them changes."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import attribution as at
from attribution.analysis.workspace import enough_draws
from attribution.inference import draws as draws_module
from attribution.inference import sobol
from attribution.inference.draws import Draws, Numbers
from attribution.inference.sobol import SobolPoints
from attribution.network.summation import log_joint_at

NAMES = ("log_joint", "state_draws", "faction_draws", "scenario_draws", "log_evidence")


@pytest.fixture
def small_room(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Room for a thousand normals, and for numbers of a few hundred draws at a time."""
    monkeypatch.setattr(sobol, "MOST_NORMALS", 1000)
    monkeypatch.setattr(draws_module, "MOST_NORMALS", 1000)
    monkeypatch.setattr(draws_module, "_BLOCK", 100_000)
    return


@pytest.fixture
def narrow(case: at.Case, baseline: at.Model, small_room: None) -> at.Posterior:
    return at.fit(case, baseline, engine="importance")


def test_everything_that_follows_is_the_same_to_the_last_bit(instant: at.Posterior, narrow: at.Posterior) -> None:
    assert isinstance(narrow.draws.normals, SobolPoints)
    assert not isinstance(instant.draws.normals, SobolPoints)
    for name in NAMES:
        assert np.array_equal(getattr(narrow, name), getattr(instant, name)), name
    assert narrow.standings == instant.standings
    assert narrow.state_standings == instant.state_standings
    assert np.array_equal(narrow.draws.z, instant.draws.z)
    assert np.array_equal(narrow.slots, instant.slots)


def test_fewer_draws_of_them_are_the_same(instant: at.Posterior, narrow: at.Posterior) -> None:
    few, same = enough_draws(narrow), enough_draws(instant)
    assert np.array_equal(few.draws.z, same.draws.z)
    assert np.array_equal(few.slots, same.slots)
    assert few.draws.khat == same.draws.khat


def test_a_run_of_them_is_the_same_file_and_is_read_as_points(
    instant: at.Posterior, narrow: at.Posterior, tmp_path: Path
) -> None:
    narrow.save(tmp_path / "narrow.nc")
    instant.save(tmp_path / "wide.nc")
    assert (tmp_path / "narrow.nc").read_bytes() == (tmp_path / "wide.nc").read_bytes()
    again = at.load_posterior(tmp_path / "narrow.nc")
    assert isinstance(again.draws.normals, SobolPoints)
    assert np.array_equal(again.log_joint, instant.log_joint)


def test_their_report_says_the_same(instant: at.Posterior, narrow: at.Posterior, tmp_path: Path) -> None:
    at.write_report(narrow, tmp_path / "narrow.json")
    at.write_report(instant, tmp_path / "wide.json")
    assert (tmp_path / "narrow.json").read_bytes() == (tmp_path / "wide.json").read_bytes()


def test_they_travel_between_processes_as_points(narrow: at.Posterior) -> None:
    again = pickle.loads(pickle.dumps(narrow))
    assert isinstance(again.draws.normals, SobolPoints)
    assert np.array_equal(again.faction_draws, narrow.faction_draws)


def test_numbers_of_no_draw_have_their_shape(instant: at.Posterior) -> None:
    program = instant.program
    none = Numbers(program, Draws(np.empty((2, 0, program.dimension))))
    assert none.each(lambda slots: log_joint_at(program, slots)).shape == (0, len(program.factions))
