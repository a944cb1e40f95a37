"""Items of evidence: somebody asserts, does, or fails to do something, or has already weighed it; and who that is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal, get_args
from urllib.parse import urlsplit

from attribution.domain.document import Document, keyed, one_or_list, stated, yes_no
from attribution.domain.grades import LETTERS, Grade
from attribution.domain.identifiers import check_id
from attribution.domain.moments import Moment
from attribution.domain.numbers import Number
from attribution.errors import CaseError
from attribution.inert import legible

SourceKind = Literal[
    "government", "military", "court", "intelligence", "armed-group", "media", "expert", "organisation",
    "anonymous", "analyst", "vendor", "malware", "telemetry", "other",
]  # fmt: skip
Reading = Literal["original", "copy", "excerpt", "relay"]

NO_INTEREST = "none"
UNKNOWN_INTEREST = "unknown"


@dataclass(frozen=True, slots=True)
class Source:
    """The originator of items, not the outlet that carried them.

    `interest` is ``none``, ``unknown``, or the node of the faction tree whose side the source is on.
    `part_of` is the institution it belongs to: several voices of one institution are not several witnesses.
    `would_say_anyway` is the chance that it says what it says when it knows nothing (one half where not given).
    """

    id: str
    name: str
    kind: SourceKind
    reliability: str
    interest: str = UNKNOWN_INTEREST
    part_of: str = ""
    would_say_anyway: Number | None = None
    note: str = ""

    def __post_init__(self) -> None:
        check_id(self.id, "source")
        if self.kind not in get_args(SourceKind):
            raise CaseError.unknown("kinds of source", self.kind, get_args(SourceKind), at=("sources", self.id, "kind"))
        if self.reliability not in LETTERS:
            raise CaseError.unknown(
                "reliability letters", self.reliability, LETTERS, at=("sources", self.id, "reliability")
            )

    def document(self) -> Document:
        return stated(
            {
                "name": self.name,
                "kind": self.kind,
                "part_of": self.part_of,
                "reliability": self.reliability,
                "interest": "" if self.interest == UNKNOWN_INTEREST else self.interest,
                "would_say_anyway": self.would_say_anyway and self.would_say_anyway.document(),
                "note": self.note,
            }
        )

    @property
    def institution(self) -> str:
        """What it is part of, or itself."""
        return self.part_of or self.id


@dataclass(frozen=True, slots=True)
class Citation:
    """Where a statement can be read, and whether the original was read or a copy, an excerpt, a relay of it.

    Raises
    ------
    CaseError
        A URL that is not http or https, or that names no host.
    """

    url: str
    title: str
    publisher: str = ""
    published: str = ""
    read: Reading = "copy"
    note: str = ""

    def __post_init__(self) -> None:
        try:
            parts = urlsplit(self.url)
            good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.username is None
        except ValueError:
            good = False
        if not good or any(ord(letter) <= 32 for letter in self.url) or legible(self.url) != self.url:
            raise CaseError(
                f'"{legible(self.url[:80])}" is not a web address.',
                allowed="http or https with a host, without blanks, user names or marks that cannot be seen",
                hint="give the page where the statement can be read",
            )
        if not self.title:
            raise CaseError("a citation has no title.", allowed="the title of the page, in words")
        if self.read not in get_args(Reading):
            raise CaseError.unknown("ways of reading", self.read, get_args(Reading))

    def document(self) -> Document:
        return stated(
            {
                "url": self.url,
                "title": self.title,
                "publisher": self.publisher,
                "published": self.published,
                "read": "" if self.read == "copy" else self.read,
                "note": self.note,
            }
        )


def citation_entry(citations: tuple[Citation, ...]) -> Document | list[Document]:
    """The `citation:` of a block: one by itself, several as a list."""
    pages = [page.document() for page in citations]
    return pages[0] if len(pages) == 1 else pages


@dataclass(frozen=True, slots=True)
class Proposition:
    """That the true state of a fact is among `states`; `negated` when it was asserted as a *not*.

    For the built-in fact `perpetrator` the states are nodes of the faction tree, each standing for its leaves.
    """

    fact: str
    states: frozenset[str]
    negated: bool = False

    def document(self) -> Any:
        """The states alone: the fact is the key under which they stand."""
        named = one_or_list(sorted(self.states))
        return {"not": named} if self.negated else named

    def __str__(self) -> str:
        named = " or ".join(sorted(self.states))
        return f"{self.fact}: {'not ' if self.negated else ''}{named}"


@dataclass(frozen=True, slots=True)
class Copying:
    """Partial dependence: with `probability` this item merely repeats item `of`."""

    of: str
    probability: Number

    def document(self) -> Document:
        return {"of": self.of, "probability": self.probability.document()}


@dataclass(frozen=True, slots=True)
class Regrade:
    """From `date` on, the item carries another grade."""

    date: Moment
    grade: Grade

    def document(self) -> Document:
        return {"date": self.date.isoformat(), "grade": str(self.grade)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """What all kinds of evidence share. `published` is when the public could know; `date` when it happened."""

    kind: ClassVar[str] = ""

    id: str
    title: str  # an empty one becomes the id made readable
    source: str
    published: Moment
    origin: str = ""
    via: tuple[str, ...] = ()
    date: Moment | None = None
    withdrawn: Moment | None = None
    citations: tuple[Citation, ...] = ()
    note: str = ""

    def __post_init__(self) -> None:
        check_id(self.id, "item")
        if not self.title:
            object.__setattr__(self, "title", self._readable)
        if self.withdrawn and self.withdrawn < self.published:
            raise CaseError(
                f'"{self.id}" was withdrawn on {self.withdrawn}, before it was published on {self.published}.',
                allowed="a withdrawal that is not before the publication",
            )

    @property
    def _readable(self) -> str:
        return self.id.replace("-", " ").capitalize()

    def document(self) -> Document:
        """The item as one entry of `evidence:`."""
        return stated(
            {
                "id": self.id,
                "kind": self.kind,
                "title": "" if self.title == self._readable else self.title,
                **self._own_entries(),
                "source": self.source,
                "via": one_or_list(self.via),
                "origin": self.origin,
                "date": self.date and self.date.isoformat(),
                "published": self.published.isoformat(),
                "withdrawn": self.withdrawn and self.withdrawn.isoformat(),
                "citation": citation_entry(self.citations),
                "note": self.note,
            }
        )

    def _own_entries(self) -> Document:
        """What only this kind of item says."""
        return {}

    def _says(self) -> Document:
        pairs = ((proposition.fact, proposition.document()) for proposition in self.propositions)
        return keyed(pairs, at=("evidence", self.id, "says"))

    @property
    def origin_id(self) -> str:
        """The declared origin, or the item's own."""
        return self.origin or self.id

    @property
    def propositions(self) -> tuple[Proposition, ...]:
        """What it asserts, one proposition per fact; none for an item already weighed."""
        return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement(Item):
    """An item with a grade: a report or an act."""

    says: tuple[Proposition, ...]
    grade: Grade | None = None
    would_say_anyway: Number | None = None
    copies: Copying | None = None
    forgeable: bool | None = None
    regraded: tuple[Regrade, ...] = ()

    @property
    def propositions(self) -> tuple[Proposition, ...]:
        return self.says

    def _own_entries(self) -> Document:
        return {
            "says": self._says(),
            "grade": str(self.grade or ""),
            "would_say_anyway": self.would_say_anyway and self.would_say_anyway.document(),
            "copies": self.copies and self.copies.document(),
            "forgeable": yes_no(self.forgeable),
            "regraded": [step.document() for step in self.regraded],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Report(Statement):
    """A source asserts something about the world; the grade rates exactly that assertion."""

    kind: ClassVar[str] = "report"


@dataclass(frozen=True, slots=True, kw_only=True)
class Act(Statement):
    """The statement, denial, claim, halt or silence is itself the fact; the grade rates only whether it happened."""

    kind: ClassVar[str] = "act"


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence(Item):
    """Something looked for was not found: ``1 - detection`` if it happened all the same, 1 if it did not."""

    kind: ClassVar[str] = "absence"

    says: tuple[Proposition, ...]
    detection: Number
    searched: str

    @property
    def propositions(self) -> tuple[Proposition, ...]:
        return self.says

    def _own_entries(self) -> Document:
        return {"says": self._says(), "detection": self.detection.document(), "searched": self.searched}


@dataclass(frozen=True, slots=True, kw_only=True)
class Direct(Item):
    """Somebody already weighed it: a likelihood ratio per state of one fact, its credibility included.

    States (or nodes, for `perpetrator`) that are not named count 1. The grade is shown, never applied.
    """

    kind: ClassVar[str] = "direct"

    fact: str
    ratios: tuple[tuple[str, Number], ...]
    grade: Grade | None = None

    def _own_entries(self) -> Document:
        pairs = ((state, ratio.document()) for state, ratio in self.ratios)
        about = keyed(pairs, at=("evidence", self.id, "likelihood_ratio"))
        return {"likelihood_ratio": {self.fact: about}, "grade": str(self.grade or "")}
