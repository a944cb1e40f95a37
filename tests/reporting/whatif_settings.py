"""Random settings for the what-if section: as changes for Python, as a link for the page."""

from __future__ import annotations

from random import Random

from attribution.analysis.what_if import Changes, Planted, statements
from attribution.domain.case import Case
from attribution.domain.grades import DIGITS, LETTERS, Grade


def random_changes(r: Random, case: Case) -> Changes:
    """Some of everything; each kind of change is absent now and then."""
    share = r.choice((0.0, 0.1, 0.3, 0.7))
    graded = [origin.id for origin in statements(case) if r.random() < r.choice((0.0, 0.2, 0.6))]
    factions = [leaf for leaf in case.factions.leaves if r.random() < r.choice((0.0, 0.5))]
    planted = Planted(round(r.random() ** 2, 3), r.choice(("", *case.factions.ids))) if r.random() < 0.5 else None
    return Changes(
        off=frozenset(item.id for item in case.evidence if r.random() < share),
        grades=tuple((id, Grade(r.choice(LETTERS), r.choice(DIGITS))) for id in graded),
        prior=tuple((leaf, round(r.uniform(-15, 15), 2)) for leaf in factions),
        planted=planted,
    )


def link(changes: Changes) -> str:
    """The same changes as the page writes them."""
    planted = changes.planted
    pieces = {
        "off": sorted(changes.off),
        "grade": [f"{origin}:{grade}" for origin, grade in changes.grades],
        "prior": [f"{faction}:{shift:.15f}" for faction, shift in changes.prior],
        "planted": [f"{planted.probability}:{planted.toward}".rstrip(":")] if planted else [],
    }
    return "&".join(f"{key}={','.join(values)}" for key, values in pieces.items() if values)
