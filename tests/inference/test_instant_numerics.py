"""What the instant engine works out itself, so as not to import libraries for seconds, is what those libraries say."""

from __future__ import annotations

import numpy as np
import pytest
from arviz_stats.base.array import array_stats
from scipy.special import ndtri
from scipy.stats import qmc

from attribution.inference.draws import _mean_log, smoothed
from attribution.inference.sobol import (
    SobolPoints,
    normal_quantiles,
    normals_of,
    shared_normals,
    sobol_normals,
    sobol_points,
)


@pytest.mark.parametrize("dimension", [1, 2, 65, 700, 4096, 4100])
def test_points_are_those_of_scipy_to_the_last_bit(dimension: int) -> None:
    ours = sobol_points(dimension, 6, np.random.default_rng(7))
    assert np.array_equal(ours, qmc.Sobol(dimension, rng=np.random.default_rng(7)).random_base2(6))


def test_normal_quantiles_are_those_of_scipy() -> None:
    levels = np.concatenate([np.random.default_rng(1).random(20_000), 10.0 ** -np.arange(1, 300), [0.5, 0.075, 0.925]])
    truth = ndtri(levels)
    assert np.all(np.abs(normal_quantiles(levels) - truth) <= 4e-15 * np.maximum(np.abs(truth), 1e-3))
    assert normal_quantiles(levels[:12].reshape(3, 4)).shape == (3, 4)


def test_compiled_normals_have_the_same_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    """At the ends, in the middle, where the two rational functions meet, and whatever is left over of a block."""
    points = np.random.default_rng(3).integers(0, 2**30, (3, 7, 91), dtype=np.uint32)
    edges = [round((0.5 + sign * 0.425) * 2**30) + step for sign in (-1, 1) for step in range(-2, 3)]
    points.reshape(-1)[:15] = [0, 1, 2**29 - 1, 2**29, 2**30 - 1, *edges]
    found = {}
    for reader in ("numpy", "compiled"):
        monkeypatch.setenv("ATTRIBUTION_READER", reader)
        found[reader] = normals_of(points)
        assert normals_of(points[:, :0]).shape == (3, 0, 91)
    assert np.array_equal(found["numpy"], found["compiled"])
    truth = ndtri(np.clip(points * 2.0**-30, 2.0**-32, 1 - 2.0**-32))
    np.testing.assert_allclose(found["compiled"], truth, rtol=4e-15, atol=4e-18)


def test_scrambles_differ_and_are_standard_normal() -> None:
    z = sobol_normals(3, 8, 10, seed=4)
    assert z.shape == (8, 1024, 3)
    assert np.abs(z.mean(axis=(0, 1))).max() < 1e-3
    assert np.abs(z.std(axis=(0, 1)) - 1.0).max() < 5e-3
    assert len(np.unique(z[..., 0])) == 8 * 1024


@pytest.mark.parametrize("size", [30, 225, 226, 1000, 16_384])
@pytest.mark.parametrize("spread", [0.01, 1.0, 4.0, 20.0])
def test_smoothed_weights_are_those_of_arviz(size: int, spread: float) -> None:
    rng = np.random.default_rng(size)
    for log_ratio in (spread * rng.normal(size=size), spread * rng.exponential(size=size), np.log(rng.random(size))):
        weights, khat = array_stats.psislw(-log_ratio)
        if not np.isfinite(khat):
            continue
        ours, our_khat = smoothed(log_ratio)
        assert np.abs(ours - weights).max() < 1e-12 * max(1.0, np.ptp(log_ratio))
        assert our_khat == pytest.approx(float(khat), abs=1e-12)


@pytest.mark.parametrize("count", [1, 7, 511, 512, 513, 3000])
def test_the_mean_of_logarithms_by_one_of_a_product(count: int) -> None:
    """Of numbers as small and as large as doubles go, and of more than a product of mantissas could hold."""
    rng = np.random.default_rng(count)
    values = np.exp(rng.uniform(-700.0, 700.0, size=(2, 3, count)))
    values[0] = 1.0 + rng.random((3, count))
    truth = np.log(values).mean(axis=-1)
    np.testing.assert_allclose(_mean_log(values.copy()), truth, rtol=1e-13, atol=1e-13)


def test_equal_largest_weights_need_no_smoothing() -> None:
    log_ratio = np.concatenate([np.zeros(500), np.full(500, -3.0)])
    weights, khat = smoothed(log_ratio)
    assert khat == float("-inf")
    assert np.exp(weights).sum() == pytest.approx(1.0)
    assert np.ptp(weights) == pytest.approx(3.0)


def test_normals_that_are_too_many_to_be_kept_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = sobol_normals(70, 2, 5, 3)
    shared = shared_normals(70, 2, 5, 3)
    monkeypatch.setattr("attribution.inference.sobol.MOST_NORMALS", 0)
    np.testing.assert_array_equal(sobol_normals(70, 2, 5, 3), kept)
    points = shared_normals(70, 2, 5, 3)
    assert isinstance(points, SobolPoints)
    assert points.whole.nbytes == kept.nbytes // 2
    np.testing.assert_array_equal(points.normals, kept)
    np.testing.assert_array_equal(shared, kept)
    some = np.array([63, 0, 31, 32, 31])
    np.testing.assert_array_equal(points.rows(some), kept.reshape(64, 70)[some])
    np.testing.assert_array_equal(points.rows(slice(30, 34)), kept.reshape(64, 70)[30:34])


@pytest.mark.parametrize("longer_first", [True, False])
def test_the_first_points_of_a_longer_sequence_are_those_of_a_shorter_one(
    longer_first: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("attribution.inference.sobol._kept", {})
    lengths = (7, 4) if longer_first else (4, 7)
    kept = {length: sobol_normals(70, 2, length, 3) for length in lengths}
    monkeypatch.setattr("attribution.inference.sobol.MOST_NORMALS", 0)  # each drawn by itself
    for length, normals in kept.items():
        np.testing.assert_array_equal(normals, sobol_normals(70, 2, length, 3))
