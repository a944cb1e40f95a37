"""From the text of a model file and its grading to a `Model`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from attribution.domain.document import GRADING_FORMAT, opens
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
    Sizes,
    Staged,
    Story,
)
from attribution.domain.numbers import Number
from attribution.domain.tables import COMPUTED, Computed, Entry, Reason, Table, Trait
from attribution.errors import spell
from attribution.reading import vocabulary as words
from attribution.reading.fields import Field, check_format, declared, entries_of, every, gathered, located, text_of
from attribution.reading.model_parts import (
    Part,
    Parts,
    history_of,
    joined,
    model_root,
    recipe_name,
    table_from_recipe,
    taken_apart,
)
from attribution.reading.quantities import entry, from_recipe, quantity, reason, recipe_reason, rows_by_state
from attribution.reading.vocabulary import (
    DECEPTION,
    DECEPTIVE,
    GRADING,
    MODEL,
    MODEL_REQUIRED,
    PERPETRATOR,
    PERPETRATOR_REQUIRED,
    SHARE,
    SIZE,
    STAGED,
    STORY,
    TRAIT_KINDS,
    Keys,
)
from attribution.reading.yaml_nodes import nodes_of, parse


def parse_grading(text: str, file: str = "grading.yaml", id: str = "standard") -> Grading:
    """A grading from its text."""
    root = Field(parse(text, file), (), file)
    check_format(root, GRADING_FORMAT)
    return _grading(root, id).as_read(text)


def _grading_from_dict(document: Mapping[str, Any], folder: Path | None = None) -> Grading:
    root = Field(nodes_of(document), (), "")
    check_format(root, GRADING_FORMAT)
    return _grading(root, "own")


opens(Grading, _grading_from_dict)


def _grading(field: Field, id: str) -> Grading:
    """The grading of a file, or of the block of a model that holds one."""
    block = field.block(GRADING, ("letters", "digits"))
    with located(field, field):
        return Grading(
            id=text_of(block, "id") or id,
            title=text_of(block, "title"),
            letters=numbers_in_order("letters", LETTERS, _parts(block["letters"])),
            digits=numbers_in_order("digits", DIGITS, _parts(block["digits"])),
            because=reason(block),
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
    own, brought = taken_apart(text, file)
    parts = Parts(base=base or brought.base, recipe=recipe or brought.recipe, history=history or brought.history)
    grading = Part(grading_id, grading_text, grading_file or f"{grading_id}.yaml")
    model = model_of(Field(parse(own, file), (), file), parts, grading, id)
    return model.as_read(joined(text, base, recipe, history), file, parts.files)


def model_of(own: Field, parts: Parts, grading: Part | None, id: str) -> Model:
    """A model from the root of its own document and the texts that it names.

    Raises
    ------
    FormatError, ModelError
        With file and line, or with the path where there is no file.
    """
    root, problems = gathered(model_root(own, parts))
    block = root.part(MODEL, MODEL_REQUIRED)

    def text(key: str, instead: str) -> str:
        return (problems.attempt(block[key].text) if key in block else None) or instead

    def named(key: str) -> list[tuple[str, Field]]:
        return problems.attempt(lambda: entries_of(block, key)) or []

    stated = problems.attempt(lambda: _grading_of(block["grading"], grading)) if "grading" in block else None
    prior = problems.attempt(lambda: _prior(root, block["perpetrator"], parts)) if "perpetrator" in block else None
    traits = declared(named("traits"), lambda field, name: _trait(root, field, name))
    tables = declared(named("facts"), lambda field, fact: _table(root, field, fact))
    deception = problems.attempt(lambda: _deception(block["deception"])) if "deception" in block else None
    stories = declared(named("stories"), lambda field, name: _story(root, field, name))
    clusters = declared(named("clusters"), _cluster)
    if stated is None or prior is None:
        problems.settle()
    assert stated is not None
    assert prior is not None
    with problems.noting(), located(root):
        model = Model(
            id=text("id", id),
            case=text("case", "case"),
            title=text("title", "?"),
            summary=text("summary", ""),
            grading=stated,
            perpetrator=prior,
            traits=Catalog(traits),
            tables=Catalog(tables),
            deception=deception or Deception(),
            stories=Catalog(stories),
            clusters=Catalog(clusters),
            recipe=recipe_name(block),
        )
    problems.settle()
    return model


def _prior(root: Field, field: Field, parts: Parts) -> PerpetratorPrior:
    return _perpetrator(root, field, history_of(root, parts.history))


def _cluster(field: Field, id: str) -> Cluster:
    return Cluster(id, tuple(origin.text() for origin in field.one_or_more()))


def _grading_of(field: Field, named: Part | None) -> Grading:
    """The grading that stands in a model, or the one that it names."""
    if field.is_mapping():
        return _grading(field, "own")
    if named is None:
        raise field.fail(
            f'the grading "{field.text()[:80]}" is not at hand.', "a shipped grading, or the grading itself"
        )
    return parse_grading(named.text, named.file, named.id)


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
            sizes=_sizes(root, block["sizes"]) if "sizes" in block else Sizes(),
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


def _sizes(root: Field, field: Field) -> Sizes:
    entries = field.entries()
    with located(root, field):
        return Sizes(tuple(_size(inner, node) for node, inner in entries.items() if node != "because"), reason(entries))


def _size(field: Field, node: str) -> Entry:
    if not field.is_mapping():
        return Entry(node, quantity(field, "ratio"))
    block = field.block(SIZE, ("value",))
    return Entry(node, quantity(block["value"], "ratio"), reason(block))


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
    kind = entries["kind"].choice("kinds of trait", TRAIT_KINDS)
    with located(root, field):
        return Trait(
            id=id,
            kind=kind,  # type: ignore[arg-type]
            entries=every(
                (inner for node, inner in entries.items() if node not in ("kind", "because")),
                lambda inner: entry(inner, str(inner.path[-1])),
            ),
            because=reason(entries),
        )


def _table(root: Field, field: Field, fact: str) -> Table:
    entries = field.entries()
    with located(root, field):
        if "recipe" in entries:
            return table_from_recipe(field, fact)
        computed = _computed(entries[COMPUTED]) if COMPUTED in entries else None
        return Table(fact, rows_by_state(entries), reason(entries), computed)


def _computed(field: Field) -> Computed:
    """Where the numbers of a table come from; a fit is never run to read a model."""
    if not field.is_mapping():
        raise field.fail(
            f'`computed` is "{field.text()[:80]}".',
            "a block with the fit that the numbers of this table come from, beside the numbers",
            "`attribution tempo prior SERIES --window FIRST LAST --share FACTION=LOW,BEST,HIGH` writes both",
        )
    block = field.block(words.COMPUTED, words.COMPUTED)
    window = block["window"].items()
    if len(window) != 2:
        raise block["window"].fail(
            f"the window names {len(window)} day{'' if len(window) == 1 else 's'}.", "two: [2024-02-05, 2024-02-18]"
        )
    with located(field, field):
        return Computed(
            by=block["by"].word("ways of computing", words.COMPUTING),
            series=block["series"].text(),
            observer=block["observer"].text(),
            assumptions=block["assumptions"].text(),
            window=(window[0].moment().day, window[1].moment().day),
            given=tuple(fact.text() for fact in block["given"].one_or_more()),
            sha256=block["sha256"].text(),
            made_by=block["made_by"].text(),
        )


def _story(root: Field, field: Field, id: str) -> Story:
    block = field.block(STORY, ("facts", "strength"))
    with located(root, field):
        facts = tuple(fact.text() for fact in block["facts"].one_or_more())
        return Story(id, facts, quantity(block["strength"]), reason(block))


def _deception(field: Field) -> Deception:
    block = field.block(DECEPTION)
    return Deception(
        staged=tuple(declared(entries_of(block, "staged"), _staged)),
        forged=tuple(declared(entries_of(block, "forged"), _forged)),
        deceptive=tuple(declared(entries_of(block, "deceptive"), _deceptive)),
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
