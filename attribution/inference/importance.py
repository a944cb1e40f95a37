"""The instant engine: scrambled Sobol points under the prior, weighted by the evidence."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from attribution.inference.draws import Draws, smoothed
from attribution.inference.settings import Sampling
from attribution.network.program import Floats, Program
from attribution.network.summation import log_joint_at, numbers


@lru_cache(maxsize=4)
def sobol_normals(dimension: int, scrambles: int, log2_points: int, seed: int) -> Floats:
    """Standard normals from independent scrambles of a Sobol sequence: shape (scramble, point, coordinate)."""
    from scipy.special import ndtri
    from scipy.stats import qmc

    streams = np.random.SeedSequence(seed).spawn(scrambles)
    points = np.empty((scrambles, 2**log2_points, max(dimension, 1)))
    for position, stream in enumerate(streams):
        engine = qmc.Sobol(max(dimension, 1), scramble=True, rng=np.random.default_rng(stream))
        points[position] = engine.random_base2(log2_points)
    tiny = 2.0**-32
    z: Floats = np.asarray(ndtri(np.clip(points[..., :dimension], tiny, 1.0 - tiny)))
    z.flags.writeable = False
    return z


def weigh(program: Program, z: Floats) -> Draws:
    """Points of shape (scramble, point, coordinate) with Pareto-smoothed weights ``p(E | theta(z))``."""
    log_joint = log_joint_at(program, numbers(program, z.reshape(-1, z.shape[-1])))
    log_weight, khat = smoothed(np.logaddexp.reduce(log_joint, axis=1).reshape(z.shape[:2]))
    return Draws(z=z, log_weight=log_weight, khat=khat)


def draw(program: Program, sampling: Sampling, seed: int) -> Draws:
    """Draw the posterior of a network with the importance engine."""
    return weigh(program, sobol_normals(program.dimension, sampling.scrambles, sampling.log2_points, seed))
