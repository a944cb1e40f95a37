"""How the site looks; `docs/make_site.py` puts together what it is made from."""

from __future__ import annotations

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator

project = "attribution"
author = "The attribution authors"
copyright = "2026, The attribution authors"

extensions = ["myst_parser", "sphinx.ext.autodoc", "numpydoc"]
myst_enable_extensions = ["dollarmath", "deflist"]
myst_heading_anchors = 4
numpydoc_show_class_members = False
autodoc_typehints = "none"
nitpicky = True
nitpick_ignore_regex = [("py:.*", ".*")]  # types in docstrings are words for people

html_theme = "furo"
html_title = "attribution"
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
html_math_renderer = "mathml"


def setup(app: Sphinx) -> None:
    """Formulas as MathML, which browsers draw themselves: no script, no fonts from elsewhere."""
    app.add_html_math_renderer("mathml", (_inline, None), (_display, None))


def _inline(writer: HTML5Translator, node: nodes.math) -> None:
    writer.body.append(convert(node.astext()))
    raise nodes.SkipNode


def _display(writer: HTML5Translator, node: nodes.math_block) -> None:
    writer.body.append(f'<div class="math">{convert(node.astext(), display="block")}</div>')
    raise nodes.SkipNode
