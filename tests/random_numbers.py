"""Random uncertain numbers."""

from __future__ import annotations

import math
from random import Random

from scipy.special import ndtr

from attribution.domain.numbers import Number


def probability(r: Random, *, constants: tuple[float, ...] = (0.3, 0.7), vary: float = 0.0) -> Number:
    """A triple of any skew, now and then a constant; `vary` is how often it varies within groups."""
    if r.random() < 0.15:
        return Number.exactly(r.choice(constants))
    return around(r, r.uniform(-1.6, 1.6), vary=vary)


def around(r: Random, best: float, *, vary: float = 0.0) -> Number:
    """A triple whose best has this probit; symmetrical now and then."""
    below = r.uniform(0.05, 1.2)
    above = below if r.random() < 0.2 else r.uniform(0.05, 1.2)
    low, middle, high = (float(ndtr(point)) for point in (best - below, best, best + above))
    return Number(low, middle, high, vary=r.uniform(0.1, 0.8) if r.random() < vary else 0.0)


def below(r: Random, most: float) -> Number:
    """A triple, or a constant, whose best is less than `most`."""
    if r.random() < 0.15:
        return Number.exactly(r.choice((0.0, most / 2, most * 0.9)))
    middle = r.uniform(0.2, 0.95) * most
    return Number(middle * r.uniform(0.2, 0.9), middle, middle + (1 - middle) * r.uniform(0.05, 0.5))


def ratio(r: Random) -> Number:
    """A likelihood ratio."""
    best = r.gauss(0.0, 1.0)
    if r.random() < 0.2:
        return Number.exactly(math.exp(best), "ratio")
    low, high = best - r.uniform(0.1, 1.2), best + r.uniform(0.1, 1.2)
    return Number(math.exp(low), math.exp(best), math.exp(high), "ratio")
