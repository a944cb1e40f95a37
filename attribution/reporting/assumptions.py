"""The assumptions, number by number, each with its reason."""

from __future__ import annotations

from dataclasses import dataclass

from attribution.domain.case import Case
from attribution.domain.grades import DIGITS, LETTERS
from attribution.domain.identifiers import ELSE
from attribution.domain.model import Model
from attribution.domain.numbers import Number
from attribution.domain.tables import Cell, OddsRatio, Reason, Row, TraitValue
from attribution.network.curves import mean


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
        _grading(model),
    )


def _why(reason: Reason | None) -> str:
    if reason is None:
        return ""
    rests = f" (rests on: {', '.join(reason.rests_on)})" if reason.rests_on else ""
    return reason.text + rests


def _number(label: str, number: Number, reason: Reason | None = None) -> AssumedNumber:
    stated = f"{number.stated}: {number}" if number.stated else str(number)
    varies = f", each member varying by {number.vary:g} probits" if number.vary else ""
    return AssumedNumber(label, stated + varies, mean(number), _why(reason))


def _cell(label: str, cell: Cell, reason: Reason | None) -> AssumedNumber:
    if isinstance(cell, Number):
        return _number(label, cell, reason)
    if isinstance(cell, OddsRatio):
        return AssumedNumber(label, f"odds of the others times {cell.ratio}", None, _why(reason))
    assert isinstance(cell, TraitValue)
    return AssumedNumber(label, f"the trait {cell.trait}", None, _why(reason))


def _node(case: Case, node: str) -> str:
    return "all others" if node == ELSE else case.factions.label(node)


def _prior(case: Case, model: Model) -> AssumptionBlock:
    prior = model.perpetrator
    numbers = [
        _number("Somebody not named: prior probability", prior.other),
        _number("Surprise: somebody not named acts like one who is", prior.surprise),
    ]
    for share in prior.shares:
        numbers.append(_number(f"Share of {_node(case, share.node)}", share.number, share.because))
        numbers += [
            _number(f"Share of {_node(case, share.node)}: weight of {_node(case, member)}", weight)
            for member, weight in share.within
        ]
    history = prior.archive
    for one in history.weights if history else ():
        stands = f" (as {one.label} in the archive)" if one.label else " (not in the archive)"
        label = f"Weight of {_node(case, one.node)}{stands}"
        numbers.append(_number(label, one.weight, one.because))
    told = f"In proportion to {' x '.join(prior.proportional_to)}. " if prior.proportional_to else ""
    if history:
        told = (
            f"As past events say ({history.table}): {history.events} that were over before {history.before}, of which "
            f"{history.labelled} have one known perpetrator. {' '.join(history.limits)} "
        )
    return AssumptionBlock("Prior over factions", told + _why(prior.because), tuple(numbers))


def _traits(case: Case, model: Model) -> list[AssumptionBlock]:
    return [
        AssumptionBlock(
            f"Trait: {trait.id.replace('-', ' ')} ({trait.kind})",
            _why(trait.because),
            tuple(_cell(_node(case, entry.node), entry.cell, entry.because) for entry in trait.entries),
        )
        for trait in model.traits
    ]


def _tables(case: Case, model: Model) -> list[AssumptionBlock]:
    blocks = []
    for table in model.tables:
        numbers: list[AssumedNumber] = []
        for given in table.states:
            for row in given.rows:
                numbers += _row(case, given.state.replace("-", " "), row)
        title = case.facts[table.fact].label if table.fact in case.facts else table.fact
        blocks.append(AssumptionBlock(f"Fact: {title}", _why(table.because), tuple(numbers)))
    return blocks


def _row(case: Case, state: str, row: Row) -> list[AssumedNumber]:
    when = "; ".join(f"{fact.replace('-', ' ')} is {' or '.join(sorted(states))}" for fact, states in row.when)
    given = f" (where {when})" if when else ""
    if row.trait:
        return [AssumedNumber(f"{state}{given}: every faction", f"the trait {row.trait}", None, _why(row.because))]
    return [
        _cell(f"{state}{given}: {_node(case, entry.node)}", entry.cell, entry.because or row.because)
        for entry in row.entries
    ]


def _deception(case: Case, model: Model) -> list[AssumptionBlock]:
    found = model.deception
    numbers = [
        _number(
            f"Scene staged ({staged.fact}) to look like {_node(case, staged.toward)}",
            staged.probability,
            staged.because,
        )
        for staged in found.staged
    ]
    for forged in found.forged:
        toward = f" to point to {_node(case, forged.toward)}" if forged.toward else " to point anywhere"
        numbers.append(_number(f"Fabricated ({forged.target}){toward}", forged.probability, forged.because))
    numbers += [
        _number(f"Says the opposite ({turned.source})", turned.probability, turned.because)
        for turned in found.deceptive
    ]
    return [AssumptionBlock("Deception", "", tuple(numbers))] if numbers else []


def _grading(model: Model) -> AssumptionBlock:
    grading = model.grading
    numbers = [_number(f"Source {letter}", number) for letter, number in zip(LETTERS, grading.letters, strict=True)] + [
        _number(f"Content {digit}", number) for digit, number in zip(DIGITS, grading.digits, strict=True)
    ]
    return AssumptionBlock(f"Grading: {grading.title or grading.id}", _why(grading.because), tuple(numbers))
