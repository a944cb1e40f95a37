"""Past events of unknown hand, attributed from labelled events on both sides of them: learned once, asked in parts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from attribution.archive.codes import Floats, Ints
from attribution.archive.events import EventTable
from attribution.archive.model.classes import Classes
from attribution.archive.model.coefficients import Coefficients, Examples, calibration_slope, learn, sample_rate
from attribution.archive.model.posterior import SlopeDraws
from attribution.archive.model.settings import Shrinkage, cautious
from attribution.archive.model.two_sided import TwoSided

_FEW = 100
_EVER = 1 << 40
type Marked = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Learned:
    """What a table says of its own events: the labelled ones around each, and what their features count."""

    ground: TwoSided
    examples: Examples
    shrinkage: Shrinkage
    coefficients: Coefficients
    lonely: float  # share of the examples that were looked at without the labels of their place and month
    calibration: float  # by what all coefficients are multiplied before they are used: less than 1 where too sure

    @property
    def mode(self) -> SlopeDraws:
        """The most probable coefficients, calibrated, as one draw."""
        return SlopeDraws(self.coefficients.slope[None], self.coefficients.intercept[None]).times(self.calibration)


def learn_two_sided(
    events: EventTable, classes: Classes, known: Marked, asked: Ints, *, region: str | None = None
) -> Learned:
    """Learn from the events marked as `known` what to say of the events `asked`, whose labels are never looked at.

    Where some events are known as "one of these", they are first left aside, then attributed, then counted by what came
    out.
    """
    partial = known & events.among.partial
    ground = TwoSided(events, classes, known, region=region)
    learned = _learn(ground, asked, np.flatnonzero(partial) if partial.any() else asked)
    if partial.any():
        weight = shared_out(ground, learned.mode, partial)
        learned = _learn(TwoSided(events, classes, known, weight=weight, region=region), asked, asked)
    return learned


def ground_of(events: EventTable, classes: Classes, mode: SlopeDraws, region: str) -> TwoSided:
    """The labelled events of a table for coefficients that were learned before, perhaps from another table."""
    known = np.ones(len(events), dtype=np.bool_)
    ground = TwoSided(events, classes, known, region=region)
    if ground.names and events.among.partial.any() and mode.slope.shape[1] == len(ground.names):
        weight = shared_out(ground, mode, events.among.partial)
        return TwoSided(events, classes, known, weight=weight, region=region)
    return ground


def shared_out(ground: TwoSided, mode: SlopeDraws, partial: Marked) -> Floats:
    """Weights of the members of all events, those known as one of several counted for each as it was attributed."""
    weight = ground.members.weight.copy()
    for rows, x in parts(ground, np.flatnonzero(partial)):
        for event, said in zip(rows.tolist(), mode.probability(x)[0], strict=True):
            run = slice(ground.members.start[event], ground.members.start[event + 1])
            inside = said[ground.members.code[run]] + 1e-12
            weight[run] = ground.events.certainty[event] * inside / inside.sum()
    return weight


def parts(ground: TwoSided, asked: Ints) -> Iterator[tuple[Ints, NDArray[np.float32]]]:
    """Some events in order of time, a part of them at a time, and their log-features."""
    yield from ground.parts(asked, np.zeros(len(asked), dtype=np.bool_))


def _learn(ground: TwoSided, asked: Ints, later: Ints) -> Learned:
    """What features count, with as much company as the events `asked` have; those of `later` come next."""
    events, size = ground.events, (len(ground.names), len(ground.classes))
    counted = np.flatnonzero(ground.counted)
    rate = sample_rate(len(counted), *size)
    rows = counted[np.diff(np.floor(np.arange(len(counted) + 1) * rate)) > 0]
    lonely = ground.blocks.lonely(asked, ground.counted)
    apart = np.random.default_rng(1).random(len(rows)) < lonely
    start, member = ground.members.start, ground.members.code
    first = np.concatenate([[0], np.cumsum(np.diff(start)[rows])])
    runs = np.repeat(start[rows] - first[:-1], np.diff(first)) + np.arange(first[-1])
    examples = Examples(
        x=ground.features(rows, apart, later=later), start=first, member=member[runs],
        label_noise=1.0 - events.certainty[rows], day=events.day[rows], last_day=events.last_day[rows], event=rows,
        share=len(rows) / max(1, len(counted)),
    )  # fmt: skip
    few = int(events.labelled[counted].sum()) < _FEW
    shrinkage = replace(cautious(size[0]), half_life=ground.shrinkage.half_life) if few else ground.shrinkage
    coefficients = learn(examples, _EVER, shrinkage, Coefficients.prior(*size, shrinkage))
    calibration = calibration_slope(examples, _EVER, shrinkage, coefficients, ground.blocks.of[rows])
    return Learned(ground, examples, shrinkage, coefficients, lonely, calibration)
