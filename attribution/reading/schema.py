"""JSON Schemas of the file formats, so that editors complete and check them: shapes behind the reader's vocabulary."""

from __future__ import annotations

from attribution.domain.document import CASE_FORMAT, GRADING_FORMAT, MODEL_FORMAT
from attribution.domain.grades import DIGITS, LETTERS
from attribution.domain.verbal import ICD_203
from attribution.errors import UsageError
from attribution.reading import vocabulary as words
from attribution.reading.json_schema import Schema, block, closed, either, file_schema, list_of, map_of, ref
from attribution.reading.vocabulary import Keys

# names in any script; capitals, unseen marks and mixed scripts beyond ASCII are refused by the reader
_ID = {"type": "string", "pattern": r"^[^\x00-/:-`{-\x7f][^\x00-,./:-`{-\x7f]{0,63}$"}
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
        "case": (CASE_FORMAT, words.CASE, words.CASE_REQUIRED),
        "model": (MODEL_FORMAT, words.MODEL, words.MODEL_REQUIRED),
        "grading": (GRADING_FORMAT, words.GRADING, ("format", "letters", "digits")),
        "recipe": (words.RECIPE_FORMAT, words.RECIPE, words.RECIPE_REQUIRED),
        "prior": (words.HISTORY_FORMAT, words.HISTORY, ("format", *words.HISTORY_REQUIRED)),
    }
    if what not in formats:
        raise UsageError.unknown("schemas", what, formats)
    version, keys, required = formats[what]
    document = file_schema(version, what, keys, required, _definitions())
    if what == "model":
        document["required"] = ["format", "title"]
        document["anyOf"] = [{"required": ["extends"]}, {"required": list(required)}]
    return document


def _definitions() -> dict[str, Schema]:
    return scalars() | _numbers() | _case_blocks() | _model_blocks() | _recipe_blocks() | _history_blocks()


def scalars() -> dict[str, Schema]:
    """The shapes that every file format knows."""
    return {
        "id": _ID,
        "ids": either(_ID, list_of(_ID)),
        "text": _TEXT,
        "texts": either(_TEXT, list_of(_TEXT)),
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
        "states": either({"const": "factions"}, {"type": "array", "items": _TEXT, "minItems": 2}),
        "reason": either({"type": "string"}, block(words.REASON, ("reason",))),
    }


def _numbers() -> dict[str, Schema]:
    triple = {"type": "array", "items": _NUMBER, "minItems": 3, "maxItems": 3}
    terms = {"enum": [term for band in ICD_203 for term in band.terms]}
    counts = block(words.COUNTS, ("yes", "of"))
    return {
        "named-number": block(words.NAMED, ("recipe",)),
        "quantity": either(_NUMBER, triple, terms, counts, block(words.VALUE, ("value",)), ref("named-number")),
        "ratio": either(_NUMBER, triple),
        "cell": either(
            ref("quantity"),
            closed({"trait": _ID}),
            closed({"lr": ref("ratio")}),
            {"type": "object", "properties": {"value": {}}, "required": ["value"]},
        ),
        "weights": map_of(ref("quantity")),
        "parts": map_of(ref("quantity")),
    }


def _case_blocks() -> dict[str, Schema]:
    proposition = either(
        _TEXT,
        list_of(_TEXT),
        closed({"not": ref("texts")}),
    )
    items = [
        block({**words.ITEM, **words.OF_KIND[kind]}, words.ITEM_REQUIRED + words.REQUIRED_OF_KIND[kind])
        for kind in words.ITEM_KINDS
    ]
    for kind, shape in zip(words.ITEM_KINDS, items, strict=True):
        shape["properties"]["kind"] = {"const": kind}
    return {
        "incident": block(words.INCIDENT, ("date", "place")),
        "node": either(block(words.NODE), {"type": "null"}),
        "nodes": map_of(ref("node")),
        "source": block(words.SOURCE, ("name", "kind", "reliability")),
        "sources": map_of(ref("source")),
        "fact": block(words.FACT, ("states",)),
        "facts": map_of(ref("fact")),
        "origin": block(words.ORIGIN),
        "origins": map_of(ref("origin")),
        "evidence": {"type": "array", "items": {"oneOf": items}},
        "says": {"type": "object", "additionalProperties": proposition, "minProperties": 1},
        "citation": block(words.CITATION, ("url", "title")),
        "citations": either(ref("citation"), list_of(ref("citation"))),
        "copies": block(words.COPIES, ("of", "probability")),
        "settled": {"enum": list(words.WAYS_OF_SETTLING)},
        "outcome-set": either(ref("texts"), {**map_of(ref("texts")), "minProperties": 1, "maxProperties": 1}),
        "outcome": {
            **block(words.OUTCOME, words.OUTCOME_REQUIRED),
            "oneOf": [{"required": ["true"]}, {"required": ["false"]}],
        },
        "outcomes": list_of(ref("outcome")),
        "regrade": block(words.REGRADE, ("date", "grade")),
        "regrades": list_of(ref("regrade")),
        "ratios": {
            "type": "object",
            "additionalProperties": map_of(ref("ratio")),
            "minProperties": 1,
            "maxProperties": 1,
        },
    }


def _model_blocks() -> dict[str, Schema]:
    because = {"because": ref("reason")}
    row = {
        "type": "object",
        "properties": {"when": {"type": "object", "additionalProperties": ref("texts")}, "trait": _ID, **because},
        "additionalProperties": ref("cell"),
    }
    trait = {
        "type": "object",
        "properties": {"kind": ref("trait-kind"), **because},
        "required": ["kind"],
        "additionalProperties": ref("cell"),
    }
    return {
        "trait": trait,
        "traits": map_of(ref("trait")),
        "grading": either({"type": "string"}, block(words.GRADING, ("letters", "digits"))),
        "archive": either(_ID, block(words.HISTORY, words.HISTORY_REQUIRED)),
        "perpetrator": block(words.PERPETRATOR, words.PERPETRATOR_REQUIRED),
        "share": either(ref("quantity"), block(words.SHARE, ("value",)), block(words.SHARE, ("recipe",))),
        "shares": map_of(ref("share")),
        "size": either(ref("ratio"), block(words.SIZE, ("value",))),
        "sizes": {"type": "object", "properties": because, "additionalProperties": ref("size")},
        "row": row,
        "rows": either(ref("row"), list_of(ref("row"))),
        "table": either(
            block(words.INSTANCE, ("recipe",)),
            {
                "type": "object",
                "properties": {
                    **because,
                    "computed": ref("computed"),
                    "recipe": False,
                    "same": either(ref("rows"), ref("quantity")),
                },
                "additionalProperties": ref("rows"),
            },
        ),
        "computing": {"enum": list(words.COMPUTING)},
        "window": {"type": "array", "items": ref("date"), "minItems": 2, "maxItems": 2},
        "computed": block(words.COMPUTED, tuple(words.COMPUTED)),
        "tables": map_of(ref("table")),
        "deception": block(words.DECEPTION),
        "staging": _chance(words.STAGED, ("toward",)),
        "stagings": map_of(ref("staging")),
        "forging": _chance(words.STAGED),
        "forgings": map_of(ref("forging")),
        "turning": _chance(words.DECEPTIVE),
        "deceptions": map_of(ref("turning")),
        "strength": {"type": "number", "minimum": 0, "maximum": 1},
        "story": block(words.STORY, ("facts", "strength")),
        "stories": map_of(ref("story")),
        "clusters": map_of(ref("ids"), most=14),
    }


def _chance(keys: Keys, required: tuple[str, ...] = ()) -> Schema:
    """A block with a probability of its own, or one that the recipe names."""
    return {**block(keys, required), "oneOf": [{"required": ["probability"]}, {"required": ["recipe"]}]}


def _recipe_blocks() -> dict[str, Schema]:
    number = block(words.RECIPE_NUMBER, ("because",))
    return {
        "recipe-number": {**number, "oneOf": [{"required": ["value"]}, {"required": ["ratio"]}]},
        "recipe-numbers": map_of(ref("recipe-number")),
        "recipe-rows": {"type": "object", "additionalProperties": ref("rows"), "minProperties": 1},
        "recipe-parents": map_of(ref("ids")),
        "recipe-table": block(words.RECIPE_TABLE, words.RECIPE_TABLE_REQUIRED),
        "recipe-tables": map_of(ref("recipe-table")),
        "bindings": map_of(ref("texts")),
        "state-names": map_of(ref("text")),
        "parent-binding": either(block(words.PARENT, ("fact", "states")), {"type": "array", "maxItems": 0}),
        "parent-bindings": map_of(ref("parent-binding")),
    }


def _history_blocks() -> dict[str, Schema]:
    return {
        "history-table": block(words.HISTORY_TABLE, ("file", "sha256")),
        "history-used": block(words.HISTORY_USED, ("events", "labelled")),
        "history-incident": map_of(ref("text")),
        "history-weight": block(words.HISTORY_WEIGHT, ("weight", "share", "because")),
        "history-weights": map_of(ref("history-weight"), least=1),
    }
