"""The figures of a report: probabilities, a waterfall of weights, the run of time, and what the chains did."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from attribution.analysis.comparison.timeline import Timeline
from attribution.analysis.shapley import Decomposition
from attribution.domain.verbal import decibans, odds, percent, percents
from attribution.inference.posterior_draws import Standing
from attribution.reporting.diagnostics import Chains, Energy, Trace
from attribution.reporting.figures.marks import (
    Figure,
    Row,
    axis_strip,
    box,
    dot,
    line,
    place,
    probability_axis,
    strip,
    word_bands,
    words,
)
from attribution.reporting.first_screen import RangeBar

MOST_BARS = 24
LEAST_BAR = 0.05
_ROOM = 0.04
MOST_LINES = 5
_PANEL_WIDTH, _PANEL_HEIGHT = 300.0, 90.0


def standings_figure(factions: tuple[Standing, ...], groups: tuple[Standing, ...]) -> Figure:
    """A dot after the evidence, a hollow dot before it, a bar for the range over inputs; groups below factions."""
    rows = [_standing_row(standing, _role(position)) for position, standing in enumerate(factions)]
    return Figure(probability_axis(), (*rows, *(_standing_row(standing, "group") for standing in groups)))


def ranges_figure(bars: tuple[RangeBar, ...]) -> Figure:
    """A dot for the probability, a bar for the range over inputs, a thin line for the range if the analyst leans."""
    rows = []
    for position, bar in enumerate(bars):
        marks: list[Markup] = [line("grid", at, at, "0", "100%") for at in (0.0, 25.0, 50.0, 75.0, 100.0)]
        if bar.lean_low is not None and bar.lean_high is not None:
            low, high = 100 * bar.lean_low, 100 * bar.lean_high
            marks += [
                line("lean", low, high),
                line("end", low, low, "32%", "68%"),
                line("end", high, high, "32%", "68%"),
            ]
        marks += [line("range", 100 * bar.low, 100 * bar.high), dot("after", 100 * bar.probability, 7)]
        text = f"{bar.label}: {percent(bar.probability)}, {bar.ranges}"
        rows.append(Row(bar.label, strip(text, *marks), percent(bar.probability), _role(position)))
    ticks = (words("tick", at, f"{at} %", "60%") for at in (0, 25, 50, 75, 100))
    return Figure(axis_strip(*ticks), tuple(rows))


def waterfall_figure(found: Decomposition) -> Figure:
    """The bars of a decomposition, the strongest first; those below 0.05 dB, or past the 24th, in one bar."""
    steps = _waterfall_steps(found)
    scale = _scale(steps, found.total)
    rows, level = [], 0.0
    for step in steps:
        rows.append(_step_row(step, level, scale))
        level += step.value
    end = strip(
        f"in all {decibans(found.total)} dB, odds {odds(found.total)}",
        line("zero", scale.at(0.0), scale.at(0.0), "0", "100%"),
        box("sum", scale.at(0.0), scale.at(found.total), "22%", "56%"),
    )
    rows.append(Row("In all", end, f"{decibans(found.total)} dB", "total", f"odds {odds(found.total)}"))
    return Figure(_waterfall_axis(scale), tuple(rows))


@dataclass(frozen=True, slots=True)
class Followed:
    """A faction whose line is drawn, with its style: lead, rival or rest."""

    label: str
    position: int
    role: str


def followed(found: Timeline, ranking: tuple[str, ...], labels: dict[str, str]) -> tuple[Followed, ...]:
    """The leader and runner-up of the report, then whoever led at some turn, then the next in the ranking."""
    ever = {turn.leader for turn in found.turns}
    rest = sorted(ranking[2:], key=lambda faction: faction not in ever)
    chosen = (*ranking[:2], *rest)[:MOST_LINES]
    return tuple(
        Followed(labels[id], found.factions.index(id), ("lead", "rival")[rank] if rank < 2 else "rest")
        for rank, id in enumerate(chosen)
    )


def timeline_figure(found: Timeline, lines: tuple[Followed, ...], labels: dict[str, str]) -> Figure:
    """One row per turn; each line stays at its probability until the news of the next row moves it."""
    steps = [("Before any evidence", "", found.prior)]
    steps += [(turn.moment, "; ".join(turn.news), turn.probabilities) for turn in found.turns]
    rows, before = [], None
    for label, news, now in steps:
        top = max(now)
        head = labels[found.factions[now.index(top)]]
        rows.append(Row(label, _turn_strip(label, before, now, lines), percent(top), "turn", head, news))
        before = now
    return Figure(probability_axis(), tuple(rows))


@dataclass(frozen=True, slots=True)
class Panel:
    """A small figure with its caption."""

    caption: str
    drawing: Markup


def panels(found: Chains) -> tuple[Panel, ...]:
    """A trace and a rank plot for each quantity, and the energies."""
    drawn: list[Panel] = []
    for trace in found.traces:
        drawn.append(Panel(f"Trace of {trace.name}", _trace(trace)))
        drawn.append(Panel(f"Ranks by chain of {trace.name}", _ranks(trace)))
    drawn.append(Panel("Energy about its mean (filled), and its change between draws (line)", _energy(found.energy)))
    return tuple(drawn)


def _role(position: int) -> str:
    return ("lead", "rival")[position] if position < 2 else "rest"


def _standing_row(standing: Standing, role: str) -> Row:
    range_ = percents(standing.low, standing.high)
    text = (
        f"{standing.label}: {percent(standing.probability)}, range over inputs {range_}, "
        f"before the evidence {percent(standing.prior)}"
    )
    drawn = strip(
        text,
        word_bands(),
        line("range", place(standing.low), place(standing.high)),
        dot("before", place(standing.prior), 5),
        dot("after", place(standing.probability), 6.5),
    )
    return Row(standing.label, drawn, percent(standing.probability), role, range_)


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


def _waterfall_steps(found: Decomposition) -> list[_Step]:
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


def _step_row(step: _Step, level: float, scale: _Scale) -> Row:
    start, end = scale.at(level), scale.at(level + step.value)
    direction = "for" if step.value >= 0 else "against"
    kind = direction if step.role == "origin" else step.role
    marks = [
        line("zero", scale.at(0.0), scale.at(0.0), "0", "100%"),
        line("link", start, start, "0", "50%"),
        line("link", end, end, "50%", "100%"),
        box(f"step {kind}", start, end, "22%", "56%"),
    ]
    text = f"{step.label}: {decibans(step.value)} dB"
    if step.high > step.low:
        marks.append(line("spread", scale.at(level + step.low), scale.at(level + step.high)))
        text += f", from {decibans(step.low)} to {decibans(step.high)} over the inputs"
    return Row(step.label, strip(text, *marks), f"{decibans(step.value)} dB", step.role)


def _waterfall_axis(scale: _Scale) -> Markup:
    span = scale.high - scale.low
    step = next(size for size in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000) if span / size <= 8 or size == 1000)
    first = int(scale.low // step) + 1
    ticks = [step * position for position in range(first, int(scale.high // step) + 1)]
    return axis_strip(*(words("tick", scale.at(tick), f"{tick:+d}" if tick else "0 dB", "80%") for tick in ticks))


def _turn_strip(
    label: str, before: tuple[float, ...] | None, now: tuple[float, ...], lines: tuple[Followed, ...]
) -> Markup:
    marks: list[Markup] = [word_bands()]
    for one in reversed(lines):
        new, kind = place(now[one.position]), f"path {one.role}"
        if before is not None:
            old = place(before[one.position])
            marks += [line(kind, old, old, "0", "50%"), line(kind, old, new)]
        marks += [line(kind, new, new, "50%", "100%"), dot(f"turn {one.role}", new, 4.5 if one.role != "rest" else 3)]
    text = f"{label}: " + ", ".join(f"{one.label} {percent(now[one.position])}" for one in lines)
    return strip(text, *marks)


def _trace(trace: Trace) -> Markup:
    low = min(min(line) for line in trace.lines)
    high = max(max(line) for line in trace.lines)
    paths = (_path(line, low, high, f"chain c{position % 4}") for position, line in enumerate(trace.lines))
    return _drawing(f"Trace of {trace.name}: {len(trace.lines)} chains from {low:.3g} to {high:.3g}", *paths)


def _ranks(trace: Trace) -> Markup:
    """One band per chain; a bar up or down is a bin with more or fewer ranks than expected."""
    band = _PANEL_HEIGHT / len(trace.ranks)
    most = max(max(abs(count - trace.expected) for count in chain) for chain in trace.ranks)
    scale = 0.48 * band / max(most, trace.expected * 0.5)
    marks = []
    for position, chain in enumerate(trace.ranks):
        middle = (position + 0.5) * band
        marks.append(Markup('<path class="grid" d="M0 {0:.1f}H{1:g}"/>').format(middle, _PANEL_WIDTH))
        steps = (middle - scale * (count - trace.expected) for count in chain)
        outline = _outline(steps, len(chain), middle)
        marks.append(Markup('<path class="ranks c{}" d="{}Z"/>').format(position % 4, outline))
    text = f"Ranks of {trace.name}: bins of a chain hold {trace.expected:g} draws each, off by at most {most:g}"
    return _drawing(text, *marks)


def _energy(energy: Energy) -> Markup:
    top = max(*energy.marginal, *energy.transition)
    count = len(energy.marginal)

    def outline(densities: Sequence[float]) -> str:
        return _outline((_PANEL_HEIGHT * (1 - 0.95 * density / top) for density in densities), count, _PANEL_HEIGHT)

    return _drawing(
        f"Energies from {energy.low:.3g} to {energy.high:.3g}; both should spread about equally",
        Markup('<path class="marginal" d="{}Z"/>').format(outline(energy.marginal)),
        Markup('<path class="transition" d="{}"/>').format(outline(energy.transition)),
    )


def _outline(heights: Iterable[float], count: int, base: float) -> str:
    width = _PANEL_WIDTH / count
    parts = [f"M0 {base:.1f}"]
    for position, height in enumerate(heights):
        parts.append(f"V{height:.1f}H{(position + 1) * width:.1f}")
    return "".join((*parts, f"V{base:.1f}"))


def _path(line: Sequence[float], low: float, high: float, kind: str) -> Markup:
    across = _PANEL_WIDTH / max(1, len(line) - 1)
    up = _PANEL_HEIGHT / max(high - low, 1e-12)
    points = " ".join(f"{n * across:.0f},{_PANEL_HEIGHT - (value - low) * up:.1f}" for n, value in enumerate(line))
    return Markup('<polyline class="{}" points="{}"/>').format(kind, points)


def _drawing(text: str, *marks: Markup) -> Markup:
    return Markup(
        '<svg class="mini" viewBox="0 0 {:g} {:g}" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>'
    ).format(_PANEL_WIDTH, _PANEL_HEIGHT, text, Markup("").join(marks))
