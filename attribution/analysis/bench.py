"""Where small changes are tried out: some draws, what is known of them, and the lead under changed numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from attribution.inference.posterior import Posterior
from attribution.network.edits import Loosened, driven, loosened
from attribution.network.program import RATIO, Floats, Ints, Program
from attribution.network.reach import Reach, ReachMap
from attribution.network.summation import Parts, keep_open, part_log_likelihood, tables


@dataclass(frozen=True, slots=True, eq=False)
class Bench:
    """Draws with their numbers and sums; `log_weight` (draw,) times a changed joint is what a draw counts.

    `slots` are those of the `loose` network, in which every statement has a reliability of its own and every faction a
    factor in the prior: the columns of the `program` as it is come first.
    """

    program: Program
    loose: Loosened
    map: ReachMap
    z: Floats
    slots: Floats
    known: Parts
    log_weight: Floats
    leader: int

    @property
    def own(self) -> Floats:
        """The slots of the program as it is."""
        return np.ascontiguousarray(self.slots[:, : len(self.program.ints.slot_kind)])

    def total(self, slots: Floats, reach: Reach) -> Floats:
        """The log-joint (draw, faction) under changed numbers that bear upon no more than `reach`."""
        program = self.loose.program if slots.shape[1] == self.slots.shape[1] else self.program
        change = np.zeros(self.known.total.shape)
        with np.errstate(invalid="ignore"):
            if reach.prior:
                change += tables(program, slots)[1] - self.known.prior
            for part in sorted(reach.parts):
                then = part_log_likelihood(program, slots, part)
                change += then - self.known.parts[:, :, part]
        return self.opened(slots, change)

    def opened(self, slots: Floats, change: Floats) -> Floats:
        """The log-joint after a change of its logarithm (draw, faction), with the open set mixed in."""
        program = self.loose.program if slots.shape[1] == self.slots.shape[1] else self.program
        impossible = ~np.isfinite(self.known.total)
        return keep_open(program, slots, np.where(impossible, -np.inf, self.known.total + change))

    def margins(self, log_joint: Floats) -> Floats:
        """``log P(leader) / P(h)`` for every faction, plainly weighted: (faction,); infinite for the leader itself."""
        terms = log_joint + self.log_weight[:, None]
        with np.errstate(divide="ignore"):
            mass = np.log(np.exp(terms - terms.max()).sum(axis=0))
        found = np.asarray(mass[self.leader] - mass)
        found[self.leader] = np.inf
        return found

    def shifted(self, coordinate: int, shift: float) -> tuple[Floats, Reach]:
        """The slots with one number moved on its probit or log scale, and what that bears upon."""
        own, slots = driven(self.program, coordinate), self.own
        for slot in own.tolist():
            slots[:, slot] = _value(self.program, slot, self.z, shift)
        reach = self.map.reach(own.tolist())
        for slot in reach.following:
            base, ratio = slots[:, self.program.ints.slot_first[slot]], slots[:, self.program.ints.slot_second[slot]]
            slots[:, slot] = base * ratio / (1.0 - base + base * ratio)
        return slots, reach


def bench(posterior: Posterior, leader: str, rows: Ints | None = None) -> Bench:
    """All draws, with the weights they have, or some that count equally (see `even_rows`)."""
    program = posterior.program
    loose = loosened(program)
    which = np.arange(len(posterior.slots)) if rows is None else rows
    slots = posterior.slots[which]
    source, item = program.ints.origin_source, program.ints.origin_item
    statements = np.flatnonzero(loose.reliability >= 0)
    wide = np.ones((len(which), len(loose.program.ints.slot_kind)))
    wide[:, : slots.shape[1]] = slots
    wide[:, loose.reliability[statements]] = slots[:, source[statements]] * slots[:, item[statements]]
    drawn_evenly = rows is not None or posterior.draws.log_weight is None
    return Bench(
        program=program,
        loose=loose,
        map=ReachMap.of(program),
        z=posterior.draws.flat[which],
        slots=wide,
        known=Parts(posterior.parts.prior[which], posterior.parts.total[which], posterior.parts.parts[which]),
        log_weight=-posterior.log_evidence[which] if drawn_evenly else np.zeros(len(which)),
        leader=program.factions.index(leader),
    )


def even_rows(posterior: Posterior, wanted: int) -> Ints:
    """Draws that count equally: stored ones, each taken as often as it weighs (systematic resampling)."""
    below = np.cumsum(posterior.draws.weights)
    at = (np.arange(min(wanted, len(below))) + 0.5) / min(wanted, len(below))
    return np.asarray(np.minimum(np.searchsorted(below, at * below[-1]), len(below) - 1), dtype=np.int64)


def _value(program: Program, slot: int, z: Floats, shift: float) -> Floats:
    """A number whose curve is raised by `shift`; see `attribution.network.kernel_values.slot_values`."""
    from scipy.special import ndtr

    from attribution.network.curves import FARTHEST, LOWEST

    ints, floats = program.ints, program.floats
    first, d = z[:, ints.slot_first[slot]], floats.curve_d[slot]
    bent = np.sinh(d * (first + floats.curve_s[slot])) if d > 0 else first
    on_scale = floats.curve_a[slot] + shift + floats.curve_b[slot] * bent
    if ints.slot_second[slot] >= 0:
        on_scale = on_scale + floats.curve_vary[slot] * z[:, ints.slot_second[slot]]
    if ints.slot_kind[slot] == RATIO:
        return np.asarray(np.exp(np.clip(on_scale, -FARTHEST, FARTHEST)))
    return np.asarray(ndtr(np.maximum(on_scale, LOWEST)))
