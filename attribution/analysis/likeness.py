"""What two origins share that makes their independence doubtful."""

from __future__ import annotations

import datetime as dt
import re

from attribution.domain.case import Case
from attribution.domain.evidence import Statement
from attribution.domain.identifiers import PERPETRATOR
from attribution.domain.origins import Origin

ALIKE = 0.5  # share of words that two titles have in common
_SHORTEST = 4  # letters of a word that counts


def shared(case: Case, first: str, second: str) -> tuple[str, ...]:
    """Why two origins might be one: ``institution``, ``relay``, ``wording``, ``copy``, ``day``; empty where nothing is.

    A relay is an outlet that carried both. Wording: half of the longer words of two titles are the same. A day counts
    only where both speak about the same fact: much is said on the day of an attack.
    """
    one, other = case.origins[first], case.origins[second]
    tests = (
        ("institution", _institution(case, one) == _institution(case, other)),
        ("relay", bool(_relays(one) & _relays(other))),
        ("wording", _alike(one, other)),
        ("copy", _copies(one, other) or _copies(other, one)),
        ("day", bool(_days(one) & _days(other)) and bool(_facts(one) & _facts(other))),
    )
    return tuple(name for name, holds in tests if holds)


def _institution(case: Case, origin: Origin) -> str:
    return case.sources[origin.source].institution


def _relays(origin: Origin) -> set[str]:
    return {outlet for item in origin.items for outlet in item.via}


def _days(origin: Origin) -> set[dt.date]:
    return {item.published.day for item in origin.items}


def _facts(origin: Origin) -> set[str]:
    return {said.fact for item in origin.items for said in item.propositions if said.fact != PERPETRATOR}


def _copies(one: Origin, other: Origin) -> bool:
    ids = {item.id for item in other.items}
    return any(isinstance(item, Statement) and item.copies is not None and item.copies.of in ids for item in one.items)


def _alike(one: Origin, other: Origin) -> bool:
    mine, theirs = ({word for item in origin.items for word in _words(item.title)} for origin in (one, other))
    return bool(mine and theirs) and len(mine & theirs) >= ALIKE * len(mine | theirs)


def _words(title: str) -> set[str]:
    return {word for word in re.findall(r"\w+", title.lower()) if len(word) >= _SHORTEST}
