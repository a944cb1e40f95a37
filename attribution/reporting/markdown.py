"""The report as Markdown: the first screen, the evidence, and what was found, as short as a mail.

Text from case files is escaped, so that it stays text. Tables behind the findings, and each assumption with its reason,
are in the page and in the JSON.
"""

from __future__ import annotations

from attribution.domain.verbal import decibans, percent, percents
from attribution.inference.posterior_draws import Standing
from attribution.reporting.content import Content
from attribution.reporting.text import brief, markdown_table, plain

_LONGEST = 420  # letters of a finding: the rest is in the page


def markdown(content: Content) -> str:
    """The whole report."""
    sections = (
        _head(content),
        _first_screen(content),
        _factions(content),
        _evidence(content),
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
            decibans(row.lead_pull),
            decibans(row.pull[leader]),
            ", ".join(f"[{plain(citation.title)}](<{citation.url}>)" for citation in row.citations[:1]),
        ]
        for row in content.evidence
    )
    return [
        "## The evidence",
        "What the origin of each item adds to the odds of the leader, in decibans; items of one origin count once.",
        markdown_table(("item", "source", "grade", "against the next", "against all", "read at"), rows),
    ]


def _change(content: Content) -> list[str]:
    told = (f"- **{plain(one.title)}.** {plain(brief(one.sentence, _LONGEST))}" for one in content.findings)
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
    both = content.priors
    return [
        "## Rival models",
        markdown_table(("model", "ahead", "next"), rows),
        f"**Prior from judgement, prior from history.** {plain(' '.join(both.told))}" if both else "",
    ]


def _timeline(content: Content) -> list[str]:
    found, labels = content.timeline, content.labels
    passed = [f"- {turn.moment}: {plain(labels[turn.leader])}" for turn in found.changes]
    return [
        "## As the evidence came in",
        "\n".join(["The lead passed:", "", *passed]) if passed else "One led all along.",
    ]


def _checks(content: Content) -> list[str]:
    checks = ", ".join(f"{plain(check.name)} {plain(check.value)} ({check.verdict})" for check in content.checks)
    concerns = [f"- {plain(concern.what)} ({concern.severity})" for concern in content.concerns]
    return ["## Diagnostics and concerns", checks, "\n".join(concerns) if concerns else "No concerns."]


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
