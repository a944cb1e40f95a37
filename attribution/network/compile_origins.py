"""Origins as factors: what each says of the facts and of the perpetrator, and how far it can be believed."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product

from attribution.domain.case import Case
from attribution.domain.evidence import Absence, Direct, Item, Proposition, Statement
from attribution.domain.grades import UNGRADED, Grade
from attribution.domain.identifiers import PERPETRATOR
from attribution.domain.model import Forged, Model
from attribution.domain.numbers import Number
from attribution.domain.origins import Origin
from attribution.network.program import ABSENCE, BY_PRIOR, BY_SIZE, DIRECT, STATEMENT
from attribution.network.slots import NONE, SlotBook

_HALF = Number.exactly(0.5)


@dataclass(frozen=True, slots=True)
class Unsaid:
    """What is left out of origins that otherwise stay: some of their items, or all that is said of some facts."""

    items: frozenset[str] = frozenset()
    facts: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.items or self.facts)

    def leaves(self, item: Item, proposition: Proposition) -> bool:
        """Whether the proposition of that item still counts."""
        return item.id not in self.items and proposition.fact not in self.facts


_ALL_SAID = Unsaid()


@dataclass(slots=True)
class OriginArrays:
    """One entry per origin; `scope` is the facts it speaks about, in the order of the case."""

    kind: list[int] = field(default_factory=list)
    source: list[int] = field(default_factory=list)
    item: list[int] = field(default_factory=list)
    anyway: list[list[tuple[int, int]]] = field(default_factory=list)
    deceptive: list[int] = field(default_factory=list)
    copying: list[int] = field(default_factory=list)
    copied: list[int] = field(default_factory=list)
    copy_holds: list[int] = field(default_factory=list)
    forged: list[int] = field(default_factory=list)
    forged_weight: list[list[int]] = field(default_factory=list)
    leaf: list[list[int]] = field(default_factory=list)
    pattern: list[list[int]] = field(default_factory=list)
    shared: list[int] = field(default_factory=list)
    scope: list[tuple[int, ...]] = field(default_factory=list)


def effective_grade(case: Case, origin: Origin) -> Grade:
    """The grade as it is used: F6 where nobody graded, and 1 read as 2 where another origin reports on the same fact.

    A 1 says *confirmed by other sources*; where those sources are in the evidence themselves, they already count.
    """
    grade = origin.grade or UNGRADED
    if grade.digit != "1":
        return grade
    facts = {proposition.fact for item in origin.items for proposition in item.propositions}
    for other in case.origins:
        if other.id != origin.id and any(
            isinstance(item, Statement) and any(said.fact in facts for said in item.says) for item in other.items
        ):
            return Grade(grade.letter, "2")
    return grade


def compile_origins(case: Case, model: Model, slots: SlotBook, unsaid: Unsaid = _ALL_SAID) -> OriginArrays:
    """All origins of a case, in its order; numbers of the case and of the model become slots.

    Where something is left `unsaid`, grades stay what they were: how an origin is read does not change because a part
    of it is not used. Without the item that it copies a copy speaks for itself.
    """
    arrays = OriginArrays()
    for origin in case.origins:
        first = origin.items[0]
        if isinstance(first, Direct):
            _direct(case, slots, arrays, origin, first)
        else:
            _switch(case, model, slots, arrays, origin, unsaid)
    return arrays


def _switch(case: Case, model: Model, slots: SlotBook, arrays: OriginArrays, origin: Origin, unsaid: Unsaid) -> None:
    """A report, an act or an absence: the factor is one value where all it says is true, another where not."""
    propositions = distinct_propositions(case, origin, unsaid)
    said = tuple(proposition for _, proposition in propositions)
    _say(case, arrays, said)
    first = origin.items[0]
    if isinstance(first, Absence):
        arrays.kind.append(ABSENCE)
        arrays.source.append(NONE)
        arrays.item.append(_case_number(case, slots, first.detection, f"detection[{first.id}]", first.id, "detection"))
        arrays.anyway.append([])
        arrays.copying.append(NONE)
        arrays.copied.append(NONE)
        arrays.copy_holds.append(0)
    else:
        arrays.kind.append(STATEMENT)
        _reliability(case, model, slots, arrays, origin)
        arrays.anyway.append([_anyway(case, slots, origin, item, proposition) for item, proposition in propositions])
        _copying(case, slots, arrays, origin, unsaid)
    _deception(case, model, slots, arrays, origin)


def distinct_propositions(
    case: Case, origin: Origin, unsaid: Unsaid = _ALL_SAID
) -> tuple[tuple[Item, Proposition], ...]:
    """What an origin asserts, each thing once however it is worded: a group, or all its members, are the same.

    Each proposition stands with the first item that asserts it.
    """
    propositions: dict[tuple[str, frozenset[str]], tuple[Item, Proposition]] = {}
    for item in origin.items:
        for proposition in item.propositions:
            if unsaid.leaves(item, proposition):
                propositions.setdefault((proposition.fact, case.meaning(proposition)), (item, proposition))
    return tuple(propositions.values())


def _say(case: Case, arrays: OriginArrays, said: tuple[Proposition, ...]) -> None:
    """Where all propositions hold: over the states of the facts, and over the factions."""
    facts = sorted({case.facts.ids.index(p.fact) for p in said if p.fact != PERPETRATOR})
    names = [case.facts.ids[position] for position in facts]
    meanings = [(p.fact, case.meaning(p)) for p in said]
    about_facts = [(fact, meaning) for fact, meaning in meanings if fact != PERPETRATOR]
    about_who = [meaning for fact, meaning in meanings if fact == PERPETRATOR]
    pattern = []
    for states in product(*(case.facts[name].states for name in names)):
        world = dict(zip(names, states, strict=True))
        pattern.append(int(all(world[fact] in meaning for fact, meaning in about_facts)))
    arrays.scope.append(tuple(facts))
    arrays.pattern.append(pattern)
    arrays.leaf.append([int(all(leaf in meaning for meaning in about_who)) for leaf in case.factions.leaves])
    arrays.shared.append(int(len(set(arrays.leaf[-1])) == 1))


def _reliability(case: Case, model: Model, slots: SlotBook, arrays: OriginArrays, origin: Origin) -> None:
    grade = effective_grade(case, origin)
    arrays.source.append(
        slots.number(
            model.grading.source_part(grade),
            f"reliability[{origin.source}|{grade.letter}]",
            block="reliability",
            document="grading",
            at=("letters", grade.letter),
        )
    )
    arrays.item.append(
        slots.number(
            model.grading.item_part(grade),
            f"credibility[{origin.id}|{grade.digit}]",
            block="reliability",
            document="grading",
            at=("digits", grade.digit),
        )
    )


def _anyway(case: Case, slots: SlotBook, origin: Origin, item: Item, proposition: Proposition) -> tuple[int, int]:
    """The slot of q for a proposition of an item, and whether it was asserted as a *not*."""
    own = item.would_say_anyway if isinstance(item, Statement) else None
    by_source = case.sources[origin.source].would_say_anyway
    if own is not None:
        slot = _case_number(case, slots, own, f"anyway[{origin.source}|{item.id}]", item.id, "would_say_anyway")
    elif by_source is not None:
        slot = slots.number(
            by_source,
            f"anyway[{origin.source}]",
            block="anyway",
            document="case",
            at=("sources", origin.source, "would_say_anyway"),
        )
    else:
        slot = slots.constant(_HALF.best)
    return slot, int(proposition.negated)


def _copying(case: Case, slots: SlotBook, arrays: OriginArrays, origin: Origin, unsaid: Unsaid) -> None:
    """What a copy copies: with a probability it says what it says because the original does."""
    item = origin.items[0]
    copies = item.copies if isinstance(item, Statement) else None
    slot, copied, holds = NONE, NONE, False
    if copies is not None:
        original = case.evidence[copies.of]
        slot = _case_number(case, slots, copies.probability, f"copies[{item.id}]", item.id, "copies")
        if _heard(item, unsaid) and _heard(original, unsaid):
            copied, holds = case.origins.ids.index(original.origin_id), _repeats(case, item, original)
    arrays.copying.append(slot if copied != NONE else NONE)
    arrays.copied.append(copied)
    arrays.copy_holds.append(int(holds))


def _heard(item: Item, unsaid: Unsaid) -> bool:
    """Whether anything of an item still counts."""
    if isinstance(item, Direct):
        return item.id not in unsaid.items and item.fact not in unsaid.facts
    return any(unsaid.leaves(item, said) for said in item.propositions)


def _repeats(case: Case, item: Item, original: Item) -> bool:
    """Whether a copy says no more than the original about the facts that both speak of.

    About another fact it repeats what it says whatever the truth is.
    """
    known: dict[str, frozenset[str]] = {}
    for said in original.propositions:
        known[said.fact] = known.get(said.fact, case.meaning(said)) & case.meaning(said)
    return all(known[said.fact] <= case.meaning(said) for said in item.propositions if said.fact in known)


def _deception(case: Case, model: Model, slots: SlotBook, arrays: OriginArrays, origin: Origin) -> None:
    statement = arrays.kind[-1] == STATEMENT
    turned = next((d for d in model.deception.deceptive if d.source == origin.source and statement), None)
    arrays.deceptive.append(
        NONE
        if turned is None
        else slots.number(
            turned.probability,
            f"deceptive[{turned.source}]",
            block="deceptive",
            document="model",
            at=("deception", "deceptive", turned.source, "probability"),
        )
    )
    forged = _forging(model, origin) if statement and origin.forgeable else None
    named = case.factions.under(forged.toward) if forged and forged.toward else None
    by_size = [BY_SIZE if named and leaf in named else NONE for leaf in case.factions.leaves]
    arrays.forged_weight.append(by_size if named else [BY_PRIOR] * len(by_size))
    if forged is None:
        arrays.forged.append(NONE)
        return
    at = ("deception", "forged", forged.target, "probability")
    label = f"forged[{forged.target}]"
    arrays.forged.append(slots.number(forged.probability, label, block="forged", document="model", at=at))


def _forging(model: Model, origin: Origin) -> Forged | None:
    """The entry for the origin itself, else that for its source."""
    entries = {forged.target: forged for forged in model.deception.forged}
    return entries.get(origin.id) or entries.get(origin.source)


def _direct(case: Case, slots: SlotBook, arrays: OriginArrays, origin: Origin, item: Direct) -> None:
    ratio = {
        state: _case_number(case, slots, number, f"ratio[{item.id}|{state}]", item.id, "likelihood_ratio") + 1
        for state, number in item.ratios
    }
    arrays.kind.append(DIRECT)
    for unused in (arrays.source, arrays.item, arrays.copying, arrays.copied, arrays.deceptive, arrays.forged):
        unused.append(NONE)
    arrays.anyway.append([])
    arrays.copy_holds.append(0)
    arrays.forged_weight.append([NONE] * len(case.factions.leaves))
    if item.fact == PERPETRATOR:
        arrays.scope.append(())
        arrays.pattern.append([0])
        arrays.leaf.append(
            [
                next((ratio[node] for node in case.factions.upward(leaf) if node in ratio), 0)
                for leaf in case.factions.leaves
            ]
        )
    else:
        arrays.scope.append((case.facts.ids.index(item.fact),))
        fact = case.facts[item.fact]
        named = [case.factions.upward(state) if fact.over_factions else (state,) for state in fact.states]
        arrays.pattern.append([next((ratio[node] for node in nodes if node in ratio), 0) for nodes in named])
        arrays.leaf.append([0] * len(case.factions.leaves))
    arrays.shared.append(int(len(set(arrays.leaf[-1])) == 1))


def _case_number(case: Case, slots: SlotBook, number: Number, label: str, item: str, key: str) -> int:
    at = ("evidence", case.evidence.ids.index(item), key)
    return slots.number(number, label, block=label.partition("[")[0], document="case", at=at)
