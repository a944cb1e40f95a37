"""The JSON Schema of mapping files, made from the reader's own vocabulary."""

from __future__ import annotations

from typing import Any

from attribution.archive import mapping_words as words
from attribution.reading.schema import Schema, block, scalars

_NUMBER = {"type": "number"}
_DAYS = {"type": "integer", "minimum": 0, "maximum": 36_600}


def mapping_schema() -> Schema:
    """The schema (draft 2020-12) of ``attribution-mapping/1`` files."""
    found = block(words.MAPPING, words.MAPPING_REQUIRED)
    found["properties"]["format"] = {"const": words.MAPPING_FORMAT, "description": words.MAPPING["format"][1]}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"{words.MAPPING_FORMAT}: mapping file of the attribution toolkit",
        **found,
        "$defs": scalars() | _blocks() | _maps(),
    }


def _ref(shape: str) -> Schema:
    return {"$ref": f"#/$defs/{shape}"}


def _either(*shapes: Schema) -> Schema:
    return {"anyOf": list(shapes)}


def _map(inner: Schema, **more: Any) -> Schema:
    return {"type": ["object", "null"], "additionalProperties": inner, **more}


def _blocks() -> dict[str, Schema]:
    exclusion = block(words.EXCLUSION, ("ids", "because"))
    return {
        "dates": _either(_ref("text"), block(words.DATES)),
        "precision": block(words.PRECISION, tuple(words.PRECISION)),
        "places": block(words.PLACES),
        "perpetrators": _either(_ref("texts"), block(words.PERPETRATORS, ("columns",))),
        "certainty": block(words.CERTAINTY, ("columns", "values")),
        "claims": _either(_ref("text"), block(words.CLAIMS, ("column",))),
        "umbrella": _either(_ref("texts"), block(words.UMBRELLA, ("members",))),
        "feature": _either(_ref("text"), block(words.FEATURE, ("column",))),
        "case-links": _map(block(words.CASE_LINK, ("factions",))),
        "faction-links": _map(block(words.FACTION_LINK, ("label", "because"))),
        "exclusions": {"type": "array", "items": exclusion},
    }


def _maps() -> dict[str, Schema]:
    window = {"type": "array", "items": _DAYS, "minItems": 2, "maxItems": 2}
    negated = {
        "type": "object",
        "properties": {"not": _ref("texts")},
        "required": ["not"],
        "additionalProperties": False,
    }
    return {
        "encoding": {"enum": list(words.ENCODINGS)},
        "order": {"enum": list(words.ORDERS)},
        "windows": _map(_either(_DAYS, window)),
        "columns": _map(_ref("text")),
        "lineage": _map(_ref("text")),
        "words": _map(_ref("text")),
        "aliases": _map(_ref("texts")),
        "umbrellas": _map(_ref("umbrella")),
        "probabilities": _map({"type": "number", "minimum": 0, "maximum": 1}),
        "claim-words": _map({"enum": list(words.CLAIM_WORDS)}),
        "features": _map(_ref("feature")),
        "numbers": {"type": "array", "items": _NUMBER},
        "conditions": _map(_either(_ref("texts"), negated)),
    }
