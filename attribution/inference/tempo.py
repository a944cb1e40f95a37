"""The posterior of a tempo model: by NUTS, the answer, and by Laplace's approximation, for placebos and designs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from attribution.errors import EngineError
from attribution.inference.diagnostics import Convergence, convergence
from attribution.inference.nuts import model_of, run_nuts
from attribution.inference.settings import Sampling
from attribution.network.program import Floats

if TYPE_CHECKING:
    from attribution.modelling.tempo_kernel import Packed

RHAT, ESS = 1.01, 400
_TARGET = 0.95  # a scale and its coefficients narrow into funnels, where long steps would diverge
_STEP = 1e-4  # of z, for second derivatives from exact gradients
_FLATTEST = 0.3  # of the curvature; the prior alone has 1


@dataclass(frozen=True, slots=True, eq=False)
class TempoDraws:
    """Draws of z by NUTS, the sampler's statistics, and how well the chains agree on all of z."""

    z: Floats  # (chain, draw, size)
    stats: dict[str, np.ndarray[Any, Any]]
    convergence: Convergence

    @property
    def agree(self) -> bool:
        """Whether R-hat is below 1.01, every effective sample size above 400, and no trajectory diverged."""
        one = self.convergence
        return one.rhat < RHAT and min(one.ess_bulk, one.ess_tail) > ESS and not one.divergences

    @property
    def flat(self) -> Floats:
        """All draws (draw, size)."""
        return self.z.reshape(-1, self.z.shape[-1])


@dataclass(frozen=True, slots=True, eq=False)
class Laplace:
    """A normal approximation of the posterior of z, and the log of the evidence that it implies."""

    mode: Floats  # (size,)
    covariance: Floats  # (size, size)
    log_evidence: float

    def draws(self, many: int, seed: int) -> Floats:
        """Draws of z (draw, size)."""
        return np.random.default_rng(seed).multivariate_normal(self.mode, self.covariance, size=many, method="eigh")


def sample_tempo(
    data: Packed, sampling: Sampling, seed: int, *, labels: tuple[str, ...] = (), progress: bool = False
) -> TempoDraws:
    """Draw z by NUTS, from the density itself: nothing is compiled but the kernel, once.

    Raises
    ------
    EngineError
        The sampler gave up.
    """
    from attribution.modelling.tempo import log_posterior, size_of

    size = size_of(data)
    model = model_of(lambda z: log_posterior(z, data), size, lambda rng: 0.3 * rng.standard_normal(size))
    sampled = run_nuts(model, replace(sampling, target_accept=_TARGET), seed, progressbar=progress)
    z = sampled.draws["z"]
    names = labels or tuple(f"z[{at}]" for at in range(size))
    return TempoDraws(z, sampled.stats, convergence(z, names, sampled.stats))


def laplace(data: Packed, start: Floats | None = None) -> Laplace:
    """The mode, and the inverse of the curvature there; its intervals are too narrow, so it is no answer.

    Scales, lengths, times and spreads are held at their medians: at a joint mode a process of any size is free, and
    takes every effect for its own.

    Raises
    ------
    EngineError
        No mode was found.
    """
    from scipy.optimize import minimize

    from attribution.modelling.tempo import log_posterior, size_of
    from attribution.modelling.tempo_kernel import HELD, SCALARS

    size = size_of(data)
    groups = (len(data.curves) - SCALARS) // 2
    held = [*HELD, *range(SCALARS + groups, SCALARS + 2 * groups)]
    free = np.setdiff1d(np.arange(size), held)

    def loss(part: Floats) -> tuple[float, Floats]:
        z = np.zeros(size)
        z[free] = part
        value, gradient = log_posterior(z, data)
        return (-value, -gradient[free]) if np.isfinite(value) else (1e12, part)

    first = np.zeros(len(free)) if start is None else start[free]
    found = minimize(loss, first, jac=True, method="L-BFGS-B", options={"maxiter": 600})
    if not np.isfinite(found.fun) or found.fun >= 1e12:
        raise EngineError("no mode of the tempo model was found: the counts contradict one another")
    curvature = np.empty((len(free), len(free)))
    for at, step in enumerate(_STEP * np.eye(len(free))):
        curvature[at] = (loss(found.x + step)[1] - loss(found.x - step)[1]) / (2.0 * _STEP)
    values, vectors = np.linalg.eigh((curvature + curvature.T) / 2.0)
    values = np.maximum(values, _FLATTEST)
    mode, covariance = np.zeros(size), np.zeros((size, size))
    mode[free] = found.x
    covariance[np.ix_(free, free)] = (vectors / values) @ vectors.T
    return Laplace(mode, covariance, float(-found.fun - 0.5 * np.log(values).sum()))
