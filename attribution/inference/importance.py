"""The instant engine: importance sampling, from scrambled Sobol points under the prior, weighted by the evidence."""

from __future__ import annotations

from dataclasses import dataclass

from attribution.inference.draws import Draws, flat, smoothed
from attribution.inference.settings import Sampling
from attribution.inference.sobol import sobol_normals
from attribution.network.program import Floats, Program
from attribution.network.summation import log_joint_at, normalise, numbers


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
