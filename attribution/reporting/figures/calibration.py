"""The calibration curve of a backtest."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from attribution.archive.evaluation.scores import CalibrationBin

_SIZE, _EDGE = 420, 52


def calibration_figure(curve: Sequence[CalibrationBin]) -> Markup:
    """Share of hits against forecast, with 90 % bands; on the diagonal, forecasts are as sure as they should be."""

    def x(share: float) -> str:
        return f"{_EDGE + share * _SIZE:.1f}"

    def y(share: float) -> str:
        return f"{12 + (1.0 - share) * _SIZE:.1f}"

    most = max(one.events for one in curve)
    parts = [Markup('<line class="even" x1="{}" y1="{}" x2="{}" y2="{}"/>').format(x(0), y(0), x(1), y(1))]
    for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
        parts += [
            Markup('<text class="tick end" x="{}" y="{}">{:.0f} %</text>').format(_EDGE - 8, y(tick), 100 * tick),
            Markup('<text class="tick mid" x="{}" y="{}">{:.0f} %</text>').format(x(tick), _SIZE + 32, 100 * tick),
            Markup('<line class="grid" x1="{}" x2="{}" y1="{}" y2="{}"/>').format(x(0), x(1), y(tick), y(tick)),
        ]
    for one in curve:
        told = (
            f"forecast {one.forecast:.1%}, right {one.right:.1%} ({one.low:.1%} to {one.high:.1%}), {one.events} events"
        )
        parts.append(
            Markup('<g class="lead"><title>{}</title><line class="band" x1="{}" x2="{}" y1="{}" y2="{}"/>').format(
                told, x(one.forecast), x(one.forecast), y(one.low), y(one.high)
            )
            + Markup('<circle cx="{}" cy="{}" r="{:.1f}"/></g>').format(
                x(one.forecast), y(one.right), 3 + 7 * (one.events / most) ** 0.5
            )
        )
    parts.append(
        Markup('<text class="tick mid" x="{}" y="{}">probability of the likeliest faction</text>').format(
            x(0.5), _SIZE + 52
        )
    )
    label = "Calibration: " + "; ".join(f"{one.forecast:.0%} was right in {one.right:.0%}" for one in curve)
    return _svg(_SIZE + _EDGE + 24, _SIZE + 62, label, parts)


def _svg(width: float, height: float, label: str, parts: list[Markup]) -> Markup:
    head = Markup('<svg viewBox="0 0 {:.0f} {:.0f}" role="img" aria-label="{}" preserveAspectRatio="xMinYMid meet">')
    return head.format(width, height, label) + Markup("").join(parts) + Markup("</svg>")
