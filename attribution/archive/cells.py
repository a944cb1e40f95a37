"""Cells of a table while it is read: each text is understood once, then remembered; errors get their line."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attribution.archive.codes import Floats
from attribution.archive.typed_tables import Chunk
from attribution.errors import EventError

_WHOLE = re.compile(r"(-?\d+)\.0+")


class Remembered[K, V](dict[K, V]):
    """A function that is asked once for each value."""

    def __init__(self, function: Callable[[K], V]) -> None:
        super().__init__()
        self._function = function

    def __missing__(self, key: K) -> V:
        value = self[key] = self._function(key)
        return value


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of a chunk, and the file they come from."""

    columns: Mapping[str, Sequence[str]]
    lines: Sequence[int]
    file: str

    @classmethod
    def of(cls, chunk: Chunk, file: str) -> Rows:
        return cls(chunk.columns, chunk.lines, file)

    def __len__(self) -> int:
        return len(self.lines)

    def where(self, keep: NDArray[np.bool_]) -> Rows:
        """The rows that are kept."""
        if keep.all():
            return self
        kept = {name: list(compress(column, keep)) for name, column in self.columns.items()}
        return Rows(kept, list(compress(self.lines, keep)), self.file)

    def tuples(self, names: Sequence[str]) -> list[tuple[str, ...]]:
        """The cells of some columns, row by row."""
        return list(zip(*(self.columns[name] for name in names), strict=True))

    def understood(self, names: Sequence[str], meaning: Remembered[tuple[str, ...], Any]) -> list[Any]:
        """What the cells of some columns mean, row by row.

        Raises
        ------
        EventError
            The first that means nothing, with its line.
        """
        all_cells = self.tuples(names)
        try:
            return list(map(meaning.__getitem__, all_cells))
        except EventError as error:
            first = next(at for at, cells in enumerate(all_cells) if cells not in meaning)  # all before were understood
            error.what = f"column {' and '.join(names)}: {error.what}"
            raise error.located(self.file, int(self.lines[first])) from None

    def numbers(self, name: str) -> Floats:
        """Numbers; an empty cell is NaN, and what is no number is infinite."""
        texts = self.columns[name]
        try:
            return np.array([float(text) if text else np.nan for text in texts])
        except ValueError:
            return np.array([number(text) if text else np.nan for text in texts])


def whole(text: str) -> str:
    """A cell without outer blanks, and a whole number without its zeros after the point: 3.0 is 3."""
    text = text.strip()
    match = _WHOLE.fullmatch(text)
    return match[1] if match else text


def number(text: str) -> float:
    """A number, or infinity for what is none."""
    try:
        return float(text)
    except ValueError:
        return np.inf


def bin_names(bins: tuple[float, ...]) -> tuple[str, ...]:
    """The names of the bins between cuts; a number on a cut belongs to the bin above it."""
    if not bins:
        return ()
    middle = [f"{low:g} to < {high:g}" for low, high in pairwise(bins)]
    return (f"< {bins[0]:g}", *middle, f">= {bins[-1]:g}")
