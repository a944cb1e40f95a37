"""The published schema of a report as JSON: made from the very types that a report is made of."""

from __future__ import annotations

from attribution.inference.posterior import Standing
from attribution.reporting.content import Content
from attribution.reporting.schemas import Schema, schema_of

REPORT_FORMAT = "attribution-report/1"

_PROBABILITIES = ("prior", "probability", "low", "high")


def report_schema() -> Schema:
    """The schema (draft 2020-12) of a report."""
    found = schema_of(Content)
    properties = found["properties"]
    standing = _standing()
    properties["factions"] = properties["groups"] = {"type": "array", "items": standing}
    properties["facts"]["items"]["properties"]["states"] = {"type": "array", "items": standing}
    properties["provenance"] = {"type": "object", "additionalProperties": {"type": "string"}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"{REPORT_FORMAT}: probabilities are fractions, pulls and weights of evidence decibans",
        **found,
        "properties": {"format": {"const": REPORT_FORMAT}, "citable": {"type": "boolean"}, **properties},
        "required": ["format", "citable", *found["required"]],
    }


def _standing() -> Schema:
    """A standing with its word."""
    found = schema_of(Standing)
    for name in _PROBABILITIES:
        found["properties"][name] = {"type": "number", "minimum": 0, "maximum": 1.0000001}
    found["properties"]["words"] = {"type": "string"}
    found["required"].append("words")
    return found
