"""From the arrays of a `Program` to a tape: the formulas, in the order in which they stand on paper.

    p(E | H, theta) = sum over X of prod_j theta_j(x_j | H, parents) prod_o p(o | X, H)

where a fact that follows another of its story (`_following`) has the mean of its table over all factions, and with the
open set kept open, ``p(E | other) <- (1 - s) p(E | other) + s sum_h r_h p(E | h)``, r being the reference: the prior
before anybody moved it. Every method returns registers; nothing is written before it is asked for, and nothing twice.
What differs between two questions (an origin left out, a factor to a power) is one argument, so that both can stand on
one tape and share what they have in common.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from attribution.network.curves import Curve
from attribution.network.program import ABSENCE, BY_SIZE, CONSTANT, DIRECT, ODDS, RATIO, SAME, Program
from attribution.network.slots import NONE
from attribution.network.tape import ANY_RATIO, PROBABILITY, RATE, UNIT, Tape

type Pool = dict[int, int]  # registers of table entries, evidence factors and messages
type Switch = tuple[float, ...]  # the power to which each origin's factor is taken: 1, or 0 where it is left out
type Values = tuple[int, int]  # of an origin: all it says is false, true


class Emitter:
    """A program being written onto a tape, from standard normals (`from_normals`) or from its slots (`from_slots`)."""

    def __init__(self, program: Program, tape: Tape, slots: list[int]) -> None:
        self.tape, self.slot, self.program = tape, slots, program
        self._ints = {name: getattr(program.ints, name).tolist() for name in program.ints.__slots__}
        self._floats = {name: getattr(program.floats, name).tolist() for name in program.floats.__slots__}
        self.switch: Switch = tuple(self._floats["switch"])
        self.factions, self.origins = len(program.factions), len(program.origins)
        self._rows: dict[int, list[int]] = {}
        self._values: dict[tuple[int, float, bool], Values] = {}
        self._means: dict[int, list[int]] = {}
        self._chances: dict[tuple[int, int], int] = {}
        self.gates: dict[int, int] = {}  # registers, 1 where an origin is heard and 0 where not; others are as switched
        self._followed: dict[int, list[int]] = {}
        self._entries: dict[tuple[int, tuple[int, ...], tuple[int, ...] | None], Pool] = {}
        self._places: dict[int, list[list[int]]] = {}
        self._sums: dict[tuple[int, tuple[tuple[int, ...], ...]], list[int]] = {}

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
        """A row as a distribution: ``v / (sum v + r)``; or ``v`` and ``1 - v``, split by the reference among others."""
        if row not in self._rows:
            i, tape, rest = self._ints, self.tape, self._floats["row_rest"][row]
            slots = i["row_slot"][i["row_start"][row] : i["row_start"][row + 1]]
            given = [self.slot[slot] for slot in slots if slot >= 0]
            if rest == SAME:  # states are the factions
                own, left = next(h for h, slot in enumerate(slots) if slot >= 0), tape.rest(given[0])
                shares = self._without(own)
                self._rows[row] = [given[0] if h == own else tape.multiply(left, shares[h]) for h in range(len(slots))]
            elif rest < 0.0:
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

    def values(self, origin: int, switch: Switch) -> Values:
        """``p(o | X)``: what it says by itself, copied, forged; then to its power."""
        power = switch[origin]
        key = origin, power, self._copies(origin, switch)
        if key not in self._values:
            values = self.tape.one, self.tape.one
            if power != 0.0:
                share, imitated = self.forging(origin)
                false, true = (self.tape.mix(share, value, imitated) for value in self.unforged(origin, switch))
                values = self.tape.power(false, power), self.tape.power(true, power)
            self._values[key] = values
        return self._values[key]

    def unforged(self, origin: int, switch: Switch) -> Values:
        """The same, were it not forged."""
        i, tape = self._ints, self.tape
        if i["origin_kind"][origin] == DIRECT:
            return tape.one, tape.one
        if i["origin_kind"][origin] == ABSENCE:
            return tape.rest(self.slot[i["origin_item"][origin]]), tape.one
        values = self._said(origin, tape.zero), self._said(origin, tape.one)
        if not self._copies(origin, switch):
            return values
        copied, held = self.slot[i["copying"][origin]], tape.one if i["copy_holds"][origin] else tape.zero
        copied = tape.multiply(copied, self.gates.get(i["copied"][origin], tape.one))
        return tape.mix(copied, values[0], held), tape.mix(copied, values[1], held)

    def forging(self, origin: int) -> tuple[int, int]:
        """How probable it is that an origin is forged, and what it would then say.

        The forger imitates: it says what it would say by itself, on average, had those done it whom he imitates.
        """
        i, tape, truth = self._ints, self.tape, self.tape.zero
        if i["forged"][origin] < 0:
            return tape.zero, tape.zero
        first = origin * self.factions
        weights = i["forged_weight"][first : first + self.factions]
        by_size = self.by_size([h for h, weight in enumerate(weights) if weight == BY_SIZE], self.sizes)
        chances: dict[int, int] = {}  # by the chance that all is true, the weight of those that it holds for
        for h, slot in enumerate(weights):
            if slot != NONE:
                weight = self.slot[slot] if slot >= 0 else by_size.get(h, self._reference[h])
                chance = self._chance(origin, h)
                chances[chance] = tape.add(chances.get(chance, tape.zero), weight)
        for chance, weight in chances.items():
            truth = tape.multiply_add(chance, weight, truth)
        return self.slot[i["forged"][origin]], self._said(origin, truth)

    def prior(self) -> list[int]:
        """``log pi`` of every faction, as it stands."""
        i = self._ints
        numbers = i["prior_start"], i["prior_slot"], i["within_slot"]
        shares = self._beside_other(self._among_named(*numbers, self.sizes), self.slot[i["surprise"][0]])
        return [self.tape.log(share) for share in shares]

    def reference(self) -> list[int]:
        """``log r`` of every faction: the prior before anybody moved it."""
        return [self.tape.log(share) for share in self._reference]

    @cached_property
    def _reference(self) -> list[int]:
        """The prior of every faction before anybody moved it: what a likelihood may ask for and stay one."""
        return self._beside_other(self._named_reference, self.slot[self._ints["reference_other"][0]])

    @cached_property
    def _named_reference(self) -> list[int]:
        """The same among the named factions alone, 0 for `other`."""
        i = self._ints
        numbers = i["reference_start"], i["reference_slot"], i["reference_within"]
        return self._among_named(*numbers, self._sizes(i["reference_size"]))

    def _without(self, faction: int) -> list[int]:
        """The reference of all others, as shares of what they have together; 0 for the faction itself.

        Their sum is added up: where a faction has nearly everything, 1 less its share would be rounding, or nothing.
        """
        if faction == self._ints["other"][0]:
            return self._named_reference
        others = [self.tape.zero if h == faction else share for h, share in enumerate(self._reference)]
        total = self.tape.zero
        for share in others:
            total = self.tape.add(total, share)
        return [self.tape.divide(share, total) for share in others]

    def _beside_other(self, shares: list[int], open_set: int) -> list[int]:
        """Prior shares: `other` has its own, the named share what is left."""
        named, other = self.tape.rest(open_set), self._ints["other"][0]
        return [open_set if h == other else self.tape.multiply(share, named) for h, share in enumerate(shares)]

    def _among_named(self, start: list[int], slots: list[int], within: list[int], sizes: list[int]) -> list[int]:
        """Shares of the named factions, in proportion to their weights; 0 for `other`."""
        i, tape, other = self._ints, self.tape, self._ints["other"][0]
        weights = list(sizes)
        for family in set(i["family"]) - {-1}:
            for h, share in self.by_size([h for h, of in enumerate(i["family"]) if of == family], sizes).items():
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
        return [tape.zero if h == other else tape.divide(weights[h], total) for h in range(self.factions)]

    @cached_property
    def sizes(self) -> list[int]:
        """How many organisations each faction stands for."""
        return self._sizes(self._ints["size_slot"])

    def _sizes(self, slots: list[int]) -> list[int]:
        return [self.tape.one if slot < 0 else self.slot[slot] for slot in slots]

    def by_size(self, factions: list[int], sizes: list[int]) -> dict[int, int]:
        """The shares by size of some factions, which sum to one."""
        total = self.tape.zero
        for h in factions:
            total = self.tape.add(total, sizes[h])
        return {h: self.tape.divide(sizes[h], total) for h in factions}

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

    def likelihood(
        self,
        part: int,
        switch: Switch,
        seen: list[list[int]] | None = None,
        marked: list[Pool] | None = None,
    ) -> list[int]:
        """``log p(E_part | h)`` of every class of factions.

        `seen` gives each class an indicator for every state of every fact, facts one after another: the derivative by
        it is the posterior probability of that state (Darwiche 2003, doi:10.1145/765568.765570). `marked` gives each
        class indicators for entries of evidence factors, by their place in the pool.
        """
        i, tape = self._ints, self.tape
        leaves = self.class_leaves(part)
        speaking = [o for o in range(self.origins) if i["origin_part"][o] == part and switch[o] != 0.0]
        if not speaking and seen is None:  # tables alone sum to one
            return [tape.certain for _ in leaves]
        pool: Pool = {}
        for o in range(self.origins):
            if i["evidence_shared"][o] == 1 and i["origin_part"][o] == part:
                self._evidence(pool, o, 0, switch)
        for step in range(i["part_step"][0]):
            if i["step_part"][step] == part:
                self._step(pool, step)
        logs = []
        for k, leaf in enumerate(leaves):
            mine = pool.copy()
            self._fill(mine, part, leaf, switch, None if seen is None else seen[k])
            if marked is not None:
                mine.update((at, tape.multiply(mine[at], indicator)) for at, indicator in marked[k].items())
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

    def opened(self, likelihood: Sequence[int]) -> list[int]:
        """The log-joint from ``log p(E | h)``, with the open set mixed in: `other` may have acted like anybody."""
        i, tape = self._ints, self.tape
        other, (open_set, surprise) = i["other"][0], (self.slot[slot] for slot in i["surprise"])
        joint = [tape.plus(log, more) for log, more in zip(self.prior(), likelihood, strict=True)]
        anybody = [tape.plus(log, more) for log, more in zip(self.reference(), likelihood, strict=True)]
        own = tape.plus(joint[other], tape.log(tape.rest(surprise)))
        like_all = tape.plus(tape.log_sum(anybody), tape.log(tape.multiply(open_set, surprise)))
        mixed = list(joint)
        mixed[other] = tape.log_add(own, like_all)
        return mixed

    def joint(self, switch: Switch | None = None) -> list[int]:
        """``log pi_h p(E | h)`` of every faction, the open set mixed in."""
        total = [self.tape.certain] * self.factions
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
            shares = self.by_size([h for h, inside in enumerate(member) if inside], self.sizes)
            rows = [(share, self.row(self._row_of(config, h))) for h, share in shares.items()]
            means = [self.tape.zero] * len(rows[0][1])
            for share, row in rows:
                means = [self.tape.multiply_add(share, p, mean) for p, mean in zip(row, means, strict=True)]
            self._means[config] = means
        return self._means[config]

    def _copies(self, origin: int, switch: Switch) -> bool:
        """Whether it copies what is there to be copied."""
        copied = self._ints["copied"][origin]
        return bool(self._ints["copying"][origin] >= 0 and (copied < 0 or switch[copied] != 0.0))

    def _said(self, o: int, truth: int) -> int:
        """``rho t + (1 - rho) prod q``, turned round, where all that is said is true with probability t."""
        i, tape = self._ints, self.tape
        rho, anyway = tape.multiply(self.slot[i["origin_source"][o]], self.slot[i["origin_item"][o]]), tape.one
        for k in range(i["anyway_start"][o], i["anyway_start"][o + 1]):
            q = self.slot[i["anyway_slot"][k]]
            anyway = tape.multiply(anyway, tape.rest(q) if i["anyway_negated"][k] else q)
        said = tape.multiply_add(rho, truth, tape.multiply(tape.rest(rho), anyway))
        if i["deceptive"][o] >= 0:
            said = tape.mix(self.slot[i["deceptive"][o]], said, tape.rest(truth))
        return said

    def _chance(self, o: int, faction: int) -> int:
        """How probable it is, by the tables alone, that all an origin says is true if a faction did it."""
        i, tape = self._ints, self.tape
        if not i["origin_leaf"][o * self.factions + faction]:
            return tape.zero
        key = o, i["class_of"][i["origin_part"][o] * self.factions + faction]
        if key not in self._chances:
            pool: Pool = {}
            configs = i["forged_config"][i["forged_config_start"][o] : i["forged_config_start"][o + 1]]
            self._put_tables(pool, configs, faction)
            holds = i["evidence_pattern"][i["evidence_start"][o] : i["evidence_start"][o + 1]]
            pool.update(enumerate((tape.one if held else tape.zero for held in holds), i["evidence_offset"][o]))
            for step in range(i["forged_step"][2 * o], i["forged_step"][2 * o + 1]):
                self._step(pool, step)
            chance = tape.one
            for root in i["forged_root"][i["forged_root_start"][o] : i["forged_root_start"][o + 1]]:
                chance = tape.multiply(chance, pool[root])
            self._chances[key] = chance
        return self._chances[key]

    def _fill(self, pool: Pool, part: int, faction: int, switch: Switch, seen: list[int] | None) -> None:
        """The tables of a faction and the factors that differ between factions."""
        i = self._ints
        configs = i["part_config"][i["part_config_start"][part] : i["part_config_start"][part + 1]]
        self._put_tables(pool, configs, faction, seen)
        for o in i["part_origin"][i["part_origin_start"][part] : i["part_origin_start"][part + 1]]:
            self._evidence(pool, o, faction, switch)

    def _put_tables(self, pool: Pool, configs: Sequence[int], faction: int, seen: list[int] | None = None) -> None:
        """The tables of a faction under some configurations, and the stories that they are told in."""
        shown = None if seen is None else tuple(seen)
        for config in configs:
            own = tuple(self.table(config, faction))
            key = config, own, shown
            if key not in self._entries:
                self._entries[key] = self._told(config, own, seen)
            pool.update(self._entries[key])

    def _told(self, config: int, own: Sequence[int], seen: list[int] | None) -> Pool:
        """The entries of a table under one configuration, and the story that it is told in."""
        i = self._ints
        first, story = i["config_start"][config], i["config_story"][config]
        if story < 0:
            return dict(enumerate(self._shown(own, first, seen), first))
        told = dict(enumerate(self._story(story), i["story_at"][story]))
        for state in range(i["story_facts"][story] + 1):
            alone = state in (0, i["config_speaks"][config]) or self._floats["story_strength"][story] == 0.0
            values = self._shown(own if alone else self._following(config), first, seen)
            told.update(enumerate(values, i["config_told"][config] + state * len(own)))
        return told

    def _shown(self, values: Sequence[int], first: int, seen: list[int] | None) -> Sequence[int]:
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

    def _evidence(self, pool: Pool, o: int, faction: int, switch: Switch) -> None:
        """The factor of an origin, over the states of the facts it speaks about."""
        i, tape = self._ints, self.tape
        leaf, first = i["origin_leaf"][o * self.factions + faction], i["evidence_start"][o]
        values = self.values(o, switch)
        for k, pattern in enumerate(i["evidence_pattern"][first : i["evidence_start"][o + 1]]):
            if i["origin_kind"][o] != DIRECT:
                factor = values[leaf & pattern]
            else:  # its ratios for the faction and for the state, 1 where it names none
                ratios = [self.slot[slot - 1] if slot else tape.one for slot in (leaf, pattern)]
                factor = tape.power(tape.multiply(*ratios), switch[o])
            gate = self.gates.get(o)
            pool[i["evidence_offset"][o] + k] = factor if gate is None else tape.mix(gate, tape.one, factor)

    def _step(self, pool: Pool, step: int) -> None:
        """Multiply factors over all joint states of their facts and sum one fact out; once for equal factors."""
        i = self._ints
        factors = tuple(tuple(map(pool.__getitem__, places)) for places in self._reads(step))
        key = step, factors
        if key not in self._sums:
            self._sums[key] = self._summed(step, factors)
        pool.update(enumerate(self._sums[key], i["step_out"][step]))

    def _summed(self, step: int, factors: tuple[tuple[int, ...], ...]) -> list[int]:
        i, tape, writes = self._ints, self.tape, self._ints["step_out_index"][step]
        *before, last = factors
        product: Sequence[int] = before[0] if before else [tape.one] * len(last)
        for factor in before[1:]:
            product = [tape.multiply(a, b) for a, b in zip(product, factor, strict=True)]
        sums = [tape.zero] * i["step_out_size"][step]
        for at, a, b in zip(i["entry"][writes : writes + len(last)], product, last, strict=True):
            sums[at] = tape.multiply_add(a, b, sums[at])
        return sums

    def _reads(self, step: int) -> list[list[int]]:
        """Where in the pool the factors of a step lie, for all joint states of their facts."""
        if step not in self._places:
            i, entry, size = self._ints, self._ints["entry"], self._ints["step_size"][step]
            self._places[step] = [
                [i["factor_offset"][f] + at for at in entry[i["factor_index"][f] : i["factor_index"][f] + size]]
                for f in range(i["factor_start"][step], i["factor_start"][step + 1])
            ]
        return self._places[step]
