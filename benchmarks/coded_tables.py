"""Simulated archives in the manner of coded databases: weapons, targets and claims in columns, places by name only.

Groups live in one country and in some of its provinces, are born and die, and strike in waves. What they use and whom
they attack is near the custom of their country. Many attacks stay unattributed, unclaimed ones more often.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from attribution.archive.codes import Coding, LabelSets
from attribution.archive.events import EventTable

_DAYS, _MONTH = 7000, 30
_WEAPONS, _TARGETS, _KINDS = 8, 15, 8


@dataclass(frozen=True, slots=True)
class World:
    """How many of what, and how hard they are to tell apart."""

    events: int = 6000  # aimed at; waves add to it
    countries: int = 3
    groups: int = 30
    small: int = 120  # groups with an attack or two
    spread: float = 1.0  # concentration of a group's shares of provinces: large means everywhere
    custom: float = 5.0  # ... of its habits around its country's: large means like everybody
    local: float = 0.0  # share of choices that follow the province and not the group
    wave: float = 0.3  # chance that another attack follows within a week
    memory: float = 0.9  # correlation of a group's activity from month to month
    unattributed: float = 0.3


WORLDS = {
    "one country": World(
        3000, countries=1, groups=12, small=60, spread=3.0, custom=15.0, local=0.3, wave=0.2, memory=0.8
    ),
    "three countries": World(6000, countries=3, groups=30, spread=2.0, custom=8.0, wave=0.25, memory=0.85),
    "six countries": World(12_000, countries=6, groups=80, spread=1.5, local=0.4),
    "few events": World(1500, countries=3, groups=20, small=60, spread=0.4, custom=4.0, wave=0.35, memory=0.93),
}


def coded_table(world: World, seed: int) -> EventTable:
    """One archive of a world."""
    rng = np.random.default_rng(seed)
    groups = world.groups + world.small
    home = rng.integers(0, world.countries, groups)
    size = np.concatenate([rng.pareto(1.6, world.groups) + 0.3, np.full(world.small, 0.02)])
    provinces = rng.integers(5, 12, world.countries)
    shares = [rng.dirichlet(np.full(provinces[country], world.spread)) for country in home]
    customs = [rng.dirichlet(np.full(values, 0.6), world.countries) for values in (_WEAPONS, _TARGETS, _KINDS)]
    habits = [
        np.array([rng.dirichlet(world.custom * custom[country] + 0.05) for country in home]) for custom in customs
    ]
    regional = [rng.dirichlet(np.full(values, 0.4), (world.countries, 12)) for values in (_WEAPONS, _TARGETS, _KINDS)]
    claims = rng.beta(0.8, 1.2, groups)
    rows = []
    for first, group in _strikes(world, size, rng):
        day, country, weapon = first, home[group], -1
        following = True
        while following:
            province = rng.choice(len(shares[group]), p=shares[group])
            values = [
                int(
                    rng.choice(
                        len(habit[group]), p=here[country, province] if rng.random() < world.local else habit[group]
                    )
                )
                for habit, here in zip(habits, regional, strict=True)
            ]
            weapon = weapon if weapon >= 0 and rng.random() < 0.8 else values[0]
            claim = -1 if rng.random() < 0.25 else int(rng.random() < claims[group])
            city = rng.geometric(0.25)
            rows.append((day, group, country, province, city, weapon, *values[1:], claim))
            following = rng.random() < world.wave
            day += int(rng.integers(0, 6))
    return _table(np.array(sorted(rows)), groups, world, rng)


def _strikes(world: World, size: np.ndarray, rng: np.random.Generator) -> list[tuple[int, int]]:
    """First days of waves and who strikes, by a rate that drifts while a group exists."""
    born, life = rng.uniform(-4000, _DAYS, len(size)), rng.lognormal(7.5, 0.8, len(size))
    level, rates = rng.normal(0, 1.0, len(size)), []
    for month in range(_DAYS // _MONTH):
        level = world.memory * level + np.sqrt(1 - world.memory**2) * rng.normal(0, 1.3, len(size))
        alive = (born <= month * _MONTH) & (month * _MONTH <= born + life)
        rates.append(size * np.exp(level) * alive)
    rate = np.array(rates)
    count = rng.poisson(rate * world.events * (1 - world.wave) / rate.sum())
    months, who = np.nonzero(count)
    month, group = (np.repeat(column, count[months, who]) for column in (months, who))
    days = month * _MONTH + rng.integers(0, _MONTH, len(month))
    return list(zip(days.tolist(), group.tolist(), strict=True))


def _table(rows: np.ndarray, groups: int, world: World, rng: np.random.Generator) -> EventTable:
    day, group, country, province, city, weapon, target, kind, claim = rows.T
    hidden = rng.random(len(day)) < world.unattributed * np.where(claim == 1, 0.3, 1.4)

    def coded(name: str, *columns: np.ndarray) -> Coding:
        _, code = np.unique(np.stack(columns, axis=1), axis=0, return_inverse=True)
        code = code.reshape(-1)
        return Coding(name, code, tuple(f"{name} {value}" for value in range(int(code.max()) + 1)))

    return EventTable(
        id=np.arange(len(day)).astype(str), row=np.arange(len(day)), day=day + 5000,
        precision=np.zeros(len(day), dtype=np.int64), latitude=np.full(len(day), np.nan),
        longitude=np.full(len(day), np.nan),
        place=(coded("country", country), coded("province", country, province), coded("city", country, province, city)),
        features=(coded("weapon", weapon), coded("target", target), coded("kind", kind), coded("claimed", claim)),
        factions=tuple(f"group {code}" for code in range(groups)), label=np.where(hidden, -1, group),
        among=LabelSets.none(len(day)), certainty=np.ones(len(day)), claimants=(), claim=np.full(len(day), -2),
    )  # fmt: skip
