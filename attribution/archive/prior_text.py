"""A prior that was learned from events, as a small text that a person can review."""

from __future__ import annotations

import datetime as dt
import hashlib
import json

from attribution.archive.case_link import CaseLink
from attribution.archive.case_prior import CasePrior, NodeWeight
from attribution.archive.read_events import Archive
from attribution.archive.statements import LIMITS
from attribution.domain.case import Case
from attribution.domain.model import FEW_LABELS
from attribution.reading.vocabulary import HISTORY_FORMAT

_EPOCH = dt.date(1970, 1, 1)


def prior_text(prior: CasePrior, archive: Archive, case: Case, link: CaseLink, command: str) -> str:
    """The file that `perpetrator: {archive: NAME}` names; texts are quoted, so that nothing in them can break out."""
    mapping, used = archive.mapping, prior.used
    labelled = int(used.labelled.sum())
    partial = int(used.among.partial.sum())
    first, last = (str(_EPOCH + dt.timedelta(days=int(day))) for day in (used.day[0], used.last_day.max()))
    lines = [
        f"# What past events say about {case.id}, by the command below; which names are one is a judgement.",
        "# Weights are 5, 50 and 95 % quantiles, and only their ratios count.",
        f"format: {HISTORY_FORMAT}",
        f"case: {case.id}",
        f"title: {_quoted(f'{mapping.title}: what was over before {case.incident.date.day}')}",
        f"made_by: {_quoted(command)}",
        f"table: {{file: {_quoted(archive.file)}, sha256: {_quoted(archive.sha256)}}}",
        f"mapping: {{file: {_quoted(mapping.file)}, sha256: {_quoted(_hash(mapping.text))}}}",
        f"before: {case.incident.date.day}",
        f"used: {{events: {len(used)}, labelled: {labelled}, partial: {partial}, first: {first}, last: {last}}}",
        f"left_out: [{', '.join(_quoted(id) for id in sorted(mapping.excluded(case.id)))}]",
        *_incident(case, link),
        "factions:",
        *(line for weight in prior.weights for line in _weight(weight)),
        f"other: [{', '.join(f'{value:.4g}' for value in prior.other)}]",
        "limits:",
        *(f"  - {_quoted(limit)}" for limit in limits(prior, labelled)),
    ]
    return "\n".join(lines) + "\n"


def limits(prior: CasePrior, labelled: int) -> list[str]:
    """What a reader of the prior must know."""
    unnamed = [weight.label for weight in prior.weights if weight.label and not weight.alone]
    found = [*LIMITS]
    if labelled < FEW_LABELS:
        found.insert(0, f"Only {labelled} events have one known perpetrator, so single events move these numbers.")
    if unnamed:
        found.append(
            f"No event names {', '.join(unnamed)} alone: what they have comes from events that may have been theirs, "
            "and hardly anything here tells them apart."
        )
    return found


def _incident(case: Case, link: CaseLink) -> list[str]:
    words = {"date": str(case.incident.date.day)}
    if case.incident.latitude is not None and case.incident.longitude is not None:
        words |= {"latitude": f"{case.incident.latitude:g}", "longitude": f"{case.incident.longitude:g}"}
    words |= dict(link.incident)
    described = ", ".join(f"{key}: {_quoted(word)}" for key, word in words.items())
    return [f"# {link.because}" if link.because else "#", f"incident: {{{described}}}"]


def _weight(weight: NodeWeight) -> list[str]:
    counted = f" {weight.alone} events alone, {weight.among} that may have been its." if weight.label else ""
    label = f"label: {_quoted(weight.label)}, " if weight.label else ""
    return [
        f"  {weight.node}:",
        f"    {{weight: [{', '.join(f'{value:.4g}' for value in weight.weight)}], share: {weight.share:.3f}, {label}"
        f"because: {_quoted(weight.because + counted)}}}",
    ]


def _quoted(text: str) -> str:
    """A text as a double-quoted YAML scalar (which JSON's are)."""
    return json.dumps(text, ensure_ascii=False)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
