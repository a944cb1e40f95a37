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
_DATE = {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2})?$"}


def schema(what: str) -> Schema:
    """The schema (draft 2020-12) of ``case``, ``model``, ``grading`` or ``recipe`` files.

    Raises
    ------
    UsageError
        Another word.
    """
    formats = {
        "case": (words.CASE_FORMAT, words.CASE, words.CASE_REQUIRED),
        "model": (words.MODEL_FORMAT, words.MODEL, words.MODEL_REQUIRED),
        "grading": (words.GRADING_FORMAT, words.GRADING, ("format", "letters", "digits")),
        "recipe": (words.RECIPE_FORMAT, words.RECIPE, words.RECIPE_REQUIRED),
        "prior": (words.HISTORY_FORMAT, words.HISTORY, words.HISTORY_REQUIRED),
    }
    if what not in formats:
        raise UsageError.unknown("schemas", what, formats)
    version, keys, required = formats[what]
    found = block(keys, required)
    if what == "model":
        found["required"] = ["format", "title"]
        found["anyOf"] = [{"required": ["extends"]}, {"required": list(required)}]
    found["properties"]["format"] = {"const": version, "description": keys["format"][1]}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"{version}: {what} file of the attribution toolkit",
        **found,
        "$defs": _definitions(),
    }


def block(keys: Keys, required: tuple[str, ...] = ()) -> Schema:
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
    return scalars() | _numbers() | _case_blocks() | _model_blocks() | _recipe_blocks() | _history_blocks()


def scalars() -> dict[str, Schema]:
    """The shapes that every file format knows."""
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
        "reason": _either({"type": "string"}, block(words.REASON, ("reason",))),
    }


def _numbers() -> dict[str, Schema]:
    triple = {"type": "array", "items": _NUMBER, "minItems": 3, "maxItems": 3}
    terms = {"enum": [term for band in ICD_203 for term in band.terms]}
    counts = block(words.COUNTS, ("yes", "of"))
    return {
        "named-number": block(words.NAMED, ("recipe",)),
        "quantity": _either(_NUMBER, triple, terms, counts, block(words.VALUE, ("value",)), _ref("named-number")),
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
        block({**words.ITEM, **words.OF_KIND[kind]}, words.ITEM_REQUIRED + words.REQUIRED_OF_KIND[kind])
        for kind in words.ITEM_KINDS
    ]
    for kind, found in zip(words.ITEM_KINDS, items, strict=True):
        found["properties"]["kind"] = {"const": kind}
    return {
        "incident": block(words.INCIDENT, ("date", "place")),
        "node": _either(block(words.NODE), {"type": "null"}),
        "nodes": _map("node"),
        "source": block(words.SOURCE, ("name", "kind", "reliability")),
        "sources": _map("source"),
        "fact": block(words.FACT, ("states",)),
        "facts": _map("fact"),
        "origin": block(words.ORIGIN),
        "origins": _map("origin"),
        "evidence": {"type": "array", "items": {"oneOf": items}},
        "says": {"type": "object", "additionalProperties": proposition, "minProperties": 1},
        "citation": block(words.CITATION, ("url", "title")),
        "citations": _either(_ref("citation"), _list("citation")),
        "copies": block(words.COPIES, ("of", "probability")),
        "settled": {"enum": list(words.WAYS_OF_SETTLING)},
        "outcome-set": _either(_ref("texts"), {**_map("texts"), "minProperties": 1, "maxProperties": 1}),
        "outcome": {
            **block(words.OUTCOME, words.OUTCOME_REQUIRED),
            "oneOf": [{"required": ["true"]}, {"required": ["false"]}],
        },
        "outcomes": _list("outcome"),
        "regrade": block(words.REGRADE, ("date", "grade")),
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
        "perpetrator": block(words.PERPETRATOR, words.PERPETRATOR_REQUIRED),
        "share": _either(_ref("quantity"), block(words.SHARE, ("value",)), block(words.SHARE, ("recipe",))),
        "shares": _map("share"),
        "row": row,
        "rows": _either(_ref("row"), _list("row")),
        "table": _either(
            block(words.INSTANCE, ("recipe",)),
            {
                "type": "object",
                "properties": {**because, "recipe": False},
                "additionalProperties": _ref("rows"),
            },
        ),
        "tables": _map("table"),
        "deception": block(words.DECEPTION),
        "staging": _chance(words.STAGED, ("toward",)),
        "stagings": _map("staging"),
        "forging": _chance(words.STAGED),
        "forgings": _map("forging"),
        "turning": _chance(words.DECEPTIVE),
        "deceptions": _map("turning"),
        "clusters": _map("ids", maxProperties=14),
    }


def _chance(keys: Keys, required: tuple[str, ...] = ()) -> Schema:
    """A block with a probability of its own, or one that the recipe names."""
    return {**block(keys, required), "oneOf": [{"required": ["probability"]}, {"required": ["recipe"]}]}


def _recipe_blocks() -> dict[str, Schema]:
    number = block(words.RECIPE_NUMBER, ("because",))
    return {
        "recipe-number": {**number, "oneOf": [{"required": ["value"]}, {"required": ["ratio"]}]},
        "recipe-numbers": _map("recipe-number"),
        "recipe-rows": {"type": "object", "additionalProperties": _ref("rows"), "minProperties": 1},
        "recipe-parents": _map("ids"),
        "recipe-table": block(words.RECIPE_TABLE, words.RECIPE_TABLE_REQUIRED),
        "recipe-tables": _map("recipe-table"),
        "bindings": _map("texts"),
        "state-names": _map("text"),
        "parent-binding": _either(block(words.PARENT, ("fact", "states")), {"type": "array", "maxItems": 0}),
        "parent-bindings": _map("parent-binding"),
    }


def _history_blocks() -> dict[str, Schema]:
    return {
        "history-table": block(words.HISTORY_TABLE, ("file", "sha256")),
        "history-used": block(words.HISTORY_USED, ("events", "labelled")),
        "history-incident": _map("text"),
        "history-weight": block(words.HISTORY_WEIGHT, ("weight", "share", "because")),
        "history-weights": _map("history-weight", minProperties=1),
    }
