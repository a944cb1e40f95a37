"""`--workers`: the same files whoever works, and nothing half-written when the work is stopped."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from attribution.cli import main

ROOT = Path(__file__).parent.parent.parent


def written(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.slow
@pytest.mark.parametrize("command", ["reports", "casebook"])
def test_the_same_files_whoever_works(command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    typed = [command, "erbil-2023", "--engine", "importance"]
    codes = [main([*typed, "-o", str(tmp_path / n), "--workers", n]) for n in ("1", "2")]
    assert codes[0] == codes[1]
    assert written(tmp_path / "1") == written(tmp_path / "2") != {}


@pytest.mark.slow
def test_a_backtest_says_the_same_whoever_works(capsys: pytest.CaptureFixture[str]) -> None:
    typed = ["archive", "backtest", "incidents-2019-2024", "--least", "5", "--format", "json"]
    told = []
    for workers in ("1", "2"):
        main([*typed, "--workers", workers])
        told.append(json.loads(capsys.readouterr().out))
        for row in told[-1]["scores"]:
            row.pop("s")
    assert told[0] == told[1]


def test_how_many_workers_can_be_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    for typed in ("0", "-1", "two", "257"):
        assert main(["casebook", "--workers", typed]) == 2
        assert "whole number from 1 to 256" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("command", "module", "shares_out"),
    [
        (["reports", "tower-22", "--workers", "2"], "attribution.cli.report", "each"),
        (["sensitivity", "tower-22", "--engine", "importance"], "attribution.analysis.sensitivity", "meanwhile"),
    ],
    ids=["reports", "sensitivity"],
)
def test_stopping_the_workers_leaves_nothing_half_written(
    command: list[str], module: str, shares_out: str, tmp_path: Path
) -> None:
    """Ctrl-C reaches the whole group of processes, as in a terminal: one line, exit code 130, no worker left."""
    code = (
        "import signal, sys\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # shells let background jobs ignore it
        f"import {module} as module\nreal = module.{shares_out}\n"
        "def shared(*a, **k):\n    print('working', flush=True)\n    return real(*a, **k)\n"
        f"module.{shares_out} = shared\nfrom attribution.cli import main\n"
        "sys.exit(main(sys.argv[1:]))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, *command, "-o", str(tmp_path / "out.json")], cwd=ROOT, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "working"
        time.sleep(1.0)
        os.killpg(process.pid, signal.SIGINT)
        _, told = process.communicate(timeout=60)  # both pipes close only when no worker holds them
    finally:
        process.kill()
    assert process.returncode == 130, told
    assert told.strip() == "attribution: interrupted; nothing was written."
    assert written(tmp_path) == {}
