"""Verbal scales as tables, with their source and the rule for ties."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

DECIBANS = 10.0 / math.log(10.0)  # decibans in one unit of a natural logarithm


@dataclass(frozen=True, slots=True)
class Band:
    """A range with its words; `low` and `high` as printed in the source, which lets neighbours share end points."""

    low: float
    high: float
    terms: tuple[str, ...]


# Likelihood terms of US Intelligence Community Directive 203 (Analytic Standards, 2015, technical amendment
# 2022), both rows. https://www.dni.gov/index.php/how-we-work/objectivity
ICD_203: tuple[Band, ...] = (
    Band(0.01, 0.05, ("almost no chance", "remote")),
    Band(0.05, 0.20, ("very unlikely", "highly improbable")),
    Band(0.20, 0.45, ("unlikely", "improbable")),
    Band(0.45, 0.55, ("roughly even chance", "roughly even odds")),
    Band(0.55, 0.80, ("likely", "probable")),
    Band(0.80, 0.95, ("very likely", "highly probable")),
    Band(0.95, 0.99, ("almost certain", "nearly certain")),
)

# Support for one proposition over another by likelihood ratio, ENFSI guideline for evaluative reporting (2015).
# https://enfsi.eu/wp-content/uploads/2016/09/m1_guideline.pdf
ENFSI: tuple[Band, ...] = (
    Band(2, 10, ("weak",)),
    Band(10, 100, ("moderate",)),
    Band(100, 1_000, ("moderately strong",)),
    Band(1_000, 10_000, ("strong",)),
    Band(10_000, 1_000_000, ("very strong",)),
    Band(1_000_000, float("inf"), ("extremely strong",)),
)

NAMING_LIMIT = 0.55  # a leader below it is not named: it is no more than a roughly even chance
_LONGEST_ODDS = 60.0


def probability_words(probability: float) -> str:
    """The ICD 203 term for a probability.

    A shared end point belongs to the band nearer one half, the weaker statement of the two; 0.45 and 0.55 to the middle
    band. Below 0.01 and above 0.99, where the directive has no term, the outermost term is used: the number
    always stands beside the word.
    """
    for band in ICD_203[:3]:
        if probability < band.high:
            return band.terms[0]
    for band in ICD_203[3:-1]:
        if probability <= band.high:
            return band.terms[0]
    return ICD_203[-1].terms[0]


def support_words(likelihood_ratio: float) -> str:
    """The ENFSI words for the support a likelihood ratio lends, for ratios of at least 1 (else pass the reciprocal).

    A shared boundary belongs to the weaker band; between 1 and 2, where the guideline has no word, "no appreciable".
    """
    if likelihood_ratio < ENFSI[0].low:
        return "no appreciable"
    for band in ENFSI:
        if likelihood_ratio <= band.high:
            return band.terms[0]
    return ENFSI[-1].terms[0]


def percent(probability: float) -> str:
    """A probability as a reader takes it in: whole percents, one decimal below 10, and never 0 or 100."""
    if probability < 0.001:
        return "< 0.1 %"
    if probability > 0.99:
        return "> 99 %"
    if probability < 0.0995:
        return f"{100 * probability:.1f} %"
    return f"{100 * probability:.0f} %"


def percents(low: float, high: float) -> str:
    """A range of probabilities: the unit once, both ends where they differ as printed."""
    first, last = percent(low), percent(high)
    if first == last:
        return first
    if first.startswith("<") or last.startswith(">"):
        return f"{first} to {last}"
    return f"{first.removesuffix(' %')} to {last}"


def few(names: Sequence[str], most: int = 12) -> str:
    """The first of many names, and how many more there are.

    Examples
    --------
    >>> few(["Red", "Blue", "Green"], 2)
    'Red, Blue and 1 more'
    """
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def counted(number: int, noun: str) -> str:
    """How many there are of something whose plural is regular.

    Examples
    --------
    >>> counted(1, "case"), counted(7_000, "study")
    ('1 case', '7,000 studies')
    """
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{number:,} {noun if number == 1 else plural}"


def conjoined(names: Iterable[str]) -> str:
    """Names as a sentence has them.

    >>> conjoined(["A", "B", "C"])
    'A, B and C'
    """
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def monte_carlo_error(error: float) -> str:
    """A Monte Carlo error to the digit that matters; "not known" where it is not a number."""
    if math.isnan(error):
        return "not known"
    return "< 0.0001" if error < 0.0001 else f"{error:.4f}"


def short(value: float) -> str:
    """A number to three figures, without powers of ten where it is large; nought has no sign."""
    return f"{value:,.0f}" if value >= 100 else f"{value + 0.0:.3g}"


def decibans(value: float) -> str:
    """Weight of evidence to a tenth, with its sign; what rounds to nothing has none."""
    return signed(value)


def signed(value: float, digits: int = 1) -> str:
    """A number with its sign, a true minus; what rounds to nothing has none.

    >>> signed(-0.04), signed(-3.0), signed(0.25, 2)
    ('0.0', '−3.0', '+0.25')
    """
    shown = f"{value:+z.{digits}f}"
    return shown.replace("-", "\u2212") if float(shown) else shown.removeprefix("+")


def unsigned_nought[T](value: T) -> T:
    """The same value, but that nought has no sign: -0.0 is 0.0.

    >>> unsigned_nought(-0.0), unsigned_nought(-1.5), unsigned_nought("-0.0")
    (0.0, -1.5, '-0.0')
    """
    return type(value)() if isinstance(value, float) and value == 0 else value


def odds(weight: float) -> str:
    """Log-odds in decibans as odds, the larger side first: ``12.9 to 1``, or ``1 to 3.4`` where negative."""
    ratio = 10.0 ** (min(abs(weight), _LONGEST_ODDS) / 10.0)
    shown = f"{ratio:,.0f}" if ratio >= 99.95 else f"{ratio:.1f}"
    shown = f"over {shown}" if abs(weight) > _LONGEST_ODDS else shown
    return f"{shown} to 1" if weight >= 0 else f"1 to {shown}"
