"""The schema of what frozen values become as JSON; see `attribution.analysis.finding.as_json`."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, Literal, TypeAliasType, Union, get_args, get_origin, get_type_hints

type Schema = dict[str, Any]

_SIMPLE: dict[object, Schema] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": ["number", "null"], "description": "null where the number is infinite or there is none"},
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


def _object(kind: type) -> Schema:
    hints = get_type_hints(kind)
    return closed(**{name: schema_of(hints[name]) for name in _names(kind)})


def _names(kind: type) -> list[str]:
    """Fields that are told; those whose metadata say ``json: False`` are tables too large for a report."""
    return [one.name for one in fields(kind) if one.metadata.get("json", True)]
