"""The assumptions of a tempo model: `attribution-tempo-model/1` files, each number with its reason."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from attribution.campaign.document import Precision
from attribution.domain.numbers import Number
from attribution.errors import UsageError
from attribution.reading.fields import Field, check_format
from attribution.reading.json_schema import Schema, block, either, file_schema, ref
from attribution.reading.quantities import quantity
from attribution.reading.schema import scalars
from attribution.reading.shipped import bundled
from attribution.reading.vocabulary import Keys
from attribution.reading.yaml_nodes import parse, read_text

ASSUMPTIONS_FORMAT = "attribution-tempo-model/1"
PARAMETERS = (
    "level", "slow_sd", "slow_length", "fast_sd", "fast_length", "burst", "fading", "onset", "lateness", "excess",
)  # fmt: skip
"""The uncertain numbers that each series has once, in the order of the kernel."""
NUMBERS: Keys = {
    "level": ("assumption", "rate at the middle of the log scale, as a multiple of the crude rate"),
    "slow_sd": ("assumption", "standard deviation of the slow process, on the log scale"),
    "slow_length": ("assumption", "its length, in days"),
    "fast_sd": ("assumption", "standard deviation of the fast process, on the log scale"),
    "fast_length": ("assumption", "its length, in days; longer where counts are coarser"),
    "burst": ("assumption", "D: the variance of a count is (1 + D) times its mean"),
    "fading": ("assumption", "days in which an effect that fades falls to 37 %"),
    "onset": ("assumption", "days in which an effect that lasts reaches 63 %"),
    "lateness": ("assumption", "usual number of attacks that an exact total lacks"),
    "excess": ("assumption", "usual number that it has too many"),
    "kind_ratio": ("assumption", "typical ratio of a kind of intervention"),
    "kind_spread": ("assumption", "standard deviation of log ratios within a kind"),
    "own_ratio": ("assumption", "ratio of one intervention, where nothing is learned from others"),
    "delay": ("assumption", "mean days until an attack is in the totals; a constant"),
    "about": ("assumption", "how many times as wrong a rounded total is; a constant"),
    "at_least": ("assumption", "how many times as late a lower bound is; a constant"),
}
MODEL: Keys = {
    "format": ("format", "version of this format"),
    "title": ("text", "what these assumptions are"),
    "numbers": ("numbers", "each with its reason"),
}
_CONSTANTS = ("delay", "about", "at_least")
_TIGHT = 0.25  # a lower bound is hardly ever too high: its excess, against that of an exact total


@dataclass(frozen=True, slots=True)
class Assumption:
    """An uncertain number and why it is what it is."""

    number: Number
    because: str


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What a tempo model takes as given before it sees a count."""

    id: str
    title: str
    numbers: tuple[tuple[str, Assumption], ...]
    text: str = ""

    def __getitem__(self, name: str) -> Assumption:
        return dict(self.numbers)[name]

    def errors(self, precision: Precision) -> tuple[float, float]:
        """How many times as late, and as excessive, a total of this precision is as an exact one."""
        about, at_least = self["about"].number.best, self["at_least"].number.best
        return {"exact": (1.0, 1.0), "about": (about, about), "at-least": (at_least, _TIGHT)}[precision]


def read_assumptions(name: str | os.PathLike[str] = "standard") -> Assumptions:
    """Assumptions by a shipped name, or from a path: anything with a ``/`` or ending in ``.yaml``.

    Raises
    ------
    UsageError
        No such shipped file.
    FormatError, ModelError
        With file and line.
    """
    text = os.fspath(name)
    if "/" in text or os.sep in text or text.endswith((".yaml", ".yml")):
        return parse_assumptions(read_text(Path(text)), text, Path(text).stem)
    home = bundled("models") / "tempo"
    known = sorted(path.stem for path in home.glob("*.yaml"))
    if text not in known:
        raise UsageError.unknown("shipped assumptions", text, known, at=("assumptions",))
    return parse_assumptions(read_text(home / f"{text}.yaml"), f"models/tempo/{text}.yaml", text)


def parse_assumptions(text: str, file: str = "assumptions.yaml", id: str = "assumptions") -> Assumptions:
    """Assumptions from the text of a file.

    Raises
    ------
    FormatError, ModelError
        With file and line.
    """
    root = Field(parse(text, file), (), file)
    check_format(root, ASSUMPTIONS_FORMAT)
    known = root.block(MODEL, ("title", "numbers"))
    numbers = known["numbers"].block(NUMBERS, NUMBERS)
    read = []
    for name in NUMBERS:
        entry = numbers[name].block(("value", "because"), ("value", "because"))
        number = quantity(entry["value"], "ratio")
        if number.constant != (name in _CONSTANTS):
            form = "one number, such as 1.5" if name in _CONSTANTS else "[low, best, high]"
            raise entry["value"].fail(f"{name} is {number}.", form)
        read.append((name, Assumption(number, entry["because"].text())))
    return Assumptions(id=id, title=known["title"].text(), numbers=tuple(read), text=text)


def assumptions_schema() -> Schema:
    """The schema (draft 2020-12) of ``attribution-tempo-model/1`` files."""
    number = {"type": "number", "exclusiveMinimum": 0}
    triple = {"type": "array", "items": number, "minItems": 3, "maxItems": 3}
    shapes = scalars() | {
        "value": either(number, triple),
        "assumption": block({"value": ("value", "its value"), "because": ("text", "why")}, ("value", "because")),
        "numbers": block(NUMBERS, tuple(NUMBERS)),
    }
    shapes["assumption"]["properties"]["value"] = ref("value")
    return file_schema(ASSUMPTIONS_FORMAT, "tempo model", MODEL, tuple(MODEL), shapes)
