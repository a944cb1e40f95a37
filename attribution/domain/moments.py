"""When something happened or became known: a day, or a minute of a day, in the local time of the case."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Self

from attribution.errors import CaseError

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_MINUTE = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}")


@dataclass(frozen=True, slots=True)
class Moment:
    """A day, or a minute of it, without a time zone: that of the place of the incident.

    Moments are ordered by their `end`, the instant from which on it is certain that they have come: an item dated by a
    day is known at the end of that day, so that ``2004-03-11T13:30 < 2004-03-11 < 2004-03-12``.

    Examples
    --------
    >>> Moment.parse("2004-03-11T13:30") < Moment.parse("2004-03-11")
    True
    """

    day: dt.date
    time: dt.time | None = None

    def __post_init__(self) -> None:
        if isinstance(self.day, dt.datetime):
            raise CaseError(f"{self.day} is an instant.", allowed="a day and a time", hint="use Moment.of")
        if self.time and (self.time.second or self.time.microsecond or self.time.tzinfo):
            raise CaseError(
                f"{self.time} has seconds or a time zone.", allowed="hours and minutes, local time of the case"
            )

    @classmethod
    def of(cls, when: Self | dt.date | str) -> Self:
        """A moment from a day, a `datetime` (its minute) or a text.

        Raises
        ------
        CaseError
            A text that is no moment, or a `datetime` with seconds or a time zone.
        """
        if isinstance(when, str):
            return cls.parse(when)
        if isinstance(when, dt.datetime):
            return cls(when.date(), when.timetz())
        return cls(when) if isinstance(when, dt.date) else when

    @classmethod
    def parse(cls, text: str) -> Self:
        """A moment written as 2004-03-11 or 2004-03-11T13:30.

        Raises
        ------
        CaseError
            Another form, or a day or minute that does not exist.
        """
        if not (_DAY.fullmatch(text) or _MINUTE.fullmatch(text)):
            raise CaseError(
                f'"{text[:80]}" is not a date.',
                allowed="year-month-day, 2024-01-28, or with a minute, 2024-01-28T13:30",
            )
        try:
            day = dt.date.fromisoformat(text[:10])
        except ValueError:
            raise CaseError(f"{text} is a day that does not exist.", allowed="a day of the calendar") from None
        try:
            return cls(day, dt.time.fromisoformat(text[11:]) if text[11:] else None)
        except ValueError:
            raise CaseError(f"{text} is a minute that does not exist.", allowed="00:00 to 23:59") from None

    @property
    def start(self) -> dt.datetime:
        """The first instant it may mean."""
        return dt.datetime.combine(self.day, self.time or dt.time.min)

    @property
    def end(self) -> dt.datetime:
        """The last instant it may mean; what orders moments."""
        return dt.datetime.combine(self.day, self.time or dt.time.max)

    def days_later(self, days: int) -> Moment:
        """The day, as a whole, that many days later."""
        return Moment(self.day + dt.timedelta(days))

    def isoformat(self) -> str:
        """As it is written in files."""
        return f"{self.day.isoformat()}T{self.time:%H:%M}" if self.time else self.day.isoformat()

    def in_words(self) -> str:
        """As a reader says it: 28 January 2024, or 11 March 2004, 13:30."""
        day = f"{self.day.day} {self.day:%B} {self.day.year}"
        return f"{day}, {self.time:%H:%M}" if self.time else day

    def __str__(self) -> str:
        return self.isoformat()

    def __lt__(self, other: Moment) -> bool:
        return self.end < other.end

    def __le__(self, other: Moment) -> bool:
        return self.end <= other.end

    def __gt__(self, other: Moment) -> bool:
        return self.end > other.end

    def __ge__(self, other: Moment) -> bool:
        return self.end >= other.end
