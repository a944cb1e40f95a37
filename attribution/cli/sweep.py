"""`attribution sweep`: the answer under many settings of the case and the model."""

from __future__ import annotations

import argparse
import math
import sys
from typing import TYPE_CHECKING, Any

from attribution.atomic import write_text
from attribution.cli.inputs import read_pair
from attribution.cli.output import Table, in_a_spreadsheet, show
from attribution.errors import UsageError
from attribution.parallel import processes

if TYPE_CHECKING:
    import pandas as pd

_NUMBERS = ("probability", "mcse", "low", "high", "khat")


def sweep(arguments: argparse.Namespace) -> int:
    """Print a row per setting, write all rows where asked; exit code 1 where a setting has no answer to be trusted."""
    from attribution.analysis.assumptions.sweep import sweep as work_out

    ranges = dict(arguments.set)
    if len(ranges) < len(arguments.set):
        raise UsageError("one path is given twice.", allowed="each path once", hint="--set PATH=VALUE,VALUE")
    case, model = read_pair(arguments)
    with processes(arguments.workers) as executor:
        frame = work_out(
            case,
            model,
            ranges,
            engine=arguments.engine,
            n=arguments.n,
            random_seed=arguments.seed,
            as_of=arguments.as_of,
            executor=executor,
            progressbar=sys.stderr.isatty(),
        )
    if arguments.output:
        inert = frame.rename(columns=in_a_spreadsheet).map(in_a_spreadsheet)
        write_text(arguments.output, inert.to_csv(index=False))
        print(f"written: {arguments.output}", file=sys.stderr)
    whole = arguments.format != "text"
    show([_table(frame if whole else _leaders(frame, list(ranges)))], arguments.format)
    return 0 if bool(frame["reliable"].all()) else 1


def _leaders(frame: pd.DataFrame, paths: list[str]) -> pd.DataFrame:
    """A row per setting: its values, its leader, how probable, and the verdict, or why there is none."""
    first = frame.loc[frame["probability"].fillna(-1.0).groupby(frame["setting"]).idxmax()].copy()
    first.loc[first["error"] != "", "faction"] = ""
    first["verdict"] = first["verdict"].where(first["error"] == "", first["error"])
    return first[[*paths, "faction", "probability", "mcse", "verdict"]]


def _table(frame: pd.DataFrame) -> Table:
    rows = tuple(
        tuple(_cell(name, value) for name, value in zip(frame.columns, row, strict=True))
        for row in frame.itertuples(index=False, name=None)
    )
    return Table("settings", tuple(map(str, frame.columns)), rows)


def _cell(name: str, value: Any) -> str | float:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name == "setting":
        return str(value)
    if isinstance(value, float) and math.isnan(value):
        return ""
    return float(value) if name in _NUMBERS else f"{value:g}" if isinstance(value, float) else str(value)
