"""The network as the page needs it: plain JSON, numbers as references to slots, draws as base64."""

from __future__ import annotations

import base64
from itertools import pairwise
from typing import Any

import numpy as np

from attribution.analysis.what_if import Carried
from attribution.network.program import Ints, Program
from attribution.reporting.whatif_origins import bits, grades_json, origins_json

type Json = dict[str, Any]


def network_json(carried: Carried, program: Program) -> Json:
    """Everything that the sums in the page need; `carried` holds the draws, `program` the network at rest."""
    case = carried.case.as_of(carried.settings.as_of)
    ints = program.ints
    return {
        "draws": len(carried.z),
        "weights": (carried.weights / carried.weights.min()).tolist(),
        "normals": base64.b64encode(carried.z.T.astype("<f4").tobytes()).decode("ascii"),
        "factions": list(program.factions),
        "sizes": list(case.factions.sizes),
        "nodes": {
            node: bits(leaf in case.factions.under(node) for leaf in program.factions) for node in case.factions.ids
        },
        "slots": _slots(program),
        "prior": _prior(program),
        "rows": [
            {"slots": ints.row_slot[start:end].tolist(), "rest": float(rest)}
            for (start, end), rest in zip(pairwise(ints.row_start), program.floats.row_rest, strict=True)
        ],
        "configs": _configs(program),
        "staged": _staged(program),
        "parts": _parts(program),
        "pool": int(ints.sizes[1]),
        **grades_json(carried, case),
        "origins": origins_json(carried, case, program),
        "items": [{"id": item.id, "origin": case.origins.ids.index(item.origin_id)} for item in case.evidence],
    }


def _slots(program: Program) -> list[list[float]]:
    """Per slot: kind, first, second, and the curve; as in `attribution.network.program`."""
    ints, floats = program.ints, program.floats
    whole = np.stack([ints.slot_kind, ints.slot_first, ints.slot_second], axis=1).tolist()
    curves = np.stack([floats.curve_a, floats.curve_b, floats.curve_d, floats.curve_s, floats.curve_vary], axis=1)
    return [[*structure, *numbers] for structure, numbers in zip(whole, curves.tolist(), strict=True)]


def _prior(program: Program) -> Json:
    ints = program.ints
    return {
        "other": int(ints.other[0]),
        "share": int(ints.surprise[0]),
        "surprise": int(ints.surprise[1]),
        "weights": [
            {"constant": float(constant), "slots": slots, "within": within, "block": int(block)}
            for constant, slots, within, block in zip(
                program.floats.prior_constant,
                _ragged(ints.prior_start, ints.prior_slot),
                _ragged(ints.within_start, ints.within_slot),
                ints.block,
                strict=True,
            )
        ],
    }


def _ragged(starts: Ints, flat: Ints) -> list[list[int]]:
    return [flat[start:end].tolist() for start, end in pairwise(starts)]


def _configs(program: Program) -> list[Json]:
    """Per configuration of parents: where its table begins in the pool, the row of each faction, the staged fact."""
    ints = program.ints
    rows = ints.table_row.reshape(len(program.factions), -1)
    return [
        {"at": int(start), "rows": rows[:, c].tolist(), "staged": int(ints.config_staged[c])}
        for c, start in enumerate(ints.config_start[:-1])
    ]


def _staged(program: Program) -> list[Json]:
    ints, factions = program.ints, len(program.factions)
    inside = ints.staged_member.reshape(-1, factions)
    weights = program.floats.staged_weight.reshape(-1, factions)
    return [
        {"slot": int(slot), "inside": bits(member), "weights": weight.tolist()}
        for slot, member, weight in zip(ints.staged_slot, inside, weights, strict=True)
    ]


def _parts(program: Program) -> list[Json]:
    """Per part: its configurations, its origins, the steps in their order, and the scalars that are left."""
    ints = program.ints
    configs, roots = _ragged(ints.part_config_start, ints.part_config), _ragged(ints.part_root_start, ints.part_root)
    return [
        {
            "configs": configs[part],
            "origins": np.flatnonzero(ints.origin_part == part).tolist(),
            "steps": [_step(step, program) for step in (*_shared(program, part), *range(first, last))],
            "roots": roots[part],
        }
        for part, (first, last) in enumerate(pairwise(ints.part_step.tolist()))
    ]


def _shared(program: Program, part: int) -> list[int]:
    """The steps of a part that are done once for all factions while nobody's evidence is faction by faction."""
    return [step for step in range(program.ints.part_step[0]) if program.ints.step_part[step] == part]


def _step(step: int, program: Program) -> Json:
    """Which entries of the pool meet at each joint state, and which entry of the message they are added to."""
    ints = program.ints
    size = int(ints.step_size[step])
    factors = range(ints.factor_start[step], ints.factor_start[step + 1])

    def entries(start: int) -> Ints:
        return ints.entry[start : start + size]

    reads = [(ints.factor_offset[f] + entries(ints.factor_index[f])).tolist() for f in factors]
    writes = (ints.step_out[step] + entries(ints.step_out_index[step])).tolist()
    return {"reads": reads, "writes": writes}
