"""What the draws say of the facts: beliefs by derivatives of one tape, scenarios by its outputs."""

from __future__ import annotations

from functools import partial
from itertools import accumulate, chain, product

import numpy as np

from attribution.network.emitter import Emitter
from attribution.network.program import Floats, Program
from attribution.network.reader import pull
from attribution.network.summation import log_joint_at, normalise, read_slots, sealed
from attribution.network.tape import Sealed

_CHUNK = 2**23  # numbers that intermediate results may take at a time


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

    return pull(sealed(program, slots, "states", write), slots, np.ones((len(slots), 1)))


def log_scenarios(program: Program, slots: Floats, roles: tuple[str, ...]) -> Floats:
    """``log pi_h p(E, x_roles | h, theta)`` of every joint state of some facts: shape (draw, joint state, faction).

    Joint states in the order of `itertools.product`, the last fact fastest; the open set is mixed in. Where `other`
    acted like everybody, the facts are those of whom it acted like.
    """
    found = read_slots(program, slots, ("scenarios", roles), partial(_write_scenarios, roles))
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
    tape = sealed(program, slots, "joint states", _write_joint_states)
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
