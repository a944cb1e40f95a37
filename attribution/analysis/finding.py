"""What all findings share: a title, an honest paragraph, the method, a table, their doubts, a figure, plain JSON."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from html import escape
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np

from attribution.domain.verbal import unsigned_nought
from attribution.inference.draws import khat_threshold

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_ROWS_SHOWN = 12


@runtime_checkable
class Finding(Protocol):
    """The frozen result of one analysis.

    Printed, it is its summary and its method. The report, the terminal, Markdown and JSON lay it out alike
    (`attribution.reporting.layout`).

    Attributes
    ----------
    title
        The question it answers, as a heading.
    summary
        What came out, in a short paragraph: sizes, errors and units, but not how it was computed.
    method
        What was perturbed, and how it was computed.
    """

    __slots__ = ()

    @property
    def title(self) -> str: ...

    @property
    def summary(self) -> str: ...

    @property
    def method(self) -> str: ...

    def to_frame(self) -> pd.DataFrame:
        """The whole table behind it."""
        ...

    def unreliable(self) -> tuple[str, ...]:
        """What in it the draws cannot carry, one sentence each; empty where all can be relied on."""
        ...

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw it onto an Axes, or onto a new figure where none is given.

        Raises
        ------
        UsageError
            matplotlib is not installed.
        """
        ...

    def __str__(self) -> str:
        return " ".join(part for part in (self.summary, self.method) if part)

    def _repr_html_(self) -> str:
        """What a notebook shows: the question, the answer, the first rows of its table, how it was computed."""
        doubts = "".join(f"<li>{escape(doubt)}</li>" for doubt in self.unreliable())
        table = self.to_frame().to_html(max_rows=_ROWS_SHOWN, float_format="{:.4g}".format, border=0)
        return (
            f"<h4>{escape(self.title)}</h4><p>{escape(self.summary)}</p>{table}<p><small>{escape(self.method)}</small></p>"
            + (f"<p>Not to be relied on:</p><ul>{doubts}</ul>" if doubts else "")
        )


class _Reweighed(Protocol):
    @property
    def khat(self) -> float | None: ...


def beyond_reach(parts: Iterable[tuple[str, _Reweighed]], draws: int) -> tuple[str, ...]:
    """A sentence for every part that the draws do not reach and that was not fitted again.

    Parameters
    ----------
    parts
        What each part is, and the part: with a `khat`, and perhaps with the mark `refitted`.
    draws
        How many draws were reweighted; they set the threshold of k-hat.
    """
    limit = khat_threshold(draws)
    return tuple(
        f"{what}: k-hat is {part.khat:.2f}, above its threshold of {limit:.2f}."
        for what, part in parts
        if part.khat is not None and part.khat > limit and not getattr(part, "refitted", False)
    )


def as_json(finding: object) -> dict[str, Any]:
    """A frozen finding as plain JSON: fields by name, tuples as lists, numbers that JSON cannot write as null.

    Fields whose metadata say ``json: False`` are left out: tables too large for a page, which `to_frame` gives.
    """
    found = plain(finding)
    assert isinstance(found, dict), "a finding is a dataclass"
    return found


def plain(value: Any) -> Any:
    """Any value of a finding as JSON holds it."""
    if is_dataclass(value) and not isinstance(value, type):
        kept = (one for one in fields(value) if one.metadata.get("json", True))
        return {one.name: plain(getattr(value, one.name)) for one in kept}
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | frozenset):
        return [plain(inner) for inner in value]
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, float):
        return unsigned_nought(value) if math.isfinite(value) else None
    return value
