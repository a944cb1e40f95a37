"""A description says what is known, what is not, and why."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from attribution.archive.codes import Coding
from attribution.archive.events import LIMITS
from attribution.archive.summary.describe import Description, describe
from attribution.errors import EventError
from tests.archive.random_events import some_events
from tests.archive.simulated import simulated_archive


@pytest.fixture(scope="module")
def found() -> Description:
    return describe(simulated_archive(400, seed=2))


def test_it_holds_decay_time_length_scale_and_profiles(found: Description) -> None:
    assert found.events == found.used == 400
    assert found.length_scale is not None
    assert found.length_scale.events == 400
    assert found.no_length_scale == ""
    for one in (found.decay_time.days, found.decay_time.weight, found.length_scale.km, found.length_scale.weight):
        assert one.prior.low <= one.low < one.median < one.high <= one.prior.high
    assert {one.place for one in found.decay_times} <= {"south", "north"}
    assert set(LIMITS) <= set(found.limits)
    assert "A past event counts half after" in str(found)


def test_what_each_is_known_for_is_sure_and_most_different_first(found: Description) -> None:
    known = found.known_for(3)
    assert known
    for name in found.classes:
        own = [one.share for one in known if one.candidate == name]
        assert len(own) <= 3
        apart = [abs(one.mean - one.usual) for one in own]
        assert apart == sorted(apart, reverse=True)
        assert all(not 0.05 < one.higher < 0.95 for one in own)


def test_what_is_done_otherwise_in_a_place_is_held_against_the_faction_itself() -> None:
    rng = np.random.default_rng(6)
    events = simulated_archive(800, seed=6, factions=2, features=1)
    country, any_weapon = rng.integers(0, 2, (2, 800))
    split = (events.label == 0) & (
        rng.random(800) < 0.95
    )  # the first has one weapon in the south, another in the north
    events = replace(
        events,
        place=(Coding("country", country, ("south", "north")),),
        features=(Coding("weapon", np.where(split, country, any_weapon), ("gun", "bomb")),),
    )
    apart = describe(events).apart_in_places()
    assert {(one.candidate, one.place, one.share.value) for one in apart if one.share.higher > 0.95} == {
        ("F0", "south", "gun"), ("F0", "north", "bomb")
    }  # fmt: skip
    assert all(0.2 < one.share.usual < 0.8 < one.share.mean for one in apart if one.share.higher > 0.95)


def test_the_same_archive_and_seed_give_the_same_description(found: Description) -> None:
    assert describe(simulated_archive(400, seed=2)) == found
    assert describe(simulated_archive(400, seed=2), seed=2).decay_time == found.decay_time


def test_without_coordinates_no_length_scale_is_made_up() -> None:
    found = describe(simulated_archive(100, seed=2, coordinates=False))
    assert found.length_scale is None
    assert "No length scale is estimated: 0 events" in found.no_length_scale
    assert found.no_length_scale in str(found)


def test_ties_gaps_partial_labels_and_coarse_dates_are_taken() -> None:
    found = describe(some_events(3, 300, partial=0.2), least=5)
    assert 0 < found.used < 300
    assert found.length_scale is not None
    assert found.length_scale.events < found.used


def test_places_that_forget_differently_are_told() -> None:
    rng = np.random.default_rng(4)
    steady, runs = rng.choice(3, 600, p=[0.6, 0.3, 0.1]), np.repeat(rng.integers(0, 3, 100), 6)
    events = replace(
        simulated_archive(1200, seed=5, factions=3),
        day=np.arange(1200) // 2,  # both have an event every day
        label=np.stack([steady, runs], axis=1).reshape(-1),
        place=(Coding("country", np.tile([0, 1], 600), ("steady", "in runs")),),
    )
    told = [concern.what for concern in describe(events).concerns if concern.topic == "decay time"]
    assert len(told) == 1
    assert "days in in runs, " in told[0]
    same = replace(events, label=np.repeat(runs, 2))
    assert [concern for concern in describe(same).concerns if concern.topic == "decay time"] == []


def test_labels_that_are_all_unsure_are_refused() -> None:
    events = replace(simulated_archive(100, seed=2), certainty=np.full(100, 0.3))
    with pytest.raises(EventError, match="certainty"):
        describe(events)
