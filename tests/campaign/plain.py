"""The likelihood of totals written as plainly as possible: a sum over every true count and every error."""

from __future__ import annotations

import itertools

import numpy as np
from scipy import stats


def binomial(y: int, mean: float, burst: float) -> float:
    """Probability of a count with the variance (1 + D) times its mean, by SciPy."""
    return float(stats.nbinom.pmf(y, mean / burst, 1.0 / (1.0 + burst))) if mean > 0 else float(y == 0)


def error_chance(error: int, late: float, over: float, range_: tuple[int, int]) -> float:
    """Probability of an error of a total."""
    weight = {e: np.exp(e / late) if e < 0 else np.exp(-e / over) for e in range(-range_[0], range_[1] + 1)}
    return float(weight[error] / sum(weight.values()))


def totals(
    steps: list[int], means: list[float], burst: float, errors: list[tuple[float, float]], range_: tuple[int, int]
) -> float:
    """``p(totals)``, enumerating the errors of all of them."""
    possible = range(-range_[0], range_[1] + 1)
    found = 0.0
    for chosen in itertools.product(possible, repeat=len(steps)):
        chance, before = 1.0, 0
        for step, mean, error, (late, over) in zip(steps, means, chosen, errors, strict=True):
            true = step - error + before
            chance *= (binomial(true, mean, burst) if true >= 0 else 0.0) * error_chance(error, late, over, range_)
            before = error
        found += chance
    return found
