"""The figures of a tempo report: the rate with its marks and totals, ratios on a logarithmic axis, days of a break."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from markupsafe import Markup

from attribution.campaign.breaks import BreakDate
from attribution.campaign.findings import Effect
from attribution.campaign.posterior import TempoPosterior
from attribution.reporting.figures.marks import Figure, Row, axis_strip, dot, line, strip, words

_WIDTH, _LEFT, _TOP, _HEIGHT, _GAP, _LOW = 960, 54, 128, 230, 34, 120
_APART, _LONGEST = 14.0, 24  # units between the names of neighbours, and letters of a name
_RATIOS = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
_ENDS = (0.01, 20.0)
_MARGIN = 4.0


def rate_figure(posterior: TempoPosterior) -> Markup:
    """Attacks a day with a 90 % band and the marks of interventions; beneath, the totals as stated or counted."""
    tempo = posterior.tempo
    band = np.exp(np.quantile(posterior.rates.log_with, (0.05, 0.5, 0.95), axis=0))
    top = float(np.quantile(band[2], 0.99)) * 1.05
    unit = (_WIDTH - _LEFT - 8) / max(tempo.days - 1, 1)

    def x(day: float) -> float:
        return _LEFT + unit * day

    def y(rate: float) -> float:
        return _TOP + _HEIGHT * (1.0 - min(rate, top) / top)

    upper = " ".join(f"{x(at):.1f},{y(rate):.1f}" for at, rate in enumerate(band[2]))
    lower = " ".join(f"{x(at):.1f},{y(band[0][at]):.1f}" for at in range(tempo.days - 1, -1, -1))
    middle = " ".join(f"{x(at):.1f},{y(rate):.1f}" for at, rate in enumerate(band[1]))
    parts = [Markup('<polygon class="area" points="{} {}"/>').format(upper, lower)]
    parts += [_ticks(x, y, posterior, top), *_marks(x, posterior)]
    parts.append(Markup('<polyline class="middle" points="{}"/>').format(middle))
    parts += _totals(x, posterior)
    label = f"Attacks a day from {tempo.first} to {tempo.last} with 90 % interval, and totals beneath"
    height = _TOP + _HEIGHT + _GAP + _LOW + 26
    head = Markup('<svg viewBox="0 0 {} {}" role="img" aria-label="{}">').format(_WIDTH, height, label)
    return head + Markup("").join(parts) + Markup("</svg>")


def _ticks(x: Callable[[float], float], y: Callable[[float], float], posterior: TempoPosterior, top: float) -> Markup:
    step = next(step for step in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 1000, 10000) if top / step <= 6)
    grid = Markup('<line class="grid" x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}"/>')
    number = Markup('<text class="tick end" x="{}" y="{:.1f}">{:g}</text>')
    date = Markup('<text class="tick mid" x="{:.1f}" y="{}">{}</text>')
    heights = [(at * step, y(at * step)) for at in range(int(top / step) + 1)]
    parts = [
        grid.format(_LEFT, _WIDTH - 8, height, height) + number.format(_LEFT - 8, height + 4, rate)
        for rate, height in heights
    ]
    tempo = posterior.tempo
    days = range(0, tempo.days, max(1, round(tempo.days / 8)))
    names = [posterior.design.day(at).strftime("%d %b %y").lstrip("0") for at in days]
    parts += [date.format(x(at), _TOP + _HEIGHT + 20, name) for at, name in zip(days, names, strict=True)]
    return Markup("").join(parts)


def _marks(x: Callable[[float], float], posterior: TempoPosterior) -> list[Markup]:
    """A line and a name for each intervention; names lean and stand apart, so that neighbours can be read."""
    parts = []
    name_at = -_APART
    for one in sorted(posterior.interventions, key=lambda one: one.date):
        at = x(posterior.design.index(one.date))
        if one.ends:
            parts.append(
                Markup('<rect class="lasting" x="{:.1f}" width="{:.1f}" y="{}" height="{}"/>').format(
                    at, x(posterior.design.index(one.ends)) - at, _TOP, _HEIGHT
                )
            )
        parts.append(
            Markup('<line class="mark {}" x1="{:.1f}" x2="{:.1f}" y1="{}" y2="{}"/>').format(
                one.kind, at, at, _TOP, _TOP + _HEIGHT
            )
        )
        name_at = max(at, name_at + _APART)
        parts.append(
            Markup('<line class="mark {}" x1="{:.1f}" x2="{:.1f}" y1="{}" y2="{}"/>').format(
                one.kind, at, name_at, _TOP, _TOP - 9
            )
        )
        parts.append(
            Markup('<text class="name {}" transform="translate({:.1f},{}) rotate(-52)">{}</text>').format(
                one.kind, name_at + 3, _TOP - 12, one.label[:_LONGEST]
            )
        )
    return parts


def _totals(x: Callable[[float], float], posterior: TempoPosterior) -> list[Markup]:
    """What was stated, as dots; what was counted, added up."""
    base = _TOP + _HEIGHT + _GAP + _LOW
    most = max(posterior.observer.total, 1)
    points, parts, total = [], [], 0
    for seen in posterior.design.observations:
        if seen.total < 0 and posterior.observer.statements:
            continue
        total = seen.total if seen.total >= 0 else total + seen.count
        points.append((x(posterior.design.index(seen.last)), base - _LOW * total / most, f"{seen.last}: {total}"))
    path = " ".join(f"{at:.1f},{height:.1f}" for at, height, _ in points)
    parts.append(Markup('<polyline class="steps" points="{}"/>').format(path))
    if posterior.observer.statements:
        parts += [
            Markup('<circle class="said" cx="{:.1f}" cy="{:.1f}" r="3"><title>{}</title></circle>').format(*point)
            for point in points
        ]
    parts.append(Markup('<text class="tick end" x="{}" y="{}">{}</text>').format(_LEFT - 8, base - _LOW + 4, most))
    parts.append(Markup('<text class="tick end" x="{}" y="{}">0</text>').format(_LEFT - 8, base + 4))
    return parts


def _place(ratio: float) -> float:
    held = min(max(ratio, _ENDS[0]), _ENDS[1])
    share = math.log(held / _ENDS[0]) / math.log(_ENDS[1] / _ENDS[0])
    return _MARGIN + (100.0 - 2.0 * _MARGIN) * share


def effects_figure(effects: Sequence[Effect]) -> Figure:
    """Each effect by its own data (filled) and pooled with its kind (open), on a logarithmic axis."""
    ground = Markup("").join(
        line("zero" if tick == 1.0 else "grid", _place(tick), _place(tick), "0", "100%") for tick in _RATIOS
    )
    rows = []
    for one in effects:
        told = (
            "–"
            if one.with_others
            else f"at most {one.own_high:.2g}"
            if one.own_ratio is None
            else f"{one.own_ratio:.2f}"
        )
        marks = [line("range", _place(one.own_low), _place(one.own_high), "38%", "38%")]
        marks.append(line("pooled", _place(one.low), _place(one.high), "72%", "72%"))
        if one.own_ratio is not None and one.ratio is not None and not one.with_others:
            marks.append(dot("after", _place(one.own_ratio), 5.0))
        rows.append(
            Row(
                one.label,
                strip(
                    f"{one.label}: {told}, own data {one.own_low:.2f} to {one.own_high:.2f}, "
                    f"pooled {one.low:.2f} to {one.high:.2f}",
                    ground,
                    *marks,
                ),
                told,
                role="rest"
                if one.with_others
                else "lead"
                if one.own_high < 1
                else "rival"
                if one.own_low > 1
                else "rest",
                note="only jointly" if one.with_others else f"{one.own_low:.2f} to {one.own_high:.2f}",
            )
        )
    axis = axis_strip(*(words("tick", _place(tick), f"{tick:g}", "80%") for tick in _RATIOS))
    return Figure(axis, tuple(rows))


def _role(one: Effect) -> str:
    if one.with_others:
        return "rest"
    return "lead" if one.own_high < 1 else "rival" if one.own_low > 1 else "rest"


def break_figure(found: BreakDate) -> Figure:
    """The probability of each day as that of the break, days of less than one percent left out."""
    most = max(found.probability)
    rows = tuple(
        Row(
            str(day),
            strip(f"{day}: {share:.0%}", line("range", 0.0, 96.0 * share / most)),
            f"{share:.0%}",
            role="lead" if share == most else "rest",
        )
        for day, share in zip(found.days, found.probability, strict=True)
        if share >= 0.01
    )
    return Figure(axis_strip(), rows)
