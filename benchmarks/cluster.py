"""What a case costs a worker and what it costs the process that hands cases out; what an event costs an archive.

    python -m benchmarks.cluster

Processor seconds, so that a busy machine says about the same as a quiet one. From these follow the estimates of
docs/cluster.md: workers are added freely, so the limit is what each case costs the one process that hands them out.
"""

from __future__ import annotations

import pickle
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import attribution as at
from attribution.archive.model.classes import Classes
from attribution.archive.model.forecast import forecast
from attribution.inference.many import _fitted, _received
from attribution.inference.settings import Settings
from attribution.parallel import each
from tests.archive.simulated import simulated_archive

EVENTS = (5_000, 20_000)


def seconds(work: Callable[[], object], repeats: int) -> float:
    """Processor seconds of one call, after a first that fills all caches."""
    work()
    began = time.process_time()
    for _ in range(repeats):
        work()
    return (time.process_time() - began) / repeats


def per_case() -> dict[str, float]:
    """Seconds and bytes of one Tower 22 under its baseline, by the instant engine."""
    case, model = at.read_case("tower-22"), at.read_model("tower-22/baseline")
    task = case, model, Settings(engine="importance")
    answer = _fitted(task)
    sent, back = pickle.dumps(task), pickle.dumps(answer)
    return {
        "a fit, in a worker, s": seconds(lambda: _fitted(task), 3),
        "reading case and model from YAML, s": seconds(_read, 3),
        "packing a task, s": seconds(lambda: pickle.dumps(task), 10),
        "unpacking an answer, s": seconds(lambda: pickle.loads(back), 100),
        "a posterior of it, s": seconds(lambda: _received(*task, answer), 100),
        "handing out and collecting, s": seconds(lambda: _handed_out(1000), 3) / 1000,
        "task, bytes": len(sent),
        "answer, bytes": len(back),
        "whole posterior, bytes": len(pickle.dumps(at.fit(case, model, engine="importance"))),
    }


def _handed_out(count: int) -> object:
    with ThreadPoolExecutor(1) as executor:
        return each(abs, range(count), executor=executor)


def _read() -> object:
    return at.read_case("tower-22"), at.read_model("tower-22/baseline")


def per_event() -> dict[str, float]:
    """Processor seconds of forecasting an archive, by its number of events, and the slope between the two."""
    found = {}
    for count in EVENTS:
        events = simulated_archive(count, seed=1, days=6000 / count)
        first = int(0.7 * count)
        classes = Classes.learned(events, events.day < events.day[first], 20)
        began = time.process_time()
        forecast(events, classes, first)
        found[f"forecasting {count:,} events, s"] = time.process_time() - began
    small, large = found.values()
    found["per event, s"] = (large - small) / (EVENTS[1] - EVENTS[0])
    return found


def main() -> None:
    for name, value in (per_case() | per_event()).items():
        print(f"{name:40} {value:>14,.7g}")


if __name__ == "__main__":
    main()
