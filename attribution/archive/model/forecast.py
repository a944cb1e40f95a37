"""Forecasts forward in time: the coefficients are learned from the past, again and again as labels arrive, or once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from attribution.archive.codes import Floats, Ints, frozen_floats, months
from attribution.archive.events import EventTable
from attribution.archive.model.attribute import learn_two_sided, parts
from attribution.archive.model.classes import Classes
from attribution.archive.model.coefficients import (
    Coefficients,
    Examples,
    choose_shrinkage,
    learn,
    sample_rate,
)
from attribution.archive.model.features import PrequentialFilter
from attribution.archive.model.settings import Resolutions, Shrinkage
from attribution.errors import UsageError

Protocol = Literal["static", "rolling", "daily"]
_CHUNK = 8192
_REHEARSED = (0.0, 1.0)  # shares of what lies ahead; 0: months
_POOLED = (
    "taught on months", "taught on long blocks", "seen from both sides", "random trees", "boosted trees",
    "shares at large",
)  # fmt: skip
_FEW = 50
_LEAST = 1e-4  # of a probability in a mean of logs: nobody rules out alone
_MOST_POOLED = 200_000  # events of a table; of more, months alone are learned from
_NEVER = 1 << 40
_EPOCH = dt.date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True, eq=False)
class Forecasts:
    """Probabilities of what coders wrote for every event from `first` on, each made from strictly earlier days."""

    classes: Classes
    first: int  # events before it are the training part
    probability: Floats  # (event - first, class)
    coefficients: Coefficients  # as of the last fit
    shrinkage: Shrinkage
    features: tuple[str, ...]
    fits: int
    examples: Examples  # what the last fit could learn from
    fitted_on: int  # the day of the last fit; nothing counted that was not over before it
    pooled: tuple[tuple[str, float], ...] = ()  # `static`: of what the forecasts are a mean, and how much each counts

    def __post_init__(self) -> None:
        object.__setattr__(self, "probability", frozen_floats(self.probability))


def training_size(events: EventTable, since: dt.date | None = None, share: float = 0.7) -> int:
    """How many events lie before `since`, or before the day by which `share` of them had happened.

    Raises
    ------
    UsageError
        Nothing before it, or nothing from it on.
    """
    if since is None:
        if not len(events):
            raise UsageError("there are no events.", allowed="at least two days with events")
        day = int(events.day[min(int(share * len(events)), len(events) - 1)])
    else:
        day = since.toordinal() - _EPOCH
    size = int(np.searchsorted(events.day, day))
    if not 0 < size < len(events):
        raise UsageError(
            f"{size} of {len(events)} events lie before {as_date(day)}.",
            at=("from",),
            allowed="a day with events before it and events on or after it",
        )
    return size


def as_date(day: int) -> dt.date:
    """Days since 1970-01-01 as a date."""
    return dt.date.fromordinal(day + _EPOCH)


def blocks(events: EventTable, first: int, protocol: Protocol) -> Iterator[tuple[int, int]]:
    """Consecutive ranges of events before each of which the models are fitted: months, or all that is left."""
    if protocol == "static":
        yield first, len(events)
        return
    month = months(events.day)
    edges = [first, *(np.flatnonzero(np.diff(month[first:])) + first + 1), len(events)]
    yield from ((int(a), int(b)) for a, b in pairwise(edges))


def rehearsal(events: EventTable, first: int, protocol: Protocol, share: float = 1.0) -> Iterator[tuple[int, int]]:
    """The blocks of the training part: months, or `share` of the days that lie ahead, at most half of it."""
    if protocol == "static":
        length = max(1, int(share * _ahead(events, first)))
        back = np.arange(events.day[first], events.day[0], -length)[::-1]
        edges = np.unique([0, *np.searchsorted(events.day[:first], back), first])
    else:
        month = months(events.day[:first])
        edges = np.unique([0, *(np.flatnonzero(np.diff(month)) + 1), first])
    yield from ((int(a), int(b)) for a, b in pairwise(edges))


def _ahead(events: EventTable, first: int) -> int:
    """Days to be forecast, at most half of those of the training part."""
    ahead = int(events.day[-1] - events.day[first]) + 1
    return max(1, min(ahead, int(events.day[first] - events.day[0]) // 2))


def known_until(events: EventTable, start: int, protocol: Protocol) -> int:
    """Labels of events that end on this day or later are not looked at in the block that begins with event `start`."""
    return _NEVER if protocol == "daily" else int(events.day[start])


def forecast(
    events: EventTable,
    classes: Classes,
    first: int,
    *,
    protocol: Protocol = "rolling",
    resolutions: Resolutions | None = None,
    shrinkage: Shrinkage | None = None,
    rehearse: float | None = None,
    progress: Callable[[int], None] | None = None,
) -> Forecasts:
    """Forecast every event from number `first` on.

    The coefficients are fitted again at the start of every month. `rolling`: labels, too, count from the start of the
    month after their event, as they do for whoever is fitted once a month. `daily`: they count from the day after the
    last possible day of their event. `static`: fitted once, and no label of an event that was not over before the first
    forecast is used. How strongly the coefficients are shrunk is chosen within the training part, unless given.

    The training part is gone through month by month. `static` cannot: what features count depends on how fresh the
    labels are, and of blocks as long as what lies ahead there are only one or two to learn from. So it learns from
    months and from long blocks, sets beside them what the training part says when each of its events is seen from both
    sides, and what trees say that were grown from it, and takes the mean of their logs; a few percent are the shares at
    large. (`rehearse` asks for one length alone: this share of what lies ahead, 0 for months.) Who is a stranger to the
    training part will be `other` for as long as the forecast reaches; so are, in what it learns from, those who were
    strangers then.
    """
    if protocol == "static" and rehearse is None:
        return _pooled(events, classes, first, resolutions, shrinkage)
    prequential = PrequentialFilter(events, classes, resolutions)
    size = (len(prequential.names), len(classes))
    store = Store(prequential, len(events), size)
    coefficients, fitted_on = Coefficients.prior(*size, prequential.shrinkage), int(events.day[first])
    rehearsed = list(rehearsal(events, first, "static" if rehearse else _monthly(protocol), rehearse or 1.0))
    if protocol == "static":
        store.name_strangers(rehearsed)
    for start, stop in rehearsed:
        store.advance(stop, coefficients, known_until(events, start, _monthly(protocol)))
    chosen = shrinkage or choose_shrinkage(store.examples(), int(events.day[first]), prequential.shrinkage)
    out, fits = [np.empty((0, len(classes)))], 0
    for start, stop in blocks(events, first, protocol):
        fitted_on = int(events.day[start])
        coefficients = learn(store.examples(), fitted_on, chosen, coefficients)
        fits += 1
        out.append(store.advance(stop, coefficients, known_until(events, start, protocol)))
        if progress:
            progress(stop)
    examples = store.examples()
    probability = _as_written(np.concatenate(out), examples, int(events.day[first]), chosen)
    return Forecasts(
        classes=classes,
        first=first,
        probability=probability,
        coefficients=coefficients,
        shrinkage=chosen,
        features=prequential.names,
        fits=fits,
        examples=examples,
        fitted_on=fitted_on,
    )


def _monthly(protocol: Protocol) -> Protocol:
    return "rolling" if protocol == "static" else protocol


def _pooled(
    events: EventTable, classes: Classes, first: int, resolutions: Resolutions | None, shrinkage: Shrinkage | None
) -> Forecasts:
    """Forecasts without fresh labels: the mean of the logs of several, beside it the shares at large."""
    taught = partial(forecast, events, classes, first, protocol="static", resolutions=resolutions, shrinkage=shrinkage)
    middle = int(np.searchsorted(events.day, events.day[first] - _ahead(events, first)))
    over = events.last_day[:first] < events.day[first]
    known = np.flatnonzero(over & (classes.labels(events)[:first] >= 0))
    late = known[known >= middle]  # the end of the training part, as long as what lies ahead
    if min(len(late), len(known) - len(late)) < _FEW or len(events) > _MOST_POOLED:
        return taught(rehearse=_REHEARSED[0])
    quiet = len(np.unique(months(events.day[late])))
    hedge = 1.0 / (quiet + 2.0)  # rule of succession for a month that is like none before it
    models = [taught(rehearse=share) for share in _REHEARSED]
    every = [*(one.probability for one in models), *beside(events, classes, first)]
    share = (1.0 - hedge) / (len(every) - 1)
    return replace(
        models[0],
        probability=(1.0 - hedge) * pooled(every[:-1]) + hedge * every[-1],
        pooled=(*((name, share) for name in _POOLED[:-1]), (_POOLED[-1], hedge)),
    )


def beside(events: EventTable, classes: Classes, first: int) -> list[Floats]:
    """What stands beside the models that were taught forward in time: probabilities (event, class) from `first` on.

    The last, the shares at large, are a hedge: who strikes in a place may be a stranger there tomorrow.
    """
    past, asked = events.last_day < int(events.day[first]), np.arange(first, len(events))
    learned = learn_two_sided(events, classes, past, asked)
    experts = len(learned.ground.experts)
    both, trees, boosted = np.empty((3, len(asked), len(classes)))
    for rows, x in parts(learned.ground, asked):
        both[rows - first] = learned.mode.probability(x)[0]
        shares = np.exp(x[:, -experts:].astype(np.float64))
        shares /= shares.sum(axis=2, keepdims=True)
        trees[rows - first], boosted[rows - first] = shares[:, :-1].mean(axis=1), shares[:, -1]
    at_large = learned.examples.guess(np.arange(len(learned.examples)))
    return [both, trees, boosted, np.tile(at_large, (len(asked), 1))]


def pooled(said: Sequence[Floats]) -> Floats:
    """Probabilities (event, class) in proportion to what the mean of several forecasters' logs says.

    A forecaster who is alone with what he says changes little where the others are sure. All count alike: which of them
    was the best of late says less about what comes than their mean does (Clemen 1989; Smith and Wallis 2009).
    """
    return proportional(np.mean(np.log(np.maximum(np.stack(said), _LEAST)), axis=0))


def proportional(logs: Floats) -> Floats:
    """What adds up to one along the last axis, in proportion to the exponentials."""
    out = np.exp(logs - logs.max(axis=-1, keepdims=True))
    return np.asarray(out / out.sum(axis=-1, keepdims=True))


class Store:
    """The filter, with the features of labelled events kept: all, or a fixed share evenly in time if they are many."""

    def __init__(self, prequential: PrequentialFilter, events: int, size: tuple[int, int]) -> None:
        self.prequential = prequential
        start, member = prequential.members.start, prequential.members.code
        written = np.flatnonzero(np.diff(start) > 0)
        rate = sample_rate(len(written), *size)
        self.kept = written[np.diff(np.floor(np.arange(len(written) + 1) * rate)) > 0]
        self.share = len(self.kept) / max(1, len(written))
        self.x: NDArray[Any] = np.zeros((len(self.kept), *size), dtype=np.float32)
        self.start, self.member = _runs(start, member, self.kept)
        self.filled = 0

    def advance(self, stop: int, coefficients: Coefficients, until: int) -> Floats:
        """Probabilities of the events up to `stop`, whose features are stored on the way."""
        parts = [np.empty((0, self.x.shape[2]))]
        while self.prequential.position < stop:
            here = self.prequential.position
            there = min(stop, here + _CHUNK)
            low, high = np.searchsorted(self.kept, (here, there))
            keep = np.full(there - here, -1)
            keep[self.kept[low:high] - here] = np.arange(low, high)
            parts.append(
                self.prequential.advance(
                    there, coefficients.slope, coefficients.intercept, keep=keep, kept=self.x, until=until
                )
            )
            self.filled = int(high)
        return np.concatenate(parts)

    def name_strangers(self, spans: Sequence[tuple[int, int]]) -> None:
        """Events of a class of which no label was over when their span began are examples of `other`."""
        events, classes = self.prequential.events, self.prequential.classes
        label, first_seen = classes.labels(events), np.full(len(classes), _NEVER)
        np.minimum.at(first_seen, label[label >= 0], events.last_day[label >= 0])
        until = np.full(len(events), _NEVER)
        for start, stop in spans:
            until[start:stop] = events.day[start]
        size = np.diff(self.start)
        strange = (first_seen[self.member] >= np.repeat(until[self.kept], size)) & np.repeat(size == 1, size)
        self.member = np.where(strange, classes.other, self.member)

    def examples(self) -> Examples:
        """What is stored so far."""
        events, rows = self.prequential.events, self.kept[: self.filled]
        return Examples(
            x=self.x[: self.filled],
            start=self.start[: self.filled + 1],
            member=self.member[: self.start[self.filled]],
            label_noise=1.0 - events.certainty[rows],
            day=events.day[rows],
            last_day=events.last_day[rows],
            event=rows,
            share=self.share,
        )


def _as_written(probability: Floats, examples: Examples, until: int, shrinkage: Shrinkage) -> Floats:
    """From who did it to what will be written: labels are doubted as much as those of the training part were."""
    past = np.flatnonzero(examples.last_day < until)
    label_noise = shrinkage.noise_share * float(np.mean(examples.label_noise[past])) if len(past) else 0.0
    return (1.0 - label_noise) * probability + label_noise * examples.guess(past)


def _runs(start: Ints, member: Ints, rows: Ints) -> tuple[Ints, Ints]:
    """The runs of some rows, put one after another."""
    size = np.diff(start)[rows]
    firsts = np.concatenate([[0], np.cumsum(size)])
    shift = np.repeat(start[rows] - firsts[:-1], size)
    return firsts, member[np.arange(firsts[-1]) + shift]
