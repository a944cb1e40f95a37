"""Likelihoods of every subset of origins, part by part: the ground that decompositions stand on.

Origins that speak about one tied part of the network interact; across parts they do not. So ``log p(A | h, theta)`` of
any subset A of the origins is a sum over parts, and each part needs only the subsets of its own few origins.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import cast

from attribution.errors import UsageError
from attribution.inference.posterior import Posterior
from attribution.network.program import Floats, Ints
from attribution.network.summation import part_log_likelihood

MOST_TIED = 12


@dataclass(frozen=True, slots=True, eq=False)
class TiedOrigins:
    """The origins of one part, and ``log p(A | h, theta)`` for each subset A of them: (draw, faction) each."""

    origins: tuple[str, ...]
    by_subset: dict[frozenset[str], Floats]


def tied_origins(posterior: Posterior, rows: Ints | None = None) -> tuple[TiedOrigins, ...]:
    """Every part that some origin speaks about, with the likelihoods of all subsets of its origins.

    In all draws, or in those of `rows`.

    Raises
    ------
    UsageError
        More than 12 origins speak about one part: their subsets are too many to enumerate.
    """
    known = posterior.memory("tied_origins")
    key = None if rows is None else rows.tobytes()
    if key not in known:
        known[key] = _tied_origins(posterior, posterior.slots if rows is None else posterior.slots[rows])
    return cast(tuple[TiedOrigins, ...], known[key])


def _tied_origins(posterior: Posterior, slots: Floats) -> tuple[TiedOrigins, ...]:
    program = posterior.program
    found = []
    for part in sorted(set(program.ints.origin_part.tolist())):
        mine = tuple(o for o, of in zip(program.origins, program.ints.origin_part, strict=True) if of == part)
        if len(mine) > MOST_TIED:
            raise UsageError(
                f"{len(mine)} origins are tied together: {', '.join(mine[:6])} and others.",
                allowed=f"at most {MOST_TIED} origins about facts that hang together",
                hint="declare origins that stand or fall together as one",
            )
        silent = frozenset(program.origins)
        table = {
            frozenset(kept): part_log_likelihood(program.without(silent - set(kept)), slots, part)
            for size in range(len(mine) + 1)
            for kept in combinations(mine, size)
        }
        found.append(TiedOrigins(mine, table))
    return tuple(found)
