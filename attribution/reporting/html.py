"""The report as one self-contained HTML file that opens from disk and asks nothing of anybody."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from attribution.domain.verbal import percent
from attribution.reporting.content import Content
from attribution.reporting.figures import forest

if TYPE_CHECKING:
    from jinja2 import Environment


def html(content: Content) -> str:
    """The whole report; every text from a case file is escaped."""
    page = _environment().get_template("report.html.j2")
    return page.render(content=content, forest=forest(content.factions)) + "\n"


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("attribution.reporting"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "percent": percent,
        "db": _db,
        "strength": _strength,
        "direction": _direction,
        "short": _short,
        "error": _error,
    }
    return environment


def _db(value: float) -> str:
    """Decibans with their sign, a dot where there is nothing to see."""
    return "·" if abs(value) < 0.05 else f"{value:+.1f}".replace("-", "−")


def _strength(value: float) -> int:
    """How strongly a cell is coloured, 0 to 5."""
    return min(5, round(abs(value) / 2 + 0.49)) if abs(value) >= 0.05 else 0


def _direction(value: float) -> str:
    return "for" if value > 0 else "against"


def _short(value: float) -> str:
    """A number to three figures."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _error(value: float) -> str:
    """A Monte Carlo error, to the digit that matters."""
    return "< 0.0001" if value < 0.0001 else f"{value:.4f}"
