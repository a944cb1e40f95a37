"""The instant engine: importance sampling, from scrambled Sobol points under the prior, weighted by the evidence."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from attribution.inference.draws import Draws, Numbers, smoothed
from attribution.inference.settings import Sampling
from attribution.inference.sobol import SobolPoints, shared_normals
from attribution.network.program import Floats, Program
from attribution.network.summation import log_joint_at, normalise


@dataclass(frozen=True, slots=True, eq=False)
class Weighed:
    """Weighted points, with what was computed to weigh them: the numbers of the network and the log-joint."""

    draws: Draws
    numbers: Numbers
    log_joint: Floats


def draw(program: Program, sampling: Sampling, seed: int) -> Weighed:
    """Draw the posterior of a network: points under the prior, Pareto-smoothed weights ``p(E | theta(z))``."""
    normals = shared_normals(program.dimension, sampling.scrambles, sampling.log2_points, seed)
    if not isinstance(normals, SobolPoints):
        normals = np.ascontiguousarray(normals)
    drawn = Numbers(program, Draws(normals))
    log_joint = drawn.each(lambda slots: log_joint_at(program, slots))
    log_weight, khat = smoothed(normalise(log_joint)[1].reshape(drawn.draws.shape))
    return Weighed(replace(drawn.draws, log_weight=log_weight, khat=khat), drawn, log_joint)
