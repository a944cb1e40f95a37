"""The features of the archive's model written as plainly as possible, event by event, from all that was over before.

Shares nothing with the kernel but the numbers of `Resolutions`.
"""

from __future__ import annotations

import math

import numpy as np

from attribution.archive.events import EventTable
from attribution.archive.model.classes import Classes
from attribution.archive.model.features import recorded
from attribution.archive.model.settings import Resolutions


def plain_features(  # noqa: C901, PLR0915
    events: EventTable, classes: Classes, r: Resolutions, event: int
) -> np.ndarray:
    """(feature, class) of one event; for tables without partial labels."""
    label = classes.labels(events)
    past = [j for j in range(len(events)) if events.day[j] + events.precision[j] < events.day[event] and label[j] >= 0]
    size = len(classes)

    def count(days: float, rows: list[int], weigh=lambda j: 1.0) -> np.ndarray:
        out = np.zeros(size)
        for j in rows:
            ago = events.day[event] - events.day[j] - events.precision[j]
            out[label[j]] += events.certainty[j] * math.exp(-ago / days) * weigh(j)
        return out

    def share(n: np.ndarray, base: np.ndarray, weight: float) -> np.ndarray:
        return (n + weight * base) / (n.sum() + weight)

    rows: list[np.ndarray] = []
    chain = [np.full(size, 1 / size)]
    for at, days in enumerate(r.activity_days):
        chain.append(share(count(days, past), chain[-1], r.events_per_share))
        rows.append(np.log(chain[-1] / (chain[-2] if at else 1.0)))
    base = chain[r.overall]

    prior = base
    for level in events.place:
        for days in r.place_days:
            here = level.codes[event]
            if here < 0 or np.sum(level.codes == here) < 2:
                rows.append(np.zeros(size))
                continue
            new = share(count(days, [j for j in past if level.codes[j] == here]), prior, r.events_per_share)
            rows.append(np.log(new / prior))
            prior = new

    columns = recorded(events)
    mismatch = min(r.mismatch, r.most_mismatch / len(columns))

    def unlike(j: int) -> int:
        return sum(c.codes[j] != c.codes[event] and c.codes[j] >= 0 and c.codes[event] >= 0 for c in columns)

    for days in r.neighbour_days:
        for km in r.length_km:
            n = count(days, past, lambda j: math.exp(-mismatch * unlike(j) - _km(events, event, j) / km))  # noqa: B023
            rows.append(np.log(share(n, base, r.kernel_weight) / base))

    nested: list[np.ndarray] = []
    region = next((level for level in events.place if len(set(level.codes[level.codes >= 0])) > 1), events.place[0])
    for column in columns:
        here, place = column.codes[event], region.codes[event]
        if here < 0:
            rows.append(np.zeros(size))
            nested.append(np.zeros(size))
            continue
        w = r.events_per_feature
        known = [j for j in past if column.codes[j] >= 0]
        near = [j for j in known if region.codes[j] == place]
        n = count(r.feature_days, [j for j in known if column.codes[j] == here])
        total = count(r.feature_days, known)
        n_near = count(r.feature_days, [j for j in near if column.codes[j] == here])
        total_near = count(r.feature_days, near)
        mean = (n.sum() + 0.5) / (total.sum() + 0.5 * len(column.names))
        if place >= 0:
            mean = (n_near.sum() + r.events_per_region * mean) / (total_near.sum() + r.events_per_region)
        up = _of_groups(events, classes, n, total, mean, w)
        anywhere = (n + w * up) / (total + w)
        rows.append(np.log(anywhere / mean))
        v = r.events_per_local_share
        nested.append(np.log((n_near + v * anywhere) / (total_near + v) / anywhere) if place >= 0 else np.zeros(size))
    rows += nested

    only_other = np.zeros(size)
    only_other[-1] = 1.0
    for days in r.novelty_days:
        near = count(days, past, lambda j: math.exp(-_km(events, event, j) / r.length_km[r.novelty_km]))
        rows.append(-math.log1p(near.sum()) * only_other)
    first = _firsts(events)
    new = count(r.newcomer_days, [j for j in past if j in first], lambda j: 1.0 / events.certainty[j]).sum()
    rows.append(math.log((new + 0.5) / (count(r.newcomer_days, past).sum() + 1.0)) * only_other)
    return np.array(rows)


def _of_groups(
    events: EventTable, classes: Classes, n: np.ndarray, total: np.ndarray, mean: float, w: float
) -> np.ndarray:
    """The share of a value that each class's share shrinks to."""

    def below(node: int, code: int) -> bool:
        while code not in (-1, node):
            code = int(events.parent[code])
        return code == node

    def share(node: int) -> float:
        if node == -1:
            return mean
        members = [at for at, name in enumerate(classes.names[:-1]) if below(node, events.factions.index(name))]
        return (n[members].sum() + w * share(int(events.parent[node]))) / (total[members].sum() + w)

    parents = [int(events.parent[events.factions.index(name)]) for name in classes.names[:-1]]
    return np.array([*(share(parent) for parent in parents), mean])


def _firsts(events: EventTable) -> set[int]:
    seen: dict[int, tuple[int, int]] = {}
    for j in range(len(events)):
        if events.label[j] >= 0:
            when = (int(events.day[j] + events.precision[j]), j)
            code = int(events.label[j])
            seen[code] = min(seen.get(code, when), when)
    return {j for _, j in seen.values()}


def _km(events: EventTable, i: int, j: int) -> float:
    if not np.isnan(events.latitude[[i, j]]).any():
        north = events.latitude[i] - events.latitude[j]
        east = (events.longitude[i] - events.longitude[j]) * math.cos(math.radians(events.latitude[i]))
        return 111.2 * math.hypot(north, east)
    km = 1000.0
    for step, level in zip((25.0, 5.0), events.place, strict=True):
        if level.codes[i] >= 0 and level.codes[i] == level.codes[j]:
            km = step
    return km
