"""The report as JSON, with a published schema."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from typing import Any

from attribution.reporting.content import Content

REPORT_FORMAT = "attribution-report/1"

type Schema = dict[str, Any]


def json_report(content: Content) -> str:
    """The whole report; probabilities are fractions, weights of evidence decibans."""
    found = {"format": REPORT_FORMAT, "citable": content.gate.citable, **asdict(content)}
    for key in ("factions", "groups"):
        found[key] = [_with_words(standing) for standing in found[key]]
    for fact in found["facts"]:
        fact["states"] = [_with_words(standing) for standing in fact["states"]]
    found["provenance"] = dict(content.provenance)
    return json.dumps(_finite(found), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _finite(value: Any) -> Any:
    """The same value with null for numbers that JSON cannot write: a k-hat without a tail is infinite."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return value


def _with_words(standing: dict[str, Any]) -> dict[str, Any]:
    from attribution.domain.verbal import probability_words

    return {**standing, "words": probability_words(standing["probability"])}


def report_schema() -> Schema:
    """The schema (draft 2020-12) of a report."""
    text: Schema = {"type": "string"}
    number: Schema = {"type": "number"}
    truth: Schema = {"type": "boolean"}
    probability: Schema = {"type": "number", "minimum": 0, "maximum": 1.0000001}
    standing = _object(
        id=text, label=text, prior=probability, probability=probability,
        mcse={"type": "number", "minimum": 0}, low=probability, high=probability, words=text,
    )  # fmt: skip
    bare = {**standing, "required": [key for key in standing["required"] if key != "words"]}
    removal = _object(
        id=text, label=text, origins=_list(text), partial=_list(text), probabilities=_list(probability),
        mcse=_list(number), pull=_list(number), lead_pull=number, lead_error=number, between_pull=number,
        new_leader=text, changes_lead=truth, lead_open=truth, ess=number, khat={"type": ["number", "null"]},
        refitted=truth, leaves_prior=truth,
    )  # fmt: skip
    citation = _object(url=text, title=text, publisher=text, published=text, read=text, note=text)
    item = _object(
        id=text, title=text, kind={"enum": ["report", "act", "absence", "direct"]}, says=text, source=text,
        interest=text, via=text, grade=text, grade_words=text, cap={"type": ["number", "null"]}, origin=text,
        published=text, happened=text, note=text, standing=text, citations=_list(citation), pull=_list(number),
        pull_khat={"type": ["number", "null"]},
    )  # fmt: skip
    model = _object(
        id=text, title=text, prior_leader=bare, leader=bare, runner_up=bare, prior_db=number, evidence_db=number,
        own={"type": "boolean"},
    )  # fmt: skip
    assumed = _object(label=text, stated=text, mean={"type": ["number", "null"]}, because=text)
    found = _object(
        format={"const": REPORT_FORMAT},
        citable={"type": "boolean"},
        case=text,
        title=text,
        question=text,
        incident=text,
        as_of=text,
        model=text,
        model_title=text,
        model_summary=text,
        bottom_line=_object(headline=text, sentences=_list(text), confidence=text, named={"type": "boolean"}),
        gate=_object(reasons=_list(text)),
        factions=_list(standing),
        groups=_list(standing),
        facts=_list(_object(question=text, note=text, states=_list(standing))),
        models=_list(model),
        evidence=_list(item),
        faction_labels=_list(text),
        leave_out=_list(
            _object(
                by=text,
                factions=_list(text),
                leader=text,
                runner_up=text,
                tied=truth,
                first=text,
                second=text,
                draws=number,
                removals=_list(removal),
            )
        ),
        checks=_list(_object(name=text, value=text, allowed=text, verdict=text, where=text)),
        concerns=_list(_object(what=text, means=text, remedy=text, severity=text, topic=text)),
        assumptions=_list(_object(title=text, because=text, numbers=_list(assumed))),
        limits=_list(text),
        provenance={"type": "object", "additionalProperties": text},
    )
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"{REPORT_FORMAT}: probabilities are fractions, pulls and weights of evidence decibans",
        **found,
    }


def _object(**properties: Schema) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _list(inner: Schema) -> Schema:
    return {"type": "array", "items": inner}
