"""Commented files to start from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from attribution.domain.identifiers import check_id
from attribution.errors import UsageError
from attribution.reading.yaml_nodes import Listing, Mapping, Node, parse


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of incident: which files to start from, whose recipes fit, and what the first fact asks."""

    about: str
    family: str
    recipes: tuple[str, ...]
    words: tuple[tuple[str, str], ...] = ()


def _weapon(question: str, first: str, second: str, found: str) -> tuple[tuple[str, str], ...]:
    return (("WEAPON-QUESTION", question), ("WEAPON-ONE", first), ("WEAPON-TWO", second), ("WEAPON-FOUND", found))


_PHYSICAL = ("physical", ("standard", "sceptical"))
KINDS = {
    "drone": Kind(
        "a drone, a rocket or a missile",
        *_PHYSICAL,
        _weapon("What was the weapon?", "drone", "rocket", "The remains are those of a drone"),
    ),
    "bombing": Kind(
        "a bomb that was brought to its place",
        *_PHYSICAL,
        _weapon("What was the charge made of?", "military-stock", "home-made", "The charge was military stock"),
    ),
    "shooting": Kind(
        "an attack by people with guns",
        *_PHYSICAL,
        _weapon("Which weapons were used?", "rifles-of-one-make", "other-guns", "The cases are of one make of rifle"),
    ),
    "cyber": Kind("an intrusion, a leak or a wiper", "cyber", ("cyber", "cyber-sceptical")),
    "other": Kind(
        "anything else that somebody did with a means that leaves traces",
        *_PHYSICAL,
        _weapon("What was the means?", "first-means", "second-means", "The traces are those of the first means"),
    ),
}


def case_template(id: str, incident: str = "") -> str:
    """A case file that can be read as it stands.

    Parameters
    ----------
    id
        Name of the case.
    incident
        A kind of incident, for a case in which every kind of item stands once; without it, the shortest case there is.

    Raises
    ------
    UsageError
        The id cannot be a name, or no such kind of incident.
    """
    return _filled("case", _checked(id), incident, "") if incident else _CASE.replace("CASE-ID", _checked(id))


def model_template(case: str, incident: str = "", recipe: str = "") -> str:
    """A model for the case of `case_template`; for a kind of incident, from a recipe (by default the first that fits).

    Raises
    ------
    UsageError
        The id cannot be a name, no such kind of incident, or a recipe that does not fit it.
    """
    if incident:
        return _filled("model", _checked(case), incident, recipe)
    if recipe:
        raise UsageError(
            f'the recipe "{recipe[:80]}" needs a kind of incident.',
            allowed=", ".join(KINDS),
            hint=f"attribution new {case} --incident drone --recipe {recipe[:80]}",
        )
    return _MODEL.replace("CASE-ID", _checked(case))


def _filled(what: str, id: str, incident: str, recipe: str) -> str:
    if incident not in KINDS:
        raise UsageError.unknown("kinds of incident", incident, KINDS, at=("incident",))
    kind = KINDS[incident]
    recipe = recipe or kind.recipes[0]
    if recipe not in kind.recipes:
        raise UsageError(
            f'the recipe "{recipe[:80]}" does not fit an incident of the kind "{incident}".',
            allowed=" or ".join(kind.recipes),
            hint=next((f"--incident {name} has it" for name, each in KINDS.items() if recipe in each.recipes), ""),
        )
    text = _file(f"{kind.family}-{what}")
    for token, word in (("CASE-ID", id), ("RECIPE", recipe), *kind.words):
        text = text.replace(token, word)
    return text


def _file(name: str) -> str:
    return (Path(__file__).parent / "templates" / f"{name}.yaml").read_text(encoding="utf-8")


@cache
def placeholders() -> frozenset[str]:
    """What a person is to write over, in small letters: where one is left, the checks of a report do not pass."""
    texts = set(PLACEHOLDERS)
    for family in ("physical", "cyber"):
        for what in ("case", "model"):
            name = f"{family}-{what}"
            texts |= set(_texts(parse(_file(name), name)))
    texts |= {word for kind in KINDS.values() for token, word in kind.words if token == "WEAPON-FOUND"}
    return frozenset(text.casefold() for text in texts - _KEPT)


def _texts(node: Node, key: str = "") -> Iterator[str]:
    """The texts that a person writes, of a template."""
    if isinstance(node, Mapping):
        for name, value in node.entries:
            yield from _texts(value, name.text)
    elif isinstance(node, Listing):
        for item in node.items:
            yield from _texts(item, key)
    elif key in _TO_WRITE:
        yield node.text


def _checked(id: str) -> str:
    from attribution.errors import CaseError

    try:
        check_id(id, "case")
    except CaseError as error:
        raise UsageError(error.what, allowed=error.allowed, hint=error.hint) from error
    return id


_TO_WRITE = {"title", "name", "searched", "place", "because", "limits"}
_KEPT = {
    "Anyone else", "Baseline", "WEAPON-FOUND",
    "Own code comes back, units with one supplier share it, and of strangers it is rare by chance.",
    "A state that is named denies in any case; one that is not has nothing to deny.",
    "A sponsor that is blamed denies in any case; one that is not has nothing to deny.",
}  # fmt: skip

# What a person is to write over; where one of these is left, the checks of a report do not pass.
PLACEHOLDERS = (
    "A title in words",
    "Somewhere",
    "Some sponsor and its clients",
    "Faction One",
    "Faction Two",
    "Did Faction One deny it?",
    "A ministry",
    "The debris is that of a drone",
    "Faction One denies it",
    "Where it can be read",
    "What a reader must know about what is missing.",
    "How often each of them attacked in the months before.",
    "A starting point, to be replaced.",
    "Who has been seen with what.",
)

_CASE = """\
# Evidence: what is public, with nothing assumed. What it means is for the model file.
# Editors can check this file: attribution schema case
format: attribution-case/1
id: CASE-ID
title: A title in words
question: "Who led the attack, that is, planned and ordered it?"
incident: {date: 2024-01-01, place: Somewhere}

# The candidates, as a tree; the leaves are the hypotheses. `other` keeps the set open.
factions:
  some-sponsor:
    title: Some sponsor and its clients
    members:
      faction-one: {title: Faction One}
      faction-two: {title: Faction Two}
  other: {title: Anyone else}

# Who says things (not the outlet: that is `via:`). Reliability is an Admiralty letter, A to F.
# `interest` is none, unknown, or whose side the source is on; `part_of` the institution it belongs to.
sources:
  ministry: {name: A ministry, kind: government, part_of: a-government, reliability: B, interest: unknown}
  faction-one: {name: Faction One, kind: armed-group, reliability: C, interest: faction-one}

# Questions about the incident besides who did it. `given:` names facts its table may depend on. With `role: yes` a
# fact is a role (launched, supplied, directed, involved): reports then show scenarios: who led, and who did what.
facts:
  weapon: {question: "What was the weapon?", states: [drone, rocket, something-else]}
  one-denied: {question: "Did Faction One deny it?", states: [yes, no]}

# Items of one origin are believed or disbelieved together. Declare an origin where several items share it.
origins: {}

# report: a source asserts something about the world. act: the statement, claim or denial is itself the fact.
# absence: something looked for was not found. direct: somebody already weighed it.
evidence:
  - id: debris
    kind: report
    title: The debris is that of a drone
    says: {weapon: drone}
    source: ministry
    grade: B2                       # letter: the source; digit: this statement as if it stood alone
    published: 2024-01-03
    citation: {url: "https://example.org/debris", title: Where it can be read, read: original}
  - id: denial
    kind: act
    title: Faction One denies it
    says: {one-denied: yes}
    source: faction-one
    grade: A1                       # of an act the grade says only whether it happened
    published: 2024-01-02
    citation: {url: "https://example.org/denial", title: Where it can be read, read: copy}
limits:
  - What a reader must know about what is missing.
"""

_MODEL = """\
# Assumptions: what one analyst holds. Every number with its reason; another analyst copies this file and disagrees.
# A number is 0.4, or [low, best, high] (its 5, 50 and 95 % quantiles), or {yes: 3, of: 20}, or "very unlikely".
# Editors can check this file: attribution schema model
format: attribution-model/1
case: CASE-ID
title: Baseline
grading: standard

traits:
  tempo:
    kind: behaviour
    because: How often each of them attacked in the months before.
    faction-one: [0.2, 0.4, 0.6]
    else: [0.05, 0.2, 0.4]

# Who it was before the evidence.
perpetrator:
  proportional_to: [tempo]
  other: [0.02, 0.05, 0.15]         # somebody not named above
  surprise: [0.001, 0.01, 0.05]     # that such a somebody acts like one of those named
  # A leaf that stands for several organisations: sizes: {faction-two: [1, 2, 4], because: ...}; others are one.
  because: A starting point, to be replaced.

# How probable each state of a fact is, given who did it. All states but one are given.
facts:
  weapon:
    because: Who has been seen with what.
    drone: {some-sponsor: [0.3, 0.5, 0.7], else: [0.05, 0.15, 0.4]}
    rocket: {some-sponsor: [0.1, 0.3, 0.5], else: [0.1, 0.3, 0.5]}
  one-denied:
    because: Guilty and innocent alike deny.
    yes: {faction-one: [0.5, 0.7, 0.9], else: [0.5, 0.8, 0.95]}

# Several acts that may be one decision do not count as many. A story names two or more facts, its strength from 0 (they
# are independent) to 1 (one speaks for all); reports show the answer at every strength. For a halt and a silence, say:
# stories:
#   lying-low: {facts: [one-halted, one-denied], strength: 0.5, because: ...}
"""
