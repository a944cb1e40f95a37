"""Predictions as CSV or Parquet, written as they come, with a text beside them that says what they are."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from attribution.archive.events import EventTable
from attribution.archive.fitted import Fitted
from attribution.archive.predict import Predictions, predict
from attribution.archive.read_events import Archive
from attribution.archive.statements import LIMITS
from attribution.archive.typed_tables import lacking
from attribution.atomic import write_atomically, write_text
from attribution.errors import UsageError

_EPOCH = dt.date(1970, 1, 1)


def write_predictions(archive: Archive, fitted: Fitted, path: Path, progress: Callable[[int], None]) -> int:
    """Write the posterior of every unlabelled or umbrella-claimed event; returns how many there are.

    Raises
    ------
    UsageError
        A file that is neither .csv nor .parquet.
    """
    if path.suffix not in (".csv", ".parquet"):
        raise UsageError(f'"{path}" is no place for predictions.', allowed="a file ending in .csv or .parquet")
    counted = [0]

    def parts() -> Iterator[dict[str, Any]]:
        for done, found in predict(archive.events, fitted):
            progress(done)
            counted[0] += len(found.event)
            yield columns(archive.events, fitted, found)

    write = _write_csv if path.suffix == ".csv" else _write_parquet
    write_atomically(path, lambda part: write(part, parts()))
    write_text(path.with_suffix(".about.txt"), about(archive, fitted, counted[0]))
    return counted[0]


def columns(events: EventTable, fitted: Fitted, found: Predictions) -> dict[str, Any]:
    """The columns of the file: who the event is, the leader with its interval, all probabilities, all pulls."""
    rows = np.arange(len(found.event))
    names = np.array(fitted.classes, dtype=object)
    day = [str(_EPOCH + dt.timedelta(days=int(one))) for one in events.day[found.event]]
    known = [", ".join(events.factions[code] for code in events.among[int(event)]) for event in found.event]
    out: dict[str, Any] = {
        "id": events.id[found.event].tolist(),
        "day": day,
        "one_of": known,
        "leader": names[found.leader].tolist(),
        "probability": found.probability[rows, found.leader],
        "low": found.low[rows, found.leader],
        "high": found.high[rows, found.leader],
        "runner_up": names[found.runner_up].tolist(),
        "runner_up_probability": found.probability[rows, found.runner_up],
    }
    out |= {f"p: {name}": found.probability[:, code] for code, name in enumerate(fitted.classes)}
    return out | {f"pull dB: {name}": found.pull[:, at] for at, name in enumerate((*fitted.features, "at large"))}


def about(archive: Archive, fitted: Fitted, events: int) -> str:
    """What the file holds, what it rests on, and what it cannot say."""
    doubts = [f"- {concern.what}: {concern.means}." for concern in archive.concerns]
    return "\n".join(
        [
            f"Posteriors of {events:,} events of unknown hand, or known by an umbrella only, of {archive.file}",
            f"(sha256 {archive.sha256}).",
            f"Learned from {fitted.labelled:,} labelled of {fitted.events:,} events of {fitted.table}",
            f"(sha256 {fitted.sha256}).",
            "The features of an event come from what was over before its day; what they count, and how active each",
            "candidate is at large, was learned from all labelled events, later ones too.",
            "probability, low, high: mean, 5 % and 95 % quantile of the leader's probability over the doubt about what",
            "features count. p: one column per candidate. pull dB: how far a feature speaks for the leader against the",
            "runner-up. one_of: the factions an event is known to be among; it is held to them.",
            "",
            *LIMITS,
            *(["", "Doubts about the table:", *doubts] if doubts else []),
            "",
        ]
    )


def _write_csv(path: Path, parts: Iterator[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        header = False
        for part in parts:
            if not header:
                writer.writerow(part)
                header = True
            texts = [
                column if isinstance(column, list) else [f"{value:.5g}" for value in column] for column in part.values()
            ]
            writer.writerows(zip(*texts, strict=True))


def _write_parquet(path: Path, parts: Iterator[dict[str, Any]]) -> None:
    try:
        import pyarrow as pa
        from pyarrow.parquet import ParquetWriter
    except ImportError as error:
        raise lacking("pyarrow", "Parquet", path) from error
    writer = None
    for part in parts:
        batch = pa.table({name: pa.array(column) for name, column in part.items()})
        if writer is None:
            schema = batch.schema.with_metadata({"limits": "\n".join(LIMITS)})
            writer = ParquetWriter(path, schema)
        writer.write_table(batch.cast(writer.schema))
    if writer:
        writer.close()
