"""In which neighbourhoods an event lies: cells of a grid where there are coordinates, places by name where not."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from attribution.archive.codes import Coding, Floats, Ints, Packed
from attribution.archive.events import EventTable
from attribution.archive.kernel_record import NOWHERE, PER_DEGREE

_KM_PER_DEGREE = 111.2
_STRIDE = 1 << 22


def neighbourhoods(events: EventTable, reach_km: tuple[float, ...]) -> Ints:
    """Codes of the neighbourhoods of each event from narrow to wide, (event, level), -1 where unknown; the last is all.

    Cells are twice as wide as a reach. They only say which past events are looked at, most recent first; how much those
    count depends on their true distance.
    """
    known = ~np.isnan(events.latitude)
    if np.mean(known) >= 0.5 if len(events) else False:
        levels = [_cells(events.latitude, events.longitude, known, 2.0 * reach) for reach in sorted(reach_km)]
    else:
        levels = [level.codes for level in reversed(events.place)]
    levels.append(np.zeros(len(events), dtype=np.int64))
    codes = np.empty((len(events), len(levels)), dtype=np.int64)
    taken = 0
    for position, level in enumerate(levels):
        codes[:, position] = np.where(level >= 0, level + taken, -1)
        taken += int(level.max(initial=-1)) + 1
    return codes


def records(events: EventTable, member: tuple[Ints, Ints, Floats], near: Ints, features: Sequence[Coding]) -> Packed:
    """All that is asked of past events, one row each (see `kernel_record`): (event, column)."""
    start, _, _ = member
    columns = [
        events.last_day,
        _fixed_point(events.latitude),
        _fixed_point(events.longitude),
        start[:-1],
        np.diff(start),
        *(level.codes for level in events.place),
        *near.T,
        *(column.codes for column in features),
    ]
    out = np.empty((len(events), len(columns)), dtype=np.int32)
    for at, column in enumerate(columns):
        out[:, at] = column
    return out


def shelves(near: Ints) -> tuple[Ints, Ints, Packed]:
    """Room for the events of each neighbourhood side by side: where each begins, how many are there yet, and which."""
    size = np.bincount(near[near >= 0], minlength=1)
    begin = np.concatenate([[0], np.cumsum(size)[:-1]])
    return begin, np.zeros(len(size), dtype=np.int64), np.full(int(size.sum()), -1, dtype=np.int32)


def usual_distances(levels: int) -> Floats:
    """Kilometres assumed between events without coordinates, by the finest level they share: none, coarsest, finest.

    A ladder of fives, like the reaches: 5 km within one place, 25 and 125 km within the districts above it.
    """
    return np.array([25_000.0 / 5.0**2, *(5.0 * 5.0 ** (levels - 1 - level) for level in range(levels))])


def _cells(latitude: Floats, longitude: Floats, known: np.ndarray[tuple[int], np.dtype[np.bool_]], km: float) -> Ints:
    step = km / _KM_PER_DEGREE
    band = np.floor(np.where(known, latitude, 0.0) / step)
    width = step / np.maximum(np.cos(np.radians((band + 0.5) * step)), 0.05)
    column = np.floor(np.where(known, longitude, 0.0) / width)
    key = band.astype(np.int64) * _STRIDE + column.astype(np.int64)
    _, code = np.unique(key, return_inverse=True)
    return np.where(known, code.reshape(-1), -1)


def _fixed_point(degrees: Floats) -> Ints:
    return np.where(np.isnan(degrees), NOWHERE, np.round(np.nan_to_num(degrees) * PER_DEGREE)).astype(np.int64)
