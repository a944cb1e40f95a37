"""The value that every adapter makes: what it refuses, and that nothing in it can be changed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from attribution.archive.codes import Coding, LabelSets
from attribution.archive.events import NOT_CLAIMED, NOT_RECORDED, RESIDUAL, ROOT, UNKNOWN, EventTable
from attribution.errors import EventError


def events(**changes: Any) -> EventTable:
    """Four events: one known, one of two, unknown, residual."""
    values: dict[str, Any] = {
        "id": ["a", "b", "c", "d"],
        "row": [3, 0, 1, 2],
        "day": [10, 10, 31, 60],
        "precision": [0, 30, 0, 0],
        "latitude": [33.3, np.nan, 33.5, 34.0],
        "longitude": [38.7, np.nan, 38.8, 40.0],
        "place": (Coding("country", np.array([0, -1, 1, 0]), ("Iraq", "Syria")),),
        "features": (Coding("weapon", np.array([1, 0, -1, 0]), ("rocket", "drone")),),
        "factions": ("red", "blue"),
        "label": [0, UNKNOWN, UNKNOWN, RESIDUAL],
        "among": LabelSets.of([(), (1, 0), (), ()]),
        "certainty": [1.0, 0.9, 1.0, 0.5],
        "claimants": ("banner",),
        "claim": [0, 0, NOT_CLAIMED, NOT_RECORDED],
    }
    return EventTable(**values | changes)


def test_nothing_in_a_table_can_be_changed() -> None:
    day = np.array([10, 10, 31, 60])
    table = events(day=day)
    day[0] = 99
    assert table.day[0] == 10
    for column in (table.day, table.label, table.latitude, table.place[0].codes, table.among.member, table.id):
        with pytest.raises(ValueError, match="read-only"):
            column[0] = column[1]


def test_a_coarse_date_is_known_only_after_its_window() -> None:
    assert events().last_day.tolist() == [10, 40, 31, 60]


def test_partial_labels_are_sets_in_order() -> None:
    table = events()
    assert table.among[1] == (0, 1)
    assert table.among.partial.tolist() == [False, True, False, False]
    assert table.labelled.tolist() == [True, False, False, False]


@pytest.mark.parametrize("rows", [slice(1, 3), np.array([0, 1, 3]), np.array([], dtype=np.int64)])
def test_taking_events_takes_every_column(rows: Any) -> None:
    table = events()
    part = table.take(rows)
    kept = np.arange(4)[rows]
    assert len(part) == len(kept)
    assert part.id.tolist() == [table.id[i] for i in kept]
    assert [part.among[i] for i in range(len(part))] == [table.among[i] for i in kept]
    assert part.features[0].codes.tolist() == table.features[0].codes[kept].tolist()
    assert part.factions == table.factions


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"day": [10, 9, 31, 60]}, "not in order of time"),
        ({"latitude": [95.0, 0, 0, 0]}, "latitude lies outside"),
        ({"longitude": [0, -181.0, 0, 0]}, "longitude lies outside"),
        ({"certainty": [1, 1, 1, 1.1]}, "not a probability"),
        ({"certainty": [1, 1, 1, np.nan]}, "not a probability"),
        ({"precision": [0, -1, 0, 0]}, "precision is negative"),
        ({"label": [2, -1, -1, -1]}, "label has a code"),
        ({"label": [0, 1, -1, -1]}, "a label and a set"),
        ({"claim": [0, 0, -3, 0]}, "claim has a code"),
        ({"claim": [0, 0, 0]}, "claim has 3 values for 4 events"),
        ({"parent": [1, 0]}, "above itself"),
        ({"parent": [0]}, "does not fit"),
        ({"factions": ("red", "red")}, "does not fit"),
        ({"features": (Coding("country", np.zeros(4, dtype=np.int64), ("x",)),)}, "two columns have one name"),
    ],
)
def test_a_table_that_cannot_be_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(EventError, match=message):
        events(**changes)


def test_a_set_of_one_is_a_label() -> None:
    with pytest.raises(EventError, match="sets of labels"):
        LabelSets.of([(1,)])


def test_a_tree_has_groups_above_factions() -> None:
    table = events(groups=("axis",), parent=[2, 2, ROOT])
    assert table.nodes == ("red", "blue", "axis")
    assert replace(table, groups=(), parent=[ROOT, ROOT]).nodes == ("red", "blue")
