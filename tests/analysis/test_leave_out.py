"""Leaving out by reweighting equals leaving out and fitting again."""

from __future__ import annotations

import numpy as np
import pytest

import attribution as at
from attribution.errors import UsageError
from attribution.inference.draws import estimate
from attribution.inference.importance import sobol_normals
from attribution.inference.posterior import Posterior
from attribution.network.summation import log_joint_at, normalise, numbers


@pytest.fixture(scope="module")
def posterior() -> Posterior:
    return at.fit(at.read_case("tower-22"), at.read_model("tower-22/baseline"), engine="importance")


@pytest.mark.parametrize("origin", ["state-finding", "us-intelligence", "from-syria", "halt", "banner-statement"])
def test_an_origin_left_out_is_an_origin_never_there(posterior: Posterior, origin: str) -> None:
    """A fresh run on other points, weighted by the evidence without the origin."""
    less = posterior.program.without(frozenset({origin}))
    z = sobol_normals(less.dimension, 8, 11, 99)
    probability, evidence = normalise(log_joint_at(less, numbers(less, z.reshape(-1, less.dimension))))
    weights = np.exp(evidence - evidence.max())
    fresh = weights @ probability / weights.sum()
    by_scramble = np.array(
        [w @ p / w.sum() for w, p in zip(weights.reshape(8, -1), probability.reshape(8, -1, 9), strict=True)]
    )
    error = np.hypot(by_scramble.std(axis=0, ddof=1) / np.sqrt(8), [s.mcse for s in posterior.standings])
    found = next(removal for removal in at.leave_out(posterior).removals if removal.id == origin)
    assert np.all(np.abs(found.probabilities - fresh) <= np.maximum(4 * error, 1e-4))


def test_the_pull_is_what_the_origin_adds_to_the_odds(posterior: Posterior) -> None:
    found = at.leave_out(posterior)
    leader, runner_up = (found.factions.index(id) for id in (found.leader, found.runner_up))
    published = [standing.probability for standing in posterior.standings]
    for removal in found.removals:
        without = removal.probabilities
        change = (published[leader] / published[runner_up]) / (without[leader] / without[runner_up])
        assert removal.lead_pull == pytest.approx(10 * np.log10(change))


def test_a_source_is_all_its_origins(posterior: Posterior) -> None:
    found = {removal.id: removal.origins for removal in at.leave_out(posterior, "institution").removals}
    assert {"us-intelligence", "state-finding", "navigation-unit"} <= set(found["us-government"])
    assert sorted(origin for origins in found.values() for origin in origins) == sorted(posterior.program.origins)


def test_leaving_out_from_a_weighted_and_from_a_sampled_run_agree(posterior: Posterior) -> None:
    sampled = at.fit(posterior.case, posterior.model)
    first, second = (
        {removal.id: removal.probabilities for removal in at.leave_out(one).removals} for one in (posterior, sampled)
    )
    error = np.hypot(
        estimate(posterior.draws, posterior.faction_draws).mcse, estimate(sampled.draws, sampled.faction_draws).mcse
    )
    for origin, probabilities in first.items():
        difference = np.abs(np.array(probabilities) - np.array(second[origin]))
        assert np.all(difference <= np.maximum(6 * error, 2e-3)), origin


def test_the_table_and_the_paragraph(posterior: Posterior) -> None:
    found = at.leave_out(posterior, "source")
    frame = found.to_frame()
    assert frame.index.name == "source"
    assert frame[list(found.factions)].sum(axis=1).to_numpy() == pytest.approx(1)
    assert str(found).startswith("Leaving out one source at a time")


def test_an_unknown_unit(posterior: Posterior) -> None:
    with pytest.raises(UsageError) as raised:
        at.leave_out(posterior, "orign")  # type: ignore[arg-type]
    assert raised.value.hint == 'did you mean "origin"?'
