"""How sure we are of the discounts: their posterior by NUTS, from no more events than it can go through in a minute."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from attribution.archive.codes import Ints
from attribution.archive.discounts import Examples
from attribution.archive.learning import weigh
from attribution.archive.settings import Shrinkage
from attribution.inference.discounts import DiscountDraws, sample_discounts
from attribution.inference.settings import Sampling
from attribution.modelling.discounts import LogitData, LogitPrior

_MOST_TERMS = 250_000  # events x features x classes: a few milliseconds per gradient
_MOST_DEVIATIONS = 400  # features x classes: more deviations than this are left out
_SAMPLING = Sampling(draws=500, tune=500, chains=2)


@dataclass(frozen=True, slots=True)
class Discount:
    """The posterior of one discount."""

    feature: str
    mean: float
    sd: float
    low: float  # 90 % interval
    high: float


@dataclass(frozen=True, slots=True)
class DiscountPosterior:
    """All discounts as of a day, with what must be known to trust them.

    From a sample of the past the intervals are valid and wider than need be: `widening` is about how much wider than
    from all of it. Without `deviations` every faction has the same discounts.
    """

    discounts: tuple[Discount, ...]
    events: int  # that were gone through
    widening: float
    deviations: bool
    divergences: int
    worst_rhat: float
    least_ess: float

    def __str__(self) -> str:
        part = f"; intervals about {self.widening:.1f} times as wide as from all events" if self.widening > 1.05 else ""
        return (
            f"Discounts from {self.events} events{part}: R-hat at most {self.worst_rhat:.3f}, effective draws at least "
            f"{self.least_ess:.0f}, {self.divergences} divergences."
        )


def discount_posterior(
    examples: Examples,
    features: tuple[str, ...],
    now: int,
    shrinkage: Shrinkage,
    *,
    sampling: Sampling = _SAMPLING,
    seed: int = 1,
) -> DiscountPosterior:
    """The posterior of the discounts from what was over before day `now`.

    Where the past is too long for NUTS, a sample evenly in time is used as if no more had been seen.
    """
    rows, weight = weigh(examples, now, shrinkage.half_life)
    deviations = examples.x.shape[1] * examples.x.shape[2] <= _MOST_DEVIATIONS
    drawn = _sampled(len(rows), max(100, _MOST_TERMS // (examples.x.shape[1] * examples.x.shape[2])))
    used = np.minimum(weight[drawn], 1.0)
    data = logit_data(examples, rows[drawn], used, shrinkage)
    prior = LogitPrior(
        shrinkage.discount,
        shrinkage.discount_sd,
        shrinkage.faction_sd if deviations else 0.0,
        shrinkage.intercept_sd,
    )
    found = sample_discounts(data, prior, sampling, seed)
    return DiscountPosterior(
        discounts=_told(found, features),
        events=len(drawn),
        widening=math.sqrt(max(1.0, float(weight.sum() / used.sum()))),
        deviations=deviations,
        divergences=found.divergences,
        worst_rhat=found.worst_rhat,
        least_ess=found.least_ess,
    )


def logit_data(
    examples: Examples, rows: Ints, weight: np.ndarray[tuple[int], np.dtype[np.float64]], shrinkage: Shrinkage
) -> LogitData:
    """The rows as the model in PyMC wants them."""
    written = np.zeros((len(rows), examples.x.shape[2]))
    size = np.diff(examples.start)[rows]
    shift = np.repeat(examples.start[:-1][rows] - np.concatenate([[0], np.cumsum(size)[:-1]]), size)
    written[np.repeat(np.arange(len(rows)), size), examples.member[np.arange(size.sum()) + shift]] = 1.0
    return LogitData(
        x=examples.x[rows].astype(np.float64),
        written=written,
        doubt=examples.doubt[rows] * shrinkage.doubt,
        guess=examples.guess(rows),
        weight=weight,
    )


def _sampled(rows: int, most: int) -> Ints:
    return np.arange(rows) if rows <= most else np.floor((np.arange(most) + 0.5) * rows / most).astype(np.int64)


def _told(found: DiscountDraws, features: tuple[str, ...]) -> tuple[Discount, ...]:
    beta = found.beta.reshape(-1, found.beta.shape[-1])
    low, high = np.quantile(beta, (0.05, 0.95), axis=0)
    table = zip(features, beta.mean(axis=0), beta.std(axis=0), low, high, strict=True)
    return tuple(Discount(name, *(float(number) for number in numbers)) for name, *numbers in table)
