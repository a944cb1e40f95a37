"""Drives the page in a real browser: Debian's chromium, through a small node script."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
SCRIPTS = HERE / "scripts"
OLDEST_NODE = 20
_TIMEOUT = 240


@dataclass(frozen=True, slots=True)
class Driven:
    """What happened to a page: what the script returned, what the console said, what was asked of the network."""

    value: Any
    console: tuple[str, ...]
    requests: tuple[str, ...]


def missing_node() -> str:
    """Why node cannot be used here, or nothing."""
    node = shutil.which("node")
    if node is None:
        return "node is not installed: the scripts of the page are not tested"
    told = subprocess.run([node, "--version"], capture_output=True, text=True, check=False, timeout=60).stdout
    version = re.match(r"v(\d+)", told)
    if version is None or int(version[1]) < OLDEST_NODE:
        return f"node is older than {OLDEST_NODE} ({told.strip()}): the scripts of the page are not tested"
    return ""


def missing_packages() -> str:
    """Why the node packages cannot be used here, or nothing."""
    if not (HERE / "node_modules" / "playwright-core").is_dir():
        return "tests/browser/node_modules is not there (make browser): the page is not tested in a browser"
    return ""


def missing_browser() -> str:
    """Why the page cannot be driven here, or nothing."""
    if shutil.which("chromium") is None:
        return "chromium is not installed: the page is not tested in a browser"
    return ""


_NODE = missing_node()
_PACKAGES = _NODE or missing_packages()
_BROWSER = _PACKAGES or missing_browser()

needs_node = pytest.mark.skipif(bool(_NODE), reason=_NODE)
needs_packages = pytest.mark.skipif(bool(_PACKAGES), reason=_PACKAGES)
needs_browser = pytest.mark.skipif(bool(_BROWSER), reason=_BROWSER)


def drive(
    page: Path,
    script: str | Path,
    args: object = None,
    *,
    fragment: str = "",
    width: int = 1280,
    height: int = 900,
    dark: bool = False,
    javascript: bool = True,
) -> Driven:
    """Open a page from disk and run a script on it: its name in `scripts/`, or its path.

    A script is a module whose default export takes ``{page, context, url, args}`` (Playwright's page and context) and
    returns something that JSON can hold.
    """
    path = script if isinstance(script, Path) else SCRIPTS / f"{script}.mjs"
    job = {
        "chromium": shutil.which("chromium"),
        "page": str(page.resolve()),
        "script": str(path.resolve()),
        "args": args,
        "fragment": fragment,
        "width": width,
        "height": height,
        "dark": dark,
        "javascript": javascript,
    }
    told = json.loads(node("drive.mjs", given=json.dumps(job)))
    return Driven(told["value"], tuple(told["console"]), tuple(told["requests"]))


def html_errors(*pages: Path) -> list[str]:
    """What html-validate finds wrong in these pages."""
    found: list[str] = json.loads(node("validate.mjs", *(str(page.resolve()) for page in pages)))
    return found


def node(script: str, *arguments: str, given: str = "") -> str:
    """What a node script beside this file prints; its complaint is the test's."""
    done = subprocess.run(
        ["node", script, *arguments],
        cwd=HERE,
        input=given,
        capture_output=True,
        text=True,
        check=False,
        timeout=_TIMEOUT,
    )
    if done.returncode:
        pytest.fail(f"{script} failed:\n{done.stderr}", pytrace=False)
    return done.stdout
