"""In which encoding a table was written: UTF-8 where that fits, else the likelier of Latin-1 and Mac Roman."""

from __future__ import annotations

import gzip
import io
import unicodedata
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from zipfile import BadZipFile, ZipFile

from attribution.archive.reading.mapping import Encoding
from attribution.errors import FormatError
from attribution.inert import inert

_CODECS = {"latin-1": "cp1252", "mac-roman": "mac_roman", "utf-8": "utf-8-sig"}
_SCORED_LINES = 20_000
_LONGEST_LINE, _BLOCK = 1 << 24, 1 << 18
_MOST_RATIO, _SMALL = 1000, 1 << 26
_ZIP, _GZIP = b"PK\x03\x04", b"\x1f\x8b"
_TEXTS = (".csv", ".tsv", ".txt")  # what a zip archive may hold one of
_PACKED = (
    (b"PAR1", "a Parquet file", "its name must end in .parquet"),
    (b"\xd0\xcf\x11\xe0", "an old Excel file (.xls)", "save it as .xlsx or .csv"),
    (b"BZh", "packed by bzip2", "unpack it first"),
    (b"\xfd7zXZ", "packed by xz", "unpack it first"),
    (b"7z\xbc\xaf", "a 7-Zip archive", "unpack it first"),
    (b"\xff\xfe", "UTF-16 text", "save it as UTF-8"),
    (b"\xfe\xff", "UTF-16 text", "save it as UTF-8"),
)


@dataclass(frozen=True, slots=True)
class Written:
    """An encoding, whether it was guessed, and the codec of Python that reads it."""

    name: str
    codec: str
    guessed: bool = False
    bom: bool = False


def open_bytes(path: Path) -> IO[bytes]:
    """The bytes of a file, unpacked where they are gzip's or the one table of a zip archive.

    Raises
    ------
    FormatError
        It is packed in another way, or not what its name says.
    """
    with path.open("rb") as stream:
        first = stream.read(8)
    for magic, kind, hint in _PACKED:
        if first.startswith(magic):
            raise FormatError(
                f"this is {kind}, not text.",
                allowed="a table as text, or packed as .gz or .zip",
                hint=hint,
                file=str(path),
            )
    if first.startswith(_ZIP):
        return io.BufferedReader(Unpacked(path, _zipped(path)))
    if first.startswith(_GZIP):
        return io.BufferedReader(Unpacked(path, gzip.GzipFile(path, "rb")))
    kind = path.suffix.lower()
    if kind in (".gz", ".zip") and first:
        raise FormatError(f"this is no {kind} file, whatever its name says.", allowed=f"a whole {kind} file",
                          hint="if it is text, name it .csv", file=str(path))  # fmt: skip
    return path.open("rb")


def _zipped(path: Path) -> IO[bytes]:
    """The one table in a zip archive.

    Raises
    ------
    FormatError
        The archive is damaged or locked, is an Excel file, or holds no table as text, or several.
    """
    damaged = FormatError("the zip archive is cut or damaged.", allowed="a whole .zip file", hint="get it again",
                          file=str(path))  # fmt: skip
    try:
        archive = ZipFile(path)
    except (BadZipFile, OSError, ValueError) as error:
        raise damaged from error
    names = [part for part in archive.namelist() if not part.endswith("/") and not part.startswith("__MACOSX/")]
    if "[Content_Types].xml" in names:
        raise FormatError("this is an Excel file, or another of an office, not text.", allowed="its own suffix",
                          hint="if it is an Excel file, its name must end in .xlsx", file=str(path))  # fmt: skip
    tables = [name for name in names if name.lower().endswith(_TEXTS)]
    if len(tables) != 1:
        told = ", ".join(inert(name)[:60] for name in (tables or names)[:5]) or "nothing"
        raise FormatError(
            f"the zip archive holds {len(tables)} tables as text: {told}.", allowed="one .csv, .tsv or .txt in it",
            hint="unpack it, and name the table that is meant", file=str(path),
        )  # fmt: skip
    try:
        return archive.open(tables[0])
    except RuntimeError as error:
        raise FormatError("the zip archive is locked by a password.", allowed="one that is not",
                          hint="unpack it first", file=str(path)) from error  # fmt: skip
    except (BadZipFile, NotImplementedError, OSError) as error:
        raise damaged from error


class Unpacked(io.RawIOBase):
    """A packed file as it is unpacked, refused when it grows out of all proportion: no more is held than is asked for.

    Raises
    ------
    FormatError
        It unpacks to more than a thousand times its size, and more than 64 MB.
    """

    def __init__(self, path: Path, stream: gzip.GzipFile | IO[bytes]) -> None:
        self._path, self._stream = path, stream
        self._most = max(_MOST_RATIO * path.stat().st_size, _SMALL)
        self._unpacked = 0

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: Any) -> int:
        """As of any stream."""
        block = self._stream.read(len(buffer))
        buffer[: len(block)] = block
        self._unpacked += len(block)
        if self._unpacked > self._most:
            raise FormatError(
                f"the packed file unpacks to more than {_MOST_RATIO} times its size.",
                allowed="a table that somebody wrote", hint="unpack it and look at it", file=str(self._path),
            )  # fmt: skip
        return len(block)

    def close(self) -> None:
        """As of any stream."""
        self._stream.close()
        super().close()


def find_encoding(path: Path, wanted: Encoding = "auto") -> Written:
    """The encoding of a table.

    Text that is valid UTF-8 is UTF-8. Otherwise the file is Latin-1 (as Windows writes it) or Mac Roman, whichever
    makes letters of the bytes that stand inside words.

    Raises
    ------
    FormatError
        The file holds UTF-8 in some lines and something else in others, or is not in the encoding asked for, or binary.
    """
    alien: list[tuple[int, bytes]] = []
    native = 0
    first = b""
    for number, line in _lines(path):
        first = first or line[:4]
        if b"\0" in line:
            raise FormatError(
                "the file is binary: it holds a zero byte.",
                allowed="text; Excel and Parquet files end in .xlsx and .parquet",
                hint="UTF-16 text must be saved as UTF-8",
                file=str(path),
                line=number,
            )
        if line.isascii():
            continue
        try:
            line.decode("utf-8")
            native = native or (0 if number == 1 and line[3:].isascii() else number)
        except UnicodeDecodeError:
            alien.append((number, line))
            if native or len(alien) > _SCORED_LINES:
                break
    bom = first.startswith(b"\xef\xbb\xbf")
    return _verdict(str(path), wanted, alien, native, bom)


def letters(lines: list[bytes], codec: str) -> int:
    """How well a codec turns the high bytes inside words into letters, and those elsewhere into signs."""
    score = 0
    for line in lines:
        text = line.decode(codec, errors="replace")
        for at, sign in enumerate(text):
            if sign < "\x80":
                continue
            before, after = text[at - 1 : at], text[at + 1 : at + 2]
            inside = (before.isascii() and before.isalpha()) or (after.isascii() and after.isalpha())
            letter = unicodedata.category(sign) in ("Ll", "Lu")
            small = not (sign.isupper() and before.islower())  # a capital after a small letter is no word
            if inside:
                score += 1 if (letter and small) or sign in "’'–—" else -1
    return score


def _verdict(file: str, wanted: Encoding, alien: list[tuple[int, bytes]], native: int, bom: bool) -> Written:
    if wanted in ("latin-1", "mac-roman"):
        return Written(wanted, _CODECS[wanted])
    if not alien:
        return Written("UTF-8 with a byte-order mark" if bom else "UTF-8", _CODECS["utf-8"], bom=bom)
    number, line = alien[0]
    byte = _first_alien(line)
    if native or bom or wanted == "utf-8":
        said = (
            f"UTF-8 on line {native}" if native else "UTF-8, by its byte-order mark" if bom else "UTF-8, by the mapping"
        )
        raise FormatError(
            f"the file mixes encodings: it is {said}, and byte 0x{line[byte]:02X} in column {byte + 1} here is not.",
            allowed="one encoding: UTF-8, Latin-1 or Mac Roman",
            hint="save the table again as UTF-8; `encoding: latin-1` in the mapping reads it, with some names garbled",
            file=file,
            line=number,
        )
    lines = [line for _, line in alien]
    name: Encoding = "mac-roman" if letters(lines, "mac_roman") > letters(lines, "cp1252") else "latin-1"
    return Written({"latin-1": "Latin-1", "mac-roman": "Mac Roman"}[name], _CODECS[name], guessed=True)


def _first_alien(line: bytes) -> int:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start
    return 0


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """The first line, and every line of blocks that hold more than plain ASCII, with their numbers."""
    try:
        with open_bytes(path) as stream:
            number = 1
            while block := stream.read(_BLOCK):
                rest = stream.readline(_LONGEST_LINE)
                if len(rest) == _LONGEST_LINE:
                    raise FormatError(
                        f"the line is longer than {_LONGEST_LINE >> 20} million bytes.", allowed="rows of a table",
                        hint="is it a table, with line ends?", file=str(path), line=number + block.count(b"\n"),
                    )  # fmt: skip
                block += rest
                if number == 1 or not block.isascii() or b"\0" in block:
                    yield from enumerate(io.BytesIO(block), number)
                number += block.count(b"\n")
    except (EOFError, gzip.BadGzipFile, BadZipFile, zlib.error) as error:
        raise FormatError(
            "the packed file is cut or damaged.", allowed="a whole .gz or .zip file", hint="get it again",
            file=str(path),
        ) from error  # fmt: skip
    except OSError as error:
        raise FormatError(
            f"the file cannot be read: {(error.strerror or 'unknown reason').lower()}.",
            allowed="a table that exists and that you may read",
            file=str(path),
        ) from error
