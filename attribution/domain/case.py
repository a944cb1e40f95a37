"""An incident, the factions that may have carried it out, and the evidence about it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace

from attribution.domain.case_rules import check_case
from attribution.domain.catalog import Catalog
from attribution.domain.evidence import Item, Proposition, Statement
from attribution.domain.factions import FactionTree
from attribution.domain.facts import Fact, in_causal_order
from attribution.domain.identifiers import PERPETRATOR, check_id
from attribution.domain.moments import Moment
from attribution.domain.origins import Origin, OriginDeclaration, gather_origins
from attribution.domain.outcomes import Outcome, without_outcome
from attribution.domain.sources import Source
from attribution.errors import CaseError


@dataclass(frozen=True, slots=True)
class Incident:
    """The attack to be attributed. Latitude and longitude in degrees, north and east positive."""

    date: Moment
    place: str
    country: str = ""
    latitude: float | None = None
    longitude: float | None = None
    note: str = ""

    def __post_init__(self) -> None:
        for name, value, limit in (("latitude", self.latitude, 90), ("longitude", self.longitude, 180)):
            if value is not None and not -limit <= value <= limit:
                raise CaseError(f"{name} is {value:g}.", at=("incident", name), allowed=f"-{limit} to {limit} degrees")


@dataclass(frozen=True, slots=True)
class Case:
    """Evidence, with nothing assumed: what is public about one incident.

    Raises
    ------
    CaseError
        Anything named but not declared, declared twice, or contradictory; `at` says where in the document.
    """

    id: str
    title: str
    question: str
    incident: Incident
    factions: FactionTree
    sources: Catalog[Source]
    facts: Catalog[Fact]
    evidence: Catalog[Item]
    declarations: Catalog[OriginDeclaration] = field(default_factory=Catalog)
    limits: tuple[str, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    text: str = field(default="", repr=False, compare=False)  # the file it was read from, so that a run stands alone
    origins: Catalog[Origin] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        check_id(self.id, "case", at=("id",))
        in_causal_order(self.facts)
        check_case(self)
        declared = {declaration.id: declaration for declaration in self.declarations}
        object.__setattr__(self, "origins", Catalog(gather_origins(tuple(self.evidence), declared)))

    def states(self, fact: str) -> tuple[str, ...]:
        """The states of a fact; for the perpetrator, the factions."""
        return self.factions.leaves if fact == PERPETRATOR else self.facts[fact].states

    def meaning(self, proposition: Proposition) -> frozenset[str]:
        """The states of the fact under which a proposition is true: groups opened, *not* carried out."""
        fact = proposition.fact
        if fact == PERPETRATOR or self.facts[fact].over_factions:
            named = frozenset().union(*(self.factions.under(node) for node in proposition.states))
        else:
            named = proposition.states
        return frozenset(self.states(fact)) - named if proposition.negated else named

    @property
    def evidence_text(self) -> str:
        """The text without what was settled later: what a fit reads."""
        return without_outcome(self.text)

    @property
    def turns(self) -> tuple[Moment, ...]:
        """The moments at which what the public knows changes, in order: a publication, a withdrawal, a new grade."""
        found = {item.published for item in self.evidence}
        found |= {item.withdrawn for item in self.evidence if item.withdrawn}
        found |= {step.date for item in self.evidence if isinstance(item, Statement) for step in item.regraded}
        return tuple(sorted(found))

    def as_of(self, moment: Moment | dt.date | None = None) -> Case:
        """The case as the public knew it at a minute, or at the end of a day; without a moment, as it stands now.

        Items published later are left out, as are those withdrawn by then, and later grades are not yet known. What is
        dated by a day is known at its end, so a minute of that day does not know it. What was settled later is gone:
        whatever is computed from a case is computed from this.
        """
        last = Moment.of(moment or dt.date.max)
        standing = [
            _regraded(item, last)
            for item in self.evidence
            if item.published <= last and not (item.withdrawn and item.withdrawn <= last)
        ]
        named = {item.id for item in standing}
        kept = [_without_lost_copy(item, named) for item in standing]
        return replace(self, evidence=Catalog(kept, kind="item"), outcomes=())


def _regraded(item: Item, last: Moment) -> Item:
    if not isinstance(item, Statement):
        return item
    known = sorted((step for step in item.regraded if step.date <= last), key=lambda step: step.date)
    return replace(item, grade=known[-1].grade if known else item.grade, regraded=())


def _without_lost_copy(item: Item, named: set[str]) -> Item:
    """A copy of an item that is not there is a statement of its own."""
    if isinstance(item, Statement) and item.copies and item.copies.of not in named:
        return replace(item, copies=None)
    return item
