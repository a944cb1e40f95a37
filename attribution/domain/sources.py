"""Who says it, what they gain by it, and where it can be read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args
from urllib.parse import urlsplit

from attribution.domain.grades import LETTERS
from attribution.domain.identifiers import check_id
from attribution.domain.numbers import Number
from attribution.errors import CaseError

SourceKind = Literal[
    "government", "military", "court", "intelligence", "armed-group", "media", "expert", "organisation",
    "anonymous", "analyst", "other",
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
            good = parts.scheme in ("http", "https") and bool(parts.hostname)
        except ValueError:
            good = False
        if not good or any(ord(letter) <= 32 for letter in self.url):
            raise CaseError(
                f'"{self.url[:80]}" is not a web address.',
                allowed="http or https with a host, without blanks",
                hint="give the page where the statement can be read",
            )
        if not self.title:
            raise CaseError("a citation has no title.", allowed="the title of the page, in words")
        if self.read not in get_args(Reading):
            raise CaseError.unknown("ways of reading", self.read, get_args(Reading))
