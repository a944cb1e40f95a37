"""Many cases at once: what each model said as of chosen days, and how that stands against what was settled later."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from attribution.analysis.scores import Score, foreseen, scores
from attribution.analysis.timeline import Timeline, timeline
from attribution.analysis.units import readable
from attribution.analysis.witnesses import every_item_a_witness
from attribution.domain.case import Case
from attribution.domain.model import Model
from attribution.domain.moments import Moment
from attribution.inference.draws import khat_threshold
from attribution.inference.fit import fit
from attribution.inference.posterior import Posterior
from attribution.inference.settings import Engine, Sampling, digest

if TYPE_CHECKING:
    import pandas as pd

DAYS = (1, 7, 30)
LATEST, BEFORE = "latest", "before it was settled"
SHARED = (*(f"+{days} day{'s' if days > 1 else ''}" for days in DAYS), BEFORE, LATEST)  # what several cases have


@dataclass(frozen=True, slots=True)
class Glance:
    """A posterior as of one moment, by what was public then; `scores` only against what was still open.

    `as_of` is empty for the latest. `khat` is the Pareto shape of a fit by the instant engine.
    """

    label: str
    as_of: str
    items: int
    probabilities: tuple[float, ...]
    mcse: tuple[float, ...]
    leader: str
    khat: float | None
    scores: tuple[Score, ...]


@dataclass(frozen=True, slots=True)
class Settlement:
    """What was settled later: some states of a fact, true or excluded, how, by whom and when; `named` for a reader."""

    fact: str
    states: tuple[str, ...]
    named: tuple[str, ...]
    excluded: bool
    source: str
    grade: str
    date: str
    settled: str
    scored: bool
    note: str


@dataclass(frozen=True, slots=True)
class Study:
    """One case under one model: the prior, glances, every turn of the evidence, and the mistake of counting all items.

    `witnesses` are the latest probabilities if every item were a witness of its own.
    """

    case: str
    title: str
    incident: str
    model: str
    model_title: str
    summary: str
    factions: tuple[str, ...]
    labels: tuple[str, ...]
    prior: tuple[float, ...]
    glances: tuple[Glance, ...]
    timeline: Timeline
    witnesses: tuple[float, ...]
    settlements: tuple[Settlement, ...]
    started: str
    evidence_hash: str
    assumptions_hash: str

    @property
    def latest(self) -> Glance:
        return next(glance for glance in self.glances if glance.label == LATEST)


@dataclass(frozen=True, slots=True)
class Tally:
    """Mean scores of one model id over all outcomes that could be scored at one label; few, and no calibration."""

    model: str
    label: str
    outcomes: int
    log_score: float
    gain: float
    brier: float
    first: int


@dataclass(frozen=True, slots=True)
class Casebook:
    """Studies of all cases under all their models."""

    studies: tuple[Study, ...]
    engine: str
    seed: int

    def to_frame(self) -> pd.DataFrame:
        """One row per case, model and glance: items, leader and its probability, and the scores where there are any."""
        import pandas as pd

        rows = [
            {
                "case": study.case,
                "model": study.model,
                "as_of": glance.as_of or LATEST,
                "label": glance.label,
                "items": glance.items,
                "leader": glance.leader,
                "probability": max(glance.probabilities),
                "settled": score.probability if score else None,
                "log_score": score.log_score if score else None,
                "brier": score.brier if score else None,
                "rank": score.rank if score else None,
            }
            for study in self.studies
            for glance in study.glances
            for score in (glance.scores or (None,))
        ]
        return pd.DataFrame(rows)

    @property
    def tallies(self) -> tuple[Tally, ...]:
        """Mean scores by model and label, for the labels that all cases share."""
        grouped: dict[tuple[str, str], list[Score]] = {}
        for study in self.studies:
            for glance in study.glances:
                if glance.scores and glance.label in SHARED:
                    grouped.setdefault((study.model, glance.label), []).extend(glance.scores)
        return tuple(_tally(model, label, found) for (model, label), found in grouped.items())

    @property
    def unreliable(self) -> tuple[str, ...]:
        """Fits by the instant engine whose weights have a tail too heavy to trust."""
        return tuple(
            f"{study.case} under {study.model}, {glance.label}"
            for study in self.studies
            for glance in study.glances
            if glance.khat is not None and glance.khat > khat_threshold(_POINTS)
        )

    def __str__(self) -> str:
        cases = len({study.case for study in self.studies})
        settled = len(
            {(study.case, score.outcome) for study in self.studies for g in study.glances for score in g.scores}
        )
        lines = [
            f"{counted(cases, 'case')}, {counted(len(self.studies), 'study')}; "
            f"{counted(settled, 'outcome')} could be scored."
        ]
        lines += [
            f"{tally.model}, {tally.label}: {tally.outcomes} scores, {tally.log_score:+.2f} bits on average "
            f"({tally.gain:+.2f} against the prior), Brier {tally.brier:.3f}, first in {tally.first}."
            for tally in self.tallies
        ]
        lines.append("Cases whose endings are common knowledge show how a method behaves, not that it is calibrated.")
        return " ".join(lines)


def counted(number: int, noun: str) -> str:
    """``1 case``, ``7 cases``, ``16 studies``."""
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{number} {noun if number == 1 else plural}"


_POINTS = Sampling().scrambles * 2 ** Sampling().log2_points


def casebook(
    pairs: Iterable[tuple[Case, Model]],
    *,
    engine: Engine = "importance",
    seed: int = 1,
    executor: Executor | None = None,
) -> Casebook:
    """Fit each case under each model as of one, seven and thirty days after the incident and as it stands now.

    Where items are dated by the minute, at each of those minutes too. Where the evidence reaches past an outcome, also
    as of the day before that outcome, since only what came before it may be scored. Any `Executor` takes the studies.
    """
    work = [(case, model, engine, seed) for case, model in pairs]
    found = executor.map(_study, work) if executor else map(_study, work)
    return Casebook(tuple(found), engine, seed)


def moments(case: Case) -> Iterator[tuple[str, Moment | None]]:
    """The moments at which a case is looked at, with what a reader calls them, in order."""
    start = case.incident.date
    named = {Moment(start.day).days_later(days): label for days, label in zip(DAYS, SHARED, strict=False)}
    named |= {turn: turn.in_words() for turn in case.turns if turn.time}
    for outcome in case.outcomes:
        if outcome.scored and not foreseen(case, outcome, None):
            named.setdefault(Moment(outcome.date.day).days_later(-1), BEFORE)
    yield from ((label, moment) for moment, label in sorted(named.items(), key=lambda pair: pair[0]))
    yield LATEST, None


def _study(work: tuple[Case, Model, Engine, int]) -> Study:
    case, model, engine, seed = work
    found = [(label, fit(case, model, engine=engine, seed=seed, as_of=moment)) for label, moment in moments(case)]
    latest = found[-1][1]
    witnesses = fit(*every_item_a_witness(case, model), engine="importance", seed=seed)
    return Study(
        case=case.id,
        title=case.title,
        incident=case.incident.date.isoformat(),
        model=model.id,
        model_title=model.title,
        summary=model.summary,
        factions=latest.program.factions,
        labels=tuple(standing.label for standing in latest.standings),
        prior=tuple(standing.prior for standing in latest.standings),
        glances=tuple(_glance(label, posterior) for label, posterior in found),
        timeline=timeline(latest),
        witnesses=tuple(standing.probability for standing in witnesses.standings),
        settlements=tuple(_settlements(case)),
        started=case.incident.date.start.isoformat(timespec="minutes"),
        evidence_hash=digest(case.evidence_text),
        assumptions_hash=digest(model.text),
    )


def _glance(label: str, posterior: Posterior) -> Glance:
    as_of = posterior.settings.as_of
    standings = posterior.standings
    return Glance(
        label=label,
        as_of=as_of.isoformat() if as_of else "",
        items=len(posterior.case.as_of(as_of).evidence),
        probabilities=tuple(standing.probability for standing in standings),
        mcse=tuple(standing.mcse for standing in standings),
        leader=posterior.ranking[0].id,
        khat=posterior.draws.khat,
        scores=scores(posterior),
    )


def _settlements(case: Case) -> Iterator[Settlement]:
    for outcome in case.outcomes:
        proposition = outcome.proposition
        yield Settlement(
            fact=proposition.fact,
            states=tuple(sorted(proposition.states)),
            named=tuple(_named(case, proposition.fact, state) for state in sorted(proposition.states)),
            excluded=proposition.negated,
            source=case.sources[outcome.source].name,
            grade=str(outcome.grade),
            date=outcome.date.isoformat(),
            settled=outcome.settled,
            scored=outcome.scored,
            note=outcome.note,
        )


def _named(case: Case, fact: str, state: str) -> str:
    return case.factions.label(state) if state in case.factions else f"{case.facts[fact].label} {readable(state)}"


def _tally(model: str, label: str, found: list[Score]) -> Tally:
    return Tally(
        model=model,
        label=label,
        outcomes=len(found),
        log_score=float(np.mean([score.log_score for score in found])),
        gain=float(np.mean([score.gain for score in found])),
        brier=float(np.mean([score.brier for score in found])),
        first=sum(score.rank == 1 for score in found),
    )
