"""Many cases at once: what each model said as of chosen days, and how that stands against what was settled later."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from attribution.analysis.comparison.timeline import Timeline, timeline
from attribution.analysis.finding import Finding
from attribution.analysis.naming import readable
from attribution.domain.case import Case, Outcome
from attribution.domain.evidence import Act, Item, Proposition, Statement
from attribution.domain.facts import Fact, in_causal_order
from attribution.domain.identifiers import ELSE, PERPETRATOR, Catalog
from attribution.domain.model import Deception, Forged, Model
from attribution.domain.moments import Moment
from attribution.domain.tables import Table
from attribution.domain.verbal import counted
from attribution.inference.draws import estimate, khat_threshold
from attribution.inference.fit import fit_under
from attribution.inference.posterior import Posterior
from attribution.inference.settings import Engine, Sampling, Settings
from attribution.network.program import Floats
from attribution.parallel import each
from attribution.plots.figures import DotRow, Scale, dots

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

DAYS = (1, 7, 30)
LATEST, BEFORE = "latest", "before it was settled"
SHARED = (*(f"+{days} day{'s' if days > 1 else ''}" for days in DAYS), BEFORE, LATEST)  # what several cases have
_POINTS = Sampling().scrambles * 2 ** Sampling().log2_points
_LEAST = 1e-12


@dataclass(frozen=True, slots=True)
class Glance:
    """A posterior as of one moment, by what was public then; `scores` only against what was still open.

    `as_of` is empty for the latest. `level` are all that lead, several where they are within 4 Monte Carlo errors.
    `khat` is the Pareto shape of a fit by the instant engine.
    """

    label: str
    as_of: str
    items: int
    probabilities: tuple[float, ...]
    mcse: tuple[float, ...]
    leader: str
    level: tuple[str, ...]
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
class Casebook(Finding):
    """Studies of all cases under all their models.

    Attributes
    ----------
    studies
        One for each case and model: the prior, the posterior as of chosen moments, what was settled later, its scores.
    engine
        Which engine fitted them: ``importance`` or ``nuts``.
    random_seed
        The seed of every fit.

    Examples
    --------
    >>> pair = at.read_case("k1-2019"), at.read_model("k1-2019/baseline")
    >>> book = at.casebook([pair])
    >>> book.to_frame().label.tolist()
    ['+1 day', '+7 days', '+30 days', 'latest']
    """

    studies: tuple[Study, ...]
    engine: str
    random_seed: int

    @property
    def title(self) -> str:
        return "Casebook"

    @property
    def method(self) -> str:
        """How it was computed."""
        return f"Every model fitted as of every moment, by engine {self.engine}, seed {self.random_seed}."

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

    def unreliable(self) -> tuple[str, ...]:
        """Fits by the instant engine whose weights have a tail too heavy to trust."""
        return tuple(
            f"k-hat is above its threshold: {study.case} under {study.model}, {glance.label}"
            for study in self.studies
            for glance in study.glances
            if glance.khat is not None and glance.khat > khat_threshold(_POINTS)
        )

    def plot(self, ax: Axes | None = None) -> Axes:
        """A row per case and model: the last leader before any evidence (open) and after all of it (filled)."""
        rows, cases = [], len({study.case for study in self.studies})
        for study in self.studies:
            place = study.factions.index(study.latest.leader)
            before, after = study.prior[place], study.latest.probabilities[place]
            name = f"{study.title}, {study.model}:\n{study.labels[place]}"
            rows.append(DotRow(name, after, before=before, line=(before, after)))
        return dots(
            rows,
            Scale("probability of the last leader: open before any evidence, filled after all of it", "share"),
            title=f"{counted(len(self.studies), 'study')} of {counted(cases, 'case')}",
            note=self.method,
            ax=ax,
        )

    @property
    def summary(self) -> str:
        cases = len({study.case for study in self.studies})
        settled = len(
            {(study.case, score.outcome) for study in self.studies for g in study.glances for score in g.scores}
        )
        lines = [
            f"{counted(cases, 'case')}, {counted(len(self.studies), 'study')}; "
            f"{counted(settled, 'outcome')} could be scored."
        ]
        lines += [
            f"{tally.model}, {tally.label}: {tally.outcomes} scores, {tally.log_score:+z.2f} bits on average "
            f"({tally.gain:+z.2f} against the prior), Brier {tally.brier:.3f}, first in {tally.first}."
            for tally in self.tallies
        ]
        lines.append("Cases whose endings are common knowledge show how a method behaves, not that it is calibrated.")
        return " ".join(lines)


def casebook(
    pairs: Iterable[tuple[Case, Model]],
    *,
    engine: Engine = "importance",
    random_seed: int = 1,
    executor: Executor | None = None,
) -> Casebook:
    """Fit each case under each model as of one, seven and thirty days after the incident and as it stands now.

    Where items are dated by the minute, at each of those minutes too. Where the evidence reaches past an outcome, also
    as of the day before that outcome, since only what came before it may be scored.

    Parameters
    ----------
    pairs
        Cases, each with a model of it.
    engine
        ``importance`` (instant) or ``nuts``, for every fit.
    random_seed
        The seed of every fit.
    executor
        Where studies are worked out side by side; in this process, one after the other, where not given. The book does
        not depend on it.

    Returns
    -------
    Casebook
        A study for each pair, in their order.

    Raises
    ------
    PairError
        A model does not fit its case.
    PoolError
        Workers of the executor were lost; the error carries the studies that had come back.

    Examples
    --------
    >>> pair = at.read_case("k1-2019"), at.read_model("k1-2019/baseline")
    >>> at.casebook([pair]).studies[0].case
    'k1-2019'
    """
    study = partial(_study, engine=engine, random_seed=random_seed)
    return Casebook(tuple(each(study, pairs, executor=executor)), engine, random_seed)


def moments(case: Case) -> Iterator[tuple[str, Moment | None]]:
    """The moments at which a case is looked at, with what a reader calls them, in order."""
    start = case.incident.date
    named = {Moment(start.day).days_later(days): label for days, label in zip(DAYS, SHARED, strict=False)}
    named |= {turn: turn.in_words() for turn in case.update_times if turn.time}
    for outcome in case.outcomes:
        if outcome.scored and not foreseen(case, outcome, None):
            named.setdefault(Moment(outcome.date.day).days_later(-1), BEFORE)
    yield from ((label, moment) for moment, label in sorted(named.items(), key=lambda pair: pair[0]))
    yield LATEST, None


def _study(pair: tuple[Case, Model], *, engine: Engine, random_seed: int) -> Study:
    case, model = pair
    settings = Settings(engine=engine, random_seed=random_seed)
    found = [(label, fit_under(case, model, replace(settings, as_of=moment))) for label, moment in moments(case)]
    latest = found[-1][1]
    witnesses = fit_under(*naive_independence(case, model), replace(settings, engine="importance"))
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
        evidence_hash=case.digest,
        assumptions_hash=model.digest,
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
        level=tuple(one.id for one in posterior.level),
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


@dataclass(frozen=True, slots=True)
class Score:
    """A posterior against one outcome: the probability it gave to the settled set, and what that is worth.

    `log_score` is log2 of `probability`, in bits: 0 at best, -1 for an even chance. `gain` is how much better that is
    than the prior's. `brier` is ``(1 - probability)^2``. `rank` is that of the best member of the set among all
    candidates, 1 at best.
    """

    outcome: int
    probability: float
    mcse: float
    prior: float
    log_score: float
    gain: float
    brier: float
    rank: int


def scores(posterior: Posterior) -> tuple[Score, ...]:
    """Scores of a posterior, one for each outcome that is settled and was not yet settled as of the posterior.

    Without a day, a posterior knows all evidence there is: then an outcome counts only if no item is as late as it.
    """
    case = posterior.case
    return tuple(
        _score(posterior, position, outcome)
        for position, outcome in enumerate(case.outcomes)
        if outcome.scored and foreseen(case, outcome, posterior.settings.as_of)
    )


def foreseen(case: Case, outcome: Outcome, as_of: Moment | None) -> bool:
    """Whether what is known as of a moment was all known before the outcome."""
    if as_of is not None and as_of < outcome.date:
        return True
    known = case.as_of(as_of).evidence
    cited = {citation.url for citation in outcome.citations}
    return all(
        item.published < outcome.date and not cited.intersection(citation.url for citation in item.citations)
        for item in known
    )


def _score(posterior: Posterior, position: int, outcome: Outcome) -> Score:
    draws, prior = _states(posterior, outcome.proposition.fact)
    states = posterior.case.states(outcome.proposition.fact)
    settled = np.array([state in posterior.case.meaning(outcome.proposition) for state in states])
    found = estimate(posterior.draws, np.column_stack([draws, draws @ settled.astype(float)]))
    means, probability, before = found.mean[:-1], float(found.mean[-1]), float(prior @ settled)
    log_score = math.log2(max(probability, _LEAST))
    return Score(
        outcome=position,
        probability=probability,
        mcse=float(found.mcse[-1]),
        prior=before,
        log_score=log_score,
        gain=log_score - math.log2(max(before, _LEAST)),
        brier=(1.0 - probability) ** 2,
        rank=1 + int(np.sum(means > means[settled].max())),
    )


def _states(posterior: Posterior, fact: str) -> tuple[Floats, Floats]:
    """Draws of the probabilities of a fact's states (draw, state), and their means before the evidence."""
    if fact == PERPETRATOR:
        return posterior.faction_draws, posterior.prior_faction_draws.mean(axis=0)
    start = 0
    for name, states in zip(posterior.program.facts, posterior.program.states, strict=True):
        if name == fact:
            columns = slice(start, start + len(states))
            return posterior.state_draws[:, columns], posterior.prior_state_draws.mean(axis=0)[columns]
        start += len(states)
    raise KeyError(fact)


def naive_independence(case: Case, model: Model) -> tuple[Case, Model]:
    """Case and model with all declared dependence between items taken out: what multiplying item by item would give.

    Every item gets an origin of its own, with the grade of the one it came from; copies become statements of their own;
    and where several items speak about one fact, each later one speaks about a copy of it with the same table, as if it
    were another trace of the same kind. An act that follows another act whoever did it, such as a voice that repeats
    the first, is taken to know for itself: it gets the first one's table.
    """
    case, model = _knowing_for_themselves(case, model)
    facts: dict[str, list[str]] = {}
    items = tuple(_alone(case, item, facts) for item in case.evidence)
    copies = {fact: names for fact, names in facts.items() if len(names) > 1}
    split = replace(
        case,
        evidence=Catalog(items, kind="item"),
        declarations=Catalog(),
        facts=Catalog(_facts(case, copies)),
        outcomes=(),
    )
    tables = Catalog(_tables(model, copies))
    assumed = replace(model, tables=tables, deception=_deception(case, model, split), clusters=Catalog(), summary="")
    return split, assumed


def _knowing_for_themselves(case: Case, model: Model) -> tuple[Case, Model]:
    """Facts that only echo a parent, with the parent's own table and parents instead."""
    facts, tables = {fact.id: fact for fact in case.facts}, {table.fact: table for table in model.tables}
    done = dict(_done(case))
    for fact in in_causal_order(case.facts):
        first = facts[fact.given[0]] if len(fact.given) == 1 else None
        if first is None or not {fact.id, first.id} <= set(done) or not _echoes(tables[fact.id]):
            continue
        if len(fact.states) == len(first.states) == 2 and not tables[first.id].same:
            names = dict(zip(_done_first(first, done), _done_first(fact, done), strict=True))
            rows = tuple(replace(given, state=names[given.state]) for given in tables[first.id].states)
            tables[fact.id] = replace(tables[first.id], fact=fact.id, states=rows)
            facts[fact.id] = replace(fact, given=first.given)
    return replace(case, facts=Catalog(facts.values())), replace(model, tables=Catalog(tables.values()))


def _done(case: Case) -> Iterator[tuple[str, str]]:
    """Facts that are acts somebody did, and the state that was done."""
    for item in case.evidence:
        if isinstance(item, Act):
            for said in item.says:
                if len(meant := case.meaning(said)) == 1:
                    yield said.fact, next(iter(meant))


def _echoes(table: Table) -> bool:
    """Whether a table depends on nothing but the parent: the same whoever did it."""
    rows = [row for given in table.states for row in given.rows]
    return all(not row.trait and all(entry.node == ELSE for entry in row.entries) for row in rows)


def _done_first(fact: Fact, done: dict[str, str]) -> tuple[str, ...]:
    """The states of a fact, the one that was done first."""
    return tuple(sorted(fact.states, key=lambda state: state != done[fact.id]))


def _alone(case: Case, item: Item, facts: dict[str, list[str]]) -> Item:
    """The item with its own origin, speaking about facts that nobody before it spoke about."""
    if not isinstance(item, Statement):
        return replace(item, origin="")
    origin = case.origins[item.origin_id]
    return replace(
        item,
        origin="",
        copies=None,
        grade=item.grade or origin.grade,
        forgeable=origin.forgeable,
        says=tuple(_about_its_own(said, facts) for said in item.says),
    )


def _about_its_own(said: Proposition, facts: dict[str, list[str]]) -> Proposition:
    if said.fact == PERPETRATOR:
        return said
    names = facts.setdefault(said.fact, [])
    names.append(said.fact if not names else f"{said.fact[:52]}-again-{len(names)}")
    return replace(said, fact=names[-1])


def _facts(case: Case, copies: dict[str, list[str]]) -> Iterator[Fact]:
    for fact in case.facts:
        yield fact
        yield from (replace(fact, id=name) for name in copies.get(fact.id, [])[1:])


def _tables(model: Model, copies: dict[str, list[str]]) -> Iterator[Table]:
    for table in model.tables:
        yield table
        yield from (replace(table, fact=name) for name in copies.get(table.fact, [])[1:])


def _deception(case: Case, model: Model, split: Case) -> Deception:
    """What was forged as one origin may be forged item by item."""
    forged: list[Forged] = []
    for one in model.deception.forged:
        targets = [item.id for item in case.origins[one.target].items] if one.target in case.origins else [one.target]
        forged += [
            replace(one, target=target) for target in targets if target in (*split.origins.ids, *split.sources.ids)
        ]
    return replace(model.deception, forged=tuple(forged))
