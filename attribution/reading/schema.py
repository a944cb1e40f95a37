"""JSON Schemas of the file formats, so that editors complete and check them: made from the reader's own vocabulary."""

from __future__ import annotations

from typing import Any

from attribution.domain.grades import DIGITS, LETTERS
from attribution.domain.verbal import ICD_203
from attribution.errors import UsageError
from attribution.reading import vocabulary as words
from attribution.reading.vocabulary import Keys

type Schema = dict[str, Any]

_ID = {"type": "string", "pattern": "^[a-z0-9][a-z0-9-]{0,63}$"}
_TEXT = {"type": ["string", "number", "boolean"]}
_FLAG = {"enum": ["yes", "no", True, False]}
_NUMBER = {"type": "number"}
_DATE = {"type": "string", "format": "date", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}


def schema(what: str) -> Schema:
    """The schema (draft 2020-12) of ``case``, ``model`` or ``grading`` files.

    Raises
    ------
    UsageError
        Another word.
    """
    formats = {
        "case": (words.CASE_FORMAT, words.CASE, words.CASE_REQUIRED),
        "model": (words.MODEL_FORMAT, words.MODEL, words.MODEL_REQUIRED),
        "grading": (words.GRADING_FORMAT, words.GRADING, ("format", "letters", "digits")),
    }
    if what not in formats:
        raise UsageError.unknown("schemas", what, formats)
    version, keys, required = formats[what]
    found = _block(keys, required)
    found["properties"]["format"] = {"const": version, "description": keys["format"][1]}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"{version}: {what} file of the attribution toolkit",
        **found,
        "$defs": _definitions(),
    }


def _block(keys: Keys, required: tuple[str, ...] = ()) -> Schema:
    """A mapping with a closed vocabulary."""
    properties = {key: {"$ref": f"#/$defs/{shape}", "description": meaning} for key, (shape, meaning) in keys.items()}
    found: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    if required:
        found["required"] = list(required)
    return found


def _map(inner: str, **more: Any) -> Schema:
    """A mapping from names to things of one shape."""
    return {"type": ["object", "null"], "additionalProperties": {"$ref": f"#/$defs/{inner}"}, **more}


def _list(inner: str) -> Schema:
    return {"type": "array", "items": {"$ref": f"#/$defs/{inner}"}}


def _either(*shapes: Schema) -> Schema:
    return {"anyOf": list(shapes)}


def _ref(shape: str) -> Schema:
    return {"$ref": f"#/$defs/{shape}"}


def _definitions() -> dict[str, Schema]:
    return _scalars() | _numbers() | _case_blocks() | _model_blocks()


def _scalars() -> dict[str, Schema]:
    return {
        "id": _ID,
        "ids": _either(_ID, {"type": "array", "items": _ID}),
        "text": _TEXT,
        "texts": _either(_TEXT, {"type": "array", "items": _TEXT}),
        "flag": _FLAG,
        "number": _NUMBER,
        "date": _DATE,
        "format": {"type": "string"},
        "url": {"type": "string", "format": "uri", "pattern": "^https?://"},
        "letter": {"enum": list(LETTERS)},
        "grade": {"type": "string", "pattern": f"^[{''.join(LETTERS)}][{''.join(DIGITS)}]$"},
        "source-kind": {"enum": list(words.SOURCE_KINDS)},
        "item-kind": {"enum": list(words.ITEM_KINDS)},
        "trait-kind": {"enum": list(words.TRAIT_KINDS)},
        "reading": {"enum": list(words.READINGS)},
        "states": _either({"const": "factions"}, {"type": "array", "items": _TEXT, "minItems": 2}),
        "reason": _either({"type": "string"}, _block(words.REASON, ("reason",))),
    }


def _numbers() -> dict[str, Schema]:
    triple = {"type": "array", "items": _NUMBER, "minItems": 3, "maxItems": 3}
    terms = {"enum": [term for band in ICD_203 for term in band.terms]}
    counts = _block(words.COUNTS, ("yes", "of"))
    return {
        "quantity": _either(_NUMBER, triple, terms, counts, _block(words.VALUE, ("value",))),
        "ratio": _either(_NUMBER, triple),
        "cell": _either(
            _ref("quantity"),
            {"type": "object", "properties": {"trait": _ID}, "required": ["trait"], "additionalProperties": False},
            {"type": "object", "properties": {"lr": _ref("ratio")}, "required": ["lr"], "additionalProperties": False},
            {"type": "object", "properties": {"value": {}}, "required": ["value"]},
        ),
        "weights": _map("quantity"),
        "parts": _map("quantity"),
    }


def _case_blocks() -> dict[str, Schema]:
    proposition = _either(
        _TEXT,
        {"type": "array", "items": _TEXT},
        {"type": "object", "properties": {"not": _ref("texts")}, "required": ["not"], "additionalProperties": False},
    )
    items = [
        _block({**words.ITEM, **words.OF_KIND[kind]}, words.ITEM_REQUIRED + words.REQUIRED_OF_KIND[kind])
        for kind in words.ITEM_KINDS
    ]
    for kind, found in zip(words.ITEM_KINDS, items, strict=True):
        found["properties"]["kind"] = {"const": kind}
    return {
        "incident": _block(words.INCIDENT, ("date", "place")),
        "node": _either(_block(words.NODE), {"type": "null"}),
        "nodes": _map("node"),
        "source": _block(words.SOURCE, ("name", "kind", "reliability")),
        "sources": _map("source"),
        "fact": _block(words.FACT, ("states",)),
        "facts": _map("fact"),
        "origin": _block(words.ORIGIN),
        "origins": _map("origin"),
        "evidence": {"type": "array", "items": {"oneOf": items}},
        "says": {"type": "object", "additionalProperties": proposition, "minProperties": 1},
        "citation": _block(words.CITATION, ("url", "title")),
        "citations": _either(_ref("citation"), _list("citation")),
        "copies": _block(words.COPIES, ("of", "probability")),
        "regrade": _block(words.REGRADE, ("date", "grade")),
        "regrades": _list("regrade"),
        "ratios": {"type": "object", "additionalProperties": _map("ratio"), "minProperties": 1, "maxProperties": 1},
    }


def _model_blocks() -> dict[str, Schema]:
    because = {"because": _ref("reason")}
    row = {
        "type": "object",
        "properties": {"when": {"type": "object", "additionalProperties": _ref("texts")}, "trait": _ID, **because},
        "additionalProperties": _ref("cell"),
    }
    trait = {
        "type": "object",
        "properties": {"kind": _ref("trait-kind"), **because},
        "required": ["kind"],
        "additionalProperties": _ref("cell"),
    }
    return {
        "trait": trait,
        "traits": _map("trait"),
        "perpetrator": _block(words.PERPETRATOR, words.PERPETRATOR_REQUIRED),
        "share": _either(_ref("quantity"), _block(words.SHARE, ("value",))),
        "shares": _map("share"),
        "row": row,
        "table": {
            "type": "object",
            "properties": because,
            "additionalProperties": _either(_ref("row"), _list("row")),
        },
        "tables": _map("table"),
        "deception": _block(words.DECEPTION),
        "staging": _block(words.STAGED, ("probability", "toward")),
        "stagings": _map("staging"),
        "forging": _block(words.STAGED, ("probability",)),
        "forgings": _map("forging"),
        "turning": _block(words.DECEPTIVE, ("probability",)),
        "deceptions": _map("turning"),
        "clusters": _map("ids", maxProperties=14),
    }
