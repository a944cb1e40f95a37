"""What is read off the posterior of a series: effects, kinds, averted attacks, and what cannot be told apart."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from attribution.campaign.design import Design
from attribution.campaign.document import Intervention
from attribution.campaign.simulate import felt
from attribution.domain.moments import Moment
from attribution.errors import CaseError, TempoError
from attribution.network.program import Floats

if TYPE_CHECKING:
    from attribution.campaign.posterior import TempoPosterior

LEVELS = (0.05, 0.5, 0.95)
WIDEST = 10.0  # a band without interventions that is wider says nothing about attacks averted
_NEAR = {False: 3, True: 10}  # days within which two that fade, or one that lasts and another, may be confused
SETTLED = 3  # days after the last of several interventions, when their joint effect is read
_TOLD_APART = 0.65  # of the prior's spread of a difference: with more left, the data have hardly spoken
_TRADED = -0.2  # a correlation below which what is taken from one goes to the other; else each is merely unknown
_AFTER = {False: 7, True: 28}  # days after an intervention that fades, that lasts, in which its effect is looked for


@dataclass(frozen=True, slots=True)
class Effect:
    """The ratio of the rate with an intervention to that without, with 90 % intervals.

    Attributes
    ----------
    intervention, label, kind, date
        Which.
    low, ratio, high, below
        Pooled with its kind: quantiles, and the probability of a fall. `ratio` is None where only zeros followed.
    own_low, own_ratio, own_high, own_below
        By its own data alone.
    zeros
        Whether no attack at all was counted while it could be felt: then `high` is a bound.
    with_others
        Those from which the data cannot tell it apart.
    """

    intervention: str
    label: str
    kind: str
    date: dt.date
    low: float
    ratio: float | None
    high: float
    below: float
    own_low: float
    own_ratio: float | None
    own_high: float
    own_below: float
    zeros: bool
    with_others: tuple[str, ...] = ()

    @property
    def from_pooling_alone(self) -> bool:
        """Whether only the others of its kind make it look like an effect."""
        return (self.high < 1.0 <= self.own_high) or (self.low > 1.0 >= self.own_low)

    def row(self) -> dict[str, Any]:
        """As a row of a table."""
        return {**asdict(self), "with_others": ", ".join(self.with_others)}


@dataclass(frozen=True, slots=True)
class KindEffect:
    """The typical ratio of a kind, and that of the next intervention of it."""

    kind: str
    interventions: int
    low: float
    ratio: float
    high: float
    below: float
    next_low: float
    next_ratio: float
    next_high: float

    def row(self) -> dict[str, Any]:
        """As a row of a table."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Averted:
    """Attacks averted within days: those expected without interventions less those expected with them.

    Quantiles of 5, 50 and 95 %. Where the band without is wider than ten times nothing can be said: then `printed` is
    False and the numbers are not to be quoted.
    """

    first: dt.date
    last: dt.date
    interventions: tuple[str, ...]
    low: float
    median: float
    high: float
    with_low: float
    with_median: float
    with_high: float
    without_low: float
    without_median: float
    without_high: float

    @property
    def width(self) -> float:
        """How many times the upper end of the band without interventions is its lower end."""
        return self.without_high / max(self.without_low, 1e-9)

    @property
    def printed(self) -> bool:
        """Whether the band is narrow enough for a number."""
        return self.width <= WIDEST

    def __str__(self) -> str:
        days = f"From {self.first} to {self.last}"
        band = f"{self.without_low:.0f} to {self.without_high:.0f}"
        if not self.printed:
            return (
                f"{days}: how many attacks would have come is not known to a factor of ten ({band}), so none are "
                "called averted."
            )
        if self.low < 0.0 < self.high:
            return (
                f"{days} whether attacks were averted cannot be told: {self.with_median:.0f} expected as it was, "
                f"{self.without_median:.0f} [{band}] without: from {-self.low:z.0f} more to {self.high:z.0f} fewer."
            )
        return (
            f"{days} {self.median:.0f} attacks were averted [{self.low:.0f}, {self.high:.0f}]: {self.with_median:.0f} "
            f"expected as it was, {self.without_median:.0f} [{band}] without."
        )


@dataclass(frozen=True, slots=True)
class Inseparable:
    """Interventions that the data cannot tell apart: the ratio of all together three days after the last.

    `first_larger` is the probability that the first one's is a larger fall than the last one's; near one half the data
    say nothing. `correlation` is the lowest of any two neighbours.
    """

    interventions: tuple[str, ...]
    low: float
    ratio: float | None
    high: float
    correlation: float
    first_larger: float

    def row(self) -> dict[str, Any]:
        """As a row of a table."""
        return {**asdict(self), "interventions": ", ".join(self.interventions)}


def effects_of(posterior: TempoPosterior) -> tuple[Effect, ...]:
    """One effect for each intervention."""
    pooled = posterior.design.log_effects(posterior.draws.flat)
    own = posterior.own_design.log_effects(posterior.own.flat)
    together = {id: one.interventions for one in posterior.inseparable for id in one.interventions}
    return tuple(
        _effect(one, pooled[:, k], own[:, k], only_zeros(posterior.design, one), together.get(one.id, ()))
        for k, one in enumerate(posterior.interventions)
    )


def _effect(one: Intervention, pooled: Floats, own: Floats, zeros: bool, together: tuple[str, ...]) -> Effect:
    low, ratio, high = (float(x) for x in np.exp(np.quantile(pooled, LEVELS)))
    own_low, own_ratio, own_high = (float(x) for x in np.exp(np.quantile(own, LEVELS)))
    return Effect(
        intervention=one.id, label=one.label, kind=one.kind, date=one.date,
        low=low, ratio=None if zeros else ratio, high=high, below=float(np.mean(pooled < 0)),
        own_low=own_low, own_ratio=None if zeros else own_ratio, own_high=own_high, own_below=float(np.mean(own < 0)),
        zeros=zeros, with_others=tuple(id for id in together if id != one.id),
    )  # fmt: skip


def only_zeros(design: Design, one: Intervention) -> bool:
    """Whether nothing at all was counted while an intervention could be felt.

    A total that says no more than the one before it is no zero by itself: it may be late.
    """
    first = one.date + dt.timedelta(days=1)
    last = one.ends or design.tempo.last
    if not one.may_last:
        last = min(last, one.date + dt.timedelta(days=_AFTER[False]))
    seen = [seen for seen in design.observations if seen.first >= first and seen.last <= last]
    return bool(seen) and all(each.count <= 0 for each in seen)


def kinds_of(posterior: TempoPosterior) -> tuple[KindEffect, ...]:
    """One for each group that is pooled."""
    z = posterior.draws.flat
    mean, spread = posterior.design.log_kinds(z), posterior.design.spreads(z)
    noise = np.random.default_rng(posterior.seed).standard_normal(mean.shape)
    found = []
    for g, group in enumerate(posterior.design.groups):
        typical = np.exp(np.quantile(mean[:, g], LEVELS))
        following = np.exp(np.quantile(mean[:, g] + spread[:, g] * noise[:, g], LEVELS))
        many = int(np.sum(posterior.design.packed.effects[:, 0] == g))
        below = float(np.mean(mean[:, g] < 0))
        low, ratio, high = map(float, typical)
        next_low, next_ratio, next_high = map(float, following)
        found.append(
            KindEffect(
                kind=group.name, interventions=many, low=low, ratio=ratio, high=high, below=below,
                next_low=next_low, next_ratio=next_ratio, next_high=next_high,
            )
        )  # fmt: skip
    return tuple(found)


def averted_of(
    posterior: TempoPosterior,
    window: tuple[dt.date | str, dt.date | str] | None,
    interventions: Sequence[str] | None,
) -> Averted:
    """Sums of rates over the days of a window, with and without."""
    design = posterior.design
    ids = [one.id for one in posterior.interventions]
    for id in interventions or ():
        if id not in ids:
            raise TempoError.unknown("interventions", id, ids, at=("interventions",))
    chosen = tuple(k for k, id in enumerate(ids) if interventions is None or id in interventions)
    start = min((posterior.interventions[k].date for k in chosen), default=design.tempo.first)
    first, last = days_of(design, window) if window else (start, design.tempo.last)
    days = slice(design.index(first), design.index(last) + 1)
    log_with = posterior.rates.log_with
    shift = felt(design, posterior.draws.flat, chosen)
    with_them = np.exp(log_with[:, days]).sum(axis=1)
    without = np.exp((log_with - shift)[:, days]).sum(axis=1)
    found = [np.quantile(x, LEVELS) for x in (without - with_them, with_them, without)]
    return Averted(first, last, tuple(ids[k] for k in chosen), *(float(x) for three in found for x in three))


def days_of(design: Design, window: tuple[dt.date | str, dt.date | str]) -> tuple[dt.date, dt.date]:
    """The days of a window, which must lie in the series.

    Raises
    ------
    TempoError
        It does not, or is no pair of days.
    """
    try:
        first, last = (Moment.of(day).day for day in window)
    except (CaseError, ValueError) as error:
        raise TempoError(f"the window {window} is not two days.", allowed='("2024-01-28", "2024-02-10")') from error
    if not design.tempo.first <= first <= last <= design.tempo.last:
        raise TempoError(
            f"the window from {first} to {last} does not lie in the series.",
            allowed=f"{design.tempo.first} to {design.tempo.last}, the earlier day first",
        )
    return first, last


def inseparable_of(posterior: TempoPosterior) -> tuple[Inseparable, ...]:
    """Chains of neighbours in time about whose difference the data have hardly spoken."""
    design = posterior.own_design
    own = design.log_effects(posterior.own.flat)
    sets = list(_sets(posterior.interventions, own, _prior_sd(design)))
    found = []
    for members in sets:
        settled = design.index(posterior.interventions[members[-1]].date) + SETTLED
        total = felt(posterior.design, posterior.draws.flat, tuple(members))[:, min(settled, design.tempo.days - 1)]
        low, ratio, high = (float(x) for x in np.exp(np.quantile(total, LEVELS)))
        last = posterior.interventions[members[-1]]
        zeros = only_zeros(posterior.design, last)
        found.append(
            Inseparable(
                interventions=tuple(posterior.interventions[k].id for k in members),
                low=low,
                ratio=None if zeros else ratio,
                high=high,
                correlation=min(float(np.corrcoef(own[:, a], own[:, b])[0, 1]) for a, b in pairwise(members)),
                first_larger=float(np.mean(own[:, members[0]] < own[:, members[-1]])),
            )
        )
    return tuple(found)


def _sets(interventions: Sequence[Intervention], own: Floats, prior_sd: float) -> Iterator[list[int]]:
    order = sorted(range(len(interventions)), key=lambda k: interventions[k].date)
    now = order[:1]
    for before, k in pairwise(order):
        a, b = interventions[before], interventions[k]
        apart = (b.date - a.date).days
        left = float(np.std(own[:, before] - own[:, k])) / (np.sqrt(2.0) * prior_sd)
        over = a.ends is not None and a.ends < b.date
        traded = apart <= _NEAR[False] or float(np.corrcoef(own[:, before], own[:, k])[0, 1]) < _TRADED
        if not over and apart <= _NEAR[a.may_last or b.may_last] and left > _TOLD_APART and traded:
            now.append(k)
            continue
        if len(now) > 1:
            yield now
        now = [k]
    if len(now) > 1:
        yield now


def _prior_sd(design: Design) -> float:
    number = design.assumptions["own_ratio"].number
    return float(np.log(number.high / number.low) / (2 * 1.6448536269514722))
