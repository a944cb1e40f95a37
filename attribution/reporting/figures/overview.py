"""A map and a timeline of events as drawings that need no network: colour never says alone who it was."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from markupsafe import Markup

from attribution.archive.codes import Floats
from attribution.archive.summary.overview import DEGREE_KM, Overview, projected
from attribution.domain.verbal import short

type _Place = Callable[[float], float]
LETTERS = "ABCDEFGH"
_WIDTH, _LEFT, _ROW, _LABEL = 880.0, 8.0, 58.0, 20.0
_EDGE, _LARGEST, _LEAST = 34.0, 17.0, 2.6
_DEGREES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0)
_LENGTHS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)
HATCH = Markup(
    '<pattern id="{0}" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect class="paper" width="5" height="5"/><rect class="{1}" width="2.4" height="5"/></pattern>'
)


def timeline_figure(found: Overview) -> Markup:
    """A row of bars for the unknown ones, then one for each faction: full what is known, hatched what is expected."""
    rows = [("Unknown, or one of several", np.zeros(len(found.first)), found.unknown, "u")]
    for at, name in enumerate(found.names):
        rows.append((f"{_letter(found, at)}  {name}", found.known[:, at], found.expected[:, at], _kind(found, at)))
    high = _ROW * len(rows) + 26
    most = max(float((known + unknown).max()) for _, known, unknown, _ in rows) or 1.0
    parts = [_patterns(found, "t")]
    for at, (name, known, unknown, kind) in enumerate(rows):
        base = _ROW * (at + 1)
        parts.append(_bars(found, name, known, unknown, kind, base, most))
    parts += _years(found, _ROW * len(rows))
    said = "; ".join(f"{name.strip()} {short(float(known.sum() + unknown.sum()))}" for name, known, unknown, _ in rows)
    return _svg(high, f"Events by {found.unit}", f"Events by {found.unit}, a row each, one scale: {said}.", parts)


def map_figure(found: Overview) -> Markup:
    """A circle per cell, its area the number of events, its sectors whose they are; hatched are the unknown ones."""
    grid = found.grid
    total = found.cell_known.sum(axis=1) + found.cell_unknown
    x, y = (grid.column + 0.5) * grid.km, (grid.row + 0.5) * grid.km
    west, east = float(x.min()) - grid.km, float(x.max()) + grid.km
    south, north = float(y.min()) - grid.km, float(y.max()) + grid.km
    scale = min((_WIDTH - 2 * _EDGE) / (east - west), 620.0 / (north - south))
    high = 2 * _EDGE + scale * (north - south) + 22
    middle = (_WIDTH - scale * (east - west)) / 2

    def across(km: float) -> float:
        return middle + scale * (km - west)

    def down(km: float) -> float:
        return _EDGE + scale * (north - km)

    parts = [_patterns(found, "m"), *_graticule(found, (west, east, south, north), across, down)]
    largest = max(_LEAST, min(_LARGEST, 0.95 * scale * grid.km))
    for at in np.argsort(-total, kind="stable").tolist():
        radius = max(_LEAST, largest * math.sqrt(total[at] / total.max()))
        parts.append(_pie(found, at, across(float(x[at])), down(float(y[at])), radius))
    told: list[tuple[float, float]] = []
    for name, latitude, longitude in found.places:
        px, py = projected(np.array([latitude]), np.array([longitude]), grid.parallel, grid.west)
        here = (across(float(px[0])), down(float(py[0])) - 9)
        if all(abs(here[0] - x) > 90 or abs(here[1] - y) > 15 for x, y in told):  # else one would hide the other
            parts.append(_text("place mid", *here, name[:24]))
            told.append(here)
    length = max((one for one in _LENGTHS if one * scale < 0.28 * _WIDTH), default=1)
    parts.append(
        Markup('<path class="scale" d="M{0:.1f} {1:.1f}v5h{2:.1f}v-5"/>').format(middle, high - 17, length * scale)
        + _text("tick", middle + length * scale + 7, high - 11, f"{length:,} km at {abs(grid.parallel):.0f}°")
    )
    text = f"{len(total)} cells of {short(grid.km)} km; the largest circle is {short(float(total.max()))} events."
    return _svg(high, "Where events happened, and whose they are", text, parts)


def _bars(found: Overview, name: str, known: Floats, unknown: Floats, kind: str, base: float, most: float) -> Markup:
    tall, wide = _ROW - _LABEL - 4, (_WIDTH - 2 * _LEFT) / len(found.first)
    total = short(float(known.sum() + unknown.sum()))
    parts = [Markup('<line class="axis" x1="{0}" x2="{1}" y1="{2}" y2="{2}"/>').format(_LEFT, _WIDTH - _LEFT, base)]
    parts.append(_text("name", _LEFT, base - tall - 6, f"{name[:60]} · {total}"))
    for at, (one, other) in enumerate(zip(known.tolist(), unknown.tolist(), strict=True)):
        if one + other <= 0:
            continue
        up, over = tall * one / most, tall * other / most
        word = "unknown" if kind == "u" else "expected of the unknown"
        told = f"{found.first[at]:%Y-%m}: {short(one)} known, {short(other)} {word}"
        place = _LEFT + at * wide
        parts.append(Markup("<g><title>{}</title>").format(told))
        if one:
            parts.append(_bar(kind, "", place, base - up, max(wide * 0.86, 0.7), up))
        if other:
            parts.append(_bar(kind, f"url(#t-{kind})", place, base - up - over, max(wide * 0.86, 0.7), over))
        parts.append(Markup("</g>"))
    return Markup("").join(parts)


def _bar(kind: str, fill: str, x: float, y: float, wide: float, high: float) -> Markup:
    paint = Markup(' fill="{}"').format(fill) if fill else Markup("")
    shape = Markup('<rect class="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"{}/>')
    return shape.format(f"edge {kind}" if fill else f"full {kind}", x, y, wide, max(high, 0.5), paint)


def _years(found: Overview, base: float) -> list[Markup]:
    wide = (_WIDTH - 2 * _LEFT) / len(found.first)
    years = [(at, day.year) for at, day in enumerate(found.first) if day.month == 1 or at == 0]
    step = max(1, math.ceil(len(years) / 9))
    return [_text("tick", _LEFT + at * wide, base + 18, str(year)) for at, year in years[::step]]


def _pie(found: Overview, at: int, x: float, y: float, radius: float) -> Markup:
    known, unknown = found.cell_known[at], float(found.cell_unknown[at])
    shares = [
        (name, float(count), _kind(found, code), False)
        for code, (name, count) in enumerate(zip(found.names, known, strict=True))
    ]
    if found.predicted:
        shares += [
            (f"{name} (expected)", float(count), _kind(found, code), True)
            for code, (name, count) in enumerate(zip(found.names, found.cell_expected[at], strict=True))
        ]
    else:
        shares.append(("unknown", unknown, "u", True))
    shares = [one for one in shares if one[1] > 0]
    total = sum(count for _, count, _, _ in shares) or 1.0
    told = ", ".join(f"{name} {short(count)}" for name, count, _, _ in sorted(shares, key=lambda one: -one[1])[:6])
    parts = [Markup("<g><title>{}</title>").format(f"{short(float(known.sum()) + unknown)} events: {told}")]
    turn = 0.0
    for _, count, kind, hatched in shares:
        parts.append(_sector(x, y, radius, turn, turn + count / total, f"url(#m-{kind})" if hatched else "", kind))
        turn += count / total
    parts.append(Markup('<circle class="rim" cx="{:.1f}" cy="{:.1f}" r="{:.1f}"/>').format(x, y, radius))
    leading = int(np.argmax(known))
    if radius >= 8 and known[leading] > 0.4 * total:
        parts.append(_text("letter mid", x, y + 4, _letter(found, leading)))
    return Markup("").join([*parts, Markup("</g>")])


def _sector(x: float, y: float, radius: float, low: float, high: float, fill: str, kind: str) -> Markup:
    paint = Markup(' fill="{}"').format(fill) if fill else Markup("")
    name = f"edge {kind}" if fill else f"full {kind}"
    if high - low > 0.9999:  # all around, in two halves: an arc from a place to itself is none
        half = f"A{radius:.1f} {radius:.1f} 0 0 1 {x:.1f}"
        whole = f"M{x:.1f} {y - radius:.1f}{half} {y + radius:.1f}{half} {y - radius:.1f}Z"
        return Markup('<path class="{}" d="{}"{}/>').format(name, whole, paint)
    (x0, y0), (x1, y1) = (
        (x + radius * math.sin(2 * math.pi * turn), y - radius * math.cos(2 * math.pi * turn)) for turn in (low, high)
    )
    arc = f"A{radius:.1f} {radius:.1f} 0 {int(high - low > 0.5)} 1 {x1:.2f} {y1:.2f}Z"
    return Markup('<path class="{}" d="M{:.1f} {:.1f}L{:.2f} {:.2f}{}"{}/>').format(name, x, y, x0, y0, arc, paint)


def _graticule(found: Overview, frame: tuple[float, float, float, float], across: _Place, down: _Place) -> list[Markup]:
    """Meridians and parallels, straight in this projection, with their degrees at the edge."""
    west, east, south, north = frame
    parallel, left = found.grid.parallel, found.grid.west
    true = math.cos(math.radians(parallel))
    lowest, highest = (_latitude(edge * true / DEGREE_KM) for edge in (south, north))
    first, last = (left + edge / (DEGREE_KM * true) for edge in (west, east))
    step = next((one for one in _DEGREES if max(last - first, highest - lowest) / one <= 7), 60.0)
    parts = []
    for degrees in _ticks(lowest, highest, step):
        place = down(float(projected(np.array([degrees]), np.array([left]), parallel, left)[1][0]))
        parts.append(_line((across(west), across(east)), (place, place)))
        parts.append(_text("tick", 2, place + 4, _degrees(degrees, "N", "S")))
    for degrees in _ticks(first, last, step):
        place = across(DEGREE_KM * true * (degrees - left))  # unlike events, meridians may lie beyond the edges
        parts.append(_line((place, place), (down(north), down(south))))
        parts.append(_text("tick mid", place, 18, _degrees((degrees + 180.0) % 360.0 - 180.0, "E", "W")))
    return parts


def _ticks(low: float, high: float, step: float) -> list[float]:
    return [tick * step for tick in range(math.ceil(low / step), math.floor(high / step) + 1)]


def _line(x: tuple[float, float], y: tuple[float, float]) -> Markup:
    return Markup('<line class="grid" x1="{:.1f}" x2="{:.1f}" y1="{:.1f}" y2="{:.1f}"/>').format(*x, *y)


def _latitude(sine: float) -> float:
    return math.degrees(math.asin(max(-1.0, min(1.0, math.radians(sine)))))


def _degrees(value: float, positive: str, negative: str) -> str:
    return f"{abs(value):g}°{positive if value > 0 else negative if value < 0 else ''}"


def _patterns(found: Overview, where: str) -> Markup:
    kinds = ["u", *(_kind(found, at) for at in range(len(found.names)))]
    return Markup("<defs>{}</defs>").format(Markup("").join(HATCH.format(f"{where}-{kind}", kind) for kind in kinds))


def _kind(found: Overview, at: int) -> str:
    """The class of a name in the style sheet; all others are grey."""
    return f"f{at}" if at < len(found.names) - 1 else "f6"


def _letter(found: Overview, at: int) -> str:
    return LETTERS[at] if at < len(found.names) - 1 else "+"


def _text(kind: str, x: float, y: float, text: str) -> Markup:
    return Markup('<text class="{}" x="{:.1f}" y="{:.1f}">{}</text>').format(kind, x, y, text)


def _svg(high: float, title: str, text: str, parts: list[Markup]) -> Markup:
    head = Markup('<svg viewBox="0 0 {:.0f} {:.0f}" role="img"><title>{}</title><desc>{}</desc>')
    return head.format(_WIDTH, high, title, text) + Markup("").join(parts) + Markup("</svg>")
