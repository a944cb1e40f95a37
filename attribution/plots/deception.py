"""The leader's probability as more and more of the evidence may have been forged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attribution.plots import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from attribution.analysis.deception import DeceptionBudget


def plot_deception_budget(finding: DeceptionBudget, ax: Axes | None = None) -> Axes:
    """A line per direction; a mark, and a name, where the lead passes."""
    place = finding.factions.index(finding.leader)
    ax = style.stage(
        ax,
        title=f"Probability of {finding.labels[place]} if the evidence may have been forged",
        note=finding.method,
        rows=10,
    )
    named = set()
    for direction in finding.directions:
        role = "lead" if direction.toward == finding.leader else "rest" if direction.toward else "rival"
        name = {"lead": direction.label, "rival": direction.label, "rest": "to point to one of the others"}[role]
        dashes = {"lead": "-", "rival": "--", "rest": ":"}[role]
        line = [probabilities[place] for probabilities in direction.curve]
        label = None if name in named else style.plain(name)
        ax.plot(finding.levels, line, dashes, color=style.COLOURS[role], linewidth=1.6, label=label)
        named.add(name)
        if direction.flip is not None:
            ax.axvline(direction.flip, color=style.COLOURS[role], linewidth=0.8)
            told = f" {direction.to} leads from {direction.flip:.0%}"
            ax.text(direction.flip, 0.04, style.plain(told), fontsize=8, color=style.INK)
    ax.set_ylim(-0.01, 1.01)
    ax.set_ylabel("probability of the leader", fontsize=9, color=style.QUIET)
    style.percent_axis(ax, "probability with which each origin was forged")
    style.legend(ax)
    return ax
