"""From the text of a recipe to a `Recipe`, and from the block that names one of its tables to a `Table`."""

from __future__ import annotations

from attribution.domain.identifiers import Catalog
from attribution.domain.recipe import Binding, ParentBinding, Recipe, RecipeNumber, RecipeTable
from attribution.domain.tables import Reason, Table
from attribution.reading.case_file import check_format
from attribution.reading.fields import Field, located
from attribution.reading.quantities import quantity, reason
from attribution.reading.table_file import rows_by_state
from attribution.reading.vocabulary import (
    INSTANCE,
    PARENT,
    RECIPE,
    RECIPE_FORMAT,
    RECIPE_NUMBER,
    RECIPE_REQUIRED,
    RECIPE_TABLE,
    RECIPE_TABLE_REQUIRED,
)
from attribution.reading.yaml_nodes import parse


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
            tables=Catalog(_table(root, field, name) for name, field in _entries(block, "tables")),
            numbers=Catalog(_number(root, field, name) for name, field in _entries(block, "numbers")),
            text=text,
        )


def _entries(block: dict[str, Field], key: str) -> list[tuple[str, Field]]:
    return list(block[key].entries().items()) if key in block else []


def _because(block: dict[str, Field]) -> Reason:
    found = reason(block)
    assert found is not None  # required
    return found


def _table(root: Field, field: Field, id: str) -> RecipeTable:
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
                for parent, states in _entries(block, "parents")
            ),
        )


def _number(root: Field, field: Field, id: str) -> RecipeNumber:
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
    states = {state: inner.text() for state, inner in _entries(block, "states")}
    binding = Binding(
        roles={role: tuple(node.text() for node in inner.one_or_more()) for role, inner in _entries(block, "bind")},
        states=states or {state: state for state in table.states},
        parents={parent: _parent(inner) for parent, inner in _entries(block, "given")},
        because=reason(block),
    )
    return table.instantiate(fact, binding, recipe=recipe.id)


def _parent(field: Field) -> ParentBinding | None:
    if field.is_list():
        if field.items():
            raise field.fail("a parent is bound to a list.", "{fact: some-fact, states: {...}}, or [] for none")
        return None
    block = field.block(PARENT, PARENT)
    return ParentBinding(
        block["fact"].text(),
        tuple(
            (state, frozenset(one.text() for one in inner.one_or_more())) for state, inner in _entries(block, "states")
        ),
    )
