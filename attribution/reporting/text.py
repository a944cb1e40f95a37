"""Text of other people on a page of ours: shown as what it is, never as something else."""

from __future__ import annotations

import unicodedata

LONGEST = 160

# Format marks (Cf) turn the order of letters round, or are not there to be seen; the joiners of Persian and Hindi stay.
_JOINERS = {"\u200c", "\u200d"}
_BLANK = {"Cc", "Zl", "Zp"}
_UNSEEN = {"Cf", "Cs", "Cn"}


def legible(text: str) -> str:
    """The text with marks that hide or reorder letters made visible (as U+FFFD), and controls as blanks."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_letter(letter) for letter in text)


def _letter(letter: str) -> str:
    kind = unicodedata.category(letter)
    if kind in _BLANK:
        return " "
    return "\ufffd" if kind in _UNSEEN and letter not in _JOINERS else letter


def brief(text: str, most: int = LONGEST) -> str:
    """A name or title at a length that a line can hold; what is cut says so, and is whole in the JSON."""
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"
