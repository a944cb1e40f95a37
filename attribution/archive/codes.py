"""Columns of an event table: names as codes, sets of labels, and arrays that nobody can change."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attribution.errors import EventError

type Ints = NDArray[np.int64]
type Floats = NDArray[np.float64]
type Packed = NDArray[np.int32]
MISSING = -1


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


def combined(columns: Iterable[tuple[Ints, int]], rows: int) -> Ints:
    """Which combination of codes stands in each row, numbered as they first occur.

    A column of codes comes with how many there are of them.
    """
    from pandas import factorize

    found = np.zeros(rows, dtype=np.int64)
    for codes, known in columns:
        found, _ = factorize(found * (known + 1) + codes)
    return found


def months(day: Ints) -> Ints:
    """Calendar months of days, counted from 1970-01."""
    return np.asarray(day, dtype="datetime64[D]").astype("datetime64[M]").astype(np.int64)
