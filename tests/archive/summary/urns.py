"""Archives drawn from exactly the models of decay time and length scale, as double loops that share nothing."""

from __future__ import annotations

import math

import numpy as np

from attribution.archive.codes import LabelSets
from attribution.archive.events import EventTable
from attribution.archive.model.classes import Labelled


def bare(day, label, classes: int, *, precision=0, latitude=np.nan, longitude=np.nan) -> Labelled:
    """Events with days, labels and perhaps coordinates, and nothing else."""
    n = len(day)
    events = EventTable(
        id=np.array([f"E{event}" for event in range(n)]), row=np.arange(n), day=day,
        precision=np.broadcast_to(precision, n), latitude=np.broadcast_to(latitude, n),
        longitude=np.broadcast_to(longitude, n), place=(), features=(),
        factions=tuple(f"F{code}" for code in range(classes)), label=label, among=LabelSets.none(n),
        certainty=np.ones(n), claimants=(), claim=np.full(n, -2),
    )  # fmt: skip
    return Labelled(events, label, events.factions)


def days_of(rng: np.random.Generator, events: int, days: int) -> tuple[np.ndarray, np.ndarray]:
    """Days with ties, and some dates that are coarse."""
    day = np.sort(rng.integers(15_000, 15_000 + days, events))
    return day, np.where(rng.random(events) < 0.2, rng.integers(1, 30, events), 0)


def urn_share(i: int, day, last, label, classes: int, tau: float, weight: float) -> list[float]:
    """What the forgetful urn says of event i, class by class."""
    counts = [0.0] * classes
    for j in range(len(day)):
        if last[j] < day[i]:
            counts[label[j]] += math.exp(-(day[i] - last[j]) / tau)
    return [(count + weight / classes) / (sum(counts) + weight) for count in counts]


def near_share(i: int, day, last, label, base, place, km: float, weight: float, most: int) -> list[float]:
    """What nearness says of event i, class by class, given what is believed anywhere (`base`, by class)."""
    past = [int(j) for j in np.argsort(last, kind="stable") if last[j] < day[i]][-most:]
    counts = [0.0] * len(base)
    for j in past:
        counts[label[j]] += math.exp(-haversine(*place[i], *place[j]) / km)
    return [(count + weight * b) / (sum(counts) + weight) for count, b in zip(counts, base, strict=True)]


def haversine(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """Great-circle distance, by another formula than the kernel's."""
    a, b, c, d = map(math.radians, (lat1, lon1, lat2, lon2))
    h = math.sin((c - a) / 2) ** 2 + math.cos(a) * math.cos(c) * math.sin((d - b) / 2) ** 2
    return 2 * 6371.0 * math.asin(math.sqrt(h))


def an_urn(seed: int, events: int = 80, classes: int = 3, *, tau: float, weight: float) -> Labelled:
    """Labels drawn one after another from the forgetful urn."""
    rng = np.random.default_rng(seed)
    day, precision = days_of(rng, events, int(10 ** rng.uniform(1.5, 3.5)))
    last, label = day + precision, np.zeros(events, dtype=np.int64)
    for i in range(events):
        past = np.flatnonzero(last[:i] < day[i])
        counts = np.bincount(label[past], np.exp((last[past] - day[i]) / tau), minlength=classes)
        share = (counts + weight / classes) / (counts.sum() + weight)
        label[i] = min(classes - 1, int(np.searchsorted(np.cumsum(share), rng.random())))
    return bare(day, label, classes, precision=precision)


def a_neighbourhood(
    seed: int, events: int = 80, classes: int = 3, *, km: float, weight: float, tau: float, base_weight: float
) -> tuple[Labelled, np.ndarray]:
    """Labels drawn from nearness over the forgetful urn; also what the urn said of each event's own class."""
    rng = np.random.default_rng(seed)
    day, precision = days_of(rng, events, 1000)
    size = 10 ** rng.uniform(-1, 1)
    place = np.stack([rng.normal(33, size, events), rng.normal(44, size, events)], axis=1)
    last, label, own = day + precision, np.zeros(events, dtype=np.int64), np.zeros(events)
    spread = np.radians(place)
    for i in range(events):
        past = np.flatnonzero(last[:i] < day[i])
        counts = np.bincount(label[past], np.exp((last[past] - day[i]) / tau), minlength=classes)
        base = (counts + base_weight / classes) / (counts.sum() + base_weight)
        half = np.sin(0.5 * (spread[past] - spread[i])) ** 2
        away = 2 * 6371.0 * np.arcsin(np.sqrt(half[:, 0] + np.cos(spread[i, 0]) * np.cos(spread[past, 0]) * half[:, 1]))
        near = np.bincount(label[past], np.exp(-away / km), minlength=classes)
        share = (near + weight * base) / (near.sum() + weight)
        label[i] = min(classes - 1, int(np.searchsorted(np.cumsum(share), rng.random())))
        own[i] = base[label[i]]
    return bare(day, label, classes, precision=precision, latitude=place[:, 0], longitude=place[:, 1]), own
