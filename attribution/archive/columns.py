"""The columns of an event table while it is read: one reader each for when, where, who, and what else."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np

from attribution.archive.cells import Remembered, Rows, bin_names, number, whole
from attribution.archive.codes import MISSING, Ints
from attribution.archive.dates import Window, calendar_window, number_of, window
from attribution.archive.events import NOT_RECORDED, UNKNOWN
from attribution.archive.labels import Claimants, Codes, Factions
from attribution.archive.mapping import Dates, EventMapping, Feature, Places
from attribution.errors import EventError

type Arrays = dict[str, Any]


class When:
    """Dates, as windows of days."""

    def __init__(self, dates: Dates, missing: frozenset[str], today: dt.date) -> None:
        self._dates, self._missing, self._today = dates, missing, today
        self._spread = dict(dates.precision.days) if dates.precision else {}
        self._names = (*dates.columns, dates.precision.column) if dates.precision else dates.columns
        self._meaning = Remembered(self._window)

    def read(self, rows: Rows) -> list[Window | None]:
        """The window of each row; None where nothing is known."""
        return rows.understood(self._names, self._meaning)

    def _window(self, cells: tuple[str, ...]) -> Window | None:
        texts = ["" if text in self._missing else text for text in cells]
        before, after = self._spread.get(texts.pop(), (0, 0)) if self._spread else (0, 0)
        if not texts[0] or (self._dates.year and number_of(texts[0], "year") == 0):
            return None
        first, more = self._from_parts(texts) if self._dates.year else self._from_texts(texts)
        return first - before, more + before + after

    def _from_parts(self, texts: list[str]) -> Window:
        given = iter(texts)
        named = {"year": self._dates.year, "month": self._dates.month, "day": self._dates.day}
        year, month, day = (number_of(next(given), part) if column else 0 for part, column in named.items())
        return calendar_window(year, month, day, self._today)

    def _from_texts(self, texts: list[str]) -> Window:
        first, more = window(texts[0], self._dates.order, self._today)
        if not self._dates.until or not texts[1]:
            return first, more
        last, further = window(texts[1], self._dates.order, self._today)
        if last + further < first:
            raise EventError(f"the event ends on {texts[1]}, before it begins.", allowed="a first day, then a last day")
        return first, last + further - first


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
            codes = np.array(paths, dtype=np.int64)
            found |= {f"place {depth}": codes[:, depth].copy() for depth in range(len(self.levels))}
        return found

    def _degrees(self, what: str, column: str, limit: float, rows: Rows) -> Any:
        if not column:
            return np.full(len(rows), np.nan)
        values = rows.numbers(column)
        wrong = np.flatnonzero(np.abs(values) > limit)
        coded = [at for at in wrong.tolist() if whole(rows.columns[column][at]) in self._missing]  # -99 and the like
        values[coded] = np.nan
        wrong = np.setdiff1d(wrong, coded)
        if wrong.size:
            text = rows.columns[column][int(wrong[0])]
            exchanged = "are latitude and longitude exchanged?"
            raise EventError(
                f'column {column}: the {what} is "{text[:40]}".',
                allowed=f"-{limit:g} to {limit:g} degrees, or empty",
                hint=exchanged if np.isfinite(number(text)) else "a number with a decimal point, such as 33.31",
                file=rows.file,
                line=int(rows.lines[int(wrong[0])]),
            )
        return values

    def _path(self, path: tuple[str, ...]) -> tuple[int, ...]:
        known = ["" if name in self._missing else name for name in path]
        return tuple(
            self.levels[depth][" / ".join(name or "?" for name in known[: depth + 1])] if known[depth] else MISSING
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
        label: Ints = np.array(rows.understood(self._who.columns, self._label), dtype=np.int64).reshape(-1, 2)
        certain = np.ones(len(rows))
        if self._who.certainty:
            certain = np.array(rows.understood(self._who.certainty.columns, self._certain))
        claim = np.full(len(rows), NOT_RECORDED, dtype=np.int64)
        if self._claims:
            claimed = np.array(rows.understood([self._claims.column], self._claim), dtype=np.int64).reshape(-1, 3)
            claim = claimed[:, 0]
            if self._claims.labels:
                opened = _silent(label) & ~_silent(claimed[:, 1:])
                label[opened] = claimed[opened, 1:]
                certain = np.where(opened, self._claims.labels, certain)
        certain = np.where(_silent(label), 1.0, certain)
        return {"label": label[:, 0].copy(), "set": label[:, 1].copy(), "certainty": certain, "claim": claim.copy()}

    def _claimed(self, cells: tuple[str, ...]) -> tuple[int, int, int]:
        return (self.claimants.code(cells[0]), *self.factions.umbrella(cells[0]))

    def _certainty(self, words: tuple[str, ...]) -> float:
        certainty = self._who.certainty
        assert certainty is not None
        values = {whole(word): value for word, value in certainty.values}
        return min(values.get(word, certainty.otherwise) for word in words)


class What:
    """One feature: words as they stand, or numbers cut at bins."""

    def __init__(self, feature: Feature, missing: frozenset[str]) -> None:
        self.feature, self._missing = feature, missing
        self.codes = Codes({name: code for code, name in enumerate(bin_names(feature.bins))})
        self._values = {whole(word): other for word, other in feature.values}
        self._meaning = Remembered(self._code)

    def read(self, rows: Rows) -> Ints:
        """One code per row."""
        return np.array(rows.understood([self.feature.column], self._meaning), dtype=np.int64)

    def _code(self, cells: tuple[str, ...]) -> int:
        text = self._values.get(cells[0], cells[0])
        if text in self._missing:
            return MISSING
        if not self.feature.bins:
            return self.codes[text]
        value = number(text)
        if not np.isfinite(value):
            raise EventError(f'"{text[:40]}" is not a number, and cannot be binned.', allowed="a number, or empty")
        return int(np.searchsorted(self.feature.bins, value, side="right"))


def _silent(label: Ints) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Rows of (label, set) that say nothing."""
    return np.asarray((label[:, 0] == UNKNOWN) & (label[:, 1] < 0))
