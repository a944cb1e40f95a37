"""One pass over the events in order of time: features from strictly earlier days, probabilities, shares of the unsure.

Everything of an event is used only after its last possible day has passed: for events whose first possible day is
later. So events of one day never inform one another, and nothing of an event reaches its own features.

Arrays of classes come last and are contiguous. `ints` and `numbers` hold the constants of `Resolutions`; see
`PrequentialFilter`.

Habits: how typical what was done is of each class, in general and here, by Dirichlet-multinomial shares.

A class's share of a value shrinks to that of the groups above it, and these to the share of the value among all events
hereabouts, and that to its share anywhere. So a class of which little is known is expected to do what its group does,
or what is done in its country. The share of the class here shrinks to its share in general.
"""

from __future__ import annotations

import math

import numpy as np

from attribution._compile import kernel
from attribution.archive.codes import Floats, Ints, Packed
from attribution.archive.model.neighbours_kernel import Shelves, look_around

# activity (memory, class); counts of places (row, memory, class), and their days; of values (row, class), and theirs;
# totals of features (feature, class); shelves of neighbourhoods; newcomers and all; the day, and whose turn it is
# counts of places, values and features have their sum over the classes as one class more
type State = tuple[Floats, Floats, Ints, Floats, Ints, Floats, Shelves, Floats, Ints]


@kernel
def fade(counts: Floats, factor: float) -> None:
    """Age the counts of all classes."""
    for c in range(len(counts)):
        counts[c] *= factor


@kernel
def fade_all(
    e: int,
    last: Ints,
    place: Ints,
    value: Ints,
    decay: Floats,
    shape: Ints,
    state: State,
) -> None:
    """Age whatever an event is going to be counted in, to the day on which it is over."""
    activity, places, place_day, values, value_day, totals, _, groups, clock = state
    acts, span = shape[0], last[e] - clock[0]
    clock[0] = last[e]
    for t in range(acts):
        fade(activity[t], decay[span, t])
    for k in range(len(totals)):
        fade(totals[k], decay[span, shape[2]])
    fade(groups, decay[span, shape[3]])
    for level in range(place.shape[1]):
        row = place[e, level]
        if row >= 0:
            for t in range(places.shape[1]):
                fade(places[row, t], decay[last[e] - place_day[row], acts + t])
            place_day[row] = last[e]
    for k in range(value.shape[1]):
        row = value[e, k]
        if row >= 0:
            fade(values[row], decay[last[e] - value_day[row], shape[2]])
            value_day[row] = last[e]


@kernel
def count_in(
    e: int, c: int, weight: float, place: Ints, value: Ints, activity: Floats, places: Floats, values: Floats,
    totals: Floats,
) -> None:  # fmt: skip
    """Count an event for one class, and in the sums over classes that come last."""
    for t in range(len(activity)):
        activity[t, c] += weight
    for level in range(place.shape[1]):
        row = place[e, level]
        if row >= 0:
            for t in range(places.shape[1]):
                places[row, t, c] += weight
                places[row, t, -1] += weight
    for k in range(value.shape[1]):
        row = value[e, k]
        if row >= 0:
            values[row, c] += weight
            values[row, -1] += weight
            if k < len(totals):
                totals[k, c] += weight
                totals[k, -1] += weight


@kernel
def insert(
    e: int,
    last: Ints,
    member: tuple[Ints, Ints, Floats],
    place: Ints,
    value: Ints,
    near: Ints,
    newcomer: Ints,
    decay: Floats,
    shape: Ints,
    state: State,
) -> None:
    """Let an event that is over count from now on, if anything is known of who it was."""
    start, classes, share = member
    activity, places, _, values, _, totals, shelves, groups, _ = state
    begin, filled, shelf = shelves
    known = 0.0
    for m in range(start[e], start[e + 1]):
        known += share[m]
    if known == 0.0:
        return
    fade_all(e, last, place, value, decay, shape, state)
    groups[0] += newcomer[e]
    groups[1] += known
    for m in range(start[e], start[e + 1]):
        count_in(e, classes[m], share[m], place, value, activity, places, values, totals)
    for level in range(near.shape[1]):
        cell = near[e, level]
        if cell >= 0:
            shelf[begin[cell] + filled[cell]] = e
            filled[cell] += 1


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
    """Events `first` to `stop`: their probabilities under given coefficients, and the features of those to keep.

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


@kernel
def lifts(
    counts: Floats, factor: float, totals: Floats, span: float, above: Ints, base: float, weight: float, lift: Floats
) -> None:
    """What the share of a value shrinks to for each class, over `base`: the share of the group above it, if any.

    `above` (class or group,) holds the group above each, which comes after it, or -1.
    """
    size = len(lift)
    for c in range(size):
        lift[c] = 1.0
    if len(above) == size:
        return
    count, total = np.zeros(len(above)), np.zeros(len(above))
    for node in range(len(above)):
        if node < size:
            count[node] = counts[node] * factor / base
            total[node] = totals[node] * span
        if above[node] >= 0:
            count[above[node]] += count[node]
            total[above[node]] += total[node]
    share = np.ones(len(above))
    for node in range(len(above) - 1, -1, -1):
        up = share[above[node]] if above[node] >= 0 else 1.0
        if node < size:
            lift[node] = up
        else:
            share[node] = (count[node] + weight * up) / (total[node] + weight)


@kernel
def habit(
    now: int, rows: Ints, above: Ints, decay: Floats, weight: float, weight_of_region: float,
    weight_of_habit: float, half_size: float, values: Floats, value_day: Ints,
    totals: Floats, span: float, spread: Floats, out: Floats,
) -> None:  # fmt: skip
    """Log shares of one value by class over its share hereabouts: `out[0]` in general, `out[1]` here over that.

    `rows` of the counts: of the value anywhere, and, where habits are nested, of the value here and of all values here.
    The last of each row is its sum.
    """
    size = len(spread)
    factor = decay[now - value_day[rows[0]]]
    base = (values[rows[0], -1] * factor + 0.5) / (totals[-1] * span + half_size)
    nested = len(rows) == 3 and rows[1] >= 0
    if nested:
        here, fade = values[rows[1]], decay[now - value_day[rows[1]]]
        around, fade_around = values[rows[2]], decay[now - value_day[rows[2]]]
        base = (here[-1] * fade + weight_of_region * base) / (around[-1] * fade_around + weight_of_region)
    lift = np.empty(size)
    lifts(values[rows[0]], factor, totals, span, above, base, weight, lift)
    unseen = math.log(weight)
    for c in range(size):
        known = values[rows[0], c] > 0.0 or lift[c] != 1.0
        out[0, c] = (math.log(values[rows[0], c] * factor / base + weight * lift[c]) if known else unseen) - spread[c]
    if nested:
        for c in range(size):
            seen = around[c] * fade_around
            if seen > 0.0:
                usual = base * math.exp(out[0, c])
                out[1, c] = math.log((here[c] * fade / usual + weight_of_habit) / (seen + weight_of_habit))
