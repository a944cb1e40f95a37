"""A posterior whose draws count equally, without a sampler: weighted points, drawn again by their weights."""

from __future__ import annotations

import numpy as np

from attribution.inference.draws import Draws
from attribution.inference.posterior import Posterior


def drawn_again(posterior: Posterior, *, chains: int = 4, draws: int = 500, seed: int = 1) -> Posterior:
    """Chains of equal draws from a posterior of the importance engine."""
    rng = np.random.default_rng(seed)
    picked = rng.choice(len(posterior.draws.weights), size=chains * draws, p=posterior.draws.weights)
    z = posterior.draws.flat[picked].reshape(chains, draws, -1)
    return Posterior(posterior.case, posterior.model, posterior.settings, Draws(z))
