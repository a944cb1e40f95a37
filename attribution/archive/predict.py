"""Who may have carried out the events of which nobody, or only an umbrella, is known: a chunk at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from attribution.archive.classes import Classes
from attribution.archive.codes import Floats, Ints
from attribution.archive.events import UNKNOWN, EventTable
from attribution.archive.fitted import Fitted
from attribution.archive.stream import Stream
from attribution.domain.verbal import DECIBANS

type Features = np.ndarray[tuple[int, ...], np.dtype[np.float32]]

_CHUNK = 4096


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """Some events with their posteriors; rows as in the table that was read.

    `pull` says in decibans how far each feature, discounted, speaks for the leader against the runner-up, and last how
    far they differ at large; they sum to the log-odds of the two at the most probable discounts, sets aside.
    """

    event: Ints  # (n,) position in the table of events
    probability: Floats  # (n, class), mean over the draws
    low: Floats  # (n, class), 5 % and 95 % quantiles over the draws
    high: Floats
    leader: Ints  # (n,) class
    runner_up: Ints
    pull: Floats  # (n, feature + 1), dB


def predict(events: EventTable, fitted: Fitted) -> Iterator[tuple[int, Predictions]]:
    """Posteriors of all events without one known faction, in order of time; with each part, how many events are done.

    The features of an event come from what was over before its day; the discounts from all that was fitted. An event
    known as "one of these" is held to its set, as far as its certainty goes.
    """
    classes = fitted.classes_of(events)
    stream = Stream(events, classes, region=fitted.region)
    fitted.check_features(stream)
    wanted = events.label == UNKNOWN
    size = fitted.mode.slope.shape[1:]
    slope, intercept = fitted.mode.slope[0], fitted.mode.intercept[0]
    while stream.position < len(events):
        here = stream.position
        there = min(len(events), here + _CHUNK)
        chosen = np.flatnonzero(wanted[here:there])
        keep = np.full(there - here, -1)
        keep[chosen] = np.arange(len(chosen))
        x = np.zeros((len(chosen), *size), dtype=np.float32)
        stream.advance(there, slope, intercept, keep=keep, kept=x)
        yield there, _predicted(events, classes, fitted, chosen + here, x)


def _predicted(events: EventTable, classes: Classes, fitted: Fitted, event: Ints, x: Features) -> Predictions:
    drawn = held_to_sets(fitted.draws.probability(x), events, classes, event)
    mean = drawn.mean(axis=0)
    low, high = np.quantile(drawn, (0.05, 0.95), axis=0) if len(event) else (mean, mean)
    order = np.argsort(-mean, axis=1, kind="stable")
    leader, runner_up = order[:, 0], order[:, 1]
    rows = np.arange(len(event))
    at_large = np.broadcast_to(fitted.mode.intercept[0], (len(event), 1, len(classes)))
    weighed = np.concatenate([x * fitted.mode.slope[0], at_large], axis=1)
    pull = DECIBANS * (weighed[rows, :, leader] - weighed[rows, :, runner_up])
    return Predictions(event, mean, low, high, leader, runner_up, pull)


def held_to_sets(probability: Floats, events: EventTable, classes: Classes, event: Ints) -> Floats:
    """Probabilities (draw, event, class), those of events known as "one of these" conditioned on their sets.

    With certainty c that the set is right: ``c p(f) 1[f in S] / p(S) + (1 - c) p(f)``.
    """
    out = probability.copy()
    for at in np.flatnonzero(events.among.partial[event]).tolist():
        members = np.unique(classes.of_faction[list(events.among[int(event[at])])])
        inside = np.zeros(probability.shape[2])
        inside[members] = 1.0
        within = probability[:, at] * inside
        certain = float(events.certainty[event[at]])
        out[:, at] = certain * within / within.sum(axis=1, keepdims=True) + (1.0 - certain) * probability[:, at]
    return out
