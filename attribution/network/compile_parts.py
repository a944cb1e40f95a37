"""What belongs to each part of a network, and which factions have the same numbers there."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from attribution.network.compile_origins import OriginArrays
from attribution.network.compile_tables import StagedArrays, TableArrays
from attribution.network.elimination import Plan
from attribution.network.program import GENERAL, IDLE
from attribution.network.slots import NONE


def starts(parts: Sequence[Sequence[object]]) -> list[int]:
    """Where each part begins in the flat list, and where the last one ends."""
    return [0, *accumulate(len(part) for part in parts)]


def flat(parts: Sequence[Sequence[int]]) -> list[int]:
    """All parts one after another."""
    return [value for part in parts for value in part]


def part_arrays(tables: TableArrays, staged: StagedArrays, origins: OriginArrays, plan: Plan) -> dict[str, object]:
    """Configurations, origins, scalars and classes of each part; the last part has no facts."""
    facts = [*plan.components, ()]
    parts = range(len(facts))
    configs = [
        [c for fact in members for c in range(tables.fact_config[fact], tables.fact_config[fact + 1])]
        for members in facts
    ]
    part_of_fact = {fact: part for part, members in enumerate(facts) for fact in members}
    local: list[list[int]] = [[] for _ in parts]
    for o, scope in enumerate(origins.scope):
        if not origins.shared[o]:
            local[part_of_fact[scope[0]] if scope else parts[-1]].append(o)
    roots = [[root.offset for root, of in zip(plan.roots, plan.root_part, strict=True) if of == part] for part in parts]
    keys = [
        [
            _numbers_of(leaf, configs[part], local[part], tables, staged, origins)
            for leaf in range(len(tables.rows_by_leaf))
        ]
        for part in parts
    ]
    classes = [list(dict.fromkeys(of_part)) for of_part in keys]
    before = starts(classes)
    leaves = [[of_part.index(key) for key in known] for of_part, known in zip(keys, classes, strict=True)]
    factors = [_factor(part, configs[part], local[part], staged, plan) for part in parts]
    return {
        "part_step": [len(plan.shared) + sum(of < part for of in plan.each_part) for part in (*parts, len(parts))],
        "part_config_start": starts(configs),
        "part_config": flat(configs),
        "part_origin_start": starts(local),
        "part_origin": flat(local),
        "part_root_start": starts(roots),
        "part_root": flat(roots),
        "class_start": before,
        "class_leaf": flat(leaves),
        "class_of": [before[part] + classes[part].index(key) for part in parts for key in keys[part]],
        "class_row": [
            tables.row_start[tables.rows_by_leaf[leaf][configs[part][0]]] if factors[part] >= 0 else NONE
            for part in parts
            for leaf in leaves[part]
        ],
        "part_states": [
            tables.config_start[mine[0] + 1] - tables.config_start[mine[0]] if mine else 0 for mine in configs
        ],
        "part_factor": factors,
    }


def _factor(part: int, configs: list[int], local: list[int], staged: StagedArrays, plan: Plan) -> int:
    """How a part can be summed: one row against one factor, not at all, or by its steps."""
    steps = [step for step, of in zip(plan.each, plan.each_part, strict=True) if of == part]
    if not configs or local or len(configs) > 1 or len(steps) != 1 or staged.of_config[configs[0]] != NONE:
        return GENERAL
    others = [factor.offset for factor in steps[0].factors[1:]]  # the first is the table itself
    if not others:
        return IDLE
    return others[0] if len(others) == 1 else GENERAL


def _numbers_of(
    leaf: int,
    configs: list[int],
    local: list[int],
    tables: TableArrays,
    staged: StagedArrays,
    origins: OriginArrays,
) -> tuple[int, ...]:
    """Everything in which one faction can differ from another within a part."""
    factions = len(tables.rows_by_leaf)
    rows = (tables.rows_by_leaf[leaf][c] for c in configs)
    scenes = sorted({staged.of_config[c] for c in configs} - {NONE})
    inside = (staged.member[t * factions + leaf] for t in scenes)
    return (*rows, *inside, *(origins.leaf[o][leaf] for o in local))
