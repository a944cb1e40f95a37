"""What figures are made of: rows of label, strip and value.

A strip is an SVG whose marks stand at percents of its width and whose words are HTML beside it. So a figure is as wide
as its place, its text never shrinks, and a reader of any size of screen, or of none, gets the same words.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from markupsafe import Markup

from attribution.domain.verbal import ICD_203
from attribution.inert import legible
from attribution.reporting.text import brief

_EDGE = 1e-3
_TICKS = (0.01, 0.05, 0.2, 0.5, 0.8, 0.95, 0.99)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a figure; `role` says how it is drawn (lead, rival, rest, ...).

    `note` stands under the value, `more` under the label.
    """

    label: str
    strip: Markup
    value: str
    role: str = "rest"
    note: str = ""
    more: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """Rows under an axis."""

    axis: Markup
    rows: tuple[Row, ...]


def strip(alternative: str, *marks: Markup) -> Markup:
    """An SVG as wide as its place, told in words by `alternative`."""
    return Markup('<svg class="strip" role="img" aria-label="{}">{}</svg>').format(
        legible(brief(alternative, 600)), Markup("").join(marks)
    )


def axis_strip(*marks: Markup) -> Markup:
    """The strip of an axis: it only repeats what the rows say, so readers of the text skip it."""
    return Markup('<svg class="strip" aria-hidden="true">{}</svg>').format(Markup("").join(marks))


def line(kind: str, x1: float, x2: float, y1: str = "50%", y2: str = "50%") -> Markup:
    """A line; x in percents of the width."""
    return Markup('<line class="{}" x1="{:.2f}%" x2="{:.2f}%" y1="{}" y2="{}"/>').format(kind, x1, x2, y1, y2)


def dot(kind: str, x: float, radius: float) -> Markup:
    """A circle halfway down; the radius in pixels."""
    return Markup('<circle class="{}" cx="{:.2f}%" cy="50%" r="{:g}"/>').format(kind, x, radius)


def box(kind: str, x1: float, x2: float, y: str, height: str) -> Markup:
    """A rectangle between two places, whichever is left."""
    return Markup('<rect class="{}" x="{:.2f}%" width="{:.2f}%" y="{}" height="{}"/>').format(
        kind, min(x1, x2), abs(x2 - x1), y, height
    )


def words(kind: str, x: float, text: str, y: str = "50%") -> Markup:
    """A word or number; only axes hold any."""
    return Markup('<text class="{}" x="{:.2f}%" y="{}">{}</text>').format(kind, x, y, text)


def place(probability: float) -> float:
    """Where a probability stands, in percent of the width: by log-odds from 0.1 % to 99.9 %, ends held."""
    held = min(max(probability, _EDGE), 1.0 - _EDGE)
    widest = math.log((1.0 - _EDGE) / _EDGE)
    return 50.0 + 50.0 * math.log(held / (1.0 - held)) / widest


def word_bands() -> Markup:
    """Every second ICD 203 band shaded, and a line at each tick: the ground of every row of probabilities."""
    shaded = (box("band", place(band.low), place(band.high), "0", "100%") for band in ICD_203[1::2])
    ticks = (line("grid", place(tick), place(tick), "0", "100%") for tick in _TICKS)
    return Markup("").join((*shaded, *ticks))


def probability_axis() -> Markup:
    """Percents at the ticks, and the words of the bands above them."""
    marks = [words("tick", place(tick), f"{tick * 100:g} %", "90%") for tick in _TICKS]
    for band in ICD_203:
        low, high = place(band.low), place(band.high)
        if band.low == ICD_203[0].low:
            low = 0.0
        if band.high == ICD_203[-1].high:
            high = 100.0
        name = "even" if "even" in band.terms[0] else band.terms[0]
        marks.append(words("term", (low + high) / 2, name, "32%"))
    return axis_strip(*marks)
