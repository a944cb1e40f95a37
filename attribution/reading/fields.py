"""A node with its place: typed access, and errors that name file and line."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from attribution.domain.moments import Moment
from attribution.domain.recipe import Recipe
from attribution.errors import CaseError, FormatError, InputError, Path, did_you_mean, listed, spell
from attribution.reading.yaml_nodes import Listing, Mapping, Node, Scalar

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")


@dataclass(frozen=True, slots=True)
class Field:
    """A node of a document, the path to it, and the file it stands in; without a file errors name the path.

    `recipe` is what numbers and tables below it may name; `base` a document whose entries hold where this one has none.
    """

    node: Node
    path: Path
    file: str
    recipe: Recipe | None = field(default=None, repr=False)
    base: Field | None = field(default=None, repr=False)

    @property
    def line(self) -> int:
        return self.node.line

    def fail(self, what: str, allowed: str, hint: str = "") -> FormatError:
        return FormatError(what, at=self.path, allowed=allowed, hint=hint, file=self.file, line=self.line)

    def found(self) -> str:
        """The value as an error message shows it."""
        if isinstance(self.node, Scalar):
            return f'"{self.node.text[:80]}"'
        return "a list" if isinstance(self.node, Listing) else "a block"

    def text(self) -> str:
        """A text that is not empty."""
        if not isinstance(self.node, Scalar) or not self.node.text.strip():
            shown = "empty" if isinstance(self.node, Scalar) else self.found()
            raise self.fail(f"{spell(self.path)} is {shown}.", "a text")
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

    def flag(self) -> bool:
        return self.word("answers", ("yes", "no")) == "yes"

    def number(self) -> float:
        """A decimal number."""
        text = self.text()
        if not _NUMBER.fullmatch(text) or not math.isfinite(float(text)):
            hint = ""
            if text.endswith("%") and _NUMBER.fullmatch(text[:-1].strip()):
                hint = f"write {float(text[:-1]) / 100:g}"
            raise self.fail(
                f'{spell(self.path)} is "{text[:80]}", which is not a number.', "a number such as 0.35", hint
            )
        return float(text)

    def moment(self) -> Moment:
        """A day written as 2024-01-28, or a minute written as 2024-01-28T13:30."""
        text = self.text()
        try:
            return Moment.parse(text)
        except CaseError as error:
            raise self.fail(f"{spell(self.path)}: {error.what}", error.allowed) from None

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
            raise self.fail(f"{spell(self.path)} is {self.found()}.", "a block of `key: value`")
        own = {key.text: self._below(value, key.text) for key, value in self.node.entries}
        return {**self.base.entries(), **own} if self.base else own

    def _below(self, node: Node, step: str | int) -> Field:
        return Field(node, (*self.path, step), self.file, self.recipe)

    def key_line(self, key: str) -> int:
        """The line on which a key of this mapping stands."""
        if isinstance(self.node, Mapping):
            for name, _ in self.node.entries:
                if name.text == key:
                    return name.line
        return self.line

    def block(self, known: Iterable[str], required: Iterable[str] = ()) -> dict[str, Field]:
        """The values of a mapping whose keys are a closed vocabulary."""
        entries = self.entries()
        known = list(known)
        for key in entries:
            if key not in known:
                raise FormatError(
                    f'{spell(self.path)} has the key "{key[:80]}", which is not known here.',
                    at=(*self.path, key),
                    allowed=listed(sorted(known)) if len(known) < 13 else ", ".join(sorted(known)),
                    hint=did_you_mean(key, known),
                    file=entries[key].file,
                    line=self.home(key).key_line(key),
                )
        missing = [key for key in required if key not in entries]
        if missing:
            raise self.fail(
                f"{spell(self.path)} has no `{missing[0]}`.", f"`{missing[0]}:` is required", f"add `{missing[0]}: ...`"
            )
        return entries

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
        if not error.file:
            if error.at:
                home = root.home(error.at[0])
                error.located(home.file, line_of(home, error.at))
            else:
                error.at = (near or root).path
                error.located(root.file, (near or root).line)
        raise


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
