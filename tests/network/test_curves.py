"""Triples hit their quantiles exactly, for any triple."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy.stats import norm

from attribution.domain.numbers import Number
from attribution.network.compiler import compile_network
from attribution.network.curves import curve, mean, quantile
from attribution.network.summation import numbers
from tests.brute_numbers import point
from tests.builders import a_case, a_model

AT = np.array([norm.ppf(0.05), 0.0, norm.ppf(0.95)])
GRID = np.linspace(-4.0, 4.0, 801)

probits = st.floats(-5.0, 5.0)
widths = st.floats(-4.0, 0.7).map(lambda power: 10.0**power)


@st.composite
def triples(draw: st.DrawFn) -> Number:
    """Probabilities of any skew: widths below and above from 0.0001 to 5 probits, nearly equal now and then."""
    best, below = draw(probits), draw(widths)
    above = below * (1 + draw(st.floats(-1e-9, 1e-9))) if draw(st.booleans()) else draw(widths)
    low, middle, high = (float(value) for value in norm.cdf([best - below, best, best + above]))
    return Number(low, middle, high)


@st.composite
def ratios(draw: st.DrawFn) -> Number:
    best, below, above = draw(st.floats(-8.0, 8.0)), draw(widths), draw(widths)
    return Number(math.exp(best - below), math.exp(best), math.exp(best + above), "ratio")


@given(triples())
@example(Number(0.1, 0.5, 0.9))
@example(Number(0.001, 0.9, 0.901))
@example(Number(1e-9, 0.5, 1 - 1e-9))
@example(Number(0.3, 0.3000001, 0.9))
@example(Number(1e-12, 2e-12, 0.999))
def test_a_probability_hits_its_quantiles(number: Number) -> None:
    np.testing.assert_allclose(quantile(number, AT), [number.low, number.best, number.high], rtol=1e-9, atol=1e-12)


@given(ratios())
@example(Number(1.0, 2.0, 4.0, "ratio"))
@example(Number(1.0, 1.01, 1000.0, "ratio"))
def test_a_ratio_hits_its_quantiles(number: Number) -> None:
    np.testing.assert_allclose(quantile(number, AT), [number.low, number.best, number.high], rtol=1e-9)


@given(st.one_of(triples(), ratios()))
def test_values_rise_with_z(number: Number) -> None:
    values = quantile(number, GRID)
    assert (np.diff(values) >= 0).all()
    assert values[-1] > values[0]
    if number.scale == "probability":
        assert (values >= 0).all() and (values <= 1).all()


@given(triples(), st.lists(st.floats(-3.5, 3.5), min_size=1, max_size=5))
def test_the_tape_draws_the_same_curve(number: Number, z: list[float]) -> None:
    program = compile_network(a_case(), a_model(other=number))
    slot = int(program.ints.surprise[0])
    drawn = numbers(program, np.array(z)[:, None])[:, slot]
    np.testing.assert_allclose(drawn, quantile(number, np.array(z)), rtol=1e-12, atol=1e-300)
    np.testing.assert_allclose(drawn, norm.cdf([point(number, one) for one in z]), rtol=1e-6, atol=1e-9)


def test_one_curve_through_nearly_symmetrical_triples() -> None:
    """A hair's breadth of skew moves the curve by a hair's breadth."""
    even = Number(0.2, 0.5, 0.8)
    for hair in (1e-6, 1e-9, 1e-12, 1e-15):
        for best in (0.5 - hair, 0.5 + hair):
            apart = np.abs(quantile(Number(0.2, best, 0.8), GRID) - quantile(even, GRID))
            assert apart.max() < 20 * hair + 1e-7 * (hair < 1e-9)


@pytest.mark.parametrize("number", [Number(0.1, float(np.nextafter(0.1, 1)), 0.5), Number(1e-300, 2e-300, 3e-300)])
def test_quantiles_that_touch_are_no_error(number: Number) -> None:
    assert np.isfinite(quantile(number, GRID)).all()
    assert curve(number).b >= 0


def test_quantiles_that_are_all_one() -> None:
    second = float(np.nextafter(0.1, 1))
    narrow = Number(0.1, second, float(np.nextafter(second, 1)))
    np.testing.assert_allclose(quantile(narrow, GRID), 0.1, rtol=1e-12)


@pytest.mark.parametrize("number", [Number(0.1, 0.3, 0.6), Number(0.9, 0.97, 0.99), Number(0.02, 0.3, 0.9)])
def test_mean_is_the_integral(number: Number) -> None:
    fine = np.linspace(-9.0, 9.0, 200_001)
    integral = np.trapezoid(norm.pdf(fine) * quantile(number, fine), fine)
    assert mean(number) == pytest.approx(integral, rel=1e-9)


def test_a_constant_is_its_own_mean() -> None:
    assert mean(Number.exactly(0.25)) == pytest.approx(0.25, rel=1e-15)
