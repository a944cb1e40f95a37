"""The answer in words: who, and how sure; on what it rests; the case for the runner-up; how far the checks went."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from attribution.analysis.comparison.timeline import Timeline
from attribution.analysis.shapley import Decomposition, shapley
from attribution.domain.verbal import (
    DECIBANS,
    NAMING_LIMIT,
    conjoined,
    decibans,
    odds,
    percent,
    percents,
    probability_words,
    support_words,
)
from attribution.errors import UsageError
from attribution.inference.posterior import Posterior
from attribution.inference.posterior_draws import Standing
from attribution.reporting.layout import Grid
from attribution.reporting.naming import Names

if TYPE_CHECKING:
    from attribution.analysis.confidence import Confidence

NOT_ASSESSED = (
    "Analytic confidence: not assessed, since the full sensitivity analysis it is derived from is not part of this "
    "report."
)
STAMP_MEANING = (
    "The checks are of form and computation: that each item has a source, a grade and a page to read and each number a "
    "reason, that nothing of the template is left, and that the numbers follow from the files, by two engines. "
    "Nobody's judgement was checked: not whether the sources are right, the reasons good, or the answer true."
)
MOST_RIVALS, MOST_GROUPS = 8, 3
_LEAST_BAR = 0.05


@dataclass(frozen=True, slots=True)
class BottomLine:
    """`headline` answers the question, `sentences` say what it rests on; `confidence` stands apart from probability."""

    headline: str
    sentences: tuple[str, ...]
    confidence: str
    named: bool

    @property
    def text(self) -> str:
        return " ".join((self.headline, *self.sentences))


def bottom_line(
    posterior: Posterior,
    rivals: tuple[Posterior, ...] = (),
    confidence: Confidence | None = None,
    ranked: tuple[Standing, ...] = (),
) -> BottomLine:
    """The bottom line of a posterior, beside those of rival models on the same case, with its analytic confidence.

    `ranked` are the scenarios, the likeliest first; none where the case has no roles.
    """
    first, second = posterior.ranking[:2]
    level = tuple(one.label for one in posterior.level)
    disagree = len({tuple(one.id for one in model.level) for model in (posterior, *rivals)}) > 1
    low_lead = first.probability < NAMING_LIMIT
    return BottomLine(
        headline=_headline(first, level, disagree, low_lead),
        sentences=(
            *((_leaders_by_model(posterior, rivals, disagree),) if rivals else ()),
            _first(posterior, first),
            _second(second, level),
            *_scenario(posterior, ranked),
            prior_sentence(posterior, first, second),
        ),
        confidence=confidence.statement if confidence else NOT_ASSESSED,
        named=not (disagree or low_lead or len(level) > 1),
    )


def scenarios(posterior: Posterior) -> tuple[Standing, ...]:
    """The likeliest scenarios and the rest; none where the case has no roles, since they would be the factions."""
    if not posterior.case.roles:
        return ()
    return tuple(replace(one, label=_told(posterior, one)) for one in posterior.scenario_ranking())


def _told(posterior: Posterior, scenario: Standing) -> str:
    """A scenario as a reader would tell it: who led, and the answer to the question of each role."""
    leaf, *played = scenario.id.split(", ")
    case = posterior.case
    if not played or leaf not in case.factions:
        return scenario.label
    told = [f"{case.factions.label(leaf)} led it."]
    for role in played:
        name, _, state = role.partition("=")
        fact = case.facts[name]
        answer = case.factions.label(state) if fact.over_factions else state.replace("-", " ").capitalize()
        told.append(f"{fact.label.rstrip('?')}? {answer}.")
    return " ".join(told)


def band_words(standing: Standing) -> str:
    """The word for a probability; both words where its range over inputs spans more than one band."""
    low, middle, high = (probability_words(p) for p in (standing.low, standing.probability, standing.high))
    if low == high:
        return middle
    return f"{low} to {high}" if middle in (low, high) else f"{middle} ({low} to {high})"


@dataclass(frozen=True, slots=True)
class Parts:
    """Log-odds of leader against runner-up in decibans: before the evidence, added by it, and in all."""

    prior: float
    evidence: float
    total: float


def log_odds_parts(posterior: Posterior, first: Standing, second: Standing) -> Parts:
    """What the prior says and what the evidence adds, from mean probabilities before and after."""
    prior = float(DECIBANS * np.log(first.prior / second.prior))
    total = float(DECIBANS * np.log(first.probability / second.probability))
    return Parts(prior, total - prior, total)


def prior_sentence(posterior: Posterior, first: Standing, second: Standing) -> str:
    """What part of the log-odds of leader against runner-up comes from the prior."""
    parts = log_odds_parts(posterior, first, second)
    side = first.label if parts.prior >= 0 else second.label
    if len(posterior.level) > 1:
        return (
            f"Between {first.label} and {second.label} the prior says {decibans(parts.prior)} dB "
            f"(odds {odds(abs(parts.prior))} for {side}), and the evidence adds {decibans(parts.evidence)} dB."
        )
    return (
        f"Of the {decibans(parts.total)} dB by which {first.label} leads {second.label} (odds {odds(parts.total)}), "
        f"{decibans(parts.prior)} dB come from the prior (odds {odds(abs(parts.prior))} for {side}) and "
        f"{decibans(parts.evidence)} dB from the evidence."
    )


@dataclass(frozen=True, slots=True)
class Gate:
    """Checks passed, or not with the reasons; and what neither says. A report is written and stamped either way.

    Attributes
    ----------
    reasons : tuple of str
        Why they did not pass; empty where they did.
    meaning : str
        What was checked, and that nobody's judgement was.
    passed : bool
        Whether there is no reason.
    stamp : str
        "checks passed" or "checks not passed".
    """

    reasons: tuple[str, ...]
    meaning: str = STAMP_MEANING

    @property
    def passed(self) -> bool:
        return not self.reasons

    @property
    def stamp(self) -> str:
        return "checks passed" if self.passed else "checks not passed"


def gate(posterior: Posterior, rivals: tuple[Posterior, ...] = (), *, sensitivity: bool) -> Gate:
    """Passed only if all that a form can show is there, the fits are sound, and both engines agree."""
    names = Names.of(posterior)
    reasons = [names.concern(one).what for one in posterior.concerns() if one.severity == "blocking"]
    reasons += _unsaved(posterior)
    own = posterior.model.digest
    others = [one for one in rivals if one.model.digest != own]
    if not others:
        reasons.append("no rival model of the same evidence stands beside it")
    reasons += [f"the fit of the rival model {one.model.title} is in doubt" for one in others if not one.trustworthy]
    if posterior.diagnostics.cross_check_impossible:
        reasons.append("the two engines could not be compared: the instant one does not reach this posterior")
    if posterior.settings.engine != "nuts":
        reasons.append("the posterior is from the instant engine alone: there is no second engine to agree with")
    if not sensitivity:
        reasons.append("the report has no full sensitivity section")
    return Gate(tuple(reasons))


def _unsaved(posterior: Posterior) -> list[str]:
    """Files that are not, or no longer, what was used: a reader could not make this report again."""
    parts = (("case", posterior.case), ("model", posterior.model), ("grading", posterior.model.grading))
    reasons = [
        f"the {name} was made or changed in Python and is in no file: write it, and read it back"
        for name, value in parts
        if not value.unchanged
    ]
    return reasons or _shipped_otherwise(posterior)


def _shipped_otherwise(posterior: Posterior) -> list[str]:
    """Names of shipped files that now hold something else than what was used, as a saved run may remember it."""
    from attribution.reading.shipped import case_ships, model_ships, shipped_cases, shipped_models

    case, model = posterior.case, posterior.model
    if case.id not in shipped_cases():
        return []
    reasons = []
    if not case_ships(case):
        reasons.append(f'the case is not the one that ships as "{case.id}": its hash is another')
    if model.id in shipped_models(case.id) and not model_ships(model):
        reasons.append(f'the model is not the one that ships as "{case.id}/{model.id}": its hash is another')
    return reasons


def waterfalls(posterior: Posterior) -> tuple[tuple[Decomposition, ...], tuple[str, ...]]:
    """The leader against its nearest rivals, the runner-up first, then its widest group against all that are outside.

    With them, in words, what is not there and why.
    """
    leader, *others = posterior.ranking
    pairs = [(leader.id, rival.id) for rival in others[:MOST_RIVALS]]
    pairs += _against_groups(posterior, leader.id)
    notes = []
    if len(others) > MOST_RIVALS:
        notes.append(f"The {len(others) - MOST_RIVALS} least probable factions are left out here.")
    found = []
    for first, second in pairs:
        try:
            found.append(shapley(posterior, first, second))
        except UsageError as error:
            notes.append(f"{_node_label(posterior, first)} against {_node_label(posterior, second)}: {error.what}")
    return tuple(found), tuple(notes)


@dataclass(frozen=True, slots=True)
class RunnerUp:
    """What speaks for the runner-up, in sentences, and the origins that do, in decibans."""

    label: str
    sentences: tuple[str, ...]
    origins: Grid | None


def runner_up(
    posterior: Posterior, rivals: tuple[Posterior, ...], fall: Decomposition | None, moved: Timeline
) -> RunnerUp:
    """The best that can be said for the second in the ranking."""
    first, second = posterior.ranking[:2]
    return RunnerUp(
        label=second.label,
        sentences=(
            _before(first, second),
            _at_best(first, second),
            *_under_models(second, rivals),
            *_in_time(posterior, second, moved),
        ),
        origins=_speaking_origins(fall),
    )


@dataclass(frozen=True, slots=True)
class BesideRow:
    """A faction before and after the evidence, by judgement and by history."""

    label: str
    judged_before: float
    history_before: float
    judged_after: float
    history_after: float


@dataclass(frozen=True, slots=True)
class JudgementAndHistory:
    """The two priors side by side; `told` says what the history is, and what it cannot say."""

    judged: str  # titles of the models
    history: str
    rows: tuple[BesideRow, ...]
    told: tuple[str, ...]


def judgement_and_history(posterior: Posterior, rivals: tuple[Posterior, ...]) -> JudgementAndHistory | None:
    """The report's own model beside the first rival whose prior is of the other kind; None where there is none."""
    own = posterior.model.perpetrator.archive is not None
    other = next((one for one in rivals if (one.model.perpetrator.archive is not None) != own), None)
    if other is None:
        return None
    judged, learned = (other, posterior) if own else (posterior, other)
    history = learned.model.perpetrator.archive
    assert history is not None
    by_history = {standing.id: standing for standing in learned.standings}
    rows = tuple(
        BesideRow(one.label, one.prior, by_history[one.id].prior, one.probability, by_history[one.id].probability)
        for one in sorted(judged.standings, key=lambda standing: -standing.prior)
    )
    used = (
        f"History is {history.table}: {history.events} events that were over before {history.before}, of which "
        f"{history.labelled} have one known perpetrator."
    )
    return JudgementAndHistory(judged.model.title, learned.model.title, rows, (used, *history.limits))


def _headline(first: Standing, level: tuple[str, ...], disagree: bool, low_lead: bool) -> str:
    if disagree:
        return "No faction can be named: the models disagree on who leads."
    if len(level) > 1:
        return f"No faction can be named: {conjoined(level)} are level."
    if low_lead:
        return f"No faction can be named: the most probable, {first.label}, has {percent(first.probability)}."
    return f"On these assumptions it was {band_words(first)} {first.label}: {percent(first.probability)}."


def _leaders_by_model(posterior: Posterior, rivals: tuple[Posterior, ...], disagree: bool) -> str:
    """Who leads under each model."""
    told = "; ".join(f"{one.model.title}: {_leaders(one)}" for one in (posterior, *rivals))
    return f"{'Leaders by model' if disagree else 'The models agree on the leader'} ({told})."


def _leaders(posterior: Posterior) -> str:
    """Who leads with its probability, or who are level."""
    phrase = " and ".join(f"{one.label}, {percent(one.probability)}" for one in posterior.level)
    return phrase if len(posterior.level) == 1 else f"{phrase}, level"


def _first(posterior: Posterior, first: Standing) -> str:
    return (
        f"Under {posterior.model.title} the probability of {first.label} is {percent(first.probability)}, in words "
        f"{band_words(first)}; over numbers nobody knows exactly it ranges from {percents(first.low, first.high)}."
    )


def _second(second: Standing, level: tuple[str, ...]) -> str:
    if len(level) > 1:
        return (
            f"{second.label} has {percent(second.probability)} ({percents(second.low, second.high)}). "
            f"{conjoined(level)} are level: they differ by less than four Monte Carlo errors, and another seed "
            "could put another of them first."
        )
    return (
        f"The next candidate is {second.label} with {percent(second.probability)} "
        f"({percents(second.low, second.high)})."
    )


def _scenario(posterior: Posterior, ranked: tuple[Standing, ...]) -> list[str]:
    if not ranked:
        return []
    first = ranked[0]
    return [
        f"The most probable scenario under {posterior.model.title}, with {percent(first.probability)} "
        f"({percents(first.low, first.high)}), is: {first.label.rstrip('.')}."
    ]


def _against_groups(posterior: Posterior, leader: str) -> list[tuple[str, str]]:
    """The widest group of the leader against each other root: the most famous items may speak only there."""
    roots = [node.id for node in posterior.case.factions.roots]
    home = next(root for root in roots if leader in posterior.case.factions.under(root))
    if home == leader:
        return []
    return [(home, root) for root in roots if root != home][:MOST_GROUPS]


def _node_label(posterior: Posterior, node: str) -> str:
    return posterior.case.factions.label(node)


def _before(first: Standing, second: Standing) -> str:
    if second.prior > first.prior:
        return (
            f"Before the evidence {second.label} was the more probable of the two: {percent(second.prior)} against "
            f"{percent(first.prior)}."
        )
    return (
        f"Before the evidence it had {percent(second.prior)} against {percent(first.prior)} for {first.label}; the "
        f"evidence {'raised' if second.probability > second.prior else 'lowered'} it to {percent(second.probability)}."
    )


def _at_best(first: Standing, second: Standing) -> str:
    overlap = second.high > first.low
    told = "so that the ranges of the two overlap" if overlap else f"which stays below the low end for {first.label}"
    return (
        f"Over numbers nobody knows exactly its probability ranges from {percents(second.low, second.high)}, {told} "
        f"({percents(first.low, first.high)})."
    )


def _under_models(second: Standing, rivals: tuple[Posterior, ...]) -> list[str]:
    if not rivals:
        return []
    standing = {one.model.title: next(s for s in one.standings if s.id == second.id) for one in rivals}
    leads = [one.model.title for one in rivals if [first.id for first in one.level] == [second.id]]
    levels = [one.model.title for one in rivals if len(one.level) > 1 and second.id in {each.id for each in one.level}]
    best, found = max(standing.items(), key=lambda pair: pair[1].probability)
    if leads or levels:
        most = f"{best} gives it most, {percent(found.probability)}"
        phrases = [(leads, "it leads"), (levels, "it is level with others at the top")]
        return [f"{'; '.join(f'Under {" and ".join(those)} {does}' for those, does in phrases if those)}; {most}."]
    return [f"No rival model has it ahead; {best} gives it most, {percent(found.probability)}."]


def _in_time(posterior: Posterior, second: Standing, moved: Timeline) -> list[str]:
    position = moved.factions.index(second.id)
    if not moved.turns:
        return []
    best = max(moved.turns, key=lambda turn: turn.probabilities[position])
    if best.probabilities[position] <= second.probability * 1.2:
        return []
    return [f"It stood highest on what was known by {best.moment}: {percent(best.probabilities[position])}."]


def _speaking_origins(fall: Decomposition | None) -> Grid | None:
    """The origins that speak for it against the leader, the strongest first."""
    if fall is None:
        return None
    bars = [bar for bar in fall.origins if bar.decibans <= -_LEAST_BAR]
    rows = tuple(
        (
            bar.label,
            f"{decibans(-bar.decibans)} dB",
            f"{decibans(-bar.high)} to {decibans(-bar.low)}",
            f"likelihood ratio {odds(-bar.decibans)}, {support_words(10 ** (-bar.decibans / 10))} support",
        )
        for bar in bars
    )
    return (
        Grid(("origin", "for the runner-up", "range over inputs", "in words (ENFSI)"), rows, len(rows))
        if rows
        else None
    )
