"""The sensitivity analysis as one page: answers first, a sentence or two and a few rows each; how it was done last."""

from __future__ import annotations

import math
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from attribution.analysis.finding import as_json
from attribution.analysis.sensitivity import Sensitivity
from attribution.domain.verbal import percent
from attribution.inference.draws import khat_threshold
from attribution.inference.posterior import Posterior
from attribution.inference.settings import digest
from attribution.reporting.markdown import plain, table

if TYPE_CHECKING:
    import pandas as pd

WIDTH = 100
_HOW = "What was perturbed, and how it was computed"
_ROWS = 3

# Title, and the columns of the finding's table that the page has room for; none: the sentence says it all.
_SHOWN: dict[str, tuple[str, tuple[str, ...]]] = {
    "confidence": ("How well founded is it?", ()),
    "leave_out": ("What does it rest on?", ("lead_pull", "changes_lead", "lead_open", "ess")),
    "sources": ("Without one source", ()),
    "institutions": ("Without one institution", ()),
    "decomposition": ("How do the parts add up?", ()),
    "lattice": ("Which evidence sustains it, which breaks it?", ()),
    "tipping": ("What would tip it?", ()),
    "deception": ("How much deception does it stand up to?", ()),
    "robust": ("How wrong may the prior be?", ()),
    "power": ("What if a part counted more or less?", ("kind", "per_doubling", "sensitivity", "diagnosis")),
    "dependence": ("Are the origins independent?", ("reasons", "shift", "lead_shift")),
    "next_evidence": ("What to look for next", ("bits", "changes_lead", "report_bits")),
    "rivals": ("Other models, and the way to another lead", ("leader", "prior_db", "evidence_db", "distance")),
}


@dataclass(frozen=True, slots=True)
class Section:
    """A question, its answer in sentences, what was perturbed and how, and a few rows of figures (names first)."""

    id: str
    title: str
    text: str
    method: str
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class SensitivityPage:
    """A heading, what the posterior says, the sections, and at the end what was perturbed in each, and how."""

    title: str
    opening: str
    sections: tuple[Section, ...]

    def text(self) -> str:
        """Plain text, wrapped."""
        blocks = [self.title, "=" * len(self.title), textwrap.fill(self.opening, WIDTH)]
        for section in self.sections:
            blocks += ["", section.title, "-" * len(section.title), textwrap.fill(section.text, WIDTH)]
            if section.rows:
                blocks += ["", *_aligned(section.rows)]
        blocks += ["", _HOW, "-" * len(_HOW)]
        blocks += [textwrap.fill(f"[{one.title}] {one.method}", WIDTH) for one in self.sections if one.method]
        return "".join(letter for letter in "\n".join(blocks) if letter.isprintable() or letter == "\n") + "\n"

    def markdown(self) -> str:
        """Markdown, every text of a case escaped."""
        blocks = [f"# {plain(self.title)}", plain(self.opening)]
        for section in self.sections:
            blocks += [f"## {plain(section.title)}", plain(section.text)]
            if section.rows:
                head, *body = ([plain(cell) for cell in row] for row in section.rows)
                blocks.append(table(head, body))
        blocks.append(f"## {plain(_HOW)}")
        blocks += [f"*{plain(one.title)}* {plain(one.method)}" for one in self.sections if one.method]
        return "\n\n".join(blocks) + "\n"


def sensitivity_page(posterior: Posterior, found: Sensitivity) -> SensitivityPage:
    """The page of a posterior and its findings."""
    given = dict(found.findings())
    sections = tuple(_section(id, given[id]) for id in _SHOWN if id in given)
    return SensitivityPage(
        title=f"Sensitivity of {posterior.case.title} under {posterior.model.title}",
        opening=_opening(posterior),
        sections=sections,
    )


def sensitivity_json(posterior: Posterior, found: Sensitivity) -> dict[str, Any]:
    """All findings as plain JSON, with what they are about and how the posterior was drawn."""
    settings = posterior.settings
    return {
        "format": "attribution-sensitivity/1",
        "case": posterior.case.id,
        "model": posterior.model.id,
        "engine": settings.engine,
        "seed": settings.seed,
        "as_of": str(settings.as_of) if settings.as_of else None,
        "hashes": {
            "case": digest(posterior.case.text),
            "model": digest(posterior.model.text),
            "grading": digest(posterior.model.grading.text),
        },
        "findings": {name: {**as_json(finding), "says": str(finding)} for name, finding in found.findings()},
    }


def unreached(posterior: Posterior, found: Sensitivity) -> tuple[str, ...]:
    """Answers that the stored draws cannot reach: k-hat above its threshold, and not fitted again."""
    limit = khat_threshold(len(posterior.draws.weights))
    names = []
    for name, finding in found.findings():
        for part in ("removals", "components", "pairs", "institutions", "grades", "numbers", "shares", "directions"):
            for one in getattr(finding, part, ()):
                khat = getattr(one, "khat", None)
                if khat is not None and khat > limit and not getattr(one, "refitted", False):
                    what = getattr(one, "id", None) or getattr(one, "label", None) or " + ".join(one.origins)
                    names.append(f"{name}: {what} (k-hat {khat:.2f}, limit {limit:.2f})")
    return tuple(names)


def _opening(posterior: Posterior) -> str:
    first, second = posterior.ranking[:2]
    settings = posterior.settings
    lines = [
        f"{first.label} leads with {percent(first.probability)} ({percent(first.low)} to {percent(first.high)} over "
        f"the inputs), then {second.label} with {percent(second.probability)}. Drawn by {settings.engine}, seed "
        f"{settings.seed}, {len(posterior.draws.weights)} draws; nothing below is a new fit unless it says so."
    ]
    if not posterior.program.origins:
        lines.append("There is no evidence: everything here is the prior.")
    return " ".join(lines)


def _section(id: str, finding: Any) -> Section:
    title, columns = _SHOWN[id]
    method = str(getattr(finding, "method", ""))
    text = " ".join(str(finding).replace(method, "").split()) if method else str(finding)
    return Section(id, title, text, method, _rows(finding.to_frame(), columns) if columns else ())


def _rows(frame: pd.DataFrame, columns: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """The first rows of a table, as texts."""
    if frame.empty:
        return ()
    head = (str(frame.index.name or ""), *(column.replace("_", " ") for column in columns))
    body = [
        (str(name), *(_cell(value) for value in row))
        for name, row in zip(frame.index[:_ROWS], frame[list(columns)].head(_ROWS).to_numpy(), strict=True)
    ]
    return (head, *body)


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return "" if math.isnan(value) else f"{value:.0f}" if abs(value) >= 100 else f"{value:.3f}"
    return "" if value is None else str(value)


def _aligned(rows: tuple[tuple[str, ...], ...]) -> list[str]:
    cut = [tuple(cell if len(cell) <= 44 else cell[:43] + "…" for cell in row) for row in rows]
    widths = [max(len(row[column]) for row in cut) for column in range(len(cut[0]))]
    return [
        "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cut
    ]
