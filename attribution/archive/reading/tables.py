"""Tables as chunks of texts: a bounded part of the file at a time, and lines for errors.

CSV is read by Python's own reader; Parquet and Excel by libraries that are an optional extra.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from attribution.archive.reading.encodings import Written, find_encoding, open_bytes
from attribution.archive.reading.mapping import Encoding
from attribution.errors import FormatError

ROWS = 50_000
_LONGEST_FIELD = 1 << 20


@dataclass(frozen=True, slots=True)
class Table:
    """A table that was opened: its header, and how it is written."""

    path: Path
    header: tuple[str, ...]
    written: Written
    separator: str = ","

    def chunks(self, columns: Sequence[str], rows: int = ROWS) -> Iterator[Chunk]:
        """The rows, in order; nothing but one chunk is held.

        Raises
        ------
        FormatError
            A row with more or fewer fields than the header, or a file that is cut.
        """
        if self.path.suffix == ".parquet":
            return parquet_chunks(self.path, columns, rows)
        if self.path.suffix == ".xlsx":
            return excel_chunks(self.path, columns, rows)
        return _csv_chunks(self, columns, rows)


def open_table(path: Path, encoding: Encoding = "auto", separator: str = ",") -> Table:
    """Find out how a table is written and read its header; the kind is told by the end of the name.

    Raises
    ------
    FormatError
        The file cannot be read, or has no header.
    """
    if not path.is_file():
        raise FormatError(
            "there is no such table.", allowed="a .csv, .csv.gz, .tsv, .parquet or .xlsx file", file=str(path)
        )
    if path.suffix == ".parquet":
        header, written = parquet_header(path), Written("Parquet", "")
    elif path.suffix == ".xlsx":
        header, written = excel_header(path), Written("Excel", "")
    else:
        written = find_encoding(path, encoding)
        separator = "\t" if ".tsv" in path.suffixes else separator
        with open_bytes(path) as raw, io.TextIOWrapper(raw, written.codec, errors="replace", newline="") as stream:
            header = tuple(name.strip() for name in next(_reader(stream, separator, str(path)), ()))
    _check_header(header, str(path))
    return Table(path, header, written, separator)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Rows of a table: the texts of every column that was asked for, and the line on which each row stands."""

    columns: Mapping[str, Sequence[str]]
    lines: Sequence[int]

    def __len__(self) -> int:
        return len(self.lines)


def parquet_header(path: Path) -> tuple[str, ...]:
    """The names of the columns."""
    return tuple(_parquet(path).schema_arrow.names)


def parquet_chunks(path: Path, columns: Sequence[str], rows: int) -> Iterator[Chunk]:
    """The rows, counted from 1."""
    row = 1
    for batch in _parquet(path).iter_batches(batch_size=rows, columns=list(columns)):
        found = {name: [as_text(value) for value in batch.column(name).to_pylist()] for name in columns}
        yield Chunk(found, range(row, row + batch.num_rows))
        row += batch.num_rows


def excel_header(path: Path) -> tuple[str, ...]:
    """The first row of the first sheet."""
    return next(_excel(path), ())


def excel_chunks(path: Path, columns: Sequence[str], rows: int) -> Iterator[Chunk]:
    """The rows of the first sheet that are not empty, counted as the sheet counts them."""
    source = _excel(path)
    header = next(source)
    positions = [header.index(name) for name in columns]
    line = 2
    while found := list(islice(source, rows)):
        kept = [(at, row) for at, row in enumerate(found, start=line) if any(row)]
        texts = {name: [row[at] for _, row in kept] for name, at in zip(columns, positions, strict=True)}
        yield Chunk(texts, [at for at, _ in kept])
        line += len(found)


def as_text(value: object) -> str:
    """A cell of a typed table as a CSV would hold it."""
    if value is None or (isinstance(value, float) and math.isnan(value)) or str(value) == "NaT":
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, bool):
        return str(int(value))
    isoformat = getattr(value, "isoformat", None)
    return str(isoformat()) if isoformat else str(value)


def lacking(package: str, kind: str, path: Path) -> FormatError:
    """Reading or writing needs a library that is not installed."""
    return FormatError(
        f"{kind} needs {package}, which is not installed.",
        allowed="CSV without it",
        hint="pip install 'attribution[archive]'",
        file=str(path),
    )


def _check_header(header: tuple[str, ...], file: str) -> None:
    if not any(header):
        raise FormatError("the table has no header.", allowed="column names in the first row", file=file, line=1)
    twice = sorted({name for name in header if name and header.count(name) > 1})
    if twice:
        raise FormatError(
            f'two columns are called "{twice[0]}".',
            allowed="each column name once",
            hint="rename one of them: which is meant could not be told",
            file=file,
            line=1,
        )


def _reader(stream: Any, separator: str, file: str) -> Iterator[list[str]]:
    csv.field_size_limit(_LONGEST_FIELD)
    reader = csv.reader(stream, delimiter=separator, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            yield next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise _torn(file, line, str(error)) from error


def _torn(file: str, line: int, problem: str) -> FormatError:
    ended = "unexpected end" in problem or "field larger" in problem
    what = "a quoted field that begins here never ends" if ended else f"this row cannot be read: {problem}"
    return FormatError(
        f"{what}.",
        allowed='fields in "double quotes", a quote inside them written twice',
        hint="the file was cut in the middle of a row, or a quote is missing: get it again, or mend this line",
        file=file,
        line=line,
    )


def _csv_chunks(table: Table, columns: Sequence[str], rows: int) -> Iterator[Chunk]:
    """Rows as Python's own reader gives them: strict about quotes and about the number of fields."""
    file, width = str(table.path), len(table.header)
    positions = [table.header.index(name) for name in columns]
    with (
        open_bytes(table.path) as raw,
        io.TextIOWrapper(raw, table.written.codec, errors="replace", newline="") as text,
    ):
        csv.field_size_limit(_LONGEST_FIELD)
        reader = csv.reader(text, delimiter=table.separator, strict=True)
        next(reader)
        while True:
            start = reader.line_num
            found: list[list[str]] = []
            lines: Sequence[int]
            try:
                found.extend(islice(reader, rows))
            except csv.Error as error:
                raise _torn(file, _lines(found, start)[-1] + _height(found), str(error)) from error
            if not found:
                return
            lines = (
                _lines(found, start) if reader.line_num - start != len(found) else range(start + 1, start + 1 + rows)
            )
            if set(map(len, found)) != {width}:
                found, lines = _whole(found, lines, width, file, last=len(found) < rows)
            yield Chunk(
                {name: [row[at] for row in found] for name, at in zip(columns, positions, strict=True)},
                lines[: len(found)],
            )


def _height(found: list[list[str]]) -> int:
    return 1 + sum(field.count("\n") for field in found[-1]) if found else 0


def _lines(found: list[list[str]], start: int) -> list[int]:
    """The line on which each row begins, where fields may hold line ends."""
    lines, here = [], start + 1
    for row in found:
        lines.append(here)
        here += 1 + sum(field.count("\n") for field in row)
    return lines or [here]


def _whole(
    found: list[list[str]], lines: Sequence[int], width: int, file: str, *, last: bool
) -> tuple[list[list[str]], Sequence[int]]:
    """The rows without blank lines; refuse one that has not as many fields as the header."""
    for at, row in enumerate(found):
        if row and len(row) != width:
            cut = last and len(row) < width and not any(found[at + 1 :])
            raise FormatError(
                f"the row has {len(row)} of {width} fields" + (", and the file ends here." if cut else "."),
                allowed=f"{width} fields, as in the header",
                hint="the file was cut in the middle of a row: get it again, or delete the rest of the row"
                if cut
                else "a separator inside a text needs quotes around the text",
                file=file,
                line=lines[at],
            )
    kept = [at for at, row in enumerate(found) if row]
    return [found[at] for at in kept], [lines[at] for at in kept]


def _parquet(path: Path) -> Any:
    try:
        from pyarrow import ArrowException
        from pyarrow.parquet import ParquetFile
    except ImportError as error:
        raise lacking("pyarrow", "Parquet", path) from error
    try:
        return ParquetFile(path)
    except (ArrowException, OSError) as error:
        raise FormatError("this is not a whole Parquet file.", allowed="a .parquet file", file=str(path)) from error


def _excel(path: Path) -> Iterator[tuple[str, ...]]:
    try:
        from openpyxl import load_workbook
    except ImportError as error:
        raise lacking("openpyxl", "Excel", path) from error
    try:
        book = load_workbook(path, read_only=True, data_only=True)
    except Exception as error:  # openpyxl raises whatever its zip and XML readers raise
        raise FormatError("this is not a whole Excel file.", allowed="an .xlsx file", file=str(path)) from error
    for row in book.worksheets[0].iter_rows(values_only=True):
        yield tuple(as_text(value) for value in row)
    book.close()
