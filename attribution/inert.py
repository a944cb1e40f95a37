"""Text of other people, made safe for each medium: it can do nothing but be read.

A title may carry control sequences of a terminal, marks that turn the order of letters round, or a formula for a
spreadsheet.
HTML and SVG are escaped where they are written, by the template's own rules.
"""

from __future__ import annotations

import re
import unicodedata

# Format marks (Cf) turn the order of letters round, or are not there to be seen; the joiners of Persian and Hindi stay.
_JOINERS = {"\u200c", "\u200d"}
_BLANK = {"Cc", "Zl", "Zp"}
_UNSEEN = {"Cf", "Cs", "Cn"}
_UNSEEN_IN_JSON = re.compile(r"[^ -~]")
LONGEST_CELL = 32_767  # characters, as spreadsheets have it
_FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")  # also as wide as a Chinese sign


def legible(text: str) -> str:
    """The text with marks that hide or reorder letters made visible (as U+FFFD), and controls as blanks."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_letter(letter) for letter in text)


def inert(text: str) -> str:
    """Lines that a terminal only shows: no control sequence, no mark that turns the order of letters round."""
    return "\n".join(legible(line) for line in text.split("\n"))


def inert_json(text: str) -> str:
    """JSON whose unseen letters are escapes: the same document, and nothing that a terminal or an editor obeys."""
    return _UNSEEN_IN_JSON.sub(_escaped, text)


def inert_cell(text: str) -> str:
    """A cell of a CSV file that no spreadsheet takes for a formula: such a text is led by an apostrophe.

    Numbers stay numbers. Compare "CSV Injection" of the Open Worldwide Application Security Project.
    """
    text = legible(text)
    if not text.lstrip().startswith(_FORMULA):
        return text
    try:
        float(text)
    except ValueError:
        return f"'{text}"
    return text


def _escaped(found: re.Match[str]) -> str:
    letter = found.group()
    if letter == "\n" or unicodedata.category(letter) not in _UNSEEN | _BLANK or letter in _JOINERS:
        return letter
    units = letter.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[k]:02x}{units[k + 1]:02x}" for k in range(0, len(units), 2))


def _letter(letter: str) -> str:
    kind = unicodedata.category(letter)
    if kind in _BLANK:
        return " "
    return "\ufffd" if kind in _UNSEEN and letter not in _JOINERS else letter
