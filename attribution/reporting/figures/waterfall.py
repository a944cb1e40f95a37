"""Weight of evidence as a waterfall: prior, origins one after another, what averaging adds, and where that ends."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from attribution.analysis.shapley import Decomposition
from attribution.domain.verbal import decibans, odds
from attribution.reporting.figures.marks import Figure, Row, axis_strip, box, line, strip, words

MOST_BARS = 24
LEAST_BAR = 0.05
_ROOM = 0.04


@dataclass(frozen=True, slots=True)
class _Step:
    label: str
    low: float
    value: float
    high: float
    role: str


@dataclass(frozen=True, slots=True)
class _Scale:
    """Decibans to percents of the width."""

    low: float
    high: float

    def at(self, value: float) -> float:
        return 100.0 * (value - self.low) / (self.high - self.low)


def waterfall_figure(found: Decomposition) -> Figure:
    """The bars of a decomposition, the strongest first; those below 0.05 dB, or past the 24th, in one bar."""
    steps = _steps(found)
    scale = _scale(steps, found.total)
    rows, level = [], 0.0
    for step in steps:
        rows.append(_row(step, level, scale))
        level += step.value
    end = strip(
        f"in all {decibans(found.total)} dB, odds {odds(found.total)}",
        line("zero", scale.at(0.0), scale.at(0.0), "0", "100%"),
        box("sum", scale.at(0.0), scale.at(found.total), "22%", "56%"),
    )
    rows.append(Row("In all", end, f"{decibans(found.total)} dB", "total", f"odds {odds(found.total)}"))
    return Figure(_axis(scale), tuple(rows))


def _steps(found: Decomposition) -> list[_Step]:
    shown = [bar for bar in found.origins if abs(bar.decibans) >= LEAST_BAR][:MOST_BARS]
    rest = [bar for bar in found.origins if bar not in shown]
    steps = [_Step("Before the evidence (prior)", found.prior, found.prior, found.prior, "prior")]
    steps += [_Step(bar.label, bar.low, bar.decibans, bar.high, "origin") for bar in shown]
    if rest:
        total = sum(bar.decibans for bar in rest)
        steps.append(_Step(f"The other origins together ({len(rest)})", total, total, total, "origin"))
    steps.append(_Step("Averaging over unknown numbers", found.averaging, found.averaging, found.averaging, "closing"))
    return steps


def _scale(steps: list[_Step], total: float) -> _Scale:
    levels, level = [0.0, total], 0.0
    for step in steps:
        levels += [level + step.low, level + step.value, level + step.high]
        level += step.value
    low, high = min(levels), max(levels)
    room = _ROOM * max(high - low, 1e-6)
    return _Scale(low - room, high + room)


def _row(step: _Step, level: float, scale: _Scale) -> Row:
    start, end = scale.at(level), scale.at(level + step.value)
    direction = "for" if step.value >= 0 else "against"
    kind = direction if step.role == "origin" else step.role
    marks = [
        line("zero", scale.at(0.0), scale.at(0.0), "0", "100%"),
        line("link", start, start, "0", "50%"),
        line("link", end, end, "50%", "100%"),
        box(f"step {kind}", start, end, "22%", "56%"),
    ]
    told = f"{step.label}: {decibans(step.value)} dB"
    if step.high > step.low:
        marks.append(line("spread", scale.at(level + step.low), scale.at(level + step.high)))
        told += f", from {decibans(step.low)} to {decibans(step.high)} over the inputs"
    return Row(step.label, strip(told, *marks), f"{decibans(step.value)} dB", step.role)


def _axis(scale: _Scale) -> Markup:
    span = scale.high - scale.low
    step = next(size for size in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000) if span / size <= 8 or size == 1000)
    first = int(scale.low // step) + 1
    ticks = [step * position for position in range(first, int(scale.high // step) + 1)]
    return axis_strip(*(words("tick", scale.at(tick), f"{tick:+d}" if tick else "0 dB", "80%") for tick in ticks))
