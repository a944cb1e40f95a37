"""The report as Markdown: the first screen, the evidence, and what was found, as short as a mail.

Text from case files is escaped, so that it stays text. Tables behind the findings, and each assumption with its reason,
are in the page and in the JSON.
"""

from __future__ import annotations

from attribution.domain.verbal import decibans, percent, percents
from attribution.inference.posterior_draws import Standing
from attribution.reporting.content import Content
from attribution.reporting.inputs import EvidenceRow
from attribution.reporting.layout import decomposition_grid
from attribution.reporting.text import brief, linked, markdown_table, plain

_LONGEST = 420  # letters of a finding: the rest is in the page


def markdown(content: Content) -> str:
    """The whole report."""
    sections = (
        _head(content),
        _first_screen(content),
        _factions(content),
        _evidence(content),
        _rests_on(content),
        _facts(content),
        _change(content),
        _models(content),
        _timeline(content),
        _checks(content),
        _ending(content),
    )
    return "\n\n".join("\n\n".join(part for part in section if part) for section in sections) + "\n"


def _head(content: Content) -> list[str]:
    first = content.first
    return [
        f"# {plain(brief(content.question, 400))}",
        f"{plain(brief(content.title, 400))} · {plain(content.incident)} · evidence up to {content.as_of} · "
        f"model {plain(content.model_title)}",
        f"**{plain(first.answer)}**",
        plain(first.how_sure),
    ]


def _first_screen(content: Content) -> list[str]:
    first = content.first
    return [
        "**What it rests on**",
        _bullets(first.rests_on),
        "**How it could be wrong**",
        "\n".join(f"- {plain(doubt.title)}: {plain(doubt.sentence)}" for doubt in first.doubts),
        f"**Confidence: {plain(first.confidence)}.** {plain(first.because)}",
        f"**What would change it.** {plain(' '.join(first.would_change))}",
        f"**{content.gate.stamp.capitalize()}.** {plain(first.checks)} {plain(first.checks_mean)}",
    ]


def _bullets(sentences: tuple[str, ...]) -> str:
    return "\n".join(f"- {plain(sentence)}" for sentence in sentences)


def _weighed(row: EvidenceRow, leader: int) -> list[str]:
    """What the origin of an item adds for the leader: against the runner-up, and against everybody else."""
    return [decibans(row.lead_pull), decibans(row.pull[leader])]


def _standing(standing: Standing) -> list[str]:
    return [
        plain(standing.label),
        percent(standing.prior),
        percent(standing.probability),
        percents(standing.low, standing.high),
        standing.words,
    ]


_STANDING = ("before", "after", "range over inputs", "in words")


def _factions(content: Content) -> list[str]:
    tables = [("faction", content.factions), ("scenario", content.first.scenarios), ("group", content.groups)]
    found = [markdown_table((name, *_STANDING), map(_standing, rows)) for name, rows in tables if rows]
    return ["## Who, and how sure", *found]


def _evidence(content: Content) -> list[str]:
    leader = content.faction_labels.index(content.factions[0].label)
    rows = (
        [
            plain(row.title) + (f" ({plain(row.standing)})" if row.standing else ""),
            plain(row.source),
            row.grade or "none",
            *_weighed(row, leader),
            ", ".join(linked(citation.title, citation.url) for citation in row.citations[:1]),
        ]
        for row in content.evidence
    )
    return [
        "## The evidence",
        "What the origin of each item adds to the odds of the leader, in decibans; items of one origin count once.",
        markdown_table(("item", "source", "grade", "against the next", "against all", "read at"), rows),
    ]


def _rests_on(content: Content) -> list[str]:
    """Leader against runner-up: what each origin adds, the strongest first."""
    fall = next((one for one in content.waterfalls if one.rival == content.factions[1].id), None)
    if fall is None:
        return []
    grid = decomposition_grid(fall, content.labels)
    rows = (map(plain, row) for row in grid.rows if row[1] != "0.0")
    return ["## What each origin adds", markdown_table(map(plain, grid.columns), rows)]


def _facts(content: Content) -> list[str]:
    """Of every fact the state that is most probable after the evidence."""
    rows = []
    for fact in content.facts:
        state = max(fact.states, key=lambda one: one.probability)
        chances = [percent(state.prior), percent(state.probability), percents(state.low, state.high)]
        rows.append([plain(fact.question), plain(state.label), *chances])
    columns = ("fact", "most probable", "before", "after", "range over inputs")
    return ["## The facts", markdown_table(columns, rows)] if rows else []


def _change(content: Content) -> list[str]:
    told = (
        f"- **{plain(one.title)}{'' if one.title.endswith('?') else '.'}** {plain(brief(one.sentence, _LONGEST))}"
        for one in content.findings
    )
    runner_up = f"- **The case for {plain(content.runner_up.label)}.** {plain(' '.join(content.runner_up.sentences))}"
    return ["## What would change our mind", "\n".join([*told, runner_up])]


def _models(content: Content) -> list[str]:
    rows = (
        [
            plain(row.title) + (" (this report)" if row.own else ""),
            f"{plain(row.leader.label)} {percent(row.leader.probability)} "
            f"({percents(row.leader.low, row.leader.high)}){', level with the next' if row.level else ''}",
            f"{plain(row.runner_up.label)} {percent(row.runner_up.probability)}",
        ]
        for row in content.models
    )
    return ["## Rival models", markdown_table(("model", "ahead", "next"), rows), *_priors(content)]


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
        "**Prior from judgement, prior from history**",
        *(plain(line) for line in both.told),
        markdown_table(columns, rows),
    ]


def _timeline(content: Content) -> list[str]:
    found, shown = content.timeline, content.factions[:3]
    columns = [found.factions.index(standing.id) for standing in shown]
    rows = [["before any evidence", *(percent(found.prior[column]) for column in columns)]]
    rows += [[turn.moment, *(percent(turn.probabilities[column]) for column in columns)] for turn in found.turns]
    return [
        "## As the evidence came in",
        "Each row is fitted again, knowing only what was public by then.",
        markdown_table(("known by", *(plain(standing.label) for standing in shown)), rows),
    ]


def _checks(content: Content) -> list[str]:
    """The diagnostics as a table, each concern in a line with what it means."""
    rows = (
        [plain(check.name), plain(check.value), plain(check.allowed), check.verdict, plain(check.where)]
        for check in content.checks
    )
    concerns = [
        f"- **{plain(concern.what)}** ({concern.severity}): {plain(concern.means)}." for concern in content.concerns
    ]
    reasons = [f"- {plain(reason)}" for reason in content.gate.reasons]
    return [
        "## Diagnostics and concerns",
        markdown_table(("check", "value", "allowed", "verdict", "where"), rows),
        "The checks did not pass, because:" if reasons else "",
        "\n".join(reasons),
        "\n".join(concerns) if concerns else "No concerns.",
    ]


def _ending(content: Content) -> list[str]:
    count = sum(len(block.numbers) for block in content.assumptions)
    return [
        "## Assumptions and limits",
        f"{plain(content.model_summary)} The {count} numbers behind it, each with its reason, are in the page and the "
        "JSON.",
        _bullets(content.limits),
        "## Provenance",
        "\n".join(f"- {plain(name)}: {plain(value)}" for name, value in content.provenance),
    ]
