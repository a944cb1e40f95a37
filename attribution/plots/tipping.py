"""The smallest single changes that change the lead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attribution.plots import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from attribution.analysis.tipping import TippingPoints

_ROLES = {"grade": "lead", "number": "rival", "share": "rest"}
_NAMES = {"grade": "a grade", "number": "an uncertain number", "share": "a prior share"}


def plot_tipping_points(finding: TippingPoints, ax: Axes | None = None) -> Axes:
    """A row per change, by kind: how far of what was tried it has to go, and who would then lead."""
    shown = (*finding.grades, *finding.numbers, *finding.shares)
    told = "nothing needs to move: the lead is tied" if finding.tied else "no single change does"
    ax = style.stage(
        ax,
        title=f"What would end the lead of {finding.leader}{'' if shown else f': {told}'}",
        note=finding.method,
        rows=max(len(shown), 1),
    )
    for row, tip in enumerate(shown):
        role = _ROLES[tip.kind]
        ax.plot([0.0, tip.extent], [row, row], color=style.COLOURS[role], linewidth=1.6)
        ax.plot(tip.extent, row, style.MARKERS[role], color=style.COLOURS[role])
        ax.text(tip.extent + 0.02, row, style.plain(f"{tip.now} to {tip.then}: {tip.to}"), va="center", fontsize=8)
    for kind, role in _ROLES.items():
        if any(tip.kind == kind for tip in shown):
            ax.plot([], [], style.MARKERS[role], color=style.COLOURS[role], label=_NAMES[kind])
    style.name_rows(ax, [tip.label for tip in shown])
    style.percent_axis(ax, "of the way to the farthest that was tried (8 steps, 3 widths, all of the prior)")
    if shown:
        style.legend(ax)
    return ax
