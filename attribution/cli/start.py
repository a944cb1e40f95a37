"""`attribution new | recipes`: a case and a model to start from, and what the shipped assumptions mean."""

from __future__ import annotations

import argparse
import sys
import textwrap
from collections.abc import Mapping

from attribution.atomic import write_texts
from attribution.cli.inputs import refuse_to_overwrite, shown
from attribution.cli.output import Table, print_json, show
from attribution.domain.numbers import Number
from attribution.domain.recipe import Recipe, RecipeTable
from attribution.domain.tables import OddsRatio, Row, TraitValue
from attribution.errors import UsageError, did_you_mean

_WIDTH = 110
_BINDING = (
    "For FACTION write a faction or group of the case, [one, another] for several, [] for nobody; for FACT and STATE a "
    "fact of the case and its states, as many as stand here; a `because:` of your own goes before that of the recipe."
)
_MOST_QUESTIONS = 3  # that are asked again for an answer that is none


def new(arguments: argparse.Namespace) -> int:
    """Write a commented case, or a workbook, and a model for it; never over a file that is there."""
    from attribution.reading import case_template, model_template, parse_case, write_workbook

    folder, id = arguments.output, arguments.id
    case = folder / f"{id}{'.xlsx' if arguments.workbook else '.yaml'}"
    model = folder / f"{id}-baseline.yaml"
    refuse_to_overwrite(case, model)
    incident, recipe = _start(arguments)
    text, assumed = case_template(id, incident), model_template(id, incident, recipe)
    if arguments.workbook:
        write_workbook(parse_case(text), case)
        write_texts({model: assumed})
    else:
        write_texts({case: text, model: assumed})
    print(f"{case}\n{model}")
    if not incident:
        print(
            "the shortest pair there is; with --incident drone (or cyber, bombing, ...) every kind of item stands in it"
        )
    print(f"next: write yours over the examples, and ask what is missing: attribution check {shown(case)}")
    return 0


def _start(arguments: argparse.Namespace) -> tuple[str, str]:
    """The kind of incident and the recipe: as typed, else asked at a terminal, else none."""
    from attribution.reading.template import KINDS

    incident, recipe = arguments.incident, arguments.recipe
    if not sys.stdin or not sys.stdin.isatty():
        return incident, recipe
    if not incident and not recipe:
        incident = _asked("What kind of incident is it?", {name: kind.about for name, kind in KINDS.items()})
    if incident in KINDS and not recipe:
        fitting = {name: recipe.title for name, recipe in _recipes().items() if name in KINDS[incident].recipes}
        ordered = {name: fitting[name] for name in KINDS[incident].recipes}
        recipe = _asked("Whose assumptions do you start from? (attribution recipes says what they mean)", ordered)
    return incident, recipe


def _asked(question: str, answers: Mapping[str, str]) -> str:
    """One of several answers, by its number or its name; the first where nothing is typed.

    Raises
    ------
    UsageError
        Three answers that are none, or the end of the input.
    """
    names = list(answers)
    print(question)
    for number, (name, about) in enumerate(answers.items(), start=1):
        print(f"  {number}  {name}: {about}")
    for _ in range(_MOST_QUESTIONS):
        try:
            typed = input(f"number or name [{names[0]}]: ").strip().lower()
        except EOFError:
            break
        if not typed:
            return names[0]
        if typed.isdecimal() and 1 <= int(typed) <= len(names):
            return names[int(typed) - 1]
        if typed in answers:
            return typed
        print(f'"{typed}" is none of them. {did_you_mean(typed, names)}'.rstrip())
    raise UsageError("no answer was given.", allowed=", ".join(names), hint="name it: --incident NAME --recipe NAME")


def recipes(arguments: argparse.Namespace) -> int:
    """List the recipes and what each entry means, or print one with its numbers and reasons."""
    known = _recipes()
    if not arguments.name:
        rows = [(name, entry, about) for name, recipe in known.items() for entry, about in _entries(recipe)]
        if arguments.format == "text":
            _list(known)
        else:
            show([Table("recipes", ("recipe", "entry", "meaning"), tuple(rows))], arguments.format)
        return 0
    if arguments.name not in known:
        raise UsageError.unknown("recipes", arguments.name, known, at=("recipe",))
    recipe = known[arguments.name]
    entries = dict(_entries(recipe))
    if arguments.entry and arguments.entry not in entries:
        raise UsageError.unknown(f"entries of {arguments.name}", arguments.entry, entries, at=("entry",))
    if arguments.format == "json":
        print_json({entry: _told(recipe, entry) for entry in entries if arguments.entry in ("", entry)})
    elif arguments.format == "csv":
        rows = [(entry, name, text) for entry in entries for name, text in _told(recipe, entry).items()]
        show([Table(arguments.name, ("entry", "what", "text"), tuple(rows))], "csv")
    else:
        _print_recipe(recipe, [entry for entry in entries if arguments.entry in ("", entry)])
    return 0


def _recipes() -> dict[str, Recipe]:
    from attribution.reading import shipped_recipes

    return shipped_recipes()


def _entries(recipe: Recipe) -> list[tuple[str, str]]:
    """Every entry with what it is about; a number says in its reason what it is about."""
    return [(table.id, table.about) for table in recipe.tables] + [
        (number.id, number.because.text) for number in recipe.numbers
    ]


def _list(known: Mapping[str, Recipe]) -> None:
    """Recipes that have the same entries are told together: their numbers differ, not their words."""
    told: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for name, recipe in known.items():
        told.setdefault(tuple(_entries(recipe)), []).append(name)
    for entries, names in told.items():
        for name in names:
            print(_wrapped(f"{name}: {known[name].title}. {_why(known[name])}", "  "))
        width = max(len(entry) for entry, _ in entries)
        for entry, about in entries:
            print(_wrapped(f"  {entry:<{width}}  {about}", " " * (width + 4)))
        print()
    print("One with its numbers and reasons: attribution recipes NAME [ENTRY]. A case and a model that use one:")
    print("attribution new CASE-ID --incident KIND --recipe NAME")


def _wrapped(text: str, hanging: str) -> str:
    return textwrap.fill(text, _WIDTH, subsequent_indent=hanging, break_on_hyphens=False)


def _why(recipe: Recipe) -> str:
    return recipe.because.text if recipe.because else ""


def _told(recipe: Recipe, entry: str) -> dict[str, str]:
    """All that a recipe says of an entry, as texts by name."""
    if entry in recipe.tables:
        table = recipe.tables[entry]
        return {"about": table.about, **_bound(table), **_numbers(table), "because": table.because.text}
    number = recipe.numbers[entry]
    return {"value": _shown_number(number.number), "because": number.because.text}


def _bound(table: RecipeTable) -> dict[str, str]:
    """What a case binds: roles to nodes of its tree, states to those of its fact, parents to other facts."""
    parents = "; ".join(f"{parent} ({', '.join(states)})" for parent, states in table.parents)
    told = {"roles": ", ".join(table.roles), "states": ", ".join(table.states), "parents": parents}
    return {name: text for name, text in told.items() if text}


def _numbers(table: RecipeTable) -> dict[str, str]:
    return {f"chance of {rows.state}": "; ".join(_row(row) for row in rows.rows) for rows in table.rows}


def _use(recipe: Recipe, entry: str) -> str:
    """The line of a model that takes an entry, with blanks in capitals for what the case calls its own."""
    if entry not in recipe.tables:
        return f"{{recipe: {entry}}}"
    table = recipe.tables[entry]
    bound = {"bind": (table.roles, "FACTION"), "states": (table.states, "STATE")}
    parts = [
        f"{key}: {{{', '.join(f'{name}: {blank}' for name in names)}}}"
        for key, (names, blank) in bound.items()
        if names
    ]
    parents = (
        f"{parent}: {{fact: FACT, states: {{{', '.join(f'{state}: STATE' for state in states)}}}}}"
        for parent, states in table.parents
    )
    given = [f"given: {{{', '.join(parents)}}}"] if table.parents else []
    return f"FACT: {{{', '.join([f'recipe: {entry}', *parts, *given])}}}"


def _row(row: Row) -> str:
    condition = " and ".join(f"{parent} is {' or '.join(sorted(states))}" for parent, states in row.when)
    cells = ", ".join(f"{entry.node} {_cell(entry.cell)}" for entry in row.entries)
    return f"if {condition}: {cells}" if condition else cells


def _cell(cell: Number | TraitValue | OddsRatio) -> str:
    if isinstance(cell, TraitValue):
        return f"as the trait {cell.trait}"
    return f"odds times {cell.ratio}" if isinstance(cell, OddsRatio) else _shown_number(cell)


def _shown_number(number: Number) -> str:
    return f"{number.stated} {number}" if number.stated else str(number)


def _print_recipe(recipe: Recipe, entries: list[str]) -> None:
    print(_wrapped(f"{recipe.id}: {recipe.title}. {_why(recipe)}", "  "))
    print(
        "Numbers are [low, best, high], the 5, 50 and 95 % quantiles; `else` is everybody who is not bound to a role."
    )
    for entry in entries:
        print(f"\n{entry}")
        for name, text in _told(recipe, entry).items():
            print(_wrapped(f"  {name}: {text}", "    "))
        print(f"  in a model: {_use(recipe, entry)}")
    if any(entry in recipe.tables for entry in entries):
        print("\n" + _wrapped(_BINDING, ""))
