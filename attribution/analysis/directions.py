"""Which way the evidence points: all of it one way, or never towards somebody not named."""

from __future__ import annotations

from collections.abc import Iterator

from attribution.analysis.leave_out import LeaveOut, leave_out
from attribution.domain.concern import Concern
from attribution.domain.identifiers import OTHER
from attribution.inference.posterior import Posterior

WEIGHS = 0.5  # decibans; what weighs less points nowhere
FEWEST = 3  # with fewer origins that weigh, one direction is no wonder


def direction_concerns(posterior: Posterior) -> Iterator[Concern]:
    """Doubts about evidence that points one way only, from what each origin adds to the odds."""
    found = leave_out(posterior, "origin", refit=False)
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
