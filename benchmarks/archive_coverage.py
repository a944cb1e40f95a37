"""Do intervals hold the truth? Simulated archives of known truth: shares, lifetimes and labelling propensity.

    python -m benchmarks.archive_coverage [--archives N] [--events N]

In each archive some labels are hidden: alike for all factions, of a faction that lived for a while and is known to
have, and nine in ten of some against three of others. Events of unknown hand are attributed from both sides; the 90 %
interval of how many each faction carried out, from the doubt about coefficients, about propensities and about every
single event, holds the true number or does not. Written to `benchmarks/results/archive-coverage.json`.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from attribution.archive.codes import Floats, Ints
from attribution.archive.events import UNKNOWN, EventTable
from attribution.archive.model.attribute import learn_two_sided, parts
from attribution.archive.model.classes import Classes, within_lifetimes
from attribution.archive.model.posterior import normal_posterior
from attribution.archive.selection import Propensity
from attribution.atomic import write_text
from attribution.domain.numbers import Number
from tests.archive.random_events import relabelled
from tests.archive.simulated import simulated_archive

RESULTS = Path(__file__).parent / "results" / "archive-coverage.json"
STATED = Propensity((("F0", Number(0.85, 0.9, 0.94)), ("else", Number(0.25, 0.3, 0.35))), 0.5)
_DRAWS, _NORMAL, _EVER = 50, 1.645, 1 << 40


def attributed(truth: EventTable, known: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> tuple[Floats, Classes, Ints]:
    """Probabilities (draw, event, class) of the events whose labels are hidden."""
    table = relabelled(truth, np.where(known, truth.label, UNKNOWN))
    classes, asked = Classes.learned(table, known, 5), np.flatnonzero(~known)
    learned = learn_two_sided(table, classes, known, asked)
    _, draws = normal_posterior(
        learned.examples, learned.ground.names, _EVER, learned.shrinkage, learned.coefficients, kept=_DRAWS, seed=1,
        calibration=learned.calibration,
    )  # fmt: skip
    out = np.empty((_DRAWS, len(asked), len(classes)))
    for rows, x in parts(learned.ground, asked):
        out[:, np.searchsorted(asked, rows)] = within_lifetimes(draws.probability(x), table, classes, rows)
    return out, classes, asked


def covered(said: Floats, classes: Classes, truth: Ints, of: str = "") -> tuple[int, int, float]:
    """How many intervals hold the true number, of how many, and the sum of what the totals are away from it."""
    totals, hits, tried, away = said.sum(axis=1), 0, 0, 0.0
    for code, name in enumerate(classes.names[:-1]):
        if of and name != of:
            continue
        each = said[:, :, code]
        sd = np.sqrt(totals[:, code].var() + (each * (1.0 - each)).sum(axis=1).mean())
        gap = abs(totals[:, code].mean() - np.sum(truth == code))
        hits, tried, away = hits + int(gap <= _NORMAL * sd + 0.5), tried + 1, away + float(gap)
    return hits, tried, away


def one(seed: int, events: int) -> dict[str, tuple[int, int, float]]:
    """What one archive says of each question."""
    truth, rng = simulated_archive(events, seed=seed), np.random.default_rng(seed)
    out = {}
    known = rng.random(events) < 0.7
    said, classes, asked = attributed(truth, known)
    out["shares, labels hidden alike"] = covered(said, classes, classes.labels(truth)[asked])
    middle = int(truth.day[events // 2])
    lived = truth.take(np.flatnonzero((truth.label != 0) | (truth.day < middle)))
    known = rng.random(len(lived)) < 0.7
    for name, lifetimes in (("not stated", ()), ("stated", (("F0", (0, middle)),))):
        said, classes, asked = attributed(replace(lived, lifetimes=lifetimes), known)
        late = lived.day[asked] >= middle
        out[f"lifetime of F0 {name}"] = covered(said, classes, classes.labels(lived)[asked], "F0")
        out[f"lifetime of F0 {name}: events given to it afterwards"] = (
            0,
            1,
            float(said[:, late, 0].sum(axis=1).mean()),
        )
    known = rng.random(events) < np.where(truth.label == 0, 0.9, 0.3)
    said, classes, asked = attributed(truth, known)
    label = classes.labels(truth)[asked]
    out["propensity not stated"] = covered(said, classes, label, "F0")
    out["propensity stated"] = covered(STATED.unlabelled(said, classes), classes, label, "F0")
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--archives", type=int, default=20)
    parser.add_argument("--events", type=int, default=500)
    typed = parser.parse_args()
    sums: dict[str, list[float]] = {}
    for seed in range(typed.archives):
        for name, found in one(seed, typed.events).items():
            sums[name] = [a + b for a, b in zip(sums.get(name, [0, 0, 0.0]), found, strict=True)]
        told = {
            name: {"hold": int(hits), "of": int(tried), "mean_distance": round(away / tried, 2)}
            for name, (hits, tried, away) in sums.items()
        }
        document = {"archives": seed + 1, "events": typed.events, "level": 0.9, "intervals": told}
        write_text(RESULTS, json.dumps(document, indent=1) + "\n")
        print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
