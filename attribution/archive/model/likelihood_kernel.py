"""The conditional logit of what coders wrote, and its gradient."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from attribution._compile import kernel
from attribution.archive.codes import Floats, Ints
from attribution.archive.model.features_kernel import soften


class Labels(NamedTuple):
    """What coders wrote about some events, and how doubtful it is."""

    start: Ints  # (row + 1,) runs of `member`
    member: Ints  # the classes that were written
    noise: Floats  # (row,) label-noise rate e: the chance that what was written is wrong
    guess: Floats  # (class,) q, what a wrong label would be


@kernel
def log_likelihood(
    x: Floats, rows: Ints, weight: Floats, labels: Labels, slope: Floats, intercept: Floats, gradient: Floats
) -> float:
    """Weighted ``sum log((1 - e) sum_{c in S} p_c + e sum_{c in S} q_c)`` over rows, S being what was written.

    `x` (row, feature, class); `gradient` (feature + 1, class) is added to: that of the slopes, then of the intercepts.
    """
    start, member, noise, guess = labels
    features, size = slope.shape
    p, pull = np.empty(size), np.empty(size)
    total = 0.0
    for n in range(len(rows)):
        i = rows[n]
        soften(x[i], slope, intercept, p)
        inside, wrong = 0.0, 0.0
        for m in range(start[i], start[i + 1]):
            inside += p[member[m]]
            wrong += guess[member[m]]
        written = (1.0 - noise[i]) * inside + noise[i] * wrong + 1e-300
        total += weight[n] * math.log(written)
        strength = weight[n] * (1.0 - noise[i]) / written
        for c in range(size):
            pull[c] = -strength * inside * p[c]
        for m in range(start[i], start[i + 1]):
            pull[member[m]] += strength * p[member[m]]
        gradient[features] += pull
        for k in range(features):
            for c in range(size):
                gradient[k, c] += pull[c] * x[i, k, c]
    return total


@kernel
def log_likelihoods(x: Floats, rows: Ints, labels: Labels, slope: Floats, intercept: Floats, out: Floats) -> None:
    """The same, row by row and unweighted."""
    start, member, noise, guess = labels
    p = np.empty(slope.shape[1])
    for n in range(len(rows)):
        i = rows[n]
        soften(x[i], slope, intercept, p)
        inside, wrong = 0.0, 0.0
        for m in range(start[i], start[i + 1]):
            inside += p[member[m]]
            wrong += guess[member[m]]
        out[n] = math.log((1.0 - noise[i]) * inside + noise[i] * wrong + 1e-300)
