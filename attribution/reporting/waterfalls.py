"""The log-odds of the leader taken apart, against each of its nearest rivals."""

from __future__ import annotations

from attribution.analysis.shapley import Decomposition, shapley
from attribution.domain.identifiers import OTHER
from attribution.errors import UsageError
from attribution.inference.posterior import Posterior

MOST_RIVALS = 8


def waterfalls(posterior: Posterior) -> tuple[tuple[Decomposition, ...], tuple[str, ...]]:
    """The leader against its nearest rivals, the runner-up first; and in words, what is not there and why."""
    leader, *others = posterior.ranking
    if leader.id == OTHER:
        return (), (f"{leader.label} acts like everybody with some probability, so its log-odds are no sum of parts.",)
    rivals = [standing for standing in others if standing.id != OTHER]
    notes = [
        f"{standing.label} is not to be chosen here: with some probability it acts like everybody else (surprise), so "
        "its log-odds are no sum of parts. The evidence table shows the pull of every origin on it."
        for standing in others
        if standing.id == OTHER
    ]
    if len(rivals) > MOST_RIVALS:
        notes.append(f"The {len(rivals) - MOST_RIVALS} least probable factions are left out here.")
    try:
        found = tuple(shapley(posterior, leader.id, rival.id) for rival in rivals[:MOST_RIVALS])
    except UsageError as error:
        return (), (f"The weight of evidence cannot be taken apart here: {error.what}", *notes)
    return found, tuple(notes)
