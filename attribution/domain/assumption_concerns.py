"""Doubts that case and model raise by themselves, before anything is computed."""

from __future__ import annotations

from collections.abc import Iterator

from attribution.domain.case import Case
from attribution.domain.concern import Concern
from attribution.domain.evidence import Absence, Direct, Statement
from attribution.domain.history import FEW_LABELS
from attribution.domain.model import Model
from attribution.domain.tables import Reason, Row, TraitValue
from attribution.errors import listed


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
    if not model.grading.because:
        yield f"grading {model.grading.id}"
    for trait in model.traits:
        if not trait.because and any(entry.because is None for entry in trait.entries):
            yield f"trait {trait.id}"
    for table in model.tables:
        if not table.because and any(_bare(row) for given in table.states for row in given.rows):
            yield f"table {table.fact}"
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
