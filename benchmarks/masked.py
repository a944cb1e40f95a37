"""Labels hidden and found again: the model against the best tuned baselines, on real and simulated tables.

    python -m benchmarks.masked [--seeds N] [--workers N] [--again | --model] [TABLE ...]
    python -m benchmarks.masked table

Forest, boosting, nearest neighbours and place table, each tuned on the labels that are seen, hidden in the same units.
Every table is gone through by single events and by whole months of a place, a fifth of the labels hidden, with as many
draws of what is hidden as `--seeds`: one draw says little, so all of them together stand first: mean log losses, and
one calibration curve of all their events. What is done is kept in `benchmarks/results/masked.json` line by line, and is
not done again unless asked for; `--model` asks for the model alone, beside baselines that were measured before, which
gives the lead no interval. `table` prints it beside the targets, as `benchmarks/results/masked.md` has it. The UCDP
tables are those of `../shared/data`, where they are.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np

from attribution.archive.evaluation.backtest import backtest
from attribution.archive.evaluation.scores import MOST_EXCESS, calibration_error_by_chance, expected_calibration_error
from attribution.atomic import write_text
from attribution.parallel import processes
from benchmarks.archive_choices import tables

BASELINES = ("random-forest", "gradient-boosting", "nearest", "place-table")
RESULTS = Path(__file__).parent / "results" / "masked.json"
LEAD = 0.10  # of the best baseline's log loss: the target
MEANS = (
    "| table | hidden | draws | model | best baseline | | lower by | excess calibration error | target |\n"
    "| --- | --- | ---: | ---: | --- | ---: | ---: | ---: | --- |\n"
)
HEAD = (
    "| table | hidden | draw | events | classes | model | best baseline | | lower by | 90 % interval | excess "
    "calibration error | target | other baselines |\n"
    "| --- | --- | ---: | ---: | ---: | ---: | --- | ---: | ---: | --- | ---: | --- | --- |\n"
)


def measured(name: str, by: str, seed: int, workers: int, before: dict[str, Any] | None = None) -> dict[str, Any]:
    """One table, hidden in one way, once; the model alone, where the baselines were measured `before`."""
    baselines = () if before else BASELINES
    with processes(workers) as executor:
        found = backtest(
            tables()[name](), protocol="masked", by=by, random_seed=seed, baselines=baselines, executor=executor  # type: ignore[arg-type]
        )  # fmt: skip
    loss = {one.name: round(one.scores.log_loss, 4) for one in found.forecasters}
    said = {
        "excess": round(found.model.scores.ece_excess, 4),
        "curve": [[one.events, round(one.forecast, 4), round(one.right, 4)] for one in found.curve],
    }
    if before:
        reduction = round(1.0 - loss["model"] / before["log_loss"][before["best"]], 4)
        return before | {"log_loss": before["log_loss"] | loss, "reduction": reduction, "interval": "-"} | said
    best = found.best_baseline
    assert best is not None
    assert best.lead is not None
    return {
        "table": name, "by": by, "seed": seed, "events": found.scored, "classes": len(found.classes),
        "log_loss": loss, "best": best.name, "reduction": round(best.lead.reduction, 4),
        "interval": best.lead.interval, **said,
    }  # fmt: skip


def means(rows: Sequence[dict[str, Any]]) -> str:
    """All draws together, beside the targets: the best baseline is the one that is best in the mean."""
    out = MEANS
    for name, by in dict.fromkeys((row["table"], row["by"]) for row in rows):
        draws = [row for row in rows if (row["table"], row["by"]) == (name, by)]
        loss = {each: fmean(row["log_loss"][each] for row in draws) for each in draws[0]["log_loss"]}
        best = min((each for each in loss if each != "model"), key=loss.__getitem__)
        reduction, excess = 1.0 - loss["model"] / loss[best], excess_of_all([row["curve"] for row in draws])
        out += (
            f"| {name} | {by} | {len(draws)} | {loss['model']:.3f} | {best} | {loss[best]:.3f} | {reduction:.1%} | "
            f"{excess:+.3f} | {_target(reduction, excess)} |\n"
        )
    return out


def excess_of_all(curves: Sequence[Sequence[Sequence[float]]]) -> float:
    """Excess of the calibration error over chance, all draws as one: chance as if no two events went wrong together.

    What one draw misses in a feud or two moves its own error by more than the target; such gaps fall to either side,
    and the gaps that stay are those of the model.
    """
    events, told, right = np.array(list(chain.from_iterable(curves))).T
    events = events.astype(np.int64)
    forecast = np.repeat(told, events)
    hit = np.concatenate([np.arange(n) < round(n * share) for n, share in zip(events.tolist(), right, strict=True)])
    chance = calibration_error_by_chance(forecast, hit, np.arange(len(hit)))
    return expected_calibration_error(forecast, hit) - chance


def _target(reduction: float, excess: float) -> str:
    lead = "lead" if reduction >= LEAD else "lead missed"
    return f"{lead}, {'calibrated' if excess <= MOST_EXCESS else 'calibration missed'}"


def page(rows: Sequence[dict[str, Any]]) -> str:
    """All draws together, then every draw."""
    return (
        "# Labels hidden and found again\n\nWritten by `python -m benchmarks.masked`.\n\n"
        f"## All draws together\n\n{means(rows)}\n## Every draw\n\n{table(rows)}"
    )


def table(rows: Sequence[dict[str, Any]]) -> str:
    """The rows beside the targets."""
    out = HEAD
    for row in rows:
        loss, reached = row["log_loss"], _target(row["reduction"], row["excess"])
        others = ", ".join(f"{name} {loss[name]:.3f}" for name in loss if name not in ("model", row["best"]))
        out += (
            f"| {row['table']} | {row['by']} | {row['seed']} | {row['events']} | {row['classes']} | "
            f"{loss['model']:.3f} | {row['best']} | {loss[row['best']]:.3f} | {row['reduction']:.1%} | "
            f"{row['interval'].removeprefix('90 % interval ')} | {row['excess']:+.3f} | {reached} | {others} |\n"
        )
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--again", action="store_true", help="also what was measured before")
    parser.add_argument("--model", action="store_true", help="the model alone, where baselines were measured before")
    parser.add_argument("tables", nargs="*", metavar="TABLE", help=f"table, or some of {', '.join(tables())}")
    typed = parser.parse_args()
    rows: list[dict[str, Any]] = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.is_file() else []
    if typed.tables == ["table"]:
        print(f"{means(rows)}\n{table(rows)}", end="")
        return
    for name in typed.tables or tables():
        for by in ("event", "place-month"):
            for seed in range(1, typed.seeds + 1):
                key = {"table": name, "by": by, "seed": seed}
                before = [row for row in rows if key.items() <= row.items()]
                if not (before if typed.model else typed.again or not before):
                    continue
                row = measured(name, by, seed, typed.workers, before[0] if typed.model else None)
                rows = [row for row in rows if row not in before] + [row]
                write_text(RESULTS, "[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n")
                write_text(RESULTS.with_suffix(".md"), page(rows))
                print(table(rows[-1:]).splitlines()[-1], flush=True)


if __name__ == "__main__":
    main()
