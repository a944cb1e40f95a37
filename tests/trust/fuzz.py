"""Spoilt files by the thousand: does every one end in an answer or in an error with file and line, in time?

    make fuzz                                          # 100,000 inputs over all kinds
    python -m tests.trust.fuzz --inputs 2000 --kinds case model
    python -m tests.trust.fuzz --atheris 300            # so many seconds per kind, guided by coverage (needs atheris)

Besides texts of every format: documents and tables handed over from Python, workbooks, saved runs with flipped bits,
huge and packed tables, folders for kernels that somebody else prepared, and titles that a terminal would obey through
every command.

A find is an input that ends in anything but success or an error with its place and a way out, takes more than
5 seconds, or lets the process grow past 1 GB. Finds are written to a folder, so that they can become tests.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from math import ceil
from multiprocessing import get_context
from pathlib import Path
from random import Random

from tests.trust.hostile import judge, seeds_of, spoilt
from tests.trust.hostile_files import attempt_cache, attempt_run, attempt_table
from tests.trust.hostile_output import attempt_output
from tests.trust.hostile_values import attempt_document, attempt_frames, attempt_workbook

TEXTS = ("case", "model", "grading", "recipe", "mapping", "events", "tempo", "matrix")
ATTEMPTS: dict[str, Callable[[Random], tuple[str, str]]] = {
    "document": attempt_document,
    "frames": attempt_frames,
    "workbook": attempt_workbook,
    "run": attempt_run,
    "table": attempt_table,
    "cache": attempt_cache,
    "output": attempt_output,
}
"""From a source of chance to what is wrong, and what it was about."""
KINDS = (*TEXTS, *ATTEMPTS)
COSTLY = {"frames": 4, "workbook": 20, "run": 10, "table": 20, "cache": 4, "output": 100}
"""What is tried so many times more seldom, since each takes so much longer."""
_BATCH = 500
_MOST_MEMORY = 1 << 20  # kilobytes


@dataclass(frozen=True)
class Find:
    """A text that was taken wrongly, and how."""

    kind: str
    seed: int
    why: str
    text: str


@dataclass(frozen=True)
class Batch:
    """What a run of inputs of one kind came to; `memory` is the peak of its process in kilobytes."""

    kind: str
    inputs: int
    memory: int
    finds: tuple[Find, ...]


def batch(kind: str, first: int, count: int) -> Batch:
    """Inputs `first` to `first + count` of a kind; small seeds far more often than large ones."""
    if kind in TEXTS:
        judge(kind, seeds_of(kind)[0])  # what is compiled once is no fault of the first input
    else:
        attempt(kind, first)
    finds = []
    for number in range(first, first + count):
        why, text = attempt(kind, number)
        if why:
            finds.append(Find(kind, number, why, text))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    if memory > _MOST_MEMORY:
        finds.append(Find(kind, first, f"the process grew to {memory >> 10} MB", ""))
    return Batch(kind, count, memory, tuple(finds))


def attempt(kind: str, number: int) -> tuple[str, str]:
    """What is wrong with how input `number` of a kind was taken, if anything, and the input."""
    r = Random(f"{kind} {number}")
    if kind in ATTEMPTS:
        return ATTEMPTS[kind](r)
    seeds = seeds_of(kind)
    base = seeds[0] if r.random() < 0.9 else r.choice(seeds)
    text = spoilt(r, base, r.choice(seeds))
    return judge(kind, text), text


def run(kinds: list[str], inputs: int, workers: int) -> list[Batch]:
    """All inputs, shared among kinds and processes, with a line of progress."""
    each, found = ceil(inputs / sum(1 / COSTLY.get(kind, 1) for kind in kinds)), []
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        waiting = [
            pool.submit(batch, kind, first, min(size, each // COSTLY.get(kind, 1) - first))
            for kind in kinds
            for size in (max(10, _BATCH // COSTLY.get(kind, 1)),)
            for first in range(0, each // COSTLY.get(kind, 1), size)
        ]
        for future in as_completed(waiting):
            found.append(future.result())
            done = sum(one.inputs for one in found)
            print(
                f"\r{done:,} inputs, {sum(len(one.finds) for one in found)} finds", end="", file=sys.stderr, flush=True
            )
    print(file=sys.stderr)
    return found


def _atheris(kind: str, seconds: int) -> int:
    """Coverage-guided fuzzing of one reader, in a process of its own."""
    program = (
        "import sys, atheris\n"
        "with atheris.instrument_imports(include=['attribution']):\n"
        "    import attribution.reading, attribution.domain.case\n"
        "from tests.trust.hostile import judge\n"
        f"def one(data):\n    why = judge({kind!r}, data.decode('utf-8', 'replace'))\n"
        "    if why:\n        raise AssertionError(why)\n"
        "atheris.Setup(sys.argv, one)\natheris.Fuzz()\n"
    )
    corpus = Path(tempfile.gettempdir()) / f"attribution-fuzz-{kind}"
    corpus.mkdir(exist_ok=True)
    for number, text in enumerate(seeds_of(kind)):
        (corpus / f"seed-{number}").write_text(text)
    limits = [f"-max_total_time={seconds}", "-timeout=5", "-rss_limit_mb=1500", "-max_len=60000"]
    return subprocess.run([sys.executable, "-c", program, str(corpus), *limits], check=False).returncode


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--inputs", type=int, default=100_000)
    parser.add_argument("--kinds", nargs="*", choices=KINDS, default=list(KINDS))
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument(
        "--atheris", type=int, metavar="SECONDS", help="texts only, guided by coverage, for so long per kind"
    )
    parser.add_argument("--finds", type=Path, default=Path("build/fuzz"), help="where finds are written")
    chosen = parser.parse_args()
    if chosen.atheris:
        return max(_atheris(kind, chosen.atheris) for kind in chosen.kinds if kind in TEXTS)
    found = run(chosen.kinds, chosen.inputs, chosen.workers)
    finds = [find for one in found for find in one.finds]
    for find in finds:
        chosen.finds.mkdir(parents=True, exist_ok=True)
        (chosen.finds / f"{find.kind}-{find.seed}.txt").write_text(f"# {find.why}\n{find.text}", errors="surrogatepass")
    for kind in chosen.kinds:
        mine = [one for one in found if one.kind == kind]
        print(
            f"{kind:8} {sum(one.inputs for one in mine):>8,} inputs, {sum(len(one.finds) for one in mine)} finds, "
            f"at most {max((one.memory for one in mine), default=0) >> 10} MB"
        )
    for why in sorted({f"{find.kind}: {find.why.splitlines()[0][:150]}" for find in finds})[:20]:
        print(f"  {why}")
    return 1 if finds else 0


if __name__ == "__main__":
    sys.exit(main())
