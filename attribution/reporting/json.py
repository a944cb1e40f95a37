"""The report as JSON, and the published schema, made from the very types that a report is made of."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, Literal, TypeAliasType, Union, get_args, get_origin, get_type_hints

from attribution.analysis.finding import as_json
from attribution.domain.verbal import probability_words
from attribution.inference.posterior_draws import Standing
from attribution.reporting.content import Content

REPORT_FORMAT = "attribution-report/1"
_PROBABILITIES = ("prior", "probability", "low", "high")
type Schema = dict[str, Any]
_SIMPLE: dict[object, Schema] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": ["number", "null"], "description": "null where the number is infinite or there is none"},
}


def json_report(content: Content) -> str:
    """The whole report; probabilities are fractions, weights of evidence decibans."""
    found = {"format": REPORT_FORMAT, "citable": content.gate.citable, **as_json(content)}
    for key in ("factions", "groups"):
        found[key] = [_with_words(standing) for standing in getattr(content, key)]
    for fact, told in zip(content.facts, found["facts"], strict=True):
        told["states"] = [_with_words(standing) for standing in fact.states]
    found["provenance"] = dict(content.provenance)
    return json.dumps(found, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


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


def schema_of(kind: Any) -> Schema:
    """The JSON Schema (draft 2020-12) of what `as_json` makes of values of a type."""
    if isinstance(kind, TypeAliasType):
        return schema_of(kind.__value__)
    if kind in _SIMPLE:
        return dict(_SIMPLE[kind])
    if kind is NoneType:
        return {"type": "null"}
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Literal:
        return {"enum": list(inner)}
    if origin in (Union, UnionType):
        return {"anyOf": [schema_of(one) for one in inner]}
    if origin is dict:
        return {"type": "object", "additionalProperties": schema_of(inner[1])}
    if origin in (list, frozenset) or (origin is tuple and inner[-1] is Ellipsis):
        return {"type": "array", "items": schema_of(inner[0])}
    if origin is tuple:
        return {"type": "array", "prefixItems": [schema_of(one) for one in inner], "items": False}
    if isinstance(kind, type) and is_dataclass(kind):
        return _object(kind)
    raise TypeError(f"a report holds no {kind}")


def closed(**properties: Schema) -> Schema:
    """An object with exactly these properties."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


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


def _object(kind: type) -> Schema:
    hints = get_type_hints(kind)
    return closed(**{name: schema_of(hints[name]) for name in _names(kind)})


def _names(kind: type) -> list[str]:
    """Fields that are told; those whose metadata say ``json: False`` are tables too large for a report."""
    return [one.name for one in fields(kind) if one.metadata.get("json", True)]
