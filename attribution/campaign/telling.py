"""What is doubtful about a series and its posterior, and the answer in words an analyst would sign."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from attribution.campaign.document import Intervention, Observer, Tempo
from attribution.campaign.findings import Averted, Effect
from attribution.domain.concern import Concern
from attribution.errors import listed
from attribution.inference.tempo import ESS, RHAT

if TYPE_CHECKING:
    from attribution.campaign.posterior import TempoPosterior

_WEEK = 7
_DISAGREE = 0.95
_DROPPED = 0.1


def concerns_of(posterior: TempoPosterior) -> tuple[Concern, ...]:
    """All doubts; those that block first."""
    found = [
        *design_concerns(posterior.tempo, posterior.observer),
        *_sampling(posterior),
        *_effects(posterior),
        *_averted(posterior),
        *_observers(posterior),
        *posterior.predictive_check.concerns(),
    ]
    return tuple(sorted(found, key=lambda one: one.severity != "blocking"))


def design_concerns(tempo: Tempo, observer: Observer) -> list[Concern]:
    """What is doubtful before any fit: coarse intervals at interventions, definitions that change, coarse dates."""
    found = []
    coarse = [one for one in tempo.interventions if _coarse(observer, one)]
    fading = [one for one in coarse if not one.may_last or _width(observer, one) > _WEEK]
    if fading:
        found.append(
            Concern(
                f"{observer.id} has no count within a day of {_named(fading)}",
                "the burst before and what came after are in one number; in simulations half of the strikes that did "
                "nothing then look as if they had provoked attacks",
                "find a count or a total for the day before, the day, or the day after; cut weeks into days",
                "blocking",
                "data",
            )
        )
    slow = [one for one in coarse if one not in fading]
    if slow:
        found.append(
            Concern(
                f"{_named(slow)} {'falls' if len(slow) == 1 else 'fall'} inside weekly counts of {observer.id}",
                "an effect that lasts is seen in the weeks after, but not when it began",
                "cut the counts by days, if the dates of the events allow it",
                "note",
                "data",
            )
        )
    found += [
        Concern(
            f"from {change.date} on {observer.id} counts something else: {change.what}",
            "a change of definition looks like an effect",
            "end the series there, or make two observers of it",
            "blocking",
            "data",
        )
        for change in observer.changes
        if tempo.first < change.date <= tempo.last
    ]
    if observer.dropped > _DROPPED * max(observer.total, 1):
        by_day = observer.counts[0].first == observer.counts[0].last
        found.append(
            Concern(
                f"{observer.dropped} events have dates too coarse for these intervals; {observer.total} counted",
                "where coarse dates are more frequent, the rate looks lower than it was",
                "count by weeks (every: week)"
                if by_day
                else "date them better, or write counts by months into a table of your own: first,last,count",
                "warning",
                "data",
            )
        )
    return found


def _coarse(observer: Observer, one: Intervention) -> bool:
    return min(abs((day - one.date).days) for day in observer.boundaries) > 1


def _width(observer: Observer, one: Intervention) -> int:
    """Days of the interval in which an intervention falls."""
    before = [day for day in observer.boundaries if day < one.date]
    after = [day for day in observer.boundaries if day >= one.date]
    return (after[0] - before[-1]).days if before and after else 10**6


def _sampling(posterior: TempoPosterior) -> list[Concern]:
    found = []
    for name, draws in (("pooled", posterior.draws), ("own-data", posterior.own)):
        one = draws.convergence
        if draws.agree:
            continue
        found.append(
            Concern(
                f"the {name} chains have R-hat {one.rhat:.3f}, ESS {min(one.ess_bulk, one.ess_tail):.0f} and "
                f"{one.divergences} divergences (limits {RHAT}, {ESS}, none)",
                "the numbers are not yet those of the posterior",
                "take more draws: --draws 2000, or another seed",
                "blocking",
                "fit",
            )
        )
    return found


def _effects(posterior: TempoPosterior) -> list[Concern]:
    found = [
        Concern(
            f"{', '.join(one.interventions)} are closer than can be told apart (correlation {one.correlation:.2f})",
            "only their joint effect is printed; which of them did it cannot be told from these dates",
            "look for differences between factions or places, or for one that was taken back alone",
            "blocking",
            "effects",
        )
        for one in posterior.inseparable
    ]
    pooled = [one for one in posterior.told if one.from_pooling_alone and not one.with_others]
    found += [
        Concern(
            f"the effect of {one.intervention} is known from others of its kind alone: pooled {one.low:.2f} to "
            f"{one.high:.2f}, by its own data {one.own_low:.2f} to {one.own_high:.2f}",
            "its own counts do not show it",
            "quote the effect by its own data, or that of the kind",
            "blocking",
            "effects",
        )
        for one in pooled
    ]
    zeros = [one.intervention for one in posterior.told if one.zeros]
    if zeros:
        found.append(
            Concern(
                f"nothing but zeros was counted after {listed(zeros)}",
                "how small the ratio is cannot be known, only how large it may be: a bound is printed and no median",
                "read the upper end",
                "blocking",
                "effects",
            )
        )
    return found


def _averted(posterior: TempoPosterior) -> list[Concern]:
    if not posterior.interventions:
        return []
    averted = posterior.averted()
    if averted.printed:
        return []
    return [
        Concern(
            f"without interventions {averted.without_low:.0f} to {averted.without_high:.0f} attacks would have been "
            f"expected: a band wider than ten times",
            "how many attacks were averted cannot be said",
            "ask for a shorter window: averted(window=...)",
            "blocking",
            "effects",
        )
    ]


def _observers(posterior: TempoPosterior) -> list[Concern]:
    found = []
    mine = posterior.own_design.log_effects(posterior.own.flat)
    for name, other in posterior.others.items():
        theirs = other.own_design.log_effects(other.own.flat)
        for k, one in enumerate(posterior.interventions):
            if not one.may_last:
                continue
            many = min(len(mine), len(theirs))
            lower = float(np.mean(mine[:many, k] < theirs[:many, k]))
            if max(lower, 1 - lower) > _DISAGREE:
                ours, others = (np.exp(np.quantile(x[:, k], (0.05, 0.95))) for x in (mine, theirs))
                found.append(
                    Concern(
                        f"{posterior.observer.id} and {name} disagree about {one.id}: {ours[0]:.2f} to {ours[1]:.2f} "
                        f"against {others[0]:.2f} to {others[1]:.2f}",
                        "they count different things, or one of them stopped counting",
                        "say whose count the answer rests on; never average the two",
                        "blocking",
                        "observers",
                    )
                )
    return found


def _named(interventions: list[Intervention]) -> str:
    return listed(f"{one.id} ({one.date})" for one in interventions)


def effect_words(one: Effect, labels: Mapping[str, str] | None = None) -> str:
    """One effect in one sentence; `labels` are what the others are called."""
    if one.with_others:
        others = ", ".join((labels or {}).get(id, id) for id in one.with_others)
        return f"{one.label} cannot be told apart from {others}: only their joint effect is known."
    if one.zeros:
        return f"After {one.label} nothing was counted: the rate was at most {one.own_high:.2g} times that without."
    interval = f"[{one.own_low:.2f}, {one.own_high:.2f}] by its own data, [{one.low:.2f}, {one.high:.2f}] with its kind"
    if one.own_high < 1:
        return f"{one.label}: the rate fell to {one.own_ratio:.2f} times what it would have been ({interval})."
    if one.own_low > 1:
        return f"{one.label}: the rate rose to {one.own_ratio:.2f} times what it would have been ({interval})."
    return f"{one.label}: no effect can be shown; the ratio is {one.own_ratio:.2f} ({interval})."


def limits(posterior: TempoPosterior) -> tuple[str, ...]:
    """What cannot be told, in words."""
    said = [
        "Timing alone never shows a cause: whatever else changed on the same days has the same effect here.",
        "Strikes are replies: they follow bursts. The fast process allows for a burst and its end, but what strikes "
        "would have answered and did not is not seen.",
        "An intervention that was in force throughout the series has no before, and so no effect.",
    ]
    said += [f"{', '.join(one.interventions)}: which of them did it." for one in posterior.inseparable]
    fades = [one.id for one in posterior.interventions if not one.may_last]
    if fades:
        said.append(
            f"Whether {listed(fades)} worked for longer than weeks: a lasting effect of those is not in the model."
        )
    return tuple(said)


def naive_ratio(posterior: TempoPosterior, one: Intervention, days: int = 7) -> float | None:
    """Mean rate in the days after over that in the days before, totals spread evenly; None where nothing was before.

    It is shown to be distrusted: strikes follow bursts, and a burst ends by itself.
    """
    daily = np.full(posterior.tempo.days, np.nan)
    for seen in posterior.design.observations:
        inside = slice(posterior.design.index(seen.first), posterior.design.index(seen.last) + 1)
        span = (seen.last - seen.first).days + 1
        daily[inside] = np.nan_to_num(daily[inside]) + max(seen.count, 0) / span
    at = posterior.design.index(one.date)
    before, after = daily[max(0, at - days + 1) : at + 1], daily[at + 1 : at + 1 + days]
    if not np.isfinite(before).any() or not np.isfinite(after).any() or np.nansum(before) <= 0:
        return None
    return float(np.nanmean(after) / np.nanmean(before))


def four_weeks(posterior: TempoPosterior, one: Intervention) -> Averted | None:
    """What would have happened without it in the four weeks after, or until it ended; None at the end of a series."""
    last = min(one.date + dt.timedelta(days=28), one.ends or dt.date.max, posterior.tempo.last)
    if last <= one.date:
        return None
    return posterior.averted((one.date, last), interventions=[one.id])


def paragraph(posterior: TempoPosterior) -> str:
    """The answer, as short as it can honestly be."""
    observer, tempo = posterior.observer, posterior.tempo
    convergence = posterior.draws.convergence
    lines = [
        f"{tempo.title}: {observer.total} attacks from {tempo.first} to {tempo.last} by the count of "
        f"{observer.title or observer.id}, in {len(posterior.design.observations)} intervals; "
        f"{len(posterior.interventions)} interventions.",
        *(
            f"{', '.join(one.interventions)} together: at most {one.high:.2g} times the rate without."
            if one.ratio is None
            else f"{', '.join(one.interventions)} together: {one.ratio:.2g} [{one.low:.2g}, {one.high:.2g}]."
            for one in posterior.inseparable
        ),
        *(effect_words(one) for one in posterior.told if not one.with_others),
        f"NUTS: R-hat {convergence.rhat:.3f}, smallest ESS {min(convergence.ess_bulk, convergence.ess_tail):.0f}, "
        f"{convergence.divergences} divergences.",
    ]
    return "\n".join(lines)
