"""What a careful reader of a case and a model would ask, before anything is computed."""

from __future__ import annotations

from collections.abc import Iterator

from attribution.domain.case import Case
from attribution.domain.concern import Concern
from attribution.domain.evidence import Absence, Direct, Report, Statement
from attribution.domain.identifiers import OTHER
from attribution.domain.model import FEW_LABELS, Model
from attribution.domain.origins import Origin
from attribution.domain.tables import Reason, Row, TraitValue
from attribution.errors import listed

MANY_VOICES = 3
_EVERYBODY = ("all factions", "every faction", "all groups", "all suspects")


def case_concerns(case: Case) -> Iterator[Concern]:
    """What the evidence itself leaves open: grades and citations that are missing."""
    for item in case.evidence:
        origin = case.origins[item.origin_id]
        missing = []
        if isinstance(item, Statement) and origin.grade is None:
            missing.append("grade")
        if not isinstance(item, Absence) and not item.citations:
            missing.append("citation")
        if isinstance(item, Absence) and not item.searched:
            missing.append("`searched:`")
        if missing:
            yield Concern(
                what=f'"{item.id}" has no {" and no ".join(missing)}',
                means="a reader cannot check it; an item without a grade is used as F6, cannot be judged",
                remedy="add it to the case file",
                severity="blocking",
                topic="evidence",
            )


def model_concerns(case: Case, model: Model) -> Iterator[Concern]:
    """What the assumptions leave open: numbers without a reason, numbers and origins that are used twice."""
    bare = sorted(set(_without_reason(model)))
    if bare:
        yield Concern(
            what=f"{len(bare)} numbers have no reason: {listed(bare)}",
            means="a reader cannot tell a considered number from a guess",
            remedy="add `because:` to the number, or to the block around it",
            severity="blocking",
            topic="assumptions",
        )
    yield from _thin_history(model)
    yield from _twice_used_traits(model)
    yield from _twice_used_origins(case, model)


def case_lint(case: Case) -> Iterator[Concern]:
    """Digits that nothing confirms, hindsight, evidence older than the incident, one-sided searches, one chorus."""
    yield from _lone_ones(case)
    yield from _hindsight(case)
    yield from _older_than_the_incident(case)
    yield from one_sided_searches(case)
    yield from _one_institution(case)


def one_sided_searches(case: Case) -> Iterator[Concern]:
    """Searches for what only one suspect could have done, said or denied, and searches made at one suspect's only.

    A text that says *all* does not help where the question names one: whatever was found or not found about the others
    is in no fact of the case, and cannot speak for or against them.
    """
    for item in case.evidence:
        if not isinstance(item, Absence):
            continue
        alone = [named for each in item.says if each.fact in case.facts for named in _asked_alone(case, each.fact)]
        searched = item.searched.lower()
        at_one = [] if any(word in searched for word in _EVERYBODY) else _named(case, searched)
        if alone:
            named, others = alone[0]
            yield Concern(
                what=f'"{item.id}" looked for what concerns {case.factions.label(named)} only',
                means="the same may be missing everywhere: no fact says what was looked for, and found, about "
                f"{listed(case.factions.label(other) for other in others)}",
                remedy="add the same question about each of them, as a fact with what was found; or ask one question "
                "that names nobody",
                topic="evidence",
            )
        elif len(at_one) == 1:
            yield Concern(
                what=f'"{item.id}" looked at {case.factions.label(at_one[0])} only',
                means="what was not found there may be missing everywhere: the search tells nothing about the others",
                remedy="search for the same about every faction, or say `all factions` in `searched:` if that was done",
                topic="evidence",
            )


def _asked_alone(case: Case, fact: str) -> Iterator[tuple[str, list[str]]]:
    """The one node that a fact's question names, with the factions of which no item answers the same question."""
    named = _named(case, _question(case, fact))
    if len(named) != 1:
        return
    spoken = {each.fact for item in case.evidence for each in item.propositions if each.fact in case.facts}
    form = _form(case, fact, named[0])
    asked = {
        leaf
        for other in spoken
        for node in _named(case, _question(case, other))
        if _form(case, other, node) == form
        for leaf in case.factions.under(node)
    }
    own = case.factions.under(named[0])
    others = [leaf for leaf in case.factions.leaves if leaf != OTHER and leaf not in own and leaf not in asked]
    if others:
        yield named[0], others


def _question(case: Case, fact: str) -> str:
    """What a fact asks, in lower case: its question, or its id where it has none."""
    return (case.facts[fact].question or fact.replace("-", " ")).lower()


def _form(case: Case, fact: str, node: str) -> str:
    """The question with a blank for the node that it names, with or without an article."""
    question = _question(case, fact)
    for name in (case.factions.label(node).lower(), node.replace("-", " ")):
        question = question.replace(f"the {name}", "___").replace(name, "___")
    return question


def _thin_history(model: Model) -> Iterator[Concern]:
    history = model.perpetrator.archive
    if history and history.labelled < FEW_LABELS:
        yield Concern(
            what=f"the prior from history rests on {history.labelled} events with one known perpetrator",
            means="it is wide, and says as much about who gets named as about who attacks",
            remedy="read it beside a prior from judgement, or learn from a longer history",
            topic="assumptions",
        )


def _without_reason(model: Model) -> Iterator[str]:
    prior = model.perpetrator
    if not prior.because and not prior.archive and not (prior.shares and all(share.because for share in prior.shares)):
        yield "perpetrator"
    if not prior.sizes.because:
        yield from (f"size of {size.node}" for size in prior.sizes.entries if not size.because)
    if not model.grading.because:
        yield f"grading {model.grading.id}"
    for trait in model.traits:
        if not trait.because and any(entry.because is None for entry in trait.entries):
            yield f"trait {trait.id}"
    for table in model.tables:
        if not table.because and any(_bare(row) for given in table.states for row in given.rows):
            yield f"table {table.fact}"
    yield from (f"story {story.id}" for story in model.stories if not story.because)
    deception = model.deception
    yield from (f"staged {staged.fact}" for staged in deception.staged if not staged.because)
    yield from (f"forged {forged.target}" for forged in deception.forged if not forged.because)
    yield from (f"deceptive {turned.source}" for turned in deception.deceptive if not turned.because)


def _bare(row: Row) -> bool:
    return row.because is None and not row.trait and any(entry.because is None for entry in row.entries)


def _traits_in_tables(model: Model) -> Iterator[tuple[str, str]]:
    for table in model.tables:
        for row in (row for given in table.states for row in given.rows):
            if row.trait:
                yield row.trait, table.fact
            for entry in row.entries:
                if isinstance(entry.cell, TraitValue):
                    yield entry.cell.trait, table.fact


def _twice_used_traits(model: Model) -> Iterator[Concern]:
    for trait, fact in sorted(set(_traits_in_tables(model))):
        if trait in model.perpetrator.proportional_to:
            yield Concern(
                what=f'the trait "{trait}" is used in the prior and in the table of "{fact}"',
                means="one belief moves the answer twice: as inclination to attack, and as what the evidence shows",
                remedy="keep it in one of the two places, or give the table a number of its own",
                topic="assumptions",
            )


def _prior_reasons(model: Model) -> Iterator[tuple[str, Reason]]:
    if model.perpetrator.because:
        yield "the prior", model.perpetrator.because
    for name in model.perpetrator.proportional_to:
        trait = model.traits[name]
        for reason in (trait.because, *(entry.because for entry in trait.entries)):
            if reason:
                yield f'the trait "{name}"', reason
    for share in model.perpetrator.shares:
        if share.because:
            yield f'the share of "{share.node}"', share.because
    sizes = model.perpetrator.sizes
    if sizes.because:
        yield "the sizes", sizes.because
    for size in sizes.entries:
        if size.because:
            yield f'the size of "{size.node}"', size.because


def _twice_used_origins(case: Case, model: Model) -> Iterator[Concern]:
    seen = set()
    for where, reason in _prior_reasons(model):
        for origin in reason.rests_on:
            if origin not in case.origins or (where, origin) in seen:
                continue
            seen.add((where, origin))
            items = [item.id for item in case.origins[origin].items if not isinstance(item, Direct)]
            yield Concern(
                what=f'{where} rests on the origin "{origin}", which is also in the evidence ({listed(items)})',
                means="the same people's judgement counts in the prior and again as evidence",
                remedy="widen the prior, or look at the answer without that origin",
                topic="assumptions",
            )


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
    return {proposition.fact for item in origin.items for proposition in item.propositions}


def _hindsight(case: Case) -> Iterator[Concern]:
    """Evidence that could only be had once the matter was settled."""
    scored = [outcome for outcome in case.outcomes if outcome.scored]
    if not scored:
        return
    settled = min(outcome.date for outcome in scored)
    cited = {citation.url for outcome in scored for citation in outcome.citations}
    for item in case.evidence:
        shared = sorted(cited.intersection(citation.url for citation in item.citations))
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
            for fact in dict.fromkeys(each.fact for item in origin.items for each in item.propositions):
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
