"""Dates as tables write them, as the days on which an event may have happened."""

from __future__ import annotations

import calendar
import datetime as dt
import re

from attribution.archive.mapping import Order
from attribution.errors import EventError

type Window = tuple[int, int]  # first possible day since 1970-01-01, further days that are possible

_EPOCH = dt.date(1970, 1, 1).toordinal()
_MONTHS = {name[:3].lower(): number for number, name in enumerate(calendar.month_name) if name}
_TIME = re.compile(r"[T ]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?( ?[AaPp][Mm])?(Z|[+-]\d{2}:?\d{2})?$")
_ISO = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_NAMED = re.compile(r"(\d{1,2})[ -]([A-Za-z]{3,9})\.?,?[ -](\d{4}|\d{2})")
_NAMED_FIRST = re.compile(r"([A-Za-z]{3,9})\.? (\d{1,2}),? (\d{4})")
_SLASHED = re.compile(r"(\d{1,4})[/.](\d{1,2})[/.](\d{4}|\d{1,2})")
_FORMS = "2024-01-28, 2024-01, 2024, 28 January 2024, 28-Jan-24, January 28, 2024"


def window(text: str, order: Order | None, today: dt.date) -> Window:
    """The days a text may mean: a year and a month without a day is any day of the month.

    Two digits of a year mean the last hundred years up to today.

    Raises
    ------
    EventError
        No date, a day that does not exist, a day after today, or 02/03/2004 without an order.
    """
    plain = _TIME.sub("", text.strip())
    if match := _COMPACT.fullmatch(plain) or _ISO.fullmatch(plain):
        year, month, day = (int(part or 0) for part in match.groups())
    elif match := _NAMED.fullmatch(plain):
        day, month, year = int(match[1]), _month(match[2], text), _year(match[3], today)
    elif match := _NAMED_FIRST.fullmatch(plain):
        day, month, year = int(match[2]), _month(match[1], text), int(match[3])
    elif match := _SLASHED.fullmatch(plain):
        year, month, day = _ordered(match, order, text, today)
    else:
        raise EventError(f'"{text[:60]}" is not a date.', allowed=_FORMS)
    return calendar_window(year, month, day, today)


def calendar_window(year: int, month: int, day: int, today: dt.date) -> Window:
    """The days of a year, a month (0: any) and a day (0: any).

    Raises
    ------
    EventError
        A day that does not exist, or that lies after today.
    """
    shown = f"{year:04d}-{month:02d}-{day:02d}" if day and month else f"{year:04d}-{month:02d}" if month else f"{year}"
    try:
        first = dt.date(year, month or 1, (day or 1) if month else 1)
    except ValueError:
        raise EventError(f"{shown} is a day that does not exist.", allowed="a day of the calendar") from None
    if first > today:
        raise EventError(
            f"{shown} lies after today, {today}.",
            allowed="events that have happened",
            hint="are day and month exchanged? `order:` in the mapping says how dates are meant",
        )
    if not month:
        return first.toordinal() - _EPOCH, 364 + calendar.isleap(year)
    days = calendar.monthrange(year, month)[1]
    return first.toordinal() - _EPOCH, 0 if day else days - 1


def number_of(text: str, what: str) -> int:
    """A part of a date; missing is 0.

    Raises
    ------
    EventError
        Not a whole number.
    """
    if not text:
        return 0
    if not re.fullmatch(r"\d{1,4}(\.0+)?", text):
        raise EventError(f'the {what} is "{text[:40]}".', allowed="a whole number, 0 unknown")
    return int(float(text))


def _month(name: str, text: str) -> int:
    month = _MONTHS.get(name[:3].lower(), 0)
    if not month or (not calendar.month_name[month].lower().startswith(name.lower()[:9]) and name.lower() != "sept"):
        raise EventError(f'"{text[:60]}" is not a date: "{name}" is no month.', allowed=_FORMS)
    return month


def _year(text: str, today: dt.date) -> int:
    if len(text) == 4:
        return int(text)
    year = today.year // 100 * 100 + int(text)
    return year if year <= today.year else year - 100


def _ordered(match: re.Match[str], order: Order | None, text: str, today: dt.date) -> tuple[int, int, int]:
    a, b, c = match.groups()
    if len(a) == 4:
        return int(a), int(b), int(c)
    if order is None or order == "year-first":
        raise EventError(
            f'"{text[:60]}" can be read in two ways.',
            allowed=_FORMS,
            hint="say in the mapping which comes first: date: {column: ..., order: day-first} or month-first",
        )
    day, month = (a, b) if order == "day-first" else (b, a)
    return _year(c, today), int(month), int(day)
