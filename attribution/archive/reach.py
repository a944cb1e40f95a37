"""How far an attack says something about who is around: a posterior of the width of a kernel.

``p(c | past, place) = (sum_j exp(-km_ij / h) 1[c_j = c] + w b_c) / (sum_j exp(-km_ij / h) + w)`` over the 256 most
recent past events, b being what the forgetful urn of `memory` says wherever it was. Its own posterior is not carried
along: b is taken at the exponentials of the mean logarithms of memory and weight.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from attribution.archive.codes import Floats
from attribution.archive.grid import Bounds, Estimate, GridPosterior, grid_posterior
from attribution.archive.memory import WEIGHT_EVENTS, pressing
from attribution.archive.sure_labels import Labelled
from attribution.domain.concern import Concern

# Tables place events by town at best: nothing below a kilometre can be seen. At 5,000 km a whole region is one place.
REACH_KM = Bounds(1.0, 5000.0)
SCORED = 4000
LOOKED_AT = 256
FEWEST = 20


@dataclass(frozen=True, slots=True)
class Reach:
    """How far an attack says something about who is around; holds as far as the formula above describes the events."""

    events: int  # with coordinates and one known perpetrator
    scored: int  # the last so many are explained
    looked_at: int  # most recent past events behind each
    km: Estimate  # h: at this distance an event counts 1/e of one on the spot
    weight: Estimate  # w, in events on the spot: what is believed wherever it was

    def concerns(self) -> list[Concern]:
        """Where the prior, not the events, decides."""
        return [
            *pressing("how far an attack says who is around", self.km, "km"),
            *pressing("how strongly nearness is shrunk", self.weight, "events"),
        ]


def located(labelled: Labelled) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Which events have coordinates."""
    return np.flatnonzero(~(np.isnan(labelled.events.latitude) | np.isnan(labelled.events.longitude)))


def fit_reach(labelled: Labelled, base: Floats) -> tuple[Reach, GridPosterior]:
    """The posterior of reach (km) and weight (events), and the grid it was read from: first km, then weight.

    `labelled` are events that all have coordinates; `base` (event,) is what was believed of each event's own class
    wherever it was.
    """
    first = max(0, len(labelled) - SCORED)

    def log_likelihood(km: Floats, weight: Floats) -> Floats:
        return reach_likelihood(labelled, base, km, weight, first)

    grid = grid_posterior(log_likelihood, REACH_KM, WEIGHT_EVENTS, (32, 24))
    size = len(labelled)
    return Reach(size, size - first, LOOKED_AT, grid.estimate(0), grid.estimate(1)), grid


def reach_likelihood(labelled: Labelled, base: Floats, km: Floats, weight: Floats, first: int = 0) -> Floats:
    """Log-probability (reach, weight) of the labels of the events from number `first` on, in nats."""
    from attribution.archive.kernel_memory import reach_grid

    out = np.zeros((len(km), len(weight)))
    events = labelled.events
    reach_grid(
        events.day, events.last_day, labelled.order, labelled.label, unit_vectors(labelled), base, first, LOOKED_AT,
        km, weight, out,
    )  # fmt: skip
    return out


def unit_vectors(labelled: Labelled) -> Floats:
    """Where events lie on the unit sphere, (event, 3)."""
    north, east = np.radians(labelled.events.latitude), np.radians(labelled.events.longitude)
    return np.stack([np.cos(north) * np.cos(east), np.cos(north) * np.sin(east), np.sin(north)], axis=1)
