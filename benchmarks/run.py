"""Measurements side by side in one run: ratios count, seconds depend on the machine.

python benchmarks/run.py            everything
python benchmarks/run.py --quick    without the bare PyMC script
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import attribution as at
from attribution.inference.importance import draw
from attribution.inference.settings import Sampling
from attribution.network.compiler import compile_network
from attribution.network.summation import log_joint_at, numbers

HERE = Path(__file__).parent


def main() -> None:
    cold_start()
    kernels()
    reports()
    if "--quick" not in sys.argv:
        against_a_bare_script()


def best(work: Callable[[], object], times: int = 5) -> float:
    """Median seconds of some work, after a first run that compiles and fills caches."""
    work()
    found = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        found.append(time.perf_counter() - start)
    return statistics.median(found)


def process(*command: str) -> float:
    """Median seconds of a whole process, after a first run."""

    def run() -> None:
        done = subprocess.run([sys.executable, *command], capture_output=True, text=True, check=False)
        if done.returncode not in (0, 1):
            raise SystemExit(done.stderr)

    return best(run, times=3)


def cold_start() -> None:
    bare = process("-c", "pass")
    print(f"python itself                         {bare:6.3f} s")
    print(f"import attribution                    {process('-c', 'import attribution'):6.3f} s")
    print(f"attribution --help                    {process('-m', 'attribution', '--help'):6.3f} s")


def kernels() -> None:
    case, model = at.read_case("tower-22"), at.read_model("tower-22/baseline")
    program = compile_network(case, model)
    z = draw(program, Sampling(), 1).draws.flat
    slots = numbers(program, z)
    print(f"numbers of 2^14 draws                 {best(lambda: numbers(program, z)):6.3f} s")
    print(f"summation of 2^14 draws               {best(lambda: log_joint_at(program, slots)):6.3f} s")
    whole = best(lambda: at.fit(case, model, engine="importance").standings)
    print(f"importance posterior after reading    {whole:6.3f} s")


def reports() -> None:
    with tempfile.TemporaryDirectory() as folder:
        out = str(Path(folder) / "report.html")
        instant = process("-m", "attribution", "report", "tower-22", "--engine", "importance", "-o", out)
        print(f"report, importance, cold process      {instant:6.1f} s")


def against_a_bare_script() -> None:
    with tempfile.TemporaryDirectory() as folder:
        out = str(Path(folder) / "report.html")
        ours = process("-m", "attribution", "report", "tower-22", "-o", out)
        bare = process(str(HERE / "bare_pymc.py"))
        print(f"report, NUTS, cold process            {ours:6.1f} s")
        print(f"bare PyMC script, posterior only      {bare:6.1f} s   ratio {ours / bare:.2f}")


if __name__ == "__main__":
    main()
