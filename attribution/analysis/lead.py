"""Who leads, whom the lead is over, and whether it can be told from a tie; nodes of the tree as sets of factions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from attribution.analysis.reaching import EQUAL, Reached
from attribution.errors import UsageError
from attribution.inference.posterior import Posterior
from attribution.network.program import Floats


@dataclass(frozen=True, slots=True)
class Lead:
    """The published leader and runner-up; `tied` where they are equal within 4 standard errors."""

    leader: str
    runner_up: str
    tied: bool


def published(posterior: Posterior) -> Reached:
    """The posterior itself, as something reached without a change."""
    weights = posterior.draws.weights
    ess = float(1.0 / np.sum(weights**2))
    return Reached(posterior.draws, weights, posterior.faction_draws, ess, None)


def lead(posterior: Posterior) -> Lead:
    """Who leads now; a tie goes to the first in the order of the case, and is called one."""
    first, second = posterior.ranking[:2]
    log_odds, error = published(posterior).log_odds(
        members(posterior, first.id, "leader"), members(posterior, second.id, "runner-up")
    )
    return Lead(first.id, second.id, abs(log_odds) <= EQUAL * error or first.probability == second.probability)


def members(posterior: Posterior, node: str, name: str) -> Floats:
    """1 for each faction at or below a node of the tree, 0 for all others: (faction,).

    Raises
    ------
    UsageError
        A name that is not in the tree.
    """
    tree = posterior.case.factions
    if node not in tree:
        raise UsageError.unknown("factions and groups", node, tree.ids, at=(name,))
    below = tree.under(node)
    return np.array([float(leaf in below) for leaf in posterior.program.factions])


def apart(posterior: Posterior, first: str, second: str) -> tuple[Floats, Floats]:
    """Two nodes as sets of factions.

    Raises
    ------
    UsageError
        An unknown node, the same one twice, or one that holds the other.
    """
    a, b = members(posterior, first, "first"), members(posterior, second, "second")
    if np.any(a * b > 0):
        raise UsageError(
            f'"{first}" is compared with itself.'
            if first == second
            else f'"{first}" and "{second}" have factions in common.',
            allowed="two nodes of the tree of factions, neither inside the other",
        )
    return a, b
