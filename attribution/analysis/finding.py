"""What all findings share: how they become plain JSON."""

from __future__ import annotations

import math
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np


def as_json(finding: object) -> dict[str, Any]:
    """A frozen finding as plain JSON: fields by name, tuples as lists, numbers that JSON cannot write as null.

    Fields whose metadata say ``json: False`` are left out: tables too large for a page, which `to_frame` gives.
    """
    found = plain(finding)
    assert isinstance(found, dict), "a finding is a dataclass"
    return found


def plain(value: Any) -> Any:
    """Any value of a finding as JSON holds it."""
    if is_dataclass(value) and not isinstance(value, type):
        kept = (one for one in fields(value) if one.metadata.get("json", True))
        return {one.name: plain(getattr(value, one.name)) for one in kept}
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | frozenset):
        return [plain(inner) for inner in value]
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
