"""The fewest origins that change the lead if they are surely forged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np

from attribution.analysis.bench import even_rows
from attribution.analysis.blocks import Block, Blocks, blocks
from attribution.analysis.planting import NOISE, planted
from attribution.analysis.reaching import EQUAL, reached
from attribution.analysis.units import chosen, units
from attribution.domain.identifiers import OTHER
from attribution.domain.numbers import Number
from attribution.inference.carrying import carried
from attribution.inference.posterior import Posterior
from attribution.network.program import Floats, Ints
from attribution.network.subset_sums import products, subset_sums
from attribution.network.summation import log_joint_at, numbers

_DRAWS = 256
_MOST_SETS = 2**13


@dataclass(frozen=True, slots=True)
class FewestPlanted:
    """The smallest set found, and who leads when it is forged; `exact`: every smaller one was looked at.

    `sets` is the number of sets of that size that would do. `open`: leader and runner-up are then equal within 4
    standard errors.
    """

    origins: tuple[str, ...]
    exact: bool
    sets: int
    leader: str
    probability: float
    mcse: float
    open: bool


def fewest(posterior: Posterior, origins: tuple[str, ...], toward: str, leader: int) -> FewestPlanted | None:
    """The fewest of some origins that change the lead when forged with certainty, all others as in the model.

    What is forged at random says nothing, as if it were left out; what is planted toward somebody says nothing about
    all others, and what it said about him. So the likelihoods of all subsets hold all answers. Sizes are tried one
    after another, every set of a size; where sets become too many the best one is made larger, origin by origin.
    """
    rows = even_rows(posterior, _DRAWS)
    known = blocks(posterior, chosen(units(posterior, "origin"), "origin", origins), rows)
    if toward != NOISE:
        known = _spared(known, posterior.program.factions.index(toward))
    margins = _margins(posterior, known, len(origins), leader)
    best: tuple[int, ...] = ()
    for size in range(1, len(origins) + 1):
        if comb(len(origins), size) > _MOST_SETS:
            return _greedy(posterior, origins, toward, best, margins)
        sets = list(combinations(range(len(origins)), size))
        found = margins(sets)
        best = sets[int(found.argmin())]
        if found.min() <= 0:
            return _looked_at(posterior, origins, toward, best, int((found <= 0).sum()), exact=True)
    return None


def _margins(
    posterior: Posterior, known: Blocks, count: int, leader: int
) -> Callable[[Sequence[tuple[int, ...]]], Floats]:
    """A function from sets of origins that are gone to the leader's log-odds against its nearest rival."""
    program = posterior.program
    opening = known.slots[:, [program.ints.surprise[1], program.ints.surprise[0]]]
    base = known.base - posterior.log_evidence[known.rows, None]
    given = products(
        base, tuple(block.log_likelihood for block in known.blocks), opening, program.factions.index(OTHER)
    )

    def margins(sets: Sequence[tuple[int, ...]]) -> Floats:
        kept = np.ones((len(sets), count), dtype=np.int64)
        for position, one in enumerate(sets):
            kept[position, list(one)] = 0
        pattern: Ints = np.zeros((len(sets), len(known.blocks)), dtype=np.int64)
        for position, block in enumerate(known.blocks):
            for bit, unit in enumerate(block.units):
                pattern[:, position] |= kept[:, unit] << bit
        with np.errstate(divide="ignore"):
            logs = np.log(subset_sums(given, pattern)[0])
        return np.asarray(logs[:, leader] - np.delete(logs, leader, axis=1).max(axis=1))

    return margins


def _spared(known: Blocks, faction: int) -> Blocks:
    """The same blocks, in which one faction is judged by everything whatever is gone."""
    changed = []
    for block in known.blocks:
        table = block.log_likelihood.copy()
        table[:, :, faction] = table[-1, :, faction]
        changed.append(Block(block.units, table))
    return Blocks(known.base, tuple(changed), known.slots, known.rows)


def _greedy(
    posterior: Posterior,
    origins: tuple[str, ...],
    toward: str,
    best: tuple[int, ...],
    margins: Callable[[Sequence[tuple[int, ...]]], Floats],
) -> FewestPlanted | None:
    while len(best) < len(origins):
        sets = [(*best, other) for other in range(len(origins)) if other not in best]
        found = margins(sets)
        best = sets[int(found.argmin())]
        if found.min() <= 0:
            return _looked_at(posterior, origins, toward, best, int((found <= 0).sum()), exact=False)
    return None


def _looked_at(
    posterior: Posterior, origins: tuple[str, ...], toward: str, best: tuple[int, ...], sets: int, *, exact: bool
) -> FewestPlanted:
    """With all draws, in the network in which just these are forged."""
    names = tuple(origins[position] for position in sorted(best))
    program = planted(posterior, names, toward, Number.exactly(1.0))
    then = reached(posterior, program, log_joint_at(program, numbers(program, carried(posterior, program))))
    ahead, behind = np.argsort(-then.probabilities, kind="stable")[:2]
    unit = np.eye(len(posterior.program.factions))
    margin, error = then.log_odds(unit[ahead], unit[behind])
    return FewestPlanted(
        origins=names,
        exact=exact,
        sets=sets,
        leader=posterior.program.factions[int(ahead)],
        probability=float(then.probabilities[ahead]),
        mcse=float(then.mcse[ahead]),
        open=margin <= EQUAL * error,
    )
