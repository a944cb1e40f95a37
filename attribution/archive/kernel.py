"""One pass over the events in order of time: features from strictly earlier days, probabilities, shares of the unsure.

Everything of an event is used only after its last possible day has passed: for events whose first possible day is
later. So events of one day never inform one another, and nothing of an event reaches its own features.

Arrays of classes come last and are contiguous. `ints` and `numbers` hold the constants of `Resolutions`; see `Stream`.
"""

from __future__ import annotations

import math

import numpy as np

from attribution._compile import kernel
from attribution.archive.codes import Floats, Ints, Packed
from attribution.archive.kernel_around import look_around
from attribution.archive.kernel_counts import State, insert
from attribution.archive.kernel_habits import habit


@kernel
def daily(
    now: int, decay: Floats, shape: Ints, numbers: Floats, activity: Floats, totals: Floats, clock: Ints,
    x: Floats, base: Floats, spread: Floats,
) -> None:  # fmt: skip
    """What changes only from day to day: the activity of each class, and how often each was seen with each feature."""
    size = len(base)
    span = now - clock[0]
    for c in range(size):
        base[c] = 1.0 / size
    prior = np.full(size, 1.0 / size)
    for t in range(shape[0]):
        total = 0.0
        for c in range(size):
            total += activity[t, c] * decay[span, t]
        for c in range(size):
            new = (activity[t, c] * decay[span, t] + numbers[2] * prior[c]) / (total + numbers[2])
            x[t, c] = math.log(new) if t == 0 else math.log(new / prior[c])
            prior[c] = new
            if t == shape[10] - 1:
                base[c] = new
    for k in range(len(totals)):
        for c in range(size):
            spread[k, c] = math.log(totals[k, c] * decay[span, shape[2]] + numbers[3])


@kernel
def step_down(counts: Floats, factor: float, weight: float, base: Floats, out: Floats) -> None:
    """``log(share / base)`` of shares shrunk to a base, ``(n_c + w base_c) / (n + w)``; the base becomes the share.

    The last of the `counts` is their sum.
    """
    total = 1.0 + counts[-1] * factor / weight
    rest = -math.log(total)
    for c in range(len(base)):
        lift = counts[c] * factor / (weight * base[c])
        out[c] = rest + math.log1p(lift) if lift > 0.0 else rest
        base[c] *= (1.0 + lift) / total


@kernel
def around(sums: Floats, base: Floats, weight: float, out: Floats) -> None:
    """``log(share / base)`` for each memory and reach, (memory x reach, class), of `sums` (class, memory x reach)."""
    size, kinds = sums.shape
    rest = np.zeros(kinds)
    for c in range(size):
        for q in range(kinds):
            rest[q] += sums[c, q]
    for q in range(kinds):
        rest[q] = -math.log1p(rest[q] / weight)
        out[q] = rest[q]
    for c in range(size):
        if sums[c, 0] > 0.0:
            for q in range(kinds):
                out[q, c] = rest[q] + math.log1p(sums[c, q] / (weight * base[c]))


@kernel
def describe(
    i: int,
    day: Ints,
    place: Ints,
    value: Ints,
    above: Ints,
    decay: Floats,
    shape: Ints,
    numbers: Floats,
    state: State,
    base: Floats,
    spread: Floats,
    sums: Floats,
    novelty: Floats,
    x: Floats,
) -> None:
    """The log-features of one event, (feature, class), below those of `daily`."""
    _, places, place_day, values, value_day, totals, _, groups, clock = state
    k, prior = shape[0], base.copy()
    x[k:] = 0.0
    for level in range(place.shape[1]):
        row = place[i, level]
        for t in range(places.shape[1]):
            if row >= 0:
                step_down(places[row, t], decay[day[i] - place_day[row], shape[0] + t], numbers[2], prior, x[k])
            k += 1
    around(sums, base, numbers[4], x[k : k + sums.shape[1]])
    k += sums.shape[1]
    features = len(totals)
    habits = 2 * features if value.shape[1] > features else features
    span = decay[day[i] - clock[0], shape[2]]
    for f in range(features):
        if value[i, f] >= 0:
            habit(
                day[i], value[i, f::features], above, decay[:, shape[2]], numbers[3], numbers[5], numbers[6],
                numbers[7 + f], values, value_day, totals[f], span, spread[f], x[k + f : k + habits : features],
            )  # fmt: skip
    k += habits
    for v in range(len(novelty)):
        x[k + v, -1] = -math.log1p(novelty[v])
    since = decay[day[i] - clock[0], shape[3]]
    x[k + len(novelty), -1] = math.log((groups[0] * since + 0.5) / (groups[1] * since + 1.0))


@kernel
def soften(x: Floats, slope: Floats, intercept: Floats, out: Floats) -> None:
    """The conditional logit: probabilities of the classes."""
    out[:] = intercept
    for k in range(slope.shape[0]):
        for c in range(slope.shape[1]):
            out[c] += slope[k, c] * x[k, c]
    top, total = out.max(), 0.0
    for c in range(len(out)):
        out[c] = math.exp(out[c] - top)
        total += out[c]
    out /= total


@kernel
def divide(e: int, member: tuple[Ints, Ints, Floats], certainty: float, probability: Floats) -> None:
    """Count an event that is known only as one of several for each in proportion to what was forecast."""
    start, classes, share = member
    mass = 0.0
    for m in range(start[e], start[e + 1]):
        mass += probability[classes[m]] + 1e-12
    for m in range(start[e], start[e + 1]):
        share[m] = certainty * (probability[classes[m]] + 1e-12) / mass


@kernel
def advance(
    first: int,
    stop: int,
    until: int,
    day: Ints,
    last: Ints,
    order: Ints,
    member: tuple[Ints, Ints, Floats],
    unsure: Ints,
    certainty: Floats,
    place: Ints,
    value: Ints,
    above: Ints,
    near: Ints,
    record: Packed,
    newcomer: Ints,
    ladder: Floats,
    decay: Floats,
    shape: Ints,
    numbers: Floats,
    state: State,
    slope: Floats,
    intercept: Floats,
    keep: Ints,
    probability: Floats,
    kept: Floats,
) -> None:
    """Events `first` to `stop`: their probabilities under given discounts, and the features of those to keep.

    Labels of events that end on day `until` or later are never looked at.
    """
    activity, totals, shelves, clock = state[0], state[5], state[6], state[8]
    size = slope.shape[1]
    x = np.zeros(slope.shape)
    base, spread = np.empty(size), np.empty((len(totals), size))
    sums, novelty = np.empty((size, shape[4] * shape[5])), np.empty(shape[11])
    levels = (place.shape[1], near.shape[1])
    for i in range(first, stop):
        while clock[1] < len(order) and last[order[clock[1]]] < min(day[i], until):
            insert(order[clock[1]], last, member, place, value, near, newcomer, decay, shape, state)
            clock[1] += 1
        if i == first or day[i] != day[i - 1]:
            daily(day[i], decay, shape, numbers, activity, totals, clock, x, base, spread)
        look_around(i, day[i], record, levels, shelves, member, ladder, decay, shape, numbers, sums, novelty)
        describe(i, day, place, value, above, decay, shape, numbers, state, base, spread, sums, novelty, x)
        soften(x, slope, intercept, probability[i - first])
        if keep[i - first] >= 0:
            kept[keep[i - first]] = x
        if unsure[i] == 1:
            divide(i, member, certainty[i], probability[i - first])
