"""What a careful reader of a case would ask, from the evidence alone: `attribution check` asks it first."""

from __future__ import annotations

from collections.abc import Iterator

from attribution.domain.case import Case
from attribution.domain.concern import Concern
from attribution.domain.evidence import Absence, Report, Statement
from attribution.domain.identifiers import OTHER
from attribution.domain.origins import Origin
from attribution.errors import listed

MANY_VOICES = 3


def case_lint(case: Case) -> Iterator[Concern]:
    """Digits that nothing confirms, hindsight, evidence older than the incident, one-sided searches, one chorus."""
    yield from _lone_ones(case)
    yield from _hindsight(case)
    yield from _older_than_the_incident(case)
    yield from one_sided_searches(case)
    yield from _one_institution(case)


def _lone_ones(case: Case) -> Iterator[Concern]:
    """A digit 1 says *confirmed by other sources*; of an act it only says that it happened."""
    for origin in case.origins:
        if not isinstance(origin.items[0], Report) or origin.grade is None or origin.grade.digit != "1":
            continue
        facts = _facts(origin)
        if not any(facts & _facts(other) for other in case.origins if other.id != origin.id):
            about = listed(sorted(facts))
            yield Concern(
                what=f'"{origin.id}" has the digit 1 (confirmed), and no other origin speaks about {about}',
                means="nothing in the case confirms it: the digit rests on something that a reader does not see",
                remedy="add the item that confirms it, or grade it 2, probably true",
                topic="evidence",
            )


def _facts(origin: Origin) -> set[str]:
    return {said.fact for item in origin.items for said in item.propositions}


def _hindsight(case: Case) -> Iterator[Concern]:
    """Evidence that could only be had once the matter was settled."""
    scored = [outcome for outcome in case.outcomes if outcome.scored]
    if not scored:
        return
    settled = min(outcome.date for outcome in scored)
    told = {citation.url for outcome in scored for citation in outcome.citations}
    for item in case.evidence:
        shared = sorted(told.intersection(citation.url for citation in item.citations))
        late = f"was published on {item.published.in_words()}, not before the outcome of {settled.in_words()}"
        if shared or item.published >= settled:
            yield Concern(
                what=f'"{item.id}" {f"cites {shared[0]}, as the outcome does" if shared else late}',
                means="the outcome leaks into the evidence: a score of this posterior would reward knowing the ending",
                remedy="take it out of the evidence, or score only what was known before (the casebook does)",
                topic="evidence",
            )


def _older_than_the_incident(case: Case) -> Iterator[Concern]:
    for item in case.evidence:
        if item.published.end < case.incident.date.start:
            yield Concern(
                what=f'"{item.id}" was published on {item.published.in_words()}, before the incident',
                means="what was known before belongs to the prior: as evidence it may count twice",
                remedy="move it into the reasons of the prior, or correct the date",
                topic="evidence",
            )


def one_sided_searches(case: Case) -> Iterator[Concern]:
    """Searches whose description, or else whose question, names one suspect only."""
    for item in case.evidence:
        if not isinstance(item, Absence):
            continue
        searched = item.searched.lower()
        asked = " ".join(
            f"{said.fact} {case.facts[said.fact].question}" for said in item.says if said.fact in case.facts
        )
        named = _named(case, searched) or _named(case, asked.lower().replace("-", " "))
        everybody = any(word in searched for word in ("all factions", "every faction", "all groups", "all suspects"))
        if len(named) == 1 and not everybody:
            yield Concern(
                what=f'"{item.id}" looked at {case.factions.label(named[0])} only',
                means="what was not found there may be missing everywhere: the search tells nothing about the others",
                remedy="search for the same about every faction, or say `all factions` in `searched:` if that was done",
                topic="evidence",
            )


def _named(case: Case, text: str) -> list[str]:
    """Factions and groups whose name stands in a text."""
    return [
        id
        for id in case.factions.ids
        if id != OTHER and (id.replace("-", " ") in text or case.factions.label(id).lower() in text)
    ]


def _one_institution(case: Case) -> Iterator[Concern]:
    """Several origins of one institution count as several witnesses, on the same fact above all."""
    voices: dict[str, dict[str, list[str]]] = {}
    for origin in case.origins:
        if origin.source and any(isinstance(item, Statement) for item in origin.items):
            facts = voices.setdefault(case.sources[origin.source].institution, {})
            for fact in dict.fromkeys(said.fact for item in origin.items for said in item.propositions):
                facts.setdefault(fact, []).append(origin.id)
    for institution, facts in voices.items():
        origins = list(dict.fromkeys(origin for several in facts.values() for origin in several))
        if len(origins) >= MANY_VOICES:
            same = [f"{fact} ({listed(several)})" for fact, several in facts.items() if len(several) > 1]
            chorus = f"; about the same fact: {'; '.join(same)}" if same else ""
            yield Concern(
                what=f'{len(origins)} of {len(case.origins)} origins are voices of "{institution}"{chorus}',
                means="if they draw on one body of knowledge they are one witness, and count here as several",
                remedy="give voices that repeat one finding one origin, and look at the answer without the institution",
                severity="warning" if same else "note",
                topic="evidence",
            )
