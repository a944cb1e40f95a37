"""The columns of an event table while it is read: one reader each for when, where, who, and what else.

Each text is understood once, then remembered; a date is the days on which the event may have happened; errors get their
line.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import compress, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attribution.archive.codes import MISSING, Floats, Ints
from attribution.archive.events import NOT_RECORDED, RESIDUAL, UNKNOWN
from attribution.archive.reading.columnar import Coded, Texts, together
from attribution.archive.reading.labels import NOTHING, Claimants, Codes, Factions, key
from attribution.archive.reading.mapping import Condition, Dates, EventMapping, Feature, Order, Places
from attribution.archive.reading.tables import Chunk
from attribution.errors import EventError

_WHOLE = re.compile(r"(-?\d+)\.0+")
type Window = tuple[int, int]  # first possible day since 1970-01-01, further days that are possible
UNDATED: Window = (1 << 40, 0)
_EPOCH = dt.date(1970, 1, 1).toordinal()
_MONTHS = {name[:3].lower(): number for number, name in enumerate(calendar.month_name) if name}
_TIME = re.compile(r"[T ]\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?( ?[AaPp][Mm])?( ?([A-Z]{1,4})?([+-]\d{1,2}(:?\d{2})?)?)$")
_ISO = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?")
_DAY = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_NAMED = re.compile(r"(\d{1,2})[ /.-]([^\W\d_]{3,10})\.?,?[ /.-](\d{4}|\d{2})")
_NAMED_LAST = re.compile(r"(\d{4})[ /.-]([^\W\d_]{3,10})[ /.-](\d{1,2})")
_SLASHED = re.compile(r"(\d{1,4})[/.-](\d{1,2})[/.-](\d{4}|\d{1,2})")
_MONTH_ALONE = re.compile(r"([^\W\d_]{3,10})\.?,?[ /.-](\d{4})")
_MONTH_NUMBER = re.compile(r"(\d{1,2})[/.-](\d{4})|(\d{4})[/.](\d{1,2})")
_DAY_LAST = re.compile(r"([^\W\d_]{3,10})\.?[ -](\d{1,2}),?[ -](\d{4})")
_WEEKDAY = re.compile(r"(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?\.?[,\s-]+", re.IGNORECASE)
_ORDINAL = re.compile(r"\b(\d{1,2})(?:st|nd|rd|th)\b", re.IGNORECASE)
_SERIAL = re.compile(r"\d{5}(\.\d+)?")  # days since 1899-12-30, as Excel counts
_EXCEL = dt.date(1899, 12, 30)
_COMMA = re.compile(r"[+-]?\d{1,3},\d+")
_DEGREES = re.compile(
    r"(\d{1,3})\s*[°º]\s*(?:(\d{1,2}(?:\.\d+)?)\s*['’′]\s*)?(?:(\d{1,2}(?:\.\d+)?)\s*(?:[\"”″]|''|’’)\s*)?([NSEWnsew])"
)
_BLANKS = re.compile(r"\s+")
_FORMS = "2024-01-28, 2024-01, 2024, 28 January 2024, 28-Jan-24, January 28, 2024, January 2024"
type Arrays = dict[str, Any]


class Remembered[K, V](dict[K, V]):
    """A function that is asked once for each value."""

    def __init__(self, function: Callable[[K], V]) -> None:
        super().__init__()
        self._function = function

    def __missing__(self, key: K) -> V:
        value = self[key] = self._function(key)
        return value


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of a chunk, and the file they come from."""

    columns: Mapping[str, Sequence[str]]
    lines: Sequence[int]
    file: str

    @classmethod
    def of(cls, chunk: Chunk, file: str) -> Rows:
        return cls(chunk.columns, chunk.lines, file)

    def __len__(self) -> int:
        return len(self.lines)

    def where(self, keep: NDArray[np.bool_]) -> Rows:
        """The rows that are kept."""
        if keep.all():
            return self
        kept = {
            name: column.where(keep) if isinstance(column, Coded | Texts) else list(compress(column, keep))
            for name, column in self.columns.items()
        }
        return Rows(kept, np.asarray(self.lines)[keep].tolist(), self.file)

    def tuples(self, names: Sequence[str]) -> list[tuple[str, ...]]:
        """The cells of some columns, row by row."""
        return list(zip(*(self.columns[name] for name in names), strict=True))

    def understood(self, names: Sequence[str], meaning: Remembered[tuple[str, ...], Any]) -> NDArray[Any]:
        """What the cells of some columns mean, numbers row by row.

        Raises
        ------
        EventError
            The first that means nothing, with its line.
        """
        coded = [column for name in names if isinstance(column := self.columns[name], Coded)]
        if len(coded) == len(names):
            which, cells_of = together(coded)
            return np.array([meaning[cells] for cells in cells_of])[which] if len(which) else np.zeros(0)
        all_cells = self.tuples(names)
        try:
            return np.array(list(map(meaning.__getitem__, all_cells)))
        except EventError as error:
            first = next(at for at, cells in enumerate(all_cells) if cells not in meaning)  # all before were understood
            error.what = f"column {' and '.join(names)}: {error.what}"
            raise error.located(self.file, int(self.lines[first])) from None

    def numbers(self, name: str) -> Floats:
        """Numbers; an empty cell is NaN, and what is no number is infinite."""
        texts = self.columns[name]
        if isinstance(texts, Coded):
            return np.array([number(word) if word else np.nan for word in texts.words])[texts.codes]
        if isinstance(texts, Texts) and (values := texts.numbers()) is not None:
            return values
        try:
            return np.array([float(text) if text else np.nan for text in texts])
        except ValueError:
            return np.array([number(text) if text else np.nan for text in texts])


def whole(text: str) -> str:
    """A cell without outer blanks, and a whole number without its zeros after the point: 3.0 is 3."""
    text = text.strip()
    match = _WHOLE.fullmatch(text)
    return match[1] if match else text


def number(text: str) -> float:
    """A number, or infinity for what is none."""
    try:
        return float(text)
    except ValueError:
        return np.inf


def nothing_hint(text: str) -> str:
    """The way out where a cell says in a word of its own that nothing is known."""
    if key(text) not in NOTHING:
        return ""
    return f'if it means that nothing is known: add "{text.strip()}" to `missing:` in the mapping'


def bin_names(bins: tuple[float, ...]) -> tuple[str, ...]:
    """The names of the bins between cuts; a number on a cut belongs to the bin above it."""
    if not bins:
        return ()
    middle = [f"{low:g} to < {high:g}" for low, high in pairwise(bins)]
    return (f"< {bins[0]:g}", *middle, f">= {bins[-1]:g}")


def window(text: str, order: Order | None, today: dt.date) -> Window:
    """The days a text may mean: a year and a month without a day is any day of the month.

    Two digits of a year mean the last hundred years up to today.

    Raises
    ------
    EventError
        No date, a day that does not exist, a day after today, or 02/03/2004 without an order.
    """
    if match := _DAY.fullmatch(text):  # most dates of most tables
        return calendar_window(int(match[1]), int(match[2]), int(match[3]), today)
    plain = _TIME.sub("", _WEEKDAY.sub("", _ORDINAL.sub(r"\1", _BLANKS.sub(" ", text).strip()), count=1))
    if match := _COMPACT.fullmatch(plain) or _ISO.fullmatch(plain):
        year, month, day = (int(part or 0) for part in match.groups())
    elif match := _NAMED.fullmatch(plain):
        day, month, year = int(match[1]), _month(match[2], text), _year(match[3], today)
    elif match := _DAY_LAST.fullmatch(plain):
        day, month, year = int(match[2]), _month(match[1], text), int(match[3])
    elif match := _NAMED_LAST.fullmatch(plain):
        day, month, year = int(match[3]), _month(match[2], text), int(match[1])
    elif match := _MONTH_ALONE.fullmatch(plain):
        day, month, year = 0, _month(match[1], text), int(match[2])
    elif match := _MONTH_NUMBER.fullmatch(plain):
        day, month, year = 0, int(match[1] or match[4]), int(match[2] or match[3])
    elif match := _SLASHED.fullmatch(plain):
        year, month, day = _ordered(match, order, text, today)
    elif _SERIAL.fullmatch(plain):
        meant = _EXCEL + dt.timedelta(days=int(float(plain)))
        raise EventError(
            f'"{text[:60]}" is not a date: it looks like Excel\'s number for {meant}.', allowed=_FORMS,
            hint="format the column as dates before it is saved as text, or say `serial: yes` under `date:`",
        )  # fmt: skip
    else:
        raise EventError(f'"{text[:60]}" is not a date.', allowed=_FORMS, hint=nothing_hint(text))
    return calendar_window(year, month, day, today)


def calendar_window(year: int, month: int, day: int, today: dt.date) -> Window:
    """The days of a year, a month (0: any) and a day (0: any).

    Raises
    ------
    EventError
        A day that does not exist, or that lies after today.
    """

    def shown() -> str:
        return (
            f"{year:04d}-{month:02d}-{day:02d}" if day and month else f"{year:04d}-{month:02d}" if month else f"{year}"
        )

    try:
        first = dt.date(year, month or 1, (day or 1) if month else 1)
    except ValueError:
        raise EventError(f"{shown()} is a day that does not exist.", allowed="a day of the calendar") from None
    if first > today:
        raise EventError(
            f"{shown()} lies after today, {today}.",
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


def _month_of(text: str, what: str) -> int:
    """A month by its number or its name."""
    return _month(text.rstrip("."), text) if text[:1].isalpha() else number_of(text, what)


class When:
    """Dates, as windows of days."""

    def __init__(self, dates: Dates, missing: frozenset[str], today: dt.date) -> None:
        self._dates, self._missing, self._today = dates, missing, today
        self._spread = {key(whole(word)): days for word, days in dates.precision.days} if dates.precision else {}
        self._names = (*dates.columns, dates.precision.column) if dates.precision else dates.columns
        self._meaning = Remembered(self._window)

    def read(self, rows: Rows) -> Ints:
        """The window of each row (row, 2); `UNDATED` where nothing is known."""
        return rows.understood(self._names, self._meaning).astype(np.int64).reshape(-1, 2)

    def _window(self, cells: tuple[str, ...]) -> Window:
        texts = ["" if text in self._missing else text for text in cells]
        before, after = self._spread.get(key(texts.pop()), (0, 0)) if self._spread else (0, 0)
        if not texts[0] or (self._dates.year and number_of(texts[0], "year") == 0):
            return UNDATED
        first, more = self._from_parts(texts) if self._dates.year else self._from_texts(texts)
        return first - before, more + before + after

    def _from_parts(self, texts: list[str]) -> Window:
        given = iter(texts)
        named = {"year": self._dates.year, "month": self._dates.month, "day": self._dates.day}
        year, month, day = (
            (_month_of if part == "month" else number_of)(next(given), part) if column else 0
            for part, column in named.items()
        )
        return calendar_window(year, month, day, self._today)

    def _from_texts(self, texts: list[str]) -> Window:
        first, more = self._day(texts[0])
        if not self._dates.until or not texts[1]:
            return first, more
        last, further = self._day(texts[1])
        if last + further < first:
            raise EventError(f"the event ends on {texts[1]}, before it begins.", allowed="a first day, then a last day")
        return first, last + further - first

    def _day(self, text: str) -> Window:
        if self._dates.serial and _SERIAL.fullmatch(text):
            text = str(_EXCEL + dt.timedelta(days=int(float(text))))
        return window(text, self._dates.order, self._today)


def sexagesimal(text: str, limit: float) -> float:
    """Degrees, minutes and seconds with their signs, in decimal degrees; infinite for what is none.

    >>> sexagesimal("34° 30' S", 90.0)
    -34.5
    """
    match = _DEGREES.fullmatch(text)
    if match is None:
        return np.inf
    degrees, minutes, seconds, side = int(match[1]), float(match[2] or 0), float(match[3] or 0), match[4].upper()
    if (side in "NS") != (limit == 90.0) or minutes >= 60 or seconds >= 60:
        return np.inf
    return (degrees + minutes / 60 + seconds / 3600) * (-1 if side in "SW" else 1)


class Where:
    """Nested levels and coordinates."""

    def __init__(self, places: Places, missing: frozenset[str]) -> None:
        self._places, self._missing = places, missing
        self.levels = [Codes() for _ in places.levels]
        self._meaning = Remembered(self._path)

    def read(self, rows: Rows) -> Arrays:
        """Coordinates and one code per level."""
        places = self._places
        found: Arrays = {
            "latitude": self._degrees("latitude", places.latitude, 90.0, rows),
            "longitude": self._degrees("longitude", places.longitude, 180.0, rows),
        }
        if self.levels:
            paths = rows.understood([column for _, column in places.levels], self._meaning)
            codes = paths.astype(np.int64).reshape(-1, len(self.levels))
            found |= {f"place {depth}": codes[:, depth].copy() for depth in range(len(self.levels))}
        return found

    def _degrees(self, what: str, column: str, limit: float, rows: Rows) -> Any:
        if not column:
            return np.full(len(rows), np.nan)
        values = rows.numbers(column)
        wrong = np.flatnonzero(np.abs(values) > limit)
        for at in wrong.tolist():
            text = whole(rows.columns[column][at])
            if text in self._missing:  # -99 and the like
                values[at] = np.nan
            elif _COMMA.fullmatch(text):  # no coordinate has thousands, so a comma is its point
                values[at] = float(text.replace(",", "."))
            else:
                values[at] = sexagesimal(text, limit)
        wrong = np.flatnonzero(np.abs(values) > limit)
        if wrong.size:
            text = rows.columns[column][int(wrong[0])]
            exchanged = "are latitude and longitude exchanged?"
            raise EventError(
                f'column {column}: the {what} is "{text[:40]}".',
                allowed=f"-{limit:g} to {limit:g} degrees, or empty",
                hint=exchanged
                if np.isfinite(number(text))
                else nothing_hint(text) or "a number with a decimal point, such as 33.31, or 33°18'36\"N",
                file=rows.file,
                line=int(rows.lines[int(wrong[0])]),
            )
        return values

    def _path(self, path: tuple[str, ...]) -> tuple[int, ...]:
        known = ["" if name in self._missing else name for name in path]
        return tuple(
            self.levels[depth].alike(" / ".join(name or "?" for name in known[: depth + 1]))
            if known[depth]
            else MISSING
            for depth in range(len(known))
        )


class Who:
    """Labels, how sure they are, and claims."""

    def __init__(self, mapping: EventMapping, missing: frozenset[str]) -> None:
        self._who, self._claims = mapping.perpetrators, mapping.claims
        self.factions = Factions(mapping, missing)
        self.claimants = Claimants(mapping, self.factions, missing)
        self._label = Remembered(self.factions.label)
        self._claim = Remembered(self._claimed)
        self._certain = Remembered(self._certainty)

    def read(self, rows: Rows) -> Arrays:
        """Label, number of the set, certainty and claim."""
        label: Ints = rows.understood(self._who.columns, self._label).astype(np.int64).reshape(-1, 2)
        certain = np.ones(len(rows))
        if self._who.certainty and not self._who.certainty.columns:
            certain = np.full(len(rows), self._who.certainty.otherwise)
        elif self._who.certainty:
            certain = rows.understood(self._who.certainty.columns, self._certain).astype(np.float64)
        claim = np.full(len(rows), NOT_RECORDED, dtype=np.int64)
        if self._claims:
            claimed = rows.understood([self._claims.column], self._claim).astype(np.int64).reshape(-1, 3)
            claim = claimed[:, 0]
            if self._claims.labels:
                opened = _silent(label) & ~_silent(claimed[:, 1:])
                label[opened] = claimed[opened, 1:]
                certain = np.where(opened, self._claims.labels, certain)
        certain = np.where(_silent(label), 1.0, certain)
        return {"label": label[:, 0].copy(), "set": label[:, 1].copy(), "certainty": certain, "claim": claim.copy()}

    def one_of_rows(self, columns: Arrays) -> Arrays:
        """Rows of one id as one event, in the order of the first: done by one of those whom any of them names.

        Where no row names anybody it stays unknown; the least certain row counts.
        """
        _, first, back = np.unique(columns["id"].astype(object), return_index=True, return_inverse=True)
        if len(first) == len(back):
            return columns
        members: dict[int, set[int]] = {}
        sets = self.factions.label_sets(columns["set"])
        residual = set(back[columns["label"] == RESIDUAL].tolist())
        for at in np.flatnonzero((columns["label"] >= 0) | (columns["set"] >= 0)).tolist():
            label = int(columns["label"][at])
            members.setdefault(int(back[at]), set()).update((label,) if label >= 0 else sets[at])
        out = {name: values[first] for name, values in columns.items()}
        certainty = np.ones(len(first))
        np.minimum.at(certainty, back, columns["certainty"])
        claims = np.lexsort((columns["row"], columns["claim"] < 0, back))  # one that names somebody before any other
        out["claim"] = columns["claim"][claims[np.unique(back[claims], return_index=True)[1]]]
        for event in residual - members.keys():
            out["label"][event] = RESIDUAL
        for event, codes in members.items():
            if event in residual:  # one of these or somebody else: says too little to be a set
                out["label"][event], out["set"][event] = UNKNOWN, -1
            elif len(codes) == 1:
                out["label"][event], out["set"][event] = next(iter(codes)), -1
            else:
                out["label"][event] = UNKNOWN
                out["set"][event] = self.factions.sets[" ".join(map(str, sorted(codes)))]
        out["certainty"] = certainty
        order = np.argsort(out["row"], kind="stable")
        return {name: values[order] for name, values in out.items()}

    def _claimed(self, cells: tuple[str, ...]) -> tuple[int, int, int]:
        return (self.claimants.code(cells[0]), *self.factions.umbrella(cells[0]))

    def _certainty(self, words: tuple[str, ...]) -> float:
        certainty = self._who.certainty
        assert certainty is not None
        values = {key(whole(word)): value for word, value in certainty.values}
        return min(values.get(key(word), certainty.otherwise) for word in words)


class Wanted:
    """Whether a row is wanted, by one column: its word is among some, or its date in a span."""

    def __init__(
        self, condition: Condition, missing: frozenset[str], today: dt.date, order: Order | None = None
    ) -> None:
        self._condition, self._missing, self._today, self._order = condition, missing, today, order
        self._words = {key(whole(word)) for word in condition.words}
        self._patterns = [word for word in self._words if "*" in word]

    def __call__(self, cells: tuple[str, ...]) -> bool:
        """Whether a row with this cell is wanted.

        Raises
        ------
        EventError
            A date was wanted, and the cell is none.
        """
        asked, text = self._condition, cells[0]
        if not (asked.since or asked.until):
            word = key(text)
            return (word in self._words or any(fnmatchcase(word, each) for each in self._patterns)) == asked.among
        if text in self._missing:
            return False
        return within(window(text, self._order, self._today), asked, self._order, self._today)


def within(days: Window, asked: Condition, order: Order | None, today: dt.date) -> bool:
    """Whether all days that are possible lie in the span of a condition."""
    after = not asked.since or days[0] >= window(asked.since, order, today)[0]
    return after and (not asked.until or sum(days) <= sum(window(asked.until, order, today)))


class What:
    """One feature: words as they stand, or numbers cut at bins."""

    def __init__(self, feature: Feature, missing: frozenset[str]) -> None:
        self.feature, self._missing = feature, missing
        self.codes = Codes({name: code for code, name in enumerate(bin_names(feature.bins))})
        self._values = {key(whole(word)): other for word, other in feature.values}
        self._meaning = Remembered(self._code)

    def read(self, rows: Rows) -> Ints:
        """One code per row."""
        return rows.understood([self.feature.column], self._meaning).astype(np.int64)

    def _code(self, cells: tuple[str, ...]) -> int:
        text = self._values.get(key(cells[0]), cells[0]) if self._values else cells[0]
        if text in self._missing:
            return MISSING
        if not self.feature.bins:
            return self.codes.alike(text)
        value = number(text)
        if not np.isfinite(value):
            raise EventError(
                f'"{text[:40]}" is not a number, and cannot be binned.',
                allowed="a number, or empty",
                hint=nothing_hint(text),
            )
        return int(np.searchsorted(self.feature.bins, value, side="right"))


def _month(name: str, text: str) -> int:
    month = _MONTHS.get(name[:3].lower(), 0)
    if not month or (not calendar.month_name[month].lower().startswith(name.lower()[:9]) and name.lower() != "sept"):
        raise EventError(
            f'"{text[:60]}" is not a date: "{name}" is no month.',
            allowed=_FORMS,
            hint="months are read in English, or as numbers",
        )
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
        only = "day-first" if int(a) > 12 else "month-first" if int(b) > 12 else ""
        raise EventError(
            f'"{text[:60]}" '
            + (f"is {only}, which others here may not be" if only else "can be read in two ways")
            + ".",
            allowed=_FORMS,
            hint=f"say in the mapping which comes first: date: {{column: ..., order: {only or 'day-first'}}}"
            + ("" if only else " or month-first"),
        )
    day, month = (a, b) if order == "day-first" else (b, a)
    return _year(c, today), int(month), int(day)


def _silent(label: Ints) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Rows of (label, set) that say nothing."""
    return np.asarray((label[:, 0] == UNKNOWN) & (label[:, 1] < 0))
