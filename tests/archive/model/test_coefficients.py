"""The fit of the coefficients: gradients, the mode, sets of candidates, doubtful labels, samples of many events."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize, minimize_scalar

from attribution.archive.model.coefficients import (
    Coefficients,
    Examples,
    calibration_slope,
    choose_shrinkage,
    fit_coefficients,
    log_posterior,
    minimise,
    most_rows,
    weigh,
)
from attribution.archive.model.settings import Shrinkage


def some_examples(rows: int = 300, features: int = 3, classes: int = 4, seed: int = 1, sets: float = 0.3) -> Examples:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, features, classes)).astype(np.float32)
    logit = (np.linspace(0.2, 1.0, features)[:, None] * x).sum(axis=1)
    p = np.exp(logit)
    p /= p.sum(axis=1, keepdims=True)
    label = (p.cumsum(axis=1) > rng.random(rows)[:, None]).argmax(axis=1)
    runs = [sorted({int(code), int(rng.integers(classes))} if rng.random() < sets else {int(code)}) for code in label]
    return Examples(
        x=x,
        start=np.concatenate([[0], np.cumsum([len(run) for run in runs])]),
        member=np.concatenate(runs),
        label_noise=np.where(rng.random(rows) < 0.5, 0.3, 0.0),
        day=np.arange(rows),
        last_day=np.arange(rows),
        event=np.arange(rows),
    )


def unpack(theta: np.ndarray, features: int = 3, classes: int = 4) -> Coefficients:
    return Coefficients(
        theta[:features], theta[features + classes :].reshape(features, classes), theta[features : features + classes]
    )


def test_the_gradient_is_that_of_differences() -> None:
    examples, shrinkage = some_examples(), Shrinkage(noise_share=0.5)
    rows, weight = np.arange(300), np.random.default_rng(2).random(300)
    theta = np.random.default_rng(3).normal(0, 0.3, 3 + 4 + 12)

    def value(at: np.ndarray) -> float:
        return log_posterior(examples, rows, weight, examples.guess(rows), shrinkage, unpack(at))[0]

    gradient = log_posterior(examples, rows, weight, examples.guess(rows), shrinkage, unpack(theta))[1]
    step = 1e-5
    differences = [(value(theta + step * e) - value(theta - step * e)) / (2 * step) for e in np.eye(len(theta))]
    assert gradient == pytest.approx(differences, rel=1e-5, abs=1e-5)


def test_the_mode_is_the_one_scipy_finds() -> None:
    examples, shrinkage = some_examples(), Shrinkage()
    rows, weight = np.arange(300), np.ones(300)

    def negative(theta: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = log_posterior(examples, rows, weight, examples.guess(rows), shrinkage, unpack(theta))
        return -value, -gradient

    start = Coefficients.prior(3, 4, shrinkage)
    ours = fit_coefficients(examples, rows, weight, shrinkage, start)
    theirs = minimize(negative, np.zeros(19), jac=True, method="BFGS", options={"gtol": 1e-6})
    mine = np.concatenate([ours.beta, ours.intercept, ours.delta.ravel()])
    assert negative(mine)[0] - theirs.fun < 0.01
    assert mine == pytest.approx(theirs.x, abs=0.02)


def test_a_valley_is_followed_to_its_end() -> None:
    def rosenbrock(x: np.ndarray) -> tuple[float, np.ndarray]:
        bend = x[1] - x[0] ** 2
        return (1 - x[0]) ** 2 + 100 * bend**2, np.array([-2 * (1 - x[0]) - 400 * x[0] * bend, 200 * bend])

    assert minimise(rosenbrock, np.array([-1.2, 1.0]), np.ones(2), steps=200, tolerance=1e-12) == pytest.approx(
        [1, 1], abs=1e-4
    )


def test_coefficients_that_made_the_labels_are_found_again() -> None:
    examples = some_examples(20_000, sets=0.3)
    examples = Examples(examples.x, examples.start, examples.member, 0 * examples.label_noise, *[examples.day] * 3)
    wide = Shrinkage(coefficient_sd=1.0, faction_sd=0.02)
    found = fit_coefficients(examples, np.arange(20_000), np.ones(20_000), wide, Coefficients.prior(3, 4, wide))
    assert found.beta == pytest.approx([0.2, 0.6, 1.0], abs=0.06)  # se about 0.012, sets cost some, shrinkage biases


def test_many_events_are_sampled_by_what_they_say_today() -> None:
    rows = 4 * most_rows(100, 100)
    empty = np.broadcast_to(np.float32(0), (rows, 100, 100))
    day = np.arange(rows)
    examples = Examples(empty, np.arange(rows + 1), np.zeros(rows, dtype=np.int64), np.zeros(rows), day, day, day)
    drawn, weight = weigh(examples, rows, half_life=500.0)
    assert len(drawn) == most_rows(100, 100)
    true = 0.5 ** ((rows - day) / 500.0)
    assert weight.sum() == pytest.approx(true.sum())
    assert np.average(day[drawn]) == pytest.approx(np.average(day, weights=true), rel=1e-3)


def test_labels_without_doubt_or_too_few_leave_the_defaults() -> None:
    assert choose_shrinkage(some_examples(60), 1000) == Shrinkage()
    sure = some_examples(400)
    sure = Examples(sure.x, sure.start, sure.member, 0 * sure.label_noise, *[sure.day] * 3)
    assert choose_shrinkage(sure, 1000) == Shrinkage()


@pytest.mark.parametrize("wrong", [0.0, 0.3])
def test_stated_doubt_is_believed_where_labels_are_wrong_as_often_as_stated(wrong: float) -> None:
    examples = some_examples(4000, sets=0.0)
    rng = np.random.default_rng(4)
    sharp = 4.0 * examples.x
    label = sharp.sum(axis=1).argmax(axis=1)
    member = np.where(rng.random(4000) < wrong, rng.integers(0, 4, 4000), label)
    stated = Examples(sharp, np.arange(4001), member, np.full(4000, 0.3), *[examples.day] * 3)
    chosen = choose_shrinkage(stated, 5000)
    assert (chosen.noise_share > 0) == (wrong > 0)


def test_partial_labels_recover_the_shares_of_their_hidden_members() -> None:
    """Half of all events are claimed by a banner of two factions; what is learned tells the two apart in it."""
    rng = np.random.default_rng(6)
    rows, classes = 6000, 3
    x = rng.normal(0, 1.5, (rows, 2, classes)).astype(np.float32)
    p = np.exp((x * 0.8).sum(axis=1) + np.array([0.6, -0.6, 0.0]))
    p /= p.sum(axis=1, keepdims=True)
    truth = (p.cumsum(axis=1) > rng.random(rows)[:, None]).argmax(axis=1)
    hidden = (truth < 2) & (rng.random(rows) < 0.5)
    sets = [[0, 1] if hide else [int(code)] for hide, code in zip(hidden, truth, strict=True)]
    start = np.concatenate([[0], np.cumsum([len(one) for one in sets])])
    day = np.arange(rows)
    examples = Examples(x, start, np.concatenate(sets), np.zeros(rows), day, day, day)
    wide = Shrinkage(coefficient_sd=1.0, faction_sd=0.02)
    found = fit_coefficients(examples, day, np.ones(rows), wide, Coefficients.prior(2, classes, wide))
    logit = (x * found.slope).sum(axis=1) + found.intercept
    inside = np.exp(logit[hidden][:, :2])
    share = (inside / inside.sum(axis=1, keepdims=True))[:, 0].mean()
    true = (truth[hidden] == 0).mean()
    assert share == pytest.approx(true, abs=4 * np.sqrt(0.25 / hidden.sum()))


def fresh_loss(slope: float, at: Coefficients, examples: Examples) -> float:
    """Mean log loss of events that were not learned from, all coefficients multiplied."""
    z = slope * ((examples.x * at.slope).sum(axis=1) + at.intercept)
    top = z.max(axis=1, keepdims=True)
    total = top[:, 0] + np.log(np.exp(z - top).sum(axis=1))
    return float(np.mean(total - z[np.arange(len(z)), examples.member]))


@pytest.mark.parametrize(("rows", "features", "expected"), [(150, 12, (0.4, 0.85)), (6000, 3, (0.97, 1.03))])
def test_coefficients_from_too_few_events_are_shrunk_as_fresh_events_ask_for(
    rows: int, features: int, expected: tuple[float, float]
) -> None:
    wide = Shrinkage(half_life=1e300, faction_sd=1.5)
    examples = some_examples(rows, features, sets=0.0)
    fitted = fit_coefficients(
        examples, np.arange(rows), np.ones(rows), wide, Coefficients.prior(features, 4, wide), steps=200
    )
    slope = calibration_slope(examples, 1 << 40, wide, fitted, np.arange(rows))
    assert expected[0] < slope < expected[1]
    fresh = some_examples(20_000, features, seed=9, sets=0.0)
    best = minimize_scalar(fresh_loss, (0.3, 1.0), args=(fitted, fresh)).x
    assert slope == pytest.approx(best, abs=0.1)
    assert fresh_loss(slope, fitted, fresh) <= fresh_loss(1.0, fitted, fresh) + 1e-3


def test_blocks_that_stand_or_fall_together_are_left_out_together() -> None:
    """Copies of an event say nothing new: left out one by one they vouch for each other, together they do not."""
    wide, one = Shrinkage(half_life=1e300, faction_sd=1.5), some_examples(120, 8, sets=0.0)
    twin = np.repeat(np.arange(120), 4)
    copies = Examples(one.x[twin], np.arange(481), one.member[twin], np.zeros(480), twin, twin, twin)
    fitted = fit_coefficients(copies, np.arange(480), np.ones(480), wide, Coefficients.prior(8, 4, wide))
    alone, together = (calibration_slope(copies, 1 << 40, wide, fitted, block) for block in (np.arange(480), twin))
    assert together < 0.8 * alone
