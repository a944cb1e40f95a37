"""Triples as smooth functions of one standard normal: the J-QPD-B and J-QPD-S families.

Hadlock and Bickel (2017), "Johnson quantile-parameterized distributions", Decision Analysis 14(1), 35-64,
doi:10.1287/deca.2016.0343.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from attribution.domain.numbers import Number, Scale
from attribution.network.elementary import normal_cdf

_NORMAL = NormalDist()
_Z95 = 1.6448536269514722
FARTHEST = 100 * math.log(10)  # a ratio beyond 1e100 counts as 1e100, so that all products stay finite
LOWEST = -21.273453560965  # probits of 1e-100: a probability below it counts as that, so that no prior vanishes
_ROUNDING = 4e-15  # of a place on the probit or log scale, at the most: a skew of so little is none
_NARROWEST = 1e-12  # of the whole width; quantiles nearer to one another than that cannot be told apart


@dataclass(frozen=True, slots=True)
class Curve:
    """``T(z) = a + b sinh(d (z + s))``, or ``a + b z`` where ``d`` is 0; the value is Phi(T), or exp(T) for a ratio."""

    a: float
    b: float
    d: float
    s: float


def curve(number: Number) -> Curve:
    """The curve through the 5 %, 50 % and 95 % quantiles of an uncertain number, on its probit or log scale."""
    low, best, high = (to_scale(value, number.scale) for value in (number.low, number.best, number.high))
    skew = low + high - 2 * best
    narrow = max(min(best - low, high - best), _NARROWEST * (high - low))
    ratio = (high - low) / (2 * narrow) if narrow else 1.0
    if ratio <= 1 or high - low <= _ROUNDING * max(1.0, abs(best)):  # symmetric, as far as doubles can tell
        return Curve(best, max(high - low, 0.0) / (2 * _Z95), 0.0, 0.0)
    sign = math.copysign(1.0, skew)
    d = math.acosh(ratio) / _Z95
    b = (high - low) / math.sinh(2 * d * _Z95)
    return Curve(low if sign > 0 else high, b, d, sign * _Z95)


def to_scale(value: float, scale: Scale) -> float:
    """The probit of a probability, the logarithm of a ratio: where the curve is that of a normal or bent one."""
    return math.log(value) if scale == "ratio" else _NORMAL.inv_cdf(value)


def from_scale(on_scale: NDArray[np.float64], scale: Scale) -> NDArray[np.float64]:
    """Values from their place on the probit or log scale, in the shape they come."""
    if scale == "ratio":
        return np.asarray(np.exp(np.clip(on_scale, -FARTHEST, FARTHEST)))
    return normal_cdf(np.maximum(np.asarray(on_scale, dtype=np.float64), LOWEST))


def bent(shape: Curve, z: NDArray[np.float64]) -> NDArray[np.float64]:
    """``T(z)``, on the probit or log scale; the shape of `z`."""
    return np.asarray(shape.a + shape.b * (np.sinh(shape.d * (z + shape.s)) if shape.d > 0 else z))


def quantile(number: Number, z: NDArray[np.float64]) -> NDArray[np.float64]:
    """Values of a number where its standard normal is `z`; the shape of `z`."""
    if number.constant:
        return np.full(np.shape(z), number.best)
    return from_scale(bent(curve(number), z), number.scale)


def with_odds(base: NDArray[np.float64], ratio: NDArray[np.float64]) -> NDArray[np.float64]:
    """A probability whose odds are multiplied by a ratio."""
    return np.asarray(base * ratio / (1.0 - base + base * ratio))


def mean(number: Number) -> float:
    """The mean of a number over its own uncertainty, by 64-point Gauss-Hermite quadrature.

    A skewed ratio has none: the exponential of a hyperbolic sine of a normal has tails too heavy. It is then infinite.
    """
    if number.scale == "ratio" and not number.constant and curve(number).d > 0:
        return math.inf
    nodes, weights = _gauss_hermite()
    return float(np.sum(weights * quantile(number, nodes)))


@cache
def _gauss_hermite() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Nodes, and weights that sum to one."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(64)
    return nodes, weights / weights.sum()
