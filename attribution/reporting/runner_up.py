"""The case for the runner-up: all that speaks for it, collected from the findings as its advocate would."""

from __future__ import annotations

from dataclasses import dataclass

from attribution.analysis.shapley import Decomposition
from attribution.analysis.timeline import Timeline
from attribution.domain.verbal import decibans, odds, percent, percents, support_words
from attribution.inference.posterior import Posterior, Standing
from attribution.reporting.findings import Grid

_LEAST = 0.05


@dataclass(frozen=True, slots=True)
class RunnerUp:
    """What speaks for the runner-up, in sentences, and the origins that do, in decibans."""

    label: str
    sentences: tuple[str, ...]
    origins: Grid | None


def runner_up(
    posterior: Posterior, rivals: tuple[Posterior, ...], fall: Decomposition | None, moved: Timeline
) -> RunnerUp:
    """The best that can be said for the second in the ranking."""
    first, second = posterior.ranking[:2]
    return RunnerUp(
        label=second.label,
        sentences=(
            _before(first, second),
            _at_best(first, second),
            *_under_models(second, rivals),
            *_in_time(posterior, second, moved),
        ),
        origins=_origins(fall),
    )


def _before(first: Standing, second: Standing) -> str:
    if second.prior > first.prior:
        return (
            f"Before the evidence {second.label} was the more probable of the two: {percent(second.prior)} against "
            f"{percent(first.prior)}."
        )
    return (
        f"Before the evidence it had {percent(second.prior)} against {percent(first.prior)} for {first.label}; the "
        f"evidence {'raised' if second.probability > second.prior else 'lowered'} it to {percent(second.probability)}."
    )


def _at_best(first: Standing, second: Standing) -> str:
    overlap = second.high > first.low
    told = "so that the ranges of the two overlap" if overlap else f"which stays below the low end for {first.label}"
    return (
        f"Over numbers nobody knows exactly its probability ranges from {percents(second.low, second.high)}, {told} "
        f"({percents(first.low, first.high)})."
    )


def _under_models(second: Standing, rivals: tuple[Posterior, ...]) -> list[str]:
    if not rivals:
        return []
    standing = {one.model.title: next(s for s in one.standings if s.id == second.id) for one in rivals}
    leads = [one.model.title for one in rivals if one.ranking[0].id == second.id]
    best, found = max(standing.items(), key=lambda pair: pair[1].probability)
    if leads:
        return [f"Under {' and '.join(leads)} it leads, with {percent(found.probability)}."]
    return [f"No rival model has it ahead; {best} gives it most, {percent(found.probability)}."]


def _in_time(posterior: Posterior, second: Standing, moved: Timeline) -> list[str]:
    position = moved.factions.index(second.id)
    if not moved.turns:
        return []
    best = max(moved.turns, key=lambda turn: turn.probabilities[position])
    if best.probabilities[position] <= second.probability * 1.2:
        return []
    return [f"It stood highest on what was known by {best.moment}: {percent(best.probabilities[position])}."]


def _origins(fall: Decomposition | None) -> Grid | None:
    """The origins that speak for it against the leader, the strongest first."""
    if fall is None:
        return None
    bars = [bar for bar in fall.origins if bar.decibans <= -_LEAST]
    rows = tuple(
        (
            bar.label,
            f"{decibans(-bar.decibans)} dB",
            f"{decibans(-bar.high)} to {decibans(-bar.low)}",
            f"likelihood ratio {odds(-bar.decibans)}, {support_words(10 ** (-bar.decibans / 10))} support",
        )
        for bar in bars
    )
    return (
        Grid(("origin", "for the runner-up", "range over inputs", "in words (ENFSI)"), rows, len(rows))
        if rows
        else None
    )
