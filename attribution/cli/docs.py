"""`attribution docs`: the documentation in a browser, without a network."""

from __future__ import annotations

import argparse
import importlib.util
import subprocess
import sys
import webbrowser
from pathlib import Path

from attribution.errors import UsageError
from attribution.reading.shipped import bundled

_FIRST = "index.html"


def docs(arguments: argparse.Namespace) -> int:
    """Open the pages that ship with the program, or build them from a source checkout; say where they are."""
    page = found_pages(Path(__file__).parents[2]) / _FIRST
    print(page)
    if arguments.open and not _opened(page):
        print("no browser could be opened: open that file in one")
    return 0


def found_pages(checkout: Path) -> Path:
    """The folder of built pages: in the package, or in the checkout, where they are built if need be.

    Raises
    ------
    UsageError
        There are none, and they cannot be built here.
    """
    inside = bundled("docs")
    if (inside / _FIRST).is_file():  # a checkout has its sources under that name
        return inside
    folder, script = checkout / "build" / "docs", checkout / "docs" / "make_site.py"
    if not (folder / _FIRST).is_file():
        if not script.is_file():
            raise UsageError(
                "this installation came without the documentation.",
                allowed="a release, whose wheel holds it, or a checkout of the sources",
                hint="in a checkout: make docs, then open build/docs/index.html",
            )
        _build(script, folder)
    return folder


def _build(script: Path, folder: Path) -> None:
    if importlib.util.find_spec("sphinx") is None:
        raise UsageError(
            "the documentation was not built yet, and what builds it is not installed.",
            allowed="make docs, which installs it and builds the pages",
        )
    print("building the documentation, once: every example in it is run, which takes minutes", file=sys.stderr)
    done = subprocess.run([sys.executable, str(script), str(folder)], stdout=subprocess.DEVNULL, check=False)
    if done.returncode:
        raise UsageError("the documentation could not be built; what went wrong stands above.", hint="make docs")


def _opened(page: Path) -> bool:
    """Whether a browser took it; where there is none, that is no error."""
    try:
        return webbrowser.open(page.as_uri())
    except webbrowser.Error:
        return False
