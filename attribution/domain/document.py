"""Values as documents, in exactly the words of the files: one text and one hash for each content, whoever wrote it.

A case, a model and a grading *are* their content. The text of a file is kept beside it for its comments and its order,
together with the hash of what was read from it; where the content has changed since, the text is written anew.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path as FilePath
from typing import Any, ClassVar, Self, cast

from attribution.errors import FormatError, Path, UsageError, spell

CASE_FORMAT = "attribution-case/1"
MODEL_FORMAT = "attribution-model/1"
GRADING_FORMAT = "attribution-grading/1"

type Document = dict[str, Any]
type Reader = Callable[[Mapping[str, Any], FilePath | None], Any]

_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")  # YAML breaks a line there, or refuses
_STEP = re.compile(r"[^.\[\]]+")

_readers: dict[type, Reader] = {}  # filled by the reader of the file formats, which stands above and is asked from here


def opens(kind: type, reader: Reader) -> None:
    """Hand in the reader of documents of a kind: that of the file formats, when it is loaded."""
    _readers[kind] = reader


@dataclass(slots=True)
class _Tables:
    """How cases become tables and back: handed in by the reader of tables, when it is loaded."""

    read: Callable[[Mapping[str, Any]], Any] | None = None
    write: Callable[[Any], dict[str, Any]] | None = None


tables = _Tables()


def opens_tables(read: Callable[[Mapping[str, Any]], Any], write: Callable[[Any], dict[str, Any]]) -> None:
    """Hand in the reader and the writer of tables."""
    tables.read, tables.write = read, write


def canonical(document: Any) -> str:
    """The one text of a document: JSON, which is YAML, keys in the order in which a value writes them."""
    text = json.dumps(document, ensure_ascii=False, indent=1)
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text) + "\n"


def digest(text: str) -> str:
    """SHA-256 of a text, in hex."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def stated(entries: Document) -> Document:
    """The entries that say something: no empty text, list or block, and nothing that is not given."""
    return {key: value for key, value in entries.items() if value is not None and value not in ("", [], {})}


def keyed(pairs: Iterable[tuple[str, Any]], *, at: Path) -> Document:
    """Pairs as a block.

    Raises
    ------
    FormatError
        Two with one key: a block cannot hold both.
    """
    block: Document = {}
    for key, value in pairs:
        if key in block:
            raise FormatError.duplicate("entry", key, at=at)
        block[key] = value
    return block


def one_or_list(names: Iterable[str]) -> str | list[str]:
    """One name by itself, several or none as a list."""
    names = list(names)
    return names[0] if len(names) == 1 else names


def plain(value: float) -> float | int:
    """A number as a person would write it: 1, not 1.0."""
    return int(value) if value.is_integer() and abs(value) < 1e15 else value


def yes_no(flag: bool | None) -> str | None:
    """A flag in the word that files have for it."""
    return None if flag is None else "yes" if flag else "no"


@dataclass(frozen=True, slots=True)
class Written:
    """The text of a file, the hash of the content that was read from it, and where it was read, as a person named it.

    `files` are those of the texts that it brings along, by kind (``extends``, ``recipe``, ``archive``).
    """

    text: str
    content: str
    file: str = ""
    files: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Documented(ABC):
    """A value that can be written as a document and read from one.

    `written` is where its comments and its order come from. Changes keep it, and nothing else ever trusts it: `text`
    compares its hash with that of the content first.
    """

    named_by_file: ClassVar[bool] = True  # its id is the name of its file, and stands in its text only where it is not

    written: Written | None = field(default=None, repr=False, compare=False)

    @abstractmethod
    def to_dict(self) -> Document:
        """The value as a document, in exactly the words of its file format."""

    @classmethod
    def from_dict(cls, document: Mapping[str, Any], *, folder: str | os.PathLike[str] | None = None) -> Self:
        """The value that a document describes, in exactly the words of its file format, under the same checks.

        Parameters
        ----------
        document
            Dicts, lists, texts, numbers, dates and booleans, as a YAML or JSON library would give them.
        folder
            Where files that the document names are looked for; shipped ones are found without.

        Raises
        ------
        FormatError, CaseError, ModelError
            It cannot be; the path inside the document is named, such as ``evidence[3].grade``.
        """
        reader = _readers.get(cls)
        if reader is None:
            raise UsageError(
                f"the reader of documents is not loaded, so no {cls.__name__} can be made from one.",
                allowed="`import attribution as at`, and the class from there",
                hint=f"at.{cls.__name__}.from_dict(...)",
            )
        return cast(Self, reader(document, None if folder is None else FilePath(folder)))

    def with_(self, changes: Mapping[str, Any], *, folder: str | os.PathLike[str] | None = None) -> Self:
        """The value with other entries in its document, read anew under the same checks.

        Parameters
        ----------
        changes
            From paths inside the document to what stands there instead, in the words of the file format; None takes an
            entry out. Entries of lists go by their `id`, or by their number.
        folder
            Where files that the changes name are looked for.

        Raises
        ------
        UsageError
            A path that leads nowhere.
        FormatError, CaseError, ModelError
            What it leads to cannot be.

        Examples
        --------
        >>> import attribution as at
        >>> model = at.read_model("tower-22/baseline")
        >>> model.with_({"perpetrator.other": [0.05, 0.1, 0.2]}).perpetrator.other.best
        0.1
        """
        document = self.to_dict()
        for path, value in changes.items():
            _put(document, path, value)
        return replace(self.from_dict(document, folder=folder), written=self.written)

    def as_read(self, text: str, file: str = "", files: tuple[tuple[str, str], ...] = ()) -> Self:
        """The value, with the text that it was read from; not with one that holds nothing but the content."""
        document = self.to_dict()
        bare = text.startswith("{") and text == canonical(document)
        written = None if bare else Written(text, self._content(document), file, files)
        return replace(self, written=written)

    @property
    def content(self) -> str:
        """SHA-256 of all that a text of this value says."""
        return self._content(self.to_dict())

    def _content(self, document: Document) -> str:
        outside = ("id",) if self.named_by_file else ()
        return digest(canonical({key: value for key, value in document.items() if key not in outside}))

    @property
    def unchanged(self) -> bool:
        """Whether it still is what was read from its file."""
        return self.written is not None and self.written.content == self.content

    @property
    def text(self) -> str:
        """The text of the file it was read from, as long as it is what that says; else its content, written anew."""
        if self.written is not None and self.unchanged:
            return self.written.text
        return canonical(self.to_dict())


class Tabular:
    """A case as tables and back. The reader of tables stands above, and is asked from here."""

    __slots__ = ()

    @classmethod
    def from_frames(
        cls,
        *,
        case: Any,
        factions: Any,
        sources: Any,
        evidence: Any,
        facts: Any = None,
        origins: Any = None,
        citations: Any = None,
        outcome: Any = None,
    ) -> Self:
        """The case that some tables make up: a row for each entry of a block, a column for each of its keys.

        Parameters
        ----------
        case
            Id, title, question, date and place, and whatever else a case says of itself and of its incident: a dict, or
            a table with the columns `key` and `value`.
        factions
            A row per node of the tree: id, title, and the `parent` it belongs to.
        sources
            A row per source: id, name, kind, reliability, interest, ...
        evidence
            A row per item: id, kind, title, says, source, grade, published, url, ...; `says` is written as
            ``weapon: drone, launch-area: iraq``.
        facts
            A row per fact: id, question, states, given; names side by side are separated by semicolons.
        origins
            A row per origin that several items share: id, grade, ...
        citations
            A row per citation of the items that have several: item, url, title, ...
        outcome
            A row per thing that was settled later.

        Returns
        -------
        Case
            Under the checks of a case file. A table is a DataFrame or a list of dicts.

        Raises
        ------
        FormatError, CaseError
            It cannot be; table and row are named.

        Examples
        --------
        >>> import attribution as at
        >>> case = at.read_case("k1-2019")
        >>> at.Case.from_frames(**case.to_frames()) == case
        True
        """
        if tables.read is None:
            raise UsageError("the reader of tables is not loaded.", allowed="`import attribution as at`, and at.Case")
        about = case
        if isinstance(case, Mapping):
            about = [{"key": key, "value": one} for key, value in case.items() for one in _one_by_one(value)]
        given = {
            "case": about,
            "factions": factions,
            "sources": sources,
            "facts": facts,
            "evidence": evidence,
            "origins": origins,
            "citations": citations,
            "outcome": outcome,
        }
        read: Self = tables.read({name: table for name, table in given.items() if table is not None})
        return read

    def to_frames(self) -> dict[str, Any]:
        """The case as tables, which `from_frames` reads as the same case.

        Returns
        -------
        dict
            A DataFrame for each of case, factions, sources, facts, evidence, origins, citations and outcome that has
            rows.

        Examples
        --------
        >>> import attribution as at
        >>> at.read_case("k1-2019").to_frames()["evidence"].columns.tolist()[:4]
        ['id', 'kind', 'title', 'source']
        """
        if tables.write is None:
            raise UsageError("the writer of tables is not loaded.", allowed="`import attribution as at`, and at.Case")
        return tables.write(self)


def _one_by_one(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def steps_of(path: str) -> list[str]:
    """The steps of a path: ``perpetrator.other`` has two.

    Raises
    ------
    UsageError
        It has none.
    """
    steps = _STEP.findall(path)
    if not steps:
        raise UsageError(f'"{path}" is no path.', allowed="entries separated by dots: perpetrator.other")
    return steps


def entry_at(document: Document, path: str) -> Any:
    """What stands at a path of a document; entries of lists go by their `id`, or by their number.

    Raises
    ------
    UsageError
        Nothing stands there.
    """
    steps, here = steps_of(path), cast(Any, document)
    for depth, step in enumerate(steps):
        here = here[_key(here, step, steps[:depth])]
    return here


def _put(document: Document, path: str, value: Any) -> None:
    steps = steps_of(path)
    here: Any = document
    for depth, step in enumerate(steps[:-1]):
        here = here[_key(here, step, steps[:depth])]
    last = steps[-1]
    if value is None:
        del here[_key(here, last, steps[:-1])]
    elif isinstance(here, dict):
        here[last] = value
    else:
        here[_key(here, last, steps[:-1])] = value


def _key(here: Any, step: str, before: list[str]) -> str | int:
    """The key of a step: a name, the number of an entry, or that of the entry with this id."""
    at = tuple(before)
    if isinstance(here, dict):
        if step in here:
            return step
        raise UsageError.unknown(f"entries of {spell(at)}", step, here, at=at)
    if isinstance(here, list):
        if step.isdecimal() and int(step) < len(here):
            return int(step)
        ids = [entry["id"] if isinstance(entry, dict) and "id" in entry else str(n) for n, entry in enumerate(here)]
        if step in ids:
            return ids.index(step)
        raise UsageError.unknown(f"entries of {spell(at)}", step, ids, at=at)
    raise UsageError(
        f'{spell(at)} is {here}, which has no entry "{step}".', at=at, allowed=f"a path that ends with {spell(at)}"
    )
