"""The sums over many draws: plain arrays in, plain arrays out, two cores used, memory bounded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from attribution.network.program import DIRECT, Floats, Program
from attribution.parallel import threads

_CHUNK_BYTES = 1 << 26
_LIGHT = 1024  # draws of light work below which a second thread costs more than it saves


def numbers(program: Program, z: Floats) -> Floats:
    """Slot values of draws z: shape (draw, slot). They do not depend on which origins are switched on."""
    from attribution.network.kernel import numbers_batch

    packed = program.packed()
    out = np.empty((len(z), len(program.ints.slot_kind)))
    each_part(lambda part: numbers_batch(_rows(z, part), *packed, out[part]), len(z))
    return out


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
    out = np.empty((len(z), len(program.factions)))
    for rows in _chunks(slice(0, len(z)), len(program.ints.slot_kind)):
        out[rows] = log_joint_at(program, numbers(program, z[rows]))
    return out


def log_joint_at(program: Program, slots: Floats) -> Floats:
    """As `log_joint`, where the slot values are known: shape (draw, faction)."""
    from attribution.network.kernel import log_joint_batch

    packed = program.packed()
    out = np.empty((len(slots), len(program.factions)))
    each_part(lambda part: log_joint_batch(_rows(slots, part), *packed, out[part]), len(slots))
    return out


def log_parts(program: Program, slots: Floats) -> tuple[Floats, Floats]:
    """Prior and likelihood apart: ``log pi_h`` (draw, faction), ``log p(E_c | h)`` (draw, faction, part).

    The last part holds what was said of the perpetrator alone. The open set is not mixed in.
    """
    from attribution.network.kernel import parts_batch

    packed = program.packed()
    factions, components = len(program.factions), len(program.components) + 1
    prior = np.empty((len(slots), factions))
    parts = np.empty((len(slots), factions, components))
    each_part(lambda part: parts_batch(_rows(slots, part), *packed, prior[part], parts[part]), len(slots))
    return prior, parts


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
    with np.errstate(invalid="ignore"):
        total = known.total - known.parts[:, :, part] + changed
    lost = ~np.isfinite(known.parts[:, :, part])
    if lost.any():  # what is impossible cannot be divided out: add the other parts up again
        others = np.delete(known.parts, part, axis=2).sum(axis=2)
        total = np.where(lost, known.prior + others + changed, total)
    return keep_open(program, slots, total)


def part_log_likelihood(program: Program, slots: Floats, part: int) -> Floats:
    """``log p(E_part | h, theta)`` of one part: (draw, faction)."""
    from attribution.network.kernel import part_batch

    packed = program.packed()
    out = np.empty((len(slots), len(program.factions)))
    each_part(lambda rows: part_batch(_rows(slots, rows), *packed, part, out[rows]), len(slots), least=_LIGHT)
    return out


def keep_open(program: Program, slots: Floats, log_joint: Floats) -> Floats:
    """The log-joint with the open set mixed in; see `attribution.network.kernel.keep_open`."""
    from attribution.network.kernel import keep_open_batch

    packed = program.packed()
    mixed = np.array(log_joint)
    each_part(lambda part: keep_open_batch(_rows(slots, part), *packed, mixed[part]), len(slots), least=_LIGHT)
    return mixed


def normalise(log_joint: Floats) -> tuple[Floats, Floats]:
    """``p(h | E)`` (draw, faction) and ``log p(E)`` (draw,).

    Where nothing is possible they are 0 and -inf: such a draw has no weight, and nothing times nothing is nothing.
    """
    from attribution.network.kernel import normalise_batch

    probability, evidence = np.empty(log_joint.shape), np.empty(len(log_joint))
    each_part(
        lambda part: normalise_batch(log_joint[part], probability[part], evidence[part]), len(log_joint), least=_LIGHT
    )
    return probability, evidence


def tables(program: Program, slots: Floats) -> tuple[Floats, Floats]:
    """Row entries (draw, entry) and the log prior (draw, faction) that the slot values amount to."""
    from attribution.network.kernel import tables_batch

    packed = program.packed()
    rows = np.empty((len(slots), len(program.ints.row_slot)))
    prior = np.empty((len(slots), len(program.factions)))
    each_part(lambda part: tables_batch(_rows(slots, part), *packed, rows[part], prior[part]), len(slots), least=_LIGHT)
    return rows, prior


def origin_factors(program: Program, slots: Floats, origins: tuple[str, ...]) -> tuple[Floats, Floats]:
    """The value of some origins' factors where all they say of the facts is false, and where it is true.

    Both (origin, draw, faction): forging may reach some factions only, and for a faction that the origin does not name
    as the perpetrator the two are the same. A direct item has ones.
    """
    from attribution.network.kernel import origin_values_batch

    packed = program.packed()
    values = np.empty((len(slots), len(program.origins), 4))
    each_part(lambda part: origin_values_batch(_rows(slots, part), *packed, values[part]), len(slots))
    leaf = program.ints.origin_leaf.reshape(len(program.origins), len(program.factions))
    at = np.where((program.ints.origin_kind == DIRECT)[:, None], 0, leaf)
    places = [program.origins.index(origin) for origin in origins]
    false, true = (np.stack([values[:, place].take(at[place] & mask, axis=1) for place in places]) for mask in (2, 3))
    return false, true


def state_probabilities(program: Program, slots: Floats) -> Floats:
    """``p(x_f | E, theta)`` for every state of every fact, facts one after another: shape (draw, state).

    Rows are 0 in draws under which the evidence is impossible.
    """
    from attribution.network.kernel_gradient import beliefs_batch

    packed = program.packed()
    entries = int(program.ints.config_start[-1])
    out = np.empty((len(slots), sum(len(states) for states in program.states)))

    def work(part: slice) -> None:
        for rows in _chunks(part, 1 + entries):
            beliefs = np.empty((rows.stop - rows.start, entries))
            beliefs_batch(_rows(slots, rows), *packed, beliefs)
            _add_configurations(program, beliefs, out[rows])

    each_part(work, len(slots))
    return out


def joint_states(program: Program, slots: Floats, weights: Floats) -> Floats:
    """``sum_d w_d p(h, x_f | E, theta_d)`` for every state of every fact: shape (batch, faction, state).

    `weights` (batch, draw of the batch) belong to consecutive draws: batches are chains, so that an error can be told.
    """
    from attribution.network.kernel_gradient import joint_beliefs_batch

    packed = program.packed()
    batches, size = weights.shape
    out = np.zeros((batches, len(program.factions), int(program.ints.config_start[-1])))

    def work(part: slice) -> None:
        for batch in range(part.start, part.stop):
            mine = _rows(slots, slice(batch * size, (batch + 1) * size))
            joint_beliefs_batch(mine, *packed, np.ascontiguousarray(weights[batch]), out[batch])

    each_part(work, batches, least=1)
    states = np.empty((batches * len(program.factions), sum(len(states) for states in program.states)))
    _add_configurations(program, out.reshape(len(states), -1), states)
    return states.reshape(batches, len(program.factions), -1)


def evidence_gradient(program: Program, z: Floats) -> tuple[float, Floats]:
    """``log p(E | theta(z))`` and its gradient for one z, shape (coordinate,)."""
    from attribution.network.kernel_gradient import evidence_and_gradient

    gradient = np.empty(len(z))
    value = evidence_and_gradient(z, *program.packed(), gradient)
    return float(value), gradient


def _add_configurations(program: Program, entries: Floats, states: Floats) -> None:
    """Add the entries of each fact's states up over its parents' configurations, always in the same order."""
    starts, first = program.ints.config_start, 0
    for fact, names in enumerate(program.states):
        begin, end = (starts[program.fact_config[at]] for at in (fact, fact + 1))
        mine = entries[:, begin:end].reshape(len(entries), -1, len(names))
        states[:, first : first + len(names)] = mine.sum(axis=1)
        first += len(names)


def _rows(z: Floats, part: slice) -> Floats:
    return np.ascontiguousarray(z[part], dtype=np.float64)


def _chunks(part: slice, numbers_per_draw: int) -> Iterator[slice]:
    size = max(1, _CHUNK_BYTES // (8 * numbers_per_draw))
    for start in range(part.start, part.stop, size):
        yield slice(start, min(start + size, part.stop))


def each_part(work: Callable[[slice], None], draws: int, *, least: int = 64) -> None:
    """Do the work on consecutive parts of the draws, one thread each (for at least so many draws)."""
    count = min(threads(), max(1, draws // least))
    edges: NDArray[np.int64] = np.linspace(0, draws, count + 1).astype(np.int64)
    parts = [slice(int(start), int(stop)) for start, stop in pairwise(edges)]
    if count == 1:
        work(parts[0])
        return
    work_first, *rest = parts
    with ThreadPoolExecutor(count - 1) as pool:
        waiting = [pool.submit(work, part) for part in rest]
        work(work_first)
        for future in waiting:
            future.result()
