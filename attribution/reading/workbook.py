"""Cases in a workbook: one sheet for each block of a case file, in the columns that `tables` names.

A workbook is for those who would rather type into a spreadsheet; the case file it becomes says the same. What a
spreadsheet does to what was typed (dates made of numbers, merged cells, formulas) is refused by sheet and row.
"""

from __future__ import annotations

import io
import os
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from attribution.atomic import write_contents
from attribution.domain.case import Case
from attribution.errors import FormatError, InputError, UsageError
from attribution.inert import LONGEST_CELL
from attribution.reading.tables import SHEETS, Sheet, case_of, sheet_of, to_tables

_MOST_BYTES, _MOST_INSIDE = 2**24, 2**27  # of the file, and of what is packed in it
_MOST_ROWS = 100_000  # of a sheet
_THEN = (1980, 1, 1, 0, 0, 0)  # the earliest moment that a zip file can hold
_MOMENT = re.compile(rb"<dcterms:(created|modified)\b.*?</dcterms:\1>", re.DOTALL)
_WIDEST = 60  # letters that a column is made wide for
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f]|_x[0-9A-Fa-f]{4}_")  # a workbook has no text for these


def read_workbook(path: str | os.PathLike[str]) -> Case:
    """Read a case from a workbook (``.xlsx``).

    Parameters
    ----------
    path
        A workbook with the sheets case, factions, sources and evidence, and where there is something for them facts,
        origins, citations and outcome. A sheet whose name begins with ``#`` is not read.

    Returns
    -------
    Case
        Under the checks of a case file.

    Raises
    ------
    UsageError
        openpyxl is not there: ``pip install "attack-attribution[excel]"``.
    FormatError, CaseError
        It cannot be used; sheet and row are named.

    Examples
    --------
    >>> at.write_workbook(case, "case.xlsx")
    >>> at.read_workbook("case.xlsx") == case
    True
    """
    shown = os.fspath(path)
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise UsageError(
            f"{shown} cannot be read: {(error.strerror or str(error)).lower()}.", allowed="a workbook ending in .xlsx"
        ) from None
    return _case(content, shown)


def write_workbook(case: Case, path: str | os.PathLike[str]) -> None:
    """Write a case as a workbook, atomically, and only one that reads as exactly this case.

    Parameters
    ----------
    case
        Read, changed, or built in Python.
    path
        A name that ends in ``.xlsx``.

    Raises
    ------
    UsageError
        Another ending, or openpyxl is not there.
    FormatError
        The case holds a text that no workbook can.
    OutputError
        The file cannot be written.

    Examples
    --------
    >>> at.write_workbook(case, "tower-22.xlsx")
    >>> len(at.read_workbook("tower-22.xlsx").evidence) == len(case.evidence)
    True
    """
    home = Path(path)
    if home.suffix != ".xlsx":
        raise UsageError(f'"{home.name}" does not end in .xlsx.', allowed="a name that ends in .xlsx")
    content = _book(case)
    again = _case(content, home.name)
    if again != case:
        raise FormatError(
            "the case that is read again differs from the one that was written.",
            allowed="texts without blanks at either end",
            hint="write_case writes it as YAML",
        )
    write_contents({home: content})


def _case(content: bytes, shown: str) -> Case:
    return case_of(list(_sheets(content, shown)))


def _sheets(content: bytes, shown: str) -> Iterator[Sheet]:
    """The sheets of a workbook, of which nothing is believed."""
    load = _openpyxl().load_workbook
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            inside = sum(entry.file_size for entry in packed.infolist())
        if len(content) > _MOST_BYTES or inside > _MOST_INSIDE:
            raise FormatError("the workbook is too large.", allowed="16 MB, 128 MB unpacked", file=shown)
        book = load(io.BytesIO(content), data_only=True)
        formulas = load(io.BytesIO(content))
    except InputError:
        raise
    except Exception as error:  # openpyxl raises whatever its zip and XML readers raise
        raise FormatError("this is not a whole workbook.", allowed="an .xlsx file", file=shown) from error
    for sheet in book.worksheets:
        if not sheet.title.startswith("#"):
            yield _sheet(sheet, formulas[sheet.title], f"{shown}, sheet {sheet.title}")


def _sheet(sheet: Any, formulas: Any, where: str) -> Sheet:
    merged = sorted(str(cells) for cells in sheet.merged_cells.ranges)
    if merged:
        raise FormatError(
            f"the cells {merged[0]} are merged.",
            file=where,
            allowed="one value per cell",
            hint="unmerge them, and write the value into each row that it holds for",
        )
    if sheet.max_row > _MOST_ROWS:
        raise FormatError(f"there are {sheet.max_row:,} rows.", file=where, allowed=f"at most {_MOST_ROWS:,}")
    rows = []
    for number, cells in enumerate(sheet.iter_rows(), start=1):
        for cell in cells:
            _check_cell(cell, formulas.cell(number, cell.column).value, f"{where}, row {number}")
        rows.append([cell.value for cell in cells])
    header = [str(name).strip() if name is not None else "" for name in (rows[0] if rows else [])]
    while header and not header[-1]:
        header.pop()
    body = []
    for number, row in enumerate(rows[1:], start=2):
        beyond = [value for value in row[len(header) :] if value is not None]
        if beyond:
            raise FormatError(
                f'"{str(beyond[0])[:80]}" stands in a column without a name.',
                file=f"{where}, row {number}",
                allowed="a name in the first row of every column",
            )
        body.append((number, [*row[: len(header)], *[None] * (len(header) - len(row))]))
    if "" in header:
        raise FormatError(
            f"column {header.index('') + 1} has no name.", file=where, allowed=", ".join(SHEETS.get(sheet.title, ()))
        )
    return sheet_of(sheet.title, where, header, body)


def _check_cell(cell: Any, formula: Any, where: str) -> None:
    if cell.value is None and isinstance(formula, str) and formula.startswith("="):
        raise FormatError(
            f'"{formula[:80]}" is a formula that was never worked out.',
            file=where,
            allowed="a value",
            hint="open and save the workbook in a spreadsheet, or type the value",
        )
    if isinstance(cell.value, str) and len(cell.value) > LONGEST_CELL:
        raise FormatError(
            f"a cell has {len(cell.value):,} characters.",
            file=where,
            allowed=f"cells as spreadsheets write them, of at most {LONGEST_CELL:,} characters",
        )
    if cell.data_type == "e":
        raise FormatError(f"{cell.value} is an error of the spreadsheet.", file=where, allowed="a value")


def _book(case: Case) -> bytes:
    """A workbook with a sheet for every block, whether or not the case has anything for it."""
    openpyxl = _openpyxl()
    from openpyxl.comments import Comment
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter

    book = openpyxl.Workbook()
    book.remove(book.active)
    tables = to_tables(case)
    for name, columns in SHEETS.items():
        sheet = book.create_sheet(name)
        rows = tables.get(name, [])
        for position, (column, (_, meaning)) in enumerate(columns.items(), start=1):
            head = sheet.cell(1, position, column)
            head.font = Font(bold=True)
            head.comment = Comment(meaning, "attribution")
            widest = max((len(str(row.get(column) or "")) for row in rows), default=0)
            sheet.column_dimensions[get_column_letter(position)].width = min(_WIDEST, max(widest, len(column))) + 2
            for number, row in enumerate(rows, start=2):
                _fill(sheet.cell(number, position), row.get(column), f"sheet {name}, row {number}")
                sheet.cell(number, position).alignment = Alignment(wrap_text=True, vertical="top")
        sheet.freeze_panes = "B2"
    stream = io.BytesIO()
    book.save(stream)
    return _timeless(stream.getvalue())


def _timeless(packed: bytes) -> bytes:
    """The same workbook, which does not say when it was written: one case, the same bytes."""
    again = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(packed)) as old, zipfile.ZipFile(again, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = _MOMENT.sub(b"", old.read(name)) if name == "docProps/core.xml" else old.read(name)
            new.writestr(zipfile.ZipInfo(name, _THEN), content, zipfile.ZIP_DEFLATED)
    return again.getvalue()


def _fill(cell: Any, value: Any, where: str) -> None:
    """A text stays a text: no formula, no number, no date is made of it."""
    if value is None:
        return
    if isinstance(value, str):
        if len(value) > LONGEST_CELL or _CONTROL.search(value):
            raise FormatError(
                "a text is too long for a cell, or holds characters that no cell can.",
                file=where,
                allowed=f"at most {LONGEST_CELL:,} letters, none of them a control character",
                hint="write_case writes it as YAML",
            )
        cell.value = value
        cell.data_type, cell.number_format = "s", "@"
        return
    cell.value = value


def _openpyxl() -> Any:
    try:
        import openpyxl
    except ImportError:
        raise UsageError(
            "workbooks need openpyxl, which is not installed.",
            allowed="openpyxl 3.1 or later",
            hint='pip install "attack-attribution[excel]"',
        ) from None
    return openpyxl
