"""Which pairs are taken apart, and that every sum is the printed one."""

from __future__ import annotations

import numpy as np
import pytest

import attribution as at
from attribution.reporting.answer import MOST_RIVALS, waterfalls
from tests.reporting.hostile import hostile_pair


def test_the_leader_against_each_rival_then_its_group_against_those_outside() -> None:
    case, model = at.read_case("tower-22"), at.read_model("tower-22/baseline")
    posterior = at.fit(case, model, engine="importance", scrambles=2, log2_points=7)
    found, notes = waterfalls(posterior)
    leader, *others = (one.id for one in posterior.ranking)
    assert [(one.faction, one.rival) for one in found] == [
        *((leader, rival) for rival in others),
        ("iran-aligned", "other"),
    ]
    assert notes == ()
    standing = {one.id: one for one in (*posterior.standings, *posterior.group_standings)}
    for one in found:
        printed = 10 * np.log10(standing[one.faction].probability / standing[one.rival].probability)
        parts = one.prior + sum(bar.decibans for bar in one.origins) + one.averaging
        assert one.total == pytest.approx(printed, abs=1e-9)
        assert parts == pytest.approx(printed, abs=1e-9)


def test_of_many_rivals_the_nearest_are_shown_and_the_rest_is_told() -> None:
    posterior = at.fit(*hostile_pair(), engine="importance", scrambles=2, log2_points=5)
    found, notes = waterfalls(posterior)
    leader = posterior.ranking[0].id
    assert len([one for one in found if one.faction == leader]) <= MOST_RIVALS
    assert any("least probable factions are left out" in note for note in notes)
