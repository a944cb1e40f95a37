"""Where and when: events by month and by place, known and unknown, with what predictions say of the unknown ones."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from attribution.archive.codes import Floats, Ints, frozen_floats, months, own_name
from attribution.archive.events import RESIDUAL, EventTable

MOST_NAMED = 6
OTHERS = "all others"
_MOST_SPANS, _MOST_CELLS, _MOST_PLACES = 160, 36, 8
DEGREE_KM = 111.195  # of latitude


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Square cells of one area in the equal-area cylindrical projection that is true to scale at a parallel.

    ``x = cos(parallel) (longitude - west)``, ``y = sin(latitude) / cos(parallel)``, times 6,371 km.
    """

    parallel: float  # degrees
    west: float  # degrees, the meridian at the left edge
    km: float  # side of a cell at the parallel
    cell: Ints  # (event,) into `column` and `row`, -1 without coordinates
    column: Ints  # (cell,) from the west
    row: Ints  # (cell,) from the south; row 0 begins at y = 0, the equator

    @classmethod
    def of(cls, latitude: Floats, longitude: Floats) -> Self:
        """At most some dozens of cells across, begun after the widest gap between meridians."""
        known = np.flatnonzero(~np.isnan(latitude))
        cell = np.full(len(latitude), -1)
        if not len(known):
            return cls(0.0, 0.0, 1.0, cell, np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))
        turned = np.sort(longitude[known] % 360.0)
        west = float(turned[(int(np.argmax(np.diff(turned, append=turned[0] + 360.0))) + 1) % len(turned)])
        parallel = float(np.clip((latitude[known].min() + latitude[known].max()) / 2.0, -60.0, 60.0))
        x, y = projected(latitude[known], longitude[known], parallel, west)
        km = max(float(np.ptp(x)), float(np.ptp(y)), 20.0) / _MOST_CELLS
        both = np.column_stack([np.floor(x / km), np.floor(y / km)]).astype(np.int64)
        corners, cell[known] = np.unique(both, axis=0, return_inverse=True)
        return cls(parallel, west, km, cell, corners[:, 0], corners[:, 1])


def projected(latitude: Floats, longitude: Floats, parallel: float, west: float) -> tuple[Floats, Floats]:
    """Kilometres east of the left edge and north of the equator, true to scale at the parallel."""
    true = np.cos(np.radians(parallel))
    x = DEGREE_KM * true * (((longitude - west) + 1e-9) % 360.0)
    return x, DEGREE_KM * np.degrees(np.sin(np.radians(latitude))) / true


@dataclass(frozen=True, slots=True, eq=False)
class Overview:
    """Counts of events by span of time and by cell of a map; a coarse date is shared out over what is possible.

    `known` are events with one known perpetrator, `unknown` all others; `expected` are the unknown ones shared out as
    posteriors say, all zero where nothing was predicted.
    """

    names: tuple[str, ...]  # the most frequent factions, then all others
    unit: str  # month, quarter or year
    first: tuple[dt.date, ...]  # (span,)
    known: Floats  # (span, name)
    unknown: Floats  # (span,)
    expected: Floats  # (span, name)
    grid: Grid
    cell_known: Floats  # (cell, name)
    cell_unknown: Floats  # (cell,)
    cell_expected: Floats  # (cell, name)
    places: tuple[tuple[str, float, float], ...]  # names of coarse places, and the middle of their events, degrees
    predicted: bool = False

    def with_expected(self, spans: Floats, cells: Floats) -> Overview:
        """With what posteriors say of the unknown ones."""
        return replace(self, expected=frozen_floats(spans), cell_expected=frozen_floats(cells), predicted=True)


def overview(events: EventTable) -> Overview:
    """Events by span of time and by cell, without predictions."""
    return Gathering(events).found()


class Gathering:
    """An overview while posteriors come in, a part at a time."""

    def __init__(self, events: EventTable) -> None:
        self._events = events
        count = np.bincount(events.label[events.labelled], minlength=len(events.factions))
        top = [code for code in np.argsort(-count, kind="stable")[:MOST_NAMED].tolist() if count[code]]
        self._names = (*(events.factions[code] for code in top), OTHERS)
        column = np.full(len(events.factions) + 1, len(top))
        column[top] = np.arange(len(top))
        self._column = np.where(events.labelled, column[events.label], np.where(events.label == RESIDUAL, len(top), -1))
        self._grid = Grid.of(events.latitude, events.longitude)
        low, high = int(months(events.day)[0]), int(months(events.last_day).max())
        self._step = next(step for step in (1, 3, 12, 60, 1200) if (high - low) // step < _MOST_SPANS)
        self._low = low // self._step * self._step
        self._first, self._last = self._span(events.day), self._span(events.last_day)
        self._sums: Floats = np.zeros((int(self._last.max()) + 1, len(self._names)))
        self._cells: Floats = np.zeros((len(self._grid.column), len(self._names)))
        self._any = False

    def _span(self, day: Ints) -> Ints:
        return np.asarray((months(day) - self._low) // self._step)

    def add(self, event: Ints, probability: Floats, classes: Sequence[str]) -> None:
        """Posteriors (event, class) of some events of unknown hand; each class has a name."""
        known = {name: at for at, name in enumerate(self._names)}
        weight = np.zeros((len(event), len(self._names)))
        for code, name in enumerate(classes):
            weight[:, known.get(name, len(self._names) - 1)] += probability[:, code]
        self._shared(self._sums, event, weight)
        there = self._grid.cell[event]
        np.add.at(self._cells, there[there >= 0], weight[there >= 0])
        self._any = True

    def _shared(self, sums: Floats, event: Ints, weight: Floats) -> None:
        """Add weights (event, name) to the spans that are possible, in equal parts."""
        first, last = self._first[event], self._last[event]
        share = weight / (last - first + 1)[:, None]
        for further in range(int((last - first).max(initial=-1)) + 1):
            still = first + further <= last
            np.add.at(sums, first[still] + further, share[still])

    def found(self) -> Overview:
        """All that was gathered."""
        events, names, cells = self._events, len(self._names), len(self._grid.column)
        one = np.zeros((len(events), names + 1))
        one[np.arange(len(events)), self._column] = 1.0  # the last column: unknown
        spans, places = np.zeros((len(self._sums), names + 1)), np.zeros((cells, names + 1))
        self._shared(spans, np.arange(len(events)), one)
        located = self._grid.cell >= 0
        np.add.at(places, self._grid.cell[located], one[located])
        out = Overview(
            names=self._names,
            unit={1: "month", 3: "quarter", 12: "year"}.get(self._step, f"{self._step // 12} years"),
            first=tuple(map(self._date, range(len(spans)))),
            known=frozen_floats(spans[:, :-1]),
            unknown=frozen_floats(spans[:, -1]),
            expected=frozen_floats(np.zeros_like(self._sums)),
            grid=self._grid,
            cell_known=frozen_floats(places[:, :-1]),
            cell_unknown=frozen_floats(places[:, -1]),
            cell_expected=frozen_floats(np.zeros_like(self._cells)),
            places=_places(events),
        )
        return out.with_expected(self._sums, self._cells) if self._any else out

    def _date(self, span: int) -> dt.date:
        month = self._low + span * self._step
        return dt.date(1970 + month // 12, month % 12 + 1, 1)


def _places(events: EventTable) -> tuple[tuple[str, float, float], ...]:
    """The places with most events of the coarsest level that has several, at the median of their coordinates."""
    located = ~np.isnan(events.latitude)
    for level in events.place:
        count = np.bincount(level.codes[located & (level.codes >= 0)], minlength=len(level.names))
        if np.sum(count > 0) > 1:
            top = [code for code in np.argsort(-count, kind="stable")[:_MOST_PLACES].tolist() if count[code]]
            inside = [located & (level.codes == code) for code in top]
            middle = [(np.median(events.latitude[one]), np.median(events.longitude[one])) for one in inside]
            names = [own_name(level.names[code]) for code in top]
            return tuple((name, float(north), float(east)) for name, (north, east) in zip(names, middle, strict=True))
    return ()
