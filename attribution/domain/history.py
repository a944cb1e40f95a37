"""A prior that was learned from past events: what an archive says about a case, as numbers that a model can use."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from attribution.domain.factions import FactionTree
from attribution.domain.numbers import Number
from attribution.domain.tables import Reason, most_specific
from attribution.errors import ModelError

FEW_LABELS = 50


@dataclass(frozen=True, slots=True)
class HistoryWeight:
    """How often a node of the case's tree would be expected, relative to the others; ratios only.

    `label` is the faction of the archive that stands for it, empty where there is none: then it has the weight of a
    group that the archive does not know. `share` is the mean probability that the archive gives it, for the reader.
    """

    node: str
    weight: Number
    share: float
    label: str = ""
    because: Reason | None = None


@dataclass(frozen=True, slots=True)
class History:
    """What events certain to have happened before a day say about who it was.

    Raises
    ------
    ModelError
        A weight that is no ratio, a node named twice, or no node at all.
    """

    id: str
    case: str
    title: str
    weights: tuple[HistoryWeight, ...]
    other: Number
    before: dt.date  # only events that were over before this day were used
    events: int
    labelled: int
    table: str
    sha256: str
    made_by: str = ""
    limits: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.weights:
            raise ModelError("the prior names no faction.", at=("factions",), allowed="a weight for every faction")
        for one in self.weights:
            if one.weight.scale != "ratio":
                raise ModelError(
                    f'the weight of "{one.node}" is no ratio.', at=("factions", one.node), allowed="a ratio"
                )
        if self.other.scale != "probability":
            raise ModelError("other is a ratio.", at=("other",), allowed="a probability")
        if self.labelled > self.events:
            raise ModelError(
                f"{self.labelled} of {self.events} events are labelled.", at=("used",), allowed="no more than there are"
            )

    def weight_of(self, leaf: str, tree: FactionTree) -> HistoryWeight | None:
        """The weight that covers a faction: its own, or that of the nearest group above it."""
        return most_specific(self.weights, leaf, tree)

    def covered(self, tree: FactionTree, leaves: Iterable[str]) -> Iterator[tuple[HistoryWeight, tuple[str, ...]]]:
        """Each weight with the factions that share it."""
        found: dict[str, list[str]] = {}
        for leaf in leaves:
            weight = self.weight_of(leaf, tree)
            if weight:
                found.setdefault(weight.node, []).append(leaf)
        for weight in self.weights:
            if weight.node in found:
                yield weight, tuple(found[weight.node])
