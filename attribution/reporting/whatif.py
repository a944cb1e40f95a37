"""The what-if section: the network and a few draws, embedded in the page, which sums anew whatever is changed."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from attribution.analysis.what_if import Carried, carry
from attribution.inference.posterior import Posterior
from attribution.network.program import Floats
from attribution.reporting.whatif_controls import InstitutionControl, institutions, shortened
from attribution.reporting.whatif_network import network_json

DRAWS = 256


@dataclass(frozen=True, slots=True)
class FactionControl:
    """A faction, by its place in the case; `role` is lead, rival or rest."""

    index: int
    label: str
    role: str
    published: float


@dataclass(frozen=True, slots=True)
class NodeControl:
    """A node of the tree of factions, for evidence to point to."""

    id: str
    label: str


@dataclass(frozen=True, slots=True)
class WhatIfSection:
    """What the section shows and holds. `data` is JSON that no text in it can end."""

    draws: int
    factions: tuple[FactionControl, ...]
    nodes: tuple[NodeControl, ...]
    institutions: tuple[InstitutionControl, ...]
    data: Markup


def what_if_section(posterior: Posterior) -> WhatIfSection:
    """The section of a posterior: factions in the order of the report, the most probable first."""
    carried = thinned(posterior)
    case, program = posterior.case.as_of(posterior.settings.as_of), posterior.program
    roles = ("lead", "rival")
    return WhatIfSection(
        draws=len(carried.z),
        factions=tuple(
            FactionControl(
                program.factions.index(standing.id),
                shortened(standing.label),
                roles[rank] if rank < len(roles) else "rest",
                standing.probability,
            )
            for rank, standing in enumerate(posterior.ranking)
        ),
        nodes=tuple(NodeControl(id, shortened(case.factions.label(id))) for id in case.factions.ids),
        institutions=institutions(case),
        data=_inert(
            network_json(carried, program)
            | {
                "labels": [shortened(case.factions.label(faction)) for faction in program.factions],
                "published": [standing.probability for standing in posterior.standings],
                "before": [standing.prior for standing in posterior.standings],
            }
        ),
    )


def thinned(posterior: Posterior, draws: int = DRAWS) -> Carried:
    """A few draws that stand for all: systematically sampled along the probability of the leader.

    Draws of both engines are put in the order of ``p(leader | E, theta)`` and taken at equal steps of their cumulated
    weight, so that the few give nearly the published answer. A weighted point that is met several times is kept once,
    with that much weight. They are rounded to single precision, which is what the page gets.
    """
    leader = posterior.program.factions.index(posterior.ranking[0].id)
    order = np.argsort(posterior.faction_draws[:, leader], kind="stable")
    met, weights = _systematic(posterior.draws.weights[order], min(draws, len(order)))
    return carry(posterior, order[met], weights, np.float32)


def _systematic(weights: Floats, draws: int) -> tuple[NDArray[np.int64], Floats]:
    """Positions met at equal steps of the cumulated weight, and how often each was met, as weights."""
    steps = (np.arange(draws) + 0.5) / draws
    met = np.minimum(np.searchsorted(np.cumsum(weights), steps), len(weights) - 1)
    positions, times = np.unique(met, return_counts=True)
    return positions, times / draws


def _inert(data: dict[str, object]) -> Markup:
    """JSON for a script element: nothing in it opens or closes markup."""
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    for letter in "<>&":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return Markup(text)
