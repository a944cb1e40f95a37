"""Labels hidden and found again: the model against the best tuned baselines, on real and simulated tables.

    python -m benchmarks.masked [--seeds N] [-o FILE.md] [TABLE ...]

Forest, boosting, nearest neighbours and place table, each tuned on the labels that are seen, hidden in the same units.
Every table is gone through by single events and by whole months of a place, a fifth of the labels hidden, with as many
draws of what is hidden as `--seeds`. The UCDP tables are those of `../shared/data`, where they are.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from attribution.archive.evaluation.backtest import backtest
from benchmarks.archive_choices import tables

BASELINES = ("random-forest", "gradient-boosting", "nearest", "place-table")
HEAD = (
    "| table | hidden | draw | events | classes | model | best baseline | | lower by | 90 % interval | excess "
    "calibration error | other baselines |\n"
    "| --- | --- | ---: | ---: | ---: | ---: | --- | ---: | ---: | --- | ---: | --- |\n"
)


def line(name: str, by: str, seed: int) -> str:
    """One row of the table of results."""
    found = backtest(tables()[name](), protocol="masked", by=by, random_seed=seed, baselines=BASELINES)  # type: ignore[arg-type]
    best = found.best_baseline
    assert best is not None
    assert best.lead is not None
    others = ", ".join(f"{one.name} {one.scores.log_loss:.3f}" for one in found.forecasters[2:])
    scores, interval = found.model.scores, best.lead.interval.removeprefix("90 % interval ")
    return (
        f"| {name} | {by} | {seed} | {found.scored} | {len(found.classes)} | {scores.log_loss:.3f} | {best.name} | "
        f"{best.scores.log_loss:.3f} | {best.lead.reduction:.1%} | {interval} | "
        f"{scores.ece_excess:+.3f} | {others} |\n"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("-o", "--output", type=Path, default=Path("benchmarks/results/masked.md"))
    parser.add_argument("tables", nargs="*", metavar="TABLE", help=", ".join(tables()))
    typed = parser.parse_args()
    text = f"# Labels hidden and found again\n\nWritten by `python -m benchmarks.masked`.\n\n{HEAD}"
    for name in typed.tables or tables():
        for by in ("event", "place-month"):
            for seed in range(1, typed.seeds + 1):
                text += line(name, by, seed)
                typed.output.write_text(text, encoding="utf-8")
                print(text.splitlines()[-1], flush=True)


if __name__ == "__main__":
    main()
