"""Prequential scoring of synthetic archives: seconds and memory for 10^4, 10^5 and 10^6 events.

    python benchmarks/archive.py [--nuts] [--two-sided] [events ...]

Fifty factions that come and go, eight categorical features, two levels of place, coordinates; the coefficients are
fitted again before each of about 60 months, whatever the number of events. `--nuts` adds the posterior of the
coefficients by NUTS as of the last month, its compilation included. `--two-sided` hides a fifth of the labels
instead, and attributes their events from both sides.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time

FACTIONS, FEATURES, DAYS = 50, 8, 6000


def synthetic(events: int, seed: int = 1):
    import numpy as np

    from attribution.archive.codes import Coding, LabelSets
    from attribution.archive.events import EventTable

    truth, rng = np.random.default_rng(seed), np.random.default_rng(seed + events)  # one truth for all lengths
    months = DAYS // 30 + 1
    drift = np.cumsum(truth.normal(0, 0.2, (months, FACTIONS)), axis=0)
    home = np.column_stack([truth.uniform(25, 40, FACTIONS), truth.uniform(30, 50, FACTIONS)])
    habits = truth.dirichlet(np.full(6, 0.7), (FEATURES, FACTIONS)).cumsum(axis=2)
    share = np.exp(drift - drift.max(axis=1, keepdims=True))
    cumulated = (share / share.sum(axis=1, keepdims=True)).cumsum(axis=1)
    day = np.sort(rng.integers(0, DAYS, events)) + 5000
    label = (cumulated[(day - 5000) // 30] > rng.random(events)[:, None]).argmax(axis=1)
    where = home[label] + rng.normal(0, 1.0, (events, 2))
    columns = []
    for k, habit in enumerate(habits):
        code = (habit[label] > rng.random(events)[:, None]).argmax(axis=1)
        columns.append(Coding(f"feature{k}", code, tuple("abcdef")))
    places = []
    for name, step in (("province", 1.0), ("town", 0.1)):
        cell = np.floor(where / step).astype(np.int64)
        names, code = np.unique(cell[:, 0] * 100_000 + cell[:, 1], return_inverse=True)
        places.append(Coding(name, code, tuple(str(one) for one in names)))
    return EventTable(
        id=np.arange(events).astype(str), row=np.arange(events), day=day, precision=np.zeros(events, dtype=np.int64),
        latitude=where[:, 0], longitude=where[:, 1], place=tuple(places), features=tuple(columns),
        factions=tuple(f"F{code}" for code in range(FACTIONS)), label=label, among=LabelSets.none(events),
        certainty=np.ones(events), claimants=(), claim=np.full(events, -2),
    )  # fmt: skip


def one(events: int, nuts: bool) -> None:
    import numpy as np

    from attribution.archive.evaluation.scores import log_losses
    from attribution.archive.model.classes import Classes
    from attribution.archive.model.forecast import forecast, training_size

    small = synthetic(2000)
    first = training_size(small)
    forecast(small, Classes.learned(small, np.arange(2000) < first, 1), first)  # compile
    table = synthetic(events)
    first = training_size(table)
    classes = Classes.learned(table, np.arange(events) < first)
    began, worked = time.perf_counter(), time.process_time()
    found = forecast(table, classes, first)
    seconds, worked = time.perf_counter() - began, time.process_time() - worked
    loss = log_losses(found.probability, classes.labels(table)[first:]).mean()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(
        f"{events:>9,} events  {len(classes)} classes  {len(found.features)} features  {found.fits} fits",
        f"{seconds:7.1f} s ({worked:.1f} s of processor)  {1e6 * seconds / events:6.1f} us per event",
        f"{memory:5.2f} GB  log loss {loss:.3f}",
        sep="  ",
        flush=True,
    )
    if nuts:
        from attribution.archive.model.posterior import nuts_posterior

        began = time.perf_counter()
        posterior, _ = nuts_posterior(
            found.examples, found.features, found.fitted_on, found.shrinkage, found.coefficients
        )
        print(f"{'':9} NUTS {time.perf_counter() - began:.1f} s: {posterior}", flush=True)


def two_sided(events: int) -> None:
    import numpy as np

    from attribution.archive.evaluation.masked import hide
    from attribution.archive.evaluation.scores import log_losses
    from attribution.archive.model.attribute import learn_two_sided, parts
    from attribution.archive.model.classes import Classes

    for size in (2000, events):  # the first time to compile
        table = synthetic(size)
        hidden = hide(table, "event", 0.2, seed=1).events
        seen = np.ones(size, dtype=np.bool_)
        seen[hidden] = False
        classes = Classes.learned(table, seen)
        label = classes.labels(table)
        began, worked, loss = time.perf_counter(), time.process_time(), 0.0
        learned = learn_two_sided(table, classes, seen, hidden)
        for rows, x in parts(learned.ground, hidden):
            loss += float(log_losses(learned.mode.probability(x)[0], label[rows]).sum())
        seconds, worked = time.perf_counter() - began, time.process_time() - worked
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(
        f"{events:>9,} events two-sided  {len(hidden):,} attributed  {len(learned.examples):,} learned from",
        f"{seconds:7.1f} s ({worked:.1f} s of processor)  {1e6 * seconds / events:6.1f} us per event",
        f"{memory:5.2f} GB  log loss {loss / len(hidden):.3f}",
        sep="  ",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--nuts", action="store_true")
    parser.add_argument("--two-sided", action="store_true")
    parser.add_argument("--here", action="store_true", help="in this process, so that its memory is not its parent's")
    parser.add_argument("events", nargs="*", type=float, default=[1e4, 1e5, 1e6])
    typed = parser.parse_args()
    for events in typed.events:
        if typed.here:
            two_sided(int(events)) if typed.two_sided else one(int(events), typed.nuts)
        else:
            more = [flag for flag, asked in (("--nuts", typed.nuts), ("--two-sided", typed.two_sided)) if asked]
            subprocess.run([sys.executable, __file__, "--here", *more, str(events)], check=True)


if __name__ == "__main__":
    main()
