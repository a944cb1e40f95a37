"""The evidence, item by item, as a reader sees it."""

from __future__ import annotations

from dataclasses import dataclass

from attribution.analysis.leave_out import LeaveOut
from attribution.domain.case import Case
from attribution.domain.evidence import Absence, Citation, Direct, Item, Statement
from attribution.domain.grades import Grade
from attribution.domain.identifiers import PERPETRATOR
from attribution.inference.posterior import Posterior
from attribution.network.compile_origins import effective_grade


@dataclass(frozen=True, slots=True)
class EvidenceRow:
    """One item. `pull` is what its origin adds to each faction's odds against all others, in decibans.

    `cap` is the largest likelihood ratio its grade can carry; None where no grade is applied.
    """

    id: str
    title: str
    kind: str
    says: str
    source: str
    interest: str
    via: str
    grade: str
    grade_words: str
    cap: float | None
    origin: str
    published: str
    happened: str
    note: str
    standing: str
    citations: tuple[Citation, ...]
    pull: tuple[float, ...]
    pull_khat: float | None


def evidence_rows(posterior: Posterior, origins: LeaveOut) -> tuple[EvidenceRow, ...]:
    """All items in the order of publication; those that do not count are there too, and say why."""
    removals = {removal.id: removal for removal in origins.removals}
    items = sorted(posterior.case.evidence, key=lambda item: (item.published, item.id))
    none = (0.0,) * len(posterior.program.factions)
    rows = []
    for item in items:
        removal = removals.get(item.origin_id)
        rows.append(_row(posterior, item, removal.pull if removal else none, removal.khat if removal else None))
    return tuple(rows)


def _row(posterior: Posterior, item: Item, pull: tuple[float, ...], khat: float | None) -> EvidenceRow:
    case = posterior.case
    origin = case.origins[item.origin_id]
    source = case.sources[item.source] if item.source else None
    grade = _grade(case, item)
    return EvidenceRow(
        id=item.id,
        title=item.title,
        kind=item.kind,
        says=_says(case, item),
        source=source.name if source else "our own search",
        interest=_interest(case, source.interest) if source else "",
        via=", ".join(item.via),
        grade=str(grade) if grade else "",
        grade_words=grade.words if grade else "",
        cap=posterior.model.grading.cap(effective_grade(case, origin)) if isinstance(item, Statement) else None,
        origin=origin.label,
        published=item.published.isoformat(),
        happened=item.date.isoformat() if item.date else "",
        note=item.note,
        standing=_standing(posterior, item),
        citations=item.citations,
        pull=pull,
        pull_khat=khat,
    )


def _grade(case: Case, item: Item) -> Grade | None:
    if isinstance(item, Statement):
        return case.origins[item.origin_id].grade
    return item.grade if isinstance(item, Direct) else None


def _interest(case: Case, interest: str) -> str:
    return case.factions.label(interest) if interest in case.factions else interest


def _says(case: Case, item: Item) -> str:
    if isinstance(item, Direct):
        return f"likelihood ratio about {_label(case, item.fact)}"
    prefix = "not found: the opposite of " if isinstance(item, Absence) else ""
    said = []
    for proposition in item.propositions:
        states = " or ".join(_state(case, proposition.fact, state) for state in sorted(proposition.states))
        said.append(f"{_label(case, proposition.fact)} {'not ' if proposition.negated else ''}{states}")
    return prefix + "; ".join(said)


def _label(case: Case, fact: str) -> str:
    return "Who led it?" if fact == PERPETRATOR else case.facts[fact].label


def _state(case: Case, fact: str, state: str) -> str:
    named = fact == PERPETRATOR or case.facts[fact].over_factions
    return case.factions.label(state) if named else state.replace("-", " ")


def _standing(posterior: Posterior, item: Item) -> str:
    """Why an item does not count, or nothing."""
    day = posterior.settings.as_of
    if day and item.published > day:
        return f"not yet published on {day}"
    if item.withdrawn and (day is None or item.withdrawn <= day):
        return f"withdrawn on {item.withdrawn}"
    return ""
