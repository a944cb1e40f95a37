"""Would it have been right, and as sure as it should have been? Forecasts of the past, forward in time, scored.

Or, with labels hidden, attributions of the past from both sides of it.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import partial
from itertools import batched, count
from typing import Literal

import numpy as np

from attribution.archive.codes import Floats, Ints, months
from attribution.archive.evaluation.baselines import (
    SHARES,
    Baseline,
    Ground,
    Part,
    Trial,
    assembled,
    check_baselines,
    choose,
    part,
    spans,
    trial,
    trials,
)
from attribution.archive.evaluation.masked import MODEL, By, Hidden, Task, attribute_all, hide
from attribution.archive.evaluation.scores import (
    MOST_EXCESS,
    CalibrationBin,
    Difference,
    Scores,
    calibration,
    difference,
    log_losses,
    lower_or_higher,
    score,
)
from attribution.archive.events import LIMITS, EventTable
from attribution.archive.model.classes import Classes, within_lifetimes
from attribution.archive.model.forecast import Forecasts, Protocol, as_date, forecast, training_size
from attribution.archive.model.posterior import CoefficientPosterior, normal_posterior, nuts_posterior
from attribution.domain.concern import Concern
from attribution.domain.verbal import counted
from attribution.errors import EventError
from attribution.parallel import each

STOPPED = "stopped"  # the topic of the concern of a run that was interrupted
_DRAWS = 2000
_SPANS = 8  # of each baseline, where others work: the table of events travels with every one
_FEW, _MOST_GROUPS, _SHOWN = 50, 12, 0.01
_AGES: tuple[Protocol, ...] = ("static", "rolling", "daily")


@dataclass(frozen=True, slots=True)
class Forecaster:
    """The model or a baseline: how it was set, how it scored, and the model's lead over it (None for the model)."""

    name: str
    setting: str
    scores: Scores
    lead: Difference | None
    seconds: float


@dataclass(frozen=True, slots=True)
class Freshness:
    """Log loss of one forecaster with labels of three ages: what a lead owes to how fresh labels are."""

    name: str
    static: float | None  # none after the first forecast
    rolling: float | None  # of events that were over before the month; what all are compared by
    daily: float | None  # of events that were over before the day; None where that was not asked


@dataclass(frozen=True, slots=True)
class Group:
    """Scores of the model, and the log loss of the best baseline, over some of the events."""

    kind: str  # faction, year, or the name of the coarsest place level
    name: str
    events: int
    log_loss: float
    rival_log_loss: float
    top1: float
    mean_forecast: float  # mean probability of the likeliest class: what top1 should be


@dataclass(frozen=True, slots=True)
class Backtest:
    """What a backtest found. Forecasts are never of the future of what they were made from.

    Attributes
    ----------
    protocol
        ``rolling``: all fitted again every month, from labels of events that were over before it; ``static``: once;
        ``masked``: labels hidden, and attributed from those before and after.
    since
        The first day that was forecast; None where labels were hidden.
    training
        How many events came before it, or had their label seen.
    forecasts
        How many events were forecast, or had their label hidden.
    scored
        How many of these have one known faction.
    classes
        Factions seen often enough in training, and `other`.
    forecasters
        The model first, then the baselines from best to worst, each with its scores.
    curve
        Calibration: mean forecast and frequency by bins, with a band.
    groups
        Scores by faction, year and place.
    coefficients
        What each feature counts as of the last fit, with intervals.
    fits
        How many times the coefficients were fitted.
    seed
        The seed of all that is drawn.
    concerns
        What is doubtful about the answer.
    freshness
        The model and the baselines with older and with fresher labels, side by side; empty where labels were hidden.
    hidden
        How labels were hidden; "" for forecasts.
    limits
        What no backtest can show.

    Examples
    --------
    >>> backtested.training + backtested.forecasts == len(events)
    True
    """

    protocol: Protocol | Literal["masked"]
    since: dt.date | None  # the first day forecast; None where labels were hidden
    training: int
    forecasts: int
    scored: int  # of the forecasts: events with one known faction
    classes: tuple[str, ...]
    forecasters: tuple[Forecaster, ...]  # the model first, then from best to worst
    curve: tuple[CalibrationBin, ...]
    groups: tuple[Group, ...]
    coefficients: CoefficientPosterior  # as of the last fit
    fits: int
    seed: int
    concerns: tuple[Concern, ...]
    freshness: tuple[Freshness, ...] = ()
    hidden: str = ""
    limits: tuple[str, ...] = LIMITS

    @property
    def model(self) -> Forecaster:
        """The model's own entry."""
        return self.forecasters[0]

    @property
    def best_baseline(self) -> Forecaster | None:
        """The baseline with the smallest log loss."""
        return self.forecasters[1] if len(self.forecasters) > 1 else None

    def __str__(self) -> str:
        scores, best = self.model.scores, self.best_baseline
        how = self.hidden or f"Forecast forward in time from {self.since} ({self.protocol})"
        text = (
            f"{how}, {counted(self.scored, 'event')} with a known faction among {len(self.classes)} classes: log loss "
            f"{scores.log_loss:.3f} nats, calibration error {scores.ece:.3f} ({scores.ece_excess:+z.3f} over the "
            f"{scores.ece_chance:.3f} of chance alone), likeliest right in {scores.top1:.1%}."
        )
        if best is not None and best.lead is not None:
            text += f" The best baseline, {best.name}, has {best.scores.log_loss:.3f}: the model's is {best.lead.told}."
        return " ".join([text, *self._told_of_freshness()])

    def _told_of_freshness(self) -> list[str]:
        """What the lead is without fresh labels, and with fresher ones."""
        if not self.freshness:
            return []
        own, rivals = self.freshness[0], self.freshness[1:]
        static = min((one for one in rivals if one.static is not None), key=lambda one: one.static or 0.0, default=None)
        out = []
        if static is not None and static.static and own.static is not None:
            out.append(
                f"Without fresh labels (static) the model has {own.static:.3f} and {static.name} {static.static:.3f}: "
                f"{lower_or_higher(1.0 - own.static / static.static)}."
            )
        if own.daily is not None:
            out.append(f"With labels up to the day before, the model has {own.daily:.3f}.")
        return out


def backtest(
    events: EventTable,
    *,
    since: dt.date | None = None,
    protocol: Protocol | Literal["masked"] = "rolling",
    by: By = "event",
    share: float = 0.2,
    baselines: Sequence[str] = (),
    least: int = 20,
    random_seed: int = 1,
    nuts: bool = False,
    progress: Callable[[str, int, int], None] | None = None,
    executor: Executor | None = None,
) -> Backtest:
    """Forecast every event from a day on, forward in time, or attribute hidden ones; and score what can be scored.

    The coefficients of the last fit get intervals: from a normal distribution, or by NUTS, whose chains may be
    doubtful.

    Parameters
    ----------
    events
        A table of past events, ordered in time, as `attribution.archive.reading.read.read_events` gives it.
    since
        The first day to forecast; after the first 70 % of the events where not given.
    protocol
        ``rolling``: all are fitted again every month, from labels of events that were over before it; ``static``:
        once; ``daily``: as rolling, but the model and shares of the past see labels up to the day before. Which of the
        first two it is, the other is worked out beside it. ``masked``: labels are hidden, and their events attributed
        from all others, before and after.
    by, share
        What is hidden together, and what share of the labelled events.
    baselines
        Names of the tuned baselines to score beside the model.
    least
        How many events a faction needs in training to be a class of its own.
    random_seed
        The seed of all that is drawn.
    nuts
        Draw the coefficients by NUTS, in about a minute.
    progress
        Told who forecasts, how many events or settings are done, and of how many.
    executor
        Any `concurrent.futures.Executor`: it is given the model, every setting that a baseline tries, and spans of the
        months that the baselines forecast. All but the seconds is the same, whoever works. It is left open.

    Returns
    -------
    Backtest
        Scores, calibration, coefficients, and what is doubtful.

    Raises
    ------
    EventError
        Nothing to learn from, or nothing to score.
    UsageError
        No events on one side of `since`, an unknown baseline, or scikit-learn is missing for one.
    EngineError
        NUTS gave up.
    PoolError
        Workers of the executor were lost.

    Examples
    --------
    >>> at.backtest(events, protocol="static").model.name
    'model'
    """
    check_baselines(baselines)
    if protocol == "masked":
        hidden = hide(events, by, share, random_seed)
        return _masked(events, hidden, baselines, least, random_seed, nuts=nuts, progress=progress, executor=executor)
    first = training_size(events, since)
    training = np.arange(len(events)) < first
    classes = Classes.learned(events, training, least)
    label = classes.labels(events)[first:]
    known = np.flatnonzero(label >= 0)
    if not len(known):
        raise EventError(
            f"no event from {as_date(int(events.day[first]))} on has a known faction: nothing can be scored.",
            allowed="at least one labelled event to forecast",
            hint="choose an earlier date with --from",
        )
    ground = Ground(events, classes, first, protocol, random_seed)
    work = partial(_forecast_all, names=baselines, progress=progress, executor=executor)
    model, rivals = work(ground, nuts=nuts)
    beside: dict[str, tuple[_Model, list[Baseline]]] = {protocol: (model, rivals)}
    for other in _AGES:
        if other not in beside:
            few = baselines if other != "daily" else [name for name in baselines if name in SHARES]
            beside[other] = work(replace(ground, protocol=other), names=few, nuts=False)
    counted = classes.labels(events)[:first]
    return _whole(
        _Scored(events, classes, first + known, label[known], months(events.day[first:][known]), counted, random_seed),
        [(MODEL, model.setting, model.probability[known], model.seconds)]
        + [(one.name, one.setting, one.probability[known], one.seconds) for one in rivals],
        model.coefficients,
        _About(
            protocol, as_date(int(events.day[first])), first, len(events) - first, model.fits,
            freshness=_freshness(beside, baselines, known, label[known]),
        ),
    )  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class _Scored:
    """The events that are scored, and what they are scored against."""

    events: EventTable
    classes: Classes
    rows: Ints  # of the table
    label: Ints  # class of each
    block: Ints  # what is drawn anew together
    counted: Ints  # classes of all events that could be learned from, -1 unknown
    seed: int


@dataclass(frozen=True, slots=True)
class _About:
    """What kind of backtest it was."""

    protocol: Protocol | Literal["masked"]
    since: dt.date | None
    training: int
    forecasts: int
    fits: int
    freshness: tuple[Freshness, ...] = ()
    hidden: str = ""


def _whole(
    scored: _Scored, results: list[tuple[str, str, Floats, float]], coefficients: CoefficientPosterior, about: _About
) -> Backtest:
    """All scores of the model, which comes first among the results, and of the baselines."""
    prior = np.bincount(scored.counted[scored.counted >= 0], minlength=len(scored.classes)) + 0.5
    entries = _forecasters(results, scored.label, prior / prior.sum(), scored.block, scored.seed)
    losses = {name: log_losses(probability, scored.label) for name, _, probability, _ in results}
    rival = losses[entries[1].name] if len(entries) > 1 else np.full(len(scored.rows), np.nan)
    top = results[0][2]
    hit = top.argmax(axis=1) == scored.label
    return Backtest(
        protocol=about.protocol,
        since=about.since,
        training=about.training,
        forecasts=about.forecasts,
        scored=len(scored.rows),
        classes=scored.classes.names,
        forecasters=entries,
        curve=tuple(calibration(top.max(axis=1), hit, scored.block, _DRAWS, scored.seed)),
        groups=tuple(_groups(scored, losses[MODEL], rival, top)),
        coefficients=coefficients,
        fits=about.fits,
        seed=scored.seed,
        concerns=(*_concerns(scored, entries[0].scores), *coefficients.concerns),
        freshness=about.freshness,
        hidden=about.hidden,
    )


def _masked(
    events: EventTable, hidden: Hidden, baselines: Sequence[str], least: int, seed: int, *, nuts: bool,
    progress: _Told, executor: Executor | None,
) -> Backtest:  # fmt: skip
    """Hide labels, attribute their events from those before and after, and score."""
    seen = np.ones(len(events), dtype=np.bool_)
    seen[hidden.events] = False
    classes = Classes.learned(events, seen, least)
    task = Task(events, classes, hidden, seed)
    model, rivals, left = attribute_all(task, baselines, nuts=nuts, progress=progress, executor=executor)
    label = classes.labels(events)
    what = {"event": "single events", "faction": "whole factions"}.get(hidden.by, f"whole months of one {hidden.level}")
    found = _whole(
        _Scored(
            events, classes, hidden.events, label[hidden.events], hidden.blocks[hidden.events],
            np.where(seen, label, -1), seed,
        ),
        [(MODEL, model.setting, model.probability, model.seconds)]
        + [(one.name, one.setting, one.probability, one.seconds) for one in rivals],
        model.coefficients,
        _About(
            "masked", None, int(np.sum(seen & (label >= 0))), len(hidden.events), 1,
            hidden=f"Labels of {what} hidden ({hidden.share:.0%}) and attributed from those before and after",
        ),
    )  # fmt: skip
    return replace(found, concerns=(*found.concerns, _stopped(baselines, rivals, left))) if left else found


def _stopped(names: Sequence[str], rivals: list[Baseline], left: int) -> Concern:
    without = [name for name in names if name not in {one.name for one in rivals}]
    return Concern(
        what=f"stopped before the end: {left} settings of baselines were not tried; {', '.join(without)} left out",
        means="the best baseline may be one of those that are missing",
        remedy="run it to the end, or leave them out with --baselines",
        topic=STOPPED,
    )


def _freshness(
    beside: dict[str, tuple[_Model, list[Baseline]]], names: Sequence[str], known: Ints, label: Ints
) -> tuple[Freshness, ...]:
    """Log losses of the model and of each baseline with labels of each age."""
    loss: dict[tuple[str, str], float] = {}
    for age, (model, rivals) in beside.items():
        for name, said in ((MODEL, model.probability), *((one.name, one.probability) for one in rivals)):
            loss[name, age] = float(log_losses(said[known], label).mean())
    return tuple(Freshness(name, *(loss.get((name, age)) for age in _AGES)) for name in (MODEL, *names))


@dataclass(frozen=True, slots=True, eq=False)
class _Model:
    """What the model said of every event, and what it had learned in the end."""

    setting: str
    probability: Floats  # (event - first, class)
    seconds: float
    coefficients: CoefficientPosterior
    fits: int


type _Told = Callable[[str, int, int], None] | None
type _Work = tuple[str, int] | tuple[Trial, int, int]  # a forecaster with a number of its settings; a span of events


def _forecast_all(
    ground: Ground, *, names: Sequence[str], nuts: bool, progress: _Told, executor: Executor | None
) -> tuple[_Model, list[Baseline]]:
    """The model beside all tries of all baselines; then, for each baseline, spans of events with what it chose."""
    first: list[_Work] = [(MODEL, 0), *((name, position) for name in names for position in range(trials(name)))]
    work = partial(_piece, ground=ground, nuts=nuts, progress=None if executor else progress)  # it hears every month
    model, *tried = each(work, first, executor=executor, done=_noted(first, "settings", ground, progress))
    assert isinstance(model, _Model)
    by_name: dict[str, list[Trial]] = {name: [] for name in names}
    for one in tried:
        assert isinstance(one, Trial)
        by_name[one.name].append(one)
    chosen = [choose(found) for found in by_name.values()]
    ranges = spans(ground, _SPANS if executor else 1)
    second: list[_Work] = [(one, start, stop) for one in chosen for start, stop in ranges]
    parts = each(work, second, executor=executor, done=_noted(second, "months", ground, progress))
    rivals = []
    for one, own in zip(chosen, batched(parts, len(ranges)), strict=True):
        rivals.append(assembled(one, [found for found in own if isinstance(found, Part)]))
    return model, rivals


def _noted(work: Sequence[_Work], doing: str, ground: Ground, progress: _Told) -> Callable[[int, object], None]:
    """Tells `progress` how many pieces of work are done, wherever they are done."""
    done = count(1)

    def note(position: int, result: object) -> None:
        if progress:
            who = work[position][0]
            name = who if isinstance(who, str) else who.name
            progress(f"{ground.protocol}, {name} {doing}", next(done), len(work))

    return note


def _piece(work: _Work, *, ground: Ground, nuts: bool, progress: _Told) -> _Model | Trial | Part:
    """In a worker: the model's forecasts, one try of a baseline, or one span of its forecasts."""

    def step(name: str) -> Callable[[int], None] | None:
        first, total = ground.first, len(ground.events) - ground.first
        return None if progress is None else lambda done: progress(f"{ground.protocol}, {name}", done - first, total)

    if len(work) == 3:
        chosen, start, stop = work
        return part(chosen, start, stop, ground, step(chosen.name))
    name, position = work
    if name != MODEL:
        return trial(name, position, ground)
    began = time.perf_counter()
    model = forecast(ground.events, ground.classes, ground.first, protocol=ground.protocol, progress=step(MODEL))
    probability = within_lifetimes(
        model.probability[None], ground.events, ground.classes, np.arange(ground.first, len(ground.events))
    )[0]
    seconds = time.perf_counter() - began
    around = nuts_posterior if nuts else normal_posterior
    coefficients, _ = around(
        model.examples, model.features, model.fitted_on, model.shrinkage, model.coefficients, kept=1, seed=ground.seed
    )
    return _Model(_setting(model), probability, seconds, coefficients, model.fits)


def _forecasters(
    results: list[tuple[str, str, Floats, float]], label: Ints, prior: Floats, month: Ints, seed: int
) -> tuple[Forecaster, ...]:
    ours = log_losses(results[0][2], label)
    out = [
        Forecaster(
            name,
            setting,
            score(probability, label, prior, month),
            None if name == MODEL else difference(ours, log_losses(probability, label), month, _DRAWS, seed),
            seconds,
        )
        for name, setting, probability, seconds in results
    ]
    return (out[0], *sorted(out[1:], key=lambda one: one.scores.log_loss))


def _setting(model: Forecasts) -> str:
    chosen = model.shrinkage
    parts = [f"{name} {weight:.0%}" for name, weight in model.pooled if weight >= _SHOWN]
    told = f"; mean of: {', '.join(parts)}" if parts else ""
    return (
        f"half-life {chosen.half_life:g} days, sd of factions {chosen.faction_sd:g}, label noise {chosen.noise_share:g}"
        f"{told}"
    )


def _groups(scored: _Scored, loss: Floats, rival: Floats, probability: Floats) -> list[Group]:
    events, classes, rows, label = scored.events, scored.classes, scored.rows, scored.label
    year = np.asarray(events.day[rows], dtype="datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970
    kinds = [
        ("faction", [classes.names[code] for code in label.tolist()]),
        ("year", [str(one) for one in year.tolist()]),
    ]
    if events.place:
        coarse = events.place[0]
        kinds.append(
            (coarse.name, [coarse.names[code] if code >= 0 else "unknown" for code in coarse.codes[rows].tolist()])
        )
    hit, top = probability.argmax(axis=1) == label, probability.max(axis=1)
    out = []
    for kind, names in kinds:
        all_names, where, count = np.unique(names, return_inverse=True, return_counts=True)
        shown = np.arange(len(all_names)) if kind == "year" else np.argsort(-count, kind="stable")[:_MOST_GROUPS]
        for code in shown.tolist():
            here = where == code
            means = [float(column[here].mean()) for column in (loss, rival, hit, top)]
            out.append(Group(kind, str(all_names[code]), int(count[code]), *means))
    return out


def _concerns(scored: _Scored, scores: Scores) -> list[Concern]:
    out = []
    labelled, classes = int(np.sum(scored.counted >= 0)), scored.classes
    if labelled < _FEW:
        out.append(
            Concern(
                what=f"only {counted(labelled, 'labelled event')} to learn from (at least {_FEW} are wanted)",
                means="the coefficients are mostly their prior, and the forecasts wide",
                remedy="add events, or score from a later date",
            )
        )
    if len(scored.rows) < _FEW:
        out.append(
            Concern(
                what=f"only {counted(len(scored.rows), 'event')} scored (at least {_FEW} are wanted)",
                means="differences between forecasters are within chance",
                remedy="score from an earlier date",
            )
        )
    if scores.ece_excess > MOST_EXCESS:
        out.append(
            Concern(
                what=f"the calibration error lies {scores.ece_excess:.3f} above what chance alone would show (at most "
                f"{MOST_EXCESS:g} is wanted)",
                means="the probabilities are surer, or less sure, than they should be: see the calibration curve",
                remedy="read them as coarse, or bring labels that are more like the events that are asked about",
                severity="note",
            )
        )
    if len(classes) < 3:
        out.append(
            Concern(
                what=f'the candidates are "{classes.names[0]}" and {classes.names[-1]} alone',
                means="there is little to tell apart, so good scores mean little",
                remedy="ask for fewer events per faction, or bring more history",
            )
        )
    return out
