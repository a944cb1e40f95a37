"""`attribution check`: what is missing for an honest answer, what matters most first; what the assumptions imply."""

from __future__ import annotations

import argparse
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from attribution.cli.inputs import fit_few, model_of, models_beside, read_pair
from attribution.cli.output import Table, show
from attribution.domain.case import Case
from attribution.domain.concern import Concern
from attribution.domain.lint import case_concerns, case_gaps, case_lint
from attribution.domain.model import Model
from attribution.domain.model_lint import model_concerns, model_gaps, model_lint
from attribution.reading.placeholders import placeholder_concerns

if TYPE_CHECKING:
    from attribution.inference.posterior import Posterior

# Of each of 8 scrambles; few tell which way evidence points, and what cannot be believed, far above their error.
_LOG2_POINTS, _PRIOR_LOG2_POINTS = 6, 9
_SEVERITIES = ("blocking", "warning", "note")
_WORDS = {"blocking": "stops the checks", "warning": "doubt", "note": "note"}
_WIDTH = 110


def check(arguments: argparse.Namespace) -> int:
    """Read a case and a model, say what is missing, in the order of how much it matters, and what they imply."""
    case, model = read_pair(arguments)
    posterior = fit_few(case, model, _LOG2_POINTS)
    pulls, directions = _pulls(posterior)
    concerns = (
        *placeholder_concerns(case, model),
        *case_concerns(case),
        *model_concerns(case, model),
        *_unbelievable(posterior),
        *directions,
        *case_lint(case),
        *model_lint(case, model),
        *_computed_tables(model),
        *_without_rival(case, arguments),
        *case_gaps(case),
        *model_gaps(model),
    )
    ranked = sorted((_ranked(case, concern, pulls) for concern in concerns), key=_matters)
    tables = [_prior(case, model), _origins(case, model)]
    if arguments.format == "text":
        print(_summary(case, model) + "\n")
        print("\n".join(_missing(ranked)) + "\n")
        show(tables, "text")
        print(f"\n{_next(arguments, ranked)}")
    else:
        show([*tables, _as_table(ranked)], arguments.format)
    return 1 if any(concern.severity == "blocking" for concern in concerns) else 0


def _computed_tables(model: Model) -> tuple[Concern, ...]:
    """Doubts about tables that a fit wrote, where there are such tables."""
    if not any(table.computed for table in model.tables):
        return ()
    from attribution.campaign.bridge import computed_concerns

    return tuple(computed_concerns(model))


@dataclass(frozen=True, slots=True)
class Ranked:
    """A concern, the decibans of the evidence that it bears on, and whether it names that evidence."""

    concern: Concern
    decibans: float
    named: bool


def _ranked(case: Case, concern: Concern, pulls: dict[str, float]) -> Ranked:
    """With the largest pull of an origin that the concern names; what names none bears on all of them."""
    words = set(re.findall(r"[^\W_][\w-]*", concern.what))
    named = {case.evidence[word].origin_id for word in words if word in case.evidence} | (words & pulls.keys())
    for origin in case.origins:
        if words & {each.fact for item in origin.items for each in item.propositions}:
            named.add(origin.id)
    return Ranked(concern, max((pulls.get(origin, 0.0) for origin in named or pulls), default=0.0), bool(named))


def _matters(ranked: Ranked) -> tuple[int, float]:
    """What stops the checks, then doubts, then notes; among equals what bears on most decibans."""
    return _SEVERITIES.index(ranked.concern.severity), -ranked.decibans


def _missing(ranked: list[Ranked]) -> Iterator[str]:
    """The concerns as a list to be worked off from the top."""
    if not ranked:
        yield "Nothing that can be seen from the files alone is missing for an honest answer."
        return
    stops = sum(each.concern.severity == "blocking" for each in ranked)
    count = "1 thing is" if len(ranked) == 1 else f"{len(ranked)} things are"
    yield f"For an honest answer {count} missing or in doubt, what matters most first."
    yield f"The checks of a report stop at {stops} of them; dB is how far the evidence that is named pulls, at most."
    for number, each in enumerate(ranked, start=1):
        pulls = f", {each.decibans:.1f} dB" if each.named else ""
        yield _wrapped(f"{number:>3}. [{_WORDS[each.concern.severity]}{pulls}] {each.concern.what}")
        yield _wrapped(f"     because {each.concern.means}")
        yield _wrapped(f"     do: {each.concern.remedy}")


def _wrapped(text: str) -> str:
    return textwrap.fill(text, _WIDTH, subsequent_indent=" " * 5, break_on_hyphens=False, break_long_words=False)


def _next(arguments: argparse.Namespace, ranked: list[Ranked]) -> str:
    model = f" --model {arguments.model}" if arguments.model else ""
    if any(each.concern.severity == "blocking" for each in ranked):
        return f"next: begin with 1, then ask again: attribution check {arguments.case}{model}"
    return f"next: attribution report {arguments.case}{model}"


def _as_table(ranked: list[Ranked]) -> Table:
    rows = tuple(
        (each.concern.severity, each.concern.what, each.concern.remedy, each.concern.means, each.decibans)
        for each in ranked
    )
    return Table(f"concerns ({len(rows)})", ("severity", "what", "remedy", "means", "decibans"), rows)


def _without_rival(case: Case, arguments: argparse.Namespace) -> Iterator[Concern]:
    """A single model: the answer of one analyst."""
    from attribution.reading import shipped_models

    named = model_of(case, arguments)
    if named.endswith(".yaml"):
        rivals = models_beside(case, Path(named))
    else:
        rivals = [name for name in shipped_models(case.id) if f"{case.id}/{name}" != named]
    if not rivals:
        yield Concern(
            what="there is no rival model",
            means="one set of assumptions cannot show how far the answer is the analyst's, and not the evidence's",
            remedy="copy the model to a file beside it and let somebody change what he disagrees with, or write one "
            f"beside it that says `extends: {Path(named).stem}` and names another recipe",
            topic="assumptions",
        )


def _unbelievable(posterior: Posterior) -> Iterator[Concern]:
    from attribution.inference.concerns import impossible_evidence

    yield from impossible_evidence(posterior)


def _pulls(posterior: Posterior) -> tuple[dict[str, float], tuple[Concern, ...]]:
    """By how many decibans each origin moves a faction, at most, and doubts about the way in which they all point."""
    from attribution.analysis.leave_out import direction_concerns, leave_out

    if not posterior.case.evidence:
        return {}, ()
    found = leave_out(posterior, "origin", refit=False)
    pulls = {removal.id: max(map(abs, removal.pull)) for removal in found.removals}
    return pulls, tuple(direction_concerns(posterior, found))


def _summary(case: Case, model: Model) -> str:
    return (
        f"{case.title}: {len(case.factions.leaves)} factions, {len(case.facts)} facts, {len(case.evidence)} items "
        f"from {len(case.origins)} origins.\n{model.title}: the model fits the case."
    )


def _prior(case: Case, model: Model) -> Table:
    """The prior that the assumptions imply: means, and the range over inputs."""
    from attribution.inference.fit import prior
    from attribution.inference.settings import Sampling

    implied = prior(case, model, sampling=Sampling(log2_points=_PRIOR_LOG2_POINTS)).standings
    rows = tuple((standing.id, standing.probability, standing.low, standing.high) for standing in implied)
    return Table("implied prior", ("faction", "mean", "low", "high"), rows)


def _origins(case: Case, model: Model) -> Table:
    """What each origin says at most: its grade as it is used, and the largest likelihood ratio that can carry."""
    from attribution.domain.evidence import Statement
    from attribution.network.compile_origins import effective_grade

    rows = []
    for origin in case.origins:
        graded = isinstance(origin.items[0], Statement)
        used = effective_grade(case, origin)
        stated = str(origin.grade) if origin.grade else "none"
        grade = stated if stated == str(used) else f"{stated}, read as {used}"
        cap = f"{model.grading.cap(used):.3g}" if graded else ""
        rows.append((origin.id, str(len(origin.items)), grade if graded else origin.items[0].kind, cap))
    return Table("origins", ("origin", "items", "grade", "cap"), tuple(rows))
