"""What could be learned next, and how much it would tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attribution.domain.verbal import percent
from attribution.plots import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from attribution.analysis.next_evidence import NextEvidence

_MOST = 12


def plot_next_evidence(finding: NextEvidence, ax: Axes | None = None) -> Axes:
    """A bar per prospect in bits, its error as a whisker, a square for a B2 report, and the chance of another lead."""
    shown = finding.prospects[:_MOST]
    ax = style.stage(
        ax,
        title=f"What the next answer would tell ({finding.uncertainty:.2f} bits are open)",
        note=finding.method,
        rows=max(len(shown), 2),
    )
    for row, one in enumerate(shown):
        role = "lead" if one.kind == "fact" else "rest"
        ax.barh(
            row,
            one.certain.bits,
            xerr=one.certain.bits_mcse,
            height=0.5,
            color=style.COLOURS[role],
            hatch=style.HATCHES[role],
            edgecolor=style.PAPER,
            ecolor=style.INK,
        )
        if one.report:
            ax.plot(one.report.bits, row, "s", color=style.PAPER, markeredgecolor=style.INK, markersize=5)
        if one.certain.changes_lead > 0:
            told = f"  lead changes: {percent(one.certain.changes_lead)}"
            ax.annotate(told, (one.certain.bits, row), va="center", fontsize=8, color=style.INK)
    ax.barh([0], [0], color=style.LEAD, label="a fact, learned for certain")
    ax.plot([], [], "s", color=style.PAPER, markeredgecolor=style.INK, label="the same as a B2 report")
    ax.barh([0], [0], color=style.REST, hatch=style.HATCHES["rest"], label="whether an origin can be believed")
    style.name_rows(ax, [one.label for one in shown])
    ax.set_xlim(left=0)
    ax.set_xlabel("expected bits about the perpetrator", fontsize=9, color=style.QUIET)
    style.legend(ax)
    return ax
