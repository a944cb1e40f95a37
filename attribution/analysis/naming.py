"""Names for what files and programs call by id: numbers, states, institutions, in words that a reader knows."""

from __future__ import annotations

from attribution.domain.case import Case
from attribution.domain.identifiers import ELSE, OTHER, PERPETRATOR

# Letters that stand for words, in ids that have no title of their own.
_INITIALS = frozenset(
    ["us", "un", "uk", "eu", "uae", "nato", "ied", "bbc", "cnn", "pbs", "npr", "ap", "afp", "irna", "tass", "isw"]
)
_OF = {
    "prior": "prior of {0}",
    "share": "prior share of {0}",
    "size": "number of organisations behind {0}",
    "history": "share of {0} in past events",
    "forged": "forgery of {0}",
    "staged": "staging of {0}",
    "deceptive": "deception by {0}",
    "copies": "copying by {0}",
    "anyway": "what {0} would say anyway",
    "detection": "chance of finding it in {0}",
    "ratio": "weight given by {0}",
    "reliability": "reliability of {0}",
    "credibility": "credibility of {0}",
}


def readable(id: str) -> str:
    """An id in words.

    >>> readable("us-government")
    'US government'
    """
    return " ".join(word.upper() if word in _INITIALS else word for word in id.split("-"))


def institution_name(case: Case, id: str) -> str:
    """The name of the source that stands for an institution, or its id in words."""
    return case.sources[id].name if id in case.sources else readable(id)


def outlet_name(case: Case, id: str) -> str:
    """The name of an outlet that relayed something: a source's own, or its id as a name is written.

    >>> outlet_name(case, "washington-post")
    'Washington Post'
    """
    return (
        case.sources[id].name if id in case.sources else " ".join(w[:1].upper() + w[1:] for w in readable(id).split())
    )


def state_name(case: Case, fact: str, state: str) -> str:
    """What a state of a fact, or of the perpetrator, is called."""
    over_factions = fact == PERPETRATOR or (fact in case.facts and case.facts[fact].over_factions)
    return case.factions.label(state) if over_factions and state in case.factions else readable(state)


def answer_name(case: Case, fact: str, states: str, no: str = "") -> str:
    """A fact with one or several of its states, as its question and the answer."""
    told = " or ".join(state_name(case, fact, state) for state in states.split("/"))
    return f"{thing_name(case, fact)} {no}{told}"


def thing_name(case: Case, id: str) -> str:
    """What an id of a case is called: a node, a source by name; an item, an origin, a fact in quotation marks."""
    if id == ELSE:
        return "everyone else"
    if id in case.factions:
        return case.factions.label(id)
    if id in case.sources:
        return case.sources[id].name
    if id in case.origins:
        return f"“{case.origins[id].label}”"
    if id in case.evidence:
        return f"“{case.evidence[id].title}”"
    if id == PERPETRATOR:
        return "“Who led it?”"
    return f"“{case.facts[id].label}”" if id in case.facts else readable(id)


def number_name(case: Case, label: str) -> str:
    """The label of an uncertain number in words.

    >>> number_name(case, "table[kh-halt=yes|else|tehran-pressure=yes]")
    '“Did Kataib Hezbollah announce a halt within days?” yes for everyone else, given “Did Tehran press …?” yes'
    >>> number_name(case, "trait[tempo|nujaba]")
    'tempo of Harakat Hezbollah al-Nujaba'
    """
    kind, bracket, inside = label.partition("[")
    if not bracket:
        return kind
    names, _, own = inside.partition("]")
    first, *rest = names.split("|")
    deviation = f", deviation of {thing_name(case, own[1:])}" if own.startswith("~") else ""
    if kind == "trait":
        return f"{readable(first)} of {', '.join(thing_name(case, one) for one in rest)}{deviation}"
    if kind == "table":
        whose = f" for {thing_name(case, rest[0])}" if rest else ""
        given = f", given {', '.join(_answer(case, one) for one in rest[1:])}" if rest[1:] else ""
        given = ", otherwise" if rest[1:] == ["otherwise"] else given
        return f"{_answer(case, first)}{whose}{given}{deviation}"
    whom = "anybody not named" if kind == "prior" and first == OTHER else thing_name(case, first)
    more = f" ({', '.join(_further(case, kind, one) for one in rest)})" if rest else ""
    return f"{_OF.get(kind, kind + ' of {0}').format(whom)}{more}{deviation}"


def _answer(case: Case, told: str) -> str:
    """``fact=state``, or ``fact=state/state``, as a question with its answer; several of them separated by commas."""
    parts = []
    for one in told.split(","):
        fact, equals, states = one.partition("=")
        parts.append(answer_name(case, fact, states) if equals else readable(one))
    return ", ".join(parts)


def _further(case: Case, kind: str, name: str) -> str:
    """What stands behind the first name in brackets: the letter or digit of a grade, a node, an item, a state."""
    return name if kind in ("reliability", "credibility") else thing_name(case, name)
