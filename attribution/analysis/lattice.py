"""Every subset of the evidence: which sets of units sustain the verdict, and which sets break it when they go."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import combinations
from math import comb
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from attribution.analysis.finding import Finding, beyond_reach
from attribution.analysis.leave_out import without
from attribution.analysis.reweighting import LOW_ESS, lead, reweight
from attribution.analysis.subsets import MOST_NUMBERS, Blocks, UnitSubsets, patterns
from attribution.analysis.units import Unit, UnitKind, chosen, together, units
from attribution.domain.identifiers import OTHER
from attribution.errors import UsageError, listed
from attribution.inference.draws import khat_threshold, smoothed_each
from attribution.inference.posterior import Posterior
from attribution.network.program import Floats, Ints
from attribution.network.subset_sums import products, subset_draws, subset_sums, weighted_sums
from attribution.plots.figures import BandRow, Scale, bands

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

type Flags = NDArray[np.bool_]
MOST_UNITS = 14
_CHUNK, _TOGETHER = 64, 2**20  # subsets, and numbers of their joints, that are worked out together
_MOST_SUMS = 2**22  # subsets times draws
_MOST_SHOWN = 12
_FEWEST_DRAWS = 256


@dataclass(frozen=True, slots=True)
class Layer:
    """All subsets with so many units removed: how many, in how many the leader leads, and its lowest and highest."""

    removed: int
    subsets: int
    held: int
    low: float
    high: float


@dataclass(frozen=True, slots=True, eq=False)
class Lattice(Finding):
    """The posterior given each subset of the units, all other origins kept.

    Attributes
    ----------
    by
        The kind of the units: ``cluster``, ``origin``, ``item``, ``source`` or ``institution``.
    within
        The cluster inside which units were removed; empty where everywhere.
    units
        Ids of the units.
    labels
        Their names for a reader.
    always
        Origins that are in every subset.
    factions
        Ids of the factions, in the order of the case.
    leader
        The published leader.
    leader_label
        Its name for a reader.
    tied
        Its lead is open within 4 Monte Carlo standard errors.
    draws
        How many draws were used.
    max_removed
        The most units removed together; None where all subsets were visited.
    subsets
        How many subsets were visited.
    held
        In how many of them the leader leads.
    low_ess
        In how many the effective sample size is below 400.
    doubtful
        In how many of these k-hat is above its threshold.
    layers
        The same by the number of units removed, with the leader's lowest and highest probability.
    sustaining
        The smallest sets with which alone the leader leads, looked at again with all draws.
    breaking
        The smallest sets without which it does not, looked at again with all draws.
    kept
        Booleans (subset, unit).
    probabilities
        Probabilities (subset, faction), from 0 to 1.
    ess
        Effective sample sizes (subset,).
    khat
        Pareto shapes (subset,); NaN where the effective sample size made them needless.

    Examples
    --------
    >>> findings.lattice.probabilities.shape == (findings.lattice.subsets, len(findings.lattice.factions))
    True
    """

    by: str
    within: str
    units: tuple[str, ...]
    labels: tuple[str, ...]
    always: tuple[str, ...]
    factions: tuple[str, ...]
    leader: str
    leader_label: str
    tied: bool
    draws: int
    max_removed: int | None
    subsets: int
    held: int
    low_ess: int
    doubtful: int
    layers: tuple[Layer, ...]
    sustaining: tuple[Extreme, ...]
    breaking: tuple[Extreme, ...]
    kept: Flags = field(repr=False, metadata={"json": False})
    probabilities: Floats = field(repr=False, metadata={"json": False})
    ess: Floats = field(repr=False, metadata={"json": False})
    khat: Floats = field(repr=False, metadata={"json": False})

    @property
    def title(self) -> str:
        return "Every subset of the evidence"

    @property
    def method(self) -> str:
        """What was perturbed, and how it was computed."""
        scope = "every subset" if self.max_removed is None else f"every subset with at most {self.max_removed} removed"
        inside = f" within {self.within}" if self.within else ""
        return (
            f"{scope.capitalize()} of {len(self.units)} {self.by}s{inside}, {len(self.always)} other origins kept "
            f"throughout: {self.draws} stored draws reweighted, summed exactly in each; effective sample size below "
            f"{LOW_ESS:.0f} in {self.low_ess} subsets, k-hat above its threshold in {self.doubtful}."
        )

    def to_frame(self) -> pd.DataFrame:
        """One row per subset: a column per unit (kept or not), probabilities by faction, leader, ess, khat."""
        import pandas as pd

        columns: dict[str, object] = {unit: self.kept[:, position] for position, unit in enumerate(self.units)}
        columns |= {faction: self.probabilities[:, h] for h, faction in enumerate(self.factions)}
        names = np.array(self.factions)
        columns |= {"leader": names[self.probabilities.argmax(axis=1)], "ess": self.ess, "khat": self.khat}
        return pd.DataFrame(columns)

    @property
    def summary(self) -> str:
        label = dict(zip(self.units, self.labels, strict=True))
        share = f"{self.leader_label} leads in {self.held} of {self.subsets} subsets of {len(self.units)} {self.by}s"
        if self.sustaining and not self.sustaining[0].units:
            held = "the prior and what is always kept sustain the lead by themselves"
        elif self.sustaining:
            held = f"smallest sets that sustain it: {_phrase(self.sustaining, label)}"
        else:
            held = "no set sustains it"
        if self.max_removed is not None:
            held = "smaller sets of evidence were not visited"
        broken = (
            f"smallest sets whose loss breaks it: {_phrase(self.breaking, label)}"
            if self.breaking
            else "no set that was visited breaks it when it goes"
        )
        tied = " The lead itself is no more than Monte Carlo error." if self.tied else ""
        return f"{share}; {held}; {broken}.{tied}"

    def unreliable(self) -> tuple[str, ...]:
        """What in it the draws do not reach, one sentence each."""
        sets = (*self.sustaining, *self.breaking)
        label = dict(zip(self.units, self.labels, strict=True))
        return beyond_reach(((f"The set {listed(label[id] for id in one.units)}", one) for one in sets), self.draws)

    def plot(self, ax: Axes | None = None) -> Axes:
        """A row per number of units removed: lowest to highest probability of the leader over all such subsets."""
        rows = [
            BandRow(
                f"{layer.removed} {self.by}{'' if layer.removed == 1 else 's'} removed",
                ((layer.low, layer.high),),
                remark=f"leads in {layer.held:,} of {layer.subsets:,}",
            )
            for layer in self.layers
        ]
        return bands(
            rows,
            Scale(f"probability of {self.leader_label}, lowest to highest over these subsets", "share"),
            title=f"{self.leader_label} leads in {self.held:,} of {self.subsets:,} subsets of the evidence",
            note=self.method,
            ax=ax,
        )


def _phrase(sets: tuple[Extreme, ...], label: dict[str, str]) -> str:
    return listed(
        "{" + ", ".join(label[unit] for unit in one.units) + "}" + (" (open)" if one.open else "") for one in sets
    )


def lattice(
    posterior: Posterior,
    by: UnitKind = "cluster",
    *,
    within: str = "",
    max_removed: int | None = None,
    draws: int = 0,
    khat_for_all: bool = False,
) -> Lattice:
    """The posterior given every subset of the evidence.

    Parameters
    ----------
    posterior
        The posterior whose evidence is taken apart.
    by
        The units: clusters of the model, or origins, items, sources, institutions.
    within
        A cluster: only units inside it are removed, all else is kept.
    max_removed
        Visit only subsets with at most so many units removed; needed for more than 14 units.
    draws
        About how many of the stored draws to use; where 0, 2,048 for all subsets of 14 units, up to all of them where
        subsets are fewer.
    khat_for_all
        Work out k-hat for every subset, not only where the effective sample size is below 400.

    Returns
    -------
    Lattice
        The whole lattice, and the smallest sets that sustain or break the lead.

    Raises
    ------
    UsageError
        More than 14 units without `max_removed`, no units at all, an unknown kind or cluster.

    Examples
    --------
    >>> at.lattice(posterior, "origin", max_removed=1).subsets
    27
    """
    among = _units(posterior, by, within)
    _check(among, by, max_removed)
    who = lead(posterior)
    kept = _subsets(len(among), max_removed)
    rows = _rows(posterior, draws or _as_many(posterior, among, kept))
    known = UnitSubsets(posterior, among, rows).blocks(kept)
    probabilities, ess, khat = _weighed(posterior, known, khat_for_all=khat_for_all)
    leads = probabilities.argmax(axis=1) == posterior.program.factions.index(who.leader)
    full = max_removed is None
    away = [tuple(np.flatnonzero(one).tolist()) for one in minimal(~kept[~leads])]
    with_only = [tuple(np.flatnonzero(one).tolist()) for one in minimal(kept[leads])] if full else []
    everything = frozenset(range(len(among)))
    for table in (kept, probabilities, ess, khat):
        table.flags.writeable = False
    spoken_for = {origin for unit in among for origin in (*unit.origins, *unit.partial)}
    return Lattice(
        by=by,
        within=within,
        units=tuple(unit.id for unit in among),
        labels=tuple(unit.label for unit in among),
        always=tuple(origin for origin in posterior.program.origins if origin not in spoken_for),
        factions=posterior.program.factions,
        leader=who.leader,
        leader_label=posterior.case.factions.label(who.leader),
        tied=who.tied,
        draws=len(rows),
        max_removed=max_removed,
        subsets=len(kept),
        held=int(leads.sum()),
        low_ess=int((ess < LOW_ESS).sum()),
        doubtful=int((khat > khat_threshold(len(rows))).sum()),
        layers=_layers(kept, leads, probabilities[:, posterior.program.factions.index(who.leader)]),
        sustaining=looked_at(posterior, among, [(only, tuple(everything - set(only))) for only in with_only]),
        breaking=looked_at(posterior, among, [(gone, gone) for gone in away]),
        kept=kept,
        probabilities=probabilities,
        ess=ess,
        khat=khat,
    )


def _units(posterior: Posterior, by: str, within: str) -> tuple[Unit, ...]:
    among = units(posterior, by)
    if not within:
        return tuple(unit for unit in among if unit.origins or unit.partial)
    inside = set(chosen(units(posterior, "cluster"), "cluster", (within,))[0].origins)
    return tuple(unit for unit in among if {*unit.origins, *unit.partial} and {*unit.origins, *unit.partial} <= inside)


def _check(among: tuple[Unit, ...], by: str, max_removed: int | None) -> None:
    if not among:
        raise UsageError(
            f"there is no {by} to remove.",
            allowed="clusters that the model declares, or origins, sources, institutions",
            hint='lattice(posterior, "institution")',
        )
    if max_removed is not None and max_removed < 1:
        raise UsageError(f"max_removed is {max_removed}.", allowed="1 or more")
    count = _count(len(among), max_removed)
    if count > 2**MOST_UNITS:
        most = affordable(len(among))
        fewer = f', or max_removed={most} (on the command line: "--max-removed {most}")' if most else ""
        raise UsageError(
            f"{len(among)} {by}s have {count:,} subsets{'' if max_removed is None else ' with so many removed'}.",
            allowed=f"at most {MOST_UNITS} units, or {2**MOST_UNITS:,} subsets",
            hint=f"take clusters or institutions as units{fewer}",
        )


def affordable(count: int) -> int | None:
    """How many of so many units there is time to remove in every combination; None where all, 0 where not even one."""
    if count <= MOST_UNITS:
        return None
    return next((most for most in (2, 1) if _count(count, most) <= 2**MOST_UNITS), 0)


def _count(units: int, max_removed: int | None) -> int:
    """How many subsets there are with at most so many removed."""
    if max_removed is None:
        return 1 << units
    return sum(comb(units, size) for size in range(min(max_removed, units) + 1))


def _as_many(posterior: Posterior, among: tuple[Unit, ...], kept: Flags) -> int:
    """As many draws as time and memory allow."""
    most = MOST_NUMBERS if len(among) <= MOST_UNITS else MOST_NUMBERS // 4  # of one unit or two the draws tell enough
    held = most // (patterns(posterior, among, kept) * len(posterior.program.factions))
    return min(max(2048, _MOST_SUMS // len(kept)), max(_FEWEST_DRAWS, held))


def _rows(posterior: Posterior, wanted: int) -> Ints:
    """About so many draws: every k-th of a chain, or the first 2^j points of each scramble, which lie evenly."""
    chains, count = posterior.draws.shape
    each = max(1, wanted // chains)
    if posterior.draws.log_weight is None:
        own = np.arange(0, count, max(1, -(-count // each)))
    else:
        own = np.arange(min(count, 2 ** (each.bit_length() - 1)))
    return np.asarray((np.arange(chains)[:, None] * count + own).ravel(), dtype=np.int64)


def _subsets(count: int, max_removed: int | None) -> Flags:
    """Which units each subset keeps, everything first; the last unit changes fastest."""
    if max_removed is None:
        numbers = np.arange(2**count)[::-1]
        return np.asarray((numbers[:, None] >> np.arange(count)[::-1]) & 1, dtype=bool)
    gone = [one for size in range(min(max_removed, count) + 1) for one in combinations(range(count), size)]
    kept = np.ones((len(gone), count), dtype=bool)
    for position, one in enumerate(gone):
        kept[position, list(one)] = False
    return kept


def _weighed(posterior: Posterior, known: Blocks, *, khat_for_all: bool) -> tuple[Floats, Floats, Floats]:
    """Probabilities, effective sample sizes, and k-hats where they are asked for; smoothed where the size is low."""
    program, pattern = posterior.program, known.pattern
    opening = known.slots[:, [program.ints.surprise[1], program.ints.surprise[0]]]
    base = known.base
    if posterior.draws.log_weight is None:
        base = base - posterior.log_evidence[known.rows, None]
    given = products(
        base, tuple(block.log_likelihood for block in known.blocks), opening, program.factions.index(OTHER)
    )
    probabilities, ess = subset_sums(given, pattern)
    khat = np.full(len(pattern), np.nan)
    low = np.flatnonzero(~(ess >= LOW_ESS))
    for some in _some_of(low, max(1, _TOGETHER // base.size)):
        weights, joints = subset_draws(given, pattern[some], joints=True)
        log_weights, khat[some] = smoothed_each(_log(weights))
        share = np.exp(log_weights)
        ratio = np.divide(share, weights, out=np.zeros(share.shape), where=weights > 0)
        probabilities[some] = weighted_sums(ratio, joints) / share.sum(axis=1, keepdims=True)
        ess[some] = share.sum(axis=1) ** 2 / np.sum(share**2, axis=1)
    if khat_for_all:
        for some in _some_of(np.flatnonzero(np.isnan(khat)), _CHUNK):
            khat[some] = smoothed_each(_log(subset_draws(given, pattern[some], joints=False)[0]))[1]
    return probabilities, ess, khat


def _some_of(which: Ints, together: int) -> Iterator[Ints]:
    """So many subsets at a time."""
    for first in range(0, len(which), together):
        yield which[first : first + together]


def _log(weights: Floats) -> Floats:
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(weights))


def _layers(kept: Flags, leads: Flags, leader: Floats) -> tuple[Layer, ...]:
    removed = (~kept).sum(axis=1)
    found = []
    for size in range(int(removed.max(initial=0)) + 1):
        mine = removed == size
        found.append(
            Layer(size, int(mine.sum()), int(leads[mine].sum()), float(leader[mine].min()), float(leader[mine].max()))
        )
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Extreme:
    """A smallest set of units, and who leads with it alone (sustaining) or without it (breaking).

    `open`: the two most probable factions are equal within 4 standard errors. `khat` is None where ESS is at least 400.
    """

    units: tuple[str, ...]
    leader: str
    probability: float
    mcse: float
    open: bool
    ess: float
    khat: float | None
    refitted: bool


def minimal(sets: NDArray[np.bool_]) -> list[NDArray[np.bool_]]:
    """Those of some sets (set, member) that contain no other of them, smallest first."""
    found: list[NDArray[np.bool_]] = []
    remaining = sets[np.argsort(sets.sum(axis=1), kind="stable")]
    while len(remaining):
        least = remaining[0]
        found.append(least)
        remaining = remaining[(remaining & least).sum(axis=1) < least.sum()]
    return found


def looked_at(
    posterior: Posterior, among: tuple[Unit, ...], sets: list[tuple[tuple[int, ...], tuple[int, ...]]]
) -> tuple[Extreme, ...]:
    """Sets of units, each with those to remove for it, weighed again with all draws; at most twelve."""
    found = []
    for named, gone in sets[:_MOST_SHOWN]:
        if gone:
            program, log_joint = without(posterior, together(tuple(among[unit] for unit in gone)))
        else:
            program, log_joint = posterior.program, posterior.log_joint
        then = reweight(posterior, program, log_joint)
        front = then.front(posterior.program.factions.index(posterior.ranking[0].id))
        found.append(
            Extreme(
                units=tuple(among[unit].id for unit in named),
                leader=posterior.program.factions[front.first],
                probability=float(then.probabilities[front.first]),
                mcse=float(then.mcse[front.first]),
                open=front.open,
                ess=then.ess,
                khat=then.khat,
                refitted=then.refitted,
            )
        )
    return tuple(found)
