"""A tempo report: all its numbers and sentences once, then as a page, as Markdown and as JSON."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from attribution._version import __version__
from attribution.atomic import check_suffix, write_texts
from attribution.campaign.answers import Answer, answers
from attribution.campaign.breaks import BreakDate
from attribution.campaign.bridge import halt_clock
from attribution.campaign.posterior import TempoPosterior
from attribution.campaign.predictive import FutureScores
from attribution.campaign.telling import effect_words, four_weeks, limits, naive_ratio
from attribution.domain.concern import Concern
from attribution.errors import TempoError
from attribution.reporting import REPORT_SUFFIXES
from attribution.reporting.figures.tempo import break_figure, effects_figure, rate_figure
from attribution.reporting.html import page
from attribution.reporting.text import markdown_table, plain

TEMPO_REPORT_FORMAT = "attribution-tempo-report/1"
TEMPO_STYLES = ("report.css", "figures.css", "archive.css", "tempo.css", "print.css")


@dataclass(frozen=True, slots=True)
class Cells:
    """A table of texts."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class TempoContent:
    """Everything that a tempo report says."""

    title: str
    observer: str
    passed: bool
    headline: str
    answers: tuple[Answer, ...]
    beneath: str
    sentences: tuple[str, ...]
    joint: Cells
    kinds: Cells
    without: Cells
    averted: str
    broke: str
    naive: Cells
    clock: Cells
    predictive: Cells
    predictive_words: str
    sensitivity: Cells
    forecasts: str
    limits: tuple[str, ...]
    concerns: tuple[Concern, ...]
    assumptions: Cells
    provenance: tuple[tuple[str, str], ...]


def write_tempo(
    posterior: TempoPosterior, outputs: Iterable[Path], *, forecasts: FutureScores | None = None
) -> tuple[Concern, ...]:
    """Write a report in the forms that the suffixes name, all or none; returns the concerns that it holds.

    `forecasts` are the scores against a model without interventions, where they were worked out.

    Raises
    ------
    UsageError
        A suffix other than ``.html``, ``.json`` or ``.md``.
    """
    outputs = list(outputs)
    for output in outputs:
        check_suffix(output, "a tempo report", REPORT_SUFFIXES)
    broke = _broke(posterior)
    content = tempo_content(posterior, broke, forecasts)
    forms = {
        ".html": lambda: _html(content, posterior, broke),
        ".md": lambda: _markdown(content),
        ".json": lambda: _json(content, posterior, broke),
    }
    write_texts({output: forms[output.suffix]() for output in outputs})
    return content.concerns


def tempo_content(
    posterior: TempoPosterior, broke: BreakDate | None, forecasts: FutureScores | None = None
) -> TempoContent:
    """Every number and sentence of the report."""
    concerns = posterior.concerns()
    tempo, observer = posterior.tempo, posterior.observer
    labels = {one.id: one.label for one in posterior.interventions}
    return TempoContent(
        title=tempo.question or tempo.title,
        observer=observer.title or observer.id,
        passed=not any(one.severity == "blocking" for one in concerns),
        headline=_headline(posterior),
        answers=answers(posterior, broke),
        beneath="the totals as they were stated" if observer.statements else "what was counted, added up",
        sentences=tuple(effect_words(one, labels) for one in posterior.told),
        joint=_joint(posterior),
        kinds=_kinds(posterior),
        without=_without(posterior),
        averted=str(posterior.averted()) if posterior.interventions else "",
        broke=str(broke) if broke else "",
        naive=_naive(posterior),
        clock=_clock(posterior),
        predictive=_predictive(posterior),
        predictive_words=str(posterior.predictive_check),
        sensitivity=_sensitivity(posterior),
        forecasts=str(forecasts) if forecasts else "",
        limits=limits(posterior),
        concerns=concerns,
        assumptions=_assumptions(posterior),
        provenance=_provenance(posterior),
    )


def _headline(posterior: TempoPosterior) -> str:
    """What surely fell, what cannot be shown, in one or two sentences."""
    told = [one for one in posterior.told if not one.with_others]
    labels = {one.id: one.label for one in posterior.interventions}
    fell = [one.label for one in told if one.own_high < 1 and not one.from_pooling_alone]
    rose = [one.label for one in told if one.own_low > 1]
    together = [
        f"{', '.join(labels[id] for id in one.interventions)} (together at most {one.high:.2g} times the rate without)"
        for one in posterior.inseparable
        if one.high < 1
    ]
    parts = []
    if fell or together:
        parts.append(f"Attacks came less often after {'; '.join([*fell, *together])}.")
    if rose:
        parts.append(f"They came more often after {'; '.join(rose)}.")
    silent = [one for one in told if one.own_low <= 1 <= one.own_high]
    if silent:
        parts.append(f"For {len(silent)} of {len(posterior.told)} interventions no effect can be shown.")
    return " ".join(parts) or "No intervention stands in this series."


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2g}"


def _joint(posterior: TempoPosterior) -> Cells:
    labels = {one.id: one.label for one in posterior.interventions}
    rows = tuple(
        (
            ", ".join(labels[id] for id in one.interventions),
            f"at most {one.high:.2g}" if one.ratio is None else f"{one.ratio:.2g} ({one.low:.2g} to {one.high:.2g})",
            f"{one.first_larger:.0%}",
        )
        for one in posterior.inseparable
    )
    return Cells(("Interventions", "joint ratio", "first the larger fall"), rows)


def _kinds(posterior: TempoPosterior) -> Cells:
    rows = tuple(
        (
            str(row.kind), str(row.interventions), f"{row.ratio:.2f} ({row.low:.2f} to {row.high:.2f})",
            f"{row.below:.0%}", f"{row.next_low:.2f} to {row.next_high:.2f}",
        )
        for row in posterior.kinds().itertuples()
    )  # fmt: skip
    return Cells(("Kind", "interventions", "typical ratio", "probability of a fall", "the next one"), rows)


def _without(posterior: TempoPosterior) -> Cells:
    rows = []
    for one in posterior.interventions:
        found = four_weeks(posterior, one)
        if found is None:
            continue
        band = f"{found.without_low:.0f} to {found.without_high:.0f}"
        averted = f"{found.median:z.0f} ({found.low:z.0f} to {found.high:z.0f})" if found.printed else "not known"
        days = f"{found.first} to {found.last}"
        rows.append((one.label, days, f"{found.with_median:.0f}", f"{found.without_median:.0f} ({band})", averted))
    return Cells(("Intervention", "days", "expected with it", "without it", "averted"), tuple(rows))


def _naive(posterior: TempoPosterior) -> Cells:
    rows = tuple(
        (
            each.label, _number(naive_ratio(posterior, one)), _number(each.own_ratio),
            f"{each.own_low:.2g} to {each.own_high:.2g}",
        )
        for one, each in zip(posterior.interventions, posterior.told, strict=True)
    )  # fmt: skip
    return Cells(("Intervention", "naive ratio", "the model's", "90 % interval"), rows)


def _clock(posterior: TempoPosterior) -> Cells:
    """How long after a halt or truce each faction attacked again, where events name factions."""
    rows = []
    for row in halt_clock(posterior.tempo, posterior.observer).to_dict("records"):
        following = row["next_after"]
        wait = "none came" if following is None or math.isnan(following) else f"{following:.0f} days"
        before, after = str(row["before"]), str(row["after"])
        kept = "yes" if row["kept"] else "no"
        rows.append((str(row["intervention"]), str(row["faction"]), before, after, wait, kept))
    return Cells(("Halt or truce", "faction", "attacks before", "after", "until the next", "kept"), tuple(rows))


def _predictive(posterior: TempoPosterior) -> Cells:
    rows = tuple(
        (one.name, f"{one.observed:.3g}", f"{one.median:.3g} ({one.low:.3g} to {one.high:.3g})", f"{one.exceeded:.2f}")
        for one in posterior.predictive_check.statistics
    )
    return Cells(("Statistic", "as stated", "the model makes", "share at least as large"), rows)


def _sensitivity(posterior: TempoPosterior) -> Cells:
    labels = {one.id: one.label for one in posterior.interventions}
    rows = tuple(
        (labels[one.intervention], f"{one.prior:.2f}", f"{one.likelihood:.2f}", one.verdict)
        for one in posterior.power_scaling
    )
    return Cells(("Intervention", "prior", "likelihood", "so"), rows)


def _assumptions(posterior: TempoPosterior) -> Cells:
    rows = tuple(
        (
            name.replace("_", " "),
            f"{one.number.best:g}" if one.number.constant
            else f"{one.number.low:g}, {one.number.best:g}, {one.number.high:g}",
            one.because,
        )
        for name, one in posterior.design.assumptions.numbers
    )  # fmt: skip
    return Cells(("Number", "5, 50, 95 %", "because"), rows)


def _provenance(posterior: TempoPosterior) -> tuple[tuple[str, str], ...]:
    def digest(text: str) -> str:
        return hashlib.sha256(text.encode()).hexdigest()

    convergence = posterior.draws.convergence
    sampling = posterior.sampling
    return (
        ("Series", f"{posterior.tempo.id}, SHA-256 {digest(posterior.tempo.text)}"),
        ("Assumptions", f"{posterior.design.assumptions.id}, SHA-256 {digest(posterior.design.assumptions.text)}"),
        (
            "Sampler",
            f"NUTS, {sampling.chains} chains of {sampling.draws} draws after {sampling.tune}, seed {posterior.seed}",
        ),
        (
            "Convergence",
            f"R-hat {convergence.rhat:.3f}, ESS {min(convergence.ess_bulk, convergence.ess_tail):.0f} at the least, "
            f"{convergence.divergences} divergences",
        ),
        ("Command", f"attribution tempo report {posterior.tempo.id} --seed {posterior.seed}"),
        ("Version", __version__),
        ("Source", posterior.tempo.source or "–"),
    )


def _broke(posterior: TempoPosterior) -> BreakDate | None:
    """Nothing where no intervention may last."""
    try:
        return posterior.break_date()
    except TempoError:
        return None


def _html(content: TempoContent, posterior: TempoPosterior, broke: BreakDate | None) -> str:
    others = [
        {
            "title": other.observer.title or name,
            "scope": other.observer.scope,
            "rate": rate_figure(other),
            "effects": effects_figure(other.told),
        }
        for name, other in posterior.others.items()
    ]
    values = {
        "content": content,
        "rate": rate_figure(posterior),
        "effects": effects_figure(posterior.told),
        "broke": break_figure(broke) if broke else None,
        "others": others,
    }
    return page("tempo.html.j2", TEMPO_STYLES, values)


def _markdown(content: TempoContent) -> str:
    def table(cells: Cells) -> str:
        return markdown_table(cells.columns, [[plain(cell) for cell in row] for row in cells.rows])

    stamp = "checks passed" if content.passed else "checks not passed"
    parts = [f"# {plain(content.title)}", f"*{plain(content.observer)}; {stamp}*", plain(content.headline)]
    parts += [f"**{plain(one.question)}** {plain(one.answer)}" for one in content.answers]
    parts += ["## What changed", "\n".join(f"- {plain(sentence)}" for sentence in content.sentences)]
    if content.joint.rows:
        parts.append(table(content.joint))
    parts += [
        table(content.kinds),
        "## What would have happened without",
        table(content.without),
        plain(content.averted),
    ]
    if content.broke:
        parts += ["## When it broke", plain(content.broke)]
    if content.clock.rows:
        parts += ["## Who kept it, and how long", table(content.clock)]
    parts += ["## Why a count before and after misleads", table(content.naive)]
    parts += ["## Does the model fit, and what do its priors do", plain(content.predictive_words)]
    parts += [table(content.predictive), plain(content.forecasts), table(content.sensitivity)]
    parts += ["## What cannot be told", "\n".join(f"- {plain(limit)}" for limit in content.limits)]
    parts += [
        f"**{one.severity}** {plain(one.what)}. Means: {plain(one.means)}. Remedy: {plain(one.remedy)}."
        for one in content.concerns
    ]
    parts += ["## Assumptions", table(content.assumptions)]
    parts += ["## How it was made", "\n".join(f"- {name}: {plain(value)}" for name, value in content.provenance)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _json(content: TempoContent, posterior: TempoPosterior, broke: BreakDate | None) -> str:
    document: dict[str, Any] = {"format": TEMPO_REPORT_FORMAT, **dataclasses.asdict(content)}
    document["effects"] = [one.row() for one in posterior.told]
    document["separable"] = [one.row() for one in posterior.inseparable]
    document["others"] = {name: [one.row() for one in other.told] for name, other in posterior.others.items()}
    if broke:
        document["break_date"] = [[str(day), share] for day, share in zip(broke.days, broke.probability, strict=True)]
    return json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False, default=_spelled) + "\n"


def _spelled(value: object) -> str:
    if isinstance(value, dt.date):
        return value.isoformat()
    raise TypeError(f"a report holds no {type(value).__name__}")
