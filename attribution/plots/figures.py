"""What figures are drawn from: labelled rows of numbers. A finding says what its rows are; nothing here is computed.

Every figure has one row per thing, names at the left and one axis below, but for `lines`, where something moves along
both. Each takes an Axes or makes one, and returns it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from attribution.plots import style
from attribution.plots.style import Role

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SHAPES = ("o", "s", "D", "^", "v", "P", "X", "*")
_INKS = (style.LEAD, style.RIVAL, style.REST, style.INK)
_DASHES: dict[Role, str] = {"lead": "-", "rival": "--", "rest": ":"}
_FEWEST_ROWS = 2


@dataclass(frozen=True, slots=True)
class Scale:
    """The axis that values stand on.

    Attributes
    ----------
    label
        What is measured, with its unit.
    kind
        `share` runs from 0 to 1 and is ticked in percent, `near` is a share too but shows only where values are;
        `decibans` has a line at zero; `plain` is as it comes.
    ticks
        Values that have a name, where they are no numbers to a reader.
    """

    label: str
    kind: Literal["share", "near", "decibans", "plain"] = "plain"
    ticks: tuple[tuple[float, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Key:
    """A line of the legend: a mark, filled or open, or a bar, and what it stands for."""

    text: str
    role: Role = "lead"
    shape: Literal["mark", "open", "square", "bar"] = "mark"


@dataclass(frozen=True, slots=True)
class BarRow:
    """A bar from zero; `ends` is a whisker, `square` a second value, `remark` stands beside it."""

    label: str
    value: float
    role: Role = "lead"
    ends: tuple[float, float] | None = None
    square: float | None = None
    remark: str = ""


@dataclass(frozen=True, slots=True)
class DotRow:
    """A filled mark; `before` is an open one, `line` runs from one value to another, `remark` stands at the right."""

    label: str
    value: float
    role: Role = "lead"
    before: float | None = None
    line: tuple[float, float] | None = None
    remark: str = ""


@dataclass(frozen=True, slots=True)
class BandRow:
    """Intervals around a value, the widest last, each drawn paler; `remark` stands at the right."""

    label: str
    intervals: tuple[tuple[float, float], ...]
    value: float | None = None
    role: Role = "lead"
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Series:
    """Values by row under one name; a mark of a shape of its own."""

    label: str
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """Something that moves: `y` at each `x`, where `steps` says that it stays until the next. No label, no legend."""

    label: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    role: Role = "lead"
    steps: bool = False


def bars(
    rows: Sequence[BarRow], scale: Scale, *, title: str, note: str, keys: Sequence[Key] = (), ax: Axes | None = None
) -> Axes:
    """A bar per row, from zero."""
    ax = style.stage(ax, rows=max(len(rows), _FEWEST_ROWS))
    for at, row in enumerate(rows):
        ink, hatch = style.COLOURS[row.role], style.HATCHES[row.role]
        ax.barh(at, row.value, height=0.5, color=ink, hatch=hatch, edgecolor=style.PAPER, linewidth=0)
        if row.ends is not None:
            ax.plot(row.ends, [at, at], color=style.INK, linewidth=1.0)
        if row.square is not None:
            ax.plot(row.square, at, "s", color=style.PAPER, markeredgecolor=style.INK, markersize=5)
        if row.remark:
            end = max(row.value, 0.0, *(row.ends or ()))
            style.beside(ax, end, at, row.remark)
    _finished(ax, [row.label for row in rows], scale, keys)
    return style.framed(ax, title=title, note=note)


def dots(
    rows: Sequence[DotRow],
    scale: Scale,
    *,
    title: str,
    note: str,
    keys: Sequence[Key] = (),
    joined: bool = False,
    ax: Axes | None = None,
) -> Axes:
    """A mark per row; `joined` ties them from top to bottom, where one follows from another."""
    ax = style.stage(ax, rows=max(len(rows), _FEWEST_ROWS))
    if joined:
        ax.plot([row.value for row in rows], range(len(rows)), color=style.LEAD, linewidth=1.2)
    for at, row in enumerate(rows):
        ink, marker = style.COLOURS[row.role], style.MARKERS[row.role]
        if row.line is not None:
            ax.plot(row.line, [at, at], color=ink, linewidth=1.6, alpha=0.75)
        if row.before is not None:
            ax.plot(row.before, at, marker, color=style.PAPER, markeredgecolor=ink)
        ax.plot(row.value, at, marker, color=ink)
        if row.remark:
            ends = (row.value, *(row.line or ()), *(() if row.before is None else (row.before,)))
            style.beside(ax, max(ends), at, row.remark)
    _finished(ax, [row.label for row in rows], scale, keys)
    return style.framed(ax, title=title, note=note)


def bands(
    rows: Sequence[BandRow],
    scale: Scale,
    *,
    title: str,
    note: str,
    names: Sequence[str] = (),
    ax: Axes | None = None,
) -> Axes:
    """Nested intervals per row; `names` are those of the intervals, in the order of each row."""
    ax = style.stage(ax, rows=max(len(rows), _FEWEST_ROWS))
    for at, row in enumerate(rows):
        ink, count = style.COLOURS[row.role], len(row.intervals)
        for place, (low, high) in reversed(list(enumerate(row.intervals))):
            name = names[place] if at == 0 and names else None
            depth = 0.15 * (count - place)
            thick = 0.28 + 0.12 * place
            ax.barh(at, high - low, left=low, height=thick, color=ink, alpha=0.15 + depth, linewidth=0, label=name)
        if row.value is not None:
            marker = style.MARKERS[row.role]
            name = "posterior" if at == 0 else None
            ax.plot(row.value, at, marker, color=ink, markeredgecolor=style.PAPER, label=name)
        else:
            ax.plot(row.intervals[0], [at, at], "|", color=ink, markersize=9)
        if row.remark:
            style.margin(ax, at, row.remark)
    _finished(ax, [row.label for row in rows], scale, ())
    return style.framed(ax, title=title, note=note)


def series(
    labels: Sequence[str],
    drawn: Sequence[Series],
    scale: Scale,
    *,
    title: str,
    note: str,
    ax: Axes | None = None,
) -> Axes:
    """Several values per row, each series with a mark of its own shape; the first is filled."""
    ax = style.stage(ax, rows=max(len(labels), _FEWEST_ROWS))
    for place, one in enumerate(drawn):
        ax.plot(
            one.values,
            range(len(labels)),
            _SHAPES[place % len(_SHAPES)],
            color=_INKS[place % len(_INKS)],
            markersize=7,
            fillstyle="none" if place else "full",
            label=style.plain(one.label),
        )
    _finished(ax, labels, scale, ())
    return style.framed(ax, title=title, note=note)


def lines(
    drawn: Sequence[Line],
    across: Scale,
    up: Scale,
    *,
    title: str,
    note: str,
    turns: Sequence[tuple[float, str, Role]] = (),
    ax: Axes | None = None,
) -> Axes:
    """Lines across both axes; `turns` are upright lines with a word at each."""
    ax = style.stage(ax, rows=10)
    for one in drawn:
        kind = "steps-post" if one.steps else "default"
        ink, width = style.COLOURS[one.role], 1.1 if one.role == "rest" else 1.8
        label = style.plain(one.label) or None
        ax.plot(one.x, one.y, _DASHES[one.role], drawstyle=kind, color=ink, linewidth=width, label=label)
    for place, (at, word, role) in enumerate(turns):
        ax.axvline(at, color=style.COLOURS[role], linewidth=0.8)
        style.beside_line(ax, at, 0.5 - 0.07 * (place % 5), word)
    style.scaled(ax, across.label, across.kind, across.ticks)
    style.upright(ax, up.label, share=up.kind == "share")
    return style.framed(ax, title=title, note=note)


def _finished(ax: Axes, labels: Sequence[str], scale: Scale, keys: Sequence[Key]) -> None:
    """Keys, the names of the rows, and the axis below."""
    for key in keys:
        ink, text = style.COLOURS[key.role], style.plain(key.text)
        if key.shape == "bar":
            ax.barh([0], [0], color=ink, hatch=style.HATCHES[key.role], edgecolor=style.PAPER, label=text)
        elif key.shape == "mark":
            ax.plot([], [], style.MARKERS[key.role], color=ink, label=text)
        else:
            marker = "s" if key.shape == "square" else style.MARKERS[key.role]
            edge = style.INK if key.shape == "square" else ink
            ax.plot([], [], marker, color=style.PAPER, markeredgecolor=edge, label=text)
    style.name_rows(ax, labels)
    style.scaled(ax, scale.label, scale.kind, scale.ticks)
