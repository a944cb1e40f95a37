"""What became of a case, as it is written."""

from __future__ import annotations

from attribution.domain.case import Outcome
from attribution.domain.evidence import Proposition
from attribution.domain.identifiers import PERPETRATOR
from attribution.reading.evidence_file import citations, grade
from attribution.reading.fields import Field, located
from attribution.reading.vocabulary import OUTCOME, OUTCOME_REQUIRED, WAYS_OF_SETTLING


def outcome(field: Field) -> Outcome:
    """One entry of `outcome:`: a set that is true, or one that is excluded."""
    block = field.block(OUTCOME, OUTCOME_REQUIRED)
    if ("true" in block) == ("false" in block):
        raise field.fail(
            "an outcome has both `true` and `false`, or neither.",
            "`true: some-faction` or `false: some-faction`, or {some-fact: state}",
            "two statements are two entries",
        )
    with located(field, field):
        return Outcome(
            proposition=_proposition(block["false"], True) if "false" in block else _proposition(block["true"], False),
            source=block["source"].text(),
            grade=grade(block["grade"]),
            date=block["date"].moment(),
            settled=block["settled"].word("ways of settling", WAYS_OF_SETTLING),  # type: ignore[arg-type]
            note=block["note"].text() if "note" in block else "",
            citations=citations(block),
        )


def _proposition(field: Field, negated: bool) -> Proposition:
    """Factions by themselves, or one fact with its states."""
    about = field.entries() if field.is_mapping() else {PERPETRATOR: field}
    if len(about) != 1:
        raise field.fail(f"the outcome is about {len(about)} facts.", "one fact: {launcher: some-faction}")
    fact, states = next(iter(about.items()))
    return Proposition(fact, frozenset(state.text() for state in states.one_or_more()), negated)
