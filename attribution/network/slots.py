"""Every number of a model gets a slot; every uncertain one a coordinate of the standard normal vector."""

from __future__ import annotations

from dataclasses import dataclass, field

from attribution.domain.numbers import Number
from attribution.errors import Path
from attribution.network.curves import Curve, curve
from attribution.network.program import CONSTANT, ODDS, PROBABILITY, RATIO, Coordinate

NONE = -1


@dataclass(slots=True)
class SlotBook:
    """Slots in the order in which they were asked for; a key asked for twice is one number in two places."""

    kinds: list[int] = field(default_factory=list)
    firsts: list[int] = field(default_factory=list)
    seconds: list[int] = field(default_factory=list)
    curves: list[Curve] = field(default_factory=list)
    varies: list[float] = field(default_factory=list)
    coordinates: list[Coordinate] = field(default_factory=list)
    _by_key: dict[tuple[object, ...], int] = field(default_factory=dict)
    _coordinate_of: dict[str, int] = field(default_factory=dict)

    def number(self, number: Number, label: str, *, block: str, document: str, at: Path, member: str = "") -> int:
        """The slot of a number; `member` where it varies within a group."""
        if number.constant:
            return self.constant(number.best)
        key = (label, member if number.vary else "")
        if key not in self._by_key:
            first = self._coordinate(Coordinate(label, block, number, document, at))
            second = NONE
            if number.vary:
                second = self._coordinate(Coordinate(f"{label}~{member}", block, number, document, at))
            kind = RATIO if number.scale == "ratio" else PROBABILITY
            self._by_key[key] = self._add(kind, first, second, curve(number), number.vary)
        return self._by_key[key]

    def constant(self, value: float) -> int:
        key = ("constant", value)
        if key not in self._by_key:
            self._by_key[key] = self._add(CONSTANT, NONE, NONE, Curve(value, 0.0, 0.0, 0.0), 0.0)
        return self._by_key[key]

    def odds(self, base: int, ratio: int) -> int:
        """The slot of a probability whose odds are those of `base` times `ratio`."""
        key = ("odds", base, ratio)
        if key not in self._by_key:
            self._by_key[key] = self._add(ODDS, base, ratio, Curve(0.0, 0.0, 0.0, 0.0), 0.0)
        return self._by_key[key]

    def _coordinate(self, coordinate: Coordinate) -> int:
        if coordinate.label not in self._coordinate_of:
            self._coordinate_of[coordinate.label] = len(self.coordinates)
            self.coordinates.append(coordinate)
        return self._coordinate_of[coordinate.label]

    def _add(self, kind: int, first: int, second: int, shape: Curve, vary: float) -> int:
        self.kinds.append(kind)
        self.firsts.append(first)
        self.seconds.append(second)
        self.curves.append(shape)
        self.varies.append(vary)
        return len(self.kinds) - 1
