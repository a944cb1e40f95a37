"""The report as Markdown; text from case files is escaped, so that it stays text."""

from __future__ import annotations

from attribution.domain.verbal import decibans, monte_carlo_error, percent, percents
from attribution.inference.posterior_draws import Standing
from attribution.reporting.content import Content
from attribution.reporting.layout import Grid, section
from attribution.reporting.text import brief, markdown_table, plain


def markdown(content: Content) -> str:
    """The whole report."""
    sections = (
        _head(content),
        _factions(content),
        _rests_on(content),
        _evidence(content),
        _change(content),
        _runner_up(content),
        _models(content),
        _timeline(content),
        _facts(content),
        _checks(content),
        _assumptions(content),
        _ending(content),
    )
    return "\n\n".join("\n\n".join(part for part in section if part) for section in sections) + "\n"


def _head(content: Content) -> list[str]:
    line = content.bottom_line
    stamp = content.gate.stamp.upper()
    reasons = [f"- {plain(reason)}" for reason in content.gate.reasons]
    return [
        f"# {plain(brief(content.question, 400))}",
        f"{plain(brief(content.title, 400))} · {plain(content.incident)} · evidence up to {content.as_of} · "
        f"model {plain(content.model_title)}",
        f"**{plain(line.headline)}**",
        plain(" ".join(line.sentences)),
        plain(line.confidence),
        f"**{stamp}**" + (", because:" if reasons else ""),
        "\n".join(reasons),
        plain(content.gate.meaning),
    ]


def _standing(standing: Standing) -> list[str]:
    return [
        plain(standing.label),
        percent(standing.prior),
        percent(standing.probability),
        percents(standing.low, standing.high),
        plain(monte_carlo_error(standing.mcse)),
        standing.words,
    ]


_STANDING = ("before", "after", "range over inputs (5 to 95 %)", "Monte Carlo error", "in words")


def _factions(content: Content) -> list[str]:
    found = [
        "## Who, and how sure",
        markdown_table(("faction", *_STANDING), (_standing(standing) for standing in content.factions)),
    ]
    if content.scenarios:
        found.append(markdown_table(("scenario", *_STANDING), (_standing(standing) for standing in content.scenarios)))
    if content.groups:
        found.append(markdown_table(("group", *_STANDING), (_standing(standing) for standing in content.groups)))
    return found


def _facts(content: Content) -> list[str]:
    rows = ([plain(fact.question), *_standing(state)] for fact in content.facts for state in fact.states)
    return ["## The facts", markdown_table(("question", "state", *_STANDING), rows)] if content.facts else []


def _models(content: Content) -> list[str]:
    rows = (
        [
            plain(row.title) + (" (this report)" if row.own else ""),
            f"{plain(row.prior_leader.label)} {percent(row.prior_leader.prior)}",
            f"{plain(row.leader.label)} {percent(row.leader.probability)} "
            f"({percents(row.leader.low, row.leader.high)}){', level with the next' if row.level else ''}",
            f"{plain(row.runner_up.label)} {percent(row.runner_up.probability)}",
            f"{decibans(row.prior_db)} dB",
            f"{decibans(row.evidence_db)} dB",
        ]
        for row in content.models
    )
    columns = ("model", "ahead before the evidence", "ahead after it", "next", "prior", "evidence adds")
    return [
        "## Rival models side by side",
        "Decibans are for each model's own leader against its own runner-up.",
        markdown_table(columns, rows),
        *_priors(content),
    ]


def _priors(content: Content) -> list[str]:
    """Judgement beside history, where models of both kinds are at hand."""
    both = content.priors
    if both is None:
        return []
    rows = (
        [plain(row.label), *map(percent, (row.judged_before, row.history_before, row.judged_after, row.history_after))]
        for row in both.rows
    )
    judged, history = plain(both.judged), plain(both.history)
    columns = ("faction", f"before: {judged}", f"before: {history}", f"after: {judged}", f"after: {history}")
    return [
        "### Prior from judgement, prior from history",
        *(plain(line) for line in both.told),
        markdown_table(columns, rows),
    ]


def _rests_on(content: Content) -> list[str]:
    found = ["## What the answer rests on", *(plain(note) for note in content.waterfall_notes)]
    told = (section("decomposition", fall, content.labels) for fall in content.waterfalls)
    return [*found, *(_grid(one.grid) for one in told if one.grid)]


def _change(content: Content) -> list[str]:
    found = ["## What would change our mind"]
    for one in content.findings:
        found += [f"### {plain(one.title)}", plain(one.sentence), plain(one.method)]
        found += [_grid(one.grid)] if one.grid else []
    return found


def _grid(grid: Grid) -> str:
    return markdown_table(map(plain, grid.columns), (map(plain, row) for row in grid.rows))


def _runner_up(content: Content) -> list[str]:
    found = content.runner_up
    return [
        f"## The case for the runner-up: {plain(found.label)}",
        plain(" ".join(found.sentences)),
        _grid(found.origins) if found.origins else "No origin speaks for it against the leader.",
    ]


def _evidence(content: Content) -> list[str]:
    rows = (
        [
            row.published,
            plain(row.title) + (f" ({plain(row.standing)})" if row.standing else ""),
            row.kind,
            plain(row.source),
            row.grade or "none",
            f"{row.cap:.3g}" if row.cap is not None else "",
            plain(row.origin),
            ", ".join(f"[{plain(citation.title)}](<{citation.url}>)" for citation in row.citations),
        ]
        for row in content.evidence
    )
    columns = ("published", "item", "kind", "source", "grade", "cap", "origin", "read at")
    return [
        "## The evidence",
        "Items of one origin count once. The cap is the largest likelihood ratio a grade can carry.",
        markdown_table(columns, rows),
    ]


def _timeline(content: Content) -> list[str]:
    found, shown = content.timeline, content.factions[:5]
    columns = [found.factions.index(standing.id) for standing in shown]
    rows = [["before any evidence", "", *(percent(found.prior[column]) for column in columns)]]
    rows += [
        [turn.moment, plain("; ".join(turn.news)), *(percent(turn.probabilities[column]) for column in columns)]
        for turn in found.turns
    ]
    return [
        "## As the evidence came in",
        "Each row is fitted again, knowing only what was public by then.",
        markdown_table(("known by", "news", *(plain(standing.label) for standing in shown)), rows),
    ]


def _checks(content: Content) -> list[str]:
    rows = (
        [plain(check.name), plain(check.value), plain(check.allowed), check.verdict, plain(check.where)]
        for check in content.checks
    )
    concerns = [
        f"- **{plain(concern.what)}** ({concern.severity}). {plain(concern.means)}. Remedy: {plain(concern.remedy)}."
        for concern in content.concerns
    ]
    return [
        "## Diagnostics and concerns",
        markdown_table(("check", "value", "allowed", "verdict", "where"), rows),
        "\n".join(concerns) if concerns else "No concerns.",
    ]


def _assumptions(content: Content) -> list[str]:
    found = ["## Assumptions", plain(content.model_summary)]
    for block in content.assumptions:
        rows = (
            [
                plain(number.label),
                plain(number.stated),
                f"{number.mean:.3g}" if number.mean is not None else "",
                plain(number.because),
            ]
            for number in block.numbers
        )
        found += [
            f"### {plain(block.title)}",
            plain(block.because),
            markdown_table(("number", "stated", "mean", "because"), rows),
        ]
    return found


def _ending(content: Content) -> list[str]:
    return [
        "## Limits",
        "\n".join(f"- {plain(limit)}" for limit in content.limits),
        "## Provenance",
        "\n".join(f"- {plain(name)}: {plain(value)}" for name, value in content.provenance),
    ]
