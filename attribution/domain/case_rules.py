"""What must hold between the parts of a case."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from attribution.domain.evidence import Absence, Direct, Item, Proposition, Statement
from attribution.domain.identifiers import PERPETRATOR
from attribution.domain.numbers import Number
from attribution.domain.sources import NO_INTEREST, UNKNOWN_INTEREST
from attribution.errors import CaseError, Path

if TYPE_CHECKING:
    from attribution.domain.case import Case


def check_case(case: Case) -> None:
    """Refuse names that nobody declared and statements that contradict themselves."""
    _check_sources(case)
    for fact in case.facts:
        if fact.over_factions and fact.states != case.factions.leaves:
            raise CaseError(f'the states of "{fact.id}" are not the factions.', at=("facts", fact.id, "states"))
    for declaration in case.declarations:
        at = ("origins", declaration.id)
        if declaration.source and declaration.source not in case.sources:
            raise CaseError.unknown("sources", declaration.source, case.sources.ids, at=(*at, "source"))
    _check_outcomes(case)
    if not case.evidence:
        return
    for position, item in enumerate(case.evidence):
        _check_item(case, item, ("evidence", position))
    _check_origins_agree(case)
    _check_copies(case)


def _check_sources(case: Case) -> None:
    for source in case.sources:
        if source.interest not in (NO_INTEREST, UNKNOWN_INTEREST) and source.interest not in case.factions:
            known = (NO_INTEREST, UNKNOWN_INTEREST, *case.factions.ids)
            raise CaseError.unknown("interests", source.interest, known, at=("sources", source.id, "interest"))


def _check_item(case: Case, item: Item, at: Path) -> None:
    unsigned = isinstance(item, Absence) and not item.source  # who searched is said in `searched:`
    if not unsigned and item.source not in case.sources:
        raise CaseError.unknown("sources", item.source, case.sources.ids, at=(*at, "source"))
    says = item.propositions
    if isinstance(item, Statement | Absence) and not says:
        raise CaseError(f'"{item.id}" says nothing.', at=(*at, "says"), allowed="a proposition about at least one fact")
    for proposition in says:
        _check_proposition(case, proposition, (*at, "says"))
    if isinstance(item, Direct):
        _check_ratios(case, item, at)
    if isinstance(item, Absence):
        _check_probability(item.detection, (*at, "detection"))


def _check_probability(number: Number, at: Path) -> None:
    if number.scale != "probability":
        raise CaseError(f"{number} is a ratio.", at=at, allowed="a probability")


def _check_proposition(case: Case, proposition: Proposition, at: Path) -> None:
    fact = proposition.fact
    _check_fact(case, fact, at)
    for state in sorted(proposition.states):
        _check_state(case, fact, state, (*at, fact))
    if not 0 < len(case.meaning(proposition)) < len(case.states(fact)):
        raise CaseError(
            f'"{proposition}" is {"never" if not case.meaning(proposition) else "always"} true.',
            at=(*at, fact),
            allowed="a proposition that some states make true and others false",
        )


def _check_fact(case: Case, fact: str, at: Path) -> None:
    if fact != PERPETRATOR and fact not in case.facts:
        raise CaseError.unknown("facts", fact, (PERPETRATOR, *case.facts.ids), at=(*at, fact))


def _check_state(case: Case, fact: str, state: str, at: Path) -> None:
    if fact == PERPETRATOR or case.facts[fact].over_factions:
        if state not in case.factions:
            raise CaseError.unknown("factions", state, case.factions.ids, at=at)
    elif state not in case.facts[fact].states:
        raise CaseError.unknown(f"states of {fact}", state, case.facts[fact].states, at=at)


def _check_outcomes(case: Case) -> None:
    for position, outcome in enumerate(case.outcomes):
        at: Path = ("outcome", position)
        if outcome.source not in case.sources:
            raise CaseError.unknown("sources", outcome.source, case.sources.ids, at=(*at, "source"))
        if outcome.date < case.incident.date:
            raise CaseError(
                f"the outcome is dated {outcome.date}, before the incident of {case.incident.date}.",
                at=(*at, "date"),
                allowed="the day on which it was settled",
            )
        _check_proposition(case, outcome.proposition, (*at, "false" if outcome.proposition.negated else "true"))


def _check_ratios(case: Case, item: Direct, at: Path) -> None:
    at = (*at, "likelihood_ratio")
    _check_fact(case, item.fact, at)
    for state, ratio in item.ratios:
        _check_state(case, item.fact, state, (*at, item.fact))
        if ratio.scale != "ratio":
            raise CaseError(f"{ratio} is a probability.", at=(*at, item.fact, state), allowed="a likelihood ratio")


def _check_origins_agree(case: Case) -> None:
    """All that one origin says must be possible at once: it is believed or disbelieved as a whole."""
    said: dict[tuple[str, str], tuple[frozenset[str], str]] = {}
    for position, item in enumerate(case.evidence):
        for proposition in item.propositions:
            key = (item.origin_id, proposition.fact)
            meaning = case.meaning(proposition)
            before, other = said.get(key, (meaning, item.id))
            if not meaning & before:
                raise CaseError(
                    f'the origin "{item.origin_id}" says two things about "{proposition.fact}" that cannot '
                    f'both be true: in "{other}" {_either(before)}, in "{item.id}" {_either(meaning)}.',
                    at=("evidence", position, "says", proposition.fact),
                    allowed="one origin, one story: it is believed or disbelieved as a whole",
                    hint="make the change of story an act, or give the two items two origins",
                )
            said[key] = (meaning & before, item.id)


def _either(states: Iterable[str]) -> str:
    return " or ".join(sorted(states))


def _check_copies(case: Case) -> None:
    for position, item in enumerate(case.evidence):
        if not isinstance(item, Statement) or item.copies is None:
            continue
        at = ("evidence", position, "copies")
        if item.copies.of not in case.evidence:
            raise CaseError.unknown("items", item.copies.of, case.evidence.ids, at=(*at, "of"))
        shared = [other.id for other in case.evidence if other.origin_id == item.origin_id]
        if case.evidence[item.copies.of].origin_id == item.origin_id or len(shared) > 1:
            raise CaseError(
                f'"{item.id}" copies "{item.copies.of}" and shares an origin with {_either(shared)}.',
                at=at,
                allowed="a copying item with an origin of its own",
                hint="items of one origin count once already: drop `copies:`",
            )
        _check_circle(case, item, at)


def _check_circle(case: Case, item: Statement, at: Path) -> None:
    trail, here = [item.id], item
    while here.copies is not None:
        if here.copies.of not in case.evidence:
            return
        following = case.evidence[here.copies.of]
        if not isinstance(following, Statement):
            return
        if following.id in trail:
            raise CaseError(
                f"items copy one another in a circle: {' -> '.join([*trail, following.id])}.",
                at=at,
                allowed="copies of something that is not itself a copy of them",
            )
        trail.append(following.id)
        here = following
