"""The posterior under one setting of a case and a model, from draws that all settings share.

A number that takes another value is another column of slots; an item that is off is a switch; another grade is another
reliability. Where a setting is no more than that, only the parts of the network that it bears upon are summed again,
on the tape that is there. Anything else is compiled anew, and its draws are matched by the labels of the numbers. So
differences between settings are never differences between random numbers.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache, partial
from itertools import batched
from threading import Lock
from typing import Any

import numpy as np

from attribution.analysis.perturbations import Silence, Variant, regraded
from attribution.analysis.reweighting import transferred
from attribution.analysis.units import items_together
from attribution.analysis.what_if import substitutes
from attribution.analysis.workspace import Columns, Workspace
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
from attribution.network.edits import Reach, ReachMap, driven
from attribution.network.program import RATIO, Floats, Program
from attribution.network.reader import each_part
from attribution.network.summation import (
    Change,
    classes_of,
    log_joint_at,
    log_prior_under,
    normalise,
    numbers,
    opened,
    part_under,
)
from attribution.reading.fields import Field
from attribution.reading.quantities import quantity
from attribution.reading.yaml_nodes import nodes_of

OFF = "off"
_OF_CASE = ("evidence", "origins", "sources")
_OF_MODEL = ("clusters", "deception", "facts", "grading", "perpetrator", "traits")
_EDITS_KEPT = 256
_TOGETHER = 2**23  # numbers that log-joints of settings may take that are worked out together

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
    """One path with one value, as columns of the expanded slots and origins that are silent; and what that reaches."""

    name: tuple[str, str]
    columns: Mapping[int, Floats]
    silent: frozenset[str]
    reach: Reach


@dataclass(frozen=True, slots=True, eq=False)
class _Edited:
    """The edits of a setting together, and by which keys the prior and the parts that they bear upon are kept."""

    change: Change
    prior: Hashable
    parts: Mapping[int, Hashable]


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
        self._odds = _Kept[Floats](_EDITS_KEPT)

    def answers(self, settings: Sequence[Setting]) -> list[Answer]:
        """How the factions stand under each setting; errors of one are its answer, and leave the others alone."""
        with self._alone:  # what is kept is kept for all
            if self.settings.engine == "nuts":
                return [_or_error(partial(self._sampled, setting)) for setting in settings]
            together = max(1, _TOGETHER // self.workspace.known.total.size)
            return [answer for some in batched(settings, together) for answer in self._answers(some)]

    def _sampled(self, setting: Setting) -> Answer:
        """By draws of its own."""
        variant = varied(self.case, self.model, self.settings.as_of, setting)
        program = variant.program
        refuse_contradiction(variant.case.as_of(self.settings.as_of), program)
        posterior = sample(variant.case, variant.model, self.settings, program)
        return Answer(estimate(posterior.draws, posterior.faction_draws))

    def _answers(self, settings: Sequence[Setting]) -> list[Answer]:
        """By the shared draws: what the settings have in common is summed once, then each is weighed by itself."""
        found = [_or_error(partial(self._edited_or_answered, setting)) for setting in settings]
        sums = self._summed([one for one in found if isinstance(one, _Edited)])
        answers = [Answer()] * len(settings)

        def weigh(some: slice) -> None:
            for position in range(some.start, some.stop):
                one = found[position]
                if isinstance(one, _Edited):
                    one = _or_error(partial(self._weighed, *self._again(one, sums)))
                answers[position] = one

        each_part(weigh, len(settings), least=2)
        return answers

    def _edited_or_answered(self, setting: Setting) -> _Edited | Answer:
        return self._edited(setting) or self._weighed(*self._anew(setting))

    def _weighed(self, probability: Floats, evidence: Floats) -> Answer:
        """From ``p(h | E)`` (draw, faction) and ``log p(E)`` (draw,)."""
        if not np.isfinite(evidence).any():
            raise UsageError("the evidence is impossible under this setting, whoever did it.")
        draws = self.posterior.draws
        log_weight, khat = smoothed(evidence.reshape(draws.shape))
        return Answer(estimate(Draws(np.empty((*draws.shape, 0)), log_weight=log_weight), probability), khat)

    def _edit(self, path: str, value: Any) -> Edit | None:
        """What a path with a value comes to, where that can be told without compiling; it is kept."""

        def make() -> Edit | None:
            found = self._found(path, value)
            if found is None:
                return None
            silent = found if isinstance(found, frozenset) else frozenset[str]()
            columns = found if isinstance(found, dict) else {}
            return Edit((path, repr(value)), columns, silent, self._reach.reach(columns))

        return self._edits.get((path, repr(value)), make)

    def _found(self, path: str, value: Any) -> Columns | frozenset[str] | None:
        """Columns that change, or origins that fall silent."""
        place = Place.of(self.case, path)
        if value == OFF and place.item:
            silence = Silence.of(self.posterior.known_case, _standing(self.case, self.settings.as_of, {place.item}))
            return None if silence.partial else silence.origins
        if place.origin:
            return self._regraded(place.origin, Grade.parse(str(value)))
        coordinate = None if place.item or place.in_case else self._coordinates.get(tuple(steps_of(path)))
        return None if coordinate is None or isinstance(value, dict) else self._renumbered(path, value, coordinate)

    def _regraded(self, origin: str, grade: Grade) -> Columns | None:
        """The reliability of an origin under another grade, and nothing else."""
        program, expanded = self.posterior.program, self.workspace.expanded
        if origin not in program.origins:
            return {}
        position = program.origins.index(origin)
        column = int(expanded.reliability[position])
        if column < 0:
            return None
        changed = Variant(regraded(self.case, {origin: grade}), self.model, self.settings.as_of).program
        slots = numbers(changed, self._matched(changed))
        place = changed.origins.index(origin)
        source, item = int(changed.ints.origin_source[place]), int(changed.ints.origin_item[place])
        return {column: slots[:, source] * slots[:, item]}

    def _renumbered(self, path: str, value: Any, coordinate: int) -> Columns | None:
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
            return {slot: np.full(len(self.workspace.z), number.best) for slot in slots}
        shape = curve(number)
        return {slot: self.workspace.values(slot, shape) for slot in slots}

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
    def _known_parts(self) -> Floats:
        """What each part says without a change: (part, faction, draw)."""
        return np.ascontiguousarray(self.workspace.known.parts.transpose(2, 1, 0))

    def _edited(self, setting: Setting) -> _Edited | None:
        """What a setting comes to; None where it has to be compiled by itself."""
        edits = [self._edit(path, value) for path, value in setting.items()]
        known = [edit for edit in edits if edit is not None]
        columns = {column: values for edit in known for column, values in edit.columns.items()}
        if len(known) < len(edits) or len(columns) < sum(len(edit.columns) for edit in known):
            return None  # or two of them are about the same thing
        program = self.workspace.expanded.program
        for slot in sorted({slot for edit in known for slot in edit.reach.following}):
            names = tuple(sorted(edit.name for edit in known if slot in edit.reach.following))
            columns[slot] = self._odds.get((slot, names), partial(self._followed, slot, dict(columns)))
        silent = frozenset(program.origins.index(origin) for edit in known for origin in edit.silent)
        quiet: dict[int, list[int]] = {}
        for origin in sorted(silent):
            quiet.setdefault(int(program.ints.origin_part[origin]), []).append(origin)
        parts = {
            part: (
                part,
                tuple(quiet.get(part, ())),
                tuple(sorted(edit.name for edit in known if part in edit.reach.parts)),
            )
            for part in sorted(quiet.keys() | {part for edit in known for part in edit.reach.parts})
        }
        prior = tuple(sorted(edit.name for edit in known if edit.reach.prior))
        return _Edited(Change(columns, silent), prior, parts)

    def _followed(self, slot: int, columns: Columns) -> Floats:
        """Odds that follow from numbers that have other values: (draw,)."""
        ints, slots = self.workspace.expanded.program.ints, self.workspace.expanded_slots
        of = int(ints.slot_first[slot]), int(ints.slot_second[slot])
        return with_odds(*(columns[one] if one in columns else slots[:, one] for one in of))

    def _summed(self, edited: Sequence[_Edited]) -> dict[Hashable, Floats]:
        """The prior (faction, draw) and the parts (class, draw) that some settings bear upon, by key, all at once.

        And by the parts that one bears upon what all others add up to: (faction, draw).
        """
        program, slots = self.workspace.expanded.program, self.workspace.expanded_slots
        wanted: dict[int, dict[Hashable, Change]] = {}  # by part, -1 being the prior
        for one in edited:
            for part, key in (*one.parts.items(), (-1, one.prior)):
                wanted.setdefault(part, {})[key] = one.change
        found: dict[Hashable, Floats] = {}
        for touched in {frozenset(one.parts) for one in edited}:
            found[touched] = rest = np.zeros(self._known_parts.shape[1:])
            for part in range(len(self._known_parts)):
                if part not in touched:
                    rest += self._known_parts[part]
        for part, changes in wanted.items():
            keys, new = list(changes), list(changes.values())
            under = log_prior_under(program, slots, new) if part < 0 else part_under(program, slots, part, new)
            for positions, logs in under:
                found |= dict.fromkeys((keys[position] for position in positions), np.ascontiguousarray(logs.T))
        return found

    def _again(self, edited: _Edited, sums: Mapping[Hashable, Floats]) -> tuple[Floats, Floats]:
        """``p(h | E)`` (draw, faction) and ``log p(E)`` (draw,), no more being summed again than was edited."""
        program = self.workspace.expanded.program
        total = sums[edited.prior] + sums[frozenset(edited.parts)]
        for part, key in edited.parts.items():
            total += sums[key][classes_of(program, part)]
        slots = program.ints.surprise.tolist()
        surprise = [edited.change.columns.get(slot, self.workspace.expanded_slots[:, slot]) for slot in slots]
        probability, evidence = opened(program, (surprise[0], surprise[1]), total)
        return probability.T, evidence

    def _anew(self, setting: Setting) -> tuple[Floats, Floats]:
        """The same of a setting that is compiled by itself."""
        program = varied(self.case, self.model, self.settings.as_of, setting).program
        return normalise(log_joint_at(program, numbers(program, self._matched(program))))

    def _matched(self, program: Program) -> Floats:
        """The shared draws as coordinates of another network."""
        instead = substitutes(self.posterior.known_case, self.posterior.program.labels, program.labels)
        return transferred(self.posterior, program, instead)


def _or_error[R](work: Callable[[], R]) -> R | Answer:
    try:
        return work()
    except AttributionError as error:
        return Answer(error=in_one_line(error))


@lru_cache(maxsize=1)
def answering(case: Case, model: Model, settings: Settings) -> Answering:
    """The shared draws of a case and a model; a worker that is given several batches makes them once."""
    return Answering(case, model, settings)
