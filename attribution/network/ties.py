"""What a case ties together by itself, looked at before anything is enumerated."""

from __future__ import annotations

from math import prod

from attribution.domain.case import Case
from attribution.domain.identifiers import PERPETRATOR
from attribution.errors import TooTiedError
from attribution.network.elimination import MOST_STATES


def check_ties(case: Case) -> None:
    """Refuse a fact with too many parents, or an origin that speaks about too many facts, in no time.

    Raises
    ------
    TooTiedError
        When the table of a fact, or what one origin says, has more than 2^16 joint states.
    """
    for fact in case.facts:
        _check(case, (*fact.given, fact.id))
    for origin in case.origins:
        said = (proposition.fact for item in origin.items for proposition in item.propositions)
        _check(case, tuple(fact for fact in dict.fromkeys(said) if fact != PERPETRATOR))


def _check(case: Case, facts: tuple[str, ...]) -> None:
    states = prod(len(case.states(fact)) for fact in facts)
    if states > MOST_STATES:
        raise TooTiedError(facts, states, MOST_STATES)
