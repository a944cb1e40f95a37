"""The same evidence under every model; the steps by which the runner-up would win; the grounds of confidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attribution.plots import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from attribution.analysis.confidence import Confidence
    from attribution.analysis.path import ShortestPath
    from attribution.analysis.rivals import Rivals

_SHAPES = ("o", "s", "D", "^", "v", "P", "X", "*")
_INKS = (style.LEAD, style.RIVAL, style.REST, style.INK)
_LEVELS = {"not looked at": -1, "low": 0, "moderate": 1, "high": 2}


def plot_rivals(finding: Rivals, ax: Axes | None = None) -> Axes:
    """A row per faction, a mark of its own shape per model."""
    verdict = "agree" if finding.agree else "do not agree"
    ax = style.stage(
        ax,
        title=f"The same evidence under {len(finding.verdicts)} models, which {verdict} on who leads"
        if len(finding.verdicts) > 1
        else "One model alone",
        note=finding.method,
        rows=len(finding.factions),
    )
    for place, one in enumerate(finding.verdicts):
        ax.plot(
            one.probabilities,
            range(len(finding.factions)),
            _SHAPES[place % len(_SHAPES)],
            color=_INKS[place % len(_INKS)],
            markersize=7,
            fillstyle="none" if place else "full",
            label=style.plain(one.title),
        )
    style.name_rows(ax, finding.labels)
    style.percent_axis(ax, "probability after the evidence")
    style.legend(ax)
    return ax


def plot_shortest_path(finding: ShortestPath, ax: Axes | None = None) -> Axes:
    """The lead in decibans as one number after another is moved, until the rival draws level."""
    names = ["as it stands", *(f"{step.label}: {step.best:.3g} to {step.to:.3g}" for step in finding.steps)]
    leads = [finding.lead, *(step.lead for step in finding.steps)]
    told = "draws level with" if finding.reached else "does not reach"
    ax = style.stage(
        ax,
        title=f"How {finding.rival_label} {told} {finding.leader_label}",
        note=finding.method,
        rows=len(names),
    )
    ax.plot(leads, range(len(names)), color=style.LEAD, linewidth=1.2)
    ax.plot(leads, range(len(names)), "o", color=style.LEAD)
    style.name_rows(ax, names)
    style.decibans_axis(ax, f"lead of {finding.leader_label}, decibans")
    return ax


def plot_confidence(finding: Confidence, ax: Axes | None = None) -> Axes:
    """A row per ground, its level as a position; a square is low, a diamond was not looked at."""
    ax = style.stage(
        ax,
        title=f"Analytic confidence: {finding.level}",
        note=finding.method,
        rows=len(finding.grounds),
    )
    for row, one in enumerate(finding.grounds):
        role = "rest" if one.level is None else "rival" if one.level == "low" else "lead"
        at = _LEVELS[one.level or "not looked at"]
        ax.plot(at, row, style.MARKERS[role], color=style.COLOURS[role], markersize=8)
    style.name_rows(ax, [one.id for one in finding.grounds])
    ax.set_xlim(-1.4, 2.4)
    ax.set_xticks(list(_LEVELS.values()), list(_LEVELS))
    return ax
