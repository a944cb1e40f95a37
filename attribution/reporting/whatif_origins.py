"""Grades and origins as the page needs them: every proposition apart, so that any item of an origin can be silent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import product
from typing import Any

from attribution.analysis.what_if import Carried, grade_pools
from attribution.domain.case import Case
from attribution.domain.evidence import Item, Statement
from attribution.domain.grades import DIGITS, LETTERS, UNGRADED, Grade
from attribution.domain.identifiers import PERPETRATOR
from attribution.domain.numbers import Number
from attribution.domain.origins import Origin
from attribution.network.compile_origins import effective_grade
from attribution.network.curves import curve
from attribution.network.program import ABSENCE, DIRECT, Program

type Json = dict[str, Any]

_HALF = Number.exactly(0.5)


def bits(truths: Iterable[object]) -> str:
    """Zeros and ones as text: small, and easy to read."""
    return "".join("1" if truth else "0" for truth in truths)


def grades_json(carried: Carried, case: Case) -> Json:
    """What letters and digits are worth, and which columns of normals each source and each origin has for them.

    A column comes with the letter or digit that holds it at rest, empty for a spare one.
    """
    place = {label: column for column, label in enumerate(carried.labels)}
    pools = grade_pools(case, carried.labels)

    def pool(start: str) -> list[tuple[str, int]]:
        held = ((label.removeprefix(start).removesuffix("]"), place[label]) for label in pools[start])
        return [("" if mark.startswith("spare-") else mark, column) for mark, column in held]

    grading = carried.model.grading
    return {
        "letters": {letter: _worth(number) for letter, number in zip(LETTERS, grading.letters, strict=True)},
        "digits": {digit: _worth(number) for digit, number in zip(DIGITS, grading.digits, strict=True)},
        "reliability": {source: pool(f"reliability[{source}|") for source in case.sources.ids},
        "credibility": {origin: pool(f"credibility[{origin}|") for origin in case.origins.ids},
    }


def _worth(number: Number) -> list[float]:
    """A constant alone, or the curve of an uncertain number."""
    if number.constant:
        return [number.best]
    shape = curve(number)
    return [shape.a, shape.b, shape.d, shape.s]


def origins_json(carried: Carried, case: Case, program: Program) -> list[Json]:
    """All origins, in the order of the network."""
    return [_origin(carried, case, program, origin, o) for o, origin in enumerate(case.origins)]


def _origin(carried: Carried, case: Case, program: Program, origin: Origin, o: int) -> Json:
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
    says = _says(carried, case, origin)
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
        "holds": int(ints.copy_holds[o]),
        "forged": int(ints.forged[o]),
        "noise": int(ints.forged_noise[o]),
        "reached": bits(leaf & 2 for leaf in leaves.tolist()),
    }


def _confirmed(case: Case, origin: Origin) -> bool:
    """Whether another origin reports on the same fact, so that a digit 1 is read as 2."""
    return effective_grade(case, replace(origin, grade=Grade("A", "1"))).digit == "2"


def _says(carried: Carried, case: Case, origin: Origin) -> list[Json]:
    """Every proposition in the order of the items: whose it is, where it holds, and how often it is said anyway.

    Propositions with the same `meaning` are one however they are worded: the first that stands counts.
    """
    told = [(item, said) for item in origin.items for said in item.propositions]
    facts = sorted({case.facts.ids.index(said.fact) for _, said in told if said.fact != PERPETRATOR})
    names = [case.facts.ids[position] for position in facts]
    worlds = [dict(zip(names, states, strict=True)) for states in product(*(case.facts[name].states for name in names))]
    meanings = list(dict.fromkeys((said.fact, case.meaning(said)) for _, said in told))
    return [
        {
            "item": case.evidence.ids.index(item.id),
            "meaning": meanings.index((said.fact, case.meaning(said))),
            "states": bits(said.fact == PERPETRATOR or world[said.fact] in case.meaning(said) for world in worlds),
            "leaves": bits(said.fact != PERPETRATOR or leaf in case.meaning(said) for leaf in case.factions.leaves),
            "negated": said.negated,
            "anyway": _anyway(carried, case, origin, item),
        }
        for item, said in told
    ]


def _anyway(carried: Carried, case: Case, origin: Origin, item: Item) -> list[float]:
    """How often the source says so whatever is true: a constant, or a column of normals and a curve."""
    if not isinstance(item, Statement):
        return [0.5]
    by_source = case.sources[origin.source].would_say_anyway
    number = item.would_say_anyway or by_source or _HALF
    label = f"anyway[{origin.source}|{item.id}]" if item.would_say_anyway else f"anyway[{origin.source}]"
    return _worth(number) if number.constant else [carried.labels.index(label), *_worth(number)]
