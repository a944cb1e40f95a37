"""Uncertain numbers named for a reader."""

from __future__ import annotations

_OF = {
    "prior": "prior of {0}",
    "share": "prior share of {0}",
    "forged": "forgery of {0}",
    "staged": "staging of {0}",
    "deceptive": "deception by {0}",
    "copies": "copying by {0}",
    "anyway": "what {0} would say anyway",
    "detection": "detection in {0}",
    "ratio": "weight given by {0}",
    "reliability": "reliability of {0}",
    "credibility": "credibility of {0}",
}


def number_name(label: str) -> str:
    """The label of a coordinate in words.

    >>> number_name("table[kh-halt=yes|else|tehran-pressure=yes]")
    'kh-halt=yes for everyone else, given tehran-pressure=yes'
    >>> number_name("trait[tempo|nujaba]")
    'tempo of nujaba'
    """
    kind, bracket, inside = label.partition("[")
    if not bracket:
        return kind
    names, _, own = inside.partition("]")
    first, *rest = names.split("|")
    rest = ["everyone else" if name == "else" else name for name in rest]
    deviation = f", deviation of {own[1:]}" if own.startswith("~") else ""
    if kind == "trait":
        return f"{first} of {', '.join(rest)}{deviation}"
    if kind == "table":
        told = f" for {rest[0]}" if rest else ""
        given = f", given {', '.join(rest[1:])}" if rest[1:] else ""
        return f"{first}{told}{given}{deviation}"
    named = _OF.get(kind, kind + " of {0}").format(first)
    return f"{named} ({', '.join(rest)}){deviation}" if rest else named + deviation
