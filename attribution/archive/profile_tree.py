"""The tree that profiles are pooled along: all, groups, factions, and factions in the coarsest places."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import numpy as np

from attribution.archive.classes import Classes
from attribution.archive.codes import Ints, frozen_ints
from attribution.archive.events import ROOT, EventTable
from attribution.archive.sure_labels import Labelled

ALL = "all"
FACTION, PLACE = "faction", "faction in a place"
PLACE_EVENTS = 30
_MOST_PLACES = 12


@dataclass(frozen=True, slots=True, eq=False)
class ProfileTree:
    """Nodes from the root down, parents first. Levels are numbered from the finest up; the root has none (-1)."""

    names: tuple[str, ...]
    places: tuple[str, ...]  # "" where the node is not of one place
    parent: Ints
    level: Ints
    levels: tuple[str, ...]
    of_event: Ints  # the finest node of each event

    def __post_init__(self) -> None:
        for name in ("parent", "level", "of_event"):
            object.__setattr__(self, name, frozen_ints(getattr(self, name)))

    def __len__(self) -> int:
        return len(self.names)

    @classmethod
    def of(cls, labelled: Labelled, classes: Classes) -> Self:
        """All, groups with at least two branches, candidates.

        Groups come from the lineage of factions. A candidate above other candidates becomes a group with its name, of
        which it is itself a member.
        """
        paths = _paths(labelled.events, classes)
        inner = sorted({path[:depth] for path in paths for depth in range(1, len(path) + 1)}, key=lambda p: (len(p), p))
        at = {path: node for node, path in enumerate([(), *inner])}
        deepest = max((len(path) for path in inner), default=0)
        groups = [f"group, step {depth}" if deepest > 1 else "group" for depth in range(1, deepest + 1)]
        nodes = labelled.events.nodes
        return cls(
            names=(ALL, *(nodes[path[-1]] for path in inner), *classes.names),
            places=("",) * (1 + len(inner) + len(classes)),
            parent=frozen_ints([-1, *(at[path[:-1]] for path in inner), *(at[path] for path in paths)]),
            level=frozen_ints([-1, *(1 + deepest - len(path) for path in inner), *([0] * len(classes))]),
            levels=(FACTION, *reversed(groups)),
            of_event=labelled.label + 1 + len(inner),
        )

    def with_places(self, events: EventTable) -> ProfileTree | None:
        """One more level: each faction in each of the coarsest places where it has at least 30 events; None: nowhere.

        Only factions with two or more places in the table are cut; an event elsewhere stays with its faction.
        """
        if not events.place:
            return None
        code, names = events.place[0].codes, events.place[0].names
        names_out, places, parents, of_event = list(self.names), list(self.places), [], self.of_event.copy()
        for node in np.unique(self.of_event).tolist():
            own = self.of_event == node
            count = np.bincount(code[own & (code >= 0)], minlength=len(names))
            if np.sum(count > 0) < 2:
                continue
            for place in np.argsort(-count, kind="stable")[:_MOST_PLACES].tolist():
                if count[place] >= PLACE_EVENTS:
                    of_event[own & (code == place)] = len(names_out)
                    names_out.append(self.names[node])
                    places.append(names[place])
                    parents.append(node)
        if not parents:
            return None
        return ProfileTree(
            tuple(names_out), tuple(places), np.concatenate([self.parent, parents]),
            np.concatenate([np.where(self.level >= 0, self.level + 1, -1), np.zeros(len(parents), dtype=np.int64)]),
            (PLACE, *self.levels), of_event,
        )  # fmt: skip


def _paths(events: EventTable, classes: Classes) -> list[tuple[int, ...]]:
    """For each class the groups above it from the top down, as far as two or more branches meet in them."""
    lines = []
    for code in range(len(classes) - 1):
        node = int(np.flatnonzero(classes.of_faction == code)[0])
        line = [node]
        while events.parent[line[-1]] != ROOT:
            line.append(int(events.parent[line[-1]]))
        lines.append(line)
    branches: dict[int, set[int]] = {}
    for line in lines:
        branches.setdefault(line[0], set()).add(-1)  # itself
        for child, parent in pairwise(line):
            branches.setdefault(parent, set()).add(child)
    return [*(tuple(node for node in reversed(line) if len(branches[node]) > 1) for line in lines), ()]
