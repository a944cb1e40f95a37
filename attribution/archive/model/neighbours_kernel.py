"""Looking around: the most recent past events nearby, weighed by nearness, recency and likeness, and added up by class.

This is where the time goes, hundreds of past events for each. So all that is asked of one lies in one run of integers,
a row of ``record``, and neighbourhoods keep their events side by side: whichever rows come next is known without
looking at the last one, and the processor fetches them in time.
"""

from __future__ import annotations

import math

import numpy as np

from attribution._compile import kernel
from attribution.archive.codes import Floats, Ints, Packed

LAST_DAY = 0  # days since 1970-01-01
LATITUDE, LONGITUDE = 1, 2  # in units of 1e-7 degrees, a centimetre
MEMBER = 3  # where its run of classes begins
MEMBERS = 4  # how many classes it may be of
PACKED = 5  # then places from coarse to fine, neighbourhoods from narrow to wide, features; -1 unknown
NOWHERE = -(1 << 31)
PER_DEGREE = 1e7
KM = 111.2 / PER_DEGREE  # of latitude, in one of these units
type Shelves = tuple[Ints, Ints, Packed]
_FAR = 25.0  # reaches: exp(-25) of an event is nothing


@kernel
def distance(i: int, j: int, record: Packed, narrowing: float, places: int, ladder: Floats) -> float:
    """Kilometres between two events; where one has no coordinates, those usual for the finest place they share."""
    if record[i, LATITUDE] != NOWHERE and record[j, LATITUDE] != NOWHERE:
        east = float(abs(record[i, LONGITUDE] - record[j, LONGITUDE]))
        east = min(east, 360.0 * PER_DEGREE - east) * narrowing
        north = float(record[i, LATITUDE] - record[j, LATITUDE])
        return KM * math.sqrt(east * east + north * north)
    for level in range(PACKED + places - 1, PACKED - 1, -1):
        if record[i, level] >= 0 and record[i, level] == record[j, level]:
            return float(ladder[level - PACKED + 1])
    return float(ladder[0])


@kernel
def met_already(i: int, j: int, record: Packed, narrowest: int, level: int) -> bool:
    """Do two events share a narrower neighbourhood, which was gone through before?"""
    met = False
    for narrower in range(narrowest, level):
        met |= (record[i, narrower] >= 0) & (record[i, narrower] == record[j, narrower])
    return met


@kernel
def differences(i: int, j: int, record: Packed, first: int) -> int:
    """In how many features two events differ, where both are known."""
    unlike = 0
    for k in range(first, record.shape[1]):
        unlike += (record[i, k] != record[j, k]) & ((record[i, k] | record[j, k]) >= 0)
    return unlike


@kernel
def add(
    j: int, ago: int, like: float, fall: Floats, record: Packed, member: tuple[Ints, Ints, Floats], decay: Floats,
    shape: Ints, sums: Floats, novelty: Floats,
) -> None:  # fmt: skip
    """Add one past event to the sums, so many days ago, so like, and so near at each reach."""
    _, classes, share = member
    reaches = len(fall)
    for m in range(record[j, MEMBER], record[j, MEMBER] + record[j, MEMBERS]):
        c = classes[m]
        for t in range(shape[4]):
            weight = share[m] * like * decay[ago, shape[6] + t]
            for r in range(reaches):
                sums[c, t * reaches + r] += weight * fall[r]
        for v in range(len(novelty)):
            novelty[v] += share[m] * decay[ago, shape[7] + v] * fall[shape[8]]


@kernel
def neighbours(
    i: int, record: Packed, narrowest: int, stop: int, shelves: Shelves, most: int, found: Ints
) -> int:  # fmt: skip
    """The most recent past events of every neighbourhood, narrow ones first, each once: into `found`, and how many.

    Without branches inside, so that the processor fetches many records at a time.
    """
    begin, filled, shelf = shelves
    count = 0
    for level in range(narrowest, stop):
        cell = record[i, level]
        if cell < 0:
            continue
        end = begin[cell] + filled[cell]
        for at in range(end - 1, max(begin[cell], end - most) - 1, -1):
            found[count] = shelf[at]
            count += not met_already(i, shelf[at], record, narrowest, level)
    return count


@kernel
def look_around(
    i: int,
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
    """Weigh the past events around by nearness, recency and likeness, and add their classes up.

    `levels` is how many there are of places and of neighbourhoods; `sums` (class, memory x reach), `novelty` (memory,).
    """
    sums[:] = 0.0
    novelty[:] = 0.0
    narrowest = PACKED + levels[0]
    features = narrowest + levels[1]
    narrowing = math.cos(math.radians(record[i, LATITUDE] / PER_DEGREE))
    likes = np.exp(-numbers[1] * np.arange(record.shape[1] - features + 1))
    fall = np.empty(shape[5])
    per_reach = 1.0 / numbers[0]
    found = np.empty(levels[1] * shape[9] + 1, dtype=np.int64)
    for at in range(neighbours(i, record, narrowest, features, shelves, shape[9], found)):
        j = found[at]
        far = distance(i, j, record, narrowing, levels[0], ladder) * per_reach
        if far > _FAR:
            continue
        fall[0] = math.exp(-far)
        for r in range(1, len(fall)):
            square = fall[r - 1] * fall[r - 1]
            fall[r] = square * square * fall[r - 1]
        like = likes[differences(i, j, record, features)]
        add(j, day - record[j, LAST_DAY], like, fall, record, member, decay, shape, sums, novelty)
