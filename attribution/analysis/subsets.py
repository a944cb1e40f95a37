"""Likelihoods of subsets of the evidence, part by part: the ground that decompositions and lattices stand on.

Origins that speak about one tied part of the network interact; across parts they do not. So ``log p(A | h, theta)`` of
any subset A is a sum over parts, and each part needs only the subsets of its own few origins. Units that speak about
one part form a block; so do units that take only a part of what an origin says, with all that this origin touches.

A part of k origins has 2^k subsets. Up to 10 origins all of them are worked out; beyond that those that some random
orders of coming pass through, each order taken forwards and backwards. How many orders, and in how many draws, is a
budget of work: however large a case is, what is asked of it can be had.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from attribution.analysis.cache import AnalysisCache
from attribution.analysis.reweighting import transferred
from attribution.analysis.units import Unit, together
from attribution.analysis.workspace import even_rows
from attribution.inference.posterior import Posterior
from attribution.network.compiler import compile_network
from attribution.network.program import Floats, Ints, Program
from attribution.network.summation import (
    log_parts,
    numbers,
    part_log_likelihood,
    part_log_likelihoods,
    switched_off,
)

MOST_ENUMERATED = 10  # origins of a part, whose subsets are all worked out
PAIRS, _FEWEST_PAIRS = 32, 4  # of orders, one the other backwards
MOST_NUMBERS, _FEWEST_DRAWS = 2**24, 64  # that likelihoods of subsets may take
type Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class TiedOrigins:
    """The origins of one part, and ``log p(A | h, theta)`` for subsets A of them.

    Attributes
    ----------
    origins
        Their ids.
    by_subset
        For each subset (draw, class): factions of one class have the same numbers in this part.
    of_faction
        The class of each faction: (faction,).
    orders
        Orders of coming, the subsets of whose beginnings and ends are known; empty where every subset is.
    """

    origins: tuple[str, ...]
    by_subset: dict[frozenset[str], Floats]
    of_faction: Ints
    orders: tuple[tuple[str, ...], ...] = ()


_TIED: AnalysisCache[bytes | None, tuple[TiedOrigins, ...]] = AnalysisCache()


def tied_origins(posterior: Posterior, rows: Ints | None = None) -> tuple[TiedOrigins, ...]:
    """Every part that some origin speaks about, with the likelihoods of subsets of its origins.

    In all draws, or in those of `rows`.
    """
    key = None if rows is None else rows.tobytes()
    return _TIED.get(posterior, key, lambda: _tied_origins(posterior, posterior.numbers.rows(rows)))


def rows_within_budget(posterior: Posterior, most: int | None) -> Ints | None:
    """So many draws that count equally as the likelihoods of all subsets can be kept of, at most `most`; None: all."""
    program, count = posterior.program, posterior.draws.count
    each = sum(_subsets_of(len(mine), _pairs(program)) * _classes(program, part) for part, mine in _parts(program))
    wanted = min(most or count, max(_FEWEST_DRAWS, MOST_NUMBERS // max(1, each)))
    return even_rows(posterior, wanted) if wanted < count else None


def _tied_origins(posterior: Posterior, slots: Floats) -> tuple[TiedOrigins, ...]:
    program = posterior.program
    found = []
    for part, mine in _parts(program):
        orders: tuple[tuple[str, ...], ...] = ()
        if len(mine) <= MOST_ENUMERATED:
            subsets = [frozenset(kept) for size in range(len(mine) + 1) for kept in combinations(mine, size)]
        else:
            orders = _orders(mine, _pairs(program))
            subsets = _passed(orders)
        switches = [switched_off(program, frozenset(mine) - kept) for kept in subsets]
        leaves, of_faction = class_leaves(program, part)
        likelihoods = part_log_likelihoods(program, slots, part, switches, only=leaves)
        found.append(TiedOrigins(mine, dict(zip(subsets, likelihoods, strict=True)), of_faction, orders))
    return tuple(found)


def _parts(program: Program) -> list[tuple[int, tuple[str, ...]]]:
    """Parts that some origin speaks about, with those origins."""
    of = program.ints.origin_part.tolist()
    return [
        (part, tuple(o for o, its in zip(program.origins, of, strict=True) if its == part)) for part in sorted(set(of))
    ]


def _classes(program: Program, part: int) -> int:
    return int(program.ints.class_start[part + 1] - program.ints.class_start[part])


def class_leaves(program: Program, part: int) -> tuple[Ints, Ints]:
    """One faction of each class of a part, and the class of each faction."""
    first, end, factions = (
        int(program.ints.class_start[part]),
        int(program.ints.class_start[part + 1]),
        program.factions,
    )
    of_faction = program.ints.class_of[part * len(factions) : (part + 1) * len(factions)] - first
    return program.ints.class_leaf[first:end], of_faction


def _pairs(program: Program) -> int:
    """How many pairs of orders the budget allows, were there draws enough."""
    each = sum(2 * len(mine) * _classes(program, part) for part, mine in _parts(program) if len(mine) > MOST_ENUMERATED)
    return int(np.clip(MOST_NUMBERS // (512 * max(1, each)), _FEWEST_PAIRS, PAIRS))


def _subsets_of(count: int, pairs: int) -> int:
    return 2**count if count <= MOST_ENUMERATED else 2 * pairs * count


def _orders(mine: tuple[str, ...], pairs: int) -> tuple[tuple[str, ...], ...]:
    """Random orders of sorted names, so that the order of the file does not matter."""
    rng, names = np.random.default_rng(0), sorted(mine)
    return tuple(tuple(names[place] for place in rng.permutation(len(names))) for _ in range(pairs))


def _passed(orders: tuple[tuple[str, ...], ...]) -> list[frozenset[str]]:
    """The subsets that some orders pass through, forwards and backwards."""
    ways = (way for order in orders for way in (order, order[::-1]))
    return list(dict.fromkeys(frozenset(way[:size]) for way in ways for size in range(len(way) + 1)))


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Units that hang together, and ``log p(E_block | h)`` of the patterns asked for: (pattern, draw, faction)."""

    units: tuple[int, ...]
    log_likelihood: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Blocks:
    """All blocks of some units, and the log-joint of everything that they do not touch: (draw, faction).

    `pattern` says for each subset and block which row of the block it takes: (subset, block).
    """

    base: Floats
    blocks: tuple[Block, ...]
    pattern: Ints
    slots: Floats
    rows: Ints


class UnitSubsets:
    """Units of the evidence, and some of the stored draws in which subsets of them are summed when asked for."""

    def __init__(self, posterior: Posterior, units: tuple[Unit, ...], rows: Ints) -> None:
        self._posterior, self._units, self._rows = posterior, units, rows
        self._slots = np.ascontiguousarray(posterior.numbers.rows(rows))
        prior, self._parts = log_parts(posterior.program, self._slots)
        self._grouped = _grouped(posterior, units)
        touched = {part for mine, _ in self._grouped for part in mine}
        untouched = [part for part in range(self._parts.shape[2]) if part not in touched]
        self._base = prior + self._parts[:, :, untouched].sum(axis=2)
        self._known: dict[tuple[int, bytes], Floats] = {}

    def blocks(self, kept: Flags) -> Blocks:
        """The blocks, with the patterns that some subsets need: `kept` (subset, unit)."""
        found, pattern = [], np.zeros((len(kept), len(self._grouped)), dtype=np.int64)
        for place, (_, members) in enumerate(self._grouped):
            wanted, pattern[:, place] = _distinct(kept[:, members])
            self._work_out(place, wanted)
            found.append(Block(members, np.stack([self._known[place, one.tobytes()] for one in wanted])))
        return Blocks(self._base, tuple(found), pattern, self._slots, self._rows)

    def _work_out(self, place: int, wanted: Flags) -> None:
        """Likelihoods of a block, of patterns that are not known yet: whole origins all at once."""
        program, (mine, members) = self._posterior.program, self._grouped[place]
        new = [one for one in wanted if (place, one.tobytes()) not in self._known]
        gone = [together(tuple(self._units[unit] for unit in np.array(members)[~one])) for one in new]
        whole = [position for position, unit in enumerate(gone) if not unit.unsaid]
        switches = [switched_off(program, frozenset(gone[position].origins)) for position in whole]
        if whole:
            total = sum(part_log_likelihoods(program, self._slots, part, switches) for part in mine)
            for position, table in zip(whole, np.asarray(total), strict=True):
                self._known[place, new[position].tobytes()] = table
        for one, unit in zip(new, gone, strict=True):
            if unit.unsaid:
                self._known[place, one.tobytes()] = self._partly(unit, mine)

    def _partly(self, gone: Unit, mine: tuple[int, ...]) -> Floats:
        """``log p(E_block | h)`` where something of an origin is unsaid: (draw, faction)."""
        posterior, parts = self._posterior, self._parts
        changed = compile_network(
            posterior.case, posterior.model, posterior.settings.as_of, unsaid=gone.unsaid
        ).without(frozenset(gone.origins))
        z = np.ascontiguousarray(transferred(posterior, changed)[self._rows])
        own = log_parts(changed, numbers(changed, z))[1]
        less = posterior.program.without(frozenset(gone.origins))
        silent = {int(less.ints.origin_part[less.origins.index(origin)]) for origin in gone.origins}
        outside = np.zeros(parts.shape[:2])
        for part in range(parts.shape[2]):
            if part not in mine:
                outside += part_log_likelihood(less, self._slots, part) if part in silent else parts[:, :, part]
        return np.asarray(own.sum(axis=2) - outside)


def patterns(posterior: Posterior, units: tuple[Unit, ...], kept: Flags) -> int:
    """How many patterns of all blocks together some subsets need: `kept` (subset, unit)."""
    return sum(len(_distinct(kept[:, members])[0]) for _, members in _grouped(posterior, units))


def _distinct(rows: Flags) -> tuple[Flags, Ints]:
    """The rows that differ, in the order of a dictionary, and which of them each row is; column by column."""
    place = np.zeros(len(rows), dtype=np.int64)
    for column in rows.T:
        place = np.unique(2 * place + column, return_inverse=True)[1]
    return rows[np.unique(place, return_index=True)[1]], place


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
