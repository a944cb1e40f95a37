"""Changes of one thing by an amount, behind one protocol: what changes, by how much, how it is applied and previewed.

An uncertain number moves on its own scale, a prior weight by decades, a grade by steps; origins are forged with a
probability; a unit of the evidence falls silent. Applied, changes compose: each takes a variant of the case, the model
and the network to another. Previewed, only what one change bears upon is summed again in the draws of a workspace.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import batched
from typing import Protocol
from weakref import WeakKeyDictionary

import numpy as np

from attribution.analysis.cache import AnalysisCache
from attribution.analysis.reweighting import Reweighted, reweight, transferred
from attribution.analysis.units import Unit
from attribution.analysis.workspace import Changed, Columns, Workspace
from attribution.domain.case import Case
from attribution.domain.evidence import Item, Statement
from attribution.domain.grades import DIGITS, LETTERS, Grade
from attribution.domain.identifiers import Catalog
from attribution.domain.model import Forged, Model
from attribution.domain.moments import Moment
from attribution.domain.numbers import Number
from attribution.domain.origins import Origin, OriginDeclaration
from attribution.inference.posterior import Posterior
from attribution.network.compile_origins import Unsaid, effective_grade
from attribution.network.compiler import compile_network
from attribution.network.curves import quantile, to_scale
from attribution.network.edits import Reach, driven, shifted, with_factor, with_imitated
from attribution.network.program import Floats, Ints, Program
from attribution.network.summation import (
    forgings,
    keep_open,
    log_joint_at,
    numbers,
    part_log_likelihood,
    surprise,
    tables,
)

FARTHEST_SHIFT = 3.0  # widths of a number
FARTHEST_FACTOR = 3.0  # decades of a prior weight
AT_RANDOM = ""  # forged toward nobody
_BEST, _WORST = Grade("A", "1"), Grade("E", "5")
_JUDGED_LETTERS, _JUDGED_DIGITS = LETTERS[:-1], DIGITS[:-1]
_MARK = Number.exactly(0.4142135623)  # a constant that no case states, so that its slot is its own

_TOGETHER = 2**19  # numbers of a network that are changed at a time

_ALL_SAID = Unsaid()

type Edit = Callable[[Program], Program]


@dataclass(frozen=True, slots=True)
class Variant:
    """A case and a model with changes made, and the network that they amount to.

    `compiled` is the network of just this case and this model, where it is known. Of it some origins are `silent`,
    others say less (`unsaid`); `edits` of the compiled network come last.
    """

    case: Case
    model: Model
    as_of: Moment | None
    compiled: Program | None = None
    silent: frozenset[str] = frozenset()
    unsaid: Unsaid = _ALL_SAID
    edits: tuple[Edit, ...] = ()

    @classmethod
    def of(cls, posterior: Posterior) -> Variant:
        """Without a change."""
        return cls(posterior.case, posterior.model, posterior.settings.as_of, posterior.program)

    @property
    def program(self) -> Program:
        """The network."""
        program = self.compiled or compile_network(self.case, self.model, self.as_of, unsaid=self.unsaid)
        if self.silent:
            program = program.without(self.silent)
        for edit in self.edits:
            program = edit(program)
        return program

    def edited(self, edit: Edit) -> Variant:
        """With another change to the compiled network."""
        return replace(self, edits=(*self.edits, edit))


class Perturbation(Protocol):
    """A change of one thing by an amount; an amount of 0 leaves all as it stands."""

    @property
    def id(self) -> str:
        """What is changed."""

    def apply(self, variant: Variant, amount: float) -> Variant:
        """The change made."""

    def preview(self, workspace: Workspace, amount: float) -> Floats:
        """The log-joint (draw, faction) under the change of this one thing, in the draws of a workspace."""

    def size(self, amount: float) -> float:
        """What the amount counts in a finding."""


def perturbed(workspace: Workspace, change: Perturbation, amount: float, *, refit: bool = True) -> Reweighted:
    """The posterior under one change, from all draws; see `reweight`."""
    posterior = workspace.posterior
    program = change.apply(Variant.of(posterior), amount).program
    return reweight(posterior, program, change.preview(workspace, amount), refit=refit)


def margins_under(workspace: Workspace, changes: Sequence[Perturbation], amounts: Sequence[float] | Floats) -> Floats:
    """Log-odds of the leader against every faction under each change by its amount alone: (change, faction).

    Changes of numbers are summed together, so many at a time as stay near the processor.
    """
    found = np.empty((len(changes), len(workspace.program.factions)))
    together = max(1, _TOGETHER // workspace.known.total.size)
    kinds: dict[type, dict[int, NumberShift | Regrade]] = {}  # the two have networks of their own
    for position, (change, amount) in enumerate(zip(changes, amounts, strict=True)):
        if isinstance(change, NumberShift | Regrade):
            kinds.setdefault(type(change), {})[position] = change
        elif isinstance(change, PriorWeight):
            found[position] = workspace.margins_under(change.changed(workspace, float(amount)))[0]
        else:
            found[position] = workspace.margins(change.preview(workspace, float(amount)))
    for kind in kinds.values():
        for some in batched(kind.items(), together):
            moves = [(one.columns(workspace, float(amounts[at])), one.reach(workspace)) for at, one in some]
            found[[position for position, _ in some]] = workspace.margins_under(workspace.changed(moves))
    return found


@dataclass(frozen=True, slots=True)
class NumberShift:
    """An uncertain number moved by widths ``H - L`` on its probit or log scale, its width kept."""

    id: str
    coordinate: int
    width: float

    def apply(self, variant: Variant, amount: float) -> Variant:
        return variant.edited(lambda program: shifted(program, program.labels.index(self.id), amount * self.width))

    def preview(self, workspace: Workspace, amount: float) -> Floats:
        return workspace.total(self.columns(workspace, amount), self.reach(workspace))

    def columns(self, workspace: Workspace, amount: float) -> Columns:
        """Values of the slots that change, by slot."""
        return workspace.shifted(self.coordinate, amount * self.width)

    def reach(self, workspace: Workspace) -> Reach:
        """What it bears upon."""
        return workspace.moved_by(self.coordinate)[1]

    def size(self, amount: float) -> float:
        return abs(amount)


def number_shifts(posterior: Posterior) -> list[NumberShift]:
    """Every uncertain number of the network."""

    def width(number: Number) -> float:
        return to_scale(number.high, number.scale) - to_scale(number.low, number.scale)

    return [
        NumberShift(coordinate.label, position, width(coordinate.number))
        for position, coordinate in enumerate(posterior.program.coordinates)
        if len(driven(posterior.program, position))
    ]


@dataclass(frozen=True, slots=True, eq=False)
class PriorWeight:
    """The prior weight of a named faction moved by decades; the others share what is left.

    The size is the change of its mean prior share; `shares` are draws from the prior, (draw, faction).
    """

    id: str
    faction: int
    other: int
    shares: Floats

    def apply(self, variant: Variant, amount: float) -> Variant:
        return weighted(variant, self.id, 10.0**amount)

    def preview(self, workspace: Workspace, amount: float) -> Floats:
        return self.changed(workspace, amount).log_joint(workspace.program)

    def changed(self, workspace: Workspace, amount: float) -> Changed:
        """The log-joint before the open set is mixed in."""
        prior, (open_set, share) = workspace.known.prior, surprise(workspace.program, workspace.slots)
        named = 1.0 - np.exp(prior[:, self.other])
        grown = (10.0**amount - 1.0) * np.exp(prior[:, self.faction])
        moved = np.empty((prior.shape[1], 1, len(prior)))
        moved[:] = np.log(named / (named + grown))
        moved[self.other] = 0.0
        moved[self.faction] += amount * math.log(10.0)
        return workspace.with_change((open_set[None], share[None]), None, moved)

    def size(self, amount: float) -> float:
        return abs(self.share(amount) - self.share(0.0))

    def share(self, amount: float) -> float:
        """The mean prior share of the faction when its weight is multiplied by 10 to the amount."""
        open_set = self.shares[:, self.other]
        more = 10.0**amount * self.shares[:, self.faction]
        return float(np.mean((1.0 - open_set) * more / (1.0 - open_set - self.shares[:, self.faction] + more)))


def weighted(variant: Variant, faction: str, factor: float) -> Variant:
    """The prior weight of a faction times a factor; of `other`, its odds against all named ones."""
    return variant.edited(lambda program: with_factor(program, faction, factor))


def prior_weights(posterior: Posterior) -> list[PriorWeight]:
    """The weight of every named faction; the share of `other` is a number of the model by itself."""
    other = int(posterior.program.ints.other[0])
    return [
        PriorWeight(faction, position, other, posterior.prior_faction_draws)
        for position, faction in enumerate(posterior.program.factions)
        if position != other
    ]


@dataclass(frozen=True, slots=True)
class Regrade:
    """Another grade for one origin: the amount is a place among its `grades`, the one it has first.

    `ends` are the places of the best and the worst: the lead is a sum in which its reliability stands once. Applied,
    the case is written and compiled anew. Previewed, its reliability alone takes other values: a letter's are those
    that its source has elsewhere, or its own.
    """

    id: str
    position: int
    origin: Origin
    grades: tuple[Grade, ...]
    ends: tuple[int, ...]

    @classmethod
    def to(cls, case: Case, origin: str, grade: Grade) -> Regrade:
        """One other grade, whatever scale it is on: the amount is 1."""
        now = effective_grade(case, case.origins[origin])
        return cls(origin, case.origins.ids.index(origin), case.origins[origin], (now, grade), (1,))

    @property
    def now(self) -> Grade:
        """The grade as it is read."""
        return self.grades[0]

    def apply(self, variant: Variant, amount: float) -> Variant:
        return replace(variant, case=regraded(variant.case, {self.id: self.grades[int(amount)]}), compiled=None)

    def preview(self, workspace: Workspace, amount: float) -> Floats:
        return workspace.total(self.columns(workspace, amount), self.reach(workspace))

    def columns(self, workspace: Workspace, amount: float) -> Columns:
        """Values of the slots that change, by slot."""
        grade = self.grades[int(amount)]
        column = int(workspace.expanded.reliability[self.position])
        return {column: self._letter(workspace, grade) * self._digit(workspace, grade)}

    def reach(self, workspace: Workspace) -> Reach:
        """What it bears upon."""
        part = int(workspace.program.ints.origin_part[self.position])
        return Reach(frozenset({part}), prior=False, following=())

    def size(self, amount: float) -> float:
        return float(_steps(self.now, self.grades[int(amount)]))

    def _letter(self, workspace: Workspace, grade: Grade) -> Floats:
        """The source part: as it is; as the source has it elsewhere; or its own, of which nothing is known."""
        program = workspace.program
        if grade.letter == self.now.letter:
            return workspace.slots[:, program.ints.origin_source[self.position]]
        label = f"reliability[{self.origin.source}|{grade.letter}]"
        number = workspace.posterior.model.grading.source_part(grade)
        if label in program.labels:
            return quantile(number, workspace.z[:, program.labels.index(label)])
        return quantile(number, np.random.default_rng(self.position).standard_normal(len(workspace.z)))

    def _digit(self, workspace: Workspace, grade: Grade) -> Floats:
        """The item part, which no other origin shares."""
        if grade.digit == self.now.digit:
            return workspace.slots[:, workspace.program.ints.origin_item[self.position]]
        fresh = np.random.default_rng(1000 + self.position).standard_normal(len(workspace.z))
        return quantile(workspace.posterior.model.grading.item_part(grade), fresh)


def grades(posterior: Posterior) -> list[Regrade]:
    """All grades, the fewest steps first, of every origin that has one in both scales.

    F and 6 stand outside the scales, and cannot be moved by steps.
    """
    case = posterior.known_case
    moves = []
    for position, id in enumerate(posterior.program.origins):
        origin = case.origins[id]
        grade = origin.grade
        if isinstance(origin.items[0], Statement) and grade and grade.letter != "F" and grade.digit != "6":
            now = effective_grade(case, origin)
            known = (now, *_others(case, origin, now))
            ends = (known.index(end) for end in (_as_read(case, origin, _BEST), _WORST))
            moves.append(Regrade(id, position, origin, known, tuple(place for place in ends if place)))
    return moves


def _others(case: Case, origin: Origin, now: Grade) -> list[Grade]:
    known = dict.fromkeys(
        _as_read(case, origin, Grade(letter, digit)) for letter in _JUDGED_LETTERS for digit in _JUDGED_DIGITS
    )
    return sorted((grade for grade in known if _steps(now, grade)), key=lambda grade: _steps(now, grade))


def _as_read(case: Case, origin: Origin, grade: Grade) -> Grade:
    """A digit 1 is read as 2 where another origin reports on the same fact."""
    return effective_grade(case, replace(origin, grade=grade))


def _steps(now: Grade, then: Grade) -> int:
    """Steps of letter and digit between two grades."""
    letters = abs(_JUDGED_LETTERS.index(now.letter) - _JUDGED_LETTERS.index(then.letter))
    return letters + abs(_JUDGED_DIGITS.index(now.digit) - _JUDGED_DIGITS.index(then.digit))


def regraded(case: Case, grades: Mapping[str, Grade]) -> Case:
    """The case with other grades by origin, each where the file would hold it: on a declared origin or an only item."""
    if not grades:
        return case
    held = {one.id for one in case.declarations if _holds_grade(case, one)}
    declared = [
        replace(one, grade=grades[one.id]) if one.id in grades and one.id in held else one for one in case.declarations
    ]
    items = [
        _with_grade(item, grades.get(item.origin_id) if item.origin_id not in held else None) for item in case.evidence
    ]
    return replace(case, declarations=Catalog(declared), evidence=Catalog(items, kind="item"))


def _holds_grade(case: Case, declared: OriginDeclaration) -> bool:
    return declared.grade is not None or sum(item.origin_id == declared.id for item in case.evidence) > 1


def _with_grade(item: Item, grade: Grade | None) -> Item:
    return replace(item, grade=grade, regraded=()) if grade and isinstance(item, Statement) else item


@dataclass(frozen=True, slots=True, eq=False)
class Forgery:
    """Some origins forged with one probability, the amount: at random (`id` is empty), or toward the faction `id`.

    What the model says of the forging of other origins stays.
    """

    id: str
    origins: tuple[str, ...]
    sums: ForgedSums

    def apply(self, variant: Variant, amount: float) -> Variant:
        return replace(
            variant, model=forged(variant.model, self.origins, self.id, Number.exactly(amount)), compiled=None
        )

    def preview(self, workspace: Workspace, amount: float) -> Floats:
        return self.sums.log_joint(workspace, self.id, amount)

    def size(self, amount: float) -> float:
        return amount


def forgeries(posterior: Posterior, origins: tuple[str, ...]) -> list[Forgery]:
    """All directions in which some origins may be forged: at random first, then toward each faction."""
    sums = _FORGED_SUMS.get(posterior, origins, lambda: ForgedSums(origins))
    return [Forgery(toward, origins, sums) for toward in (AT_RANDOM, *posterior.program.factions)]


def forgeable(case: Case) -> tuple[str, ...]:
    """Reports and acts that the case does not call impossible to forge."""
    return tuple(origin.id for origin in statements(case) if origin.forgeable)


def statements(case: Case) -> tuple[Origin, ...]:
    """The origins that a grade applies to: reports and acts."""
    return tuple(origin for origin in case.origins if isinstance(origin.items[0], Statement))


def doubted(posterior: Posterior, origins: tuple[str, ...]) -> tuple[str, ...]:
    """Those of some origins of which the model itself says how probable it is that they are forged."""
    named = {one.target for one in posterior.model.deception.forged}
    case = posterior.known_case
    return tuple(origin for origin in origins if origin in named or case.origins[origin].source in named)


def forged(model: Model, origins: tuple[str, ...], toward: str, probability: Number) -> Model:
    """The model with some origins forged with a probability; what it says of others stays."""
    changed = tuple(Forged(origin, probability, toward) for origin in origins)
    kept = tuple(one for one in model.deception.forged if one.target not in origins)
    return replace(model, deception=replace(model.deception, forged=(*changed, *kept)))


class ForgedSums:
    """Log-joints of one posterior while many origins are forged with one probability, in every direction.

    Directions differ in what each faction counts among those whom the forger imitates. In slots of their own, these
    weights and the probability let one network hold all directions.
    """

    def __init__(self, origins: tuple[str, ...]) -> None:
        self._origins = origins
        self._networks: WeakKeyDictionary[Posterior, tuple[Program, Ints]] = WeakKeyDictionary()
        self._slots: WeakKeyDictionary[Workspace, tuple[Floats, Floats]] = WeakKeyDictionary()

    def log_joint(self, workspace: Workspace, toward: str, probability: float) -> Floats:
        """The log-joint toward a node, or at random: (draw, faction)."""
        return log_joint_at(self._network(workspace)[0], self._numbers(workspace, toward, probability))

    def imitated(self, workspace: Workspace, toward: str) -> Floats:
        """What each origin says when it is forged: (origin, draw)."""
        return forgings(self._network(workspace)[0], self._numbers(workspace, toward, 1.0), self._origins)[1]

    def _network(self, workspace: Workspace) -> tuple[Program, Ints]:
        """The network in which they are forged, and its slots for the weights of the factions."""
        posterior = workspace.posterior
        if posterior not in self._networks:
            model = forged(posterior.model, self._origins, AT_RANDOM, _MARK)
            program = compile_network(posterior.case, model, posterior.settings.as_of)
            self._networks[posterior] = with_imitated(program, self._origins)
        return self._networks[posterior]

    def _numbers(self, workspace: Workspace, toward: str, probability: float) -> Floats:
        """Values of all numbers, the probability and the weights among them: (draw, slot)."""
        program, weights = self._network(workspace)
        if workspace not in self._slots:
            z = transferred(workspace.posterior, program)
            slots = numbers(program, z if workspace.rows is None else np.ascontiguousarray(z[workspace.rows]))
            self._slots[workspace] = slots, np.exp(tables(program, slots)[1])
        slots, prior = self._slots[workspace]
        slots[:, program.ints.forged[program.origins.index(self._origins[0])]] = probability
        slots[:, weights] = self._by_size(workspace, slots, toward) if toward else prior
        return slots

    def _by_size(self, workspace: Workspace, slots: Floats, toward: str) -> Floats:
        """What each faction counts in a mean over a node, by size: (draw, faction)."""
        program, named = self._network(workspace)[0], workspace.posterior.case.factions.under(toward)
        sizes = [
            (slots[:, slot] if slot >= 0 else np.ones(len(slots))) * (faction in named)
            for faction, slot in zip(program.factions, program.ints.size_slot.tolist(), strict=True)
        ]
        return np.stack(sizes, axis=1) / np.sum(sizes, axis=0)[:, None]


_FORGED_SUMS: AnalysisCache[tuple[str, ...], ForgedSums] = AnalysisCache()


@dataclass(frozen=True, slots=True)
class Silence:
    """A unit of the evidence that says nothing where the amount is 1: whole `origins`, and of `partial` ones `unsaid`.

    It is switched off, not rewritten: grades stay as they were read. Without its original a copy speaks for itself.
    """

    id: str
    origins: frozenset[str]
    partial: tuple[str, ...]
    unsaid: Unsaid

    @classmethod
    def of(cls, case: Case, unit: Unit) -> Silence:
        """What leaves out a unit; an origin of which nothing is left to be said is left out whole."""
        silent = frozenset(unit.origins) | _emptied(case, unit)
        partial = tuple(origin for origin in unit.partial if origin not in silent)
        return cls(unit.id, silent, partial, unit.unsaid if partial else _ALL_SAID)

    def apply(self, variant: Variant, amount: float) -> Variant:
        if amount == 0:
            return variant
        changed = replace(variant, silent=variant.silent | self.origins)
        return replace(changed, unsaid=self.unsaid, compiled=None) if self.partial else changed

    def preview(self, workspace: Workspace, amount: float) -> Floats:
        posterior = workspace.posterior
        if workspace.rows is None and amount and not self.partial:
            return posterior.log_joint_without(self.origins)
        program = self.apply(Variant.of(posterior), amount).program
        if workspace.rows is None and self._same_numbers(posterior, program):
            return self._touched_again(posterior, program)
        z = transferred(posterior, program)
        return log_joint_at(program, numbers(program, z if workspace.rows is None else z[workspace.rows]))

    def size(self, amount: float) -> float:
        return amount

    def _touched(self, program: Program) -> set[int]:
        """The parts that the origins speak about."""
        return {int(program.ints.origin_part[program.origins.index(id)]) for id in (*self.origins, *self.partial)}

    def _same_numbers(self, posterior: Posterior, program: Program) -> bool:
        """Whether numbers and parts are the same in both networks, so that only the touched parts differ."""
        before = posterior.program
        same = program.components == before.components and all(
            np.array_equal(getattr(program.ints, name), getattr(before.ints, name))
            for name in ("slot_kind", "slot_first", "slot_second", "origin_part")
        )
        same = same and np.array_equal(program.floats.curve_a, before.floats.curve_a)
        touched = sorted(self._touched(before) | self._touched(program))
        return (
            same and program.labels == before.labels and bool(np.isfinite(posterior.parts.parts[:, :, touched]).all())
        )

    def _touched_again(self, posterior: Posterior, program: Program) -> Floats:
        total = posterior.parts.total
        for part in sorted(self._touched(posterior.program) | self._touched(program)):
            less = part_log_likelihood(program, posterior.slots, part)
            total = total - posterior.parts.parts[:, :, part] + less
        return keep_open(program, posterior.slots, total)


def _emptied(case: Case, unit: Unit) -> frozenset[str]:
    """Origins of which nothing is left to be said."""
    if not unit.unsaid:
        return frozenset()
    return frozenset(
        id
        for id in unit.partial
        if not any(unit.unsaid.leaves(item, said) for item in case.origins[id].items for said in item.propositions)
    )
