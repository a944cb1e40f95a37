"""What the numbers mean now, beside what they meant: all shipped models under the code of several commits.

    python -m benchmarks.meaning table -o benchmarks/results/meaning.json   # before, after each change, and the doubts
    python -m benchmarks.meaning singly -o benchmarks/results/meaning-singly.json   # each thing undone alone
    python -m benchmarks.meaning seeds -o benchmarks/results/seeds.json     # Tower 22 by five seeds of each engine

The old meaning is not kept in the code: a commit is checked out beside this one, with its own cases and models, and
asked. Changes in that table are therefore cumulative, in the order in which they came. `singly` undoes by an edit of
case or model, one at a time and all together, what an edit can undo; what it cannot is said under its table.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

import attribution as at
from attribution.domain.evidence import Statement
from attribution.domain.identifiers import Catalog

ROOT = Path(__file__).parent.parent
COMMITS = (
    ("before", "c452506"),
    ("sizes are assumptions", "18c648d"),
    ("stories", "e522140"),
    ("forgers imitate and copies repeat", "35fd514"),
)
SEEDS = range(1, 6)
NO_EDIT = (
    "That a forger imitates, instead of being sure to say what was said, is a formula: an edit can only leave forging "
    "out. The column of the commit in `meaning.json` has it, together with the next.",
    "That a copy about another fact repeats, instead of contradicting, is a formula: an edit can only leave copying "
    "out.",
    "Scenarios are another way to show the same joint probabilities: they move no faction's.",
)

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


type Pair = tuple[at.Case, at.Model]
type Edit = Callable[[at.Case, at.Model], Pair]


def unforged(case: at.Case, model: at.Model) -> Pair:
    """Nobody forges an origin."""
    kept = {kind: block for kind, block in model.deception.document().items() if kind != "forged"}
    return case, model if not model.deception.forged else model.with_({"deception": kept or None})


def uncopied(case: at.Case, model: at.Model) -> Pair:
    """No item copies another."""
    items = [replace(item, copies=None) if isinstance(item, Statement) else item for item in case.evidence]
    return replace(case, evidence=Catalog(items, kind="item")), model


def untold(case: at.Case, model: at.Model) -> Pair:
    """Every story at strength 0: facts are independent."""
    return case, model.with_({f"stories.{story.id}.strength": 0 for story in model.stories})


def of_one_size(case: at.Case, model: at.Model) -> Pair:
    """Every leaf is one organisation."""
    return case, model.with_({"perpetrator.sizes": None}) if model.perpetrator.sizes.entries else model


EDITS: dict[str, Edit] = {
    "no forging": unforged,
    "no copying": uncopied,
    "stories at 0": untold,
    "all of size 1": of_one_size,
}


def together(case: at.Case, model: at.Model) -> Pair:
    """All of these at once."""
    for edit in EDITS.values():
        case, model = edit(case, model)
    return case, model


def singly() -> dict[str, Any]:
    """Every shipped model now, with each thing undone by itself, all together, and under each doubt by itself.

    Of each: who leads, with what probability and range, and the probability of who leads now.
    """
    from attribution.reading import shipped_cases, shipped_models

    found: dict[str, Any] = {}
    for name in [f"{case}/{model}" for case in shipped_cases() for model in shipped_models(case)]:
        pair = at.read_case(name.partition("/")[0]), at.read_model(name)
        now = at.fit(*pair, engine="importance")
        leader = now.ranking[0].id
        undone = {
            label: _told(at.fit(*changed, engine="importance"), leader) if changed != pair else None
            for label, edit in (EDITS | {"all of these": together}).items()
            for changed in (edit(*pair),)
        }
        doubted = doubts(name)
        leaned, wrong, learned = (
            doubted[key] for key in ("with a lean", "at one in ten of model error", "not learned")
        )
        found[name] = {
            "now": _told(now, leader),
            **undone,
            "with a lean": [*leaned, leaned[1]],
            "model error 1 in 10": [*wrong, None, None, wrong[1]],
            "not learned": [*learned, learned[1]],
        }
    return found


def _told(posterior: at.Posterior, leader: str) -> list[Any]:
    first = posterior.ranking[0]
    mine = next(one for one in posterior.standings if one.id == leader)
    return [first.id, first.probability, first.low, first.high, mine.probability]


def as_markdown(found: dict[str, Any]) -> str:
    """A row per model: the probability of who leads now, its range, and under it whoever leads instead."""
    columns = [*next(iter(found.values()))]
    lines = ["| model | leader now | " + " | ".join(columns) + " |", "| --- | --- |" + " ---: |" * len(columns)]
    for name, row in found.items():
        cells = [_cell(row[column], row["now"][0]) for column in columns]
        lines.append(f"| {name} | {row['now'][0]} | " + " | ".join(cells) + " |")
    notes = [
        "Each cell: the probability of who leads now in percent, the range of the leader over its inputs, and who "
        "leads instead, if so. Empty: the case and model have no such thing.",
        *NO_EDIT,
    ]
    return "# Each change by itself\n\n" + "\n".join(lines) + "\n\n" + "\n".join(f"- {note}" for note in notes) + "\n"


def _cell(told: list[Any] | None, leader: str) -> str:
    if told is None:
        return ""
    other, _, low, high, mine = told
    spread = "" if low is None else f" ({100 * low:.0f}–{100 * high:.0f})"
    return f"{100 * mine:.1f}{spread}{'' if other == leader else f' → {other}'}"


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
    parser.add_argument("what", choices=("table", "singly", "seeds"))
    parser.add_argument("-o", "--output", type=Path, required=True)
    chosen = parser.parse_args()
    found = rounded({"table": table, "singly": singly, "seeds": seeds}[chosen.what]())
    chosen.output.parent.mkdir(parents=True, exist_ok=True)
    chosen.output.write_text(json.dumps(found, indent=1) + "\n")
    if chosen.what == "singly":
        chosen.output.with_suffix(".md").write_text(as_markdown(found))
        print(as_markdown(found))
        return
    print(chosen.output.read_text())


if __name__ == "__main__":
    main()
