"""Wrong mathematics on purpose: is each mistake caught by a test?

    make mutate                                     # all, a table at the end; exit code 1 where one survives
    python -m tests.trust.mutations --only origin-twice prior-squared

Each mutation changes one passage of a copy of the package and runs the tests that should see it, stopping at the first
that fails. A mutation whose tests all pass has survived, and a test is missing.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.trust.mutations import MUTATIONS
from tests.trust.mutations.mutation import ROOT, Mutation, mutated, watching

_COPIED = ("attribution", "tests", "benchmarks", "data", "models", "reports", "pyproject.toml")
_PASSED, _FAILED = 0, 1  # exit codes of pytest


@dataclass(frozen=True, slots=True)
class Result:
    """Which test saw a mistake, empty where none did; `ran` is false where the tests could not even be collected."""

    mutation: Mutation
    caught_by: str
    ran: bool = True

    def __str__(self) -> str:
        return self.caught_by or ("SURVIVED" if self.ran else "NOT TRIED: its tests do not run")


def run(mutation: Mutation, copy: Path) -> Result:
    """Make the mistake in the copy, run the tests, and take it back."""
    path = copy / mutation.file
    right = path.read_text()
    path.write_text(mutated(mutation, copy))
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *watching(mutation, copy)]
    environment = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        shown = subprocess.run(
            command, cwd=copy, env=environment, capture_output=True, text=True, timeout=900, check=False
        )
    finally:
        path.write_text(right)
    failed = re.search(r"^(?:FAILED|ERROR) (\S+)", shown.stdout, re.MULTILINE)
    caught_by = failed.group(1).split("[")[0] if failed and shown.returncode == _FAILED else ""
    return Result(mutation, caught_by, ran=shown.returncode in (_PASSED, _FAILED))


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", nargs="*", default=[mutation.name for mutation in MUTATIONS])
    chosen = [mutation for mutation in MUTATIONS if mutation.name in parser.parse_args().only]
    results = []
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy"
        for name in _COPIED:
            source = ROOT / name
            ignored = shutil.ignore_patterns("__pycache__", "node_modules")
            if source.is_dir():
                shutil.copytree(source, copy / name, ignore=ignored)
            else:
                shutil.copy(source, copy / name)
        for mutation in chosen:
            results.append(run(mutation, copy))
            print(f"{mutation.name:24} {results[-1]}", flush=True)
    survivors = [result for result in results if not result.caught_by]
    print(f"\n{len(results) - len(survivors)} of {len(results)} mistakes caught")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
