"""Build the documentation as a folder of pages that opens from disk, without a network.

    python docs/make_site.py build/docs

The pages of `docs/` are copied, and completed on the way:

- A fenced ``python`` block is run, all blocks of a page in one namespace; what it prints, or the value of its last
  line, stands below it. A ``console`` block holds commands after ``$``, which are run too, all of a page in one folder.
- In `formats/` a ``yaml`` block is part of a file: its first line says of which, ``# case`` or ``# model``. All parts
  under one heading are put into a small pair of files, which must then pass `attribution check`.
- Pages of keys are made from the schemas, the reference from the docstrings.

A block that fails stops the build, with its page and line; so does a link that leads nowhere.
"""

from __future__ import annotations

import ast
import contextlib
import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HOME = Path(__file__).parent
ROOT = HOME.parent
FENCE = re.compile(r"^(?P<fence>`{3,})(?P<word>[\w-]*)\n(?P<body>.*?)^(?P=fence)$\n?", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[([^\]]*)\]\((?!\w+://)([^)#\s]*)(#[^)\s]*)?\)")
WIDEST = 88
KINDS = ("case", "model")
MADE = ("examples.md", "gallery.md")  # by `docs/make_gallery.py`, outputs included; a test of their own runs them


class PageError(Exception):
    """A block of a page that does not do what the page says."""


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: its word, what it holds, and the line on which it begins."""

    word: str
    body: str
    line: int

    @classmethod
    def of(cls, found: re.Match[str]) -> Block:
        """A match of `FENCE` in a page."""
        return cls(found["word"], found["body"], found.string[: found.start()].count("\n") + 1)


def blocks(text: str) -> Iterator[Block]:
    """All fenced blocks of a page."""
    for found in FENCE.finditer(text):
        yield Block.of(found)


def completed(page: Path) -> str:
    """A page with what its blocks print."""
    text, name = page.read_text(encoding="utf-8"), page.relative_to(ROOT).as_posix()
    if page.name in MADE:
        return text
    if page.parent.name == "formats":
        check_parts(text, name)
    namespace: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):

        def below(found: re.Match[str]) -> str:
            block = Block.of(found)
            printed = ""
            if block.word == "python":
                printed = ran(block, name, namespace)
            elif block.word == "console":
                return console(block, name)
            return found.group() + (f"\n```text\n{printed}\n```\n" if printed else "")

        return FENCE.sub(below, text)


def ran(block: Block, page: str, namespace: dict[str, Any]) -> str:
    """What a block of Python prints, or the value of its last line."""
    out = io.StringIO()
    try:
        tree = ast.parse("\n" * block.line + block.body, filename=page)
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        with contextlib.redirect_stdout(out):
            exec(compile(tree, page, "exec"), namespace)
            if isinstance(last, ast.Expr):
                value = eval(compile(ast.Expression(last.value), page, "eval"), namespace)
                if value is not None and not type(value).__module__.startswith("matplotlib"):
                    print(value)
    except Exception as error:
        raise PageError(f"{page}:{block.line}: {traceback.format_exc(limit=-2)}") from error
    return "\n".join(folded(line) for line in out.getvalue().rstrip().splitlines())


def folded(line: str) -> str:
    """A sentence over several lines; a row of a table, whose columns stand apart, stays one."""
    if len(line) <= WIDEST or "  " in line.strip():
        return line
    return textwrap.fill(line, WIDEST)


def console(block: Block, page: str) -> str:
    """A block of commands with what each prints; a command may end with 0 or 1."""
    lines = []
    environment = {**os.environ, "COLUMNS": str(WIDEST), "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    for command in re.findall(r"^\$ (.*)$", block.body, re.MULTILINE):
        shown = subprocess.run(
            command, shell=True, capture_output=True, text=True, env=environment, timeout=300, check=False
        )
        if shown.returncode > 1 or (shown.returncode and "attribution" not in command):
            raise PageError(f"{page}:{block.line}: $ {command}\n{shown.stdout}{shown.stderr}")
        lines += [f"$ {command}", *(shown.stdout + shown.stderr).rstrip().splitlines(), ""]
    return "```text\n" + "\n".join(lines).rstrip() + "\n```\n"


def check_parts(text: str, page: str) -> None:
    """Each section's parts of files, put into a small case and model, must be a pair that fits."""
    from attribution.errors import AttributionError

    line = 1
    for section in re.split(r"^(?=##+ )", text, flags=re.MULTILINE):
        parts = [block for block in blocks(section) if block.word == "yaml"]
        if parts:
            try:
                check_pair(parts)
            except AttributionError as error:
                heading = section.splitlines()[0]
                raise PageError(f"{page}:{line}: {heading}\n{error}") from error
        line += section.count("\n")


def check_pair(parts: list[Block]) -> None:
    """Raises one of the package's errors where the parts do not make files that fit together."""
    import yaml

    import attribution as at
    from attribution.domain.pairing import check_pair as fits

    files = {kind: yaml.load((HOME / "formats" / f"{kind}.yaml").read_text(), yaml.BaseLoader) for kind in KINDS}
    for part in parts:
        first, _, body = part.body.partition("\n")
        kind = first.removeprefix("#").strip()
        if kind not in KINDS:
            raise PageError(f'line {part.line}: a part begins with "# case" or "# model", not with "{first}"')
        files[kind] = merged(files[kind], yaml.load(body, yaml.BaseLoader))
    case = at.Case.from_dict(files["case"])
    fits(case, at.Model.from_dict(files["model"]))


def merged(base: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    """A file with a part put in: the evidence is continued, entries of other blocks are added or replaced."""
    joined = dict(base)
    for key, value in part.items():
        old = base.get(key)
        if key == "perpetrator" or old is None:
            joined[key] = value
        else:
            joined[key] = [*old, *value] if isinstance(old, list) else old | value
    return joined


def keys_page(what: str, schema: dict[str, Any]) -> str:
    """Every key of a file format, block by block, from its schema."""
    lines = [f"# Keys of a {what} file", "", f"Made from `attribution schema {what}`, which editors can use.", ""]
    lines += ["## The file", "", *_rows(schema)]
    for name, shape in schema["$defs"].items():
        body = _body(shape)
        if body:
            lines += [f"## `{name}`", "", *_rows(body)]
    return "\n".join(lines) + "\n"


def _body(shape: dict[str, Any]) -> dict[str, Any] | None:
    """The mapping inside a shape: itself, an entry of a list, a value of a mapping, or one of several."""
    if "properties" in shape:
        return shape
    inner = [shape.get("items"), shape.get("additionalProperties"), *shape.get("anyOf", ()), *shape.get("oneOf", ())]
    for one in inner:
        if isinstance(one, dict) and (found := _body(one)):
            return found
    return None


def _rows(shape: dict[str, Any]) -> list[str]:
    needed = set(shape.get("required", ()))
    rows = ["| key | holds | meaning |", "| --- | --- | --- |"]
    for key, value in shape["properties"].items():
        holds = value.get("$ref", "").rpartition("/")[2] or str(value.get("const") or value.get("type", ""))
        star = " (needed)" if key in needed else ""
        meaning = value.get("description", "").replace("|", "\\|")
        rows.append(f"| `{key}`{star} | {holds} | {meaning} |")
    return [*rows, ""]


def reference_page() -> str:
    """Every public name, from its docstring."""
    import attribution as at

    kinds: dict[str, list[str]] = {"Functions": [], "Values": [], "Errors": []}
    for name in sorted(at.__all__, key=str.lower):
        value = getattr(at, name)
        if not isinstance(value, type):
            kinds["Functions"].append(f".. autofunction:: attribution.{name}")
        elif issubclass(value, Exception):
            kinds["Errors"].append(f".. autoexception:: attribution.{name}")
        else:
            kinds["Values"].append(f".. autoclass:: attribution.{name}\n   :members:\n   :inherited-members:")
    lines = ["Reference", "=========", "", "All of ``import attribution as at``.", ""]
    for title, entries in kinds.items():
        lines += [title, "-" * len(title), "", "\n\n".join(entries), ""]
    return "\n".join(lines)


def links_inside(text: str, page: Path) -> str:
    """Links to files that are no pages of the site become their paths in the repository."""

    def inside(found: re.Match[str]) -> str:
        words, target, anchor = found[1], found[2], found[3] or ""
        if not target:
            return found.group()
        path = (page.parent / target).resolve()
        if path.is_relative_to(HOME) and path.exists():
            return f"[{words}]({target}{anchor})"
        if path.is_relative_to(HOME / "generated"):
            return found.group()
        return f"{words} (`{path.relative_to(ROOT)}`)" if path.name != words else f"`{path.relative_to(ROOT)}`"

    return LINK.sub(inside, text)


def sources(folder: Path) -> None:
    """All that the site is made from."""
    from attribution.cli.case import schema_of

    shutil.copytree(HOME, folder, ignore=shutil.ignore_patterns("*.py", "__pycache__", "*.md"))
    shutil.copy(HOME / "conf.py", folder)
    for page in sorted(HOME.rglob("*.md")):
        target = folder / page.relative_to(HOME)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(links_inside(completed(page), page), encoding="utf-8")
    records = "\n".join(page.stem for page in sorted((HOME / "decisions").glob("0*.md")))
    with (folder / "decisions" / "README.md").open("a", encoding="utf-8") as index:
        index.write(f"\n```{{toctree}}\n:hidden:\n\n{records}\n```\n")
    generated = folder / "generated"
    generated.mkdir()
    for what in ("case", "model", "grading", "recipe", "mapping", "prior"):
        (generated / f"{what}.md").write_text(keys_page(what, schema_of(what)), encoding="utf-8")
    (generated / "reference.rst").write_text(reference_page(), encoding="utf-8")


def main(target: Path) -> None:
    """Build the site into a folder, which is replaced."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "source"
        sources(source)
        shutil.rmtree(target, ignore_errors=True)
        command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html", "-d", f"{folder}/trees"]
        subprocess.run([*command, str(source), str(target)], check=True)
    print(f"built: {target / 'index.html'}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "build/docs"))
