"""What each part of the evidence contributes: the posterior without it, from the draws that are there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from attribution.analysis.cache import AnalysisCache
from attribution.analysis.finding import Finding, beyond_reach
from attribution.analysis.perturbations import Silence, Variant, perturbed
from attribution.analysis.reweighting import Front, Lead, contrast, disjoint_sets, lead, log_odds, published
from attribution.analysis.units import Unit, UnitKind, chosen, together, units
from attribution.analysis.workspace import Workspace
from attribution.domain.concern import Concern
from attribution.domain.identifiers import OTHER
from attribution.domain.verbal import DECIBANS
from attribution.errors import listed
from attribution.inference.posterior import Posterior
from attribution.network.compile_origins import Unsaid
from attribution.network.program import Floats, Program
from attribution.plots.figures import BarRow, Key, Scale, bars

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

WEIGHS = 0.5  # decibans; what weighs less points nowhere
FEWEST = 3  # with fewer origins that weigh, one direction is no wonder
DRAWN = 16  # rows of a figure


@dataclass(frozen=True, slots=True)
class Removal:
    """The posterior without one unit.

    `origins` are left out whole, of the `partial` ones only what belongs to the unit. `pull` is what the unit adds to
    the odds of each faction against all others together, in decibans; `lead_pull` what it adds to the odds of the
    published leader against the published runner-up, with its Monte Carlo error; `between_pull` to those of the two
    nodes that were asked about. `moved` is the node of the tree, faction or group, whose probability changes most, and
    `move` by how much it changes where the unit is left out, from -1 to 1. The lead changes where the published leader
    is then neither ahead nor level; `lead_open` says that several are then level. `khat` is None where the effective
    sample size is at least 400. `leaves_prior`: nothing else is left.
    """

    id: str
    label: str
    origins: tuple[str, ...]
    partial: tuple[str, ...]
    probabilities: tuple[float, ...]
    mcse: tuple[float, ...]
    pull: tuple[float, ...]
    lead_pull: float
    lead_error: float
    between_pull: float
    moved: str
    moved_label: str
    move: float
    new_leader: str
    changes_lead: bool
    lead_open: bool
    ess: float
    khat: float | None
    refitted: bool
    leaves_prior: bool


@dataclass(frozen=True, slots=True)
class LeaveOut(Finding):
    """Every removal of one kind of unit: the largest move of any faction or group first.

    Not of leader against runner-up, where an item that keeps a third party down would stand last. Where two nodes were
    asked about, the largest effect on these is first.

    Attributes
    ----------
    by
        The kind of the units: ``origin``, ``source``, ``institution``, ``cluster``, ``item`` or ``fact``.
    factions
        Ids of the factions, in the order of the case.
    labels
        Their names for a reader.
    leader, runner_up
        The two most probable factions as published.
    tied
        The two are equal within 4 Monte Carlo standard errors.
    first, second
        The nodes whose log-odds `between_pull` is about; the leader and the runner-up where none were asked for.
    first_label, second_label
        Their names for a reader.
    draws
        How many stored draws were reweighted.
    removals
        For each unit the probabilities without it, their errors, what it adds in decibans, and who then leads.

    Examples
    --------
    >>> findings.sources.by
    'source'
    >>> bool((findings.sources.to_frame()[list(findings.sources.factions)].sum(axis=1).round(6) == 1).all())
    True
    """

    by: str
    factions: tuple[str, ...]
    labels: tuple[str, ...]
    leader: str
    runner_up: str
    tied: bool
    first: str
    second: str
    first_label: str
    second_label: str
    draws: int
    removals: tuple[Removal, ...]

    @property
    def title(self) -> str:
        return f"Without each {self.by}"

    @property
    def method(self) -> str:
        """What was perturbed, and how it was computed."""
        weighed = [removal for removal in self.removals if not removal.refitted]
        again = [removal.label for removal in self.removals if removal.refitted]
        least = min((removal.ess for removal in weighed), default=0.0)
        how = f"One {self.by} at a time left out, {self.draws} stored draws reweighted, summed exactly in each"
        lines = [f"{how}; effective sample size at least {least:.0f}." if weighed else ""]
        if again:
            lines.append(f"Fitted again, since k-hat was too high: {listed(again)}.")
        return " ".join(line for line in lines if line)

    def to_frame(self) -> pd.DataFrame:
        """One row per removal: probabilities by faction, what moves most, pulls (dB), lead, ess and khat."""
        import pandas as pd

        columns = (
            "moved",
            "move",
            "lead_pull",
            "lead_error",
            "between_pull",
            "changes_lead",
            "lead_open",
            "ess",
            "khat",
            "refitted",
        )
        rows = [
            {
                self.by: removal.id,
                **dict(zip(self.factions, removal.probabilities, strict=True)),
                **{column: getattr(removal, column) for column in columns},
            }
            for removal in self.removals
        ]
        return pd.DataFrame(rows).set_index(self.by) if rows else pd.DataFrame()

    @property
    def summary(self) -> str:
        if not self.removals:
            return f"Leaving out one {self.by} at a time: there is none."
        label = dict(zip(self.factions, self.labels, strict=True))
        turned = [
            f"“{removal.label}” ({label[removal.new_leader]})" for removal in self.removals if removal.changes_lead
        ]
        phrases = f"the lead would change without: {listed(turned)}" if turned else "no single removal changes the lead"
        most = max(self.removals, key=lambda one: abs(one.move))
        between = max(self.removals, key=lambda one: abs(one.between_pull))
        lines = [
            f"Leaving out one {self.by} at a time ({len(self.removals)}): {phrases}; the largest move of any faction "
            f"or group is that of {most.moved_label} without “{most.label}”, by {100 * most.move:+z.1f} points (%); "
            f"most of {self.first_label} against {self.second_label} comes from “{between.label}” "
            f"({between.between_pull:+z.1f} dB)."
        ]
        if self.tied:
            lines.append(
                f"The lead of {label[self.leader]} over {label[self.runner_up]} is no more than Monte Carlo error as "
                "it is."
            )
        lines += [
            f"Without “{removal.label}” no evidence is left: what remains is the prior."
            for removal in self.removals
            if removal.leaves_prior
        ]
        return " ".join(lines)

    def unreliable(self) -> tuple[str, ...]:
        """What in it the draws do not reach, one sentence each."""
        return beyond_reach(((f"Without {one.label}", one) for one in self.removals), self.draws)

    def plot(self, ax: Axes | None = None) -> Axes:
        """A row per removal in their order; hatched where the lead would pass, and told who moves most without it."""
        rows = [
            BarRow(
                removal.label,
                removal.between_pull,
                "rival" if removal.changes_lead else "lead",
                remark=f"without it {removal.new_leader} leads{' (open)' if removal.lead_open else ''}"
                if removal.changes_lead
                else f"{removal.moved_label} {100 * removal.move:+z.1f} points without it",
            )
            for removal in self.removals[:DRAWN]
        ]
        keys = (Key("the lead stays without it", "lead", "bar"), Key("the lead passes", "rival", "bar"))
        return bars(
            rows,
            Scale(f"decibans for {self.first} against {self.second}", "decibans"),
            title=f"What each {self.by} adds to {self.first} against {self.second}",
            note=self.method,
            keys=keys,
            ax=ax,
        )


def leave_out(
    posterior: Posterior,
    by: UnitKind = "origin",
    *,
    only: tuple[str, ...] = (),
    at_once: bool = False,
    between: tuple[str, str] | None = None,
    refit: bool = True,
) -> LeaveOut:
    """The posterior without each unit in turn, reweighted from the stored draws.

    Draws get weights proportional to ``p(E without unit | theta) / p(E | theta)``, Pareto-smoothed, and
    ``p(h | E without unit, theta)`` is summed exactly in each. Origins are the natural unit: leaving out an item is
    blind where another item of its origin stands in. Grades stay what they were; without its original a copy speaks
    for itself.

    Parameters
    ----------
    posterior
        The posterior whose evidence is left out.
    by
        The kind of the units.
    only
        Names of the units to leave out; all of them where empty.
    at_once
        Leave all these units out together: one removal.
    between
        Two nodes of the tree whose log-odds `between_pull` is about; the leader and the runner-up where not given.
    refit
        Fit again, with the engine of the posterior, what the draws cannot reach (k-hat above its threshold).

    Returns
    -------
    LeaveOut
        A removal for each unit, the largest move of any faction or group first; where `between` is given, the largest
        effect on these two.

    Raises
    ------
    UsageError
        An unknown kind of unit, unit or node.

    Examples
    --------
    >>> at.leave_out(posterior, only=("halt", "from-rutba")).to_frame()["changes_lead"].tolist()
    [False, False]
    """
    found = units(posterior, by)
    if only:
        found = chosen(found, by, only)
    if at_once and found:
        found = (together(found),)
    who = lead(posterior)
    first, second = between or (who.leader, who.runner_up)
    sides = disjoint_sets(posterior, first, second)
    for unit in _part_by_part(posterior, found):
        without_unit(posterior, unit, refit=refit)
    removals = [_removal(posterior, unit, who, sides, refit=refit) for unit in found]
    removals.sort(key=lambda removal: -abs(removal.between_pull if between else removal.move))
    return LeaveOut(
        by=by,
        factions=posterior.program.factions,
        labels=tuple(posterior.case.factions.label(faction) for faction in posterior.program.factions),
        leader=who.leader,
        runner_up=who.runner_up,
        tied=who.tied,
        first=first,
        second=second,
        first_label=posterior.case.factions.label(first),
        second_label=posterior.case.factions.label(second),
        draws=len(posterior.draws.weights),
        removals=tuple(removals),
    )


def _part_by_part(posterior: Posterior, found: tuple[Unit, ...]) -> list[Unit]:
    """Units in the order of the parts they speak about: those of one part are worked out together, and then let go."""
    parts = posterior.program.ints.origin_part.tolist()
    place = {origin: (parts[position], position) for position, origin in enumerate(posterior.program.origins)}
    return sorted(found, key=lambda unit: [place[origin] for origin in unit.origins])


def _removal(posterior: Posterior, unit: Unit, who: Lead, sides: tuple[Floats, Floats], *, refit: bool) -> Removal:
    before, after = published(posterior), without_unit(posterior, unit, refit=refit)
    now, then = before.probabilities, after.probabilities
    factions = posterior.program.factions
    new = factions[after.front.first]
    moved, move = _largest_move(posterior, then - now)
    return Removal(
        id=unit.id,
        label=unit.label,
        origins=unit.origins,
        partial=unit.partial,
        probabilities=tuple(then.tolist()),
        mcse=tuple(after.mcse.tolist()),
        pull=tuple((DECIBANS * (_logit(now) - _logit(then))).tolist()),
        lead_pull=after.lead_pull,
        lead_error=after.lead_error,
        between_pull=DECIBANS * (log_odds(now, *sides) - log_odds(then, *sides)),
        moved=moved,
        moved_label=posterior.case.factions.label(moved),
        move=move,
        new_leader=new,
        changes_lead=new != who.leader,
        lead_open=after.front.open,
        ess=after.ess,
        khat=after.khat,
        refitted=after.refitted,
        leaves_prior=Silence.of(posterior.known_case, unit).origins >= set(posterior.program.origins),
    )


def _largest_move(posterior: Posterior, change: Floats) -> tuple[str, float]:
    """The node of the tree whose probability changes most, and by how much; among equals a faction before a group."""
    tree, factions = posterior.case.factions, posterior.program.factions
    moves = dict(zip(factions, change.tolist(), strict=True))
    for group in tree.groups:
        moves[group] = float(sum(moves[leaf] for leaf in tree.under(group)))
    node = max(moves, key=lambda one: round(abs(moves[one]), 12))
    return node, moves[node]


@dataclass(frozen=True, slots=True, eq=False)
class Without:
    """What the posterior without a unit comes to.

    Kept of every unit, without the draws: those of hundreds of units would be as many numbers as a computer has room.

    Attributes
    ----------
    probabilities, mcse
        ``P(h | E without unit)`` and its Monte Carlo standard error: (faction,) each.
    front
        Who is ahead then.
    lead_pull, lead_error
        What the unit adds to the log-odds of the published leader against the runner-up, decibans, and its error.
    ess, khat, refitted
        As in `Reweighted`.
    """

    probabilities: Floats
    mcse: Floats
    front: Front
    lead_pull: float
    lead_error: float
    ess: float
    khat: float | None
    refitted: bool


_WITHOUT: AnalysisCache[tuple[frozenset[str], Unsaid, bool], Without] = AnalysisCache()


def without_unit(posterior: Posterior, unit: Unit, *, refit: bool = True) -> Without:
    """The posterior without a unit; worked out once."""
    key = (frozenset(unit.origins), unit.unsaid, refit)
    return _WITHOUT.get(posterior, key, lambda: _without(posterior, unit, refit))


def _without(posterior: Posterior, unit: Unit, refit: bool) -> Without:
    silence = Silence.of(posterior.known_case, unit)
    found, who = perturbed(Workspace(posterior), silence, 1.0, refit=refit), lead(posterior)
    leader, runner_up = (posterior.program.factions.index(id) for id in (who.leader, who.runner_up))
    pull, error = (float(DECIBANS * value) for value in contrast(published(posterior), found, leader, runner_up))
    return Without(
        probabilities=found.probabilities,
        mcse=found.mcse,
        front=found.front(leader),
        lead_pull=pull,
        lead_error=error,
        ess=found.ess,
        khat=found.khat,
        refitted=found.refitted,
    )


def without(posterior: Posterior, unit: Unit) -> tuple[Program, Floats]:
    """The network without a unit, and its log-joint in the stored draws (draw, faction)."""
    silence = Silence.of(posterior.known_case, unit)
    return silence.apply(Variant.of(posterior), 1.0).program, silence.preview(Workspace(posterior), 1.0)


def _logit(probability: Floats) -> Floats:
    clipped = np.clip(probability, 1e-300, 1.0 - 1e-16)
    return np.asarray(np.log(clipped) - np.log1p(-clipped))


def direction_concerns(posterior: Posterior, found: LeaveOut | None = None) -> Iterator[Concern]:
    """Doubts about evidence that points one way only, from what each origin adds to the odds."""
    found = found or leave_out(posterior, "origin", refit=False)
    yield from _one_way(posterior, found)
    yield from _nothing_for_other(found)


def _one_way(posterior: Posterior, found: LeaveOut) -> Iterator[Concern]:
    leader = found.factions.index(found.leader)
    pulls = [removal.pull[leader] for removal in found.removals if abs(removal.pull[leader]) >= WEIGHS]
    if len(pulls) >= FEWEST and min(pulls) > 0:
        yield Concern(
            what=f"all {len(pulls)} origins that weigh speak for {posterior.case.factions.label(found.leader)}",
            means="evidence is rarely so tidy: what speaks against the leader was not looked for, or not written down",
            remedy="search for denials, alibis and other explanations, and enter what was found and what was not",
            topic="evidence",
        )


def _nothing_for_other(found: LeaveOut) -> Iterator[Concern]:
    if OTHER not in found.factions or not found.removals:
        return
    other = found.factions.index(OTHER)
    if max(removal.pull[other] for removal in found.removals) < WEIGHS:
        yield Concern(
            what=f"no origin raises the odds of `other` by {WEIGHS:g} dB or more",
            means="the open set is open in name only: with every item, somebody not named becomes less probable",
            remedy="ask of each table what an outsider would leave, and enter traces that no named faction explains",
            topic="evidence",
        )
