"""Draws of z for a case under a model, and every array that follows from them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Self

import numpy as np

from attribution.domain.case import Case
from attribution.domain.facts import Fact
from attribution.domain.model import Model
from attribution.domain.verbal import probability_words
from attribution.inference.draws import Draws, Estimate, Numbers, estimate, flat, level, range_errors
from attribution.inference.settings import Settings
from attribution.inference.sobol import SobolPoints, sobol_normals
from attribution.network.beliefs import log_scenarios, state_probabilities
from attribution.network.claims import Beliefs, beliefs
from attribution.network.compiler import compile_network
from attribution.network.program import DIRECT, Floats, Ints, Program
from attribution.network.summation import (
    Parts,
    log_joint_at,
    log_joint_without,
    normalise,
    origin_values,
    part_log_likelihood,
    part_log_likelihoods,
    tables,
    with_part,
)
from attribution.network.summation import numbers as slot_values

PRIOR_SCRAMBLES, _PRIOR_LOG2_POINTS = 8, 8
MOST_SCENARIOS = 10  # that a table has a row for, by default
_MOST_KEPT = 2**24  # numbers of what is believed of parts


@dataclass(frozen=True, slots=True)
class Standing:
    """A faction, group, state or scenario: its probability before and after the evidence.

    Attributes
    ----------
    id, label : str
        Its name in the files, and for readers.
    prior, probability : float
        Before and after the evidence, fractions.
    mcse : float
        The Monte Carlo standard error of `probability`.
    low, high : float
        The 5 and 95 % quantiles of the probability over the uncertain inputs: its range over inputs, not a credible
        interval.
    low_mcse, high_mcse : float
        Their Monte Carlo standard errors; not a number for states and scenarios, whose ends nobody quotes.
    words : str
        The ICD 203 term for `probability`.
    """

    id: str
    label: str
    prior: float
    probability: float
    mcse: float
    low: float
    high: float
    low_mcse: float = math.nan
    high_mcse: float = math.nan

    @property
    def words(self) -> str:
        return probability_words(self.probability)


@dataclass(frozen=True, slots=True, eq=False)
class _Believed:
    """What is believed of a part, and the values of the factors of its origins: (origin, draw) each, by `place`."""

    beliefs: Beliefs
    place: dict[str, int]
    values: tuple[Floats, Floats]


@dataclass(frozen=True, eq=False, repr=False)
class PosteriorDraws:
    """A case, a model, how it was drawn, and the draws.

    Everything else is computed from these when first asked for, kept, and a function of them alone.
    """

    case: Case
    model: Model
    settings: Settings
    draws: Draws

    @classmethod
    def drawn(
        cls,
        case: Case,
        model: Model,
        settings: Settings,
        draws: Draws,
        *,
        program: Program | None = None,
        numbers: Numbers | None = None,
        log_joint: Floats | None = None,
        standings: tuple[Standing, ...] | None = None,
        group_standings: tuple[Standing, ...] | None = None,
    ) -> Self:
        """A posterior with what was computed while it was drawn, so that none of it is computed again."""
        posterior = cls(case, model, settings, draws)
        known = {
            "program": program,
            "numbers": numbers,
            "log_joint": log_joint,
            "standings": standings,
            "group_standings": group_standings,
        }
        posterior.__dict__.update((name, value) for name, value in known.items() if value is not None)
        return posterior

    def __getstate__(self) -> dict[str, object]:
        """What travels between processes: nothing that follows from the rest."""
        return {"case": self.case, "model": self.model, "settings": self.settings, "draws": self.draws}

    @cached_property
    def known_case(self) -> Case:
        """The case as it was known on the day as of which it is judged."""
        return self.case.as_of(self.settings.as_of)

    @cached_property
    def program(self) -> Program:
        """The compiled network."""
        return compile_network(self.case, self.model, self.settings.as_of)

    @cached_property
    def numbers(self) -> Numbers:
        """Values of all numbers, of some draws at a time where they are many."""
        return Numbers(self.program, self.draws)

    @property
    def slots(self) -> Floats:
        """Values of all numbers in every draw: (draw, slot)."""
        return self.numbers.values

    @cached_property
    def log_joint(self) -> Floats:
        """``log pi_h p(E | h, theta)`` in every draw: (draw, faction)."""
        return self.numbers.each(lambda slots: log_joint_at(self.program, slots))

    @cached_property
    def parts(self) -> Parts:
        """Prior and likelihood by part, for all questions that leave something out."""
        return Parts.of(self.program, self.slots)

    def log_joint_without(self, origins: frozenset[str]) -> Floats:
        """The log-joint in every draw without some origins: (draw, faction)."""
        if len(origins) == 1:
            (origin,) = origins
            part = int(self.program.ints.origin_part[self.program.origins.index(origin)])
            return with_part(self.program, self.slots, self.parts, part, self.part_without(origin))
        return log_joint_without(self.program, self.slots, self.parts, origins)

    def part_without(self, origin: str) -> Floats:
        """``log p(E_part | h, theta)`` of the part an origin speaks about, without it: (draw, faction).

        What copies the origin then speaks for itself.
        """
        position = self.program.origins.index(origin)
        if position not in self.program.ints.copied:
            return self.part_unheard(origin)
        part = int(self.program.ints.origin_part[position])
        return part_log_likelihood(self.program.without(frozenset({origin})), self.slots, part)

    def part_unheard(self, origin: str) -> Floats:
        """As `part_without`, but what copies the origin stays a copy: its factor alone is gone.

        It is divided out, by what is believed of what it says; where that cannot be done the part is summed again.
        """
        program = self.program
        position = program.origins.index(origin)
        part = int(program.ints.origin_part[position])
        if (program.ints.origin_part == part).sum() == 1 or program.ints.origin_kind[position] == DIRECT:
            return part_log_likelihood(program.unheard(frozenset({origin})), self.slots, part)
        known = self._believed(part)
        false, true = (values[known.place[origin]] for values in known.values)
        rest = self.parts.parts[:, :, part] + known.beliefs.without(position, false, true)
        lost: Ints = np.flatnonzero(~np.isfinite(rest).all(axis=0))
        if len(lost):
            less = program.unheard(frozenset({origin}))
            switch = tuple(less.floats.switch.tolist())
            rest[:, lost] = part_log_likelihoods(less, self.slots, part, (switch,), only=lost)[0]
        return rest

    def _believed(self, part: int) -> _Believed:
        """What is believed of a part; of so many parts as memory allows, those asked for last."""
        if part not in self._beliefs:
            ints = self.program.ints
            mine = tuple(self.program.origins[place] for place in np.flatnonzero(ints.origin_part == part))
            values = origin_values(self.program, self.slots, mine)
            found = beliefs(self.program, self.slots, part)
            place = {origin: position for position, origin in enumerate(mine)}
            while self._beliefs and found.values.size * (len(self._beliefs) + 1) > _MOST_KEPT:
                del self._beliefs[next(iter(self._beliefs))]
            self._beliefs[part] = _Believed(found, place, values)
        self._beliefs[part] = self._beliefs.pop(part)
        return self._beliefs[part]

    @cached_property
    def _beliefs(self) -> dict[int, _Believed]:
        return {}

    @cached_property
    def log_evidence(self) -> Floats:
        """``log p(E | theta)`` in every draw: (draw,)."""
        return normalise(self.log_joint)[1]

    @cached_property
    def faction_draws(self) -> Floats:
        """``p(h | E, theta)`` in every draw: (draw, faction)."""
        return normalise(self.log_joint)[0]

    @cached_property
    def state_draws(self) -> Floats:
        """``p(x_f | E, theta)`` in every draw, facts one after another: (draw, state)."""
        return self.numbers.each(lambda slots: state_probabilities(self.program, slots))

    @cached_property
    def prior_slots(self) -> Floats:
        """Values of all numbers in draws from the prior: (draw, slot)."""
        z = sobol_normals(self.program.dimension, PRIOR_SCRAMBLES, _PRIOR_LOG2_POINTS, self.settings.random_seed)
        draws = self.draws
        if not isinstance(draws.normals, SobolPoints) and np.array_equal(draws.normals[:, : z.shape[1]], z):
            # the instant engine's own points are from the prior, and begin with these
            return flat(self.slots.reshape(*draws.shape, -1)[:, : z.shape[1]])
        return slot_values(self.program, flat(z))

    @cached_property
    def prior_faction_draws(self) -> Floats:
        """``pi_h`` in draws from the prior: (draw, faction)."""
        return np.exp(tables(self.program, self.prior_slots)[1])

    @cached_property
    def prior_state_draws(self) -> Floats:
        """``p(x_f | theta)``, no evidence at all, in draws from the prior: (draw, state)."""
        return state_probabilities(self.program.without_evidence(), self.prior_slots)

    @cached_property
    def standings(self) -> tuple[Standing, ...]:
        """The factions, in the order of the case."""
        labels = [(leaf, self.case.factions.label(leaf)) for leaf in self.program.factions]
        found, ends = estimate(self.draws, self.faction_draws), range_errors(self.draws, self.faction_draws)
        return _standings(labels, self.prior_faction_draws.mean(axis=0), found, ends)

    @cached_property
    def cut_standings(self) -> tuple[Standing, ...]:
        """The factions with the numbers not learned from this case: means of ``p(h | E, theta)`` over the prior."""
        draws, probability = self._cut
        labels = [(leaf, self.case.factions.label(leaf)) for leaf in self.program.factions]
        return _standings(labels, self.prior_faction_draws.mean(axis=0), estimate(draws, probability))

    @cached_property
    def _cut(self) -> tuple[Draws, Floats]:
        """Points of the prior that count equally, but for those under which the evidence is impossible."""
        weighted = self.draws.log_weight is not None
        shape = self.draws.shape if weighted else (PRIOR_SCRAMBLES, 2**_PRIOR_LOG2_POINTS)
        joint = self.log_joint if weighted else log_joint_at(self.program, self.prior_slots)
        probability, evidence = normalise(joint)
        possible = evidence > -np.inf
        with np.errstate(divide="ignore"):
            even = np.where(possible, -np.log(max(1, int(possible.sum()))), -np.inf)
        return Draws(np.empty((*shape, 0)), log_weight=even.reshape(shape)), probability

    @cached_property
    def group_standings(self) -> tuple[Standing, ...]:
        """The groups of factions, in the order of the case: sums over their leaves."""
        tree = self.case.factions
        member = np.array([[leaf in tree.under(group) for group in tree.groups] for leaf in tree.leaves], dtype=float)
        if not tree.groups:
            return ()
        draws = np.einsum("dh,hg->dg", self.faction_draws, member)
        return _standings(
            [(group, tree.label(group)) for group in tree.groups],
            np.einsum("h,hg->g", self.prior_faction_draws.mean(axis=0), member),
            estimate(self.draws, draws),
            range_errors(self.draws, draws),
        )

    @cached_property
    def state_standings(self) -> tuple[Standing, ...]:
        """Every state of every fact as ``fact=state``, in the order of the case."""
        if not self.program.facts:
            return ()
        labels = [
            (f"{fact}={state}", state.replace("-", " "))
            for fact, states in zip(self.program.facts, self.program.states, strict=True)
            for state in states
        ]
        return _standings(labels, self.prior_state_draws.mean(axis=0), estimate(self.draws, self.state_draws))

    @cached_property
    def scenario_draws(self) -> Floats:
        """``p(h, x_roles | E, theta)`` in every draw: (draw, joint state of the roles, faction)."""
        return self.numbers.each(lambda slots: self._scenarios(self.program, slots))

    @cached_property
    def prior_scenario_draws(self) -> Floats:
        """``p(h, x_roles | theta)``, no evidence at all, in draws from the prior, of the same shape."""
        return self._scenarios(self.program.without_evidence(), self.prior_slots)

    def _scenarios(self, program: Program, slots: Floats) -> Floats:
        logs = log_scenarios(program, slots, tuple(fact.id for fact in self.case.roles))
        return normalise(logs.reshape(len(slots), -1))[0].reshape(logs.shape)

    def scenario_ranking(self, top: int = MOST_SCENARIOS) -> tuple[Standing, ...]:
        """The likeliest joint states of perpetrator and roles, and as the last `rest` whatever else is possible."""
        after, before = (draws.reshape(len(draws), -1) for draws in (self.scenario_draws, self.prior_scenario_draws))
        mean, prior = np.einsum("d,ds->s", self.draws.weights, after), before.mean(axis=0)
        order = [int(one) for one in np.argsort(-mean, kind="stable") if mean[one] > 0.0 or prior[one] > 0.0]
        labels, columns = self._scenario_labels(), [*([one] for one in order[:top]), order[top:]]
        named = [labels[one] for one in order[:top]]
        if order[top:]:
            named.append(("rest", f"All others ({len(order) - top})"))
        columns = columns[: len(named)]
        return _standings(
            named,
            np.array([prior[some].sum() for some in columns]),
            estimate(self.draws, np.stack([after[:, some].sum(axis=1) for some in columns], axis=1)),
        )

    def _scenario_labels(self) -> list[tuple[str, str]]:
        """Id and label of every scenario, in the order of `scenario_draws`."""
        tree, roles = self.case.factions, self.case.roles
        labels = []
        for states in product(*(role.states for role in roles)):
            played = [
                (f", {role.id}={state}", f"; {role.id.replace('-', ' ')}: {self._state_label(role, state)}")
                for role, state in zip(roles, states, strict=True)
            ]
            id, label = ("".join(texts) for texts in zip(("", ""), *played, strict=True))
            labels += [(leaf + id, tree.label(leaf) + label) for leaf in self.program.factions]
        return labels

    def _state_label(self, fact: Fact, state: str) -> str:
        return self.case.factions.label(state) if fact.over_factions else state.replace("-", " ")

    @cached_property
    def level(self) -> tuple[Standing, ...]:
        """Who leads: the most probable faction, and whoever is equal to it within 4 Monte Carlo errors.

        In the order of the case. Where there are several they are level, and none of them leads.
        """
        return tuple(self.standings[one] for one in level(self.draws, self.faction_draws, self.draws.weights))

    @cached_property
    def ranking(self) -> tuple[Standing, ...]:
        """The factions, the most probable first; those that are level at the top in the order of the case."""
        rest = sorted(self.standings, key=lambda standing: -standing.probability)
        return (*self.level, *(one for one in rest if one not in self.level))


def _standings(
    labels: list[tuple[str, str]], prior: Floats, estimated: Estimate, ends: tuple[Floats, Floats] | tuple[()] = ()
) -> tuple[Standing, ...]:
    columns = (prior, estimated.mean, estimated.mcse, estimated.low, estimated.high, *ends)
    return tuple(
        Standing(id, label, *(float(column[position]) for column in columns))
        for position, (id, label) in enumerate(labels)
    )
