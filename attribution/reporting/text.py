"""Text and tables as a page, a Markdown file or a terminal can hold them.

Text of other people is shown as what it is, never as something else.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

LONGEST = 160

# Format marks (Cf) turn the order of letters round, or are not there to be seen; the joiners of Persian and Hindi stay.
_JOINERS = {"\u200c", "\u200d"}
_BLANK = {"Cc", "Zl", "Zp"}
_UNSEEN = {"Cf", "Cs", "Cn"}
_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+!|<>~&$-])")


def legible(text: str) -> str:
    """The text with marks that hide or reorder letters made visible (as U+FFFD), and controls as blanks."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_letter(letter) for letter in text)


def brief(text: str, most: int = LONGEST) -> str:
    """A name or title at a length that a line can hold; what is cut says so, and is whole in the JSON."""
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def plain(text: str) -> str:
    """Text that Markdown shows as it is: specials escaped, on one line, no unseen marks."""
    return _SPECIAL.sub(r"\\\1", " ".join(legible(text).split()))


def markdown_table(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table of cells that are Markdown already."""
    columns = list(columns)
    lines = [f"| {' | '.join(columns)} |", f"|{'|'.join(' --- ' for _ in columns)}|"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


def aligned(
    rows: Sequence[Sequence[str]], *, right: Sequence[bool] = (), most: int | None = None, indent: str = ""
) -> list[str]:
    """Rows of a table as lines, its columns side by side.

    Parameters
    ----------
    rows
        The heading and the rows below it, all of one length.
    right
        Which columns stand at their right edge; all at their left where it is empty.
    most
        Letters after which a cell is cut.
    indent
        What each line begins with.
    """
    cut = [[cell if most is None else brief(cell, most) for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in cut) for column in range(len(cut[0]))]
    sides = right or [False] * len(widths)
    return [
        indent
        + "  ".join(
            cell.rjust(width) if at_right else cell.ljust(width)
            for cell, width, at_right in zip(row, widths, sides, strict=True)
        ).rstrip()
        for row in cut
    ]


def _letter(letter: str) -> str:
    kind = unicodedata.category(letter)
    if kind in _BLANK:
        return " "
    return "\ufffd" if kind in _UNSEEN and letter not in _JOINERS else letter
