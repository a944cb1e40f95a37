"""What each part of the evidence adds to the odds of one side against another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attribution.plots import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from attribution.analysis.leave_out import LeaveOut

_MOST = 16


def plot_leave_out(finding: LeaveOut, ax: Axes | None = None) -> Axes:
    """A row per removal, the largest first; hatched, and named, where the lead would pass without it."""
    shown = finding.removals[:_MOST]
    ax = style.stage(
        ax,
        title=f"What each {finding.by} adds to {finding.first} against {finding.second}",
        note=finding.method,
        rows=len(shown),
    )
    for row, removal in enumerate(shown):
        role = "rival" if removal.changes_lead else "lead"
        ax.barh(row, removal.between_pull, height=0.5, color=style.COLOURS[role], hatch=style.HATCHES[role], alpha=0.85)
        if removal.changes_lead:
            told = f" without it {removal.new_leader} leads{' (open)' if removal.lead_open else ''}"
            ax.text(max(removal.between_pull, 0.0), row, style.plain(told), va="center", fontsize=8, color=style.INK)
    style.name_rows(ax, [removal.label for removal in shown])
    style.decibans_axis(ax, f"decibans for {finding.first} against {finding.second}")
    return ax
