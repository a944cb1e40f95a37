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
from attribution.archive.model.attribute import ground_of, parts
from attribution.archive.model.classes import Classes, within_lifetimes
from attribution.archive.model.features import PrequentialFilter
from attribution.archive.model.fitted import Fitted
from attribution.archive.model.forecast import proportional
from attribution.archive.reading.read import Archive
from attribution.archive.reading.tables import lacking
from attribution.archive.selection import ImpliedPropensity, Propensity, Total, Totals, implied_by_claims
from attribution.atomic import check_suffix, write_together
from attribution.domain.verbal import DECIBANS
from attribution.inert import inert_cell

type Features = np.ndarray[tuple[int, ...], np.dtype[np.float32]]
_CHUNK = 4096
_BOTH = "labelled events before and after it"
_EPOCH = dt.date(1970, 1, 1)


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """Some events with their posteriors; rows as in the table that was read.

    `pull` says in decibans how far each feature, weighed by its coefficient, speaks for the leader against the
    runner-up, and last how far they differ at large; they sum to the log-odds of the two at the most probable
    coefficients, sets aside.
    """

    event: Ints  # (n,) position in the table of events
    probability: Floats  # (n, class), in proportion to the mean over the draws of its log
    low: Floats  # (n, class), 5 % and 95 % quantiles over the draws
    high: Floats
    leader: Ints  # (n,) class
    runner_up: Ints
    pull: Floats  # (n, feature + 1), dB


def predict(
    events: EventTable, fitted: Fitted, propensity: Propensity | None = None
) -> Iterator[tuple[int, Predictions]]:
    """Posteriors of all events without one known faction; with each part, how many events of the table are done.

    The features of an event come from the labelled events before and after it, or, as the model was fitted, from what
    was over before its day; the coefficients from all that was fitted. An event known as "one of these" is held to its
    set, as far as its certainty goes; nobody acts outside his lifetime; and where it is stated how likely an attack by
    a faction is to be labelled at all, unlabelled events are weighed by it. Logs are averaged over the draws, which is
    what a backtest scores, at the most probable coefficients; a mean of probabilities is less sure than it is right.
    """
    classes = fitted.classes_of(events)
    for done, rows, x in (_past if fitted.past_only else _both_sides)(events, classes, fitted):
        yield done, _predicted(events, classes, fitted, rows, x, propensity)


def _both_sides(events: EventTable, classes: Classes, fitted: Fitted) -> Iterator[tuple[int, Ints, Features]]:
    ground = ground_of(events, classes, fitted.mode, fitted.region)
    fitted.check_features(ground.names)
    asked = np.flatnonzero(events.label == UNKNOWN)
    done = 0
    for rows, x in parts(ground, asked):
        for low in range(0, len(rows), _CHUNK):
            some = rows[low : low + _CHUNK]
            done += len(some)
            yield int(len(events) * done / len(asked)), some, x[low : low + _CHUNK]


def _past(events: EventTable, classes: Classes, fitted: Fitted) -> Iterator[tuple[int, Ints, Features]]:
    prequential = PrequentialFilter(events, classes, region=fitted.region)
    fitted.check_features(prequential.names)
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
        yield there, chosen + here, x


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


@dataclass(frozen=True, slots=True)
class Written:
    """What was written: how many events, how many to whom, and whether it was stopped before the end."""

    events: int
    totals: tuple[Total, ...]
    stopped: bool = False


def write_predictions(
    archive: Archive,
    fitted: Fitted,
    path: Path,
    progress: Callable[[int], None],
    *,
    top: int | None = None,
    gathered: Callable[[Ints, Floats], None] | None = None,
) -> Written:
    """Write the posterior of every unlabelled or umbrella-claimed event.

    With `top`, only that many of the likeliest candidates of each event, by name, instead of a column for each;
    `gathered` is told the events and the posteriors (event, class) of each part. A run
    that is interrupted keeps what was ready, and says so.

    Raises
    ------
    UsageError
        A file that is neither .csv nor .parquet.
    """
    check_suffix(path, "predictions", (".csv", ".parquet"))
    totals, counted, stopped = Totals.of(fitted.classes), [0], []
    propensity = None
    if archive.mapping.labelled:
        propensity = Propensity(archive.mapping.labelled, float(np.mean(archive.events.labelled)))

    def ready() -> Iterator[dict[str, Any]]:
        try:
            for done, found in predict(archive.events, fitted, propensity):
                progress(done)
                counted[0] += len(found.event)
                totals.add(found.probability)
                if gathered:
                    gathered(found.event, found.probability)
                yield columns(archive.events, fitted, found, top)
        except KeyboardInterrupt:
            if not counted[0]:
                raise
            stopped.append(True)

    write = _write_csv if path.suffix == ".csv" else _write_parquet

    def done() -> Written:
        return Written(counted[0], totals.rows(), bool(stopped))

    def tell(part: Path) -> None:
        part.write_text(about(archive, fitted, done()), encoding="utf-8", newline="\n")

    write_together({path: lambda part: write(part, ready()), path.with_suffix(".about.txt"): tell})
    return done()


def columns(events: EventTable, fitted: Fitted, found: Predictions, top: int | None = None) -> dict[str, Any]:
    """The columns of the file: who the event is, the leader with its interval, all probabilities, all pulls.

    With `top`, names and probabilities of so many candidates, likeliest first, and no pulls.
    """
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
    if top is not None:
        order = np.argsort(-found.probability, axis=1, kind="stable")[:, :top]
        for place in range(order.shape[1]):
            out |= {
                f"candidate {place + 1}": names[order[:, place]].tolist(),
                f"probability {place + 1}": found.probability[rows, order[:, place]],
            }
        return out
    out |= {f"p: {name}": found.probability[:, code] for code, name in enumerate(fitted.classes)}
    return out | {f"pull dB: {name}": found.pull[:, at] for at, name in enumerate((*fitted.features, "at large"))}


def about(archive: Archive, fitted: Fitted, written: Written) -> str:
    """What the file holds, what it rests on, and what it cannot say."""
    doubts = [f"- {concern.what}: {concern.means}." for concern in archive.concerns]
    return "\n".join(
        [
            *(["Stopped before the end: only the first events are here.", ""] if written.stopped else []),
            f"Posteriors of {written.events:,} events of unknown hand, or known by an umbrella only, of {archive.file}",
            f"(sha256 {archive.sha256}).",
            f"Learned from {fitted.labelled:,} labelled of {fitted.events:,} events of {fitted.table}",
            f"(sha256 {fitted.sha256}).",
            f"The features of an event come from {'what was over before its day' if fitted.past_only else _BOTH};",
            "what they count, and how active each candidate is at large, was learned from all labelled events.",
            "probability: of the leader, by the mean of its log over the doubt about what features count; low, high:",
            "5 % and 95 % quantile over that doubt. p: one column per candidate. pull dB: how far a feature speaks for",
            "the leader against the runner-up. one_of: the factions an event is known to be among; it is held to them.",
            "",
            *told_totals(written.totals),
            *told_by_claims(implied_by_claims(archive.events, fitted.classes_of(archive.events))),
            "",
            *LIMITS,
            *(["", "Doubts about the table:", *doubts] if doubts else []),
            "",
        ]
    )


def told_totals(totals: tuple[Total, ...]) -> list[str]:
    """How many events are given to whom, and how far that rests on how readily labels are given."""
    return [
        "Events given to each candidate; in brackets: were the odds that an attack of its gets a label three times as",
        "high, and a third as high, as they are taken to be. Labels cannot tell; `labelled:` in the mapping says.",
        *(f"- {one.faction}: {one.events:.0f} ({one.readily:.0f} to {one.seldom:.0f})" for one in totals),
    ]


def told_by_claims(implied: tuple[ImpliedPropensity, ...]) -> list[str]:
    """What claims say of how readily labels are given; nothing where they say nothing."""
    if not implied:
        return []
    return [
        "",
        "How likely an attack gets a label, as far as claims tell: were unclaimed attacks labelled alike whoever made",
        "them; in brackets: were all unclaimed attacks of unknown hand its own, and were none. Triples for `labelled:`",
        "in the mapping may start from here; where the claim is a column, as it is here, silence counts already.",
        *(f"- {one.faction}: {one.best:.2f} ({one.low:.2f} to {one.high:.2f})" for one in implied),
    ]


def _predicted(
    events: EventTable, classes: Classes, fitted: Fitted, event: Ints, x: Features, propensity: Propensity | None
) -> Predictions:
    drawn = within_lifetimes(fitted.draws.probability(x), events, classes, event)
    if propensity is not None:
        drawn = propensity.unlabelled(drawn, classes)
    drawn = held_to_sets(drawn, events, classes, event)
    with np.errstate(divide="ignore"):  # who is ruled out in every draw has no chance
        told = proportional(np.log(drawn).mean(axis=0))
    low, high = np.quantile(drawn, (0.05, 0.95), axis=0) if len(event) else (told, told)
    order = np.argsort(-told, axis=1, kind="stable")
    leader, runner_up = order[:, 0], order[:, 1]
    rows = np.arange(len(event))
    at_large = np.broadcast_to(fitted.mode.intercept[0], (len(event), 1, len(classes)))
    weighed = np.concatenate([x * fitted.mode.slope[0], at_large], axis=1)
    pull = DECIBANS * (weighed[rows, :, leader] - weighed[rows, :, runner_up])
    return Predictions(event, told, low, high, leader, runner_up, pull)


def _write_csv(path: Path, parts: Iterator[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        header = False
        for part in parts:
            if not header:
                writer.writerow([inert_cell(name) for name in part])
                header = True
            texts = [
                [inert_cell(text) for text in column] if isinstance(column, list) else [f"{x:z.5g}" for x in column]
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
