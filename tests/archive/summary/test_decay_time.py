"""How long the past counts: the grid is the plain double loop, and its posterior is calibrated."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from attribution.archive.codes import Coding
from attribution.archive.model.classes import Classes, Labelled, sure_labels
from attribution.archive.summary.grid import Bounds, grid_posterior
from attribution.archive.summary.scales import (
    DECAY_DAYS,
    WEIGHT_EVENTS,
    decay_likelihood,
    decay_times_by_place,
    decayed_shares,
    fit_decay_time,
)
from tests.archive.random_events import some_events
from tests.archive.summary.ranks import assert_calibrated
from tests.archive.summary.urns import an_urn, bare, urn_share

DAYS, WEIGHT = np.array([2.0, 40.0, 3000.0]), np.array([0.05, 1.0, 200.0])


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("first", [0, 25])
def test_the_grid_is_the_plain_double_loop(seed: int, first: int) -> None:
    urn = an_urn(seed, tau=30.0, weight=1.0)
    told = decay_likelihood(urn, DAYS, WEIGHT, first)
    for t, tau in enumerate(DAYS):
        for w, weight in enumerate(WEIGHT):
            plain = 0.0
            for i in range(first, len(urn)):
                share = urn_share(i, urn.events.day, urn.events.last_day, urn.label, 3, tau, weight)
                plain += np.log(share[urn.label[i]])
            assert told[t, w] == pytest.approx(plain, abs=1e-10, rel=1e-12)


def test_the_share_that_is_remembered_is_that_of_the_urn() -> None:
    urn = an_urn(3, tau=30.0, weight=1.0)
    told = decayed_shares(urn, 50.0, 0.7)
    for i in range(len(urn)):
        share = urn_share(i, urn.events.day, urn.events.last_day, urn.label, 3, 50.0, 0.7)
        assert told[i] == pytest.approx(share[urn.label[i]], abs=1e-12)


def test_other_names_for_the_classes_change_nothing() -> None:
    urn = an_urn(4, tau=30.0, weight=1.0)
    renamed = replace(urn, label=np.array([2, 0, 1])[urn.label])
    assert decay_likelihood(renamed, DAYS, WEIGHT) == pytest.approx(decay_likelihood(urn, DAYS, WEIGHT), abs=1e-9)


@pytest.mark.parametrize("days", [-30_000, 300_000])
def test_moving_all_dates_changes_nothing(days: int) -> None:
    urn = an_urn(6, tau=30.0, weight=1.0)
    moved = replace(urn, events=replace(urn.events, day=urn.events.day + days))
    assert np.array_equal(decay_likelihood(moved, DAYS, WEIGHT), decay_likelihood(urn, DAYS, WEIGHT))
    assert np.array_equal(decayed_shares(moved, 1.0, 1.0), decayed_shares(urn, 1.0, 1.0))


def test_a_label_reaches_only_events_after_its_last_possible_day() -> None:
    urn = an_urn(5, events=60, tau=30.0, weight=1.0)
    before, reached = decayed_shares(urn, 50.0, 1.0), 0
    for event in range(len(urn)):
        changed = urn.label.copy()
        changed[event] = (changed[event] + 1) % 3
        after = decayed_shares(replace(urn, label=changed), 50.0, 1.0)
        untouched = (urn.events.day <= urn.events.last_day[event]) & (np.arange(len(urn)) != event)
        assert np.array_equal(before[untouched], after[untouched])
        later = urn.events.day > urn.events.last_day[event]
        reached += not np.array_equal(before[later], after[later])
    assert reached > 0.8 * len(urn)  # and later events do learn of it


def ranks_of(simulations: int) -> np.ndarray:
    """Ranks (simulation, number) of the true decay time and weight."""
    rng = np.random.default_rng(7)
    out = np.empty((simulations, 2))
    for at in range(simulations):
        tau, weight = float(DECAY_DAYS.quantile(rng.random())), float(WEIGHT_EVENTS.quantile(rng.random()))
        urn = an_urn(1000 + at, events=80 if at % 4 else 400, tau=tau, weight=weight)
        grid = fit_decay_time(urn)[1]
        out[at] = grid.cdf(0, tau), grid.cdf(1, weight)
    return out


def test_decay_time_and_weight_are_calibrated() -> None:
    for ranks in ranks_of(240).T:
        assert_calibrated(ranks)


@pytest.mark.slow
def test_decay_time_and_weight_are_calibrated_over_many_archives() -> None:
    for ranks in ranks_of(2000).T:
        assert_calibrated(ranks, 20)


def test_intervals_that_are_too_narrow_or_ranks_to_one_side_are_found_out() -> None:
    ranks = np.random.default_rng(0).random(240)
    assert_calibrated(ranks)
    for wrong in (stats.norm.cdf(1.6 * stats.norm.ppf(ranks)), ranks**1.7):
        with pytest.raises(AssertionError):
            assert_calibrated(wrong)


def test_a_grid_that_is_drawn_closer_loses_nothing() -> None:
    """A narrow ridge far from the first grid's points is found, with the right width."""

    def narrow(first: np.ndarray, second: np.ndarray) -> np.ndarray:
        u, v = np.log(first)[:, None], np.log(second)[None, :]
        return -0.5 * ((u - 4.321) / 0.01) ** 2 - 0.5 * ((v - u) / 0.02) ** 2

    grid = grid_posterior(narrow, Bounds(0.01, 1e5), Bounds(0.01, 1e5))
    for axis, sd in ((0, 0.01), (1, np.hypot(0.01, 0.02))):
        assert np.log(grid.log_mean(axis)) == pytest.approx(4.321, abs=0.05 * sd)
        spread = np.log(grid.quantile(axis, 0.95) / grid.quantile(axis, 0.05))
        assert spread == pytest.approx(2 * 1.6449 * sd, rel=0.03)


def test_what_is_unbounded_in_the_events_presses_against_the_prior() -> None:
    rng = np.random.default_rng(8)
    label = (rng.random(600) < 0.3).astype(np.int64)  # shares that never change: nothing is ever forgotten
    decay_time, _ = fit_decay_time(bare(np.arange(600), label, 2))
    assert decay_time.days.presses == "high"
    assert "bound of 36,525" in decay_time.concerns()[0].what
    assert decay_time.days.low < decay_time.days.median < decay_time.days.high


def test_without_events_the_posterior_is_the_prior() -> None:
    decay_time, grid = fit_decay_time(bare(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), 2))
    assert grid.quantile(0, 0.05) == pytest.approx(float(DECAY_DAYS.quantile(0.05)))
    assert decay_time.weight.presses == ""
    assert decay_time.days.of_prior == pytest.approx(1.0)
    assert "is hardly known" in decay_time.concerns()[0].what
    log_range = np.log(DECAY_DAYS.high / DECAY_DAYS.low)
    assert decay_time.days.mean == pytest.approx((DECAY_DAYS.high - DECAY_DAYS.low) / log_range)


def test_the_unsure_are_left_out_and_the_residual_is_other() -> None:
    events = some_events(9, 200, partial=0.3)
    events = replace(events, certainty=np.where(np.arange(200) % 3 == 0, 0.4, 0.8))
    classes = Classes(("F0", "F1", "F2", "F3", "other"), np.arange(4))
    labelled = sure_labels(events, classes)
    expected = (events.certainty >= 0.5) & (events.labelled | (events.label == -2))
    assert len(labelled) == expected.sum()
    assert np.array_equal(labelled.label == classes.other, labelled.events.label == -2)


def test_places_with_enough_events_have_decay_times_of_their_own() -> None:
    urn = an_urn(10, events=260, tau=30.0, weight=1.0)
    place = (np.arange(260) >= 150).astype(np.int64)  # 150 in the first, 110 in the second
    place[:12] = 2
    events = replace(urn.events, place=(Coding("country", place, ("A", "B", "C")),))
    found = decay_times_by_place(Labelled(events, urn.label, urn.classes))
    assert [(one.place, one.events) for one in found] == [("A", 138), ("B", 110)]
    alone = fit_decay_time(Labelled(events, urn.label, urn.classes).take(np.flatnonzero(place == 1)))[0]
    assert found[1].days == alone.days
