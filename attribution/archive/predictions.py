"""Who may have carried out the events of which nobody, or only an umbrella, is known, a chunk at a time into a file."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from attribution.archive.codes import Floats, Ints
from attribution.archive.events import LIMITS, UNKNOWN, EventTable
from attribution.archive.model.classes import Classes
from attribution.archive.model.features import PrequentialFilter
from attribution.archive.model.fitted import Fitted
from attribution.archive.reading.read import Archive
from attribution.archive.reading.tables import lacking
from attribution.atomic import check_suffix, write_atomically, write_text
from attribution.domain.verbal import DECIBANS
from attribution.inert import inert_cell

type Features = np.ndarray[tuple[int, ...], np.dtype[np.float32]]
_CHUNK = 4096
_EPOCH = dt.date(1970, 1, 1)


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """Some events with their posteriors; rows as in the table that was read.

    `pull` says in decibans how far each feature, weighed by its coefficient, speaks for the leader against the
    runner-up, and last how far they differ at large; they sum to the log-odds of the two at the most probable
    coefficients, sets aside.
    """

    event: Ints  # (n,) position in the table of events
    probability: Floats  # (n, class), mean over the draws
    low: Floats  # (n, class), 5 % and 95 % quantiles over the draws
    high: Floats
    leader: Ints  # (n,) class
    runner_up: Ints
    pull: Floats  # (n, feature + 1), dB


def predict(events: EventTable, fitted: Fitted) -> Iterator[tuple[int, Predictions]]:
    """Posteriors of all events without one known faction, in order of time; with each part, how many events are done.

    The features of an event come from what was over before its day; the coefficients from all that was fitted. An event
    known as "one of these" is held to its set, as far as its certainty goes.
    """
    classes = fitted.classes_of(events)
    prequential = PrequentialFilter(events, classes, region=fitted.region)
    fitted.check_features(prequential)
    wanted = events.label == UNKNOWN
    size = fitted.mode.slope.shape[1:]
    slope, intercept = fitted.mode.slope[0], fitted.mode.intercept[0]
    while prequential.position < len(events):
        here = prequential.position
        there = min(len(events), here + _CHUNK)
        chosen = np.flatnonzero(wanted[here:there])
        keep = np.full(there - here, -1)
        keep[chosen] = np.arange(len(chosen))
        x = np.zeros((len(chosen), *size), dtype=np.float32)
        prequential.advance(there, slope, intercept, keep=keep, kept=x)
        yield there, _predicted(events, classes, fitted, chosen + here, x)


def held_to_sets(probability: Floats, events: EventTable, classes: Classes, event: Ints) -> Floats:
    """Probabilities (draw, event, class), those of events known as "one of these" conditioned on their sets.

    With certainty c that the set is right: ``c p(f) 1[f in S] / p(S) + (1 - c) p(f)``.
    """
    out = probability.copy()
    for at in np.flatnonzero(events.among.partial[event]).tolist():
        members = np.unique(classes.of_faction[list(events.among[int(event[at])])])
        inside = np.zeros(probability.shape[2])
        inside[members] = 1.0
        within = probability[:, at] * inside
        certain = float(events.certainty[event[at]])
        out[:, at] = certain * within / within.sum(axis=1, keepdims=True) + (1.0 - certain) * probability[:, at]
    return out


def write_predictions(archive: Archive, fitted: Fitted, path: Path, progress: Callable[[int], None]) -> int:
    """Write the posterior of every unlabelled or umbrella-claimed event; returns how many there are.

    Raises
    ------
    UsageError
        A file that is neither .csv nor .parquet.
    """
    check_suffix(path, "predictions", (".csv", ".parquet"))
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


def _predicted(events: EventTable, classes: Classes, fitted: Fitted, event: Ints, x: Features) -> Predictions:
    drawn = held_to_sets(fitted.draws.probability(x), events, classes, event)
    mean = drawn.mean(axis=0)
    low, high = np.quantile(drawn, (0.05, 0.95), axis=0) if len(event) else (mean, mean)
    order = np.argsort(-mean, axis=1, kind="stable")
    leader, runner_up = order[:, 0], order[:, 1]
    rows = np.arange(len(event))
    at_large = np.broadcast_to(fitted.mode.intercept[0], (len(event), 1, len(classes)))
    weighed = np.concatenate([x * fitted.mode.slope[0], at_large], axis=1)
    pull = DECIBANS * (weighed[rows, :, leader] - weighed[rows, :, runner_up])
    return Predictions(event, mean, low, high, leader, runner_up, pull)


def _write_csv(path: Path, parts: Iterator[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        header = False
        for part in parts:
            if not header:
                writer.writerow(part)
                header = True
            texts = [
                [inert_cell(text) for text in column] if isinstance(column, list) else [f"{x:.5g}" for x in column]
                for column in part.values()
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
