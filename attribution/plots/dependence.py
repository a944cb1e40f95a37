"""What if origins that share something were one?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attribution.plots import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from attribution.analysis.dependence import Dependence

_MOST = 12


def plot_dependence(finding: Dependence, ax: Axes | None = None) -> Axes:
    """A row per merger: how far leader against runner-up would move; a square where the lead would change."""
    shown = (*finding.institutions, *finding.pairs)[:_MOST]
    ax = style.stage(
        ax,
        title=f"If origins were one. Effective number of independent origins: {finding.effective:.1f}",
        note=finding.method,
        rows=max(len(shown), 2),
    )
    for row, one in enumerate(shown):
        role = "rival" if one.changes_lead else "lead"
        ax.plot([0, one.lead_shift], [row, row], color=style.COLOURS[role], linewidth=1.6)
        ax.plot(one.lead_shift, row, style.MARKERS[role], color=style.COLOURS[role])
    ax.plot([], [], style.MARKERS["lead"], color=style.LEAD, label="the lead stays")
    ax.plot([], [], style.MARKERS["rival"], color=style.RIVAL, label="the lead changes")
    style.name_rows(ax, [f"{' + '.join(one.origins)} ({', '.join(one.reasons)})" for one in shown])
    style.decibans_axis(ax, "change of leader against runner-up, decibans")
    style.legend(ax)
    return ax
