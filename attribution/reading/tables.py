"""Cases as tables and back: a sheet for each block of a case file, a row for each entry, a column for each key.

A cell holds what a person types: a text, a number, a date; names in a list stand side by side, separated by
semicolons; what an item says is ``weapon: drone, launch-area: iraq``. Rows become a document in the words of the case
file, so that there is one reader and one set of checks; what it refuses is told by sheet and row.
"""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from attribution.domain.case import Case
from attribution.domain.document import CASE_FORMAT, Document, opens_tables
from attribution.errors import FormatError, InputError, did_you_mean, listed
from attribution.reading.vocabulary import (
    CASE,
    CITATION,
    FACT,
    INCIDENT,
    ITEM,
    NODE,
    OF_KIND,
    ORIGIN,
    OUTCOME,
    SOURCE,
    Keys,
)

if TYPE_CHECKING:
    import pandas as pd

_BLOCKS = ("factions", "sources", "facts", "origins", "evidence", "outcome")
_ONE_CITATION = {f"citation_{key}": value for key, value in CITATION.items() if key not in ("url", "title")}
_ID: Keys = {"id": ("id", "its name")}
_ITEM: Keys = {key: shape for keys in (ITEM, *OF_KIND.values()) for key, shape in keys.items() if key != "citation"}
SHEETS: dict[str, Keys] = {
    "case": {"key": ("text", "of the case or the incident"), "value": ("any", "what it is")},
    "factions": {**_ID, "parent": ("id", "the group it belongs to"), **NODE},
    "sources": {**_ID, **SOURCE},
    "facts": {**_ID, **FACT},
    "evidence": {**_ITEM, "url": CITATION["url"], "url_title": CITATION["title"], **_ONE_CITATION},
    "origins": {**_ID, **ORIGIN},
    "citations": {"item": ("id", "the item with several"), **CITATION},
    "outcome": OUTCOME,
}
SHEETS["factions"].pop("members")
_NEEDED = ("factions", "sources", "evidence")
_ABOUT_CASE: Keys = {**{key: CASE[key] for key in ("id", "title", "question", "limits")}, **INCIDENT}
_LISTS = ("states", "ids", "texts")
_BRACED = ("says", "copies", "ratios")
_ONE_TEXT = ("text", "id")
_MISSING = ("NaTType", "NAType")  # of pandas
_BRACKETED = ("regrades", "citations")


@dataclass(frozen=True, slots=True)
class Sheet:
    """The rows of a sheet by column, empty cells left out, with their numbers as a person counts them."""

    name: str
    where: str
    rows: tuple[tuple[int, dict[str, Any]], ...]

    def at(self, row: int) -> str:
        """A row for an error message."""
        return f"{self.where}, row {row}"


@dataclass(slots=True)
class _Places:
    """Which row each path of the document comes from."""

    rows: dict[tuple[str | int, ...], str] = field(default_factory=dict)

    def of(self, path: tuple[str | int, ...]) -> str:
        for length in range(len(path), 0, -1):
            if path[:length] in self.rows:
                return self.rows[path[:length]]
        return ""


def from_frames(tables: Mapping[str, Any]) -> Case:
    """A case from tables; see `Case.from_frames`."""
    return case_of([sheet_of(name, f"table {name}", *_cells(name, table)) for name, table in tables.items()])


def _cells(name: str, table: Any) -> tuple[list[str], list[tuple[int, list[Any]]]]:
    """The columns and rows of a DataFrame, or of a list of dicts."""
    import pandas as pd

    if not isinstance(table, pd.DataFrame):
        if not isinstance(table, Sequence) or isinstance(table, str):
            raise FormatError(
                f"the table {name} is a value of the type {type(table).__name__}.",
                allowed="a DataFrame, or a list of dicts",
            )
        if not all(isinstance(row, Mapping) for row in table):
            raise FormatError(f"the table {name} has a row that is no dict.", allowed="a DataFrame, or a list of dicts")
        table = pd.DataFrame(list(table), dtype=object)
    columns = [str(column) for column in table.columns]
    if columns and (table.index.name in SHEETS.get(name, {})) and table.index.name not in columns:
        table, columns = table.reset_index(), [str(table.index.name), *columns]
    rows = [(number, list(row)) for number, row in enumerate(table.itertuples(index=False, name=None), start=1)]
    return columns, rows


def sheet_of(name: str, where: str, columns: Sequence[str], rows: Iterable[tuple[int, Sequence[Any]]]) -> Sheet:
    """A sheet whose columns are known, and whose cells are values of our own.

    Raises
    ------
    FormatError
        A sheet or a column that is not known or there twice, or a cell that cannot be what its column holds.
    """
    if name not in SHEETS:
        raise FormatError(
            f'there is a sheet "{name[:80]}", which is not known.',
            file=where,
            allowed=listed(SHEETS),
            hint=did_you_mean(name, SHEETS) or "a sheet whose name begins with # is not read",
        )
    known = SHEETS[name]
    for position, column in enumerate(columns):
        if column not in known:
            raise FormatError(
                f'the column "{column[:80]}" is not known.',
                file=where,
                allowed=", ".join(known),
                hint=did_you_mean(column, known),
            )
        if column in columns[:position]:
            raise FormatError(f'the column "{column}" is there twice.', file=where, allowed="each column once")
    found = []
    for number, row in rows:
        cells = {}
        for column, value in zip(columns, row, strict=True):
            read = _read(value, known[column][0], f"{where}, row {number}", column)
            if read is not None:
                cells[column] = read
        if cells:
            found.append((number, cells))
    return Sheet(name, where, tuple(found))


def _read(value: Any, shape: str, where: str, column: str) -> Any:
    """The value of a cell as a document has it; None where it is empty."""
    if value is None or (isinstance(value, float) and math.isnan(value)) or type(value).__name__ in _MISSING:
        return None
    if isinstance(value, dt.datetime):
        value = value.replace(tzinfo=None)
        value = value.date() if value.time() == dt.time.min else value
    if isinstance(value, dt.date | dt.time):
        if shape not in ("date", "any"):
            raise FormatError(
                f"{column} is the date {value}.",
                file=where,
                allowed="a text",
                hint=f"a spreadsheet made a date of what was typed: format the column {column} as text",
            )
        return value
    if isinstance(value, float) and value.is_integer() and shape != "quantity":
        return int(value)
    if not isinstance(value, str):
        if shape in _ONE_TEXT and not isinstance(value, bool | int | float):
            kind = "list" if isinstance(value, list | tuple) else f"value of the type {type(value).__name__}"
            raise FormatError(f"{column} is a {kind}.", file=where, allowed="a text")
        return value
    text = value.strip()
    return _parsed(text, shape, where, column) if text else None


def _parsed(text: str, shape: str, where: str, column: str) -> Any:
    """A text as what its column holds."""
    if shape in _LISTS and not (shape == "states" and text == "factions"):
        return _flow(text, where, column) if text.startswith("[") else [part.strip() for part in text.split(";")]
    if shape in _BRACED:
        inside = text.replace(";", ",").replace("\n", ",")
        return _flow(text if text.startswith("{") else f"{{{inside}}}", where, column)
    if shape in _BRACKETED or (text[:1] in "[{" and shape in ("quantity", "outcome-set")):
        return _flow(text, where, column)
    if shape == "quantity" and text.count(",") == 2:
        return [part.strip() for part in text.split(",")]
    return text


def _flow(text: str, where: str, column: str) -> Any:
    import yaml

    try:
        return yaml.BaseLoader(text).get_single_data()
    except (yaml.YAMLError, RecursionError):
        raise FormatError(
            f'{column} is "{text[:80]}", which cannot be read.',
            file=where,
            allowed="weapon: drone, launch-area: iraq" if column == "says" else "a list or a block as in a case file",
        ) from None


def case_of(sheets: Sequence[Sheet]) -> Case:
    """The case that some sheets make up.

    Raises
    ------
    FormatError, CaseError
        It cannot be; sheet and row are named.
    """
    by_name = {sheet.name: sheet for sheet in sheets}
    for name in _NEEDED:
        if name not in by_name:
            raise FormatError(f"there is no sheet `{name}`.", allowed=", ".join(SHEETS), hint=f"add the sheet {name}")
        if not by_name[name].rows and name != "evidence":
            raise FormatError(
                "the sheet is empty.", file=by_name[name].where, allowed="a row of names, and rows below it"
            )
    places = _Places()
    document: Document = {"format": CASE_FORMAT, **_about(by_name.get("case"), places)}
    for name in _BLOCKS:
        if name in by_name:
            document[name] = _block(by_name[name], by_name.get("citations"), places)
    document = {
        key: value
        for key, value in document.items()
        if key == "evidence" or not isinstance(value, dict | list) or value
    }
    try:
        return Case.from_dict(document)
    except InputError as error:
        for each in error.each:
            sheet = by_name.get(str(each.at[0])) if each.at else None
            each.file = each.file or places.of(each.at) or (sheet.where if sheet else "")
        raise


def _about(sheet: Sheet | None, places: _Places) -> Document:
    """The entries of the case itself, and of the incident."""
    if sheet is None:
        raise FormatError(
            "there is no sheet `case`.", allowed=", ".join(SHEETS), hint="keys: id, title, question, date, place"
        )
    document: Document = {"incident": {}}
    for row, cells in sheet.rows:
        key, value = str(cells.get("key", "")), cells.get("value")
        if key not in _ABOUT_CASE:
            raise FormatError(
                f'the key "{key[:80]}" is not known.',
                file=sheet.at(row),
                allowed=", ".join(_ABOUT_CASE),
                hint=did_you_mean(key, _ABOUT_CASE),
            )
        home = document["incident"] if key in INCIDENT else document
        if key == "limits":
            document.setdefault("limits", []).append(value)
        elif key in home:
            raise FormatError(f'the key "{key}" is there twice.', file=sheet.at(row), allowed="each key once")
        elif value is not None:
            home[key] = value
        places.rows[("incident", key) if key in INCIDENT else (key,)] = sheet.at(row)
    return document


def _block(sheet: Sheet, citations: Sheet | None, places: _Places) -> Any:
    if sheet.name == "factions":
        return _tree(sheet, places)
    if sheet.name in ("evidence", "outcome"):
        entries = []
        for position, (row, cells) in enumerate(sheet.rows):
            places.rows[sheet.name, position] = sheet.at(row)
            entries.append(_cited(cells, citations, sheet.at(row)) if sheet.name == "evidence" else cells)
        if citations and sheet.name == "evidence":
            _check_cited(citations, entries)
        return entries
    block: dict[str, Document] = {}
    for row, cells in sheet.rows:
        id = _id(sheet, row, cells, block)
        places.rows[sheet.name, id] = sheet.at(row)
        block[id] = {key: value for key, value in cells.items() if key != "id"}
    return block


def _id(sheet: Sheet, row: int, cells: Mapping[str, Any], known: Mapping[str, Any]) -> str:
    if "id" not in cells:
        raise FormatError("`id` is empty.", file=sheet.at(row), allowed="a name in small letters, digits and hyphens")
    id = str(cells["id"])
    if id in known:
        raise FormatError(
            f'the id "{id[:80]}" is there twice.', file=sheet.at(row), allowed="each id once", hint="rename one of them"
        )
    return id


def _cited(cells: dict[str, Any], citations: Sheet | None, where: str) -> Document:
    """An item with its citations: of its own row, else of the sheet that holds several."""
    own = {key: value for key, value in cells.items() if not key.startswith(("url", "citation_"))}
    citation = {
        key: cells[column]
        for key, column in (("url", "url"), ("title", "url_title"), *((name[9:], name) for name in _ONE_CITATION))
        if column in cells
    }
    several = [
        {key: value for key, value in row.items() if key != "item"}
        for _, row in (citations.rows if citations else ())
        if row.get("item") == cells.get("id")
    ]
    if citation and "url" not in citation:
        raise FormatError("a citation has no `url`.", file=where, allowed="the address of the page in the column url")
    if citation:
        citation.setdefault("title", str(cells.get("title", "")) or citation["url"])
        several.insert(0, citation)
    return {**own, "citation": several} if several else own


def _check_cited(citations: Sheet, entries: Sequence[Document]) -> None:
    known = [str(entry.get("id")) for entry in entries]
    for row, cells in citations.rows:
        if str(cells.get("item")) not in known:
            raise FormatError(
                f'the item "{cells.get("item", "")}" is not in the sheet evidence.',
                file=citations.at(row),
                allowed=listed(known),
                hint=did_you_mean(str(cells.get("item", "")), known),
            )


def _tree(sheet: Sheet, places: _Places) -> Document:
    """The tree of factions from the parent of each row, siblings in the order of the rows."""
    nodes: dict[str, Document] = {}
    rows = {_id(sheet, row, cells, {}): row for row, cells in sheet.rows}
    for row, cells in sheet.rows:
        nodes[_id(sheet, row, cells, nodes)] = {
            key: value for key, value in cells.items() if key not in ("id", "parent")
        }
    roots: Document = {}
    parents: dict[str, str] = {}
    for row, cells in sheet.rows:
        id, parent = str(cells["id"]), cells.get("parent")
        if parent is None:
            roots[id] = nodes[id]
            continue
        parents[id] = str(parent)
        if str(parent) not in nodes:
            raise FormatError(
                f'parent is "{str(parent)[:80]}", which is not among the ids.',
                file=sheet.at(row),
                allowed=listed(nodes),
                hint=did_you_mean(str(parent), nodes),
            )
        nodes[str(parent)].setdefault("members", {})[id] = nodes[id]
    for id in nodes:
        trail = [id]
        while trail[-1] in parents:
            trail.append(parents[trail[-1]])
            if trail[-1] in trail[:-1]:
                raise FormatError(
                    f"the parents go in a circle: {' -> '.join(trail)}.", file=sheet.at(rows[id]), allowed="a tree"
                )
        steps = [step for one in reversed(trail) for step in (one, "members")][:-1]
        places.rows["factions", *steps] = sheet.at(rows[id])
    return roots


def to_tables(case: Case) -> dict[str, list[dict[str, Any]]]:
    """The rows of every sheet, as `from_frames` reads them."""
    document = case.to_dict()
    about = [("id", case.id), ("title", case.title), ("question", case.question), *document["incident"].items()]
    about += [("limits", limit) for limit in document.get("limits", ())]
    tables: dict[str, list[dict[str, Any]]] = {name: [] for name in SHEETS}
    tables["case"] = [{"key": key, "value": value} for key, value in about]
    _plant(document["factions"], "", tables["factions"])
    for name in ("sources", "facts", "origins"):
        tables[name] = [_row(name, {"id": id, **entry}) for id, entry in document.get(name, {}).items()]
    for entry in document["evidence"]:
        citation = entry.pop("citation", [])
        if isinstance(citation, dict):
            names = {"url": "url", "title": "url_title"}
            entry |= {names.get(key, f"citation_{key}"): value for key, value in citation.items()}
        else:
            tables["citations"] += [{"item": entry["id"], **each} for each in citation]
        tables["evidence"].append(_row("evidence", entry))
    tables["outcome"] = [_row("outcome", entry) for entry in document.get("outcome", ())]
    return {name: rows for name, rows in tables.items() if rows or name in _NEEDED}


def _plant(nodes: Document, parent: str, rows: list[dict[str, Any]]) -> None:
    for id, node in nodes.items():
        own = {key: value for key, value in node.items() if key != "members"}
        rows.append(_row("factions", {"id": id, **({"parent": parent} if parent else {}), **own}))
        _plant(node.get("members", {}), id, rows)


def _row(sheet: str, entry: Document) -> dict[str, Any]:
    return {key: _written(value, SHEETS[sheet][key][0]) for key, value in entry.items()}


def _written(value: Any, shape: str) -> Any:
    """An entry as the cell that is read as it."""
    if shape in _LISTS:
        entries = [value] if isinstance(value, str) else value
        plain = all(isinstance(each, str) and each == each.strip() and ";" not in each for each in entries)
        return (
            "; ".join(entries) if plain and not entries[0].startswith("[") else json.dumps(entries, ensure_ascii=False)
        )
    if isinstance(value, dict) and shape in _BRACED and not any(isinstance(each, dict) for each in value.values()):
        return ", ".join(f"{key}: {_brief(each)}" for key, each in value.items())
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value


def _brief(value: Any) -> str:
    return f"[{', '.join(map(_brief, value))}]" if isinstance(value, list) else str(value)


def to_frames(case: Case) -> dict[str, pd.DataFrame]:
    """The tables of a case; see `Case.to_frames`."""
    import pandas as pd

    frames = {}
    for name, rows in to_tables(case).items():
        columns = [column for column in SHEETS[name] if any(column in row for row in rows)]
        frames[name] = pd.DataFrame(
            [[row.get(column) for column in columns] for row in rows], columns=columns, dtype=object
        )
    return frames


opens_tables(from_frames, to_frames)
