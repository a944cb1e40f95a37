"""Does a prior that was learned from past events belong to a case?"""

from __future__ import annotations

from attribution.domain.case import Case
from attribution.domain.history import History
from attribution.domain.identifiers import OTHER
from attribution.errors import PairError, Path, listed


def check_history(case: Case, history: History | None) -> None:
    """Refuse a prior of another case, one that knows the incident or what came later, or leaves a faction out.

    Raises
    ------
    PairError
        With `at` the place in the model that names the prior.
    """
    if history is None:
        return
    at: Path = ("perpetrator", "archive")
    if history.case != case.id:
        raise PairError(f'the prior "{history.id}" is about the case "{history.case}".', at=at, allowed=case.id)
    if history.before > case.incident.date.day:
        raise PairError(
            f'the prior "{history.id}" uses events up to {history.before}, after the incident began.',
            at=at,
            allowed=f"events that were over before {case.incident.date.day}",
            hint=f"write it again: attribution archive prior {case.id} EVENTS",
        )
    for one in history.weights:
        if one.node not in case.factions:
            raise PairError.unknown("factions and groups", one.node, case.factions.ids, at=(*at, one.node))
    named = [leaf for leaf in case.factions.leaves if leaf != OTHER]
    bare = [leaf for leaf in named if history.weight_of(leaf, case.factions) is None]
    if bare or any(one.node == OTHER for one in history.weights):
        raise PairError(
            f'the prior "{history.id}" '
            + (f"has no weight for {listed(bare)}." if bare else "has a weight for `other`."),
            at=at,
            allowed="a weight for each faction or a group above it; `other` has its own line",
        )
