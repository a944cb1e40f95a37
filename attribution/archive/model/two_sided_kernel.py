"""Features of an event from labelled events before and after it, its own label never.

Three kinds of sums over labelled events ("the counted"), each shrunk to a coarser one and made a log share by class:

- *series*: events that share something with the one that is asked (nothing, a place, a value of a column, both), each
  counting ``exp(-days apart / decay time)``. Two sweeps, forwards and backwards in time, leave the counts of every
  decay time behind for each event that is asked: linear in the events.
- *kernels*: the nearest in time on both sides in cells of a grid, weighed by distance, days apart and differences.
- *nearest*: the first 1, 3, 10, 30 of these, by distance and days apart under several exchanges of one for the other.

An event may be asked as if the events of its own block (place and month) had no label: `apart`.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from attribution._compile import kernel
from attribution.archive.codes import Floats, Ints, Packed
from attribution.archive.model.features_kernel import lifts, neighbour_shares, step_down
from attribution.archive.model.neighbours_kernel import (
    LATITUDE,
    MEMBER,
    MEMBERS,
    PACKED,
    Members,
    differences,
    distance,
    met_already,
)

_FAR = 25.0
_NEVER = 1e300


class Around(NamedTuple):
    """What is given of the events."""

    counted: NDArray[np.bool_]  # (event,) whose label is looked at
    time: Floats  # (event,) middle of the days that are possible
    blur: Floats  # (event,) a quarter of their number: what not knowing the day takes from nearness
    record: Packed  # (event, column), see `neighbours_kernel`
    near: Ints  # (event, level) cell
    block: Ints  # (event,) place and month
    above: Ints  # (class or group,), see `Given`
    begin: Ints  # (cell + 1,) where the counted events of each cell begin in `inside`
    inside: Ints  # counted events of each cell, in order of time
    block_begin: Ints  # (block + 1,)
    of_block: Ints  # counted events of each block
    class_begin: Ints  # (class + 1,)
    of_class: Ints  # counted events of each class, in order of time


class Ladders(NamedTuple):
    """Resolutions as the kernels want them."""

    overall: int  # so many decay times of the series at large make the share that all other shares shrink to
    near_days: Floats
    near_km: Floats  # widest first
    usual_km: Floats
    places: int
    columns: int
    most: int  # counted events of each cell on either side
    mismatch: float
    days_per_reach: Floats  # (exchange,) so many days apart count like `reach_km` kilometres
    reach_km: float
    nearest: Ints  # (size,) smallest first
    weight: float  # prior weight of a coarser share, in events
    kernel_weight: float
    column_weight: float
    region_weight: float
    local_weight: float
    half_size: Floats  # (column,) half the number of values


class Counts(NamedTuple):
    """Decayed counts of every series, and the time to which each row is aged."""

    sums: NDArray[np.float32]  # (row, decay time, class + 1): the last is their sum
    time: Floats  # (row,)


class Series(NamedTuple):
    """Which events count together: a row of counts for each series that an event is of, -1 unknown."""

    row: Ints  # (event, series)
    days: Floats  # (decay time,), slow to fast


@kernel
def sweep(
    order: Ints, step: int, asked: Ints, series: Series, around: Around, members: Members, state: Counts,
    out: NDArray[np.float32],
) -> None:  # fmt: skip
    """Go through some events in `order` (by step 1 or -1), add the counts so far to `out` and count each in turn.

    `asked` (event,) is the row of `out` (row, series, decay time, class + 1) for an event, or -1.
    """
    days = series.days
    at = 0 if step > 0 else len(order) - 1
    for _ in range(len(order)):
        e = order[at]
        at += step
        counted = around.counted[e]
        if asked[e] < 0 and not counted:
            continue
        for s in range(series.row.shape[1]):
            row = series.row[e, s]
            if row < 0:
                continue
            elapsed = abs(around.time[e] - state.time[row])
            state.time[row] = around.time[e]
            for t in range(len(days)):
                counts = state.sums[row, t]
                blur = np.float32(math.exp(-around.blur[e] / days[t]))
                if elapsed > 0.0:
                    fade(counts, np.float32(math.exp(-elapsed / days[t])))
                if asked[e] >= 0:
                    add_times(blur, counts, out[asked[e], s, t])
                if counted:
                    count_in(e, blur, members, counts)


@kernel
def fade(counts: NDArray[np.float32], factor: np.float32) -> None:
    """Age the counts of all classes."""
    for c in range(len(counts)):
        counts[c] *= factor


@kernel
def add_times(factor: np.float32, counts: NDArray[np.float32], out: NDArray[np.float32]) -> None:
    """Add so many times the counts of all classes."""
    for c in range(len(counts)):
        out[c] += factor * counts[c]


@kernel
def count_in(e: int, weight: np.float32, members: Members, counts: NDArray[np.float32]) -> None:
    """Count an event for its classes, and in their sum."""
    for m in range(members.start[e], members.start[e + 1]):
        more = weight * np.float32(members.weight[m])
        counts[members.code[m]] += more
        counts[-1] += more


@kernel
def less(count: np.float32, gone: np.float32) -> np.float32:
    """A count without a part of it; what rounding leaves of nothing is nothing."""
    left = count - gone
    return left if left > np.float32(1e-4) * count else np.float32(0.0)


@kernel
def without_block(i: int, series: Series, around: Around, members: Members, out: NDArray[np.float32]) -> None:
    """Take the other events of the block of event `i` out of its counts (series, decay time, class + 1)."""
    block = around.block[i]
    for p in range(around.block_begin[block], around.block_begin[block + 1]):
        j = around.of_block[p]
        if j == i:
            continue
        apart = abs(around.time[i] - around.time[j]) + around.blur[i] + around.blur[j]
        for s in range(series.row.shape[1]):
            if series.row[i, s] < 0 or series.row[i, s] != series.row[j, s]:
                continue
            for t in range(len(series.days)):
                fall = math.exp(-apart / series.days[t])
                for m in range(members.start[j], members.start[j + 1]):
                    gone = np.float32(fall * members.weight[m])
                    out[s, t, members.code[m]] = less(out[s, t, members.code[m]], gone)
                    out[s, t, -1] = less(out[s, t, -1], gone)


class Ground(NamedTuple):
    """All that is given, whoever is asked."""

    ladder: Series  # at large and in places
    columns: Series  # values of columns, all known values, both here
    around: Around
    ladders: Ladders
    members: Members


class Asked(NamedTuple):
    """Events that are asked, and the counts around them."""

    event: Ints
    apart: NDArray[np.bool_]  # as if their block had no labels
    ladder: NDArray[np.float32]  # (event, series, decay time, class + 1)
    columns: NDArray[np.float32]


@kernel
def describe(span: tuple[int, int], given: Asked, ground: Ground, x: NDArray[np.float32]) -> None:
    """Log-features (asked, feature, class) of some events from their counts and their neighbours."""
    asked, apart, counts, column_counts = given
    ladder, columns, around, ladders, members = ground
    base, features = np.empty(x.shape[2]), np.zeros(x.shape[1:])
    found = np.empty(2 * around.near.shape[1] * ladders.most + 1, dtype=np.int64)
    for a in range(span[0], span[1]):
        i = asked[a]
        features[:] = 0.0
        if apart[a]:
            without_block(i, ladder, around, members, counts[a])
            without_block(i, columns, around, members, column_counts[a])
        k = of_series(counts[a], ladders, base, features)
        count = gather(i, apart[a], around, ladders, found)
        k = of_neighbours(i, found[:count], around, ladders, members, base, features, k)
        k = of_nearest(i, found[:count], around, ladders, members, base, features, k)
        features[k, -1] = -math.log1p(counts[a, ladders.places, 0, -1])
        features[k + 1, -1] = -math.log1p(counts[a, ladders.places, ladders.overall, -1])
        outside_span(i, apart[a], around, features[k + 2])
        for f in range(ladders.columns):
            if columns.row[i, f] >= 0:
                of_column(f, column_counts[a, :, 0], columns.row[i], ladders, around.above, features[k + 3 :])
        x[a] = features


@kernel
def of_series(counts: NDArray[np.float32], ladders: Ladders, base: Floats, x: Floats) -> int:
    """Shares at large and in places; `base` becomes the share at large. Returns the next feature."""
    size, k = len(base), 0
    prior = np.full(size, 1.0 / size)
    total = np.empty(size + 1)
    for t in range(counts.shape[1]):
        total[:] = counts[0, t]
        old = np.log(prior)
        step_down(total, 1.0, ladders.weight, prior, x[k])
        if t == 0:
            x[k] += old
        if t == ladders.overall - 1:
            base[:] = prior
        k += 1
    prior[:] = base
    for level in range(1, 1 + ladders.places):
        for t in range(counts.shape[1]):
            total[:] = counts[level, t]
            step_down(total, 1.0, ladders.weight, prior, x[k])
            k += 1
    return k


@kernel
def of_column(f: int, counts: NDArray[np.float32], rows: Ints, ladders: Ladders, above: Ints, x: Floats) -> None:
    """Log shares of one value by class over its share hereabouts, here and in general (see `features_kernel`).

    Series for each column: of the value, of all known values, of the value here, of all known values here.
    """
    columns, size = ladders.columns, x.shape[1]
    value, known = counts[f].astype(np.float64), counts[columns + f].astype(np.float64)
    base = (value[-1] + 0.5) / (known[-1] + ladders.half_size[f])
    here = rows[2 * columns + f] >= 0
    value_here, known_here = counts[2 * columns + f], counts[3 * columns + f]
    if here:
        base = (value_here[-1] + ladders.region_weight * base) / (known_here[-1] + ladders.region_weight)
    lift = np.empty(size)
    lifts(value, 1.0, known, 1.0, above, base, ladders.column_weight, lift)
    for c in range(size):
        share = (value[c] / base + ladders.column_weight * lift[c]) / (known[c] + ladders.column_weight)
        x[columns + f, c] = math.log(share)
        if here and known_here[c] > 0.0:
            usual = base * share
            x[f, c] = math.log((value_here[c] / usual + ladders.local_weight) / (known_here[c] + ladders.local_weight))


@kernel
def gather(i: int, apart: bool, around: Around, ladders: Ladders, found: Ints) -> int:
    """The counted events nearest in time on both sides in every cell of `i`, narrow cells first, each once."""
    count, first = 0, PACKED + ladders.places
    record, time = around.record, around.time
    for level in range(around.near.shape[1]):
        cell = around.near[i, level]
        if cell < 0:
            continue
        low, high = around.begin[cell], around.begin[cell + 1]
        left, right = low, high
        while left < right:
            middle = (left + right) // 2
            if time[around.inside[middle]] < time[i]:
                left = middle + 1
            else:
                right = middle
        before, after, taken = left - 1, left, 0
        while taken < 2 * ladders.most and (before >= low or after < high):
            if after >= high or (
                before >= low and time[i] - time[around.inside[before]] <= time[around.inside[after]] - time[i]
            ):
                j = around.inside[before]
                before -= 1
            else:
                j = around.inside[after]
                after += 1
            if j != i and not (apart and around.block[j] == around.block[i]):
                found[count] = j
                taken += 1
                count += not met_already(i, j, record, first, first + level)
    return count


@kernel
def of_neighbours(
    i: int, found: Ints, around: Around, ladders: Ladders, members: Members, base: Floats, x: Floats, k: int
) -> int:
    """Log shares of the neighbours over `base`, (decay time x length scale); returns the next feature."""
    record, size = around.record, len(base)
    times, scales = len(ladders.near_days), len(ladders.near_km)
    first = PACKED + ladders.places + around.near.shape[1]
    narrowing = math.cos(math.radians(record[i, LATITUDE] / 1e7))
    sums, weight, close = np.zeros((size, times * scales)), np.empty(times * scales), np.empty(scales)
    for at in range(len(found)):
        j = found[at]
        far = distance(i, j, record, narrowing, ladders.places, ladders.usual_km)
        days = abs(around.time[i] - around.time[j]) + around.blur[i] + around.blur[j]
        alike = math.exp(-ladders.mismatch * differences(i, j, record, first))
        for r in range(scales):
            close[r] = math.exp(-far / ladders.near_km[r]) if far <= _FAR * ladders.near_km[r] else 0.0
        for t in range(times):
            fall = alike * math.exp(-days / ladders.near_days[t])
            for r in range(scales):
                weight[t * scales + r] = fall * close[r]
        for m in range(record[j, MEMBER], record[j, MEMBER] + record[j, MEMBERS]):
            for q in range(times * scales):
                sums[members.code[m], q] += members.weight[m] * weight[q]
    neighbour_shares(sums, base, ladders.kernel_weight, x[k : k + times * scales])
    return k + times * scales


@kernel
def of_nearest(
    i: int, found: Ints, around: Around, ladders: Ladders, members: Members, base: Floats, x: Floats, k: int
) -> int:
    """Log shares among the nearest few, many to few, each shrunk to the one before; returns the next feature."""
    record, size = around.record, len(base)
    first = PACKED + ladders.places + around.near.shape[1]
    narrowing = math.cos(math.radians(record[i, LATITUDE] / 1e7))
    most = ladders.nearest[-1]
    exchanges = len(ladders.days_per_reach)
    away, who = np.full((exchanges, most), _NEVER), np.full((exchanges, most), -1)
    for at in range(len(found)):
        j = found[at]
        far = distance(i, j, record, narrowing, ladders.places, ladders.usual_km) / ladders.reach_km
        days = abs(around.time[i] - around.time[j]) + around.blur[i] + around.blur[j]
        unlike = 0.75 * ladders.mismatch * differences(i, j, record, first)
        for e in range(exchanges):
            late = days / ladders.days_per_reach[e]
            keep(math.sqrt(far * far + late * late) + unlike, j, e, away, who)
    counts, prior = np.empty(size + 1), np.empty(size)
    for e in range(exchanges):
        prior[:] = base
        for z in range(len(ladders.nearest) - 1, -1, -1):
            counts[:] = 0.0
            for p in range(ladders.nearest[z]):
                j = who[e, p]
                if j >= 0:
                    for m in range(record[j, MEMBER], record[j, MEMBER] + record[j, MEMBERS]):
                        counts[members.code[m]] += members.weight[m]
                        counts[size] += members.weight[m]
            step_down(counts, 1.0, ladders.weight, prior, x[k])
            k += 1
    return k


@kernel
def keep(distance: float, j: int, e: int, away: Floats, who: Ints) -> None:
    """Put an event into the short list number `e` of the nearest, in order; the last falls out."""
    at = away.shape[1] - 1
    if distance >= away[e, at]:
        return
    while at > 0 and away[e, at - 1] > distance:
        away[e, at], who[e, at] = away[e, at - 1], who[e, at - 1]
        at -= 1
    away[e, at], who[e, at] = distance, j


@kernel
def outside_span(i: int, apart: bool, around: Around, x: Floats) -> None:
    """``-log(1 + years)`` by which an event lies before the first or after the last counted event of each class."""
    for c in range(len(x) - 1):
        low, high = around.class_begin[c], around.class_begin[c + 1]
        gap = _NEVER
        for p in range(low, high):
            j = around.of_class[p]
            if j != i and not (apart and around.block[j] == around.block[i]):
                gap = around.time[j] - around.blur[j] - around.time[i]
                break
        for p in range(high - 1, low - 1, -1):
            j = around.of_class[p]
            if j != i and not (apart and around.block[j] == around.block[i]):
                gap = max(gap, around.time[i] - around.time[j] - around.blur[j])
                break
        x[c] = -math.log1p(min(max(gap, 0.0), 36525.0) / 365.25)
