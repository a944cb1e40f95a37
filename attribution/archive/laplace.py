"""How sure the discounts are: a normal distribution around the most probable ones, with their curvature there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attribution.archive.codes import Floats, Ints, frozen_floats
from attribution.archive.discounts import Discounts, Examples
from attribution.archive.settings import Shrinkage


@dataclass(frozen=True, slots=True, eq=False)
class SlopeDraws:
    """Draws of ``slope = beta_k + delta_kc`` and of the intercepts."""

    slope: Floats  # (draw, feature, class)
    intercept: Floats  # (draw, class)

    def __post_init__(self) -> None:
        object.__setattr__(self, "slope", frozen_floats(self.slope))
        object.__setattr__(self, "intercept", frozen_floats(self.intercept))

    def probability(self, x: NDArray[np.float32]) -> Floats:
        """Probabilities (draw, event, class) of events with log-features (event, feature, class)."""
        logit = np.einsum("dkc,nkc->dnc", self.slope, x, optimize=True) + self.intercept[:, None, :]
        logit -= logit.max(axis=2, keepdims=True)
        weight = np.exp(logit)
        return np.asarray(weight / weight.sum(axis=2, keepdims=True))


def draw_discounts(
    examples: Examples,
    rows: Ints,
    weight: Floats,
    shrinkage: Shrinkage,
    mode: Discounts,
    count: int,
    rng: np.random.Generator,
) -> SlopeDraws:
    """Draws around the mode: normal, with the inverse of the curvature of the log posterior as covariance.

    The curvature is that of the conditional logit, less what the members of a set cannot tell apart; a doubtful label
    counts by the chance that it is right.
    """
    features, classes = mode.slope.shape
    centre = np.concatenate([mode.slope, mode.intercept[None]]).ravel()
    bend = _curvature(examples, rows, once(weight), shrinkage, mode) + _prior_precision(features, classes, shrinkage)
    drawn = centre + np.linalg.solve(_root(bend).T, rng.standard_normal((len(centre), count))).T
    together = drawn.reshape(count, features + 1, classes)
    return SlopeDraws(together[:, :-1], together[:, -1])


def once(weight: Floats) -> Floats:
    """No event speaks for more than itself where it is asked how sure we are, though a drawn one stands for several."""
    return np.minimum(weight, 1.0)


def scale_of_discounts(
    examples: Examples, rows: Ints, weight: Floats, shrinkage: Shrinkage, mode: Discounts, *, deviations: bool = True
) -> Floats:
    """A root S of the covariance ``S S'`` of (beta, intercept, delta) in the normal distribution around the mode.

    Without `deviations`, of (beta, intercept) where all delta are nought.
    """
    features, classes = mode.slope.shape
    edge = features + classes
    size = edge + (features * classes if deviations else 0)
    precision = shrinkage.spread(features, classes)[:size] ** -2
    by = np.zeros((features + 1, classes, len(precision)))  # how slopes and intercepts move with each coordinate
    by[np.arange(features), :, np.arange(features)] = 1.0
    by[features, :, features:edge] = np.eye(classes)
    if deviations:
        by[:features, :, edge:] = np.eye(features * classes).reshape(features, classes, -1)
    moves = by.reshape(-1, len(precision))
    bend = moves.T @ _curvature(examples, rows, once(weight), shrinkage, mode) @ moves + np.diag(precision)
    return np.asarray(np.linalg.inv(_root(bend)).T)


def _root(bend: Floats) -> Floats:
    """The Cholesky root of a curvature; directions in which sets leave it none are given a little."""
    try:
        return np.linalg.cholesky(bend)
    except np.linalg.LinAlgError:
        values, vectors = np.linalg.eigh(bend)
        lifted = (vectors * np.maximum(values, 1e-3 * values.max())) @ vectors.T
        return np.linalg.cholesky(lifted)


def _curvature(examples: Examples, rows: Ints, weight: Floats, shrinkage: Shrinkage, mode: Discounts) -> Floats:
    """Minus the second derivative of the log likelihood by (slope, intercept), features first."""
    x = examples.x[rows].astype(np.float64)
    x = np.concatenate([x, np.ones((len(rows), 1, x.shape[2]))], axis=1)
    slope = np.concatenate([mode.slope, mode.intercept[None]])
    logit = np.einsum("nkc,kc->nc", x, slope)
    p = np.exp(logit - logit.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    inside = np.zeros_like(p)
    size = np.diff(examples.start)[rows]
    first = np.repeat(examples.start[:-1][rows] - np.concatenate([[0], np.cumsum(size)[:-1]]), size)
    inside[np.repeat(np.arange(len(rows)), size), examples.member[first + np.arange(size.sum())]] = 1.0
    reach = np.maximum((p * inside).sum(axis=1), 1e-300)
    doubt = np.minimum(examples.doubt[rows] * shrinkage.doubt, 1.0)
    guessed = inside @ examples.guess(rows)
    right = (1.0 - doubt) * reach / ((1.0 - doubt) * reach + doubt * guessed)
    counts = weight * right
    within = p * inside / reach[:, None]
    several = size > 1
    return _fisher(x, p, counts) - _fisher(x[several], within[several], counts[several])


def _fisher(x: Floats, p: Floats, weight: Floats) -> Floats:
    """``sum_n w_n x_n' (diag p_n - p_n p_n') x_n`` over (feature, class), flattened."""
    _, features, classes = x.shape
    mean = (x * p[:, None, :]).reshape(len(x), features * classes)
    out = -(mean * weight[:, None]).T @ mean
    blocks = out.reshape(features, classes, features, classes)
    for code in range(classes):
        column = x[:, :, code]
        blocks[:, code, :, code] += (column * (weight * p[:, code])[:, None]).T @ column
    return out


def _prior_precision(features: int, classes: int, shrinkage: Shrinkage) -> Floats:
    """Slopes of one feature share their beta; intercepts are alone."""
    own = shrinkage.faction_sd**2 * np.eye(classes)
    out = np.zeros((features + 1, classes, features + 1, classes))
    for k, sd in enumerate(shrinkage.deviations(features).tolist()):
        out[k, :, k, :] = np.linalg.inv(own + sd**2)
    out[features, :, features, :] = np.eye(classes) / shrinkage.intercept_sd**2
    return out.reshape((features + 1) * classes, (features + 1) * classes)
