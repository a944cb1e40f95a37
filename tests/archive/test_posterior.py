"""NUTS over the discounts: agrees with the mode, covers the truth, says what a sample costs."""

from __future__ import annotations

import numpy as np
import pytest

from attribution.archive.discounts import Discounts, Examples, fit_discounts
from attribution.archive.posterior import discount_posterior, logit_data
from attribution.archive.settings import Shrinkage
from attribution.inference.discounts import sample_discounts
from attribution.inference.settings import Sampling
from attribution.modelling.discounts import LogitPrior
from tests.archive.test_discounts import some_examples

PRIOR = LogitPrior(0.2, 0.1, 0.3, 1.0)


def from_the_prior(rng: np.random.Generator, rows: int = 250, features: int = 4, classes: int = 3):
    """Discounts drawn from the prior, and labels drawn from them, a third of them known only as one of two."""
    beta = rng.normal(PRIOR.discount, PRIOR.discount_sd, features)
    delta = rng.normal(0, PRIOR.faction_sd, (features, classes))
    intercept = rng.normal(0, PRIOR.intercept_sd, classes)
    x = rng.normal(0, 2, (rows, features, classes)).astype(np.float32)
    p = np.exp((x * (beta[:, None] + delta)).sum(axis=1) + intercept)
    p /= p.sum(axis=1, keepdims=True)
    label = (p.cumsum(axis=1) > rng.random(rows)[:, None]).argmax(axis=1)
    hidden = rng.random(rows) < 1 / 3  # coarsened by a partition that does not depend on the label: {0, 1} and {2}
    sets = [[0, 1] if hide and code < 2 else [int(code)] for hide, code in zip(hidden, label, strict=True)]
    day = np.arange(rows)
    start = np.concatenate([[0], np.cumsum([len(one) for one in sets])])
    return beta, Examples(x, start, np.concatenate(sets), np.zeros(rows), day, day, day)


@pytest.mark.slow  # nutpie compiles for a quarter of a minute
def test_the_mean_is_near_the_mode_and_the_chains_agree() -> None:
    examples, wide = some_examples(250), Shrinkage(half_life=1e9)
    mode = fit_discounts(examples, np.arange(250), np.ones(250), wide, Discounts.prior(3, 4, wide))
    found = discount_posterior(examples, ("a", "b", "c"), 10_000, wide)
    sd = np.array([one.sd for one in found.discounts])
    gap = np.array([one.mean for one in found.discounts]) - mode.beta
    assert np.all(np.abs(gap) < 4 * sd / np.sqrt(found.least_ess) + 0.15 * sd)  # the posterior is a little skewed
    assert found.worst_rhat < 1.02
    assert found.divergences == 0
    assert (found.widening, found.deviations, found.events) == (1.0, True, 250)


@pytest.mark.slow
def test_intervals_of_the_discounts_cover_at_their_nominal_rate() -> None:
    rng = np.random.default_rng(11)
    inside, ranks = [], []
    for seed in range(60):
        beta, examples = from_the_prior(rng)
        data = logit_data(examples, np.arange(250), np.ones(250), Shrinkage())
        found = sample_discounts(data, PRIOR, Sampling(draws=400, tune=300, chains=2), seed)
        draws = found.beta.reshape(-1, 4)
        low, high = np.quantile(draws, (0.05, 0.95), axis=0)
        inside += list((low <= beta) & (beta <= high))
        ranks += list((draws < beta).mean(axis=0))
    assert abs(np.mean(inside) - 0.9) < 4 * np.sqrt(0.9 * 0.1 / 60)  # the four of a table are not independent
    assert abs(np.mean(ranks) - 0.5) < 4 * np.sqrt(1 / 12 / 60)
    assert abs(np.var(ranks) - 1 / 12) < 4 * np.sqrt(1 / 180 / 60)


@pytest.mark.slow
def test_a_sample_of_a_long_past_is_wider_and_says_by_how_much() -> None:
    examples = some_examples(60_000, features=3, classes=4, sets=0.0)
    found = discount_posterior(examples, ("a", "b", "c"), 100_000, Shrinkage(half_life=1e9))
    assert found.events < 60_000
    assert found.widening == pytest.approx(np.sqrt(60_000 / found.events), rel=0.01)
    assert "times as wide" in str(found)
    truth = np.array([0.2, 0.6, 1.0])
    z = (np.array([one.mean for one in found.discounts]) - truth) / np.array([one.sd for one in found.discounts])
    assert np.all(np.abs(z) < 5)
