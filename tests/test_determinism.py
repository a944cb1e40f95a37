"""Same seed, same inputs: the same bytes, whatever the machine is set to."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import attribution as at

ROOT = Path(__file__).parent.parent
SURROUNDINGS = (
    {"PYTHONHASHSEED": "1", "LC_ALL": "C", "TZ": "Asia/Tokyo", "OPENBLAS_NUM_THREADS": "1"},
    {
        "PYTHONHASHSEED": "2",
        "LC_ALL": "tr_TR.UTF-8",
        "TZ": "America/St_Johns",
        "OPENBLAS_NUM_THREADS": "2",
        "PYTHONUTF8": "0",
    },
)


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, bytes]]:
    """JSON report and printed posterior of Tower 22, made in different surroundings and folders.

    On one processor all is worked out in one process, elsewhere half of the sensitivity analysis in another.
    """
    return [made(tmp_path_factory.mktemp(f"place-{i}"), extra, one_core=i == 0) for i, extra in enumerate(SURROUNDINGS)]


def made(folder: Path, extra: dict[str, str], *, one_core: bool) -> dict[str, bytes]:
    environment = {**os.environ, **extra, "PYTHONPATH": str(ROOT)}
    pinned = "import os, sys; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n" if one_core else "import sys\n"
    code = pinned + "from attribution.cli import main\nsys.exit(main(sys.argv[1:]))"

    def run(*arguments: str) -> bytes:
        command = [sys.executable, "-c", code, *arguments]
        return subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False).stdout

    run("report", "tower-22", "--engine", "importance", "--sensitivity", "-o", "report.json")
    printed = run("fit", "tower-22", "--engine", "importance", "--format", "json")
    return {"report": (folder / "report.json").read_bytes(), "posterior": printed}


@pytest.mark.parametrize("what", ["report", "posterior"])
def test_the_same_bytes_in_all_surroundings(reports: list[dict[str, bytes]], what: str) -> None:
    first, second = (one[what] for one in reports)
    assert len(first) > 1000
    assert first == second


def test_nuts_gives_the_same_draws_whatever_the_number_of_threads() -> None:
    case, model = at.read_case("tower-22"), at.read_model("tower-22/baseline")
    together = at.fit(case, model, chains=2, draws=60, tune=100, random_seed=5).draws.z
    everywhere = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(everywhere)})
        alone = at.fit(case, model, chains=2, draws=60, tune=100, random_seed=5).draws.z
    finally:
        os.sched_setaffinity(0, everywhere)
    assert np.array_equal(together, alone)
