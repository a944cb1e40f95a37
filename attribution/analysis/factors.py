"""One origin as a factor of two values: where all it says is true, and where not.

The likelihood of a part of the network is linear in such a factor. With ``t`` the probability, given the faction and
everything else in the part, that all an origin says is true, a factor with values F (false) and T (true) multiplies
the likelihood of the rest by ``F + (T - F) t``. So one sum without the origin answers every question about it: to a
power, believed for certain, not believed at all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from attribution.inference.posterior import Posterior
from attribution.network.program import DIRECT, Floats
from attribution.network.summation import (
    keep_open,
    log_joint_at,
    origin_factors,
    part_log_likelihood,
)

_SAME = 1e-9  # relative difference below which a factor says nothing


@dataclass(frozen=True, slots=True, eq=False)
class OriginFactor:
    """An origin in every draw and for every faction: (draw, faction) each.

    `rest` is ``log p(E_part without the origin | h, theta)``; `false` and `true` the values of its factor; `truth` the
    probability that all it says is true, given the faction and the rest.
    """

    part: int
    rest: Floats
    false: Floats
    true: Floats
    truth: Floats

    def mean(self, false: Floats, true: Floats) -> Floats:
        """What the likelihood of the rest is multiplied by if the factor had these values."""
        return np.asarray(false + (true - false) * self.truth)


def all_factors(posterior: Posterior) -> tuple[Floats, Floats]:
    """Values of all factors, false and true: (draw, origin, faction) each; worked out once."""
    remembered = posterior.memory("factors")
    if "all" not in remembered:
        remembered["all"] = origin_factors(posterior.program, posterior.slots)
    found: tuple[Floats, Floats] = remembered["all"]
    return found


def factor(posterior: Posterior, origin: str) -> OriginFactor:
    """An origin that states something, as a factor; worked out once."""
    remembered = posterior.memory("factors")
    if origin not in remembered:
        remembered[origin] = _factor(posterior, origin)
    found: OriginFactor = remembered[origin]
    return found


def _factor(posterior: Posterior, origin: str) -> OriginFactor:
    program = posterior.program
    position = program.origins.index(origin)
    part = int(program.ints.origin_part[position])
    rest = part_log_likelihood(program.without(frozenset({origin})), posterior.slots, part)
    false, true = (np.ascontiguousarray(values[:, position]) for values in all_factors(posterior))
    with np.errstate(invalid="ignore"):
        whole = np.exp(posterior.parts.parts[:, :, part] - rest)
    says = true - false
    speaks = np.abs(says) > _SAME * true
    truth = np.where(speaks, (whole - false) / np.where(speaks, says, 1.0), 0.0)
    return OriginFactor(part, rest, false, true, np.clip(np.nan_to_num(truth), 0.0, 1.0))


def log_joint_with(posterior: Posterior, origin: str, false: Floats, true: Floats) -> Floats:
    """The log-joint in every draw if the factor of an origin had these values: (draw, faction)."""
    found = factor(posterior, origin)
    with np.errstate(divide="ignore"):
        changed = found.rest + np.log(found.mean(false, true))
    return with_part(posterior, found.part, changed)


def with_part(posterior: Posterior, part: int, changed: Floats) -> Floats:
    """The log-joint in every draw if one part of the network had this log-likelihood (draw, faction)."""
    known = posterior.parts
    with np.errstate(invalid="ignore"):
        total = known.total - known.parts[:, :, part] + changed
    lost = ~np.isfinite(known.parts[:, :, part])
    if lost.any():  # what is impossible cannot be divided out: add the other parts up again
        others = np.delete(known.parts, part, axis=2).sum(axis=2)
        total = np.where(lost, known.prior + others + changed, total)
    return keep_open(posterior.program, posterior.slots, total)


def powered_log_joint(posterior: Posterior, origin: str, power: float) -> Floats:
    """The log-joint in every draw with one origin's factor to a power: (draw, faction)."""
    program = posterior.program
    position = program.origins.index(origin)
    if program.ints.origin_kind[position] == DIRECT:
        return log_joint_at(program.powered(origin, power), posterior.slots)
    found = factor(posterior, origin)
    return log_joint_with(posterior, origin, found.false**power, found.true**power)
