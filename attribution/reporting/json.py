"""The report as JSON, and the published schema, made from the very types that a report is made of."""

from __future__ import annotations

import json
from typing import Any

from attribution.analysis.finding import as_json
from attribution.domain.verbal import probability_words
from attribution.inert import inert_json
from attribution.inference.posterior_draws import Standing
from attribution.reading.json_schema import Schema, list_of, result_schema, schema_of
from attribution.reporting.content import Content

REPORT_FORMAT = "attribution-report/2"
_FIGURES = 6
_PROBABILITIES = ("prior", "probability", "low", "high")


def json_report(content: Content) -> str:
    """The whole report; probabilities are fractions, weights of evidence decibans, both to six figures.

    That is more than Monte Carlo error allows, and less than two machines can differ by in the last bits.
    """
    found = {"format": REPORT_FORMAT, "checks_passed": content.gate.passed, **as_json(content)}
    for key in ("factions", "groups", "scenarios"):
        found[key] = [_with_words(standing) for standing in getattr(content, key)]
    for fact, told in zip(content.facts, found["facts"], strict=True):
        told["states"] = [_with_words(standing) for standing in fact.states]
    found["provenance"] = dict(content.provenance)
    return inert_json(json.dumps(_rounded(found), indent=1, ensure_ascii=False, allow_nan=False)) + "\n"


def report_schema() -> Schema:
    """The schema (draft 2020-12) of a report."""
    from attribution.analysis.sensitivity import Sensitivity

    found = result_schema(
        REPORT_FORMAT,
        "probabilities are fractions, pulls and weights of evidence decibans",
        Content,
        {"checks_passed": {"type": "boolean"}},
        {"Sensitivity": Sensitivity},
    )
    properties = found["properties"]
    standing = _standing()
    properties["factions"] = properties["groups"] = properties["scenarios"] = list_of(standing)
    properties["facts"]["items"]["properties"]["states"] = list_of(standing)
    properties["provenance"] = {"type": "object", "additionalProperties": {"type": "string"}}
    return found


def _rounded(value: Any) -> Any:
    """The same with every fraction to six significant figures."""
    if isinstance(value, dict):
        return {key: _rounded(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(one) for one in value]
    return float(f"{value:z.{_FIGURES}g}") if isinstance(value, float) else value


def _with_words(standing: Standing) -> dict[str, Any]:
    return {**as_json(standing), "words": probability_words(standing.probability)}


def _standing() -> Schema:
    """A standing with its word."""
    found = schema_of(Standing)
    for name in _PROBABILITIES:
        found["properties"][name] = {"type": "number", "minimum": 0, "maximum": 1.0000001}
    found["properties"]["words"] = {"type": "string"}
    found["required"].append("words")
    return found
