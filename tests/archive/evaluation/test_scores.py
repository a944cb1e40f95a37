"""Scores against closed forms, and intervals that behave."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, logit
from scipy.stats import norm

from attribution.archive.evaluation.scores import (
    Difference,
    calibration,
    calibration_error_by_chance,
    cllr,
    cllr_min,
    difference,
    expected_calibration_error,
    log_losses,
    run_correlation,
    score,
)


def drawn(events: int = 4000, classes: int = 4, seed: int = 1):
    """Calibrated forecasts: each label is drawn from its own forecast."""
    rng = np.random.default_rng(seed)
    probability = rng.dirichlet(np.full(classes, 0.5), events)
    label = (probability.cumsum(axis=1) > rng.random(events)[:, None]).argmax(axis=1)
    return probability, label


def test_flat_forecasts_score_what_flat_forecasts_must() -> None:
    label = np.arange(40) % 4
    scores = score(np.full((40, 4), 0.25), label, np.full(4, 0.25), np.arange(40))
    assert scores.log_loss == pytest.approx(np.log(4))
    assert scores.brier == pytest.approx(0.75)
    assert scores.cllr == pytest.approx(2.0)
    assert scores.cllr_min == pytest.approx(2.0, abs=1e-6)
    assert scores.top1 == 0.25
    assert scores.ece == pytest.approx(0.0)


def test_certain_and_right_is_perfect() -> None:
    label = np.arange(30) % 3
    scores = score(np.eye(3)[label], label, np.full(3, 1 / 3), np.arange(30))
    assert (scores.top1, scores.top3, scores.brier, scores.log_loss) == (1, 1, 0, 0)
    assert scores.cllr == pytest.approx(0, abs=1e-9)


def test_an_impossible_label_costs_much_but_not_everything() -> None:
    assert log_losses(np.array([[1.0, 0.0]]), np.array([1]))[0] == pytest.approx(-np.log(1e-12))


def test_calibrated_forecasts_have_a_small_calibration_error_and_little_to_gain() -> None:
    probability, label = drawn()
    hit = probability.argmax(axis=1) == label
    assert expected_calibration_error(probability.max(axis=1), hit) < 4 * 0.5 / np.sqrt(4000 / 15)
    ratio = np.log(probability + 1e-12)
    assert cllr(ratio, label) - cllr_min(ratio, label) < 0.02


@pytest.mark.parametrize("events", [300, 3000])
def test_the_calibration_error_by_chance_is_that_of_forecasts_that_are_right(events: int) -> None:
    probability, _ = drawn(events)
    top, rng, alone = probability.max(axis=1), np.random.default_rng(5), np.arange(events)
    hits = [rng.random(events) < top for _ in range(400)]
    errors = [expected_calibration_error(top, hit) for hit in hits]
    error = np.std(errors) / np.sqrt(400)
    found = calibration_error_by_chance(top, hits[0], alone)
    assert found == pytest.approx(np.mean(errors), abs=4 * error + 0.02 * np.mean(errors))


def in_runs(rng: np.random.Generator, together: float, surer: float = 1.0):
    """Forecasts of 600 blocks, hits of a block tied by one normal; forecasts `surer` times the logit of the truth."""
    block = np.repeat(np.arange(600), rng.geometric(0.2, 600))
    truth = norm.cdf(rng.normal(1.0, 0.5, 600)[block] + 0.3 * rng.normal(size=len(block)))
    tied = np.sqrt(together) * rng.normal(size=600)[block] + np.sqrt(1.0 - together) * rng.normal(size=len(block))
    return expit(surer * logit(truth)), norm.cdf(tied) < truth, block


def test_chance_knows_that_errors_come_in_runs() -> None:
    rng, excess, alone = np.random.default_rng(2), [], []
    for _ in range(200):
        forecast, hit, block = in_runs(rng, together=0.5)
        error = expected_calibration_error(forecast, hit)
        excess.append(error - calibration_error_by_chance(forecast, hit, block))
        alone.append(error - calibration_error_by_chance(forecast, hit, np.arange(len(hit))))
    assert abs(np.mean(excess)) < 4 * np.std(excess) / np.sqrt(200)
    assert np.mean(alone) > 8 * np.std(alone) / np.sqrt(200)  # as if every event went wrong by itself


def test_forecasts_that_are_too_sure_are_no_run() -> None:
    rng, excess = np.random.default_rng(3), []
    for _ in range(50):
        forecast, hit, block = in_runs(rng, together=0.0, surer=1.5)
        assert run_correlation(forecast, hit, block) < 0.1
        excess.append(expected_calibration_error(forecast, hit) - calibration_error_by_chance(forecast, hit, block))
    assert min(excess) > 0.02


def test_the_correlation_of_a_run_is_found_in_closed_form() -> None:
    half = np.full(8, 0.5)
    pairs = np.repeat(np.arange(4), 2)
    assert run_correlation(half, np.array([1, 1, 0, 0, 1, 1, 0, 0], dtype=bool), pairs) == pytest.approx(1.0)
    assert run_correlation(half, np.array([1, 0, 0, 1, 1, 0, 0, 1], dtype=bool), pairs) == 0.0  # never below nought
    assert run_correlation(half, np.array([1, 1, 0, 0, 1, 0, 1, 0], dtype=bool), pairs) == 0.0
    assert run_correlation(half, np.array([1, 1, 0, 0, 1, 1, 1, 0], dtype=bool), np.arange(8)) == 0.0


def test_the_least_cllr_undoes_any_scale_and_offset() -> None:
    probability, label = drawn()
    ratio = np.log(probability + 1e-6)
    bent = 0.3 * ratio + np.array([1.0, -2.0, 0.0, 0.5])
    assert cllr(bent, label) > cllr(ratio, label) + 0.1
    assert cllr_min(bent, label) == pytest.approx(cllr_min(ratio, label), abs=1e-4)


def test_cllr_does_not_care_how_often_a_class_occurs() -> None:
    probability, label = drawn()
    ratio = np.log(probability + 1e-12)
    thrice = np.concatenate([np.arange(len(label)), *2 * [np.flatnonzero(label == 0)]])
    assert cllr(ratio[thrice], label[thrice]) == pytest.approx(cllr(ratio, label))


def test_the_interval_of_a_difference_covers_it_and_a_copy_differs_by_nothing() -> None:
    rng = np.random.default_rng(3)
    month = np.repeat(np.arange(60), 20)
    covered = 0
    for seed in range(100):
        ours = rng.exponential(1.0, 1200)
        found = difference(ours, ours + rng.normal(0.2, 1.0, 1200), month, 400, seed)
        covered += found.low <= 0.2 <= found.high
    assert covered >= 90 - 4 * 3  # 90 % nominal, binomial sd 3
    same = difference(ours, ours, month, 100, 1)
    assert (same.nats, same.low, same.high, same.reduction) == (0, 0, 0, 0)


def test_which_way_the_model_differs_is_said_in_a_word() -> None:
    told = Difference(0.1, 0.0, 0.2, 0.081, -0.024, 0.176, 30).told
    assert told == "8.1% lower (90 % interval -2.4% to 17.6%)"
    told = Difference(-0.1, -0.2, 0.0, -0.081, -0.176, 0.024, 30).told
    assert told == "8.1% higher (90 % interval -2.4% to 17.6%)"
    assert Difference(-0.8, None, None, -1.057, None, None, 1).told.startswith("105.7% higher (no interval")


def test_the_calibration_band_holds_the_truth() -> None:
    probability, label = drawn(6000)
    hit = probability.argmax(axis=1) == label
    curve = calibration(probability.max(axis=1), hit, np.arange(6000) // 60, 500, 1)
    assert sum(one.events for one in curve) == 6000
    inside = [one.low <= one.forecast <= one.high for one in curve]
    assert np.mean(inside) >= 0.6  # ten bins at 90 %
    assert all(one.low <= one.right <= one.high for one in curve if one.events > 50)


def test_fewer_than_twelve_blocks_give_no_interval() -> None:
    rng = np.random.default_rng(1)
    ours, rival = rng.random(200), rng.random(200) + 0.1
    for blocks in (1, 11):
        found = difference(ours, rival, np.arange(200) % blocks, 500, 1)
        assert (found.low, found.high, found.reduction_low, found.reduction_high) == (None,) * 4
        assert found.nats == pytest.approx(np.mean(rival - ours))
        assert found.interval == f"no interval: {blocks} of the 12 blocks that one needs"
    found = difference(ours, rival, np.arange(200) % 12, 500, 1)
    assert found.low is not None
    assert found.low < found.nats < found.high
    curve = calibration(ours, rng.random(200) < ours, np.arange(200) % 11, 500, 1)
    assert {(one.low, one.high) for one in curve} == {(None, None)}
