"""Cases and models onto files that read as exactly them.

A file that was read keeps its comments, its order and its own way of saying what has not changed: only entries that
differ are written anew (ruamel.yaml). What is written is read again first; where that gives something else, as when a
model that extends another moves to another folder, the whole content is written out, and if that cannot be read as
the same either, nothing is written.
"""

from __future__ import annotations

import datetime as dt
import io
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from attribution.atomic import write_text
from attribution.domain.case import Case
from attribution.domain.document import Document, Documented
from attribution.domain.grades import Grading
from attribution.domain.model import Model
from attribution.errors import FormatError, InputError, UsageError, spell
from attribution.errors import Path as Place
from attribution.reading.case_file import parse_case
from attribution.reading.model_file import parse_grading, parse_model
from attribution.reading.model_parts import taken_apart
from attribution.reading.shipped import model_at, shipped_gradings

_WIDTH = 120
_UNBROKEN = 10_000  # letters: lines that were not broken stay so
_INLINE = 100  # letters: a block of plain values that is shorter stands on one line
_DAY = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])")


def write_case(case: Case, path: str | os.PathLike[str]) -> None:
    """Write a case as YAML, atomically.

    Parameters
    ----------
    case
        Read, changed, or built in Python. Comments and order of the file it was read from are kept.
    path
        A name that ends in ``.yaml``.

    Raises
    ------
    UsageError
        Another ending.
    FormatError
        The case holds something that no file can.
    OutputError
        The file cannot be written.
    """
    home = _yaml_path(path)
    _write(case, home, case.to_dict(), lambda text: parse_case(text, str(home)))


def write_model(model: Model, path: str | os.PathLike[str]) -> None:
    """Write a model as YAML, atomically.

    A file that names a recipe, or extends a model beside it, goes on doing so where it is not the changed entry itself,
    as long as these stand beside the new file too; otherwise all that the model took from them is written out.

    Parameters
    ----------
    model
        Read, changed, or built in Python. Comments and order of the file it was read from are kept.
    path
        A name that ends in ``.yaml``; without the ending it is the name of the model that is read from it, unless the
        model has another, which then stands in the file.

    Raises
    ------
    UsageError
        Another ending.
    FormatError
        The model holds something that no file can.
    OutputError
        The file cannot be written.
    """
    home = _yaml_path(path)
    document = model.to_dict()
    if model.id == home.stem:
        del document["id"]
    shipped = shipped_gradings().get(model.grading.id)
    if shipped == model.grading:
        document["grading"] = model.grading.id
    _write(model, home, document, lambda text: model_at(text, home, str(home)))


def check_exact(value: Case | Model | Grading) -> None:
    """Refuse a value that its text, read again, would not give: one that no document can hold.

    Raises
    ------
    FormatError
        The entry in which they differ is named.
    """
    if not value.unchanged:
        again = _read_again(value)
        if again != value:
            raise _not_exact(value, again)


def _read_again(value: Case | Model | Grading) -> Documented:
    if isinstance(value, Case):
        return parse_case(value.text, "")
    if isinstance(value, Model):
        return parse_model(value.text, "", grading_text="")
    return parse_grading(value.text, "")


def _yaml_path(path: str | os.PathLike[str]) -> Path:
    home = Path(path)
    if home.suffix != ".yaml":
        raise UsageError(f'"{home.name}" does not end in .yaml.', allowed="a name that ends in .yaml")
    return home


def _write[T: Documented](value: T, path: Path, document: Document, read: Callable[[str], T]) -> None:
    """The first text that reads as exactly this value."""
    error: InputError | None = None
    for text in _texts(value, document, read):
        try:
            again = read(text)
        except InputError as refused:
            error = refused
            continue
        if again == value:
            write_text(path, text)
            return
        error = _not_exact(value, again)
    assert error is not None
    raise error


def _texts[T: Documented](value: T, document: Document, read: Callable[[str], T]) -> Iterator[str]:
    """What may be written: the text as it was, the text with the entries that changed, the content alone."""
    if value.written is not None:
        own, _ = taken_apart(value.written.text, "")
        if value.unchanged:
            yield own
        changed = _changed(own, value.written.text, document, read)
        if changed:
            yield changed
    yield _fresh(document)


def _changed[T: Documented](own: str, whole: str, document: Document, read: Callable[[str], T]) -> str:
    """A text with only those entries written anew that differ; nothing where it cannot be read any more."""
    try:
        before = read(whole).to_dict()
    except InputError:
        return ""
    yaml = _yaml(_UNBROKEN)
    root = yaml.load(own)
    after = dict(document)
    if isinstance(after.get("grading"), str):  # by name: compared by that name alone
        before["grading"] = before["grading"]["id"]
    if "id" not in after:
        before.pop("id", None)
    _merge(root, before, after)
    return _dumped(yaml, root)


def _merge(node: Any, before: Document, after: Document) -> None:
    """Change in a block of the file what differs between two documents."""
    for key in before:
        if key not in after and key in node:
            del node[key]
    for key, value in after.items():
        if key in before and before[key] == value:
            continue
        there, old = node.get(key), before.get(key)
        if isinstance(there, dict) and isinstance(old, dict) and isinstance(value, dict) and _alike(there, old):
            _merge(there, old, value)
        elif isinstance(there, list) and isinstance(old, list) and len(there) == len(old) and _by_id([*old, *value]):
            _merge_entries(there, old, value)
        else:
            node[key] = _styled(value)


def _alike(node: Any, document: Document) -> bool:
    """Whether a block of the file says things as the document does, and not through a recipe."""
    return "recipe" not in node and set(node) <= set(document)


def _by_id(entries: list[Any]) -> bool:
    return all(isinstance(entry, dict) and "id" in entry for entry in entries)


def _merge_entries(node: Any, before: list[Document], after: list[Document]) -> None:
    """Change a list whose entries have ids: some taken out, some changed where they stand, new ones put in."""
    kept = [entry["id"] for entry in after]
    old = {entry["id"]: entry for entry in before}
    for position in reversed(range(len(before))):
        if before[position]["id"] not in kept:
            del node[position]
    standing = [entry["id"] for entry in before if entry["id"] in kept]
    for position, entry in enumerate(after):
        if position < len(standing) and standing[position] == entry["id"]:
            _merge(node[position], old[entry["id"]], entry)
        else:
            node.insert(position, _styled(entry))
            standing.insert(position, entry["id"])
    del node[len(after) :]


def _fresh(document: Document) -> str:
    """A document by itself."""
    return _dumped(_yaml(), _styled(document, top=True))


def _yaml(width: int = _WIDTH) -> Any:
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = width
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml


def _dumped(yaml: Any, root: Any) -> str:
    stream = io.StringIO()
    yaml.dump(root, stream)
    return stream.getvalue()


def _styled(value: Any, *, top: bool = False) -> Any:
    """Plain values as a person lays them out: short blocks and lists of plain values on one line."""
    from ruamel.yaml.comments import CommentedMap, CommentedSeq
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString

    if isinstance(value, dict):
        block = CommentedMap((key, _styled(entry)) for key, entry in value.items())
        if not top and _short(value):
            block.fa.set_flow_style()
        return block
    if isinstance(value, list):
        entries = CommentedSeq(_styled(entry) for entry in value)
        if _short(value) or not any(isinstance(entry, dict | list) for entry in value):
            entries.fa.set_flow_style()
        return entries
    if isinstance(value, str) and _DAY.fullmatch(value):
        return dt.date.fromisoformat(value)  # written without quotes
    if isinstance(value, str) and not value.isprintable():
        return DoubleQuotedScalarString(value)
    return value


def _short(value: Any) -> bool:
    entries = list(value.values()) if isinstance(value, dict) else value
    return len(str(value)) < _INLINE and not any(isinstance(entry, dict) for entry in entries)


def _not_exact(value: Documented, again: Documented) -> FormatError:
    at = _difference(value.to_dict(), again.to_dict(), ())
    kind = type(value).__name__.lower()
    return FormatError(
        f"{spell(at)}: the {kind} that is read again differs here from the one that was written.",
        at=at,
        allowed="values that a file can hold: texts without blanks at either end, numbers of the kind asked for",
    )


def _difference(one: Any, two: Any, at: Place) -> Place:
    """The path to the first entry in which two documents differ."""
    if isinstance(one, dict) and isinstance(two, dict):
        keys = [key for key in {**one, **two} if key not in one or key not in two or one[key] != two[key]]
        return _difference(one.get(keys[0]), two.get(keys[0]), (*at, keys[0])) if keys else at
    if isinstance(one, list) and isinstance(two, list) and len(one) == len(two):
        unlike = [position for position, pair in enumerate(zip(one, two, strict=True)) if pair[0] != pair[1]]
        return _difference(one[unlike[0]], two[unlike[0]], (*at, unlike[0])) if unlike else at
    return at
