"""What became of a case: what was settled later, by whom and how. Never read by a fit."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, get_args

from attribution.domain.evidence import Proposition
from attribution.domain.grades import Grade
from attribution.domain.moments import Moment
from attribution.domain.sources import Citation
from attribution.errors import CaseError

Settled = Literal["court", "official", "consensus", "partial"]

# the key, then every line that begins with a blank, a hyphen or a closing bracket, and comments between them
_BLOCK = re.compile(r"^[\"']?outcome[\"']?[ ]*:[^\n]*\n?(?:(?:#[^\n]*\n|[ \t]*\n)*[ \t\-\]}][^\n]*\n?)*", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Outcome:
    """That a set of factions, or of states of a fact, turned out to be true, or was excluded (`proposition.negated`).

    `settled` says how: by a court, by a body without a side, by what all sides accept, or only in part. What is settled
    in part is shown and never scored. `date` is when it was settled: nothing that the public could know only from then
    on may help a posterior that is scored against it.
    """

    proposition: Proposition
    source: str
    grade: Grade
    date: Moment
    settled: Settled
    note: str = ""
    citations: tuple[Citation, ...] = ()

    def __post_init__(self) -> None:
        if self.settled not in get_args(Settled):
            raise CaseError.unknown("ways of settling", self.settled, get_args(Settled), at=("outcome",))

    @property
    def scored(self) -> bool:
        return self.settled != "partial"


def without_outcome(text: str) -> str:
    """The text of a case file without its `outcome:` block: what a fit reads, and what its hash is taken from."""
    kept, cut = _BLOCK.subn("", text)
    return kept.rstrip() + "\n" if cut else text
