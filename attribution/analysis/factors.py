"""Origins as factors of two values: where all they say is true, and where not; to a power, or several merged into one.

The likelihood of a part of the network is linear in such a factor. With ``t`` the probability, given the faction and
everything else in the part, that all an origin says is true, a factor with values F (false) and T (true) multiplies
the likelihood of the rest by ``F + (T - F) t``. So one sum without the origin answers every question about it: to a
power, believed for certain, not believed at all.

Merged origins are believed together: one uniform number decides, and each is believed where it falls below its own
reliability. So every origin keeps its reliability, and where they are equal it is one switch. What several of them say
is said once: the chance of saying it anyway counts once too.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from attribution.analysis.cache import AnalysisCache
from attribution.inference.posterior import Posterior
from attribution.network.compile_origins import distinct_propositions
from attribution.network.program import DIRECT, STATEMENT, Floats, Ints, Program
from attribution.network.summation import (
    keep_open,
    log_joint_at,
    named_by,
    origin_values,
    part_log_likelihoods,
    switched_off,
    with_part,
)

_SAME = 1e-9  # relative difference below which a factor says nothing
type Pattern = frozenset[str]  # the origins of one part that are believed


@dataclass(frozen=True, slots=True, eq=False)
class OriginFactor:
    """An origin in every draw and for every faction: (draw, faction) each; `false` and `true` may be (draw, 1).

    `rest` is ``log p(E_part without the origin | h, theta)``; `false` and `true` the values of its factor; `truth` the
    probability that all it says is true, given the faction and the rest.
    """

    part: int
    rest: Floats
    false: Floats
    true: Floats
    truth: Floats

    def mean(self, false: Floats, true: Floats) -> Floats:
        """What the likelihood of the rest is multiplied by if the factor had these values."""
        return np.asarray(false + (true - false) * self.truth)


type Values = tuple[Floats, Floats]  # of a factor: where something an origin says is false, and where all is true

_VALUES: AnalysisCache[bool | None, Values] = AnalysisCache()  # as they are, or believed for certain
_FACTORS: AnalysisCache[str, OriginFactor] = AnalysisCache()
_GAINS: AnalysisCache[str, Floats] = AnalysisCache()


def factor_values(posterior: Posterior, origin: str, *, believed: bool | None = None) -> Values:
    """Values of an origin's factor, false and true: (draw, faction) each, or (draw, 1) for all factions.

    As they are; or were every statement believed for certain, or not at all. Deception, copying and forging then stay
    what they are: they come after the question whether an origin knows. What a forger makes it say does not depend on
    that question.
    """

    def work_out() -> Values:
        if believed is None:
            return origin_values(posterior.program, posterior.slots, posterior.program.origins)
        return _certain_values(posterior, believed=believed)

    place = posterior.program.origins.index(origin)
    false, true = (values[place] for values in _VALUES.get(posterior, believed, work_out))
    return _by_faction(posterior.program, origin, false, true)


def _by_faction(program: Program, origin: str, false: Floats, true: Floats) -> Values:
    """Values (draw, faction) of those (draw,): for a faction that the origin does not name the two are the same.

    One column where that is so of no faction, which is the rule: what is done with them is then done once.
    """
    named = named_by(program, origin)
    if named.all():
        return false[:, None], true[:, None]
    return np.broadcast_to(false[:, None], (len(false), len(named))), np.where(named, true[:, None], false[:, None])


def factor(posterior: Posterior, origin: str) -> OriginFactor:
    """An origin that states something, as a factor; worked out once."""
    return _FACTORS.get(posterior, origin, lambda: _factor(posterior, origin))


def _factor(posterior: Posterior, origin: str) -> OriginFactor:
    program = posterior.program
    part = int(program.ints.origin_part[program.origins.index(origin)])
    rest = posterior.part_unheard(origin)
    false, true = factor_values(posterior, origin)
    with np.errstate(invalid="ignore"):
        whole = np.exp(posterior.parts.parts[:, :, part] - rest)
    says = true - false
    speaks = np.abs(says) > _SAME * true
    truth = np.where(speaks, (whole - false) / np.where(speaks, says, 1.0), 0.0)
    return OriginFactor(part, rest, false, true, np.clip(np.nan_to_num(truth), 0.0, 1.0))


def log_joint_with(posterior: Posterior, origin: str, false: Floats, true: Floats) -> Floats:
    """The log-joint in every draw if the factor of an origin had these values: (draw, faction)."""
    found = factor(posterior, origin)
    with np.errstate(divide="ignore"):
        changed = found.rest + np.log(found.mean(false, true))
    return with_part(posterior.program, posterior.slots, posterior.parts, found.part, changed)


def tempered_log_joint(posterior: Posterior, origin: str, power: float) -> Floats:
    """The log-joint in every draw with one origin's factor to a power: (draw, faction).

    At 0 it is left out: what copies it then speaks for itself.
    """
    program = posterior.program
    position = program.origins.index(origin)
    freeing = power == 0.0 and (program.ints.copied == position).any()
    if program.ints.origin_kind[position] == DIRECT or freeing:
        return log_joint_at(program.powered(origin, power), posterior.slots)
    found = factor(posterior, origin)
    false = found.false[:, :1] ** power  # the same whoever did it
    return log_joint_with(posterior, origin, false, np.where(found.true == found.false, false, found.true**power))


def _certain_values(posterior: Posterior, *, believed: bool) -> Values:
    program, beyond = posterior.program, len(posterior.program.ints.slot_kind)
    slots = np.column_stack([posterior.slots, np.full(len(posterior.slots), float(believed))])
    states = program.ints.origin_kind == STATEMENT
    source, item = (np.where(states, beyond, at) for at in (program.ints.origin_source, program.ints.origin_item))
    ints = replace(program.ints, origin_source=source, origin_item=item)
    return origin_values(program, slots, program.origins, replace(program, ints=ints))


def reliability(posterior: Posterior, origin: str) -> Floats:
    """The probability that an origin that states something can be believed, in every draw: (draw,)."""
    ints, position = posterior.program.ints, posterior.program.origins.index(origin)
    return np.asarray(posterior.slots[:, ints.origin_source[position]] * posterior.slots[:, ints.origin_item[position]])


def gain(posterior: Posterior, origin: str) -> Floats:
    """How much more probable the evidence is if the origin is believed than if not, relative to its mean over both.

    Shape (draw, faction), worked out once: with it, two origins that were one multiply the likelihood by one plus the
    covariance of their switches times both gains.
    """
    return _GAINS.get(posterior, origin, lambda: _gain(posterior, origin))


def _gain(posterior: Posterior, origin: str) -> Floats:
    known = factor(posterior, origin)
    on, off = (known.mean(*factor_values(posterior, origin, believed=believed)) for believed in (True, False))
    rho = reliability(posterior, origin)[:, None]
    whole = rho * on + (1.0 - rho) * off
    possible = whole > 0.0
    return np.where(possible, on - off, 0.0) / np.where(possible, whole, 1.0)


def merged_log_joint(posterior: Posterior, origins: tuple[str, ...]) -> Floats:
    """The log-joint in every draw were these origins one: (draw, faction)."""
    program = posterior.program
    parts: dict[int, tuple[str, ...]] = {}
    for origin in origins:
        part = int(program.ints.origin_part[program.origins.index(origin)])
        parts[part] = (*parts.get(part, ()), origin)
    if len(origins) == len(parts) == 2:
        return _two_apart(posterior, *origins)
    known = posterior.parts
    total = known.prior + np.delete(known.parts, list(parts), axis=2).sum(axis=2)
    means = []
    for part, mine in parts.items():
        rest, by_pattern = _patterns(posterior, part, mine)
        total = total + rest
        means.append((mine, by_pattern))
    with np.errstate(divide="ignore"):
        return keep_open(program, posterior.slots, total + np.log(_mixed(posterior, origins, means)))


def _two_apart(posterior: Posterior, first: str, second: str) -> Floats:
    """Two origins about different parts: only the covariance of their switches is new."""
    one, other = reliability(posterior, first), reliability(posterior, second)
    covariance = np.minimum(one, other) - one * other
    more = covariance[:, None] * gain(posterior, first) * gain(posterior, second)
    with np.errstate(divide="ignore"):
        return keep_open(posterior.program, posterior.slots, posterior.parts.total + np.log1p(np.maximum(more, -1.0)))


def _mixed(
    posterior: Posterior, origins: tuple[str, ...], means: list[tuple[tuple[str, ...], dict[Pattern, Floats]]]
) -> Floats:
    """The mean over the one switch: as it turns, the origins stop being believed one after another."""
    rho = np.column_stack([reliability(posterior, origin) for origin in origins])
    levels = np.sort(np.column_stack([rho, np.zeros(len(rho)), np.ones(len(rho))]), axis=1)
    mixed = np.zeros((len(rho), len(posterior.program.factions)))
    for level in range(len(origins) + 1):
        below, above = levels[:, level], levels[:, level + 1]
        believed = {origin: rho[:, place] >= above for place, origin in enumerate(origins)}
        product = np.ones_like(mixed)
        for mine, by_pattern in means:
            product *= _pattern_of_draws(mine, by_pattern, believed)
        mixed += (above - below)[:, None] * product
    return mixed


def _pattern_of_draws(
    mine: tuple[str, ...], by_pattern: dict[Pattern, Floats], believed: dict[str, np.ndarray]
) -> Floats:
    """In every draw, the value of the pattern that is believed there: (draw, faction)."""
    first, *rest = by_pattern.items()
    chosen = first[1].copy()
    for pattern, values in rest:
        here = np.logical_and.reduce([believed[origin] == (origin in pattern) for origin in mine])
        chosen[here] = values[here]
    return chosen


def _patterns(posterior: Posterior, part: int, mine: tuple[str, ...]) -> tuple[Floats, dict[Pattern, Floats]]:
    """The log-likelihood of a part without `mine`, and what each pattern of belief multiplies it by."""
    if len(mine) == 1:
        found = factor(posterior, mine[0])
        values = {
            frozenset(mine) if believed else frozenset[str](): found.mean(
                *factor_values(posterior, mine[0], believed=believed)
            )
            for believed in (False, True)
        }
        return found.rest, values
    rest, truths = _joint_truths(posterior, part, mine)
    return rest, {pattern: _mean_factor(posterior, mine, pattern, truths) for pattern in _subsets(mine)}


def _joint_truths(posterior: Posterior, part: int, mine: tuple[str, ...]) -> tuple[Floats, dict[Pattern, Floats]]:
    """Likelihood without `mine`, and how probable it is that all of each subset of them are true, given the rest.

    The likelihood with a subset is a sum over its subsets of products of factor values; solved from the smallest up.
    """
    silent = _each_kept(posterior, part, mine)
    rest = silent[frozenset()]
    false, true = _each(mine, [factor_values(posterior, one) for one in mine])
    truths: dict[Pattern, Floats] = {frozenset(): np.ones_like(rest)}
    for kept in _subsets(mine)[1:]:
        with np.errstate(invalid="ignore"):
            left = np.nan_to_num(np.exp(silent[kept] - rest))
        for inner in _subsets(tuple(sorted(kept))):  # sums and products in one order, whatever sets do
            if inner != kept:
                left = left - truths[inner] * _product(kept, inner, false, true)
        says = _product(kept, kept, false, true)
        speaks = np.abs(says) > 1e-9
        truths[kept] = np.clip(np.where(speaks, left / np.where(speaks, says, 1.0), 0.0), 0.0, 1.0)
    return rest, truths


def _each_kept(posterior: Posterior, part: int, mine: tuple[str, ...]) -> dict[Pattern, Floats]:
    """The log-likelihood of a part with each subset of some of its origins, copies staying copies: (draw, faction)."""
    program, kept = posterior.program, _subsets(mine)
    found = {kept[-1]: np.asarray(posterior.parts.parts[:, :, part])}
    found |= {frozenset(mine) - {one}: posterior.part_unheard(one) for one in mine}
    fewer = [one for one in kept if one not in found]
    gone = program.unheard(frozenset(mine)).ints  # all of them are there to be copied, whoever is heard
    silent = replace(program, ints=gone)
    switches = [switched_off(silent, frozenset(mine) - one) for one in fewer]
    return found | dict(zip(fewer, part_log_likelihoods(silent, posterior.slots, part, switches), strict=True))


def _each(mine: tuple[str, ...], values: list[Values]) -> tuple[dict[str, Floats], dict[str, Floats]]:
    """Values by origin: false, and true."""
    return {one: false for one, (false, _) in zip(mine, values, strict=True)}, {
        one: true for one, (_, true) in zip(mine, values, strict=True)
    }


def _product(kept: Pattern, inner: Pattern, false: dict[str, Floats], true: dict[str, Floats]) -> Floats:
    """Differences of the factors in `inner`, times the values of the others where they are false."""
    first, *others = (true[one] - false[one] if one in inner else false[one] for one in sorted(kept))
    for term in others:
        first = first * term
    return first


def _mean_factor(
    posterior: Posterior, mine: tuple[str, ...], pattern: Pattern, truths: dict[Pattern, Floats]
) -> Floats:
    """What the likelihood of the rest is multiplied by, were exactly `pattern` believed: (draw, faction)."""
    beyond = len(posterior.program.ints.slot_kind)
    slots = np.column_stack([posterior.slots, np.zeros(len(posterior.slots)), np.ones(len(posterior.slots))])
    changed = _believing(posterior, mine, pattern, nobody=beyond, certain=beyond + 1)
    values = zip(mine, *origin_values(posterior.program, slots, mine, changed), strict=True)
    false, true = _each(mine, [_by_faction(posterior.program, *one) for one in values])
    everyone = frozenset(mine)
    return np.asarray(sum(truths[inner] * _product(everyone, inner, false, true) for inner in _subsets(mine)))


def _believing(posterior: Posterior, mine: tuple[str, ...], pattern: Pattern, *, nobody: int, certain: int) -> Program:
    """The network with some origins believed for certain and the others not at all, what is said twice counted once."""
    ints = posterior.program.ints
    source, item = ints.origin_source.copy(), ints.origin_item.copy()
    anyway, negated = ints.anyway_slot.copy(), ints.anyway_negated.copy()
    for origin in mine:
        position = posterior.program.origins.index(origin)
        source[position] = item[position] = certain if origin in pattern else nobody
    for place in _said_before(posterior, mine, pattern):
        anyway[place], negated[place] = certain, 0
    changed = replace(ints, origin_source=source, origin_item=item, anyway_slot=anyway, anyway_negated=negated)
    return replace(posterior.program, ints=changed)


def _said_before(posterior: Posterior, mine: tuple[str, ...], pattern: Pattern) -> list[int]:
    """Where among all the chances of saying something anyway stand those of what another of `mine` says already."""
    case = posterior.known_case
    start: Ints = posterior.program.ints.anyway_start
    known = {
        (said.fact, case.meaning(said))
        for origin in mine
        if origin in pattern
        for _, said in distinct_propositions(case, case.origins[origin])
    }
    found = []
    for origin in mine:
        if origin in pattern:
            continue
        first = int(start[posterior.program.origins.index(origin)])
        for place, (_, said) in enumerate(distinct_propositions(case, case.origins[origin])):
            key = (said.fact, case.meaning(said))
            if key in known:
                found.append(first + place)
            known.add(key)
    return found


def _subsets(origins: tuple[str, ...]) -> list[Pattern]:
    """All subsets, the smaller first."""
    return [frozenset(kept) for size in range(len(origins) + 1) for kept in combinations(origins, size)]
