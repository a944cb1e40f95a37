"""What the commands cost as a case grows: seconds of processor, seconds waited, and the largest resident size.

    python -m benchmarks.scale                      the diagonal of the grid, by both engines
    python -m benchmarks.scale --all                10, 50, 200 factions x 10, 30, 60 facts x 50, 200, 500 items (hours)
    python -m benchmarks.scale --only 200-60-500 10-30-50       these sizes; what was measured before stays
    python -m benchmarks.scale --all --missing      goes on where another run was stopped

Each command runs in a process of its own, as it is typed, after one that fills the caches. `report` and `sensitivity`
read the run that `save` wrote. A command that takes longer than `--patience` is stopped, and the table says so. Written
to `benchmarks/results/scale.json` and `scale.md`.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from threading import Timer

from benchmarks.large import write_pair
from benchmarks.run import ordinary

HERE = Path(__file__).parent
FACTIONS, FACTS, ITEMS = (10, 50, 200), (10, 30, 60), (50, 200, 500)
DIAGONAL = tuple(zip(FACTIONS, FACTS, ITEMS, strict=True))
COMMANDS = ("check", "fit", "save", "report", "sensitivity", "fit by nuts")

type Size = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Cost:
    """What a command came to: processor seconds, seconds waited, MiB, and its exit code; None where it was stopped."""

    factions: int
    facts: int
    items: int
    command: str
    cpu: float
    wall: float
    memory: float
    code: int | None

    @property
    def size(self) -> Size:
        return self.factions, self.facts, self.items


def words(command: str, case: Path, model: Path, run: Path) -> list[str]:
    """A command as it is typed after ``attribution``."""
    pair = [str(case), "--model", str(model)]
    return {
        "check": ["check", *pair],
        "fit": ["fit", *pair, "--engine", "importance"],
        "save": ["fit", *pair, "--engine", "importance", "-o", str(run)],
        "report": ["report", str(run), "-o", str(run.with_suffix(".html"))],
        "sensitivity": ["sensitivity", str(run), "-o", str(run.with_suffix(".json"))],
        "fit by nuts": ["fit", *pair],
    }[command]


def costs(size: Size, folder: Path, commands: Iterable[str], patience: float) -> Iterator[Cost]:
    """What each command costs for a made-up case of a size."""
    case, model = write_pair(folder, *size)
    run = folder / f"{case.stem}.nc"
    for command in commands:
        if command in ("report", "sensitivity") and not run.exists():
            continue  # it was not saved in time
        yield Cost(*size, command, *spawned(words(command, case, model, run), patience))


def spawned(typed: list[str], patience: float) -> tuple[float, float, float, int | None]:
    """Processor seconds, seconds, MiB and exit code of a command, stopped when it takes too long.

    Raises
    ------
    RuntimeError
        It failed.
    """
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "attribution", *typed],
        cwd=HERE.parent,
        env=ordinary(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    assert process.stderr is not None
    alarm = Timer(patience, process.kill)
    alarm.start()
    complaint = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    stopped = not alarm.is_alive()
    alarm.cancel()
    code = process.returncode = os.waitstatus_to_exitcode(status)
    if code not in (0, 1) and not stopped:
        raise RuntimeError(f"attribution {' '.join(typed)} ended with {code}:\n{complaint.decode()[-2000:]}")
    seconds = usage.ru_utime + usage.ru_stime, time.perf_counter() - start
    return *seconds, usage.ru_maxrss / 1024, None if stopped else code


def table(found: Iterable[Cost]) -> str:
    """A row for each size, a column for each command: processor seconds, and MiB."""
    cells = {(one.size, one.command): one for one in found}
    lines = [
        f"| factions | facts | items | {' | '.join(COMMANDS)} |",
        f"| ---: | ---: | ---: | {' | '.join('---:' for _ in COMMANDS)} |",
    ]
    for size in sorted({size for size, _ in cells}):
        row = [_cell(cells.get((size, command))) for command in COMMANDS]
        lines.append(f"| {' | '.join(str(each) for each in size)} | {' | '.join(row)} |")
    return "\n".join(lines)


def _cell(cost: Cost | None) -> str:
    if cost is None:
        return "-"
    seconds = f"{cost.cpu:.1f} s" if cost.code is not None else f"stopped after {cost.wall:.0f} s"
    return f"{seconds}, {cost.memory:.0f} MiB"


def _write(found: Iterable[Cost], folder: Path) -> None:
    found = sorted(found, key=lambda one: (one.size, COMMANDS.index(one.command)))
    machine = {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "processors": os.cpu_count(),
        "load": round(os.getloadavg()[1], 1),
    }
    folder.mkdir(parents=True, exist_ok=True)
    document = {"machine": machine, "rows": [asdict(one) for one in found]}
    (folder / "scale.json").write_text(json.dumps(document, indent=1) + "\n")
    said = (
        "Processor seconds and the largest resident size of each command on made-up cases "
        "(`python -m benchmarks.scale`); `report` and `sensitivity` read what `save` wrote, by the instant engine. "
        f"Python {machine['python']}, {machine['processors']} processors, load {machine['load']}."
    )
    (folder / "scale.md").write_text(f"{said}\n\n{table(found)}\n")


def _known(folder: Path) -> dict[tuple[Size, str], Cost]:
    path = folder / "scale.json"
    rows = json.loads(path.read_text())["rows"] if path.exists() else []
    return {(one.size, one.command): one for one in (Cost(**row) for row in rows)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--all", action="store_true", help="the whole grid")
    parser.add_argument("--only", nargs="*", default=[], metavar="F-F-I", help="these sizes, such as 50-30-200")
    parser.add_argument("--missing", action="store_true", help="only commands that were not measured yet")
    parser.add_argument("--commands", nargs="*", choices=COMMANDS, default=list(COMMANDS))
    parser.add_argument("--patience", type=float, default=1800.0, metavar="SECONDS")
    parser.add_argument("--cold", action="store_true", help="with no run before, so that caches may be empty")
    parser.add_argument("--results", type=Path, default=HERE / "results")
    chosen = parser.parse_args()
    grid: list[Size] = list(product(FACTIONS, FACTS, ITEMS)) if chosen.all or chosen.only else list(DIAGONAL)
    sizes = [size for size in grid if not chosen.only or "-".join(map(str, size)) in chosen.only]
    known = _known(chosen.results)
    with tempfile.TemporaryDirectory() as folder:
        for _ in () if chosen.cold else costs((10, 10, 50), Path(folder), ("check", "fit by nuts"), chosen.patience):
            pass  # fills the caches
        for size in sizes:
            commands = [one for one in chosen.commands if not chosen.missing or (size, one) not in known]
            if {"report", "sensitivity"} & set(commands) and "save" not in commands:
                commands = ["save", *commands]  # what they read
            for cost in costs(size, Path(folder), commands, chosen.patience):
                known[cost.size, cost.command] = cost
                print(f"{'x'.join(map(str, size)):12} {cost.command:12} {_cell(cost)}", flush=True)
                _write(known.values(), chosen.results)


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main()
