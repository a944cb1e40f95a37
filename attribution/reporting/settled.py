"""Whether a report says what the one on disk says: chains on another processor differ by Monte Carlo error, no more.

A processor that rounds one last bit otherwise gives other draws of the same posterior, and so other digits everywhere.
Rounding does not help: some digit always lies at an edge. A report whose words are the same, and whose probabilities
agree within their errors, is the same report; it is not written again, and a working tree stays clean.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

ERRORS = 4.0  # combined Monte Carlo errors within which two probabilities are one
_OF_THE_DRAWS = ("chains", "where")  # traces, and which of many quantities is the worst by a hair
_LEAST = 2e-4  # below which an error is itself not known
_NUMBER = re.compile(r"[<>±+\u2212-]?\s?\d[\d.,]*")
_DRAWN = re.compile(r"<(svg|script)\b.*?</\1>", re.DOTALL)
_TINTED = re.compile(r"\b(for|against)\d\b")
_POLICY = re.compile(r"(style|script)-src '[^']*'")


def settled(old: Mapping[str, str], new: Mapping[str, str]) -> bool:
    """Whether the forms of a report on disk, by suffix, say what the new ones say.

    Parameters
    ----------
    old, new
        Texts by suffix; ``.json`` is among them, others are compared where both have them.

    Examples
    --------
    >>> settled({".json": text}, {".json": text})
    True
    """
    if old.keys() != new.keys() or ".json" not in old:
        return False
    try:
        first, second = json.loads(old[".json"]), json.loads(new[".json"])
        same = first["provenance"] == second["provenance"] and _agree(first, second)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):  # what lies there is no report of ours
        return False
    if not same:
        return False
    if Counter(_words(first)) != Counter(_words(second)):
        return False
    return ".html" not in old or _frame(old[".html"]) == _frame(new[".html"])


def _standings(found: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Everything that has a probability with its error."""
    rows = [(name, row) for name in ("factions", "groups", "scenarios") for row in found[name]]
    rows += [("facts", state) for fact in found["facts"] for state in fact["states"]]
    return {f"{name}: {row['id']}": row for name, row in rows}


def _agree(first: Mapping[str, Any], second: Mapping[str, Any]) -> bool:
    ours, theirs = _standings(first), _standings(second)
    if ours.keys() != theirs.keys():
        return False
    return all(
        abs(row["probability"] - theirs[id]["probability"])
        <= max(ERRORS * math.hypot(row["mcse"], theirs[id]["mcse"]), _LEAST)
        for id, row in ours.items()
    )


def _words(value: Any, key: str = "") -> Iterator[str]:
    """All texts of a report without their numbers, in no order: what is sorted by size may change places."""
    if isinstance(value, str):
        yield f"{key}: {_NUMBER.sub('#', value)}"
    elif isinstance(value, dict):
        for name, inside in value.items():
            if name not in _OF_THE_DRAWS:
                yield from _words(inside, name)
    elif isinstance(value, list):
        for inside in value:
            yield from _words(inside, key)


def _frame(page: str) -> tuple[list[str], Counter[str]]:
    """The style and the scripts that a page allows, and its tags without their numbers."""
    allowed = [found[0] for found in _POLICY.finditer(page)]
    tags = re.findall(r"<[^>]+>", _TINTED.sub("", _DRAWN.sub("", page)))
    return allowed, Counter(_NUMBER.sub("#", tag) for tag in tags if "Content-Security-Policy" not in tag)
