"""The same network with other numbers: where it shared them, numbers of their own; and what a number bears upon.

For asking what if only this one were different, and for summing again no more than that changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from attribution.network.program import (
    BY_PRIOR,
    BY_SIZE,
    CONSTANT,
    DIRECT,
    ODDS,
    PROBABILITY,
    RATIO,
    SAME,
    STATEMENT,
    Ints,
    Program,
    flat,
    frozen,
    starts,
)


@dataclass(frozen=True, slots=True, eq=False)
class Expanded:
    """A program in which every statement has one slot for its reliability, and every faction a factor in the prior.

    `reliability` (origin,) and `factor` (faction,) are the new slots, -1 where there is none: for items that are no
    statements, and for `other`, whose prior is a number by itself. Factors are 1, and so change nothing.
    """

    program: Program
    reliability: Ints
    factor: Ints


def expanded(program: Program) -> Expanded:
    """Give statements and factions slots of their own, after all others."""
    ints, first = program.ints, len(program.ints.slot_kind)
    statements = np.flatnonzero(ints.origin_kind == STATEMENT)
    named = np.flatnonzero(np.arange(len(program.factions)) != ints.other[0])
    one = first
    reliability = np.full(len(ints.origin_kind), -1, dtype=np.int64)
    reliability[statements] = one + 1 + np.arange(len(statements))
    factor = np.full(len(program.factions), -1, dtype=np.int64)
    factor[named] = one + 1 + len(statements) + np.arange(len(named))
    changed = _with_slots(program, 1 + len(statements) + len(named))
    weights = [
        [
            *ints.prior_slot[ints.prior_start[h] : ints.prior_start[h + 1]].tolist(),
            *([factor[h]] if factor[h] >= 0 else []),
        ]
        for h in range(len(program.factions))
    ]
    return Expanded(
        program=replace(
            changed,
            ints=replace(
                changed.ints,
                origin_source=frozen(np.where(reliability >= 0, one, ints.origin_source), np.int64),
                origin_item=frozen(np.where(reliability >= 0, reliability, ints.origin_item), np.int64),
                prior_start=frozen(starts(weights), np.int64),
                prior_slot=frozen(flat(weights), np.int64),
            ),
        ),
        reliability=reliability,
        factor=factor,
    )


def with_factor(program: Program, faction: str, factor: float) -> Program:
    """The prior weight of a faction times a factor; the other named ones then share what is left.

    What `other` has is a number by itself: there the factor multiplies its odds against all named ones together.
    """
    if program.factions.index(faction) == program.ints.other[0]:
        return _with_open_odds(program, factor)
    loose = expanded(program)
    slot = int(loose.factor[program.factions.index(faction)])
    # reliabilities stay the products they were: only the factors are taken over
    kept = replace(loose.program.ints, origin_source=program.ints.origin_source, origin_item=program.ints.origin_item)
    return with_constant(replace(loose.program, ints=kept), slot, factor)


def with_imitated(program: Program, origins: Iterable[str]) -> tuple[Program, Ints]:
    """What factions count among those whom the forger of some origins imitates, in slots of their own: (faction,)."""
    first, count = len(program.ints.slot_kind), len(program.factions)
    changed, slots = _with_slots(program, count), first + np.arange(count)
    weight = program.ints.forged_weight.reshape(-1, count).copy()
    weight[[program.origins.index(origin) for origin in origins]] = slots
    level = changed.floats.curve_a.copy()
    level[slots] = 0.5  # a number that no tape takes for certain
    return replace(
        changed,
        ints=replace(changed.ints, forged_weight=frozen(weight, np.int64)),
        floats=replace(changed.floats, curve_a=frozen(level, np.float64)),
    ), frozen(slots, np.int64)


def _with_open_odds(program: Program, ratio: float) -> Program:
    """The odds of the open set times a ratio: one more constant, and a slot of odds after it."""
    first = len(program.ints.slot_kind)
    changed = with_constant(_with_slots(program, 2), first, ratio)
    kind, base, second = (
        array.copy() for array in (changed.ints.slot_kind, changed.ints.slot_first, changed.ints.slot_second)
    )
    kind[first + 1], base[first + 1], second[first + 1] = ODDS, program.ints.surprise[0], first
    return replace(
        changed,
        ints=replace(
            changed.ints,
            slot_kind=frozen(kind, np.int64),
            slot_first=frozen(base, np.int64),
            slot_second=frozen(second, np.int64),
            surprise=frozen([first + 1, program.ints.surprise[1]], np.int64),
        ),
    )


def shifted(program: Program, coordinate: int, shift: float) -> Program:
    """One uncertain number moved by `shift` on its probit or log scale, wherever it stands; its width is kept.

    In the reference prior it stays.
    """
    if np.isin(driven(program, coordinate), _of_reference(program)).any():
        program = anchored(program)[0]
    level = program.floats.curve_a.copy()
    level[driven(program, coordinate)] += shift
    return replace(program, floats=replace(program.floats, curve_a=frozen(level, np.float64)))


def displaced(program: Program, shift: Mapping[int, float]) -> Program:
    """Uncertain numbers as they would be if their standard normals stood elsewhere, by coordinate; widths are kept."""
    level, bend = program.floats.curve_a.copy(), program.floats.curve_s.copy()
    for coordinate, by in shift.items():
        for slot in driven(program, coordinate).tolist():
            if program.floats.curve_d[slot] > 0.0:
                bend[slot] += by
            else:
                level[slot] += program.floats.curve_b[slot] * by
    return replace(
        program, floats=replace(program.floats, curve_a=frozen(level, np.float64), curve_s=frozen(bend, np.float64))
    )


def anchored(program: Program) -> tuple[Program, Ints]:
    """The uncertain numbers of the reference prior in slots of their own, after all others, so that they can stay.

    And of which slots these are the copies: (new slot,).
    """
    ints, floats = program.ints, program.floats
    shared = np.setdiff1d(_of_reference(program), ints.reference_own)
    shared = shared[ints.slot_kind[shared] != CONSTANT].astype(np.int64)
    place = np.arange(len(ints.slot_kind) + len(shared))
    place[shared] = len(ints.slot_kind) + np.arange(len(shared))
    wider = {name: getattr(ints, name) for name in ("slot_kind", "slot_first", "slot_second")}
    curves = {name: getattr(floats, name) for name in ("curve_a", "curve_b", "curve_d", "curve_s", "curve_vary")}
    moved = {name: np.where(of < 0, of, place[of]) for name, of in _reference(program).items()}
    own = np.concatenate([ints.reference_own, place[shared]])
    changed = replace(
        program,
        ints=replace(
            ints,
            **{name: frozen(np.concatenate([of, of[shared]]), np.int64) for name, of in wider.items()},
            **{name: frozen(of, np.int64) for name, of in moved.items()},
            reference_own=frozen(own, np.int64),
        ),
        floats=replace(
            floats, **{name: frozen(np.concatenate([of, of[shared]]), np.float64) for name, of in curves.items()}
        ),
    )
    return changed, shared


def _reference(program: Program) -> dict[str, Ints]:
    ints = program.ints
    return {
        "reference_slot": ints.reference_slot,
        "reference_within": ints.reference_within,
        "reference_size": ints.reference_size,
        "reference_other": ints.reference_other,
    }


def _of_reference(program: Program) -> Ints:
    """The slots of the numbers of the reference prior."""
    slots = np.unique(np.concatenate(list(_reference(program).values())))
    return slots[slots >= 0]


def with_constant(program: Program, slot: int, value: float) -> Program:
    """A constant exchanged, wherever it stands."""
    level = program.floats.curve_a.copy()
    level[slot] = value
    return replace(program, floats=replace(program.floats, curve_a=frozen(level, np.float64)))


def driven(program: Program, coordinate: int) -> Ints:
    """The slots whose value a coordinate moves as their own number (not as a member's deviation, nor for reference)."""
    kind = program.ints.slot_kind
    own = ((kind == PROBABILITY) | (kind == RATIO)) & (program.ints.slot_first == coordinate)
    own[program.ints.reference_own] = False
    return np.flatnonzero(own)


def _with_slots(program: Program, count: int) -> Program:
    """Constants of 1 after all other slots."""
    ints, floats = program.ints, program.floats
    none, zero = np.full(count, -1), np.zeros(count)
    return replace(
        program,
        ints=replace(
            ints,
            slot_kind=frozen(np.concatenate([ints.slot_kind, np.full(count, CONSTANT)]), np.int64),
            slot_first=frozen(np.concatenate([ints.slot_first, none]), np.int64),
            slot_second=frozen(np.concatenate([ints.slot_second, none]), np.int64),
        ),
        floats=replace(
            floats,
            curve_a=frozen(np.concatenate([floats.curve_a, np.ones(count)]), np.float64),
            curve_b=frozen(np.concatenate([floats.curve_b, zero]), np.float64),
            curve_d=frozen(np.concatenate([floats.curve_d, zero]), np.float64),
            curve_s=frozen(np.concatenate([floats.curve_s, zero]), np.float64),
            curve_vary=frozen(np.concatenate([floats.curve_vary, zero]), np.float64),
        ),
    )


@dataclass(frozen=True, slots=True)
class Reach:
    """Parts that some slots bear upon, whether the prior does, and the slots that follow from them (odds)."""

    parts: frozenset[int]
    prior: bool
    following: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class ReachMap:
    """For every slot, the parts it bears upon; the slots of the prior."""

    parts: tuple[frozenset[int], ...]
    prior: frozenset[int]
    program: Program

    @classmethod
    def of(cls, program: Program) -> ReachMap:
        ints = program.ints
        found: list[set[int]] = [set() for _ in ints.slot_kind]
        _tables(program, found)
        _origins(program, found)
        _reference_in_tables(program, found)
        of_prior = (ints.prior_slot, ints.within_slot, ints.surprise, ints.size_slot[ints.size_slot >= 0])
        prior = set(np.concatenate(of_prior).tolist())
        return cls(tuple(frozenset(parts) for parts in found), frozenset(prior), program)

    def reach(self, slots: Iterable[int]) -> Reach:
        """Of some slots together."""
        moved = set(slots)
        ints = self.program.ints
        odds = [
            int(slot)
            for slot in np.flatnonzero(ints.slot_kind == ODDS)
            if {int(ints.slot_first[slot]), int(ints.slot_second[slot])} & moved
        ]
        moved |= set(odds)
        parts = frozenset[int]().union(*(self.parts[slot] for slot in moved))
        return Reach(parts, bool(moved & self.prior), tuple(odds))


def _tables(program: Program, found: list[set[int]]) -> None:
    ints = program.ints
    configs, factions = len(ints.config_staged), len(program.factions)
    rows = ints.table_row.reshape(factions, configs) if configs else np.zeros((0, 0), dtype=np.int64)
    for part in range(len(ints.part_step) - 1):
        for config in ints.part_config[ints.part_config_start[part] : ints.part_config_start[part + 1]]:
            staged = int(ints.config_staged[config])
            if staged >= 0:
                inside = ints.staged_member[staged * factions : (staged + 1) * factions] == 1
                for slot in (ints.staged_slot[staged], *ints.size_slot[inside & (ints.size_slot >= 0)]):
                    found[slot].add(part)
            for row in set(rows[:, config].tolist()):
                for slot in ints.row_slot[ints.row_start[row] : ints.row_start[row + 1]]:
                    if slot >= 0:
                        found[slot].add(part)


def _reference_in_tables(program: Program, found: list[set[int]]) -> None:
    """Facts of a story follow the mean over all factions, and roles go to others by the prior: it bears upon them."""
    ints, configs_in_all = program.ints, len(program.ints.config_staged)
    rows = ints.table_row.reshape(len(program.factions), configs_in_all)
    split = (program.floats.row_rest[rows] == SAME).any(axis=0) if configs_in_all else np.zeros(0, dtype=bool)
    sizes = ints.size_slot[ints.size_slot >= 0]
    of_prior = (_of_reference(program), sizes)
    for part in range(len(ints.part_step) - 1):
        configs = ints.part_config[ints.part_config_start[part] : ints.part_config_start[part + 1]]
        if (ints.config_story[configs] >= 0).any() or split[configs].any():
            for slot in np.concatenate(of_prior):
                found[slot].add(part)


def _origins(program: Program, found: list[set[int]]) -> None:
    ints, factions = program.ints, len(program.factions)
    for o, part in enumerate(ints.origin_part.tolist()):
        if ints.forged[o] >= 0 and (ints.forged_weight[o * factions : (o + 1) * factions] == BY_PRIOR).any():
            for slot in _of_reference(program).tolist():  # what is forged at random imitates everybody
                found[slot].add(part)
        if ints.forged[o] >= 0:
            by_size = ints.size_slot[ints.forged_weight[o * factions : (o + 1) * factions] == BY_SIZE]
            for slot in by_size[by_size >= 0].tolist():
                found[slot].add(part)
        slots = [int(of[o]) for of in (ints.origin_source, ints.origin_item, ints.deceptive, ints.copying, ints.forged)]
        slots += ints.anyway_slot[ints.anyway_start[o] : ints.anyway_start[o + 1]].tolist()
        if ints.origin_kind[o] == DIRECT:
            slots += (ints.origin_leaf[o * factions : (o + 1) * factions] - 1).tolist()
            slots += (ints.evidence_pattern[ints.evidence_start[o] : ints.evidence_start[o + 1]] - 1).tolist()
        for slot in slots:
            if slot >= 0:
                found[slot].add(part)
