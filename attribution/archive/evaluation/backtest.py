"""Would it have been right, and as sure as it should have been? Forecasts of the past, forward in time, scored."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from attribution.archive.codes import Floats, Ints
from attribution.archive.evaluation.baselines import run_baseline
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

MODEL = "model"
_DRAWS = 2000
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
    seed: int = 1,
    nuts: bool = False,
    progress: Callable[[str, int, int], None] | None = None,
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
    seed
        The seed of all that is drawn.
    nuts
        Draw the coefficients by NUTS, in about a minute.
    progress
        Told who forecasts, how many events are done, and of how many.

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

    Examples
    --------
    >>> at.backtest(events, protocol="static").model.name
    'model'
    """

    def step(name: str) -> Callable[[int], None] | None:
        return None if progress is None else lambda done: progress(name, done - first, len(events) - first)

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
    began = time.perf_counter()
    model = forecast(events, classes, first, protocol=protocol, progress=step(MODEL))
    results = [(MODEL, _setting(model), model.probability[known], time.perf_counter() - began)]
    for name in baselines:
        one = run_baseline(name, events, classes, first, protocol=protocol, seed=seed, progress=step(name))
        results.append((name, one.setting, one.probability[known], one.seconds))
    month = months(events.day[first:][known])
    prior = (
        np.bincount(classes.labels(events)[:first][classes.labels(events)[:first] >= 0], minlength=len(classes)) + 0.5
    )
    entries = _forecasters(results, label[known], prior / prior.sum(), month, seed)
    losses = {name: log_losses(probability, label[known]) for name, _, probability, _ in results}
    rival = losses[entries[1].name] if len(entries) > 1 else np.full(len(known), np.nan)
    top = model.probability[known]
    hit = top.argmax(axis=1) == label[known]
    around = nuts_posterior if nuts else normal_posterior
    coefficients, _ = around(
        model.examples, model.features, model.fitted_on, model.shrinkage, model.coefficients, kept=1, seed=seed
    )
    return Backtest(
        protocol=protocol,
        since=as_date(int(events.day[first])),
        training=first,
        forecasts=len(events) - first,
        scored=len(known),
        classes=classes.names,
        forecasters=entries,
        curve=tuple(calibration(top.max(axis=1), hit, month, _DRAWS, seed)),
        groups=tuple(_groups(events, classes, first + known, label[known], losses[MODEL], rival, top)),
        coefficients=coefficients,
        fits=model.fits,
        seed=seed,
        concerns=(*_concerns(events, first, known, label, classes), *coefficients.concerns),
    )


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
