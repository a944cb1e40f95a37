"""Uncertain numbers: what they may be, and where they come from."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta

from attribution.domain.numbers import Number
from attribution.domain.verbal import ICD_203
from attribution.errors import ModelError


@given(st.integers(1, 10_000).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
def test_counts_are_quantiles_of_the_jeffreys_posterior(counts: tuple[int, int]) -> None:
    yes, of = counts
    number = Number.from_counts(yes, of)
    expected = beta.ppf([0.05, 0.5, 0.95], yes + 0.5, of - yes + 0.5)
    assert [number.low, number.best, number.high] == pytest.approx(expected, rel=1e-8)
    assert number.stated == f"{yes} of {of}"
    assert 0 < number.low < number.best < number.high < 1


@pytest.mark.parametrize(("yes", "of"), [(-1, 5), (6, 5), (0, 0)])
def test_counts_that_are_none(yes: int, of: int) -> None:
    with pytest.raises(ModelError, match="not a count"):
        Number.from_counts(yes, of)


@pytest.mark.parametrize("term", [term for band in ICD_203 for term in band.terms])
def test_words_are_their_range_with_the_midpoint_as_best(term: str) -> None:
    band = next(band for band in ICD_203 if term in band.terms)
    for spelling in (term, term.upper()):
        number = Number.from_words(spelling)
        assert (number.low, number.high, number.stated) == (band.low, band.high, term)
        assert number.best == pytest.approx((band.low + band.high) / 2)


def test_words_that_are_none_come_with_a_suggestion() -> None:
    with pytest.raises(ModelError) as error:
        Number.from_words("very likly")
    assert "very likely" in error.value.hint


@pytest.mark.parametrize(
    "triple",
    [
        (0.0, 0.5, 0.9),
        (0.1, 0.5, 1.0),
        (0.5, 0.4, 0.9),
        (0.1, 0.5, 0.5),
        (0.1, 0.1, 0.5),
        (-0.1, 0.5, 0.9),
        (0.1, math.nan, 0.9),
        (0.1, 0.5, math.inf),
        (-0.5, -0.5, -0.5),
        (1.5, 1.5, 1.5),
        (0.9, 0.5, 0.9),
    ],
)
def test_triples_that_cannot_be(triple: tuple[float, float, float]) -> None:
    with pytest.raises(ModelError) as error:
        Number(*triple)
    assert error.value.allowed


def test_a_percentage_is_guessed() -> None:
    with pytest.raises(ModelError) as error:
        Number.exactly(45.0)
    assert "0.45" in error.value.hint


@pytest.mark.parametrize("triple", [(0.0, 1.0, 2.0), (-1.0, 1.0, 2.0), (0.0, 0.0, 0.0), (2.0, 1.0, 3.0)])
def test_ratios_that_cannot_be(triple: tuple[float, float, float]) -> None:
    with pytest.raises(ModelError):
        Number(*triple, "ratio")


def test_what_can_be() -> None:
    assert Number.exactly(0.0).constant and Number.exactly(1.0).constant
    assert not Number(0.5, 1.0, 20.0, "ratio").constant
    assert str(Number(0.1, 0.2, 0.3)) == "[0.1, 0.2, 0.3]"
    assert str(Number.exactly(0.25)) == "0.25"


@pytest.mark.parametrize("vary", [-0.1, 5.1, math.nan])
def test_vary_has_bounds(vary: float) -> None:
    with pytest.raises(ModelError):
        Number(0.1, 0.2, 0.3, vary=vary)


def test_vary_needs_an_uncertain_probability() -> None:
    for triple, scale in (((0.2, 0.2, 0.2), "probability"), ((1.0, 2.0, 3.0), "ratio")):
        with pytest.raises(ModelError, match="vary"):
            Number(*triple, scale, vary=0.3)  # type: ignore[arg-type]
