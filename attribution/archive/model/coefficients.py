"""The coefficients: how much each log-feature counts, for all factions together and for each; most probable values.

Which past events they are learned from, and how strongly they are shrunk, is decided within the past alone.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from attribution.archive.codes import Floats, Ints, frozen_floats
from attribution.archive.model.likelihood_kernel import Labels, log_likelihood, log_likelihoods
from attribution.archive.model.settings import Shrinkage

_MOST_TERMS = 6_000_000  # rows x features x classes in one fit: some milliseconds per pass over them
_NOISE_SHARES = (0.1, 0.3, 1.0)
_BAR = 3.0
_MEMORY = 12
_FOLDS = 3  # in which the coefficients are learned without a third of the blocks
_SLOPE_SD = 0.2  # prior standard deviation of the log of a calibration slope
_ENOUGH_DECREASE, _SHORTEST = 1e-4, 1e-10


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Events to learn coefficients from: their log-features, the classes that were written, and how sure these are."""

    x: NDArray[Any]  # (row, feature, class), float32
    start: Ints  # (row + 1,) runs of `member`
    member: Ints
    label_noise: Floats  # (row,) 1 - certainty
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
class Coefficients:
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


def fit_coefficients(
    examples: Examples, rows: Ints, weight: Floats, shrinkage: Shrinkage, start: Coefficients, *, steps: int = 100
) -> Coefficients:
    """The most probable coefficients given some of the examples, each counting `weight` times.

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
    examples: Examples, rows: Ints, weight: Floats, guess: Floats, shrinkage: Shrinkage, at: Coefficients
) -> tuple[float, Floats]:
    """Log density of the coefficients up to a constant, and its gradient by (beta, intercept, delta)."""
    features, _ = at.delta.shape
    gradient = np.zeros((features + 1, len(at.intercept)))
    labels = Labels(examples.start, examples.member, examples.label_noise * shrinkage.noise_share, guess)
    value = log_likelihood(examples.x, rows, weight, labels, at.slope, at.intercept, gradient)
    spread = shrinkage.deviations(features)
    away = (at.beta - shrinkage.means(features)) / spread
    intercept = at.intercept / shrinkage.intercept_sd
    delta = at.delta / shrinkage.faction_sd
    value -= 0.5 * float(np.sum(away**2) + np.sum(intercept**2) + np.sum(delta**2))
    by_beta = gradient[:features].sum(axis=1) - away / spread
    by_intercept = gradient[features] - intercept / shrinkage.intercept_sd
    by_delta = gradient[:features] - delta / shrinkage.faction_sd
    return value, np.concatenate([by_beta, by_intercept, by_delta.ravel()])


def sample_rate(events: int, features: int, classes: int) -> float:
    """Share of the events whose features are stored: all, until four times what one fit takes."""
    return min(1.0, 4.0 * most_rows(features, classes) / max(1, events))


def most_rows(features: int, classes: int) -> int:
    """How many events one fit of the coefficients takes."""
    return max(2000, _MOST_TERMS // (features * classes))


def weigh(examples: Examples, now: int, half_life: float, *, most: int | None = None) -> tuple[Ints, Floats]:
    """Rows that were over before day `now`, and how much each says today.

    Where there are more than `most` (default: what one fit takes), a systematic sample in order of time is drawn with
    chances proportional to the weights, each drawn row standing for as many; the coefficients then have the sampling
    error of so many rows.
    """
    rows = np.flatnonzero(examples.last_day < now)
    weight = 0.5 ** ((now - examples.last_day[rows]) / half_life)
    most = most or most_rows(examples.x.shape[1], examples.x.shape[2])
    if len(rows) > most:
        chance = np.cumsum(weight) * (most / weight.sum())
        drawn = np.searchsorted(chance, np.arange(most) + 0.5)
        rows, weight = rows[drawn], np.full(most, weight.sum() / most)
    return rows, weight


def learn(examples: Examples, now: int, shrinkage: Shrinkage, start: Coefficients) -> Coefficients:
    """The coefficients as of a day."""
    rows, weight = weigh(examples, now, shrinkage.half_life)
    return fit_coefficients(examples, rows, weight, shrinkage, start)


def choose_shrinkage(examples: Examples, now: int, default: Shrinkage | None = None, *, folds: int = 3) -> Shrinkage:
    """The default, with as much of the stated label-noise rate as the past before day `now` bears out.

    The last 40 % of the past are forecast in as many blocks as `folds`, each from what was before it. Label noise is
    let in only where it scores better on the same events by three standard errors of the difference. Choosing the
    scales of shrinkage in this way was tried and dropped: actors change, and what was best in the training part made
    later forecasts worse on each of three tables.
    """
    past = np.flatnonzero(examples.last_day < now)
    default = default or Shrinkage()
    if len(past) < 100 or not np.any(examples.label_noise[past] > 0.0):
        return default
    edges = [int(day) for day in np.quantile(examples.day[past], np.linspace(0.6, 1.0, folds + 1))]
    standard = _forward_scores(examples, past, edges, default)
    best, most = default, 0.0
    for share in _NOISE_SHARES:
        candidate = replace(default, noise_share=share)
        gain = _forward_scores(examples, past, edges, candidate) - standard
        bar = _BAR * float(gain.std()) * np.sqrt(len(gain))
        if gain.sum() > max(bar, most):
            best, most = candidate, float(gain.sum())
    return best


def calibration_slope(examples: Examples, now: int, shrinkage: Shrinkage, fitted: Coefficients, block: Ints) -> float:
    """By what to multiply all coefficients, so that they are as sure as they should be of events not learned from.

    Many coefficients that were chosen to suit few events are too sure of others. They are learned again without a third
    of the blocks at a time, from `fitted` on, and the factor is the most probable one for the blocks left out: the
    slope of a calibration by logits, cross-validated (van Houwelingen and le Cessie 1990, doi:10.1002/sim.4780091109).

    Parameters
    ----------
    block
        (row,) which examples stand or fall together, such as those of one place and month; a code from 0 on.
    """
    rows, weight = weigh(examples, now, shrinkage.half_life)
    fold = (np.random.default_rng(0).permutation(int(block.max(initial=0)) + 1) % _FOLDS)[block[rows]]
    labels = Labels(examples.start, examples.member, examples.label_noise * shrinkage.noise_share, examples.guess(rows))
    apart = [
        (rows[fold == k], weight[fold == k],
         fit_coefficients(examples, rows[fold != k], weight[fold != k], shrinkage, fitted))
        for k in range(_FOLDS)
    ]  # fmt: skip

    def negative(theta: Floats) -> tuple[float, Floats]:
        slope, away = float(np.exp(theta[0])), float(theta[0]) / _SLOPE_SD
        value, by_slope = -0.5 * away**2, -away / (_SLOPE_SD * slope)
        for left_out, counts, at in apart:
            gradient = np.zeros((len(at.beta) + 1, len(at.intercept)))
            value += log_likelihood(
                examples.x, left_out, counts, labels, slope * at.slope, slope * at.intercept, gradient
            )
            by_slope += float(np.sum(gradient[:-1] * at.slope) + gradient[-1] @ at.intercept)
        return -value, np.array([-slope * by_slope])

    found = minimise(negative, np.zeros(1), np.full(1, _SLOPE_SD), steps=20, tolerance=1e-3)
    return float(np.exp(found[0]))


def minimise(
    function: Callable[[Floats], tuple[float, Floats]], start: Floats, scale: Floats, *, steps: int, tolerance: float
) -> Floats:
    """A minimum of a smooth function, from its value and gradient, by limited-memory BFGS on plain arrays.

    SciPy's L-BFGS-B stops nearer the mode and costs more: for the coefficients of 20,000 events (1,937 numbers), held
    to one thread, 0.23 s of processor and 30 evaluations against 0.18 s and 25, for 0.015 nats that do not matter here
    (``python -m benchmarks.minimisers``). Left alone it hands vectors to threads of the linear algebra library, which
    wait for each other where other work runs on the same cores.

    Parameters
    ----------
    function
        From a point to the value there and its gradient.
    start
        Where the search begins.
    scale
        Standard deviations by which the coordinates differ in size, of the length of `start`.
    steps
        After so many the search stops.
    tolerance
        It stops, too, where a step would gain less than this.
    """
    past: deque[tuple[Floats, Floats, float]] = deque(maxlen=_MEMORY)
    x, (value, gradient) = start, function(start)
    for _ in range(steps):
        direction = _direction(gradient, past, scale)
        fall = -float(np.sum(direction * gradient))
        if fall < 2.0 * tolerance:
            break
        step = 1.0
        while True:
            there = x + step * direction
            new, new_gradient = function(there)
            if new <= value - _ENOUGH_DECREASE * step * fall or step < _SHORTEST:
                break
            step *= 0.5
        moved, turned = there - x, new_gradient - gradient
        bend = float(np.sum(moved * turned))
        if bend > 1e-14:
            past.append((moved, turned, 1.0 / bend))
        x, value, gradient = there, new, new_gradient
    return x


def _unpack(theta: Floats, features: int, classes: int) -> Coefficients:
    edge = features + classes
    return Coefficients(theta[:features], theta[edge:].reshape(features, classes), theta[features:edge])


def _forward_scores(examples: Examples, past: Ints, edges: list[int], shrinkage: Shrinkage) -> Floats:
    """Log scores of the rows of the last part of the past, each block forecast from what was before it."""
    coefficients = Coefficients.prior(examples.x.shape[1], examples.x.shape[2], shrinkage)
    label_noise = examples.label_noise * shrinkage.noise_share
    labels = Labels(examples.start, examples.member, label_noise, examples.guess(past))
    parts = [np.empty(0)]
    for first, stop in pairwise(edges):
        coefficients = learn(examples, first, shrinkage, coefficients)
        rows = past[(examples.day[past] >= first) & (examples.day[past] < stop)]
        out = np.empty(len(rows))
        log_likelihoods(examples.x, rows, labels, coefficients.slope, coefficients.intercept, out)
        parts.append(out)
    return np.concatenate(parts)


def _direction(gradient: Floats, past: deque[tuple[Floats, Floats, float]], scale: Floats) -> Floats:
    """The two loops of Nocedal: minus the inverse curvature, as far as it is known, times the gradient."""
    q = -gradient
    pulls = []
    for moved, turned, inverse in reversed(past):
        pull = inverse * float(np.sum(moved * q))
        pulls.append(pull)
        q = q - pull * turned
    if past:
        moved, turned, inverse = past[-1]
        q = q * scale**2 / (inverse * float(np.sum(turned * scale**2 * turned)))
    else:
        q = q * scale**2 / max(1.0, float(np.sqrt(np.sum((gradient * scale) ** 2))))
    for (moved, turned, inverse), pull in zip(past, reversed(pulls), strict=True):
        q = q + moved * (pull - inverse * float(np.sum(turned * q)))
    return np.asarray(q)
