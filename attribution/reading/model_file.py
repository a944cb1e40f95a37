"""From the text of a model file and its grading to a `Model`."""

from __future__ import annotations

from attribution.domain.grades import DIGITS, LETTERS, Grading, numbers_in_order
from attribution.domain.identifiers import Catalog
from attribution.domain.model import (
    Cluster,
    Deception,
    Deceptive,
    Forged,
    History,
    Model,
    PerpetratorPrior,
    Share,
    Staged,
)
from attribution.domain.numbers import Number
from attribution.domain.tables import Reason, Table, Trait
from attribution.errors import spell
from attribution.reading.fields import Field, check_format, entries_of, located, text_of
from attribution.reading.model_parts import Part, history_of, joined, model_root, table_from_recipe
from attribution.reading.quantities import entry, from_recipe, quantity, reason, recipe_reason, rows_by_state
from attribution.reading.vocabulary import (
    DECEPTION,
    DECEPTIVE,
    GRADING,
    GRADING_FORMAT,
    MODEL,
    MODEL_REQUIRED,
    PERPETRATOR,
    PERPETRATOR_REQUIRED,
    SHARE,
    STAGED,
    TRAIT_KINDS,
    Keys,
)
from attribution.reading.yaml_nodes import parse


def parse_grading(text: str, file: str = "grading.yaml", id: str = "standard") -> Grading:
    """A grading from its text."""
    root = Field(parse(text, file), (), file)
    check_format(root, GRADING_FORMAT)
    block = root.block(GRADING, ("letters", "digits"))
    with located(root):
        return Grading(
            id=id,
            title=text_of(block, "title"),
            letters=numbers_in_order("letters", LETTERS, _parts(block["letters"])),
            digits=numbers_in_order("digits", DIGITS, _parts(block["digits"])),
            because=reason(block),
            text=text,
        )


def _parts(field: Field) -> dict[str, Number]:
    return {name: quantity(value) for name, value in field.entries().items()}


def parse_model(
    text: str,
    file: str = "model.yaml",
    *,
    grading_text: str,
    grading_id: str = "standard",
    grading_file: str = "",
    id: str = "model",
    base: Part | None = None,
    recipe: Part | None = None,
    history: Part | None = None,
) -> Model:
    """A model from its text and those of its grading, of the model it extends, of its recipe and of its history.

    The names are for errors. A text that brings these along as further documents, as the text of a model that
    was read does, stands alone.

    Raises
    ------
    FormatError, ModelError
        With file and line.
    """
    root = model_root(text, file, base, recipe)
    block = root.block(MODEL, MODEL_REQUIRED)
    grading = parse_grading(grading_text, grading_file or f"{grading_id}.yaml", grading_id)
    with located(root):
        return Model(
            id=id,
            case=block["case"].text(),
            title=block["title"].text(),
            summary=text_of(block, "summary"),
            grading=grading,
            perpetrator=_perpetrator(root, block["perpetrator"], history_of(root, text, history)),
            traits=Catalog(_trait(root, field, name) for name, field in entries_of(block, "traits")),
            tables=Catalog(_table(root, field, fact) for fact, field in entries_of(block, "facts")),
            deception=_deception(block["deception"]) if "deception" in block else Deception(),
            clusters=Catalog(
                Cluster(name, tuple(origin.text() for origin in field.one_or_more()))
                for name, field in entries_of(block, "clusters")
            ),
            recipe=root.recipe.id if root.recipe else "",
            text=joined(text, base, recipe, history),
        )


def _perpetrator(root: Field, field: Field, history: History | None) -> PerpetratorPrior:
    block = field.block(PERPETRATOR, PERPETRATOR_REQUIRED if history else ("other", *PERPETRATOR_REQUIRED))
    with located(root, field):
        return PerpetratorPrior(
            other=history.other if history and "other" not in block else quantity(block["other"]),
            surprise=quantity(block["surprise"]),
            proportional_to=tuple(trait.text() for trait in block["proportional_to"].one_or_more())
            if "proportional_to" in block
            else (),
            shares=tuple(_share(inner, node) for node, inner in entries_of(block, "share")),
            archive=history,
            because=_prior_reason(block),
        )


def _prior_reason(block: dict[str, Field]) -> Reason | None:
    """The reason of the block, and those of the two numbers that have no place of their own for one."""
    parts = [reason(block), *(recipe_reason(block[key]) for key in ("other", "surprise") if key in block)]
    reasons = [part for part in parts if part]
    if not reasons:
        return None
    return Reason(
        " ".join(part.text for part in reasons), tuple(origin for part in reasons for origin in part.rests_on)
    )


def _share(field: Field, node: str) -> Share:
    if field.is_mapping() and any(key in field.entries() for key in ("within", "value", "recipe")):
        block, number = _stated(field, SHARE, "value")
        within = tuple((member, quantity(weight)) for member, weight in entries_of(block, "within"))
        return Share(node, number, within, recipe_reason(field))
    return Share(node, quantity(field))


def _trait(root: Field, field: Field, id: str) -> Trait:
    entries = field.entries()
    if "kind" not in entries:
        raise field.fail(f'the trait "{id}" has no `kind`.', " or ".join(TRAIT_KINDS))
    kind = entries["kind"].word("kinds of trait", TRAIT_KINDS)
    with located(root, field):
        return Trait(
            id=id,
            kind=kind,  # type: ignore[arg-type]
            entries=tuple(entry(inner, node) for node, inner in entries.items() if node not in ("kind", "because")),
            because=reason(entries),
        )


def _table(root: Field, field: Field, fact: str) -> Table:
    entries = field.entries()
    with located(root, field):
        if "recipe" in entries:
            return table_from_recipe(field, fact)
        return Table(fact, rows_by_state(entries), reason(entries))


def _deception(field: Field) -> Deception:
    block = field.block(DECEPTION)
    return Deception(
        staged=tuple(_staged(inner, fact) for fact, inner in entries_of(block, "staged")),
        forged=tuple(_forged(inner, target) for target, inner in entries_of(block, "forged")),
        deceptive=tuple(_deceptive(inner, source) for source, inner in entries_of(block, "deceptive")),
    )


def _staged(field: Field, fact: str) -> Staged:
    block, number = _stated(field, STAGED, "probability", ("toward",))
    return Staged(fact, number, block["toward"].text(), recipe_reason(field))


def _forged(field: Field, target: str) -> Forged:
    block, number = _stated(field, STAGED, "probability")
    return Forged(target, number, text_of(block, "toward"), recipe_reason(field))


def _deceptive(field: Field, source: str) -> Deceptive:
    return Deceptive(source, _stated(field, DECEPTIVE, "probability")[1], recipe_reason(field))


def _stated(field: Field, keys: Keys, key: str, required: tuple[str, ...] = ()) -> tuple[dict[str, Field], Number]:
    """A block, and its number: given under `key`, or named by `recipe:` instead."""
    named = field.is_mapping() and "recipe" in field.entries()
    block = field.block(keys, (*(() if named else (key,)), *required))
    if named and key in block:
        raise field.fail(f"{spell(field.path)} has both `recipe` and `{key}`.", "one of them")
    return block, from_recipe(field) if named else quantity(block[key])
