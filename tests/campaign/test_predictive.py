"""Checks of a tempo posterior on series whose truth is known: a fit that is right, one that is wrong, a real effect."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from attribution.campaign.predictive import predictive_check_of
from attribution.errors import UsageError
from attribution.inference.settings import Sampling
from tests.campaign.test_posterior import HALT, day, fitted


def test_counts_of_the_model_pass_and_counts_of_another_do_not() -> None:
    found = fitted()
    check = found.predictive_check
    assert not check.concerns()
    assert 0.8 < check.inside <= 1.0
    counts = np.array(found.design.packed.counted)
    counts[::9] = 25  # bursts that no such model makes
    spoilt = replace(found, design=found.design.with_counts(counts))
    assert predictive_check_of(spoilt).concerns()


def test_a_design_of_the_past_has_the_same_coordinates() -> None:
    there = fitted().design
    past = there.until(30)
    assert past.size == there.size
    assert len(past.packed.counted) == 30
    assert past.packed.start[-1] == len(past.packed.day)


def test_the_data_decide_about_an_effect_of_forty_days() -> None:
    (one,) = fitted().power_scaling
    assert one.likelihood > one.prior
    assert one.verdict in ("the data decide", "both matter")


@pytest.mark.slow
def test_who_knows_of_a_halt_that_was_kept_forecasts_better() -> None:
    small = Sampling(chains=2, draws=150, tune=200)
    scores = fitted().forecasts(day(HALT - 3), sampling=small)
    assert len(scores.labels) == len(scores.without) == 48
    assert scores.difference > 2.0
    assert scores.difference == pytest.approx(sum(scores.with_interventions) - sum(scores.without))


def test_nothing_is_left_to_forecast_after_the_end() -> None:
    with pytest.raises(UsageError, match="no interval is left"):
        fitted().forecasts(day(400))
