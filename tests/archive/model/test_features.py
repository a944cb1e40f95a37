"""Features come from strictly earlier days, and are what they are said to be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from attribution.archive.codes import Coding
from attribution.archive.events import EventTable
from attribution.archive.model.classes import Classes
from attribution.archive.model.features import PrequentialFilter, nesting
from attribution.archive.model.settings import Resolutions
from tests.archive.model.plain_features import plain_features
from tests.archive.random_events import relabelled, some_events, with_label


def run(events: EventTable, classes: Classes, *, until: int = 1 << 40, r: Resolutions | None = None):
    """All features and probabilities, under coefficients that let every feature speak."""
    prequential = PrequentialFilter(events, classes, r)
    size = (len(prequential.names), len(classes))
    kept = np.zeros((len(events), *size), dtype=np.float32)
    slope = np.random.default_rng(5).uniform(0.1, 0.5, size)
    probability = prequential.advance(
        len(events), slope, np.zeros(len(classes)), keep=np.arange(len(events)), kept=kept, until=until
    )
    return kept, probability


def classes_of(events: EventTable) -> Classes:
    return Classes.learned(events, np.ones(len(events), dtype=bool), least=8)


@pytest.mark.parametrize(
    ("seed", "coordinates", "tree"), [(1, True, False), (2, False, False), (3, True, True), (4, False, True)]
)
def test_features_are_those_of_the_plain_definition(seed: int, coordinates: bool, tree: bool) -> None:
    events = some_events(seed, coordinates=coordinates, tree=tree)
    classes = classes_of(events)
    kept, _ = run(events, classes)
    for event in range(len(events)):
        assert kept[event] == pytest.approx(plain_features(events, classes, Resolutions(), event), rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("seed", [4, 5])
def test_a_label_reaches_only_events_after_its_last_possible_day(seed: int) -> None:
    events = some_events(seed, partial=0.2)
    classes = Classes(("F0", "F1", "F2", "F3", "other"), np.arange(4))
    kept, probability = run(events, classes)
    reached = 0
    for event in np.flatnonzero(events.label >= 0):
        other = with_label(events, event, (int(events.label[event]) + 1) % 4)
        kept_then, probability_then = run(other, classes)
        before = events.day <= events.last_day[event]
        assert np.array_equal(kept[before], kept_then[before])
        assert np.array_equal(probability[before], probability_then[before])
        reached += not np.array_equal(kept[~before], kept_then[~before])
    assert reached > 0.9 * np.sum(events.label >= 0)  # and later events do learn of it


def test_events_of_one_day_do_not_inform_one_another_whatever_their_order() -> None:
    events = some_events(6, days=15, partial=0.2)
    classes = classes_of(events)
    _, probability = run(events, classes)
    order = np.lexsort((np.random.default_rng(1).random(len(events)), events.day))
    _, shuffled = run(events.take(order), classes)
    assert shuffled == pytest.approx(probability[order], abs=1e-6)


def test_everything_later_than_the_last_known_day_is_ignored() -> None:
    events = some_events(7)
    classes = classes_of(events)
    until = int(events.day[40])
    late = events.last_day >= until
    _, probability = run(events, classes, until=until)
    scrambled = np.where(late & events.labelled, (events.label + 1) % 4, events.label)
    _, other = run(relabelled(events, scrambled), classes, until=until)
    assert np.array_equal(probability, other)
    assert not np.array_equal(probability, run(events, classes)[1])


def test_habits_are_nested_in_the_coarsest_level_that_tells_places_apart() -> None:
    events = some_events(1)
    one = replace(events.place[0], codes=np.zeros(len(events), dtype=int))
    single = replace(events, place=(one, events.place[1]))
    assert PrequentialFilter(events, classes_of(events)).region == "country"
    assert PrequentialFilter(single, classes_of(single)).region == "town"
    assert PrequentialFilter(replace(events, place=()), classes_of(events)).region == ""
    fine = Coding("house", np.arange(2000), tuple(str(code) for code in range(2000)))
    assert nesting((fine,)) == ""
    assert nesting((replace(fine, codes=np.arange(2000) // 2),)) == "house"
    kept, _ = run(single, classes_of(single))
    for event in range(len(events)):
        told = plain_features(single, classes_of(single), Resolutions(), event)
        assert kept[event] == pytest.approx(told, rel=1e-5, abs=1e-6)


def test_renaming_the_classes_renames_the_probabilities() -> None:
    events = some_events(8)
    classes = Classes(("F0", "F1", "F2", "other"), np.array([0, 1, 2, 3]))
    renamed = Classes(("F2", "F0", "F1", "other"), np.array([1, 2, 0, 3]))
    kept, _ = run(events, classes)
    other, _ = run(events, renamed)
    assert other[:, :, [1, 2, 0, 3]] == pytest.approx(kept, abs=1e-5)


def test_a_pass_in_two_pieces_is_a_pass_in_one() -> None:
    events = some_events(9, partial=0.3)
    classes = classes_of(events)
    slope, flat = np.full((len(PrequentialFilter(events, classes).names), len(classes)), 0.3), np.zeros(len(classes))
    whole = PrequentialFilter(events, classes).advance(len(events), slope, flat)
    pieces = PrequentialFilter(events, classes)
    parts = [pieces.advance(stop, slope, flat) for stop in (7, 30, len(events))]
    assert np.array_equal(np.concatenate(parts), whole)


def test_only_so_many_neighbours_are_looked_at_and_the_most_recent_first() -> None:
    events = some_events(10)
    classes = classes_of(events)
    few, many = (run(events, classes, r=replace(Resolutions(), neighbours=n))[0] for n in (2, 1000))
    assert np.array_equal(many, run(events, classes)[0])
    assert not np.array_equal(few, many)


def test_a_set_of_candidates_counts_in_proportion_to_what_was_forecast() -> None:
    events = some_events(11, partial=0.5)
    classes = Classes(("F0", "F1", "F2", "F3", "other"), np.arange(4))
    prequential = PrequentialFilter(events, classes)
    slope = np.full((len(prequential.names), len(classes)), 0.3)
    probability = prequential.advance(len(events), slope, np.zeros(len(classes)))
    start, member, share = prequential.members
    for event in np.flatnonzero(events.among.partial):
        run_ = slice(start[event], start[event + 1])
        inside = probability[event, member[run_]]
        assert share[run_] == pytest.approx(events.certainty[event] * inside / inside.sum(), rel=1e-6)
