"""In which neighbourhoods an event lies: cells of a grid where there are coordinates, places by name where not."""

from __future__ import annotations

import numpy as np

from attribution.archive.codes import Floats, Ints
from attribution.archive.events import EventTable

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


def spots(events: EventTable) -> Floats:
    """Latitude, longitude, and how far a degree of longitude shrinks there: (event, 3)."""
    return np.stack([events.latitude, events.longitude, np.cos(np.radians(events.latitude))], axis=1)


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
