"""Columns of a table as the words that occur and which of them stands in each row: understood once for each word.

Large tables of text are read in this way by Arrow, many times faster than a row at a time. It is less strict than
Python's own reader and knows no lines, so it is asked only where both must say the same: whole rows of UTF-8, quotes
where they belong. Whatever it refuses, and whatever is wrong in a cell, the other finds anew, and names the line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, overload

import numpy as np
from numpy.typing import NDArray

from attribution.archive.codes import Ints, combined
from attribution.archive.reading.encodings import Written, open_bytes
from attribution.errors import FormatError

LEAST_BYTES = 4 << 20  # of a smaller file the rows are read one by one: loading Arrow would take longer
LONGEST_FIELD = 1 << 20
_BLOCK = 16 << 20


@dataclass(frozen=True, slots=True, eq=False)
class Coded(Sequence[str]):
    """A column of texts: which of the `words` stands in each row. Some words may stand in none."""

    codes: Ints  # (row,)
    words: Sequence[str]

    def __len__(self) -> int:
        return len(self.codes)

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[str]: ...
    def __getitem__(self, at: int | slice) -> str | Sequence[str]:
        if isinstance(at, slice):
            return Coded(self.codes[at], self.words)
        return self.words[int(self.codes[at])]

    def __iter__(self) -> Iterator[str]:
        return map(self.words.__getitem__, self.codes.tolist())

    def where(self, keep: NDArray[np.bool_]) -> Coded:
        """The rows that are kept."""
        return Coded(self.codes[keep], self.words)

    def cleaned(self, clean: Callable[[str], str]) -> Coded:
        """Every word changed in the same way."""
        return Coded(self.codes, [clean(word) for word in self.words])


def together(columns: Sequence[Coded]) -> tuple[Ints, list[tuple[str, ...]]]:
    """Which combination of words stands in each row, and these combinations in the order in which they first occur."""
    if len({len(column) for column in columns}) != 1:
        raise ValueError("columns of one length are wanted")
    key = combined(((column.codes, len(column.words)) for column in columns), len(columns[0]))
    first = np.empty(int(key.max(initial=-1)) + 1, dtype=np.int64)
    first[key[::-1]] = np.arange(len(key))[::-1]  # of several the last that is written stays: the earliest row
    cells = [[column.words[code] for code in column.codes[first].tolist()] for column in columns]
    return key, list(zip(*cells, strict=True))


def readable(path: Path, written: Written, separator: str, header: tuple[str, ...]) -> bool:
    """Whether a table is large, and such that Arrow reads what Python's own reader would read: a row on every line."""
    if path.stat().st_size < LEAST_BYTES or written.codec != "utf-8-sig" or not separator.isascii():
        return False
    if any("\n" in name or "\r" in name for name in header) or not _arrow():
        return False
    from attribution.archive.reading.quotes_kernel import BEGIN, NEXT, QUOTED, WRONG, follow, signs

    state, sign = BEGIN, signs(separator)
    with open_bytes(path) as stream:
        while block := _whole_lines(stream):
            state = follow(np.frombuffer(block, dtype=np.uint8), sign, NEXT, state, LONGEST_FIELD)
            if state in (QUOTED, WRONG) or block.startswith((b"\n", b"\r")) or _blank(block):
                return False
    return True


def coded_chunks(
    path: Path, header: tuple[str, ...], separator: str, skipped: int, columns: Sequence[str]
) -> Iterator[tuple[dict[str, Coded], range]]:
    """The columns that are asked for, some million bytes at a time, and the lines on which their rows stand.

    Raises
    ------
    FormatError
        Rows that have not as many fields as the header.
    """
    from pyarrow import ArrowInvalid, csv

    line = skipped + 2
    with open_bytes(path) as stream:
        try:
            for batch in csv.open_csv(
                stream,
                read_options=csv.ReadOptions(column_names=list(header), skip_rows=skipped + 1, block_size=_BLOCK),
                parse_options=csv.ParseOptions(delimiter=separator),
                convert_options=csv.ConvertOptions(
                    include_columns=list(columns), column_types=dict.fromkeys(columns, "string"), null_values=[],
                    strings_can_be_null=False,
                ),
            ):  # fmt: skip
                yield {name: _coded(batch.column(name)) for name in columns}, range(line, line + batch.num_rows)
                line += batch.num_rows
        except ArrowInvalid as error:
            raise FormatError(
                "Arrow cannot read the table.", allowed="rows as wide as the header", file=str(path)
            ) from error


def _coded(column: Any) -> Coded:
    """A column of Arrow's, its words in the order in which they first occur."""
    encoded = column.dictionary_encode()
    codes = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    return Coded(codes, encoded.dictionary.to_pylist())


def _arrow() -> bool:
    try:
        import pyarrow.csv  # noqa: F401
    except ImportError:
        return False
    return True


def _whole_lines(stream: IO[bytes]) -> bytes:
    """The next block, up to the end of a line."""
    block = stream.read(_BLOCK)
    return block + stream.readline() if block else block


def _blank(block: bytes) -> bool:
    """Whether there is an empty line, which counts as a line and is no row."""
    return b"\n\n" in block or b"\n\r" in block
