"""The conditional logit of what coders wrote, and its gradient."""

from __future__ import annotations

import math

import numpy as np

from attribution._compile import kernel
from attribution.archive.codes import Floats, Ints
from attribution.archive.model.features_kernel import soften


@kernel
def log_likelihood(
    x: Floats, rows: Ints, weight: Floats, start: Ints, member: Ints, label_noise: Floats, guess: Floats, slope: Floats,
    intercept: Floats, gradient: Floats,
) -> float:  # fmt: skip
    """Weighted ``sum log((1 - e) sum_{c in S} p_c + e sum_{c in S} q_c)`` over rows, S being what was written.

    `x` (row, feature, class); `gradient` (feature + 1, class) is added to: that of the slopes, then of the intercepts.
    e is the label-noise rate, q (`guess`) what a wrong label would be.
    """
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
        written = (1.0 - label_noise[i]) * inside + label_noise[i] * wrong + 1e-300
        total += weight[n] * math.log(written)
        strength = weight[n] * (1.0 - label_noise[i]) / written
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
def log_likelihoods(
    x: Floats, rows: Ints, start: Ints, member: Ints, label_noise: Floats, guess: Floats, slope: Floats,
    intercept: Floats, out: Floats,
) -> None:  # fmt: skip
    """The same, row by row and unweighted."""
    p = np.empty(slope.shape[1])
    for n in range(len(rows)):
        i = rows[n]
        soften(x[i], slope, intercept, p)
        inside, wrong = 0.0, 0.0
        for m in range(start[i], start[i + 1]):
            inside += p[member[m]]
            wrong += guess[member[m]]
        out[n] = math.log((1.0 - label_noise[i]) * inside + label_noise[i] * wrong + 1e-300)
