"""Uncertain numbers by their definition: J-QPD-B quantiles at given standard normals."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from scipy.stats import norm

from attribution.domain.case import Case
from attribution.domain.model import Model
from attribution.domain.numbers import Number
from attribution.domain.tables import Entry

C = float(norm.ppf(0.95))

type World = Mapping[str, str]


@lru_cache(maxsize=100_000)
def point(number: Number, z: float) -> float:
    """T(z) of Hadlock and Bickel (2017), on the probit scale, or the log scale for a ratio."""
    transform = math.log if number.scale == "ratio" else norm.ppf
    low, best, high = (float(transform(value)) for value in (number.low, number.best, number.high))
    if abs(low + high - 2 * best) < 1e-13:
        return best + z * (high - low) / (2 * C)
    n = math.copysign(1.0, low + high - 2 * best)
    d = math.acosh((high - low) / (2 * min(best - low, high - best))) / C
    start = low if n > 0 else high
    return start + (high - low) / math.sinh(2 * d * C) * math.sinh(d * (z + n * C))


@dataclass(frozen=True)
class Theta:
    """All numbers of a case and a model for one draw of the standard normals, by label."""

    case: Case
    model: Model
    z: Mapping[str, float]
    known: dict[object, float] = field(default_factory=dict)

    def value(self, number: Number, label: str, member: str = "") -> float:
        if number.low == number.high:
            return number.best
        own = f"{label}~{member}"
        if (label, own) not in self.known:
            t = point(number, self.z[label]) + (number.vary * self.z[own] if number.vary else 0.0)
            self.known[label, own] = math.exp(t) if number.scale == "ratio" else float(norm.cdf(t))
        return self.known[label, own]

    def trait(self, trait: str, leaf: str) -> float:
        entry = self.most_specific(self.model.traits[trait].entries, leaf)
        assert isinstance(entry.cell, Number)
        return self.value(entry.cell, f"trait[{trait}|{entry.node}]", leaf)

    def most_specific(self, entries: tuple[Entry, ...], leaf: str) -> Entry:
        for node in (*self.case.factions.upward(leaf), "else"):
            for entry in entries:
                if entry.node == node:
                    return entry
        raise LookupError(leaf)

    def size(self, leaves: frozenset[str]) -> float:
        return math.fsum(self.size_of(leaf) for leaf in leaves)

    def size_of(self, leaf: str) -> float:
        for entry in self.model.perpetrator.sizes.entries:
            if entry.node == leaf and isinstance(entry.cell, Number):
                return self.value(entry.cell, f"size[{leaf}]")
        return 1.0
