"""Three traps for whoever asks whether strikes deter or a halt holds: the model beside two rivals.

    python -m benchmarks.tempo_traps [--simulations N]

Worlds have bursts, and strikes that stand at their peaks and do nothing, seen by days, by intervals of five to nine
days, or by such intervals cut at the strikes; and a halt that never was, on a day without meaning. Rivals: the ratio of
seven days after to seven before, with its Poisson interval; and an interrupted time series, a Poisson regression on a
trend and a step whose standard errors allow for overdispersion. The model is fitted by Laplace's approximation.
"""

from __future__ import annotations

import argparse
import datetime as dt
from collections.abc import Callable

import numpy as np

from attribution.campaign.assumptions import read_assumptions
from attribution.campaign.design import design
from attribution.campaign.document import Count, Intervention, Observer, Tempo
from attribution.errors import EngineError
from attribution.inference.tempo import laplace

FIRST = dt.date(2020, 1, 1)
DAYS, STRIKES = 120, 6
_Z95 = 1.6448536269514722
type Interval = tuple[float, float]


def day(at: int) -> dt.date:
    return FIRST + dt.timedelta(days=int(at))


def a_world(rng: np.random.Generator) -> tuple[np.ndarray, list[int]]:
    """Counts of 120 days with bursts of about a week, and the days of strikes: each on a day after many attacks."""
    slow = rng.normal(0, 0.4) * np.sin(np.arange(DAYS) / 40 + rng.uniform(0, 6))
    fast = np.zeros(DAYS)
    for at in range(1, DAYS):
        fast[at] = 0.8 * fast[at - 1] + rng.normal(0, 0.45)
    counts = rng.poisson(rng.gamma(1.6 * np.exp(slow + fast) / 0.4, 0.4))
    recent = np.convolve(counts, np.ones(3))[:DAYS]
    strikes: list[int] = []
    for at in np.argsort(-recent):
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


def by_model(seen: tuple[Count, ...], days: list[int], *, lasts: bool) -> Interval | None:
    """90 % interval of the mean log ratio of the interventions, each for itself, by Laplace's approximation."""
    kind = "halt" if lasts else "strike"
    marks = tuple(Intervention(f"{kind}-{at}", kind, day(at), may_last=lasts) for at in days)  # type: ignore[arg-type]
    observer = Observer("seen", "attacks", FIRST, counts=seen)
    series = Tempo("world", "World", FIRST, day(DAYS - 1), (observer,), marks)
    there = design(series, observer, read_assumptions(), pooled=not lasts)
    try:
        draws = laplace(there.packed).draws(1000, 1)
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


def one(seed: int) -> dict[str, Interval | None]:
    """All answers in one world in which nothing has any effect."""
    rng = np.random.default_rng(seed)
    counts, strikes = a_world(rng)
    edges = set(np.cumsum(rng.integers(5, 10, 40)).tolist())
    coarse = {at for at in edges if at < DAYS}
    halt = [int(rng.integers(40, 80))]
    daily = cut(counts, set(range(DAYS)))
    return {
        "strikes, naive ratio": naive(counts, strikes),
        "strikes, interrupted series": interrupted(counts, strikes, lasts=False),
        "strikes, model by days": by_model(daily, strikes, lasts=False),
        "strikes, model by intervals": by_model(cut(counts, coarse), strikes, lasts=False),
        "strikes, model by intervals cut at strikes": by_model(
            cut(counts, coarse | set(strikes)), strikes, lasts=False
        ),
        "placebo halt, naive ratio": naive(counts, halt),
        "placebo halt, interrupted series": interrupted(counts, halt, lasts=True),
        "placebo halt, model by days": by_model(daily, halt, lasts=True),
    }


def main(say: Callable[[str], None] = print) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--simulations", type=int, default=60)
    many = parser.parse_args().simulations
    worlds = [one(seed) for seed in range(many)]
    say(f"{many} worlds without any effect: 90 % intervals that say")
    say(f"{'':44s} fell   rose")
    for name in worlds[0]:
        found = [world[name] for world in worlds if world[name] is not None]
        fell = np.mean([high < 0 for _, high in found])  # type: ignore[misc]
        rose = np.mean([low > 0 for low, _ in found])  # type: ignore[misc]
        say(f"{name:44s} {fell:5.0%}  {rose:5.0%}")


if __name__ == "__main__":
    main()
