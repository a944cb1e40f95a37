"""The posterior under one setting of a case and a model, from draws that all settings share.

A number that takes another value is another column of slots; an item that is off is a switch; another grade is another
reliability. Where a setting is no more than that, only the parts of the network that it bears upon are summed again,
on the tape that is there. Anything else is compiled anew, and its draws are matched by the labels of the numbers. So
differences between settings are never differences between random numbers.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache, partial
from threading import Lock
from typing import Any

import numpy as np

from attribution.analysis.perturbations import Silence, Variant, regraded
from attribution.analysis.reweighting import transferred
from attribution.analysis.units import items_together
from attribution.analysis.what_if import substitutes
from attribution.analysis.workspace import Workspace
from attribution.domain.case import Case
from attribution.domain.document import Document, entry_at, steps_of
from attribution.domain.evidence import Statement
from attribution.domain.grades import Grade
from attribution.domain.model import Model
from attribution.domain.moments import Moment
from attribution.domain.numbers import Number, Scale
from attribution.errors import AttributionError, InputError, UsageError, in_one_line
from attribution.inference.draws import Draws, Estimate, estimate, smoothed
from attribution.inference.fit import fit_under, refuse_contradiction, sample
from attribution.inference.settings import Settings
from attribution.network.curves import curve, with_odds
from attribution.network.edits import ReachMap, driven
from attribution.network.program import RATIO, Floats, Program
from attribution.network.summation import (
    keep_open,
    log_joint_at,
    log_prior,
    normalise,
    numbers,
    part_log_likelihoods,
    switched_off,
)
from attribution.reading.fields import Field
from attribution.reading.quantities import quantity
from attribution.reading.yaml_nodes import nodes_of

OFF = "off"
_OF_CASE = ("evidence", "origins", "sources")
_OF_MODEL = ("clusters", "deception", "facts", "grading", "perpetrator", "traits")
_EDITS_KEPT, _PARTS_KEPT = 256, 64

type Setting = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """How the factions stand under one setting, in the order of the case, with k-hat; or why there is no answer."""

    estimate: Estimate | None = None
    khat: float = float("nan")
    error: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """A path, and what it leads to: an item, the grade of an origin, or an entry of the case or the model."""

    path: str
    item: str = ""
    origin: str = ""
    in_case: bool = False

    @classmethod
    def of(cls, case: Case, path: str) -> Place:
        """Where a path leads.

        Raises
        ------
        UsageError
            It begins with nothing that a case or a model can be changed in, or names an item that is not there.
        """
        steps = steps_of(path)
        if steps[0] not in _OF_CASE + _OF_MODEL:
            raise UsageError.unknown(
                "parts of a case or a model that can be swept", steps[0], _OF_CASE + _OF_MODEL, at=(path,)
            )
        if steps[0] not in _OF_CASE:
            return cls(path)
        known = {"evidence": case.evidence.ids, "origins": case.origins.ids, "sources": case.sources.ids}[steps[0]]
        if len(steps) < 2 or steps[1] not in known:
            found = steps[1] if len(steps) > 1 else ""
            raise UsageError.unknown(f"entries of {steps[0]}", found, known, at=(path,))
        if steps[0] == "evidence" and (len(steps) == 2 or steps[2:] == ["grade"]):
            item = case.evidence[steps[1]]
            alone = len(case.origins[item.origin_id].items) == 1
            graded = isinstance(item, Statement) and len(steps) == 3
            if graded and not alone:
                raise UsageError(
                    f'the grade of "{item.id}" is that of its origin, which has several items.',
                    at=(path,),
                    allowed="one grade per origin",
                    hint=f'sweep "origins.{item.origin_id}.grade"',
                )
            return cls(path, item=item.id, origin=item.origin_id if graded else "", in_case=True)
        if steps[0] == "origins" and steps[2:] == ["grade"]:
            return cls(path, origin=steps[1], in_case=True)
        return cls(path, in_case=True)


def varied(case: Case, model: Model, as_of: Moment | None, setting: Setting) -> Variant:
    """The case and the model under a setting: what their files would say, with items that are off left out.

    Raises
    ------
    InputError
        The setting cannot be.
    """
    grades: dict[str, Grade] = {}
    off: set[str] = set()
    entries: dict[bool, dict[str, Any]] = {True: {}, False: {}}
    for path, value in setting.items():
        place = Place.of(case, path)
        if value == OFF and place.item:
            off.add(place.item)
        elif place.origin:
            grades[place.origin] = Grade.parse(str(value))
        elif place.item:
            raise UsageError(f'{path} is "{value}".', at=(path,), allowed=f'"{OFF}", or a path to one of its entries')
        else:
            entries[place.in_case][path] = value
    case = regraded(case, grades)
    case = _with_entries(case, entries[True])
    model = _with_entries(model, entries[False])
    variant = Variant(case, model, as_of)
    if off:
        variant = Silence.of(case.as_of(as_of), _standing(case, as_of, off)).apply(variant, 1.0)
    return variant


def _with_entries[T: (Case, Model)](value: T, entries: Mapping[str, Any]) -> T:
    """The value with other entries; a number put in the place of a block with a `value` keeps the rest of the block."""
    if not entries:
        return value
    document, put = value.to_dict(), {}
    for path, new in entries.items():
        try:
            block = entry_at(document, path)
        except UsageError:
            block = None
        inside = isinstance(block, dict) and "value" in block and new is not None and not isinstance(new, dict)
        put[f"{path}.value" if inside else path] = new
    return value.with_(put)


def _standing(case: Case, as_of: Moment | None, off: set[str]) -> Any:
    known = case.as_of(as_of)
    return items_together(known, frozenset(off) & set(known.evidence.ids))


def number_at(document: Document, path: str) -> Number | None:
    """What stands at a path of a document as an uncertain number; None where it is none."""
    found = entry_at(document, path)
    if isinstance(found, dict) and "value" in found:
        found = found["value"]
    try:
        return _quantity(found, path)
    except InputError:
        return None


def _quantity(value: object, path: str, scale: Scale = "probability", vary: float = 0.0) -> Number:
    root = Field(nodes_of({"value": value}), (), "")
    return quantity(Field(root.entries()["value"].node, tuple(steps_of(path)), ""), scale, vary)


@dataclass(frozen=True, slots=True, eq=False)
class Edit:
    """One path with one value, as columns of the expanded slots and origins that are silent."""

    columns: dict[int, Floats] = field(default_factory=dict)
    silent: frozenset[str] = frozenset()


class _Kept[V]:
    """Values by key, the most recently used kept."""

    def __init__(self, most: int) -> None:
        self._most, self._values = most, OrderedDict[Hashable, V]()

    def get(self, key: Hashable, make: Callable[[], V]) -> V:
        if key not in self._values:
            self._values[key] = make()
            if len(self._values) > self._most:
                self._values.popitem(last=False)
        self._values.move_to_end(key)
        return self._values[key]


class Answering:
    """A case and a model with draws from the prior, for as many settings of them as are asked for."""

    def __init__(self, case: Case, model: Model, settings: Settings) -> None:
        self.case, self.model, self.settings = case, model, settings
        self.posterior = fit_under(case, model, replace(settings, engine="importance"))
        self.workspace = Workspace(self.posterior)
        self._alone = Lock()
        self._edits = _Kept[Edit | None](_EDITS_KEPT)
        self._parts = _Kept[Floats](_PARTS_KEPT)

    def answer(self, setting: Setting) -> Answer:
        """How the factions stand under a setting; errors of it are part of the answer."""
        try:
            with self._alone:  # changes are written into the slots that all have in common
                return self._answer(setting)
        except AttributionError as error:
            return Answer(error=in_one_line(error))

    def _answer(self, setting: Setting) -> Answer:
        if self.settings.engine == "nuts":
            variant = varied(self.case, self.model, self.settings.as_of, setting)
            program = variant.program
            refuse_contradiction(variant.case.as_of(self.settings.as_of), program)
            posterior = sample(variant.case, variant.model, self.settings, program)
            return Answer(estimate(posterior.draws, posterior.faction_draws))
        edits = {path: self._edit(path, value) for path, value in setting.items()}
        known = {path: edit for path, edit in edits.items() if edit is not None}
        one_by_one = len(known) == len(edits) and self._apart(known)
        probability, evidence = normalise(self._again(setting, known) if one_by_one else self._anew(setting))
        if not np.isfinite(evidence).any():
            raise UsageError("the evidence is impossible under this setting, whoever did it.")
        draws = self.posterior.draws
        log_weight, khat = smoothed(evidence.reshape(draws.shape))
        return Answer(estimate(Draws(np.empty((*draws.shape, 0)), log_weight=log_weight), probability), khat)

    def _apart(self, edits: Mapping[str, Edit]) -> bool:
        """Whether no two of them are about the same thing."""
        columns = [column for edit in edits.values() for column in edit.columns]
        return len(columns) == len(set(columns))

    def _edit(self, path: str, value: Any) -> Edit | None:
        """What a path with a value comes to, where that can be told without compiling; it is kept."""
        return self._edits.get((path, repr(value)), lambda: self._found(path, value))

    def _found(self, path: str, value: Any) -> Edit | None:
        place = Place.of(self.case, path)
        if value == OFF and place.item:
            silence = Silence.of(self.posterior.known_case, _standing(self.case, self.settings.as_of, {place.item}))
            return None if silence.partial else Edit(silent=silence.origins)
        if place.origin:
            return self._regraded(place.origin, Grade.parse(str(value)))
        coordinate = None if place.item or place.in_case else self._coordinates.get(tuple(steps_of(path)))
        return None if coordinate is None or isinstance(value, dict) else self._renumbered(path, value, coordinate)

    def _regraded(self, origin: str, grade: Grade) -> Edit | None:
        """The reliability of an origin under another grade, and nothing else."""
        program, expanded = self.posterior.program, self.workspace.expanded
        if origin not in program.origins:
            return Edit()
        position = program.origins.index(origin)
        column = int(expanded.reliability[position])
        if column < 0:
            return None
        changed = Variant(regraded(self.case, {origin: grade}), self.model, self.settings.as_of).program
        slots = numbers(changed, self._matched(changed))
        place = changed.origins.index(origin)
        source, item = int(changed.ints.origin_source[place]), int(changed.ints.origin_item[place])
        return Edit({column: slots[:, source] * slots[:, item]})

    def _renumbered(self, path: str, value: Any, coordinate: int) -> Edit | None:
        """The slots of an uncertain number that takes another value, where its tables stay what they are otherwise.

        Where it stands in the prior, the reference goes with it: a setting is another model, not a move of the prior.
        """
        program = self.posterior.program
        was = program.coordinates[coordinate].number
        number = _quantity(value, path, was.scale, was.vary)
        if number.constant and number.best in (0.0, 1.0):  # certainties are part of the tape
            return None
        slots = self.workspace.with_reference(driven(program, coordinate)).tolist()
        if number.constant:
            return Edit({slot: np.full(len(self.workspace.z), number.best) for slot in slots})
        shape = curve(number)
        return Edit({slot: self.workspace.values(slot, shape) for slot in slots})

    @cached_property
    def _coordinates(self) -> dict[tuple[str, ...], int]:
        """Uncertain numbers by their path in the model, as far as nothing else is made of what they are at best.

        A fact of more than two states has a rest that is what the best values leave; a ratio stands in a block.
        """
        program = self.posterior.program
        ints = program.ints
        with_rest = {
            int(slot)
            for row in np.flatnonzero(program.floats.row_rest >= 0.0)
            for slot in ints.row_slot[ints.row_start[row] : ints.row_start[row + 1]]
        }
        found = {}
        for position, coordinate in enumerate(program.coordinates):
            slots = driven(program, position).tolist()
            if coordinate.document != "model" or not slots or with_rest & set(slots):
                continue
            if any(int(ints.slot_kind[slot]) == RATIO for slot in slots):
                continue
            at = [str(step) for step in coordinate.at]
            table = self.model.tables[at[1]] if at[0] == "facts" else None
            if table and any(given.state == at[2] and len(given.rows) == 1 for given in table.states):
                del at[3]  # a single row is written without its number
            found[tuple(at)] = position
        return found

    @cached_property
    def _reach(self) -> ReachMap:
        return ReachMap.of(self.workspace.expanded.program)

    @cached_property
    def _known_parts(self) -> list[Floats]:
        """What each part says without a change: (draw, faction) each, in one piece."""
        parts = self.workspace.known.parts
        return [np.ascontiguousarray(parts[:, :, part]) for part in range(parts.shape[2])]

    @cached_property
    def _wide(self) -> Floats:
        """The expanded slots, into which changes are written and taken back."""
        return np.array(self.workspace.expanded_slots)

    def _again(self, setting: Setting, edits: Mapping[str, Edit]) -> Floats:
        """The log-joint with no more summed again than the edits bear upon."""
        program = self.workspace.expanded.program
        columns = {column: values for edit in edits.values() for column, values in edit.columns.items()}
        silent = frozenset[str]().union(*(edit.silent for edit in edits.values()))
        touched = {path: self._reach.reach(edit.columns) for path, edit in edits.items() if edit.columns}
        following = {slot for reach in touched.values() for slot in reach.following}
        slots, before = self._wide, {slot: self._wide[:, slot].copy() for slot in {*columns, *following}}
        try:
            for column, values in columns.items():
                slots[:, column] = values
            for slot in sorted(following):
                base, ratio = int(program.ints.slot_first[slot]), int(program.ints.slot_second[slot])
                slots[:, slot] = with_odds(slots[:, base], slots[:, ratio])
            total = self._prior({path: repr(setting[path]) for path, reach in touched.items() if reach.prior}).copy()
            for part, known in enumerate(self._known_parts):
                mine = {path: repr(setting[path]) for path, reach in touched.items() if part in reach.parts}
                quiet = frozenset(
                    one for one in silent if int(program.ints.origin_part[program.origins.index(one)]) == part
                )
                if not mine and not quiet:
                    total += known
                    continue
                key = (part, quiet, tuple(sorted(mine.items())))
                total += self._parts.get(key, partial(self._part, part, switched_off(program, quiet)))
            return keep_open(program, slots, total)
        finally:
            for slot, values in before.items():
                slots[:, slot] = values

    def _prior(self, moved: dict[str, str]) -> Floats:
        """``log pi_h``: (draw, faction)."""
        if not moved:
            return self.workspace.known.prior
        program = self.workspace.expanded.program
        return self._parts.get(("prior", *sorted(moved.items())), lambda: log_prior(program, self._wide))

    def _part(self, part: int, switch: tuple[float, ...]) -> Floats:
        program = self.workspace.expanded.program
        return np.asarray(part_log_likelihoods(program, self._wide, part, (switch,))[0])

    def _anew(self, setting: Setting) -> Floats:
        """The log-joint of a setting that is compiled by itself."""
        program = varied(self.case, self.model, self.settings.as_of, setting).program
        return log_joint_at(program, numbers(program, self._matched(program)))

    def _matched(self, program: Program) -> Floats:
        """The shared draws as coordinates of another network."""
        instead = substitutes(self.posterior.known_case, self.posterior.program.labels, program.labels)
        return transferred(self.posterior, program, instead)


@lru_cache(maxsize=1)
def answering(case: Case, model: Model, settings: Settings) -> Answering:
    """The shared draws of a case and a model; a worker that is given several batches makes them once."""
    return Answering(case, model, settings)
