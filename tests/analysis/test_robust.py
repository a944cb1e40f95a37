"""Bounds over contaminated priors equal brute force."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import attribution as at
from attribution.analysis.robust import _bounds, _tipping, mean_likelihoods
from attribution.inference.posterior import Posterior


@pytest.fixture(scope="module")
def posterior() -> Posterior:
    return at.fit(at.read_case("tower-22"), at.read_model("tower-22/baseline"), engine="importance")


def test_no_contamination_is_the_posterior(posterior: Posterior) -> None:
    found = at.robust_bounds(posterior).bounds[0]
    published = [standing.probability for standing in posterior.standings]
    assert found.epsilon == 0
    assert found.low == pytest.approx(published)
    assert found.high == pytest.approx(published)


@given(st.integers(0, 10_000), st.sampled_from([0.01, 0.1, 0.4]))
def test_bounds_hold_every_contamination_and_are_reached(seed: int, epsilon: float) -> None:
    rng = np.random.default_rng(seed)
    prior, likelihood = rng.dirichlet(np.ones(4)), rng.uniform(0.01, 1, 4)
    found = _bounds(prior, likelihood, epsilon)
    anything = np.vstack([np.eye(4), rng.dirichlet(np.ones(4) * 0.3, 2000)])
    joint = ((1 - epsilon) * prior + epsilon * anything) * likelihood
    posterior = joint / joint.sum(axis=1, keepdims=True)
    assert np.all(posterior >= np.array(found.low) - 1e-12)
    assert np.all(posterior <= np.array(found.high) + 1e-12)
    assert posterior.min(axis=0) == pytest.approx(found.low, abs=1e-12)
    assert posterior.max(axis=0) == pytest.approx(found.high, abs=1e-12)


@given(st.integers(0, 10_000))
def test_the_lead_passes_at_the_tipping_point_and_not_before(seed: int) -> None:
    rng = np.random.default_rng(seed)
    prior, likelihood = rng.dirichlet(np.ones(4)), rng.uniform(0.05, 1, 4)
    epsilon, to = _tipping(prior, likelihood)
    assert epsilon is not None
    leader = int((prior * likelihood).argmax())
    for step, passed in ((epsilon * (1 + 1e-6), True), (epsilon * (1 - 1e-6), False)):
        joints = ((1 - step) * prior + step * np.eye(4)) * likelihood
        assert any(int(joint.argmax()) != leader for joint in joints) is passed
    joint = ((1 - epsilon * (1 + 1e-6)) * prior + epsilon * (1 + 1e-6) * np.eye(4)[to]) * likelihood
    assert int(joint.argmax()) == to


def test_mean_likelihoods_give_the_posterior_back(posterior: Posterior) -> None:
    prior, likelihood = mean_likelihoods(posterior)
    joint = prior * likelihood
    assert joint / joint.sum() == pytest.approx([standing.probability for standing in posterior.standings])


def test_the_paragraph_names_who_gains(posterior: Posterior) -> None:
    found = at.robust_bounds(posterior)
    assert found.to in str(found)
    assert list(found.to_frame().index) == list(posterior.program.factions)
