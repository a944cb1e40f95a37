"""Why do two answers differ? Each change of probability split exactly into evidence, grades, tables and priors."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import factorial
from typing import TYPE_CHECKING

import numpy as np

from attribution.analysis.differences import Difference, differences
from attribution.analysis.hybrid import GROUPS, Group, Side, hybrid
from attribution.domain.verbal import percent
from attribution.inference.draws import Draws, expectation, khat_threshold
from attribution.inference.fit import fit
from attribution.inference.posterior import Posterior
from attribution.inference.settings import Sampling
from attribution.network.program import Floats

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Compared:
    """One of the two answers: what it is of, how it was drawn, and whom it has ahead."""

    case: str
    model: str
    model_title: str
    as_of: str
    engine: str
    leader: str


@dataclass(frozen=True, slots=True)
class Change:
    """How the probability of a faction or group moved from `before` to `after`.

    `parts` are the contributions of evidence, grades, tables and priors, with their Monte Carlo errors; `engine` is
    what the printed answers of NUTS add to the instant engine's. All together are ``after - before``.
    """

    id: str
    label: str
    before: float
    after: float
    parts: tuple[float, ...]
    mcse: tuple[float, ...]
    engine: float
    is_group: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two answers about the same factions, and where every difference between them comes from.

    `khat` is the worst Pareto shape among the fits; above `khat_limit` the split is not to be trusted.
    """

    first: Compared
    second: Compared
    groups: tuple[Group, ...]
    differences: tuple[Difference, ...]
    changes: tuple[Change, ...]
    fits: int
    khat: float
    khat_limit: float

    @property
    def trustworthy(self) -> bool:
        return self.khat <= self.khat_limit

    def to_frame(self) -> pd.DataFrame:
        """Indexed by faction or group: before, evidence, grades, tables, priors, engine, after (fractions)."""
        import pandas as pd

        rows = [[one.before, *one.parts, one.engine, one.after] for one in self.changes]
        index = pd.Index([one.id for one in self.changes], name="faction")
        return pd.DataFrame(rows, index=index, columns=["before", *self.groups, "engine", "after"])

    def __str__(self) -> str:
        factions = [one for one in self.changes if not one.is_group]
        most = max(factions, key=lambda one: abs(one.after - one.before))
        parts = ", ".join(
            f"{group} {_points(part)}" for group, part in zip(self.groups, most.parts, strict=True) if abs(part) >= 5e-4
        )
        lead = (
            f"{self.first.leader} stays ahead"
            if self.first.leader == self.second.leader
            else f"the lead passes from {self.first.leader} to {self.second.leader}"
        )
        return (
            f"From {name(self.first)} to {name(self.second)}: {lead}. {most.label} moves most, from "
            f"{percent(most.before)} to {percent(most.after)} ({parts or 'by nothing'}; percentage points). Shapley "
            f"values over the changed groups, {self.fits} fits by the instant engine on common scrambles."
        )


def name(one: Compared) -> str:
    """``tower-22/baseline as of 2024-02-01``."""
    return f"{one.case}/{one.model}" + (f" as of {one.as_of}" if one.as_of else "")


def _points(part: float) -> str:
    return f"{100 * part:+.1f}".replace("-", "−")


def compare(first: Posterior, second: Posterior) -> Comparison:
    """Split the change in each probability from one posterior to another over the groups of what differs.

    Every group can be taken from either side (`attribution.analysis.hybrid`), which gives a case and a model for each
    subset of the changed groups. All of them are fitted by the instant engine with one seed, and the contributions are
    Shapley values: exact, summing to the whole change, and the same in whatever order the changes are told.

    Raises
    ------
    UsageError
        The two are not about the same factions, or a fact has other states in one of them.
    """
    a, b = (Side(one.case.as_of(one.settings.as_of), one.model) for one in (first, second))
    changed = tuple(group for group in GROUPS if hybrid(a, b, frozenset({group})) != hybrid(a, b, frozenset()))
    fits = _Fits(a, b, first.settings.sampling, first.settings.seed)
    worth = {kept: fits.of(kept) for size in range(len(changed) + 1) for kept in _subsets(changed, size)}
    parts = np.stack([_shapley(worth, changed, group) for group in GROUPS])
    return Comparison(
        first=_compared(first),
        second=_compared(second),
        groups=GROUPS,
        differences=differences(a, b),
        changes=_changes(first, second, parts),
        fits=len(worth),
        khat=fits.khat,
        khat_limit=khat_threshold(first.settings.sampling.scrambles * 2**first.settings.sampling.log2_points),
    )


def _changes(first: Posterior, second: Posterior, parts: Floats) -> tuple[Change, ...]:
    """One row per faction and group; `parts` (group of differences, mean and deviations, row)."""
    scrambles = parts.shape[1] - 1
    error = parts[:, 1:].std(axis=1, ddof=1) / np.sqrt(scrambles)
    tree, printed = first.case.factions, [_printed(one) for one in (first, second)]
    changes = []
    for position, node in enumerate((*tree.leaves, *tree.groups)):
        before, after = (float(sum(p[leaf] for leaf in tree.under(node))) for p in printed)
        mine = parts[:, 0, position]
        changes.append(
            Change(
                id=node,
                label=tree.label(node),
                before=before,
                after=after,
                parts=tuple(mine.tolist()),
                mcse=tuple(error[:, position].tolist()),
                engine=float(after - before - mine.sum()),
                is_group=node in tree.groups,
            )
        )
    return tuple(changes)


def _subsets(groups: tuple[Group, ...], size: int) -> list[frozenset[Group]]:
    return [frozenset(kept) for kept in combinations(groups, size)]


class _Fits:
    """Fits of hybrids, as rows: the mean, then the deviations of each scramble from it."""

    def __init__(self, a: Side, b: Side, sampling: Sampling, seed: int) -> None:
        self._a, self._b, self._sampling, self._seed = a, b, sampling, seed
        self.khat = float("-inf")

    def of(self, kept: frozenset[Group]) -> Floats:
        side = hybrid(self._a, self._b, kept)
        found = fit(side.case, side.model, engine="importance", seed=self._seed, sampling=self._sampling)
        self.khat = max(self.khat, float("-inf") if found.draws.khat is None else found.draws.khat)
        order = [found.program.factions.index(leaf) for leaf in self._a.case.factions.leaves]
        return _mean_and_deviations(found.draws, found.faction_draws[:, order]) @ _membership(self._a)


def _mean_and_deviations(draws: Draws, values: Floats) -> Floats:
    """The weighted mean, and for each scramble its linearised deviation: (1 + scramble, faction)."""
    scrambles = draws.z.shape[0]
    mean = expectation(draws.weights, values)
    weights = draws.weights.reshape(scrambles, -1)
    columns = values.reshape(scrambles, weights.shape[1], -1) - mean
    return np.vstack([mean, np.einsum("sd,sdk->sk", weights, columns) * scrambles])


def _membership(side: Side) -> Floats:
    """Factions to factions and groups: (faction, row)."""
    tree = side.case.factions
    return np.array(
        [[leaf in tree.under(node) for node in (*tree.leaves, *tree.groups)] for leaf in tree.leaves], float
    )


def _shapley(worth: dict[frozenset[Group], Floats], changed: tuple[Group, ...], group: Group) -> Floats:
    """The mean effect of the group over all orders of the changed groups; nothing where it did not change."""
    total = np.zeros_like(worth[frozenset()])
    if group not in changed:
        return total
    others, count = tuple(one for one in changed if one != group), len(changed)
    for size in range(count):
        weight = factorial(size) * factorial(count - size - 1) / factorial(count)
        for kept in _subsets(others, size):
            total += weight * (worth[kept | {group}] - worth[kept])
    return total


def _printed(posterior: Posterior) -> dict[str, float]:
    return {standing.id: standing.probability for standing in posterior.standings}


def _compared(posterior: Posterior) -> Compared:
    as_of = posterior.settings.as_of
    return Compared(
        case=posterior.case.id,
        model=posterior.model.id,
        model_title=posterior.model.title,
        as_of=as_of.isoformat() if as_of else "",
        engine=posterior.settings.engine,
        leader=posterior.ranking[0].label,
    )
