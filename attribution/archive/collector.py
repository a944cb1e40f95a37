"""Gathers the rows of a table, chunk by chunk, and makes an `EventTable` of them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attribution.archive.cells import Remembered, Rows, whole
from attribution.archive.codes import Coding
from attribution.archive.columns import What, When, Where, Who
from attribution.archive.events import EventTable
from attribution.archive.mapping import EventMapping
from attribution.archive.typed_tables import Chunk

_SAME = ("id", "row", "day", "precision", "latitude", "longitude", "label", "certainty", "claim")


class Collector:
    """What has been read so far."""

    def __init__(self, mapping: EventMapping, today: dt.date, left_out: frozenset[str]) -> None:
        self._mapping, self._left_out = mapping, left_out
        missing = frozenset(whole(word) for word in mapping.missing)
        self._when = When(mapping.dates, missing, today)
        self._where = Where(mapping.places, missing)
        self._who = Who(mapping, missing)
        self._what = [What(feature, missing) for feature in mapping.features]
        self._conditions = [(one.column, {whole(word) for word in one.words}, one.among) for one in mapping.where]
        self._plain = Remembered(whole)
        self._parts: dict[str, list[NDArray[Any]]] = {}
        self.rows = self.filtered = self.excluded = self.undated = 0
        self.found_ids: set[str] = set()

    @property
    def events(self) -> int:
        return self.rows - self.filtered - self.excluded - self.undated

    def add(self, chunk: Chunk, file: str) -> None:
        """The rows of a chunk.

        Raises
        ------
        EventError
            A cell that cannot be understood, with its line.
        """
        number = np.arange(self.rows, self.rows + len(chunk))
        self.rows += len(chunk)
        rows = Rows(self._cleaned(chunk), chunk.lines, file)
        keep = self._wanted(rows)
        rows, number = rows.where(keep), number[keep]
        windows = self._when.read(rows)
        dated = np.array([found is not None for found in windows], dtype=np.bool_)
        self.undated += int(np.sum(~dated))
        rows, number = rows.where(dated), number[dated]
        days = np.array([found for found in windows if found is not None], dtype=np.int64).reshape(-1, 2)
        if not len(rows):
            return
        found = {"row": number, "day": days[:, 0].copy(), "precision": days[:, 1].copy()}
        found |= {"id": np.array(self._ids(rows), dtype=np.dtypes.StringDType())}
        found |= self._where.read(rows) | self._who.read(rows)
        found |= {f"feature {at}": what.read(rows) for at, what in enumerate(self._what)}
        for name, values in found.items():
            self._parts.setdefault(name, []).append(values)

    def _cleaned(self, chunk: Chunk) -> dict[str, Any]:
        """Texts without outer blanks and idle zeros; those that hardly repeat are not remembered."""
        rare = {self._mapping.id, self._mapping.places.latitude, self._mapping.places.longitude}
        rare -= {what.feature.column for what in self._what}
        return {
            name: [text.strip() for text in column] if name in rare else [self._plain[text] for text in column]
            for name, column in chunk.columns.items()
        }

    def _ids(self, rows: Rows) -> list[str]:
        return list(rows.columns[self._mapping.id]) if self._mapping.id else [str(line) for line in rows.lines]

    def _wanted(self, rows: Rows) -> NDArray[np.bool_]:
        keep = np.ones(len(rows), dtype=np.bool_)
        for column, words, among in self._conditions:
            keep &= np.array([(text in words) == among for text in rows.columns[column]], dtype=np.bool_)
        self.filtered += int(np.sum(~keep))
        if self._left_out:
            ids = self._ids(rows)
            out = np.array([id in self._left_out for id in ids], dtype=np.bool_)
            self.found_ids |= self._left_out.intersection(ids)
            self.excluded += int(np.sum(out & keep))
            keep &= ~out
        return keep

    def table(self) -> EventTable:
        """All rows, in order of time.

        Raises
        ------
        EventError
            A lineage that goes in a circle.
        """
        together = {name: np.concatenate(self._parts.pop(name)) for name in list(self._parts)}
        order = np.argsort(together["day"], kind="stable")
        column = {name: together.pop(name)[order] for name in list(together)}
        groups, parent = self._who.factions.tree()
        places = zip(self._mapping.places.levels, self._where.levels, strict=True)
        return EventTable(
            **{name: column[name] for name in _SAME},
            place=tuple(
                Coding(level, column[f"place {at}"], codes.names) for at, ((level, _), codes) in enumerate(places)
            ),
            features=tuple(
                Coding(what.feature.name, column[f"feature {at}"], what.codes.names)
                for at, what in enumerate(self._what)
            ),
            factions=self._who.factions.codes.names,
            among=self._who.factions.label_sets(column["set"]),
            claimants=self._who.claimants.codes.names,
            groups=groups,
            parent=parent,
        )
