"""How a table of events is to be read: which column says what, what its words mean, and how a case meets it."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, field, replace
from typing import Literal

from attribution.domain.numbers import Number
from attribution.errors import EventError, did_you_mean

Order = Literal["year-first", "day-first", "month-first"]
Encoding = Literal["auto", "utf-8", "latin-1", "mac-roman"]
ClaimWord = Literal["claimed", "none", "not-recorded"]


@dataclass(frozen=True, slots=True)
class CaseLink:
    """How a case meets the table: what is known of its incident in the table's words, and who its factions are there.

    The incident says only what the evidence of the case does not say again: what is an item there counts there.
    """

    case: str
    factions: tuple[tuple[str, str, str], ...]  # node of the case, faction of the table, why
    incident: tuple[tuple[str, str], ...] = ()  # level or feature to word
    because: str = ""

    def __post_init__(self) -> None:
        labels = [label for _, label, _ in self.factions]
        twice = sorted({label for label in labels if labels.count(label) > 1})
        if twice:
            raise EventError(
                f'"{twice[0]}" stands for two factions of the case.',
                at=("cases", self.case, "factions"),
                allowed="one node of the case for each faction of the table",
                hint="link the group above them: its weight is then shared by size",
            )

    def check_words(self, known: list[str]) -> None:
        """Refuse a word about the incident that is no level and no feature of the table."""
        for name, _ in self.incident:
            if name not in known:
                at = ("cases", self.case, "incident", name)
                raise EventError.unknown("levels and features", name, known, at=at)


@dataclass(frozen=True, slots=True)
class Precision:
    """A column that says how coarse the date is: its words to the days before and after that are possible too."""

    column: str
    days: tuple[tuple[str, tuple[int, int]], ...]


@dataclass(frozen=True, slots=True)
class Dates:
    """One column; or a first and a last day; or year, month and day (0 or missing: unknown)."""

    column: str = ""
    until: str = ""
    year: str = ""
    month: str = ""
    day: str = ""
    order: Order | None = None  # of 02/03/2004; None: such a date is an error
    precision: Precision | None = None
    serial: bool = False  # numbers of five digits are days as Excel counts them

    def __post_init__(self) -> None:
        if bool(self.column) == bool(self.year):
            raise EventError(
                "date has both a `column` and a `year`, or neither.",
                at=("date",),
                allowed="{column: date}, {column: first, until: last}, or {year: y, month: m, day: d}",
            )

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the date proper, in order."""
        named = (self.column, self.until) if self.column else (self.year, self.month, self.day)
        return tuple(name for name in named if name)


@dataclass(frozen=True, slots=True)
class Places:
    """Levels from coarse to fine (name of the level, column), and coordinates."""

    levels: tuple[tuple[str, str], ...] = ()
    latitude: str = ""
    longitude: str = ""

    def __post_init__(self) -> None:
        if bool(self.latitude) != bool(self.longitude):
            raise EventError("place has one coordinate.", at=("place",), allowed="latitude and longitude, or neither")


@dataclass(frozen=True, slots=True)
class Certainty:
    """Columns whose words say how sure a label is; the least sure of them counts, `otherwise` for all other words."""

    columns: tuple[str, ...]
    values: tuple[tuple[str, float], ...]
    otherwise: float = 1.0

    def __post_init__(self) -> None:
        for word, value in (*self.values, ("else", self.otherwise)):
            if not 0 <= value <= 1:
                raise EventError(
                    f'the certainty of "{word}" is {value:g}.',
                    at=("perpetrator", "certainty"),
                    allowed="a probability, 0 to 1",
                )


@dataclass(frozen=True, slots=True)
class Perpetrators:
    """Who it was: several columns, or several names in one cell, mean "one of these".

    `unknown` and `residual` are names with ``*`` for anything: nobody knows; known to be none of the named. `marks` are
    words that stand for the name of their column, where each faction has one.
    """

    columns: tuple[str, ...]
    marks: tuple[str, ...] = ()
    separator: str = ""
    together: bool = False  # rows of one id are one event, by one of those whom they name
    unknown: tuple[str, ...] = ()
    residual: tuple[str, ...] = ()
    certainty: Certainty | None = None


@dataclass(frozen=True, slots=True)
class Umbrella:
    """A name that hides one of several factions."""

    name: str
    members: tuple[str, ...]
    because: str = ""

    def __post_init__(self) -> None:
        if len(set(self.members)) < 2:
            raise EventError(
                f'the umbrella "{self.name}" hides fewer than two factions.',
                at=("umbrellas", self.name),
                allowed="two or more members",
                hint="another name of one faction belongs under `aliases`",
            )


@dataclass(frozen=True, slots=True)
class Claims:
    """Who claimed it, by name, or in `values` only that somebody did, that nobody did, or that nothing is recorded.

    With `labels` above zero, an umbrella that claimed an event of unknown perpetrator makes it "one of its members"
    with that certainty.
    """

    column: str
    values: tuple[tuple[str, ClaimWord], ...] = ()
    labels: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.labels <= 1:
            raise EventError(
                f"labels is {self.labels:g}.", at=("claim", "labels"), allowed="a probability, 0 (none) to 1"
            )


@dataclass(frozen=True, slots=True)
class Feature:
    """A column as it stands, with some of its words read as others, or a number cut at `bins`."""

    name: str
    column: str
    bins: tuple[float, ...] = ()
    values: tuple[tuple[str, str], ...] = ()
    optional: bool = False  # a table without the column is read without the feature

    def __post_init__(self) -> None:
        if list(self.bins) != sorted(set(self.bins)):
            raise EventError(
                f"the bins of {self.name} do not increase.",
                at=("features", self.name, "bins"),
                allowed="increasing numbers",
            )


@dataclass(frozen=True, slots=True)
class Condition:
    """Only rows whose column has one of these words (`among`), or none of them; a date from one day to another.

    Words are compared without case; ``*`` stands for anything.
    """

    column: str
    words: tuple[str, ...]
    among: bool = True
    since: str = ""  # first day, month or year; with `until`, instead of words
    until: str = ""


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Events that are left out, with the reason: always, or for the prior of one case only."""

    ids: tuple[str, ...]
    because: str
    case: str = ""


@dataclass(frozen=True, slots=True)
class EventMapping:
    """From the columns of a table to events.

    Raises
    ------
    EventError
        A perpetrator column that is a feature as well, or a name that means two things.
    """

    title: str
    dates: Dates
    perpetrators: Perpetrators
    id: str = ""
    source: str = ""
    encoding: Encoding = "auto"
    separator: str = ""
    header: int = 0
    above: int = 0  # lines above the header on which its names begin
    last: int = 0
    sheet: str = ""
    missing: tuple[str, ...] = ("",)
    places: Places = Places()
    claims: Claims | None = None
    umbrellas: tuple[Umbrella, ...] = ()
    aliases: tuple[tuple[str, tuple[str, ...]], ...] = ()
    lineage: tuple[tuple[str, str], ...] = ()
    features: tuple[Feature, ...] = ()
    where: tuple[Condition, ...] = ()
    exclude: tuple[Exclusion, ...] = ()
    cases: tuple[CaseLink, ...] = ()
    lifetimes: tuple[tuple[str, str, str], ...] = ()  # faction, first and last date it can have acted, "" unknown
    optional: tuple[str, ...] = ()  # columns that a table may lack; what is made of them is then not there
    labelled: tuple[tuple[str, Number], ...] = ()  # faction, or "else": the probability that an attack gets a label
    file: str = field(default="", compare=False)
    text: str = field(default="", repr=False, compare=False)

    def __post_init__(self) -> None:
        own = {*self.perpetrators.columns} | ({self.claims.column} if self.claims else set())
        for feature in self.features:
            if feature.column in own:
                raise EventError(
                    f'the feature "{feature.name}" is the column "{feature.column}", which names the perpetrator.',
                    at=("features", feature.name),
                    allowed="columns that say nothing about who it was",
                    hint="who claimed an event belongs under `claim:`, and is used from there",
                )
        if self.perpetrators.together and not self.id:
            raise EventError(
                "rows are to be put together by their id, and no column holds one.",
                at=("perpetrator", "together"), allowed="`id:` with the column that rows of one event share",
            )  # fmt: skip
        known = [level for level, _ in self.places.levels] + [feature.name for feature in self.features]
        for link in self.cases:
            link.check_words(known)
        seen: dict[str, str] = {}
        for name, others in self.aliases:
            for other in others:
                if seen.setdefault(other, name) != name:
                    raise EventError(
                        f'"{other}" stands for "{seen[other]}" and for "{name}".',
                        at=("aliases", name),
                        allowed="each name once",
                    )

    @property
    def columns(self) -> tuple[tuple[str, tuple[str | int, ...]], ...]:
        """Every column that is needed, with the place in the mapping that names it first."""
        found: dict[str, tuple[str | int, ...]] = {}

        def need(column: str, *at: str | int) -> None:
            if column:
                found.setdefault(column, at)

        need(self.id, "id")
        for part in ("column", "until", "year", "month", "day"):
            need(getattr(self.dates, part), "date", part)
        if self.dates.precision:
            need(self.dates.precision.column, "date", "precision", "column")
        for level, column in self.places.levels:
            need(column, "place", "levels", level)
        need(self.places.latitude, "place", "latitude")
        need(self.places.longitude, "place", "longitude")
        for position, column in enumerate(self.perpetrators.columns):
            need(column, "perpetrator", "columns", position)
        for position, column in enumerate(self.perpetrators.certainty.columns if self.perpetrators.certainty else ()):
            need(column, "perpetrator", "certainty", "columns", position)
        need(self.claims.column if self.claims else "", "claim", "column")
        for feature in self.features:
            need(feature.column, "features", feature.name)
        for condition in self.where:
            need(condition.column, "where", condition.column)
        return tuple(found.items())

    def without(self, absent: Container[str]) -> EventMapping:
        """The mapping of a table that lacks some of the optional columns: without what is made of them."""
        gone = {name for name in self.optional if name in absent}
        who, place, dates = self.perpetrators, self.places, self.dates
        certainty = who.certainty and replace(
            who.certainty, columns=tuple(name for name in who.certainty.columns if name not in gone)
        )
        named = tuple(name for name in who.columns if name not in gone) or who.columns
        coordinates = () if {place.latitude, place.longitude} & gone else (place.latitude, place.longitude)
        return replace(
            self,
            id="" if self.id in gone and not who.together else self.id,
            dates=replace(
                dates,
                until="" if dates.until in gone else dates.until,
                month="" if dates.month in gone else dates.month,
                day="" if {dates.month, dates.day} & gone else dates.day,
                precision=None if dates.precision and dates.precision.column in gone else dates.precision,
            ),
            places=Places(tuple(one for one in place.levels if one[1] not in gone), *coordinates),
            perpetrators=replace(who, columns=named, certainty=certainty),
            claims=None if self.claims and self.claims.column in gone else self.claims,
            features=tuple(
                one for one in self.features if one.column not in (absent if one.optional else gone)
            ),
        )  # fmt: skip

    def check_columns(self, header: tuple[str, ...], table: str, hint: str = "") -> None:
        """Refuse a table that lacks columns, naming each; what it has stands with the first."""
        absent = [(column, at) for column, at in self.columns if column not in header]
        near = {column: did_you_mean(column, header) for column, _ in absent}
        away = "is this the mapping of another table?" if len(header) > 1 else "is the separator right?"
        errors = [
            EventError(
                f'the mapping names the column "{column}", which {table} does not have.', at=at,
                hint=hint or near[column] or ("" if any(near.values()) else away),
            )
            for column, at in absent
        ]  # fmt: skip
        if errors:
            first, *others = errors
            if self.shipped:
                own = f"a mapping of your own may say `extends: {self.name}` and what differs"
                first.hint = f"{first.hint} {own}".strip()
            first.allowed = ", ".join(name[:60] for name in dict.fromkeys(header[:60]) if name) or "no column at all"
            first.others = tuple(others)
            raise first

    @property
    def shipped(self) -> bool:
        """Whether it is a whole database's, so that a table may lack much of what it names."""
        return self.file.startswith("data/mappings/")

    @property
    def name(self) -> str:
        """The shipped name, or the file."""
        return self.file.removeprefix("data/mappings/").removesuffix(".yaml") if "mappings/" in self.file else self.file

    def link_to(self, case: str) -> CaseLink:
        """How a case meets the table.

        Raises
        ------
        EventError
            The mapping does not say.
        """
        for link in self.cases:
            if link.case == case:
                return link
        raise EventError(
            f'the mapping does not say who the factions of "{case}" are in the table.',
            at=("cases",),
            allowed=f"cases: {{{case}: {{factions: {{node: {{label: name in the table, because: why}}}}}}}}",
            hint=did_you_mean(case, [link.case for link in self.cases]),
            file=self.file,
            line=1,
        )

    @property
    def rare(self) -> frozenset[str]:
        """Columns whose texts hardly repeat: ids and coordinates, where they are no features besides."""
        named = {self.id, self.places.latitude, self.places.longitude}
        return frozenset(named - {feature.column for feature in self.features})

    def excluded(self, case: str = "") -> frozenset[str]:
        """Ids left out always, and those left out for a case."""
        return frozenset(id for one in self.exclude if one.case in ("", case) for id in one.ids)
