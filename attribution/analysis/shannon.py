"""How far apart two distributions of one number are: the cumulative Jensen-Shannon distance, from 0 to 1.

Nguyen and Vreeken (2015), doi:10.1007/978-3-319-23525-7_11; the measure of power-scaling sensitivity.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attribution.network.program import Floats


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """A weighted sample of one number, put in order once so that many others can be compared with it."""

    values: Floats
    weights: Floats
    order: NDArray[np.int64]

    @classmethod
    def of(cls, values: Floats, weights: Floats) -> Sample:
        return cls(values, weights, np.argsort(values, kind="stable"))

    def distance_to_weights(self, weights: Floats) -> float:
        """The distance to the same values under other weights: what ArviZ calls ``cjs_dist`` in `psense`."""
        ordered = self.values[self.order]
        return _either_tail(np.diff(ordered), self.weights[self.order], weights[self.order])

    def distance(self, values: Floats, weights: Floats) -> float:
        """The distance to another weighted sample."""
        support = np.concatenate([self.values, values])
        order = np.argsort(support, kind="stable")
        mine = np.concatenate([self.weights, np.zeros(len(values))])[order]
        theirs = np.concatenate([np.zeros(len(self.values)), weights])[order]
        return _either_tail(np.diff(support[order]), mine, theirs)


def _either_tail(width: Floats, weights: Floats, others: Floats) -> float:
    """The larger of the distances of the values and of their negatives, so that neither tail is overlooked."""
    wide = width > 0.0
    below, other_below = (np.minimum(np.cumsum(one)[:-1][wide], 1.0) for one in (weights, others))
    width = width[wide]
    return max(_distance(width, below, other_below), _distance(width, 1.0 - below, 1.0 - other_below))


def _distance(width: Floats, p: Floats, q: Floats) -> float:
    """The root of the symmetric divergence of two cumulative functions over its bound."""
    middle = 0.5 * (p + q)
    bound = float(np.sum(width * (p + q)))
    if bound <= 0.0:
        return 0.0
    gap = 0.5 / np.log(2.0) * float(np.sum(width * (q - p)))
    there = max(0.0, float(np.sum(width * _times_log_ratio(p, middle))) + gap)
    back = max(0.0, float(np.sum(width * _times_log_ratio(q, middle))) - gap)
    return float(np.sqrt((there + back) / bound))


def _times_log_ratio(p: Floats, middle: Floats) -> Floats:
    """``p log2(p / middle)``, 0 where p is."""
    held = p > 0.0
    return np.where(held, p * np.log2(np.where(held, p, 1.0) / np.where(held, middle, 1.0)), 0.0)
