"""How probable past labels are under many decay times, or many length scales, at once: one pass over the events.

An event counts for those whose first possible day is later than its own last.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from attribution._compile import kernel
from attribution.archive.codes import Floats, Ints

_EARTH_KM = 6371.0


class History(NamedTuple):
    """Events of known class, in order of their first possible day."""

    day: Ints  # (event,)
    last_day: Ints
    order: Ints  # (event,) events by their last possible day
    label: Ints  # (event,) the class of each
    classes: int


@kernel
def decay_grid(history: History, first: int, tau: Floats, weight: Floats, out: Floats) -> None:
    """Add to `out` (decay time, weight) the log-probability of the labels of the events from number `first` on.

    ``p(c) = (n_c + w / C) / (n + w)``, n being past events that count ``exp(-days ago / tau)`` each.
    """
    day, last, order, label, classes = history
    start = day[0] if len(day) else 0  # from the epoch, nothing would grow without bound before it: 0 * inf
    counts, seen = np.zeros((len(tau), classes)), np.full(classes, start)
    total, total_seen, waiting = np.zeros(len(tau)), start, 0
    for i in range(len(day)):
        while waiting < len(order) and last[order[waiting]] < day[i]:
            j = order[waiting]
            c, now = label[j], last[j]
            for t in range(len(tau)):
                counts[t, c] = counts[t, c] * math.exp((seen[c] - now) / tau[t]) + 1.0
                total[t] = total[t] * math.exp((total_seen - now) / tau[t]) + 1.0
            seen[c], total_seen = now, now
            waiting += 1
        if i < first:
            continue
        c = label[i]
        for t in range(len(tau)):
            own = counts[t, c] * math.exp((seen[c] - day[i]) / tau[t])
            every = total[t] * math.exp((total_seen - day[i]) / tau[t])
            for v in range(len(weight)):
                out[t, v] += math.log((own + weight[v] / classes) / (every + weight[v]))


@kernel
def own_shares(history: History, tau: float, weight: float, out: Floats) -> None:
    """The probability (event,) that one decay time and one weight gave each event's own class before its day."""
    day, last, order, label, classes = history
    start = day[0] if len(day) else 0
    counts, seen = np.zeros(classes), np.full(classes, start)
    total, total_seen, waiting = 0.0, start, 0
    for i in range(len(day)):
        while waiting < len(order) and last[order[waiting]] < day[i]:
            j = order[waiting]
            c, now = label[j], last[j]
            counts[c] = counts[c] * math.exp((seen[c] - now) / tau) + 1.0
            total = total * math.exp((total_seen - now) / tau) + 1.0
            seen[c], total_seen = now, now
            waiting += 1
        own = counts[label[i]] * math.exp((seen[label[i]] - day[i]) / tau)
        out[i] = (own + weight / classes) / (total * math.exp((total_seen - day[i]) / tau) + weight)


@kernel
def kilometres(i: int, j: int, spot: Floats) -> float:
    """Great-circle distance of two events from their unit vectors (event, 3)."""
    chord = 0.0
    for axis in range(3):
        step = spot[i, axis] - spot[j, axis]
        chord += step * step
    return 2.0 * _EARTH_KM * math.asin(min(1.0, 0.5 * math.sqrt(chord)))


@kernel
def length_grid(
    history: History, spot: Floats, base: Floats, first: int, most: int, scale: Floats, weight: Floats, out: Floats
) -> None:
    """Add to `out` (length scale, weight) the log-probability of the labels of the events from number `first` on.

    ``p(c) = (n_c + w b_c) / (n + w)``, n being the `most` most recent past events, which count ``exp(-km / h)`` each,
    and b (`base`, of each event's own class) what is believed wherever it was.
    """
    day, last, order, label, _ = history
    own, every, waiting = np.empty(len(scale)), np.empty(len(scale)), 0
    for i in range(len(day)):
        while waiting < len(order) and last[order[waiting]] < day[i]:
            waiting += 1
        if i < first:
            continue
        own[:] = 0.0
        every[:] = 0.0
        for position in range(max(0, waiting - most), waiting):
            j = order[position]
            away = kilometres(i, j, spot)
            for h in range(len(scale)):
                near = math.exp(-away / scale[h])
                every[h] += near
                if label[j] == label[i]:
                    own[h] += near
        for h in range(len(scale)):
            for v in range(len(weight)):
                out[h, v] += math.log((own[h] + weight[v] * base[i]) / (every[h] + weight[v]))
