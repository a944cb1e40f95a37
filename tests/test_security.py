"""Data is data: nothing executes what it reads, and nothing speaks to the network."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = sorted((ROOT / "attribution").rglob("*.py"))
CALLS = {"eval", "exec", "__import__", "execfile"}
MODULES = {
    "pickle",
    "marshal",
    "shelve",
    "dill",
    "cloudpickle",
    "subprocess",
    "socket",
    "urllib.request",
    "http",
    "ftplib",
    "requests",
}
PROCESSES = {
    "attribution/cli/docs.py": "builds the documentation of a checkout by the checkout's own script; takes no input",
}
"""Modules that may start a process, each with its reason."""
ATTRIBUTES = {
    ("os", "system"),
    ("os", "popen"),
    ("yaml", "load"),
    ("yaml", "unsafe_load"),
    ("numpy", "load"),
    ("np", "load"),
}

WATCH = """
import sys
written = []
def watch(event, arguments):
    if event in ("socket.connect", "socket.bind", "socket.getaddrinfo", "subprocess.Popen", "os.system", "os.exec"):
        raise RuntimeError(f"{event} {arguments}")
    if event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+"):
        written.append(str(arguments[0]))
sys.addaudithook(watch)
from attribution.cli import main
code = main(sys.argv[1:])
print("\\n".join(sorted(set(written))), file=sys.stderr)
sys.exit(code)
"""


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_code_that_could_execute_data(path: Path) -> None:
    modules = MODULES - ({"subprocess"} if str(path.relative_to(ROOT)) in PROCESSES else set())
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in CALLS
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            assert (node.value.id, node.attr) not in ATTRIBUTES
        if isinstance(node, ast.Import):
            assert not {alias.name for alias in node.names} & modules
        if isinstance(node, ast.ImportFrom):
            assert node.module not in modules


def test_every_promise_names_a_test_that_is_there() -> None:
    text = (ROOT / "SECURITY.md").read_text()
    rows = [row.split("|")[1:-1] for row in text.splitlines() if row.startswith("| ") and "---" not in row]
    makefile = (ROOT / "Makefile").read_text()
    assert rows[0][2].strip() == "test"
    for promise, _, named in rows[1:]:
        tests = re.findall(r"`([^`]+)`", named)
        assert any("::" in each for each in tests), promise
        for each in tests:
            if each.startswith("make "):
                assert f"\n{each.removeprefix('make ')}:" in makefile, each
                continue
            file, _, function = each.partition("::")
            assert (ROOT / file).exists(), each
            if function:
                body = ast.parse((ROOT / file).read_text()).body
                assert function in {node.name for node in body if isinstance(node, ast.FunctionDef)}, each


def test_a_report_needs_no_network_no_process_and_writes_only_where_it_was_told(tmp_path: Path) -> None:
    (tmp_path / "watch.py").write_text(WATCH)
    command = [sys.executable, "watch.py", "report", "tower-22", "--engine", "importance", "-o", "out/report.html"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    shown = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert shown.returncode == 1, shown.stderr  # the instant engine alone passes no checks
    assert (tmp_path / "out" / "report.html").exists()
    caches = ("__pycache__", "numba", "matplotlib", "fontlist", "/dev/null")
    elsewhere = [
        line
        for line in shown.stderr.splitlines()
        if line.startswith("/") and not line.startswith(str(tmp_path)) and not any(word in line for word in caches)
    ]
    assert elsewhere == []


def test_hashes_and_hostile_words_do_not_reach_a_shell(tmp_path: Path) -> None:
    """File names that a shell would act on are file names."""
    name = "$(touch owned); `touch owned` & .yaml"
    (tmp_path / name).write_text("format: attribution-case/1\n")
    command = [sys.executable, "-m", "attribution", "check", f"./{name}"]
    shown = subprocess.run(
        command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )
    assert shown.returncode == 2
    assert name in shown.stderr
    assert [path.name for path in tmp_path.iterdir()] == [name]
