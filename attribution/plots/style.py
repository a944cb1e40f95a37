"""The one look of all figures: calm, printable, and legible without colour.

Colours are blue and orange with greys, told apart by people with any common colour vision and in a grey print; the
leader has a round marker, the runner-up a square, all others a diamond, so that colour never carries meaning alone.
"""

from __future__ import annotations

import io
import textwrap
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INK, QUIET, FAINT, PAPER = "#1f2933", "#5b6570", "#d7dbe0", "#ffffff"
LEAD, RIVAL, REST = "#1b5e8c", "#b6560f", "#8a929b"
MARKERS = {"lead": "o", "rival": "s", "rest": "D"}
COLOURS = {"lead": LEAD, "rival": RIVAL, "rest": REST}
HATCHES = {"lead": "", "rival": "///", "rest": "..."}
WIDTH, ROW, HEAD = 7.6, 0.34, 2.0
_TITLE_COLUMNS, _NOTE_COLUMNS = 72, 96


def stage(ax: Axes | None, *, title: str, note: str, rows: int = 8) -> Axes:
    """An Axes in the house style: the one given, or that of a new figure with room for so many rows.

    `title` says what is shown; `note`, below the figure, what was perturbed and how it was computed.
    """
    if ax is None:
        from matplotlib import pyplot

        lines = len(textwrap.wrap(note, _NOTE_COLUMNS))
        _, ax = pyplot.subplots(figsize=(WIDTH, HEAD + 0.16 * lines + ROW * rows), layout="constrained")
    for side in ("top", "right", "left"):
        ax.spines[side].set_visible(False)
    ax.spines["bottom"].set_color(FAINT)
    ax.tick_params(colors=QUIET, labelsize=9, length=0)
    ax.grid(visible=True, axis="x", color=FAINT, linewidth=0.6)
    ax.set_axisbelow(True)
    _beside(ax, textwrap.fill(plain(title), _TITLE_COLUMNS), above=True, fontsize=11, weight="bold", color=INK)
    _beside(ax, textwrap.fill(plain(note), _NOTE_COLUMNS), above=False, fontsize=8, weight="normal", color=QUIET)
    return ax


def _beside(ax: Axes, text: str, *, above: bool, fontsize: float, weight: str, color: str) -> None:
    """Text above or below the drawing, from the left edge of the figure, clear of legend and axis."""
    ax.annotate(
        text,
        xy=(0.01, 1.0 if above else 0.0),
        xycoords=("figure fraction", "axes fraction"),
        xytext=(0, 34 if above else -40),
        textcoords="offset points",
        va="bottom" if above else "top",
        fontsize=fontsize,
        fontweight=weight,
        color=color,
    )


def name_rows(ax: Axes, labels: Sequence[str]) -> None:
    """One row per label, the first at the top."""
    ax.set_yticks(range(len(labels)), [shortened(label) for label in labels])
    for label in ax.get_yticklabels():
        label.set_color(INK)
    ax.set_ylim(len(labels) - 0.4, -0.6)


def percent_axis(ax: Axes, label: str) -> None:
    """Probabilities from 0 to 1, ticked in percent."""
    ticks = [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    ax.set_xlim(-0.01, 1.01)
    ax.set_xticks(ticks, [f"{tick:.0%}" for tick in ticks])
    ax.set_xlabel(plain(label), fontsize=9, color=QUIET)


def narrow_percent_axis(ax: Axes, low: float, high: float, label: str) -> None:
    """Probabilities between two ends, with a little room, ticked in percent."""
    room = max(0.15 * (high - low), 0.005)
    ax.set_xlim(max(low - room, -0.01), min(high + room, 1.01))
    ax.xaxis.set_major_formatter(lambda value, _: f"{100 * value:.3g}%")
    ax.set_xlabel(plain(label), fontsize=9, color=QUIET)


def decibans_axis(ax: Axes, label: str) -> None:
    """Decibans to both sides of a line at zero."""
    ax.axvline(0.0, color=QUIET, linewidth=0.9)
    ax.set_xlabel(plain(label), fontsize=9, color=QUIET)


def legend(ax: Axes) -> None:
    """The labels of what was drawn, in a line above it."""
    _, labels = ax.get_legend_handles_labels()
    columns = len(labels) if sum(map(len, labels)) < 60 else 1 if len(labels) < 3 else 2
    ax.legend(
        loc="lower left",
        bbox_to_anchor=(0.0, 1.0),
        ncols=columns,
        fontsize=8,
        frameon=False,
        labelcolor=INK,
        borderaxespad=0.2,
        handletextpad=0.4,
        columnspacing=1.2,
    )


def roles(factions: Iterable[str], leader: str, runner_up: str) -> list[str]:
    """``lead``, ``rival`` or ``rest`` of each faction."""
    return ["lead" if one == leader else "rival" if one == runner_up else "rest" for one in factions]


def plain(text: str) -> str:
    """Text from a case file as it is: a dollar sign starts no formula, and nothing invisible remains."""
    return "".join(letter for letter in text if letter.isprintable()).replace("$", r"\$")


def shortened(text: str, longest: int = 44) -> str:
    """A label that fits beside a row, safe to draw."""
    return plain(text if len(text) <= longest else text[: longest - 1].rstrip() + "…")


def svg(ax: Axes) -> str:
    """The figure of an Axes as SVG whose words stay words; the same bytes every time. Closes the figure."""
    import matplotlib as mpl
    from matplotlib import pyplot
    from matplotlib.figure import Figure

    figure = ax.get_figure()
    assert isinstance(figure, Figure)
    out = io.StringIO()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "attribution"}):
        figure.savefig(out, format="svg", bbox_inches="tight", metadata={"Date": None, "Creator": None})
    pyplot.close(figure)
    return out.getvalue()
