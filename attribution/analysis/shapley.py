"""What each origin contributes to the log-odds between two factions or groups, so that the contributions add up.

``p(A | g, theta)`` is the mean of ``p(A | h, theta)`` over the members of g, weighted by the prior; `other` counts as a
group too, since with some probability it acts like everybody. Where all members of a side have the same numbers a part
still adds up, and is enumerated by itself. What is left is enumerated together, or sampled where it is too much.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import factorial, hypot, isfinite
from typing import TYPE_CHECKING

import numpy as np

from attribution.analysis.cache import AnalysisCache
from attribution.analysis.finding import Finding
from attribution.analysis.reweighting import disjoint_sets
from attribution.analysis.subsets import PAIRS, TiedOrigins, rows_within_budget, tied_origins
from attribution.analysis.workspace import even_rows
from attribution.domain.verbal import DECIBANS
from attribution.inference.draws import estimate, expectation, weighted_quantiles
from attribution.inference.posterior import Posterior
from attribution.network.program import Floats, Ints
from attribution.network.summation import log_prior
from attribution.plots.figures import BarRow, Scale, bars

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_MOST_DRAWS = 2048  # of a weighted run: the bars then err by less than a tenth of a decibel, and it is told by how much
MOST_TOGETHER = 10
_DRAWS = 1024  # in which orders are sampled: these, not the draws, make the error
_WITHIN = -600.0  # nats: likelihoods and their quotients then stay in the range of doubles
DRAWN = 16  # origins of a figure, each with a row
type Worth = dict[frozenset[str], Floats]
type Rows = Ints | slice


@dataclass(frozen=True, slots=True)
class Bar:
    """One contribution in decibans: its mean over the posterior of the numbers, and its 5 and 95 % quantiles there.

    `error` is the Monte Carlo error of the mean: from the draws, and from sampling orders where these are sampled.
    """

    id: str
    label: str
    decibans: float
    low: float
    high: float
    error: float = 0.0


@dataclass(frozen=True, slots=True)
class Decomposition(Finding):
    """Log-odds of one faction or group against another as a sum of bars, in decibans.

    ``prior + sum of origins + averaging = total``, the printed log-odds.

    Attributes
    ----------
    faction, rival
        The two nodes of the tree.
    prior
        The log-odds of the prior means.
    origins
        A bar for each origin: its mean over the posterior of the numbers, and its 5 and 95 % quantiles there.
    averaging
        Closes the sum: the log of mean probabilities is not the mean of logs.
    total
        The log-odds of the published probabilities.
    orders
        How many orders of coming were sampled for origins too many to enumerate; 0 where all is enumerated.
    draws
        How many draws the bars are means over.

    Examples
    --------
    >>> bars = findings.decomposition
    >>> whole = bars.prior + sum(bar.decibans for bar in bars.origins) + bars.averaging
    >>> bool(abs(whole - bars.total) < 1e-9)
    True
    """

    faction: str
    rival: str
    prior: float
    origins: tuple[Bar, ...]
    averaging: float
    total: float
    orders: int = 0
    draws: int = 0

    @property
    def title(self) -> str:
        return "What the odds are made of"

    @property
    def method(self) -> str:
        """What was computed, and how."""
        how = (
            f"over {self.orders} sampled orders where origins are too many to enumerate together, else enumerated "
            "exactly"
            if self.orders
            else "enumerated exactly within facts that hang together"
        )
        error = max((bar.error for bar in self.origins), default=0.0)
        told = f"at most {error:.2f} dB" if isfinite(error) else "not known, since the weights are unreliable"
        return f"Shapley values in each of {self.draws:,} draws, {how}; the Monte Carlo error of a bar is {told}."

    def to_frame(self) -> pd.DataFrame:
        """One row per bar, decibans: mean, low, high; prior first, averaging and total last."""
        import pandas as pd

        rows = [
            ("prior", self.prior, None, None),
            *((bar.id, bar.decibans, bar.low, bar.high) for bar in self.origins),
            ("averaging over unknown numbers", self.averaging, None, None),
            ("total", self.total, None, None),
        ]
        return pd.DataFrame(rows, columns=["bar", "decibans", "low", "high"]).set_index("bar")

    @property
    def summary(self) -> str:
        strongest = sorted(self.origins, key=lambda bar: -abs(bar.decibans))[:3]
        phrases = ", ".join(f"{bar.label} {bar.decibans:+z.1f}" for bar in strongest)
        return (
            f"{self.faction} against {self.rival}: {self.total:+z.1f} dB, of which the prior {self.prior:+z.1f}; "
            f"most from {phrases}; averaging over unknown numbers {self.averaging:+z.1f}."
        )

    def unreliable(self) -> tuple[str, ...]:
        """Nothing: it needs no draws beyond those of the posterior."""
        return ()

    def plot(self, ax: Axes | None = None) -> Axes:
        """A row per bar: the prior, every origin with its range over inputs, what averaging adds, and the sum."""
        rest = [bar.decibans for bar in self.origins[DRAWN:]]
        rows = [
            BarRow("Prior", self.prior, "rest"),
            *(
                BarRow(bar.label, bar.decibans, "lead" if bar.decibans >= 0 else "rival", (bar.low, bar.high))
                for bar in self.origins[:DRAWN]
            ),
            *([BarRow(f"The {len(rest)} weakest origins together", sum(rest))] if rest else []),
            BarRow("Averaging over unknown numbers", self.averaging, "rest"),
            BarRow("Sum", self.total, "lead" if self.total >= 0 else "rival"),
        ]
        return bars(
            rows,
            Scale(f"decibans for {self.faction} against {self.rival}", "decibans"),
            title=f"What the odds of {self.faction} against {self.rival} are made of",
            note=f"{self.method} Whiskers: 5 to 95 % over the unknown numbers.",
            ax=ax,
        )


def shapley(posterior: Posterior, faction: str = "", rival: str = "") -> Decomposition:
    """Decompose the log-odds of one faction against another over the origins.

    Per draw, ``v(A) = log p(A | faction, theta) - log p(A | rival, theta)``. Between two named factions it is additive
    over parts of the network, so Shapley values are exact by enumeration within each part. A group's likelihood is a
    mean over its members, and `other` acts like everybody with some probability; what does not add up there is
    enumerated together, or sampled over random orders, with an error.

    Parameters
    ----------
    posterior
        The posterior whose log-odds are decomposed.
    faction
        A node of the tree of factions, groups and `other` included; the leader where empty.
    rival
        Another one; the runner-up where empty.

    Returns
    -------
    Decomposition
        Bars in decibans that sum to the printed log-odds.

    Raises
    ------
    UsageError
        An unknown node; the same one twice, or one that holds the other.

    Examples
    --------
    >>> bars = at.shapley(posterior, "kataib-hezbollah", "nujaba").to_frame()
    >>> bars.loc["prior", "decibans"].round(1)
    np.float64(3.9)
    """
    first, second = posterior.ranking[:2]
    faction, rival = faction or first.id, rival or (second.id if (faction or first.id) != second.id else first.id)
    found = contributions(posterior, *disjoint_sets(posterior, faction, rival), most=_MOST_DRAWS)
    labels = {one.id: one.label for one in posterior.case.origins}
    bars = []
    added = np.array(list(found.values.values())).reshape(-1, len(found.weights)).T
    low, high = (ends.tolist() for ends in weighted_quantiles(added, found.weights, (0.05, 0.95)))
    of_draws = _draws_errors(posterior, added).tolist()
    for place, (origin, values) in enumerate(found.values.items()):
        error = hypot(of_draws[place], found.error.get(origin, 0.0))
        mean = float(expectation(found.weights, values))
        bars.append(Bar(origin, labels[origin], mean, low[place], high[place], error))
    standing = {one.id: one for one in (*posterior.standings, *posterior.group_standings)}
    prior = float(DECIBANS * np.log(standing[faction].prior / standing[rival].prior))
    total = float(DECIBANS * np.log(standing[faction].probability / standing[rival].probability))
    averaging = total - prior - sum(bar.decibans for bar in bars)
    bars.sort(key=lambda bar: -abs(bar.decibans))
    return Decomposition(faction, rival, prior, tuple(bars), averaging, total, found.orders, len(found.weights))


def _draws_errors(posterior: Posterior, added: Floats) -> Floats:
    """Monte Carlo errors of the means of the columns of `added`, in all draws or in some that count equally."""
    if len(added) == posterior.draws.count:
        return estimate(posterior.draws, added).mcse
    return np.asarray(added.std(axis=0) / np.sqrt(len(added)))


@dataclass(frozen=True, slots=True, eq=False)
class Contributions:
    """Shapley values per draw, decibans: (draw,) for each origin; what the draws weigh.

    `orders` is the number of orders of coming that were sampled for some origins, 0 where all is enumerated; `error`
    holds the part of the Monte Carlo errors of their posterior means that is from sampling orders.
    """

    values: dict[str, Floats]
    weights: Floats
    orders: int
    error: dict[str, float]


def contributions(posterior: Posterior, first: Floats, second: Floats, *, most: int | None = None) -> Contributions:
    """What each origin adds to ``log p(E | first) / p(E | second)``; both sides are 0/1 over factions.

    Where there are more draws than `most`, so many that count equally stand for all.
    """
    chosen = rows_within_budget(posterior, most)
    parts = tied_origins(posterior, chosen)
    sides = _mixtures(posterior, chosen, (first, second))
    loose = [part for part in parts if part.orders or not _adds_up(part, sides)]
    mixed = sorted(origin for part in loose for origin in part.origins)
    sampled = len(mixed) > MOST_TOGETHER or any(part.orders for part in loose)
    rows: Rows = slice(None)
    if sampled:
        rows = even_rows(posterior, _DRAWS) if chosen is None else slice(None, None, -(-len(chosen) // _DRAWS))
    sides = sides[0][rows], sides[1][rows]
    even = sampled or chosen is not None
    weights = np.full(len(sides[0]), 1.0 / len(sides[0])) if even else posterior.draws.weights
    values: dict[str, Floats] = {}
    for part in parts:
        if part not in loose:
            a, b = (part.of_faction[int(side[0].argmax())] for side in sides)
            worth = {kept: DECIBANS * (table[rows, a] - table[rows, b]) for kept, table in part.by_subset.items()}
            values |= enumerated(part.origins, worth)
    together = _Together.of(loose, rows, sides)
    error: dict[str, float] = {}
    orders = 0
    if sampled:
        orders = 2 * min((len(part.orders) for part in loose if part.orders), default=PAIRS)
        found, error = _sampled(together, mixed, orders // 2, weights)
        values |= found
    elif mixed:
        values |= enumerated(tuple(mixed), together.all_subsets(mixed))
    return Contributions(values, weights, orders, error)


_PRIORS: AnalysisCache[bytes | None, tuple[Floats, Floats]] = AnalysisCache()


def _mixtures(posterior: Posterior, rows: Ints | None, sides: tuple[Floats, Floats]) -> tuple[Floats, Floats]:
    """Weights of the factions' likelihoods in that of each side, in every draw: (draw, faction), sums to one."""
    program = posterior.program
    other = int(program.ints.other[0])

    def work_out() -> tuple[Floats, Floats]:
        slots = posterior.numbers.rows(rows)
        return np.exp(log_prior(program, slots)), slots[:, [program.ints.surprise[1]]]

    prior, surprise = _PRIORS.get(posterior, None if rows is None else rows.tobytes(), work_out)

    def mixture(side: Floats) -> Floats:
        weight = prior * side
        if side[other]:
            open_set = prior[:, [other]]
            weight = weight + surprise * open_set * (prior - np.eye(len(side))[other])
        return np.asarray(weight / weight.sum(axis=1, keepdims=True))

    return mixture(sides[0]), mixture(sides[1])


def enumerated(origins: tuple[str, ...], worth: Worth) -> dict[str, Floats]:
    """Shapley values from the worth of every subset: (draw,) each."""
    count = len(origins)
    shares = [factorial(size) * factorial(count - size - 1) / factorial(count) for size in range(count)]
    found = {origin: np.zeros(worth[frozenset()].shape) for origin in origins}
    for size in range(count):
        for before in combinations(origins, size):
            kept = frozenset(before)
            for origin in origins:
                if origin not in kept:
                    found[origin] += shares[size] * (worth[kept | {origin}] - worth[kept])
    return found


def _adds_up(part: TiedOrigins, sides: tuple[Floats, ...]) -> bool:
    """Whether within each side all members have the same likelihood, whatever is kept."""
    for side in sides:
        classes = np.unique(part.of_faction[side.max(axis=0) > 0])
        if len(classes) == 1:
            continue
        for table in part.by_subset.values():
            if not (table[:, classes] == table[:, classes[:1]]).all():
                return False
    return True


@dataclass(frozen=True, slots=True, eq=False)
class _Together:
    """Parts whose origins are taken together, for two sides: what any of their subsets is worth.

    Rows are the factions of the first side, then those of the second, from `second` on; `weights` (row, draw) are what
    they weigh. `parts` come with the class of every row. `tables` are likelihoods (class, draw) by part and subset,
    each draw on a scale of its own. Where a product of them might leave the range of doubles tables and weights are
    logarithms: then they are not `plain`.
    """

    parts: tuple[tuple[TiedOrigins, Ints], ...]
    tables: dict[tuple[int, frozenset[str]], Floats]
    weights: Floats
    second: int
    plain: bool

    @classmethod
    def of(cls, parts: list[TiedOrigins], rows: Rows, sides: tuple[Floats, Floats]) -> _Together:
        counts = [np.flatnonzero(side.max(axis=0) > 0) for side in sides]
        weights = np.concatenate([side[:, some].T for side, some in zip(sides, counts, strict=True)])
        tables: dict[tuple[int, frozenset[str]], Floats] = {}
        homes, lowest = [], 0.0
        for place, part in enumerate(parts):
            classes, of_row = np.unique(part.of_faction[np.concatenate(counts)], return_inverse=True)
            homes.append((part, of_row))
            least = 0.0
            for kept, table in part.by_subset.items():
                mine = np.ascontiguousarray(table[rows][:, classes].T)
                with np.errstate(invalid="ignore"):
                    mine = mine - mine.max(axis=0)
                least = min(least, float(np.nan_to_num(mine.min(), nan=-np.inf)))
                tables[place, kept] = mine
            lowest += least
        plain = lowest > _WITHIN
        if plain:
            for table in tables.values():
                np.exp(table, out=table)
        else:
            with np.errstate(divide="ignore"):
                weights = np.log(weights)
        return cls(tuple(homes), tables, weights, len(counts[0]), plain)

    def all_subsets(self, mixed: list[str]) -> Worth:
        """The worth of every subset: decibans (draw,)."""
        found: Worth = {}
        for size in range(len(mixed) + 1):
            for some in combinations(mixed, size):
                kept = frozenset(some)
                total = self._total([kept & set(part.origins) for part, _ in self.parts])
                found[kept] = _worth(*self._likelihoods(total))
        return found

    def one_order(self, order: list[str]) -> Floats:
        """What each origin adds when origins come in this order: decibans (origin, draw)."""
        home = {origin: place for place, (part, _) in enumerate(self.parts) for origin in part.origins}
        kept = [frozenset[str]() for _ in self.parts]
        total = self._total(kept)
        change = np.empty(total.shape)  # memory that is handed out anew would cost more than what is done with it
        first, second = (np.empty((len(order) + 1, total.shape[1])) for _ in range(2))
        first[0], second[0] = self._likelihoods(total)
        for step, origin in enumerate(order, 1):
            place = home[origin]
            less, kept[place] = kept[place], kept[place] | {origin}
            before, after = self.tables[place, less], self.tables[place, kept[place]]
            if self.plain:
                total *= np.take(after / before, self.parts[place][1], axis=0, out=change, mode="clip")
            elif np.isfinite(before).all():
                total += np.take(after - before, self.parts[place][1], axis=0, out=change, mode="clip")
            else:
                total = self._total(kept)
            first[step], second[step] = self._likelihoods(total)
        return np.diff(_worth(first, second), axis=0)

    def _total(self, kept: list[frozenset[str]]) -> Floats:
        """What the rows weigh times their likelihoods, or the logarithms of that: (row, draw)."""
        combine = np.multiply if self.plain else np.add
        total = self.weights.copy()
        for place, (_, of_row) in enumerate(self.parts):
            combine(total, self.tables[place, kept[place]][of_row], out=total)
        return total

    def _likelihoods(self, total: Floats) -> tuple[Floats, Floats]:
        """Of each side: (draw,), both on one scale."""
        weighted = total if self.plain else np.exp(total - total.max(axis=0))
        return weighted[: self.second].sum(axis=0), weighted[self.second :].sum(axis=0)


def _worth(first: Floats, second: Floats) -> Floats:
    """Log-odds of two likelihoods in decibans."""
    return np.asarray(DECIBANS * np.log(first / second))


def _sampled(
    together: _Together, mixed: list[str], pairs: int, weights: Floats
) -> tuple[dict[str, Floats], dict[str, float]]:
    """Means over random orders, each taken forwards and backwards; every order sums to the whole in every draw.

    Orders are drawn of sorted names, so that the order of the file does not matter. Origins of a part of which only
    some orders are known come in one of these.
    """
    rng, place = np.random.default_rng(0), {origin: position for position, origin in enumerate(mixed)}
    total, by_pair = np.zeros((len(mixed), len(weights))), np.zeros((pairs, len(mixed)))
    for pair in range(pairs):
        order = [mixed[position] for position in rng.permutation(len(mixed))]
        for part, _ in together.parts:
            if part.orders:
                known = iter(part.orders[pair])
                order = [next(known) if origin in part.origins else origin for origin in order]
        for way in (order, order[::-1]):
            added, at = together.one_order(way), [place[origin] for origin in way]
            total[at] += added / (2 * pairs)
            by_pair[pair, at] += expectation(weights, added.T) / 2
    error = by_pair.std(axis=0, ddof=1) / np.sqrt(pairs)
    return dict(zip(mixed, total, strict=True)), dict(zip(mixed, error.tolist(), strict=True))
