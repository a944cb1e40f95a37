"""A node with its place: typed access, and errors that name file and line."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial

from attribution.domain.moments import Moment
from attribution.domain.recipe import Recipe
from attribution.errors import CaseError, FormatError, InputError, Path, Problems, did_you_mean, listed, spell
from attribution.reading.vocabulary import EXAMPLES
from attribution.reading.yaml_nodes import Listing, Mapping, Node, Scalar

_SOME_DAY = Moment.parse("2000-01-01")  # goes on in place of a date that cannot be read; never leaves the reader
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")


@dataclass(frozen=True, slots=True)
class Field:
    """A node of a document, the path to it, and the file it stands in; without a file errors name the path.

    `recipe` is what numbers and tables below it may name; `base` a document whose entries hold where this one has none.
    With `problems` errors are gathered: what can be read is read, and the reader of the document raises them together.
    """

    node: Node
    path: Path
    file: str
    recipe: Recipe | None = field(default=None, repr=False)
    base: Field | None = field(default=None, repr=False)
    problems: Problems | None = field(default=None, repr=False, compare=False)

    @property
    def line(self) -> int:
        return self.node.line

    def fail(self, what: str, allowed: str, hint: str = "") -> FormatError:
        return FormatError(what, at=self.path, allowed=allowed, hint=hint, file=self.file, line=self.line)

    def tell[T](self, error: InputError, instead: T) -> T:
        """Raise an error; where errors are gathered, go on with something of the right kind instead."""
        if self.problems is None:
            raise error
        self.problems.note(error)
        return instead

    def attempt[T](self, build: Callable[[], T], name: str = "") -> T | None:
        """What is built; where errors are gathered, nothing if that fails."""
        return build() if self.problems is None else self.problems.attempt(build, name)

    def found(self) -> str:
        """The value as an error message shows it."""
        if isinstance(self.node, Scalar):
            return f'"{self.node.text[:80]}"'
        return "a list" if isinstance(self.node, Listing) else "a block"

    def text(self) -> str:
        """A text that is not empty."""
        if not isinstance(self.node, Scalar) or not self.node.text.strip():
            shown = "empty" if isinstance(self.node, Scalar) else self.found()
            if self.problems is not None:
                self.problems.lost.add("")  # whoever looks for that name makes no further mistake
            return self.tell(self.fail(f"{spell(self.path)} is {shown}.", "a text"), "")
        return self.node.text.strip()

    def word(self, kind: str, known: Iterable[str]) -> str:
        """A word of a closed vocabulary."""
        text = self.text()
        known = list(known)
        if text not in known:
            raise self.fail(
                f'{spell(self.path)} is "{text[:80]}", which is not among the {kind}.',
                listed(known),
                did_you_mean(text, known),
            )
        return text

    def choice(self, kind: str, known: Iterable[str]) -> str:
        """A word of a closed vocabulary on which nothing else depends: where errors are gathered, the first instead."""
        known = list(known)
        try:
            return self.word(kind, known)
        except FormatError as error:
            return self.tell(error, known[0])

    def flag(self) -> bool:
        return self.choice("answers", ("yes", "no")) == "yes"

    def number(self) -> float:
        """A decimal number."""
        text = self.text()
        if not _NUMBER.fullmatch(text) or not math.isfinite(float(text)):
            hint = ""
            if text.endswith("%") and _NUMBER.fullmatch(text[:-1].strip()):
                hint = f"write {float(text[:-1]) / 100:g}"
            error = self.fail(
                f'{spell(self.path)} is "{text[:80]}", which is not a number.', "a number such as 0.35", hint
            )
            return self.tell(error, math.nan)
        return float(text)

    def moment(self) -> Moment:
        """A day written as 2024-01-28, or a minute written as 2024-01-28T13:30."""
        text = self.text()
        try:
            return Moment.parse(text)
        except CaseError as error:
            return self.tell(self.fail(f"{spell(self.path)}: {error.what}", error.allowed), _SOME_DAY)

    def items(self) -> list[Field]:
        """The entries of a list."""
        if not isinstance(self.node, Listing):
            raise self.fail(f"{spell(self.path)} is {self.found()}.", "a list: [one, two]")
        return [self._below(item, position) for position, item in enumerate(self.node.items)]

    def one_or_more(self) -> list[Field]:
        """The entries of a list, or the one thing that stands there."""
        return self.items() if isinstance(self.node, Listing) else [self]

    def entries(self) -> dict[str, Field]:
        """The values of a mapping by key, in order; an empty value counts as an empty mapping."""
        if isinstance(self.node, Scalar) and not self.node.text:
            return {}
        if not isinstance(self.node, Mapping):
            address = isinstance(self.node, Scalar) and self.node.text.startswith(("http://", "https://"))
            hint = f"write {{url: {self.found()}, title: {EXAMPLES['title']}}}" if address else ""
            raise self.fail(f"{spell(self.path)} is {self.found()}.", "a block of `key: value`", hint)
        own = {key.text: self._below(value, key.text) for key, value in self.node.entries}
        return {**self.base.entries(), **own} if self.base else own

    def _below(self, node: Node, step: str | int) -> Field:
        return Field(node, (*self.path, step), self.file, self.recipe, problems=self.problems)

    def key_line(self, key: str) -> int:
        """The line on which a key of this mapping stands."""
        if isinstance(self.node, Mapping):
            for name, _ in self.node.entries:
                if name.text == key:
                    return name.line
        return self.line

    def block(self, known: Iterable[str], required: Iterable[str] = ()) -> dict[str, Field]:
        """The values of a mapping whose keys are a closed vocabulary."""
        entries = self.part(known, required)
        missing = [key for key in required if key not in entries]
        if missing:
            raise self._lacking(missing[0])
        return entries

    def part(self, known: Iterable[str], required: Iterable[str] = ()) -> dict[str, Field]:
        """Those values of such a mapping that are there: keys that are unknown or missing are told, and no more."""
        entries, known = self.entries(), list(known)
        unknown = [key for key in entries if key not in known]
        for key in unknown:
            error = FormatError(
                f'{spell(self.path)} has the key "{key[:80]}", which is not known here.',
                at=(*self.path, key),
                allowed=listed(sorted(known)) if len(known) < 13 else ", ".join(sorted(known)),
                hint=did_you_mean(key, known) or self._cut_by_comma(key),
                file=entries[key].file,
                line=self.home(key).key_line(key),
            )
            self.tell(error, None)
        near = [did_you_mean(key, known) for key in unknown]
        for key in required:
            if key not in entries and not any(f'"{key}"' in meant for meant in near):
                self.tell(self._lacking(key), None)
        return entries

    def _cut_by_comma(self, key: str) -> str:
        """The way out where a key without a value is the rest of a text within { }, which its comma has cut."""
        pieces: list[str] = []
        owner = ""
        for name, value in self.node.entries if isinstance(self.node, Mapping) and self.node.flow else ():
            if not isinstance(value, Scalar):
                pieces, owner = [], ""
            elif value.text:
                if key in pieces:
                    break
                pieces, owner = [value.text], name.text
            elif owner:
                pieces.append(name.text)
        if key not in pieces[1:]:
            return ""
        text = ", ".join(pieces).replace('"', "'")
        return f'within {{ }} a comma ends a text; if this belongs to it, quote the whole: {owner}: "{text[:160]}"'

    def _lacking(self, key: str) -> FormatError:
        example = EXAMPLES.get(key, "...")
        return self.fail(f"{spell(self.path)} has no `{key}`.", f"`{key}:` is required", f"add `{key}: {example}`")

    def home(self, key: str | int) -> Field:
        """The document in which a key stands: this one, or the one it is based on."""
        own = {name.text for name, _ in self.node.entries} if isinstance(self.node, Mapping) else set()
        return self.base if self.base and key not in own and key in self.base.entries() else self

    def needed_recipe(self) -> Recipe:
        """The recipe of the model, for a block that names one of its entries."""
        if self.recipe is None:
            raise self.fail(
                f"{spell(self.path)} names an entry of a recipe, but the model has none.",
                "a model with a `recipe:`",
                "add `recipe: standard` at the top of the model",
            )
        return self.recipe

    def is_mapping(self) -> bool:
        return isinstance(self.node, Mapping)

    def is_list(self) -> bool:
        return isinstance(self.node, Listing)


def line_of(root: Field, at: Path) -> int:
    """The line of a path in a document: of the longest part of it that exists."""
    here, line = root.node, root.line
    for step in at:
        if isinstance(here, Mapping):
            if step == 0:  # a single row written without a list
                continue
            for key, value in here.entries:
                if key.text == step:
                    here, line = value, key.line
                    break
            else:
                return line
        elif isinstance(here, Listing) and isinstance(step, int) and step < len(here.items):
            here = here.items[step]
            line = here.line
        else:
            return line
    return here.line if isinstance(here, Scalar) else line


@contextmanager
def located(root: Field, near: Field | None = None) -> Iterator[None]:
    """Give errors of the domain a file and a line: those of the path they name, else of the block being built."""
    try:
        yield
    except InputError as error:
        for each in error.each:
            if each.file:
                continue
            if each.at:
                home = root.home(each.at[0])
                each.located(home.file, line_of(home, each.at))
            else:
                each.at = (near or root).path
                each.located(root.file, (near or root).line)
        raise


def gathered(root: Field) -> tuple[Field, Problems]:
    """The root of a document whose errors are gathered, and what gathers them."""
    problems = Problems()
    base = replace(root.base, problems=problems) if root.base else None
    return replace(root, problems=problems, base=base), problems


def every[T](fields: Iterable[Field], build: Callable[[Field], T]) -> tuple[T, ...]:
    """What each field becomes; where errors are gathered, without those that become nothing."""
    built = [field.attempt(partial(build, field)) for field in fields]
    return tuple(value for value in built if value is not None)


def declared[T](entries: Iterable[tuple[str, Field]], build: Callable[[Field, str], T | None]) -> list[T]:
    """What each entry becomes under its name; whoever names one that becomes nothing makes no mistake."""
    built = [field.attempt(partial(build, field, name), name) for name, field in entries]
    return [value for value in built if value is not None]


def check_format(root: Field, known: str) -> None:
    """Refuse a file that is something else, or of another version."""
    version = root.entries().get("format")
    if version is None:
        raise root.fail("the file has no `format`.", known, f"begin it with `format: {known}`")
    text = version.text()
    if text != known:
        name = known.partition("/")[0]
        hint = "update this program, or write the older format" if text.startswith(f"{name}/") else ""
        raise version.fail(f'the format is "{text[:80]}", which is not known here.', known, hint)


def entries_of(block: dict[str, Field], key: str) -> list[tuple[str, Field]]:
    """The entries of an optional mapping, in order."""
    return list(block[key].entries().items()) if key in block else []


def text_of(block: dict[str, Field], key: str) -> str:
    """An optional text."""
    return block[key].text() if key in block else ""
