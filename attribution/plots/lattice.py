"""How the leader fares as more and more of the evidence is taken away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attribution.plots import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from attribution.analysis.lattice import Lattice


def plot_lattice(finding: Lattice, ax: Axes | None = None) -> Axes:
    """A row per number of units removed: the lowest and highest probability of the leader over all such subsets."""
    ax = style.stage(
        ax,
        title=f"{finding.leader} leads in {finding.held} of {finding.subsets} subsets of the evidence",
        note=finding.method,
        rows=len(finding.layers),
    )
    for row, layer in enumerate(finding.layers):
        ax.barh(row, layer.high - layer.low, left=layer.low, height=0.4, color=style.LEAD, alpha=0.45, linewidth=0)
        for end, marker in ((layer.low, "<"), (layer.high, ">")):
            ax.plot(end, row, marker, color=style.LEAD, markersize=5)
        ax.text(1.02, row, f"leads in {layer.held} of {layer.subsets}", va="center", fontsize=8, color=style.QUIET)
    names = [f"{layer.removed} {finding.by}{'' if layer.removed == 1 else 's'} removed" for layer in finding.layers]
    style.name_rows(ax, names)
    style.percent_axis(ax, f"probability of {finding.leader}, lowest to highest over these subsets")
    return ax
