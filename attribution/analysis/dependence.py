"""Are the origins as independent as they are taken to be? What if two were one, and how many do carry the answer?"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from attribution.analysis.cache import AnalysisCache
from attribution.analysis.factors import merged_log_joint
from attribution.analysis.finding import Finding, beyond_reach
from attribution.analysis.reweighting import published, reweight_nearby
from attribution.analysis.units import Unit, units
from attribution.domain.case import Case
from attribution.domain.concern import Concern
from attribution.domain.evidence import Statement
from attribution.domain.identifiers import PERPETRATOR
from attribution.domain.origins import Origin
from attribution.domain.verbal import DECIBANS, conjoined, percent
from attribution.errors import UsageError, listed
from attribution.inference.posterior import Posterior
from attribution.network.program import STATEMENT, Floats
from attribution.network.summation import normalise
from attribution.plots.figures import DotRow, Key, Scale, dots

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

NOTICED = 0.01  # a change of the leader's probability that is worth a warning
DRAWN = 12  # rows of a figure
MOST_PAIRS = 100  # that are merged of those that share something, those first whose weaker origin pulls most
_LONGEST = 6  # origins of one institution that are merged at once, the weightiest first
_MOST_INSTITUTIONS = 8  # whose origins are merged, those first whose origins pull most
ALIKE = 0.5  # share of words that two titles have in common
_SHORTEST = 4  # letters of a word that counts


@dataclass(frozen=True, slots=True)
class Merged:
    """The posterior were some origins one: believed or disbelieved together, what they share said once.

    `shift` is the change of the leader's probability, `lead_shift` that of its log-odds against the runner-up, in
    decibans. `khat` is None where the effective sample size is at least 400.
    """

    origins: tuple[str, ...]
    labels: tuple[str, ...]
    reasons: tuple[str, ...]
    probabilities: tuple[float, ...]
    shift: float
    lead_shift: float
    new_leader: str
    changes_lead: bool
    ess: float
    khat: float | None


@dataclass(frozen=True, slots=True)
class Group:
    """Origins that may be one, and what they add together to leader against runner-up, in decibans."""

    origins: tuple[str, ...]
    label: str
    pull: float


@dataclass(frozen=True, slots=True)
class Dependence(Finding):
    """Pairs of origins that share something, institutions merged, and the effective number of independent origins.

    Attributes
    ----------
    factions
        Ids of the factions, in the order of the case.
    leader
        The most probable faction.
    leader_label
        Its name for a reader.
    runner_up
        The second most probable faction.
    pairs
        For each pair that shares something, the posterior were the two one.
    institutions
        For each institution with several origins, the posterior were they one.
    groups
        Origins tied by a shared institution, relay, wording or copy, all taken as one, and the decibans they add
        together to the leader against the runner-up.
    effective
        With w the decibans that each group adds to the lead, those that add none left aside, ``(sum w)^2 / sum w^2``: n
        groups of equal weight count n, one that outweighs all others counts one.
    as_stated
        The same with every origin on its own, copies as far as they add to what they copy.
    draws
        How many draws it was worked out from.
    unmerged
        How many further pairs share something and were not merged, since there are too many.
    unmerged_institutions
        How many further institutions with several origins were not taken as one, since there are too many.

    Examples
    --------
    >>> bool(1 <= findings.dependence.effective <= len(findings.dependence.groups))
    True
    """

    factions: tuple[str, ...]
    leader: str
    leader_label: str
    runner_up: str
    pairs: tuple[Merged, ...]
    institutions: tuple[Merged, ...]
    groups: tuple[Group, ...]
    effective: float
    as_stated: float
    draws: int = field(metadata={"json": False})
    unmerged: int = field(default=0, metadata={"json": False})
    unmerged_institutions: int = field(default=0, metadata={"json": False})

    @property
    def title(self) -> str:
        return "If two origins were one"

    @property
    def method(self) -> str:
        """What was perturbed, and how it was computed."""
        few = (
            f" Of {len(self.institutions) + self.unmerged_institutions} institutions with three or more origins the "
            f"{len(self.institutions)} whose origins pull most were taken as one."
            if self.unmerged_institutions
            else ""
        )
        return (
            "Origins that share an institution, a relay, the wording, a copy, or day and subject are taken as one: one "
            "switch believes them all or, by their own reliabilities, the better ones; summed exactly in each of "
            f"{self.draws:,} draws.{few}"
        )

    @property
    def warnings(self) -> tuple[Concern, ...]:
        """A concern for every merger that would move the answer noticeably."""
        return tuple(
            Concern(
                what=f"{conjoined(f'“{label}”' for label in one.labels)} share "
                f"{conjoined(_with_article(reason) for reason in one.reasons)}",
                means=f"were they one, {self.leader_label} would have {percent(self._led(one))}",
                remedy="find out whether they go back to one origin; if so, give them one `origin:`",
                topic="dependence",
            )
            for one in (*self.pairs, *self.institutions)
            if abs(one.shift) >= NOTICED or one.changes_lead
        )

    def _led(self, one: Merged) -> float:
        return one.probabilities[self.factions.index(self.leader)]

    def to_frame(self) -> pd.DataFrame:
        """One row per merger: what is shared, the leader's probability then, shifts, changes_lead, ess, khat."""
        import pandas as pd

        rows = [
            {
                "origins": " + ".join(one.origins),
                "reasons": ", ".join(one.reasons),
                "leader": self._led(one),
                "shift": one.shift,
                "lead_shift": one.lead_shift,
                "changes_lead": one.changes_lead,
                "ess": one.ess,
                "khat": one.khat,
            }
            for one in (*self.institutions, *self.pairs)
        ]
        return pd.DataFrame(rows).set_index("origins") if rows else pd.DataFrame()

    @property
    def summary(self) -> str:
        merged = (*self.institutions, *self.pairs)
        lines = [
            f"Effective number of independent origins behind the lead: {self.effective:.1f} (as stated: "
            f"{self.as_stated:.1f})."
        ]
        if merged:
            most = max(merged, key=lambda one: abs(one.lead_shift))
            turned = sum(one.changes_lead for one in merged)
            lines.append(
                f"{len(self.pairs) + self.unmerged:,} pairs share something{self._left_out()}; "
                f"merging {' with '.join(most.labels[:2])}"
                f"{' and others' if len(most.labels) > 2 else ''} ({', '.join(most.reasons)}) moves the lead most "
                f"({most.lead_shift:+z.1f} dB, {self.leader_label} then {percent(self._led(most))}); "
                + (f"{turned} mergers change who leads." if turned else "no merger changes who leads.")
            )
        else:
            lines.append("No two origins share anything.")
        return " ".join(lines)

    def _left_out(self) -> str:
        return f" (the {len(self.pairs):,} that could matter most were merged)" if self.unmerged else ""

    def unreliable(self) -> tuple[str, ...]:
        """What in it the draws do not reach, one sentence each."""
        merged = (*self.institutions, *self.pairs)
        return beyond_reach(((f"{listed(one.labels)} as one", one) for one in merged), self.draws)

    def plot(self, ax: Axes | None = None) -> Axes:
        """A row per merger: how far leader against runner-up would move; a square where the lead would change."""
        rows = [
            DotRow(
                f"{one.labels[0]}\n+ {one.labels[1] if len(one.labels) == 2 else f'{len(one.labels) - 1} others'}",
                one.lead_shift,
                "rival" if one.changes_lead else "lead",
                line=(0.0, one.lead_shift),
                remark=", ".join(one.reasons),
            )
            for one in (*self.institutions, *self.pairs)[:DRAWN]
        ]
        return dots(
            rows,
            Scale("change of leader against runner-up, decibans", "decibans"),
            title=f"If origins were one. Effective number of independent origins: {self.effective:.1f}",
            note=self.method,
            keys=(Key("the lead stays", "lead"), Key("the lead changes", "rival")),
            ax=ax,
        )


def dependence(posterior: Posterior, *, pairs: Iterable[tuple[str, str]] = ()) -> Dependence:
    """What if origins that share something were one, and how many independent ones carry the lead.

    Parameters
    ----------
    posterior
        The posterior whose origins are merged.
    pairs
        Further pairs of origins to merge, whether they share anything or not.

    Returns
    -------
    Dependence
        Mergers, the largest shift first, and the effective number of origins.

    Raises
    ------
    UsageError
        An unknown origin, one that is merged with itself, or one that states nothing (a search, a weight given).

    Examples
    --------
    >>> merged = at.dependence(posterior, pairs=[("from-rutba", "us-intelligence")])
    >>> any(set(pair.origins) == {"from-rutba", "us-intelligence"} for pair in merged.pairs)
    True
    """
    case = posterior.known_case
    states = tuple(id for id in posterior.program.origins if _states(posterior, id))
    traces = {id: _Trace.of(case, case.origins[id]) for id in states}
    found = {pair: why for pair in combinations(states, 2) if (why := traces[pair[0]].shared(traces[pair[1]]))}
    asked = list(pairs)
    for pair in asked:
        _check(posterior, pair)
        found.setdefault(pair, ("nothing known",))
    labels = {unit.id: unit.label for unit in units(posterior, "origin")}
    alone = {id: _pull_alone(posterior, id) for id in labels}
    tried = {*asked, *_weightiest(found, alone)}
    merged = [_merge(posterior, labels, pair, why) for pair, why in found.items() if pair in tried]
    merged.sort(key=lambda one: -abs(one.lead_shift))
    institutions, unmerged_institutions = _institutions(posterior, labels, states, alone)
    groups = _groups(posterior, [pair for pair, why in found.items() if why not in (("day",), ("nothing known",))])
    first, second = posterior.ranking[:2]
    return Dependence(
        factions=posterior.program.factions,
        leader=first.id,
        leader_label=first.label,
        runner_up=second.id,
        pairs=tuple(merged),
        institutions=tuple(institutions),
        groups=groups,
        effective=effective_number([group.pull for group in groups]),
        as_stated=effective_number(list(alone.values())),
        draws=len(posterior.draws.weights),
        unmerged=len(found) - len(merged),
        unmerged_institutions=unmerged_institutions,
    )


def _weightiest(pairs: Iterable[tuple[str, str]], alone: dict[str, float]) -> list[tuple[str, str]]:
    """As many pairs as there is time for: two that are one lose about what the weaker of them pulls by itself."""
    return sorted(pairs, key=lambda pair: -min(abs(alone[origin]) for origin in pair))[:MOST_PAIRS]


def _with_article(reason: str) -> str:
    """What two origins share, as a sentence has it: the kinds of provenance are single words."""
    return reason if " " in reason else f"{'an' if reason[0] in 'aeiou' else 'a'} {reason}"


def effective_number(pulls: list[float]) -> float:
    """``(sum w)^2 / sum w^2`` over the pulls that are positive; 0 where none is."""
    positive = np.array([pull for pull in pulls if pull > 0.0])
    return float(positive.sum() ** 2 / np.sum(positive**2)) if len(positive) else 0.0


def _check(posterior: Posterior, pair: tuple[str, str]) -> None:
    for origin in pair:
        if origin not in posterior.program.origins:
            raise UsageError.unknown("origins", origin, posterior.program.origins, at=("pairs",))
        if not _states(posterior, origin):
            raise UsageError(f'"{origin}" is no statement that could be believed or not.', allowed="reports and acts")
    if pair[0] == pair[1]:
        raise UsageError(f'"{pair[0]}" is merged with itself.', at=("pairs",), allowed="two origins")


def _states(posterior: Posterior, origin: str) -> bool:
    program = posterior.program
    return bool(program.ints.origin_kind[program.origins.index(origin)] == STATEMENT)


def _merge(posterior: Posterior, labels: dict[str, str], origins: tuple[str, ...], reasons: tuple[str, ...]) -> Merged:
    probability, log_evidence = normalise(merged_log_joint(posterior, origins))
    merged = reweight_nearby(posterior, log_evidence - posterior.log_evidence, probability)
    after = merged.probabilities
    now = published(posterior).probabilities
    a, b = (posterior.program.factions.index(one.id) for one in posterior.ranking[:2])
    front = merged.front(a)
    return Merged(
        origins=origins,
        labels=tuple(labels[origin] for origin in origins),
        reasons=reasons,
        probabilities=tuple(after.tolist()),
        shift=float(after[a] - now[a]),
        lead_shift=float(DECIBANS * (_log_odds(after, a, b) - _log_odds(now, a, b))),
        new_leader=posterior.program.factions[front.first],
        changes_lead=front.first != a,
        ess=merged.ess,
        khat=merged.khat,
    )


def _log_odds(probabilities: Floats, first: int, second: int) -> float:
    return float(np.log(max(probabilities[first], 1e-300)) - np.log(max(probabilities[second], 1e-300)))


_PULLS: AnalysisCache[tuple[str, ...], float] = AnalysisCache()


def pull_together(posterior: Posterior, origins: tuple[str, ...]) -> float:
    """What origins add together to leader against runner-up, in decibans; worked out once."""
    return _PULLS.get(posterior, origins, lambda: _pull(posterior, origins))


def _pull(posterior: Posterior, origins: tuple[str, ...]) -> float:
    probability, log_evidence = normalise(posterior.log_joint_without(frozenset(origins)))
    after = reweight_nearby(posterior, log_evidence - posterior.log_evidence, probability).probabilities
    now = published(posterior).probabilities
    a, b = (posterior.program.factions.index(one.id) for one in posterior.ranking[:2])
    return float(DECIBANS * (_log_odds(now, a, b) - _log_odds(after, a, b)))


def _pull_alone(posterior: Posterior, origin: str) -> float:
    """What an origin adds once its copies are gone: with it they repeat, without it they would stand in for it."""
    program = posterior.program
    copied, copies = program.ints.copied, list[int]()
    reached = [program.origins.index(origin)]
    while reached:
        reached = np.flatnonzero(np.isin(copied, reached) & ~np.isin(np.arange(len(copied)), copies)).tolist()
        copies += reached
    gone = tuple(program.origins[copy] for copy in copies)
    whole = pull_together(posterior, (origin, *gone))
    return whole - pull_together(posterior, gone) if gone else whole


def _institutions(
    posterior: Posterior, labels: dict[str, str], states: tuple[str, ...], alone: dict[str, float]
) -> tuple[list[Merged], int]:
    """Every institution with three or more origins: all of them one, or the weightiest if they are many.

    And how many institutions more there are than there is time for.
    """
    large = []
    for unit in units(posterior, "institution"):
        mine = [origin for origin in unit.origins if origin in states]
        if len(mine) >= 3:
            weightiest = set(sorted(mine, key=lambda origin: -abs(alone[origin]))[:_LONGEST])
            large.append((unit.label, tuple(origin for origin in mine if origin in weightiest)))
    large.sort(key=lambda one: -sum(abs(alone[origin]) for origin in one[1]))
    found = [
        _merge(posterior, labels, origins, (f"the institution {label}",))
        for label, origins in large[:_MOST_INSTITUTIONS]
    ]
    return found, len(large) - len(found)


def _groups(posterior: Posterior, ties: list[tuple[str, str]]) -> tuple[Group, ...]:
    """Origins tied to one another, directly or through others, with the pull of each group; the weightiest first."""
    known: dict[str, Unit] = {unit.id: unit for unit in units(posterior, "origin")}
    home: dict[str, set[str]] = {id: {id} for id in known}
    for first, second in ties:
        if home[first] is not home[second]:
            fewer, more = sorted((home[first], home[second]), key=len)
            more |= fewer
            home.update(dict.fromkeys(fewer, more))
    order = {id: place for place, id in enumerate(known)}
    gathered: dict[str, list[str]] = {}
    for id in known:
        gathered.setdefault(min(home[id], key=order.__getitem__), []).append(id)
    groups = [
        Group(
            tuple(origins),
            known[origins[0]].label + (f" and {len(origins) - 1} more" if len(origins) > 1 else ""),
            pull_together(posterior, tuple(origins)),
        )
        for origins in gathered.values()
    ]
    return tuple(sorted(groups, key=lambda group: -abs(group.pull)))


def shared_provenance(case: Case, first: str, second: str) -> tuple[str, ...]:
    """Why two origins might be one: ``institution``, ``relay``, ``wording``, ``copy``, ``day``; empty where nothing is.

    A relay is an outlet that carried both. Wording: half of the longer words of two titles are the same. A day counts
    only where both speak about the same fact: much is said on the day of an attack.
    """
    one, other = (_Trace.of(case, case.origins[origin]) for origin in (first, second))
    return one.shared(other)


@dataclass(frozen=True, slots=True)
class _Trace:
    """What tells of the provenance of an origin: read once, since it is compared with that of every other."""

    institution: str
    relays: frozenset[str]
    words: frozenset[str]
    items: frozenset[str]
    copied: frozenset[str]
    days: frozenset[dt.date]
    facts: frozenset[str]

    @classmethod
    def of(cls, case: Case, origin: Origin) -> _Trace:
        items = origin.items
        said = (said for item in items for said in item.propositions)
        return cls(
            institution=case.sources[origin.source].institution,
            relays=frozenset(outlet for item in items for outlet in item.via),
            words=frozenset(word for item in items for word in _words(item.title)),
            items=frozenset(item.id for item in items),
            copied=frozenset(item.copies.of for item in items if isinstance(item, Statement) and item.copies),
            days=frozenset(item.published.day for item in items),
            facts=frozenset(one.fact for one in said if one.fact != PERPETRATOR),
        )

    def shared(self, other: _Trace) -> tuple[str, ...]:
        """What two origins have in common, by name."""
        tests = (
            ("institution", self.institution == other.institution),
            ("relay", not self.relays.isdisjoint(other.relays)),
            ("wording", self._alike(other)),
            ("copy", not (self.copied.isdisjoint(other.items) and other.copied.isdisjoint(self.items))),
            ("day", not (self.days.isdisjoint(other.days) or self.facts.isdisjoint(other.facts))),
        )
        return tuple(name for name, holds in tests if holds)

    def _alike(self, other: _Trace) -> bool:
        same = len(self.words & other.words)
        return same > 0 and same >= ALIKE * (len(self.words) + len(other.words) - same)


def _words(title: str) -> set[str]:
    return {word for word in re.findall(r"\w+", title.lower()) if len(word) >= _SHORTEST}
