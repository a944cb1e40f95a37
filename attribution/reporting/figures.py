"""Figures as SVG text; all words escaped, colours from the page's own variables, a text alternative in each."""

from __future__ import annotations

from collections.abc import Callable

from markupsafe import Markup

from attribution.domain.verbal import percent
from attribution.inference.posterior import Standing

_WIDTH, _ROW, _LEFT, _RIGHT, _TOP = 1030, 34, 270, 130, 26
_LONGEST = 34


def forest(standings: tuple[Standing, ...]) -> Markup:
    """Probability by faction: a dot after the evidence, a hollow dot before it, a bar for the range over inputs."""
    plot = _WIDTH - _LEFT - _RIGHT
    height = _TOP + len(standings) * _ROW + 8

    def at(probability: float) -> str:
        return f"{_LEFT + probability * plot:.1f}"

    parts = [
        Markup('<line class="grid" x1="{0}" x2="{0}" y1="{1}" y2="{2}"/>').format(at(tick / 5), _TOP - 6, height - 6)
        + Markup('<text class="tick" x="{}" y="{}">{} %</text>').format(at(tick / 5), _TOP - 12, tick * 20)
        for tick in range(6)
    ]
    for position, standing in enumerate(standings):
        y = _TOP + 16 + position * _ROW
        role = ("lead", "rival")[position] if position < 2 else "rest"
        parts.append(_row(standing, y, role, at))
    label = "; ".join(f"{s.label} {percent(s.probability)}, before {percent(s.prior)}" for s in standings)
    return (
        Markup('<svg viewBox="0 0 {} {}" role="img" aria-label="{}" preserveAspectRatio="xMidYMid meet">').format(
            _WIDTH, height, f"Probability by faction: {label}"
        )
        + Markup("").join(parts)
        + Markup("</svg>")
    )


def _row(standing: Standing, y: int, role: str, at: Callable[[float], str]) -> Markup:
    name = standing.label if len(standing.label) <= _LONGEST else standing.label[: _LONGEST - 1] + "…"
    return (
        Markup('<g class="{}"><title>{}</title>').format(role, _told(standing))
        + Markup('<text class="name" x="{}" y="{}">{}</text>').format(_LEFT - 14, y + 5, name)
        + Markup('<line class="range" x1="{}" x2="{}" y1="{}" y2="{}"/>').format(
            at(standing.low), at(standing.high), y, y
        )
        + Markup('<circle class="before" cx="{}" cy="{}" r="5"/>').format(at(standing.prior), y)
        + Markup('<circle class="after" cx="{}" cy="{}" r="6.5"/>').format(at(standing.probability), y)
        + Markup('<text class="value" x="{}" y="{}">{}</text></g>').format(
            _WIDTH - _RIGHT + 18, y + 5, percent(standing.probability)
        )
    )


def _told(standing: Standing) -> str:
    return (
        f"{standing.label}: {percent(standing.probability)}, range {percent(standing.low)} to "
        f"{percent(standing.high)}, before the evidence {percent(standing.prior)}"
    )
