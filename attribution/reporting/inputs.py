"""What went in, as a reader sees it: the evidence item by item, the assumptions number by number."""

from __future__ import annotations

from dataclasses import dataclass

from attribution.analysis.leave_out import LeaveOut, Removal
from attribution.analysis.naming import answer_name, outlet_name, readable, state_name, thing_name
from attribution.domain.case import Case
from attribution.domain.evidence import Absence, Citation, Direct, Item, Statement
from attribution.domain.grades import DIGITS, LETTERS, Grade
from attribution.domain.identifiers import ELSE, PERPETRATOR
from attribution.domain.model import Model, Story
from attribution.domain.numbers import Number
from attribution.domain.tables import Cell, OddsRatio, Reason, Row, TraitValue
from attribution.errors import listed
from attribution.inference.posterior import Posterior
from attribution.network.compile_origins import effective_grade
from attribution.network.curves import mean


@dataclass(frozen=True, slots=True)
class EvidenceRow:
    """One item. `pull` is what its origin adds to each faction's odds against all others, in decibans.

    `lead_pull` is what it adds to the odds of the leader against the runner-up, in decibans.

    `cap` is the largest likelihood ratio its grade can carry; None where no grade is applied.
    """

    id: str
    title: str
    kind: str
    says: str
    source: str
    interest: str
    via: str
    grade: str
    grade_words: str
    cap: float | None
    origin: str
    published: str
    happened: str
    note: str
    standing: str
    citations: tuple[Citation, ...]
    pull: tuple[float, ...]
    lead_pull: float
    pull_khat: float | None


def evidence_rows(posterior: Posterior, origins: LeaveOut) -> tuple[EvidenceRow, ...]:
    """All items in the order of publication; those that do not count are there too, and say why."""
    removals = {removal.id: removal for removal in origins.removals}
    items = sorted(posterior.case.evidence, key=lambda item: (item.published, item.id))
    none = (0.0,) * len(posterior.program.factions)
    rows = []
    for item in items:
        removal = removals.get(item.origin_id)
        rows.append(_evidence_row(posterior, item, removal, none))
    return tuple(rows)


@dataclass(frozen=True, slots=True)
class AssumedNumber:
    """A number as stated, its mean over its own uncertainty (None where there is none to take), and its own reason."""

    label: str
    stated: str
    mean: float | None
    because: str


@dataclass(frozen=True, slots=True)
class AssumptionBlock:
    """A trait, a table, the prior: its numbers, and the reason they share."""

    title: str
    because: str
    numbers: tuple[AssumedNumber, ...]


def assumption_blocks(case: Case, model: Model) -> tuple[AssumptionBlock, ...]:
    """Everything a model assumes, in the order of its file."""
    return (
        _prior(case, model),
        *_traits(case, model),
        *_tables(case, model),
        *_deception(case, model),
        *_stories(case, model),
        _grading(case, model),
    )


def _evidence_row(posterior: Posterior, item: Item, removal: Removal | None, none: tuple[float, ...]) -> EvidenceRow:
    case = posterior.case
    origin = case.origins[item.origin_id]
    source = case.sources[item.source] if item.source else None
    grade = _grade(case, item)
    return EvidenceRow(
        id=item.id,
        title=item.title,
        kind=item.kind,
        says=_says(case, item),
        source=source.name if source else "our own search",
        interest=_interest(case, source.interest) if source else "",
        via=", ".join(outlet_name(case, one) for one in item.via),
        grade=str(grade) if grade else "",
        grade_words=grade.words if grade else "",
        cap=posterior.model.grading.cap(effective_grade(case, origin)) if isinstance(item, Statement) else None,
        origin=origin.label,
        published=item.published.isoformat(),
        happened=item.date.isoformat() if item.date else "",
        note=item.note,
        standing=_standing(posterior, item),
        citations=item.citations,
        pull=removal.pull if removal else none,
        lead_pull=removal.lead_pull if removal else 0.0,
        pull_khat=removal.khat if removal else None,
    )


def _grade(case: Case, item: Item) -> Grade | None:
    if isinstance(item, Statement):
        return case.origins[item.origin_id].grade
    return item.grade if isinstance(item, Direct) else None


def _interest(case: Case, interest: str) -> str:
    return case.factions.label(interest) if interest in case.factions else interest


def _says(case: Case, item: Item) -> str:
    if isinstance(item, Direct):
        return f"likelihood ratio about {_fact_label(case, item.fact)}"
    prefix = "Searched for and not found, which speaks for: " if isinstance(item, Absence) else ""
    said = []
    for proposition in item.propositions:
        states = " or ".join(state_name(case, proposition.fact, state) for state in sorted(proposition.states))
        said.append(f"{_fact_label(case, proposition.fact)} {'not ' if proposition.negated else ''}{states}")
    return prefix + "; ".join(said)


def _fact_label(case: Case, fact: str) -> str:
    return "Who led it?" if fact == PERPETRATOR else case.facts[fact].label


def _standing(posterior: Posterior, item: Item) -> str:
    """Why an item does not count, or nothing."""
    day = posterior.settings.as_of
    if day and item.published > day:
        return f"not yet published on {day}"
    if item.withdrawn and (day is None or item.withdrawn <= day):
        return f"withdrawn on {item.withdrawn}"
    return ""


def _why(case: Case, reason: Reason | None) -> str:
    if reason is None:
        return ""
    rests = f" (rests on: {', '.join(thing_name(case, one) for one in reason.rests_on)})" if reason.rests_on else ""
    return reason.text + rests


def _number(case: Case, label: str, number: Number, reason: Reason | None = None) -> AssumedNumber:
    stated = f"{number.stated}: {number}" if number.stated else str(number)
    varies = f", each member varying by {number.vary:g} probits" if number.vary else ""
    return AssumedNumber(label, stated + varies, mean(number), _why(case, reason))


def _cell(case: Case, label: str, cell: Cell, reason: Reason | None) -> AssumedNumber:
    if isinstance(cell, Number):
        return _number(case, label, cell, reason)
    if isinstance(cell, OddsRatio):
        return AssumedNumber(label, f"odds of the others times {cell.ratio}", None, _why(case, reason))
    assert isinstance(cell, TraitValue)
    return AssumedNumber(label, f"the trait {readable(cell.trait)}", None, _why(case, reason))


def _node(case: Case, node: str) -> str:
    return "all others" if node == ELSE else case.factions.label(node)


def _prior(case: Case, model: Model) -> AssumptionBlock:
    prior = model.perpetrator
    numbers = [
        _number(case, "Somebody not named: prior probability", prior.other),
        _number(case, "Surprise: somebody not named acts like one who is", prior.surprise),
    ]
    for share in prior.shares:
        numbers.append(_number(case, f"Share of {_node(case, share.node)}", share.number, share.because))
        numbers += [
            _number(case, f"Share of {_node(case, share.node)}: weight of {_node(case, member)}", weight)
            for member, weight in share.within
        ]
    for size in prior.sizes.entries:
        numbers.append(
            _cell(
                case,
                f"Size of {_node(case, size.node)}, in organisations",
                size.cell,
                size.because or prior.sizes.because,
            )
        )
    history = prior.archive
    for one in history.weights if history else ():
        stands = f" (as {one.label} in the archive)" if one.label else " (not in the archive)"
        label = f"Weight of {_node(case, one.node)}{stands}"
        numbers.append(_number(case, label, one.weight, one.because))
    told = f"In proportion to {' x '.join(map(readable, prior.proportional_to))}. " if prior.proportional_to else ""
    if history:
        told = (
            f"As past events say ({history.table}): {history.events} that were over before {history.before}, of which "
            f"{history.labelled} have one known perpetrator. {' '.join(history.limits)} "
        )
    return AssumptionBlock("Prior over factions", told + _why(case, prior.because), tuple(numbers))


def _traits(case: Case, model: Model) -> list[AssumptionBlock]:
    return [
        AssumptionBlock(
            f"Trait: {readable(trait.id)} ({trait.kind})",
            _why(case, trait.because),
            tuple(_cell(case, _node(case, entry.node), entry.cell, entry.because) for entry in trait.entries),
        )
        for trait in model.traits
    ]


def _tables(case: Case, model: Model) -> list[AssumptionBlock]:
    blocks = []
    for table in model.tables:
        numbers: list[AssumedNumber] = []
        for given in table.states:
            state = "the same as led it" if given is table.same else state_name(case, table.fact, given.state)
            for row in given.rows:
                numbers += _table_row(case, state, row)
        title = case.facts[table.fact].label if table.fact in case.facts else table.fact
        blocks.append(AssumptionBlock(f"Fact: {title}", _why(case, table.because), tuple(numbers)))
    return blocks


def _table_row(case: Case, state: str, row: Row) -> list[AssumedNumber]:
    when = "; ".join(answer_name(case, fact, "/".join(sorted(states))) for fact, states in row.when)
    given = f" (where {when})" if when else ""
    if row.trait:
        return [
            AssumedNumber(
                f"{state}{given}: every faction", f"the trait {readable(row.trait)}", None, _why(case, row.because)
            )
        ]
    return [
        _cell(case, f"{state}{given}: {_node(case, entry.node)}", entry.cell, entry.because or row.because)
        for entry in row.entries
    ]


def _deception(case: Case, model: Model) -> list[AssumptionBlock]:
    found = model.deception
    numbers = [
        _number(
            case,
            f"Scene staged ({thing_name(case, staged.fact)}) to look like {_node(case, staged.toward)}",
            staged.probability,
            staged.because,
        )
        for staged in found.staged
    ]
    for forged in found.forged:
        toward = f" to point to {_node(case, forged.toward)}" if forged.toward else " to point anywhere"
        numbers.append(
            _number(case, f"Fabricated ({thing_name(case, forged.target)}){toward}", forged.probability, forged.because)
        )
    numbers += [
        _number(case, f"Says the opposite ({thing_name(case, turned.source)})", turned.probability, turned.because)
        for turned in found.deceptive
    ]
    return [AssumptionBlock("Deception", "", tuple(numbers))] if numbers else []


def _stories(case: Case, model: Model) -> list[AssumptionBlock]:
    def label(story: Story) -> str:
        return f"One of {listed(thing_name(case, fact) for fact in story.facts)} speaks for all"

    numbers = [_number(case, label(story), story.strength, story.because) for story in model.stories]
    told = "Facts that hang together by a common cause; the others then follow whoever did it."
    return [AssumptionBlock("Stories", told, tuple(numbers))] if numbers else []


def _grading(case: Case, model: Model) -> AssumptionBlock:
    grading = model.grading
    numbers = [
        _number(case, f"Source {letter}", number) for letter, number in zip(LETTERS, grading.letters, strict=True)
    ] + [_number(case, f"Content {digit}", number) for digit, number in zip(DIGITS, grading.digits, strict=True)]
    return AssumptionBlock(f"Grading: {grading.title or grading.id}", _why(case, grading.because), tuple(numbers))
