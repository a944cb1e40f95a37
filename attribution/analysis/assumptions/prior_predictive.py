"""Does the model itself expect evidence like all of this together? A prior predictive check of the joint evidence."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from attribution.analysis.finding import Finding
from attribution.analysis.subsets import class_leaves
from attribution.domain.case import Case
from attribution.domain.concern import Concern
from attribution.domain.evidence import Statement
from attribution.domain.verbal import percent
from attribution.errors import listed
from attribution.inference.posterior import Posterior
from attribution.inference.posterior_draws import PRIOR_SCRAMBLES
from attribution.network.program import DIRECT, Floats, Ints, Program
from attribution.network.summation import part_log_likelihoods, tables
from attribution.plots.figures import DotRow, Scale, dots

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

SIMULATIONS = 1000
UNEXPECTED = 0.05  # a share of simulated evidence below which the observed one is a concern
MOST_TIED = 11  # origins that one part may have: all of their 2^n outcomes are worked out
_POINTS = 64  # of each scramble of the prior
_TOGETHER = 50  # simulations at a time
_MOST_NUMBERS = 2**24  # of all outcomes of some draws
_SAME = 1e-9  # of a log-probability: equal, as far as doubles can tell


@dataclass(frozen=True, slots=True)
class Tied:
    """Origins that the network ties together: how probable what they say was, beforehand, and how unusual that is.

    Attributes
    ----------
    origins, labels
        Their ids, and what they are called.
    probability
        That all of them say what they say.
    as_unusual
        That they say something as unusual as that, or more so.
    """

    origins: tuple[str, ...]
    labels: tuple[str, ...]
    probability: float
    as_unusual: float


@dataclass(frozen=True, slots=True)
class PriorPredictive(Finding):
    """How usual the evidence as a whole is among sets of evidence that the model would bring forth.

    Attributes
    ----------
    share
        The share of simulated evidence that is as unusual or more so, ties counting half; 1/2 is the middle. None where
        it could not be worked out.
    mcse
        Its Monte Carlo standard error.
    observed
        How well the evidence goes together: its log-probability, in nats, less those of each of its origins alone.
    expected
        The 5, 50 and 95 % quantiles of the same over simulated evidence.
    parts
        Origins that belong together, the most unusual first.
    left_out
        Origins that were weighed already, and so say nothing about how probable they were.
    too_many
        Origins of parts with too many of them.

    Examples
    --------
    >>> 0 < at.prior_predictive(posterior).share < 1
    True
    """

    share: float | None
    mcse: float
    observed: float
    expected: tuple[float, float, float]
    parts: tuple[Tied, ...]
    left_out: tuple[str, ...]
    too_many: tuple[str, ...]

    @property
    def title(self) -> str:
        return "Does the model expect such evidence?"

    @property
    def method(self) -> str:
        """What was simulated, and what was compared."""
        return (
            f"{SIMULATIONS} times numbers, perpetrator and facts are drawn from the model, and of every origin whether "
            "it says what it says or something else. Compared is how well all that goes together: its log-probability, "
            "averaged over unknown numbers, less that of each origin alone. Only a small share says something: "
            "whatever else could have been said counts as one thing, and the numbers were written by people who knew "
            "the evidence."
        )

    def to_frame(self) -> pd.DataFrame:
        """One row per group of origins that the network ties together: probability, as_unusual."""
        import pandas as pd

        index = pd.Index([" + ".join(one.origins) for one in self.parts], name="origins")
        values = [[one.probability, one.as_unusual] for one in self.parts]
        return pd.DataFrame(values, index=index, columns=["probability", "as_unusual"])

    @property
    def summary(self) -> str:
        if self.share is None:
            return f"Not possible: too many origins are tied together ({len(self.too_many)}, at most {MOST_TIED})."
        if not self.parts:
            return "There is no evidence to expect."
        told = (
            f"Of {SIMULATIONS} sets of evidence drawn from the model itself {percent(self.share)} go together as badly "
            "as what there is, or worse"
        )
        verdict = "nothing in it speaks against the model"
        if self.share < UNEXPECTED:
            verdict = "it hardly expects such evidence"
        least = self.parts[0]
        return (
            f"{told}: {verdict}. What goes together worst: {listed(least.labels)} "
            f"({percent(least.as_unusual)} of what could have been said there does no better)."
        )

    @property
    def warnings(self) -> tuple[Concern, ...]:
        """A concern where the share is below 5 %."""
        if self.share is None or self.share >= UNEXPECTED or not self.parts:
            return ()
        return (
            Concern(
                what=f"of evidence drawn from the model {percent(self.share)} goes together as badly as what there is "
                f"(limit {UNEXPECTED:.0%}); worst: {listed(self.parts[0].labels)}",
                means="the evidence contradicts itself more than tables and grades allow for, or a table is wrong",
                remedy="look for an origin that is wrong or forged, or a cause that the model lacks; do not fit tables",
                topic="conflict",
            ),
        )

    def unreliable(self) -> tuple[str, ...]:
        """That it could not be worked out, where it could not."""
        return (self.summary,) if self.share is None else ()

    def plot(self, ax: Axes | None = None) -> Axes:
        """A row for the evidence as a whole, with what the model expects as a line; a row for each part's rarity."""
        rows = [DotRow("all of it", self.share or 0.0, "lead")]
        rows += [DotRow(" + ".join(one.labels), one.as_unusual, "rest") for one in self.parts[:11]]
        return dots(
            rows,
            Scale("share of simulated evidence that goes together as badly, or worse", "share"),
            title=self.summary.split(". What goes")[0],
            note=self.method,
            ax=ax,
        )


def prior_predictive(posterior: Posterior) -> PriorPredictive:
    """Ask how often the model itself would bring forth evidence as unusual as this, taken all together.

    Parameters
    ----------
    posterior
        The posterior; its draws are not used, only its case, model and seed.

    Returns
    -------
    PriorPredictive
        The share of simulated evidence that is as unusual, and which origins are the least expected.

    Examples
    --------
    >>> [one.severity for one in at.prior_predictive(posterior).warnings if one.topic == "conflict"]
    []
    """
    case, program = posterior.known_case, posterior.program
    weighed = tuple(o for o, kind in zip(program.origins, program.ints.origin_kind, strict=True) if kind == DIRECT)
    groups = _groups(case, tuple(o for o in program.origins if o not in weighed))
    by_part: dict[int, list[tuple[str, ...]]] = {}
    for group in groups:
        by_part.setdefault(int(program.ints.origin_part[program.origins.index(group[0])]), []).append(group)
    too_many = [o for of in by_part.values() if len(of) > MOST_TIED for group in of for o in group]
    if too_many:
        nothing = (math.nan,) * 3
        return PriorPredictive(None, math.nan, math.nan, nothing, (), weighed, tuple(too_many))
    slots = posterior.prior_slots.reshape(PRIOR_SCRAMBLES, -1, posterior.prior_slots.shape[1])[:, :_POINTS]
    draws = _Draws.of(posterior, np.ascontiguousarray(slots).reshape(-1, slots.shape[2]))
    parts = [_Part.of(program, part, of) for part, of in by_part.items()]
    tables = _Tables(program, draws, parts)
    expected, outcomes = _simulated(tables, np.random.default_rng((posterior.settings.random_seed, 4)))
    every = [np.append(mine, len(part.outcomes) - 1) for part, mine in zip(parts, outcomes, strict=True)]
    scores = _scores(tables, expected, every)
    simulated, observed = scores[:-1], float(scores[-1])
    below = simulated < observed - _SAME
    share = float(below.mean() + 0.5 * (np.abs(simulated - observed) <= _SAME).mean())
    low, middle, high = np.quantile(simulated, (0.05, 0.5, 0.95)).tolist()
    titles = {origin.id: origin.label for origin in case.origins}
    return PriorPredictive(
        share=share,
        mcse=math.sqrt(share * (1.0 - share) / SIMULATIONS),
        observed=observed,
        expected=(low, middle, high),
        parts=tuple(sorted((one.tied(titles) for one in expected), key=lambda one: one.as_unusual)),
        left_out=weighed,
        too_many=(),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Draws:
    """Numbers drawn from the prior: slots (draw, slot), pi (draw, faction), surprise (draw,), the place of `other`."""

    slots: Floats
    prior: Floats
    surprise: Floats
    other: int

    @classmethod
    def of(cls, posterior: Posterior, slots: Floats) -> _Draws:
        ints = posterior.program.ints
        prior = np.exp(tables(posterior.program, slots)[1])
        return cls(slots, prior, slots[:, ints.surprise[1]], int(ints.other[0]))

    def acting(self) -> Floats:
        """How probable it is that the evidence is as if this faction had acted: (draw, faction)."""
        like_all = (self.surprise * self.prior[:, self.other])[:, None] * self.prior
        acting = self.prior.copy()
        acting[:, self.other] *= 1.0 - self.surprise
        return np.asarray(acting + like_all)


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """What the groups of a part may say: outcome by outcome, all of them silent first, as observed last.

    `outcomes` (outcome, group) are 1 where a group says what it says. Factions of one class have the same numbers:
    `of_faction` (faction,) is the class of each, `leaves` one faction of each class.
    """

    number: int
    groups: tuple[tuple[str, ...], ...]
    outcomes: Ints
    leaves: Ints
    of_faction: Ints

    @classmethod
    def of(cls, program: Program, part: int, groups: list[tuple[str, ...]]) -> _Part:
        outcomes = np.array(list(product((0, 1), repeat=len(groups))), dtype=np.int64)
        return cls(part, tuple(groups), outcomes, *class_leaves(program, part))

    def probability(self, program: Program, slots: Floats) -> Floats:
        """Of each outcome, in some draws, given a faction of each class: (outcome, draw, class)."""
        heard = [{o for group, on in zip(self.groups, one, strict=True) if on for o in group} for one in self.outcomes]
        switches = [tuple(float(o in some) for o in program.origins) for some in heard]
        found = part_log_likelihoods(program, slots, self.number, switches, only=self.leaves)
        return _exactly(np.exp(found, out=found), len(self.groups))


@dataclass(frozen=True, slots=True, eq=False)
class _Expected:
    """How probable each outcome of a part is: `likely` (outcome,), and were nothing to tie the groups together."""

    part: _Part
    likely: Floats
    reference: Floats

    @classmethod
    def of(cls, part: _Part, likely: Floats) -> _Expected:
        alone = np.einsum("o,og->g", likely, part.outcomes)
        reference = np.prod(np.where(part.outcomes == 1, alone, 1.0 - alone), axis=1)
        return cls(part, likely, np.maximum(reference, 1e-300))

    def tied(self, titles: dict[str, str]) -> Tied:
        """How unusual what it says is, among all outcomes of this part alone."""
        ratio = self.likely / self.reference
        as_unusual = float(self.likely[ratio <= ratio[-1] * (1.0 + _SAME)].sum())
        origins = tuple(o for group in self.part.groups for o in group)
        return Tied(origins, tuple(titles[o] for o in origins), float(self.likely[-1]), min(as_unusual, 1.0))


class _Tables:
    """Probabilities of all outcomes of the parts, of as many draws at a time as there is room for."""

    def __init__(self, program: Program, draws: _Draws, parts: list[_Part]) -> None:
        self.draws, self.parts, self._program = draws, parts, program
        self._of, self._last = slice(0), list[Floats]()

    def backwards(self) -> Iterator[tuple[slice, list[Floats]]]:
        """As `forwards`, the last draws first: they are still there."""
        return self._each(self._blocks()[::-1])

    def forwards(self) -> Iterator[tuple[slice, list[Floats]]]:
        """Some draws, and for each part (outcome, draw, class)."""
        return self._each(self._blocks())

    def _blocks(self) -> list[slice]:
        count = len(self.draws.slots)
        step = max(1, _MOST_NUMBERS // max(1, sum(len(part.outcomes) * len(part.leaves) for part in self.parts)))
        return [slice(first, min(first + step, count)) for first in range(0, count, step)]

    def _each(self, blocks: list[slice]) -> Iterator[tuple[slice, list[Floats]]]:
        for some in blocks:
            if some != self._of:
                self._of, self._last = some, []  # before the next are made, so that both are never there
                self._last = [part.probability(self._program, self.draws.slots[some]) for part in self.parts]
            yield some, self._last


def _groups(case: Case, origins: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Origins apart, but a copy with what it copies: whether it was said at all decides what the copy says."""
    home = {o: o for o in origins}

    def root(o: str) -> str:
        return o if home[o] == o else root(home[o])

    for item in case.evidence:
        if isinstance(item, Statement) and item.copies and item.copies.of in case.evidence:
            pair = item.origin_id, case.evidence[item.copies.of].origin_id
            if all(o in home for o in pair):
                home[root(pair[0])] = root(pair[1])
    found: dict[str, list[str]] = {}
    for o in origins:
        found.setdefault(root(o), []).append(o)
    return [tuple(group) for group in found.values()]


def _exactly(found: Floats, count: int) -> Floats:
    """From the probabilities that these (and perhaps others) say what they say to those that these and no others do.

    They are overwritten.
    """
    by_group = found.reshape((2,) * count + found.shape[1:])
    for place in range(count):
        silent, heard = (tuple(slice(None) if k != place else side for k in range(count)) for side in (0, 1))
        by_group[silent] -= by_group[heard]
    return np.maximum(found, 0.0, out=found)


def _simulated(tables: _Tables, rng: np.random.Generator) -> tuple[list[_Expected], list[Ints]]:
    """How probable outcomes are, and which come up in each simulation: numbers in turn, who acted, what was said."""
    draws, parts = tables.draws, tables.parts
    acting, row = draws.acting(), np.arange(SIMULATIONS) * len(draws.slots) // SIMULATIONS
    faction = _picked(acting[row].T, rng.random(SIMULATIONS))
    at = [rng.random(SIMULATIONS) for _ in parts]
    likely = [np.zeros(len(part.outcomes)) for part in parts]
    outcomes = [np.empty(SIMULATIONS, dtype=np.int64) for _ in parts]
    for some, probabilities in tables.forwards():
        mine: Ints = np.flatnonzero((row >= some.start) & (row < some.stop))
        for place, (part, probability) in enumerate(zip(parts, probabilities, strict=True)):
            by_class = np.einsum("dh,hc->dc", acting[some], np.eye(len(part.leaves))[part.of_faction])
            likely[place] += np.einsum("odc,dc->o", probability, by_class)
            said = probability[:, row[mine] - some.start, part.of_faction[faction[mine]]]
            outcomes[place][mine] = _picked(said, at[place][mine])
    count = len(draws.slots)
    return [_Expected.of(part, sums / count) for part, sums in zip(parts, likely, strict=True)], outcomes


def _picked(weight: Floats, at: Floats) -> Ints:
    """One of the rows for each column, by their weights: that where `at` (column,), from 0 to 1, falls."""
    below = np.cumsum(weight, axis=0)
    return np.asarray(np.minimum((below <= at * below[-1]).sum(axis=0), len(weight) - 1), dtype=np.int64)


def _scores(tables: _Tables, expected: list[_Expected], outcomes: list[Ints]) -> Floats:
    """``log p(evidence)`` of outcomes of all parts, over numbers and factions, less that of each origin alone."""
    draws, count = tables.draws, len(outcomes[0]) if outcomes else SIMULATIONS + 1
    drawn = [np.unique(mine, return_inverse=True) for mine in outcomes]
    found = np.full(count, -np.inf)
    with np.errstate(divide="ignore"):
        acting = np.log(draws.acting())
    for some, probabilities in tables.backwards():
        with np.errstate(divide="ignore"):
            logs = [np.log(table[which]) for table, (which, _) in zip(probabilities, drawn, strict=True)]
        for first in range(0, count, _TOGETHER):
            mine = slice(first, first + _TOGETHER)
            total = np.broadcast_to(acting[some], (len(found[mine]), *acting[some].shape)).copy()
            for log, (_, place), part in zip(logs, drawn, tables.parts, strict=True):
                total += log[place[mine]][..., part.of_faction]
            top = total.max(axis=(1, 2))
            sums = np.exp(total - np.where(np.isfinite(top), top, 0.0)[:, None, None]).sum(axis=(1, 2))
            with np.errstate(divide="ignore"):
                found[mine] = np.logaddexp(found[mine], top + np.log(sums))
    found -= np.log(len(draws.slots))
    for one, mine_of in zip(expected, outcomes, strict=True):
        found -= np.log(one.reference[mine_of])
    return found
