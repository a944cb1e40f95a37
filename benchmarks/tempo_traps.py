"""Three traps for whoever asks whether strikes deter or a halt holds: the model by NUTS beside two rivals.

    python -m benchmarks.tempo_traps [--trigger past] [--simulations N]
    python -m benchmarks.tempo_traps [--trigger past] --told    # what is written in benchmarks/results, without a fit

Worlds have bursts, and strikes that do nothing: by `--trigger peaks` they stand at the highest peaks of all days, so
that what follows is lower by choice; by `past` they answer three days of eight attacks. They are seen by days, by
intervals of five to nine days, or by such intervals cut at the strikes. Beside them a halt that never was, on a day
without meaning. Rivals: the ratio of seven days after to seven before, with its Poisson interval; and an interrupted
time series of our own, a Poisson regression on a trend and a step whose standard errors allow for overdispersion. It is
not CausalPy's, which fits a regression with normal noise to what came before and extrapolates it; CausalPy 0.9 asks for
a PyMC below 6. Beside the answer of NUTS stands that of Laplace's approximation.
A run that was killed goes on where it was.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from attribution.atomic import write_texts
from attribution.campaign.assumptions import read_assumptions
from attribution.campaign.design import design
from attribution.campaign.document import Count, Intervention, Observer, Tempo
from attribution.errors import EngineError
from attribution.inference.settings import Sampling
from attribution.inference.tempo import laplace, sample_tempo
from attribution.parallel import each, processes
from benchmarks.ledger import Ledger, code_digest

FIRST = dt.date(2020, 1, 1)
DAYS, STRIKES, ANSWERED = 120, 6, 8
ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "benchmarks" / "results"
LEDGER = ROOT / "build" / "tempo-traps"
SAMPLING = Sampling(chains=2, draws=250, tune=300)
_Z95 = 1.6448536269514722
type Interval = tuple[float, float]


def day(at: int) -> dt.date:
    return FIRST + dt.timedelta(days=int(at))


def a_world(rng: np.random.Generator, trigger: str = "peaks") -> tuple[np.ndarray, list[int]]:
    """Counts of 120 days with bursts of about a week, and the days of strikes: each on a day after many attacks.

    By ``peaks`` those of the whole series, so that what follows is lower by choice; by ``past`` the first days on which
    three days had eight attacks or more, as somebody who answers bursts would choose them.
    """
    slow = rng.normal(0, 0.4) * np.sin(np.arange(DAYS) / 40 + rng.uniform(0, 6))
    fast = np.zeros(DAYS)
    for at in range(1, DAYS):
        fast[at] = 0.8 * fast[at - 1] + rng.normal(0, 0.45)
    counts = rng.poisson(rng.gamma(1.6 * np.exp(slow + fast) / 0.4, 0.4))
    recent = np.convolve(counts, np.ones(3))[:DAYS]
    strikes: list[int] = []
    days = np.argsort(-recent) if trigger == "peaks" else np.flatnonzero(recent >= ANSWERED)
    for at in days:
        if 10 <= at < DAYS - 10 and all(abs(at - other) >= 8 for other in strikes):
            strikes.append(int(at))
        if len(strikes) == STRIKES:
            break
    return counts, sorted(strikes)


def cut(counts: np.ndarray, edges: set[int]) -> tuple[Count, ...]:
    """Counts between edges, which are last days."""
    ends = sorted(edges | {DAYS - 1})
    starts = [0, *(at + 1 for at in ends[:-1])]
    return tuple(Count(day(a), day(b), int(counts[a : b + 1].sum())) for a, b in zip(starts, ends, strict=True))


def by_model(seen: tuple[Count, ...], days: list[int], *, lasts: bool, nuts: bool) -> Interval | None:
    """90 % interval of the mean log ratio of the interventions; a halt has a wide prior of its own."""
    kind = "halt" if lasts else "strike"
    marks = tuple(Intervention(f"{kind}-{at}", kind, day(at), may_last=lasts) for at in days)  # type: ignore[arg-type]
    observer = Observer("seen", "attacks", FIRST, counts=seen)
    series = Tempo("world", "World", FIRST, day(DAYS - 1), (observer,), marks)
    there = design(series, observer, read_assumptions(), pooled=not lasts)
    try:
        draws = sample_tempo(there.packed, SAMPLING, 1).flat if nuts else laplace(there.packed).draws(1000, 1)
    except EngineError:
        return None
    found = there.log_effects(draws) if lasts else there.log_kinds(draws)
    low, high = np.quantile(found.mean(axis=1), (0.05, 0.95))
    return float(low), float(high)


def naive(counts: np.ndarray, days: list[int]) -> Interval:
    """Seven days after against seven before, all interventions together."""
    before = sum(int(counts[at - 6 : at + 1].sum()) for at in days) + 0.5
    after = sum(int(counts[at + 1 : at + 8].sum()) for at in days) + 0.5
    middle, sd = np.log(after / before), np.sqrt(1 / after + 1 / before)
    return float(middle - _Z95 * sd), float(middle + _Z95 * sd)


def interrupted(counts: np.ndarray, days: list[int], *, lasts: bool) -> Interval:
    """A Poisson regression on a trend and a step (or a week after each strike), errors scaled by the dispersion."""
    time = np.arange(DAYS) / DAYS
    step = np.zeros(DAYS)
    for at in days:
        step[at + 1 : None if lasts else at + 8] = 1.0
    x = np.column_stack([np.ones(DAYS), time, step])
    beta = np.array([np.log(counts.mean() + 0.1), 0.0, 0.0])
    for _ in range(50):
        mean = np.exp(np.clip(x @ beta, -10, 10))
        beta = beta + np.linalg.solve(x.T @ (x * mean[:, None]) + 1e-8 * np.eye(3), x.T @ (counts - mean))
    mean = np.exp(np.clip(x @ beta, -10, 10))
    dispersion = max(1.0, float(((counts - mean) ** 2 / mean).sum() / (DAYS - 3)))
    sd = np.sqrt(dispersion * np.linalg.inv(x.T @ (x * mean[:, None]) + 1e-8 * np.eye(3))[2, 2])
    return float(beta[2] - _Z95 * sd), float(beta[2] + _Z95 * sd)


def one(seed: int, trigger: str = "peaks") -> dict[str, Interval | None]:
    """All answers in one world in which nothing has any effect."""
    rng = np.random.default_rng(seed)
    counts, strikes = a_world(rng, trigger)
    if not strikes:  # a quiet world, which nobody answers
        return {}
    edges = set(np.cumsum(rng.integers(5, 10, 40)).tolist())
    coarse = {at for at in edges if at < DAYS}
    halt = [int(rng.integers(40, 80))]
    seen = {
        "days": cut(counts, set(range(DAYS))),
        "intervals": cut(counts, coarse),
        "intervals cut at strikes": cut(counts, coarse | set(strikes)),
    }
    found: dict[str, Interval | None] = {
        "strikes, naive ratio": naive(counts, strikes),
        "strikes, interrupted series": interrupted(counts, strikes, lasts=False),
        "placebo halt, naive ratio": naive(counts, halt),
        "placebo halt, interrupted series": interrupted(counts, halt, lasts=True),
    }
    for name, nuts in (("NUTS", True), ("Laplace", False)):
        for how, intervals in seen.items():
            found[f"strikes, by {how}, {name}"] = by_model(intervals, strikes, lasts=False, nuts=nuts)
        found[f"placebo halt, by days, {name}"] = by_model(seen["days"], halt, lasts=True, nuts=nuts)
    return found


def summary(worlds: list[dict[str, Interval | None]]) -> list[dict[str, Any]]:
    """By method: how often its interval lies below and above no change, and how many worlds it could answer."""
    rows = []
    for name in next(world for world in worlds if world):
        found = np.array([world[name] for world in worlds if world and world[name] is not None])
        fell, rose = float(np.mean(found[:, 1] < 0)), float(np.mean(found[:, 0] > 0))
        rows.append({"method": name, "worlds": len(found), "fell": fell, "rose": rose})
    return rows


def paragraph(rows: list[dict[str, Any]]) -> str:
    """A line for each method."""
    head = f"worlds without any effect: 90 % intervals that say\n{'':40s} worlds   fell   rose"
    return "\n".join(
        [head, *(f"{row['method']:40s} {row['worlds']:6d}  {row['fell']:5.0%}  {row['rose']:5.0%}" for row in rows)]
    )


def main(say: Callable[[str], None] = print) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--simulations", type=int, default=60)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--trigger", choices=("peaks", "past"), default="peaks", help="what strikes answer")
    parser.add_argument("--output", type=Path, help="default: benchmarks/results/tempo-traps-TRIGGER.json")
    parser.add_argument("--told", action="store_true", help="say what is written, and fit nothing")
    given = parser.parse_args()
    output = given.output or RESULTS / f"tempo-traps-{given.trigger}.json"
    if not given.told:
        code = code_digest("attribution/modelling", "attribution/inference")
        ledger = Ledger(LEDGER / f"{given.trigger}-{code}.jsonl")
        known: dict[int, dict[str, Interval | None]] = {int(seed): world for seed, world in ledger.known.items()}
        missing = [seed for seed in range(given.simulations) if seed not in known]

        def keep(position: int, world: dict[str, Interval | None]) -> None:
            known[missing[position]] = world
            ledger.add(str(missing[position]), world)
            say(f"{len(known)} of {given.simulations}")

        with processes(given.workers) as executor:
            each(partial(one, trigger=given.trigger), missing, executor=executor, done=keep)
        seeds = range(given.simulations)
        document = {
            "simulations": given.simulations,
            "trigger": given.trigger,
            "sampling": {"chains": SAMPLING.chains, "draws": SAMPLING.draws, "tune": SAMPLING.tune},
            "summary": summary([known[seed] for seed in seeds]),
            "log_ratio_intervals": {seed: known[seed] for seed in seeds},
        }
        write_texts({output: json.dumps(document, indent=1) + "\n"})
    say(paragraph(json.loads(output.read_text())["summary"]))


if __name__ == "__main__":
    main()
