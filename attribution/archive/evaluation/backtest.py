"""Would it have been right, and as sure as it should have been? Forecasts of the past, forward in time, scored."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from itertools import batched

import numpy as np

from attribution.archive.codes import Floats, Ints
from attribution.archive.evaluation.baselines import (
    Baseline,
    Ground,
    Part,
    Trial,
    assembled,
    choose,
    part,
    spans,
    trial,
    trials,
)
from attribution.archive.evaluation.scores import (
    CalibrationBin,
    Difference,
    Scores,
    calibration,
    difference,
    log_losses,
    score,
)
from attribution.archive.events import LIMITS, EventTable
from attribution.archive.model.classes import Classes
from attribution.archive.model.forecast import Forecasts, Protocol, as_date, forecast, months, training_size
from attribution.archive.model.posterior import CoefficientPosterior, normal_posterior, nuts_posterior
from attribution.domain.concern import Concern
from attribution.errors import EventError
from attribution.parallel import each

MODEL = "model"
_DRAWS = 2000
_SPANS = 8  # of each baseline, where others work: the table of events travels with every one
_FEW, _MOST_GROUPS = 50, 12


@dataclass(frozen=True, slots=True)
class Forecaster:
    """The model or a baseline: how it was set, how it scored, and the model's lead over it (None for the model)."""

    name: str
    setting: str
    scores: Scores
    lead: Difference | None
    seconds: float


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
        ``rolling``: fitted again as labels arrive; ``static``: once.
    since
        The first day that was forecast.
    training
        How many events came before it.
    forecasts
        How many events were forecast.
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
    limits
        What no backtest can show.

    Examples
    --------
    >>> backtested.training + backtested.forecasts == len(events)
    True
    """

    protocol: Protocol
    since: dt.date  # the first day forecast
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
        text = (
            f"Forecast forward in time from {self.since} ({self.protocol}), {self.scored} events with a known faction "
            f"among {len(self.classes)} classes: log loss {scores.log_loss:.3f} nats, calibration error "
            f"{scores.ece:.3f} ({scores.ece_chance:.3f} by chance alone), likeliest right in {scores.top1:.1%}."
        )
        if best is None or best.lead is None:
            return text
        lead = best.lead
        return (
            f"{text} The best baseline, {best.name}, has {best.scores.log_loss:.3f}: the model's is "
            f"{lead.reduction:.1%} lower (90 % interval {lead.reduction_low:.1%} to {lead.reduction_high:.1%})."
        )


def backtest(
    events: EventTable,
    *,
    since: dt.date | None = None,
    protocol: Protocol = "rolling",
    baselines: Sequence[str] = (),
    least: int = 20,
    random_seed: int = 1,
    nuts: bool = False,
    progress: Callable[[str, int, int], None] | None = None,
    executor: Executor | None = None,
) -> Backtest:
    """Forecast every event from a day on, forward in time, and score what can be scored.

    The coefficients of the last fit get intervals: from a normal distribution, or by NUTS, whose chains may be
    doubtful.

    Parameters
    ----------
    events
        A table of past events, ordered in time, as `attribution.archive.reading.read.read_events` gives it.
    since
        The first day to forecast; after the first 70 % of the events where not given.
    protocol
        ``rolling``: fitted again as labels arrive; ``static``: once.
    baselines
        Names of the tuned baselines to score beside the model.
    least
        How many events a faction needs in training to be a class of its own.
    random_seed
        The seed of all that is drawn.
    nuts
        Draw the coefficients by NUTS, in about a minute.
    progress
        Told who forecasts, how many events are done, and of how many.
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
    model, rivals = _forecast_all(ground, baselines, nuts=nuts, progress=progress, executor=executor)
    results = [
        (MODEL, model.setting, model.probability[known], model.seconds),
        *((one.name, one.setting, one.probability[known], one.seconds) for one in rivals),
    ]
    month = months(events.day[first:][known])
    prior = (
        np.bincount(classes.labels(events)[:first][classes.labels(events)[:first] >= 0], minlength=len(classes)) + 0.5
    )
    entries = _forecasters(results, label[known], prior / prior.sum(), month, random_seed)
    losses = {name: log_losses(probability, label[known]) for name, _, probability, _ in results}
    rival = losses[entries[1].name] if len(entries) > 1 else np.full(len(known), np.nan)
    top = model.probability[known]
    hit = top.argmax(axis=1) == label[known]
    return Backtest(
        protocol=protocol,
        since=as_date(int(events.day[first])),
        training=first,
        forecasts=len(events) - first,
        scored=len(known),
        classes=classes.names,
        forecasters=entries,
        curve=tuple(calibration(top.max(axis=1), hit, month, _DRAWS, random_seed)),
        groups=tuple(_groups(events, classes, first + known, label[known], losses[MODEL], rival, top)),
        coefficients=model.coefficients,
        fits=model.fits,
        seed=random_seed,
        concerns=(*_concerns(events, first, known, label, classes), *model.coefficients.concerns),
    )


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
    ground: Ground, baselines: Sequence[str], *, nuts: bool, progress: _Told, executor: Executor | None
) -> tuple[_Model, list[Baseline]]:
    """The model beside all tries of all baselines; then, for each baseline, spans of events with what it chose."""
    count = {name: trials(name) for name in baselines}
    first: list[_Work] = [(MODEL, 0), *((name, position) for name, tried in count.items() for position in range(tried))]
    # here and now `progress` hears every month; from elsewhere, only that a forecaster is done
    near = None if executor else progress
    model, *tried = each(partial(_piece, ground=ground, nuts=nuts, progress=near), first, executor=executor)
    assert isinstance(model, _Model)
    by_name: dict[str, list[Trial]] = {name: [] for name in baselines}
    for one in tried:
        assert isinstance(one, Trial)
        by_name[one.name].append(one)
    chosen = [choose(found) for found in by_name.values()]
    ranges = spans(ground, _SPANS if executor else 1)
    second: list[_Work] = [(one, start, stop) for one in chosen for start, stop in ranges]
    parts = each(partial(_piece, ground=ground, nuts=nuts, progress=near), second, executor=executor)
    rivals = []
    for one, own in zip(chosen, batched(parts, len(ranges)), strict=True):
        rivals.append(assembled(one, [found for found in own if isinstance(found, Part)]))
    if progress and executor:
        total = len(ground.events) - ground.first
        for name in (MODEL, *by_name):
            progress(name, total, total)
    return model, rivals


def _piece(work: _Work, *, ground: Ground, nuts: bool, progress: _Told) -> _Model | Trial | Part:
    """In a worker: the model's forecasts, one try of a baseline, or one span of its forecasts."""

    def step(name: str) -> Callable[[int], None] | None:
        first, total = ground.first, len(ground.events) - ground.first
        return None if progress is None else lambda done: progress(name, done - first, total)

    if len(work) == 3:
        chosen, start, stop = work
        return part(chosen, start, stop, ground, step(chosen.name))
    name, position = work
    if name != MODEL:
        return trial(name, position, ground)
    began = time.perf_counter()
    model = forecast(ground.events, ground.classes, ground.first, protocol=ground.protocol, progress=step(MODEL))
    seconds = time.perf_counter() - began
    around = nuts_posterior if nuts else normal_posterior
    coefficients, _ = around(
        model.examples, model.features, model.fitted_on, model.shrinkage, model.coefficients, kept=1, seed=ground.seed
    )
    return _Model(_setting(model), model.probability, seconds, coefficients, model.fits)


def _forecasters(
    results: list[tuple[str, str, Floats, float]], label: Ints, prior: Floats, month: Ints, seed: int
) -> tuple[Forecaster, ...]:
    ours = log_losses(results[0][2], label)
    out = [
        Forecaster(
            name,
            setting,
            score(probability, label, prior),
            None if name == MODEL else difference(ours, log_losses(probability, label), month, _DRAWS, seed),
            seconds,
        )
        for name, setting, probability, seconds in results
    ]
    return (out[0], *sorted(out[1:], key=lambda one: one.scores.log_loss))


def _setting(model: Forecasts) -> str:
    chosen = model.shrinkage
    return (
        f"half-life {chosen.half_life:g} days, sd of factions {chosen.faction_sd:g}, label noise {chosen.noise_share:g}"
    )


def _groups(
    events: EventTable, classes: Classes, rows: Ints, label: Ints, loss: Floats, rival: Floats, probability: Floats
) -> list[Group]:
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


def _concerns(events: EventTable, first: int, known: Ints, label: Ints, classes: Classes) -> list[Concern]:
    out = []
    labelled = int(np.sum(events.labelled[:first]))
    if labelled < _FEW:
        out.append(
            Concern(
                what=f"only {labelled} labelled events to learn from (at least {_FEW} are wanted)",
                means="the coefficients are mostly their prior, and the forecasts wide",
                remedy="add events, or score from a later date",
            )
        )
    if len(known) < _FEW:
        out.append(
            Concern(
                what=f"only {len(known)} events are scored (at least {_FEW} are wanted)",
                means="differences between forecasters are within chance",
                remedy="score from an earlier date",
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
