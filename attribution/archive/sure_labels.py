"""Events whose perpetrator is known well enough to learn from what they have in common."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from attribution.archive.classes import Classes
from attribution.archive.codes import Ints, frozen_ints
from attribution.archive.events import EventTable

SURE = 0.5


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
