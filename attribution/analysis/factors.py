"""One origin as a factor of two values: where all it says is true, and where not.

The likelihood of a part of the network is linear in such a factor. With ``t`` the probability, given the faction and
everything else in the part, that all an origin says is true, a factor with values F (false) and T (true) multiplies
the likelihood of the rest by ``F + (T - F) t``. So one sum without the origin answers every question about it: to a
power, believed for certain, not believed at all.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from attribution.inference.posterior import Posterior
from attribution.network.program import DIRECT, STATEMENT, Floats
from attribution.network.summation import log_joint_at, origin_factors, with_part

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
    """Values of all factors, false and true: (origin, draw, faction) each; worked out once."""
    remembered = posterior.memory("factors")
    if "all" not in remembered:
        remembered["all"] = origin_factors(posterior.program, posterior.slots, posterior.program.origins)
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
    rest = posterior.part_without(origin)
    false, true = (values[position] for values in all_factors(posterior))
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
    return with_part(posterior.program, posterior.slots, posterior.parts, found.part, changed)


def powered_log_joint(posterior: Posterior, origin: str, power: float) -> Floats:
    """The log-joint in every draw with one origin's factor to a power: (draw, faction)."""
    program = posterior.program
    position = program.origins.index(origin)
    if program.ints.origin_kind[position] == DIRECT:
        return log_joint_at(program.powered(origin, power), posterior.slots)
    found = factor(posterior, origin)
    return log_joint_with(posterior, origin, found.false**power, found.true**power)


def certain_factors(posterior: Posterior, *, believed: bool) -> tuple[Floats, Floats]:
    """As `all_factors`, were every statement believed for certain, or not at all; worked out once.

    Deception, copying and forging stay what they are: they come after the question whether an origin knows.
    """
    remembered = posterior.memory("factors")
    if believed not in remembered:
        program, beyond = posterior.program, len(posterior.program.ints.slot_kind)
        slots = np.column_stack([posterior.slots, np.full(len(posterior.slots), float(believed))])
        states = program.ints.origin_kind == STATEMENT
        source, item = (np.where(states, beyond, at) for at in (program.ints.origin_source, program.ints.origin_item))
        ints = replace(program.ints, origin_source=source, origin_item=item)
        remembered[believed] = origin_factors(replace(program, ints=ints), slots, program.origins)
    found: tuple[Floats, Floats] = remembered[believed]
    return found


def reliability(posterior: Posterior, origin: str) -> Floats:
    """The probability that an origin that states something can be believed, in every draw: (draw,)."""
    ints, position = posterior.program.ints, posterior.program.origins.index(origin)
    return np.asarray(posterior.slots[:, ints.origin_source[position]] * posterior.slots[:, ints.origin_item[position]])


def gain(posterior: Posterior, origin: str) -> Floats:
    """How much more probable the evidence is if the origin is believed than if not, relative to its mean over both.

    Shape (draw, faction), worked out once: with it, two origins that were one multiply the likelihood by one plus the
    covariance of their switches times both gains.
    """
    remembered = posterior.memory("gains")
    if origin not in remembered:
        found, position = factor(posterior, origin), posterior.program.origins.index(origin)
        on, off = (
            found.mean(*(values[position] for values in certain_factors(posterior, believed=believed)))
            for believed in (True, False)
        )
        rho = reliability(posterior, origin)[:, None]
        whole = rho * on + (1.0 - rho) * off
        possible = whole > 0.0
        remembered[origin] = np.where(possible, on - off, 0.0) / np.where(possible, whole, 1.0)
    kept: Floats = remembered[origin]
    return kept
