"""NUTS over the coefficients of an archive."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from attribution.inference.diagnostics import Convergence, convergence
from attribution.inference.nuts import run_nuts
from attribution.inference.settings import Sampling
from attribution.modelling.logit import Coordinates, LogitData, LogitPrior
from attribution.network.program import Floats

_COMPILED: dict[tuple[int, int, int], Any] = {}
_KEPT = 8
_DEPTH = 4  # fifteen steps go half around a standard normal, whatever its dimension; longer ones come back
_TARGET = 0.9  # away from the mode labels that were sure become doubtful, and long steps there would leave the track


@dataclass(frozen=True, slots=True, eq=False)
class CoefficientDraws:
    """Draws (chain, draw, ...), and how well the chains agree on the coefficients."""

    beta: Floats  # (chain, draw, feature)
    delta: Floats  # (chain, draw, feature, class); nought where they were left out
    intercept: Floats  # (chain, draw, class)
    convergence: Convergence
    steps: float  # leapfrog steps per draw


def compilations() -> int:
    """How many models are compiled in this process: one per number of features, of classes, with or without delta."""
    return len(_COMPILED)


def sample_coefficients(
    data: LogitData,
    prior: LogitPrior,
    at: Coordinates,
    sampling: Sampling,
    seed: int,
    *,
    features: tuple[str, ...] = (),
) -> CoefficientDraws:
    """Draw the coefficients; a second table with as many features and classes costs sampling time only.

    `features` are their names, for the diagnostics.

    Raises
    ------
    EngineError
        The sampler gave up.
    """
    careful = replace(sampling, target_accept=_TARGET, maxdepth=_DEPTH)
    sampled = run_nuts(_compiled(data, prior, at), careful, seed)
    beta, intercept = sampled.draws["beta"], sampled.draws["intercept"]
    shape = (*beta.shape, intercept.shape[-1])
    return CoefficientDraws(
        beta=beta,
        delta=sampled.draws["delta"] if "delta" in sampled.draws else np.zeros(shape),
        intercept=intercept,
        convergence=convergence(beta, features or tuple(str(k) for k in range(beta.shape[-1])), sampled.stats),
        steps=float(sampled.stats["n_steps"].mean()),
    )


def _compiled(data: LogitData, prior: LogitPrior, at: Coordinates) -> Any:
    """The compiled model of so many features and classes, with these data."""
    import nutpie

    from attribution.modelling.logit import logit_model, model_data

    key = (*data.x.shape[1:], len(at.centre))
    if key not in _COMPILED:
        if len(_COMPILED) >= _KEPT:
            _COMPILED.clear()
        _COMPILED[key] = nutpie.compile_pymc_model(logit_model(data, prior, at))
    return _COMPILED[key].with_data(**model_data(data, prior, at))
