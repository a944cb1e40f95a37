"""Evidence that points one way only is a doubt; evidence on both sides is none."""

from __future__ import annotations

import attribution as at
from attribution.analysis.leave_out import direction_concerns
from attribution.domain.facts import Fact
from tests.builders import YES_NO, a_case, a_model, a_report, a_table, says

FACTS = ("f1", "f2", "f3")


def doubts(*speaks_for: str, other: float = 0.5) -> list[str]:
    """One report per fact, each in favour of a faction; `other` predicts what is seen with this probability."""
    case = a_case(
        *(Fact(fact, YES_NO) for fact in FACTS[: len(speaks_for)]),
        items=[a_report(f"r{fact}", says(fact, "yes")) for fact in FACTS[: len(speaks_for)]],
    )
    chances = ({"a": 0.2, "b": 0.2, "other": other, who: 0.9} for who in speaks_for)
    tables = [a_table(fact, {"yes": chance}) for fact, chance in zip(FACTS, chances, strict=False)]
    posterior = at.fit(case, a_model(*tables), engine="importance", scrambles=2, log2_points=5)
    return [concern.what for concern in direction_concerns(posterior)]


def test_all_for_the_leader() -> None:
    one_way = "all 3 origins that weigh speak for A"
    assert one_way in doubts("a", "a", "a")
    assert one_way not in doubts("a", "a", "b")
    assert not any(what.startswith("all") for what in doubts("a", "a"))  # too few to wonder


def test_nothing_for_somebody_not_named() -> None:
    nothing = "no origin raises the odds of `other` by 0.5 dB or more"
    assert nothing in doubts("a", "a", "b", other=0.2)
    assert nothing not in doubts("a", "a", "other")
    assert nothing not in doubts("a", "b", "b", other=0.9)
