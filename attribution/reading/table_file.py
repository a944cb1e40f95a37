"""Rows of a table as they are written, in a model or in a recipe."""

from __future__ import annotations

from attribution.domain.tables import Entry, Row, StateRows
from attribution.reading.fields import Field
from attribution.reading.quantities import cell, reason


def rows_by_state(entries: dict[str, Field]) -> tuple[StateRows, ...]:
    """The rows of every state; the key `because` is the block's own."""
    return tuple(
        StateRows(state, tuple(row(one) for one in inner.one_or_more()))
        for state, inner in entries.items()
        if state != "because"
    )


def entry(field: Field, node: str) -> Entry:
    """The cell of a node, with its own reason."""
    found, why = cell(field)
    return Entry(node, found, why)


def row(field: Field) -> Row:
    """One row: conditions, then a cell per node, or a trait."""
    entries = field.entries()
    conditions = entries["when"].entries() if "when" in entries else {}
    when = tuple(
        (parent, frozenset(state.text() for state in states.one_or_more())) for parent, states in conditions.items()
    )
    named = {node: inner for node, inner in entries.items() if node not in ("when", "because", "trait")}
    if "trait" in entries:
        field.block(("when", "because", "trait"))
        return Row(when, trait=entries["trait"].text(), because=reason(entries))
    if not named:
        raise field.fail("a row has no numbers.", "{some-faction: [low, best, high], else: [low, best, high]}")
    return Row(when, tuple(entry(inner, node) for node, inner in named.items()), because=reason(entries))
