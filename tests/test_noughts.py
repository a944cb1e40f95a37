"""Nought has no sign: no number anywhere is printed as -0, whatever rounds to it."""

from __future__ import annotations

import ast
import csv
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from attribution.analysis.finding import plain
from attribution.archive.evaluation.scores import percent
from attribution.archive.predictions import _write_csv
from attribution.cli.output import Table, _plain, as_csv
from attribution.domain.verbal import decibans, short, signed
from attribution.reporting.comparison import points
from attribution.reporting.figures import archive
from attribution.reporting.json import _rounded

PACKAGE = Path(__file__).parent.parent / "attribution"
NEGATIVE_NOUGHT = re.compile(r"(?<![\w.])[-\u2212]0(?:\.0*)?(?:e[-+]?\d+)?(?![\w.])")
numbers = st.one_of(st.floats(-1e6, 1e6), st.floats(-1, 1).map(lambda x: x * 1e-3), st.just(-0.0))
FORMATTERS: dict[str, Callable[[float], str]] = {
    "decibans": decibans,
    "signed": signed,
    "two digits": lambda value: signed(value, 2),
    "short": short,
    "points": points,
    "coefficients": archive.signed,
    "shares": archive.signed_share,
    "ticks": archive.unrounded,
    "leads": percent,
    "cells of CSV": lambda value: as_csv([Table("t", ("x",), ((value,),))]),
    "cells on a terminal": lambda value: _plain(Table("t", ("x",), ((value,),))),
    "findings as JSON": lambda value: json.dumps(plain({"x": [value, np.float64(value)]})),
    "reports as JSON": lambda value: json.dumps(_rounded([value])),
}


@pytest.mark.parametrize("name", FORMATTERS)
@given(value=numbers)
@example(value=-0.0)
@example(value=-1e-9)
def test_no_formatter_prints_a_negative_nought(name: str, value: float) -> None:
    shown = FORMATTERS[name](value)
    assert not NEGATIVE_NOUGHT.search(shown), shown
    if value < -0.06:
        assert re.search("[-\u2212]", shown) or name == "leads", shown


@given(values=st.lists(numbers, min_size=1, max_size=5))
def test_predictions_hold_no_negative_nought(values: list[float], tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "predicted.csv"
    _write_csv(path, iter([{"=id": ["-0"] * len(values), "pull dB: x": np.array(values)}]))
    header, *rows = csv.reader(path.read_text(encoding="utf-8").splitlines())
    assert header[0] == "'=id"
    assert not any(NEGATIVE_NOUGHT.search(row[1]) for row in rows)


def specs(path: Path) -> Iterator[tuple[int, str]]:
    """The format specifications of a file that show a sign, with their lines."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FormattedValue) and isinstance(node.format_spec, ast.JoinedStr):
            spec = "".join(part.value for part in node.format_spec.values if isinstance(part, ast.Constant))
            if "+" in spec and not spec.endswith("d"):
                yield node.lineno, spec


def test_every_format_that_shows_a_sign_shows_none_of_nought() -> None:
    """`z` takes the sign of what rounds to nought away."""
    found = [
        f"{path.relative_to(PACKAGE)}:{line}: {spec}"
        for path in sorted(PACKAGE.rglob("*.py"))
        for line, spec in specs(path)
        if "z" not in spec
    ]
    assert found == []
    templates = [path for path in PACKAGE.rglob("*.j2") if re.search(r'"%\+', path.read_text(encoding="utf-8"))]
    assert templates == []
