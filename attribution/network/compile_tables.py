"""What a model says before the evidence, as slots: traits, tables, staging, and who it was."""

from __future__ import annotations

from dataclasses import dataclass, field

from attribution.domain.case import Case
from attribution.domain.facts import Fact
from attribution.domain.identifiers import ELSE, OTHER
from attribution.domain.model import History, Model, Share
from attribution.domain.numbers import Number
from attribution.domain.pairing import ROUNDING, cell_for, leaves_of_share, parent_states, plays_same
from attribution.domain.tables import SAME as PLAYS_SAME
from attribution.domain.tables import Cell, Entry, OddsRatio, Row, Table, TraitValue, most_specific
from attribution.errors import spell
from attribution.network.program import SAME, TWO_STATE
from attribution.network.slots import NONE, SlotBook


@dataclass(slots=True)
class TableArrays:
    """Rows (distinct distributions) and which row each faction uses in each configuration."""

    row_start: list[int] = field(default_factory=lambda: [0])
    row_slot: list[int] = field(default_factory=list)
    row_rest: list[float] = field(default_factory=list)
    config_start: list[int] = field(default_factory=lambda: [0])
    fact_config: list[int] = field(default_factory=lambda: [0])
    rows_by_leaf: list[list[int]] = field(default_factory=list)
    _known: dict[tuple[int, ...], int] = field(default_factory=dict)

    def row(self, fact: int, slots: tuple[int, ...], rest: float) -> int:
        key = (fact, *slots)
        if key not in self._known:
            self._known[key] = len(self.row_rest)
            self.row_slot += slots
            self.row_start.append(len(self.row_slot))
            self.row_rest.append(rest)
        return self._known[key]


def trait_slot(case: Case, model: Model, slots: SlotBook, trait: str, leaf: str) -> int:
    """The slot of a faction's trait, or -1 where the trait says nothing about it."""
    found = most_specific(model.traits[trait].entries, leaf, case.factions)
    if found is None or not isinstance(found.cell, Number):
        return NONE
    return slots.number(
        found.cell,
        f"trait[{trait}|{found.node}]",
        block="trait",
        document="model",
        at=("traits", trait, found.node),
        member=leaf,
    )


def compile_tables(case: Case, model: Model, slots: SlotBook) -> TableArrays:
    """All tables of a model, fact by fact in the order of the case."""
    arrays = TableArrays(rows_by_leaf=[[] for _ in case.factions.leaves])
    for position, fact in enumerate(case.facts):
        table = model.tables[fact.id]
        states = _told(fact, table)
        for parents in parent_states(case, fact):
            told = {state: table.row(state, parents) for state in states}
            for leaf, rows in zip(case.factions.leaves, arrays.rows_by_leaf, strict=True):
                rows.append(_row(case, model, slots, arrays, position, fact, told, leaf))
            arrays.config_start.append(arrays.config_start[-1] + len(fact.states))
        arrays.fact_config.append(len(arrays.config_start) - 1)
    return arrays


def _row(
    case: Case,
    model: Model,
    slots: SlotBook,
    arrays: TableArrays,
    position: int,
    fact: Fact,
    told: dict[str, Row | None],
    leaf: str,
) -> int:
    """The row of one faction in one configuration of a fact, shared with whoever has the same numbers.

    `told` is the row of the file that applies to each state that has one.
    """
    table = model.tables[fact.id]
    if plays_same(fact, table):
        row = told[PLAYS_SAME]
        assert row is not None, "its last row always applies"
        entry = cell_for(case, model, row, leaf)
        assert entry is not None, "check_pair saw a number for every faction"
        slot = _cell_slot(case, model, slots, table, PLAYS_SAME, row, entry, leaf)
        return arrays.row(position, tuple(slot if state == leaf else NONE for state in fact.states), SAME)
    chosen: list[int] = []
    best = 0.0
    for state, row in told.items():
        if row is None:
            chosen.append(NONE)
            continue
        entry = cell_for(case, model, row, leaf)
        assert entry is not None, "check_pair saw a number for every faction"
        chosen.append(_cell_slot(case, model, slots, table, state, row, entry, leaf))
        best += _best(case, model, entry.cell, leaf)
    rest = TWO_STATE if len(fact.states) == 2 else 1.0 - best if best < 1.0 - ROUNDING else 0.0
    return arrays.row(position, tuple(chosen), rest)


def _told(fact: Fact, table: Table) -> tuple[str, ...]:
    """What the table of a fact has rows for: its states, or that a role is played by the same."""
    return (PLAYS_SAME,) if plays_same(fact, table) else fact.states


def _cell_slot(
    case: Case, model: Model, slots: SlotBook, table: Table, state: str, row: Row, entry: Entry, leaf: str
) -> int:
    cell = entry.cell
    if isinstance(cell, TraitValue):
        return trait_slot(case, model, slots, cell.trait, leaf)
    rows = next(given.rows for given in table.states if given.state == state)
    position = rows.index(row)
    when = f"|{_when(row)}" if len(rows) > 1 else ""
    label = f"table[{table.fact}={state}|{entry.node}{when}]"
    at = ("facts", table.fact, state, position, entry.node)
    if isinstance(cell, OddsRatio):
        base = next(given for given in row.entries if given.node == ELSE)
        return slots.odds(
            _cell_slot(case, model, slots, table, state, row, base, leaf),
            slots.number(cell.ratio, label, block="table", document="model", at=at),
        )
    return slots.number(cell, label, block="table", document="model", at=at, member=leaf)


def _when(row: Row) -> str:
    if not row.when:
        return "otherwise"
    return ",".join(f"{fact}={'/'.join(sorted(states))}" for fact, states in row.when)


def _best(case: Case, model: Model, cell: Cell, leaf: str) -> float:
    if isinstance(cell, TraitValue):
        found = most_specific(model.traits[cell.trait].entries, leaf, case.factions)
        assert found is not None, f"check_pair saw {spell(('traits', cell.trait))} cover {leaf}"
        return _best(case, model, found.cell, leaf)
    return cell.best if isinstance(cell, Number) else 0.0


@dataclass(slots=True)
class StagedArrays:
    """Facts whose scene may have been arranged, and to look like whom."""

    slot: list[int] = field(default_factory=list)
    of_config: list[int] = field(default_factory=list)
    member: list[int] = field(default_factory=list)


def compile_staging(case: Case, model: Model, slots: SlotBook, fact_config: list[int]) -> StagedArrays:
    """Whose tables are mixed with the mean of whose, which is weighted by size."""
    arrays = StagedArrays(of_config=[NONE] * fact_config[-1])
    for staged in model.deception.staged:
        position = case.facts.ids.index(staged.fact)
        named = case.factions.under(staged.toward)
        arrays.slot.append(
            slots.number(
                staged.probability,
                f"staged[{staged.fact}]",
                block="staged",
                document="model",
                at=("deception", "staged", staged.fact, "probability"),
            )
        )
        for config in range(fact_config[position], fact_config[position + 1]):
            arrays.of_config[config] = len(arrays.slot) - 1
        arrays.member += [int(leaf in named) for leaf in case.factions.leaves]
    return arrays


@dataclass(slots=True)
class StoryArrays:
    """A story is one more unknown: *independent*, or which of its facts speaks. Its tables lie after the others.

    `at` is where its own distribution lies in the pool, `told` where the table of a configuration does: the states of
    the fact for each state of the story, the fact running faster.
    """

    end: int
    facts: list[tuple[int, ...]] = field(default_factory=list)
    strength: list[float] = field(default_factory=list)
    at: list[int] = field(default_factory=list)
    of_config: list[int] = field(default_factory=list)
    speaks: list[int] = field(default_factory=list)
    told: list[int] = field(default_factory=list)

    def of_fact(self, fact: int) -> int:
        """The story of a fact, or -1."""
        return next((story for story, facts in enumerate(self.facts) if fact in facts), NONE)


def compile_stories(case: Case, model: Model, tables: TableArrays) -> StoryArrays:
    """All stories of a model, in its order."""
    configs = tables.fact_config[-1]
    arrays = StoryArrays(tables.config_start[-1], of_config=[NONE] * configs, speaks=[0] * configs, told=[0] * configs)
    for position, story in enumerate(model.stories):
        facts = tuple(case.facts.ids.index(fact) for fact in story.facts)
        arrays.facts.append(facts)
        arrays.strength.append(story.strength.best)
        arrays.at.append(arrays.end)
        arrays.end += len(facts) + 1
        for place, fact in enumerate(facts):
            for config in range(tables.fact_config[fact], tables.fact_config[fact + 1]):
                arrays.of_config[config], arrays.speaks[config] = position, place + 1
                arrays.told[config] = arrays.end
                arrays.end += (len(facts) + 1) * len(case.facts[case.facts.ids[fact]].states)
    return arrays


@dataclass(slots=True)
class PriorArrays:
    """A faction's weight: its size as a part of its family's, its `within` slots as a part of its block's, its slots.

    The product of the three, each 1 where there is none; without a family the size itself.
    """

    size: list[int]
    family: list[int]
    slots: list[list[int]]
    within: list[list[int]]
    block: list[int]
    other: int = NONE
    surprise: int = NONE

    def gather(self, positions: list[int]) -> None:
        """Make a family of some factions: they share by size."""
        family = 1 + max(self.family)
        for position in positions:
            self.family[position] = family


def size_slot(model: Model, slots: SlotBook, leaf: str) -> int:
    """The slot of how many organisations a faction stands for, or -1 where it is one."""
    size = model.perpetrator.sizes.of(leaf)
    if size.constant and size.best == 1.0:
        return NONE
    at = ("perpetrator", "sizes", leaf)
    return slots.number(size, f"size[{leaf}]", block="size", document="model", at=at)


def compile_prior(case: Case, model: Model, slots: SlotBook) -> PriorArrays:
    """The prior of a model over the factions of a case."""
    leaves = case.factions.leaves
    arrays = PriorArrays(
        size=[size_slot(model, slots, leaf) for leaf in leaves],
        family=[NONE] * len(leaves),
        slots=[[] for _ in leaves],
        within=[[] for _ in leaves],
        block=[NONE] * len(leaves),
    )
    prior = model.perpetrator
    arrays.other = slots.number(
        prior.other, "prior[other]", block="prior", document="model", at=("perpetrator", "other")
    )
    arrays.surprise = slots.number(
        prior.surprise, "surprise", block="surprise", document="model", at=("perpetrator", "surprise")
    )
    for position, leaf in enumerate(leaves):
        if leaf != OTHER:
            arrays.slots[position] = [trait_slot(case, model, slots, trait, leaf) for trait in prior.proportional_to]
    for block, share in enumerate(prior.shares):
        _compile_share(case, model, slots, arrays, block, share)
    if prior.archive:
        _compile_history(case, prior.archive, slots, arrays)
    return arrays


def _compile_history(case: Case, history: History, slots: SlotBook, arrays: PriorArrays) -> None:
    """Weights as past events give them, shared by size; one without a label is that of each organisation."""
    leaves = case.factions.leaves
    for one, sharing in history.covered(case.factions, (leaf for leaf in leaves if leaf != OTHER)):
        at = ("perpetrator", "archive", one.node)
        slot = slots.number(one.weight, f"history[{one.node}]", block="prior", document="model", at=at)
        positions = [leaves.index(leaf) for leaf in sharing]
        for position in positions:
            arrays.slots[position] = [slot]
        if one.label:
            arrays.gather(positions)


def _compile_share(case: Case, model: Model, slots: SlotBook, arrays: PriorArrays, block: int, share: Share) -> None:
    leaves = leaves_of_share(case, model, share.node)
    positions = [case.factions.leaves.index(leaf) for leaf in leaves]
    at = ("perpetrator", "share", share.node)
    total = slots.number(share.number, f"share[{share.node}]", block="prior", document="model", at=at)
    for position in positions:
        arrays.slots[position] = [total]
    arrays.gather(positions)
    for node, weight in share.within:
        slot = slots.number(
            weight, f"share[{share.node}|{node}]", block="prior", document="model", at=(*at, "within", node)
        )
        members = [position for position in positions if case.factions.leaves[position] in case.factions.under(node)]
        for position in members:
            arrays.within[position] = [slot]
            arrays.block[position] = block
        arrays.gather(members)
