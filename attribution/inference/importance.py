"""The instant engine: scrambled Sobol points under the prior, weighted by the evidence."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from attribution.inference.draws import Draws, flat, smoothed
from attribution.inference.settings import Sampling
from attribution.network.program import Floats, Program
from attribution.network.summation import log_joint_at, normalise, numbers

_STEP = 64


@lru_cache(maxsize=4)
def _points(dimension: int, scrambles: int, log2_points: int, seed: int) -> Floats:
    from scipy.special import ndtri
    from scipy.stats import qmc

    streams = np.random.SeedSequence(seed).spawn(scrambles)
    points = np.empty((scrambles, 2**log2_points, dimension))
    for position, stream in enumerate(streams):
        engine = qmc.Sobol(dimension, scramble=True, rng=np.random.default_rng(stream))
        points[position] = engine.random_base2(log2_points)
    tiny = 2.0**-32
    z: Floats = np.asarray(ndtri(np.clip(points, tiny, 1.0 - tiny)))
    z.flags.writeable = False
    return z


def sobol_normals(dimension: int, scrambles: int, log2_points: int, seed: int) -> Floats:
    """Standard normals from independent scrambles of a Sobol sequence: shape (scramble, point, coordinate).

    They are made for the next multiple of 64 coordinates and kept: models of about one size share them.
    """
    padded = max(_STEP, -(-dimension // _STEP) * _STEP)
    return np.ascontiguousarray(_points(padded, scrambles, log2_points, seed)[..., :dimension])


@dataclass(frozen=True, slots=True, eq=False)
class Weighed:
    """Weighted points, with what was computed to weigh them: slot values and the log-joint."""

    draws: Draws
    slots: Floats
    log_joint: Floats


def draw(program: Program, sampling: Sampling, seed: int) -> Weighed:
    """Draw the posterior of a network: points under the prior, Pareto-smoothed weights ``p(E | theta(z))``."""
    z = sobol_normals(program.dimension, sampling.scrambles, sampling.log2_points, seed)
    slots = numbers(program, flat(z))
    log_joint = log_joint_at(program, slots)
    log_weight, khat = smoothed(normalise(log_joint)[1].reshape(z.shape[:2]))
    return Weighed(Draws(z=z, log_weight=log_weight, khat=khat), slots, log_joint)
