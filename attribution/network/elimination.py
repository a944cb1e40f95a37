"""In which order the facts are summed out, and which entries of which factors meet in each step."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray

from attribution.domain.pairing import MOST_STATES
from attribution.errors import TooTiedError

type Scope = tuple[int, ...]
type Index = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Factor:
    """A table over facts (the last running fastest), lying at `offset` in the pool."""

    scope: Scope
    offset: int


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """Multiply `factors` over all joint states of their facts, sum one fact out (or none), write the message.

    `reads` gives, for each factor, the pool-relative entry at every joint state; `writes` the entry of the message.
    """

    states: int
    factors: tuple[Factor, ...]
    reads: tuple[Index, ...]
    writes: Index
    message: Factor
    message_size: int


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps done once for all factions, steps done for each faction, and the scalars that are left.

    A part is a component of facts that nothing ties to others; the last part has no facts. `each` is in order of parts.
    """

    shared: tuple[Step, ...]
    each: tuple[Step, ...]
    roots: tuple[Factor, ...]
    pool_size: int
    shared_part: tuple[int, ...]
    each_part: tuple[int, ...]
    root_part: tuple[int, ...]
    components: tuple[Scope, ...]


class _Pool:
    """Hands out places for factors."""

    def __init__(self, start: int) -> None:
        self.end = start

    def take(self, size: int) -> int:
        self.end += size
        return self.end - size


def plan_elimination(
    sizes: tuple[int, ...],
    names: tuple[str, ...],
    tables: tuple[Factor, ...],
    local: tuple[Factor, ...],
    shared: tuple[Factor, ...],
    pool_end: int,
    tied: tuple[Scope, ...] = (),
) -> Plan:
    """Plan the summation over facts with these sizes.

    `tables` and `local` are factors that differ by faction, `shared` those that do not; shared factors over the same
    facts are first multiplied into one. Facts that are `tied` are put into one part, though no factor joins them.

    Raises
    ------
    TooTiedError
        When some step would have more than 2^16 joint states.
    """
    pool = _Pool(pool_end)
    components = _components(len(sizes), [*(factor.scope for factor in (*tables, *local, *shared)), *tied])
    part = {fact: number for number, component in enumerate(components) for fact in component}

    def part_of(step: Step) -> int:
        union = _union(step.factors)
        return part[union[0]] if union else len(components)

    first, merged = _merge(sizes, shared, pool)
    steps, roots = _eliminate(sizes, names, [*tables, *local, *merged], pool, range(len(sizes)))
    steps.sort(key=part_of)
    last_word = {id(step.message): part_of(step) for step in steps}
    return Plan(
        shared=tuple(first),
        each=tuple(steps),
        roots=tuple(roots),
        pool_size=pool.end,
        shared_part=tuple(part_of(step) for step in first),
        each_part=tuple(part_of(step) for step in steps),
        root_part=tuple(last_word.get(id(root), len(components)) for root in roots),
        components=components,
    )


@dataclass(frozen=True, slots=True)
class Alone:
    """One factor by itself: the facts that it speaks about with all above them, steps and scalars that are left."""

    facts: Scope
    steps: tuple[Step, ...]
    roots: tuple[Factor, ...]


def plan_alone(
    sizes: tuple[int, ...], names: tuple[str, ...], tables: tuple[Factor, ...], factor: Factor, pool_end: int
) -> Alone:
    """Plan the mean of a factor under the tables alone; a table's fact is the last of its scope, its parents first.

    What hangs below the factor's facts sums to one, and is left out.

    Raises
    ------
    TooTiedError
        When some step would have more than 2^16 joint states.
    """
    above, waiting = set[int](), set(factor.scope)
    while waiting:
        above |= waiting
        waiting = {parent for table in tables if table.scope[-1] in waiting for parent in table.scope} - above
    needed = [table for table in tables if table.scope[-1] in above]
    steps, roots = _eliminate(sizes, names, [*needed, factor], _Pool(pool_end), above)
    return Alone(tuple(sorted(above)), tuple(steps), tuple(roots))


def _union(factors: tuple[Factor, ...]) -> Scope:
    return tuple(sorted({fact for factor in factors for fact in factor.scope}))


def _components(facts: int, scopes: list[Scope]) -> tuple[Scope, ...]:
    """Facts that some chain of scopes ties together, in the order of their first fact."""
    label = list(range(facts))
    for scope in scopes:
        if scope:
            tied = {label[fact] for fact in scope}
            label = [min(tied) if old in tied else old for old in label]
    return tuple(tuple(fact for fact in range(facts) if label[fact] == name) for name in sorted(set(label)))


def _merge(sizes: tuple[int, ...], shared: tuple[Factor, ...], pool: _Pool) -> tuple[list[Step], list[Factor]]:
    """One factor per set of facts; where there was only one it stays as it is."""
    grouped: dict[Scope, list[Factor]] = {}
    for factor in shared:
        grouped.setdefault(factor.scope, []).append(factor)
    steps: list[Step] = []
    merged: list[Factor] = []
    for scope, factors in grouped.items():
        if len(factors) == 1 or not scope:
            merged += factors
            continue
        steps.append(_step(sizes, tuple(factors), scope, pool))
        merged.append(steps[-1].message)
    return steps, merged


def _eliminate(
    sizes: tuple[int, ...], names: tuple[str, ...], factors: list[Factor], pool: _Pool, facts: Iterable[int]
) -> tuple[list[Step], list[Factor]]:
    """Greedily sum out the fact whose step has the fewest joint states."""
    steps: list[Step] = []
    waiting = set(facts)
    while waiting:
        best = min(waiting, key=lambda fact: (_cost(fact, sizes, factors), fact))
        cost = _cost(best, sizes, factors)
        meeting = tuple(factor for factor in factors if best in factor.scope)
        union = _union(meeting)
        if cost > MOST_STATES:
            raise TooTiedError(tuple(names[fact] for fact in union), cost, MOST_STATES)
        step = _step(sizes, meeting, tuple(fact for fact in union if fact != best), pool)
        steps.append(step)
        factors = [factor for factor in factors if best not in factor.scope] + [step.message]
        waiting.remove(best)
    return steps, factors


def _cost(fact: int, sizes: tuple[int, ...], factors: list[Factor]) -> int:
    union = _union(tuple(factor for factor in factors if fact in factor.scope))
    return prod(sizes[member] for member in union)


def _step(sizes: tuple[int, ...], factors: tuple[Factor, ...], keep: Scope, pool: _Pool) -> Step:
    union = _union(factors)
    shape = tuple(sizes[fact] for fact in union)
    states = prod(shape)
    grid = np.indices(shape).reshape(len(shape), states) if shape else np.zeros((0, 1), dtype=np.int64)
    size = prod(sizes[fact] for fact in keep)
    return Step(
        states=states,
        factors=factors,
        reads=tuple(_entry(grid, union, factor.scope, sizes) for factor in factors),
        writes=_entry(grid, union, keep, sizes),
        message=Factor(keep, pool.take(size)),
        message_size=size,
    )


def _entry(grid: Index, union: Scope, scope: Scope, sizes: tuple[int, ...]) -> Index:
    """The entry of a factor over `scope`, in its own order, at every joint state of `union`."""
    entry = np.zeros(grid.shape[1], dtype=np.int64)
    for fact in scope:
        entry = entry * sizes[fact] + grid[union.index(fact)]
    return entry
