"""When the tempo broke, and how often nothing looks like a break; both by Laplace's approximation."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from attribution.campaign.design import Design
from attribution.campaign.document import Intervention
from attribution.campaign.findings import days_of
from attribution.errors import TempoError
from attribution.inference.tempo import laplace

if TYPE_CHECKING:
    import pandas as pd

    from attribution.campaign.posterior import TempoPosterior

_BEFORE, _BEHIND = 7, 14
_MOST_DAYS = 60
_AWAY = 10
_Z95 = 1.6448536269514722
APPROXIMATE = (
    "By Laplace's approximation, whose 90 % intervals cover about 80 %: good for comparing days, not for quoting."
)


@dataclass(frozen=True, slots=True)
class BreakDate:
    """Probability of each day as the one on which the tempo broke for good, if it broke once within the window.

    Interventions of the window are taken away, and one lasting change of unknown day and size is put in their place.
    `log_bayes_factor` weighs one break against none, in natural logs.
    """

    days: tuple[dt.date, ...]
    probability: tuple[float, ...]
    ratio: float
    log_bayes_factor: float
    without: tuple[str, ...]

    def to_frame(self) -> pd.DataFrame:
        """Days and their probabilities."""
        import pandas as pd

        return pd.DataFrame({"day": self.days, "probability": self.probability})

    def between(self, first: dt.date, last: dt.date) -> float:
        """The probability of a break from one day to another, both included."""
        return sum(p for day, p in zip(self.days, self.probability, strict=True) if first <= day <= last)

    @property
    def interval(self) -> tuple[dt.date, dt.date]:
        """The days between which it broke with 90 %."""
        total = np.cumsum(self.probability)
        return self.days[int(np.searchsorted(total, 0.05))], self.days[int(np.searchsorted(total, 0.95 * total[-1]))]

    def __str__(self) -> str:
        likeliest = self.days[int(np.argmax(self.probability))]
        first, last = self.interval
        return (
            f"If the tempo broke once between {self.days[0]} and {self.days[-1]}, then from {first} to {last} with "
            f"90 %, likeliest on {likeliest} ({max(self.probability):.0%}), to {self.ratio:.2g} times the rate. "
            f"{APPROXIMATE}"
        )


@dataclass(frozen=True, slots=True)
class Placebo:
    """A halt that never was, and its apparent ratio."""

    date: dt.date
    low: float
    ratio: float
    high: float

    @property
    def speaks(self) -> bool:
        """Whether its interval leaves out no change: it should not."""
        return self.high < 1.0 or self.low > 1.0


@dataclass(frozen=True, slots=True)
class Placebos:
    """Halts that never were, each put alone beside the real interventions."""

    placebos: tuple[Placebo, ...]

    @property
    def share(self) -> float:
        """How many of them look like an effect."""
        return sum(one.speaks for one in self.placebos) / max(len(self.placebos), 1)

    def to_frame(self) -> pd.DataFrame:
        """A row for each."""
        import pandas as pd

        rows = [(one.date, one.low, one.ratio, one.high, one.speaks) for one in self.placebos]
        return pd.DataFrame(rows, columns=["date", "low", "ratio", "high", "speaks"])

    def __str__(self) -> str:
        many = sum(one.speaks for one in self.placebos)
        return f"{many} of {len(self.placebos)} placebo dates look like an effect. {APPROXIMATE}"


def break_date_of(posterior: TempoPosterior, window: tuple[dt.date | str, dt.date | str] | None) -> BreakDate:
    """The evidence of one lasting change on each day of the window, against that of none."""
    design = posterior.own_design
    first, last = days_of(design, window) if window else _last_stop(posterior)
    days = [first + dt.timedelta(days=at) for at in range((last - first).days + 1)]
    if len(days) > _MOST_DAYS:
        raise TempoError(f"the window has {len(days)} days.", allowed=f"at most {_MOST_DAYS}")
    kept = tuple(one for one in posterior.interventions if not first <= one.date <= last)
    without = tuple(one.id for one in posterior.interventions if one not in kept)
    base = laplace(design.with_interventions(kept).packed)
    evidence, ratios = [], []
    start = None
    for day in days:
        there = design.with_interventions((*kept, _unnamed(day)))
        found = laplace(there.packed, start)
        start = found.mode
        evidence.append(found.log_evidence)
        ratios.append(float(there.log_effects(found.mode[None])[0, -1]))
    weight = np.exp(np.array(evidence) - max(evidence))
    factor = max(evidence) + float(np.log(weight.mean())) - base.log_evidence
    weight /= weight.sum()
    return BreakDate(tuple(days), tuple(map(float, weight)), float(np.exp(weight @ ratios)), factor, without)


def _last_stop(posterior: TempoPosterior) -> tuple[dt.date, dt.date]:
    """From a week before to two after the last intervention that may last, and those close to it."""
    tempo = posterior.tempo
    lasting = [one.date for one in posterior.interventions if one.may_last]
    if not lasting:
        raise TempoError("no intervention may last.", allowed="a window: break_date(window=(first, last))")
    stop = lasting[-1]
    return max(tempo.first, stop - dt.timedelta(days=_BEFORE)), min(tempo.last, stop + dt.timedelta(days=_BEHIND))


def _unnamed(day: dt.date) -> Intervention:
    return Intervention("unnamed", "other", day, may_last=True)


def placebos_of(posterior: TempoPosterior, dates: int) -> Placebos:
    """One placebo at a time, on days spread over the series and away from what happened."""
    design: Design = posterior.own_design
    real = [one.date for one in posterior.interventions]
    ends = [one.ends for one in posterior.interventions if one.ends]
    first, last = design.observations[0].last, design.observer.last
    possible = [
        day
        for at in range(_AWAY, (last - first).days - _AWAY)
        if all(abs((day := first + dt.timedelta(days=at)) - other).days >= _AWAY for other in (*real, *ends))
    ]
    if not possible:
        possible = [first + dt.timedelta(days=at) for at in range(_AWAY, max((last - first).days - _AWAY, _AWAY + 1))]
    chosen = [possible[int(at)] for at in np.linspace(0, len(possible) - 1, min(dates, len(possible))).round()]
    return Placebos(tuple(_placebo(design, posterior.interventions, day) for day in chosen))


def _placebo(design: Design, real: tuple[Intervention, ...], day: dt.date) -> Placebo:
    there = design.with_interventions((*real, _unnamed(day)))
    found = laplace(there.packed)
    at = there.first_effect + len(real)
    sd = float(np.sqrt(found.covariance[at, at])) * float(there.spreads(found.mode[None])[0, -1])
    middle = float(there.log_effects(found.mode[None])[0, -1])
    low, ratio, high = (float(np.exp(middle + k * sd)) for k in (-_Z95, 0.0, _Z95))
    return Placebo(day, low, ratio, high)
