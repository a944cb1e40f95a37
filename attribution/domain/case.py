"""An incident, the factions that may have carried it out, the evidence about it, and what must hold between them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from html import escape
from math import prod
from typing import Any, ClassVar, Literal, get_args

from attribution.domain.document import (
    CASE_FORMAT,
    Document,
    Documented,
    Tabular,
    canonical,
    digest,
    one_or_list,
    plain,
    stated,
)
from attribution.domain.evidence import (
    NO_INTEREST,
    UNKNOWN_INTEREST,
    Absence,
    Citation,
    Direct,
    Item,
    Proposition,
    Source,
    Statement,
    citation_entry,
)
from attribution.domain.factions import FactionTree
from attribution.domain.facts import Fact, in_causal_order
from attribution.domain.grades import Grade
from attribution.domain.identifiers import PERPETRATOR, Catalog, check_id
from attribution.domain.moments import Moment
from attribution.domain.numbers import Number
from attribution.domain.origins import Origin, OriginDeclaration, gather_origins
from attribution.errors import CaseError, Path, Problems, UsageError, listed

Settled = Literal["court", "official", "consensus", "partial"]

MOST_ROLE_STATES = 64  # that the roles of a case may have together: each is summed by itself, and read by somebody


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

    def document(self) -> Document:
        return stated(
            {
                "date": self.date.isoformat(),
                "place": self.place,
                "country": self.country,
                "latitude": None if self.latitude is None else plain(self.latitude),
                "longitude": None if self.longitude is None else plain(self.longitude),
                "note": self.note,
            }
        )


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

    def document(self) -> Document:
        """The outcome as one entry of `outcome:`."""
        named: Any = one_or_list(sorted(self.proposition.states))
        if self.proposition.fact != PERPETRATOR:
            named = {self.proposition.fact: named}
        return stated(
            {
                "false" if self.proposition.negated else "true": named,
                "source": self.source,
                "grade": str(self.grade),
                "date": self.date.isoformat(),
                "settled": self.settled,
                "note": self.note,
                "citation": citation_entry(self.citations),
            }
        )

    def __post_init__(self) -> None:
        if self.settled not in get_args(Settled):
            raise CaseError.unknown("ways of settling", self.settled, get_args(Settled), at=("outcome",))

    @property
    def scored(self) -> bool:
        return self.settled != "partial"


@dataclass(frozen=True, slots=True)
class Case(Tabular, Documented):
    """Evidence, with nothing assumed: what is public about one incident.

    Attributes
    ----------
    written : Written or None
        The file it was read from, for its comments and order; `text` says whether it still is that.
    id : str
        Small letters, digits and hyphens.
    title, question : str
        For readers.
    incident : Incident
        When and where it happened.
    factions : FactionTree
        The candidate perpetrators: leaves of a tree, mutually exclusive and, with `other`, exhaustive.
    sources : Catalog of Source
        Who says something, by id.
    facts : Catalog of Fact
        Questions about the incident, each with its states, by id.
    evidence : Catalog of Item
        Reports, acts, absences and items already weighed, by id, in the order of the file.
    declarations : Catalog of OriginDeclaration
        What the file says about origins that several items share.
    limits : tuple of str
        What a reader must know about the evidence as a whole.
    outcomes : tuple of Outcome
        What was settled later. No fit reads it.
    origins : Catalog of Origin
        The items gathered by where they really come from; made from the items and declarations.

    Raises
    ------
    CaseError
        Anything named but not declared, declared twice, or contradictory; `at` says where in the document.

    Examples
    --------
    >>> import attribution as at
    >>> case = at.read_case("tower-22")
    >>> case.states("perpetrator")[:2]
    ('kataib-hezbollah', 'nujaba')
    >>> len(case.evidence) > len(case.as_of("2024-01-29").evidence)
    True
    """

    named_by_file: ClassVar[bool] = False

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
    origins: Catalog[Origin] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        problems = Problems()
        with problems.noting():
            check_id(self.id, "case", at=("id",))
        with problems.noting():
            in_causal_order(self.facts)
        _check_case(self, problems)
        declared = {declaration.id: declaration for declaration in self.declarations}
        with problems.noting():
            object.__setattr__(self, "origins", Catalog(gather_origins(tuple(self.evidence), declared)))
        problems.settle()

    @property
    def roles(self) -> tuple[Fact, ...]:
        """The facts that are roles: with the perpetrator they make the scenarios."""
        return tuple(fact for fact in self.facts if fact.role)

    def states(self, fact: str) -> tuple[str, ...]:
        """The states of a fact; for the perpetrator, the factions."""
        return self.factions.leaves if fact == PERPETRATOR else self.facts[fact].states

    def meaning(self, proposition: Proposition) -> frozenset[str]:
        """The states of the fact under which a proposition is true: groups opened, *not* carried out.

        What is said of a faction holds for what it did together with others.
        """
        fact = proposition.fact
        if fact == PERPETRATOR or self.facts[fact].over_factions:
            named = frozenset().union(*(self.factions.named(node) for node in proposition.states))
        else:
            named = proposition.states
        return frozenset(self.states(fact)) - named if proposition.negated else named

    def to_dict(self) -> Document:
        """The case in the words of a case file."""
        head = {
            "format": CASE_FORMAT,
            "id": self.id,
            "title": self.title,
            "question": self.question,
            "incident": self.incident.document(),
            "factions": {root.id: root.document() for root in self.factions.roots},
            "sources": {source.id: source.document() for source in self.sources},
        }
        evidence = {"evidence": [item.document() for item in self.evidence]}
        facts = {fact.id: fact.document() for fact in self.facts}
        origins = {declaration.id: declaration.document() for declaration in self.declarations}
        outcome = [outcome.document() for outcome in self.outcomes]
        tail = stated({"outcome": outcome, "limits": list(self.limits)})
        return {**head, **stated({"facts": facts, "origins": origins}), **evidence, **tail}

    def __repr__(self) -> str:
        return f"<Case {self.id}: {self._sizes()}>"

    def _repr_html_(self) -> str:
        """What a notebook shows: the question, the candidates, and the evidence by date."""
        rows = "".join(
            f"<tr><td>{item.published}</td><td>{escape(item.title or item.id)}</td><td>{item.kind}</td></tr>"
            for item in sorted(self.evidence, key=lambda item: str(item.published))
        )
        candidates = ", ".join(self.factions.label(leaf) for leaf in self.factions.leaves)
        return (
            f"<h4>{escape(self.title)}</h4><p>{escape(self.question)}<br>{escape(candidates)}</p>"
            f"<details><summary>{self._sizes()}</summary><table>{rows}</table></details>"
        )

    def _sizes(self) -> str:
        counts = ((len(self.factions.leaves), "faction"), (len(self.facts), "fact"), (len(self.evidence), "item"))
        named = ", ".join(f"{count} {word}{'' if count == 1 else 's'}" for count, word in counts)
        return f"{named} from {len(self.origins)} origin{'' if len(self.origins) == 1 else 's'}"

    @property
    def digest(self) -> str:
        """SHA-256 of what a fit reads: the content without what was settled later."""
        return digest(canonical(replace(self, outcomes=()).to_dict()))

    def without(self, *names: str) -> Case:
        """The case without these items, or origins with all that comes from them.

        A copy of something taken out becomes a statement of its own. A model that names an origin taken out wants
        `Model.without` too.

        Raises
        ------
        UsageError
            A name that is neither an item nor an origin.

        Examples
        --------
        >>> import attribution as at
        >>> case = at.read_case("tower-22")
        >>> "halt" in case.without("halt").evidence
        False
        """
        known = {*self.evidence.ids, *self.origins.ids}
        for name in names:
            if name not in known:
                raise UsageError.unknown("items and origins", name, known, at=("item",))
        kept = [item for item in self.evidence if not {item.id, item.origin_id} & set(names)]
        standing = {item.id for item in kept}
        spoken_for = {item.origin_id for item in kept}
        lost = set(self.origins.ids) - spoken_for
        return replace(
            self,
            evidence=Catalog((_without_lost_copy(item, standing) for item in kept), kind="item"),
            declarations=Catalog(declared for declared in self.declarations if declared.id not in lost),
        )

    def with_grade(self, name: str, grade: Grade | str | None) -> Case:
        """The case with another grade for an item, or for an origin that is declared; None takes it away.

        Raises
        ------
        UsageError
            A name that is neither.
        CaseError
            A grade that is none, a grade in two places, or an absence, which has none.

        Examples
        --------
        >>> import attribution as at
        >>> str(at.read_case("tower-22").with_grade("halt", "B3").origins["halt"].grade)
        'B3'
        """
        new = Grade.parse(grade) if isinstance(grade, str) else grade
        if name in self.declarations:
            changed = replace(self.declarations[name], grade=new)
            return replace(self, declarations=self.declarations.with_(changed))
        if name not in self.evidence:
            raise UsageError.unknown(
                "items and declared origins", name, (*self.evidence.ids, *self.declarations.ids), at=("item",)
            )
        item = self.evidence[name]
        if not isinstance(item, Statement | Direct):
            raise CaseError(f'"{name}" is an absence.', allowed="a report, an act, or a weight already given")
        home = self.origins[item.origin_id]
        shared = home.id in self.declarations and (len(home.items) > 1 or self.declarations[home.id].grade)
        if new is not None and shared:
            raise CaseError(
                f'the grade of "{name}" is that of its origin "{home.id}".',
                allowed="one grade per origin",
                hint=f'with_grade("{home.id}", "{new}")',
            )
        return replace(self, evidence=self.evidence.with_(replace(item, grade=new)))

    def with_items(self, *items: Item) -> Case:
        """The case with further items; one that has the id of an item there takes its place."""
        return replace(self, evidence=self.evidence.with_(*items))

    @property
    def update_times(self) -> tuple[Moment, ...]:
        """The moments at which what the public knows changes, in order: a publication, a withdrawal, a new grade."""
        moments = {item.published for item in self.evidence}
        moments |= {item.withdrawn for item in self.evidence if item.withdrawn}
        moments |= {step.date for item in self.evidence if isinstance(item, Statement) for step in item.regraded}
        return tuple(sorted(moments))

    def as_of(self, moment: Moment | dt.date | str | None = None) -> Case:
        """Take the case as the public knew it at a minute, or at the end of a day.

        Items published later are left out, as are those withdrawn by then, and later grades are not yet known. What is
        dated by a day is known at its end, so a minute of that day does not know it. What was settled later is gone:
        whatever is computed from a case is computed from this.

        Parameters
        ----------
        moment : Moment, date or str, optional
            Without it, the case as it stands now.

        Returns
        -------
        Case
            The same case with fewer items, earlier grades and no outcome.

        Examples
        --------
        >>> import attribution as at
        >>> len(at.read_case("tower-22").as_of("2024-01-27").evidence)
        0
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


def _check_case(case: Case, problems: Problems) -> None:
    """Note names that nobody declared and statements that contradict themselves."""
    for source in case.sources:
        with problems.noting():
            _check_interest(case, source)
    for fact in case.facts:
        if fact.over_factions and fact.states != case.factions.leaves:
            problems.note(
                CaseError(f'the states of "{fact.id}" are not the factions.', at=("facts", fact.id, "states"))
            )
    with problems.noting():
        _check_roles(case)
    for declaration in case.declarations:
        if declaration.source and declaration.source not in case.sources:
            at = ("origins", declaration.id, "source")
            problems.note(CaseError.unknown("sources", declaration.source, case.sources.ids, at=at))
    for position, outcome in enumerate(case.outcomes):
        with problems.noting():
            _check_outcome(case, outcome, ("outcome", position))
    for position, item in enumerate(case.evidence):
        _check_item(case, item, ("evidence", position), problems)
    if not problems.errors and case.evidence:  # what follows asks what the items mean
        with problems.noting():
            _check_origins_agree(case)
        with problems.noting():
            _check_copies(case)


def _check_roles(case: Case) -> None:
    """Refuse more joint states of the roles than are worth summing one by one, or reading."""
    states = prod(len(role.states) for role in case.roles)
    if states > MOST_ROLE_STATES:
        last = case.roles[-1]
        raise CaseError(
            f"the roles {listed(role.id for role in case.roles)} have {states:,} joint states.",
            at=("facts", last.id, "role"),
            allowed=f"{MOST_ROLE_STATES} joint states of all facts with `role: yes`",
            hint=f"take `role: yes` from {last.id} or from another: it stays a fact with a posterior of its own",
        )


def _check_interest(case: Case, source: Source) -> None:
    if source.interest not in (NO_INTEREST, UNKNOWN_INTEREST) and source.interest not in case.factions:
        known = (NO_INTEREST, UNKNOWN_INTEREST, *case.factions.ids)
        raise CaseError.unknown("interests", source.interest, known, at=("sources", source.id, "interest"))


def _check_item(case: Case, item: Item, at: Path, problems: Problems) -> None:
    unsigned = isinstance(item, Absence) and not item.source  # who searched is said in `searched:`
    if not unsigned and item.source not in case.sources:
        problems.note(CaseError.unknown("sources", item.source, case.sources.ids, at=(*at, "source")))
    says = item.propositions
    if isinstance(item, Statement | Absence) and not says:
        allowed = "a proposition about at least one fact"
        problems.note(CaseError(f'"{item.id}" says nothing.', at=(*at, "says"), allowed=allowed))
    for proposition in says:
        with problems.noting():
            _check_proposition(case, proposition, (*at, "says"))
    with problems.noting():
        if isinstance(item, Direct):
            _check_ratios(case, item, at)
        if isinstance(item, Absence):
            _check_probability(item.detection, (*at, "detection"))


def _check_probability(number: Number, at: Path) -> None:
    if number.scale != "probability":
        raise CaseError(f"{number} is a ratio.", at=at, allowed="a probability")


def _check_proposition(case: Case, proposition: Proposition, at: Path) -> None:
    fact = proposition.fact
    _check_fact(case, fact, at)
    for state in sorted(proposition.states):
        _check_state(case, fact, state, (*at, fact))
    if not 0 < len(case.meaning(proposition)) < len(case.states(fact)):
        raise CaseError(
            f'"{proposition}" is {"never" if not case.meaning(proposition) else "always"} true.',
            at=(*at, fact),
            allowed="a proposition that some states make true and others false",
        )


def _check_fact(case: Case, fact: str, at: Path) -> None:
    if fact != PERPETRATOR and fact not in case.facts:
        raise CaseError.unknown("facts", fact, (PERPETRATOR, *case.facts.ids), at=(*at, fact))


def _check_state(case: Case, fact: str, state: str, at: Path) -> None:
    if fact == PERPETRATOR or case.facts[fact].over_factions:
        if state not in case.factions:
            raise CaseError.unknown("factions", state, case.factions.ids, at=at)
    elif state not in case.facts[fact].states:
        raise CaseError.unknown(f"states of {fact}", state, case.facts[fact].states, at=at)


def _check_outcome(case: Case, outcome: Outcome, at: Path) -> None:
    if outcome.source not in case.sources:
        raise CaseError.unknown("sources", outcome.source, case.sources.ids, at=(*at, "source"))
    if outcome.date < case.incident.date:
        raise CaseError(
            f"the outcome is dated {outcome.date}, before the incident of {case.incident.date}.",
            at=(*at, "date"),
            allowed="the day on which it was settled",
        )
    _check_proposition(case, outcome.proposition, (*at, "false" if outcome.proposition.negated else "true"))


def _check_ratios(case: Case, item: Direct, at: Path) -> None:
    at = (*at, "likelihood_ratio")
    _check_fact(case, item.fact, at)
    for state, ratio in item.ratios:
        _check_state(case, item.fact, state, (*at, item.fact))
        if ratio.scale != "ratio":
            raise CaseError(f"{ratio} is a probability.", at=(*at, item.fact, state), allowed="a likelihood ratio")


def _check_origins_agree(case: Case) -> None:
    """All that one origin says must be possible at once: it is believed or disbelieved as a whole."""
    stated: dict[tuple[str, str], tuple[frozenset[str], str]] = {}
    for position, item in enumerate(case.evidence):
        for proposition in item.propositions:
            key = (item.origin_id, proposition.fact)
            meaning = case.meaning(proposition)
            before, other = stated.get(key, (meaning, item.id))
            if not meaning & before:
                raise CaseError(
                    f'the origin "{item.origin_id}" says two things about "{proposition.fact}" that cannot '
                    f'both be true: in "{other}" {_either(before)}, in "{item.id}" {_either(meaning)}.',
                    at=("evidence", position, "says", proposition.fact),
                    allowed="one origin, one story: it is believed or disbelieved as a whole",
                    hint="make the change of story an act, or give the two items two origins",
                )
            stated[key] = (meaning & before, item.id)


def _either(states: Iterable[str]) -> str:
    return " or ".join(sorted(states))


def _check_copies(case: Case) -> None:
    for position, item in enumerate(case.evidence):
        if not isinstance(item, Statement) or item.copies is None:
            continue
        at = ("evidence", position, "copies")
        if item.copies.of not in case.evidence:
            raise CaseError.unknown("items", item.copies.of, case.evidence.ids, at=(*at, "of"))
        shared = [other.id for other in case.evidence if other.origin_id == item.origin_id]
        if case.evidence[item.copies.of].origin_id == item.origin_id or len(shared) > 1:
            raise CaseError(
                f'"{item.id}" copies "{item.copies.of}" and shares an origin with {_either(shared)}.',
                at=at,
                allowed="a copying item with an origin of its own",
                hint="items of one origin count once already: drop `copies:`",
            )
        _check_circle(case, item, at)


def _check_circle(case: Case, item: Statement, at: Path) -> None:
    trail, here = [item.id], item
    while here.copies is not None:
        if here.copies.of not in case.evidence:
            return
        following = case.evidence[here.copies.of]
        if not isinstance(following, Statement):
            return
        if following.id in trail:
            raise CaseError(
                f"items copy one another in a circle: {' -> '.join([*trail, following.id])}.",
                at=at,
                allowed="copies of something that is not itself a copy of them",
            )
        trail.append(following.id)
        here = following
