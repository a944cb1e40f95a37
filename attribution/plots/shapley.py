"""The log-odds of one side against another as a sum of bars."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attribution.plots import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from attribution.analysis.shapley import Decomposition


def plot_shapley(finding: Decomposition, ax: Axes | None = None) -> Axes:
    """A row per bar: the prior, every origin with its range over inputs, what averaging adds, and the sum of all."""
    rows = (
        ("Prior", finding.prior, None),
        *((bar.label, bar.decibans, (bar.low, bar.high)) for bar in finding.origins),
        ("Averaging over unknown numbers", finding.averaging, None),
        ("Sum", finding.total, None),
    )
    ax = style.stage(
        ax,
        title=f"What the odds of {finding.faction} against {finding.rival} are made of",
        note=f"{finding.method} Whiskers: 5 to 95 % over the unknown numbers.",
        rows=len(rows),
    )
    for row, (label, value, ends) in enumerate(rows):
        role = "rest" if ends is None and label != "Sum" else "lead" if value >= 0 else "rival"
        ax.barh(row, value, height=0.5, color=style.COLOURS[role], hatch=style.HATCHES[role], alpha=0.85, linewidth=0)
        if ends is not None:
            ax.plot(ends, [row, row], color=style.INK, linewidth=1.0)
    style.name_rows(ax, [label for label, _, _ in rows])
    style.decibans_axis(ax, f"decibans for {finding.faction} against {finding.rival}")
    return ax
