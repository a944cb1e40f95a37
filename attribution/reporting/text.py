"""Text and tables as a page, a Markdown file or a terminal can hold them.

Text of other people is shown as what it is, never as something else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from attribution.inert import legible

LONGEST = 160

# What begins markup wherever it stands; an underscore within a word, an ampersand alone or a "< 1 %" begins none, and
# brackets do not unless something that makes them a link, a footnote or a box to be ticked comes after.
_SPECIAL = re.compile(r"[\\`*|~$]|\[(?=\^|[ xX]\])|\](?=[(\[:]|$)|(?<![^\W_])_|_(?![^\W_])|<(?=[\w/!?])|&(?=#?\w+;)")
# What begins a block at the start of a line: headings, quotes, lists, rules.
_OPENING = re.compile(r"^(?:#{1,6}(?=\s|$)|>|[+-](?=\s|$)|-{2,}|=+$|(\d+)([.)])(?=\s|$))")


def brief(text: str, most: int = LONGEST) -> str:
    """A name or title at a length that a line can hold; what is cut says so, and is whole in the JSON."""
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def plain(text: str) -> str:
    """Text that Markdown shows as it is: what would begin markup escaped, on one line, no unseen marks."""
    line = _SPECIAL.sub(r"\\\g<0>", " ".join(legible(text).split()))
    return _OPENING.sub(lambda found: f"{found[1]}\\{found[2]}" if found[1] else f"\\{found[0]}", line)


def linked(title: str, url: str) -> str:
    """A link in Markdown; what its title holds begins none of its own."""
    return f"[{re.sub(r'(?<!\\)[][]', r'\\\g<0>', plain(title))}](<{url}>)"


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
