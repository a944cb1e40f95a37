"""The network as plain arrays: structure as integers, numbers as floats, and labels for people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Self

import numpy as np
from numpy.typing import NDArray

from attribution.domain.numbers import Number
from attribution.errors import Path

type Ints = NDArray[np.int64]
type Floats = NDArray[np.float64]

# How a slot gets its value from z.
CONSTANT, PROBABILITY, RATIO, ODDS = 0, 1, 2, 3
# What a faction counts among those whom a forger imitates, where that has no slot of its own.
BY_PRIOR, BY_SIZE = -2, -3
# What a row leaves, where that is no weight: 1 - p of two states; 1 - p, split among the others by the reference prior.
TWO_STATE, SAME = -1.0, -2.0
# What an origin is.
STATEMENT, ABSENCE, DIRECT = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Coordinate:
    """One standard normal: the uncertain number it drives, and where that stands in its document."""

    label: str
    block: str
    number: Number
    document: str
    at: Path


@dataclass(frozen=True, slots=True, eq=False)
class IntArrays:
    """Structure. Ragged arrays are a flat array and a `_start` array one longer than the number of parts.

    Sizes: S slots, H factions, R rows, C parent configurations of all facts together, T staged facts, V stories,
    O origins, K steps, P parts: the components of facts that nothing ties together, and, last, what is said of the
    perpetrator alone. The pool holds, one after another, the tables of one faction, those of the stories, the evidence
    factors and the messages.
    """

    other: Ints  # (1,) position of the open faction
    slot_kind: Ints  # (S,) CONSTANT, PROBABILITY, RATIO or ODDS
    slot_first: Ints  # (S,) coordinate; for ODDS the slot of the base probability; -1 for CONSTANT
    slot_second: Ints  # (S,) coordinate of a member's deviation or -1; for ODDS the slot of the ratio
    surprise: Ints  # (2,) slots of the prior of `other` and of surprise
    prior_start: Ints  # (H + 1,)
    prior_slot: Ints  # factors of a faction's prior weight
    size_slot: Ints  # (H,) how many organisations a faction stands for, -1 for one
    family: Ints  # (H,) factions that share by size, or -1 where the size itself counts
    within_start: Ints  # (H + 1,)
    within_slot: Ints  # factors that are normalised within the faction's block
    block: Ints  # (H,) block of a faction, or -1
    reference_start: Ints  # (H + 1,) as `prior_start`, of the prior that moves of the prior do not touch
    reference_slot: Ints
    reference_within: Ints  # as `within_slot`
    reference_size: Ints  # as `size_slot`
    reference_other: Ints  # (1,) slot of its share of `other`
    reference_own: Ints  # slots that stand for it alone
    row_start: Ints  # (R + 1,) where a row's states begin
    row_slot: Ints  # slot of each state, -1 for the state that takes the rest
    config_start: Ints  # (C + 1,) where the states of a configuration begin among the tables
    table_row: Ints  # (H * C,) row of a faction's configuration
    staged_slot: Ints  # (T,)
    config_staged: Ints  # (C,) staged fact of a configuration, or -1
    staged_member: Ints  # (T * H,) 1 where the faction belongs to those the scene points to
    story_at: Ints  # (V,) where the distribution of a story lies in the pool: independent, then which fact speaks
    story_facts: Ints  # (V,) how many facts it ties
    config_story: Ints  # (C,) story of a configuration, or -1
    config_speaks: Ints  # (C,) the state of the story in which the fact of the configuration speaks
    config_told: Ints  # (C,) where its table lies in the pool, states of the story by states of the fact
    origin_kind: Ints  # (O,)
    origin_source: Ints  # (O,) slot of the source's part of the reliability, or -1
    origin_item: Ints  # (O,) slot of the item's part; of the detection for an absence
    anyway_start: Ints  # (O + 1,)
    anyway_slot: Ints  # slot of each proposition's "would say anyway"
    anyway_negated: Ints
    deceptive: Ints  # (O,) slot or -1
    copying: Ints  # (O,) slot or -1
    copied: Ints  # (O,) the origin without which a copy speaks for itself, or -1
    copy_holds: Ints  # (O,) 1 where what is copied says at least as much about the facts that both speak of
    forged: Ints  # (O,) slot or -1
    forged_weight: Ints  # (O * H,) what a faction counts among those imitated: BY_SIZE, BY_PRIOR, -1 nothing, or a slot
    forged_step: Ints  # (O, 2) the first step and the one after the last of what an origin would say by itself
    forged_config_start: Ints  # (O + 1,)
    forged_config: Ints  # configurations of the facts that an origin speaks about, and of all above them
    forged_root_start: Ints  # (O + 1,)
    forged_root: Ints  # pool offsets of the scalars that are left
    origin_part: Ints  # (O,) part it speaks about
    origin_leaf: Ints  # (O * H,) 1 where what it says of the perpetrator holds. DIRECT: slot + 1
    evidence_offset: Ints  # (O,) where the factor lies in the pool
    evidence_start: Ints  # (O + 1,)
    evidence_pattern: Ints  # 1 where what it says of the facts holds. DIRECT: slot + 1
    evidence_shared: Ints  # (O,) 1 where the factor is the same for every faction
    step_size: Ints  # (K,) joint states of the step
    step_out: Ints  # (K,) where its message lies in the pool
    step_out_size: Ints  # (K,)
    step_out_index: Ints  # (K,) start in `entry`
    step_part: Ints  # (K,) part it belongs to; -1 for the steps of what a forger imitates, which come last
    factor_start: Ints  # (K + 1,)
    factor_offset: Ints  # where each factor lies in the pool
    factor_index: Ints  # start in `entry`
    entry: Ints  # for every joint state of a step, the entry of a factor or message
    part_step: Ints  # (P + 1,) first step of each part; those before the first are done once for all factions
    part_config_start: Ints  # (P + 1,)
    part_config: Ints  # configurations of the part's facts
    part_origin_start: Ints  # (P + 1,)
    part_origin: Ints  # origins whose factor differs between factions
    part_root_start: Ints  # (P + 1,)
    part_root: Ints  # pool offsets of the scalars that are left
    class_start: Ints  # (P + 1,)
    class_leaf: Ints  # one faction of each class: its members have the same numbers in that part
    class_of: Ints  # (P * H,) class of a faction in a part
    pool: Ints  # (1,) its length


@dataclass(frozen=True, slots=True, eq=False)
class FloatArrays:
    """Numbers."""

    curve_a: Floats  # (S,) constant, or the curve of the slot
    curve_b: Floats
    curve_d: Floats
    curve_s: Floats
    curve_vary: Floats
    row_rest: Floats  # (R,) weight of the rest; or `TWO_STATE`, `SAME`
    story_strength: Floats  # (V,)
    switch: Floats  # (O,) 1, or 0 where the origin is left out; in general the power to which its factor is taken


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Program:
    """A compiled case and model: arrays for the emitter, labels for people.

    `dimension` is the length of z; `fact_config` says where the parent configurations of each fact begin.
    """

    ints: IntArrays
    floats: FloatArrays
    coordinates: tuple[Coordinate, ...]
    factions: tuple[str, ...]
    origins: tuple[str, ...]
    facts: tuple[str, ...]
    states: tuple[tuple[str, ...], ...]
    fact_config: Ints  # (facts + 1,)
    parents: tuple[tuple[int, ...], ...]  # positions of each fact's parents
    traits: tuple[str, ...]
    trait_slot: Ints  # (traits, factions), -1 where a trait says nothing
    components: tuple[tuple[str, ...], ...]
    stories: tuple[str, ...] = ()

    @property
    def dimension(self) -> int:
        return len(self.coordinates)

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(coordinate.label for coordinate in self.coordinates)

    def without(self, origins: frozenset[str]) -> Self:
        """The same network with some origins left out: other data, same structure."""
        switch = self.floats.switch.copy()
        for position, origin in enumerate(self.origins):
            if origin in origins:
                switch[position] = 0.0
        switch.flags.writeable = False
        return replace(self, floats=replace(self.floats, switch=switch))

    def unheard(self, origins: frozenset[str]) -> Self:
        """The same network without the factors of some origins, which were there all the same: copies stay copies."""
        gone = [position for position, origin in enumerate(self.origins) if origin in origins]
        copied = frozen(np.where(np.isin(self.ints.copied, gone), -1, self.ints.copied), np.int64)
        return replace(self, ints=replace(self.ints, copied=copied)).without(origins)

    def powered(self, origin: str, power: float) -> Self:
        """The same network with the factor of one origin taken to a power: 0 leaves it out, 2 counts it twice."""
        switch = self.floats.switch.copy()
        switch[self.origins.index(origin)] = power
        switch.flags.writeable = False
        return replace(self, floats=replace(self.floats, switch=switch))

    def told(self, story: str, strength: float) -> Self:
        """The same network with another strength of a story: at 0 facts are independent, at 1 one speaks for all."""
        strengths = self.floats.story_strength.copy()
        strengths[self.stories.index(story)] = strength
        strengths.flags.writeable = False
        return replace(self, floats=replace(self.floats, story_strength=strengths))

    def without_evidence(self) -> Self:
        return self.without(frozenset(self.origins))


def frozen[T: np.generic](values: object, dtype: type[T]) -> NDArray[T]:
    """A private, read-only copy."""
    array = np.array(values, dtype=dtype).ravel()
    array.flags.writeable = False
    return array


def starts(parts: Sequence[Sequence[object]]) -> list[int]:
    """Where each part begins in the flat list, and where the last one ends."""
    return [0, *accumulate(len(part) for part in parts)]


def flat(parts: Sequence[Sequence[int]]) -> list[int]:
    """All parts one after another."""
    return [value for part in parts for value in part]
