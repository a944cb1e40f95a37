"""Codes: numbered as they first occur, whatever the size of the room; distinct rows counted without a table of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attribution.archive import codes
from attribution.archive.codes import combined, distinct, fingerprints, renumbered

KNOWN = 5
columns = st.integers(0, 12).flatmap(
    lambda rows: st.lists(st.lists(st.integers(0, KNOWN - 1), min_size=rows, max_size=rows), min_size=1, max_size=4)
)


@pytest.mark.parametrize("small", [0, 1 << 16], ids=["by hashes", "by places"])
@given(columns=columns)
def test_combinations_are_numbered_as_they_first_occur(columns: list[list[int]], small: int) -> None:
    rows = list(zip(*columns, strict=True))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(codes, "_SMALL", small)
        patch.setattr(codes, "_DENSE", 0 if not small else 4)
        which, first = combined([(np.array(one, dtype=np.int64), KNOWN) for one in columns], len(rows))
    order = list(dict.fromkeys(rows))
    assert which.tolist() == [order.index(row) for row in rows]
    assert first.tolist() == [rows.index(row) for row in order]


def test_a_few_values_in_a_large_room_are_numbered_without_it() -> None:
    number, first = renumbered(np.array([10**15, 3, 10**15]), 10**16)
    assert number.tolist() == [0, 1, 0]
    assert first.tolist() == [0, 1]


@given(columns=columns)
def test_rows_have_one_fingerprint_where_they_are_alike(columns: list[list[int]]) -> None:
    rows = list(zip(*columns, strict=True))
    found = fingerprints([np.array(one, dtype=np.int64) - 1 for one in columns], len(rows))
    assert distinct(found) == len(set(rows)) == len(set(found.tolist()))


def test_neighbouring_numbers_have_fingerprints_of_their_own() -> None:
    side = np.arange(300, dtype=np.int64)
    grid = [np.repeat(side, len(side)), np.tile(side, len(side)), np.repeat(side, len(side)) - np.tile(side, len(side))]
    assert distinct(fingerprints(grid, len(side) ** 2)) == len(side) ** 2
