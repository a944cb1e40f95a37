"""Changes to evidence and assumptions, small enough to try by hand, and the network that they amount to."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from attribution.domain.case import Case
from attribution.domain.evidence import Item, Statement
from attribution.domain.grades import Grade
from attribution.domain.identifiers import Catalog
from attribution.domain.model import Forged, Model
from attribution.domain.numbers import Number
from attribution.domain.origins import Origin, OriginDeclaration
from attribution.errors import UsageError
from attribution.inference.settings import Settings
from attribution.network.compile_origins import Unsaid
from attribution.network.compiler import compile_network
from attribution.network.program import CONSTANT, ODDS, Program, frozen

_NONE = -1


@dataclass(frozen=True, slots=True)
class Planted:
    """Every origin that can be forged was, with this probability: to point `toward` a node, or at random."""

    probability: float
    toward: str = ""

    def __post_init__(self) -> None:
        if not 0 <= self.probability <= 1:
            raise UsageError(f"planted has the probability {self.probability:g}.", allowed="0 to 1")


@dataclass(frozen=True, slots=True)
class Changes:
    """What is tried: items `off`, `grades` by origin, decibans added to the `prior` odds by faction, `planted`.

    An item that is off says nothing; of an origin with several items, what the others say remains. Grades and copies
    are read as they were with all items there. A named faction's prior gains against the other named ones, `other`
    against all of them together. `planted` takes the place of what the model says about forging.
    """

    off: frozenset[str] = frozenset()
    grades: tuple[tuple[str, Grade], ...] = ()
    prior: tuple[tuple[str, float], ...] = ()
    planted: Planted | None = None


def changed_network(case: Case, model: Model, settings: Settings, changes: Changes) -> Program:
    """The network of a case and a model, compiled anew with the changes made.

    Raises
    ------
    UsageError
        A change to an item, origin, faction or node that is not there.
    """
    standing = case.as_of(settings.as_of)
    _check(standing, changes)
    regraded = _regraded(case, dict(changes.grades))
    if changes.planted:
        model = _planted(standing, model, changes.planted)
    silent = [origin for origin in standing.origins if all(item.id in changes.off for item in origin.items)]
    whole = {item.id for origin in silent for item in origin.items}
    program = compile_network(regraded, model, settings.as_of, unsaid=Unsaid(items=changes.off - whole))
    return _shifted(program.without(frozenset(origin.id for origin in silent)), dict(changes.prior))


def statements(case: Case) -> tuple[Origin, ...]:
    """The origins that a grade applies to."""
    return tuple(origin for origin in case.origins if isinstance(origin.items[0], Statement))


def _check(case: Case, changes: Changes) -> None:
    graded = tuple(origin.id for origin in statements(case))
    known = (
        ("items", changes.off, case.evidence.ids),
        ("origins with a grade", (id for id, _ in changes.grades), graded),
        ("factions", (id for id, _ in changes.prior), case.factions.leaves),
        (
            "factions",
            (changes.planted.toward,) if changes.planted and changes.planted.toward else (),
            case.factions.ids,
        ),
    )
    for kind, named, there in known:
        for name in sorted(named):
            if name not in there:
                raise UsageError.unknown(kind, name, there)


def _regraded(case: Case, grades: dict[str, Grade]) -> Case:
    """The case with other grades, each where the file would hold it: on the declared origin or on its only item."""
    if not grades:
        return case
    declared = [
        replace(one, grade=grades[one.id]) if one.id in grades and _holds_grade(case, one) else one
        for one in case.declarations
    ]
    held = {one.id for one in case.declarations if _holds_grade(case, one)}
    items = [
        _with_grade(item, grades.get(item.origin_id) if item.origin_id not in held else None) for item in case.evidence
    ]
    return replace(case, declarations=Catalog(declared), evidence=Catalog(items, kind="item"))


def _holds_grade(case: Case, declared: OriginDeclaration) -> bool:
    return declared.grade is not None or sum(item.origin_id == declared.id for item in case.evidence) > 1


def _with_grade(item: Item, grade: Grade | None) -> Item:
    return replace(item, grade=grade, regraded=()) if grade and isinstance(item, Statement) else item


def _planted(case: Case, model: Model, planted: Planted) -> Model:
    """The model in which every origin that can be forged is, with one constant probability."""
    forged = tuple(
        Forged(origin.id, Number.exactly(planted.probability), planted.toward)
        for origin in statements(case)
        if origin.forgeable
    )
    return replace(model, deception=replace(model.deception, forged=forged))


def _shifted(program: Program, decibans: dict[str, float]) -> Program:
    """The network with prior odds multiplied: a constant more in each faction's weight, a ratio on those of `other`."""
    moved = {faction: 10 ** (shift / 10) for faction, shift in decibans.items() if shift}
    if not moved:
        return program
    ints, floats = program.ints, program.floats
    first_new, other = len(ints.slot_kind), program.factions[int(ints.other[0])]
    new_slot = {faction: first_new + position for position, faction in enumerate(moved)}
    kinds, firsts, seconds = [CONSTANT] * len(moved), [_NONE] * len(moved), [_NONE] * len(moved)
    surprise = ints.surprise
    if other in moved:
        kinds, firsts, seconds = [*kinds, ODDS], [*firsts, int(surprise[0])], [*seconds, new_slot[other]]
        surprise = np.array([first_new + len(moved), surprise[1]])
    weights = [
        [*ints.prior_slot[ints.prior_start[h] : ints.prior_start[h + 1]]]
        + ([new_slot[faction]] if faction in moved and faction != other else [])
        for h, faction in enumerate(program.factions)
    ]
    values = [*moved.values(), *[0.0] * (len(kinds) - len(moved))]
    zeros = [0.0] * len(kinds)
    return replace(
        program,
        ints=replace(
            ints,
            slot_kind=frozen([*ints.slot_kind, *kinds], np.int64),
            slot_first=frozen([*ints.slot_first, *firsts], np.int64),
            slot_second=frozen([*ints.slot_second, *seconds], np.int64),
            surprise=frozen(surprise, np.int64),
            prior_start=frozen(np.cumsum([0, *(len(slots) for slots in weights)]), np.int64),
            prior_slot=frozen([slot for slots in weights for slot in slots], np.int64),
        ),
        floats=replace(
            floats,
            curve_a=frozen([*floats.curve_a, *values], np.float64),
            curve_b=frozen([*floats.curve_b, *zeros], np.float64),
            curve_d=frozen([*floats.curve_d, *zeros], np.float64),
            curve_s=frozen([*floats.curve_s, *zeros], np.float64),
            curve_vary=frozen([*floats.curve_vary, *zeros], np.float64),
        ),
    )
