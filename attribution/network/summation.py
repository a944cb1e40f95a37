"""The sums over many draws: plain arrays in, plain arrays out, two cores used, memory bounded.

Every function here writes a question onto a tape (once for each program) and has it read for all draws.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate, chain, product
from weakref import WeakKeyDictionary

import numpy as np

from attribution.network.emitter import Emitter, Switch
from attribution.network.program import CONSTANT, DIRECT, Floats, Ints, Program
from attribution.network.reader import pull, read
from attribution.network.tape import Sealed

_CHUNK = 2**23  # numbers that intermediate results may take at a time
_FRESH = 2**19  # of inputs that are copied: memory that is handed out anew costs more than what is done with it

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
    return _read_slots(program, slots, "log joint", lambda emitter: emitter.joint())


def log_parts(program: Program, slots: Floats) -> tuple[Floats, Floats]:
    """Prior and likelihood apart: ``log pi_h`` (draw, faction), ``log p(E_c | h)`` (draw, faction, part).

    The last part holds what was said of the perpetrator alone. The open set is not mixed in.
    """

    def write(emitter: Emitter) -> list[int]:
        by_part = [emitter.likelihoods(part, emitter.switch) for part in range(emitter.parts)]
        return [*emitter.prior(), *(log for of_part in by_part for log in of_part)]

    found = _read_slots(program, slots, "parts", write).reshape(len(slots), -1, len(program.factions))
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
    less = program.without(origins)
    touched = {int(program.ints.origin_part[program.origins.index(origin)]) for origin in origins}
    total = known.total
    if not all(np.isfinite(known.parts[:, :, part]).all() for part in touched):
        return log_joint_at(less, slots)
    for part in sorted(touched):
        total = total - known.parts[:, :, part] + part_log_likelihood(less, slots, part)
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
    of_faction = _classes_of(program, part, only)
    classes = int(program.ints.class_start[part + 1] - program.ints.class_start[part])
    found = np.empty((len(switches), len(slots), len(of_faction)))
    step = max(1, _CHUNK // (1 + len(slots) * classes))
    for start in range(0, len(switches), step):
        some = tuple(switches[start : start + step])
        by_class = _read_slots(program, slots, ("part", part, some), partial(_write_part, part, some))
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


def _classes_of(program: Program, part: int, only: Ints | None) -> Ints:
    """The class of factions in a part, counted within the part: (faction,)."""
    factions = len(program.factions)
    classes = program.ints.class_of[part * factions : (part + 1) * factions] - program.ints.class_start[part]
    return np.asarray(classes if only is None else classes[only])


def _gated(program: Program, slots: Floats, part: int, switches: Sequence[Switch], only: Ints | None) -> Floats:
    """As `part_log_likelihoods`, each way to switch origins a value of inputs of their own."""
    columns, classes = slots.shape[1], _classes_of(program, part, only)
    mine = np.flatnonzero(program.ints.origin_part == part)

    def write(emitter: Emitter) -> list[int]:
        emitter.gates = {int(origin): columns + place for place, origin in enumerate(mine)}
        return emitter.likelihood(part, emitter.switch)

    gates = np.array(switches)[:, mine] != 0.0
    silent = ~gates.any(axis=1)
    wide = np.concatenate([slots, np.ones((len(slots), len(mine)))], axis=1)
    tape = _sealed(program, wide, ("gated", part), lambda emitter: emitter.tape.sealed(write(emitter)))
    used, tape = tape.loads, tape.narrowed()
    open_at = np.flatnonzero(used >= columns)
    gates, x = gates[:, used[open_at] - columns], wide[:, used]
    found = np.empty((len(switches), len(slots), len(classes)))
    step = max(1, _FRESH // max(1, x.size))
    for start in range(0, len(switches), step):
        some = gates[start : start + step]
        many = np.tile(x, (len(some), 1))
        many[:, open_at] = np.repeat(some, len(slots), axis=0)
        found[start : start + step] = read(tape, many).reshape(len(some), len(slots), -1)[:, :, classes]
    found[silent] = 0.0  # tables alone sum to one, to the last bit
    return found


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
            logs = _read_slots(program, slots, ("joint each", some), partial(write, some))
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
    steps = ints.step_size * np.diff(ints.factor_start)
    return [
        int(steps[ints.step_part == part].sum() * (ints.class_start[part + 1] - ints.class_start[part]))
        for part in range(len(ints.part_step) - 1)
    ]


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

    return _read_slots(program, slots, ("without each", origins), write)


def _sums(emitter: Emitter, rows: list[list[int]]) -> list[list[int]]:
    """Sums of the first rows: of one, of two, ..., of all."""
    found = [rows[0]]
    for row in rows[1:]:
        found.append([emitter.tape.plus(a, b) for a, b in zip(found[-1], row, strict=True)])
    return found


def keep_open(program: Program, slots: Floats, log_joint: Floats, moved: Floats | None = None) -> Floats:
    """The log-joint with the open set mixed in: `other` may have acted like anybody, each weighted by the reference.

    `moved` (draw, faction) is how far the log prior in the log-joint is from that of the reference.
    """
    open_set, surprise = (slots[:, slot] for slot in program.ints.surprise.tolist())
    other, mixed = int(program.ints.other[0]), np.array(log_joint)
    with np.errstate(divide="ignore", invalid="ignore"):
        own = np.log1p(-surprise) + log_joint[:, other]
        anybody = log_joint if moved is None else np.where(np.isfinite(log_joint), log_joint - moved, log_joint)
        like_all = np.log(surprise * open_set) + _log_sum(anybody)
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

    found = _read_slots(program, slots, "tables", write)
    entries = len(program.ints.row_slot)
    return found[:, :entries], found[:, entries:]


def log_prior(program: Program, slots: Floats) -> Floats:
    """``log pi_h`` in every draw: (draw, faction)."""
    return _read_slots(program, slots, "prior", lambda emitter: emitter.prior())


def origin_factors(
    program: Program, slots: Floats, origins: tuple[str, ...], unforged: Program | None = None
) -> tuple[Floats, Floats]:
    """The value of some origins' factors where all they say of the facts is false, and where it is true.

    Both (origin, draw, faction): for a faction that the origin does not name as the perpetrator the two are the same. A
    direct item has ones. What they say when they are not forged may be read from a network of its own, `unforged`.
    """
    places = tuple(program.origins.index(origin) for origin in origins)
    own = program if unforged is None else unforged

    def write_own(emitter: Emitter) -> list[int]:
        ones = [emitter.tape.one] * 2
        return [one for o in places for one in (emitter.unforged(o, emitter.switch) if emitter.switch[o] else ones)]

    said = _read_slots(own, slots, ("origins", places), write_own).reshape(len(slots), len(places), 2)
    share, imitated = forgings(program, slots, origins)
    false, true = (1.0 - share) * said[:, :, 0].T + share * imitated, (1.0 - share) * said[:, :, 1].T + share * imitated
    leaf = program.ints.origin_leaf.reshape(len(program.origins), len(program.factions))
    holds = np.where((program.ints.origin_kind == DIRECT)[:, None], 0, leaf)[list(places)][:, None, :]
    shape = len(places), len(slots), len(program.factions)
    return np.broadcast_to(false[:, :, None], shape), np.where(holds == 1, true[:, :, None], false[:, :, None])


def forgings(program: Program, slots: Floats, origins: tuple[str, ...]) -> tuple[Floats, Floats]:
    """How probable it is that some origins are forged, and what they would then say: (origin, draw) each."""
    places = tuple(program.origins.index(origin) for origin in origins)

    def write(emitter: Emitter) -> list[int]:
        none = [emitter.tape.zero] * 2
        return [one for o in places for one in (emitter.forging(o) if emitter.switch[o] else none)]

    share, imitated = _read_slots(program, slots, ("forging", places), write).reshape(len(slots), len(places), 2).T
    return share, imitated


def state_probabilities(program: Program, slots: Floats) -> Floats:
    """``p(x_f | E, theta)`` for every state of every fact, facts one after another: shape (draw, state).

    Rows are 0 in draws under which the evidence is impossible. The derivative of ``log p(E)`` by an indicator of a
    state is the probability of that state.
    """

    def write(emitter: Emitter) -> Sealed:
        seen = [emitter.tape.indicator() for _ in range(sum(map(len, program.states)))]
        total = [emitter.tape.certain] * emitter.factions
        for part in range(emitter.parts):
            logs = emitter.likelihoods(part, emitter.switch, seen)
            total = [emitter.tape.plus(log, more) for log, more in zip(total, logs, strict=True)]
        return emitter.tape.sealed([emitter.tape.log_sum(emitter.opened(total))], seen)

    return pull(_sealed(program, slots, "states", write), slots, np.ones((len(slots), 1)))


def log_scenarios(program: Program, slots: Floats, roles: tuple[str, ...]) -> Floats:
    """``log pi_h p(E, x_roles | h, theta)`` of every joint state of some facts: shape (draw, joint state, faction).

    Joint states in the order of `itertools.product`, the last fact fastest; the open set is mixed in. Where `other`
    acted like everybody, the facts are those of whom it acted like.
    """
    found = _read_slots(program, slots, ("scenarios", roles), partial(_write_scenarios, roles))
    return found.reshape(len(slots), -1, len(program.factions))


def _write_scenarios(roles: tuple[str, ...], emitter: Emitter) -> list[int]:
    """The joint once for every joint state; parts that the roles do not touch are shared, and so is all above them."""
    tape, program, nothing = emitter.tape, emitter.program, [emitter.tape.certain] * emitter.factions
    ends = list(accumulate(map(len, program.states), initial=0))
    places = [program.facts.index(role) for role in roles]
    of_roles = [range(ends[place], ends[place + 1]) for place in places]
    parts = [frozenset(_states_of(program, part)) for part in range(emitter.parts)]
    known: dict[tuple[int, frozenset[int]], list[int]] = {}
    outputs: list[int] = []
    for states in product(*of_roles):
        ruled_out = frozenset(chain.from_iterable(of_roles)) - frozenset(states)
        total = nothing
        for part, mine in enumerate(parts):
            key = part, mine & ruled_out
            if key not in known:
                seen = [tape.zero if state in key[1] else tape.one for state in range(ends[-1])]
                known[key] = emitter.likelihoods(part, emitter.switch, seen if key[1] else None)
            total = [tape.plus(log, more) for log, more in zip(total, known[key], strict=True)]
        outputs += emitter.opened(total)
    return outputs


def joint_states(program: Program, slots: Floats, weights: Floats) -> Floats:
    """``sum_d w_d p(h, x_f | E, theta_d)`` for every state of every fact: shape (batch, faction, state).

    `weights` (batch, draw of the batch) belong to consecutive draws: batches are chains, so that an error can be told.
    Where `other` acted like everybody, the facts are those of whom it acted like.
    """
    tape = _sealed(program, slots, "joint states", _write_joint_states)
    states = sum(map(len, program.states))
    found = np.zeros((len(weights), len(program.factions), states))
    size = weights.shape[1]
    step = max(1, _CHUNK // (1 + len(tape.by)))
    for batch, weight in enumerate(weights):
        for start in range(0, size, step):
            some = slice(batch * size + start, batch * size + min(start + step, size))
            found[batch] += _joint_states(program, tape, slots[some], weight[start : start + step])
    return found


def _write_joint_states(emitter: Emitter) -> Sealed:
    """Every class with indicators of its own; outputs are its likelihoods, and last the joint of `other`."""
    tape, program = emitter.tape, emitter.program
    states = sum(map(len, program.states))
    by: list[int] = []
    outputs: list[int] = []
    total = [tape.certain] * emitter.factions
    for part in range(emitter.parts):
        mine = _states_of(program, part)
        seen = [
            [tape.indicator() if state in mine else tape.one for state in range(states)]
            for _ in emitter.class_leaves(part)
        ]
        logs = emitter.likelihood(part, emitter.switch, seen=seen)
        total = [tape.plus(total[h], logs[k]) for h, k in enumerate(emitter.classes(part))]
        by += [of_class[state] for of_class in seen for state in mine]
        outputs += logs
    return tape.sealed([*outputs, emitter.opened(total)[int(program.ints.other[0])]], by)


def _joint_states(program: Program, tape: Sealed, slots: Floats, weight: Floats) -> Floats:
    """Of some draws: what each faction would have done, times how probable it is that it was that faction."""
    other, factions = int(program.ints.other[0]), len(program.factions)
    weighted = normalise(log_joint_at(program, slots))[0] * weight[:, None]
    push = np.zeros((len(slots), len(tape.outputs)))
    push[:, :-1] = 1.0
    by_class, by_other = pull(tape, slots, push), pull(tape, slots, 1.0 - push)
    found = np.zeros((factions, sum(map(len, program.states))))
    first = 0
    for part, of_faction in enumerate(program.ints.class_of.reshape(-1, factions)):
        mine = _states_of(program, part)
        for k in range(program.ints.class_start[part], program.ints.class_start[part + 1]):
            here = slice(first, first + len(mine))
            named = np.flatnonzero((of_faction == k) & (np.arange(factions) != other))
            found[np.ix_(named, mine)] = np.einsum("dh,ds->hs", weighted[:, named], by_class[:, here])
            found[other, mine] += np.einsum("d,ds->s", weighted[:, other], by_other[:, here])
            first += len(mine)
    return found


def _states_of(program: Program, part: int) -> list[int]:
    """The states, counted over all facts, of the facts of a part; the last part has none."""
    facts = program.components[part] if part < len(program.components) else ()
    ends = list(accumulate(map(len, program.states), initial=0))
    places = [program.facts.index(fact) for fact in facts]
    return [state for place in places for state in range(ends[place], ends[place + 1])]


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


def _sealed(program: Program, slots: Floats, question: object, write: Callable[[Emitter], Sealed]) -> Sealed:
    """The tape of a question about slots. Their zeros and ones are written into it, unless somebody changed them."""
    columns, constants = slots.shape[1], program.floats.curve_a
    certain = np.flatnonzero((program.ints.slot_kind == CONSTANT) & ((constants == 0.0) | (constants == 1.0)))
    if not (slots[:, certain] == constants[certain]).all():
        certain = certain[:0]

    def written() -> Sealed:
        return write(Emitter.from_slots(program, columns, certain.tolist()))

    return _known(program, (question, columns, len(certain)), written)


def _read_slots(program: Program, slots: Floats, question: object, write: Callable[[Emitter], list[int]]) -> Floats:
    tape = _sealed(program, slots, question, lambda emitter: emitter.tape.sealed(write(emitter)))
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
    """So many rows at a time as stay near the processor."""
    step = max(16, 2**15 // max(1, table.shape[1]))
    for start in range(0, len(table), step):
        yield slice(start, start + step)
