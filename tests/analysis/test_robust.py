"""Bounds over contaminated priors equal brute force."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import attribution as at
from attribution.analysis.robust import _bounds, _tipping, mean_likelihoods
from attribution.errors import UsageError
from attribution.inference.posterior import Posterior
from tests.builders import a_case, a_model, a_tree


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
    epsilon, to = _tipping(prior, likelihood, int((prior * likelihood).argmax()))
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


def test_the_paragraph_names_who_gains_and_how_it_was_computed(posterior: Posterior) -> None:
    found = at.robust_bounds(posterior)
    assert found.label(found.to) in str(found)
    assert found.method in str(found)
    assert list(found.to_frame().index) == list(posterior.program.factions)


def test_the_error_of_the_tipping_point_covers_another_seed(posterior: Posterior) -> None:
    found = at.robust_bounds(posterior)
    again = at.robust_bounds(at.fit(posterior.case, posterior.model, engine="importance", random_seed=7))
    assert found.tipping is not None
    assert again.tipping is not None
    assert 0 < found.tipping_mcse < 0.01
    assert abs(found.tipping - again.tipping) < 4 * np.hypot(found.tipping_mcse, again.tipping_mcse)


def test_a_tied_lead_passes_at_once() -> None:
    tied = at.fit(a_case(), a_model(other=0.1), engine="importance")
    found = at.robust_bounds(tied)
    assert found.tipping == pytest.approx(0, abs=1e-12)
    assert {found.leader, found.to} == {"a", "b"}


def test_one_named_faction_and_anyone_else() -> None:
    """One named faction at prior 0.9 with equal likelihoods: 0.9 (1 - e) = 0.1 (1 - e) + e."""
    found = at.robust_bounds(at.fit(a_case(tree=a_tree("a")), a_model(other=0.1), engine="importance"))
    assert found.tipping == pytest.approx(0.8 / 1.8)
    assert found.to == "other"


@pytest.mark.parametrize("level", [-0.1, 1.0])
def test_a_contamination_is_a_share(posterior: Posterior, level: float) -> None:
    with pytest.raises(UsageError, match="contamination"):
        at.robust_bounds(posterior, (level,))
