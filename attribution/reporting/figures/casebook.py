"""How a posterior moved: probability against the time since the incident, on one logarithmic clock for all cases."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass

from markupsafe import Markup

from attribution.analysis.comparison.casebook import Study
from attribution.domain.identifiers import OTHER
from attribution.domain.moments import Moment
from attribution.domain.verbal import percent
from attribution.inert import legible
from attribution.reporting.figures.marks import axis_strip, words

MOST_LINES = 6
_WIDTH, _HEIGHT = 1000.0, 200.0
_LONGEST = 1e5  # hours: eleven years
_CLOCK = ((1, "1 hour"), (6, "6 hours"), (24, "1 day"), (168, "1 week"), (720, "30 days"), (8766, "1 year"))


@dataclass(frozen=True, slots=True)
class Movement:
    """The drawing, its axis, and the lines by name with the style of each: l0 the last leader, l5 the least."""

    drawing: Markup
    axis: Markup
    lines: tuple[tuple[str, str], ...]


def movement(study: Study) -> Movement:
    """Steps of the most probable factions, whoever ever led and `other` among them, each in a style of its own."""
    chosen = _chosen(study)
    lines = tuple((study.labels[position], f"l{rank}") for rank, position in enumerate(chosen))
    marks = [
        Markup('<path class="grid" d="M0 {0:g}H{1:g}"/>').format(_HEIGHT * part, _WIDTH) for part in (0.25, 0.5, 0.75)
    ]
    marks += [Markup('<path class="grid" d="M{0:.1f} 0V{1:g}"/>').format(_across(at), _HEIGHT) for at, _ in _CLOCK]
    for position, (_, kind) in reversed(list(zip(chosen, lines, strict=True))):
        marks.append(Markup('<path class="step {}" d="{}"/>').format(kind, _steps(study, position)))
    last = study.latest.probabilities
    phrase = ", ".join(
        f"{study.labels[position]} from {percent(study.prior[position])} to {percent(last[position])}"
        for position in chosen
    )
    drawing = Markup(
        '<svg class="movement" viewBox="0 0 {:g} {:g}" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>'
    ).format(_WIDTH, _HEIGHT, legible(phrase), Markup("").join(marks))
    return Movement(drawing, axis_strip(*(words("tick", _across(at) / 10, text) for at, text in _CLOCK)), lines)


def _chosen(study: Study) -> list[int]:
    last = study.latest.probabilities
    ranking = sorted(range(len(last)), key=lambda position: -last[position])
    ever = {study.factions.index(turn.leader) for turn in study.timeline.turns}
    kept = [position for position in ranking if position in ever or study.factions[position] == OTHER]
    kept += [position for position in ranking if position not in kept][: max(0, MOST_LINES - len(kept))]
    return [position for position in ranking if position in kept][:MOST_LINES]


def _steps(study: Study, position: int) -> str:
    parts = [f"M0 {_up(study.prior[position])}"]
    start = dt.datetime.fromisoformat(study.started)
    for turn in study.timeline.turns:
        hours = (Moment.parse(turn.moment).end - start).total_seconds() / 3600
        parts.append(f"H{_across(hours):.1f}V{_up(turn.probabilities[position])}")
    return "".join((*parts, f"H{_WIDTH:g}"))


def _across(hours: float) -> float:
    return _WIDTH * min(1.0, math.log(max(hours, 1.0)) / math.log(_LONGEST))


def _up(probability: float) -> str:
    return f"{_HEIGHT * (1.0 - probability):.1f}"
