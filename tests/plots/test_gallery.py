"""The gallery shows the code that draws it, and every finding is in it."""

from __future__ import annotations

import runpy
from pathlib import Path

import attribution as at
from attribution.analysis.finding import Finding

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_is_what_its_script_writes_and_every_figure_is_there() -> None:
    script = runpy.run_path(str(DOCS / "make_gallery.py"))
    assert (DOCS / "gallery.md").read_text() == script["page"]()
    drawn = {path.stem for path in (DOCS / "gallery").iterdir()}
    assert drawn == {name for name, _, _ in script["FIGURES"]}
    assert sum(path.stat().st_size for path in (DOCS / "gallery").iterdir()) < 1_500_000


def test_every_kind_of_finding_and_the_posterior_are_drawn() -> None:
    script = runpy.run_path(str(DOCS / "make_gallery.py"))
    public = [getattr(at, name) for name in at.__all__]
    kinds = [kind for kind in public if isinstance(kind, type) and Finding in kind.__mro__]
    assert len(script["FIGURES"]) == len(kinds) + 1
