"""Time runs down the page: at each turn what came in, and a step in the line of each leading faction."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from attribution.analysis.timeline import Timeline
from attribution.domain.verbal import percent
from attribution.reporting.figures.marks import Figure, Row, dot, line, place, probability_axis, strip, word_bands

MOST_LINES = 5


@dataclass(frozen=True, slots=True)
class Followed:
    """A faction whose line is drawn, with its style: lead, rival or rest."""

    label: str
    position: int
    role: str


def followed(found: Timeline, ranking: tuple[str, ...], labels: dict[str, str]) -> tuple[Followed, ...]:
    """The leader and runner-up of the report, then whoever led at some turn, then the next in the ranking."""
    ever = {turn.leader for turn in found.turns}
    rest = sorted(ranking[2:], key=lambda faction: faction not in ever)
    chosen = (*ranking[:2], *rest)[:MOST_LINES]
    return tuple(
        Followed(labels[id], found.factions.index(id), ("lead", "rival")[rank] if rank < 2 else "rest")
        for rank, id in enumerate(chosen)
    )


def timeline_figure(found: Timeline, lines: tuple[Followed, ...], labels: dict[str, str]) -> Figure:
    """One row per turn; each line stays at its probability until the news of the next row moves it."""
    steps = [("Before any evidence", "", found.prior)]
    steps += [(turn.moment, "; ".join(turn.news), turn.probabilities) for turn in found.turns]
    rows, before = [], None
    for label, news, now in steps:
        top = max(now)
        head = labels[found.factions[now.index(top)]]
        rows.append(Row(label, _strip(label, before, now, lines), percent(top), "turn", head, news))
        before = now
    return Figure(probability_axis(), tuple(rows))


def _strip(label: str, before: tuple[float, ...] | None, now: tuple[float, ...], lines: tuple[Followed, ...]) -> Markup:
    marks: list[Markup] = [word_bands()]
    for one in reversed(lines):
        new, kind = place(now[one.position]), f"path {one.role}"
        if before is not None:
            old = place(before[one.position])
            marks += [line(kind, old, old, "0", "50%"), line(kind, old, new)]
        marks += [line(kind, new, new, "50%", "100%"), dot(f"turn {one.role}", new, 4.5 if one.role != "rest" else 3)]
    told = f"{label}: " + ", ".join(f"{one.label} {percent(now[one.position])}" for one in lines)
    return strip(told, *marks)
