"""Why do two answers differ? Each change of probability split exactly into evidence, grades, tables and priors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations
from math import factorial
from typing import TYPE_CHECKING, Literal

import numpy as np

from attribution.analysis.finding import Finding
from attribution.domain.case import Case
from attribution.domain.evidence import Item, Statement
from attribution.domain.facts import Fact
from attribution.domain.grades import Grade
from attribution.domain.identifiers import Catalog
from attribution.domain.model import Deception, Model
from attribution.domain.origins import OriginDeclaration
from attribution.domain.tables import Trait
from attribution.domain.verbal import percent, signed
from attribution.errors import UsageError, listed
from attribution.inference.draws import Draws, expectation, khat_threshold
from attribution.inference.fit import fit_under
from attribution.inference.posterior import Posterior
from attribution.inference.settings import Settings
from attribution.network.program import Floats
from attribution.plots.figures import DotRow, Scale, dots
from attribution.plots.style import roles

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

Group = Literal["evidence", "grades", "tables", "priors"]
GROUPS: tuple[Group, ...] = ("evidence", "grades", "tables", "priors")


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
class Comparison(Finding):
    """Two answers about the same factions, and where every difference between them comes from.

    Attributes
    ----------
    first, second
        What each answer is of, how it was drawn, and whom it has ahead.
    groups
        What can differ: evidence, grades, tables, priors.
    differences
        What does differ in each group, in words; empty where the two sides agree in it.
    changes
        For each faction and group of factions: its probability before and after, and what each of `groups` contributes.
    fits
        How many cases and models between the two were fitted.
    khat
        The worst Pareto shape among these fits.
    khat_limit
        Above it the split is not to be trusted.

    Examples
    --------
    >>> earlier = at.fit(case, model, engine="importance", as_of="2024-02-01")
    >>> at.compare(earlier, posterior).trustworthy
    True
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

    @property
    def title(self) -> str:
        return f"From {name(self.first)} to {name(self.second)}"

    @property
    def method(self) -> str:
        """How the difference was split."""
        return f"Shapley values over the changed groups, {self.fits} fits by the instant engine on common scrambles."

    def to_frame(self) -> pd.DataFrame:
        """Indexed by faction or group: before, evidence, grades, tables, priors, engine, after (fractions)."""
        import pandas as pd

        rows = [[one.before, *one.parts, one.engine, one.after] for one in self.changes]
        index = pd.Index([one.id for one in self.changes], name="faction")
        return pd.DataFrame(rows, index=index, columns=["before", *self.groups, "engine", "after"])

    @property
    def summary(self) -> str:
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
            f"{percent(most.before)} to {percent(most.after)} ({parts or 'by nothing'}; percentage points)."
        )

    def unreliable(self) -> tuple[str, ...]:
        """That a posterior between the two answers is too far from its prior for importance sampling."""
        if self.trustworthy:
            return ()
        return (
            f"Not to be trusted: k-hat of one of the fits is {self.khat:.2f} (limit {self.khat_limit:.2f}); a "
            "posterior between the two answers is too far from its prior for importance sampling.",
        )

    def plot(self, ax: Axes | None = None) -> Axes:
        """A row per faction and group: an open mark before, a filled one after, and the largest part of the change."""
        factions = sorted((one for one in self.changes if not one.is_group), key=lambda one: -one.after)
        order = [*factions, *(one for one in self.changes if one.is_group)]
        ids = [one.id for one in order]
        rows = [
            DotRow(one.label, one.after, role, before=one.before, line=(one.before, one.after), remark=self._part(one))
            for one, role in zip(order, roles(ids, *ids[:2]), strict=True)
        ]
        return dots(
            rows,
            Scale("probability: open before, filled after; named is the largest part of a change, in points", "share"),
            title=self.title,
            note=self.method,
            ax=ax,
        )

    def _part(self, one: Change) -> str:
        """The largest part of a change, where it is half a percentage point at least."""
        part, group = max(zip(one.parts, self.groups, strict=True), key=lambda pair: abs(pair[0]), default=(0.0, ""))
        return f"{group} {_points(part)}" if abs(part) >= 5e-3 else ""


def name(one: Compared) -> str:
    """``tower-22/baseline as of 2024-02-01``."""
    return f"{one.case}/{one.model}" + (f" as of {one.as_of}" if one.as_of else "")


def _points(part: float) -> str:
    return signed(100 * part)


def compare(first: Posterior, second: Posterior) -> Comparison:
    """Split the change in each probability from one posterior to another over the groups of what differs.

    Evidence, grades, tables and priors can each be taken from either side, which gives a case and a model for each
    subset of the changed groups. All of them are fitted by the instant engine with one seed, and the contributions are
    Shapley values: exact, summing to the whole change, and the same in whatever order the changes are taken.

    Parameters
    ----------
    first, second
        Posteriors about the same factions: of other models, other days, other versions of the evidence.

    Returns
    -------
    Comparison
        The parts of every change of a probability, which sum to it.

    Raises
    ------
    UsageError
        The two are not about the same factions, or a fact has other states in one of them.

    Examples
    --------
    >>> earlier = at.fit(case, model, engine="importance", as_of="2024-02-01")
    >>> frame = at.compare(earlier, posterior).to_frame()
    >>> parts = frame[["evidence", "grades", "tables", "priors", "engine"]].sum(axis=1)
    >>> bool((abs(frame.before + parts - frame.after) < 1e-9).all())
    True
    """
    a, b = (Side(one.known_case, one.model) for one in (first, second))
    changed = tuple(group for group in GROUPS if hybrid(a, b, frozenset({group})) != hybrid(a, b, frozenset()))
    fits = _Fits(a, b, replace(first.settings, engine="importance", as_of=None))
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

    def __init__(self, a: Side, b: Side, settings: Settings) -> None:
        self._a, self._b, self._settings = a, b, settings
        self.khat = float("-inf")

    def of(self, kept: frozenset[Group]) -> Floats:
        side = hybrid(self._a, self._b, kept)
        found = fit_under(side.case, side.model, self._settings)
        self.khat = max(self.khat, float("-inf") if found.draws.khat is None else found.draws.khat)
        order = [found.program.factions.index(leaf) for leaf in self._a.case.factions.leaves]
        return _mean_and_deviations(found.draws, found.faction_draws[:, order]) @ _membership(self._a)


def _mean_and_deviations(draws: Draws, values: Floats) -> Floats:
    """The weighted mean, and for each scramble its linearised deviation: (1 + scramble, faction)."""
    scrambles = draws.shape[0]
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
        leader=" and ".join(one.label for one in posterior.level) + (", level" if len(posterior.level) > 1 else ""),
    )


@dataclass(frozen=True, slots=True)
class Difference:
    """A group of differences, and what they are; none where the two sides agree in it."""

    group: Group
    what: tuple[str, ...]


def differences(a: Side, b: Side) -> tuple[Difference, ...]:
    """All groups, in their order."""
    by_group = {"evidence": _evidence, "grades": _grades, "tables": _tables, "priors": _priors}
    return tuple(Difference(group, tuple(by_group[group](a, b))) for group in GROUPS)


def _evidence(a: Side, b: Side) -> Iterator[str]:
    ours, theirs = a.case.evidence, b.case.evidence
    yield from (f"new: {item.title or item.id}" for item in theirs if item.id not in ours)
    yield from (f"gone: {item.title or item.id}" for item in ours if item.id not in theirs)
    for item in ours:
        if item.id in theirs and _said(item) != _said(theirs[item.id]):
            yield f"changed: {item.title or item.id}"


def _said(item: Item) -> Item:
    """An item without what its grade says and what only a reader sees."""
    bare = replace(item, title="", note="", citations=(), via=())
    return replace(bare, grade=None) if isinstance(bare, Statement) else bare


def _grades(a: Side, b: Side) -> Iterator[str]:
    for origin in a.case.origins:
        if origin.id in b.case.origins and b.case.origins[origin.id].grade != origin.grade:
            yield f"{origin.label}: {origin.grade or 'none'} to {b.case.origins[origin.id].grade or 'none'}"
    ours, theirs = a.model.grading, b.model.grading
    if (ours.letters, ours.digits) != (theirs.letters, theirs.digits):
        yield f"grading: {ours.title or ours.id} to {theirs.title or theirs.id}"
    for source in a.case.sources:
        if source.id in b.case.sources and b.case.sources[source.id].would_say_anyway != source.would_say_anyway:
            yield f"what {source.name} would say anyway"


def _tables(a: Side, b: Side) -> Iterator[str]:
    ours, theirs = a.model.tables, b.model.tables
    for table in ours:
        label = a.case.facts[table.fact].label if table.fact in a.case.facts else table.fact
        if table.fact not in theirs:
            yield f"without a table: {label}"
        elif table != theirs[table.fact]:
            yield label
    yield from (f"new: {table.fact.replace('-', ' ')}" for table in theirs if table.fact not in ours)
    of_prior = a.prior_traits | b.prior_traits
    yield from (f"trait: {name}" for name in _differing_traits(a, b) if name not in of_prior)
    if a.model.deception != b.model.deception:
        yield "deception"


def _priors(a: Side, b: Side) -> Iterator[str]:
    ours, theirs = a.model.perpetrator, b.model.perpetrator
    if ours.other != theirs.other:
        yield f"somebody not named: {ours.other} to {theirs.other}"
    if ours.surprise != theirs.surprise:
        yield f"surprise: {ours.surprise} to {theirs.surprise}"
    if (ours.shares, ours.proportional_to) != (theirs.shares, theirs.proportional_to):
        yield "how the prior is shared out"
    of_prior = a.prior_traits | b.prior_traits
    yield from (f"trait: {name}" for name in _differing_traits(a, b) if name in of_prior)
    if ours.sizes != theirs.sizes:
        yield "sizes of factions"


def _differing_traits(a: Side, b: Side) -> list[str]:
    """Traits that differ, or that one side lacks."""
    ours = {trait.id: trait for trait in a.model.traits}
    theirs = {trait.id: trait for trait in b.model.traits}
    return sorted(id for id in ours.keys() | theirs.keys() if ours.get(id) != theirs.get(id))


@dataclass(frozen=True, slots=True)
class Side:
    """A case as it was known, and the model that reads it."""

    case: Case
    model: Model

    @property
    def prior_traits(self) -> frozenset[str]:
        """The traits that the prior over factions is made of; all others belong to the tables."""
        return frozenset(self.model.perpetrator.proportional_to)


def hybrid(a: Side, b: Side, from_b: frozenset[Group]) -> Side:
    """`a` with the groups of differences named in `from_b` as they are in `b`.

    - *evidence*: the items and what they say, with detection, ratios and copying;
    - *grades*: the grade of every origin, the grading, and what sources would say anyway;
    - *tables*: the facts with their tables, the traits they use, and deception;
    - *priors*: the prior over factions with its traits, the open set with its surprise, and sizes.

    What only one side has, and the other cannot speak about, comes from the side that has it: a fact without an item
    sums out, so nothing is moved by that.

    Raises
    ------
    UsageError
        The two are not about the same factions, or a fact has other states in one of them.
    """
    _check(a, b)
    evidence, grades, tables, priors = (b if group in from_b else a for group in GROUPS)
    case = _case(a, b, evidence, grades, tables, priors)
    return Side(case, _model(a, b, case, grades, tables, priors))


def _check(a: Side, b: Side) -> None:
    ours, theirs = a.case.factions, b.case.factions
    if {leaf: ours.upward(leaf) for leaf in ours.leaves} != {leaf: theirs.upward(leaf) for leaf in theirs.leaves}:
        apart = sorted(set(ours.ids) ^ set(theirs.ids))
        raise UsageError(
            f"the two are not about the same factions: {listed(apart) or 'the groups differ'}.",
            allowed="two runs, models or dates of one case with one tree of factions",
        )
    for fact in a.case.facts:
        if fact.id in b.case.facts and set(b.case.facts[fact.id].states) != set(fact.states):
            raise UsageError(
                f'the fact "{fact.id}" has other states in the two cases.', allowed="facts with the same states in both"
            )


def _both[T: (Fact, Trait)](first: Catalog[T], other: Catalog[T]) -> list[T]:
    """All of the first, and what only the other has."""
    return [*first, *(one for one in other if one.id not in first)]


def _case(a: Side, b: Side, evidence: Side, grades: Side, tables: Side, priors: Side) -> Case:
    other = b if tables is a else a
    items, declarations = _graded(evidence.case, grades.case)
    speaking = {source.id: source for source in grades.case.sources}
    sources = [speaking.get(one.id, one) for one in evidence.case.sources]
    return replace(
        evidence.case,
        id=a.case.id,
        facts=Catalog(_both(tables.case.facts, other.case.facts), kind="fact"),
        sources=Catalog(sources, kind="source"),
        evidence=Catalog(items, kind="item"),
        declarations=Catalog(declarations, kind="origin"),
    )


def _graded(evidence: Case, grades: Case) -> tuple[list[Item], list[OriginDeclaration]]:
    """The items and declared origins of one case with the grades that their origins have in the other."""
    known: dict[str, Grade | None] = {origin.id: origin.grade for origin in grades.origins}
    holding = {one.id for one in evidence.declarations if one.grade or len(evidence.origins[one.id].items) > 1}
    declarations = [
        replace(one, grade=known[one.id]) if one.id in holding and one.id in known else one
        for one in evidence.declarations
    ]
    items = [
        replace(item, grade=known[item.origin_id])
        if isinstance(item, Statement) and item.origin_id in known and item.origin_id not in holding
        else item
        for item in evidence.evidence
    ]
    return items, declarations


def _model(a: Side, b: Side, case: Case, grades: Side, tables: Side, priors: Side) -> Model:
    other = b if tables is a else a
    model = tables.model
    stated = [*model.tables, *(table for table in other.model.tables if table.fact not in model.tables)]
    return replace(
        model,
        case=case.id,
        grading=grades.model.grading,
        perpetrator=priors.model.perpetrator,
        tables=Catalog(stated),
        traits=Catalog(_traits_between(a, b, tables, priors), kind="trait"),
        deception=_deception(model.deception, case),
        clusters=Catalog(),
    )


def _traits_between(a: Side, b: Side, tables: Side, priors: Side) -> list[Trait]:
    """Traits of a prior come from the side of the prior, all others from that of the tables."""
    of_prior = a.prior_traits | b.prior_traits
    other = b if tables is a else a
    found = []
    for trait in _both(tables.model.traits, other.model.traits):
        home = priors if trait.id in of_prior else tables
        known = {one.id: one for one in home.model.traits}
        found.append(known.get(trait.id, trait))
    return found


def _deception(deception: Deception, case: Case) -> Deception:
    """Without what is said of origins and sources that are not there."""
    there = {*case.origins.ids, *case.sources.ids}
    return replace(
        deception,
        forged=tuple(one for one in deception.forged if one.target in there),
        deceptive=tuple(one for one in deception.deceptive if one.source in there),
    )
