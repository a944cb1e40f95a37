"""The posterior of the coefficients: the density that NUTS sees, calibration, and what a sample of the past costs."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import chi2, norm

from attribution.archive.model.coefficients import Coefficients, Examples, fit_coefficients, log_posterior, weigh
from attribution.archive.model.fitted import load_fitted
from attribution.archive.model.posterior import (
    MOST_DEVIATIONS,
    CoefficientPosterior,
    SlopeDraws,
    coordinates,
    logit_data,
    logit_prior,
    normal_posterior,
    nuts_posterior,
    once,
)
from attribution.archive.model.settings import Shrinkage
from attribution.cli import main
from attribution.inference.coefficients import compilations, sample_coefficients
from attribution.inference.diagnostics import Convergence
from attribution.inference.settings import Sampling
from tests.archive.model.test_coefficients import some_examples, unpack

WIDE = Shrinkage(half_life=1e9, noise_share=0.5)
ROWS, FEATURES, CLASSES = 250, 4, 3


def from_the_prior(rng: np.random.Generator, rows: int = ROWS) -> tuple[np.ndarray, Examples]:
    """Coefficients drawn from the prior, and labels drawn from them, a third of them known only as one of two."""
    beta = rng.normal(WIDE.coefficient, WIDE.coefficient_sd, FEATURES)
    delta = rng.normal(0, WIDE.faction_sd, (FEATURES, CLASSES))
    intercept = rng.normal(0, WIDE.intercept_sd, CLASSES)
    x = rng.normal(0, 2, (rows, FEATURES, CLASSES)).astype(np.float32)
    p = np.exp((x * (beta[:, None] + delta)).sum(axis=1) + intercept)
    p /= p.sum(axis=1, keepdims=True)
    label = (p.cumsum(axis=1) > rng.random(rows)[:, None]).argmax(axis=1)
    hidden = rng.random(rows) < 1 / 3  # coarsened by a partition that does not depend on the label: {0, 1} and {2}
    sets = [[0, 1] if hide and code < 2 else [int(code)] for hide, code in zip(hidden, label, strict=True)]
    day = np.arange(rows)
    start = np.concatenate([[0], np.cumsum([len(one) for one in sets])])
    return beta, Examples(x, start, np.concatenate(sets), np.zeros(rows), day, day, day)


def names(count: int) -> tuple[str, ...]:
    return tuple("abcdefgh"[:count])


@pytest.mark.parametrize("deviations", [True, False])
def test_the_density_is_that_of_the_coefficients_in_whatever_coordinates(deviations: bool) -> None:
    """Differences of log density and gradients agree with those the mode is found by, sets and doubt included."""
    from attribution.modelling.logit import logit_model

    examples, rng = some_examples(60), np.random.default_rng(4)
    rows, weight = np.arange(60), rng.random(60)
    at = coordinates(examples, rows, weight, WIDE, Coefficients.prior(3, 4, WIDE), deviations=deviations)
    model = logit_model(logit_data(examples, rows, weight, WIDE), logit_prior(WIDE, examples.x.shape[1]), at)
    density = model.compile_logp(mode="FAST_COMPILE")
    slope = model.compile_dlogp(mode="FAST_COMPILE")
    size = len(at.centre)

    def ours(z: np.ndarray) -> tuple[float, np.ndarray]:
        theta = np.zeros(3 + 4 + 12)
        theta[:size] = at.centre + at.scale @ z
        value, by = log_posterior(examples, rows, weight, examples.guess(rows), WIDE, unpack(theta))
        return value, at.scale.T @ by[:size]

    first, *others = rng.normal(0, 2, (6, size))
    for z in others:
        assert density({"z": z}) - density({"z": first}) == pytest.approx(ours(z)[0] - ours(first)[0], abs=1e-8)
        assert slope({"z": z}) == pytest.approx(ours(z)[1], abs=1e-8)


def test_the_coordinates_make_the_posterior_standard_normal() -> None:
    """Near the mode the second derivative by z is minus the identity: of labels without sets and doubt exactly so."""
    examples = some_examples(400, sets=0.0)
    plain, rows, weight = Shrinkage(), np.arange(400), np.ones(400)
    at = coordinates(examples, rows, weight, plain, Coefficients.prior(3, 4, plain))
    guess, step = examples.guess(rows), 1e-4

    def gradient(z: np.ndarray) -> np.ndarray:
        by = log_posterior(examples, rows, weight, guess, plain, unpack(at.centre + at.scale @ z))[1]
        return at.scale.T @ by

    bend = np.stack([(gradient(step * e) - gradient(-step * e)) / (2 * step) for e in np.eye(19)])
    assert np.abs(bend + np.eye(19)).max() < 1e-4


def test_no_event_counts_for_more_than_itself_and_intervals_widen_as_the_root_says() -> None:
    """sd from n events over sd from N is the root of N/n where the prior says little; a stored share counts too."""
    vague = Shrinkage(half_life=1e9, coefficient_sd=10.0, faction_sd=0.01, intercept_sd=1.0)
    examples = some_examples(20_000, sets=0.0)
    mode = fit_coefficients(examples, np.arange(20_000), np.ones(20_000), vague, Coefficients.prior(3, 4, vague))
    every = normal_posterior(examples, names(3), 100_000, vague, mode)[0]
    rows, weight = weigh(examples, 100_000, vague.half_life, most=2000)
    assert weight.sum() == pytest.approx(20_000, rel=1e-3)
    assert once(weight).max() == 1.0
    fewer = Examples(
        examples.x[rows], np.arange(2001), examples.member[rows], examples.label_noise[rows], *[examples.day[rows]] * 3,
        share=0.1,
    )  # fmt: skip
    part = normal_posterior(fewer, names(3), 100_000, vague, mode)[0]
    assert part.widening == pytest.approx(np.sqrt(10), rel=1e-3)
    ratio = np.array([one.sd for one in part.by_feature]) / np.array([one.sd for one in every.by_feature])
    assert ratio == pytest.approx(np.full(3, part.widening), rel=0.1)
    assert "3.2 times as wide" in str(part)
    assert (every.widening, every.convergence, every.concerns) == (1.0, None, ())


def calibrated(share: np.ndarray) -> str:
    """Of `share` (table, coefficient), where the truth lay among the draws: coverages, and the least p of uniformity.

    A table is one trial, since its coefficients are learned from the same events: each coefficient has a histogram of
    its own, and the error of a mean coverage is taken as if all coefficients of a table said the same.
    """
    tables, told = len(share), []
    for level in (0.5, 0.8, 0.9):
        inside = float(np.mean(np.abs(share - 0.5) < level / 2))
        told.append(f"{level:.0%} intervals cover {inside:.1%}")
        assert abs(inside - level) < 4 * np.sqrt(level * (1 - level) / tables), told
    counts = np.stack([np.histogram(column, np.linspace(0, 1, 9))[0] for column in share.T])
    p = chi2.sf(((counts - tables / 8) ** 2 / (tables / 8)).sum(axis=1), 7)
    told.append(f"p of uniform ranks {np.round(p, 3)}, all together {counts.sum(axis=0)}")
    assert p.min() > 1e-3 / share.shape[1], told
    return f"{tables} tables: " + "; ".join(told)


def test_the_normal_distribution_is_calibrated_on_tables_drawn_from_the_prior() -> None:
    rng, share, sure = np.random.default_rng(3), [], Shrinkage(half_life=1e9)
    for _ in range(200):
        beta, examples = from_the_prior(rng)
        rows = np.arange(ROWS)
        mode = fit_coefficients(examples, rows, np.ones(ROWS), sure, Coefficients.prior(FEATURES, CLASSES, sure))
        found, _ = normal_posterior(examples, names(FEATURES), 10_000, sure, mode, kept=1)
        share.append([norm.cdf(truth, one.mean, one.sd) for truth, one in zip(beta, found.by_feature, strict=True)])
    print(calibrated(np.array(share)))


@pytest.mark.slow  # nutpie compiles once, for a quarter of a minute; each table is drawn in half a second
def test_nuts_is_calibrated_on_tables_drawn_from_the_prior() -> None:
    rng, share, sure = np.random.default_rng(11), [], Shrinkage(half_life=1e9)
    sampling = Sampling(draws=500, tune=150, chains=2)
    rows, before = np.arange(ROWS), compilations()
    for seed in range(200):
        beta, examples = from_the_prior(rng)
        at = coordinates(examples, rows, np.ones(ROWS), sure, Coefficients.prior(FEATURES, CLASSES, sure))
        data = logit_data(examples, rows, np.ones(ROWS), sure)
        found = sample_coefficients(data, logit_prior(sure, FEATURES), at, sampling, seed)
        share.append((found.beta.reshape(-1, FEATURES)[4::10] < beta).mean(axis=0))
    assert compilations() <= before + 1
    print(calibrated(np.array(share)))


@pytest.mark.slow
def test_nuts_is_near_the_normal_distribution_and_the_chains_agree() -> None:
    sure = Shrinkage(half_life=1e9)
    examples = some_examples(2000)
    start = Coefficients.prior(3, 4, sure)
    mode = fit_coefficients(examples, np.arange(2000), np.ones(2000), sure, start)
    near = normal_posterior(examples, names(3), 10_000, sure, mode)[0]
    found, draws = nuts_posterior(examples, names(3), 10_000, sure, mode)
    assert found.concerns == ()
    assert (found.way, found.widening, found.deviations, found.events) == ("nuts", 1.0, True, 2000)
    assert draws.slope.shape == (100, 3, 4)
    for ours, theirs in zip(found.by_feature, near.by_feature, strict=True):
        assert abs(ours.mean - theirs.mean) < 0.3 * ours.sd  # a little skewed
        assert ours.sd == pytest.approx(theirs.sd, rel=0.15)
        assert ours.low < ours.mean < ours.high
    over = np.array([one.mean for one in found.by_feature])[:, None] + mode.delta
    assert np.abs(draws.slope.mean(axis=0) - over).max() < 0.2


@pytest.mark.slow
def test_too_many_deviations_are_left_out_and_it_says_so() -> None:
    features, classes = 2, MOST_DEVIATIONS // 2 + 1
    rng, rows = np.random.default_rng(5), 40
    x = rng.normal(size=(rows, features, classes)).astype(np.float32)
    day = np.arange(rows)
    examples = Examples(x, np.arange(rows + 1), rng.integers(0, classes, rows), np.zeros(rows), day, day, day)
    start = Coefficients.prior(features, classes, WIDE)
    sampling = Sampling(draws=50, tune=100, chains=2)
    found, draws = nuts_posterior(examples, names(2), 10_000, WIDE, start, sampling=sampling)
    assert not found.deviations
    assert "same for every faction" in str(found)
    assert np.ptp(draws.slope, axis=2).max() == 0.0


@pytest.mark.slow
def test_the_commands_keep_and_show_draws_of_nuts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = tmp_path / "m.json"
    assert main(["archive", "fit", "incidents-2019-2024", "--least", "5", "--nuts", "-o", str(kept)]) == 0
    assert "by NUTS; R-hat at most" in capsys.readouterr().out
    fitted = load_fitted(kept)
    assert (fitted.coefficients.way, len(fitted.draws.slope), fitted.coefficients.concerns) == ("nuts", 100, ())
    told = tmp_path / "b.json"
    assert main(["archive", "backtest", "incidents-2019-2024", "--least", "5", "--nuts", "-o", str(told)]) in {0, 1}
    assert json.loads(told.read_text(encoding="utf-8"))["coefficients"]["way"] == "nuts"


@pytest.mark.parametrize(("rhat", "code"), [(1.001, 0), (1.2, 1)])
def test_fit_exits_with_one_where_chains_forbid_to_rely_on_it(
    rhat: float, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from attribution.archive.model import fitted

    def drawn(*given: Any, **more: Any) -> tuple[CoefficientPosterior, SlopeDraws]:
        found, draws = normal_posterior(*given, **more)
        chains = Convergence(rhat, "newcomers", 900.0, "newcomers", 900.0, "newcomers", 0, 0.9, 0, 1500)
        return replace(found, way="nuts", convergence=chains), draws

    monkeypatch.setattr(fitted, "nuts_posterior", drawn)
    assert main(["archive", "fit", "incidents-2019-2024", "--least", "5", "--nuts"]) == code
    assert ("R-hat of newcomers is 1.200 (limit 1.01)" in capsys.readouterr().out) == (code == 1)


def test_chains_that_do_not_agree_are_a_blocking_concern() -> None:
    bad = Convergence(1.2, "a", 30.0, "a", 500.0, "b", 7, 0.9, 40, 1500)
    found = CoefficientPosterior("nuts", (), 10, 1.0, True, bad)
    assert [concern.severity for concern in found.concerns] == ["blocking"] * 3
    assert all("--nuts" in concern.remedy for concern in found.concerns)
    assert "7 divergences" in str(found)
