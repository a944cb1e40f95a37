"""The rate of attacks with its band, the marks of interventions, and beneath it what was counted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from attribution.plots.style import FAINT, INK, LEAD, RIVAL, framed, plain, stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw_rates(
    days: Sequence[dt.date],
    quantiles: NDArray[np.float64],
    marks: Sequence[tuple[dt.date, str, str]],
    counts: Sequence[tuple[dt.date, dt.date, int]],
    ax: Axes | None = None,
) -> Axes:
    """Draw the rate a day: `quantiles` (3, day), `marks` of (day, name, kind), `counts` of (first, last, count)."""
    ax = stage(ax, rows=6)
    x = np.array(days, dtype="datetime64[D]")
    ax.fill_between(
        x, quantiles[0], quantiles[2], color=LEAD, alpha=0.2, linewidth=0, label="90 % interval of the rate"
    )
    ax.plot(x, quantiles[1], color=LEAD, linewidth=1.6, label="its median")
    for position, (first, last, count) in enumerate(counts):
        rate = max(count, 0) / ((last - first).days + 1)
        label = "counted, per day" if position == 0 else None
        edges = np.array([first, last + dt.timedelta(days=1)], dtype="datetime64[D]")
        ax.plot(edges, [rate, rate], color=INK, linewidth=0.9, alpha=0.6, label=label)
    top = float(np.max(quantiles[2])) if len(days) else 1.0
    for day, name, kind in marks:
        at = float(np.datetime64(day).astype(int))
        ax.axvline(at, color=FAINT if kind == "strike" else RIVAL, linewidth=0.9, zorder=0.5)
        ax.annotate(plain(name), (at, top), rotation=90, fontsize=7, va="top", ha="right", color=INK)
    ax.set_ylim(bottom=0)
    ax.set_ylabel("attacks a day", fontsize=9, color=INK)
    return framed(
        ax, title="The tempo of attacks", note="Median and 90 % interval of the rate, all interventions as they were."
    )
