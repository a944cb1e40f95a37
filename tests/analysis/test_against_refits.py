"""What the stored draws say of changed evidence equals what a new fit says: the whole table (`-s` prints it)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pytest

import attribution as at
from attribution.analysis.leave_out import without
from attribution.analysis.reweighting import fit_again, published
from attribution.analysis.tipping import TippingPoint
from attribution.analysis.units import Unit, UnitKind, together, units
from attribution.inference.posterior import Posterior
from attribution.network.program import Program
from tests.analysis.tipped import applied

pytestmark = pytest.mark.slow

EQUAL, SMALL = 4.0, 1e-4
DECIBANS = 10 / math.log(10)


@pytest.fixture(scope="module")
def posterior() -> Posterior:
    return at.fit(at.read_case("tower-22"), at.read_model("tower-22/baseline"))


@dataclass(frozen=True, slots=True)
class Line:
    """One comparison: the largest difference over factions, in combined standard errors where above 10^-4."""

    name: str
    difference: float
    errors: float
    ess: float

    def __str__(self) -> str:
        return f"{self.name[:68]:68s} {self.difference:9.5f} {self.errors:6.2f} {self.ess:7.0f}"


def compared(name: str, ours: np.ndarray, error: np.ndarray, ess: float, again: Posterior) -> Line:
    theirs = np.array([one.probability for one in again.standings])
    both = np.hypot(error, [one.mcse for one in again.standings])
    difference = np.abs(ours - theirs)
    far = np.where(difference > SMALL, difference / np.maximum(both, 1e-300), 0.0)
    return Line(name, float(difference.max()), float(far.max()), ess)


def show(title: str, lines: list[Line]) -> None:
    print(f"\n{title}\n{'':68s} {'largest':>9s} {'in s.e.':>6s} {'ESS':>7s}")
    for line in lines:
        print(line)
    errors = np.array([line.errors for line in lines])
    print(f"{len(lines)} comparisons; {np.mean(errors > 2):.0%} beyond 2 errors, worst {errors.max():.2f}")


def fresh(posterior: Posterior, program: Program, seed: int) -> Posterior:
    """A fit of the changed network that shares no random number with the stored draws."""
    other = replace(posterior, settings=replace(posterior.settings, random_seed=seed))
    return fit_again(other, program)


def removals(posterior: Posterior) -> Iterator[tuple[str, Unit]]:
    kinds: tuple[UnitKind, ...] = ("origin", "item", "source")
    seen = set()
    for kind in kinds:
        for unit in units(posterior, kind):
            key = (frozenset(unit.origins), unit.unsaid)
            if key not in seen:
                seen.add(key)
                yield kind, unit


def test_every_single_removal(posterior: Posterior) -> None:
    lines = []
    for number, (kind, unit) in enumerate(removals(posterior)):
        found = at.leave_out(posterior, kind, only=(unit.id,), refit=False).removals[0]  # type: ignore[arg-type]
        again = fresh(posterior, without(posterior, unit)[0], 100 + number)
        ours = np.array(found.probabilities)
        lines.append(compared(f"{kind} {unit.id}", ours, np.array(found.mcse), found.ess, again))
    show("Left out, from the stored draws and fitted again", lines)
    assert all(line.errors <= EQUAL for line in lines)


def test_fifty_subsets_of_the_lattice(posterior: Posterior) -> None:
    """With all stored draws, as the lattice has them; its own errors are those of the draws it takes."""
    found = at.lattice(posterior, draws=4000)
    among = units(posterior, "cluster")
    lines = []
    for number, subset in enumerate(np.random.default_rng(22).choice(np.arange(1, found.subsets), 50, replace=False)):
        gone = together(tuple(unit for unit, kept in zip(among, found.kept[subset], strict=True) if not kept))
        names = tuple(np.array(found.units)[~found.kept[subset]].tolist())
        by_itself = at.leave_out(posterior, "cluster", only=names, at_once=True, refit=False).removals[0]
        again = fresh(posterior, without(posterior, gone)[0], 1000 + number)
        error = np.array(by_itself.mcse)
        lines.append(compared(gone.id, found.probabilities[subset], error, float(found.ess[subset]), again))
    show("Subsets of the lattice, from the stored draws and fitted again", lines)
    assert all(line.errors <= EQUAL for line in lines)


@pytest.mark.parametrize(("name", "wanted"), [("baseline", 16), ("without-state-finding", 4)])
def test_twenty_tipping_points(posterior: Posterior, name: str, wanted: int) -> None:
    """Just past the change another leads, just before it the published leader does, and at it they are level."""
    if name != "baseline":
        posterior = at.fit(posterior.case, at.read_model(f"tower-22/{name}"))
    found = at.tipping_points(posterior, shown=14)
    among = [*found.numbers, *found.shares]
    chosen = np.random.default_rng(22).choice(len(among), min(wanted, len(among)), replace=False)
    print(f"\n{len(among)} tipping points found, {len(chosen)} fitted again: log-odds before, at, past, in decibans")
    for number, tip in enumerate(among[position] for position in chosen):
        before, level, past = (_odds(posterior, tip, found.leader, share, 2000 + number) for share in (0.95, 1.0, 1.05))
        print(f"{tip.kind:7s} {tip.id[:52]:52s} {before[0]:+6.2f} {level[0]:+6.2f} {past[0]:+6.2f}  ({tip.size:.3f})")
        assert before[0] > 0 > past[0]
        error = EQUAL * math.hypot(level[1], DECIBANS * tip.log_odds_error)
        assert abs(level[0] - DECIBANS * tip.log_odds) <= error


def _odds(posterior: Posterior, tip: TippingPoint, leader: str, share: float, seed: int) -> tuple[float, float]:
    """Decibans of the leader against who gains, fitted again, with an error."""
    again = fresh(posterior, applied(posterior, tip, share=share), seed)
    unit = np.eye(len(again.program.factions))
    a, b = (unit[again.program.factions.index(id)] for id in (leader, tip.to))
    value, error = published(again).log_odds(a, b)
    return DECIBANS * value, DECIBANS * error
