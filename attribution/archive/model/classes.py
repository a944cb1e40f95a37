"""The candidates of an archive: factions seen often enough in the training part, and everybody else as `other`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from attribution.archive.codes import Floats, Ints, frozen_ints
from attribution.archive.events import RESIDUAL, ROOT, EventTable
from attribution.errors import EventError

OTHER = "other"
SURE = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Classes:
    """Which class each faction belongs to. The last class is `other`: rare factions, and those not seen yet."""

    names: tuple[str, ...]
    of_faction: Ints  # (factions,)

    def __post_init__(self) -> None:
        object.__setattr__(self, "of_faction", frozen_ints(self.of_faction))

    @classmethod
    def learned(cls, events: EventTable, training: NDArray[np.bool_], least: int = 20) -> Self:
        """Factions with at least `least` labelled events in the training part; with fewer events, the bar is lower.

        Raises
        ------
        EventError
            No event of the training part has a known faction.
        """
        labels = events.label[training & events.labelled]
        count = np.bincount(labels, minlength=len(events.factions))
        if not len(labels):
            raise EventError(
                "no event before the date from which forecasts are scored has a known faction.",
                allowed="at least one labelled event to learn from",
                hint="choose a later date with --from",
            )
        bar = min(least, int(count.max()))
        kept = np.flatnonzero(count >= bar)
        of_faction = np.full(len(events.factions), len(kept))
        of_faction[kept] = np.arange(len(kept))
        return cls((*(events.factions[code] for code in kept), OTHER), of_faction)

    @property
    def other(self) -> int:
        """The code of `other`."""
        return len(self.names) - 1

    def __len__(self) -> int:
        return len(self.names)

    def labels(self, events: EventTable) -> Ints:
        """The class of each event, -1 where its faction is not known."""
        known = np.where(events.labelled, self.of_faction[np.maximum(events.label, 0)], -1)
        return np.where(events.label == RESIDUAL, self.other, known)

    def above(self, events: EventTable) -> Ints:
        """The group above each class, then above each group: (classes + groups,), -1 where there is none.

        Groups are numbered after the classes, each after those below it. `other` lies under no group.
        """
        up = events.parent.tolist()
        codes = [events.factions.index(name) if name in events.factions else ROOT for name in self.names[:-1]]
        parents = [up[code] if code != ROOT else ROOT for code in codes]
        from_top: list[int] = []
        for parent in parents:
            node, path = parent, []
            while node != ROOT and node not in from_top:
                path.append(node)
                node = up[node]
            from_top += reversed(path)
        groups = from_top[::-1]
        number = {ROOT: ROOT} | {node: len(self) + at for at, node in enumerate(groups)}
        return np.array([*(number[parent] for parent in parents), ROOT, *(number[up[node]] for node in groups)])

    def members(self, events: EventTable) -> tuple[Ints, Ints, Floats]:
        """The classes each event may be of, one run per event (start, class, weight), each class once.

        The weight of a known label is its certainty; that of several candidates is 0 until they have been forecast.
        """
        label = self.labels(events)
        events_of = np.repeat(np.arange(len(events)), np.diff(events.among.start))
        pairs = np.unique(np.stack([events_of, self.of_faction[events.among.member]]), axis=1)
        single = np.flatnonzero(label >= 0)
        row = np.concatenate([single, pairs[0]])
        code = np.concatenate([label[single], pairs[1]])
        weight = np.concatenate([events.certainty[single], np.zeros(pairs.shape[1])])
        order = np.argsort(row, kind="stable")
        start = np.searchsorted(row[order], np.arange(len(events) + 1))
        return start, code[order], weight[order]


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """Events with one known class, in order of time, and that class; the label is taken as written.

    Left out, not counted in part: events of unknown hand, known as one of several, or with a label that is less
    probable than not (certainty below 0.5).
    """

    events: EventTable
    label: Ints  # (event,)
    classes: tuple[str, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "label", frozen_ints(self.label))

    def __len__(self) -> int:
        return len(self.label)

    @property
    def order(self) -> Ints:
        """The events by their last possible day: in the order in which they begin to count."""
        return np.argsort(self.events.last_day, kind="stable")

    def take(self, rows: Ints) -> Labelled:
        """Some of the events; classes stay."""
        return Labelled(self.events.take(rows), self.label[rows], self.classes)

    def of_present_classes(self) -> Labelled:
        """The same events with only those classes that occur among them."""
        present, label = np.unique(self.label, return_inverse=True)
        return Labelled(self.events, label, tuple(self.classes[code] for code in present.tolist()))


def sure_labels(events: EventTable, classes: Classes) -> Labelled:
    """The events whose class is known with a certainty of at least one half."""
    label = classes.labels(events)
    rows = np.flatnonzero((label >= 0) & (events.certainty >= SURE))
    return Labelled(events.take(rows), label[rows], classes.names)


def within_lifetimes(probability: Floats, events: EventTable, classes: Classes, rows: Ints) -> Floats:
    """Probabilities (draw, event, class) where nobody acts before the first or after the last day of his lifetime.

    A day of the event that is possible must lie in it. `other` is somebody new and has none.
    """
    if not events.lifetimes:
        return probability
    possible = np.ones((len(rows), len(classes)))
    for name, (first, last) in events.lifetimes:
        if name in classes.names[:-1]:
            alive = (events.last_day[rows] >= first) & (events.day[rows] <= last)
            possible[:, classes.names.index(name)] = alive
    held = probability * possible
    return np.asarray(held / held.sum(axis=2, keepdims=True))
