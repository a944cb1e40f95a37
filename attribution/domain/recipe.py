"""Recipes: generic assumptions per kind of evidence and of source, which a model of a case only instantiates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from attribution.domain.identifiers import ELSE, Catalog, check_id
from attribution.domain.numbers import Number
from attribution.domain.tables import Entry, OddsRatio, Reason, Row, StateRows, Table, TraitValue
from attribution.errors import ModelError, Path, listed


@dataclass(frozen=True, slots=True)
class RecipeNumber:
    """A number by the name of what it is about: a prior category, how often a kind of source is forged."""

    id: str
    number: Number
    because: Reason

    def __post_init__(self) -> None:
        check_id(self.id, "number", at=("numbers", self.id))


@dataclass(frozen=True, slots=True)
class ParentBinding:
    """The fact that plays a parent of a recipe table, and which of its states stand for each state of the parent."""

    fact: str
    states: tuple[tuple[str, frozenset[str]], ...]


@dataclass(frozen=True, slots=True)
class Binding:
    """What a case puts in the places a recipe table leaves open: nodes, states, facts; and its own reason."""

    roles: Mapping[str, tuple[str, ...]]
    states: Mapping[str, str]
    parents: Mapping[str, ParentBinding | None]
    because: Reason | None = None


@dataclass(frozen=True, slots=True)
class RecipeTable:
    """A table over roles instead of factions: who claims, given that it is the owner's, its kin's or anybody's deed.

    Raises
    ------
    ModelError
        A role, state or parent that is used but not declared; a row without `else`; not all states but one.
    """

    id: str
    about: str
    roles: tuple[str, ...]
    states: tuple[str, ...]
    rows: tuple[StateRows, ...]
    because: Reason
    parents: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def __post_init__(self) -> None:
        at: Path = ("tables", self.id)
        check_id(self.id, "table", at=at)
        for kind, names in (("role", self.roles), ("state", self.states), ("parent", tuple(dict(self.parents)))):
            for name in names:
                check_id(name, kind, at=at)
        given = [rows.state for rows in self.rows]
        for state in given:
            _known("states", state, self.states, (*at, "rows", state))
        if len(given) != len(self.states) - 1:
            raise ModelError(
                f'the rows of "{self.id}" give {listed(given) or "no state"}.',
                at=(*at, "rows"),
                allowed=f"all but one of its states {listed(self.states)}: the last is what remains",
            )
        for rows in self.rows:
            for position, row in enumerate(rows.rows):
                self._check_row(row, (*at, "rows", rows.state, position))
        self._table(self.id, self._itself(), self.because)  # the order of rows, and that the last one always applies

    def _check_row(self, row: Row, at: Path) -> None:
        parents = dict(self.parents)
        for parent, states in row.when:
            _known("parents", parent, parents, (*at, "when", parent))
            for state in sorted(states):
                _known(f"states of {parent}", state, parents[parent], (*at, "when", parent))
        for entry in row.entries:
            _known("roles", entry.node, (*self.roles, ELSE), (*at, entry.node))
            if isinstance(entry.cell, TraitValue):
                raise _no_trait(self.id, at)
        if row.trait:
            raise _no_trait(self.id, at)
        if not any(entry.node == ELSE and not isinstance(entry.cell, OddsRatio) for entry in row.entries):
            raise ModelError(
                f'a row of "{self.id}" has no number for `else`.',
                at=at,
                allowed="a number for `else`: a recipe cannot know which factions a case has",
            )

    def _itself(self) -> Binding:
        """Every role, state and parent bound to its own name."""
        parents = {
            parent: ParentBinding(parent, tuple((state, frozenset({state})) for state in states))
            for parent, states in self.parents
        }
        return Binding({role: (role,) for role in self.roles}, {state: state for state in self.states}, parents)

    def instantiate(self, fact: str, binding: Binding, *, recipe: str) -> Table:
        """The table of a fact of a case: roles become nodes, states and parents those of the case.

        A role bound to several nodes gives each the same triple, as numbers of their own; one bound to nobody leaves
        its factions to `else`. Rows that ask about a parent bound to nothing are left out.

        Raises
        ------
        ModelError
            Something is not bound, bound twice, or not of this table; `at` is a path in the model document.
        """
        at: Path = ("facts", fact)
        _all_bound("role", self.roles, binding.roles, (*at, "bind"), "[] if nobody plays it")
        _all_bound("state", self.states, binding.states, (*at, "states"), "a state of the fact")
        _all_bound("parent", dict(self.parents), binding.parents, (*at, "given"), "[] if the case has no such fact")
        _once("node", (node for nodes in binding.roles.values() for node in nodes), (*at, "bind"))
        _once("state", binding.states.values(), (*at, "states"))
        for parent, states in self.parents:
            bound = binding.parents[parent]
            if bound:
                names = tuple(dict(bound.states))
                _all_bound("state", states, names, (*at, "given", parent, "states"), "states of the parent")
                meant = (name for _, several in bound.states for name in sorted(several))
                _once("state", meant, (*at, "given", parent, "states"))
        return self._table(fact, binding, reason_from(recipe, self.id, self.because, binding.because))

    def _table(self, fact: str, binding: Binding, because: Reason) -> Table:
        return Table(
            fact,
            tuple(
                StateRows(binding.states[given.state], tuple(_bound_rows(given.rows, binding))) for given in self.rows
            ),
            because,
        )


@dataclass(frozen=True, slots=True)
class Recipe:
    """Generic assumptions, written before any case is looked at: tables over roles, and numbers by name."""

    id: str
    title: str
    because: Reason | None = None
    tables: Catalog[RecipeTable] = field(default_factory=Catalog)
    numbers: Catalog[RecipeNumber] = field(default_factory=Catalog)
    text: str = field(default="", repr=False, compare=False)


def reason_from(recipe: str, entry: str, because: Reason, own: Reason | None = None) -> Reason:
    """The reason of a number that came from a recipe: the case's own first, then the recipe's, and which it is."""
    own_text = f"{own.text} " if own else ""
    rests_on = (*(own.rests_on if own else ()), *because.rests_on)
    return Reason(f"{own_text}{because.text} (Recipe {recipe}: {entry}.)", rests_on)


def _bound_rows(rows: Iterable[Row], binding: Binding) -> Iterable[Row]:
    for row in rows:
        when = [_bound_condition(parent, states, binding) for parent, states in row.when]
        if None in when:
            continue
        entries = tuple(
            Entry(node, entry.cell, entry.because)
            for entry in row.entries
            for node in ((ELSE,) if entry.node == ELSE else binding.roles[entry.node])
        )
        yield Row(_both(condition for condition in when if condition), entries, because=row.because)


def _both(conditions: Iterable[tuple[str, frozenset[str]]]) -> tuple[tuple[str, frozenset[str]], ...]:
    """Conditions on one fact, which plays two parents, as one."""
    states: dict[str, frozenset[str]] = {}
    for fact, named in conditions:
        states[fact] = states.get(fact, named) & named
    return tuple(states.items())


def _bound_condition(parent: str, states: frozenset[str], binding: Binding) -> tuple[str, frozenset[str]] | None:
    bound = binding.parents[parent]
    if bound is None:
        return None
    meant = dict(bound.states)
    return bound.fact, frozenset().union(*(meant[state] for state in states))


def _known(kind: str, name: str, known: Iterable[str], at: Path) -> None:
    if name not in known:
        raise ModelError.unknown(kind, name, known, at=at)


def _all_bound(kind: str, declared: Iterable[str], bound: Iterable[str], at: Path, way_out: str) -> None:
    declared, bound = tuple(declared), tuple(bound)
    for name in bound:
        _known(f"{kind}s of the recipe", name, declared, (*at, name))
    missing = [name for name in declared if name not in bound]
    if missing:
        raise ModelError(
            f'the {kind} "{missing[0]}" of the recipe is not bound.',
            at=at,
            allowed=f"each of {listed(declared)} bound once",
            hint=f"add `{missing[0]}: ...`, or {way_out}" if way_out.startswith("[]") else f"bind it to {way_out}",
        )


def _once(kind: str, names: Iterable[str], at: Path) -> None:
    names = tuple(names)
    for name in names:
        if names.count(name) > 1:
            raise ModelError(
                f'the {kind} "{name}" is bound twice.',
                at=at,
                allowed=f"each {kind} in one place",
                hint="of two roles keep the one that says more about it",
            )


def _no_trait(table: str, at: Path) -> ModelError:
    return ModelError(
        f'the recipe table "{table}" names a trait.', at=at, allowed="numbers: traits belong to a case's own model"
    )
