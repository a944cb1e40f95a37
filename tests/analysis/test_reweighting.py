"""The delete-one jackknife over chains equals the textbook error of a mean."""

from __future__ import annotations

import numpy as np
import pytest

from attribution.analysis.reweighting import jackknife


def test_of_a_mean_it_is_the_standard_error_of_chain_means() -> None:
    values = np.random.default_rng(1).standard_normal((8, 500))
    whole, error = jackknife(lambda w: np.asarray(w @ values.ravel()), np.full(4000, 1 / 4000), 8)
    assert whole == pytest.approx(values.mean())
    assert error == pytest.approx(values.mean(axis=1).std(ddof=1) / np.sqrt(8))


def test_a_constant_has_no_error() -> None:
    _, error = jackknife(lambda w: np.array([w.sum(), 2.0]), np.full(40, 1 / 40), 4)
    assert error == pytest.approx([0, 0], abs=1e-15)
