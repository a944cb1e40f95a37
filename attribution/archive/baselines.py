"""What the model is measured against: simple shares of the past, and tuned classifiers, all under one protocol.

Each baseline sees what the model sees: date, place levels, coordinates, features, and labels of events that
were over before the block of forecasts began (shares of the past: before the day). Settings are chosen by log score
on the last part of the training events, learned from those before.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from attribution.archive.classes import Classes
from attribution.archive.codes import Floats, Ints, frozen_floats
from attribution.archive.design import Design
from attribution.archive.events import EventTable
from attribution.archive.forecast import Protocol, blocks
from attribution.archive.learners import LEARNERS, Learner
from attribution.archive.shares import SHARES
from attribution.errors import UsageError, did_you_mean, listed

NAMES: tuple[str, ...] = (*SHARES, *LEARNERS)

_TUNING = 0.7  # of the training events: learned from; the rest chooses the settings
_FLOORS = (1e-4, 1e-3, 3e-3, 1e-2, 3e-2)


@dataclass(frozen=True, slots=True, eq=False)
class Baseline:
    """Forecasts of one baseline: what it is, how it was set, what it said, how long it took."""

    name: str
    setting: str
    probability: Floats  # (event - first, class)
    seconds: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "probability", frozen_floats(self.probability))


def run_baseline(
    name: str,
    events: EventTable,
    classes: Classes,
    first: int,
    *,
    protocol: Protocol = "rolling",
    seed: int = 1,
    progress: Callable[[int], None] | None = None,
) -> Baseline:
    """Forecast the events from number `first` on with one baseline; `seconds` leaves the choice of settings out.

    Raises
    ------
    UsageError
        Another name, or scikit-learn is not there.
    """
    if name in SHARES:
        began = time.perf_counter()
        probability, setting = SHARES[name](events, classes, first, protocol)
        return Baseline(name, setting, probability, time.perf_counter() - began)
    if name not in LEARNERS:
        raise UsageError(f'"{name}" is no baseline.', allowed=listed(NAMES), hint=did_you_mean(name, NAMES))
    label = classes.labels(events)
    design = Design.of(events)
    learner, floor = _tuned(LEARNERS[name], design, events, label, len(classes), first, seed)
    until = int(events.day[first]) if protocol == "static" else 1 << 40
    began = time.perf_counter()
    out = np.empty((len(events) - first, len(classes)))
    for start, stop in blocks(events, first, protocol):
        past = _past(events, label, min(int(events.day[start]), until))
        now = np.arange(start, stop)
        out[start - first : stop - first] = _floored(learner, floor, design, label, past, now, len(classes), seed)
        if progress:
            progress(stop)
    return Baseline(name, f"{learner.setting}, floor {floor:g}", out, time.perf_counter() - began)


def _past(events: EventTable, label: Ints, day: int) -> Ints:
    return np.flatnonzero((events.last_day < day) & (label >= 0))


def _tuned(
    learners: Sequence[Learner], design: Design, events: EventTable, label: Ints, classes: int, first: int, seed: int
) -> tuple[Learner, float]:
    """The setting and the floor (a share of the base rate mixed in) that forecast the end of the training part best."""
    middle = int(events.day[int(_TUNING * first)])
    past = _past(events, label, middle)
    now = np.flatnonzero((np.arange(len(events)) < first) & (events.day >= middle) & (label >= 0))
    now = now[events.last_day[now] < events.day[first]]
    if not len(past) or not len(now):
        return learners[0], _FLOORS[-1]
    best = (-np.inf, learners[0], _FLOORS[-1])
    for learner in learners:
        plain = learner.predict(design, label, past, now, classes, seed)
        rate = _rate(label, past, classes)
        for floor in _FLOORS:
            mixed = (1.0 - floor) * plain + floor * rate
            score = float(np.mean(np.log(mixed[np.arange(len(now)), label[now]])))
            best = max(best, (score, learner, floor), key=lambda entry: entry[0])
    return best[1], best[2]


def _floored(
    learner: Learner, floor: float, design: Design, label: Ints, past: Ints, now: Ints, classes: int, seed: int
) -> Floats:
    rate = _rate(label, past, classes)
    if not len(past):
        return np.tile(rate, (len(now), 1))
    plain = learner.predict(design, label, past, now, classes, seed)
    return np.asarray((1.0 - floor) * plain + floor * rate)


def _rate(label: Ints, past: Ints, classes: int) -> Floats:
    count = np.bincount(label[past], minlength=classes) + 1.0
    return np.asarray(count / count.sum())
