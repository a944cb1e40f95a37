"""Looking around: the most recent past events nearby, weighed by nearness, recency and likeness, and added up by class.

This is where the time goes, hundreds of past events for each. So all that is asked of one lies in one run of integers,
a row of ``record``, and neighbourhoods keep their events side by side: whichever rows come next is known without
looking at the last one, and the processor fetches them in time.
"""

from __future__ import annotations

import math

import numpy as np

from attribution.archive.codes import Floats, Ints, Packed
from attribution.archive.kernel_record import (
    KM,
    LAST_DAY,
    LATITUDE,
    LONGITUDE,
    MEMBER,
    MEMBERS,
    NOWHERE,
    PACKED,
    PER_DEGREE,
)
from attribution.network.kernel_fields import kernel

type Shelves = tuple[Ints, Ints, Packed]

_FAR = 25.0  # reaches: exp(-25) of an event is nothing


@kernel
def distance(here: Packed, there: Packed, narrowing: float, places: int, ladder: Floats) -> float:
    """Kilometres between two events; where one has no coordinates, those usual for the finest place they share."""
    if here[LATITUDE] != NOWHERE and there[LATITUDE] != NOWHERE:
        east = float(abs(here[LONGITUDE] - there[LONGITUDE]))
        east = min(east, 360.0 * PER_DEGREE - east) * narrowing
        north = float(here[LATITUDE] - there[LATITUDE])
        return KM * math.sqrt(east * east + north * north)
    for level in range(places - 1, -1, -1):
        if here[PACKED + level] >= 0 and here[PACKED + level] == there[PACKED + level]:
            return float(ladder[level + 1])
    return float(ladder[0])


@kernel
def met_already(here: Packed, there: Packed, narrowest: int, level: int) -> bool:
    """Do two events share a narrower neighbourhood, which was gone through before?"""
    met = False
    for narrower in range(narrowest, level):
        met |= here[narrower] >= 0 and here[narrower] == there[narrower]
    return met


@kernel
def differences(here: Packed, there: Packed, first: int) -> int:
    """In how many features two events differ, where both are known."""
    unlike = 0
    for k in range(first, len(here)):
        unlike += (here[k] != there[k]) & ((here[k] | there[k]) >= 0)
    return unlike


@kernel
def add(
    ago: int, like: float, fall: Floats, there: Packed, member: tuple[Ints, Ints, Floats], decay: Floats, shape: Ints,
    sums: Floats, novelty: Floats,
) -> None:  # fmt: skip
    """Add one past event to the sums, so many days ago, so like, and so near at each reach."""
    _, classes, share = member
    reaches = len(fall)
    for m in range(there[MEMBER], there[MEMBER] + there[MEMBERS]):
        row = sums[classes[m]]
        for t in range(shape[4]):
            weight = share[m] * like * decay[ago, shape[6] + t]
            for r in range(reaches):
                row[t * reaches + r] += weight * fall[r]
        for v in range(len(novelty)):
            novelty[v] += share[m] * decay[ago, shape[7] + v] * fall[shape[8]]


@kernel
def look_around(
    here: Packed,
    day: int,
    record: Packed,
    levels: tuple[int, int],
    shelves: Shelves,
    member: tuple[Ints, Ints, Floats],
    ladder: Floats,
    decay: Floats,
    shape: Ints,
    numbers: Floats,
    sums: Floats,
    novelty: Floats,
) -> None:
    """Weigh the most recent past events of every neighbourhood, each once, and add their classes up.

    `here` is the event's own record, `levels` how many there are of places and of neighbourhoods; `sums` (class,
    memory x reach), `novelty` (memory,).
    """
    begin, filled, shelf = shelves
    sums[:] = 0.0
    novelty[:] = 0.0
    narrowest = PACKED + levels[0]
    features = narrowest + levels[1]
    narrowing = math.cos(math.radians(here[LATITUDE] / PER_DEGREE))
    likes = np.exp(-numbers[1] * np.arange(len(here) - features + 1))
    fall = np.empty(shape[5])
    per_reach = 1.0 / numbers[0]
    for level in range(narrowest, features):
        cell = here[level]
        if cell < 0:
            continue
        end = begin[cell] + filled[cell]
        for at in range(end - 1, max(begin[cell], end - shape[9]) - 1, -1):
            there = record[shelf[at]]
            if met_already(here, there, narrowest, level):
                continue
            far = distance(here, there, narrowing, levels[0], ladder) * per_reach
            if far > _FAR:
                continue
            fall[0] = math.exp(-far)
            for r in range(1, len(fall)):
                square = fall[r - 1] * fall[r - 1]
                fall[r] = square * square * fall[r - 1]
            like = likes[differences(here, there, features)]
            add(day - there[LAST_DAY], like, fall, there, member, decay, shape, sums, novelty)
