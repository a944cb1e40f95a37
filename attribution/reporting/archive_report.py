"""A backtest as a page and as JSON: how good the forecasts were, against whom, where, and how sure they should be."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from attribution.archive.evaluation.backtest import Backtest, Forecaster, Group
from attribution.archive.model.posterior import Discount
from attribution.atomic import write_text
from attribution.errors import UsageError
from attribution.reporting.figures.calibration import calibration_figure
from attribution.reporting.figures.intervals import Interval, interval_figure, signed, signed_share, unrounded
from attribution.reporting.figures.marks import Figure

BACKTEST_FORMAT = "attribution-backtest/1"
SUFFIXES = (".html", ".json")
STYLES = ("report.css", "figures.css", "archive.css", "print.css")


def check_suffix(path: Path, what: str) -> None:
    """Refuse a form that is not written, before anything is worked out.

    Raises
    ------
    UsageError
        A suffix other than ``.html`` or ``.json``.
    """
    if path.suffix not in SUFFIXES:
        raise UsageError(f'{what} cannot be written to "{path}".', allowed=", ".join(SUFFIXES))


def write_backtest(found: Backtest, path: Path, *, title: str, source: str, sha256: str) -> None:
    """Write a backtest; the suffix says the form. Neither form holds a clock time or a duration.

    Raises
    ------
    UsageError
        A suffix other than ``.html`` or ``.json``.
    """
    check_suffix(path, "a backtest")
    about = {"title": title, "source": source, "sha256": sha256}
    write_text(path, _html(found, about) if path.suffix == ".html" else backtest_json(found, about))


def backtest_json(found: Backtest, about: dict[str, str]) -> str:
    """Everything the backtest found; log losses in nats, Cllr in bits, the rest as fractions."""
    told: dict[str, Any] = {"format": BACKTEST_FORMAT, **about, **dataclasses.asdict(found)}
    told["since"] = str(found.since)
    for one in told["forecasters"]:
        del one["seconds"]
    for group in told["groups"]:
        if group["rival_log_loss"] != group["rival_log_loss"]:  # NaN: there was no baseline
            group["rival_log_loss"] = None
    return json.dumps(told, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _html(found: Backtest, about: dict[str, str]) -> str:
    from attribution.reporting.html import page

    return page(
        "archive.html.j2",
        STYLES,
        found=found,
        about=about,
        groups=_by_kind(found.groups),
        calibration=calibration_figure(found.curve),
        discounts=discount_figure(found.discounts.by_feature),
        made=_made(found),
        leads=lead_figure(found.forecasters[1:]),
        reached=_reached(found),
    )


def discount_figure(discounts: Sequence[Discount]) -> Figure:
    """The discounts of the features, from nothing to one at least."""
    intervals = [Interval(one.feature, one.mean, one.low, one.high) for one in discounts]
    return interval_figure(intervals, marked=(0.0, 1.0), tell=signed, tell_tick=unrounded)


def lead_figure(baselines: Sequence[Forecaster]) -> Figure | None:
    """How much lower the model's log loss is than each baseline's; nothing without baselines."""
    leads = [
        Interval(one.name, one.lead.reduction, one.lead.reduction_low, one.lead.reduction_high)
        for one in baselines
        if one.lead is not None
    ]
    return interval_figure(leads, marked=(0.0,), tell=signed_share, tell_tick=signed_share) if leads else None


def _by_kind(groups: tuple[Group, ...]) -> dict[str, list[Group]]:
    kinds: dict[str, list[Group]] = {}
    for group in groups:
        kinds.setdefault(group.kind, []).append(group)
    return kinds


def _made(found: Backtest) -> str:
    """Which way the intervals of the discounts were made."""
    return f"Dots are means, bars 90 % intervals. {found.discounts}"


def _reached(found: Backtest) -> str:
    """Is the model better than the best baseline, beyond chance?"""
    best = found.best_baseline
    if best is None or best.lead is None:
        return "No baseline was run, so there is nothing to compare the log loss with."
    lead = best.lead
    if lead.low > 0:
        return f"The model leads over {best.name}, the best baseline; the 90 % interval of the lead lies above nought."
    if lead.high < 0:
        return f"The best baseline, {best.name}, is better than the model."
    return f"Whether the model or {best.name}, the best baseline, is better cannot be said from these events."
