"""Values that are almost documents, tables and workbooks of ours, as another program might hand them over."""

from __future__ import annotations

import copy
import datetime as dt
import decimal
import io
import tempfile
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pandas as pd

from attribution.reading import Case, Model, read_pair_errors, read_workbook, write_workbook
from tests.trust.hostile import NASTY, judged, small_pair, spoilt

_DEEP = 60


def attempt_document(r: Random) -> tuple[str, str]:
    """`from_dict` of a case or a model in which one to four things are other than they were."""
    kind: type[Case] | type[Model] = Case if r.random() < 0.5 else Model
    document = copy.deepcopy(_document(kind.__name__))
    for _ in range(r.choice((1, 1, 2, 4))):
        _disturb(r, document)
    return judged(lambda: _use(kind.from_dict(document))), _shown(document)


def attempt_frames(r: Random) -> tuple[str, str]:
    """`from_frames` of tables with other cells, columns and rows, as DataFrames or as lists of dicts."""
    tables: dict[str, Any] = {name: copy.deepcopy(rows) for name, rows in _tables().items()}
    for _ in range(r.choice((1, 1, 2, 4))):
        _disturb_table(r, tables)
    if r.random() < 0.5:
        tables = {name: _framed(rows) for name, rows in tables.items()}
    return judged(lambda: _use(Case.from_frames(**tables))), _shown(tables)


def attempt_workbook(r: Random) -> tuple[str, str]:
    """A workbook with other cells, other XML inside, or other bytes."""
    content = r.choice((_other_cells, _other_parts, _other_parts, _other_bytes))(r, _workbook())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "fuzz.xlsx"
        path.write_bytes(content)
        return judged(lambda: _use(read_workbook(path))), content.hex()[:20_000]


def _shown(value: object) -> str:
    try:
        return repr(value)[:20_000]
    except Exception as error:  # as deep, or as long, as what it was made for
        return type(error).__name__


def _use(value: Case | Model) -> None:
    """What was taken is worked with, and says again what it is."""
    if isinstance(value, Case):
        _ = value.as_of(value.incident.date), value.text
    elif value.case == "small":
        read_pair_errors(small_pair()[0], value)
    if type(value).from_dict(value.to_dict()) != value:
        raise AssertionError("a value that was taken is not the one that its document describes")


@cache
def _document(name: str) -> Any:
    return small_pair()[name == "Model"].to_dict()


@cache
def _tables() -> dict[str, list[dict[str, Any]]]:
    frames = small_pair()[0].to_frames()
    return {name: frame.to_dict("records") for name, frame in frames.items()}


@cache
def _workbook() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "seed.xlsx"
        write_workbook(small_pair()[0], path)
        return path.read_bytes()


def _nested(r: Random) -> Any:
    inner: Any = "x"
    for _ in range(r.choice((3, _DEEP, 5000))):
        inner = [inner] if r.random() < 0.5 else {"a": inner}
    return inner


def _circle() -> Any:
    circle: list[Any] = []
    circle.append(circle)
    return circle


_VALUES: tuple[Callable[[Random], Any], ...] = (
    *(lambda r: r.choice(NASTY),) * 6,
    lambda r: r.choice((None, True, False, "", [], {}, (), set(), b"bytes", object())),
    lambda r: r.choice((float("nan"), float("inf"), -0.0, 1e-320, 10**400, -1, 0, 1, 2.5, 2**63)),
    lambda r: r.choice((dt.date(2024, 1, 2), dt.datetime(2024, 1, 2, 3, 4), dt.time(1), pd.NaT, pd.NA)),
    lambda r: r.choice((np.float64(0.5), np.int64(3), np.array([0.1, 0.2]), decimal.Decimal("0.5"), np.str_("x"))),
    lambda r: r.choice(({1: 2}, {None: "x"}, {"": ""}, ["x"] * 5000, [0.3, 0.2, 0.1], [0.1] * 3, range(3))),
    _nested,
    lambda r: _circle(),
)


def _value(r: Random) -> Any:
    return r.choice(_VALUES)(r)


def _places(document: Any) -> list[tuple[Any, Any]]:
    """Every container of a document with every key of it."""
    found, waiting, seen = [], [document], set()
    while waiting:
        here = waiting.pop()
        if id(here) in seen:
            continue
        seen.add(id(here))
        keys = list(here) if isinstance(here, dict) else range(len(here))
        for key in keys:
            found.append((here, key))
            if isinstance(here[key], dict | list):
                waiting.append(here[key])
    return found


def _disturb(r: Random, document: Any) -> None:
    places = _places(document)
    if not places:
        return
    here, key = r.choice(places)
    kind = r.randrange(6)
    if kind <= 2:
        here[key] = _value(r)
    elif kind == 3:
        del here[key]
    elif kind == 4:
        there, other = r.choice(places)
        here[key] = there[other]  # which may make a circle
    elif isinstance(here, list):
        here.insert(r.randrange(len(here) + 1), here[key])
    else:
        here[_value_as_key(r)] = here[key]


def _value_as_key(r: Random) -> Any:
    value = _value(r)
    try:
        hash(value)
    except TypeError:
        return "unhashable"
    return value


def _disturb_table(r: Random, tables: dict[str, Any]) -> None:
    name = r.choice(sorted(tables))
    rows = tables[name]
    kind = r.randrange(8)
    if kind == 0 or not isinstance(rows, list) or not rows:
        tables[name] = r.choice(([], None, {}, "x", 3, [1, 2], [{}], [None], pd.DataFrame(), [["a"], ["b"]]))
        return
    row = r.choice(rows)
    if kind == 1:
        rows.append(dict(row) if isinstance(row, dict) else row)
    elif kind == 2:
        rows.remove(row)
    elif isinstance(row, dict) and row:
        key = r.choice(list(row))
        if kind == 3:
            row[_value_as_key(r)] = row.pop(key)
        else:
            row[key] = _value(r)


def _framed(rows: Any) -> Any:
    """The rows as a DataFrame, where pandas can make one of them."""
    try:
        return pd.DataFrame(rows)
    except Exception:
        return rows


def _other_cells(r: Random, content: bytes) -> bytes:
    import openpyxl
    from openpyxl.utils.exceptions import IllegalCharacterError

    book = openpyxl.load_workbook(io.BytesIO(content))
    for _ in range(r.choice((1, 2, 5))):
        sheet = r.choice(book.worksheets)
        kind = r.randrange(8)
        cell = sheet.cell(r.randrange(1, sheet.max_row + 3), r.randrange(1, sheet.max_column + 3))
        if kind == 0:
            sheet.merge_cells(start_row=1, end_row=2, start_column=1, end_column=r.randrange(1, 4))
        elif kind == 1:
            sheet.title = r.choice(("evidence", "#evidence", "case ", "Sheet1", "facts2"))
        elif kind == 2:
            sheet.delete_rows(r.randrange(1, sheet.max_row + 1))
        elif kind == 3:
            sheet.delete_cols(r.randrange(1, sheet.max_column + 1))
        else:
            try:
                cell.value = r.choice(
                    ("=1+1", "=cmd|'/C calc'!A0", r.choice(NASTY)[:30_000], 0.5, 10**12, True,
                     dt.datetime(2024, 1, 2, 3), dt.time(3), dt.timedelta(1), float("nan"))
                )  # fmt: skip
            except (IllegalCharacterError, AttributeError, ValueError):
                cell.value = "x"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _other_parts(r: Random, content: bytes) -> bytes:
    """One of the XML files inside is spoilt as text, or there twice, or under another name, or a bomb of entities."""
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        parts = {name: packed.read(name) for name in packed.namelist()}
    chosen = r.choice(sorted(parts))
    text = parts[chosen].decode("utf-8", "replace")
    kind = r.randrange(6)
    if kind == 0:
        bomb = "".join(f'<!ENTITY a{k} "{f"&a{k - 1};" * 10 if k else "ha"}">' for k in range(12))
        text = f"<!DOCTYPE x [{bomb}]>" + text.replace("<v>", "<v>&a11;", 1)
    elif kind == 1:
        text = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + text.replace("<v>", "<v>&e;", 1)
    elif kind == 2:
        text = text.replace("<v>", "<v>" + r.choice(("1e309", "-1", "9" * 400, "nan", "\x00", "")))
    else:
        text = spoilt(r, text, r.choice(sorted(parts)))
    parts[chosen] = text.encode("utf-8", "replace")
    if r.random() < 0.1:
        del parts[r.choice(sorted(parts))]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, part in parts.items():
            packed.writestr(name, part)
    return out.getvalue()


def _other_bytes(r: Random, content: bytes) -> bytes:
    spoiled = bytearray(content)
    for _ in range(r.choice((1, 3, 20))):
        spoiled[r.randrange(len(spoiled))] ^= 1 << r.randrange(8)
    return bytes(spoiled[: r.randrange(len(spoiled) + 1)] if r.random() < 0.3 else spoiled)
