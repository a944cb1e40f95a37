"""What a person sees: tables on a terminal, in a pipe and for other programs; a sign of life for what takes seconds."""

from __future__ import annotations

import csv
import io
import json
import math
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TextIO

from attribution.domain.concern import Concern
from attribution.domain.verbal import unsigned_nought
from attribution.inert import inert, inert_cell, inert_json, legible
from attribution.parallel import in_worker
from attribution.reporting.text import aligned


class Inert(io.TextIOBase):
    """A stream to a person or a pipe on which the text of other people can do nothing but be read."""

    def __init__(self, stream: TextIO) -> None:
        self.bare = stream

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self.bare.encoding

    def write(self, text: str) -> int:
        self.bare.write(inert(text))
        return len(text)

    def flush(self) -> None:
        self.bare.flush()

    def isatty(self) -> bool:
        return self.bare.isatty()

    def fileno(self) -> int:
        return self.bare.fileno()

    def writable(self) -> bool:
        return True


def _bare(stream: TextIO) -> TextIO:
    """The stream itself, for what draws with control sequences of its own and has made its texts legible."""
    return stream.bare if isinstance(stream, Inert) else stream


@dataclass(frozen=True, slots=True)
class Table:
    """A title, column names, and rows of texts and numbers."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str | float, ...], ...]


def show(tables: list[Table], form: str) -> None:
    """Print tables as text (rich on a terminal, aligned columns in a pipe), JSON or CSV."""
    if form == "json":
        print_json({table.title: _records(table) for table in tables})
    elif form == "csv":
        sys.stdout.write(as_csv(tables))
    elif sys.stdout.isatty():
        _rich(tables)
    else:
        print("\n\n".join(_plain(table) for table in tables))


def print_json(document: object) -> None:
    """Print a document for other programs: whole, and inert on a terminal."""
    print(inert_json(json.dumps(document, indent=2, ensure_ascii=False)))


def concerns_table(concerns: tuple[Concern, ...]) -> Table:
    """Doubts with their remedies, a row each."""
    rows = tuple((concern.severity, concern.what, concern.remedy) for concern in concerns)
    return Table(f"concerns ({len(rows)})", ("severity", "what", "remedy"), rows)


def _records(table: Table) -> list[dict[str, str | float | None]]:
    """Rows by column; what is not a number is null, for which JSON has a word."""
    return [
        dict(zip(table.columns, (None if _unknown(value) else unsigned_nought(value) for value in row), strict=True))
        for row in table.rows
    ]


def as_csv(tables: list[Table]) -> str:
    """All tables in one file, each row led by the title of its table."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    for table in tables:
        writer.writerow(map(in_a_spreadsheet, ("table", *table.columns)))
        for row in table.rows:
            writer.writerow(map(in_a_spreadsheet, (table.title, *row)))
    return out.getvalue()


def in_a_spreadsheet[T](value: T) -> T | str:
    """A text that is no formula, and nought without a sign."""
    return inert_cell(value) if isinstance(value, str) else unsigned_nought(value)


def _unknown(value: str | float) -> bool:
    return not isinstance(value, str) and math.isnan(value)


def _cell(value: str | float) -> str:
    if _unknown(value):
        return "not known"
    return value if isinstance(value, str) else f"{0.0 if abs(value) < 5e-5 else value:.4f}"


def _plain(table: Table) -> str:
    cells = [table.columns, *(tuple(_cell(value) for value in row) for row in table.rows)]
    numeric = [bool(table.rows) and not isinstance(value, str) for value in (table.rows or ((),))[0]]
    return "\n".join([table.title, *aligned(cells, right=numeric)])


def _rich(tables: list[Table]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table as RichTable

    console = Console(file=_bare(sys.stdout))
    for table in tables:
        drawn = RichTable(title=escape(legible(table.title)), title_justify="left", title_style="bold")
        for position, column in enumerate(table.columns):
            right = bool(table.rows) and not isinstance(table.rows[0][position], str)
            drawn.add_column(escape(column), justify="right" if right else "left")
        for row in table.rows:
            drawn.add_row(*(escape(legible(_cell(value))) for value in row))
        console.print(drawn)


def first(what: str, module: str) -> str:
    """What is being done, and that its kernels are compiled before, where they are not on disk yet."""
    from attribution._compile import compiled_before

    return what if compiled_before(module) else f"{what} (first time: compiling for half a minute)"


@contextmanager
def working(what: str) -> Iterator[None]:
    """Show what is being done, on a terminal only, and not from the workers of a pool, which share it."""
    if not sys.stderr.isatty() or in_worker():
        yield
        return
    from rich.console import Console

    with Console(file=_bare(sys.stderr)).status(legible(what)):
        yield


@contextmanager
def counting(what: str) -> Iterator[Callable[[int], None]]:
    """Show how many have been done, on a terminal only; what is yielded takes the number."""
    if not sys.stderr.isatty():
        yield lambda done: None
        return
    from rich.console import Console

    with Console(file=_bare(sys.stderr)).status(legible(what)) as status:
        yield lambda done: status.update(f"{what}: {done:,}")


@contextmanager
def stepping(what: str) -> Iterator[Callable[[str], None]]:
    """Show which step is being worked on, on a terminal only; what is yielded takes its name."""
    if not sys.stderr.isatty():
        yield lambda step: None
        return
    from rich.console import Console

    with Console(file=_bare(sys.stderr)).status(legible(what)) as status:
        yield lambda step: status.update(f"{what}: {step}")
