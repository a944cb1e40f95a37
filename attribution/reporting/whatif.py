"""The what-if section: the network and a few draws, embedded in the page, which sums anew whatever is changed."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from attribution.analysis.what_if import PageDraws, page_draws
from attribution.domain.case import Case
from attribution.domain.evidence import Statement
from attribution.domain.grades import UNGRADED
from attribution.domain.origins import Origin
from attribution.inert import legible
from attribution.inference.posterior import Posterior
from attribution.network.program import Floats, Program
from attribution.reporting.text import brief
from attribution.reporting.whatif_network import network_json

DRAWS, FEWEST = 256, 128
BUDGET, LIMIT = 700_000, 1_500_000  # bytes of JSON: to be kept where `FEWEST` draws allow it; never passed
_LABEL = 60
MOST_TERMS = 2**25  # terms of the sum over all factions and draws: about a second in a browser
_OWN_SEARCH = "Our own searches"
MODULES = ("numbers", "evidence", "settings", "tables", "network", "words", "page")
_IMPORT = re.compile(r"^import .*;\n", re.MULTILINE)
_EXPORT = re.compile(r"^export ", re.MULTILINE)
_START = 'if (document.getElementById("what-if-data")) start(document.getElementById("what-if"));\n'


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
    case, program = posterior.known_case, posterior.program
    embedded, data = _fitting(posterior)
    small = len(data) <= LIMIT and _terms(program, len(embedded.z)) <= MOST_TERMS
    return WhatIfSection(
        draws=len(embedded.z),
        factions=_factions(posterior),
        nodes=tuple(NodeControl(id, brief(case.factions.label(id), _LABEL)) for id in case.factions.ids),
        institutions=institutions(case),
        data=data if small else Markup(),
        reason="" if small else _too_large(program),
    )


def thinned(posterior: Posterior, draws: int = DRAWS) -> PageDraws:
    """A few draws that stand for all: systematically sampled along the probability of the leader.

    Draws of both engines are put in the order of ``p(leader | E, theta)`` and taken at equal steps of their cumulated
    weight, so that the few give nearly the published answer. A weighted point that is met several times is kept once,
    with that much weight. They are rounded to single precision, which is what the page gets.
    """
    leader = posterior.program.factions.index(posterior.ranking[0].id)
    order = np.argsort(posterior.faction_draws[:, leader], kind="stable")
    met, weights = _systematic(posterior.draws.weights[order], min(draws, len(order)))
    return page_draws(posterior, order[met], weights, np.float32)


@dataclass(frozen=True, slots=True)
class ItemControl:
    """An item, by its place in the case."""

    index: int
    title: str


@dataclass(frozen=True, slots=True)
class OriginControl:
    """An origin, by its place in the case; letter and digit of its grade, empty where none applies."""

    index: int
    title: str
    letter: str
    digit: str
    items: tuple[ItemControl, ...]


@dataclass(frozen=True, slots=True)
class SourceControl:
    """A source and the origins that it answers for."""

    name: str
    origins: tuple[OriginControl, ...]

    @property
    def count(self) -> int:
        """How many items it has."""
        return sum(len(origin.items) for origin in self.origins)


@dataclass(frozen=True, slots=True)
class InstitutionControl:
    """Sources that belong together."""

    name: str
    sources: tuple[SourceControl, ...]


def institutions(case: Case) -> tuple[InstitutionControl, ...]:
    """Everybody who says something, in the order in which they first speak."""
    houses: dict[str, dict[str, list[OriginControl]]] = {}
    for position, origin in enumerate(case.origins):
        house = case.sources[origin.source].institution if origin.source else ""
        houses.setdefault(house, {}).setdefault(origin.source, []).append(_origin_control(case, origin, position))
    return tuple(
        InstitutionControl(
            house.replace("-", " "),
            tuple(SourceControl(_source_name(case, source), tuple(origins)) for source, origins in voices.items()),
        )
        for house, voices in houses.items()
    )


@cache
def whatif_script() -> str:
    """All modules in the order in which they build on one another, their imports and exports taken off."""
    folder = files("attribution.reporting") / "templates" / "whatif"
    texts = ((folder / f"{name}.mjs").read_text(encoding="utf-8") for name in MODULES)
    bodies = "\n".join(_EXPORT.sub("", _IMPORT.sub("", text)) for text in texts)
    return f'(() => {{\n"use strict";\n{bodies}\n{_START}}})();\n'


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


def _fitting(posterior: Posterior) -> tuple[PageDraws, Markup]:
    """As many draws as the budget allows, at least `FEWEST`, and the network with them."""
    embedded = thinned(posterior)
    data = _data(posterior, embedded)
    if len(data) <= BUDGET:
        return embedded, data
    per_draw = 16 * embedded.z.shape[1] / 3 + 4  # four bytes in base64, and a weight
    spare = BUDGET - (len(data) - per_draw * len(embedded.z))
    embedded = thinned(posterior, max(FEWEST, int(spare / per_draw)))
    return embedded, _data(posterior, embedded)


def _data(posterior: Posterior, embedded: PageDraws) -> Markup:
    case, program = posterior.case, posterior.program
    return _inert(
        network_json(embedded, program)
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


def _source_name(case: Case, source: str) -> str:
    return brief(case.sources[source].name) if source else _OWN_SEARCH


def _origin_control(case: Case, origin: Origin, position: int) -> OriginControl:
    graded = isinstance(origin.items[0], Statement)
    grade = origin.grade or UNGRADED
    titled = origin.label
    return OriginControl(
        index=position,
        title=brief(titled or origin.id),
        letter=grade.letter if graded else "",
        digit=grade.digit if graded else "",
        items=tuple(
            ItemControl(case.evidence.ids.index(item.id), brief(item.title or item.id)) for item in origin.items
        ),
    )
