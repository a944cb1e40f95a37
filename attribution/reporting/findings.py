"""The sensitivity analysis as a reader sees it: each finding a title, its own sentence, and a table of few columns."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from attribution.analysis.confidence import Confidence
from attribution.analysis.deception import DeceptionBudget, Direction
from attribution.analysis.dependence import Dependence
from attribution.analysis.lattice import Lattice
from attribution.analysis.leave_out import LeaveOut
from attribution.analysis.next_evidence import NextEvidence, Worth
from attribution.analysis.power import PowerScaling
from attribution.analysis.rivals import Rivals
from attribution.analysis.robust import RobustBounds
from attribution.analysis.sensitivity import Sensitivity
from attribution.analysis.tipping import Tip, TipKind, TippingPoints
from attribution.domain.verbal import decibans, percent, percents
from attribution.inference.posterior import Posterior

MOST_ROWS = 12


@dataclass(frozen=True, slots=True)
class Grid:
    """A table of texts; the first column names its rows. `of` counts all rows, of which only the first may be here."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    of: int


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding: what was asked, what came out, how it was computed, and the table behind it (or none)."""

    id: str
    title: str
    sentence: str
    method: str
    grid: Grid | None


# In the order of the page; a finding that is not named here comes last, under its own name.
_TITLES = {
    "tipping": "The smallest change that ends the lead",
    "rivals": "The shortest way to another leader",
    "deception": "How much deception it would take",
    "next_evidence": "What to look for next",
    "leave_out": "Without each origin",
    "sources": "Without each source",
    "institutions": "Without each institution",
    "lattice": "Every subset of the evidence",
    "dependence": "If two origins were one",
    "robust": "If the prior were wrong",
    "power": "If a part counted more, or less",
    "confidence": "Analytic confidence",
}
_ELSEWHERE = ("decomposition",)


def findings(posterior: Posterior, found: Sensitivity) -> tuple[Finding, ...]:
    """All findings of a sensitivity analysis but those that are sections of their own."""
    labels, order = names(posterior), list(_TITLES)
    told = [finding(name, value, labels) for name, value in found.findings() if name not in _ELSEWHERE]
    return tuple(sorted(told, key=lambda one: order.index(one.id) if one.id in order else len(order)))


def finding(name: str, value: Any, labels: dict[str, str]) -> Finding:
    """One finding; a kind that has no table here is told in its own words."""
    layout = _LAYOUTS.get(type(value))
    title = _TITLES.get(name, name.replace("_", " ").capitalize())
    method, sentence = getattr(value, "method", ""), str(value)
    for told in (method, value.path.method if isinstance(value, Rivals) else ""):
        sentence = sentence.replace(told, "").strip() if told else sentence
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


def _tipping(found: TippingPoints, labels: dict[str, str]) -> Grid:
    rows = (
        (tip.label, tip.now, tip.then, _size(tip.kind, tip.size, tip.error), labels.get(tip.to, tip.to), _weight(tip))
        for tip in (*found.grades, *found.numbers, *found.shares)
    )
    columns = ("what moves", "from", "to", "how far", "lead passes to", "effective draws")
    return _grid(columns, rows, most=2 * MOST_ROWS)


def _size(kind: TipKind, size: float, error: float) -> str:
    if kind == "grade":
        return f"{size:g} step{'s' if size != 1 else ''} of grade"
    unit = "widths" if kind == "number" else "of the prior"
    return f"{size:.2g} ± {error:.1g} {unit}"


def _weight(tip: Tip) -> str:
    return _reach(tip.ess, tip.khat, tip.refitted)


def _deception(found: DeceptionBudget, labels: dict[str, str]) -> Grid:
    rows = (
        (
            one.label,
            f"{percent(one.flip)} ± {100 * one.error:.1f}" if one.flip is not None else "never",
            labels.get(one.to, one.to) if one.flip is not None else "",
            _fewest(one, labels),
        )
        for one in found.directions
    )
    return _grid(("all forged", "lead passes at", "to", "fewest origins, if surely forged"), rows)


def _fewest(one: Direction, labels: dict[str, str]) -> str:
    if one.fewest is None:
        return "no set suffices"
    named = ", ".join(labels.get(origin, origin) for origin in one.fewest.origins)
    return f"{'' if one.fewest.exact else 'at most '}{len(one.fewest.origins)}: {named}"


def _rivals(found: Rivals, labels: dict[str, str]) -> Grid:
    rows = (
        (step.number, f"{step.best:.3g}", f"{step.to:.3g}", f"{step.deviations:.1f}", f"{decibans(step.lead)} dB")
        for step in found.path.steps
    )
    return _grid(("number", "best", "moved to", "deviations", "lead then"), rows)


def _next(found: NextEvidence, labels: dict[str, str]) -> Grid:
    rows = (
        (
            one.label if one.kind == "fact" else f"Can it be believed: {one.label}",
            _bits(one.certain),
            percent(one.certain.changes_lead),
            _bits(one.report) if one.report else "",
            percent(one.report.changes_lead) if one.report else "",
        )
        for one in found.prospects
    )
    columns = ("question", "bits, for certain", "changes the lead", "bits, as a B2 report", "changes the lead then")
    return _grid(columns, rows)


def _bits(worth: Worth) -> str:
    return f"{worth.bits:.3f} ± {worth.bits_mcse:.3f}"


def _dependence(found: Dependence, labels: dict[str, str]) -> Grid:
    position = found.factions.index(found.leader)
    rows = (
        (
            " + ".join(one.labels),
            ", ".join(one.reasons),
            percent(one.probabilities[position]),
            f"{decibans(one.lead_shift)} dB",
            "yes" if one.changes_lead else "no",
        )
        for one in (*found.institutions, *found.pairs)
    )
    return _grid(("were these one", "they share", f"{found.leader_label} then", "shift", "lead changes"), rows)


def _confidence(found: Confidence, labels: dict[str, str]) -> Grid:
    rows = ((ground.id, ground.level or "not assessed", ground.reason) for ground in found.grounds)
    return _grid(("ground", "level", "reason"), rows)


def _grid(columns: Iterable[str], rows: Iterable[tuple[str, ...]], most: int | None = MOST_ROWS) -> Grid:
    found = tuple(rows)
    return Grid(tuple(columns), found[:most], len(found))


_LAYOUTS: dict[type, Callable[[Any, dict[str, str]], Grid]] = {
    Confidence: _confidence,
    DeceptionBudget: _deception,
    Dependence: _dependence,
    LeaveOut: _leave_out,
    NextEvidence: _next,
    Rivals: _rivals,
    TippingPoints: _tipping,
    RobustBounds: _robust,
    PowerScaling: _power,
    Lattice: _lattice,
}
