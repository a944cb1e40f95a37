"""Cases and models onto files that read as exactly them.

A file that was read keeps its comments, its order and every line of what has not changed: only entries that differ are
written anew, in the places that they have in the text. What is written is read again first; where that gives something
else, as when a model that extends another moves to another folder, the whole content is written out (ruamel.yaml), and
if that cannot be read as the same either, nothing is written.
"""

from __future__ import annotations

import datetime as dt
import io
import os
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from attribution.atomic import write_text
from attribution.domain.case import Case
from attribution.domain.document import Document, Documented, canonical
from attribution.domain.grades import Grading
from attribution.domain.model import Model
from attribution.errors import FormatError, InputError, UsageError, spell
from attribution.errors import Path as Place
from attribution.reading.case_file import parse_case
from attribution.reading.model_file import parse_grading, parse_model
from attribution.reading.model_parts import taken_apart
from attribution.reading.shipped import model_at, shipped_gradings

_WIDTH = 120
_INLINE = 100  # letters: a block of plain values that is shorter stands on one line
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*( [A-Za-z0-9_-]+)*")
_DAY = re.compile(r"\d{4}-(0[1-9]|1[0-2])-([0-2][0-9]|3[01])")


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

    Examples
    --------
    >>> at.write_case(case.with_grade("halt", "B3"), "case.yaml")
    >>> str(at.read_case("./case.yaml").evidence["halt"].grade)
    'B3'
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

    Examples
    --------
    >>> at.write_model(model.with_({"perpetrator.other": [0.05, 0.1, 0.2]}), "open.yaml")
    >>> at.read_model("open.yaml").perpetrator.other.best
    0.1
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
        yield from _changed(own, value.written.text, document, read)
    yield _fresh(document)


def _changed[T: Documented](own: str, whole: str, document: Document, read: Callable[[str], T]) -> Iterator[str]:
    """A text with only that written anew which differs, then with the whole top-level entries around it.

    The reason of a block may be made of those of recipe entries inside it, so that a part cannot be changed alone.
    """
    import yaml

    try:
        before = read(whole).to_dict()
    except InputError:
        return
    after = dict(document)
    if isinstance(after.get("grading"), str):  # by name: compared by that name alone
        before["grading"] = before["grading"]["id"]
    if "id" not in after:
        before.pop("id", None)
    for whole_entries in (False, True):
        patch = _Patch(own, whole_entries)
        patch.block(yaml.compose(own, yaml.SafeLoader), before, after)
        yield patch.applied()


class _Patch:
    """Edits of a text, entry by entry, between the places that its YAML nodes take up; all else stays as it is."""

    def __init__(self, text: str, whole_entries: bool) -> None:
        self.whole_entries = whole_entries
        self.text = text if text.endswith("\n") else text + "\n"
        self.edits: list[tuple[int, int, str]] = []  # from, to, and what stands there instead

    def applied(self) -> str:
        text = self.text
        in_turn = sorted(enumerate(self.edits), key=lambda edit: (*edit[1][:2], edit[0]), reverse=True)
        for _, (start, end, new) in in_turn:
            text = text[:start] + new + text[end:]
        return text

    def block(self, node: Any, before: Document, after: Document) -> None:
        """Change the entries of a mapping that differ, take out those that are gone, add new ones at its end."""
        entries = {key.value: (key, value) for key, value in node.value}
        for name in before:
            if name not in after and name in entries:
                self.edits.append((self.line_start(entries[name][0]), self.line_end(entries[name][1]), ""))
        new = {}
        for name, value in after.items():
            if name in before and before[name] == value:
                continue
            if name in entries:
                self.entry(node, entries[name], before.get(name), value)
            else:
                new[name] = value
        if new:
            key, last = node.value[-1]
            self.insert(self.line_end(last), key.start_mark.column, _fresh(new))

    def entry(self, node: Any, pair: tuple[Any, Any], before: Any, after: Any) -> None:
        key, value = pair
        if self.within(value, before, after):
            self.block(value, before, after)
        elif self.whole_entries:
            self.edits.append((key.start_mark.index, self.end(value), _fresh({key.value: after}).strip()))
        elif value.id == "sequence" and not value.flow_style and _by_id(before) and _by_id(after) and before and after:
            self.entries(value, before, after)
        elif node.flow_style:
            self.edits.append((value.start_mark.index, value.end_mark.index, _flow(after)))
        else:
            column = key.start_mark.column
            text = _indented(_fresh({key.value: after}), column).strip()
            self.edits.append((key.start_mark.index, self.end(value), text))

    def within(self, value: Any, before: Any, after: Any) -> bool:
        """Whether a block can be changed entry by entry: it says things as the document does, not through a recipe."""
        if (
            self.whole_entries
            or value.id != "mapping"
            or not isinstance(before, dict)
            or not isinstance(after, dict)
            or not value.value
        ):
            return False
        names = [key.value for key, _ in value.value]
        if "recipe" in names or not set(names) <= set(before):
            return False
        if value.flow_style:
            return set(before) == set(after) == set(names)
        return names[0] in after  # the first may stand behind a hyphen

    def entries(self, node: Any, before: list[Document], after: list[Document]) -> None:
        """Change a list whose entries have ids: some taken out, some changed where they stand, new ones put in."""
        kept, old = [entry["id"] for entry in after], {entry["id"]: entry for entry in before}
        nodes = {entry["id"]: item for entry, item in zip(before, node.value, strict=True)}
        column = node.start_mark.column
        place = self.line_start(node.value[0])
        for entry in before:
            if entry["id"] not in kept:
                self.edits.append((self.line_start(nodes[entry["id"]]), self.line_end(nodes[entry["id"]]), ""))
        for entry in after:
            item = nodes.get(entry["id"])
            if item is None:
                self.insert(place, column, _fresh_entry(entry))
                continue
            place = self.line_end(item)
            if self.within(item, old[entry["id"]], entry):
                self.block(item, old[entry["id"]], entry)
            elif old[entry["id"]] != entry:
                text = _indented(_fresh_entry(entry), column).strip().removeprefix("- ")
                self.edits.append((item.start_mark.index, self.end(item), text))

    def insert(self, place: int, column: int, text: str) -> None:
        self.edits.append((place, place, _indented(text, column)))

    def end(self, node: Any) -> int:
        """Where the last letter of a node stands; its own mark may lie behind the comments that follow."""
        if node.id == "scalar":
            end: int = node.end_mark.index
            return len(self.text[:end].rstrip()) if node.style in ("|", ">") else end
        if node.flow_style or not node.value:
            return int(node.end_mark.index)
        last = node.value[-1]
        return self.end(last[1] if node.id == "mapping" else last)

    def line_start(self, node: Any) -> int:
        return self.text.rfind("\n", 0, node.start_mark.index) + 1

    def line_end(self, node: Any) -> int:
        return self.text.index("\n", self.end(node)) + 1


def _by_id(entries: Any) -> bool:
    return isinstance(entries, list) and all(isinstance(entry, dict) and "id" in entry for entry in entries)


def _indented(text: str, column: int) -> str:
    return "".join(f"{' ' * column}{line}" if line.strip() else line for line in text.splitlines(keepends=True))


def _fresh_entry(entry: Document) -> str:
    """An entry of a list, with its hyphen."""
    lines = _fresh({"entry": [entry]}).splitlines(keepends=True)[1:]
    return "".join(line[2:] for line in lines)


def _flow(value: Any) -> str:
    """A value on one line, for a place inside brackets."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_flow(key)}: {_flow(entry)}' for key, entry in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_flow, value))}]"
    return value if isinstance(value, str) and _WORD.fullmatch(value) else canonical(value).strip()


def _fresh(document: Document) -> str:
    """A document by itself."""
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.width = _WIDTH
    yaml.indent(mapping=2, sequence=4, offset=2)
    stream = io.StringIO()
    yaml.dump(_styled(document, top=True), stream)
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
        with suppress(ValueError):
            return dt.date.fromisoformat(value)  # which is written without quotes
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
