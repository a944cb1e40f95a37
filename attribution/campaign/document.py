"""Series of attacks as observers counted or stated them, and the interventions whose effect is asked for."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal, get_args

from attribution.domain.evidence import Citation
from attribution.errors import Path, TempoError

Kind = Literal["strike", "halt", "truce", "other"]
Precision = Literal["exact", "about", "at-least"]
DatedBy = Literal["event", "announcement", "report", "outcome"]
KINDS: tuple[Kind, ...] = get_args(Kind)
PRECISIONS: tuple[Precision, ...] = get_args(Precision)
DATED_BY: tuple[DatedBy, ...] = get_args(DatedBy)
TEMPO_FORMAT = "attribution-tempo/1"
LONGEST = 1500  # days; what happened years away says nothing about an intervention, and costs time
_FEWEST = 5


@dataclass(frozen=True, slots=True)
class Count:
    """Attacks from the first to the last day, both included."""

    first: dt.date
    last: dt.date
    count: int

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1


@dataclass(frozen=True, slots=True)
class Statement:
    """A total since the beginning of the series, as somebody stated it.

    ``exact`` totals may be late or over by a little, ``about`` is rounded, ``at-least`` may be far too low. With
    `none_since`, no attack fell on the days after that one, up to `as_of`; that is counted, and the total only shown.
    """

    as_of: dt.date
    total: int
    precision: Precision = "exact"
    source: str = ""
    published: dt.date | None = None
    none_since: dt.date | None = None
    citation: Citation | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """From this day on the observer counts something else."""

    date: dt.date
    what: str


@dataclass(frozen=True, slots=True)
class Observer:
    """Who counted, what was counted, and the counts or the statements; one of the two.

    `since` is the first day that the totals count. `dropped` events of a table had dates too coarse for its intervals,
    out of `dropped` and the counted ones together.
    """

    id: str
    scope: str
    since: dt.date
    title: str = ""
    counts: tuple[Count, ...] = ()
    statements: tuple[Statement, ...] = ()
    changes: tuple[Change, ...] = ()
    source: str = ""
    note: str = ""
    dropped: int = 0
    by_faction: tuple[tuple[str, tuple[dt.date, ...]], ...] = ()  # days of attacks, where a table names factions

    @property
    def total(self) -> int:
        """The attacks counted, or the highest total stated."""
        if self.counts:
            return sum(one.count for one in self.counts)
        return max(one.total for one in self.statements)

    @property
    def boundaries(self) -> tuple[dt.date, ...]:
        """The last days of counts and the days of statements: where something is known to the day."""
        if self.counts:
            return tuple(sorted({one.last for one in self.counts} | {one.first - _DAY for one in self.counts}))
        known = {one.as_of for one in self.statements} | {one.none_since for one in self.statements if one.none_since}
        return (self.since - _DAY, *sorted(known))

    @property
    def last(self) -> dt.date:
        """The last day that is covered."""
        return self.counts[-1].last if self.counts else max(one.as_of for one in self.statements)


@dataclass(frozen=True, slots=True)
class Intervention:
    """Something that may have changed the tempo: what, when, until when, by whom.

    An intervention that may last acts from its date until it ends, with a delay of onset; one that does not fades away.
    """

    id: str
    kind: Kind
    date: dt.date
    ends: dt.date | None = None
    title: str = ""
    by: str = ""
    on: str = ""
    announced: bool = True
    may_last: bool = False
    dated_by: DatedBy = "event"
    citation: Citation | None = None
    note: str = ""

    @property
    def label(self) -> str:
        return self.title or self.id


@dataclass(frozen=True, slots=True)
class Tempo:
    """A series of attacks under the eyes of one or more observers, and what may have changed it.

    Parameters
    ----------
    id : str
        Name of the series.
    title : str
        For people.
    first, last : datetime.date
        The days of the series, both included; at most 1,500 of them.
    observers : tuple of Observer
        Each sees the same process in its own way; they are fitted apart and compared, never merged.
    interventions : tuple of Intervention
        In order of their dates.
    question, source : str, optional
        What is asked; where the data come from.
    text : str, optional
        The file, so that a report can say what exactly was used.

    Raises
    ------
    TempoError
        A series or an intervention that cannot be.

    Examples
    --------
    >>> import attribution as at
    >>> tempo = at.read_tempo("us-forces-2023-24")
    >>> [observer.id for observer in tempo.observers]
    ['pentagon', 'sohr']
    """

    id: str
    title: str
    first: dt.date
    last: dt.date
    observers: tuple[Observer, ...]
    interventions: tuple[Intervention, ...] = ()
    question: str = ""
    source: str = ""
    text: str = ""

    def __post_init__(self) -> None:
        days = (self.last - self.first).days + 1
        if days < 1:
            raise TempoError(
                f"the series ends on {self.last}, before it begins on {self.first}.",
                at=("to",), allowed="`to` after `from`", hint="are the two dates exchanged?",
            )  # fmt: skip
        if days > LONGEST:
            raise TempoError(
                f"the series has {days:,} days.",
                at=("to",),
                allowed=f"at most {LONGEST:,} days",
                hint="what lies years away says nothing about an intervention: take a window around it",
            )
        for observer in self.observers:
            check_observer(observer, self.first, self.last)
        for position, intervention in enumerate(self.interventions):
            _check_intervention(intervention, ("interventions", position), self.first, self.last)
            if intervention.id in {one.id for one in self.interventions[:position]}:
                raise TempoError.duplicate("intervention", intervention.id, at=("interventions", position, "id"))

    @property
    def days(self) -> int:
        """Days of the series."""
        return (self.last - self.first).days + 1

    def observer(self, id: str | None = None) -> Observer:
        """An observer by name; the first one where none is named.

        Raises
        ------
        TempoError
            No such observer.
        """
        for one in self.observers:
            if id in (None, one.id):
                return one
        raise TempoError.unknown("observers", str(id), [one.id for one in self.observers], at=("observer",))


def check_observer(observer: Observer, first: dt.date, last: dt.date) -> None:
    """Refuse counts and statements that cannot be of one series, or that hold nothing.

    Raises
    ------
    TempoError
        With the path of what cannot be.
    """
    at: Path = ("observers", observer.id)
    if not first <= observer.since <= last:
        raise TempoError(
            f"since {observer.since} lies outside the series.", at=(*at, "since"), allowed=_span(first, last)
        )
    _check_counts(observer.counts, (*at, "counts"), first, last)
    _check_statements(observer.statements, (*at, "statements"), observer.since, last)
    known = len(observer.counts) + len({one.as_of for one in observer.statements})
    if known < _FEWEST:
        raise TempoError(
            f"{observer.id} has {known} counts.",
            at=at,
            allowed=f"at least {_FEWEST}: a level, its ups and downs and an effect cannot be told apart from fewer",
            hint="cut the counts finer, by days or weeks, or take more of them before and after",
        )
    if observer.total == 0:
        raise TempoError(
            f"{observer.id} counts no attack at all.",
            at=at,
            allowed="a series in which something happened: in nothing but zeros nothing can have changed",
            hint="is the filter of the table too narrow, or the window wrong?",
        )


def _check_counts(counts: tuple[Count, ...], at: Path, first: dt.date, last: dt.date) -> None:
    for position, one in enumerate(counts):
        here = (*at, position)
        if one.last < one.first:
            raise TempoError(
                f"the interval ends on {one.last}, before it begins on {one.first}.",
                at=here, allowed="`last` on or after `first`", hint="are the two dates exchanged?",
            )  # fmt: skip
        if one.count < 0:
            raise TempoError(f"the count is {one.count}.", at=here, allowed="0 or more")
        if one.first < first or one.last > last:
            raise TempoError(f"{one.first} to {one.last} lies outside the series.", at=here, allowed=_span(first, last))
        if position and one.first <= counts[position - 1].last:
            before = counts[position - 1]
            raise TempoError(
                f"{one.first} to {one.last} overlaps {before.first} to {before.last}.",
                at=here,
                allowed="intervals in order of time that share no day",
                hint="both days of an interval are included: the next one begins a day after `last`",
            )


def _check_statements(statements: tuple[Statement, ...], at: Path, since: dt.date, last: dt.date) -> None:
    highest: Statement | None = None
    for position, one in enumerate(statements):
        here = (*at, position)
        if one.total < 0:
            raise TempoError(f"the total is {one.total}.", at=(*here, "total"), allowed="0 or more")
        if not since <= one.as_of <= last:
            raise TempoError(
                f"as_of {one.as_of} lies outside the series.", at=(*here, "as_of"), allowed=_span(since, last)
            )
        if one.published and one.as_of > one.published:
            raise TempoError(
                f"the total is as of {one.as_of}, but was published on {one.published}.",
                at=(*here, "as_of"),
                allowed="as_of on or before published: nobody counts what has not happened",
                hint="are the two dates exchanged?",
            )
        if position and one.as_of < statements[position - 1].as_of:
            raise TempoError(
                f"as_of {one.as_of} comes after {statements[position - 1].as_of} in the file.",
                at=(*here, "as_of"), allowed="statements in order of their as_of",
            )  # fmt: skip
        if one.none_since and not since <= one.none_since < one.as_of:
            raise TempoError(
                f"none since {one.none_since}, as of {one.as_of}.",
                at=(*here, "none_since"), allowed="a day of the series before as_of",
            )  # fmt: skip
        if one.precision != "exact":
            continue
        if highest and one.total < highest.total:
            raise TempoError(
                f"the total falls: {highest.total} as of {highest.as_of}, {one.total} as of {one.as_of}.",
                at=(*here, "total"),
                allowed="exact totals that never fall: attacks are not taken back",
                hint="one of the two is not exact: mark it `precision: about` or `at-least`, or leave it out",
            )
        highest = one


def _check_intervention(one: Intervention, at: Path, first: dt.date, last: dt.date) -> None:
    if not first <= one.date <= last:
        raise TempoError(
            f'"{one.id}" on {one.date} lies outside the series.',
            at=(*at, "date"),
            allowed=_span(first, last),
            hint="an effect can only be seen where there are counts before and after",
        )
    if one.ends and one.ends < one.date:
        raise TempoError(
            f'"{one.id}" ends on {one.ends}, before its date {one.date}.',
            at=(*at, "ends"), allowed="`ends` on or after `date`", hint="are the two dates exchanged?",
        )  # fmt: skip
    if one.dated_by == "outcome" or (one.kind in ("halt", "truce") and not one.announced and one.dated_by == "event"):
        raise TempoError(
            f'the date of "{one.id}" was read off the outcome.',
            at=(*at, "dated_by" if one.dated_by == "outcome" else "announced"),
            allowed="a date known without looking at the attacks: of an event, an announcement, a report of an order",
            hint="dated by the day on which attacks stopped, any halt looks kept: leave it out, and let the break be "
            "dated by the model; `dated_by: report` if somebody reported the day otherwise",
        )


def _span(first: dt.date, last: dt.date) -> str:
    return f"{first} to {last}"


_DAY = dt.timedelta(days=1)
