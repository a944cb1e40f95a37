"""Smallest sets among many, and what all draws say about them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attribution.analysis.leave_out import without
from attribution.analysis.reaching import EQUAL, reached
from attribution.analysis.units import Unit, together
from attribution.inference.posterior import Posterior

_MOST_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Extreme:
    """A smallest set of units, and who leads with it alone (sustaining) or without it (breaking).

    `open`: the two most probable factions are equal within 4 standard errors. `khat` is None where ESS is at least 400.
    """

    units: tuple[str, ...]
    leader: str
    probability: float
    mcse: float
    open: bool
    ess: float
    khat: float | None
    refitted: bool


def minimal(sets: NDArray[np.bool_]) -> list[NDArray[np.bool_]]:
    """Those of some sets (set, member) that contain no other of them, smallest first."""
    found: list[NDArray[np.bool_]] = []
    remaining = sets[np.argsort(sets.sum(axis=1), kind="stable")]
    while len(remaining):
        least = remaining[0]
        found.append(least)
        remaining = remaining[(remaining & least).sum(axis=1) < least.sum()]
    return found


def looked_at(
    posterior: Posterior, among: tuple[Unit, ...], sets: list[tuple[tuple[int, ...], tuple[int, ...]]]
) -> tuple[Extreme, ...]:
    """Sets of units, each with those to remove for it, weighed again with all draws; at most twelve."""
    found = []
    for named, gone in sets[:_MOST_SHOWN]:
        if gone:
            program, log_joint = without(posterior, together(tuple(among[unit] for unit in gone)))
        else:
            program, log_joint = posterior.program, posterior.log_joint
        then = reached(posterior, program, log_joint)
        first, second = np.argsort(-then.probabilities, kind="stable")[:2]
        one = np.eye(len(posterior.program.factions))
        margin, error = then.log_odds(one[first], one[second])
        found.append(
            Extreme(
                units=tuple(among[unit].id for unit in named),
                leader=posterior.program.factions[int(first)],
                probability=float(then.probabilities[first]),
                mcse=float(then.mcse[first]),
                open=margin <= EQUAL * error,
                ess=then.ess,
                khat=then.khat,
                refitted=then.refitted,
            )
        )
    return tuple(found)
