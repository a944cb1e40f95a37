"""Labels hidden and found again: the job of attributing past events of unknown hand, scored.

Some labelled events are treated as unknown: single ones, whole months of a place, or whole factions. Model and
baselines are given the labels of all others, before and after, with place, date and columns; nothing of the hidden
ones. Hiding single events flatters whoever looks next door; unknown events come in runs, so whole months of a place are
the honest version. Hiding whole factions asks whether `other` is believed when it should be.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from attribution.archive.codes import Floats, Ints, frozen_ints
from attribution.archive.evaluation.baselines import (
    LEARNERS,
    Baseline,
    Design,
    Forecasting,
    base_share,
    floored_scores,
)
from attribution.archive.events import EventTable
from attribution.archive.model.attribute import learn_two_sided, parts
from attribution.archive.model.classes import SURE, Classes, within_lifetimes
from attribution.archive.model.posterior import CoefficientPosterior, normal_posterior, nuts_posterior
from attribution.archive.model.two_sided import Blocks
from attribution.errors import UsageError
from attribution.parallel import each

By = Literal["event", "place-month", "faction"]
BY: tuple[By, ...] = ("event", "place-month", "faction")
MODEL = "model"
_FOLDS = 3
_WITHIN = 1.25  # a faction that would hide more than so many times the share is not drawn
_EVER = 1 << 40


@dataclass(frozen=True, slots=True, eq=False)
class Hidden:
    """Which labelled events are hidden, and what was hidden together."""

    by: By
    share: float
    events: Ints
    unit: Ints  # (event of the table,) of which at most whole ones are hidden
    blocks: Ints  # (event of the table,) its place and month: what is drawn anew together
    level: str  # of that place, "" where a table has none

    def __post_init__(self) -> None:
        object.__setattr__(self, "events", frozen_ints(self.events))
        object.__setattr__(self, "unit", frozen_ints(self.unit))
        object.__setattr__(self, "blocks", frozen_ints(self.blocks))


def hide(events: EventTable, by: By, share: float, seed: int) -> Hidden:
    """Hide about this share of the labelled events.

    Raises
    ------
    UsageError
        A share outside 0 to 1, or so few events or factions that all or none would be hidden.
    """
    if not 0.0 < share < 1.0:
        raise UsageError(f"the share is {share:g}.", at=("share",), allowed="more than 0 and less than 1, such as 0.2")
    labelled = np.flatnonzero(events.labelled & (events.certainty >= SURE))
    blocks = Blocks.of_events(events)
    units = {"event": np.arange(len(events)), "place-month": blocks.of, "faction": np.maximum(events.label, 0)}
    unit = units[by]
    names = np.unique(unit[labelled])
    count = np.bincount(unit[labelled], minlength=int(unit.max(initial=0)) + 1)
    chosen, total, wanted = np.zeros(len(count), dtype=np.bool_), 0, share * len(labelled)
    for name in np.random.default_rng(seed).permutation(names).tolist():
        if total < wanted and total + count[name] <= max(_WITHIN * wanted, 1.0):
            chosen[name] = True
            total += int(count[name])
    rows = labelled[chosen[unit[labelled]]]
    if not 0 < len(rows) < len(labelled):
        raise UsageError(
            f"of {len(labelled)} labelled events {len(rows)} would be hidden, in units of one {by}.",
            at=("share",), allowed="some, and not all", hint="choose another --share, or another --by",
        )  # fmt: skip
    return Hidden(by, share, rows, unit, blocks.of, blocks.level or "table")


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """What all are given alike: the table, its classes by the labels that are seen, and what is asked."""

    events: EventTable
    classes: Classes
    hidden: Hidden
    seed: int

    @property
    def seen(self) -> NDArray[np.bool_]:
        """Events whose labels may be looked at."""
        known = np.ones(len(self.events), dtype=np.bool_)
        known[self.hidden.events] = False
        return known


@dataclass(frozen=True, slots=True, eq=False)
class Attributed:
    """What the model said of the hidden events, and what it had learned."""

    setting: str
    probability: Floats  # (hidden event, class)
    coefficients: CoefficientPosterior
    seconds: float


def attribute_all(
    task: Task, names: Sequence[str], *, nuts: bool, progress: Callable[[str, int, int], None] | None = None,
    executor: Executor | None,
) -> tuple[Attributed, list[Baseline], int]:  # fmt: skip
    """Model and baselines on one task: every setting of a baseline is tried on the seen labels, the best is asked.

    A run that is interrupted once the model is done goes on with the baselines whose settings were all tried by then;
    the last number says how many settings were not. `progress` is told who tried, how many settings are done, and of
    how many.
    """
    work = [(MODEL, 0), *((name, at) for name in names for at in range(len(MASKED[name])))]
    done: dict[int, Attributed | _Tried] = {}

    def note(position: int, result: Attributed | _Tried) -> None:
        done[position] = result
        if progress:
            progress(work[position][0], len(done), len(work))

    try:
        each(partial(_piece, task=task, nuts=nuts), work, executor=executor, done=note)
    except KeyboardInterrupt:
        if 0 not in done:
            raise
    model, tried = done[0], [one for _, one in sorted(done.items()) if isinstance(one, _Tried)]
    assert isinstance(model, Attributed)
    whole = [name for name in names if sum(one.name == name for one in tried) == len(MASKED[name])]
    chosen = [max((one for one in tried if one.name == name), key=lambda one: one.score) for name in whole]
    return model, each(partial(_asked, task=task), chosen, executor=executor), len(work) - len(done)


@dataclass(frozen=True, slots=True)
class _Tried:
    name: str
    position: int
    score: float
    floor: float


def _piece(work: tuple[str, int], *, task: Task, nuts: bool) -> Attributed | _Tried:
    name, position = work
    return _attributed(task, nuts) if name == MODEL else _tried(name, position, task)


def _attributed(task: Task, nuts: bool) -> Attributed:
    began = time.perf_counter()
    events, asked = task.events, task.hidden.events
    learned = learn_two_sided(events, task.classes, task.seen, asked)
    place = np.empty(len(events), dtype=np.int64)
    place[asked] = np.arange(len(asked))
    probability = np.empty((len(asked), len(task.classes)))
    for rows, x in parts(learned.ground, asked):
        probability[place[rows]] = within_lifetimes(learned.mode.probability(x), events, task.classes, rows)[0]
    seconds = time.perf_counter() - began
    around = nuts_posterior if nuts else normal_posterior
    coefficients, _ = around(
        learned.examples, learned.ground.names, _EVER, learned.shrinkage, learned.coefficients, kept=1, seed=task.seed,
        calibration=learned.calibration,
    )  # fmt: skip
    setting = (
        f"{learned.lonely:.0%} of the examples without the labels of their place and month, coefficients times "
        f"{learned.calibration:.2f}"
    )
    return Attributed(setting, probability, coefficients, seconds)


def _tried(name: str, position: int, task: Task) -> _Tried:
    """One setting, tried on a third of the seen labels after another, hidden in the same units."""
    way, size, label = MASKED[name][position], len(task.classes), task.classes.labels(task.events)
    design, past = Design.of(task.events), np.flatnonzero(task.seen & (label >= 0))
    rng = np.random.default_rng(task.seed)
    fold = rng.integers(0, _FOLDS, int(task.hidden.unit.max(initial=0)) + 1)[task.hidden.unit[past]]
    plain = np.full((len(past), size), 1.0 / size)
    for k in range(_FOLDS):
        if np.any(fold == k) and np.any(fold != k):
            plain[fold == k] = way.predict(design, label, past[fold != k], past[fold == k], size, task.seed)
    return _Tried(name, position, *floored_scores(plain, label[past], base_share(label, past, size)))


def _asked(tried: _Tried, *, task: Task) -> Baseline:
    """The hidden events, by a setting that was chosen."""
    began = time.perf_counter()
    way, size, label = MASKED[tried.name][tried.position], len(task.classes), task.classes.labels(task.events)
    past = np.flatnonzero(task.seen & (label >= 0))
    plain = way.predict(Design.of(task.events), label, past, task.hidden.events, size, task.seed)
    said = (1.0 - tried.floor) * plain + tried.floor * base_share(label, past, size)
    setting = f"{way.setting}, floor {tried.floor:g}"
    return Baseline(tried.name, setting, np.asarray(said), time.perf_counter() - began)


@dataclass(frozen=True, slots=True)
class Shares:
    """Shares on both sides in time: at large, or at the finest known place, shrunk to the levels above."""

    days: float
    weight: float
    by_place: bool

    @property
    def setting(self) -> str:
        """The setting in words."""
        days = "all labels" if self.days > 1e6 else f"decay time {self.days:g} days"
        return f"{days}, {self.weight:g} times an event of the level above" if self.by_place else days

    def predict(self, design: Design, label: Ints, past: Ints, now: Ints, classes: int, seed: int) -> Floats:
        """Probabilities (row of `now`, class) after learning from the rows of `past`."""
        own = np.zeros((len(past), classes))
        own[np.arange(len(past)), label[past]] = 1.0
        out = np.empty((len(now), classes))
        for low in range(0, len(now), 256):
            rows = now[low : low + 256]
            near = np.exp(-np.abs(design.numbers[rows, 0][:, None] - design.numbers[past, 0][None]) / self.days)
            share = np.full((len(rows), classes), 1.0 / classes)
            share = self._shrunk(near @ own, share)
            for level in range(design.places if self.by_place else 0):
                code = design.codes[:, level]
                same = (code[rows][:, None] == code[past][None]) & (code[rows] >= 0)[:, None]
                share = self._shrunk((near * same) @ own, share)
            out[low : low + 256] = share
        return out

    def _shrunk(self, count: Floats, above: Floats) -> Floats:
        return np.asarray((count + self.weight * above) / (count.sum(axis=1, keepdims=True) + self.weight))


MASKED: dict[str, tuple[Forecasting, ...]] = {
    "base-rate": (Shares(1e9, 1.0, by_place=False),),
    "recency": tuple(Shares(days, 1.0, by_place=False) for days in (30.0, 120.0, 500.0, 2500.0)),
    "place-table": tuple(
        Shares(days, weight, by_place=True) for days in (120.0, 500.0, 2500.0, 1e9) for weight in (0.3, 1.0, 3.0)
    ),
    **LEARNERS,
}
