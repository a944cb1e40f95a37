"""The discounts of an archive's features, each with its interval."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from attribution.archive.posterior import Discount
from attribution.reporting.figures.marks import Figure, Row, axis_strip, dot, line, strip, words

_MARGIN = 4.0  # percent of the width left free at both ends
_STEPS = (0.25, 0.5, 1.0, 2.0, 5.0)
_MOST_TICKS = 8


def discount_figure(discounts: Sequence[Discount]) -> Figure:
    """A dot at the mean, a bar over the 90 % interval, on an axis that reaches from nothing to one at least."""
    least = min(0.0, *(one.low for one in discounts))
    most = max(1.0, *(one.high for one in discounts))

    def place(value: float) -> float:
        return _MARGIN + (100.0 - 2.0 * _MARGIN) * (value - least) / (most - least)

    step = next((step for step in _STEPS if (most - least) / step < _MOST_TICKS), _STEPS[-1])
    ticks = [step * at for at in range(int(least / step), int(most / step) + 1)]
    lines = (line("zero" if tick in (0.0, 1.0) else "grid", place(tick), place(tick), "0", "100%") for tick in ticks)
    ground = Markup("").join(lines)
    rows = tuple(
        Row(
            one.feature,
            strip(
                f"{one.feature}: {one.mean:.2f}, 90 % interval {one.low:.2f} to {one.high:.2f}",
                ground,
                line("range", place(one.low), place(one.high)),
                dot("after", place(one.mean), 5.5),
            ),
            _signed(one.mean),
            note=f"{_signed(one.low)} to {_signed(one.high)}",
        )
        for one in discounts
    )
    return Figure(axis_strip(*(words("tick", place(tick), _tick(tick), "80%") for tick in ticks)), rows)


def _tick(value: float) -> str:
    return f"{value:g}".replace("-", "−")


def _signed(value: float) -> str:
    return f"{round(value, 2) + 0.0:.2f}".replace("-", "−")  # + 0.0: nought has no sign
