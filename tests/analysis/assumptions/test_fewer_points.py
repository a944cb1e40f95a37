"""Leans from half of the instant engine's points: what is printed is what all points would print."""

from __future__ import annotations

import numpy as np
import pytest

import attribution as at
from attribution.analysis.assumptions.lean import lean
from attribution.analysis.workspace import enough_draws
from attribution.inference.posterior import Posterior

HALF_A_DIGIT = 0.005  # probabilities are printed in whole per cent


@pytest.fixture(scope="module")
def of_scrambles() -> list[Posterior]:
    case, model = at.read_case("tower-22"), at.read_model("tower-22/baseline")
    return [at.fit(case, model, engine="importance", random_seed=seed) for seed in (11, 12, 13)]


def spread(tables: list[np.ndarray]) -> float:
    """The largest standard deviation over scrambles of any probability."""
    return float(np.stack(tables).std(axis=0, ddof=1).max())


def test_leans_from_fewer_points(of_scrambles: list[Posterior]) -> None:
    few, every = [], []
    for posterior in of_scrambles:
        fewer = lean(enough_draws(posterior, 8192), refit=False)
        assert fewer.draws < len(posterior.draws.weights)
        assert fewer.probabilities == tuple(one.probability for one in posterior.standings)
        assert f"{fewer.draws} draws" in fewer.method
        few.append(np.array([one.probabilities for one in fewer.leanings]))
        every.append(np.array([one.probabilities for one in lean(posterior, refit=False).leanings]))
    assert np.abs(np.array(few) - np.array(every)).max() < HALF_A_DIGIT
    assert spread(few) < HALF_A_DIGIT
