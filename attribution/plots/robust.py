"""Bounds on the probabilities when a part of the prior may be wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attribution.plots import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from attribution.analysis.robust import RobustBounds


def plot_robust_bounds(finding: RobustBounds, ax: Axes | None = None) -> Axes:
    """A row per faction: the posterior as a mark, and a bar per contamination, the palest the widest."""
    told = f"The lead changes at {finding.tipping:.1%}" if finding.tipping is not None else "The lead never changes"
    ax = style.stage(
        ax,
        title=f"How far each probability can move if part of the prior is wrong. {told}.",
        note=finding.method,
        rows=len(finding.factions),
    )
    wider = finding.bounds[1:]
    roles = style.roles(finding.factions, finding.leader, finding.to)
    for row, role in enumerate(roles):
        for place, bound in enumerate(reversed(wider)):
            ax.barh(
                row,
                bound.high[row] - bound.low[row],
                left=bound.low[row],
                height=0.28 + 0.12 * (len(wider) - place),
                color=style.COLOURS[role],
                alpha=0.15 + 0.15 * place,
                linewidth=0,
                label=f"up to {bound.epsilon:.0%} of the prior anywhere" if row == 0 else None,
            )
        ax.plot(
            finding.bounds[0].low[row],
            row,
            style.MARKERS[role],
            color=style.COLOURS[role],
            markeredgecolor=style.PAPER,
            label="posterior" if row == 0 else None,
        )
    style.name_rows(ax, finding.labels)
    style.percent_axis(ax, "probability after the evidence")
    style.legend(ax)
    return ax
