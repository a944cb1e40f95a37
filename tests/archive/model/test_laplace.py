"""The normal distribution of the coefficients: its curvature is that of the log posterior, its prior is the prior."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from attribution.archive.model.coefficients import Coefficients, Examples, fit_coefficients, log_posterior
from attribution.archive.model.posterior import draw_coefficients
from attribution.archive.model.settings import Shrinkage

FEATURES, CLASSES = 2, 3


def some_examples(rows: int, *, sets: bool, seed: int = 1) -> Examples:
    rng = np.random.default_rng(seed)
    member = [sorted(rng.choice(CLASSES, 2 if sets and at % 3 == 0 else 1, replace=False)) for at in range(rows)]
    start = np.concatenate([[0], np.cumsum([len(one) for one in member])])
    return Examples(
        x=rng.standard_normal((rows, FEATURES, CLASSES)).astype(np.float32),
        start=start,
        member=np.array([code for one in member for code in one]),
        label_noise=np.zeros(rows),
        day=np.arange(rows),
        last_day=np.arange(rows),
        event=np.arange(rows),
    )


def differences(examples: Examples, shrinkage: Shrinkage, mode: Coefficients) -> np.ndarray:  # type: ignore[type-arg]
    """Minus the second derivative by (slope, intercept) from differences of the gradient by (delta, intercept).

    With beta held still, a change of delta is a change of the slope; the prior is then that of delta alone.
    """
    rows, weight = np.arange(len(examples)), np.ones(len(examples))
    guess = examples.guess(rows)
    size = (FEATURES + 1) * CLASSES

    def gradient(move: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]
        delta = mode.delta + move[:-CLASSES].reshape(FEATURES, CLASSES)
        at = Coefficients(mode.beta, delta, mode.intercept + move[-CLASSES:])
        _, by = log_posterior(examples, rows, weight, guess, shrinkage, at)
        return np.concatenate([by[FEATURES + CLASSES :], by[FEATURES : FEATURES + CLASSES]])

    step = 1e-4
    columns = [(gradient(step * unit) - gradient(-step * unit)) / (2 * step) for unit in np.eye(size)]
    return -np.stack(columns)


@pytest.mark.parametrize("sets", [False, True])
def test_the_covariance_is_the_inverse_curvature(sets: bool) -> None:
    examples = some_examples(400, sets=sets)
    shrinkage = replace(Shrinkage(), coefficient_sd=1e-4)  # beta known: the slope moves as delta does
    rows, weight = np.arange(400), np.ones(400)
    mode = fit_coefficients(examples, rows, weight, shrinkage, Coefficients.prior(FEATURES, CLASSES, shrinkage))
    draws = draw_coefficients(examples, rows, weight, shrinkage, mode, 40_000, np.random.default_rng(2))
    drawn = np.concatenate([draws.slope.reshape(len(draws.slope), -1), draws.intercept], axis=1)
    expected = np.linalg.inv(differences(examples, shrinkage, mode))
    error = expected.diagonal().max() * np.sqrt(2 / 40_000)
    assert np.abs(np.cov(drawn.T) - expected).max() < 5 * error + 1e-4
    assert np.abs(drawn[:, :-CLASSES].mean(axis=0) - mode.slope.ravel()).max() < 5 * np.sqrt(
        expected.diagonal().max() / 40_000
    )


def test_without_events_it_is_the_prior() -> None:
    examples = some_examples(3, sets=False)
    shrinkage = Shrinkage()
    nothing = np.zeros(0, dtype=np.int64)
    mode = Coefficients.prior(FEATURES, CLASSES, shrinkage)
    draws = draw_coefficients(examples, nothing, np.zeros(0), shrinkage, mode, 40_000, np.random.default_rng(3))
    variance = shrinkage.coefficient_sd**2 + shrinkage.faction_sd**2
    found = draws.slope.reshape(40_000, -1)
    assert found.var(axis=0) == pytest.approx(np.full(6, variance), rel=0.05)
    assert np.cov(found[:, 0], found[:, 1])[0, 1] == pytest.approx(shrinkage.coefficient_sd**2, abs=0.005)
    assert draws.intercept.std(axis=0) == pytest.approx(np.full(3, shrinkage.intercept_sd), rel=0.05)


def test_probabilities_are_softmax() -> None:
    examples = some_examples(5, sets=False)
    mode = Coefficients.prior(FEATURES, CLASSES, Shrinkage())
    nothing = np.zeros(0, dtype=np.int64)
    draws = draw_coefficients(examples, nothing, np.zeros(0), Shrinkage(), mode, 4, np.random.default_rng(3))
    p = draws.probability(examples.x)
    assert p.shape == (4, 5, CLASSES)
    assert p.sum(axis=2) == pytest.approx(np.ones((4, 5)))
    one = draws.intercept[2] + (draws.slope[2] * examples.x[3]).sum(axis=0)
    assert p[2, 3] == pytest.approx(np.exp(one) / np.exp(one).sum())
