"""Baselines that are shares of past labels: over all time, with a memory, by place."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from attribution.archive.classes import Classes
from attribution.archive.codes import Floats, Ints
from attribution.archive.events import EventTable
from attribution.archive.forecast import Protocol

type Share = Callable[[EventTable, Classes, int, Protocol], tuple[Floats, str]]

_MEMORIES = (30.0, 120.0, 500.0, 2500.0)
_WEIGHTS = (0.3, 1.0, 3.0, 10.0)
_FOREVER = 1e9


def base_rate(events: EventTable, classes: Classes, first: int, protocol: Protocol) -> tuple[Floats, str]:
    """Share of each class among all labels so far."""
    return _shares(events, classes, first, protocol, _FOREVER, 1.0, by_place=False), "all labels so far"


def recency(events: EventTable, classes: Classes, first: int, protocol: Protocol) -> tuple[Floats, str]:
    """The same with a memory of so many days, whichever forecast the training part best."""
    tried = [(f"memory {days:g} days", days, 1.0) for days in _MEMORIES]
    return _best(tried, events, classes, first, protocol, by_place=False)


def place_table(events: EventTable, classes: Classes, first: int, protocol: Protocol) -> tuple[Floats, str]:
    """Shares at the finest known place, shrunk to those one level up, and so on up to the recent shares of all."""
    tried = [
        (f"memory {days:g} days, {weight:g} events of the level above", days, weight)
        for days in (500.0, 2500.0, _FOREVER)
        for weight in _WEIGHTS
    ]
    return _best(tried, events, classes, first, protocol, by_place=True)


SHARES: dict[str, Share] = {"base-rate": base_rate, "recency": recency, "place-table": place_table}


def _best(
    tried: list[tuple[str, float, float]],
    events: EventTable,
    classes: Classes,
    first: int,
    protocol: Protocol,
    *,
    by_place: bool,
) -> tuple[Floats, str]:
    """Forecasts of the setting (name, memory, weight) that did best on the last part of the training events."""
    label = classes.labels(events)
    middle = int(0.7 * first)
    rows = np.arange(middle, first)
    rows = rows[label[rows] >= 0]

    def score(setting: tuple[str, float, float]) -> float:
        probability = _shares(events, classes, middle, "rolling", *setting[1:], by_place=by_place)
        return float(np.sum(np.log(probability[rows - middle, label[rows]])))

    name, days, weight = max(tried, key=score)
    return _shares(events, classes, first, protocol, days, weight, by_place=by_place), name


def _shares(
    events: EventTable, classes: Classes, first: int, protocol: Protocol, days: float, weight: float, *, by_place: bool
) -> Floats:
    label, size = classes.labels(events), len(classes)
    order = np.argsort(events.last_day, kind="stable")
    until = int(events.day[first]) if protocol == "static" else 1 << 40
    levels = [level.codes for level in events.place] if by_place else []
    counts: list[dict[int, tuple[int, Floats]]] = [{} for _ in range(1 + len(levels))]
    out = np.empty((len(events) - first, size))
    waiting = 0
    for event in range(len(events)):
        day = int(events.day[event])
        while waiting < len(order) and events.last_day[order[waiting]] < min(day, until):
            _count(counts, levels, int(order[waiting]), label, int(events.last_day[order[waiting]]), days, size)
            waiting += 1
        if event >= first:
            share = np.full(size, 1.0 / size)
            for table, code in zip(counts, _codes(levels, event), strict=True):
                if code in table:
                    then, count = table[code]
                    now = count * np.exp(-(day - then) / days)
                    share = (now + weight * share) / (now.sum() + weight)
            out[event - first] = share
    return out


def _codes(levels: list[Ints], event: int) -> list[int]:
    return [0, *(int(level[event]) for level in levels)]


def _count(
    counts: list[dict[int, tuple[int, Floats]]], levels: list[Ints], event: int, label: Ints, day: int, days: float,
    size: int,
) -> None:  # fmt: skip
    if label[event] < 0:
        return
    for table, code in zip(counts, _codes(levels, event), strict=True):
        if code >= 0:
            then, count = table.get(code, (day, np.zeros(size)))
            count = count * np.exp(-(day - then) / days)
            count[label[event]] += 1.0
            table[code] = (day, count)
