"""The what-if section: the network and a few draws, embedded in the page, which sums anew whatever is changed."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from attribution.analysis.what_if import Carried, carry
from attribution.inference.posterior import Posterior
from attribution.network.program import Floats, Program
from attribution.reporting.text import brief, legible
from attribution.reporting.whatif_controls import InstitutionControl, institutions
from attribution.reporting.whatif_network import network_json

DRAWS, FEWEST = 256, 128
BUDGET, LIMIT = 700_000, 1_500_000  # bytes of JSON: to be kept where `FEWEST` draws allow it; never passed
_LABEL = 60
MOST_TERMS = 2**25  # terms of the sum over all factions and draws: about a second in a browser


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
    """What the section shows and holds.

    `data` is JSON that no text in it can end, empty where a page is no place for it; `reason` then says why.
    """

    draws: int
    factions: tuple[FactionControl, ...]
    nodes: tuple[NodeControl, ...]
    institutions: tuple[InstitutionControl, ...]
    data: Markup
    reason: str = ""


def what_if_section(posterior: Posterior) -> WhatIfSection:
    """The section of a posterior: factions in the order of the report, the most probable first.

    A large case gets fewer draws, and one that is too large a sentence.
    """
    case, program = posterior.case.as_of(posterior.settings.as_of), posterior.program
    carried, data = _fitting(posterior)
    small = len(data) <= LIMIT and _terms(program, len(carried.z)) <= MOST_TERMS
    return WhatIfSection(
        draws=len(carried.z),
        factions=_factions(posterior),
        nodes=tuple(NodeControl(id, brief(case.factions.label(id), _LABEL)) for id in case.factions.ids),
        institutions=institutions(case),
        data=data if small else Markup(),
        reason="" if small else _too_large(program),
    )


def _factions(posterior: Posterior) -> tuple[FactionControl, ...]:
    place, roles = posterior.program.factions.index, ("lead", "rival")
    return tuple(
        FactionControl(
            place(standing.id),
            brief(standing.label, _LABEL),
            roles[rank] if rank < len(roles) else "rest",
            standing.probability,
        )
        for rank, standing in enumerate(posterior.ranking)
    )


def _fitting(posterior: Posterior) -> tuple[Carried, Markup]:
    """As many draws as the budget allows, at least `FEWEST`, and the network with them."""
    carried = thinned(posterior)
    data = _data(posterior, carried)
    if len(data) <= BUDGET:
        return carried, data
    per_draw = 16 * carried.z.shape[1] / 3 + 4  # four bytes in base64, and a weight
    spare = BUDGET - (len(data) - per_draw * len(carried.z))
    carried = thinned(posterior, max(FEWEST, int(spare / per_draw)))
    return carried, _data(posterior, carried)


def _data(posterior: Posterior, carried: Carried) -> Markup:
    case, program = posterior.case, posterior.program
    return _inert(
        network_json(carried, program)
        | {
            "labels": [legible(brief(case.factions.label(faction), _LABEL)) for faction in program.factions],
            "published": [standing.probability for standing in posterior.standings],
            "before": [standing.prior for standing in posterior.standings],
        }
    )


def _terms(program: Program, draws: int) -> int:
    return int(program.ints.step_size.sum()) * len(program.factions) * draws


def _too_large(program: Program) -> str:
    return (
        f"The network of this case, with {len(program.factions)} factions, {len(program.origins)} origins and "
        f"{program.dimension} uncertain numbers, is too large to be summed in a page. In Python: at.what_if(posterior, "
        "at.Changes(...))."
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
