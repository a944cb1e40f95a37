"""Archives whose truth is known: factions that come and go, each at home somewhere, with habits of its own."""

from __future__ import annotations

import numpy as np

from attribution.archive.codes import Coding, LabelSets
from attribution.archive.events import EventTable


def simulated_archive(
    events: int, *, seed: int, factions: int = 4, features: int = 2, coordinates: bool = True, days: float = 4.0
) -> EventTable:
    """Factions whose share drifts, with homes of about 60 km and Dirichlet habits; towns and countries by home."""
    rng = np.random.default_rng(seed)
    day = np.sort(rng.integers(12_000, 12_000 + int(days * events), events))
    drift = np.cumsum(rng.normal(0, 0.15, (events, factions)), axis=0)
    share = np.exp(drift - drift.max(axis=1, keepdims=True))
    share /= share.sum(axis=1, keepdims=True)
    label = (share.cumsum(axis=1) > rng.random(events)[:, None]).argmax(axis=1)
    home = np.column_stack([rng.uniform(30, 36, factions), rng.uniform(40, 46, factions)])
    where = home[label] + rng.normal(0, 0.6, (events, 2))
    habits = rng.dirichlet(np.full(4, 0.7), (features, factions))
    codes = [(habit[label].cumsum(axis=1) > rng.random(events)[:, None]).argmax(axis=1) for habit in habits]
    country = (where[:, 0] > 33).astype(np.int64)
    town = np.unique(np.floor(where * 2).astype(np.int64) @ np.array([1000, 1]), return_inverse=True)[1]
    return EventTable(
        id=np.array([f"S{event}" for event in range(events)]),
        row=np.arange(events),
        day=day,
        precision=np.zeros(events, dtype=np.int64),
        latitude=where[:, 0] if coordinates else np.full(events, np.nan),
        longitude=where[:, 1] if coordinates else np.full(events, np.nan),
        place=(
            Coding("country", country, ("south", "north")),
            Coding("town", town, tuple(f"T{code}" for code in range(int(town.max()) + 1))),
        ),
        features=tuple(Coding(f"habit{k}", code, ("a", "b", "c", "d")) for k, code in enumerate(codes)),
        factions=tuple(f"F{code}" for code in range(factions)),
        label=label,
        among=LabelSets.none(events),
        certainty=np.ones(events),
        claimants=(),
        claim=np.full(events, -2),
    )
