"""The report as one self-contained HTML file that opens from disk and asks nothing of anybody.

A content security policy forbids every request, and every style and script but those whose hashes it names: text that
slipped through the escaping would still do nothing.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from markupsafe import Markup

from attribution._compile import trusted_folder
from attribution.analysis.shapley import Decomposition
from attribution.domain.grades import DIGITS, LETTERS
from attribution.domain.verbal import decibans, few, monte_carlo_error, odds, percent, percents, short, support_words
from attribution.inert import legible
from attribution.reporting.content import Content
from attribution.reporting.figures.network import drawn
from attribution.reporting.figures.report import (
    followed,
    panels,
    ranges_figure,
    standings_figure,
    timeline_figure,
    waterfall_figure,
)
from attribution.reporting.layout import questions
from attribution.reporting.text import brief
from attribution.reporting.whatif import WhatIfSection, whatif_script

if TYPE_CHECKING:
    from jinja2 import Environment

STYLES = ("report.css", "figures.css", "whatif.css", "print.css", "first.css")
SCRIPTS: tuple[str, ...] = ()


def html(content: Content, what_if: WhatIfSection) -> str:
    """The whole report; every text from a case file is escaped."""
    return page(
        "report.html.j2",
        STYLES,
        {
            "content": content,
            "what_if": what_if,
            "figures": _figures(content),
            "questions": questions(content.findings),
            "timeline_words": _timeline_words(content),
        },
        script=inline(SCRIPTS) + whatif_script(),
    )


def page(template: str, styles: tuple[str, ...], values: Mapping[str, object], *, script: str = "") -> str:
    """A template filled in, with these styles, this script and the policy that names them."""
    style = inline(styles)
    filled = environment().get_template(template)
    return (
        filled.render(values, policy=Markup(policy(style, script)), style=Markup(style), script=Markup(script)) + "\n"
    )


def inline(names: tuple[str, ...]) -> str:
    """Files beside the templates as one text."""
    folder = files("attribution.reporting") / "templates"
    return "\n".join((folder / name).read_text(encoding="utf-8") for name in names)


def policy(style: str, script: str) -> str:
    """Nothing from anywhere; this style, this script, and pictures that are in the page."""
    scripts = f"'sha256-{_hash(script)}'" if script else "'none'"
    return (
        f"default-src 'none'; style-src 'sha256-{_hash(style)}'; script-src {scripts}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")


def _figures(content: Content) -> dict[str, object]:
    labels = content.labels
    lines = followed(content.timeline, tuple(standing.id for standing in content.factions), labels)
    return {
        "timeline": timeline_figure(content.timeline, lines, labels),
        "lines": lines,
        "chains": panels(content.chains) if content.chains else (),
        "ranges": ranges_figure(content.first.bars),
        "network": drawn(content.network),
        "leader": content.faction_labels.index(content.factions[0].label),
        "who": standings_figure(content.factions, content.groups),
        "waterfalls": [
            (_versus(found, content), waterfall_figure(found), _told(found, labels)) for found in content.waterfalls
        ],
    }


def _versus(found: Decomposition, content: Content) -> str:
    """The rival of the leader by its name alone, any other pair by both."""
    rival = content.labels[found.rival]
    return rival if found.faction == content.factions[0].id else f"{content.labels[found.faction]} against {rival}"


def _told(found: Decomposition, labels: dict[str, str]) -> str:
    faction, rival = labels[found.faction], labels[found.rival]
    weight = found.total - found.prior
    factor = 10 ** (min(abs(weight), 90.0) / 10)
    sampled = f" {found.method}" if found.orders else ""
    return (
        f"{faction} against {rival}: each origin's share (Shapley value) of the log-odds; the bars sum to the printed "
        f"odds.{sampled} Odds after the evidence over odds before it, the Bayes factor, are {odds(weight)}: "
        f"{support_words(factor)} support for {faction if weight >= 0 else rival} over the other (ENFSI)."
    )


def _timeline_words(content: Content) -> str:
    """The finding in a sentence, with names instead of ids."""
    found, labels = content.timeline, content.labels
    passed = "; ".join(f"on {turn.moment} to {labels[turn.leader]}" for turn in found.changes)
    error = max((max(turn.mcse) for turn in found.turns), default=0.0)
    merged = " Neighbouring days are taken together." if found.merged else ""
    return (
        f"The lead {f'passed {passed}' if passed else 'never changed'}. Each turn by the instant engine, {found.draws} "
        f"points, standard errors up to {error:.3f}.{merged}"
    )


@cache
def environment() -> Environment:
    """Templates, escaping everything that is not marked as markup; compiled once, and kept where kernels are."""
    from jinja2 import Environment, FileSystemBytecodeCache, PackageLoader, StrictUndefined

    folder = trusted_folder()
    environment = Environment(
        loader=PackageLoader("attribution.reporting"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
        bytecode_cache=FileSystemBytecodeCache(folder) if folder else None,
    )
    environment.globals |= {"percents": percents, "odds": odds, "few": few, "letters": LETTERS, "digits": DIGITS}
    environment.filters |= {
        "percent": percent,
        "db": _db,
        "strength": _strength,
        "direction": _direction,
        "short": short,
        "error": monte_carlo_error,
        "brief": brief,
    }
    return environment


def _shown(value: object) -> object:
    """Texts of case and model without unseen marks; markup of ours as it is."""
    return legible(value) if type(value) is str else value


def _db(value: float) -> str:
    """Decibans with their sign, a dot where there is nothing to see."""
    return "·" if abs(value) < 0.05 else decibans(value)


def _strength(value: float) -> int:
    """How strongly a cell is coloured, 0 to 5."""
    return min(5, round(abs(value) / 2 + 0.49)) if abs(value) >= 0.05 else 0


def _direction(value: float) -> str:
    return "for" if value > 0 else "against"
