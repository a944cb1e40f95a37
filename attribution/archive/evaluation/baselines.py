"""What the model is measured against: simple shares of the past, and tuned classifiers, all under one protocol.

Each baseline sees what the model sees, and not less: date, place levels, coordinates, features, and the labels of
events that were over before the month of the forecasts began (`static`: before the first). Settings are chosen by log
score on the last part of the training events, learned from those before.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from itertools import batched
from typing import Any, Protocol, Self

import numpy as np

from attribution.archive.codes import Floats, Ints, frozen_floats
from attribution.archive.events import EventTable
from attribution.archive.model.classes import Classes
from attribution.archive.model.features import recorded
from attribution.archive.model.forecast import Protocol as Rounds
from attribution.archive.model.forecast import blocks, known_until, rehearsal
from attribution.errors import UsageError, did_you_mean, listed
from attribution.parallel import one_thread

_TUNING = 0.7  # of the training events: learned from; the rest chooses the settings
_FLOORS = (1e-4, 1e-3, 3e-3, 1e-2, 3e-2)
_YEAR = 365.2425
_RARE = 5
_BINS = 12
_MOST_CATEGORIES = 250
_BOOSTED = ((0.1, 40, 6, 5.0), (0.05, 60, 8, 1.0), (0.05, 100, 15, 1.0), (0.05, 200, 15, 5.0))
type Share = Callable[[EventTable, Classes, int, Rounds], tuple[Floats, str]]
_DECAY_DAYS = (30.0, 120.0, 500.0, 2500.0)
_WEIGHTS = (0.3, 1.0, 3.0, 10.0)
_FOREVER = 1e9
_TOGETHER = 256


@dataclass(frozen=True, slots=True, eq=False)
class Baseline:
    """Forecasts of one baseline: what it is, how it was set, what it said, how long it took."""

    name: str
    setting: str
    probability: Floats  # (event - first, class)
    seconds: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "probability", frozen_floats(self.probability))


def run_baseline(
    name: str,
    events: EventTable,
    classes: Classes,
    first: int,
    *,
    protocol: Rounds = "rolling",
    seed: int = 1,
    progress: Callable[[int], None] | None = None,
) -> Baseline:
    """Forecast the events from number `first` on with one baseline; `seconds` leaves the choice of settings out.

    Raises
    ------
    UsageError
        Another name, or scikit-learn is not there.
    """
    check_baselines([name])
    ground = Ground(events, classes, first, protocol, seed)
    chosen = choose([trial(name, position, ground) for position in range(trials(name))])
    return assembled(chosen, [part(chosen, first, len(events), ground, progress)])


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """What all forecasters are given alike."""

    events: EventTable
    classes: Classes
    first: int
    protocol: Rounds
    seed: int


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """One setting of a baseline on the end of the training part: mean log score, floor; a share's own forecasts."""

    name: str
    position: int
    score: float
    floor: float = 0.0
    share: Baseline | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Forecasts of some consecutive events, and the seconds they took."""

    probability: Floats  # (event, class)
    seconds: float


def check_baselines(names: Sequence[str]) -> None:
    """Refuse what cannot be asked, before anything is learned.

    Raises
    ------
    UsageError
        There is no such baseline, or scikit-learn is not there.
    """
    for name in names:
        if name not in NAMES:
            raise UsageError(f'"{name}" is no baseline.', allowed=listed(NAMES), hint=did_you_mean(name, NAMES))
        if find_spec("sklearn") is None and any(isinstance(way, Learner) for way in LEARNERS.get(name, ())):
            raise UsageError(
                f"{name} needs scikit-learn, which is not installed.",
                allowed="pip install 'attack-attribution[archive]'",
                hint="or leave it out with --baselines",
            )


def trials(name: str) -> int:
    """How many settings a baseline tries; each is a piece of work of its own."""
    return len(LEARNERS[name]) if name in LEARNERS else 1


def trial(name: str, position: int, ground: Ground) -> Trial:
    """Try one setting. A share of the past is cheap: it chooses and forecasts at once."""
    events, classes, first = ground.events, ground.classes, ground.first
    if name in SHARES:
        began = time.perf_counter()
        probability, setting = SHARES[name](events, classes, first, ground.protocol)
        whole = Baseline(name, setting, probability, time.perf_counter() - began)
        return Trial(name, position, 0.0, share=whole)
    score, floor = _tried(LEARNERS[name][position], ground)
    return Trial(name, position, score, floor)


def choose(tried: Sequence[Trial]) -> Trial:
    """The setting that forecast the end of the training part best; the first of equals."""
    return max(tried, key=lambda each: each.score)


def spans(ground: Ground, most: int) -> list[tuple[int, int]]:
    """At most so many ranges of events, in order, that together are all to be forecast; none cuts a block."""
    edges = list(blocks(ground.events, ground.first, ground.protocol))
    size = -(-len(edges) // most)
    return [(group[0][0], group[-1][1]) for group in batched(edges, size)]


def part(chosen: Trial, start: int, stop: int, ground: Ground, progress: Callable[[int], None] | None = None) -> Part:
    """Forecasts of a chosen setting for the events of a span, learned anew at the start of each block in it."""
    events, classes, first = ground.events, ground.classes, ground.first
    if chosen.share is not None:
        return Part(chosen.share.probability[start - first : stop - first], 0.0)
    learner, label, design = LEARNERS[chosen.name][chosen.position], classes.labels(events), Design.of(events)
    began = time.perf_counter()
    out = np.empty((stop - start, len(classes)))
    for here, there in blocks(events, first, ground.protocol):
        if start <= here < stop:
            past = _past(events, label, int(events.day[here]))
            now = np.arange(here, there)
            out[here - start : there - start] = _floored(
                learner, chosen.floor, design, label, past, now, len(classes), ground.seed
            )
            if progress:
                progress(there)
    return Part(out, time.perf_counter() - began)


def assembled(chosen: Trial, parts: Sequence[Part]) -> Baseline:
    """The forecasts of a baseline from its parts, in order."""
    if chosen.share is not None:
        return chosen.share
    learner = LEARNERS[chosen.name][chosen.position]
    return Baseline(
        chosen.name,
        f"{learner.setting}, floor {chosen.floor:g}",
        np.concatenate([each.probability for each in parts]),
        sum(each.seconds for each in parts),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Design:
    """Numbers (NaN unknown) and codes (-1 unknown) of every event."""

    numbers: Floats  # (event, number): day, latitude, longitude, season twice
    codes: Ints  # (event, column): place levels from coarse to fine, then features
    names: tuple[str, ...]
    places: int  # how many of the columns are levels of place

    @classmethod
    def of(cls, events: EventTable) -> Self:
        """The date is a number among others, so that a classifier can follow change."""
        angle = 2.0 * np.pi * (events.day / _YEAR)
        numbers = [events.day.astype(np.float64), events.latitude, events.longitude, np.sin(angle), np.cos(angle)]
        columns = [*events.place, *recorded(events)]
        codes = np.stack([column.codes for column in columns], axis=1) if columns else np.zeros((len(events), 0), int)
        return cls(np.stack(numbers, axis=1), codes, tuple(column.name for column in columns), len(events.place))

    def for_trees(self, rows: Ints) -> Floats:
        """Codes as numbers beside numbers; unknown coordinates lie outside the globe."""
        return np.hstack([np.nan_to_num(self.numbers[rows], nan=-999.0), self.codes[rows]])

    def one_hot(self, past: Ints, rows: Ints) -> Any:
        """A sparse matrix: a column for each value seen at least five times before, numbers on a common scale.

        Squares and products of day and coordinates are in, so that shares may bend in space and drift in time.
        """
        from scipy import sparse

        parts = [sparse.csr_matrix(self._scaled(past, rows))]
        for column in self.codes.T:
            count = np.bincount(column[past] + 1)
            kept = np.flatnonzero(count >= _RARE)
            place = np.full(max(len(count), int(column.max(initial=-1)) + 2), -1)
            place[kept] = np.arange(len(kept))
            code = place[column[rows] + 1]
            known = np.flatnonzero(code >= 0)
            shape = (len(rows), max(1, len(kept)))
            parts.append(sparse.csr_matrix((np.ones(len(known)), (known, code[known])), shape=shape))
        return sparse.hstack(parts).tocsr()

    def _scaled(self, past: Ints, rows: Ints) -> Floats:
        known = self.numbers[past]
        seen = ~np.isnan(known)
        count = np.maximum(seen.sum(axis=0), 1)
        mean = np.where(seen, known, 0.0).sum(axis=0) / count
        sd = np.sqrt(np.where(seen, (known - mean) ** 2, 0.0).sum(axis=0) / count) + 1e-9
        z = np.clip(np.nan_to_num((self.numbers[rows] - mean) / sd), -5.0, 5.0)
        main = z[:, :3]
        products = [main[:, a] * main[:, b] for a in range(3) for b in range(a, 3)]
        return np.column_stack([z, *products])


class Forecasting(Protocol):
    """A way to forecast at one setting."""

    @property
    def setting(self) -> str:
        """The setting in words."""

    def predict(self, design: Design, label: Ints, past: Ints, now: Ints, classes: int, seed: int) -> Floats:
        """Probabilities (row of `now`, class) after learning from the rows of `past`."""


@dataclass(frozen=True, slots=True)
class Nearest:
    """The nearest events in place and time, before or after, each counting by how near it is.

    So many `days` apart are as far as 20 km; without coordinates kilometres are those usual for the finest place that
    two events share. Each difference in a column adds `unlike`.
    """

    days: float
    count: int
    unlike: float

    @property
    def setting(self) -> str:
        """The setting in words."""
        return f"{self.count} nearest, {self.days:g} days as far as 20 km, {self.unlike:g} for each difference"

    def predict(self, design: Design, label: Ints, past: Ints, now: Ints, classes: int, seed: int) -> Floats:
        """Probabilities (row of `now`, class) after learning from the rows of `past`."""
        rate = base_share(label, past, classes)
        parts = [np.zeros((0, classes))]
        for low in range(0, len(now), _TOGETHER):
            rows = now[low : low + _TOGETHER]
            distance = self._distance(design, past, rows)
            count = min(self.count, len(past) - 1)
            nearest = np.argpartition(distance, count, axis=1)[:, : count + 1]
            away = np.sort(np.take_along_axis(distance, nearest, axis=1), axis=1)
            order = np.argsort(np.take_along_axis(distance, nearest, axis=1), axis=1, kind="stable")
            nearest = np.take_along_axis(nearest, order, axis=1)[:, : max(1, count)]
            weight = 1.0 / (0.1 + away[:, : max(1, count)] / (away[:, -1:] + 1e-9))
            out = np.tile(rate, (len(rows), 1))
            for column in range(nearest.shape[1]):
                out[np.arange(len(rows)), label[past[nearest[:, column]]]] += weight[:, column]
            parts.append(out / out.sum(axis=1, keepdims=True))
        return np.concatenate(parts)

    def _distance(self, design: Design, past: Ints, now: Ints) -> Floats:
        day, north, east = (design.numbers[:, at] for at in range(3))
        far = np.full((len(now), len(past)), 1000.0)
        for level in range(design.places):  # the finest that is shared comes last
            code = design.codes[:, level]
            same = (code[now][:, None] == code[past][None]) & (code[now] >= 0)[:, None]
            far[same] = 5.0 * 5.0 ** (design.places - 1 - level)
        up = north[now][:, None] - north[past][None]
        across = (east[now][:, None] - east[past][None]) * np.cos(np.radians(north[now]))[:, None]
        known = 111.2 * np.hypot(up, across)
        far = np.where(np.isnan(known), far, known)
        late = (day[now][:, None] - day[past][None]) / self.days
        columns = design.codes[:, design.places :]
        unlike = sum((columns[now, k][:, None] != columns[past, k][None]) for k in range(columns.shape[1]))
        return np.asarray(np.hypot(far / 20.0, late) + self.unlike * unlike)


@dataclass(frozen=True, slots=True)
class Learner:
    """One classifier at one setting."""

    setting: str
    make: Callable[[int], Any]  # seed -> an unfitted classifier
    view: str  # how it sees events: trees, one-hot or bins

    def predict(self, design: Design, label: Ints, past: Ints, now: Ints, classes: int, seed: int) -> Floats:
        """Probabilities (row of `now`, class) after learning from the rows of `past`."""
        seen = np.unique(label[past])
        out = np.zeros((len(now), classes))
        if len(seen) == 1:
            out[:, seen[0]] = 1.0
            return out
        learn, ask = _views(self.view, design, past, now)
        with one_thread():
            fitted = _quietly(self.make(seed), learn, label[past])
            out[:, fitted.classes_] = fitted.predict_proba(ask)
        return out


def base_rate(events: EventTable, classes: Classes, first: int, protocol: Rounds) -> tuple[Floats, str]:
    """Share of each class among all labels so far."""
    return _shares(events, classes, first, protocol, _FOREVER, 1.0, by_place=False), "all labels so far"


def recency(events: EventTable, classes: Classes, first: int, protocol: Rounds) -> tuple[Floats, str]:
    """The same with a decay time of so many days, whichever forecast the training part best."""
    tried = [(f"decay time {days:g} days", days, 1.0) for days in _DECAY_DAYS]
    return _best(tried, events, classes, first, protocol, by_place=False)


def place_table(events: EventTable, classes: Classes, first: int, protocol: Rounds) -> tuple[Floats, str]:
    """Shares at the finest known place, shrunk to those one level up, and so on up to the recent shares of all."""
    tried = [
        (f"decay time {days:g} days, {weight:g} times an event of the level above", days, weight)
        for days in (500.0, 2500.0, _FOREVER)
        for weight in _WEIGHTS
    ]
    return _best(tried, events, classes, first, protocol, by_place=True)


def _past(events: EventTable, label: Ints, day: int) -> Ints:
    return np.flatnonzero((events.last_day < day) & (label >= 0))


def _tried(learner: Forecasting, ground: Ground) -> tuple[float, float]:
    """Mean log score at the end of the training part, and the floor (a share of the base rate mixed in) it has it with.

    Where there is nothing to learn from or to score, all settings are equal.
    """
    events, first, classes = ground.events, ground.first, len(ground.classes)
    label, design = ground.classes.labels(events), Design.of(events)
    middle = int(events.day[int(_TUNING * first)])
    past = _past(events, label, middle)
    now = np.flatnonzero((np.arange(len(events)) < first) & (events.day >= middle) & (label >= 0))
    now = now[events.last_day[now] < events.day[first]]
    if not len(past) or not len(now):
        return 0.0, _FLOORS[-1]
    plain, rate = learner.predict(design, label, past, now, classes, ground.seed), base_share(label, past, classes)
    return floored_scores(plain, label[now], rate)


def floored_scores(plain: Floats, label: Ints, rate: Floats) -> tuple[float, float]:
    """The best mean log score that a floor (a share of the base rate mixed in) gives, and that floor."""
    scores = []
    for floor in _FLOORS:
        mixed = (1.0 - floor) * plain + floor * rate
        scores.append((float(np.mean(np.log(mixed[np.arange(len(label)), label]))), floor))
    return max(scores, key=lambda entry: entry[0])


def _floored(
    learner: Forecasting, floor: float, design: Design, label: Ints, past: Ints, now: Ints, classes: int, seed: int
) -> Floats:
    rate = base_share(label, past, classes)
    if not len(past):
        return np.tile(rate, (len(now), 1))
    plain = learner.predict(design, label, past, now, classes, seed)
    return np.asarray((1.0 - floor) * plain + floor * rate)


def base_share(label: Ints, past: Ints, classes: int) -> Floats:
    """Shares of the classes among some events, one more of each counted in."""
    count = np.bincount(label[past], minlength=classes) + 1.0
    return np.asarray(count / count.sum())


def _quietly(classifier: Any, x: Any, y: Ints) -> Any:
    """Fit; a solver that stops at its limit of steps is good enough for a baseline and says so to nobody."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return classifier.fit(x, y)


def _views(view: str, design: Design, past: Ints, now: Ints) -> tuple[Any, Any]:
    if view == "trees":
        return design.for_trees(past), design.for_trees(now)
    if view == "one-hot":
        return design.one_hot(past, past), design.one_hot(past, now)
    edges = [np.nanquantile(column[past], np.linspace(0, 1, _BINS + 1)[1:-1]) for column in _known(design.numbers).T]
    return _binned(design, past, past, edges), _binned(design, past, now, edges)


def _known(numbers: Floats) -> Floats:
    return np.nan_to_num(numbers, nan=-999.0)


def _binned(design: Design, past: Ints, rows: Ints, edges: list[Floats]) -> Ints:
    """Numbers in bins of equal counts, codes as they are; values not seen before count as unknown."""
    numbers = _known(design.numbers)
    bins = [np.searchsorted(edge, numbers[rows, at], side="right") for at, edge in enumerate(edges)]
    codes = []
    for column in design.codes.T:
        seen = np.zeros(int(column.max(initial=0)) + 2, dtype=np.int64)
        values = np.unique(column[past] + 1)
        seen[values] = np.arange(len(values)) + 1
        codes.append(seen[column[rows] + 1])
    return np.column_stack([*bins, *codes]).astype(np.int64)


def _sklearn(module: str, name: str) -> Any:
    return getattr(import_module(f"sklearn.{module}"), name)


def _bayes(alpha: float) -> Callable[[int], Any]:
    # unseen codes are mapped to 0 before, and every later code was seen: so sizes are known when it is fitted
    return lambda seed: _sklearn("naive_bayes", "CategoricalNB")(alpha=alpha, min_categories=None)


def _logistic(c: float) -> Callable[[int], Any]:
    return lambda seed: _sklearn("linear_model", "LogisticRegression")(C=c, max_iter=300)


def _forest(leaf: int, share: float | str) -> Callable[[int], Any]:
    # one thread: those of scikit-learn set the process's filters of warnings, each for itself, and leave none behind
    return lambda seed: _sklearn("ensemble", "RandomForestClassifier")(
        300, min_samples_leaf=leaf, max_features=share, random_state=seed, n_jobs=1
    )


def _boosted(rate: float, rounds: int, leaves: int, ridge: float) -> Callable[[int], Any]:
    return lambda seed: _sklearn("ensemble", "HistGradientBoostingClassifier")(
        learning_rate=rate, max_iter=rounds, max_leaf_nodes=leaves, l2_regularization=ridge, early_stopping=False,
        random_state=seed,
    )  # fmt: skip


def _best(
    tried: list[tuple[str, float, float]],
    events: EventTable,
    classes: Classes,
    first: int,
    protocol: Rounds,
    *,
    by_place: bool,
) -> tuple[Floats, str]:
    """Forecasts of the setting (name, decay time, weight) that did best on the last part of the training events."""
    label = classes.labels(events)
    middle = int(0.7 * first)
    rows = np.arange(middle, first)
    rows = rows[label[rows] >= 0]

    def score(setting: tuple[str, float, float]) -> float:
        probability = _shares(events, classes, middle, protocol, *setting[1:], by_place=by_place)
        return float(np.sum(np.log(probability[rows - middle, label[rows]])))

    name, days, weight = max(tried, key=score)
    return _shares(events, classes, first, protocol, days, weight, by_place=by_place), name


def _shares(
    events: EventTable, classes: Classes, first: int, protocol: Rounds, days: float, weight: float, *, by_place: bool
) -> Floats:
    label, size = classes.labels(events), len(classes)
    order = np.argsort(events.last_day, kind="stable")
    until = np.full(len(events), 1 << 40)
    for start, stop in (*rehearsal(events, first, protocol), *blocks(events, first, protocol)):
        until[start:stop] = known_until(events, start, protocol)
    levels = [level.codes for level in events.place] if by_place else []
    counts: list[dict[int, tuple[int, Floats]]] = [{} for _ in range(1 + len(levels))]
    out = np.empty((len(events) - first, size))
    waiting = 0
    for event in range(len(events)):
        day = int(events.day[event])
        while waiting < len(order) and events.last_day[order[waiting]] < min(day, until[event]):
            _count(counts, levels, int(order[waiting]), label, int(events.last_day[order[waiting]]), days, size)
            waiting += 1
        if event >= first:
            share = np.full(size, 1.0 / size)
            for table, code in zip(counts, _codes(levels, event), strict=True):
                if code in table:
                    then, count = table[code]
                    now = count * np.exp(-(day - then) / days)
                    share = (now + weight * share) / (now.sum() + weight)
            out[event - first] = share
    return out


def _codes(levels: list[Ints], event: int) -> list[int]:
    return [0, *(int(level[event]) for level in levels)]


def _count(
    counts: list[dict[int, tuple[int, Floats]]], levels: list[Ints], event: int, label: Ints, day: int, days: float,
    size: int,
) -> None:  # fmt: skip
    if label[event] < 0:
        return
    for table, code in zip(counts, _codes(levels, event), strict=True):
        if code >= 0:
            then, count = table.get(code, (day, np.zeros(size)))
            count = count * np.exp(-(day - then) / days)
            count[label[event]] += 1.0
            table[code] = (day, count)


LEARNERS: dict[str, tuple[Forecasting, ...]] = {
    "nearest": tuple(
        Nearest(days, count, unlike)
        for days in (30.0, 100.0, 300.0, 1000.0, 3000.0)
        for count in (10, 30)
        for unlike in (0.0, 0.5)
    ),
    "naive-bayes": tuple(Learner(f"smoothing {alpha:g}", _bayes(alpha), "bins") for alpha in (0.1, 1.0, 5.0)),
    "logistic-regression": tuple(Learner(f"C {c:g}", _logistic(c), "one-hot") for c in (0.1, 1.0, 10.0)),
    "random-forest": tuple(
        Learner(f"leaves of {leaf}, features {share}", _forest(leaf, share), "trees")
        for leaf in (1, 3, 10)
        for share in ("sqrt", 0.5, 1.0)
    ),
    "gradient-boosting": tuple(
        Learner(f"rate {rate:g}, {rounds} rounds, {leaves} leaves, ridge {l2:g}", _boosted(rate, rounds, leaves, l2),
                "trees")
        for rate, rounds, leaves, l2 in _BOOSTED
    ),
}  # fmt: skip

SHARES: dict[str, Share] = {"base-rate": base_rate, "recency": recency, "place-table": place_table}
NAMES: tuple[str, ...] = (*SHARES, *LEARNERS)
