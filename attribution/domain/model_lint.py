"""What a careful reader of a model would ask: numbers without a reason, and what is used, or says, the same twice."""

from __future__ import annotations

from collections.abc import Iterator

from attribution.domain.case import Case
from attribution.domain.concern import Concern
from attribution.domain.evidence import Direct
from attribution.domain.model import FEW_LABELS, Model
from attribution.domain.tables import Reason, Row, TraitValue
from attribution.errors import listed


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


def model_lint(case: Case, model: Model) -> Iterator[Concern]:
    """What a beginner may have meant otherwise: tables that tell nobody apart, traits that are used twice."""
    yield from _tables_that_say_nothing(case, model)
    yield from _repeated_traits(model)


def model_gaps(model: Model) -> Iterator[Concern]:
    """What an honest answer usually rests on, and this model says nothing of."""
    deception = model.deception
    if not (deception.staged or deception.forged or deception.deceptive):
        yield Concern(
            what="the model takes nothing to be staged, forged or turned round",
            means="it is certain that no scene was arranged and no witness made up, whoever would profit from it",
            remedy="ask of each trace what it takes to plant it, of each witness whether he can be checked; write it "
            "under `deception:`",
            severity="note",
            topic="assumptions",
        )


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


def traits_in_tables(model: Model) -> Iterator[tuple[str, str]]:
    """Every trait that a table uses, with the table's fact."""
    for table in model.tables:
        for row in (row for given in table.states for row in given.rows):
            if row.trait:
                yield row.trait, table.fact
            for entry in row.entries:
                if isinstance(entry.cell, TraitValue):
                    yield entry.cell.trait, table.fact


def _twice_used_traits(model: Model) -> Iterator[Concern]:
    for trait, fact in sorted(set(traits_in_tables(model))):
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
            items = [f'"{item.id}"' for item in case.origins[origin].items if not isinstance(item, Direct)]
            yield Concern(
                what=f'{where} rests on the origin "{origin}", which is also in the evidence ({listed(items)})',
                means="the same people's judgement counts in the prior and again as evidence",
                remedy="widen the prior, or look at the answer without that origin",
                topic="assumptions",
            )


def _tables_that_say_nothing(case: Case, model: Model) -> Iterator[Concern]:
    """A table that names factions and gives all of them the same; `else` alone says that nothing tells them apart."""
    spoken = {each.fact for item in case.evidence for each in item.propositions}
    for table in model.tables:
        rows = [row for given in table.states for row in given.rows]
        if table.fact not in spoken or table.same or not any(len(row.entries) > 1 for row in rows):
            continue
        if not any(row.trait or len({entry.cell for entry in row.entries}) > 1 for row in rows):
            yield Concern(
                what=f'the table of "{table.fact}" names factions, and has the same numbers for all of them',
                means="its items cannot tell them apart, however they are graded",
                remedy="give numbers of their own to those who would do it more or less often, or leave only `else`",
                topic="assumptions",
            )


def _repeated_traits(model: Model) -> Iterator[Concern]:
    """A trait twice in the prior, or in the tables of two facts: one belief that counts twice."""
    named = model.perpetrator.proportional_to
    tables: dict[str, list[str]] = {}
    for trait, fact in sorted(set(traits_in_tables(model))):
        tables.setdefault(trait, []).append(fact)
    for trait in sorted({trait for trait in named if named.count(trait) > 1}):
        yield Concern(
            what=f'the trait "{trait}" stands twice in the prior',
            means="its numbers are squared: who has more of it leads by twice the decibans",
            remedy="name it once",
            topic="assumptions",
        )
    for trait, facts in tables.items():
        if len(facts) > 1:
            yield Concern(
                what=f'the trait "{trait}" is used in the tables of {listed(facts)}',
                means="one belief stands behind several pieces of evidence: where it is wrong, all of them mislead",
                remedy="keep it where it is the same ability; give the others numbers of their own",
                severity="note",
                topic="assumptions",
            )
