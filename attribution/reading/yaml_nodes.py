"""Documents as a tree of nodes that remember their lines: every scalar a text, nothing constructed, everything bounded.

From YAML, or from dicts and lists, whose nodes have no line.

Aliases, anchors, tags and merge keys are refused: a file that is read by people says everything where it stands.
"""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Iterator
from collections.abc import Mapping as MappingType
from dataclasses import dataclass
from numbers import Integral, Real
from pathlib import Path
from typing import Any

from attribution.errors import FormatError, spell
from attribution.errors import Path as Place

MOST_BYTES = 4 << 20
MOST_DEPTH = 40
MOST_NODES = 200_000


@dataclass(frozen=True, slots=True)
class Scalar:
    """A text. Lines count from 1."""

    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Listing:
    """A list."""

    items: tuple[Node, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys and values in the order of the file; in `flow` style they stand within { }, where a comma ends a text."""

    entries: tuple[tuple[Scalar, Node], ...]
    line: int
    flow: bool = False


type Node = Scalar | Listing | Mapping


def read_text(path: Path) -> str:
    """The text of a file.

    Raises
    ------
    FormatError
        No such file, larger than 4 MB (it is not read), binary, or not UTF-8.
    """
    file = str(path)
    try:
        if path.is_dir():
            raise FormatError(f"{path} is a folder.", allowed="a YAML file", file=file)
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise FormatError(
                f"the file has {size:,} bytes.",
                allowed=f"at most {MOST_BYTES:,} bytes",
                hint="case and model files are written by people: is this the right file?",
                file=file,
                line=1,
            )
        raw = path.read_bytes()
    except OSError as error:
        raise FormatError(
            f"{path} cannot be read: {(error.strerror or 'unknown reason').lower()}.",
            allowed="a file that exists and that you may read",
            file=file,
        ) from error
    return decode(raw, file)


def decode(raw: bytes, file: str) -> str:
    """UTF-8 text, a byte-order mark tolerated."""
    if b"\0" in raw:
        line = raw[: raw.index(b"\0")].count(b"\n") + 1
        raise FormatError(
            f"the file is binary: byte {raw.index(0)} is zero.", allowed="text in UTF-8", file=file, line=line
        )
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FormatError(
            f"byte {error.start} is not UTF-8.",
            allowed="text in UTF-8",
            hint="save the file as UTF-8 in your editor",
            file=file,
            line=raw[: error.start].count(b"\n") + 1,
        ) from error


def parse(text: str, file: str) -> Mapping:
    """The document of a file.

    Raises
    ------
    FormatError
        Anything that is not one plain YAML mapping within the limits, with its line.
    """
    import yaml

    if len(text) > MOST_BYTES:
        raise FormatError("the text is too long.", allowed=f"at most {MOST_BYTES:,} bytes", file=file, line=1)
    try:
        builder = _Builder(iter(yaml.parse(text, Loader=_loader())), file)
        root = builder.document()
    except yaml.YAMLError as error:
        raise _syntax(error, file) from error
    except RecursionError as error:
        raise _too_deep(file, 1) from error
    if not isinstance(root, Mapping):
        raise FormatError(
            "the file does not begin with `key: value` lines.",
            allowed="a mapping, beginning with `format:`",
            file=file,
            line=root.line,
        )
    return root


def nodes_of(document: object) -> Mapping:
    """The nodes of a document made of dicts, lists, texts, numbers, dates and booleans.

    Raises
    ------
    FormatError
        Anything else, or more of it than a file may hold; the path is named.
    """
    if not isinstance(document, MappingType):
        raise FormatError(f"the document is {_kind(document)}.", allowed="a dict, beginning with `format`")
    root = _Converter().node(document, ())
    assert isinstance(root, Mapping)
    return root


class _Converter:
    """Turns dicts and lists into nodes, counting as it goes."""

    def __init__(self) -> None:
        self.count = self.letters = 0

    def node(self, value: object, at: Place) -> Node:
        self.count += 1
        if self.count > MOST_NODES or self.letters > MOST_BYTES:
            raise FormatError("the document is too large.", at=at, allowed=f"at most {MOST_NODES:,} entries and 4 MB")
        if len(at) > MOST_DEPTH:
            raise FormatError(
                f"blocks are nested more than {MOST_DEPTH} deep.", at=at[:4], allowed=f"at most {MOST_DEPTH} levels"
            )
        if isinstance(value, MappingType):
            return Mapping(tuple(self.pairs(value, at)), 0)
        if isinstance(value, list | tuple):
            return Listing(tuple(self.node(entry, (*at, position)) for position, entry in enumerate(value)), 0)
        text = _scalar(value)
        if text is None:
            raise FormatError(
                f"{spell(at)} is {_kind(value)}.",
                at=at,
                allowed="a text, a number, a date, True or False, a list, or a dict",
            )
        return Scalar(self.text_at(text, at), 0)

    def pairs(self, block: MappingType[Any, Any], at: Place) -> Iterator[tuple[Scalar, Node]]:
        seen: set[str] = set()
        for key, value in block.items():
            name = _scalar(key)
            if name is None or name in seen:
                why = "appears twice" if name else f"is {_kind(key)}"
                raise FormatError(f"a key of {spell(at)} {why}.", at=at, allowed="words as keys, each once")
            seen.add(name)
            yield Scalar(self.text_at(name, at), 0), self.node(value, (*at, name))

    def text_at(self, text: str, at: Place) -> str:
        self.letters += len(text)
        if not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text):
            raise FormatError(f"{spell(at)} holds half a character.", at=at, allowed="text that UTF-8 can hold")
        return _composed(text)


def _composed(text: str) -> str:
    """Letters with their marks as one character (NFC), so that a name typed on another machine is the same name."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def _scalar(value: object) -> str | None:
    """A value as the text that files have for it; None if they have none."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dt.datetime):
        return value.isoformat(timespec="minutes") if value == value.replace(second=0, microsecond=0) else str(value)
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, Integral):  # also those of NumPy
        return str(int(value))
    return repr(float(value)) if isinstance(value, Real) else None


def _kind(value: object) -> str:
    return f"a value of the type {type(value).__name__}"


def _loader() -> Any:
    import yaml

    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _syntax(error: Any, file: str) -> FormatError:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "it cannot be read"
    return FormatError(
        f"this is not YAML: {problem}.",
        allowed="key: value lines, indented with blanks",
        hint='text that contains ? : # , [ or { must be quoted: "like this"',
        file=file,
        line=mark.line + 1 if mark else 1,
    )


def _too_deep(file: str, line: int) -> FormatError:
    return FormatError(
        f"blocks are nested more than {MOST_DEPTH} deep.", allowed=f"at most {MOST_DEPTH} levels", file=file, line=line
    )


class _Builder:
    """Turns the events of the parser into nodes, counting as it goes."""

    def __init__(self, events: Iterator[Any], file: str) -> None:
        self.events, self.file, self.count = events, file, 0

    def document(self) -> Node:
        import yaml

        event = next(self.events)
        while isinstance(event, yaml.StreamStartEvent | yaml.DocumentStartEvent):
            event = next(self.events)
        if isinstance(event, yaml.StreamEndEvent):
            raise FormatError(
                "the file is empty.",
                allowed="a mapping, beginning with `format:`",
                hint="`attribution new CASE-ID` writes a file to start from",
                file=self.file,
                line=1,
            )
        root = self.node(event, 0)
        next(self.events)
        after = next(self.events)
        if not isinstance(after, yaml.StreamEndEvent):
            raise self.refuse(after, "a second document begins here", "one document per file")
        return root

    def node(self, event: Any, depth: int) -> Node:
        import yaml

        self.count += 1
        line = event.start_mark.line + 1
        if self.count > MOST_NODES:
            raise self.refuse(event, f"there are more than {MOST_NODES:,} entries", f"at most {MOST_NODES:,}")
        if depth > MOST_DEPTH:
            raise _too_deep(self.file, line)
        if isinstance(event, yaml.AliasEvent) or event.anchor:
            raise self.refuse(event, "an alias or anchor (* or &) is used", "text without aliases: write it out")
        if event.tag is not None:
            raise self.refuse(event, f"the tag {event.tag} would build an object", "plain text, lists and mappings")
        if isinstance(event, yaml.ScalarEvent):
            return Scalar(_composed(event.value), line)
        if isinstance(event, yaml.SequenceStartEvent):
            return Listing(tuple(self.children(yaml.SequenceEndEvent, depth)), line)
        nodes = list(self.children(yaml.MappingEndEvent, depth))
        return Mapping(tuple(self.pairs(nodes)), line, bool(event.flow_style))

    def children(self, end: type, depth: int) -> Iterator[Node]:
        while not isinstance(event := next(self.events), end):
            yield self.node(event, depth + 1)

    def pairs(self, nodes: list[Node]) -> Iterator[tuple[Scalar, Node]]:
        seen: dict[str, int] = {}
        for key, value in zip(nodes[::2], nodes[1::2], strict=True):
            if not isinstance(key, Scalar):
                raise FormatError(
                    "a list or mapping is used as a key.", allowed="a word as key", file=self.file, line=key.line
                )
            if key.text in seen:
                raise FormatError(
                    f'the key "{key.text[:80]}" appears twice, first on line {seen[key.text]}.',
                    allowed="each key once",
                    hint="one of the two would be lost: rename or delete it",
                    file=self.file,
                    line=key.line,
                )
            seen[key.text] = key.line
            yield key, value

    def refuse(self, event: Any, what: str, allowed: str) -> FormatError:
        return FormatError(f"{what}.", allowed=allowed, file=self.file, line=event.start_mark.line + 1)
