"""Habits: how typical what was done is of each class, in general and here, by Dirichlet-multinomial shares.

A class's share of a value shrinks to that of the groups above it, and these to the share of the value among all events
hereabouts, and that to its share anywhere. So a class of which little is known is expected to do what its group does,
or what is done in its country. The share of the class here shrinks to its share in general.
"""

from __future__ import annotations

import math

import numpy as np

from attribution._compile import kernel
from attribution.archive.codes import Floats, Ints


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
