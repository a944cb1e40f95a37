"""Labels hidden and found again: the model against the best tuned baselines, on real and simulated tables.

    python -m benchmarks.masked [--seeds N] [--workers N] [--again] [TABLE ...]
    python -m benchmarks.masked table

Forest, boosting, nearest neighbours and place table, each tuned on the labels that are seen, hidden in the same units.
Every table is gone through by single events and by whole months of a place, a fifth of the labels hidden, with as many
draws of what is hidden as `--seeds`. What is done is kept in `benchmarks/results/masked.json` line by line, and is not
done again unless asked for; `table` prints it beside the targets, as `benchmarks/results/masked.md` has it. The UCDP
tables are those of `../shared/data`, where they are.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from attribution.archive.evaluation.backtest import backtest
from attribution.archive.evaluation.scores import MOST_EXCESS
from attribution.atomic import write_text
from attribution.parallel import processes
from benchmarks.archive_choices import tables

BASELINES = ("random-forest", "gradient-boosting", "nearest", "place-table")
RESULTS = Path(__file__).parent / "results" / "masked.json"
LEAD = 0.10  # of the best baseline's log loss: the target
HEAD = (
    "| table | hidden | draw | events | classes | model | best baseline | | lower by | 90 % interval | excess "
    "calibration error | target | other baselines |\n"
    "| --- | --- | ---: | ---: | ---: | ---: | --- | ---: | ---: | --- | ---: | --- | --- |\n"
)


def measured(name: str, by: str, seed: int, workers: int) -> dict[str, Any]:
    """One table, hidden in one way, once."""
    with processes(workers) as executor:
        found = backtest(
            tables()[name](), protocol="masked", by=by, random_seed=seed, baselines=BASELINES, executor=executor  # type: ignore[arg-type]
        )  # fmt: skip
    best = found.best_baseline
    assert best is not None
    assert best.lead is not None
    return {
        "table": name, "by": by, "seed": seed, "events": found.scored, "classes": len(found.classes),
        "log_loss": {one.name: round(one.scores.log_loss, 4) for one in found.forecasters}, "best": best.name,
        "reduction": round(best.lead.reduction, 4), "interval": best.lead.interval,
        "excess": round(found.model.scores.ece_excess, 4),
    }  # fmt: skip


def table(rows: Sequence[dict[str, Any]]) -> str:
    """The rows beside the targets."""
    out = HEAD
    for row in rows:
        loss = row["log_loss"]
        others = ", ".join(f"{name} {loss[name]:.3f}" for name in loss if name not in ("model", row["best"]))
        lead = "lead" if row["reduction"] >= LEAD else "lead missed"
        sure = "calibrated" if row["excess"] <= MOST_EXCESS else "calibration missed"
        out += (
            f"| {row['table']} | {row['by']} | {row['seed']} | {row['events']} | {row['classes']} | "
            f"{loss['model']:.3f} | {row['best']} | {loss[row['best']]:.3f} | {row['reduction']:.1%} | "
            f"{row['interval'].removeprefix('90 % interval ')} | {row['excess']:+.3f} | {lead}, {sure} | {others} |\n"
        )
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--again", action="store_true", help="also what was measured before")
    parser.add_argument("tables", nargs="*", metavar="TABLE", help=f"table, or some of {', '.join(tables())}")
    typed = parser.parse_args()
    rows: list[dict[str, Any]] = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.is_file() else []
    if typed.tables == ["table"]:
        print(table(rows), end="")
        return
    for name in typed.tables or tables():
        for by in ("event", "place-month"):
            for seed in range(1, typed.seeds + 1):
                key = {"table": name, "by": by, "seed": seed}
                before = [row for row in rows if key.items() <= row.items()]
                if before and not typed.again:
                    continue
                rows = [row for row in rows if row not in before] + [measured(name, by, seed, typed.workers)]
                write_text(RESULTS, json.dumps(rows, indent=1) + "\n")
                page = f"# Labels hidden and found again\n\nWritten by `python -m benchmarks.masked`.\n\n{table(rows)}"
                write_text(RESULTS.with_suffix(".md"), page)
                print(table(rows[-1:]).splitlines()[-1], flush=True)


if __name__ == "__main__":
    main()
