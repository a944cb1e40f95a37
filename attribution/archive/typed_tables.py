"""Parquet and Excel tables as chunks of texts; their libraries are an optional extra."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from attribution.errors import FormatError


@dataclass(frozen=True, slots=True)
class Chunk:
    """Rows of a table: the texts of every column that was asked for, and the line on which each row stands."""

    columns: Mapping[str, Sequence[str]]
    lines: Sequence[int]

    def __len__(self) -> int:
        return len(self.lines)


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
