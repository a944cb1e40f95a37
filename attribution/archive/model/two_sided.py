"""Who carried out an event of the past, from labelled events before and after it: features and what each counts.

The past alone is the right ground for a forecast; for an event long over it throws half of what is known away. What an
event looks like from both sides is worked out as it will be asked: where unknown events come in whole runs (a month in
a place of which nothing is known), labelled ones are looked at without the labels of their own run, as often as it
takes for them to have as much company as the unknown have.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from attribution.archive.codes import Floats, Ints, frozen_ints, months
from attribution.archive.events import EventTable
from attribution.archive.model.boosting_kernel import Boosting, bin_edges, binned, boost, shares
from attribution.archive.model.classes import SURE, Classes
from attribution.archive.model.features import (
    here_codes,
    near_names,
    neighbourhoods,
    nesting,
    recorded,
    records,
    rows_of,
    usual_distances,
)
from attribution.archive.model.neighbours_kernel import Members
from attribution.archive.model.settings import Shrinkage, TwoSidedResolutions
from attribution.archive.model.trees_kernel import Growth, Table, forest
from attribution.archive.model.two_sided_kernel import Around, Asked, Counts, Ground, Ladders, Series, describe, sweep

type Marked = NDArray[np.bool_]
_MOST_BYTES = 200_000_000  # of counts of one chunk, and of all checkpoints
_THREADS = 2
_FOLDS = 10  # of what boosting learns from: a tenth of the blocks is left out at a time
_LEFT_OUT = 0.25  # of the blocks by each random tree
_MIXED = 0.02  # of the base rate, mixed into what experts say
_UNAGING = 1e300  # days: seen from the end of time (1 << 40), too, every label counts as one
_LEARNED = 4.0  # rounds of boosting times the rate at which each is learned from


@dataclass(frozen=True, slots=True, eq=False)
class Blocks:
    """Which events lie in one place in one month."""

    level: str  # of place; "" where a table has none
    of: Ints  # (event,)

    def __post_init__(self) -> None:
        object.__setattr__(self, "of", frozen_ints(self.of))

    @classmethod
    def of_events(cls, events: EventTable) -> Blocks:
        """At the finest level of place at which a month has two labelled events or more on average."""
        month = months(events.day)
        first, last = int(month.min(initial=0)), int(month.max(initial=0))
        for level in reversed(events.place):
            pair = level.codes * (last - first + 1) + month - first  # one number: two are sorted many times as slowly
            if 2 * len(np.unique(pair[events.labelled])) <= events.labelled.sum() or level is events.place[0]:
                return cls(level.name, np.unique(pair, return_inverse=True)[1])
        return cls("", np.unique(month, return_inverse=True)[1].reshape(-1))

    def lonely(self, asked: Ints, counted: Marked) -> float:
        """How often labelled events must be looked at without their block, to be as much alone as those asked are."""
        company = np.bincount(self.of[counted], minlength=int(self.of.max(initial=0)) + 1)
        own = counted.astype(np.int64)
        alike = company[self.of] > own
        usual = float(np.mean(alike[counted])) if counted.any() else 0.0
        theirs = float(np.mean(alike[asked])) if len(asked) else 0.0
        return float(np.clip(1.0 - theirs / usual, 0.0, 1.0)) if usual else 0.0


class _Kept(NamedTuple):
    """What experts said of some events that were not asked about yet."""

    row: Ints  # (event,) of `said`, or -1
    said: NDArray[np.float32]  # (row, expert, class)


class TwoSided:
    """The labelled events of a table, and what they say of each other and of the rest.

    `known` (event,) marks the events whose labels may be looked at; `weight` (member,) gives the events that are known
    as one of several their shares, which are nought before they were attributed once.
    """

    def __init__(
        self, events: EventTable, classes: Classes, known: Marked, *, weight: Floats | None = None,
        resolutions: TwoSidedResolutions | None = None, region: str | None = None,
    ) -> None:  # fmt: skip
        self.events, self.classes, self.resolutions = events, classes, resolutions or TwoSidedResolutions()
        self.region = nesting(events.place) if region is None else region
        self.columns = recorded(events)
        start, code, plain = classes.members(events)
        self.members = Members(start, code, plain if weight is None else weight)
        size = np.diff(start)
        self.counted = known & (np.add.reduceat(np.append(self.members.weight, 0.0), start[:-1]) > 0.0) & (size > 0)
        self.blocks = Blocks.of_events(events)
        label = classes.labels(events)
        self.sure = np.flatnonzero(known & (label >= 0) & (events.certainty >= SURE))
        self.label = np.maximum(label, 0)
        self._near = neighbourhoods(events, self.resolutions.near_km)
        self._around, self._ladders = self._given(label), self._steps()
        self._ladder, self._values = self._series()
        nothing = np.zeros((0, len(self.experts), len(classes)), dtype=np.float32)
        self._kept = _Kept(np.full(len(events), -1), nothing)

    @property
    def views(self) -> tuple[str, ...]:
        """Activity, places and nearness at several resolutions, which repeat one another: the first features."""
        r = self.resolutions
        days = ["ever" if each > 1e4 else f"{each:g} days" for each in r.days]
        return (
            *(f"activity, {each}" for each in days),
            *(f"{level.name}, {each}" for level in self.events.place for each in days),
            *(f"{near}, {each:g} days" for each in r.near_days for near in near_names(self.events, r.near_km)),
            *(f"nearest {size}, {each:g} days" for each in r.days_per_reach for size in reversed(r.nearest)),
            "nobody here, ever",
            "nobody here, of late or soon",
            "years outside its span",
        )

    @property
    def names(self) -> tuple[str, ...]:
        """The features, in the order of their coefficients."""
        here = self.region or "place"
        return (
            *self.views,
            *(f"{column.name} in this {here}" for column in self.columns),
            *(column.name for column in self.columns),
            *self.experts,
        )

    @property
    def experts(self) -> tuple[str, ...]:
        """Classifiers whose log shares are features, the last of them: each silent about blocks it learned from."""
        return (*(f"trees of leaves from {leaf}" for _, leaf in self.resolutions.trees), "boosted trees")

    @property
    def shrinkage(self) -> Shrinkage:
        """The prior of the coefficients: columns, and what trees have learned, are facts of their own."""
        facts = len(self.columns) + len(self.experts)
        return Shrinkage(
            coefficient=0.05, coefficient_sd=0.1, faction_sd=0.1, half_life=_UNAGING,
            first_fact=len(self.names) - facts, facts=facts, telling=facts,
        )  # fmt: skip

    def features(self, asked: Ints, apart: Marked, *, later: Ints | None = None) -> NDArray[np.float32]:
        """Log-features (asked, feature, class) of some events; `apart` are seen without the labels of their block.

        Experts learn slowly: what they say of events without a label that will be asked `later` is kept.
        """
        rank = np.empty(len(self.events), dtype=np.int64)
        rank[asked] = np.arange(len(asked))
        out = np.empty((len(asked), len(self.names), len(self.classes)), dtype=np.float32)
        for rows, part in self.parts(asked, apart, later=later):
            out[rank[rows]] = part
        return out

    def parts(
        self, asked: Ints, apart: Marked, *, later: Ints | None = None
    ) -> Iterator[tuple[Ints, NDArray[np.float32]]]:
        """The same in order of time, so many at a time that they take little memory, with the events of each part."""
        order = np.argsort(self._around.time[asked], kind="stable")
        asked, apart = asked[order], apart[order]
        said = self.said(asked, apart, later=later)
        at = 0
        for described in self._described(asked, apart):
            stop = at + len(described)
            yield asked[at:stop], np.concatenate([described, said[at:stop]], axis=1)
            at = stop

    def said(self, asked: Ints, apart: Marked, *, later: Ints | None = None) -> NDArray[np.float32]:
        """Log shares by the experts (asked, expert, class): of labelled events by those that learned without them."""
        if len(asked) and np.all(self._kept.row[asked] >= 0):
            return self._kept.said[self._kept.row[asked]]
        own = np.zeros(len(self.events), dtype=np.bool_)
        own[self.sure] = True
        kept = np.zeros(0, dtype=np.int64) if later is None else later[~own[later]]
        everyone = np.concatenate([asked, kept])
        alone_of = np.concatenate([apart, np.zeros(len(kept), dtype=np.bool_)])
        alone_of[~own[everyone]] = np.count_nonzero(apart) * 2 > len(apart)  # heard where most have learned anyway
        said = np.empty((len(everyone), len(self.experts), len(self.classes)), dtype=np.float32)
        for alone in (False, True):
            here = alone_of == alone
            rows, others = np.flatnonzero(here & own[everyone]), np.flatnonzero(here & ~own[everyone])
            if here.any():
                by_expert = self._experts(everyone[rows], everyone[others], alone=alone)
                for at, shares in enumerate(by_expert):
                    said[rows, at], said[others, at] = shares
        if len(kept):
            row = np.full(len(self.events), -1)
            row[kept] = np.arange(len(kept))
            self._kept = _Kept(row, said[len(asked) :])
        return said[: len(asked)]

    def _experts(self, honest: Ints, others: Ints, *, alone: bool) -> Iterator[tuple[Floats, Floats]]:
        """Log shares (event, class) by each expert, of honest events where it left their block out, and of others.

        A little of the base rate is mixed in: a leaf is never certain.
        """
        size = len(self.classes)
        rate = np.bincount(self.label[self.sure], minlength=size) + 1.0
        rate /= rate.sum()
        block = self.blocks.of if alone else np.arange(len(self.events))
        fold = np.random.default_rng(0).permutation(int(block.max(initial=0)) + 1) % _FOLDS
        for at in range(len(self.experts)):
            if not len(self.sure):
                votes = np.zeros((len(honest), size)), np.zeros((len(others), size))
            elif at < len(self.resolutions.trees):
                votes = self._forest(at, honest, others, block)
            else:
                votes = self._boosted(honest, others, fold[block])
            by_honest, by_others = (
                np.log((1.0 - _MIXED) * each / np.maximum(each.sum(axis=1, keepdims=True), 1e-9) + _MIXED * rate)
                for each in votes
            )
            yield by_honest, by_others

    def _forest(self, at: int, honest: Ints, others: Ints, block: Ints) -> tuple[Floats, Floats]:
        size, resolutions = len(self.classes), self.resolutions
        growth = Growth(*resolutions.trees[at], resolutions.events_per_tree, resolutions.events_per_cut, _LEFT_OUT)
        value, equal = self._columns_of_trees()
        table = Table(value, equal, self.label, block)

        def part(span: tuple[int, int]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
            by_honest = np.zeros((len(honest), size), dtype=np.float32)
            by_others = np.zeros((len(others), size), dtype=np.float32)
            forest(table, growth, self.sure, honest, others, span, by_honest, by_others)
            return by_honest, by_others

        number = resolutions.trees_for(len(others) + int(_LEFT_OUT * len(honest)), len(self.sure))
        halves = side_by_side(part, [(0, number // 2), (number // 2, number)])
        by_honest, by_others = (np.sum([half[k] for half in halves], axis=0, dtype=np.float64) for k in (0, 1))
        return by_honest, by_others

    def _boosted(self, honest: Ints, others: Ints, fold: Ints) -> tuple[Floats, Floats]:
        """Gradient boosting, learned ten times without a tenth of the blocks; others hear the mean of the ten.

        Where very many others ask, each hears one of the ten, as labelled events do: asking all would cost more than
        everything else.
        """
        value, equal = self._columns_of_trees()
        value = value[:, ~equal][:, 1:]  # the days stand there twice, for the sake of random trees
        rounds = self.resolutions.rounds_for(len(self.classes))
        settings = Boosting(rounds, _LEARNED / rounds, leaves=8, columns=-(-value.shape[1] // 2), leaf=20, ridge=1.0)
        learned = np.random.default_rng(0).permutation(self.sure)[: self.resolutions.events_boosted]
        between = bin_edges(value[learned])
        bins = [binned(value[rows], between) for rows in (learned, honest, others)]
        every, all_others = len(others) <= self.resolutions.heard_by_all, np.arange(len(others))

        def part(k: int) -> tuple[Ints, Ints, Ints, Floats, Floats]:
            past, now = np.flatnonzero(fold[learned] != k), np.flatnonzero(fold[honest] == k)
            theirs = all_others if every else all_others[k::_FOLDS]
            present, label = np.unique(self.label[learned[past]], return_inverse=True)
            boosted = boost(bins[0][past], label, len(present), settings, seed=k)
            return present, now, theirs, shares(bins[1][now], boosted), shares(bins[2][theirs], boosted)

        by_honest, by_others = (np.zeros((len(rows), len(self.classes))) for rows in (honest, others))
        for present, now, theirs, by_now, by_theirs in side_by_side(part, range(_FOLDS)):
            by_honest[np.ix_(now, present)] = by_now.T
            by_others[np.ix_(theirs, present)] += by_theirs.T
        return by_honest, by_others

    def _columns_of_trees(self) -> tuple[Floats, Marked]:
        """Days, coordinates straight and across, codes as values and as numbers."""
        events = self.events
        numbers = [self._around.time, self._around.time]
        if not np.isnan(events.latitude).all():
            north, east = (np.nan_to_num(each, nan=-999.0) for each in (events.latitude, events.longitude))
            numbers += [north, east, north + east, north - east]
        codes = [column.codes.astype(np.float64) for column in (*events.place, *self.columns)]
        equal = [*(False for _ in numbers), *(True for _ in codes), *(False for _ in codes)]
        return np.ascontiguousarray(np.stack([*numbers, *codes, *codes], axis=1)), np.array(equal)

    def _described(self, asked: Ints, apart: Marked) -> Iterator[NDArray[np.float32]]:
        """Features but for the trees of events in order of time: two sweeps over all, and one back over each chunk."""
        order = np.argsort(self._around.time, kind="stable")
        rank = np.empty(len(order), dtype=np.int64)
        rank[order] = np.arange(len(order))
        series = (self._ladder, self._values)
        edges = self._edges(rank[asked], len(order), series)
        late = side_by_side(partial(self._checkpoints, order, edges), series)
        early = [self._empty(each, forwards=True) for each in series]
        position = np.full(len(order), -1)
        for at, (start, stop) in enumerate(pairwise(edges)):
            low, high = np.searchsorted(rank[asked], (start, stop))
            rows = asked[low:high]
            position[rows] = np.arange(len(rows))
            here = list(zip(series, early, (each[at] for each in late), strict=True))
            counts = side_by_side(partial(self._counted, order[start:stop], position, len(rows)), here)
            position[rows] = -1
            yield self._features(rows, apart[low:high], counts)

    def _features(self, rows: Ints, apart: Marked, counts: list[NDArray[np.float32]]) -> NDArray[np.float32]:
        x = np.empty((len(rows), len(self.names) - len(self.experts), len(self.classes)), dtype=np.float32)
        edges = np.linspace(0, len(rows), _THREADS + 1).astype(np.int64).tolist()

        ground = Ground(self._ladder, self._values, self._around, self._ladders, self.members)
        asked = Asked(rows, apart, *counts)

        def part(span: tuple[int, int]) -> None:
            describe(span, asked, ground, x)

        side_by_side(part, list(pairwise(edges)))
        return x

    def _counted(
        self, order: Ints, position: Ints, rows: int, around: tuple[Series, Counts, Counts]
    ) -> NDArray[np.float32]:
        """Counts on both sides of the asked events of a chunk: those before it move on, those after it are used up."""
        series, early, late = around
        shape = (rows, series.row.shape[1], len(series.days), len(self.classes) + 1)
        out = np.zeros(shape, dtype=np.float32)
        sweep(order, 1, position, series, self._around, self.members, early, out)
        sweep(order, -1, position, series, self._around, self.members, late, out)
        return out

    def _checkpoints(self, order: Ints, edges: Sequence[int], series: Series) -> list[Counts]:
        """The counts of all that comes after each chunk."""
        state = self._empty(series, forwards=False)
        nobody, out = np.full(len(order), -1), np.zeros((0, series.row.shape[1], 1, 1), dtype=np.float32)
        late: list[Counts] = []
        for start, stop in reversed(list(pairwise(edges))):
            late.append(Counts(state.sums.copy(), state.time.copy()))
            sweep(order[start:stop], -1, nobody, series, self._around, self.members, state, out)
        return late[::-1]

    def _empty(self, series: Series, *, forwards: bool) -> Counts:
        rows = int(series.row.max(initial=-1)) + 1
        time = self._around.time
        first = (time.min() if forwards else time.max()) if len(time) else 0.0
        count = np.zeros((rows, len(series.days), len(self.classes) + 1), dtype=np.float32)
        return Counts(count, np.full(rows, first))

    def _edges(self, rank: Ints, events: int, series: Sequence[Series]) -> list[int]:
        """Where chunks begin: so many that neither the counts of one nor all checkpoints take much memory."""
        size = 4 * (len(self.classes) + 1)
        each = size * (len(self.names) + sum(one.row.shape[1] * len(one.days) for one in series))
        whole = size * sum((int(one.row.max(initial=-1)) + 1) * len(one.days) for one in series)
        chunks = max(1, min(-(-len(rank) * each // _MOST_BYTES), max(1, 2 * _MOST_BYTES // max(1, whole))))
        inner = [int(rank[at]) for at in (np.arange(1, chunks) * len(rank) // chunks).tolist()]
        return sorted({0, *inner, events})

    def _given(self, label: Ints) -> Around:
        events = self.events
        time = events.day + 0.5 * events.precision
        counted = np.flatnonzero(self.counted)
        counted = counted[np.argsort(time[counted], kind="stable")]
        begin, inside = _grouped([(level, counted) for level in self._near.T])
        block_begin, of_block = _grouped([(self.blocks.of, counted)])
        sure = counted[label[counted] >= 0]
        class_begin, of_class = _grouped([(label, sure)], len(self.classes))
        return Around(
            counted=self.counted, time=time, blur=np.asarray(0.25 * events.precision, dtype=np.float64),
            record=records(events, self.members, self._near, self.columns), near=self._near, block=self.blocks.of,
            above=self.classes.above(events), begin=begin, inside=inside, block_begin=block_begin, of_block=of_block,
            class_begin=class_begin, of_class=of_class,
        )  # fmt: skip

    def _steps(self) -> Ladders:
        r, places = self.resolutions, len(self.events.place)
        return Ladders(
            overall=r.overall, near_days=np.array(r.near_days), near_km=np.array(r.near_km),
            usual_km=usual_distances(places), places=places, columns=len(self.columns), most=r.neighbours,
            mismatch=float(min(r.mismatch, r.most_mismatch / max(1, len(self.columns)))),
            days_per_reach=np.array(r.days_per_reach), reach_km=float(r.reach_km), nearest=np.array(r.nearest),
            weight=float(r.events_per_share), kernel_weight=float(r.kernel_weight),
            column_weight=float(r.events_per_feature), region_weight=float(r.events_per_region),
            local_weight=float(r.events_per_local_share),
            half_size=np.array([0.5 * len(column.names) for column in self.columns]),
        )  # fmt: skip

    def _series(self) -> tuple[Series, Series]:
        """At large and in places; and of the values of columns, of all known values, of both here."""
        events, r = self.events, self.resolutions
        everywhere = np.zeros(len(events), dtype=np.int64)
        ladder = rows_of([everywhere, *(level.codes for level in events.place)], len(events), only_repeated=True)
        regions = tuple(level for level in events.place if level.name == self.region)
        codes = [column.codes for column in self.columns]
        known = [np.where(each >= 0, 0, -1) for each in codes]
        nowhere = [np.full(len(events), -1) for _ in codes]
        here = here_codes(self.columns, regions) or [*nowhere, *nowhere]
        values = rows_of([*codes, *known, *here], len(events))
        return Series(ladder, np.array(r.days)), Series(values, np.array([r.feature_days]))


def side_by_side[T, R](work: Callable[[T], R], parts: Sequence[T]) -> list[R]:
    """Compiled work that lets go of Python's lock, on threads; what comes out does not depend on how many there are."""
    with ThreadPoolExecutor(_THREADS) as pool:
        return list(pool.map(work, parts))


def _grouped(columns: Sequence[tuple[Ints, Ints]], size: int | None = None) -> tuple[Ints, Ints]:
    """For each code of each column where its events begin, and these events, in the order they are given in."""
    codes = np.concatenate([column[rows] for column, rows in columns])
    events = np.concatenate([rows for _, rows in columns])
    known = codes >= 0
    codes, events = codes[known], events[known]
    most = max(int(column.max(initial=-1)) + 1 for column, _ in columns) if size is None else size
    order = np.argsort(codes, kind="stable")
    return np.searchsorted(codes[order], np.arange(most + 1)), events[order]
