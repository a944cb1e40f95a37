"""What the sampler did, as ArviZ shows it: traces, ranks by chain, and energies, each a small panel."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from attribution.reporting.chains import Chains, Energy, Trace

_WIDTH, _HEIGHT = 300.0, 90.0


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


def _trace(trace: Trace) -> Markup:
    low = min(min(line) for line in trace.lines)
    high = max(max(line) for line in trace.lines)
    paths = (_path(line, low, high, f"chain c{position % 4}") for position, line in enumerate(trace.lines))
    return _drawing(f"Trace of {trace.name}: {len(trace.lines)} chains from {low:.3g} to {high:.3g}", *paths)


def _ranks(trace: Trace) -> Markup:
    """One band per chain; a bar up or down is a bin with more or fewer ranks than expected."""
    band = _HEIGHT / len(trace.ranks)
    most = max(max(abs(count - trace.expected) for count in chain) for chain in trace.ranks)
    scale = 0.48 * band / max(most, trace.expected * 0.5)
    marks = []
    for position, chain in enumerate(trace.ranks):
        middle = (position + 0.5) * band
        marks.append(Markup('<path class="grid" d="M0 {0:.1f}H{1:g}"/>').format(middle, _WIDTH))
        steps = (middle - scale * (count - trace.expected) for count in chain)
        outline = _steps(steps, len(chain), middle)
        marks.append(Markup('<path class="ranks c{}" d="{}Z"/>').format(position % 4, outline))
    told = f"Ranks of {trace.name}: bins of a chain hold {trace.expected:g} draws each, off by at most {most:g}"
    return _drawing(told, *marks)


def _energy(energy: Energy) -> Markup:
    top = max(*energy.marginal, *energy.transition)
    count = len(energy.marginal)

    def outline(densities: Sequence[float]) -> str:
        return _steps((_HEIGHT * (1 - 0.95 * density / top) for density in densities), count, _HEIGHT)

    return _drawing(
        f"Energies from {energy.low:.3g} to {energy.high:.3g}; both should spread about equally",
        Markup('<path class="marginal" d="{}Z"/>').format(outline(energy.marginal)),
        Markup('<path class="transition" d="{}"/>').format(outline(energy.transition)),
    )


def _steps(heights: Iterable[float], count: int, base: float) -> str:
    width = _WIDTH / count
    parts = [f"M0 {base:.1f}"]
    for position, height in enumerate(heights):
        parts.append(f"V{height:.1f}H{(position + 1) * width:.1f}")
    return "".join((*parts, f"V{base:.1f}"))


def _path(line: Sequence[float], low: float, high: float, kind: str) -> Markup:
    across = _WIDTH / max(1, len(line) - 1)
    up = _HEIGHT / max(high - low, 1e-12)
    points = " ".join(f"{n * across:.0f},{_HEIGHT - (value - low) * up:.1f}" for n, value in enumerate(line))
    return Markup('<polyline class="{}" points="{}"/>').format(kind, points)


def _drawing(told: str, *marks: Markup) -> Markup:
    return Markup(
        '<svg class="mini" viewBox="0 0 {:g} {:g}" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>'
    ).format(_WIDTH, _HEIGHT, told, Markup("").join(marks))
