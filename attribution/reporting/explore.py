"""The what-if panel of a report by itself, for a notebook: evidence, grades and prior to be moved by hand."""

from __future__ import annotations

from dataclasses import dataclass, field

from markupsafe import escape

from attribution.inference.posterior import Posterior
from attribution.reporting.html import SCRIPTS, STYLES, inline, page
from attribution.reporting.whatif import what_if_section, whatif_script

_HEIGHT = 900  # pixels


@dataclass(frozen=True, slots=True)
class Explorer:
    """A page that answers what-if questions by itself; a notebook shows it in a frame of its own.

    Attributes
    ----------
    html : str
        The whole page: self-contained, asking nothing of anybody.

    Examples
    --------
    >>> at.explore(posterior)
    the what-if panel: a notebook shows it; elsewhere write its .html to a file
    """

    html: str = field(repr=False)

    def __repr__(self) -> str:
        return "the what-if panel: a notebook shows it; elsewhere write its .html to a file"

    def _repr_html_(self) -> str:
        frame = f'<iframe srcdoc="{escape(self.html)}" sandbox="allow-scripts" title="What if"'
        return f'{frame} style="width:100%;height:{_HEIGHT}px;border:0"></iframe>'


def explore(posterior: Posterior) -> Explorer:
    """Show the what-if panel of the report inside a notebook.

    Switch items off, change grades, move the prior, suppose forgery, and the posterior moves at once: the page sums
    exactly, over draws of this posterior, and equals `at.what_if` to 1e-9.

    Parameters
    ----------
    posterior : Posterior
        What to explore.

    Returns
    -------
    Explorer
        A value that a notebook shows; its `html` is a page of its own.

    Examples
    --------
    >>> "What if" in at.explore(posterior).html
    True
    """
    shown = page("explore.html.j2", STYLES, {"what_if": what_if_section(posterior)}, script=_script())
    return Explorer(shown.replace('<details class="fold">', '<details class="fold" open>', 1))


def _script() -> str:
    return inline(SCRIPTS) + whatif_script()
