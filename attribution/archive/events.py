"""Past events as columns of numbers: what every adapter makes, and all that the model of the archive sees.

Beside them stands what every output that rests on such events must say.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attribution.archive.codes import Coding, Floats, Ints, LabelSets, check_codes, frozen_floats, frozen_ints
from attribution.errors import EventError

UNKNOWN, RESIDUAL = -1, -2  # labels that are no faction: nobody knows; known to be none of the named
NOT_CLAIMED, NOT_RECORDED = -1, -2  # claims that name nobody: none was made; the table does not say
ROOT = -1
SELECTED = (
    "Known perpetrators are a selected sample: attacks by groups that claim, that are caught or that are watched are "
    "labelled more often, and what is learned from them need not hold for the rest."
)
CLAIMS = (
    "In coded databases the claim and the label are not independent: coders often take the perpetrator from the claim, "
    "so a claim looks more telling here than it is."
)
CODERS = "Scores are against what coders wrote, not against what happened: an error that coders share is not seen."
LIMITS = (SELECTED, CLAIMS, CODERS)


@dataclass(frozen=True, slots=True, eq=False)
class EventTable:
    """Past events in order of time (of their first possible day; ties in the order of the source), one row each.

    An event happened on a day from ``day`` to ``day + precision``. So it may inform events whose ``day`` lies after
    its own ``last_day``, and no other. A label is a faction's code; or `UNKNOWN` (look into `among`: the factions it
    may have been, if that is known); or `RESIDUAL`, a known perpetrator that is none of the named.

    Raises
    ------
    EventError
        Columns of different length, events out of order, or a value outside its range.
    """

    id: NDArray[Any]  # (n,) texts, names in the source
    row: Ints  # (n,) place in the source, from 0
    day: Ints  # (n,) days since 1970-01-01, the first that is possible
    precision: Ints  # (n,) further days that are possible: 0 exact, about 30 a month, 365 a year
    latitude: Floats  # (n,) degrees, NaN unknown
    longitude: Floats  # (n,)
    place: tuple[Coding, ...]  # levels from coarse to fine; a code stands for the whole path down to it
    features: tuple[Coding, ...]  # numbers are binned before they come here
    factions: tuple[str, ...]
    label: Ints  # (n,) code of a faction, UNKNOWN or RESIDUAL
    among: LabelSets  # "one of these", where the label is UNKNOWN
    certainty: Floats  # (n,) probability that the label (or the set) is right
    claimants: tuple[str, ...]
    claim: Ints  # (n,) code of a claimant, NOT_CLAIMED or NOT_RECORDED
    groups: tuple[str, ...] = ()  # inner nodes of the tree above the factions
    parent: Ints = field(default_factory=lambda: frozen_ints([]))  # of factions, then groups: their codes, or ROOT
    lifetimes: tuple[tuple[str, tuple[int, int]], ...] = ()  # factions whose first and last possible day are known

    def __post_init__(self) -> None:
        ids = np.array(self.id, dtype=np.dtypes.StringDType())
        ids.flags.writeable = False
        object.__setattr__(self, "id", ids)
        for name in ("row", "day", "precision", "label", "claim", "parent"):
            object.__setattr__(self, name, frozen_ints(getattr(self, name)))
        for name in ("latitude", "longitude", "certainty"):
            object.__setattr__(self, name, frozen_floats(getattr(self, name)))
        if not self.parent.size:
            object.__setattr__(self, "parent", frozen_ints(np.full(len(self.factions) + len(self.groups), ROOT)))
        self._check_shapes()
        self._check_values()
        self._check_tree()

    def __len__(self) -> int:
        return len(self.day)

    @property
    def last_day(self) -> Ints:
        """The last day on which the event may have happened; before it, nothing of the event was known."""
        return self.day + self.precision

    @property
    def nodes(self) -> tuple[str, ...]:
        """Factions, then groups: what `parent` counts through."""
        return (*self.factions, *self.groups)

    @property
    def labelled(self) -> NDArray[np.bool_]:
        """Which events have one known faction."""
        return self.label >= 0

    def take(self, rows: Ints | slice) -> EventTable:
        """Some of the events, in order of time; names and codes stay."""
        return EventTable(
            id=self.id[rows],
            row=self.row[rows],
            day=self.day[rows],
            precision=self.precision[rows],
            latitude=self.latitude[rows],
            longitude=self.longitude[rows],
            place=tuple(level.take(rows) for level in self.place),
            features=tuple(feature.take(rows) for feature in self.features),
            factions=self.factions,
            label=self.label[rows],
            among=self.among.take(rows),
            certainty=self.certainty[rows],
            claimants=self.claimants,
            claim=self.claim[rows],
            groups=self.groups,
            parent=self.parent,
            lifetimes=self.lifetimes,
        )

    def _check_shapes(self) -> None:
        columns: dict[str, Any] = {name: getattr(self, name) for name in ("id", "row", "precision", "label", "claim")}
        columns |= {name: getattr(self, name) for name in ("latitude", "longitude", "certainty", "among")}
        columns |= {coding.name: coding for coding in (*self.place, *self.features)}
        for name, column in columns.items():
            if len(column) != len(self):
                raise EventError(f"{name} has {len(column)} values for {len(self)} events.", allowed="one per event")
        if len(columns) != 9 + len(self.place) + len(self.features):
            raise EventError("two columns have one name.", allowed="a name of its own for each level and feature")

    def _check_values(self) -> None:
        if np.any(np.diff(self.day) < 0):
            raise EventError("the events are not in order of time.", allowed="days that never decrease")
        if np.any(self.precision < 0):
            raise EventError("a precision is negative.", allowed="days: 0 or more")
        for name, column, limit in (("latitude", self.latitude, 90.0), ("longitude", self.longitude, 180.0)):
            if np.any(np.abs(column) > limit):  # NaN is fine: it compares false
                raise EventError(f"a {name} lies outside the globe.", allowed=f"-{limit:g} to {limit:g} degrees")
        if not np.all((self.certainty >= 0) & (self.certainty <= 1)):
            raise EventError("a certainty is not a probability.", allowed="0 to 1")
        check_codes("label", self.label, len(self.factions), RESIDUAL)
        check_codes("claim", self.claim, len(self.claimants), NOT_RECORDED)
        check_codes("among", self.among.member, len(self.factions), 0)
        if np.any(self.among.partial & (self.label != UNKNOWN)):
            raise EventError("an event has a label and a set of labels.", allowed="one of the two")

    def _check_tree(self) -> None:
        nodes = len(self.nodes)
        if len(set(self.nodes)) != nodes or len(self.parent) != nodes:
            raise EventError("the tree of factions does not fit.", allowed="each name once, one parent or -1 for each")
        check_codes("parent", self.parent, nodes, ROOT)
        for start in range(nodes):
            here, steps = int(self.parent[start]), 0
            while here != ROOT:
                here, steps = int(self.parent[here]), steps + 1
                if steps > nodes:
                    raise EventError(f'"{self.nodes[start]}" is above itself.', allowed="a tree")


@dataclass(frozen=True, slots=True)
class Tally:
    """What became of the rows of a table."""

    rows: int
    filtered: int  # by `where`
    excluded: int  # by `exclude`
    undated: int
    events: int
