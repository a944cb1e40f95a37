"""The prequential filter: features from strictly earlier days, probabilities, shares of the unsure, event by event.

Everything of an event is used only after its last possible day has passed: for events whose first possible day is
later. So events of one day never inform one another, and nothing of an event reaches its own features. Arrays of
classes come last and are contiguous.

Feature shares say how typical what was done is of each class, in general and here, by Dirichlet-multinomial shares. A
class's share of a value shrinks to that of the groups above it, and these to the share of the value among all events
hereabouts, and that to its share anywhere. So a class of which little is known is expected to do what its group does,
or what is done in its country. The share of the class here shrinks to its share in general.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from attribution._compile import kernel
from attribution.archive.codes import Floats, Ints, Packed
from attribution.archive.model.neighbours_kernel import Buckets, Members, Nearness, NeighbourSums, weigh_neighbours

DAY, TURN = 0, 1  # of the clock: the day to which counts are aged, and which event of the order is to count next
NEW, ALL = 0, 1  # of the newcomers: events that were the first of their faction, and all


class Given(NamedTuple):
    """What is given of the events; -1 where something is unknown."""

    day: Ints  # (event,) first possible day
    last_day: Ints  # (event,)
    order: Ints  # (event,) events by their last possible day
    partial: Ints  # (event,) 1 where an event is known as one of several
    certainty: Floats  # (event,)
    place: Ints  # (event, level) row of `State.places`
    value: Ints  # (event, column) row of `State.values`: values, then values here, then all values here
    above: Ints  # (class or group,) the group above each, which comes after it
    record: Packed  # (event, column) what is asked of neighbours, see there
    near: Ints  # (event, level) neighbourhood
    newcomer: Ints  # (event,) 1 where it is the first of its faction
    decay: Floats  # (days, decay time) what a count is worth after so many whole days


class Constants(NamedTuple):
    """The constants of `Resolutions` as the kernels want them; times are columns of `decay`."""

    activity_times: int  # the first so many columns, then those of places
    overall: int  # so many of these make the share that all other shares shrink to
    share_time: int
    newcomer_time: int
    events_per_share: float  # prior weights, in events
    events_per_feature: float
    events_per_region: float
    events_per_local_share: float
    neighbour_weight: float
    half_size: Floats  # (feature,) half the number of its values


class State(NamedTuple):
    """What has been counted so far. Counts of places, values and features end with their sum over the classes."""

    activity: Floats  # (decay time, class)
    places: Floats  # (row, decay time, class + 1)
    place_day: Ints  # (row,) the day to which it is aged
    values: Floats  # (row, class + 1)
    value_day: Ints
    totals: Floats  # (feature, class + 1)
    newcomers: Floats  # (NEW and ALL,)
    clock: Ints  # (DAY and TURN,)
    buckets: Buckets


class Logit(NamedTuple):
    """The coefficients of the conditional logit."""

    slope: Floats  # (feature, class)
    intercept: Floats  # (class,)


class Output(NamedTuple):
    """Where what is worked out is left."""

    probability: Floats  # (event, class), from the first on
    keep: Ints  # (event,) the row of `kept` that gets the features, or -1
    kept: NDArray[np.float32]  # (row, feature, class)


class Features(NamedTuple):
    """The log-features of the event at hand, and what they are made from."""

    x: Floats  # (feature, class)
    base: Floats  # (class,) the share that all other shares shrink to
    spread: Floats  # (column, class) log of how often each class was seen with the column
    sums: NeighbourSums


@kernel
def advance(
    span: tuple[int, int, int], given: Given, members: Members, constants: Constants, nearness: Nearness,
    state: State, logit: Logit, out: Output,
) -> None:  # fmt: skip
    """Forecast the events `first` to `stop` under given coefficients, and keep the features of some.

    `span` is (first, stop, until): labels of events that end on day `until` or later are never looked at.
    """
    first, stop, until = span
    features = scratch(logit, constants, nearness, state)
    for i in range(first, stop):
        day = given.day[i]
        turn = state.clock[TURN]
        while turn < len(given.order) and given.last_day[given.order[turn]] < min(day, until):
            insert(given.order[turn], given, members, constants, state)
            turn += 1
        state.clock[TURN] = turn
        if i == first or day != given.day[i - 1]:
            daily(day, given.decay, constants, state, features)
        weigh_neighbours(i, day, given.record, nearness, state.buckets, members, given.decay, features.sums)
        describe(i, given, constants, state, features)
        probability = out.probability[i - first]
        soften(features.x, logit.slope, logit.intercept, probability)
        if out.keep[i - first] >= 0:
            out.kept[out.keep[i - first]] = features.x
        if given.partial[i] == 1:
            divide(i, members, given.certainty[i], probability)


@kernel
def scratch(logit: Logit, constants: Constants, nearness: Nearness, state: State) -> Features:
    """Room for the features of one event."""
    size = logit.slope.shape[1]
    sums = NeighbourSums(
        np.empty((size, nearness.times * nearness.scales)),
        np.empty(nearness.novelty_times),
        np.empty(nearness.scales),
        np.empty(nearness.levels * nearness.most + 1, dtype=np.int64),
    )
    return Features(np.zeros(logit.slope.shape), np.empty(size), np.empty((len(state.totals), size)), sums)


@kernel
def fade(counts: Floats, factor: float) -> None:
    """Age the counts of all classes."""
    for c in range(len(counts)):
        counts[c] *= factor


@kernel
def fade_all(e: int, given: Given, constants: Constants, state: State) -> None:
    """Age whatever an event is going to be counted in, to the day on which it is over."""
    decay, today = given.decay, given.last_day[e]
    span = today - state.clock[DAY]
    state.clock[DAY] = today
    for t in range(constants.activity_times):
        fade(state.activity[t], decay[span, t])
    for k in range(len(state.totals)):
        fade(state.totals[k], decay[span, constants.share_time])
    fade(state.newcomers, decay[span, constants.newcomer_time])
    for level in range(given.place.shape[1]):
        row = given.place[e, level]
        if row >= 0:
            for t in range(state.places.shape[1]):
                fade(state.places[row, t], decay[today - state.place_day[row], constants.activity_times + t])
            state.place_day[row] = today
    for k in range(given.value.shape[1]):
        row = given.value[e, k]
        if row >= 0:
            fade(state.values[row], decay[today - state.value_day[row], constants.share_time])
            state.value_day[row] = today


@kernel
def count_in(e: int, c: int, weight: float, given: Given, state: State) -> None:
    """Count an event for one class, and in the sums over classes that come last."""
    for t in range(len(state.activity)):
        state.activity[t, c] += weight
    for level in range(given.place.shape[1]):
        row = given.place[e, level]
        if row >= 0:
            for t in range(state.places.shape[1]):
                state.places[row, t, c] += weight
                state.places[row, t, -1] += weight
    for k in range(given.value.shape[1]):
        row = given.value[e, k]
        if row >= 0:
            state.values[row, c] += weight
            state.values[row, -1] += weight
            if k < len(state.totals):
                state.totals[k, c] += weight
                state.totals[k, -1] += weight


@kernel
def insert(e: int, given: Given, members: Members, constants: Constants, state: State) -> None:
    """Let an event that is over count from now on, if anything is known of who it was."""
    known = 0.0
    for m in range(members.start[e], members.start[e + 1]):
        known += members.weight[m]
    if known == 0.0:
        return
    fade_all(e, given, constants, state)
    state.newcomers[NEW] += given.newcomer[e]
    state.newcomers[ALL] += known
    for m in range(members.start[e], members.start[e + 1]):
        count_in(e, members.code[m], members.weight[m], given, state)
    buckets = state.buckets
    for level in range(given.near.shape[1]):
        cell = given.near[e, level]
        if cell >= 0:
            buckets.event[buckets.begin[cell] + buckets.filled[cell]] = e
            buckets.filled[cell] += 1


@kernel
def daily(now: int, decay: Floats, constants: Constants, state: State, features: Features) -> None:
    """What changes only from day to day: the activity of each class, and how often each was seen with each feature."""
    x, base, weight = features.x, features.base, constants.events_per_share
    size = len(base)
    span = now - state.clock[DAY]
    for c in range(size):
        base[c] = 1.0 / size
    prior = np.full(size, 1.0 / size)
    for t in range(constants.activity_times):
        total = 0.0
        for c in range(size):
            total += state.activity[t, c] * decay[span, t]
        for c in range(size):
            new = (state.activity[t, c] * decay[span, t] + weight * prior[c]) / (total + weight)
            x[t, c] = math.log(new) if t == 0 else math.log(new / prior[c])
            prior[c] = new
            if t == constants.overall - 1:
                base[c] = new
    for k in range(len(state.totals)):
        for c in range(size):
            seen = state.totals[k, c] * decay[span, constants.share_time]
            features.spread[k, c] = math.log(seen + constants.events_per_feature)


@kernel
def describe(i: int, given: Given, constants: Constants, state: State, features: Features) -> None:
    """The log-features of one event, (feature, class), below those of `daily`."""
    x, sums, decay, day = features.x, features.sums, given.decay, given.day[i]
    k, prior = constants.activity_times, features.base.copy()
    x[k:] = 0.0
    for level in range(given.place.shape[1]):
        row = given.place[i, level]
        for t in range(state.places.shape[1]):
            if row >= 0:
                factor = decay[day - state.place_day[row], constants.activity_times + t]
                step_down(state.places[row, t], factor, constants.events_per_share, prior, x[k])
            k += 1
    kinds = sums.share.shape[1]
    neighbour_shares(sums.share, features.base, constants.neighbour_weight, x[k : k + kinds])
    k += kinds
    columns = len(state.totals)
    shares = 2 * columns if given.value.shape[1] > columns else columns
    for f in range(columns):
        if given.value[i, f] >= 0:
            feature_share(i, f, given, constants, state, features.spread[f], x[k + f : k + shares : columns])
    k += shares
    for v in range(len(sums.novelty)):
        x[k + v, -1] = -math.log1p(sums.novelty[v])
    since = decay[day - state.clock[DAY], constants.newcomer_time]
    new, all_events = state.newcomers[NEW] * since, state.newcomers[ALL] * since
    x[k + len(sums.novelty), -1] = math.log((new + 0.5) / (all_events + 1.0))


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
def neighbour_shares(sums: Floats, base: Floats, weight: float, out: Floats) -> None:
    """``log(share / base)`` of `sums` (class, decay time x length scale), as (decay time x length scale, class)."""
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
def feature_share(
    i: int, f: int, given: Given, constants: Constants, state: State, spread: Floats, out: Floats
) -> None:
    """Log shares of one value by class over its share hereabouts: `out[0]` in general, `out[1]` here over that.

    Rows of `State.values` for feature `f`: of the value anywhere, and, where shares are nested by region, of the value
    here and of all values here. `spread` (class,) is the log of how often each class was seen with the feature.
    """
    now, values, totals = given.day[i], state.values, state.totals[f]
    row, here, region = given.value[i, f], -1, -1
    if given.value.shape[1] > len(state.totals):
        here, region = given.value[i, f + len(state.totals)], given.value[i, f + 2 * len(state.totals)]
    decay = given.decay[:, constants.share_time]
    factor, span = decay[now - state.value_day[row]], decay[now - state.clock[DAY]]
    base = (values[row, -1] * factor + 0.5) / (totals[-1] * span + constants.half_size[f])
    here_factor, region_factor = 0.0, 0.0
    if here >= 0:
        here_factor, region_factor = decay[now - state.value_day[here]], decay[now - state.value_day[region]]
        prior = constants.events_per_region
        base = (values[here, -1] * here_factor + prior * base) / (values[region, -1] * region_factor + prior)
    lift = np.empty(len(spread))
    weight = constants.events_per_feature
    lifts(values[row], factor, totals, span, given.above, base, weight, lift)
    unseen = math.log(weight)
    for c in range(len(spread)):
        known = values[row, c] > 0.0 or lift[c] != 1.0
        out[0, c] = (math.log(values[row, c] * factor / base + weight * lift[c]) if known else unseen) - spread[c]
    if here >= 0:
        prior = constants.events_per_local_share
        for c in range(len(spread)):
            seen = values[region, c] * region_factor
            if seen > 0.0:
                usual = base * math.exp(out[0, c])
                out[1, c] = math.log((values[here, c] * here_factor / usual + prior) / (seen + prior))


@kernel
def lifts(
    counts: Floats, factor: float, totals: Floats, span: float, above: Ints, base: float, weight: float, lift: Floats
) -> None:
    """What the share of a value shrinks to for each class, over `base`: the share of the group above it, if any."""
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
def divide(e: int, members: Members, certainty: float, probability: Floats) -> None:
    """Count an event that is known only as one of several for each in proportion to what was forecast."""
    mass = 0.0
    for m in range(members.start[e], members.start[e + 1]):
        mass += probability[members.code[m]] + 1e-12
    for m in range(members.start[e], members.start[e + 1]):
        members.weight[m] = certainty * (probability[members.code[m]] + 1e-12) / mass
