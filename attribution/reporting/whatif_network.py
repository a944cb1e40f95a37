"""The network as the page needs it: plain JSON, numbers as references to slots, draws as base64.

Propositions stand apart, so that any item of an origin can be silent.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise, product
from typing import Any

import numpy as np

from attribution.analysis.what_if import PageDraws, grade_pools
from attribution.domain.case import Case
from attribution.domain.evidence import Item, Statement
from attribution.domain.grades import DIGITS, LETTERS, UNGRADED, Grade
from attribution.domain.identifiers import PERPETRATOR
from attribution.domain.numbers import Number
from attribution.domain.origins import Origin
from attribution.network.compile_origins import effective_grade
from attribution.network.curves import curve
from attribution.network.program import ABSENCE, DIRECT, Ints, Program

type Json = dict[str, Any]
_HALF = Number.exactly(0.5)


def network_json(embedded: PageDraws, program: Program) -> Json:
    """Everything that the sums in the page need; `embedded` holds the draws, `program` the network at rest."""
    case = embedded.case.as_of(embedded.settings.as_of)
    ints = program.ints
    return {
        "draws": len(embedded.z),
        "weights": (embedded.weights / embedded.weights.min()).tolist(),
        "normals": base64.b64encode(embedded.z.T.astype("<f4").tobytes()).decode("ascii"),
        "factions": list(program.factions),
        "size": ints.size_slot.tolist(),
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
        "stories": [
            {"at": at, "facts": facts, "strength": strength}
            for at, facts, strength in zip(
                ints.story_at.tolist(), ints.story_facts.tolist(), program.floats.story_strength.tolist(), strict=True
            )
        ],
        "parts": _parts(program),
        "pool": int(ints.pool[0]),
        **grades_json(embedded, case),
        "origins": origins_json(embedded, case, program),
        "items": [{"id": item.id, "origin": case.origins.ids.index(item.origin_id)} for item in case.evidence],
    }


def bits(truths: Iterable[object]) -> str:
    """Zeros and ones as text: small, and easy to read."""
    return "".join("1" if truth else "0" for truth in truths)


def grades_json(embedded: PageDraws, case: Case) -> Json:
    """What letters and digits are worth, and which columns of normals each source and each origin has for them.

    A column comes with the letter or digit that holds it at rest, empty for a spare one.
    """
    place = {label: column for column, label in enumerate(embedded.labels)}
    pools = grade_pools(case, embedded.labels)

    def pool(start: str) -> list[tuple[str, int]]:
        held = ((label.removeprefix(start).removesuffix("]"), place[label]) for label in pools[start])
        return [("" if mark.startswith("spare-") else mark, column) for mark, column in held]

    grading = embedded.model.grading
    return {
        "letters": {letter: _worth(number) for letter, number in zip(LETTERS, grading.letters, strict=True)},
        "digits": {digit: _worth(number) for digit, number in zip(DIGITS, grading.digits, strict=True)},
        "reliability": {source: pool(f"reliability[{source}|") for source in case.sources.ids},
        "credibility": {origin: pool(f"credibility[{origin}|") for origin in case.origins.ids},
    }


def origins_json(embedded: PageDraws, case: Case, program: Program) -> list[Json]:
    """All origins, in the order of the network."""
    return [_origin(embedded, case, program, origin, o) for o, origin in enumerate(case.origins)]


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
            {"family": int(family), "slots": slots, "within": within, "block": int(block)}
            for family, slots, within, block in zip(
                ints.family,
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
    """Per configuration of parents: its place in the pool, the row of each faction, its staging, its story."""
    ints = program.ints
    rows = ints.table_row.reshape(len(program.factions), -1)
    return [
        {
            "at": int(start),
            "rows": rows[:, c].tolist(),
            "staged": int(ints.config_staged[c]),
            "story": int(ints.config_story[c]),
            "speaks": int(ints.config_speaks[c]),
            "told": int(ints.config_told[c]),
        }
        for c, start in enumerate(ints.config_start[:-1])
    ]


def _staged(program: Program) -> list[Json]:
    ints, factions = program.ints, len(program.factions)
    inside = ints.staged_member.reshape(-1, factions)
    return [{"slot": int(slot), "inside": bits(member)} for slot, member in zip(ints.staged_slot, inside, strict=True)]


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


def _worth(number: Number) -> list[float]:
    """A constant alone, or the curve of an uncertain number."""
    if number.constant:
        return [number.best]
    shape = curve(number)
    return [shape.a, shape.b, shape.d, shape.s]


def _origin(embedded: PageDraws, case: Case, program: Program, origin: Origin, o: int) -> Json:
    ints, factions = program.ints, len(program.factions)
    start, end = int(ints.evidence_start[o]), int(ints.evidence_start[o + 1])
    leaves = ints.origin_leaf[o * factions : (o + 1) * factions]
    place: Json = {"id": origin.id, "at": int(ints.evidence_offset[o]), "size": end - start}
    if ints.origin_kind[o] == DIRECT:
        return {
            "kind": "direct",
            **place,
            "leaves": leaves.tolist(),
            "states": ints.evidence_pattern[start:end].tolist(),
        }
    says = _says(embedded, case, origin)
    if ints.origin_kind[o] == ABSENCE:
        return {"kind": "absence", **place, "says": says, "detection": int(ints.origin_item[o])}
    return {
        "kind": "statement",
        **place,
        "says": says,
        "source": origin.source,
        "grade": str(origin.grade or UNGRADED),
        "confirmed": _confirmed(case, origin),
        "forgeable": origin.forgeable,
        "deceptive": int(ints.deceptive[o]),
        "copying": int(ints.copying[o]),
        "copies": _copied(case, origin),
        "holds": int(ints.copy_holds[o]),
        "forged": int(ints.forged[o]),
        "imitated": ints.forged_weight[o * factions : (o + 1) * factions].tolist(),
        "alone": _alone(program, o),
    }


def _copied(case: Case, origin: Origin) -> int:
    """The item that an origin copies, by its place, or -1."""
    item = origin.items[0]
    return case.evidence.ids.index(item.copies.of) if isinstance(item, Statement) and item.copies else -1


def _alone(program: Program, o: int) -> Json:
    """What it takes to sum an origin by itself: configurations, steps, and the scalars that are left."""
    ints = program.ints
    first, last = ints.forged_step[2 * o : 2 * o + 2].tolist()
    return {
        "configs": _ragged(ints.forged_config_start, ints.forged_config)[o],
        "steps": [_step(step, program) for step in range(first, last)],
        "roots": _ragged(ints.forged_root_start, ints.forged_root)[o],
    }


def _confirmed(case: Case, origin: Origin) -> bool:
    """Whether another origin reports on the same fact, so that a digit 1 is read as 2."""
    return effective_grade(case, replace(origin, grade=Grade("A", "1"))).digit == "2"


def _says(embedded: PageDraws, case: Case, origin: Origin) -> list[Json]:
    """Every proposition in the order of the items: whose it is, where it holds, and how often it is said anyway.

    Propositions with the same `meaning` are one however they are worded: the first that stands counts.
    """
    propositions = [(item, said) for item in origin.items for said in item.propositions]
    facts = sorted({case.facts.ids.index(said.fact) for _, said in propositions if said.fact != PERPETRATOR})
    names = [case.facts.ids[position] for position in facts]
    worlds = [dict(zip(names, states, strict=True)) for states in product(*(case.facts[name].states for name in names))]
    meanings = list(dict.fromkeys((said.fact, case.meaning(said)) for _, said in propositions))
    return [
        {
            "item": case.evidence.ids.index(item.id),
            "meaning": meanings.index((said.fact, case.meaning(said))),
            "states": bits(said.fact == PERPETRATOR or world[said.fact] in case.meaning(said) for world in worlds),
            "leaves": bits(said.fact != PERPETRATOR or leaf in case.meaning(said) for leaf in case.factions.leaves),
            "negated": said.negated,
            "anyway": _anyway(embedded, case, origin, item),
        }
        for item, said in propositions
    ]


def _anyway(embedded: PageDraws, case: Case, origin: Origin, item: Item) -> list[float]:
    """How often the source says so whatever is true: a constant, or a column of normals and a curve."""
    if not isinstance(item, Statement):
        return [0.5]
    by_source = case.sources[origin.source].would_say_anyway
    number = item.would_say_anyway or by_source or _HALF
    label = f"anyway[{origin.source}|{item.id}]" if item.would_say_anyway else f"anyway[{origin.source}]"
    return _worth(number) if number.constant else [embedded.labels.index(label), *_worth(number)]
