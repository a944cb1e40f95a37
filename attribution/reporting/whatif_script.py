"""The script of the what-if section: modules that node can test one by one, in one closure for the page."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

MODULES = ("numbers", "evidence", "settings", "network", "words", "page")

_IMPORT = re.compile(r"^import .*;\n", re.MULTILINE)
_EXPORT = re.compile(r"^export ", re.MULTILINE)
_START = 'if (document.getElementById("what-if-data")) start(document.getElementById("what-if"));\n'


@cache
def whatif_script() -> str:
    """All modules in the order in which they build on one another, their imports and exports taken off."""
    folder = files("attribution.reporting") / "templates" / "whatif"
    texts = ((folder / f"{name}.mjs").read_text(encoding="utf-8") for name in MODULES)
    bodies = "\n".join(_EXPORT.sub("", _IMPORT.sub("", text)) for text in texts)
    return f'(() => {{\n"use strict";\n{bodies}\n{_START}}})();\n'
