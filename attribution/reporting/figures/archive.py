"""The figures of an archive: estimates with their intervals, a calibration curve, strips of a description."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from attribution.archive.evaluation.scores import CalibrationBin
from attribution.archive.summary.grid import Estimate
from attribution.archive.summary.profiles import ValueShare
from attribution.reporting.figures.marks import Figure, Row, axis_strip, dot, line, strip, words

_MARGIN = 4.0  # percent of the width left free at both ends
_STEPS = (0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0)
_MOST_TICKS = 8
_SQUARE, _EDGE = 420, 52
_NONE = "no interval: too few blocks"


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its 90 % interval, or with none (both ends None)."""

    name: str
    middle: float
    low: float | None
    high: float | None

    @property
    def ends(self) -> tuple[float, float]:
        """The interval, or the estimate twice where there is none."""
        return (self.middle, self.middle) if self.low is None or self.high is None else (self.low, self.high)

    def said(self, tell: Callable[[float], str], none: str) -> str:
        """The interval in words."""
        return none if self.low is None or self.high is None else f"{tell(self.low)} to {tell(self.high)}"


def interval_figure(
    intervals: Sequence[Interval],
    *,
    marked: Sequence[float],
    tell: Callable[[float], str],
    tell_tick: Callable[[float], str],
) -> Figure:
    """The values `marked` are always on the axis and have a stronger line; `tell` says a value, `tell_tick` a tick."""
    least = min(*marked, *(one.ends[0] for one in intervals))
    most = max(*marked, *(one.ends[1] for one in intervals))

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
                f"{one.name}: {tell(one.middle)}, {'' if one.low is None else '90 % interval '}{one.said(tell, _NONE)}",
                ground,
                line("range", place(one.ends[0]), place(one.ends[1])),
                dot("after", place(one.middle), 5.5),
            ),
            tell(one.middle),
            note=one.said(tell, _NONE),
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
    return f"{value:zg}".replace("-", "−")


def calibration_figure(curve: Sequence[CalibrationBin]) -> Markup:
    """Share of hits against forecast, with 90 % bands; on the diagonal, forecasts are as sure as they should be."""

    def x(share: float) -> str:
        return f"{_EDGE + share * _SQUARE:.1f}"

    def y(share: float) -> str:
        return f"{12 + (1.0 - share) * _SQUARE:.1f}"

    most = max(one.events for one in curve)
    parts = [Markup('<line class="even" x1="{}" y1="{}" x2="{}" y2="{}"/>').format(x(0), y(0), x(1), y(1))]
    for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
        parts += [
            Markup('<text class="tick end" x="{}" y="{}">{:.0f} %</text>').format(_EDGE - 8, y(tick), 100 * tick),
            Markup('<text class="tick mid" x="{}" y="{}">{:.0f} %</text>').format(x(tick), _SQUARE + 32, 100 * tick),
            Markup('<line class="grid" x1="{}" x2="{}" y1="{}" y2="{}"/>').format(x(0), x(1), y(tick), y(tick)),
        ]
    for one in curve:
        low, high = (one.right, one.right) if one.low is None or one.high is None else (one.low, one.high)
        band = "no band: too few months" if one.low is None else f"{low:.1%} to {high:.1%}"
        text = f"forecast {one.forecast:.1%}, right {one.right:.1%} ({band}), {one.events} events"
        parts.append(
            Markup('<g class="lead"><title>{}</title><line class="band" x1="{}" x2="{}" y1="{}" y2="{}"/>').format(
                text, x(one.forecast), x(one.forecast), y(low), y(high)
            )
            + Markup('<circle cx="{}" cy="{}" r="{:.1f}"/></g>').format(
                x(one.forecast), y(one.right), 3 + 7 * (one.events / most) ** 0.5
            )
        )
    parts.append(
        Markup('<text class="tick mid" x="{}" y="{}">probability of the likeliest faction</text>').format(
            x(0.5), _SQUARE + 52
        )
    )
    label = "Calibration: " + "; ".join(f"{one.forecast:.0%} was right in {one.right:.0%}" for one in curve)
    return _svg(_SQUARE + _EDGE + 24, _SQUARE + 62, label, parts)


def scale_strip(found: Estimate) -> Markup:
    """A positive number on a logarithmic axis as wide as its prior."""
    low, high = math.log(found.prior.low), math.log(found.prior.high)

    def x(value: float) -> float:
        return 100.0 * (math.log(value) - low) / (high - low)

    return axis_strip(
        line("axis", 0.0, 100.0), line("bar", x(found.low), x(found.high)), dot("dot", x(found.median), 4.5)
    )


def share_strip(share: ValueShare) -> Markup:
    """A share from 0 to 1, with a tick at what is usual."""
    return axis_strip(
        line("axis", 0.0, 100.0),
        line("usual", 100.0 * share.usual, 100.0 * share.usual, "5%", "95%"),
        line("bar", 100.0 * share.low, 100.0 * share.high),
        dot("dot", 100.0 * share.mean, 4.5),
    )


def _svg(width: float, height: float, label: str, parts: list[Markup]) -> Markup:
    head = Markup('<svg viewBox="0 0 {:.0f} {:.0f}" role="img" aria-label="{}" preserveAspectRatio="xMinYMid meet">')
    return head.format(width, height, label) + Markup("").join(parts) + Markup("</svg>")
