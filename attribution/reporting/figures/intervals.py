"""Estimates one under the other, each a dot with a bar over its interval, on one linear axis."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from attribution.reporting.figures.marks import Figure, Row, axis_strip, dot, line, strip, words

_MARGIN = 4.0  # percent of the width left free at both ends
_STEPS = (0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0)
_MOST_TICKS = 8


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its 90 % interval."""

    name: str
    middle: float
    low: float
    high: float


def interval_figure(
    intervals: Sequence[Interval],
    *,
    marked: Sequence[float],
    tell: Callable[[float], str],
    tell_tick: Callable[[float], str],
) -> Figure:
    """The values `marked` are always on the axis and have a stronger line; `tell` says a value, `tell_tick` a tick."""
    least = min(*marked, *(one.low for one in intervals))
    most = max(*marked, *(one.high for one in intervals))

    def place(value: float) -> float:
        return _MARGIN + (100.0 - 2.0 * _MARGIN) * (value - least) / (most - least)

    step = next((step for step in _STEPS if (most - least) / step < _MOST_TICKS), _STEPS[-1])
    ticks = [step * at for at in range(int(least / step), int(most / step) + 1)]
    lines = (line("zero" if tick in marked else "grid", place(tick), place(tick), "0", "100%") for tick in ticks)
    ground = Markup("").join(lines)
    rows = tuple(
        Row(
            one.name,
            strip(
                f"{one.name}: {tell(one.middle)}, 90 % interval {tell(one.low)} to {tell(one.high)}",
                ground,
                line("range", place(one.low), place(one.high)),
                dot("after", place(one.middle), 5.5),
            ),
            tell(one.middle),
            note=f"{tell(one.low)} to {tell(one.high)}",
        )
        for one in intervals
    )
    return Figure(axis_strip(*(words("tick", place(tick), tell_tick(tick), "80%") for tick in ticks)), rows)


def signed(value: float) -> str:
    """Two digits, with a true minus; nought has no sign."""
    return f"{round(value, 2) + 0.0:.2f}".replace("-", "−")


def signed_share(value: float) -> str:
    """A share in percent, with a true minus."""
    return f"{round(100 * value) + 0:d} %".replace("-", "−")


def unrounded(value: float) -> str:
    """No more digits than it has."""
    return f"{value:g}".replace("-", "−")
