"""The one maker of JSON Schemas (draft 2020-12): from a vocabulary of keys, or from the types of a result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, Literal, TypeAliasType, Union, get_args, get_origin, get_type_hints

from attribution.reading.vocabulary import Keys

type Schema = dict[str, Any]

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_SIMPLE: dict[object, Schema] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": ["number", "null"], "description": "null where the number is infinite or there is none"},
}


def file_schema(
    version: str, what: str, keys: Keys, required: tuple[str, ...], definitions: dict[str, Schema]
) -> Schema:
    """The schema of a file that people write: its keys, whose shapes are among the definitions."""
    body = block(keys, required)
    body["properties"]["format"] = {"const": version, "description": keys["format"][1]}
    return {
        "$schema": _DRAFT,
        "title": f"{version}: {what} file of the attribution toolkit",
        **body,
        "$defs": definitions,
    }


def result_schema(
    version: str, note: str, kind: type, own: dict[str, Schema] | None = None, late: Mapping[str, type] | None = None
) -> Schema:
    """The schema of a file that the toolkit writes: the version, properties of its own, and the fields of a type.

    `late` are the types among its fields, by name, that its module does not import before they are needed.
    """
    body = _fields(kind, late)
    properties = {"format": {"const": version}, **(own or {})}
    return {
        "$schema": _DRAFT,
        "title": f"{version}: {note}",
        **closed({**properties, **body["properties"]}),
    }


def block(keys: Keys, required: tuple[str, ...] = ()) -> Schema:
    """A mapping with a closed vocabulary; each key names a shape among the definitions."""
    return closed(
        {key: {**ref(shape), "description": meaning} for key, (shape, meaning) in keys.items()}, required=required
    )


def closed(properties: dict[str, Schema], *, required: tuple[str, ...] | None = None) -> Schema:
    """An object with these properties and no others; all of them are required where nothing else is said."""
    needed = list(properties) if required is None else list(required)
    shape: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return {**shape, "required": needed} if needed or required is None else shape


def ref(shape: str) -> Schema:
    """A shape among the definitions."""
    return {"$ref": f"#/$defs/{shape}"}


def either(*shapes: Schema) -> Schema:
    """Any one of several shapes."""
    return {"anyOf": list(shapes)}


def list_of(inner: Schema) -> Schema:
    """A list of things of one shape."""
    return {"type": "array", "items": inner}


def map_of(inner: Schema, *, least: int = 0, most: int | None = None) -> Schema:
    """A mapping from names to things of one shape; nothing written counts as an empty one."""
    shape: Schema = {"type": ["object", "null"], "additionalProperties": inner}
    if least:
        shape["minProperties"] = least
    return shape if most is None else {**shape, "maxProperties": most}


def schema_of(kind: Any) -> Schema:
    """The schema of what `as_json` makes of values of a type.

    Raises
    ------
    TypeError
        A type that has no form in JSON.
    """
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
        return either(*(schema_of(each) for each in inner))
    if origin is dict:
        return {"type": "object", "additionalProperties": schema_of(inner[1])}
    if origin in (list, frozenset) or (origin is tuple and inner[-1] is Ellipsis):
        return list_of(schema_of(inner[0]))
    if origin is tuple:
        return {"type": "array", "prefixItems": [schema_of(each) for each in inner], "items": False}
    if isinstance(kind, type) and is_dataclass(kind):
        return _fields(kind)
    raise TypeError(f"a result holds no {kind}")


def _fields(kind: type, late: Mapping[str, type] | None = None) -> Schema:
    hints = get_type_hints(kind, localns=dict(late or {}))
    return closed({name: schema_of(hints[name]) for name in _names(kind)})


def _names(kind: type) -> list[str]:
    """Fields that are written; those whose metadata say ``json: False`` are tables too large for a page."""
    return [each.name for each in fields(kind) if each.metadata.get("json", True)]
