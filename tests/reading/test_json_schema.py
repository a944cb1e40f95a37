"""The one maker of JSON Schemas: what it makes of keys, of types, and what it refuses."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import jsonschema
import pytest

from attribution.reading.json_schema import closed, map_of, result_schema, schema_of


@dataclass(frozen=True)
class Part:
    name: str
    size: float | None


@dataclass(frozen=True)
class Whole:
    kind: Literal["large", "small"]
    parts: tuple[Part, ...]
    pair: tuple[int, bool]
    table: tuple[Part, ...] = field(default=(), metadata={"json": False})


GOOD = {"format": "whole/1", "kind": "large", "parts": [{"name": "a", "size": None}], "pair": [1, True]}


def test_a_result_is_closed_and_all_its_fields_are_required() -> None:
    schema = result_schema("whole/1", "sizes are metres", Whole)
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(GOOD, schema)
    bad = (
        {**GOOD, "format": "whole/2"},
        {**GOOD, "kind": "medium"},
        {**GOOD, "table": []},
        {**GOOD, "pair": [1, True, 2]},
        {**GOOD, "parts": [{"name": "a"}]},
        {key: value for key, value in GOOD.items() if key != "pair"},
    )
    for document in bad:
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(document, schema)


def test_a_type_without_a_form_in_json_is_refused() -> None:
    with pytest.raises(TypeError, match="holds no"):
        schema_of(complex)


def test_what_is_required_can_be_said() -> None:
    text = {"type": "string"}
    assert closed({"a": text, "b": text})["required"] == ["a", "b"]
    assert closed({"a": text, "b": text}, required=("b",))["required"] == ["b"]
    assert "required" not in closed({"a": text}, required=())


def test_a_mapping_may_be_empty_unless_it_says_how_many() -> None:
    text = {"type": "string"}
    jsonschema.validate(None, map_of(text))
    for document in ({}, {"a": "x", "b": "y"}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(document, map_of(text, least=1, most=1))
