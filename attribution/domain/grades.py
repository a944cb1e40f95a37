"""Admiralty grades: how reliable the source is, and how credible this proposition as if it stood alone."""

from __future__ import annotations

from dataclasses import dataclass

from attribution.errors import CaseError, Path

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


def _not_a_grade(found: str, at: Path = ()) -> CaseError:
    repaired = found.strip().upper()[:2]
    good = len(repaired) == 2 and repaired[0] in LETTERS and repaired[1] in DIGITS
    return CaseError(
        f'"{found}" is not an Admiralty grade.',
        at=at,
        allowed="a letter A to F (source) and a digit 1 to 6 (content), such as B2",
        hint=f'did you mean "{repaired}"?' if good else "F means the source cannot be judged, 6 the content",
    )
