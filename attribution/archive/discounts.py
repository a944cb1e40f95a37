"""The discounts: how much each log-feature counts, for all factions together and for each; most probable values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from attribution.archive.codes import Floats, Ints, frozen_floats
from attribution.archive.minimise import minimise
from attribution.archive.settings import Shrinkage


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Events to learn discounts from: their log-features, the classes that were written, and how doubtful that is."""

    x: NDArray[Any]  # (row, feature, class), float32
    start: Ints  # (row + 1,) runs of `member`
    member: Ints
    doubt: Floats  # (row,) 1 - certainty
    day: Ints  # (row,) first possible day
    last_day: Ints
    event: Ints  # (row,) which event it is
    share: float = 1.0  # of the labelled events, evenly in time; of long archives not all are stored

    def __len__(self) -> int:
        return len(self.day)

    def guess(self, rows: Ints) -> Floats:
        """What a wrong label would be: the shares of the labels written in these rows."""
        written = np.zeros(len(self), dtype=np.bool_)
        written[rows] = True
        member = self.member[np.repeat(written, np.diff(self.start))]
        count = np.bincount(member, minlength=self.x.shape[2]) + 1.0
        return np.asarray(count / count.sum())


@dataclass(frozen=True, slots=True, eq=False)
class Discounts:
    """``logit_c = intercept_c + sum_k (beta_k + delta_kc) x_kc``."""

    beta: Floats  # (feature,)
    delta: Floats  # (feature, class)
    intercept: Floats  # (class,)

    def __post_init__(self) -> None:
        for name in ("beta", "delta", "intercept"):
            object.__setattr__(self, name, frozen_floats(getattr(self, name)))

    @classmethod
    def prior(cls, features: int, classes: int, shrinkage: Shrinkage) -> Self:
        """Before any event."""
        return cls(shrinkage.means(features), np.zeros((features, classes)), np.zeros(classes))

    @property
    def slope(self) -> Floats:
        """``beta_k + delta_kc``: (feature, class)."""
        return np.asarray(self.beta[:, None] + self.delta)


def fit_discounts(
    examples: Examples, rows: Ints, weight: Floats, shrinkage: Shrinkage, start: Discounts, *, steps: int = 100
) -> Discounts:
    """The most probable discounts given some of the examples, each counting `weight` times.

    Normal priors: beta_k around values set beforehand, delta and intercepts around 0 (partial pooling). The problem is
    concave but for doubtful labels, so L-BFGS from any start finds the mode, to a hundredth of a nat.
    """
    features, classes = start.delta.shape
    guess = examples.guess(rows)

    def negative(theta: Floats) -> tuple[float, Floats]:
        at = _unpack(theta, features, classes)
        value, gradient = log_posterior(examples, rows, weight, guess, shrinkage, at)
        return -value, -gradient

    first = np.concatenate([start.beta, start.intercept, start.delta.ravel()])
    scale = shrinkage.spread(features, classes)
    return _unpack(minimise(negative, first, scale, steps=steps, tolerance=1e-2), features, classes)


def log_posterior(
    examples: Examples, rows: Ints, weight: Floats, guess: Floats, shrinkage: Shrinkage, at: Discounts
) -> tuple[float, Floats]:
    """Log density of the discounts up to a constant, and its gradient by (beta, intercept, delta)."""
    from attribution.archive.kernel_likelihood import log_likelihood

    features, _ = at.delta.shape
    gradient = np.zeros((features + 1, len(at.intercept)))
    doubt = examples.doubt * shrinkage.doubt
    value = log_likelihood(
        examples.x, rows, weight, examples.start, examples.member, doubt, guess, at.slope, at.intercept, gradient
    )
    spread = shrinkage.deviations(features)
    away = (at.beta - shrinkage.means(features)) / spread
    intercept = at.intercept / shrinkage.intercept_sd
    delta = at.delta / shrinkage.faction_sd
    value -= 0.5 * float(np.sum(away**2) + np.sum(intercept**2) + np.sum(delta**2))
    by_beta = gradient[:features].sum(axis=1) - away / spread
    by_intercept = gradient[features] - intercept / shrinkage.intercept_sd
    by_delta = gradient[:features] - delta / shrinkage.faction_sd
    return value, np.concatenate([by_beta, by_intercept, by_delta.ravel()])


def _unpack(theta: Floats, features: int, classes: int) -> Discounts:
    edge = features + classes
    return Discounts(theta[:features], theta[edge:].reshape(features, classes), theta[features:edge])
