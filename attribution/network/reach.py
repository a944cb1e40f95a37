"""What a number bears upon: which parts of the network, and whether the prior, have to be summed again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from attribution.network.program import DIRECT, ODDS, Program


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
        prior = {*ints.prior_slot.tolist(), *ints.within_slot.tolist(), *ints.surprise.tolist()}
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
    configs = len(ints.config_staged)
    rows = ints.table_row.reshape(len(program.factions), configs) if configs else np.zeros((0, 0), dtype=np.int64)
    for part in range(len(ints.part_states)):
        for config in ints.part_config[ints.part_config_start[part] : ints.part_config_start[part + 1]]:
            if ints.config_staged[config] >= 0:
                found[ints.staged_slot[ints.config_staged[config]]].add(part)
            for row in set(rows[:, config].tolist()):
                for slot in ints.row_slot[ints.row_start[row] : ints.row_start[row + 1]]:
                    if slot >= 0:
                        found[slot].add(part)


def _origins(program: Program, found: list[set[int]]) -> None:
    ints, factions = program.ints, len(program.factions)
    for o, part in enumerate(ints.origin_part.tolist()):
        slots = [int(of[o]) for of in (ints.origin_source, ints.origin_item, ints.deceptive, ints.copying, ints.forged)]
        slots += ints.anyway_slot[ints.anyway_start[o] : ints.anyway_start[o + 1]].tolist()
        if ints.origin_kind[o] == DIRECT:
            slots += (ints.origin_leaf[o * factions : (o + 1) * factions] - 1).tolist()
            slots += (ints.evidence_pattern[ints.evidence_start[o] : ints.evidence_start[o + 1]] - 1).tolist()
        for slot in slots:
            if slot >= 0:
                found[slot].add(part)
