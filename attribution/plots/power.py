"""What the leader's probability would be if a part of the prior, or an origin, counted less or more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attribution.plots import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from attribution.analysis.power import PowerScaling

_MOST = 14


def plot_power_scaling(finding: PowerScaling, ax: Axes | None = None) -> Axes:
    """A row per component, the most influential first: an open mark at the lower power, a filled one at the higher."""
    shown = (finding.evidence, *finding.components)[:_MOST]
    low, high = finding.alphas
    place = finding.factions.index(finding.leader)
    ax = style.stage(
        ax,
        title=f"Probability of {finding.leader_label} if one component counted less or more",
        note=finding.method,
        rows=len(shown),
    )
    for row, one in enumerate(shown):
        ends = [given[place] for given in one.probabilities]
        colour = style.RIVAL if one.kind == "origin" else style.LEAD
        marker = style.MARKERS["rival" if one.kind == "origin" else "lead"]
        ax.plot(ends, [row, row], color=colour, linewidth=1.6)
        ax.plot(ends[0], row, marker, color=style.PAPER, markeredgecolor=colour)
        ax.plot(ends[1], row, marker, color=colour)
    for marker, colour, label in (("o", style.LEAD, "prior, or all evidence"), ("s", style.RIVAL, "origin")):
        ax.plot([], [], marker, color=colour, label=f"{label}: open at power {low:g}, filled at {high:g}")
    style.name_rows(ax, [one.label for one in shown])
    ends = [given[place] for one in shown for given in one.probabilities]
    style.narrow_percent_axis(ax, min(ends), max(ends), f"probability of {finding.leader_label}")
    style.legend(ax)
    return ax
