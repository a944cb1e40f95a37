"""Draws of one network looked at under another: the same number, the same coordinate."""

from __future__ import annotations

import numpy as np

from attribution.inference.posterior import Posterior
from attribution.network.program import Floats, Program

_FRESH = 7919  # apart from the streams that draw


def carried(posterior: Posterior, program: Program) -> Floats:
    """The draws of a posterior as coordinates of another network: (draw, coordinate).

    Coordinates are matched by label, so that a column means the same number in both. A number that the posterior
    does not know gets fresh standard normals, its prior: nothing was learned about it.
    """
    if program.labels == posterior.program.labels:
        return posterior.draws.flat
    flat = posterior.draws.flat
    known = {label: position for position, label in enumerate(posterior.program.labels)}
    rng = np.random.default_rng((posterior.settings.seed, _FRESH))
    z = np.empty((len(flat), program.dimension))
    for position, label in enumerate(program.labels):
        z[:, position] = flat[:, known[label]] if label in known else rng.standard_normal(len(flat))
    return z
