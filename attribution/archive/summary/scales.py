"""How long the past counts, and how far an attack says something about who is around: posteriors, not settings.

An urn that forgets: ``p(c | past) = (sum_j exp(-ago_j / tau) 1[c_j = c] + w / C) / (sum_j exp(-ago_j / tau) + w)``.
An event counts from the day after its last possible day, so events of one day never inform one another. The product of
these probabilities over the events is the likelihood of (tau, w); their priors are log-uniform.

The width of a kernel: ``p(c | past, place) = (sum_j exp(-km_ij / h) 1[c_j = c] + w b_c) / (sum_j exp(-km_ij / h) + w)``
over the 256 most recent past events, b being what the forgetful urn says wherever it was. Its own posterior is not
carried along: b is taken at the exponentials of the mean logarithms of decay time and weight.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from attribution.archive.codes import Floats
from attribution.archive.model.classes import Labelled
from attribution.archive.summary.grid import Bounds, Estimate, GridPosterior, grid_posterior
from attribution.domain.concern import Concern
from attribution.domain.verbal import short

if TYPE_CHECKING:
    from attribution.archive.summary.scales_kernel import History

# Days are the grain of the tables: what is gone within one cannot be seen. The longest tables span half a century, and
# an event that loses two fifths of its weight over that time cannot be told from one that never loses any.
DECAY_DAYS = Bounds(1.0, 36_525.0)
# A hundredth of an event: a single past event settles all. A thousand: hundreds of them move nothing.
WEIGHT_EVENTS = Bounds(0.01, 1000.0)
DECAY_SCORED = 20_000
PLACE_EVENTS = 100
_HARDLY = 0.6  # of the width of the prior's interval: no more is claimed than that little was learned
# Tables place events by town at best: nothing below a kilometre can be seen. At 5,000 km a whole region is one place.
LENGTH_KM = Bounds(1.0, 5000.0)
LENGTH_SCORED = 4000
LOOKED_AT = 256
FEWEST = 20


@dataclass(frozen=True, slots=True)
class DecayTime:
    """How long the past counts, over all events or in one place; holds as far as the urn above describes them."""

    place: str  # "" for all
    events: int
    scored: int  # the last so many are explained; earlier ones are only remembered
    classes: int
    days: Estimate  # tau: after so many days an event counts 1/e, after 0.69 times as many a half
    weight: Estimate  # w, in events: what is believed before anything happened

    def concerns(self) -> list[Concern]:
        """Where the prior, not the events, decides."""
        where = f" in {self.place}" if self.place else ""
        return [
            *pressing(f"how long the past counts{where}", self.days, "days"),
            *pressing(f"how strongly shares are shrunk{where}", self.weight, "events"),
        ]


def fit_decay_time(labelled: Labelled, place: str = "") -> tuple[DecayTime, GridPosterior]:
    """The posterior of decay time (days) and weight (events), and the grid it was read from: days, then weight."""
    first = max(0, len(labelled) - DECAY_SCORED)

    def log_likelihood(days: Floats, weight: Floats) -> Floats:
        return decay_likelihood(labelled, days, weight, first)

    grid = grid_posterior(log_likelihood, DECAY_DAYS, WEIGHT_EVENTS)
    size = len(labelled)
    return DecayTime(place, size, size - first, len(labelled.classes), grid.estimate(0), grid.estimate(1)), grid


def decay_likelihood(labelled: Labelled, days: Floats, weight: Floats, first: int = 0) -> Floats:
    """Log-probability (decay time, weight) of the labels of the events from number `first` on, in nats."""
    from attribution.archive.summary.scales_kernel import decay_grid

    out = np.zeros((len(days), len(weight)))
    decay_grid(_history(labelled), first, days, weight, out)
    return out


def decayed_shares(labelled: Labelled, days: float, weight: float) -> Floats:
    """The probability (event,) that the past gave each event's own class before its day."""
    from attribution.archive.summary.scales_kernel import own_shares

    out = np.empty(len(labelled))
    own_shares(_history(labelled), days, weight, out)
    return out


def decay_times_by_place(labelled: Labelled) -> tuple[DecayTime, ...]:
    """The same in each of the coarsest places with at least 100 events and two classes, most events first.

    Each place is a world of its own there: its own past, and the classes that occur in it.
    """
    if not labelled.events.place:
        return ()
    coarse = labelled.events.place[0]
    count = np.bincount(coarse.codes[coarse.codes >= 0], minlength=len(coarse.names))
    out = []
    for code in np.argsort(-count, kind="stable").tolist():
        here = labelled.take(np.flatnonzero(coarse.codes == code)).of_present_classes()
        if count[code] >= PLACE_EVENTS and len(here.classes) > 1:
            out.append(fit_decay_time(here, coarse.names[code])[0])
    return tuple(out)


def pressing(what: str, found: Estimate, unit: str) -> list[Concern]:
    """A concern where a posterior piles up at an end of its prior, or is hardly narrower than it."""
    interval = f"{short(found.low)} to {short(found.high)} {unit}"
    if found.of_prior > _HARDLY:
        return [
            Concern(
                what=f"{what} is hardly known: {interval}",
                means="the interval is nearly that of the prior; it says what was assumed, not what was seen",
                remedy="take a longer history",
                severity="note",
                topic="bounds",
            )
        ]
    if not found.presses:
        return []
    high = found.presses == "high"
    bound, mass = (found.prior.high, found.above) if high else (found.prior.low, found.below)
    tenth = float(found.prior.quantile(0.9 if high else 0.1))
    return [
        Concern(
            what=f"{what}: {mass:.0%} of the posterior lies {'above' if high else 'below'} {short(tenth)} {unit}, "
            f"against the bound of {short(bound)} that the prior sets (the prior itself puts 10 % there)",
            means=f"the events say only that it is {'long or large' if high else 'short or small'}: that end of the "
            "interval is the prior's",
            remedy=f"read the {'lower' if high else 'upper'} end, about {short(found.low if high else found.high)} "
            f"{unit}, and nothing beyond it",
            severity="note",
            topic="bounds",
        )
    ]


def half_life(days: float) -> float:
    """After how many days an event counts half."""
    return days * math.log(2.0)


@dataclass(frozen=True, slots=True)
class LengthScale:
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


def fit_length_scale(labelled: Labelled, base: Floats) -> tuple[LengthScale, GridPosterior]:
    """The posterior of the length scale (km) and weight (events), and the grid it was read from: first km, then weight.

    `labelled` are events that all have coordinates; `base` (event,) is what was believed of each event's own class
    wherever it was.
    """
    first = max(0, len(labelled) - LENGTH_SCORED)

    def log_likelihood(km: Floats, weight: Floats) -> Floats:
        return length_likelihood(labelled, base, km, weight, first)

    grid = grid_posterior(log_likelihood, LENGTH_KM, WEIGHT_EVENTS, (32, 24))
    size = len(labelled)
    return LengthScale(size, size - first, LOOKED_AT, grid.estimate(0), grid.estimate(1)), grid


def length_likelihood(labelled: Labelled, base: Floats, km: Floats, weight: Floats, first: int = 0) -> Floats:
    """Log-probability (length scale, weight) of the labels of the events from number `first` on, in nats."""
    from attribution.archive.summary.scales_kernel import length_grid

    out = np.zeros((len(km), len(weight)))
    length_grid(_history(labelled), unit_vectors(labelled), base, first, LOOKED_AT, km, weight, out)
    return out


def unit_vectors(labelled: Labelled) -> Floats:
    """Where events lie on the unit sphere, (event, 3)."""
    north, east = np.radians(labelled.events.latitude), np.radians(labelled.events.longitude)
    return np.stack([np.cos(north) * np.cos(east), np.cos(north) * np.sin(east), np.sin(north)], axis=1)


def _history(labelled: Labelled) -> History:
    from attribution.archive.summary.scales_kernel import History

    events = labelled.events
    return History(events.day, events.last_day, labelled.order, labelled.label, len(labelled.classes))
