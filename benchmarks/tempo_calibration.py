"""Simulation-based calibration of the tempo model by NUTS: are its posteriors those of the model?

    python -m benchmarks.tempo_calibration                       # 200 worlds on the dates of the shipped campaign
    python -m benchmarks.tempo_calibration --simulations 20 --output somewhere.json
    python -m benchmarks.tempo_calibration --told                # what the committed ranks say, without any fit

Each world is drawn from the model itself: all numbers from their priors, then totals on the very days, with the very
precisions and interventions, of the campaign against US forces as the Pentagon told it. Worlds with fewer than 60 or
more than 500 attacks in all are drawn anew: the choice looks at the data alone, and so leaves ranks uniform; the other
worlds are nothing like a campaign and take minutes each. A world is fitted as if it were real. If the sampler draws
from the posterior, the rank of any true value among independent draws is uniform (Talts et al. 2018, arXiv:1804.06788).
Two short chains, thinned to draws that are nearly independent. A run that was killed goes on where it was; `--workers
N` shares it out, and `calibrate` takes any `concurrent.futures.Executor`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from dataclasses import asdict, dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from attribution._compile import kernel_digest
from attribution.atomic import write_texts
from attribution.campaign.assumptions import PARAMETERS, read_assumptions
from attribution.campaign.design import Design, design
from attribution.campaign.reading import read_tempo
from attribution.campaign.simulate import predict, rates
from attribution.inference.settings import Sampling
from attribution.inference.tempo import sample_tempo
from attribution.network.program import Floats, Ints
from attribution.parallel import each, processes
from benchmarks.ledger import Ledger

ROOT = Path(__file__).parent.parent
RESULT = ROOT / "benchmarks" / "results" / "tempo-calibration.json"
LEDGER = ROOT / "build" / "tempo-calibration"
SERIES, OBSERVER = "us-forces-2023-24", "pentagon"
SAMPLING = Sampling(chains=2, draws=300, tune=300)
KEPT = 99  # draws that a truth is ranked among, so that ranks run from 0 to 99
FEWEST, MOST = 60, 500  # attacks in all: from a third to three times as many as there were
WATCHED = 6  # days whose rate is ranked, spread over the series


@dataclass(frozen=True)
class Outcome:
    """Of one world: ranks by quantity, the smallest effective sample size of z, and trajectories that diverged."""

    seed: int
    attacks: int
    ess: float
    divergences: int
    ranks: dict[str, int]


@cache
def the_design() -> Design:
    series = read_tempo(SERIES)
    return design(series, series.observer(OBSERVER), read_assumptions())


def quantities(there: Design, z: Floats) -> dict[str, Floats]:
    """What is ranked, of each draw of z: effects, kinds, scalars, rates of some days, attacks without interventions."""
    found = rates(there, z)
    effects, kinds, spreads = there.log_effects(z), there.log_kinds(z), there.spreads(z)
    days = np.linspace(5, there.tempo.days - 6, WATCHED).round().astype(int)
    return (
        {f"effect {one.id}": effects[:, k] for k, one in enumerate(there.interventions)}
        | {f"kind {group.name}": kinds[:, g] for g, group in enumerate(there.groups)}
        | {f"spread {group.name}": spreads[:, g] for g, group in enumerate(there.groups)}
        | {name: there.scalar(z, at) for at, name in enumerate(PARAMETERS)}
        | {f"rate {there.day(int(day))}": found.log_with[:, day] for day in days}
        | {"attacks without interventions": np.log(np.exp(np.minimum(found.log_without, 25.0)).sum(axis=1))}
    )


def a_world(there: Design, rng: np.random.Generator) -> tuple[Floats, Ints]:
    """Numbers from their priors and the counts that they make, until the attacks are as many as in a campaign."""
    while True:
        truth = rng.standard_normal((1, there.size))
        counts = predict(there, truth, rates(there, truth).log_with, int(rng.integers(2**31)))[0]
        if FEWEST <= counts.sum() <= MOST:
            return truth, counts


def outcome(seed: int, sampling: Sampling = SAMPLING) -> Outcome:
    """Draw a world, fit it, and rank the truth."""
    there = the_design()
    rng = np.random.default_rng([seed, 19])
    truth, counts = a_world(there, rng)
    drawn = sample_tempo(there.with_counts(counts).packed, sampling, seed, labels=there.labels)
    flat = drawn.flat
    rows = np.linspace(0, len(flat) - 1, KEPT).round().astype(int)
    true = quantities(there, truth)
    ranks = {name: int(np.sum(values < true[name][0])) for name, values in quantities(there, flat[rows]).items()}
    one = drawn.convergence
    return Outcome(seed, int(counts.sum()), min(one.ess_bulk, one.ess_tail), one.divergences, ranks)


def digest() -> str:
    """Of all that an outcome depends on, kernel, arrays and a world: what other code has finished is not finished."""
    there = the_design()
    found = hashlib.sha256(kernel_digest().encode())
    for array in (*there.packed, *a_world(there, np.random.default_rng(0))):
        found.update(np.ascontiguousarray(array).tobytes())
    return found.hexdigest()[:16]


def calibrate(
    seeds: Iterable[int],
    *,
    executor: Executor | None = None,
    sampling: Sampling = SAMPLING,
    ledger: Ledger | None = None,
    told: Callable[[list[Outcome]], None] = lambda _: None,
) -> list[Outcome]:
    """Outcomes of worlds in the order of their seeds; what the ledger holds is not done again."""
    seeds = sorted(seeds)
    known = ledger.known if ledger else {}
    done = {seed: Outcome(**known[str(seed)]) for seed in seeds if str(seed) in known}
    missing = [seed for seed in seeds if seed not in done]

    def keep(position: int, finished: Outcome) -> None:
        done[missing[position]] = finished
        if ledger:
            ledger.add(str(finished.seed), asdict(finished))
        told([done[seed] for seed in seeds if seed in done])

    each(partial(outcome, sampling=sampling), missing, executor=executor, done=keep)
    return [done[seed] for seed in seeds]


def summary(outcomes: list[Outcome]) -> list[dict[str, Any]]:
    """By quantity: how often the central 50 and 90 % hold the truth, and the p value of uniform ranks in ten bins."""
    rows = []
    for name in outcomes[0].ranks:
        ranks = np.array([one.ranks[name] for one in outcomes])
        counts = np.bincount(ranks * 10 // (KEPT + 1), minlength=10)
        rows.append(
            {
                "quantity": name,
                "inside_50": float(np.mean((ranks >= 25) & (ranks < 75))),
                "inside_90": float(np.mean((ranks >= 5) & (ranks < 95))),
                "mean_rank": float(ranks.mean() / KEPT),
                "p_uniform": float(stats.chisquare(counts).pvalue),
            }
        )
    return rows


def written(outcomes: list[Outcome], path: Path, sampling: Sampling = SAMPLING) -> None:
    """All ranks and seeds, and their summary."""
    document = {
        "series": SERIES,
        "observer": OBSERVER,
        "simulations": len(outcomes),
        "digest": digest(),
        "attacks": [FEWEST, MOST],
        "sampling": {"chains": sampling.chains, "draws": sampling.draws, "tune": sampling.tune, "kept": KEPT},
        "divergences": sum(one.divergences for one in outcomes),
        "worlds_with_divergences": sum(one.divergences > 0 for one in outcomes),
        "median_smallest_ess": float(np.median([one.ess for one in outcomes])),
        "summary": summary(outcomes),
        "outcomes": [asdict(one) for one in outcomes],
    }
    lines = json.dumps(document, indent=1).replace("\n    ", " ").replace("\n   }", " }")
    write_texts({path: lines + "\n"})


def paragraph(outcomes: list[Outcome]) -> str:
    """What the ranks say, a line for each quantity."""
    many = len(outcomes)
    low, high = (int(x) / many for x in stats.binom.interval(0.95, many, 0.9))
    lines = [
        f"{many} worlds; of 90 % intervals {low:.0%} to {high:.0%} should hold the truth",
        f"{'':34s} 50 %  90 %  mean rank  p",
        *(
            f"{row['quantity']:34s} {row['inside_50']:4.0%}  {row['inside_90']:4.0%}  {row['mean_rank']:9.2f}  "
            f"{row['p_uniform']:.3f}"
            for row in summary(outcomes)
        ),
    ]
    return "\n".join(lines)


def main(say: Callable[[str], None] = print) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--simulations", type=int, default=200)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--output", type=Path, default=RESULT)
    parser.add_argument("--told", action="store_true", help="say what the written ranks say, and fit nothing")
    given = parser.parse_args()
    if given.told:
        say(paragraph([Outcome(**one) for one in json.loads(given.output.read_text())["outcomes"]]))
        return
    seeds = range(given.first, given.first + given.simulations)
    ledger = Ledger(LEDGER / f"{digest()}.jsonl")
    with processes(given.workers) as executor:
        found = calibrate(
            seeds, executor=executor, ledger=ledger, told=lambda done: say(f"{len(done)} of {given.simulations}")
        )
    written(found, given.output)
    say(paragraph(found))


if __name__ == "__main__":
    main()
