"""Simulated analysts who lean: how often the two ranges of a report hold the answer that the true numbers give.

    python -m benchmarks.analysts --analysts 400 -o benchmarks/results/analysts.json

The truth comes first: a number for each faction and fact, the perpetrator, the facts, the reports. Then an analyst, who
knows the reports, states every number with an error of half a probit; what a careful analyst knows of the spread of
such numbers is used, so that with independent errors the range over inputs holds the true `p(h | E, theta)` in nine
cases of ten, exactly. The errors of the numbers of one faction, picked at random, have a correlation r: a lean towards
what the reports say, or away from it. The lean has nothing to do with who it was.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import attribution as at
from attribution.domain.facts import Fact
from attribution.parallel import each, processes
from tests.builders import YES_NO, a_case, a_model, a_report, a_table, a_tree, says

FACTIONS = ("a", "b", "c", "d")
FACTS = 12
ERROR, SPREAD = 0.5, 1.0  # of a statement, and of the true numbers, in probits
OTHER, EVEN = 0.04, 0.5
CORRELATIONS = (0.0, 0.1, 0.3)
_Z95 = 1.6448536269514722

type Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Held:
    """Whether two ranges hold the truth, and their widths; of the faction leaned to, and of one picked at random."""

    inputs: tuple[bool, bool]
    lean: tuple[bool, bool]
    inputs_width: tuple[float, float]
    lean_width: tuple[float, float]


def analyst(seed: int, correlation: float) -> Held:
    """One truth, one analyst, both ranges; the same seed is the same truth at every correlation."""
    from scipy.special import ndtr

    rng = np.random.default_rng([seed, 15])
    true = rng.normal(0.0, SPREAD, (len(FACTIONS), FACTS))
    culprit = int(rng.choice(len(FACTIONS) + 1, p=[*[(1 - OTHER) / len(FACTIONS)] * len(FACTIONS), OTHER]))
    chance = ndtr(true[culprit]) if culprit < len(FACTIONS) else np.full(FACTS, EVEN)
    happened = rng.random(FACTS) < chance
    believed, by_chance = rng.random(FACTS), rng.random(FACTS)
    leaned, picked = (int(rng.integers(len(FACTIONS))) for _ in range(2))
    common, own = rng.standard_normal(), rng.standard_normal(true.shape)
    rho = _reliability()
    said = np.where(believed < rho, happened, by_chance < EVEN)
    off = own.copy()
    sign = np.where(said, 1.0, -1.0)  # the number is that of `yes`: asserted, or not
    off[leaned] = np.sqrt(correlation) * common * sign + np.sqrt(1 - correlation) * own[leaned]
    kept = SPREAD**2 / (SPREAD**2 + ERROR**2)
    posterior = fitted(kept * (true - ERROR * off), ERROR * np.sqrt(kept), said)
    truth = answer(ndtr(true), said, rho)
    found = at.lean(posterior, correlation=0.1, refit=False)
    ranges = [((found.low[h], found.high[h]), found.range_of(FACTIONS[h])) for h in (leaned, picked)]
    held = [[low <= truth[h] <= high for low, high in both] for h, both in zip((leaned, picked), ranges, strict=True)]
    width = [[high - low for low, high in both] for both in ranges]
    return Held(*((of[0][k], of[1][k]) for of in (held, width) for k in (0, 1)))


def fitted(best: Floats, width: float, said: NDArray[np.bool_]) -> at.Posterior:
    """The posterior of a case with one report about each fact, under numbers stated so."""
    from scipy.special import ndtr

    facts = [Fact(f"x{k}", YES_NO) for k in range(FACTS)]
    items = [a_report(f"r{k}", says(f"x{k}", "yes" if yes else "no")) for k, yes in enumerate(said)]
    low, high = (ndtr(best + step * width) for step in (-_Z95, _Z95))
    tables = [
        a_table(
            fact.id,
            {
                "yes": {
                    **{h: (low[n, k], float(ndtr(best[n, k])), high[n, k]) for n, h in enumerate(FACTIONS)},
                    "else": EVEN,
                }
            },
        )
        for k, fact in enumerate(facts)
    ]
    case = a_case(*facts, items=items, tree=a_tree(*FACTIONS))
    return at.fit(case, a_model(*tables, other=OTHER), engine="importance", scrambles=8, log2_points=7)


def answer(numbers: Floats, said: NDArray[np.bool_], rho: float) -> Floats:
    """``p(h | E, theta)`` of the named factions under the true numbers, by hand."""
    speaks = np.where(said, numbers, 1.0 - numbers)
    likelihood = np.prod(rho * speaks + (1 - rho) * EVEN, axis=1)
    joint = (1 - OTHER) / len(FACTIONS) * likelihood
    return np.asarray(joint / (joint.sum() + OTHER * EVEN**FACTS))


def _reliability() -> float:
    """What a B2 report is believed, as the grading of the simulation has it."""
    posterior = fitted(np.zeros((len(FACTIONS), FACTS)), 1.0, np.ones(FACTS, dtype=bool))
    source, item = posterior.program.ints.origin_source[0], posterior.program.ints.origin_item[0]
    return float(posterior.slots[0, source] * posterior.slots[0, item])


def summary(found: list[Held]) -> dict[str, dict[str, float]]:
    """Coverage with its standard error and mean width of each range, for the faction leaned to and for any."""
    told = {}
    for place, whose in enumerate(("the faction leaned to", "any faction")):
        for name in ("inputs", "lean"):
            held = np.array([getattr(one, name)[place] for one in found])
            width = np.array([getattr(one, f"{name}_width")[place] for one in found])
            told[f"{whose}, range over {'inputs' if name == 'inputs' else 'inputs with a lean'}"] = {
                "coverage": round(float(held.mean()), 4),
                "standard_error": round(float(held.std(ddof=1) / np.sqrt(len(held))), 4),
                "mean_width": round(float(width.mean()), 4),
            }
    return told


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--analysts", type=int, default=400)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("-o", "--output", type=Path, default=Path("benchmarks/results/analysts.json"))
    chosen = parser.parse_args()
    told: dict[str, object] = {"analysts": chosen.analysts, "nominal": 0.9, "lean_swept_at": 0.1}
    with processes(chosen.workers) as executor:
        for correlation in CORRELATIONS:
            found = each(partial(analyst, correlation=correlation), range(chosen.analysts), executor=executor)
            told[f"r = {correlation:g}"] = summary(found)
            print(json.dumps({f"r = {correlation:g}": told[f"r = {correlation:g}"]}, indent=1), flush=True)
    chosen.output.parent.mkdir(parents=True, exist_ok=True)
    chosen.output.write_text(json.dumps(told, indent=1) + "\n")


if __name__ == "__main__":
    main()
