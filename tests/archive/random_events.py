"""Random event tables for tests of the archive's model."""

from __future__ import annotations

import numpy as np

from attribution.archive.codes import Coding, LabelSets
from attribution.archive.events import EventTable


def some_events(
    seed: int,
    events: int = 60,
    factions: int = 4,
    *,
    coordinates: bool = True,
    partial: float = 0.0,
    days: int = 200,
    tree: bool = False,
) -> EventTable:
    """A table with ties, coarse dates, unknown places, missing features, unknown and partial labels."""
    rng = np.random.default_rng(seed)
    day = np.sort(rng.integers(10_000, 10_000 + days, events))
    label = rng.integers(-2, factions, events)
    sets = [()] * events
    for event in np.flatnonzero(rng.random(events) < partial):
        label[event] = -1
        sets[event] = tuple(rng.choice(factions, 2, replace=False).tolist())
    country = rng.integers(0, 2, events)
    town = np.where(rng.random(events) < 0.8, country * 3 + rng.integers(0, 3, events), -1)
    seen = coordinates & (rng.random(events) < 0.9)
    return EventTable(
        id=np.array([f"E{event}" for event in range(events)]),
        row=np.arange(events),
        day=day,
        precision=np.where(rng.random(events) < 0.2, 10, 0),
        latitude=np.where(seen, rng.uniform(30, 34, events), np.nan),
        longitude=np.where(seen, rng.uniform(40, 44, events), np.nan),
        place=(
            Coding("country", country, ("A", "B")),
            Coding("town", town, tuple(f"T{code}" for code in range(6))),
        ),
        features=(
            Coding("weapon", rng.integers(-1, 3, events), ("gun", "bomb", "drone")),
            Coding("target", rng.integers(0, 2, events), ("army", "town")),
        ),
        factions=tuple(f"F{code}" for code in range(factions)),
        label=label,
        among=LabelSets.of(sets),
        certainty=np.where(rng.random(events) < 0.5, 1.0, 0.7),
        claimants=("F0",),
        claim=rng.integers(-2, 1, events),
        groups=("axis", "wing", "alone") if tree else (),
        parent=np.array([4, 5, 5, 6, -1, 4, -1][: factions + 3] if tree else []),
    )


def with_label(events: EventTable, event: int, label: int) -> EventTable:
    """The same table with another label of one event."""
    changed = events.label.copy()
    changed[event] = label
    return relabelled(events, changed)


def relabelled(events: EventTable, label: np.ndarray[tuple[int], np.dtype[np.int64]]) -> EventTable:
    """The same table with other labels."""
    return EventTable(
        id=events.id, row=events.row, day=events.day, precision=events.precision, latitude=events.latitude,
        longitude=events.longitude, place=events.place, features=events.features, factions=events.factions, label=label,
        among=events.among, certainty=events.certainty, claimants=events.claimants, claim=events.claim,
        groups=events.groups, parent=events.parent, lifetimes=events.lifetimes,
    )  # fmt: skip
