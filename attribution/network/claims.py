"""What each origin says, believed given everything: the likelihood without any of them, from one pass backwards.

The likelihood of a part is linear in the two values of an origin's factor: where all it says is true, and where not.
How probable each of the two is given all evidence, one reading backwards tells for all origins at once (an indicator
for each joint state of the facts that they speak about; Darwiche 2003, doi:10.1145/765568.765570). Divided by its own
value, what is left is the likelihood without it. So leaving each of n origins out costs as much as a few sums over all
of them, not n sums over n.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from attribution.network.emitter import Emitter, Pool
from attribution.network.program import DIRECT, Floats, Ints, Program
from attribution.network.reader import pull
from attribution.network.summation import sealed
from attribution.network.tape import Sealed


@dataclass(frozen=True, slots=True, eq=False)
class Claims:
    """Origins of a part that speak about the same facts, and the joint states of these that none of them tells apart.

    Attributes
    ----------
    at
        Where the product of their factors lies in the pool.
    cell
        The class of each joint state: (state,).
    holds
        Whether what each origin says of the facts is true there: by origin (cell,).
    """

    at: int
    cell: Ints
    holds: dict[int, Ints]

    @property
    def cells(self) -> int:
        return int(self.cell.max()) + 1


def claims(program: Program, part: int) -> tuple[Claims, ...]:
    """What the origins of a part say, by the facts that they speak about; items that only weigh are no claims."""
    ints = program.ints
    start, gathered = ints.evidence_start, dict[int, list[int]]()
    merged = dict(_merged(ints.factor_start, ints.factor_offset, ints.step_out, int(ints.part_step[0])))
    for origin in np.flatnonzero((ints.origin_part == part) & (ints.origin_kind != DIRECT)).tolist():
        at = int(ints.evidence_offset[origin])
        gathered.setdefault(merged.get(at, at), []).append(origin)
    found = []
    for at, origins in gathered.items():
        patterns = np.stack([ints.evidence_pattern[start[one] : start[one + 1]] for one in origins])
        known, cell = np.unique(patterns, axis=1, return_inverse=True)
        found.append(Claims(at, np.asarray(cell).ravel(), dict(zip(origins, known, strict=True))))
    return tuple(found)


def _merged(first: Ints, offset: Ints, out: Ints, shared: int) -> Iterator[tuple[int, int]]:
    """Where in the pool each factor lies that is multiplied with others about the same facts, and their product."""
    for step in range(shared):
        for at in offset[first[step] : first[step + 1]].tolist():
            yield at, int(out[step])


@dataclass(frozen=True, slots=True, eq=False)
class Beliefs:
    """How probable the states of a part's facts are given all its evidence, as far as origins tell them apart.

    Attributes
    ----------
    claims
        What origins say, by the facts that they speak about.
    values
        The probabilities of the cells of all claims, one after another, under each class of factions: (class, cell,
        draw).
    of_faction
        The class of each faction: (faction,).
    leaf
        1 where what an origin says of the perpetrator is true: (origin, class).
    """

    claims: tuple[Claims, ...]
    values: Floats
    of_faction: Ints
    leaf: Ints

    def without(self, origin: int, false: Floats, true: Floats) -> Floats:
        """The logarithm of what is left of the likelihood without an origin, relative to it with it: (draw, faction).

        Where that cannot be told, since there is nothing to divide by, it is not a number or infinite.

        Parameters
        ----------
        origin
            Its position.
        false, true
            The values of its factor where something it says is false, and where all is true: (draw,) each.
        """
        first, mine = 0, self.claims[0]
        for mine in self.claims:
            if origin in mine.holds:
                break
            first += mine.cells
        inverse = np.empty((len(self.values), len(false)))
        with np.errstate(divide="ignore", invalid="ignore"):
            by = 1.0 / false, 1.0 / true
            for k, named in enumerate(self.leaf[origin].tolist()):
                total = np.zeros(len(false))
                for cell, holds in enumerate(mine.holds[origin].tolist(), first):
                    total += self.values[k, cell] * by[holds & named]
                np.log(total, out=inverse[k])
        return np.asarray(inverse[self.of_faction].T)


def beliefs(program: Program, slots: Floats, part: int) -> Beliefs:
    """What is believed of the facts of a part given all its evidence, under each class of factions, in every draw."""
    spoken, factions = claims(program, part), len(program.factions)
    classes = int(program.ints.class_start[part + 1] - program.ints.class_start[part])

    def write(emitter: Emitter) -> Sealed:
        tape, by, marked = emitter.tape, list[int](), list[Pool]()
        for _ in range(classes):
            mine: Pool = {}
            for one in spoken:
                indicators = [tape.indicator() for _ in range(one.cells)]
                mine.update((one.at + state, indicators[cell]) for state, cell in enumerate(one.cell.tolist()))
                by += indicators
            marked.append(mine)
        return tape.sealed(emitter.likelihood(part, emitter.switch, marked=marked), by)

    tape = sealed(program, slots, ("beliefs", part), write)
    values = np.ascontiguousarray(pull(tape, slots, np.ones((len(slots), classes))).T)
    first, end = program.ints.class_start[part : part + 2].tolist()
    of_faction = program.ints.class_of[part * factions : (part + 1) * factions] - first
    leaf = program.ints.origin_leaf.reshape(-1, factions)[:, program.ints.class_leaf[first:end]]
    return Beliefs(spoken, values.reshape(classes, -1, len(slots)), of_faction, leaf)
