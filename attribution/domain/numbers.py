"""Numbers nobody knows exactly: a constant, or a triple of 5 %, 50 % and 95 % quantiles."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from typing import Any, Literal

from attribution.domain.document import plain, stated
from attribution.domain.verbal import ICD_203
from attribution.errors import ModelError, listed

Scale = Literal["probability", "ratio"]

_JEFFREYS = 0.5
_QUANTILES = (0.05, 0.5, 0.95)
_COUNTS = re.compile(r"(\d{1,15}) of (\d{1,15})")


@dataclass(frozen=True, slots=True)
class Number:
    """A probability, or a ratio, that may be uncertain.

    ``low < best < high`` are its 5 %, 50 % and 95 % quantiles; all three equal means a constant. An uncertain
    probability lies strictly inside (0, 1); an uncertain ratio is positive and finite. `stated` keeps the form the
    analyst wrote where that was not the triple itself. `vary` gives each member of a group its own deviation, in
    probits.

    Raises
    ------
    ModelError
        Quantiles out of order or out of range.
    """

    low: float
    best: float
    high: float
    scale: Scale = "probability"
    stated: str = ""
    vary: float = 0.0

    def __post_init__(self) -> None:
        triple = (self.low, self.best, self.high)
        if not all(math.isfinite(value) for value in triple):
            raise ModelError(f"{self} is not finite.", allowed=self._range())
        if self.low == self.best == self.high:
            self._check_constant()
        else:
            self._check_triple()
        if not (math.isfinite(self.vary) and 0 <= self.vary <= 5):
            raise ModelError(f"vary is {self.vary:g}.", allowed="0 to 5 probits")
        if self.vary and (self.constant or self.scale == "ratio"):
            raise ModelError(
                "vary needs an uncertain probability.",
                allowed="[low, best, high] beside `vary:`",
                hint="write {value: [low, best, high], vary: 0.3}",
            )

    @classmethod
    def exactly(cls, value: float, scale: Scale = "probability") -> Number:
        """A number taken as known."""
        return cls(value, value, value, scale)

    @classmethod
    def from_counts(cls, yes: int, of: int) -> Number:
        """Quantiles of the Jeffreys posterior Beta(yes + 1/2, of - yes + 1/2) of a rate."""
        from scipy.special import betaincinv

        if not 0 <= yes <= of or of < 1:
            raise ModelError(f"{{yes: {yes}, of: {of}}} is not a count.", allowed="0 <= yes <= of, and of at least 1")
        low, best, high = (float(betaincinv(yes + _JEFFREYS, of - yes + _JEFFREYS, level)) for level in _QUANTILES)
        return cls(low, best, high, stated=f"{yes} of {of}")

    @classmethod
    def from_words(cls, term: str) -> Number:
        """The ICD 203 range of a verbal term, its midpoint as the best."""
        for band in ICD_203:
            if term.lower() in band.terms:
                return cls(band.low, (band.low + band.high) / 2, band.high, stated=term.lower())
        terms = [band.terms[0] for band in ICD_203]
        raise ModelError.unknown("terms of probability", term, terms)

    @property
    def constant(self) -> bool:
        return self.low == self.high

    def document(self) -> Any:
        """As it is written in files: as it was stated, if that is a form that files know."""
        short = self._short()
        triple = [plain(self.low), plain(self.best), plain(self.high)]
        value = short or (triple[1] if self.constant else triple)
        if not self.vary and (short or not self.stated):
            return value
        return stated({"value": value, "stated": "" if short else self.stated, "vary": plain(self.vary) or None})

    def _short(self) -> Any:
        """Counts, or a term of probability, if they mean just these numbers."""
        if not self.stated:
            return None
        counts = _COUNTS.fullmatch(self.stated)
        try:
            if counts:
                yes, of = int(counts[1]), int(counts[2])
                return {"yes": yes, "of": of} if self._is(Number.from_counts(yes, of)) else None
            return self.stated if self._is(Number.from_words(self.stated)) else None
        except ModelError:
            return None

    def _is(self, number: Number) -> bool:
        return replace(self, vary=0.0) == number

    def __str__(self) -> str:
        if self.constant:
            return f"{self.best:g}"
        return f"[{self.low:g}, {self.best:g}, {self.high:g}]"

    def _range(self) -> str:
        return "0 to 1" if self.scale == "probability" else "a positive number"

    def _check_constant(self) -> None:
        good = 0 <= self.best <= 1 if self.scale == "probability" else self.best > 0
        if not good:
            raise ModelError(
                f"{self.best:g} is not a {self.scale}.",
                allowed=self._range(),
                hint=f"did you mean {self.best / 100:g}?" if 1 < self.best <= 100 else "",
            )

    def _check_triple(self) -> None:
        inside = self.low > 0 and (self.high < 1 or self.scale == "ratio")
        if not self.low < self.best < self.high:
            raise ModelError(
                f"the triple {self} does not increase.",
                allowed="[low, best, high] with low < best < high: its 5 %, 50 % and 95 % quantiles",
                hint=f"in order: [{listed(f'{value:g}' for value in sorted((self.low, self.best, self.high)))}]",
            )
        if not inside:
            raise ModelError(
                f"the triple {self} leaves its range.",
                allowed="0 < low and high < 1" if self.scale == "probability" else "0 < low",
                hint="a number that is exactly 0 or 1 is a constant: write it alone",
            )
