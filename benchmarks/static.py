"""Forecasts without fresh labels: the model, learned once, against every tuned baseline, learned once, on each table.

    python -m benchmarks.static [-o FILE.md] [TABLE ...]

The last 30 % of the events are forecast, and no label of them is ever looked at. The model is a mean of several parts,
which count alike, and of a little of the shares at large; below, each of them alone, and the mean without it. The UCDP
tables are those of `../shared/data`, where they are. `TABLE@60` is what comes after 60 % of a table, `TABLE@70,12` draw
number 12 of a simulated one.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from attribution.archive.codes import Floats, months
from attribution.archive.evaluation.baselines import run_baseline
from attribution.archive.evaluation.scores import difference, log_losses
from attribution.archive.events import EventTable
from attribution.archive.model.classes import Classes
from attribution.archive.model.forecast import beside, forecast, pooled, training_size
from benchmarks.archive_choices import tables
from benchmarks.coded_tables import WORLDS, coded_table

BASELINES = ("place-table", "recency", "nearest", "naive-bayes", "random-forest", "gradient-boosting")
TITLE = "# Without fresh labels\n\nWritten by `python -m benchmarks.static`.\n\n"
HEAD = (
    "| table | events | classes | model | best baseline | | lower by | 90 % interval | other baselines |\n"
    "| --- | ---: | ---: | ---: | --- | ---: | ---: | --- | --- |\n"
)
PARTS = "| table | part | share | alone | the mean without it |\n| --- | --- | ---: | ---: | ---: |\n"


def lines(name: str) -> tuple[str, str]:
    """A row of the table of results, and a row for each part of the mean."""
    events, first = _asked(name)
    classes = Classes.learned(events, np.arange(len(events)) < first)
    model = forecast(events, classes, first, protocol="static")
    ours = _scored(model.probability, events, classes)
    rivals = {
        each: _scored(run_baseline(each, events, classes, first, protocol="static").probability, events, classes)
        for each in BASELINES
    }
    best, *others = sorted(rivals, key=lambda each: float(rivals[each].mean()))
    known = np.flatnonzero(classes.labels(events)[first:] >= 0)
    lead = difference(ours, rivals[best], months(events.day[first:][known]), 2000, 1)
    told = ", ".join(f"{each} {rivals[each].mean():.3f}" for each in others)
    row = (
        f"| {name} | {len(ours)} | {len(classes)} | {ours.mean():.3f} | {best} | {rivals[best].mean():.3f} | "
        f"{lead.reduction:.1%} | {lead.interval.removeprefix('90 % interval ')} | {told} |\n"
    )
    return row, _parts(name, events, classes, first, dict(model.pooled))


def _asked(name: str) -> tuple[EventTable, int]:
    """A table, and how many of its events can be learned from."""
    name, _, cut = name.partition("@")
    share, _, seed = cut.partition(",")
    events = coded_table(WORLDS[name], int(seed)) if seed else tables()[name]()
    return events, training_size(events, share=float(share) / 100.0) if share else training_size(events)


def _parts(name: str, events: EventTable, classes: Classes, first: int, weight: dict[str, float]) -> str:
    """What each part of the mean says alone, and what the others say without it."""
    taught = [forecast(events, classes, first, protocol="static", rehearse=share).probability for share in (0.0, 1.0)]
    said = dict(zip(weight, (*taught, *beside(events, classes, first)), strict=True))
    *logs, at_large = weight
    out = ""
    for part, counts in weight.items():
        hedge = 0.0 if part == at_large else weight[at_large]
        without = (1.0 - hedge) * pooled([said[each] for each in logs if each != part]) + hedge * said[at_large]
        losses = (_scored(each, events, classes).mean() for each in (said[part], without))
        out += f"| {name} | {part} | {counts:.2f} | {' | '.join(f'{loss:.3f}' for loss in losses)} |\n"
    return out


def _scored(probability: Floats, events: EventTable, classes: Classes) -> Floats:
    label = classes.labels(events)[len(events) - len(probability) :]
    return log_losses(probability[label >= 0], label[label >= 0])


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("-o", "--output", type=Path, default=Path("benchmarks/results/static.md"))
    parser.add_argument("tables", nargs="*", metavar="TABLE", help=", ".join(tables()))
    typed = parser.parse_args()
    rows, parts = HEAD, PARTS
    for name in typed.tables or tables():
        row, each = lines(name)
        rows, parts = rows + row, parts + each
        typed.output.write_text(f"{TITLE}{rows}\n## Parts of the mean\n\n{parts}", encoding="utf-8")
        print(f"{row}{each}", end="", flush=True)


if __name__ == "__main__":
    main()
