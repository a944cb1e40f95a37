"""The prequential filter: every event is forecast from what was known before its day, and then becomes known itself.

Prequential: scored one step ahead, forward in time (Dawid 1984, doi:10.2307/2981683). An event counts once its last
possible day is over.

An event lies in neighbourhoods: cells of a grid where there are coordinates, places by name where not.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attribution.archive.codes import Coding, Floats, Ints, Packed
from attribution.archive.events import NOT_CLAIMED, NOT_RECORDED, EventTable
from attribution.archive.model.classes import Classes
from attribution.archive.model.features_kernel import Constants, Given, Logit, Output, State, advance
from attribution.archive.model.neighbours_kernel import NOWHERE, PER_DEGREE, Buckets, Members, Nearness
from attribution.archive.model.settings import Resolutions, Shrinkage

_NEVER = 1 << 40
_MOST_REGIONS = 1000
_KM_PER_DEGREE = 111.2
_STRIDE = 1 << 22


class PrequentialFilter:
    """Past events, to be gone through once in order of time, each forecast before it counts.

    It holds decayed counts, so it is a machine and not a value: make a new one for a second pass. Cost and memory are
    linear in the events.
    """

    def __init__(
        self, events: EventTable, classes: Classes, resolutions: Resolutions | None = None, region: str | None = None
    ) -> None:
        """`region`: level of place in which feature shares are nested; default: the coarsest that tells any apart."""
        self.events, self.classes = events, classes
        self.region = nesting(events.place) if region is None else region
        self.resolutions = resolutions or Resolutions()
        self.columns = recorded(events)
        self.members = Members(*classes.members(events))
        self._given = self._from_events()
        self._constants, self._nearness = self._from_resolutions()
        self._state = self._empty()
        self.position = 0

    @property
    def views(self) -> tuple[str, ...]:
        """Activity, place and nearness at several resolutions, which repeat one another: the first features."""
        r = self.resolutions
        return (
            *(f"activity, {days:g} days" for days in r.activity_days),
            *(f"{level.name}, {days:g} days" for level in self.events.place for days in r.place_days),
            *(f"{near}, {days:g} days" for days in r.neighbour_days for near in near_names(self.events, r.length_km)),
        )

    @property
    def names(self) -> tuple[str, ...]:
        """The features, in the order of their coefficients."""
        return (
            *self.views,
            *(column.name for column in self.columns),
            *(f"{column.name} in this {level.name}" for level in self._regions() for column in self.columns),
            *(f"nobody near, {'ever' if days > 1e4 else f'{days:g} days'}" for days in self.resolutions.novelty_days),
            "newcomers",
        )

    @property
    def shrinkage(self) -> Shrinkage:
        """The prior of the coefficients of these features."""
        telling = sum(_values(column) > 1 for column in self.columns)
        return Shrinkage(first_fact=len(self.views), facts=len(self.columns), telling=telling)

    def _regions(self) -> tuple[Coding, ...]:
        """The level of place in which feature shares are nested, alone; nothing where a table has no places."""
        return tuple(level for level in self.events.place if level.name == self.region)

    def advance(
        self, stop: int, slope: Floats, intercept: Floats, *, keep: Ints | None = None,
        kept: NDArray[Any] | None = None, until: int = _NEVER,
    ) -> Floats:  # fmt: skip
        """Probabilities (event, class) of the events up to `stop`, under these coefficients.

        Parameters
        ----------
        slope
            (feature, class): ``beta_k + delta_fk``.
        keep, kept
            For each event the row of `kept` (row, feature, class) that gets its log-features, or -1.
        until
            Labels of events that end on this day or later are not looked at.
        """
        size = stop - self.position
        out = Output(
            probability=np.empty((size, len(self.classes))),
            keep=np.full(size, -1) if keep is None else keep,
            kept=np.empty((0, *slope.shape), dtype=np.float32) if kept is None else kept,
        )
        logit = Logit(np.ascontiguousarray(slope), np.ascontiguousarray(intercept))
        span = (self.position, stop, until)
        advance(span, self._given, self.members, self._constants, self._nearness, self._state, logit, out)
        self.position = stop
        return out.probability

    def _from_events(self) -> Given:
        events = self.events
        near = neighbourhoods(events, self.resolutions.length_km)
        order = np.argsort(events.last_day, kind="stable")
        values = [*(column.codes for column in self.columns), *here_codes(self.columns, self._regions())]
        return Given(
            day=events.day,
            last_day=events.last_day,
            order=order,
            partial=events.among.partial.astype(np.int64),
            certainty=events.certainty,
            place=rows_of([level.codes for level in events.place], len(events), only_repeated=True),
            value=rows_of(values, len(events)),
            above=self.classes.above(events),
            record=records(events, self.members, near, self.columns),
            near=near,
            newcomer=_newcomers(events, order),
            decay=_decays(events, self.resolutions),
        )

    def _from_resolutions(self) -> tuple[Constants, Nearness]:
        r = self.resolutions
        activity_times, places = len(r.activity_days), len(self.events.place)
        first_neighbour_time = activity_times + len(r.place_days)
        share_time = first_neighbour_time + len(r.neighbour_days)
        constants = Constants(
            activity_times=activity_times,
            overall=r.overall,
            share_time=share_time,
            newcomer_time=share_time + 1 + len(r.novelty_days),
            events_per_share=float(r.events_per_share),
            events_per_feature=float(r.events_per_feature),
            events_per_region=float(r.events_per_region),
            events_per_local_share=float(r.events_per_local_share),
            neighbour_weight=float(r.kernel_weight),
            half_size=np.array([0.5 * len(column.names) for column in self.columns]),
        )
        nearness = Nearness(
            places=places,
            levels=self._given.near.shape[1],
            usual_km=usual_distances(places),
            widest_km=float(r.length_km[0]),
            scales=len(r.length_km),
            mismatch=float(min(r.mismatch, r.most_mismatch / max(1, len(self.columns)))),
            most=r.neighbours,
            times=len(r.neighbour_days),
            first_time=first_neighbour_time,
            novelty_times=len(r.novelty_days),
            first_novelty=share_time + 1,
            novelty_scale=r.novelty_km,
        )
        return constants, nearness

    def _empty(self) -> State:
        r, size, events = self.resolutions, len(self.classes), len(self.events)
        start = int(self.events.day[0]) if events else 0
        rows, values = (int(code.max(initial=-1)) + 1 for code in (self._given.place, self._given.value))
        return State(
            activity=np.zeros((len(r.activity_days), size)),
            places=np.zeros((rows, len(r.place_days), size + 1), dtype=np.float32),
            place_day=np.full(rows, start),
            values=np.zeros((values, size + 1)),
            value_day=np.full(values, start),
            totals=np.zeros((len(self.columns), size + 1)),
            newcomers=np.zeros(2),
            clock=np.array([start, 0]),
            buckets=buckets(self._given.near),
        )


def recorded(events: EventTable) -> tuple[Coding, ...]:
    """The categorical features, and the claim as one of them where the table records claims at all."""
    claim = events.claim
    if np.all((claim == NOT_RECORDED) | (claim == NOT_CLAIMED)) and not np.any(claim == NOT_CLAIMED):
        return events.features
    codes = np.where(claim == NOT_RECORDED, -1, np.where(claim == NOT_CLAIMED, 0, claim + 1))
    return (*events.features, Coding("claim", codes, ("none", *events.claimants)))


def nesting(place: tuple[Coding, ...]) -> str:
    """The coarsest level of place that tells events apart, else the coarsest; "" where no level is coarse enough.

    More than a thousand places are no regions: hardly anything is known of the shares in each.
    """
    places = {level.name: _values(level) for level in place}
    name = next((name for name, count in places.items() if count > 1), place[0].name if place else "")
    return name if places.get(name, 0) <= _MOST_REGIONS else ""


def neighbourhoods(events: EventTable, length_km: tuple[float, ...]) -> Ints:
    """Codes of the neighbourhoods of each event from narrow to wide, (event, level), -1 where unknown; the last is all.

    Cells are twice as wide as a length scale. They only say which past events are looked at, most recent first; how
    much those count depends on their true distance.
    """
    known = ~np.isnan(events.latitude)
    if np.mean(known) >= 0.5 if len(events) else False:
        levels = [_cells(events.latitude, events.longitude, known, 2.0 * scale) for scale in sorted(length_km)]
    else:
        levels = [level.codes for level in reversed(events.place)]
    levels.append(np.zeros(len(events), dtype=np.int64))
    codes = np.empty((len(events), len(levels)), dtype=np.int64)
    taken = 0
    for position, level in enumerate(levels):
        codes[:, position] = np.where(level >= 0, level + taken, -1)
        taken += int(level.max(initial=-1)) + 1
    return codes


def records(events: EventTable, members: Members, near: Ints, features: Sequence[Coding]) -> Packed:
    """All that is asked of past events, one row each (see `neighbours_kernel`): (event, column)."""
    columns = [
        events.last_day,
        _fixed_point(events.latitude),
        _fixed_point(events.longitude),
        members.start[:-1],
        np.diff(members.start),
        *(level.codes for level in events.place),
        *near.T,
        *(column.codes for column in features),
    ]
    out = np.empty((len(events), len(columns)), dtype=np.int32)
    for at, column in enumerate(columns):
        out[:, at] = column
    return out


def buckets(near: Ints) -> Buckets:
    """Room for the events of each neighbourhood side by side: where each begins, how many are there yet, and which."""
    size = np.bincount(near[near >= 0], minlength=1)
    begin = np.concatenate([[0], np.cumsum(size)[:-1]])
    return Buckets(begin, np.zeros(len(size), dtype=np.int64), np.full(int(size.sum()), -1, dtype=np.int32))


def near_names(events: EventTable, length_km: tuple[float, ...]) -> tuple[str, ...]:
    """What length scales are called: kilometres, where there are coordinates to measure them by."""
    if len(events) and np.mean(~np.isnan(events.latitude)) >= 0.5:
        return tuple(f"within {km:g} km" for km in length_km)
    return tuple(f"near by name {at + 1} of {len(length_km)}" for at in range(len(length_km)))


def usual_distances(levels: int) -> Floats:
    """Kilometres assumed between events without coordinates, by the finest level they share: none, coarsest, finest.

    A ladder of fives, like the length scales: 5 km within one place, 25 and 125 km within the districts above it.
    """
    return np.array([25_000.0 / 5.0**2, *(5.0 * 5.0 ** (levels - 1 - level) for level in range(levels))])


def _values(column: Coding) -> int:
    """How many values occur."""
    return int(np.count_nonzero(np.bincount(column.codes[column.codes >= 0])))


def here_codes(columns: tuple[Coding, ...], regions: tuple[Coding, ...]) -> list[Ints]:
    """Codes of each value in each region, and of that region where the value is known."""
    pairs, around = [], []
    for region in regions:
        for column in columns:
            known = (column.codes >= 0) & (region.codes >= 0)
            pair = np.full(len(known), -1)
            together = region.codes[known] * len(column.names) + column.codes[known]
            pair[known] = np.unique(together, return_inverse=True)[1].reshape(-1)
            pairs.append(pair)
            around.append(np.where(known, region.codes, -1))
    return [*pairs, *around]


def rows_of(columns: list[Ints], events: int, *, only_repeated: bool = False) -> Ints:
    """Columns of codes as rows of one table of counts; a value that occurs once can never inform and needs no row."""
    out = np.full((events, len(columns)), -1, dtype=np.int64)
    taken = 0
    for position, codes in enumerate(columns):
        count = np.bincount(codes[codes >= 0], minlength=1)
        useful = count > 1 if only_repeated else count > 0
        row = np.where(useful, np.cumsum(useful) - 1 + taken, -1)
        out[:, position] = np.where(codes >= 0, row[np.maximum(codes, 0)], -1)
        taken += int(np.sum(useful))
    return out


def _decays(events: EventTable, resolutions: Resolutions) -> Floats:
    """What a count is worth after so many whole days, (days, decay time): what is looked up together lies together."""
    span = int(events.last_day.max() - events.day[0]) + 2 if len(events) else 2
    return np.stack([np.exp(-np.arange(span) / days) for days in resolutions.all_days], axis=1)


def _newcomers(events: EventTable, order: Ints) -> Ints:
    """1 where an event is the first of its faction that became known, else 0."""
    label = events.label[order]
    _, first = np.unique(label, return_index=True)
    out = np.zeros(len(events), dtype=np.int64)
    first = first[label[first] >= 0]
    out[order[first]] = 1
    return out


def _cells(latitude: Floats, longitude: Floats, known: np.ndarray[tuple[int], np.dtype[np.bool_]], km: float) -> Ints:
    step = km / _KM_PER_DEGREE
    band = np.floor(np.where(known, latitude, 0.0) / step)
    width = step / np.maximum(np.cos(np.radians((band + 0.5) * step)), 0.05)
    column = np.floor(np.where(known, longitude, 0.0) / width)
    key = band.astype(np.int64) * _STRIDE + column.astype(np.int64)
    _, code = np.unique(key, return_inverse=True)
    return np.where(known, code.reshape(-1), -1)


def _fixed_point(degrees: Floats) -> Ints:
    return np.where(np.isnan(degrees), NOWHERE, np.round(np.nan_to_num(degrees) * PER_DEGREE)).astype(np.int64)
