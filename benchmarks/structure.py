"""How the house is built: files, folders, imports, arguments and words, before and after.

    python -m benchmarks.structure                       # this checkout
    python -m benchmarks.structure --against OTHER       # beside another checkout, as a Markdown table
    python -m benchmarks.structure --list                # the files and functions behind the worst figures

Nothing is imported: every figure comes from the syntax trees of the files. `tests/test_structure.py` holds the package
to the rule that CONTRIBUTING.md states.
"""

from __future__ import annotations

import argparse
import ast
import re
import statistics
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGE = "attribution"
SMALL = 200
"""A file of more lines may have a single importer."""

OLD_WORDS = {
    "discount": "discounts?",
    "habit": "habits?",
    "shelf": "shel(?:f|ves)",
    "look around": "look(?:s|ing)?[ _]around",
    "bench": "bench",
    "reached, reaching": "reach(?:ed|ing)",
    "tip": "tips?",
    "planting": "planting",
    "witness": "witness(?:es)?",
    "told": "told",
    "said": "said",
    "desk": "desk",
    "likeness": "likeness",
    "shannon": "shannon",
    "loosened": "loosened",
    "powered": "powered",
    "standing": "standing",
    "turns": "turns",
    "found": "found",
    "one": "one",
}
FIELD_WORDS = {
    "prequential": "prequential(?:ly)?",
    "coefficient": "coefficients?",
    "variable elimination": "variable[ _]elimination",
    "conditional probability table": "conditional[ _]probability[ _]tables?",
    "importance sampling": "importance[ _-]sampling",
    "reweighting": "reweight(?:ed|ing|s)?",
    "nearest neighbour": "nearest[ _-]neighbours?",
    "threshold": "thresholds?",
    "length scale": "length[ _-]scales?",
    "decay time": "decay[ _-]times?",
}


@dataclass(frozen=True)
class Function:
    """A function or method: its body from the first statement after the docstring, and what it takes by position."""

    name: str
    body: int
    positional: int
    free_keywords: bool

    @property
    def is_public(self) -> bool:
        return not self.name.startswith("_")


@dataclass(frozen=True)
class Module:
    """A file of the package. `imports` holds modules of the package only; `widest_call` counts positional arguments."""

    name: str
    path: Path
    text: str
    imports: frozenset[str]
    functions: tuple[Function, ...]
    widest_call: tuple[int, str]

    @property
    def lines(self) -> int:
        return len(self.text.splitlines())

    @property
    def folder(self) -> str:
        return self.name if self.is_door else self.name.rpartition(".")[0]

    @property
    def is_door(self) -> bool:
        """Is it the `__init__.py` of a folder?"""
        return self.path.name == "__init__.py"

    @property
    def is_compiled(self) -> bool:
        """Does it hold functions that numba compiles?"""
        return f"{PACKAGE}._compile" in self.imports or "\n@kernel\n" in self.text


class Structure:
    """The modules of a package and what can be counted in them."""

    def __init__(self, root: Path) -> None:
        paths = sorted(path for path in (root / PACKAGE).rglob("*.py") if "_bundled" not in path.parts)
        names = {path: _dotted(path.relative_to(root)) for path in paths}
        known = frozenset(names.values())
        self.modules = {names[path]: _module(names[path], path, known) for path in paths}

    @cached_property
    def rooms(self) -> list[Module]:
        """The files that hold code: all but the doors of folders that only carry a docstring."""
        return [module for module in self.modules.values() if not (module.is_door and module.lines < 20)]

    @cached_property
    def folders(self) -> dict[str, int]:
        """Files in each folder, its door aside."""
        counts: dict[str, int] = {}
        for module in self.modules.values():
            counts[module.folder] = counts.get(module.folder, 0) + (not module.is_door)
        return counts

    @property
    def median(self) -> float:
        return statistics.median(module.lines for module in self.rooms)

    @property
    def longest(self) -> Module:
        return max(self.rooms, key=lambda module: module.lines)

    @cached_property
    def importers(self) -> dict[str, set[str]]:
        """For each module the modules that import it."""
        found: dict[str, set[str]] = {name: set() for name in self.modules}
        for module in self.modules.values():
            for name in module.imports - {module.name}:
                found[name].add(module.name)
        return found

    def only_for_a_neighbour(self, over: int = SMALL) -> list[Module]:
        """Small files, not compiled, that one file imports, which stands in the same folder.

        What the door of a folder hands on is read elsewhere and does not count; nor does the door itself.
        """
        return [
            module
            for module in self.rooms
            if len(self.importers[module.name]) == 1
            and module.lines <= over
            and not module.is_compiled
            and not module.is_door
            and (importer := self.modules[next(iter(self.importers[module.name]))]).folder == module.folder
            and not importer.is_door
        ]

    def circles(self) -> list[list[str]]:
        """Groups of modules each of which reaches all others of its group by imports."""
        return [sorted(group) for group in _components(self._graph(self.modules)) if len(group) > 1]

    def inside(self, folder: str) -> tuple[int, int, int]:
        """Files, import arrows between them, and levels (the longest chain of imports) of a folder and those below."""
        names = {name for name in self.modules if f"{name}.".startswith(f"{PACKAGE}.{folder}.")}
        graph = self._graph(names)
        arrows = sum(len(targets) for targets in graph.values())
        return sum(not self.modules[name].is_door for name in names), arrows, _depth(graph)

    def _graph(self, names: set[str] | dict[str, Module]) -> dict[str, set[str]]:
        return {name: {to for to in self.modules[name].imports if to in names and to != name} for name in names}

    @cached_property
    def functions(self) -> list[tuple[Module, Function]]:
        return [(module, function) for module in self.modules.values() for function in module.functions]

    def catch_alls(self) -> list[str]:
        """Public functions with `**keywords`, which say nothing of what they take."""
        return [
            f"{module.name}.{each.name}" for module, each in self.functions if each.free_keywords and each.is_public
        ]

    def words(self, pattern: str) -> int:
        """How often a word stands in names, texts and comments; parts of names count (`_told`)."""
        word = re.compile(rf"(?<![a-z])(?:{pattern})(?![a-z])", re.IGNORECASE)
        return sum(len(word.findall(module.text)) for module in self.modules.values())


def _dotted(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _module(name: str, path: Path, known: frozenset[str]) -> Module:
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    lazily = name == PACKAGE  # the front door names under TYPE_CHECKING what it loads when asked for it
    return Module(
        name=name,
        path=path,
        text=text,
        imports=frozenset(_imports(tree, known, typing_too=lazily)),
        functions=tuple(_functions(tree)),
        widest_call=max(_calls(tree), default=(0, "")),
    )


def _imports(tree: ast.AST, known: frozenset[str], *, typing_too: bool) -> Iterator[str]:
    """Modules of the package imported anywhere in the tree, also inside functions."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test) and not typing_too:
            for other in node.orelse:
                yield from _imports(other, known, typing_too=False)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                if inner in known or node.module in known:
                    yield inner if inner in known else node.module
        else:
            yield from _imports(node, known, typing_too=typing_too)


def _functions(tree: ast.AST) -> Iterator[Function]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) is not None else node.body
            taken = [*node.args.posonlyargs, *node.args.args]
            itself = bool(taken) and taken[0].arg in {"self", "cls"}
            lines = (node.end_lineno or 0) - body[0].lineno + 1 if body else 0
            yield Function(node.name, lines, len(taken) - itself, node.args.kwarg is not None)


def _calls(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield sum(not isinstance(value, ast.Starred) for value in node.args), ast.unparse(node.func)


def _components(graph: dict[str, set[str]]) -> list[set[str]]:
    """Strongly connected components: who reaches whom, both ways."""
    reach = {name: _reached(graph, name) for name in graph}
    groups: list[set[str]] = []
    placed: set[str] = set()
    for name in graph:
        if name not in placed:
            group = {name} | {other for other in reach[name] if name in reach[other]}
            groups.append(group)
            placed |= group
    return groups


def _reached(graph: dict[str, set[str]], start: str) -> set[str]:
    seen: set[str] = set()
    ahead = [start]
    while ahead:
        for name in graph[ahead.pop()] - seen:
            seen.add(name)
            ahead.append(name)
    return seen


def _depth(graph: dict[str, set[str]]) -> int:
    """Modules on the longest chain of imports; those of a circle stand on one level."""
    groups = _components(graph)
    home = {name: number for number, group in enumerate(groups) for name in group}
    below = {
        number: {home[to] for name in group for to in graph[name]} - {number} for number, group in enumerate(groups)
    }
    levels: dict[int, int] = {}

    def level(number: int) -> int:
        if number not in levels:
            levels[number] = 1 + max((level(lower) for lower in below[number]), default=0)
        return levels[number]

    return max((level(number) for number in below), default=0)


def figures(structure: Structure) -> dict[str, str]:
    """The rows of the table, as text."""
    longest = structure.longest
    fullest = max(structure.folders, key=structure.folders.__getitem__)
    circles = structure.circles()
    _, body = max(structure.functions, key=lambda pair: pair[1].body)
    _, takes = max(structure.functions, key=lambda pair: pair[1].positional)
    call = max(module.widest_call for module in structure.modules.values())
    rows = {
        "files": f"{len(structure.modules)}",
        "lines": f"{sum(module.lines for module in structure.modules.values()):,}",
        "median file": f"{structure.median:g}",
        "longest file": f"{longest.lines} ({longest.name.removeprefix(f'{PACKAGE}.')})",
        "files under 80 lines": f"{sum(module.lines < 80 for module in structure.rooms)}",
        "most files in a folder": f"{structure.folders[fullest]} ({fullest.removeprefix(f'{PACKAGE}.')})",
        f"files of at most {SMALL} lines for one neighbour": f"{len(structure.only_for_a_neighbour())}",
        "files for one neighbour, of any length": f"{len(structure.only_for_a_neighbour(10**6))}",
        "circles of imports (files in them)": f"{len(circles)} ({sum(map(len, circles))})",
        "longest function body": f"{body.body} ({body.name})",
        "most positional arguments, taken": f"{takes.positional} ({takes.name})",
        "most positional arguments, given": f"{call[0]} ({call[1]})",
        "public functions that take any keyword": f"{len(structure.catch_alls())}",
    }
    for folder in sorted({name.split(".")[1] for name in structure.folders if "." in name}):
        files, arrows, levels = structure.inside(folder)
        rows[f"{folder}/: files, arrows, levels"] = f"{files}, {arrows}, {levels}"
    rows |= {f"our word *{word}*": f"{structure.words(pattern)}" for word, pattern in OLD_WORDS.items()}
    return rows | {f"the field's *{word}*": f"{structure.words(pattern)}" for word, pattern in FIELD_WORDS.items()}


def table(here: Structure, against: Structure | None) -> str:
    """A Markdown table of the figures, with those of another checkout before them where there is one."""
    after = figures(here)
    if against is None:
        return "\n".join(["| | now |", "| --- | ---: |", *(f"| {name} | {value} |" for name, value in after.items())])
    before = figures(against)
    names = list(dict.fromkeys([*before, *after]))
    lines = [f"| {name} | {before.get(name, '–')} | {after.get(name, '–')} |" for name in names]
    return "\n".join(["| | before | after |", "| --- | ---: | ---: |", *lines])


def worst(structure: Structure) -> Iterator[str]:
    """What stands in the way of the rule, a line each."""
    for module in structure.only_for_a_neighbour():
        importer = next(iter(structure.importers[module.name]))
        yield f"for one neighbour: {module.name} ({module.lines} lines), imported by {importer}"
    yield from (f"circle: {', '.join(circle)}" for circle in structure.circles())
    yield from (f"{module.lines} lines: {module.name}" for module in structure.rooms if module.lines > 600)
    yield from (f"{count} files: {folder}" for folder, count in structure.folders.items() if count > 25)
    for module, function in structure.functions:
        if function.body > 60 or function.positional > 8:
            yield f"{module.name}.{function.name}: body {function.body}, {function.positional} positional arguments"
    for module in structure.modules.values():
        if module.widest_call[0] > 8:
            yield f"{module.name} gives {module.widest_call[1]} {module.widest_call[0]} positional arguments"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--root", type=Path, default=ROOT, help="the checkout (default: this one)")
    parser.add_argument("--against", type=Path, metavar="DIR", help="another checkout, shown as before")
    parser.add_argument("--list", action="store_true", help="name what stands in the way of the rule")
    chosen = parser.parse_args()
    here = Structure(chosen.root)
    print(table(here, Structure(chosen.against) if chosen.against else None))
    if chosen.list:
        print(*worst(here), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
