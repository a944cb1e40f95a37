"""Ten commands from an installed wheel, in a folder of their own: does each work with the libraries that are there?

    make test-lowest                                     # with the lowest versions that pyproject.toml allows
    make test-newest                                     # with the newest Python at hand and the newest versions
    python -m tests.trust.smoke PYTHON                   # in the environment of that interpreter

Everything runs through the command line, so that nothing of the checkout is imported. A command fails by its exit code,
by a file it did not write, or by a traceback.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

_PAIR = ("./small.yaml", "--model", "./small-baseline.yaml")
_EVENTS = "incidents-2019-2024"


@dataclass(frozen=True, slots=True)
class Command:
    """What is run, the files it must write, and what its output must hold."""

    words: tuple[str, ...]
    files: tuple[str, ...] = ()
    says: str = ""


COMMANDS = (
    Command(("--version",), says="attribution"),
    Command(("new", "small"), files=("small.yaml", "small-baseline.yaml")),
    Command(("check", *_PAIR), says="prior"),
    Command(("schema", "case"), says="$schema"),
    Command(("fit", *_PAIR, "--engine", "importance", "-o", "instant.nc", "--format", "json"), files=("instant.nc",)),
    Command(("fit", *_PAIR, "-o", "run.nc"), files=("run.nc",), says="R-hat"),
    Command(("report", "run.nc", "-o", "report.html"), files=("report.html",)),
    Command(("sensitivity", "instant.nc", "-o", "findings.json"), files=("findings.json",)),
    Command(("compare", "instant.nc", "run.nc", "-o", "compared.md"), files=("compared.md",)),
    Command(
        ("archive", "backtest", _EVENTS, "--baselines", "place-table,logistic-regression", "-o", "scores.json"),
        files=("scores.json",),
    ),
)
"""Both engines, saving and loading, every way out, and the archive with a baseline of scikit-learn."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a command ended; `fault` is empty where it did its work."""

    command: Command
    seconds: float
    fault: str


def run(python: str, command: Command, folder: Path) -> Outcome:
    """Run a command in a folder and look at what it left."""
    start = time.perf_counter()
    words = [python, "-I", "-m", "attribution", *command.words]
    shown = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=600, check=False)
    seconds = time.perf_counter() - start
    missing = [name for name in command.files if not (folder / name).exists()]
    fault = ""
    if shown.returncode not in {0, 1} or "Traceback" in shown.stderr:
        fault = f"exit code {shown.returncode}\n{shown.stderr[-3000:]}"
    elif missing:
        fault = f"not written: {', '.join(missing)}"
    elif command.says not in shown.stdout:
        fault = f'"{command.says}" is not in what it printed\n{shown.stdout[-1000:]}'
    return Outcome(command, seconds, fault)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("python", help="the interpreter of the environment that holds the wheel")
    python = str(Path(parser.parse_args().python).absolute())
    faults = 0
    with tempfile.TemporaryDirectory() as folder:
        for command in COMMANDS:
            outcome = run(python, command, Path(folder))
            faults += bool(outcome.fault)
            print(
                f"{'FAILED' if outcome.fault else 'ok':6} {outcome.seconds:6.1f} s  {' '.join(command.words)}",
                flush=True,
            )
            if outcome.fault:
                print(outcome.fault, flush=True)
    print(f"{len(COMMANDS) - faults} passed, {faults} failed")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
