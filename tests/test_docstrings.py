"""Every public name is documented in numpydoc's sections, and its example runs.

In the examples `posterior` is Tower 22 under its baseline by the instant engine, `case` and `model` what it is of, and
`findings` its sensitivity analysis; `events` are the shipped incidents and `backtested` is their backtest. Each is
worked out once.
"""

from __future__ import annotations

import dataclasses
import doctest
import inspect
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from numpydoc.docscrape import NumpyDocString
from numpydoc.validate import validate

import attribution as at

CHECKED = {
    "GL07": "sections in another order",
    "PR01": "parameters without a description",
    "PR02": "descriptions of no parameter",
    "PR03": "parameters in another order",
    "PR07": "a parameter that is only named",
    "PR10": "no space before the colon",
    "RT01": "no Returns",
    "RT03": "a return value that is only named",
    "EX01": "no Examples",
    "SS01": "no summary",
}
"""Types stand in the annotations, which mypy holds to the code, and not a second time in the text (PR04)."""
PUBLIC = list(at.__all__)
FUNCTIONS = [name for name in PUBLIC if inspect.isfunction(getattr(at, name))]
RESULTS = [name for name in PUBLIC if dataclasses.is_dataclass(getattr(at, name))]


@cache
def posterior() -> at.Posterior:
    return at.fit(case(), model(), engine="importance", scrambles=2, log2_points=9)


@cache
def case() -> at.Case:
    return at.read_case("tower-22")


@cache
def model() -> at.Model:
    return at.read_model("tower-22/baseline")


@cache
def findings() -> at.Sensitivity:
    return at.sensitivity(posterior())


@cache
def events() -> Any:
    from attribution.archive.reading.mapping_file import read_mapping
    from attribution.archive.reading.read import events_path, mapping_name, read_events

    path = events_path("incidents-2019-2024")
    return read_events(path, read_mapping(mapping_name(path))).events


@cache
def backtested() -> at.Backtest:
    return at.backtest(events())


GIVEN = {made.__wrapped__.__name__: made for made in (posterior, case, model, findings, events, backtested)}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_says_what_it_takes_gives_and_raises(name: str) -> None:
    faults = validate(f"attribution.{name}")["errors"]
    assert [fault for fault in faults if fault[0] in CHECKED] == []


@pytest.mark.parametrize("name", RESULTS)
def test_a_result_says_what_each_of_its_fields_is(name: str) -> None:
    text = NumpyDocString(inspect.getdoc(getattr(at, name)) or "")
    said = [each.strip() for row in text["Attributes"] + text["Parameters"] for each in row.name.split(",")]
    fields = [field.name for field in dataclasses.fields(getattr(at, name)) if not field.name.startswith("_")]
    assert said[: len(fields)] == fields
    assert [each for each in said[len(fields) :] if not hasattr(getattr(at, name), each)] == []  # properties
    assert all(row.desc for row in text["Attributes"])


@pytest.mark.parametrize("name", PUBLIC)
def test_the_example_of_a_public_name_runs(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    test = doctest.DocTestParser().get_doctest(inspect.getdoc(getattr(at, name)) or "", {"at": at}, name, None, None)
    assert test.examples, "no example"
    words = {word for example in test.examples for word in example.source.replace(".", " ").replace(",", " ").split()}
    test.globs |= {given: made() for given, made in GIVEN.items() if any(given in word for word in words)}
    told: list[str] = []
    doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS).run(test, out=told.append)
    assert "".join(told) == ""
