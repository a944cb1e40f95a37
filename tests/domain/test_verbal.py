"""Words at every boundary."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from attribution.domain.verbal import (
    ENFSI,
    ICD_203,
    decibans,
    odds,
    percents,
    probability_words,
    short,
    support_words,
)


def after(value: float) -> float:
    return float(np.nextafter(value, math.inf))


def before(value: float) -> float:
    return float(np.nextafter(value, -math.inf))


ALMOST_NO, VERY_UNLIKELY, UNLIKELY, EVEN, LIKELY, VERY_LIKELY, ALMOST = (band.terms[0] for band in ICD_203)


@pytest.mark.parametrize(
    ("boundary", "below", "at", "above"),
    [
        (0.01, ALMOST_NO, ALMOST_NO, ALMOST_NO),
        (0.05, ALMOST_NO, VERY_UNLIKELY, VERY_UNLIKELY),
        (0.20, VERY_UNLIKELY, UNLIKELY, UNLIKELY),
        (0.45, UNLIKELY, EVEN, EVEN),
        (0.55, EVEN, EVEN, LIKELY),
        (0.80, LIKELY, LIKELY, VERY_LIKELY),
        (0.95, VERY_LIKELY, VERY_LIKELY, ALMOST),
        (0.99, ALMOST, ALMOST, ALMOST),
    ],
)
def test_a_shared_end_point_is_the_weaker_statement(boundary: float, below: str, at: str, above: str) -> None:
    assert probability_words(before(boundary)) == below
    assert probability_words(boundary) == at
    assert probability_words(after(boundary)) == above


def test_the_ends_have_the_outermost_words() -> None:
    assert probability_words(0.0) == probability_words(0.009) == "almost no chance"
    assert probability_words(1.0) == probability_words(0.991) == "almost certain"
    assert probability_words(0.5) == "roughly even chance"


def test_words_mirror_at_one_half() -> None:
    order = [band.terms[0] for band in ICD_203]
    for percent in range(101):
        mirrored = order[::-1][order.index(probability_words(percent / 100))]
        assert probability_words((100 - percent) / 100) == mirrored


@pytest.mark.parametrize(
    ("boundary", "below", "at", "above"),
    [
        (2, "no appreciable", "weak", "weak"),
        (10, "weak", "weak", "moderate"),
        (100, "moderate", "moderate", "moderately strong"),
        (1_000, "moderately strong", "moderately strong", "strong"),
        (10_000, "strong", "strong", "very strong"),
        (1_000_000, "very strong", "very strong", "extremely strong"),
    ],
)
def test_support_at_every_boundary(boundary: float, below: str, at: str, above: str) -> None:
    assert support_words(before(boundary)) == below
    assert support_words(boundary) == at
    assert support_words(after(boundary)) == above


def test_support_without_end() -> None:
    assert support_words(1.0) == "no appreciable"
    assert support_words(math.inf) == ENFSI[-1].terms[0]


def test_bands_leave_no_gap() -> None:
    for table in (ICD_203, ENFSI):
        for lower, upper in itertools.pairwise(table):
            assert lower.high == upper.low


@pytest.mark.parametrize(
    ("low", "high", "shown"),
    [
        (0.2, 0.5, "20 to 50 %"),
        (0.0004, 0.02, "< 0.1 % to 2.0 %"),
        (0.97, 0.999, "97 % to > 99 %"),
        (0.501, 0.502, "50 %"),
        (0.995, 0.999, "> 99 %"),
        (0.012, 0.5, "1.2 to 50 %"),
    ],
)
def test_ranges_say_percent_once_where_they_can(low: float, high: float, shown: str) -> None:
    assert percents(low, high) == shown


@pytest.mark.parametrize(
    ("weight", "shown", "as_odds"),
    [(0.0, "0.0", "1.0 to 1"), (0.049, "0.0", "1.0 to 1"), (10.0, "+10.0", "10.0 to 1"), (-10.0, "−10.0", "1 to 10.0"),
     (20.0, "+20.0", "100 to 1"), (33.0, "+33.0", "1,995 to 1"), (5000.0, "+5000.0", "over 1,000,000 to 1")],
)  # fmt: skip
def test_decibans_and_odds(weight: float, shown: str, as_odds: str) -> None:
    assert decibans(weight) == shown
    assert odds(weight) == as_odds


def test_nought_has_no_sign() -> None:
    assert (short(-0.0), short(0.0), short(-0.25), short(1234.0)) == ("0", "0", "-0.25", "1,234")
