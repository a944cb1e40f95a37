"""The sums over many draws: plain arrays in, plain arrays out, two cores used, memory bounded.

Every function here writes a question onto a tape (once for each program) and has it read for all draws.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from attribution.network.emitter import Emitter, Switch
from attribution.network.program import CONSTANT, DIRECT, Floats, Ints, Program
from attribution.network.reader import pull, read, read_under
from attribution.network.tape import Sealed

_CHUNK = 2**23  # numbers that intermediate results may take at a time

_tapes: WeakKeyDictionary[Program, dict[object, Sealed]] = WeakKeyDictionary()


def numbers(program: Program, z: Floats) -> Floats:
    """Slot values of draws z: shape (draw, slot). They do not depend on which origins are switched on."""

    def write() -> Sealed:
        emitter = Emitter.from_normals(program)
        return emitter.tape.sealed(emitter.slot)

    return read(_known(program, "numbers", write), z)


def log_joint(program: Program, z: Floats) -> Floats:
    """``log pi_h p(E | h, theta(z))``, with the open set mixed in.

    Parameters
    ----------
    z
        Standard normals, shape (draw, coordinate).

    Returns
    -------
    Array of shape (draw, faction); -inf where a faction cannot have left this evidence.
    """
    return read(joint_tape(program), z)


def log_joint_at(program: Program, slots: Floats) -> Floats:
    """As `log_joint`, where the slot values are known: shape (draw, faction)."""
    return read_slots(program, slots, "log joint", lambda emitter: emitter.joint())


def log_parts(program: Program, slots: Floats) -> tuple[Floats, Floats]:
    """Prior and likelihood apart: ``log pi_h`` (draw, faction), ``log p(E_c | h)`` (draw, faction, part).

    The last part holds what was said of the perpetrator alone. The open set is not mixed in.
    """

    def write(emitter: Emitter) -> list[int]:
        by_part = [emitter.likelihoods(part, emitter.switch) for part in range(emitter.parts)]
        return [*emitter.prior(), *(log for of_part in by_part for log in of_part)]

    found = read_slots(program, slots, "parts", write).reshape(len(slots), -1, len(program.factions))
    return found[:, 0], found[:, 1:].transpose(0, 2, 1)


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """Prior and likelihood by part, kept so that leaving something out costs only the parts it touches.

    `prior` is ``log pi_h`` and `total` ``log pi_h p(E | h)`` before the open set is mixed in, both (draw, faction);
    `parts` is (draw, faction, part).
    """

    prior: Floats
    total: Floats
    parts: Floats

    @classmethod
    def of(cls, program: Program, slots: Floats) -> Parts:
        prior, parts = log_parts(program, slots)
        return cls(prior, prior + parts.sum(axis=2), parts)


def log_joint_without(program: Program, slots: Floats, known: Parts, origins: frozenset[str]) -> Floats:
    """As `log_joint_at` of the program without some origins, summing only the parts that they speak about."""
    switch = switched_off(program, origins)
    touched = {int(program.ints.origin_part[program.origins.index(origin)]) for origin in origins}
    total = known.total
    if not all(np.isfinite(known.parts[:, :, part]).all() for part in touched):
        return log_joint_at(program.without(origins), slots)
    for part in sorted(touched):
        total = total - known.parts[:, :, part] + _gated(program, slots, part, (switch,), None)[0]
    return keep_open(program, slots, total)


def with_part(program: Program, slots: Floats, known: Parts, part: int, changed: Floats) -> Floats:
    """As `log_joint_at`, if one part had this log-likelihood (draw, faction)."""
    total = np.empty(known.total.shape)
    with np.errstate(invalid="ignore"):
        for rows in _few_rows(total):
            mine = known.parts[rows, :, part]
            total[rows] = known.total[rows] - mine + changed[rows]
            if not np.isfinite(mine).all():  # what is impossible cannot be divided out: add the other parts up again
                others = np.delete(known.parts[rows], part, axis=2).sum(axis=2)
                total[rows] = np.where(np.isfinite(mine), total[rows], known.prior[rows] + others + changed[rows])
    return keep_open(program, slots, total)


def part_log_likelihood(program: Program, slots: Floats, part: int) -> Floats:
    """``log p(E_part | h, theta)`` of one part: (draw, faction)."""
    switch = tuple(program.floats.switch.tolist())
    return np.asarray(part_log_likelihoods(program, slots, part, (switch,))[0])


def part_log_likelihoods(
    program: Program, slots: Floats, part: int, switches: Sequence[Switch], *, only: Ints | None = None
) -> Floats:
    """``log p(E_part | h, theta)`` of one part under several ways to switch origins: (switch, draw, faction).

    Of all factions, or of those at the positions `only`.

    Everything that these have in common is worked out once: they are outputs of one tape, or, where they are so many
    that writing it would cost more than reading, the same short tape is read once for each, with the switches as
    inputs.
    """
    if len(switches) * _cost_of_parts(program)[part] > _MOST_WRITTEN and _only_left_out(program, switches):
        return _gated(program, slots, part, switches, only)
    of_faction = classes_of(program, part, only)
    classes = int(program.ints.class_start[part + 1] - program.ints.class_start[part])
    found = np.empty((len(switches), len(slots), len(of_faction)))
    step = max(1, _CHUNK // (1 + len(slots) * classes))
    for start in range(0, len(switches), step):
        some = tuple(switches[start : start + step])
        by_class = read_slots(program, slots, ("part", part, some), partial(_write_part, part, some))
        by_class = by_class.reshape(len(slots), len(some), classes)
        for position in range(len(some)):
            found[start + position] = by_class[:, position, of_faction]
    return found


def _write_part(part: int, switches: Sequence[Switch], emitter: Emitter) -> list[int]:
    return [log for switch in switches for log in emitter.likelihood(part, switch)]


_MOST_WRITTEN = 2**15  # instructions


def _only_left_out(program: Program, switches: Sequence[Switch]) -> bool:
    """Whether these leave origins out and change nothing else."""
    powers = np.array(switches)
    return bool(((powers == 0.0) | (powers == program.floats.switch)).all())


def classes_of(program: Program, part: int, only: Ints | None = None) -> Ints:
    """The class of factions in a part, counted within the part: (faction,)."""
    factions = len(program.factions)
    classes = program.ints.class_of[part * factions : (part + 1) * factions] - program.ints.class_start[part]
    return np.asarray(classes if only is None else classes[only])


def _gated(program: Program, slots: Floats, part: int, switches: Sequence[Switch], only: Ints | None) -> Floats:
    """As `part_log_likelihoods`, each way to switch origins a value of inputs of their own."""
    changes = [Change(silent=frozenset(np.flatnonzero(np.equal(switch, 0.0)).tolist())) for switch in switches]
    classes = classes_of(program, part, only)
    found = np.empty((len(switches), len(slots), len(classes)))
    for positions, by_class in part_under(program, slots, part, changes):
        for position in positions:
            found[position] = by_class[:, classes]
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """Other values of some slots, (draw,) each, and origins that say nothing, by position."""

    columns: Mapping[int, Floats] = field(default_factory=dict)
    silent: frozenset[int] = frozenset()


type Surprise = tuple[Floats, Floats]  # the prior of the open set and the probability of a surprise, (draw,) each
type Under = Iterator[tuple[list[int], Floats]]  # the positions of changes that come to the same, and what they give


def part_under(program: Program, slots: Floats, part: int, changes: Sequence[Change]) -> Under:
    """``log p(E_part | h, theta)`` of one part under several changes: (draw, class) of each, in an order of their own.

    What is the same under some of them is worked out once: which is so for values of a slot that are one object.
    """
    mine = np.flatnonzero(program.ints.origin_part == part).tolist()
    gates = {origin: slots.shape[1] + place for place, origin in enumerate(mine)}
    closed = np.zeros(len(slots))

    def write(emitter: Emitter) -> list[int]:
        emitter.gates = gates
        return emitter.likelihood(part, emitter.switch)

    columns = [
        {**change.columns, **{gates[origin]: closed for origin in change.silent if origin in gates}}
        for change in changes
    ]
    for positions, by_class in _read_under(program, slots, ("gated", part), write, columns, len(gates)):
        heard = [o for o in mine if program.floats.switch[o] != 0.0 and o not in changes[positions[0]].silent]
        # tables alone sum to one, to the last bit
        yield positions, by_class if heard else np.zeros(by_class.shape)


def log_prior_under(program: Program, slots: Floats, changes: Sequence[Change]) -> Under:
    """``log pi_h`` under several changes: (draw, faction) of each, in an order of their own."""
    columns = [change.columns for change in changes]
    return _read_under(program, slots, "prior", lambda emitter: emitter.prior(), columns)


def _read_under(
    program: Program,
    slots: Floats,
    question: object,
    write: Callable[[Emitter], list[int]],
    changes: Sequence[Mapping[int, Floats]],
    gates: int = 0,
) -> Under:
    """A question about slots, and about so many gates after them, that are open unless a change has them otherwise."""
    moved = sorted({column for change in changes for column in change})
    tape = sealed(program, slots, question, lambda emitter: emitter.tape.sealed(write(emitter)), gates, moved)
    used, tape = tape.loads, tape.narrowed()
    x, own = np.ones((len(used), len(slots))), used < slots.shape[1]
    x[own] = slots.T[used[own]]
    place = {column: position for position, column in enumerate(used.tolist())}
    return read_under(tape, x.T, [{place[c]: change[c] for c in change if c in place} for change in changes])


def log_joint_each(program: Program, slots: Floats, switches: Sequence[Switch]) -> list[Floats]:
    """As `log_joint_at` under several ways to switch origins: (draw, faction) of each.

    Outputs of one tape, which share what they have in common; of several one after another where the network is large.
    """
    mine = [np.flatnonzero(program.ints.origin_part == part) for part in range(len(program.ints.part_step) - 1)]
    cost, least = _cost_of_parts(program), 4 * len(program.factions) * len(mine)

    def of_part(part: int, switch: Switch) -> tuple[object, ...]:
        return (part, *(switch[origin] for origin in mine[part]))

    def write(some: Sequence[Switch], emitter: Emitter) -> list[int]:
        known: dict[tuple[object, ...], list[int]] = {}
        outputs: list[int] = []
        for switch in some:
            total = [emitter.tape.certain] * emitter.factions
            for part in range(emitter.parts):
                key = of_part(part, switch)
                if key not in known:
                    known[key] = emitter.likelihoods(part, switch)
                total = [emitter.tape.plus(log, more) for log, more in zip(total, known[key], strict=True)]
            outputs += emitter.opened(total)
        return outputs

    found: list[Floats] = []
    first, spent, seen = 0, 0, set[tuple[object, ...]]()
    for last, switch in enumerate(switches, 1):
        new = {of_part(part, switch) for part in range(len(mine))} - seen
        seen |= new
        spent += least + sum(cost[part] for part, *_ in new if isinstance(part, int))
        if spent > _LARGEST_TAPE or last == len(switches):
            some = tuple(switches[first:last])
            logs = read_slots(program, slots, ("joint each", some), partial(write, some))
            found += np.split(logs, len(some), axis=1)
            first, spent, seen = last, 0, set()
    return found


def switched_off(program: Program, origins: frozenset[str]) -> Switch:
    """How origins are switched in a program without some of them."""
    powers = zip(program.origins, program.floats.switch.tolist(), strict=True)
    return tuple(0.0 if origin in origins else power for origin, power in powers)


def log_evidence_without_each(program: Program, slots: Floats) -> Floats:
    """``log p(E without o | theta)`` for every origin o: (draw, origin), all of them outputs of one tape.

    Where the network is large, of several tapes one after another.
    """
    cost = _cost_without(program)
    groups: list[list[int]] = []
    spent = 0
    for origin, of in enumerate(cost):
        if not groups or spent + of > _LARGEST_TAPE:
            groups.append([])
            spent = 0
        groups[-1].append(origin)
        spent += of
    found = [_evidence_without(program, slots, tuple(group)) for group in groups]
    return np.concatenate([np.empty((len(slots), 0)), *found], axis=1)


_LARGEST_TAPE = 2**18  # instructions


def _cost_of_parts(program: Program) -> list[int]:
    """About how many instructions the likelihood of each part takes, for all its classes."""
    ints = program.ints
    of_part = ints.step_part >= 0
    steps = (ints.step_size * np.diff(ints.factor_start))[of_part]
    cost = np.bincount(ints.step_part[of_part], steps, len(ints.class_start) - 1) * np.diff(ints.class_start)
    return [int(instructions) for instructions in cost]


def _cost_without(program: Program) -> list[int]:
    """About how many instructions it takes to leave each origin out."""
    by_part = _cost_of_parts(program)
    return [by_part[part] + 4 * len(program.factions) for part in program.ints.origin_part.tolist()]


def _evidence_without(program: Program, slots: Floats, origins: tuple[int, ...]) -> Floats:
    def write(emitter: Emitter) -> list[int]:
        tape, outputs = emitter.tape, []
        nothing = [tape.certain] * emitter.factions
        rows = [nothing, *(emitter.likelihoods(part, emitter.switch) for part in range(emitter.parts))]
        before, after = _sums(emitter, rows), [*_sums(emitter, rows[::-1])[::-1], nothing]
        for origin in origins:
            part = int(program.ints.origin_part[origin])
            switch = tuple(0.0 if o == origin else power for o, power in enumerate(emitter.switch))
            others = zip(before[part], emitter.likelihoods(part, switch), after[part + 2], strict=True)
            total = [tape.plus(tape.plus(first, log), last) for first, log, last in others]
            outputs.append(tape.log_sum(emitter.opened(total)))
        return outputs

    return read_slots(program, slots, ("without each", origins), write)


def _sums(emitter: Emitter, rows: list[list[int]]) -> list[list[int]]:
    """Sums of the first rows: of one, of two, ..., of all."""
    found = [rows[0]]
    for row in rows[1:]:
        found.append([emitter.tape.plus(a, b) for a, b in zip(found[-1], row, strict=True)])
    return found


def opened(
    program: Program, surprise: Surprise, log_joint: Floats, moved: Floats | None = None
) -> tuple[Floats, Floats]:
    """As `normalise` of `keep_open`, in one stroke: ``p(h | E)`` (faction, draw) and ``log p(E)`` (draw,).

    `log_joint` (faction, draw) is overwritten; `moved` (faction, draw) is how far the log prior in it is from that of
    the reference.
    """
    other, evidence = int(program.ints.other[0]), np.empty(log_joint.shape[1])
    with np.errstate(divide="ignore", invalid="ignore"):
        for draws in _few_rows(log_joint.T):
            joint, (open_set, share) = log_joint[:, draws], (of[draws] for of in surprise)
            top = joint.max(axis=0)
            top[top == -np.inf] = 0.0
            joint -= top
            anybody = None if moved is None else np.exp(joint - moved[:, draws])
            np.exp(joint, out=joint)
            like_all = joint.sum(axis=0) if anybody is None else np.where(joint > 0.0, anybody, 0.0).sum(axis=0)
            joint[other] = (1.0 - share) * joint[other] + share * open_set * like_all
            total = joint.sum(axis=0)
            evidence[draws] = np.log(total) + top
            joint /= np.where(total > 0.0, total, 1.0)
    return log_joint, evidence


def surprise(program: Program, slots: Floats) -> Surprise:
    """The prior of the open set and the probability of a surprise, as the slots have them."""
    open_set, share = (slots[:, slot] for slot in program.ints.surprise.tolist())
    return open_set, share


def keep_open(program: Program, slots: Floats, log_joint: Floats) -> Floats:
    """The log-joint with the open set mixed in: `other` may have acted like anybody, each weighted by the reference."""
    return kept_open(program, surprise(program, slots), log_joint)


def kept_open(program: Program, surprise: Surprise, log_joint: Floats, moved: Floats | None = None) -> Floats:
    """The same, where the log prior in the log-joint is not that of the reference: `moved` (draw, faction) from it."""
    (open_set, share), other, mixed = surprise, int(program.ints.other[0]), np.array(log_joint)
    with np.errstate(divide="ignore", invalid="ignore"):
        own = np.log1p(-share) + log_joint[:, other]
        anybody = log_joint if moved is None else np.where(np.isfinite(log_joint), log_joint - moved, log_joint)
        like_all = np.log(share * open_set) + _log_sum(anybody)
        mixed[:, other] = np.logaddexp(own, like_all)
    return mixed


def normalise(log_joint: Floats) -> tuple[Floats, Floats]:
    """``p(h | E)`` (draw, faction) and ``log p(E)`` (draw,).

    Where nothing is possible they are 0 and -inf: such a draw has no weight, and nothing times nothing is nothing.
    """
    evidence = _log_sum(log_joint)
    possible = np.where(evidence > -np.inf, evidence, 0.0)
    probability = np.empty(log_joint.shape)
    for rows in _few_rows(log_joint):
        np.exp(log_joint[rows] - possible[rows, None], out=probability[rows])
    return probability, evidence


def tables(program: Program, slots: Floats) -> tuple[Floats, Floats]:
    """Row entries (draw, entry) and the log prior (draw, faction) that the slot values amount to."""

    def write(emitter: Emitter) -> list[int]:
        rows = [value for row in range(len(program.floats.row_rest)) for value in emitter.row(row)]
        return [*rows, *emitter.prior()]

    found = read_slots(program, slots, "tables", write)
    entries = len(program.ints.row_slot)
    return found[:, :entries], found[:, entries:]


def log_prior(program: Program, slots: Floats) -> Floats:
    """``log pi_h`` in every draw: (draw, faction)."""
    return read_slots(program, slots, "prior", lambda emitter: emitter.prior())


def origin_values(
    program: Program, slots: Floats, origins: tuple[str, ...], unforged: Program | None = None
) -> tuple[Floats, Floats]:
    """The value of some origins' factors where something they say is false, and where all is true: (origin, draw) each.

    A direct item has ones. What they say when they are not forged may be read from a network of its own, `unforged`.
    """
    places = tuple(program.origins.index(origin) for origin in origins)
    own = program if unforged is None else unforged

    def write_own(emitter: Emitter) -> list[int]:
        ones = [emitter.tape.one] * 2
        return [one for o in places for one in (emitter.unforged(o, emitter.switch) if emitter.switch[o] else ones)]

    said = read_slots(own, slots, ("origins", places), write_own).reshape(len(slots), len(places), 2)
    share, imitated = forgings(program, slots, origins)
    return (1.0 - share) * said[:, :, 0].T + share * imitated, (1.0 - share) * said[:, :, 1].T + share * imitated


def named_by(program: Program, origin: str) -> NDArray[np.bool_]:
    """Of which factions all that an origin says of the perpetrator is true: (faction,). Of none for a direct item."""
    place = program.origins.index(origin)
    leaf = program.ints.origin_leaf.reshape(len(program.origins), -1)[place]
    return np.asarray((leaf == 1) & (program.ints.origin_kind[place] != DIRECT))


def forgings(program: Program, slots: Floats, origins: tuple[str, ...]) -> tuple[Floats, Floats]:
    """How probable it is that some origins are forged, and what they would then say: (origin, draw) each."""
    places = tuple(program.origins.index(origin) for origin in origins)

    def write(emitter: Emitter) -> list[int]:
        none = [emitter.tape.zero] * 2
        return [one for o in places for one in (emitter.forging(o) if emitter.switch[o] else none)]

    share, imitated = read_slots(program, slots, ("forging", places), write).reshape(len(slots), len(places), 2).T
    return share, imitated


def evidence_gradient(program: Program, z: Floats) -> tuple[float, Floats]:
    """``log p(E | theta(z))`` and its gradient for one z, shape (coordinate,)."""
    tape = evidence_tape(program)
    return float(read(tape, z[None])[0, 0]), pull(tape, z[None], np.ones((1, 1)))[0]


def evidence_tape(program: Program) -> Sealed:
    """``log p(E | theta(z))`` from z, as one tape."""

    def write() -> Sealed:
        emitter = Emitter.from_normals(program)
        return emitter.tape.sealed([emitter.tape.log_sum(emitter.joint())])

    return _known(program, "evidence", write)


def joint_tape(program: Program) -> Sealed:
    """The log-joint of all factions from z, as one tape."""

    def write() -> Sealed:
        emitter = Emitter.from_normals(program)
        return emitter.tape.sealed(emitter.joint())

    return _known(program, "log joint", write)


def prior_tape(program: Program) -> Sealed:
    """The log-prior of all factions from z, as one tape."""

    def write() -> Sealed:
        emitter = Emitter.from_normals(program)
        return emitter.tape.sealed(emitter.prior())

    return _known(program, "log prior", write)


def _known(program: Program, question: object, write: Callable[[], Sealed]) -> Sealed:
    tapes = _tapes.setdefault(program, {})
    if question not in tapes:
        tapes[question] = write()
    return tapes[question]


def sealed(
    program: Program,
    slots: Floats,
    question: object,
    write: Callable[[Emitter], Sealed],
    gates: int = 0,
    moved: Sequence[int] = (),
) -> Sealed:
    """The tape of a question about slots, and inputs after them that are 1 where somebody is heard and 0 where not.

    Zeros and ones among the slots are written into it, but for those that somebody changed, or is about to: `moved`.
    """
    columns, constants = slots.shape[1] + gates, program.floats.curve_a
    known = np.flatnonzero((program.ints.slot_kind == CONSTANT) & ((constants == 0.0) | (constants == 1.0)))
    certain = known[~np.isin(known, moved)] if moved else known
    for some in (slots[:1], slots):  # where they are others, the first draw tells as a rule
        certain = certain[(some[:, certain] == constants[certain]).all(axis=0)]

    def written() -> Sealed:
        return write(Emitter.from_slots(program, columns, certain.tolist()))

    return _known(program, (question, columns, certain.tobytes()), written)


def read_slots(program: Program, slots: Floats, question: object, write: Callable[[Emitter], list[int]]) -> Floats:
    """The outputs (draw, output) of a question about slots, which is written once."""
    tape = sealed(program, slots, question, lambda emitter: emitter.tape.sealed(write(emitter)))
    return read(tape, slots)


def _log_sum(logs: Floats) -> Floats:
    """``log sum exp`` over the second axis, -inf where nothing is possible."""
    found = np.empty(len(logs))
    with np.errstate(divide="ignore"):
        for rows in _few_rows(logs):
            # Sums along many draws are vectors, along few columns not. A copy even where the order is right already:
            # the sums are made in it, and the caller's numbers stay.
            across = np.array(logs[rows].T, order="C")
            top = across.max(axis=0)
            top[top == -np.inf] = 0.0
            across -= top
            found[rows] = np.log(np.exp(across, out=across).sum(axis=0)) + top
    return found


def _few_rows(table: Floats) -> Iterator[slice]:
    return few_at_a_time(len(table), table.shape[1], least=16)


def few_at_a_time(count: int, size: int, *, least: int = 1) -> Iterator[slice]:
    """Of so many sets of `size` numbers each, as many at a time as stay near the processor, at least some."""
    step = max(least, 2**15 // max(1, size))
    for start in range(0, count, step):
        yield slice(start, start + step)
