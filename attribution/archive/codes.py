"""Columns of an event table: names as codes, sets of labels, and arrays that nobody can change."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attribution.errors import EventError

type Ints = NDArray[np.int64]
type Floats = NDArray[np.float64]
type Packed = NDArray[np.int32]
MISSING = -1
_DENSE, _SMALL = 4, 1 << 16  # a place for each value where these are so many times the rows, or so few
_SPREAD = np.uint64(0x9E3779B97F4A7C15)  # 2^64 over the golden ratio, odd


def frozen_ints(values: ArrayLike) -> Ints:
    """A private copy that cannot be written to."""
    array = np.array(values, dtype=np.int64)
    array.flags.writeable = False
    return array


def frozen_floats(values: ArrayLike) -> Floats:
    """A private copy that cannot be written to."""
    array = np.array(values, dtype=np.float64)
    array.flags.writeable = False
    return array


def own_name(place: str) -> str:
    """The name of a place without those that it lies in: ``Iraq / Anbar`` is ``Anbar``."""
    return place.rsplit(" / ", maxsplit=1)[-1]


@dataclass(frozen=True, slots=True, eq=False)
class Coding:
    """A categorical column: one code per event into `names`, -1 where it is missing."""

    name: str
    codes: Ints
    names: tuple[str, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "codes", frozen_ints(self.codes))
        check_codes(self.name, self.codes, len(self.names), MISSING)

    def __len__(self) -> int:
        return len(self.codes)

    def take(self, rows: Ints | slice) -> Coding:
        """The column of some events; the names stay, so that codes keep their meaning."""
        return Coding(self.name, self.codes[rows], self.names)


@dataclass(frozen=True, slots=True, eq=False)
class LabelSets:
    """For each event the factions it may have been, "one of these": ``member[start[i]:start[i + 1]]``.

    Empty where the label is one faction, or nothing is known; else two or more distinct factions, in order.
    """

    start: Ints  # (events + 1,)
    member: Ints

    def __post_init__(self) -> None:
        object.__setattr__(self, "start", frozen_ints(self.start))
        object.__setattr__(self, "member", frozen_ints(self.member))
        size = np.diff(self.start)
        inside = np.ones(len(self.member), dtype=np.bool_)
        inside[self.start[:-1][size > 0]] = False
        good = len(self.start) > 0 and self.start[0] == 0 and self.start[-1] == len(self.member)
        if not good or np.any(size < 0) or np.any(size == 1) or np.any(np.diff(self.member, prepend=-1)[inside] <= 0):
            raise EventError(
                "the sets of labels do not fit together.", allowed="two or more distinct factions each, in order"
            )

    @classmethod
    def of(cls, sets: list[tuple[int, ...]]) -> Self:
        """From one tuple of factions per event; short and repeated ones are tidied, one alone is an error."""
        tidy = [sorted(set(members)) for members in sets]
        start = np.concatenate([[0], np.cumsum([len(members) for members in tidy])])
        return cls(frozen_ints(start), frozen_ints([code for members in tidy for code in members]))

    @classmethod
    def none(cls, events: int) -> Self:
        """No event is known only as one of several."""
        return cls(np.zeros(events + 1, dtype=np.int64), np.zeros(0, dtype=np.int64))

    def __len__(self) -> int:
        return len(self.start) - 1

    def __getitem__(self, event: int) -> tuple[int, ...]:
        return tuple(int(code) for code in self.member[self.start[event] : self.start[event + 1]])

    @property
    def partial(self) -> NDArray[np.bool_]:
        """Which events are known as one of several."""
        return np.diff(self.start) > 0

    def take(self, rows: Ints | slice) -> LabelSets:
        """The sets of some events."""
        size = np.diff(self.start)[rows]
        start = np.concatenate([[0], np.cumsum(size)])
        shift = np.repeat(self.start[:-1][rows] - start[:-1], size)
        return LabelSets(start, self.member[np.arange(start[-1]) + shift])


def check_codes(what: str, codes: Ints, known: int, lowest: int) -> None:
    """Refuse a code that names nothing."""
    if codes.size and (codes.min() < lowest or codes.max() >= known):
        raise EventError(
            f"{what} has a code from {codes.min()} to {codes.max()}.", allowed=f"{lowest} to {known - 1}: one per name"
        )


def combined(columns: Iterable[tuple[Ints, int]], rows: int) -> tuple[Ints, Ints]:
    """Which combination of codes stands in each row, numbered as they first occur; and the row where each first does.

    A column of codes, none of them missing, comes with how many there may be of them.
    """
    found, most, first = np.zeros(rows, dtype=np.int64), 1, np.zeros(min(rows, 1), dtype=np.int64)
    for codes, known in columns:
        found, first = renumbered(found * known + codes, most * known)
        most = len(first)
    return found, first


def renumbered(values: Ints, most: int) -> tuple[Ints, Ints]:
    """Values from 0 to below `most`, numbered as they first occur; and where each first does."""
    rows = len(values)
    if most > max(_DENSE * rows, _SMALL):
        from pandas import factorize  # by a table of hashes, where a place for each value would be mostly empty

        values = factorize(values)[0]
        most = int(values.max(initial=-1)) + 1
    where = np.full(most, rows, dtype=np.int64)
    where[values[::-1]] = np.arange(rows)[::-1]  # of several the last that is written stays: the earliest row
    there = np.flatnonzero(where < rows)
    there = there[np.argsort(where[there], kind="stable")]
    number = np.empty(most, dtype=np.int64)
    number[there] = np.arange(len(there))
    return number[values], where[there]


def fingerprints(columns: Iterable[Ints], rows: int) -> NDArray[np.uint64]:
    """A number for each row that is the same where all columns are, and otherwise differs but for a chance of 2^-64."""
    found = np.zeros(rows, dtype=np.uint64)
    for column in columns:
        found = (found ^ column.astype(np.uint64)) * _SPREAD
        found ^= found >> np.uint64(32)
    return found


def distinct(values: NDArray[Any]) -> int:
    """How many different values there are: by sorting, which is faster than hashing where nearly all differ."""
    ordered = np.sort(values)
    return int(np.count_nonzero(ordered[1:] != ordered[:-1])) + min(len(ordered), 1)


def months(day: Ints) -> Ints:
    """Calendar months of days, counted from 1970-01."""
    return np.asarray(day, dtype="datetime64[D]").astype("datetime64[M]").astype(np.int64)
