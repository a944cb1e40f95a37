"""The first screen: who, how sure, resting on what, what would change it, how far the checks went; in plain words.

No reader of it needs to know a deciban, an id or an abbreviation. What was not worked out is said to be missing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from attribution.analysis.leave_out import LeaveOut, Removal
from attribution.domain.verbal import conjoined, percent, percents
from attribution.errors import listed
from attribution.inference.posterior import Posterior
from attribution.inference.posterior_draws import Standing
from attribution.reporting.answer import BottomLine, Gate

if TYPE_CHECKING:
    from attribution.analysis.confidence import Confidence
    from attribution.analysis.dependence import Merged
    from attribution.analysis.sensitivity import Sensitivity

_LEAST_DROP = 0.005  # of the leader's probability: less is not what an answer rests on
_SHOWN, _MOST_SCENARIOS = 3, 5
_ONE_IN_TEN = 0.1
_HARDLY = 0.01  # a chance that the lead changes which is none to a reader
_WITHOUT_SENSITIVITY = "This was not worked out: the report has no sensitivity analysis."


@dataclass(frozen=True, slots=True)
class RangeBar:
    """A faction's probability with two ranges: over the inputs, and the wider one if the analyst leans.

    All are fractions; ranges run from the 5 to the 95 % quantile. None where a lean was not looked at.
    """

    id: str
    label: str
    prior: float
    probability: float
    low: float
    high: float
    lean_low: float | None
    lean_high: float | None

    @property
    def ranges(self) -> str:
        """Both ranges in words."""
        told = f"{percents(self.low, self.high)} over numbers nobody knows exactly"
        if self.lean_low is None or self.lean_high is None:
            return told
        return f"{told}; {percents(self.lean_low, self.lean_high)} if the analyst leans"


@dataclass(frozen=True, slots=True)
class Doubt:
    """One way in which the answer could be wrong: in two or three words, and what would then follow."""

    title: str
    sentence: str


@dataclass(frozen=True, slots=True)
class FirstScreen:
    """What somebody reads who reads nothing else.

    Attributes
    ----------
    answer : str
        The answer in one sentence.
    how_sure : str
        The leader's probability with its ranges, and who comes next.
    bars : tuple of RangeBar
        The most probable factions, drawn.
    rests_on : tuple of str
        What carries the answer, and what it would be without it.
    doubts : tuple of Doubt
        Three ways in which it could be wrong: forged evidence, a wrong model, evidence that is not independent.
    confidence, because : str
        The level of analytic confidence, and the one reason that decides it.
    would_change : tuple of str
        What would change the answer.
    checks, checks_mean : str
        How far the checks went, and what they do not say.
    scenarios : tuple of Standing
        The most probable stories of who did it and who played which role; none where the case has no roles.
    """

    answer: str
    how_sure: str
    bars: tuple[RangeBar, ...]
    rests_on: tuple[str, ...]
    doubts: tuple[Doubt, ...]
    confidence: str
    because: str
    would_change: tuple[str, ...]
    checks: str
    checks_mean: str
    scenarios: tuple[Standing, ...]


def first_screen(
    posterior: Posterior,
    rivals: tuple[Posterior, ...],
    sensitivity: Sensitivity | None,
    removed: LeaveOut,
    line: BottomLine,
    stamped: Gate,
    scenarios: tuple[Standing, ...],
) -> FirstScreen:
    """The first screen of a report, from what was worked out for the rest of it."""
    bars = tuple(_bar(standing, sensitivity) for standing in posterior.ranking[:_SHOWN])
    level, because = _confidence(sensitivity.confidence if sensitivity else None)
    return FirstScreen(
        answer=line.headline,
        how_sure=_how_sure(posterior, bars),
        bars=bars,
        rests_on=_rests_on(posterior, removed),
        doubts=(
            _forged(sensitivity),
            _wrong_model(posterior, rivals, sensitivity),
            _not_independent(posterior, sensitivity),
        ),
        confidence=level,
        because=because,
        would_change=_would_change(removed, sensitivity),
        checks=_checks(stamped),
        checks_mean=stamped.meaning,
        scenarios=scenarios[:_MOST_SCENARIOS],
    )


def _bar(standing: Standing, sensitivity: Sensitivity | None) -> RangeBar:
    low, high = sensitivity.lean.range_of(standing.id) if sensitivity else (None, None)
    return RangeBar(
        standing.id, standing.label, standing.prior, standing.probability, standing.low, standing.high, low, high
    )


def _how_sure(posterior: Posterior, bars: tuple[RangeBar, ...]) -> str:
    first, second = bars[:2]
    level = [one.label for one in posterior.level]
    after = (
        f"{conjoined(level)} are level: another seed could put another of them first."
        if len(level) > 1
        else f"Next comes {second.label} with {percent(second.probability)}."
    )
    return (
        f"Under {posterior.model.title}, {first.label} has {percent(first.probability)}: {first.ranges}. Before the "
        f"evidence it had {percent(first.prior)}. {after}"
    )


def _rests_on(posterior: Posterior, removed: LeaveOut) -> tuple[str, ...]:
    """The two removals that take most from the leader, and the one that keeps a third party down, if it moves more."""
    leader = posterior.ranking[0]
    place = removed.factions.index(leader.id)
    carrying = sorted(removed.removals, key=lambda one: one.probabilities[place])
    carrying = [one for one in carrying if leader.probability - one.probabilities[place] >= _LEAST_DROP][:2]
    sentences = [
        f"“{one.label}”: without it {leader.label} would have {percent(one.probabilities[place])}"
        f"{_passes(posterior, one)}."
        for one in carrying
    ]
    biggest = max(removed.removals, key=lambda one: abs(one.move), default=None)
    if biggest and biggest not in carrying and abs(biggest.move) >= _LEAST_DROP and biggest.moved != leader.id:
        moved = "rise" if biggest.move > 0 else "fall"
        sentences.append(
            f"“{biggest.label}”: without it {biggest.moved_label} would {moved} by "
            f"{100 * abs(biggest.move):.0f} points{_passes(posterior, biggest)}."
        )
    if not sentences:
        return (f"No single piece of evidence: without any one of them {leader.label} has about what it has.",)
    return tuple(sentences)


def _passes(posterior: Posterior, removal: Removal) -> str:
    """Who would then lead, where that is somebody else, or open."""
    if removal.lead_open:
        return ", and the lead would be open"
    if removal.changes_lead:
        return f", and {posterior.case.factions.label(removal.new_leader)} would lead"
    return ""


def _forged(sensitivity: Sensitivity | None) -> Doubt:
    title = "The evidence was forged"
    if sensitivity is None:
        return Doubt(title, _WITHOUT_SENSITIVITY)
    if sensitivity.deception is None:
        return Doubt(title, "No piece of this evidence could be forged.")
    found = sensitivity.deception
    if found.weakest is not None or found.tied:
        return Doubt(title, found.supposed)
    place = found.factions.index(found.leader)
    least = min(row[place] for one in found.directions for row in one.curve)
    return Doubt(title, f"{found.supposed} At worst {found.labels[place]} has {percent(least)}.")


def _wrong_model(posterior: Posterior, rivals: tuple[Posterior, ...], sensitivity: Sensitivity | None) -> Doubt:
    """A rival model with another leader; else whatever takes most: a rival, a model that errs, numbers not learned."""
    leader = posterior.ranking[0]
    candidates = list(_by_rival(leader, rivals))
    if sensitivity:
        candidates += _by_error(leader, sensitivity)
    title = "The model is wrong"
    if not candidates:
        return Doubt(title, "No other model of the same evidence was compared.")
    return Doubt(title, min(candidates, key=lambda one: (not one[0], one[1]))[2])


type _Candidate = tuple[bool, float, str]  # whether another leads, the leader's probability then, and the sentence


def _by_rival(leader: Standing, rivals: tuple[Posterior, ...]) -> Iterator[_Candidate]:
    for one in rivals:
        chance = next(standing.probability for standing in one.standings if standing.id == leader.id)
        ahead, names = one.ranking[0], [standing.label for standing in one.level]
        told = f"Under the model “{one.model.title}” {leader.label} has {percent(chance)}"
        if len(names) > 1:
            yield True, chance, f"{told}, and {conjoined(names)} are level."
        elif ahead.id != leader.id:
            yield True, chance, f"{told}, and {ahead.label} leads with {percent(ahead.probability)}."
        else:
            yield False, chance, f"{told}; it still leads."


def _by_error(leader: Standing, sensitivity: Sensitivity) -> Iterator[_Candidate]:
    error, learning = sensitivity.model_error, sensitivity.learning
    then = error.of(leader.id, _ONE_IN_TEN)
    told = f"With one chance in ten that its numbers say nothing here, {leader.label} has {percent(then)}"
    passes = error.tipping is not None and error.tipping <= _ONE_IN_TEN
    yield passes, then, f"{told}{', and no longer leads' if passes else ''}."
    cut = next(one for one in learning.cut if one.id == leader.id)
    told = f"With the numbers as they were stated, not as this one case taught them, {leader.label} has"
    yield (
        learning.changes_lead,
        cut.probability,
        f"{told} {percent(cut.probability)}{', and no longer leads' if learning.changes_lead else ''}.",
    )


def _not_independent(posterior: Posterior, sensitivity: Sensitivity | None) -> Doubt:
    """The merger of origins, or the lean of the analyst, that takes most from the leader."""
    title, leader = "The judgements hang together", posterior.ranking[0]
    if sensitivity is None:
        return Doubt(title, _WITHOUT_SENSITIVITY)
    place = sensitivity.lean.factions.index(leader.id)
    found: list[_Candidate] = [
        (one.changes_lead, one.probabilities[place], _merged(one, leader, one.probabilities[place]))
        for one in (*sensitivity.dependence.pairs, *sensitivity.dependence.institutions)
    ]
    for one in sensitivity.lean.leanings:
        chance = one.probabilities[place]
        whose = posterior.case.factions.label(one.label) if one.label in posterior.case.factions else "everyone else"
        told = f"One person judged these numbers. If those about {whose} all err the same way, {leader.label} has"
        ends = ", and the lead changes" if one.changes_lead and not one.lead_open else ""
        found.append((one.changes_lead, chance, f"{told} {percent(chance)}{ends}."))
    if not found:
        return Doubt(title, "No two pieces of evidence share a source, a wording or a relay.")
    return Doubt(title, min(found, key=lambda one: (not one[0], one[1]))[2])


def _merged(one: Merged, leader: Standing, chance: float) -> str:
    ends = ", and the lead changes" if one.changes_lead else ""
    quoted = conjoined(f"“{label}”" for label in one.labels)
    return f"If {quoted} go back to one origin, {leader.label} has {percent(chance)}{ends}."


def _confidence(found: Confidence | None) -> tuple[str, str]:
    if found is None:
        return "not assessed", _WITHOUT_SENSITIVITY
    return found.level, found.reasons[0] if found.reasons else ""


def _would_change(removed: LeaveOut, sensitivity: Sensitivity | None) -> tuple[str, ...]:
    """The smallest change of a grade or a number that ends the lead, and what is most worth learning."""
    if sensitivity is None:
        lost = [f"“{one.label}”" for one in removed.removals if one.changes_lead]
        return (f"The lead passes without {listed(lost)}.",) if lost else ("No single piece of evidence, left out.",)
    tipping, sentences = sensitivity.tipping, []
    if tipping.tied:
        sentences.append("Nothing needs to change: who leads is open as it is.")
    elif tipping.grades:
        tip = tipping.grades[0]
        names = dict(zip(tipping.factions, tipping.labels, strict=True))
        steps = f"{tip.size:g} step{'s' if tip.size != 1 else ''}"
        sentences.append(f"If “{tip.label}” were believed {steps} otherwise, {names[tip.to]} would lead.")
    else:
        sentences.append("No one piece of evidence, believed more or less, changes who leads.")
    prospects = sensitivity.next_evidence.prospects
    if prospects:
        best = prospects[0]
        asked = best.label if best.kind == "fact" else f"whether to believe “{best.label}”"
        chance = best.certain.changes_lead
        could = "could hardly" if chance < _HARDLY else f"has a chance of {percent(chance)} to"
        ends = "" if asked.endswith("?") else "."
        sentences.append(f"Most would be learnt from: {asked}{ends} The answer {could} change who leads.")
    return tuple(sentences)


def _checks(stamped: Gate) -> str:
    if stamped.passed:
        return "All checks of form and computation passed."
    first, *more = stamped.reasons
    rest = f" (and {len(more)} more)" if more else ""
    return f"Not passed: {first}{rest}."
