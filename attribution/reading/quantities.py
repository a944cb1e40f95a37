"""Uncertain numbers, and the rows of tables made of them, as they are written in a case, a model or a recipe.

0.4, [0.2, 0.4, 0.6], {yes: 3, of: 20}, "very unlikely", {recipe: name}.
"""

from __future__ import annotations

from dataclasses import replace

from attribution.domain.identifiers import ELSE
from attribution.domain.numbers import Number, Scale
from attribution.domain.recipe import RecipeNumber, reason_from
from attribution.domain.tables import COMPUTED, SAME, Cell, Entry, OddsRatio, Reason, Row, StateRows, TraitValue
from attribution.domain.verbal import ICD_203
from attribution.errors import did_you_mean
from attribution.reading.fields import Field, every, located
from attribution.reading.vocabulary import COUNTS, NAMED, REASON, VALUE
from attribution.reading.yaml_nodes import Scalar


def quantity(field: Field, scale: Scale = "probability", vary: float = 0.0) -> Number:
    """An uncertain number in any of its forms; where errors are gathered, one half for one that cannot be."""
    number = field.attempt(lambda: _quantity(field, scale, vary))
    return Number.exactly(0.5, scale) if number is None else number


def _quantity(field: Field, scale: Scale, vary: float) -> Number:
    with located(field, field):
        if field.is_list():
            return _triple(field, scale, vary)
        if field.is_mapping():
            return _block(field, scale, vary)
        text = field.text()
        if scale == "probability" and not _looks_numeric(text):
            return replace(_words(field, text), vary=vary)
        value = field.number()
        return Number(value, value, value, scale, vary=vary)


def _looks_numeric(text: str) -> bool:
    return text[:1] in "+-.0123456789" or text.lower() in ("nan", "inf", "infinity")


def _words(field: Field, text: str) -> Number:
    terms = [term for band in ICD_203 for term in band.terms]
    if text.lower() not in terms:
        raise field.fail(
            f'"{text[:80]}" is neither a number nor a term of probability.',
            "0.4, [low, best, high], {yes: 3, of: 20}, or a term: " + ", ".join(band.terms[0] for band in ICD_203),
            did_you_mean(text.lower(), terms),
        )
    return Number.from_words(text)


def _triple(field: Field, scale: Scale, vary: float) -> Number:
    values = field.items()
    if len(values) != 3:
        raise field.fail(
            f"the list has {len(values)} numbers.", "three: [low, best, high], the 5 %, 50 % and 95 % quantiles"
        )
    low, best, high = (value.number() for value in values)
    if low == best == high:
        raise field.fail(f"the triple is {low:g} three times.", "low < best < high", f"a constant is written {low:g}")
    return Number(low, best, high, scale, vary=vary)


def _block(field: Field, scale: Scale, vary: float) -> Number:
    entries = field.entries()
    if "value" in entries:
        block = field.block(VALUE)
        number = quantity(block["value"], scale, block["vary"].number() if "vary" in block else vary)
        return replace(number, stated=block["stated"].text()) if "stated" in block else number
    if "recipe" in entries:
        field.block(NAMED)
        return from_recipe(field, scale, vary)
    block = field.block(COUNTS, COUNTS)
    yes, of = (_count(block[key]) for key in ("yes", "of"))
    return replace(Number.from_counts(yes, of), vary=vary)


def _count(field: Field) -> int:
    text = field.text()
    if not text.isdecimal():
        raise field.fail(f'"{text[:80]}" is not a count.', "a whole number such as 12")
    return int(text)


def from_recipe(field: Field, scale: Scale = "probability", vary: float = 0.0) -> Number:
    """The number of the recipe that a block names by `recipe:`; it says where it is from."""
    named = _named(field)
    if named.number.scale != scale:
        raise field.fail(f'"{named.id}" of the recipe is a {named.number.scale}.', f"a {scale}")
    label = f"recipe {field.needed_recipe().id}, {named.id}"
    stated = f"{label} ({named.number.stated})" if named.number.stated else label
    return replace(named.number, stated=stated, vary=vary or named.number.vary)


def recipe_reason(field: Field) -> Reason | None:
    """The reason of a block that names a number of the recipe: its own and the recipe's; otherwise only its own."""
    if not field.is_mapping():
        return None
    own = reason(field.entries())
    if "recipe" not in field.entries():
        return own
    named = _named(field)
    return reason_from(field.needed_recipe().id, named.id, named.because, own)


def _named(field: Field) -> RecipeNumber:
    recipe = field.needed_recipe()
    return recipe.numbers[field.entries()["recipe"].word(f'numbers of the recipe "{recipe.id}"', recipe.numbers.ids)]


def cell(field: Field) -> tuple[Cell, Reason | None]:
    """A cell of a table with its own reason: a number, {trait: name}, {lr: triple}, or one of them as `value`."""
    entries = field.entries() if field.is_mapping() else {}
    if "trait" in entries:
        return TraitValue(field.block(("trait",))["trait"].text()), None
    if "lr" in entries:
        return OddsRatio(quantity(field.block(("lr",))["lr"], "ratio")), None
    if "recipe" in entries:
        return quantity(field), recipe_reason(field)
    if "value" in entries:
        block = field.block(VALUE)
        inner = block["value"]
        if inner.is_mapping() and ("trait" in inner.entries() or "lr" in inner.entries()):
            value = cell(inner)[0]
        else:
            value = quantity(field)
        return value, reason(block)
    return quantity(field), None


def reason(block: dict[str, Field]) -> Reason | None:
    """The `because:` of a block."""
    field = block.get("because")
    if field is None:
        return None
    if isinstance(field.node, Scalar):
        return Reason(field.text())
    inside = field.block(REASON, ("reason",))
    rests_on = inside["rests_on"].one_or_more() if "rests_on" in inside else []
    return Reason(inside["reason"].text(), tuple(origin.text() for origin in rests_on))


def rows_by_state(entries: dict[str, Field]) -> tuple[StateRows, ...]:
    """The rows of every state; the keys `because` and `computed` are the block's own.

    `same` may be a number by itself, for whoever did it.
    """
    return tuple(
        StateRows(state, (Row((), (entry(inner, ELSE),)),))
        if state == SAME and not any(each.is_mapping() for each in inner.one_or_more())
        else StateRows(state, every(inner.one_or_more(), row))
        for state, inner in entries.items()
        if state not in ("because", COMPUTED)
    )


def entry(field: Field, node: str) -> Entry:
    """The cell of a node, with its own reason."""
    value, why = cell(field)
    return Entry(node, value, why)


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
    for node, inner in named.items():
        _check_no_condition(node, inner)
    if not named:
        raise field.fail("a row has no numbers.", "{some-faction: [low, best, high], else: [low, best, high]}")
    return Row(when, every(named.values(), lambda inner: entry(inner, str(inner.path[-1]))), because=reason(entries))


def _check_no_condition(node: str, field: Field) -> None:
    """Tell an entry that reads like a condition: `pressure: yes` where `when: {pressure: yes}` is meant."""
    words = [each.node.text for each in field.one_or_more() if isinstance(each.node, Scalar)]
    terms = [term for band in ICD_203 for term in band.terms]
    if not words or any(not word or _looks_numeric(word) or did_you_mean(word.lower(), terms) for word in words):
        return
    value = words[0] if len(words) == 1 else f"[{', '.join(words)}]"
    raise field.fail(
        f'the row has "{node[:80]}: {value[:80]}", which is no number.',
        "a number for each faction, and conditions on other facts under `when:`",
        f"if {node[:80]} is a fact, this is a condition: when: {{{node[:80]}: {value[:80]}}}",
    )
