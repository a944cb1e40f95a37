"""What everything costs, side by side in one run: ratios count, seconds depend on the machine.

    python -m benchmarks.run                 every row, pairs in turn (some 20 minutes on two cores)
    python -m benchmarks.run --only report   rows whose name holds a word; the others stay as they were measured
    python -m benchmarks.run --pairs 1       one pair where three are the rule, for a busy machine

The unit of processes is ``python -c "import pymc, arviz"``, started in turn with what is measured: what a user of PyMC
waits for before anything begins. Ratios are of processor seconds, which a busy machine hardly moves, and of seconds
waited, where two processors may have worked.
Rows against pyAgrum and NumPyro need `pip install -c constraints.txt -e '.[bench]'` and are left out without them.
Written to `benchmarks/results/`: JSON, a table, and a figure of the growth (`benchmarks.growth`).
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from benchmarks.growth import Growth
from benchmarks.large import write_pair

HERE = Path(__file__).parent
UNIT = ("-c", "import pymc, arviz")
GROWTH = "growth"


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds waited, seconds of processor, and the largest resident size in MiB; medians over runs."""

    wall: float
    cpu: float
    memory: float


@dataclass(frozen=True, slots=True)
class Measurement:
    """One row: what was run, what it cost, what it is compared with, and the ratios of processor time and of waiting.

    `goal` is the largest ratio (or seconds, where there is nothing to compare with) that was set as a target; medians
    are over `pairs`. `load` are processes that wanted a processor, over the five minutes before its end.
    """

    name: str
    cost: Cost
    against: str
    ratio: float | None
    goal: str
    pairs: int = 1
    load: float = 0.0
    waited: float | None = None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="rows whose name holds this word")
    parser.add_argument("--pairs", type=int, default=3, help="how often each is run in turn with its unit")
    parser.add_argument("--results", type=Path, default=HERE / "results")
    arguments = parser.parse_args()
    known = _Results.read(arguments.results)
    with tempfile.TemporaryDirectory() as folder:
        all_rows = list(_rows(Path(folder), arguments.pairs))
        for name, measure in all_rows:
            if arguments.only in name:
                known.rows[name] = replace(measure(name), load=round(os.getloadavg()[1], 1))
                print(_line(known.rows[name]), flush=True)
                if not arguments.only:  # rows that cannot be measured here stay where only some are
                    known.rows = {one: known.rows[one] for one, _ in all_rows if one in known.rows}
                known.write(arguments.results)
    if arguments.only in GROWTH:
        known.growth = _growth()
        known.write(arguments.results)


def _rows(folder: Path, pairs: int) -> Iterator[tuple[str, Callable[[str], Measurement]]]:
    """Every row, in the order of the table."""
    process = partial(_process, pairs=pairs)
    out = str(folder / "report.html")
    command = ("-m", "attribution")
    instant = ("--engine", "importance", "-o", out)
    yield "import attribution", process(("-c", "import attribution"), "0.3 s")
    yield "attribution --help", process((*command, "--help"), "0.3 s")
    yield "z to log-joint, 2^14 draws of Tower 22", _inside("forward", "1/10 of NumPy reading draw by draw")
    yield "one point query, Tower 22, against pgmpy", _inside("point", "")
    if find_spec("pyagrum"):
        yield "one point query, Tower 22, against pyAgrum", _inside("point_agrum", "")
        yield "z to log-joint, 2^14 draws, against pyAgrum", _inside("forward_agrum", "")
    yield "gradient by z, Tower 22", _inside("gradient", "")
    yield "instant posterior, after reading", _inside("posterior", "0.15 s")
    yield "instant report, cold process", process((*command, "report", "tower-22", *instant), "0.7")
    sensitivity = (*command, "sensitivity", "tower-22", "--engine", "importance", "-o", str(folder / "s.json"))
    yield "attribution sensitivity, instant engine", process(sensitivity, "1")
    yield "one what-if", _inside("what_if", "0.03 s")
    yield "a hundred what-ifs", _inside("hundred", "1 s")
    yield "a sweep of a hundred settings", _inside("sweep", "a fifth of the fits")
    yield "lattice of 2^14 subsets, 2,048 draws", _inside("lattice", "0.3 s")
    yield "the same with every k-hat", _inside("lattice_khat", "3 s")
    bare = (str(HERE / "bare_pymc.py"),)
    yield "NUTS report", process((*command, "report", "tower-22", "-o", out), "0.4", bare, "a bare PyMC script")
    if find_spec("numpyro"):
        numpyro = (*bare, "--numpyro")
        row = "NUTS report, against NumPyro"
        yield row, process((*command, "report", "tower-22", "-o", out), "", numpyro, "the bare script by NumPyro")
    for factions, facts, items in (
        (10, 10, 50),
        (50, 10, 50),
        (200, 10, 50),
        (10, 30, 50),
        (10, 60, 50),
        (10, 10, 200),
    ):
        case, model = (str(path) for path in write_pair(folder, factions, facts, items))
        size = f"{factions} factions, {facts} facts, {items} items"
        yield f"check, {size}", process((*command, "check", case, "--model", model), "2 s, 300 MiB")
        yield f"instant report, {size}", process((*command, "report", case, "--model", model, *instant), "15 s, 1 GiB")
    case, model = (str(path) for path in write_pair(folder, 200, 60, 500))
    run = str(folder / "run.nc")
    size = "200 factions, 60 facts, 500 items"
    fit = (*command, "fit", case, "--model", model)
    yield f"instant posterior, {size}", process((*fit, "--engine", "importance"), "10 s, 1 GiB")
    yield f"the same, saved, {size}", process((*fit, "--engine", "importance", "-o", run), "1 GiB")
    yield f"NUTS, {size}", process(fit, "60 s, 1 GiB")


def _process(
    arguments: tuple[str, ...],
    goal: str,
    against: tuple[str, ...] = UNIT,
    name: str = "import pymc, arviz",
    *,
    pairs: int,
) -> Callable[[str], Measurement]:
    """A process and its unit in turn, after one run of each that fills caches, compiled kernels among them."""

    def measure(row: str) -> Measurement:
        _spawn(arguments, ATTRIBUTION_READER="compiled")
        if pairs > 1:
            _spawn(against)
        costs = [(_spawn(arguments), _spawn(against)) for _ in range(pairs)]
        ratio = statistics.median(ours.cpu / unit.cpu for ours, unit in costs)
        waited = statistics.median(ours.wall / unit.wall for ours, unit in costs)
        return Measurement(row, _median([ours for ours, _ in costs]), name, ratio, goal, pairs, waited=waited)

    return measure


def ordinary() -> dict[str, str]:
    """The environment as a user has it: modules are compiled once, not in each process."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def _spawn(arguments: tuple[str, ...], **variables: str) -> Cost:
    """One process of Python, to its end, with some variables of the environment."""
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=HERE.parent,
        env=ordinary() | variables,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    assert process.stderr is not None
    complaint = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1):
        raise SystemExit(f"{' '.join(arguments)} ended with {process.returncode}:\n{complaint.decode()}")
    return Cost(time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def _inside(question: str, goal: str) -> Callable[[str], Measurement]:
    """Work inside a process that has everything imported, compiled and read; in a process of its own."""

    def measure(row: str) -> Measurement:
        code = f"from benchmarks.inside import measure; measure({question!r})"
        shown = subprocess.run(
            [sys.executable, "-c", code], cwd=HERE.parent, capture_output=True, text=True, check=True
        )
        found = json.loads(shown.stdout)
        return Measurement(row, Cost(**found["cost"]), found["against"], found["ratio"], goal)

    return measure


def _median(costs: list[Cost]) -> Cost:
    return Cost(*(statistics.median(getattr(cost, field) for cost in costs) for field in ("wall", "cpu", "memory")))


def _line(row: Measurement) -> str:
    waited = "" if row.waited is None else f" ({row.waited:.3g} waited)"
    ratio = "" if row.ratio is None else f"{row.ratio:.3g}{waited} of {row.against}"
    cost = f"{row.cost.cpu:.3g} s of processor, {row.cost.wall:.3g} s, {row.cost.memory:.0f} MiB"
    return f"{row.name:52s} {cost:44s} {ratio}"


@dataclass(slots=True)
class _Results:
    """All rows by name, and the growths: what was measured before stays until it is measured again."""

    rows: dict[str, Measurement]
    growth: list[Growth]

    @classmethod
    def read(cls, folder: Path) -> _Results:
        path = folder / "costs.json"
        if not path.exists():
            return cls({}, [])
        document = json.loads(path.read_text())
        rows = [Measurement(**{**row, "cost": Cost(**row["cost"])}) for row in document["rows"]]
        growth = [Growth(one["axis"], tuple(one["sizes"]), tuple(one["seconds"])) for one in document["growth"]]
        return cls({row.name: row for row in rows}, growth)

    def write(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        machine: dict[str, object] = {"python": platform.python_version(), "machine": platform.machine()}
        machine |= {"processors": os.cpu_count()}
        growth = [{**asdict(one), "slope": round(one.slope, 2)} for one in self.growth]
        document = {"machine": machine, "rows": [asdict(row) for row in self.rows.values()], "growth": growth}
        (folder / "costs.json").write_text(json.dumps(document, indent=1) + "\n")
        said = f"Python {machine['python']}, {machine['processors']} processors. Rows not here: not measured."
        (folder / "costs.md").write_text("\n".join([said, "", *self._costs(), "", *self._slopes()]) + "\n")
        if self.growth:
            _draw(self.growth, folder / "growth.svg")

    def _costs(self) -> list[str]:
        lines = [
            "| what | processor, s | wall, s | memory, MiB | ratio | waited | of | goal | load |",
            "| --- | ---: | ---: | ---: | ---: | ---: | --- | --- | ---: |",
        ]
        for row in self.rows.values():
            ratio, waited = ("" if one is None else f"{one:.3g}" for one in (row.ratio, row.waited))
            cost = f"{row.cost.cpu:.3g} | {row.cost.wall:.3g} | {row.cost.memory:.0f}"
            lines.append(f"| {row.name} | {cost} | {ratio} | {waited} | {row.against} | {row.goal} | {row.load:g} |")
        return lines

    def _slopes(self) -> list[str]:
        lines = ["| processor time against | sizes | seconds | slope |", "| --- | --- | --- | ---: |"]
        for one in self.growth:
            sizes = ", ".join(f"{size:,}" for size in one.sizes)
            seconds = ", ".join(f"{value:.3g}" for value in one.seconds)
            lines.append(f"| {one.axis} | {sizes} | {seconds} | {one.slope:.2f} |")
        return lines


def _growth() -> list[Growth]:
    shown = subprocess.run(
        [sys.executable, "-m", "benchmarks.growth"], cwd=HERE.parent, capture_output=True, text=True, check=True
    )
    return [Growth(one["axis"], tuple(one["sizes"]), tuple(one["seconds"])) for one in json.loads(shown.stdout)]


def _draw(growth: list[Growth], path: Path) -> None:
    """A line for every size: how many times the cost of the smallest, at how many times its size."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "growth"
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(6.4, 4.4))
    for one, mark in zip(growth, "osv^D", strict=False):
        x, y = ([value / values[0] for value in values] for values in (one.sizes, one.seconds))
        axes.plot(x, y, marker=mark, label=f"{one.axis}, slope {one.slope:.2f}")
    farthest = max(one.sizes[-1] / one.sizes[0] for one in growth)
    axes.plot([1, farthest], [1, farthest], color="0.6", linestyle=":", label="linear")
    axes.set(xscale="log", yscale="log", xlabel="times the smallest size", ylabel="times its processor seconds")
    axes.legend(frameon=False)
    figure.savefig(path, metadata={"Date": None}, bbox_inches="tight")
    pyplot.close(figure)


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()
