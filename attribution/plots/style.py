"""The one look of all figures: calm, printable, and legible without colour.

Colours are blue and orange with greys, told apart by people with any common colour vision and in a grey print; the
leader has a round marker, the runner-up a square, all others a diamond, so that colour never carries meaning alone.
"""

from __future__ import annotations

import io
import textwrap
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal

from attribution.errors import UsageError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

type Role = Literal["lead", "rival", "rest"]

INK, QUIET, FAINT, PAPER = "#1f2933", "#5b6570", "#d7dbe0", "#ffffff"
LEAD, RIVAL, REST = "#1b5e8c", "#b6560f", "#8a929b"
MARKERS: dict[Role, str] = {"lead": "o", "rival": "s", "rest": "D"}
COLOURS: dict[Role, str] = {"lead": LEAD, "rival": RIVAL, "rest": REST}
HATCHES: dict[Role, str] = {"lead": "", "rival": "///", "rest": "..."}
WIDTH, ROW, HEAD = 7.6, 0.4, 2.0
_TITLE_COLUMNS, _NOTE_COLUMNS, _LABEL_COLUMNS = 86, 128, 40
_MOST_TICKS = 8
DISTRIBUTION = "attack-attribution"


def stage(ax: Axes | None, *, rows: int) -> Axes:
    """An Axes in the house style: the one given, or that of a new figure with room for so many rows.

    Raises
    ------
    UsageError
        matplotlib is not installed.
    """
    pyplot = _pyplot()
    if ax is None:
        _, ax = pyplot.subplots(figsize=(WIDTH, HEAD + ROW * rows), layout="constrained")
    for side in ("top", "right", "left"):
        ax.spines[side].set_visible(False)
    ax.spines["bottom"].set_color(FAINT)
    ax.tick_params(colors=QUIET, labelsize=9, length=0)
    ax.grid(visible=True, axis="x", color=FAINT, linewidth=0.6)
    ax.set_axisbelow(True)
    return ax


def framed(ax: Axes, *, title: str, note: str) -> Axes:
    """The legend of what was drawn, above it what is shown, and below what was perturbed and how it was computed."""
    rows = _legend(ax)
    above, below = 12 + 15 * rows, -40
    _around(ax, _wrapped(title, _TITLE_COLUMNS), above, fontsize=11, weight="bold", color=INK)
    _around(ax, _wrapped(note, _NOTE_COLUMNS), below, fontsize=8, weight="normal", color=QUIET)
    return ax


def _pyplot() -> Any:
    """matplotlib's, with a way out where there is none."""
    try:
        from matplotlib import pyplot
    except ImportError:
        raise UsageError(
            "figures need matplotlib, which is not installed.", hint=f'pip install "{DISTRIBUTION}[plots]"'
        ) from None
    return pyplot


def _wrapped(text: str, columns: int) -> str:
    """Lines of so many letters; wrapped before anything is escaped, so that no escape is torn apart."""
    return "\n".join(plain(line) for line in textwrap.wrap(text, columns))


def _around(ax: Axes, text: str, points: int, *, fontsize: float, weight: str, color: str) -> None:
    """Text so many points above (or below, where negative) the drawing, from the left edge of the figure."""
    above = points > 0
    ax.annotate(
        text,
        xy=(0.01, 1.0 if above else 0.0),
        xycoords=("figure fraction", "axes fraction"),
        xytext=(0, points),
        textcoords="offset points",
        va="bottom" if above else "top",
        fontsize=fontsize,
        fontweight=weight,
        color=color,
    )


def name_rows(ax: Axes, labels: Sequence[str]) -> None:
    """One row per label, the first at the top."""
    ax.set_yticks(range(len(labels)), [_in_two_lines(label) for label in labels])
    for label in ax.get_yticklabels():
        label.set_color(INK)
    ax.set_ylim(len(labels) - 0.4, -0.6)


def _in_two_lines(label: str) -> str:
    """A label beside a row, on two lines at most; a line break of its own is kept."""
    if "\n" in label:
        return "\n".join(shortened(line, _LABEL_COLUMNS) for line in label.split("\n")[:2])
    wrapped = textwrap.wrap(label, _LABEL_COLUMNS, max_lines=2, placeholder="…")
    return "\n".join(plain(line) for line in wrapped)


def scaled(ax: Axes, label: str, kind: str, ticks: Sequence[tuple[float, str]] = ()) -> None:
    """The axis below: its label, and ticks as its kind wants them (`attribution.plots.figures.Scale`)."""
    if kind == "share":
        shares = [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
        ax.set_xlim(-0.01, 1.01)
        ax.set_xticks(shares, [f"{share:.0%}" for share in shares])
    elif kind == "near":
        low, high = ax.dataLim.intervalx
        room = max(0.15 * (high - low), 0.005)
        ax.set_xlim(max(low - room, -0.01), min(high + room, 1.01))
        ax.xaxis.set_major_formatter(lambda value, _: f"{100 * value:.3g}%")
    elif kind == "decibans":
        ax.axvline(0.0, color=QUIET, linewidth=0.9)
    if ticks:
        ax.set_xlim(ticks[0][0] - 0.4, ticks[-1][0] + 0.4)
        ticks = ticks[:: -(-len(ticks) // _MOST_TICKS)]
        at = [value for value, _ in ticks]
        ax.set_xticks(at, [plain(name) for _, name in ticks])
    ax.set_xlabel(plain(label), fontsize=9, color=QUIET)


def upright(ax: Axes, label: str, *, share: bool) -> None:
    """The axis at the left of a figure that has no rows."""
    if share:
        shares = [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
        ax.set_ylim(-0.01, 1.01)
        ax.set_yticks(shares, [f"{value:.0%}" for value in shares])
    ax.set_ylabel(plain(label), fontsize=9, color=QUIET)


def beside(ax: Axes, x: float, row: int, text: str) -> None:
    """A remark at the right of a mark."""
    ax.annotate(plain(text), (x, row), xytext=(7, 0), textcoords="offset points", va="center", fontsize=8, color=INK)


def beside_line(ax: Axes, x: float, height: float, text: str) -> None:
    """A word at the right of an upright line, at a share of its height; it stands out from what it crosses."""
    behind = {"facecolor": PAPER, "edgecolor": "none", "alpha": 0.85, "pad": 1.0}
    ax.annotate(
        plain(text),
        (x, height),
        xycoords=ax.get_xaxis_transform(),
        xytext=(5, 0),
        textcoords="offset points",
        fontsize=8,
        color=INK,
        bbox=behind,
    )


def margin(ax: Axes, row: int, text: str) -> None:
    """A remark in the right margin of a row."""
    ax.text(1.01, row, plain(text), va="center", fontsize=8, color=QUIET, transform=ax.get_yaxis_transform())


def _legend(ax: Axes) -> int:
    """The labels of what was drawn, above it; how many lines they take."""
    _, labels = ax.get_legend_handles_labels()
    if not labels:
        return 0
    columns = len(labels) if sum(map(len, labels)) < 64 else 1 if max(map(len, labels)) > 40 else 2
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
    return -(-len(labels) // columns)


def roles(factions: Iterable[str], leader: str, runner_up: str) -> list[Role]:
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
    pyplot = _pyplot()
    import matplotlib as mpl
    from matplotlib.figure import Figure

    figure = ax.get_figure()
    assert isinstance(figure, Figure)
    out = io.StringIO()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "attribution"}):
        figure.savefig(out, format="svg", bbox_inches="tight", metadata={"Date": None, "Creator": None})
    pyplot.close(figure)
    return out.getvalue()
