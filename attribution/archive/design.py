"""An event table as the matrices that classifiers want."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from attribution.archive.codes import Floats, Ints
from attribution.archive.events import EventTable
from attribution.archive.stream import recorded

_YEAR = 365.2425
_RARE = 5


@dataclass(frozen=True, slots=True, eq=False)
class Design:
    """Numbers (NaN unknown) and codes (-1 unknown) of every event."""

    numbers: Floats  # (event, number): day, latitude, longitude, season twice
    codes: Ints  # (event, column): place levels from coarse to fine, then features
    names: tuple[str, ...]

    @classmethod
    def of(cls, events: EventTable) -> Self:
        """The date is a number among others, so that a classifier can follow change."""
        angle = 2.0 * np.pi * (events.day / _YEAR)
        numbers = [events.day.astype(np.float64), events.latitude, events.longitude, np.sin(angle), np.cos(angle)]
        columns = [*events.place, *recorded(events)]
        codes = np.stack([column.codes for column in columns], axis=1) if columns else np.zeros((len(events), 0), int)
        return cls(np.stack(numbers, axis=1), codes, tuple(column.name for column in columns))

    def for_trees(self, rows: Ints) -> Floats:
        """Codes as numbers beside numbers; unknown coordinates lie outside the globe."""
        return np.hstack([np.nan_to_num(self.numbers[rows], nan=-999.0), self.codes[rows]])

    def one_hot(self, past: Ints, rows: Ints) -> Any:
        """A sparse matrix: a column for each value seen at least five times before, numbers on a common scale.

        Squares and products of day and coordinates are in, so that shares may bend in space and drift in time.
        """
        from scipy import sparse

        parts = [sparse.csr_matrix(self._scaled(past, rows))]
        for column in self.codes.T:
            count = np.bincount(column[past] + 1)
            kept = np.flatnonzero(count >= _RARE)
            place = np.full(max(len(count), int(column.max(initial=-1)) + 2), -1)
            place[kept] = np.arange(len(kept))
            code = place[column[rows] + 1]
            known = np.flatnonzero(code >= 0)
            shape = (len(rows), max(1, len(kept)))
            parts.append(sparse.csr_matrix((np.ones(len(known)), (known, code[known])), shape=shape))
        return sparse.hstack(parts).tocsr()

    def _scaled(self, past: Ints, rows: Ints) -> Floats:
        known = self.numbers[past]
        seen = ~np.isnan(known)
        count = np.maximum(seen.sum(axis=0), 1)
        mean = np.where(seen, known, 0.0).sum(axis=0) / count
        sd = np.sqrt(np.where(seen, (known - mean) ** 2, 0.0).sum(axis=0) / count) + 1e-9
        z = np.clip(np.nan_to_num((self.numbers[rows] - mean) / sd), -5.0, 5.0)
        main = z[:, :3]
        products = [main[:, a] * main[:, b] for a in range(3) for b in range(a, 3)]
        return np.column_stack([z, *products])
