"""Forecasts without fresh labels: the model, learned once, against every tuned baseline, learned once, on each table.

    python -m benchmarks.static [-o FILE.md] [TABLE ...]

The last 30 % of the events are forecast, and no label of them is ever looked at. The model is a mean of several parts,
whose weights are learned within the training part; below, each of them alone, and the mean without it, the others
weighed as they are. The UCDP tables are those of `../shared/data`, where they are.
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

BASELINES = ("place-table", "recency", "nearest", "naive-bayes", "random-forest", "gradient-boosting")
TITLE = "# Without fresh labels\n\nWritten by `python -m benchmarks.static`.\n\n"
HEAD = (
    "| table | events | classes | model | best baseline | | lower by | 90 % interval | other baselines |\n"
    "| --- | ---: | ---: | ---: | --- | ---: | ---: | --- | --- |\n"
)
PARTS = "| table | part | weight | alone | the mean without it |\n| --- | --- | ---: | ---: | ---: |\n"


def lines(name: str) -> tuple[str, str]:
    """A row of the table of results, and a row for each part of the mean."""
    events = tables()[name]()
    first = training_size(events)
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


def _parts(name: str, events: EventTable, classes: Classes, first: int, weight: dict[str, float]) -> str:
    """What each part of the mean says alone, and what the others say without it."""
    taught = [forecast(events, classes, first, protocol="static", rehearse=share).probability for share in (0.0, 1.0)]
    said = dict(zip(weight, (*taught, *beside(events, classes, first)), strict=True))
    *logs, at_large = weight
    out = ""
    for part, counts in weight.items():
        rest = [each for each in logs if each != part]
        share = np.array([weight[each] for each in rest])
        hedge = 0.0 if part == at_large else weight[at_large]
        without = (1.0 - hedge) * pooled(share / share.sum(), [said[each] for each in rest]) + hedge * said[at_large]
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
