"""What an archive says of itself: how long its past counts, how far it reaches, what each candidate is known for."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from itertools import combinations
from statistics import NormalDist

import numpy as np

from attribution.archive.events import LIMITS, EventTable
from attribution.archive.model.classes import SURE, Classes, sure_labels
from attribution.archive.model.forecast import as_date
from attribution.archive.summary.grid import Estimate
from attribution.archive.summary.profiles import Profiles, ValueShare, fit_profiles
from attribution.archive.summary.scales import (
    FEWEST,
    DecayTime,
    LengthScale,
    decay_times_by_place,
    decayed_shares,
    fit_decay_time,
    fit_length_scale,
    half_life,
    located,
)
from attribution.domain.concern import Concern
from attribution.domain.verbal import short
from attribution.errors import EventError

ASSUMED = (
    "Each interval holds under its own simple model: one decay time for all, shares that do not depend on it for "
    "profiles, labels taken as written, events whose perpetrator is unknown or unsure left out."
)


@dataclass(frozen=True, slots=True)
class DistinctiveValue:
    """A value that sets a candidate apart from all, or in a place from itself."""

    candidate: str
    place: str  # "" for overall
    feature: str
    share: ValueShare


@dataclass(frozen=True, slots=True)
class Description:
    """Posteriors of what history looks like, for a person to read."""

    first: dt.date
    last: dt.date
    events: int
    used: int  # with one known perpetrator, of a certainty of at least one half
    classes: tuple[str, ...]  # candidates, and everybody else
    decay_time: DecayTime
    decay_times: tuple[DecayTime, ...]  # in the coarsest places with enough events
    length_scale: LengthScale | None
    no_length_scale: str  # why there is none
    profiles: Profiles
    seed: int
    concerns: tuple[Concern, ...]
    limits: tuple[str, ...] = (ASSUMED, *LIMITS)

    def known_for(self, most: int = 5) -> tuple[DistinctiveValue, ...]:
        """For each candidate, over all places, the values whose share most differs from the usual one, surely so."""
        return tuple(one for name in self.classes for one in self._apart(name, "", most))

    def apart_in_places(self, most: int = 3) -> tuple[DistinctiveValue, ...]:
        """For each candidate in each place, the values whose share differs most from the usual, surely so."""
        where = dict.fromkeys((one.candidate, one.place) for one in self.profiles.profiles if one.place)
        return tuple(one for name, place in where for one in self._apart(name, place, most))

    def _apart(self, name: str, place: str, most: int) -> list[DistinctiveValue]:
        found = [
            DistinctiveValue(name, place, profile.feature, share)
            for profile in self.profiles.profiles
            if (profile.candidate, profile.place) == (name, place)
            for share in profile.distinctive
            if share.events > 0  # what it never did is nothing that it is known for
        ]
        return sorted(found, key=lambda one: -abs(one.share.mean - one.share.usual))[:most]

    def __str__(self) -> str:
        days = self.decay_time.days
        text = (
            f"{self.used} of {self.events} events from {self.first} to {self.last} have one perpetrator that is known "
            f"well enough, {len(self.classes) - 1} candidates or other. A past event counts half after "
            f"{short(half_life(days.median))} days (90 % interval {short(half_life(days.low))} to "
            f"{short(half_life(days.high))}); what is believed before anything happened is worth "
            f"{_with_interval(self.decay_time.weight)} events."
        )
        if self.length_scale is None:
            return f"{text} {self.no_length_scale}"
        km = _with_interval(self.length_scale.km)
        return f"{text} At a distance of {km} km an attack says 1/e of what one on the spot says."


def describe(events: EventTable, *, least: int = 20, seed: int = 1) -> Description:
    """Posteriors of decay time, length scale and profiles; candidates need `least` events, as elsewhere.

    Raises
    ------
    EventError
        No event has a known perpetrator, or none with a certainty of at least one half.
    """
    classes = Classes.learned(events, np.ones(len(events), dtype=np.bool_), least)
    labelled = sure_labels(events, classes)
    if not len(labelled):
        raise EventError(
            f"no event has a perpetrator with a certainty of at least {SURE}.",
            allowed="one or more events whose label is more probable than not",
            hint="is `certainty:` in the mapping what was meant?",
        )
    decay_time, grid = fit_decay_time(labelled)
    decay_times = decay_times_by_place(labelled)
    spots = located(labelled)
    length_scale, no_length_scale = None, ""
    if len(spots) < FEWEST:
        no_length_scale = (
            f"No length scale is estimated: {len(spots)} events with a known perpetrator have coordinates, and "
            f"distances need at least {FEWEST}."
        )
    else:
        base = decayed_shares(labelled, grid.log_mean(0), grid.log_mean(1))
        length_scale, _ = fit_length_scale(labelled.take(spots), base[spots])
    return Description(
        first=as_date(int(events.day[0])),
        last=as_date(int(events.last_day.max())),
        events=len(events),
        used=len(labelled),
        classes=classes.names,
        decay_time=decay_time,
        decay_times=decay_times,
        length_scale=length_scale,
        no_length_scale=no_length_scale,
        profiles=fit_profiles(labelled, classes, seed),
        seed=seed,
        concerns=(*decay_time.concerns(), *_apart(decay_times), *(length_scale.concerns() if length_scale else ())),
    )


def _apart(decay_times: tuple[DecayTime, ...]) -> list[Concern]:
    """A concern where places differ in how long the past counts, beyond the chance of the widest of so many pairs."""
    pairs = list(combinations(sorted(decay_times, key=lambda one: one.days.median), 2))
    if not pairs:
        return []

    def errors(pair: tuple[DecayTime, DecayTime]) -> float:
        short_one, long_one = (one.days for one in pair)
        return math.log(long_one.median / short_one.median) / math.hypot(short_one.log_sd, long_one.log_sd)

    widest = max(pairs, key=errors)
    if errors(widest) < NormalDist().inv_cdf(1.0 - 0.025 / len(pairs)):
        return []
    least, most = widest
    return [
        Concern(
            what=f"how long the past counts differs between places: {_with_interval(least.days)} days in "
            f"{least.place}, {_with_interval(most.days)} in {most.place}",
            means="the one decay time of all events is a compromise that may be right nowhere, however narrow its "
            "interval",
            remedy="read the places, not the whole",
            topic="decay time",
        )
    ]


def _with_interval(found: Estimate) -> str:
    return f"{short(found.median)} ({short(found.low)} to {short(found.high)})"
