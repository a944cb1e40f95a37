"""Forecasts without fresh labels: the model, learned once, against every tuned baseline, learned once, on each table.

    python -m benchmarks.static [-o FILE.md] [TABLE ...]

The last 30 % of the events are forecast, and no label of them is ever looked at. Beside it stands the model that was
taught on months alone, with labels fresher than it is then given, and on blocks as long as what lies ahead alone, of
which there are one or two; and the parts of which its forecasts are a mean, with their weights, which are learned
within the training part, and the log loss of each. The UCDP tables are those of `../shared/data`, where they are.
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
from attribution.archive.model.forecast import forecast, training_size
from benchmarks.archive_choices import tables

BASELINES = ("place-table", "recency", "nearest", "naive-bayes", "random-forest", "gradient-boosting")
HEAD = (
    "| table | events | classes | model | best baseline | | lower by | 90 % interval | taught on months |"
    " on long blocks | weights of the parts | other baselines |\n"
    "| --- | ---: | ---: | ---: | --- | ---: | ---: | --- | ---: | ---: | --- | --- |\n"
)


def line(name: str) -> str:
    """One row of the table of results."""
    events = tables()[name]()
    first = training_size(events)
    classes = Classes.learned(events, np.arange(len(events)) < first)
    pooled, *single = (forecast(events, classes, first, protocol="static", rehearse=each) for each in (None, 0.0, 1.0))
    ours, monthly, long = (_scored(each.probability, events, classes) for each in (pooled, *single))
    parts = ", ".join(f"{each} {weight:.2f}" for each, weight in pooled.pooled)
    rivals = {
        each: _scored(run_baseline(each, events, classes, first, protocol="static").probability, events, classes)
        for each in BASELINES
    }
    best, *others = sorted(rivals, key=lambda each: float(rivals[each].mean()))
    known = np.flatnonzero(classes.labels(events)[first:] >= 0)
    lead = difference(ours, rivals[best], months(events.day[first:][known]), 2000, 1)
    told = ", ".join(f"{each} {rivals[each].mean():.3f}" for each in others)
    return (
        f"| {name} | {len(ours)} | {len(classes)} | {ours.mean():.3f} | {best} | {rivals[best].mean():.3f} | "
        f"{lead.reduction:.1%} | {lead.interval.removeprefix('90 % interval ')} | {monthly.mean():.3f} | "
        f"{long.mean():.3f} | {parts} | {told} |\n"
    )


def _scored(probability: Floats, events: EventTable, classes: Classes) -> Floats:
    label = classes.labels(events)[len(events) - len(probability) :]
    return log_losses(probability[label >= 0], label[label >= 0])


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("-o", "--output", type=Path, default=Path("benchmarks/results/static.md"))
    parser.add_argument("tables", nargs="*", metavar="TABLE", help=", ".join(tables()))
    typed = parser.parse_args()
    text = f"# Without fresh labels\n\nWritten by `python -m benchmarks.static`.\n\n{HEAD}"
    for name in typed.tables or tables():
        text += line(name)
        typed.output.write_text(text, encoding="utf-8")
        print(text.splitlines()[-1], flush=True)


if __name__ == "__main__":
    main()
