"""Commented files to start from."""

from __future__ import annotations

from attribution.domain.identifiers import check_id
from attribution.errors import UsageError


def case_template(id: str) -> str:
    """A case file that can be read as it stands.

    Raises
    ------
    UsageError
        The id cannot be a name.
    """
    return _CASE.replace("CASE-ID", _checked(id))


def model_template(case: str) -> str:
    """A model for the case of `case_template`."""
    return _MODEL.replace("CASE-ID", _checked(case))


def _checked(id: str) -> str:
    from attribution.errors import CaseError

    try:
        check_id(id, "case")
    except CaseError as error:
        raise UsageError(error.what, allowed=error.allowed, hint=error.hint) from error
    return id


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
