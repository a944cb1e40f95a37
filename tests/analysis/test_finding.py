"""Findings as plain JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import numpy as np

from attribution.analysis.finding import as_json


@dataclass(frozen=True, slots=True)
class Part:
    id: str
    khat: float | None


@dataclass(frozen=True, slots=True, eq=False)
class Whole:
    parts: tuple[Part, ...]
    table: np.ndarray
    large: np.ndarray = field(metadata={"json": False})


def test_a_finding_becomes_what_json_can_write() -> None:
    whole = Whole((Part("a", None), Part("b", float("inf"))), np.array([[1.0, np.nan]]), np.zeros(9))
    written = json.dumps(as_json(whole), allow_nan=False)
    assert json.loads(written) == {
        "parts": [{"id": "a", "khat": None}, {"id": "b", "khat": None}],
        "table": [[1.0, None]],
    }
