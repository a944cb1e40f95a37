"""The sensitivity analysis as a reader sees it: each finding a title, its own sentence, and a table of few columns."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from attribution.analysis.lattice import Lattice
from attribution.analysis.leave_out import LeaveOut
from attribution.analysis.power import PowerScaling
from attribution.analysis.robust import RobustBounds
from attribution.analysis.sensitivity import Sensitivity
from attribution.domain.verbal import decibans, percent, percents
from attribution.inference.posterior import Posterior

MOST_ROWS = 12


@dataclass(frozen=True, slots=True)
class Grid:
    """A table of texts; the first column names its rows."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding: what was asked, what came out, how it was computed, and the table behind it (or none)."""

    id: str
    title: str
    sentence: str
    method: str
    grid: Grid | None


_TITLES = {
    "leave_out": "Without each origin",
    "sources": "Without each source",
    "institutions": "Without each institution",
    "lattice": "Every subset of the evidence",
    "tipping": "The smallest change that ends the lead",
    "deception": "How much deception it would take",
    "robust": "If the prior were wrong",
    "power": "If a part counted more, or less",
    "dependence": "If two origins were one",
    "next_evidence": "What to look for next",
    "rivals": "Under other models",
    "confidence": "Analytic confidence",
}
_ELSEWHERE = ("decomposition",)


def findings(posterior: Posterior, found: Sensitivity) -> tuple[Finding, ...]:
    """All findings of a sensitivity analysis but those that are sections of their own."""
    labels = names(posterior)
    return tuple(finding(name, value, labels) for name, value in found.findings() if name not in _ELSEWHERE)


def finding(name: str, value: Any, labels: dict[str, str]) -> Finding:
    """One finding; a kind that has no table here is told in its own words."""
    layout = _LAYOUTS.get(type(value))
    title = _TITLES.get(name, name.replace("_", " ").capitalize())
    method = getattr(value, "method", "")
    sentence = str(value).replace(method, "").strip() if method else str(value)
    grid = layout(value, labels) if layout else None
    return Finding(name, title, labelled(sentence, labels), labelled(method, labels), grid)


def names(posterior: Posterior) -> dict[str, str]:
    """What ids are called: factions, groups, origins, sources."""
    case = posterior.case
    return {
        **{source.id: source.name for source in case.sources},
        **{origin.id: origin.title or origin.items[0].title for origin in case.origins},
        **{node: case.factions.label(node) for node in case.factions.ids},
    }


def labelled(text: str, labels: dict[str, str]) -> str:
    """A sentence with ids replaced by what they are called; ids without a hyphen may be words, and stay."""
    ids = sorted((id for id in labels if "-" in id), key=len, reverse=True)
    if not ids:
        return text
    pattern = re.compile(rf"(?<![\w-])({'|'.join(map(re.escape, ids))})(?![\w-])")
    return pattern.sub(lambda match: labels[match[1]], text)


def _leave_out(found: LeaveOut, labels: dict[str, str]) -> Grid:
    rows = (
        (
            removal.label,
            f"{decibans(removal.lead_pull)} ± {removal.lead_error:.1f}",
            f"{labels[removal.new_leader]}, {percent(max(removal.probabilities))}",
            "yes" if removal.changes_lead else "open" if removal.lead_open else "no",
            _reach(removal.ess, removal.khat, removal.refitted),
        )
        for removal in found.removals
    )
    return _grid((found.by, "adds, dB", "ahead without it", "lead changes", "effective draws"), rows, most=None)


def _reach(ess: float, khat: float | None, refitted: bool) -> str:
    if refitted:
        return "fitted again"
    return f"{ess:.0f}" + (f" (k-hat {khat:.2f})" if khat is not None else "")


def _robust(found: RobustBounds, labels: dict[str, str]) -> Grid:
    order = sorted(range(len(found.factions)), key=lambda h: -found.bounds[0].high[h])[:MOST_ROWS]
    columns = ("faction", *(f"{bound.epsilon:.0%} of the prior anywhere" for bound in found.bounds[1:]))
    rows = (
        (labels[found.factions[h]], *(percents(bound.low[h], bound.high[h]) for bound in found.bounds[1:]))
        for h in order
    )
    return _grid(columns, rows)


def _power(found: PowerScaling, labels: dict[str, str]) -> Grid:
    rows = (
        (
            one.label,
            f"{100 * one.per_doubling:+.1f} points".replace("-", "−"),
            f"{decibans(one.lead_per_doubling)} dB",
            f"{one.sensitivity:.2f}",
            one.diagnosis,
        )
        for one in found.components
    )
    columns = ("component", "leader, per doubling", "log-odds, per doubling", "distance", "diagnosis")
    return _grid(columns, rows)


def _lattice(found: Lattice, labels: dict[str, str]) -> Grid:
    rows = (
        (
            f"{layer.removed} removed",
            f"{layer.subsets:,}",
            f"{layer.held:,}",
            percents(layer.low, layer.high),
        )
        for layer in found.layers
    )
    columns = (f"{found.by}s", "subsets", f"{labels[found.leader]} leads in", "its probability")
    return _grid(columns, rows, most=None)


def _grid(columns: Iterable[str], rows: Iterable[tuple[str, ...]], most: int | None = MOST_ROWS) -> Grid:
    return Grid(tuple(columns), tuple(rows)[:most])


_LAYOUTS: dict[type, Callable[[Any, dict[str, str]], Grid]] = {
    LeaveOut: _leave_out,
    RobustBounds: _robust,
    PowerScaling: _power,
    Lattice: _lattice,
}
