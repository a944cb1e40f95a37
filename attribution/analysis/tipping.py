"""What would change the lead: the smallest move of one grade, one number, one prior share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from attribution.analysis.bench import bench, even_rows
from attribution.analysis.grade_moves import graded
from attribution.analysis.lead import lead
from attribution.analysis.moves import FARTHEST_FACTOR, FURTHEST, number_moves, share_moves
from attribution.analysis.tip import Screened, Tip, TipKind
from attribution.analysis.tipping_search import Search
from attribution.inference.posterior import Posterior

if TYPE_CHECKING:
    import pandas as pd

_SCREEN, _TRIAL, _SHOWN = 256, 1024, 5
_WIDTHS = (1.0, FURTHEST)
_DECADES = (0.5, FARTHEST_FACTOR)


@dataclass(frozen=True, slots=True)
class TippingPoints:
    """The smallest changes of each kind, smallest first, at most as many as were asked for."""

    factions: tuple[str, ...]
    labels: tuple[str, ...]
    leader: str
    runner_up: str
    tied: bool
    draws: int
    screened: tuple[Screened, ...]
    grades: tuple[Tip, ...]
    numbers: tuple[Tip, ...]
    shares: tuple[Tip, ...]

    @property
    def method(self) -> str:
        """What was perturbed, and how it was computed."""
        tried = {one.kind: one.tried for one in self.screened}
        return (
            f"One change at a time: every grade of {tried.get('grade', 0)} origins, A to E and 1 to 5; "
            f"{tried.get('number', 0)} uncertain numbers moved by 1 and {FURTHEST:g} widths either way, widths kept; "
            f"{tried.get('share', 0)} prior weights, down to a thousandth and up a thousandfold. Tried on {_SCREEN} "
            f"draws; the smallest solved and checked on {self.draws} stored draws, summed exactly in each."
        )

    def to_frame(self) -> pd.DataFrame:
        """One row per tipping point, by kind and size."""
        import pandas as pd

        columns = ("kind", "id", "now", "then", "size", "error", "to", "log_odds", "log_odds_error", "ess", "khat")
        tips = (*self.grades, *self.numbers, *self.shares)
        return pd.DataFrame([[getattr(tip, one) for one in columns] for tip in tips], columns=list(columns))

    def __str__(self) -> str:
        if self.tied:
            return f"{self.leader} and {self.runner_up} are equal within Monte Carlo error: nothing needs to move."
        told = []
        for name, tips, one in zip(
            ("grade", "number", "prior share"), (self.grades, self.numbers, self.shares), self.screened, strict=True
        ):
            smallest = f"the smallest change of a {name} is {tips[0]} ({one.able} of {one.tried} could)" if tips else ""
            told.append(smallest or f"no single {name} could, of {one.tried}")
        return f"What would end the lead of {self.leader}: {'; '.join(told)}. {self.method}"


def tipping_points(posterior: Posterior, *, shown: int = _SHOWN, refit: bool = True) -> TippingPoints:
    """The smallest single changes that change the lead.

    Every change is tried on a few hundred equal draws; of those that can change the lead the smallest are solved on a
    thousand and then pinned down on all stored draws, with a new fit where k-hat is above its threshold.
    """
    who = lead(posterior)
    found: dict[TipKind, tuple[Tip, ...]] = {"grade": (), "number": (), "share": ()}
    screened: tuple[Screened, ...] = ()
    if not who.tied:
        search = Search(
            posterior,
            bench(posterior, who.leader, even_rows(posterior, _SCREEN)),
            bench(posterior, who.leader, even_rows(posterior, _TRIAL)),
            bench(posterior, who.leader),
            shown,
            refit,
        )
        grades, able = search.grades(graded(posterior))
        by_number, able_numbers = search.continuous("number", numbers_ := number_moves(posterior), _WIDTHS)
        by_share, able_shares = search.continuous("share", shares_ := share_moves(posterior), _DECADES)
        found = {"grade": grades, "number": by_number, "share": by_share}
        screened = (
            Screened("grade", len(graded(posterior)), able),
            Screened("number", len(numbers_), able_numbers),
            Screened("share", len(shares_), able_shares),
        )
    return TippingPoints(
        factions=posterior.program.factions,
        labels=tuple(posterior.case.factions.label(faction) for faction in posterior.program.factions),
        leader=who.leader,
        runner_up=who.runner_up,
        tied=who.tied,
        draws=len(posterior.draws.weights),
        screened=screened,
        grades=found["grade"],
        numbers=found["number"],
        shares=found["share"],
    )
