"""What the numbers mean now, beside what they meant: all shipped models under the code of several commits.

    python -m benchmarks.meaning table -o benchmarks/results/meaning.json   # before, after each change, and the doubts
    python -m benchmarks.meaning seeds -o benchmarks/results/seeds.json     # Tower 22 by five seeds of each engine

The old meaning is not kept in the code: a commit is checked out beside this one, with its own cases and models, and
asked. Changes are therefore cumulative, in the order in which they came.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

import attribution as at

ROOT = Path(__file__).parent.parent
COMMITS = (
    ("before", "c452506"),
    ("sizes are assumptions", "18c648d"),
    ("stories", "e522140"),
    ("forgers imitate and copies repeat", "35fd514"),
)
SEEDS = range(1, 6)

_ASK = """
import json
import attribution as at
from attribution.reading import shipped_cases, shipped_models
found = {}
for name in shipped_cases():
    case = at.read_case(name)
    for model in shipped_models(name):
        posterior = at.fit(case, at.read_model(f"{name}/{model}"), engine="importance")
        first = posterior.ranking[0]
        found[f"{name}/{model}"] = [first.id, first.probability, first.low, first.high]
print(json.dumps(found))
"""


def at_commit(commit: str) -> dict[str, list[Any]]:
    """Leader, probability and range over inputs of every shipped model, by the code, cases and models of a commit."""
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        subprocess.run(["git", "worktree", "add", "-q", "--detach", str(tree), commit], cwd=ROOT, check=True)
        try:
            shown = subprocess.run(
                [sys.executable, "-c", _ASK],
                cwd=tree,
                env={**os.environ, "PYTHONPATH": str(tree)},
                capture_output=True,
                text=True,
                check=True,
            )
        finally:
            subprocess.run(["git", "worktree", "remove", "--force", str(tree)], cwd=ROOT, check=True)
    answer: dict[str, list[Any]] = json.loads(shown.stdout)
    return answer


def doubts(name: str) -> dict[str, Any]:
    """The same answer now, with a lean, with a wrong model, and with the numbers not learned."""
    posterior = at.fit(at.read_case(name.partition("/")[0]), at.read_model(name), engine="importance")
    leaned, wrong, learned = at.lean(posterior, refit=False), at.model_error(posterior), at.learning(posterior)
    leader = posterior.ranking[0]
    cut = next(one for one in learned.cut if one.id == leader.id)
    return {
        "now": [leader.id, leader.probability, leader.low, leader.high],
        "with a lean": [leader.id, leader.probability, *leaned.range_of(leader.id)],
        "a lean can lead to": sorted({one.leader for one in leaned.leanings if one.leader != leader.id}),
        "at one in ten of model error": [leader.id, wrong.of(leader.id, 0.1)],
        "not learned": [learned.cut_leader, cut.probability, cut.low, cut.high],
    }


def table() -> dict[str, Any]:
    """Every shipped model: at each commit, and under each doubt."""
    from attribution.reading import shipped_cases, shipped_models

    names = [f"{case}/{model}" for case in shipped_cases() for model in shipped_models(case)]
    then = {label: at_commit(commit) for label, commit in COMMITS}
    return {name: {label: found.get(name) for label, found in then.items()} | doubts(name) for name in names}


def seeds() -> dict[str, Any]:
    """Tower 22's probabilities by five seeds of each engine: their spread against the Monte Carlo error stated."""
    case, model = at.read_case("tower-22"), at.read_model("tower-22/baseline")
    told: dict[str, Any] = {}
    for engine in ("importance", "nuts"):
        found = [at.fit(case, model, engine=engine, random_seed=seed).standings for seed in SEEDS]  # type: ignore[arg-type]
        told[engine] = {
            one.id: {
                "mean": float(np.mean([run[h].probability for run in found])),
                "spread": float(np.std([run[h].probability for run in found], ddof=1)),
                "stated": float(np.sqrt(np.mean([run[h].mcse ** 2 for run in found]))),
            }
            for h, one in enumerate(found[0])
        }
        ratios = [row["spread"] / row["stated"] for row in told[engine].values() if row["stated"] > 0]
        told[engine]["spread over stated, root mean square"] = float(np.sqrt(np.mean(np.square(ratios))))
    return told


def rounded(value: Any) -> Any:
    """Five digits after the point, so that the same code gives the same file on any machine."""
    if isinstance(value, dict):
        return {key: rounded(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [rounded(inner) for inner in value]
    return round(value, 5) if isinstance(value, float) else value


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("what", choices=("table", "seeds"))
    parser.add_argument("-o", "--output", type=Path, required=True)
    chosen = parser.parse_args()
    found = rounded(table() if chosen.what == "table" else seeds())
    chosen.output.parent.mkdir(parents=True, exist_ok=True)
    chosen.output.write_text(json.dumps(found, indent=1) + "\n")
    print(chosen.output.read_text())


if __name__ == "__main__":
    main()
