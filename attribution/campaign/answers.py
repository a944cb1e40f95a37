"""The answers of a tempo posterior in sentences that an analyst could sign, each with its interval and its doubt."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from attribution.campaign.breaks import BreakDate
from attribution.campaign.findings import LEVELS, SETTLED, Inseparable
from attribution.campaign.simulate import felt
from attribution.campaign.telling import effect_words
from attribution.errors import TempoError

if TYPE_CHECKING:
    from attribution.campaign.posterior import TempoPosterior


@dataclass(frozen=True, slots=True)
class Answer:
    """A question that is put to every series, and what this one says."""

    question: str
    answer: str


def answers(posterior: TempoPosterior, broke: BreakDate | None) -> tuple[Answer, ...]:
    """Strikes, halts and truces, what is known only together, when it broke, what was averted, other observers.

    Examples
    --------
    >>> for each in answers(posterior, None):  # doctest: +SKIP
    ...     print(each.question, each.answer)
    """
    found = [*_strikes(posterior), *_lasting(posterior), *_together(posterior)]
    if broke:
        found.append(Answer("When did it break?", _broke(posterior, broke)))
    if posterior.interventions:
        found.append(Answer("How many attacks were averted?", str(posterior.averted())))
    return (*found, *_observers(posterior, broke))


def _strikes(posterior: TempoPosterior) -> Iterator[Answer]:
    for kind in posterior.kind_effects:
        if not kind.kind.startswith("strike"):
            continue
        ids = [one.id for one in posterior.interventions if one.kind == "strike"]
        near = sum(one.kind == "strike" and bool(one.with_others) for one in posterior.told)
        verdict = (
            "They lowered the rate."
            if kind.high < 1
            else "They raised it."
            if kind.low > 1
            else "Neither deterrence nor provocation can be shown."
        )
        apart = f" ({near} of them too near to something else to be judged alone)" if near else ""
        yield Answer(
            "Did strikes deter?",
            f"{kind.interventions} strikes{apart}: on the first day after a typical one attacks came {kind.ratio:.2f} "
            f"times as often as they would have [{kind.low:.2f}, {kind.high:.2f}]; a fall has a probability of "
            f"{kind.below:.0%}. {verdict} {posterior.averted(interventions=ids)}",
        )


def _lasting(posterior: TempoPosterior) -> Iterator[Answer]:
    for one in posterior.told:
        if one.kind != "strike" and not one.with_others:
            yield Answer(f"{one.label}: was it kept?", effect_words(one))


def _together(posterior: TempoPosterior) -> Iterator[Answer]:
    labels = {one.id: one.label for one in posterior.interventions}
    for one in posterior.inseparable:
        joint = f"at most {one.high:.2g}" if one.ratio is None else f"{one.ratio:.2g} [{one.low:.2g}, {one.high:.2g}]"
        yield Answer(
            f"{', '.join(labels[id] for id in one.interventions)}: which of them was it?",
            f"Together they left {joint} times the rate that would have been. Which of them did it, dates alone do not "
            f"say: what is taken from one goes to its neighbour (correlation {one.correlation:.2f}). "
            f"{_lean(posterior, one)}",
        )


def _lean(posterior: TempoPosterior, one: Inseparable) -> str:
    """How far the forms of the effects tell the first from the last, and that this is an assumption."""
    first, last = (next(each for each in posterior.interventions if each.id == one.interventions[at]) for at in (0, -1))
    share = f"{first.label} was a larger fall than {last.label} with a probability of {one.first_larger:.0%}"
    if first.may_last == last.may_last:
        return f"{share}, where 50 % is no knowledge."
    return f"{share}, and that rests on the assumption that a strike fades within weeks and a halt or truce does not."


def _broke(posterior: TempoPosterior, broke: BreakDate) -> str:
    """The interval, and how likely it fell between the announcements and strikes of those days."""
    first, last = broke.days[0], broke.days[-1]
    marks = sorted({one.date for one in posterior.interventions if first < one.date <= last})
    edges = [first, *marks, last + dt.timedelta(days=1)]
    spans = []
    for start, end in pairwise(edges):
        stop = end - dt.timedelta(days=1)
        days = f"{start}" if start == stop else f"{start} to {stop}"
        spans.append(f"{days}: {broke.between(start, stop):.0%}")
    return f"{broke} By the days between what was announced or struck: {'; '.join(spans)}."


def _observers(posterior: TempoPosterior, broke: BreakDate | None) -> Iterator[Answer]:
    for name, other in posterior.others.items():
        title = other.observer.title or name
        parts = [f"{title} counts {other.observer.scope or 'something else'}."]
        parts += [_joint_by(posterior, other, one) for one in posterior.inseparable]
        if broke:
            try:
                theirs = other.break_date((broke.days[0], broke.days[-1]))
            except TempoError:
                continue
            start, end = theirs.interval
            ours = broke.interval
            parts.append(
                f"If it broke once in those days, then by its count from {start} to {end}, where "
                f"{posterior.observer.title or posterior.observer.id} says {ours[0]} to {ours[1]}."
            )
        yield Answer(f"What does {title} say?", " ".join(parts))


def _joint_by(posterior: TempoPosterior, other: TempoPosterior, one: Inseparable) -> str:
    ids = [each.id for each in other.interventions]
    members = tuple(ids.index(id) for id in one.interventions if id in ids)
    settled = other.design.index(other.interventions[members[-1]].date) + SETTLED
    total = felt(other.design, other.draws.flat, members)[:, min(settled, other.tempo.days - 1)]
    low, ratio, high = (float(x) for x in np.exp(np.quantile(total, LEVELS)))
    apart = "no overlap with" if low > one.high or high < one.low else "beside"
    return (
        f"By it, {', '.join(other.interventions[k].label for k in members)} together left {ratio:.2g} [{low:.2g}, "
        f"{high:.2g}] times the rate, {apart} {one.low:.2g} to {one.high:.2g} by "
        f"{posterior.observer.title or posterior.observer.id}."
    )
