"""How cost grows with each size of a case, and with events: slopes on logarithmic axes, 1 where it is linear.

    python -m benchmarks.growth        costs and slopes as JSON

One size varies, the others stay as they are; processor seconds of an instant fit of a case that is read already, the
least of two. An archive is forecast once at each size.
"""

from __future__ import annotations

import json
import math
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import attribution as at
from attribution.archive.model.classes import Classes
from attribution.archive.model.forecast import forecast
from attribution.inference.fit import fit_under
from attribution.inference.settings import Sampling, Settings
from benchmarks.large import write_pair
from tests.archive.simulated import simulated_archive

BASE = {"factions": 20, "facts": 10, "items": 50}
SIZES = {"factions": (50, 100, 200), "facts": (10, 20, 40), "items": (50, 150, 450)}
LOG2_POINTS = (8, 9, 10, 11)  # of each of eight scrambles
FIXED = 10  # where another size varies
EVENTS = (4_000, 8_000, 16_000)


@dataclass(frozen=True, slots=True)
class Growth:
    """Processor seconds at each of some sizes, and the slope of the line through their logarithms."""

    axis: str
    sizes: tuple[int, ...]
    seconds: tuple[float, ...]

    @property
    def slope(self) -> float:
        x, y = ([math.log(value) for value in values] for values in (self.sizes, self.seconds))
        middle = sum(x) / len(x)
        spread = sum((one - middle) ** 2 for one in x)
        return sum((one - middle) * value for one, value in zip(x, y, strict=True)) / spread


def growths() -> Iterator[Growth]:
    """One for every size."""
    with tempfile.TemporaryDirectory() as folder:
        _fitting(_pair(Path(folder), BASE), Sampling())()  # compiles, or loads what was compiled
        for axis, sizes in SIZES.items():
            pairs = [_pair(Path(folder), {**BASE, axis: size}) for size in sizes]
            yield Growth(axis, sizes, tuple(_least(_fitting(pair, Sampling(log2_points=FIXED))) for pair in pairs))
        pair = _pair(Path(folder), BASE)
        costs = tuple(_least(_fitting(pair, Sampling(log2_points=log2))) for log2 in LOG2_POINTS)
        yield Growth("draws", tuple(8 * 2**log2 for log2 in LOG2_POINTS), costs)
    _forecasting(1_000)
    yield Growth("events", EVENTS, tuple(_forecasting(count) for count in EVENTS))


def _pair(folder: Path, size: dict[str, int]) -> tuple[at.Case, at.Model]:
    case, model = write_pair(folder, size["factions"], size["facts"], size["items"])
    return at.read_case(str(case)), at.read_model(str(model))


def _fitting(pair: tuple[at.Case, at.Model], sampling: Sampling) -> Callable[[], object]:
    return lambda: fit_under(*pair, Settings(engine="importance", sampling=sampling)).probabilities()


def _least(work: Callable[[], object]) -> float:
    found = []
    for _ in range(2):
        began = time.process_time()
        work()
        found.append(time.process_time() - began)
    return min(found)


def _forecasting(count: int) -> float:
    events = simulated_archive(count, seed=1, days=6000 / count)
    classes = Classes.learned(events, events.day < events.day[int(0.7 * count)], 20)
    began = time.process_time()
    forecast(events, classes, int(0.7 * count))
    return time.process_time() - began


def main() -> None:
    print(json.dumps([{**asdict(one), "slope": one.slope} for one in growths()]))


if __name__ == "__main__":
    main()
