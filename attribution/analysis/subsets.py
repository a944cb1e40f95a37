"""Likelihoods of every subset of the evidence, part by part: the ground that decompositions and lattices stand on.

Origins that speak about one tied part of the network interact; across parts they do not. So ``log p(A | h, theta)`` of
any subset A is a sum over parts, and each part needs only the subsets of its own few origins. Units that speak about
one part form a block; so do units that take only a part of what an origin says, with all that this origin touches. A
block of k units has 2^k patterns.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from attribution.analysis.cache import AnalysisCache
from attribution.analysis.reweighting import transferred
from attribution.analysis.units import Unit, together
from attribution.errors import UsageError
from attribution.inference.posterior import Posterior
from attribution.network.compiler import compile_network
from attribution.network.program import Floats, Ints
from attribution.network.summation import (
    log_parts,
    numbers,
    part_log_likelihood,
    part_log_likelihoods,
    switched_off,
)

MOST_TIED_ORIGINS = 12
MOST_TIED_UNITS = 14


@dataclass(frozen=True, slots=True, eq=False)
class TiedOrigins:
    """The origins of one part, and ``log p(A | h, theta)`` for each subset A of them: (draw, faction) each."""

    origins: tuple[str, ...]
    by_subset: dict[frozenset[str], Floats]


_TIED: AnalysisCache[bytes | None, tuple[TiedOrigins, ...]] = AnalysisCache()


def tied_origins(posterior: Posterior, rows: Ints | None = None) -> tuple[TiedOrigins, ...]:
    """Every part that some origin speaks about, with the likelihoods of all subsets of its origins.

    In all draws, or in those of `rows`.

    Raises
    ------
    UsageError
        More than 12 origins speak about one part: their subsets are too many to enumerate.
    """
    slots = posterior.slots if rows is None else posterior.slots[rows]
    return _TIED.get(posterior, None if rows is None else rows.tobytes(), lambda: _tied_origins(posterior, slots))


def _tied_origins(posterior: Posterior, slots: Floats) -> tuple[TiedOrigins, ...]:
    program = posterior.program
    found = []
    for part in sorted(set(program.ints.origin_part.tolist())):
        mine = tuple(o for o, of in zip(program.origins, program.ints.origin_part, strict=True) if of == part)
        if len(mine) > MOST_TIED_ORIGINS:
            raise UsageError(
                f"{len(mine)} origins are tied together: {', '.join(mine[:6])} and others.",
                allowed=f"at most {MOST_TIED_ORIGINS} origins about facts that hang together",
                hint="declare origins that stand or fall together as one",
            )
        subsets = [frozenset(kept) for size in range(len(mine) + 1) for kept in combinations(mine, size)]
        switches = [switched_off(program, frozenset(mine) - kept) for kept in subsets]
        likelihoods = part_log_likelihoods(program, slots, part, switches)
        found.append(TiedOrigins(mine, dict(zip(subsets, likelihoods, strict=True))))
    return tuple(found)


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Units that hang together, and ``log p(E_block | h)`` for each pattern of those kept: (pattern, draw, faction).

    Bit j of a pattern says that the j-th of `units` is kept.
    """

    units: tuple[int, ...]
    log_likelihood: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Blocks:
    """All blocks of some units, and the log-joint of everything that they do not touch: (draw, faction)."""

    base: Floats
    blocks: tuple[Block, ...]
    slots: Floats
    rows: Ints


def blocks(posterior: Posterior, units: tuple[Unit, ...], rows: Ints) -> Blocks:
    """The blocks of `units`, worked out for some of the stored draws.

    Raises
    ------
    UsageError
        More than 14 units hang together.
    """
    program = posterior.program
    slots = np.ascontiguousarray(posterior.slots[rows])
    prior, parts = log_parts(program, slots)
    grouped = _grouped(posterior, units)
    touched = {part for mine, _ in grouped for part in mine}
    untouched = [part for part in range(parts.shape[2]) if part not in touched]
    base = prior + parts[:, :, untouched].sum(axis=2)
    found = []
    for mine, members in grouped:
        if len(members) > MOST_TIED_UNITS:
            raise UsageError(
                f"{len(members)} units speak about facts that hang together.",
                allowed=f"at most {MOST_TIED_UNITS}",
                hint="take clusters or institutions as units",
            )
        table = np.empty((2 ** len(members), *base.shape))
        for pattern in range(len(table)):
            gone = tuple(units[unit] for bit, unit in enumerate(members) if not pattern >> bit & 1)
            table[pattern] = _log_likelihood(posterior, together(gone), mine, slots, rows, parts)
        found.append(Block(members, table))
    return Blocks(base, tuple(found), slots, rows)


def _grouped(posterior: Posterior, units: tuple[Unit, ...]) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Parts and units of each block, blocks in the order of their last unit."""
    program = posterior.program
    part_of = dict(zip(program.origins, program.ints.origin_part.tolist(), strict=True))
    grouped = [({part}, set[int]()) for part in sorted(set(part_of.values()))]
    for position, unit in enumerate(units):
        for parts, members in grouped:
            if any(part_of[origin] in parts for origin in (*unit.origins, *unit.partial)):
                members.add(position)
        if unit.partial:
            reached = {part_of[origin] for origin in unit.partial}
            tied = [pair for pair in grouped if pair[0] & reached]
            grouped = [pair for pair in grouped if not pair[0] & reached]
            grouped.append((set().union(*(pair[0] for pair in tied)), set().union(*(pair[1] for pair in tied))))
    speaking = [(tuple(sorted(parts)), tuple(sorted(members))) for parts, members in grouped if members]
    return sorted(speaking, key=lambda pair: pair[1][::-1])


def _log_likelihood(
    posterior: Posterior, gone: Unit, mine: tuple[int, ...], slots: Floats, rows: Ints, parts: Floats
) -> Floats:
    """``log p(E_block | h)`` without some units: (draw, faction)."""
    if not gone.unsaid:
        return _sum_of(posterior, gone, mine, slots, parts)
    changed = compile_network(posterior.case, posterior.model, posterior.settings.as_of, unsaid=gone.unsaid).without(
        frozenset(gone.origins)
    )
    own = log_parts(changed, numbers(changed, np.ascontiguousarray(transferred(posterior, changed)[rows])))[1]
    outside = tuple(part for part in range(parts.shape[2]) if part not in mine)
    return np.asarray(own.sum(axis=2) - _sum_of(posterior, gone, outside, slots, parts))


def _sum_of(posterior: Posterior, gone: Unit, which: tuple[int, ...], slots: Floats, parts: Floats) -> Floats:
    """The sum over some parts without whole origins; parts that these do not speak about are known."""
    program = posterior.program
    less = program.without(frozenset(gone.origins))
    touched = {int(program.ints.origin_part[program.origins.index(origin)]) for origin in gone.origins}
    total = np.zeros(parts.shape[:2])
    for part in which:
        total += part_log_likelihood(less, slots, part) if part in touched else parts[:, :, part]
    return total
