"""Tables as chunks of texts: a bounded part of the file at a time, and lines for errors.

CSV is read by Python's own reader; Parquet and Excel by libraries that are an optional extra.
"""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections import Counter
from collections.abc import Container, Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import islice, zip_longest
from pathlib import Path
from typing import Any, Literal
from zipfile import ZipFile, ZipInfo

from attribution.archive.reading.columnar import LONGEST_FIELD, coded_chunks, readable
from attribution.archive.reading.encodings import Written, find_encoding, open_bytes
from attribution.archive.reading.labels import key
from attribution.archive.reading.mapping import Encoding
from attribution.errors import FormatError
from attribution.inert import LONGEST_CELL

ROWS = 50_000
SUFFIXES = (".csv", ".gz", ".zip", ".tsv", ".txt", ".parquet", ".xlsx", ".geojson")
_MOST_COLUMNS = 20_000
_LOOKED_AT = 40  # first lines of a table in which the names of its columns are looked for
_HINTED = 2_000  # first fields of such a line, where they are looked for only to be told of
_SEPARATORS = (",", ";", "\t", "|")
_MOST_JSON = 1 << 29
_MOST_UNPACKED, _MOST_RATIO = 1 << 32, 200  # of the parts of an Excel file: bytes, and times their packed size


@dataclass(frozen=True, slots=True)
class Layout:
    """Where in a file the table lies, as far as the mapping says: what it does not say is found out."""

    separator: str = ""  # "": whichever gives the columns that are wanted
    header: int = 0  # line (of a sheet: row) of the names; 0: the first that is no ``sep=``
    above: int = 0  # lines above that one on which its names begin
    last: int = 0  # line (of a sheet: row) of the last event; 0: that of the file
    sheet: str = ""  # "": the first
    wanted: tuple[str, ...] = ()  # columns that the mapping names

    def names_in(self, row: Sequence[str]) -> int:
        """How many of the wanted columns a row names, whatever their case."""
        there = {key(name) for name in set(row)}
        return sum(key(name) in there for name in self.wanted)


@dataclass(frozen=True, slots=True)
class Table:
    """A table that was opened: its header, and how it is written."""

    path: Path
    header: tuple[str, ...]
    written: Written
    separator: str = ","
    skipped: int = 0  # lines above the header
    last: int = 0  # line of the last row; 0: that of the file
    sheet: str = ""
    hint: str = ""  # where the names of the columns stand, if it is not in the header

    def chunks(self, columns: Sequence[str], rows: int = ROWS) -> Iterator[Chunk]:
        """The rows, in order; nothing but one chunk is held.

        Raises
        ------
        FormatError
            A row with more or fewer fields than the header, or a file that is cut.
        """
        kind = suffix(self.path)
        if kind == ".parquet":
            return parquet_chunks(self.path, columns, rows)
        if kind == ".xlsx":
            return excel_chunks(self, columns, rows)
        if kind == ".geojson":
            return geojson_chunks(self.path, columns, rows)
        return _csv_chunks(self, columns, rows)

    @property
    def by_columns(self) -> bool:
        """Whether the table is large, and can be read by columns with the same result."""
        text = suffix(self.path) not in (".parquet", ".xlsx", ".geojson")
        return text and not self.last and readable(self.path, self.written, self.separator, self.header)

    def coded(self, columns: Sequence[str], rare: Container[str] = ()) -> Iterator[Chunk]:
        """The rows by columns, in order, those of `rare` texts as they are; of an error no line is known.

        Raises
        ------
        FormatError
            A row with more or fewer fields than the header.
        """
        for found, lines in coded_chunks(self.path, self.header, self.separator, self.skipped, columns, rare):
            yield Chunk(found, lines)


def suffix(path: Path) -> str:
    """The end of a name, whatever its case."""
    return path.suffix.lower()


def open_table(path: Path, encoding: Encoding = "auto", layout: Layout | None = None) -> Table:
    """Find out how a table is written and read its header; the kind is told by the end of the name.

    Raises
    ------
    FormatError
        The file cannot be read, or has no header.
    """
    layout = layout or Layout()
    if not path.is_file():
        raise FormatError(
            "there is no such table.",
            allowed="a .csv, .csv.gz, .zip, .tsv, .parquet, .xlsx or .geojson file",
            file=str(path),
        )
    kind = suffix(path)
    if kind not in (".parquet", ".xlsx", ".geojson"):
        table = _open_csv(path, find_encoding(path, encoding), layout)
    elif kind == ".parquet":
        table = Table(path, parquet_header(path), Written("Parquet", ""))
    elif kind == ".xlsx":
        table = _open_excel(path, layout)
    else:
        table = Table(path, tuple(_geojson(path)[0]), Written("GeoJSON", ""))
    _check_header(table.header, str(path), table.skipped + 1, layout.wanted)
    return table


def _open_csv(path: Path, written: Written, layout: Layout) -> Table:
    first = _first_lines(path, written)
    _check_kind("".join(first[:1]), path)
    told = re.fullmatch(r'"?sep=(.)"?\s*', first[0], re.IGNORECASE) if first else None
    skipped = layout.header - 1 if layout.header else 1 if told else 0
    tsv = ".tsv" in {each.lower() for each in path.suffixes}
    separators = [layout.separator] if layout.separator else [told[1]] if told else ["\t"] if tsv else _SEPARATORS
    rows = {each: _split(first, each) for each in separators}

    def fit(separator: str) -> tuple[int, int]:
        here = names_of(rows[separator][skipped - layout.above : skipped + 1])
        return layout.names_in(here), len(here) if not layout.wanted else 0

    separator = max(separators, key=fit)
    header = _header(path, written, separator, skipped, layout.above)
    hint = _elsewhere(layout, header, rows, "line")
    return Table(path, header, written, separator, skipped, layout.last, hint=hint)


def _check_kind(line: str, path: Path) -> None:
    """Refuse text that is no table: JSON, or a page that says that one must log in."""
    begins = line.lstrip("\ufeff \t").lower()
    if begins.startswith(("{", "[{", "<!doctype", "<html", "<?xml")):
        kind = "JSON" if begins[0] in "{[" else "a page of the web, or XML"
        hint = "points of GeoJSON are read from a .geojson file" if kind == "JSON" else "was it downloaded as a table?"
        raise FormatError(f"this is {kind}, not a table.", allowed="rows of fields", hint=hint, file=str(path), line=1)


def names_of(rows: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """The names of columns that stand on one line, or, from top to bottom, on several.

    >>> names_of([["When", "Where", ""], ["", "Province", "Town"]])
    ('When', 'Where Province', 'Town')
    """
    return tuple(" ".join(part.strip() for part in parts if part.strip()) for parts in zip_longest(*rows, fillvalue=""))


def _header(path: Path, written: Written, separator: str, skipped: int, above: int) -> tuple[str, ...]:
    """The names of the columns, below so many lines, the last of them on which names begin among them."""
    csv.field_size_limit(LONGEST_FIELD)
    with open_bytes(path) as raw, io.TextIOWrapper(raw, written.codec, errors="replace", newline="") as stream:
        for _ in range(skipped - above):
            stream.readline(LONGEST_FIELD)
        try:
            rows = list(islice(csv.reader(stream, delimiter=separator, strict=True), above + 1))
        except csv.Error as error:
            raise _torn(str(path), skipped + 1, str(error)) from error
    return names_of(rows)


def _elsewhere(
    layout: Layout, header: Sequence[str], found: Mapping[str, Sequence[Sequence[str]]], what: Literal["line", "row"]
) -> str:
    """Where more of the wanted names stand than in the header: on which line, or on which two together."""
    places = [
        (layout.names_in(names_of([row[:_HINTED] for row in rows[at - above : at + 1]])), -above, key, at)
        for key, rows in found.items()
        for at in range(len(rows))
        for above in range(min(at, 1) + 1)
    ]
    most, above, key, at = max(places, default=(0, 0, "", 0), key=lambda place: place[:2])
    if most < 2 or most <= layout.names_in(header):
        return ""
    line = f"`header: {at + 1}`" if not above else f"`header: [{at}, {at + 1}]`"
    where = f"`sheet: {key}`" + (f" and {line}" if at else "") if what == "row" else line
    return (
        f"{most} of the names stand on {what} {at + 1}"
        + (f" and the {what} above" if above else "")
        + (f" of the sheet {key}" if what == "row" else "")
        + f": say {where} in the mapping"
    )


def _first_lines(path: Path, written: Written) -> list[str]:
    with open_bytes(path) as raw, io.TextIOWrapper(raw, written.codec, errors="replace", newline="") as stream:
        return [stream.readline(LONGEST_FIELD) for _ in range(_LOOKED_AT)]


def _split(lines: Sequence[str], separator: str) -> list[list[str]]:
    """The first lines as rows, as far as they are whole; a line that is none is empty."""
    rows = []
    for line in lines:
        try:
            rows.append(next(csv.reader([line], delimiter=separator), []))
        except csv.Error:
            rows.append([])
    return rows


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
    """The rows, counted from 1.

    Raises
    ------
    FormatError
        A column holds lists, structs or bytes: no text stands for them; or the file is damaged.
    """
    import pyarrow.types as kinds

    file = _parquet(path)
    for name in columns:
        kind = file.schema_arrow.field(name).type
        kind = kind.value_type if kinds.is_dictionary(kind) else kind
        if kinds.is_nested(kind) or kinds.is_binary(kind) or kinds.is_large_binary(kind):
            raise FormatError(
                f'the column "{name}" holds {kind} values.',
                allowed="texts, numbers, dates, yes or no",
                hint="write it as text, with one name for each value",
                file=str(path),
            )
    row = 1
    with _whole_parquet(path):
        for batch in file.iter_batches(batch_size=rows, columns=list(columns)):
            found = {name: [as_text(value) for value in batch.column(name).to_pylist()] for name in columns}
            yield Chunk(found, range(row, row + batch.num_rows))
            row += batch.num_rows


def _open_excel(path: Path, layout: Layout) -> Table:
    sheets = {name: list(islice(_excel(path, name), _LOOKED_AT)) for name in _sheets(path)[:_LOOKED_AT]}
    if not sheets:
        raise FormatError(
            "the workbook has no sheet of cells.", allowed="a sheet with one row per event", file=str(path)
        )
    if layout.sheet and layout.sheet not in sheets:
        raise FormatError(
            f'there is no sheet "{layout.sheet[:60]}".', allowed=", ".join(name[:60] for name in sheets), file=str(path)
        )
    sheet = layout.sheet or next(iter(sheets))
    skipped = max(0, layout.header - 1)
    header = names_of(sheets[sheet][skipped - layout.above : skipped + 1])
    while header and not header[-1]:
        header = header[:-1]  # cells beside the table that once held something
    hint = _elsewhere(layout, header, sheets, "row")
    return Table(path, header, Written("Excel", ""), skipped=skipped, last=layout.last, sheet=sheet, hint=hint)


def excel_chunks(table: Table, columns: Sequence[str], rows: int) -> Iterator[Chunk]:
    """The rows of the sheet that are not empty, counted as the sheet counts them; a cell that is not there is empty."""
    first = table.skipped + 1
    source = islice(_excel(table.path, table.sheet), first, max(table.last, first) if table.last else None)
    positions = [table.header.index(name) for name in columns]
    line = table.skipped + 2
    while found := list(islice(source, rows)):
        kept = [(at, row) for at, row in enumerate(found, start=line) if any(row)]
        texts = {
            name: [row[at] if at < len(row) else "" for _, row in kept]
            for name, at in zip(columns, positions, strict=True)
        }
        yield Chunk(texts, [at for at, _ in kept])
        line += len(found)


def geojson_chunks(path: Path, columns: Sequence[str], rows: int) -> Iterator[Chunk]:
    """The features, counted from 1: their properties, and latitude and longitude of their points."""
    found = _geojson(path)[1]
    for low in range(0, len(found), rows):
        part = found[low : low + rows]
        texts = {name: [as_text(one.get(name)) for one in part] for name in columns}
        yield Chunk(texts, range(low + 1, low + 1 + len(part)))


def _geojson(path: Path) -> tuple[list[str], list[dict[str, Any]]]:
    """All names of properties, and each feature as a row."""
    wrong = FormatError("this is no GeoJSON.", allowed="a FeatureCollection of points", file=str(path))
    if path.stat().st_size > _MOST_JSON:
        raise FormatError("the file is too large to be read at once.", allowed="GeoJSON up to 512 MB", file=str(path))
    try:
        features = json.loads(path.read_text(encoding="utf-8-sig"))["features"]
        rows = []
        for feature in features:
            row = {str(name): value for name, value in (feature["properties"] or {}).items()}
            point = feature.get("geometry") or {}
            if point.get("type") == "Point":
                row["longitude"], row["latitude"] = (float(each) for each in point["coordinates"][:2])
            rows.append(row)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, UnicodeDecodeError) as error:
        raise wrong from error
    return list(dict.fromkeys(name for row in rows for name in row)), rows


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
        hint="pip install 'attack-attribution[archive]'",
        file=str(path),
    )


def _check_header(header: tuple[str, ...], file: str, line: int, wanted: tuple[str, ...]) -> None:
    if not any(header):
        raise FormatError("the table has no header.", allowed="column names in the first row", file=file, line=line)
    if len(header) > _MOST_COLUMNS:
        raise FormatError(
            f"the table has {len(header):,} columns.", allowed=f"at most {_MOST_COLUMNS:,}",
            hint="is it turned on its side, or the separator wrong?", file=file, line=line,
        )  # fmt: skip
    asked = {key(name) for name in wanted or header}
    twice = sorted(name for name, count in Counter(header).items() if name and count > 1 and key(name) in asked)
    if twice:
        raise FormatError(
            f'two columns are called "{twice[0]}".',
            allowed="each column name once",
            hint="rename one of them: which is meant could not be told",
            file=file,
            line=line,
        )


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
        csv.field_size_limit(LONGEST_FIELD)
        for _ in range(table.skipped):
            text.readline(LONGEST_FIELD)
        lines_of = islice(text, max(1, table.last - table.skipped)) if table.last else text
        reader = csv.reader(lines_of, delimiter=table.separator, strict=True)
        next(reader)
        while True:
            start = reader.line_num + table.skipped
            found: list[list[str]] = []
            lines: Sequence[int]
            try:
                found.extend(islice(reader, rows))
            except csv.Error as error:
                raise _torn(file, _lines(found, start)[-1] + _height(found), str(error)) from error
            if not found:
                return
            lines = (
                _lines(found, start)
                if reader.line_num + table.skipped - start != len(found)
                else range(start + 1, start + 1 + rows)
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
                hint=_way_out(found, at, width, lines, cut=cut),
                file=file,
                line=lines[at],
            )
    kept = [at for at, row in enumerate(found) if row]
    return [found[at] for at in kept], [lines[at] for at in kept]


def _way_out(found: list[list[str]], at: int, width: int, lines: Sequence[int], *, cut: bool) -> str:
    again = "if the file was cut in the middle of a row, get it again, or delete the rest of the row"
    below = at > 0 and not any(len(row) >= width for row in found[at:])  # nothing but notes
    if not below:
        return again if cut else "a separator inside a text needs quotes around the text"
    note = f"if this is a note below the table, say `last: {lines[at - 1]}` in the mapping"
    return f"{again}; {note}" if cut else note


def _parquet(path: Path) -> Any:
    try:
        from pyarrow.parquet import ParquetFile
    except ImportError as error:
        raise lacking("pyarrow", "Parquet", path) from error
    with _whole_parquet(path):
        return ParquetFile(path)


@contextmanager
def _whole_parquet(path: Path) -> Iterator[None]:
    """What Arrow stumbles over, in the footer or behind it, is told as a file that is not whole."""
    from pyarrow import ArrowException

    try:
        yield
    except (ArrowException, OSError, ValueError, OverflowError) as error:
        raise FormatError("this is not a whole Parquet file.", allowed="a .parquet file", file=str(path)) from error


def _sheets(path: Path) -> list[str]:
    """The names of the sheets."""
    book = _workbook(path)
    names = [str(name) for name in book.sheetnames]
    book.close()
    return names


def _excel(path: Path, sheet: str) -> Iterator[tuple[str, ...]]:
    with closing(_workbook(path)) as book, closing(_values(book[sheet], path)) as rows:
        for line, row in enumerate(rows, start=1):
            cells = tuple(as_text(value) for value in row)
            longest = max(map(len, cells), default=0)
            if longest > LONGEST_CELL:
                raise _too_long(f"a cell of this row has {longest:,} characters", path, line)
            yield cells


def _values(sheet: Any, path: Path) -> Generator[tuple[object, ...]]:
    """The rows, each read only when it is asked for."""
    try:
        yield from sheet.iter_rows(values_only=True)
    except Exception as error:  # openpyxl raises whatever its zip and XML readers raise
        raise _no_workbook(path) from error


def _workbook(path: Path) -> Any:
    try:
        from openpyxl import load_workbook
    except ImportError as error:
        raise lacking("openpyxl", "Excel", path) from error
    try:
        with ZipFile(path) as parts:
            for part in parts.infolist():
                if part.file_size > min(_MOST_UNPACKED, _MOST_RATIO * max(part.compress_size, 1 << 20)):
                    raise FormatError(
                        f"a part of this Excel file, {part.filename[:60]}, unpacks to {part.file_size:,} bytes.",
                        allowed=f"at most {_MOST_RATIO} times its packed size",
                        hint="save it as .csv, if it is a table at all",
                        file=str(path),
                    )
                _bounded_texts(parts, part, path)
        return load_workbook(path, read_only=True, data_only=True)
    except FormatError:
        raise
    except Exception as error:  # openpyxl raises whatever its zip and XML readers raise
        raise _no_workbook(path) from error


def _bounded_texts(parts: ZipFile, part: ZipInfo, path: Path) -> None:
    """Refuse a text that would fill the memory before anybody could look at it, also one that stands as CDATA."""
    if part.file_size <= LONGEST_FIELD or not part.filename.endswith(".xml"):
        return
    unfinished = b""
    with parts.open(part) as stream:
        while block := stream.read(LONGEST_FIELD):
            unfinished = _unfinished(unfinished + block)
            if len(unfinished) > LONGEST_FIELD:
                raise _too_long(f"a text in {part.filename[:60]} of this file is longer than a million bytes", path)


def _unfinished(text: bytes) -> bytes:
    """What of a part of XML has only begun: from its last sign of a tag on, or from a CDATA that has no end yet."""
    at = 0
    while (begins := text.find(b"<![CDATA[", at)) >= 0:
        at = text.find(b"]]>", begins)
        if at < 0:
            return text[begins:]
    return text[max(at, text.rfind(b"<")) :]


def _too_long(what: str, path: Path, line: int = 0) -> FormatError:
    return FormatError(
        f"{what}.",
        allowed=f"cells as Excel writes them, of at most {LONGEST_CELL:,} characters",
        hint="is it a table, or something else in a cell of one?",
        file=str(path),
        line=line,
    )


def _no_workbook(path: Path) -> FormatError:
    return FormatError("this is not a whole Excel file.", allowed="an .xlsx file", file=str(path))
