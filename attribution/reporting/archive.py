"""What an archive was found to say, as pages and as JSON: a backtest of its forecasts, and a description of it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from attribution.analysis.finding import as_json, plain
from attribution.archive.evaluation.backtest import Backtest, Forecaster, Group
from attribution.archive.events import LIMITS
from attribution.archive.model.posterior import Coefficient
from attribution.archive.predictions import Written
from attribution.archive.summary.describe import Description, DistinctiveValue
from attribution.archive.summary.overview import Overview
from attribution.atomic import check_suffix, write_text
from attribution.domain.concern import Concern
from attribution.reporting import ARCHIVE_SUFFIXES
from attribution.reporting.figures.archive import (
    Interval,
    calibration_figure,
    interval_figure,
    scale_strip,
    share_strip,
    signed,
    signed_share,
    unrounded,
)
from attribution.reporting.figures.marks import Figure
from attribution.reporting.figures.overview import map_figure, timeline_figure
from attribution.reporting.html import page

BACKTEST_FORMAT = "attribution-backtest/3"
BACKTEST_STYLES = ("report.css", "figures.css", "archive.css", "print.css")
DESCRIPTION_FORMAT = "attribution-description/2"
DESCRIPTION_STYLES = ("report.css", "archive.css", "overview.css", "print.css")


def write_backtest(found: Backtest, path: Path, *, title: str, source: str, sha256: str) -> None:
    """Write a backtest; the suffix says the form. Neither form holds a clock time or a duration.

    Raises
    ------
    UsageError
        A suffix other than ``.html`` or ``.json``.
    """
    check_suffix(path, "a backtest", ARCHIVE_SUFFIXES)
    about = {"title": title, "source": source, "sha256": sha256}
    write_text(path, _backtest_html(found, about) if path.suffix == ".html" else backtest_json(found, about))


def backtest_json(found: Backtest, about: dict[str, str]) -> str:
    """Everything the backtest found; log losses in nats, Cllr in bits, the rest as fractions."""
    document: dict[str, Any] = {"format": BACKTEST_FORMAT, **about, **dataclasses.asdict(found)}
    document["since"] = None if found.since is None else str(found.since)
    for one in document["forecasters"]:
        del one["seconds"]
    for group in document["groups"]:
        if group["rival_log_loss"] != group["rival_log_loss"]:  # NaN: there was no baseline
            group["rival_log_loss"] = None
    return json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def coefficient_figure(coefficients: Sequence[Coefficient]) -> Figure:
    """The coefficients of the features, from nothing to one at least."""
    intervals = [Interval(one.feature, one.mean, one.low, one.high) for one in coefficients]
    return interval_figure(intervals, marked=(0.0, 1.0), tell=signed, tell_tick=unrounded)


def lead_figure(baselines: Sequence[Forecaster]) -> Figure | None:
    """How much lower the model's log loss is than each baseline's; nothing without baselines."""
    leads = [
        Interval(one.name, one.lead.reduction, one.lead.reduction_low, one.lead.reduction_high)
        for one in baselines
        if one.lead is not None
    ]
    return interval_figure(leads, marked=(0.0,), tell=signed_share, tell_tick=signed_share) if leads else None


def write_description(
    found: Description,
    seen: Overview,
    concerns: tuple[Concern, ...],
    path: Path,
    *,
    title: str,
    source: str,
    sha256: str,
) -> None:
    """Write a description, in HTML with a map and a timeline; `concerns` are those of the table and of what was found.

    Raises
    ------
    UsageError
        A suffix other than ``.html`` or ``.json``.
    """
    check_suffix(path, "a description", ARCHIVE_SUFFIXES)
    about = {"title": title, "source": source, "sha256": sha256}
    html = path.suffix == ".html"
    write_text(
        path, _description_html(found, seen, concerns, about) if html else description_json(found, concerns, about)
    )


def write_predictions_page(
    written: Written, seen: Overview, path: Path, *, title: str, source: str, sha256: str
) -> None:
    """Write a page of totals, a map and a timeline with what posteriors say of the events of unknown hand.

    Raises
    ------
    UsageError
        A suffix other than ``.html``.
    """
    check_suffix(path, "a page", (".html",))
    about = {"title": title, "source": source, "sha256": sha256}
    leading = [f"{one.faction} ({one.events:,.0f})" for one in written.totals if one.events >= 0.5]
    words = {"written": written, "about": about, "leading": leading, "limits": LIMITS}
    write_text(path, page("predictions.html.j2", DESCRIPTION_STYLES, words | _drawn(seen)))


def _drawn(seen: Overview) -> dict[str, object]:
    located = len(seen.grid.column) > 0
    sums = list(zip(seen.names, seen.known.sum(axis=0), seen.expected.sum(axis=0), strict=True))
    return {"seen": seen, "sums": sums, "timeline": timeline_figure(seen), "map": map_figure(seen) if located else None}


def description_json(found: Description, concerns: tuple[Concern, ...], about: dict[str, str]) -> str:
    """Everything that was found; days, kilometres, events and fractions."""
    document: dict[str, Any] = {"format": DESCRIPTION_FORMAT, **about, **as_json(found)}
    document |= {"first": str(found.first), "last": str(found.last), "concerns": plain(concerns)}
    return json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _backtest_html(found: Backtest, about: dict[str, str]) -> str:
    return page(
        "archive.html.j2",
        BACKTEST_STYLES,
        {
            "found": found,
            "about": about,
            "groups": _by_kind(found.groups),
            "calibration": calibration_figure(found.curve),
            "coefficients": coefficient_figure(found.coefficients.by_feature),
            "made": _made(found),
            "leads": lead_figure(found.forecasters[1:]),
            "reached": _reached(found),
        },
    )


def _by_kind(groups: tuple[Group, ...]) -> dict[str, list[Group]]:
    kinds: dict[str, list[Group]] = {}
    for group in groups:
        kinds.setdefault(group.kind, []).append(group)
    return kinds


def _made(found: Backtest) -> str:
    """Which way the intervals of the coefficients were made."""
    return f"Dots are means, bars 90 % intervals. {found.coefficients}"


def _reached(found: Backtest) -> str:
    """Is the model better than the best baseline, beyond chance?"""
    best = found.best_baseline
    if best is None or best.lead is None:
        return "No baseline was run, so there is nothing to compare the log loss with."
    lead = best.lead
    if lead.low is None or lead.high is None:
        return f"Whether the model or {best.name} is better cannot be said: there is {lead.interval}."
    if lead.low > 0:
        return f"The model leads over {best.name}, the best baseline; the 90 % interval of the lead lies above nought."
    if lead.high < 0:
        return f"The best baseline, {best.name}, is better than the model."
    return f"Whether the model or {best.name}, the best baseline, is better cannot be said from these events."


def _description_html(found: Description, seen: Overview, concerns: tuple[Concern, ...], about: dict[str, str]) -> str:
    return page(
        "description.html.j2",
        DESCRIPTION_STYLES,
        {
            "found": found,
            "concerns": concerns,
            "about": about,
            "known": _by_candidate(found.known_for(8)),
            "apart": _by_candidate(found.apart_in_places()),
            "decay_times": (found.decay_time, *found.decay_times),
            "scale_strip": scale_strip,
            "share_strip": share_strip,
            **_drawn(seen),
        },
    )


def _by_candidate(known: tuple[DistinctiveValue, ...]) -> list[tuple[str, tuple[DistinctiveValue, ...]]]:
    """What each did, and more or less often than others."""
    return [(name, tuple(rows)) for name, rows in groupby(known, lambda one: one.candidate)]
