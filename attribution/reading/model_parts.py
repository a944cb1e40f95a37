"""A model file, the model it extends, its recipe and its history: one document to read, one text that stands alone."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from attribution.domain.model import History
from attribution.reading.case_file import check_format
from attribution.reading.fields import Field
from attribution.reading.history_file import parse_history
from attribution.reading.recipe_file import parse_recipe
from attribution.reading.vocabulary import MODEL_FORMAT
from attribution.reading.yaml_nodes import Mapping, parse

_ITS_OWN = ("format", "title", "summary", "extends")  # what a model never takes from the one it extends
_SEAM = re.compile(r"^--- # (extends|recipe|archive): ([^\n]*)\n", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Part:
    """A text that a model needs beside its own, the name it goes by, and its file for errors."""

    id: str
    text: str
    file: str


def joined(text: str, base: Part | None, recipe: Part | None, history: Part | None = None) -> str:
    """The text of a model with those it needs as further documents, so that it can be read alone."""
    for kind, part in (("extends", base), ("recipe", recipe), ("archive", history)):
        if part:
            end = "" if text.endswith("\n") else "\n"
            text = f"{text}{end}--- # {kind}: {part.id}\n{part.text}"
    return text


def _taken_apart(text: str, file: str) -> tuple[str, dict[str, Part]]:
    """What `joined` put together."""
    own, *brought = _SEAM.split(text)
    named = zip(brought[::3], brought[1::3], brought[2::3], strict=True)
    return own, {kind: Part(id, part, f"{file} ({kind} {id})") for kind, id, part in named}


def based(text: str, file: str, base: Part | None = None) -> Field:
    """The document of a model file over that of the model it extends: its own top-level blocks hold.

    Raises
    ------
    FormatError
        The model it extends is not there, extends another, or is no model.
    """
    own, brought = _taken_apart(text, file)
    root = Field(parse(own, file), (), file)
    check_format(root, MODEL_FORMAT)
    named = root.entries().get("extends")
    if named is None:
        return root
    root.block(root.entries(), ("title",))
    part = base or brought.get("extends")
    if part is None:
        raise named.fail(
            f'the model "{named.text()[:80]}", which this one extends, is not at hand.', "a model beside this one"
        )
    below = Field(parse(part.text, part.file), (), part.file)
    check_format(below, MODEL_FORMAT)
    if "extends" in below.entries():
        raise named.fail(
            f'"{named.text()}" itself extends a model.', "a model that stands by itself", "extend that one instead"
        )
    return replace(root, base=_inherited(below))


def model_root(text: str, file: str, base: Part | None = None, recipe: Part | None = None) -> Field:
    """The document of a model, with what it extends below it and its recipe at hand; formats checked.

    Raises
    ------
    FormatError, ModelError
        Anything that is missing, or of another format, with file and line.
    """
    root = based(text, file, base)
    named = root.entries().get("recipe")
    if named is None:
        return root
    part = recipe or _taken_apart(text, file)[1].get("recipe")
    if part is None:
        raise named.fail(
            f'the recipe "{named.text()[:80]}" is not at hand.', "a shipped recipe, or a file beside the model"
        )
    found = parse_recipe(part.text, part.file, part.id)
    return replace(root, recipe=found, base=replace(root.base, recipe=found) if root.base else None)


def history_of(root: Field, text: str, part: Part | None = None) -> History | None:
    """The prior from past events that the document of a model names, if it names one.

    Raises
    ------
    FormatError, ModelError
        It is missing, or cannot be used, with file and line.
    """
    prior = root.entries().get("perpetrator")
    named = prior.entries().get("archive") if prior and prior.is_mapping() else None
    if named is None:
        return None
    found = part or _taken_apart(text, root.file)[1].get("archive")
    if found is None:
        raise named.fail(
            f'the prior "{named.text()[:80]}" is not at hand.',
            "a file in the folder `priors` beside the model",
            "`attribution archive prior CASE EVENTS` writes one",
        )
    return parse_history(found.text, found.file, found.id)


def _inherited(below: Field) -> Field:
    assert isinstance(below.node, Mapping)
    kept = tuple((key, value) for key, value in below.node.entries if key.text not in _ITS_OWN)
    return replace(below, node=Mapping(kept, below.node.line))
