"""Networks in which origins are forged with one common probability, at random or toward somebody."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from attribution.analysis.units import standing_case
from attribution.domain.evidence import Statement
from attribution.domain.model import Forged
from attribution.domain.numbers import Number
from attribution.inference.carrying import carried
from attribution.inference.posterior import Posterior
from attribution.network.compiler import compile_network
from attribution.network.program import Floats, Ints, Program
from attribution.network.summation import keep_open, log_parts, numbers

NOISE = ""
MARK = Number.exactly(0.4142135623)  # a constant that no case states, so that its slot is its own


def forgeable(posterior: Posterior) -> tuple[str, ...]:
    """Reports and acts that the case does not call impossible to forge."""
    return tuple(
        origin.id
        for origin in standing_case(posterior).origins
        if isinstance(origin.items[0], Statement) and origin.forgeable
    )


def doubted(posterior: Posterior, origins: tuple[str, ...]) -> tuple[str, ...]:
    """Those of some origins of which the model itself says how probable it is that they are forged."""
    named = {one.target for one in posterior.model.deception.forged}
    case = standing_case(posterior)
    return tuple(origin for origin in origins if origin in named or case.origins[origin].source in named)


def planted(posterior: Posterior, origins: tuple[str, ...], toward: str, probability: Number) -> Program:
    """The network with some origins forged with a probability; what the model says of others stays."""
    model = posterior.model
    forged = tuple(Forged(origin, probability, toward) for origin in origins)
    kept = tuple(one for one in model.deception.forged if one.target not in origins)
    deception = replace(model.deception, forged=(*forged, *kept))
    return compile_network(posterior.case, replace(model, deception=deception), posterior.settings.as_of)


def marked_slot(program: Program, origins: tuple[str, ...]) -> int:
    """Where the one probability stands with which these origins are forged."""
    return int(program.ints.forged[program.origins.index(origins[0])])


@dataclass(frozen=True, slots=True, eq=False)
class Planting:
    """Some draws under forging of many origins with one probability: at random, and toward anybody.

    Toward g, a faction outside g is judged as if every origin might have been planted, and one inside g as if none.
    Two networks, each sparing another faction, therefore hold all directions.
    """

    programs: tuple[Program, Program, Program]
    slots: tuple[Floats, Floats, Floats]
    columns: tuple[int, int, int]
    log_weight: Floats
    spared: tuple[int, int]

    @classmethod
    def of(cls, posterior: Posterior, origins: tuple[str, ...], rows: Ints) -> Planting:
        """All directions on some draws that count equally."""
        first, second = posterior.program.factions[:2]
        programs = tuple(planted(posterior, origins, toward, MARK) for toward in (NOISE, first, second))
        slots = tuple(numbers(one, np.ascontiguousarray(carried(posterior, one)[rows])) for one in programs)
        columns = tuple(marked_slot(one, origins) for one in programs)
        a, b, c = programs
        x, y, z = slots
        return cls((a, b, c), (x, y, z), (columns[0], columns[1], columns[2]), -posterior.log_evidence[rows], (0, 1))

    def at(self, probability: float) -> tuple[Floats, Floats]:
        """The log-joint without the open set (draw, faction): all forged at random; all planted toward nobody there."""
        noise, first, second = (self._total(which, probability) for which in range(3))
        anybody = first.copy()
        anybody[:, self.spared[0]] = second[:, self.spared[0]]
        return noise, anybody

    def opened(self, total: Floats) -> Floats:
        """With the open set mixed in."""
        return keep_open(self.programs[0], self.slots[0], total)

    def _total(self, which: int, probability: float) -> Floats:
        slots = self.slots[which].copy()
        slots[:, self.columns[which]] = probability
        prior, parts = log_parts(self.programs[which], slots)
        return np.asarray(prior + parts.sum(axis=2))
