"""Probability by faction and by group."""

from __future__ import annotations

from attribution.domain.verbal import percent, percents
from attribution.inference.posterior import Standing
from attribution.reporting.figures.marks import Figure, Row, dot, line, place, probability_axis, strip, word_bands


def standings_figure(factions: tuple[Standing, ...], groups: tuple[Standing, ...]) -> Figure:
    """A dot after the evidence, a hollow dot before it, a bar for the range over inputs; groups below factions."""
    rows = [_row(standing, _role(position)) for position, standing in enumerate(factions)]
    return Figure(probability_axis(), (*rows, *(_row(standing, "group") for standing in groups)))


def _role(position: int) -> str:
    return ("lead", "rival")[position] if position < 2 else "rest"


def _row(standing: Standing, role: str) -> Row:
    range_ = percents(standing.low, standing.high)
    told = (
        f"{standing.label}: {percent(standing.probability)}, range over inputs {range_}, "
        f"before the evidence {percent(standing.prior)}"
    )
    drawn = strip(
        told,
        word_bands(),
        line("range", place(standing.low), place(standing.high)),
        dot("before", place(standing.prior), 5),
        dot("after", place(standing.probability), 6.5),
    )
    return Row(standing.label, drawn, percent(standing.probability), role, range_)
