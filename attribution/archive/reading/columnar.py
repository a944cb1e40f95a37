"""Columns of a table as the words that occur and which of them stands in each row: understood once for each word.

Large tables of text are read in this way by Arrow, many times faster than a row at a time. It is less strict than
Python's own reader and knows no lines, so it is asked only where both must say the same: whole rows of UTF-8, quotes
where they belong. Whatever it refuses, and whatever is wrong in a cell, the other finds anew, and names the line.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, overload

import numpy as np
from numpy.typing import NDArray

from attribution.archive.codes import Floats, Ints, combined, renumbered
from attribution.archive.reading.encodings import Written, open_bytes
from attribution.errors import FormatError

LEAST_BYTES = 4 << 20  # of a smaller file the rows are read one by one: loading Arrow would take longer
LONGEST_FIELD = 1 << 20
_BLOCK = 16 << 20
_QUOTE, _LINE, _RETURN = b'"\n\r'


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

    def counts(self) -> dict[str, int]:
        """How often each word stands in a row, in the order in which they first do."""
        found: dict[str, int] = {}
        which, first = renumbered(self.codes, len(self.words))
        for code, times in zip(self.codes[first].tolist(), np.bincount(which).tolist(), strict=True):
            found[self.words[code]] = found.get(self.words[code], 0) + times
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Texts(Sequence[str]):
    """A column of texts that hardly repeat, such as ids and coordinates, as Arrow holds them."""

    held: Any  # an array of strings, none of them null

    def __len__(self) -> int:
        return len(self.held)

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[str]: ...
    def __getitem__(self, at: int | slice) -> str | Sequence[str]:
        return Texts(self.held[at]) if isinstance(at, slice) else str(self.held[at].as_py())

    def __iter__(self) -> Iterator[str]:
        return iter(self.held.to_pylist())

    def where(self, keep: NDArray[np.bool_]) -> Texts:
        """The rows that are kept."""
        import pyarrow

        bits = pyarrow.py_buffer(np.packbits(keep, bitorder="little"))
        return Texts(self.held.filter(pyarrow.Array.from_buffers(pyarrow.bool_(), len(keep), [None, bits])))

    def stripped(self) -> Texts:
        """Without outer blanks, of whatever kind."""
        edges, signs = self._edges(), np.frombuffer(self.held.buffers()[2] or b"", dtype=np.uint8)
        filled = np.diff(edges) > 0
        outer = np.concatenate([signs[edges[:-1][filled]], signs[edges[1:][filled] - 1]])
        if np.all((outer > ord(" ")) & (outer < 0x80)):
            return self
        return Texts(_strings([text.strip() for text in self]))

    def among(self, words: Iterable[str]) -> set[str]:
        """Which of some words occur."""
        from pyarrow import compute

        there = compute.is_in(self.held, value_set=_strings(list(words)))
        return set(self.held.filter(there).to_pylist())

    def numbers(self) -> Floats | None:
        """Numbers, NaN where the text is empty; nothing where one needs a closer look than Arrow's."""
        from pyarrow import ArrowInvalid, float64

        filled = np.diff(self._edges()) > 0
        try:
            found = (self if filled.all() else self.where(filled)).held.cast(float64())
        except ArrowInvalid:
            return None
        values = np.full(len(self), np.nan)
        values[filled] = _numbers_of(found, np.float64)
        return values if np.all(np.isfinite(values[filled])) else None

    def _edges(self) -> NDArray[np.int32]:
        """Where each text begins in the bytes of all, and where the last ends."""
        return _numbers_of(self.held, np.int32, len(self) + 1)


def together(columns: Sequence[Coded]) -> tuple[Ints, list[tuple[str, ...]]]:
    """Which combination of words stands in each row, and these combinations in the order in which they first occur."""
    if len({len(column) for column in columns}) != 1:
        raise ValueError("columns of one length are wanted")
    which, first = combined(((column.codes, len(column.words)) for column in columns), len(columns[0]))
    cells = [[column.words[code] for code in column.codes[first].tolist()] for column in columns]
    return which, list(zip(*cells, strict=True))


def readable(path: Path, written: Written, separator: str, header: tuple[str, ...]) -> bool:
    """Whether a table is large, and such that Arrow reads what Python's own reader would read: a row on every line."""
    if path.stat().st_size < LEAST_BYTES or written.codec != "utf-8-sig" or not separator.isascii():
        return False
    if any("\n" in name or "\r" in name for name in header) or not _arrow():
        return False
    with open_bytes(path) as stream:
        while block := _whole_lines(stream):
            if not (_plainly_rows(block, separator) or _strictly_rows(block, separator)):
                return False
    return True


def _plainly_rows(block: bytes, separator: str) -> bool:
    """Whether whole lines are rows, none of them empty, seen from where their quotes stand: true only where it is so.

    Of the quotes of a block every first opens a field and every second closes it, or both are one within it.
    """
    around = np.frombuffer(b"\n" + block + b"\n", dtype=np.uint8)  # what stands before and, two on, after a sign
    signs = around[1:-1]
    lines = np.concatenate([[-1], np.flatnonzero(signs == _LINE)])
    width = np.diff(lines, append=len(signs)) - 1
    if np.any(width[:-1] < 1) or np.any(width > LONGEST_FIELD) or b"\0" in block:
        return False
    returns = np.flatnonzero(signs == _RETURN) if b"\r" in block else lines[:0]
    if np.any(around[returns] == _LINE) or np.any(around[returns + 2] != _LINE):
        return False
    quotes = np.flatnonzero(signs == _QUOTE) if b'"' in block else lines[:0]
    if len(quotes) % 2 or np.any(np.searchsorted(quotes, lines[1:]) % 2):
        return False
    sides = np.concatenate([around[quotes[::2]], around[quotes[1::2] + 2]])
    return bool(np.all(np.isin(sides, (ord(separator), _LINE, _RETURN, _QUOTE))))


def _strictly_rows(block: bytes, separator: str) -> bool:
    """Whether whole lines are rows, none of them empty, as strictly as Python's own reader takes them."""
    from attribution.archive.reading.quotes_kernel import BEGIN, NEXT, QUOTED, WRONG, follow, signs

    if block.startswith((b"\n", b"\r")) or b"\n\n" in block or b"\n\r" in block:
        return False
    state = follow(np.frombuffer(block, dtype=np.uint8), signs(separator), NEXT, BEGIN, LONGEST_FIELD)
    return state not in (QUOTED, WRONG)


def coded_chunks(
    path: Path, header: tuple[str, ...], separator: str, skipped: int, columns: Sequence[str], rare: Container[str]
) -> Iterator[tuple[dict[str, Coded | Texts], range]]:
    """The columns that are asked for, some million bytes at a time, and the lines on which their rows stand.

    Those whose texts hardly repeat (`rare`) are not coded.

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
                    strings_can_be_null=False, check_utf8=False,  # all lines were decoded to find the encoding
                ),
            ):  # fmt: skip
                found = {name: (Texts if name in rare else _coded)(batch.column(name)) for name in columns}
                yield found, range(line, line + batch.num_rows)
                line += batch.num_rows
        except ArrowInvalid as error:
            raise FormatError(
                "Arrow cannot read the table.", allowed="rows as wide as the header", file=str(path)
            ) from error


def _coded(column: Any) -> Coded:
    """A column of Arrow's, its words in the order in which they first occur."""
    encoded = column.dictionary_encode()
    return Coded(_numbers_of(encoded.indices, np.int32).astype(np.int64), encoded.dictionary.to_pylist())


def _arrow() -> bool:
    try:
        import pyarrow.csv  # noqa: F401
    except ImportError:
        return False
    return True


# Arrow's own ways to and from lists and NumPy load pandas first, which takes longer than what is done here.


def _strings(texts: Sequence[str]) -> Any:
    """An array of Arrow's."""
    import pyarrow

    data = [text.encode() for text in texts]
    edges = np.cumsum([0, *map(len, data)], dtype=np.int32)
    return pyarrow.StringArray.from_buffers(len(data), pyarrow.py_buffer(edges), pyarrow.py_buffer(b"".join(data)))


def _numbers_of(array: Any, kind: type[np.generic], count: int | None = None) -> NDArray[Any]:
    """What an array of Arrow's without nulls holds."""
    if not len(array):
        return np.zeros(count or 0, dtype=kind)
    return np.frombuffer(array.buffers()[1], dtype=kind)[array.offset :][: count or len(array)]


def _whole_lines(stream: IO[bytes]) -> bytes:
    """The next block, up to the end of a line."""
    block = stream.read(_BLOCK)
    return block + stream.readline() if block else block
