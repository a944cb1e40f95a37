"""One pass over the events in order of time: features from strictly earlier days, probabilities, shares of the unsure.

Everything of an event is used only after its last possible day has passed: for events whose first possible day is
later. So events of one day never inform one another, and nothing of an event reaches its own features.

Arrays of classes come last and are contiguous. `ints` and `numbers` hold the constants of `Resolutions`; see `Stream`.
"""

from __future__ import annotations

import math

import numpy as np

from attribution.archive.codes import Floats, Ints, Packed
from attribution.archive.kernel_around import look_around
from attribution.archive.kernel_counts import State, insert
from attribution.network.kernel_fields import kernel


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
def ratios(counts: Floats, factor: float, base: Floats, weight: float, out: Floats) -> None:
    """``log(share / base)`` of shares shrunk to a base, ``(n_c + w base_c) / (n + w)``."""
    total = 0.0
    for c in range(len(base)):
        total += counts[c]
    rest = -math.log1p(total * factor / weight)
    for c in range(len(base)):
        out[c] = rest + math.log1p(counts[c] * factor / (weight * base[c])) if counts[c] > 0.0 else rest


@kernel
def likeness(
    row: int, factor: float, span: float, weight: float, half_size: float, values: Floats, totals: Floats,
    spread: Floats, out: Floats,
) -> None:  # fmt: skip
    """``log (n_c(v) / m(v) + w) / (n_c + w)``: how typical a value is of each class, shrunk to the mean m of all."""
    count, total = 0.0, 0.0
    for c in range(len(out)):
        count += values[row, c] * factor
        total += totals[c] * span
    mean = (count + 0.5) / (total + half_size)
    for c in range(len(out)):
        out[c] = math.log(values[row, c] * factor / mean + weight) - spread[c]


@kernel
def describe(
    i: int,
    day: Ints,
    place: Ints,
    feature: Ints,
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
                ratios(places[row, t], decay[day[i] - place_day[row], shape[0] + t], prior, numbers[2], x[k])
                prior *= np.exp(x[k])
            k += 1
    for q in range(sums.shape[1]):
        ratios(sums[:, q], 1.0, base, numbers[4], x[k])
        k += 1
    span = decay[day[i] - clock[0], shape[2]]
    for f in range(feature.shape[1]):
        row = feature[i, f]
        if row >= 0:
            factor = decay[day[i] - value_day[row], shape[2]]
            likeness(row, factor, span, numbers[3], numbers[5 + f], values, totals[f], spread[f], x[k])
        k += 1
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
    feature: Ints,
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
    base, spread = np.empty(size), np.empty(totals.shape)
    sums, novelty = np.empty((size, shape[4] * shape[5])), np.empty(shape[11])
    levels = (place.shape[1], near.shape[1])
    for i in range(first, stop):
        while clock[1] < len(order) and last[order[clock[1]]] < min(day[i], until):
            insert(order[clock[1]], last, member, place, feature, near, newcomer, decay, shape, state)
            clock[1] += 1
        if i == first or day[i] != day[i - 1]:
            daily(day[i], decay, shape, numbers, activity, totals, clock, x, base, spread)
        look_around(record[i], day[i], record, levels, shelves, member, ladder, decay, shape, numbers, sums, novelty)
        describe(i, day, place, feature, decay, shape, numbers, state, base, spread, sums, novelty, x)
        soften(x, slope, intercept, probability[i - first])
        if keep[i - first] >= 0:
            kept[keep[i - first]] = x
        if unsure[i] == 1:
            divide(i, member, certainty[i], probability[i - first])
