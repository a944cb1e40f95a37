"""Neighbours: the most recent past events nearby, weighed by distance, time and differences, and added up by class.

This is where the time goes, hundreds of past events for each. So all that is asked of one lies in one run of integers,
a row of ``record``, and neighbourhoods keep their events side by side: whichever rows come next is known without
looking at the last one, and the processor fetches them in time.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from attribution._compile import kernel
from attribution.archive.codes import Floats, Ints, Packed

# Columns of a record: what is asked of a past event by those after it.
LAST_DAY = 0  # days since 1970-01-01
LATITUDE, LONGITUDE = 1, 2  # in units of 1e-7 degrees, a centimetre
MEMBER = 3  # where its run of classes begins
MEMBERS = 4  # how many classes it may be of
PACKED = 5  # then places from coarse to fine, neighbourhoods from narrow to wide, features; -1 unknown

NOWHERE = -(1 << 31)
PER_DEGREE = 1e7
KM = 111.2 / PER_DEGREE  # of latitude, in one of these units

_FAR = 25.0  # length scales: exp(-25) of an event is nothing


class Members(NamedTuple):
    """The classes that each event may be of, one run for each event."""

    start: Ints  # (event + 1,)
    code: Ints  # (member,) class
    weight: Floats  # (member,) how much of the event counts for the class


class Buckets(NamedTuple):
    """The past events of each neighbourhood, side by side in the order in which they began to count."""

    begin: Ints  # (neighbourhood,) where its room begins in `event`
    filled: Ints  # (neighbourhood,) how many it holds so far
    event: Packed


class Nearness(NamedTuple):
    """How past events are weighed by distance, time and differences."""

    places: int  # levels of place in a record
    levels: int  # levels of neighbourhood in a record
    usual_km: Floats  # (level of place + 1,) between events without coordinates: sharing no place, ..., the finest
    widest_km: float  # the longest length scale; each further one is a fifth of the one before
    scales: int
    mismatch: float  # each difference between two events makes the past one count exp(-mismatch)
    most: int  # past events of each neighbourhood, most recent first
    times: int  # decay times, in the columns of `decay` from `first_time` on
    first_time: int
    novelty_times: int
    first_novelty: int
    novelty_scale: int  # which length scale novelty looks at


class NeighbourSums(NamedTuple):
    """What the neighbours of one event add up to, and room to work in."""

    share: Floats  # (class, decay time x length scale)
    novelty: Floats  # (decay time,)
    fall: Floats  # (length scale,) what distance leaves of the event being added
    neighbour: Ints  # room for all that may be found


@kernel
def distance(i: int, j: int, record: Packed, narrowing: float, places: int, usual_km: Floats) -> float:
    """Kilometres between two events; where one has no coordinates, those usual for the finest place they share."""
    if record[i, LATITUDE] != NOWHERE and record[j, LATITUDE] != NOWHERE:
        east = float(abs(record[i, LONGITUDE] - record[j, LONGITUDE]))
        east = min(east, 360.0 * PER_DEGREE - east) * narrowing
        north = float(record[i, LATITUDE] - record[j, LATITUDE])
        return KM * math.sqrt(east * east + north * north)
    for level in range(PACKED + places - 1, PACKED - 1, -1):
        if record[i, level] >= 0 and record[i, level] == record[j, level]:
            return float(usual_km[level - PACKED + 1])
    return float(usual_km[0])


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
    j: int, ago: int, similarity: float, record: Packed, members: Members, decay: Floats, nearness: Nearness,
    sums: NeighbourSums,
) -> None:  # fmt: skip
    """Add one past event to the sums: so many days ago, so similar, and as near as `sums.fall` says."""
    scales = len(sums.fall)
    for m in range(record[j, MEMBER], record[j, MEMBER] + record[j, MEMBERS]):
        c = members.code[m]
        for t in range(nearness.times):
            weight = members.weight[m] * similarity * decay[ago, nearness.first_time + t]
            for r in range(scales):
                sums.share[c, t * scales + r] += weight * sums.fall[r]
        for v in range(nearness.novelty_times):
            sums.novelty[v] += (
                members.weight[m] * decay[ago, nearness.first_novelty + v] * sums.fall[nearness.novelty_scale]
            )


@kernel
def gather_neighbours(
    i: int, record: Packed, narrowest: int, stop: int, buckets: Buckets, most: int, neighbour: Ints
) -> int:
    """The most recent past events of every neighbourhood, narrow ones first, each once: into `neighbour`; how many.

    Without branches inside, so that the processor fetches many records at a time.
    """
    count = 0
    for level in range(narrowest, stop):
        cell = record[i, level]
        if cell < 0:
            continue
        end = buckets.begin[cell] + buckets.filled[cell]
        for at in range(end - 1, max(buckets.begin[cell], end - most) - 1, -1):
            neighbour[count] = buckets.event[at]
            count += not met_already(i, buckets.event[at], record, narrowest, level)
    return count


@kernel
def weigh_neighbours(
    i: int, day: int, record: Packed, nearness: Nearness, buckets: Buckets, members: Members, decay: Floats,
    sums: NeighbourSums,
) -> None:  # fmt: skip
    """Weigh the past events around event `i` by distance, time and differences, and add their classes up in `sums`."""
    sums.share[:] = 0.0
    sums.novelty[:] = 0.0
    fall = sums.fall
    narrowest = PACKED + nearness.places
    features = narrowest + nearness.levels
    narrowing = math.cos(math.radians(record[i, LATITUDE] / PER_DEGREE))
    similarity = np.exp(-nearness.mismatch * np.arange(record.shape[1] - features + 1))
    per_scale = 1.0 / nearness.widest_km
    for at in range(gather_neighbours(i, record, narrowest, features, buckets, nearness.most, sums.neighbour)):
        j = sums.neighbour[at]
        far = distance(i, j, record, narrowing, nearness.places, nearness.usual_km) * per_scale
        if far > _FAR:
            continue
        fall[0] = math.exp(-far)
        for r in range(1, len(fall)):
            square = fall[r - 1] * fall[r - 1]
            fall[r] = square * square * fall[r - 1]
        alike = similarity[differences(i, j, record, features)]
        add(j, day - record[j, LAST_DAY], alike, record, members, decay, nearness, sums)
