"""The sensitivity analysis as a reader sees it: each finding a title, its own sentence, and a table of few columns."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from attribution.analysis.finding import Finding, as_json
from attribution.domain.verbal import decibans, odds, percent, percents, signed
from attribution.inference.posterior import Posterior
from attribution.reporting.naming import Names
from attribution.reporting.text import aligned, markdown_table, plain

if TYPE_CHECKING:
    from attribution.analysis.assumptions.lean import Lean
    from attribution.analysis.assumptions.learning import Learning
    from attribution.analysis.assumptions.model_error import ModelErrorSweep
    from attribution.analysis.assumptions.prior_predictive import PriorPredictive
    from attribution.analysis.assumptions.stories import StorySweep
    from attribution.analysis.comparison.path import ShortestPath
    from attribution.analysis.comparison.rivals import Rivals
    from attribution.analysis.confidence import Confidence
    from attribution.analysis.deception import DeceptionBudget, Direction
    from attribution.analysis.dependence import Dependence
    from attribution.analysis.lattice import Lattice
    from attribution.analysis.leave_out import LeaveOut, Removal
    from attribution.analysis.next_evidence import NextEvidence, Worth
    from attribution.analysis.power import PowerScaling
    from attribution.analysis.robust import RobustBounds
    from attribution.analysis.sensitivity import Sensitivity
    from attribution.analysis.shapley import Decomposition
    from attribution.analysis.tipping import ChangeKind, TippingPoint, TippingPoints

MOST_ROWS = 12
WIDTH = 100
# In the order of the page; a finding that is not named here comes last. After each, how many rows of its table a short
# page needs: none where the sentence says it all.
_ORDER = {
    "tipping": 0,
    "rivals": 3,
    "deception": 0,
    "next_evidence": 3,
    "leave_out": 3,
    "sources": 0,
    "institutions": 0,
    "decomposition": 0,
    "lattice": 0,
    "dependence": 3,
    "stories": 0,
    "lean": 0,
    "model_error": 0,
    "learning": 0,
    "prior_predictive": 0,
    "robust": 0,
    "power": 3,
    "confidence": 0,
}
_QUESTIONS = (
    ("Without some of the evidence", "What each part carries", ("leave_out", "sources", "institutions", "lattice")),
    ("Forged, copied or of one story", "Evidence that is not what it seems", ("deception", "dependence", "stories")),
    ("Other numbers", "The smallest changes that matter", ("tipping", "power", "robust", "lean")),
    ("Another model", "Rival models, and a model that errs", ("rivals", "model_error", "learning", "prior_predictive")),
    ("What to find out next", "What would teach us most", ("next_evidence", "confidence")),
)
_ELSEWHERE = ("decomposition",)  # a section of its own in a report
_HOW = "What was perturbed, and how it was computed"
_CELL = 28
_LEAST_BITS = 0.0005  # prints as 0.001


@dataclass(frozen=True, slots=True)
class Grid:
    """A table of texts; the first column names its rows. `of` counts all rows, of which only the first may be here."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    of: int


@dataclass(frozen=True, slots=True)
class Section:
    """One finding: what was asked, what came out, how it was computed, and the table behind it (or none)."""

    id: str
    title: str
    sentence: str
    method: str
    grid: Grid | None


def sections(posterior: Posterior, sensitivity: Sensitivity) -> tuple[Section, ...]:
    """All findings of a sensitivity analysis, in the order of every page."""
    names, order = Names.of(posterior), list(_ORDER)
    told = [section(name, finding, names) for name, finding in sensitivity.findings()]
    return tuple(sorted(told, key=lambda one: order.index(one.id) if one.id in order else len(order)))


def report_sections(posterior: Posterior, sensitivity: Sensitivity) -> tuple[Section, ...]:
    """All of them but those that a report tells of elsewhere."""
    return tuple(one for one in sections(posterior, sensitivity) if one.id not in _ELSEWHERE)


@dataclass(frozen=True, slots=True)
class Question:
    """One line of what would change our mind, and the findings that unfold from it."""

    title: str
    line: str
    sections: tuple[Section, ...]


def questions(found: tuple[Section, ...]) -> tuple[Question, ...]:
    """The findings under five questions; one that is named in none of them comes last."""
    placed = {id for _, _, ids in _QUESTIONS for id in ids}
    rest = tuple(one.id for one in found if one.id not in placed)
    grouped = []
    for title, line, ids in (*_QUESTIONS, ("And besides", "What else was looked at", rest)):
        own = tuple(one for one in found if one.id in ids)
        if own:
            grouped.append(Question(title, line, own))
    return tuple(grouped)


def section(name: str, finding: Finding, names: Names) -> Section:
    """One finding; a kind that has no table here is told in its own words."""
    layout = _LAYOUTS.get(type(finding).__name__)
    grid = layout(finding, names.nodes) if layout else None
    return Section(name, finding.title, names.told(finding.summary), names.told(finding.method), grid)


@dataclass(frozen=True, slots=True)
class SensitivityPage:
    """A heading, what the posterior says, the sections, and at the end what was perturbed in each, and how."""

    title: str
    opening: str
    sections: tuple[Section, ...]

    def text(self) -> str:
        """Plain text, wrapped; of each table the first rows, cut to fit."""
        blocks = [self.title, "=" * len(self.title), textwrap.fill(self.opening, WIDTH)]
        for section in self.sections:
            blocks += ["", section.title, "-" * len(section.title), textwrap.fill(section.sentence, WIDTH)]
            rows = _brief(section)
            if rows:
                blocks += ["", *aligned(rows, most=_CELL, indent="  ")]
        blocks += ["", _HOW, "-" * len(_HOW)]
        blocks += [textwrap.fill(f"[{one.title}] {one.method}", WIDTH) for one in self.sections if one.method]
        return "".join(letter for letter in "\n".join(blocks) if letter.isprintable() or letter == "\n") + "\n"

    def markdown(self) -> str:
        """Markdown, every text of a case escaped."""
        blocks = [f"# {plain(self.title)}", plain(self.opening)]
        for section in self.sections:
            blocks += [f"## {plain(section.title)}", plain(section.sentence)]
            rows = _brief(section)
            if rows:
                head, *body = ([plain(cell) for cell in row] for row in rows)
                blocks.append(markdown_table(head, body))
        blocks.append(f"## {plain(_HOW)}")
        blocks += [f"*{plain(one.title)}* {plain(one.method)}" for one in self.sections if one.method]
        return "\n\n".join(blocks) + "\n"


def sensitivity_page(posterior: Posterior, sensitivity: Sensitivity) -> SensitivityPage:
    """The page of a posterior and its findings."""
    return SensitivityPage(
        title=f"Sensitivity of {posterior.case.title} under {posterior.model.title}",
        opening=_opening(posterior),
        sections=sections(posterior, sensitivity),
    )


def sensitivity_json(posterior: Posterior, sensitivity: Sensitivity) -> dict[str, Any]:
    """All findings as plain JSON, with what they are about and how the posterior was drawn."""
    settings = posterior.settings
    return {
        "format": "attribution-sensitivity/1",
        "case": posterior.case.id,
        "model": posterior.model.id,
        "engine": settings.engine,
        "seed": settings.random_seed,
        "as_of": str(settings.as_of) if settings.as_of else None,
        "hashes": {
            "case": posterior.case.digest,
            "model": posterior.model.digest,
            "grading": posterior.model.grading.digest,
        },
        "findings": {name: _as_json(finding) for name, finding in sensitivity.findings()},
    }


def _leave_out(found: LeaveOut, labels: dict[str, str]) -> Grid:
    rows = (
        (
            removal.label,
            f"{decibans(removal.lead_pull)} ± {removal.lead_error:.1f}",
            f"{removal.moved_label} {signed(100 * removal.move)}",
            _ahead(removal, found.factions, labels),
            "yes" if removal.changes_lead else "open" if removal.lead_open else "no",
            _reach(removal.ess, removal.khat, removal.refitted),
        )
        for removal in found.removals
    )
    return _grid(
        (found.by, "adds, dB", "moves most without it, points", "ahead without it", "lead changes", "effective draws"),
        rows,
        most=None,
    )


def _ahead(removal: Removal, factions: tuple[str, ...], labels: dict[str, str]) -> str:
    chance = removal.probabilities[factions.index(removal.new_leader)]
    return f"{labels[removal.new_leader]}, {percent(chance)}{' (level with others)' if removal.lead_open else ''}"


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


def _lean(found: Lean, labels: dict[str, str]) -> Grid:
    h = found.factions.index(found.leader)
    rows = (
        (
            one.title,
            "towards the evidence" if one.size > 0 else "away from it",
            percent(one.probabilities[h]),
            percents(one.low[h], one.high[h]),
            "open" if one.lead_open else "yes" if one.changes_lead else "no",
            _reach(one.ess, one.khat, one.refitted),
        )
        for one in sorted(found.leanings, key=lambda one: -abs(one.probabilities[h] - found.probabilities[h]))
    )
    columns = ("numbers of", "lean", f"{labels[found.leader]} then", "range", "lead changes", "effective draws")
    return _grid(columns, rows)


def _model_error(found: ModelErrorSweep, labels: dict[str, str]) -> Grid:
    order = sorted(range(len(found.factions)), key=lambda h: -found.levels[0].probability[h])[:MOST_ROWS]
    rows = ((labels[found.factions[h]], *(percent(one.probability[h]) for one in found.levels)) for h in order)
    return _grid(("model wrong with a chance of", *(f"{one.chance:.0%}" for one in found.levels)), rows)


def _stories(found: StorySweep, labels: dict[str, str]) -> Grid:
    h = found.factions.index(found.leader)
    rows = (
        (
            one.story.replace("-", " "),
            f"{one.strength:g}",
            percent(one.probabilities[h]),
            percents(one.low[h], one.high[h]),
            labels[one.leader],
            _reach(one.ess, one.khat, one.refitted),
        )
        for one in found.tellings
    )
    columns = ("story", "strength", f"{labels[found.leader]} then", "range", "leads", "effective draws")
    return _grid(columns, rows)


def _learning(found: Learning, labels: dict[str, str]) -> Grid:
    rows = (
        (a.label, percent(a.probability), percents(a.low, a.high), percent(b.probability), percents(b.low, b.high))
        for a, b in sorted(zip(found.full, found.cut, strict=True), key=lambda pair: -pair[0].probability)
    )
    return _grid(("faction", "numbers learned", "range", "not learned", "range then"), rows)


def _prior_predictive(found: PriorPredictive, labels: dict[str, str]) -> Grid:
    rows = ((" + ".join(one.labels), percent(one.probability), percent(one.as_unusual)) for one in found.parts)
    return _grid(("origins that belong together", "probable beforehand", "as unusual or more"), rows)


def _power(found: PowerScaling, labels: dict[str, str]) -> Grid:
    rows = (
        (
            one.label,
            f"{signed(100 * one.per_doubling)} points",
            f"{decibans(one.lead_per_doubling)} dB",
            f"{one.sensitivity:.2f}",
            one.diagnosis,
        )
        for one in found.components
    )
    columns = ("component", "leader, per doubling", "log-odds, per doubling", "distance", "diagnosis")
    return _grid(columns, rows)


def decomposition_grid(found: Decomposition, labels: dict[str, str]) -> Grid:
    """What each origin adds, decibans, from the prior to the whole."""
    rows = (
        ("before the evidence (prior)", decibans(found.prior), ""),
        *((bar.label, decibans(bar.decibans), f"{decibans(bar.low)} to {decibans(bar.high)}") for bar in found.origins),
        ("averaging over unknown numbers", decibans(found.averaging), ""),
        ("in all", f"{decibans(found.total)} (odds {odds(found.total)})", ""),
    )
    versus = f"{labels[found.faction]} against {labels[found.rival]}"
    return _grid((versus, "dB", "range over inputs"), rows, most=None)


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


def _size(kind: ChangeKind, size: float, error: float) -> str:
    if kind == "grade":
        return f"{size:g} step{'s' if size != 1 else ''} of grade"
    unit = "widths" if kind == "number" else "of the prior"
    return f"{size:.2g} ± {error:.1g} {unit}"


def _weight(tip: TippingPoint) -> str:
    return _reach(tip.ess, tip.khat, tip.refitted)


def _deception(found: DeceptionBudget, labels: dict[str, str]) -> Grid:
    rows = (
        (
            one.label,
            f"{percent(one.flip)} ± {100 * one.error:.1f}" if one.flip is not None else "never",
            labels.get(one.to, one.to) if one.flip is not None else "",
            _fewest(one),
        )
        for one in found.directions
    )
    return _grid(("all forged", "lead passes at", "to", "fewest origins, if surely forged"), rows)


def _fewest(one: Direction) -> str:
    if one.fewest is None:
        return "no set suffices"
    named = ", ".join(one.fewest.labels)
    return f"{'' if one.fewest.exact else 'at most '}{len(one.fewest.origins)}: {named}"


def _rivals(found: Rivals, labels: dict[str, str]) -> Grid:
    return _path(found.path, labels)


def _path(found: ShortestPath, labels: dict[str, str]) -> Grid:
    rows = (
        (step.label, f"{step.best:.3g}", f"{step.to:.3g}", f"{step.deviations:.1f}", f"{decibans(step.lead)} dB")
        for step in found.steps
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
        if _shown_bits(one.certain) or (one.report and _shown_bits(one.report))
    )
    columns = ("question", "bits, for certain", "changes the lead", "bits, as a B2 report", "changes the lead then")
    return _grid(columns, rows)


def _shown_bits(worth: Worth) -> bool:
    """Whether there is anything to print: 0.000 bits say only that something was asked."""
    return worth.bits >= _LEAST_BITS


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


def _opening(posterior: Posterior) -> str:
    first, second = posterior.ranking[:2]
    settings = posterior.settings
    lines = [
        f"{first.label} leads with {percent(first.probability)} ({percent(first.low)} to {percent(first.high)} over "
        f"the inputs), then {second.label} with {percent(second.probability)}. Drawn by {settings.engine}, seed "
        f"{settings.random_seed}, {len(posterior.draws.weights)} draws; nothing below is a new fit unless it says so."
    ]
    if not posterior.program.origins:
        lines.append("There is no evidence: everything here is the prior.")
    return " ".join(lines)


def _brief(section: Section) -> tuple[tuple[str, ...], ...]:
    """The head of its table and the first rows; nothing where the sentence says it all."""
    most = _ORDER.get(section.id, 0)
    if section.grid is None or not most or not section.grid.rows:
        return ()
    return (section.grid.columns, *section.grid.rows[:most])


def _as_json(finding: Finding) -> dict[str, Any]:
    told = {"title": finding.title, "summary": finding.summary, "method": finding.method, "says": str(finding)}
    return {**as_json(finding), **told, "unreliable": list(finding.unreliable())}


# By the name of the class, so that no analysis is imported that is not asked for.
_LAYOUTS: dict[str, Callable[[Any, dict[str, str]], Grid]] = {
    "Confidence": _confidence,
    "DeceptionBudget": _deception,
    "Dependence": _dependence,
    "LeaveOut": _leave_out,
    "NextEvidence": _next,
    "Rivals": _rivals,
    "ShortestPath": _path,
    "Decomposition": decomposition_grid,
    "TippingPoints": _tipping,
    "RobustBounds": _robust,
    "PowerScaling": _power,
    "PriorPredictive": _prior_predictive,
    "Lattice": _lattice,
    "Lean": _lean,
    "Learning": _learning,
    "ModelErrorSweep": _model_error,
    "StorySweep": _stories,
}
