"""Conditional probability tables: how probable each state of a fact is, given who did it and what else is true."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol, get_args

from attribution.domain.document import Document, keyed, one_or_list, stated
from attribution.domain.factions import FactionTree
from attribution.domain.identifiers import ELSE, check_id
from attribution.domain.numbers import Number
from attribution.errors import ModelError, Path, listed

COMPUTED = "computed"  # in place of a state: where the numbers of a table come from
SAME = "same"  # in place of states, for a role with the factions as states

TraitKind = Literal["capability", "behaviour"]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a number is what it is, and the origins it rests on."""

    text: str
    rests_on: tuple[str, ...] = ()

    def document(self) -> str | Document:
        return {"reason": self.text, "rests_on": list(self.rests_on)} if self.rests_on else self.text


@dataclass(frozen=True, slots=True)
class TraitValue:
    """The number is the faction's trait."""

    trait: str

    def document(self) -> Document:
        return {"trait": self.trait}


@dataclass(frozen=True, slots=True)
class OddsRatio:
    """The odds are those of the row's `else`, times this ratio; two-state facts only."""

    ratio: Number

    def document(self) -> Document:
        return {"lr": self.ratio.document()}


type Cell = Number | TraitValue | OddsRatio


class ForNode(Protocol):
    """Anything stated for a node of the faction tree, or for `else`."""

    @property
    def node(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Entry:
    """A cell for a node of the tree, or for `else`; its reason is its own, or inherited where None."""

    node: str
    cell: Cell
    because: Reason | None = None

    def document(self) -> Any:
        """The cell, with its reason where it has one of its own."""
        cell = self.cell.document()
        if self.because is None:
            return cell
        block = (
            cell if isinstance(self.cell, Number) and isinstance(cell, dict) and "value" in cell else {"value": cell}
        )
        return {**block, "because": self.because.document()}


@dataclass(frozen=True, slots=True)
class Trait:
    """A capability or behaviour of the factions: an uncertain probability each, usable in several places."""

    id: str
    kind: TraitKind
    entries: tuple[Entry, ...]
    because: Reason | None = None

    def __post_init__(self) -> None:
        check_id(self.id, "trait")
        if self.kind not in get_args(TraitKind):
            raise ModelError.unknown("kinds of trait", self.kind, get_args(TraitKind), at=("traits", self.id, "kind"))
        for entry in self.entries:
            if not isinstance(entry.cell, Number) or entry.cell.scale != "probability":
                raise ModelError(
                    f'the trait "{self.id}" has for "{entry.node}" something else than a probability.',
                    at=("traits", self.id, entry.node),
                    allowed="a probability: 0.4, [0.2, 0.4, 0.6], {yes: 3, of: 20}, or an ICD 203 term",
                )

    def document(self) -> Document:
        """The kind, the number of every node, and the reason."""
        entries = ((entry.node, entry.document()) for entry in self.entries)
        return keyed((("kind", self.kind), *entries, *reason_entry(self.because)), at=("traits", self.id))


@dataclass(frozen=True, slots=True)
class Row:
    """Numbers of one state, for the parent states in `when` (parent to states; empty: always).

    Either `entries`, or `trait`: every faction's own value of that trait.
    """

    when: tuple[tuple[str, frozenset[str]], ...] = ()
    entries: tuple[Entry, ...] = ()
    trait: str = ""
    because: Reason | None = None

    def document(self) -> Document:
        """The condition, the number of every node or the trait, and the reason."""
        when = keyed(((fact, one_or_list(sorted(states))) for fact, states in self.when), at=("when",))
        entries = ((entry.node, entry.document()) for entry in self.entries)
        head = stated({"when": when, "trait": self.trait})
        return keyed((*head.items(), *entries, *reason_entry(self.because)), at=("when",))

    def applies(self, parents: Mapping[str, str]) -> bool:
        """Whether the row holds where the parents have these states."""
        return all(parents[fact] in states for fact, states in self.when)


@dataclass(frozen=True, slots=True)
class StateRows:
    """All rows of one state, in order: the first that applies is used, the last always applies."""

    state: str
    rows: tuple[Row, ...]

    def document(self) -> Document | list[Document]:
        """One row as a block, several as a list."""
        rows = [row.document() for row in self.rows]
        return rows[0] if len(rows) == 1 else rows


@dataclass(frozen=True, slots=True)
class Computed:
    """Where the numbers of a table come from, if a fit wrote them: they stand in the file, to be reviewed there.

    Attributes
    ----------
    by : str
        What computed them; ``tempo`` is a tempo model of a series of attacks.
    series, observer, assumptions : str
        Whose counts, under which assumptions.
    window : tuple of date
        The first and the last day that the fact is about.
    given : tuple of str
        The facts that rows are conditional on.
    sha256 : str
        Of the texts of the series and of the assumptions; where theirs is another now, the table is out of date.
    made_by : str
        The command.
    """

    by: str
    series: str
    observer: str
    assumptions: str
    window: tuple[dt.date, dt.date]
    given: tuple[str, ...]
    sha256: str
    made_by: str

    def __post_init__(self) -> None:
        first, last = self.window
        if first > last:
            raise ModelError(
                f"the window ends on {last}, before it begins on {first}.", allowed="the earlier day first"
            )
        if not re.fullmatch(r"[0-9a-f]{64}", self.sha256):
            raise ModelError(f'sha256 is "{self.sha256[:80]}".', allowed="64 digits from 0 to f")

    def document(self) -> Document:
        """As a model file writes it."""
        return {
            "by": self.by,
            "series": self.series,
            "observer": self.observer,
            "assumptions": self.assumptions,
            "window": [day.isoformat() for day in self.window],
            "given": list(self.given),
            "sha256": self.sha256,
            "made_by": self.made_by,
        }


@dataclass(frozen=True, slots=True)
class Table:
    """Probabilities of all states of a fact but one; or, for a role played by a faction, of `same`.

    `same` says how probably whoever did it played the role as well. The others have what is left, in proportion to the
    prior over factions before anybody moved it: `(1 - s) pi(x) / (1 - pi(h))`.

    Raises
    ------
    ModelError
        A row after the one that always applies, or none that always applies; rows conditional on other facts than a
        computed table says.
    """

    fact: str
    states: tuple[StateRows, ...]
    because: Reason | None = None
    computed: Computed | None = None

    @property
    def id(self) -> str:
        return self.fact

    def __post_init__(self) -> None:
        for given in self.states:
            at: Path = ("facts", self.fact, given.state)
            if not given.rows:
                raise ModelError(f'"{self.fact}: {given.state}" has no row.', at=at, allowed="at least one row")
            for position, row in enumerate(given.rows):
                last = position == len(given.rows) - 1
                if last and row.when:
                    raise ModelError(
                        f'the last row of "{self.fact}: {given.state}" has a `when`.',
                        at=(*at, position),
                        allowed="a last row without `when`, for everything not named before",
                    )
                if not last and not row.when:
                    raise ModelError(
                        f'"{self.fact}: {given.state}" has a row after the one without `when`.',
                        at=(*at, position + 1),
                        allowed="rows with `when` first: the first that applies is used",
                        hint="did the row before it lose its `when: {some-fact: some-state}`? else move it to the end",
                    )
        used = {fact for given in self.states for row in given.rows for fact, _ in row.when}
        if self.computed and used != set(self.computed.given):
            raise ModelError(
                f'the table of "{self.fact}" was computed given {listed(self.computed.given)}, and its rows are '
                f"conditional on {listed(sorted(used)) or 'nothing'}.",
                at=("facts", self.fact, "computed", "given"),
                allowed="the facts of its `when`",
                hint="rows changed by hand are judged, not computed: leave `computed:` out and say why in `because:`",
            )

    @property
    def same(self) -> StateRows | None:
        """The rows of `same` where they are all that is given."""
        return self.states[0] if len(self.states) == 1 and self.states[0].state == SAME else None

    def document(self) -> Document:
        """The rows of every state that is given, where they were computed, and the reason."""
        rows = ((given.state, given.document()) for given in self.states)
        source = ((COMPUTED, self.computed.document()),) if self.computed else ()
        return keyed((*source, *rows, *reason_entry(self.because)), at=("facts", self.fact))

    def row(self, state: str, parents: Mapping[str, str]) -> Row | None:
        """The row of a state that applies, or None for the state that is left to the rest."""
        for given in self.states:
            if given.state == state:
                return next(row for row in given.rows if row.applies(parents))
        return None


def reason_entry(because: Reason | None) -> tuple[tuple[str, Any], ...]:
    """The `because:` of a block, if it has one."""
    return () if because is None else (("because", because.document()),)


def most_specific[T: ForNode](entries: Iterable[T], leaf: str, tree: FactionTree) -> T | None:
    """The entry for a faction: its own, else that of the nearest group above it, else `else`, else None."""
    by_node = {entry.node: entry for entry in entries}
    for node in (*tree.upward(leaf), ELSE):
        if node in by_node:
            return by_node[node]
    return None
