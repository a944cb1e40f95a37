"""Simulation-based calibration: are the computed posteriors those of the model, and are probabilities kept?

    make calibrate      # 1,000 cases with `importance`, 100 with `nuts`; writes reports/calibration/
                        # a run that was interrupted goes on where it was
    python -m benchmarks.calibration --importance 200 --nuts 0 --workers 1 --output somewhere
    python -m benchmarks.calibration --importance 400 --nuts 0 --first 100000 --output somewhere    # other cases

Each case is drawn from its own model (`tests/simulated_cases.py`: random trees, fact graphs, grades, shared origins,
copies, deception), then fitted as if it were real. If the computation is right, the true value of anything has a
uniform rank among the posterior's draws (Talts et al. 2018, arXiv:1804.06788; for quantities that depend on the data
too, Modrak et al. 2023, doi:10.1214/23-BA1404), and of the things given 70 %, 70 % hold.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from dataclasses import asdict, dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.progress import Progress, TaskID

from attribution.inference.fit import fit_under
from attribution.inference.posterior import Posterior
from attribution.inference.settings import Engine, Sampling, Settings
from attribution.network.summation import log_joint, normalise
from attribution.parallel import each, processes
from benchmarks.ledger import Ledger, code_digest
from tests.brute_origins import WHO
from tests.simulated_cases import Simulation, simulated

SIZES: dict[Engine, Sampling] = {"importance": Sampling(), "nuts": Sampling(chains=2, draws=500, tune=500)}
THINNED = 100  # draws of NUTS that a rank is taken among: about as many as are independent

type Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Outcome:
    """What one simulated case says: PITs in [0, 1] by quantity, and (probability, held) pairs by kind.

    `dimension` is the number of uncertain numbers, `ess` the effective number of draws behind the ranks.
    """

    seed: int
    dimension: int
    ess: float
    khat: float
    pits: dict[str, float]
    faction: tuple[tuple[float, bool], ...]
    fact: tuple[tuple[float, bool], ...]

    @classmethod
    def of(cls, written: dict[str, Any]) -> Outcome:
        """From what `dataclasses.asdict` and JSON made of it."""
        pairs = {name: tuple((p, held) for p, held in written[name]) for name in ("faction", "fact")}
        return cls(**{**written, **pairs})


def calibrate(
    seeds: Iterable[int],
    engine: Engine,
    *,
    executor: Executor | None = None,
    sampling: Sampling | None = None,
    ledger: Ledger | None = None,
    told: Callable[[int], None] = lambda _: None,
) -> list[Outcome]:
    """Outcomes of simulated cases in the order of their seeds, whatever the executor.

    What the `ledger` holds is not done again; `told` hears how many are done.
    """
    seeds = sorted(seeds)
    known = ledger.known if ledger else {}
    outcomes = {seed: Outcome.of(known[f"{engine} {seed}"]) for seed in seeds if f"{engine} {seed}" in known}
    missing = [seed for seed in seeds if seed not in outcomes]

    def keep(position: int, finished: Outcome) -> None:
        outcomes[missing[position]] = finished
        if ledger:
            ledger.add(f"{engine} {missing[position]}", asdict(finished))
        told(len(outcomes))

    each(partial(outcome, engine=engine, sampling=sampling or SIZES[engine]), missing, executor=executor, done=keep)
    return [outcomes[seed] for seed in seeds]


def outcome(seed: int, engine: Engine, sampling: Sampling) -> Outcome:
    """Simulate a case, fit it, and rank the truth."""
    truth = simulated(seed)
    posterior = fit_under(truth.case, truth.model, Settings(engine=engine, random_seed=seed, sampling=sampling))
    rng = np.random.default_rng([seed, 2])
    states = [(one.id, one.probability) for one in posterior.state_standings]
    tails = posterior.diagnostics.tails if engine == "importance" else None
    return Outcome(
        seed=seed,
        dimension=posterior.program.dimension,
        ess=1.0 / float(np.sum(posterior.draws.weights**2)),
        khat=tails.khat if tails else float("nan"),
        pits=_ranks(posterior, truth, rng) | _discrete_ranks(posterior, truth, rng),
        faction=tuple((one.probability, one.id == truth.perpetrator) for one in posterior.standings),
        fact=tuple((p, truth.world[id.split("=")[0]] == id.split("=")[1]) for id, p in states),
    )


def _ranks(posterior: Posterior, truth: Simulation, rng: np.random.Generator) -> dict[str, float]:
    """Ranks of one number picked at random, of the log-odds of one faction, and of the evidence's probability."""
    program = posterior.program
    z = np.array([truth.z[label] for label in program.labels])
    ranked = [k for k, label in enumerate(program.labels) if label not in truth.unranked]
    picked = int(rng.choice(ranked))
    faction = int(rng.integers(len(program.factions)))
    probability, evidence = normalise(log_joint(program, z[None]))
    ours = {
        "a number": (posterior.draws.flat[:, picked], z[picked]),
        "log-odds of a faction": (posterior.faction_draws[:, faction], probability[0, faction]),
        "log probability of the evidence": (posterior.log_evidence, evidence[0]),
    }
    rows = _independent(posterior)
    weights = posterior.draws.weights[rows]
    return {name: _rank(values[rows], weights, true, rng) for name, (values, true) in ours.items()}


def _independent(posterior: Posterior) -> NDArray[np.int64]:
    count = len(posterior.draws.weights)
    step = max(1, count // THINNED) if posterior.settings.engine == "nuts" else 1
    return np.arange(0, count, step)


def _rank(values: Floats, weights: Floats, true: float, rng: np.random.Generator) -> float:
    """Weight of the draws below the truth; ties, and the truth's own place among finitely many draws, at random."""
    weights = weights / weights.sum()
    spread = 1e-9 * max(1.0, abs(true))
    below, level = weights[values < true - spread].sum(), weights[np.abs(values - true) <= spread].sum()
    own = float(np.sum(weights**2))
    return float((below + rng.random() * (level + own)) / (1 + own))


def _discrete_ranks(posterior: Posterior, truth: Simulation, rng: np.random.Generator) -> dict[str, float]:
    """Randomised PITs of the perpetrator and of one fact: uniform when the probabilities are those of the truth."""
    standings = [(one.id, one.probability) for one in posterior.standings]
    fact = str(rng.choice(list(truth.world)))
    states = [
        (one.id.split("=")[1], one.probability) for one in posterior.state_standings if one.id.startswith(f"{fact}=")
    ]
    return {
        WHO: _randomised(standings, truth.perpetrator, rng),
        "a fact": _randomised(states, truth.world[fact], rng),
    }


def _randomised(options: list[tuple[str, float]], true: str, rng: np.random.Generator) -> float:
    """Options in an order of their own for each case, so that no faction is always first."""
    order = rng.permutation(len(options))
    below = 0.0
    for position in order:
        name, probability = options[position]
        if name == true:
            return float(below + rng.random() * probability)
        below += probability
    raise LookupError(true)


def band(pits: Floats, probability: float = 0.95) -> tuple[Floats, Floats, Floats, Floats]:
    """ECDF of PITs with a simultaneous band under uniformity: points, ECDF, lower, upper (Sailynoja et al. 2022)."""
    from arviz_stats.ecdf_utils import ecdf_pit

    points, ecdf, lower, upper = ecdf_pit(pits, probability, 1000, rng=np.random.default_rng(1))
    return np.asarray(points), np.asarray(ecdf), np.asarray(lower), np.asarray(upper)


def inside(pits: Floats, probability: float = 0.95) -> bool:
    """Whether the whole ECDF lies in its band."""
    _, ecdf, lower, upper = band(pits, probability)
    return bool(np.all((ecdf >= lower) & (ecdf <= upper)))


@dataclass(frozen=True)
class Kept:
    """Of the things given about `given`, the share `held` (standard error `error`), `count` of them."""

    low: float
    high: float
    given: float
    held: float
    error: float
    count: int


def kept(pairs: list[tuple[float, bool]]) -> Iterator[Kept]:
    """Reliability by band of probability; the error is that of a sum of independent coins with the given chances."""
    edges = (0.0, 0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0 + 1e-12)
    p = np.array([pair[0] for pair in pairs])
    held = np.array([pair[1] for pair in pairs], dtype=float)
    for low, high in pairwise(edges):
        mine = (p >= low) & (p < high)
        if mine.any():
            error = float(np.sqrt(np.sum(p[mine] * (1 - p[mine])))) / int(mine.sum())
            yield Kept(low, min(high, 1.0), float(p[mine].mean()), float(held[mine].mean()), error, int(mine.sum()))


def summary(outcomes: dict[Engine, list[Outcome]]) -> dict[str, object]:
    """All figures, for the JSON file: no times, so that the same code gives the same file."""
    return {engine: _summary(found) for engine, found in outcomes.items()}


def _summary(found: list[Outcome]) -> dict[str, object]:
    names = list(found[0].pits)
    pits = {name: np.array([one.pits[name] for one in found]) for name in names}
    pairs = {
        "perpetrator": [pair for one in found for pair in one.faction],
        "facts": [p for one in found for p in one.fact],
    }
    return {
        "cases": len(found),
        "numbers": [min(one.dimension for one in found), max(one.dimension for one in found)],
        "shapes": len({-(-one.dimension // 64) for one in found}),
        "smallest_effective_sample_size": round(min(one.ess for one in found), 1),
        "khat_above_0.7": sum(one.khat > 0.7 for one in found),
        "pits_within_95_band": {name: inside(values) for name, values in pits.items()},
        "kolmogorov_smirnov_p": {name: round(_ks(values), 4) for name, values in pits.items()},
        "kept": {name: [vars(row) for row in kept(mine)] for name, mine in pairs.items()},
        "pits": {name: [round(float(v), 6) for v in values] for name, values in pits.items()},
    }


def _ks(pits: Floats) -> float:
    from scipy.stats import kstest

    return float(kstest(pits, "uniform").pvalue)


def _advance(progress: Progress, task: TaskID, done: int) -> None:
    progress.update(task, completed=done)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--importance", type=int, default=1000, metavar="CASES")
    parser.add_argument("--nuts", type=int, default=100, metavar="CASES")
    parser.add_argument("--first", type=int, default=0, metavar="SEED", help="seed of the first case: other cases")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--output", type=Path, default=Path("reports/calibration"))
    chosen = parser.parse_args()
    from benchmarks.calibration_page import write

    ledger = Ledger(Path("build") / "calibration" / f"{code_digest('attribution', 'tests')}.jsonl")
    outcomes: dict[Engine, list[Outcome]] = {}
    with Progress() as progress, processes(chosen.workers) as executor:
        for engine, cases in (("importance", chosen.importance), ("nuts", chosen.nuts)):
            if cases:
                task = progress.add_task(engine, total=cases)
                told = partial(_advance, progress, task)
                outcomes[engine] = calibrate(
                    range(chosen.first, chosen.first + cases), engine, executor=executor, ledger=ledger, told=told
                )
    write(summary(outcomes), chosen.output)
    print((chosen.output / "README.md").read_text())


if __name__ == "__main__":
    main()
