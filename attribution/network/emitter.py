"""From the arrays of a `Program` to a tape: the formulas, in the order in which they stand on paper.

    p(E | H, theta) = sum over X of prod_j theta_j(x_j | H, parents) prod_o p(o | X, H)

where a fact that follows another of its story (`_following`) has the mean of its table over all factions, and with the
open set kept open, ``p(E | other) <- (1 - s) p(E | other) + s sum_h pi_h p(E | h)``. Every method returns
registers; nothing is written before it is asked for, and nothing twice. What differs between two questions (an origin
left out, a factor to a power) is one argument, so that both can stand on one tape and share what they have in common.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from attribution.network.curves import Curve
from attribution.network.program import ABSENCE, CONSTANT, DIRECT, ODDS, RATIO, Program
from attribution.network.tape import ANY_RATIO, PROBABILITY, RATE, UNIT, Tape

type Pool = dict[int, int]  # registers of table entries, evidence factors and messages
type Switch = tuple[float, ...]  # the power to which each origin's factor is taken: 1, or 0 where it is left out
type Values = tuple[int, int, int, int]  # of an origin: all it says is false, true; the same where forging reaches


class Emitter:
    """A program being written onto a tape, from standard normals (`from_normals`) or from its slots (`from_slots`)."""

    def __init__(self, program: Program, tape: Tape, slots: list[int]) -> None:
        self.tape, self.slot, self.program = tape, slots, program
        self._ints = {name: getattr(program.ints, name).tolist() for name in program.ints.__slots__}
        self._floats = {name: getattr(program.floats, name).tolist() for name in program.floats.__slots__}
        self.switch: Switch = tuple(self._floats["switch"])
        self.factions, self.origins = len(program.factions), len(program.origins)
        self._rows: dict[int, list[int]] = {}
        self._values: dict[tuple[int, float], Values] = {}
        self._means: dict[int, list[int]] = {}
        self.gates: dict[int, int] = {}  # registers, 1 where an origin is heard and 0 where not; others are as switched
        self._followed: dict[int, list[int]] = {}

    @classmethod
    def from_normals(cls, program: Program) -> Emitter:
        """Inputs are the coordinates of z."""
        tape = Tape(program.dimension)
        ints, floats, slots = program.ints, program.floats, list[int]()
        curves = np.stack([floats.curve_a, floats.curve_b, floats.curve_d, floats.curve_s], axis=1).tolist()
        kinds = zip(ints.slot_kind.tolist(), ints.slot_first.tolist(), ints.slot_second.tolist(), strict=True)
        for (kind, first, second), shape, vary in zip(kinds, curves, floats.curve_vary.tolist(), strict=True):
            if kind == CONSTANT:
                slots.append(tape.literal(shape[0]))
            elif kind == ODDS:
                odds = tape.multiply(slots[first], slots[second])
                slots.append(tape.divide(odds, tape.add(tape.rest(slots[first]), odds)))
            else:
                op = RATE if kind == RATIO else PROBABILITY
                slots.append(tape.curve(op, first, second, Curve(*shape), vary))
        return cls(program, tape, slots)

    @classmethod
    def from_slots(cls, program: Program, columns: int, certain: list[int]) -> Emitter:
        """Inputs are `columns` slots, those of the program first; constants that are `certain`, 0 or 1, stay so."""
        kind = program.ints.slot_kind
        ratios = (kind == RATIO) | ((kind == CONSTANT) & (program.floats.curve_a > 1.0))
        more = [UNIT] * (columns - len(ratios))
        tape = Tape(columns, [*(ANY_RATIO if ratio else UNIT for ratio in ratios.tolist()), *more])
        slots = list(range(columns))
        for slot in certain:
            slots[slot] = tape.literal(float(program.floats.curve_a[slot]))
        return cls(program, tape, slots)

    def row(self, row: int) -> list[int]:
        """A row as a distribution: ``v / (sum v + r)``, or ``v`` and ``1 - v`` for two states."""
        if row not in self._rows:
            i, tape, rest = self._ints, self.tape, self._floats["row_rest"][row]
            slots = i["row_slot"][i["row_start"][row] : i["row_start"][row + 1]]
            given = [self.slot[slot] for slot in slots if slot >= 0]
            if rest < 0.0:
                left = tape.rest(given[0])
                self._rows[row] = [self.slot[slot] if slot >= 0 else left for slot in slots]
            else:
                weight = total = tape.literal(rest)
                for value in given:
                    total = tape.add(total, value)
                values = (self.slot[slot] if slot >= 0 else weight for slot in slots)
                self._rows[row] = [tape.divide(value, total) for value in values]
        return self._rows[row]

    def table(self, config: int, faction: int) -> list[int]:
        """What a faction's table says under one configuration of parents; a staged one mixed with who it points to."""
        i = self._ints
        row = self.row(self._row_of(config, faction))
        staged = i["config_staged"][config]
        if staged < 0 or i["staged_member"][staged * self.factions + faction] == 1:
            return row
        share, means = self.slot[i["staged_slot"][staged]], self._staged_means(config, staged)
        return [self.tape.mix(share, own, mean) for own, mean in zip(row, means, strict=True)]

    def values(self, origin: int, power: float) -> Values:
        """``p(o | X) = rho 1[all true] + (1 - rho) prod q``; turned round, copied, forged; then to a power."""
        if (origin, power) not in self._values:
            one = self.tape.one
            if power == 0.0 or self._ints["origin_kind"][origin] == DIRECT:
                values = one, one, one, one
            elif self._ints["origin_kind"][origin] == ABSENCE:
                missed = self.tape.rest(self.slot[self._ints["origin_item"][origin]])
                values = missed, one, missed, one
            else:
                values = self._statement(origin)
            false, true, reached_false, reached_true = (self.tape.power(value, power) for value in values)
            self._values[origin, power] = false, true, reached_false, reached_true
        return self._values[origin, power]

    def prior(self) -> list[int]:
        """``log pi`` of every faction, as it stands."""
        i = self._ints
        shares = self._shares(i["prior_start"], i["prior_slot"], i["within_slot"], i["surprise"][0])
        return [self.tape.log(share) for share in shares]

    @cached_property
    def _reference(self) -> list[int]:
        """The prior of every faction before anybody moved it: what a likelihood may ask for and stay one."""
        i = self._ints
        return self._shares(i["reference_start"], i["reference_slot"], i["reference_within"], i["reference_other"][0])

    def _shares(self, start: list[int], slots: list[int], within: list[int], open_slot: int) -> list[int]:
        """Prior shares: `other` has its own, the rest share what is left in proportion to their weights."""
        i, tape, other = self._ints, self.tape, self._ints["other"][0]
        weights = [self.size(h) for h in range(self.factions)]
        for family in set(i["family"]) - {-1}:
            for h, share in self.by_size([h for h, of in enumerate(i["family"]) if of == family]).items():
                weights[h] = share
        blocks: dict[int, int] = {}
        for h in range(self.factions):
            for slot in within[i["within_start"][h] : i["within_start"][h + 1]]:
                weights[h] = tape.multiply(weights[h], self.slot[slot])
            if i["block"][h] >= 0:
                blocks[i["block"][h]] = tape.add(blocks.get(i["block"][h], tape.zero), weights[h])
        total = tape.zero
        for h in range(self.factions):
            if i["block"][h] >= 0:
                weights[h] = tape.divide(weights[h], blocks[i["block"][h]])
            for slot in slots[start[h] : start[h + 1]]:
                weights[h] = tape.multiply(weights[h], self.slot[slot])
            if h != other:
                total = tape.add(total, weights[h])
        open_set = self.slot[open_slot]
        named = tape.rest(open_set)
        shares = [open_set if h == other else tape.divide(weights[h], total) for h in range(self.factions)]
        return [share if h == other else tape.multiply(share, named) for h, share in enumerate(shares)]

    def size(self, faction: int) -> int:
        """How many organisations a faction stands for."""
        slot = self._ints["size_slot"][faction]
        return self.tape.one if slot < 0 else self.slot[slot]

    def by_size(self, factions: list[int]) -> dict[int, int]:
        """The shares by size of some factions, which sum to one."""
        total = self.tape.zero
        for h in factions:
            total = self.tape.add(total, self.size(h))
        return {h: self.tape.divide(self.size(h), total) for h in factions}

    @cached_property
    def parts(self) -> int:
        """How many parts there are; the last holds what is said of the perpetrator alone."""
        return len(self._ints["part_step"]) - 1

    def classes(self, part: int) -> list[int]:
        """The class of every faction in a part, counted within the part."""
        first = self._ints["class_start"][part]
        return [k - first for k in self._ints["class_of"][part * self.factions : (part + 1) * self.factions]]

    def class_leaves(self, part: int) -> list[int]:
        """One faction of each class of a part."""
        i = self._ints
        return list(i["class_leaf"][i["class_start"][part] : i["class_start"][part + 1]])

    def likelihood(self, part: int, switch: Switch, seen: list[list[int]] | None = None) -> list[int]:
        """``log p(E_part | h)`` of every class of factions.

        `seen` gives each class an indicator for every state of every fact, facts one after another: the derivative by
        it is the posterior probability of that state (Darwiche 2003, doi:10.1145/765568.765570).
        """
        i, tape = self._ints, self.tape
        leaves = self.class_leaves(part)
        speaking = [o for o in range(self.origins) if i["origin_part"][o] == part and switch[o] != 0.0]
        if not speaking and seen is None:  # tables alone sum to one
            return [tape.certain for _ in leaves]
        pool: Pool = {}
        for o in range(self.origins):
            if i["evidence_shared"][o] == 1 and i["origin_part"][o] == part:
                self._evidence(pool, o, 0, switch[o])
        for step in range(i["part_step"][0]):
            if i["step_part"][step] == part:
                self._step(pool, step)
        logs = []
        for k, leaf in enumerate(leaves):
            mine = pool.copy()
            self._fill(mine, part, leaf, switch, None if seen is None else seen[k])
            for step in range(i["part_step"][part], i["part_step"][part + 1]):
                self._step(mine, step)
            product = tape.one
            for root in i["part_root"][i["part_root_start"][part] : i["part_root_start"][part + 1]]:
                product = tape.multiply(product, mine[root])
            logs.append(tape.log(product))
        return logs

    def likelihoods(self, part: int, switch: Switch, seen: list[int] | None = None) -> list[int]:
        """As `likelihood`, for every faction; classes have the indicators `seen` in common."""
        by_class = None if seen is None else [seen] * len(self.class_leaves(part))
        logs = self.likelihood(part, switch, seen=by_class)
        return [logs[k] for k in self.classes(part)]

    def opened(self, joint: Sequence[int]) -> list[int]:
        """The log-joint with the open set mixed in: `other` may have acted like anybody."""
        i, tape = self._ints, self.tape
        other, (open_set, surprise) = i["other"][0], (self.slot[slot] for slot in i["surprise"])
        own = tape.plus(joint[other], tape.log(tape.rest(surprise)))
        like_all = tape.plus(tape.log_sum(list(joint)), tape.log(tape.multiply(open_set, surprise)))
        mixed = list(joint)
        mixed[other] = tape.log_add(own, like_all)
        return mixed

    def joint(self, switch: Switch | None = None) -> list[int]:
        """``log pi_h p(E | h)`` of every faction, the open set mixed in."""
        total = self.prior()
        for part in range(self.parts):
            more = self.likelihoods(part, self.switch if switch is None else switch)
            total = [self.tape.plus(log, other) for log, other in zip(total, more, strict=True)]
        return self.opened(total)

    @cached_property
    def _states(self) -> list[int]:
        """The state, counted over all facts, that each table entry is about."""
        found: list[int] = []
        first = 0
        for fact, names in enumerate(self.program.states):
            configs = int(self.program.fact_config[fact + 1] - self.program.fact_config[fact])
            found += list(range(first, first + len(names))) * configs
            first += len(names)
        return found

    def _row_of(self, config: int, faction: int) -> int:
        return int(self._ints["table_row"][faction * len(self._ints["config_staged"]) + config])

    def _staged_means(self, config: int, staged: int) -> list[int]:
        """The mean table of those the scene points to."""
        if config not in self._means:
            member = self._ints["staged_member"][staged * self.factions : (staged + 1) * self.factions]
            shares = self.by_size([h for h, inside in enumerate(member) if inside])
            rows = [(share, self.row(self._row_of(config, h))) for h, share in shares.items()]
            means = [self.tape.zero] * len(rows[0][1])
            for share, row in rows:
                means = [self.tape.multiply_add(share, p, mean) for p, mean in zip(row, means, strict=True)]
            self._means[config] = means
        return self._means[config]

    def _statement(self, o: int) -> Values:
        i, tape = self._ints, self.tape
        rho, anyway = tape.multiply(self.slot[i["origin_source"][o]], self.slot[i["origin_item"][o]]), tape.one
        for k in range(i["anyway_start"][o], i["anyway_start"][o + 1]):
            q = self.slot[i["anyway_slot"][k]]
            anyway = tape.multiply(anyway, tape.rest(q) if i["anyway_negated"][k] else q)
        false = tape.multiply(tape.rest(rho), anyway)
        true = tape.add(rho, false)
        if i["deceptive"][o] >= 0:
            turned = self.slot[i["deceptive"][o]]
            false, true = tape.mix(turned, false, tape.one), tape.multiply(tape.rest(turned), true)
        if i["copying"][o] >= 0:
            copied, held = self.slot[i["copying"][o]], tape.one if i["copy_holds"][o] else tape.zero
            false, true = tape.mix(copied, false, held), tape.mix(copied, true, held)
        if i["forged"][o] < 0:
            return false, true, false, true
        forged, mean = self.slot[i["forged"][o]], tape.one
        if i["forged_noise"][o]:
            share = self._floats["true_fraction"][o]
            mean = tape.multiply_add(tape.literal(share), true, tape.multiply(tape.literal(1.0 - share), false))
        return false, true, tape.mix(forged, false, mean), tape.mix(forged, true, mean)

    def _fill(self, pool: Pool, part: int, faction: int, switch: Switch, seen: list[int] | None) -> None:
        """The tables of a faction and the factors that differ between factions."""
        i = self._ints
        configs = i["part_config"][i["part_config_start"][part] : i["part_config_start"][part + 1]]
        self._put_tables(pool, configs, faction, seen)
        for o in i["part_origin"][i["part_origin_start"][part] : i["part_origin_start"][part + 1]]:
            self._evidence(pool, o, faction, switch[o])

    def _put_tables(self, pool: Pool, configs: Sequence[int], faction: int, seen: list[int] | None = None) -> None:
        """The tables of a faction under some configurations, and the stories that they are told in."""
        i = self._ints
        for config in configs:
            first, own, story = i["config_start"][config], self.table(config, faction), i["config_story"][config]
            if story < 0:
                pool.update(enumerate(self._shown(own, first, seen), first))
                continue
            pool.update(enumerate(self._story(story), i["story_at"][story]))
            for state in range(i["story_facts"][story] + 1):
                alone = state in (0, i["config_speaks"][config]) or self._floats["story_strength"][story] == 0.0
                values = self._shown(own if alone else self._following(config), first, seen)
                pool.update(enumerate(values, i["config_told"][config] + state * len(own)))

    def _shown(self, values: list[int], first: int, seen: list[int] | None) -> list[int]:
        """Entries of a table times the indicators of their states."""
        if seen is None:
            return values
        return [self.tape.multiply(value, seen[self._states[entry]]) for entry, value in enumerate(values, first)]

    def _story(self, story: int) -> list[int]:
        """How probable it is that its facts are independent, and that each of them speaks for all."""
        strength, facts = self._floats["story_strength"][story], self._ints["story_facts"][story]
        return [self.tape.literal(1.0 - strength), *[self.tape.literal(strength / facts)] * facts]

    def _following(self, config: int) -> list[int]:
        """What a fact says that follows another: the mean table over all factions by the reference."""
        if config not in self._followed:
            shares: dict[tuple[int, ...], int] = {}
            for h, share in enumerate(self._reference):
                row = tuple(self.table(config, h))
                shares[row] = self.tape.add(shares.get(row, self.tape.zero), share)
            means = [self.tape.zero] * len(next(iter(shares)))
            for row, share in shares.items():
                means = [self.tape.multiply_add(share, p, mean) for p, mean in zip(row, means, strict=True)]
            self._followed[config] = means
        return self._followed[config]

    def _evidence(self, pool: Pool, o: int, faction: int, power: float) -> None:
        """The factor of an origin, over the states of the facts it speaks about."""
        i, tape = self._ints, self.tape
        leaf, first = i["origin_leaf"][o * self.factions + faction], i["evidence_start"][o]
        values = self.values(o, power)
        for k, pattern in enumerate(i["evidence_pattern"][first : i["evidence_start"][o + 1]]):
            if i["origin_kind"][o] != DIRECT:
                factor = values[leaf & 3 if pattern == 1 else leaf & 2]
            else:  # its ratios for the faction and for the state, 1 where it names none
                ratios = [self.slot[slot - 1] if slot else tape.one for slot in (leaf, pattern)]
                factor = tape.power(tape.multiply(*ratios), power)
            gate = self.gates.get(o)
            pool[i["evidence_offset"][o] + k] = factor if gate is None else tape.mix(gate, tape.one, factor)

    def _step(self, pool: Pool, step: int) -> None:
        """Multiply factors over all joint states of their facts and sum one fact out."""
        i, tape, entry = self._ints, self.tape, self._ints["entry"]
        size, out, writes = i["step_size"][step], i["step_out"][step], i["step_out_index"][step]
        columns = [
            [pool[i["factor_offset"][f] + at] for at in entry[i["factor_index"][f] : i["factor_index"][f] + size]]
            for f in range(i["factor_start"][step], i["factor_start"][step + 1])
        ]
        *before, last = columns
        product = before[0] if before else [tape.one] * size
        for column in before[1:]:
            product = [tape.multiply(a, b) for a, b in zip(product, column, strict=True)]
        sums = [tape.zero] * i["step_out_size"][step]
        for at, a, b in zip(entry[writes : writes + size], product, last, strict=True):
            sums[at] = tape.multiply_add(a, b, sums[at])
        for k, total in enumerate(sums):
            pool[out + k] = total
