"""Kill the commands at random moments: is every file the old one or the new one, and does the next run work?

    make faults                                  # 200 kills over all scenarios, as often interrupted as killed
    python -m tests.trust.faults --kills 20 --only report

Each scenario first runs undisturbed, which gives the new files and a duration. Then it is started over the old files
again and again and stopped at a moment drawn uniformly from that duration, in turn by SIGKILL and by SIGINT (Ctrl-C);
every file must then be, byte for byte, the old one or the new one, and one last run must succeed. Who interrupts is
told which files are new, and no other file is left.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.trust.hostile import ROOT, seeds_of

_OLD = b"old\n"
_COMMAND = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # shells let commands in the background ignore it
from attribution.cli import main
sys.exit(main())
"""
_EVENTS = "incidents-2019-2024"
_PAIR = ("./small.yaml", "--model", "./small-baseline.yaml", "--engine", "importance")


@dataclass(frozen=True, slots=True)
class Scenario:
    """A command that writes `files`; `before` makes what it needs; `fine` are the exit codes of success."""

    name: str
    command: tuple[str, ...]
    files: tuple[str, ...]
    before: tuple[tuple[str, ...], ...] = ()
    fine: tuple[int, ...] = (0, 1)
    keeps: bool = False  # what was ready when somebody interrupts, and says so


@dataclass(slots=True)
class Tally:
    """How the kills of one scenario ended."""

    kills: int = 0
    interrupted: int = 0  # of them, by SIGINT while it was at work
    old: int = 0
    new: int = 0
    faults: list[str] = field(default_factory=list)


def scenarios() -> tuple[Scenario, ...]:
    """The commands that write files, on small inputs."""
    return (
        Scenario("fit", ("fit", *_PAIR, "-o", "run.nc"), ("run.nc",)),
        Scenario("report", ("report", *_PAIR, "-o", "report.html"), ("report.html",)),
        Scenario(
            "report of a run",
            ("report", "run.nc", "-o", "report.json"),
            ("report.json",),
            before=(("fit", *_PAIR, "-o", "run.nc"),),
        ),
        Scenario("sensitivity", ("sensitivity", *_PAIR, "-o", "page.json"), ("page.json",)),
        Scenario("archive fit", ("archive", "fit", _EVENTS, "--least", "3", "-o", "model.json"), ("model.json",)),
        Scenario(
            "archive predict",
            (
                "archive",
                "predict",
                _EVENTS,
                "--least",
                "3",
                "--archive-model",
                "model.json",
                "-o",
                "predicted.csv",
                "--page",
                "predicted.html",
            ),
            ("predicted.csv", "predicted.about.txt", "predicted.html"),
            before=(("archive", "fit", _EVENTS, "--least", "3", "-o", "model.json"),),
            keeps=True,
        ),
        Scenario("archive describe", ("archive", "describe", _EVENTS, "-o", "described.json"), ("described.json",)),
        Scenario("archive backtest", ("archive", "backtest", _EVENTS, "-o", "backtest.json"), ("backtest.json",)),
        Scenario(
            "report in three forms",
            ("report", *_PAIR),
            tuple(f"reports/small/small-baseline{suffix}" for suffix in (".html", ".json", ".md")),
        ),
        Scenario("compare", ("compare", _PAIR[0], _PAIR[0], *_PAIR[1:3], "-o", "compared.md"), ("compared.md",)),
        Scenario(
            "sweep", ("sweep", *_PAIR, "--set", "perpetrator.other=0.01,0.05,0.1", "-o", "swept.csv"), ("swept.csv",)
        ),
        Scenario("export", ("export", _PAIR[0], "-o", "small.xlsx"), ("small.xlsx",)),
        Scenario(
            "tempo report",
            ("tempo", "report", "./series.yaml", "--draws", "60", "-o", "tempo.html", "-o", "tempo.json"),
            ("tempo.html", "tempo.json"),
        ),
        Scenario(
            "reports",
            ("reports", "erbil-2021", "--engine", "importance", "--no-sensitivity", "-o", "out"),
            ("out/erbil-2021/baseline.html", "out/erbil-2021/baseline.json", "out/erbil-2021/baseline.md"),
        ),
        Scenario(
            "casebook",
            ("casebook", "erbil-2021", "-o", "book"),
            ("book/index.html", "book/index.json", "book/index.md"),
        ),
        Scenario("new", ("new", "other"), ("other.yaml", "other-baseline.yaml"), fine=(0,)),
    )


def _attribution(folder: Path, arguments: tuple[str, ...]) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", _COMMAND, *arguments]
    return subprocess.Popen(
        command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip


def _finish(folder: Path, arguments: tuple[str, ...], fine: tuple[int, ...]) -> float:
    started = time.monotonic()
    process = _attribution(folder, arguments)
    _, told = process.communicate(timeout=300)
    if process.returncode not in fine:
        raise RuntimeError(f"attribution {' '.join(arguments)}: exit code {process.returncode}\n{told}")
    return time.monotonic() - started


def _reset(folder: Path, scenario: Scenario) -> None:
    for name in scenario.files:
        if scenario.name == "new":
            (folder / name).unlink(missing_ok=True)
        else:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(_OLD)


def _found(folder: Path, scenario: Scenario) -> dict[str, bytes | None]:
    return {name: (folder / name).read_bytes() if (folder / name).exists() else None for name in scenario.files}


def disturb(folder: Path, scenario: Scenario, kills: int, rng: random.Random) -> Tally:
    """Kill a scenario so many times and look at what is left each time; then let it finish."""
    _finish(folder, ("new", "small"), (0, 2))
    (folder / "series.yaml").write_text(seeds_of("tempo")[0])
    for arguments in scenario.before:
        _finish(folder, arguments, (0, 1))
    _reset(folder, scenario)
    old = _found(folder, scenario)
    duration = _finish(folder, scenario.command, scenario.fine)
    new = _found(folder, scenario)
    tally = Tally()
    for count in range(kills):
        _reset(folder, scenario)
        there = set(folder.rglob("*"))
        process = _attribution(folder, scenario.command)
        time.sleep(rng.uniform(0, 1.05 * duration))
        process.send_signal(signal.SIGINT if count % 2 else signal.SIGKILL)
        _, told = process.communicate(timeout=300)
        tally.kills += 1
        found = _found(folder, scenario)
        if count % 2 and process.returncode not in scenario.fine:  # else it was done before it was interrupted
            tally.interrupted += 1
            tally.faults += _told_wrongly(process.returncode, told, scenario, old, found)
            tally.faults += [f"{path.name} is left" for path in set(folder.rglob("*")) - there]
        for name, content in found.items():
            tally.old += content == old[name]
            tally.new += content == new[name]
            if content not in (old[name], new[name]) and not (scenario.keeps and count % 2):
                tally.faults.append(f"{name}: {len(content or b'')} bytes, neither old nor new")
    _reset(folder, scenario)
    _finish(folder, scenario.command, scenario.fine)
    if _found(folder, scenario) != new:
        tally.faults.append("the run after all kills wrote something else")
    return tally


def _told_wrongly(
    code: int, told: str, scenario: Scenario, old: dict[str, bytes | None], found: dict[str, bytes | None]
) -> list[str]:
    """What is wrong with what an interrupted command says of the files that are new."""
    if code == -signal.SIGINT:
        return []  # Python itself was still starting
    if code != 130:
        return [f"interrupted, exit code {code}: {told[-200:]}"]
    new = {name for name, content in found.items() if content != old[name]}
    if scenario.keeps and "written before that" not in told and "interrupted" not in told:
        return []  # it kept what was ready, and went on to its end
    named = {name for name in scenario.files if name in told}
    return [f"new: {sorted(new)}, but it says: {told[-200:]}"] if named != new else []


def chosen_scenarios(names: list[str]) -> Iterator[Scenario]:
    for scenario in scenarios():
        if not names or scenario.name in names:
            yield scenario


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--only", nargs="*", default=[])
    chosen = parser.parse_args()
    todo = list(chosen_scenarios(chosen.only))
    rng, faults = random.Random(1), 0
    for scenario in todo:
        with tempfile.TemporaryDirectory() as folder:
            tally = disturb(Path(folder), scenario, -(-chosen.kills // len(todo)), rng)
        faults += len(tally.faults)
        told = f"{tally.interrupted} interrupted, {tally.old} files old, {tally.new} new, {len(tally.faults)} faults"
        print(
            f"{scenario.name:20} {tally.kills:4} kills: {told}",
            *tally.faults,
            sep="\n  ",
            flush=True,
        )
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
