"""How far do the effects of strikes, halts and truces hang on the delay with which attacks enter a total?

    python -m benchmarks.tempo_delay                     # the shipped campaign at 0.5, 1 and 2 days, by NUTS
    python -m benchmarks.tempo_delay --delays 1 3 --laplace     # in seconds; its intervals are too narrow

The delay is one stated number of models/tempo, not learned: totals of one morning leave out about the last day. Here
the Pentagon's totals are fitted anew at each of several delays, and typical ratios of the kinds stand side by side.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from attribution.campaign.assumptions import Assumptions, read_assumptions
from attribution.campaign.design import design
from attribution.campaign.reading import read_tempo
from attribution.domain.numbers import Number
from attribution.inference.settings import Sampling
from attribution.inference.tempo import laplace, sample_tempo

SERIES, OBSERVER = "us-forces-2023-24", "pentagon"
SAMPLING = Sampling(chains=2, draws=800, tune=500)


def delayed(days: float) -> Assumptions:
    """The standard assumptions, but for the delay."""
    standard = read_assumptions()
    numbers = tuple(
        (name, replace(one, number=Number(days, days, days, "ratio")) if name == "delay" else one)
        for name, one in standard.numbers
    )
    return replace(standard, numbers=numbers)


def main(say: Callable[[str], None] = print) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--delays", type=float, nargs="+", default=[0.5, 1.0, 2.0], metavar="DAYS")
    parser.add_argument("--laplace", action="store_true", help="by Laplace's approximation instead of NUTS")
    given = parser.parse_args()
    series = read_tempo(SERIES)
    say(f"{SERIES}, {OBSERVER}: typical ratio of each kind, 90 % interval, by the mean delay of the totals")
    for days in given.delays:
        there = design(series, series.observer(OBSERVER), delayed(days), pooled=True)
        if given.laplace:
            draws, how = laplace(there.packed).draws(4000, 1), "Laplace"
        else:
            sampled = sample_tempo(there.packed, SAMPLING, 1)
            draws, how = sampled.flat, f"NUTS, R-hat {sampled.convergence.rhat:.3f}"
        rows = np.exp(np.quantile(there.log_kinds(draws), (0.05, 0.5, 0.95), axis=0)).T
        kinds = "; ".join(
            f"{group.name} {ratio:.2f} [{low:.2f}, {high:.2f}]"
            for group, (low, ratio, high) in zip(there.groups, rows, strict=True)
        )
        say(f"{days:4g} days: {kinds} ({how})")


if __name__ == "__main__":
    main()
