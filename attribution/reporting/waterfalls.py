"""The log-odds of the leader taken apart, against each of its nearest rivals."""

from __future__ import annotations

from attribution.analysis.shapley import Decomposition, shapley
from attribution.errors import UsageError
from attribution.inference.posterior import Posterior

MOST_RIVALS, MOST_GROUPS = 8, 3


def waterfalls(posterior: Posterior) -> tuple[tuple[Decomposition, ...], tuple[str, ...]]:
    """The leader against its nearest rivals, the runner-up first, then its widest group against all that are outside.

    With them, in words, what is not there and why.
    """
    leader, *others = posterior.ranking
    pairs = [(leader.id, rival.id) for rival in others[:MOST_RIVALS]]
    pairs += _groups(posterior, leader.id)
    notes = []
    if len(others) > MOST_RIVALS:
        notes.append(f"The {len(others) - MOST_RIVALS} least probable factions are left out here.")
    found = []
    for first, second in pairs:
        try:
            found.append(shapley(posterior, first, second))
        except UsageError as error:
            notes.append(f"{_label(posterior, first)} against {_label(posterior, second)}: {error.what}")
    return tuple(found), tuple(notes)


def _groups(posterior: Posterior, leader: str) -> list[tuple[str, str]]:
    """The widest group of the leader against each other root: the most famous items may speak only there."""
    roots = [node.id for node in posterior.case.factions.roots]
    home = next(root for root in roots if leader in posterior.case.factions.under(root))
    if home == leader:
        return []
    return [(home, root) for root in roots if root != home][:MOST_GROUPS]


def _label(posterior: Posterior, node: str) -> str:
    return posterior.case.factions.label(node)
