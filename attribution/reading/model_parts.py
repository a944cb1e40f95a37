"""What a model may bring along: the model it extends, a recipe, a prior from history; one text that stands alone."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from attribution.domain.document import MODEL_FORMAT
from attribution.domain.identifiers import Catalog
from attribution.domain.model import History, HistoryWeight
from attribution.domain.recipe import Binding, ParentBinding, Recipe, RecipeNumber, RecipeTable
from attribution.domain.tables import Reason, Table
from attribution.errors import spell
from attribution.reading.fields import Field, check_format, entries_of, located, text_of
from attribution.reading.quantities import quantity, reason, rows_by_state
from attribution.reading.vocabulary import (
    HISTORY,
    HISTORY_FORMAT,
    HISTORY_REQUIRED,
    HISTORY_TABLE,
    HISTORY_USED,
    HISTORY_WEIGHT,
    INSTANCE,
    PARENT,
    RECIPE,
    RECIPE_FORMAT,
    RECIPE_NUMBER,
    RECIPE_REQUIRED,
    RECIPE_TABLE,
    RECIPE_TABLE_REQUIRED,
)
from attribution.reading.yaml_nodes import Listing, Mapping, Node, parse

_ITS_OWN = ("format", "id", "title", "summary", "extends")  # what a model never takes from the one it extends
_SEAM = re.compile(r"^--- # (extends|recipe|archive): ([^\n]*)\n", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Part:
    """A text that a model needs beside its own, the name it goes by, and its file for errors."""

    id: str
    text: str
    file: str


def joined(text: str, base: Part | None, recipe: Part | None, history: Part | None = None) -> str:
    """The text of a model with those it needs as further documents, so that it can be read alone."""
    for kind, part in (("extends", base), ("recipe", recipe), ("archive", history)):
        if part:
            end = "" if text.endswith("\n") else "\n"
            text = f"{text}{end}--- # {kind}: {part.id}\n{part.text}"
    return text


@dataclass(frozen=True, slots=True)
class Parts:
    """The texts that a model may need beside its own: of the model it extends, its recipe, its prior from events."""

    base: Part | None = None
    recipe: Part | None = None
    history: Part | None = None

    @property
    def files(self) -> tuple[tuple[str, str], ...]:
        """Where each was read, by kind."""
        named = (("extends", self.base), ("recipe", self.recipe), ("archive", self.history))
        return tuple((kind, part.file) for kind, part in named if part)


def taken_apart(text: str, file: str, files: tuple[tuple[str, str], ...] = ()) -> tuple[str, Parts]:
    """What `joined` put together: the model's own text, and the others; `files` are where these were read."""
    own, *brought = _SEAM.split(text)
    named, homes = zip(brought[::3], brought[1::3], brought[2::3], strict=True), dict(files)
    parts = {kind: Part(id, part, homes.get(kind) or f"{file} ({kind} {id})") for kind, id, part in named}
    return own, Parts(parts.get("extends"), parts.get("recipe"), parts.get("archive"))


def based(own: Field, base: Part | None) -> Field:
    """The document of a model over that of the model it extends: its own top-level blocks hold.

    Raises
    ------
    FormatError
        The model it extends is not there, extends another, or is no model.
    """
    check_format(own, MODEL_FORMAT)
    named = own.entries().get("extends")
    if named is None:
        return own
    own.block(own.entries(), ("title",))
    if base is None:
        raise named.fail(
            f'the model "{named.text()[:80]}", which this one extends, is not at hand.', "a model beside this one"
        )
    below = Field(parse(base.text, base.file), (), base.file)
    check_format(below, MODEL_FORMAT)
    if "extends" in below.entries():
        raise named.fail(
            f'"{named.text()}" itself extends a model.', "a model that stands by itself", "extend that one instead"
        )
    return replace(own, base=_inherited(below))


def model_root(own: Field, parts: Parts) -> Field:
    """The document of a model, with what it extends below it and its recipe at hand; formats checked.

    Raises
    ------
    FormatError, ModelError
        Anything that is missing, or of another format, with file and line.
    """
    root = based(own, parts.base)
    if not needs_recipe(root):
        return root
    if parts.recipe is None:
        named = root.entries()["recipe"]
        raise named.fail(
            f'the recipe "{named.text()[:80]}" is not at hand.', "a shipped recipe, or a file beside the model"
        )
    parsed = parse_recipe(parts.recipe.text, parts.recipe.file, parts.recipe.id)
    return replace(root, recipe=parsed, base=replace(root.base, recipe=parsed) if root.base else None)


def needs_recipe(root: Field) -> bool:
    """Whether a model names a recipe and any entry of it; one written out only says where its numbers are from."""
    entries = root.entries()
    return "recipe" in entries and any(_names_entry(field.node) for field in entries.values())


def _names_entry(node: Node) -> bool:
    if isinstance(node, Mapping):
        return any(key.text == "recipe" or _names_entry(value) for key, value in node.entries)
    return isinstance(node, Listing) and any(_names_entry(item) for item in node.items)


def recipe_name(block: dict[str, Field]) -> str:
    """The name of the recipe that a model names, which for a file of its own is without the ending."""
    return text_of(block, "recipe").removesuffix(".yaml").rpartition("/")[2]


def history_of(root: Field, part: Part | None) -> History | None:
    """The prior from past events that a model holds, or names, if it does.

    Raises
    ------
    FormatError, ModelError
        It is missing, or cannot be used, with file and line.
    """
    prior = root.entries().get("perpetrator")
    named = prior.entries().get("archive") if prior and prior.is_mapping() else None
    if named is None:
        return None
    if named.is_mapping():
        return _history(named, "own")
    if part is None:
        raise named.fail(
            f'the prior "{named.text()[:80]}" is not at hand.',
            "a file in the folder `priors` beside the model",
            "`attribution archive prior CASE EVENTS` writes one",
        )
    return parse_history(part.text, part.file, part.id)


def _inherited(below: Field) -> Field:
    assert isinstance(below.node, Mapping)
    kept = tuple((key, value) for key, value in below.node.entries if key.text not in _ITS_OWN)
    return replace(below, node=Mapping(kept, below.node.line))


def parse_recipe(text: str, file: str = "recipe.yaml", id: str = "standard") -> Recipe:
    """A recipe from its text; `file` names it in errors.

    Raises
    ------
    FormatError, ModelError
        With file and line.
    """
    root = Field(parse(text, file), (), file)
    check_format(root, RECIPE_FORMAT)
    block = root.block(RECIPE, RECIPE_REQUIRED)
    with located(root):
        return Recipe(
            id=id,
            title=block["title"].text(),
            because=reason(block),
            tables=Catalog(_recipe_table(root, field, name) for name, field in entries_of(block, "tables")),
            numbers=Catalog(_recipe_number(root, field, name) for name, field in entries_of(block, "numbers")),
            text=text,
        )


def _because(block: dict[str, Field]) -> Reason:
    why = reason(block)
    assert why is not None  # required
    return why


def _recipe_table(root: Field, field: Field, id: str) -> RecipeTable:
    block = field.block(RECIPE_TABLE, RECIPE_TABLE_REQUIRED)
    with located(root, field):
        return RecipeTable(
            id=id,
            about=block["about"].text(),
            roles=tuple(role.text() for role in block["roles"].items()) if "roles" in block else (),
            states=tuple(state.text() for state in block["states"].items()),
            rows=rows_by_state(block["rows"].entries()),
            because=_because(block),
            parents=tuple(
                (parent, tuple(state.text() for state in states.items()))
                for parent, states in entries_of(block, "parents")
            ),
        )


def _recipe_number(root: Field, field: Field, id: str) -> RecipeNumber:
    block = field.block(RECIPE_NUMBER, ("because",))
    if ("value" in block) == ("ratio" in block):
        raise field.fail(f'the number "{id}" has both `value` and `ratio`, or neither.', "one of them")
    number = quantity(block["ratio"], "ratio") if "ratio" in block else quantity(block["value"])
    with located(root, field):
        return RecipeNumber(id, number, _because(block))


def table_from_recipe(field: Field, fact: str) -> Table:
    """The table of a fact whose block is `{recipe: some-table, bind: ..., states: ..., given: ..., because: ...}`."""
    block = field.block(INSTANCE, ("recipe",))
    recipe = field.needed_recipe()
    table = recipe.tables[block["recipe"].word(f'tables of the recipe "{recipe.id}"', recipe.tables.ids)]
    states = {state: _one_state(inner) for state, inner in entries_of(block, "states")}
    binding = Binding(
        roles={role: tuple(node.text() for node in inner.one_or_more()) for role, inner in entries_of(block, "bind")},
        states=states or {state: state for state in table.states},
        parents={parent: _parent(inner) for parent, inner in entries_of(block, "given")},
        because=reason(block),
    )
    return table.instantiate(fact, binding, recipe=recipe.id)


def _one_state(field: Field) -> str:
    """The state of the fact that a state of the recipe is."""
    if field.is_list():
        raise field.fail(
            f"{spell(field.path)} is {field.found()}.",
            "one state of the fact",
            "the table of a recipe is for a fact with as many states as it has: make them one state in the case, or "
            "write a table of your own",
        )
    return field.text()


def _parent(field: Field) -> ParentBinding | None:
    if field.is_list():
        if field.items():
            raise field.fail("a parent is bound to a list.", "{fact: some-fact, states: {...}}, or [] for none")
        return None
    block = field.block(PARENT, PARENT)
    return ParentBinding(
        block["fact"].text(),
        tuple(
            (state, frozenset(each.text() for each in inner.one_or_more()))
            for state, inner in entries_of(block, "states")
        ),
    )


def parse_history(text: str, file: str = "prior.yaml", id: str = "events") -> History:
    """A prior from its text; `file` names it in errors.

    Raises
    ------
    FormatError, ModelError
        With file and line.
    """
    root = Field(parse(text, file), (), file)
    check_format(root, HISTORY_FORMAT)
    return _history(root, id)


def _history(field: Field, id: str) -> History:
    block = field.block(HISTORY, HISTORY_REQUIRED)
    table = block["table"].block(HISTORY_TABLE, ("file", "sha256"))
    used = block["used"].block(HISTORY_USED, ("events", "labelled"))
    with located(field, field):
        return History(
            id=text_of(block, "id") or id,
            case=block["case"].text(),
            title=block["title"].text(),
            weights=tuple(_weight(field, node) for node, field in block["factions"].entries().items()),
            other=quantity(block["other"]),
            before=block["before"].moment().day,
            events=int(used["events"].number()),
            labelled=int(used["labelled"].number()),
            table=table["file"].text(),
            sha256=table["sha256"].text(),
            made_by=text_of(block, "made_by"),
            limits=tuple(field.text() for field in block["limits"].items()) if "limits" in block else (),
        )


def _weight(field: Field, node: str) -> HistoryWeight:
    block = field.block(HISTORY_WEIGHT, ("weight", "share", "because"))
    share = block["share"].number()
    if not 0 <= share <= 1:
        raise block["share"].fail(f"the share of {node} is {share:g}.", "a probability, 0 to 1")
    return HistoryWeight(node, quantity(block["weight"], "ratio"), share, text_of(block, "label"), reason(block))
