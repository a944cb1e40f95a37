"""Admiralty grades: how reliable the source is, how credible this proposition as if it stood alone; and their worth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from attribution.domain.document import GRADING_FORMAT, Document, Documented, stated
from attribution.domain.numbers import Number
from attribution.domain.tables import Reason
from attribution.errors import CaseError, ModelError, Path

LETTERS = ("A", "B", "C", "D", "E", "F")
DIGITS = ("1", "2", "3", "4", "5", "6")

LETTER_WORDS = {
    "A": "completely reliable",
    "B": "usually reliable",
    "C": "fairly reliable",
    "D": "not usually reliable",
    "E": "unreliable",
    "F": "reliability cannot be judged",
}
DIGIT_WORDS = {
    "1": "confirmed by other sources",
    "2": "probably true",
    "3": "possibly true",
    "4": "doubtful",
    "5": "improbable",
    "6": "truth cannot be judged",
}


@dataclass(frozen=True, slots=True)
class Grade:
    """A letter for the source and a digit for the item; F and 6 mean *cannot be judged*, not *worst*.

    Source: FM 2-22.3 (2006), appendix B.
    """

    letter: str
    digit: str

    def __post_init__(self) -> None:
        if self.letter not in LETTERS or self.digit not in DIGITS:
            raise _not_a_grade(self.letter + self.digit)

    @classmethod
    def parse(cls, text: str, *, at: Path = ()) -> Grade:
        """``B2`` as a grade."""
        if len(text) != 2 or text[0] not in LETTERS or text[1] not in DIGITS:
            raise _not_a_grade(text, at)
        return cls(text[0], text[1])

    def __str__(self) -> str:
        return self.letter + self.digit

    @property
    def words(self) -> str:
        return f"source {LETTER_WORDS[self.letter]}, content {DIGIT_WORDS[self.digit]}"


UNGRADED = Grade("F", "6")


@dataclass(frozen=True, slots=True)
class Grading(Documented):
    """Reliability = source part (letter) x item part (digit), each an uncertain probability.

    Letters A to E and digits 1 to 5 must fall in low, best and high: a better grade is never worth less. F and 6 stand
    apart, *cannot be judged*.

    Attributes
    ----------
    written : Written or None
        The file it was read from, for its comments and order.
    id, title : str
        Its name, and a title for readers.
    letters : tuple of Number
        The source's part of the reliability, a probability for each of A to F.
    digits : tuple of Number
        The item's part, a probability for each of 1 to 6.
    because : Reason or None
        Why.

    Raises
    ------
    ModelError
        A part that is missing, or worth more than a better one.

    Examples
    --------
    >>> grading = at.read_model("tower-22/baseline").grading
    >>> at.Grading.from_dict(grading.to_dict()) == grading
    True
    """

    id: str
    title: str
    letters: tuple[Number, ...]
    digits: tuple[Number, ...]
    because: Reason | None = None

    def __post_init__(self) -> None:
        for block, names, numbers in (("letters", LETTERS, self.letters), ("digits", DIGITS, self.digits)):
            if len(numbers) != len(names):
                raise ModelError(
                    f"{block} names {len(numbers)} of {len(names)}.", at=(block,), allowed=", ".join(names)
                )
            for name, (better, worse) in zip(names[1:-1], pairwise(numbers[:-1]), strict=True):
                if not (better.low >= worse.low and better.best >= worse.best and better.high >= worse.high):
                    raise ModelError(
                        f'the grade part "{name}" is worth more than the better one before it.',
                        at=(block, name),
                        allowed="numbers that fall from A to E and from 1 to 5",
                    )

    def to_dict(self) -> Document:
        """The grading in the words of a grading file."""
        return stated(
            {
                "format": GRADING_FORMAT,
                "id": self.id,
                "title": self.title,
                "because": self.because and self.because.document(),
                "letters": {name: part.document() for name, part in zip(LETTERS, self.letters, strict=True)},
                "digits": {name: part.document() for name, part in zip(DIGITS, self.digits, strict=True)},
            }
        )

    @property
    def digest(self) -> str:
        """SHA-256 of the content, whatever it is called."""
        return self.content

    def source_part(self, grade: Grade) -> Number:
        return self.letters[LETTERS.index(grade.letter)]

    def item_part(self, grade: Grade) -> Number:
        return self.digits[DIGITS.index(grade.digit)]

    def cap(self, grade: Grade, would_say_anyway: float = 0.5) -> float:
        """The largest likelihood ratio the grade can carry, at the bests: ``(rho + (1 - rho) q) / ((1 - rho) q)``."""
        reliability = self.source_part(grade).best * self.item_part(grade).best
        anyway = (1 - reliability) * would_say_anyway
        return (reliability + anyway) / anyway if anyway else float("inf")


def numbers_in_order(block: str, names: tuple[str, ...], stated: Mapping[str, Number]) -> tuple[Number, ...]:
    """The numbers of a grading block in the order of its names.

    Raises
    ------
    ModelError
        A name that is missing or unknown.
    """
    for name in stated:
        if name not in names:
            raise ModelError.unknown(block, name, names, at=(block, name))
    missing = [name for name in names if name not in stated]
    if missing:
        raise ModelError(f"{block} has no {', '.join(missing)}.", at=(block,), allowed=", ".join(names))
    return tuple(stated[name] for name in names)


def _not_a_grade(text: str, at: Path = ()) -> CaseError:
    repaired = text.strip().upper()[:2]
    good = len(repaired) == 2 and repaired[0] in LETTERS and repaired[1] in DIGITS
    return CaseError(
        f'"{text}" is not an Admiralty grade.',
        at=at,
        allowed="a letter A to F (source) and a digit 1 to 6 (content), such as B2",
        hint=f'did you mean "{repaired}"?' if good else "F means the source cannot be judged, 6 the content",
    )
