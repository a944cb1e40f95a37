"""The rule of CONTRIBUTING.md about files, folders, imports and arguments, and the counting that it rests on."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from benchmarks.structure import ROOT, Structure, figures, table

MEDIAN = (150, 250)
LONGEST_FILE = 600
LONGEST_BODY = 60
MOST_FILES = 25
MOST_POSITIONAL = 8
ON_ITS_OWN: dict[str, str] = {}
"""Small files that serve one neighbour and stand alone all the same, each with its reason."""


@pytest.fixture(scope="module")
def package() -> Structure:
    return Structure(ROOT)


def test_the_median_file_holds_an_idea_and_all_of_it(package: Structure) -> None:
    assert MEDIAN[0] <= package.median <= MEDIAN[1]


def test_no_file_is_longer_than_a_room(package: Structure) -> None:
    assert {module.name: module.lines for module in package.rooms if module.lines > LONGEST_FILE} == {}


def test_no_small_file_serves_one_neighbour(package: Structure) -> None:
    assert {module.name for module in package.only_for_a_neighbour()} == set(ON_ITS_OWN)


def test_no_folder_is_crowded(package: Structure) -> None:
    assert {folder: count for folder, count in package.folders.items() if count > MOST_FILES} == {}


def test_no_imports_go_in_a_circle(package: Structure) -> None:
    assert package.circles() == []


def test_a_function_fits_on_a_screen(package: Structure) -> None:
    long = {f"{module.name}.{each.name}": each.body for module, each in package.functions if each.body > LONGEST_BODY}
    assert long == {}


def test_arguments_that_are_told_by_their_place_are_few(package: Structure) -> None:
    taken = {
        f"{module.name}.{each.name}": each.positional
        for module, each in package.functions
        if each.positional > MOST_POSITIONAL
    }
    given = {
        f"{module.name}: {module.widest_call[1]}": module.widest_call[0]
        for module in package.modules.values()
        if module.widest_call[0] > MOST_POSITIONAL
    }
    assert taken | given == {}


def test_no_public_function_takes_any_keyword(package: Structure) -> None:
    assert package.catch_alls() == []


def a_package(folder: Path, files: dict[str, str]) -> Structure:
    """A made-up package of the same name, from the texts of its files."""
    for name, text in files.items():
        path = folder / "attribution" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        (path.parent / "__init__.py").touch()
    (folder / "attribution" / "__init__.py").touch()
    return Structure(folder)


def names(modules: Iterable[object]) -> set[str]:
    return {getattr(module, "name") for module in modules}  # noqa: B009


def test_imports_inside_functions_close_a_circle_and_imports_for_types_do_not(tmp_path: Path) -> None:
    files = {
        "a/one.py": "from attribution.a.two import f\n",
        "a/two.py": "def f():\n    from attribution.a import three\n",
        "a/three.py": "import attribution.a.one\n",
        "a/four.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from attribution.a import five\n",
        "a/five.py": "from attribution.a import four\n",
    }
    found = a_package(tmp_path, files)
    assert found.circles() == [["attribution.a.one", "attribution.a.three", "attribution.a.two"]]
    assert found.inside("a") == (5, 4, 2)


def test_a_circle_stands_on_one_level_and_a_chain_on_as_many_as_it_has_files(tmp_path: Path) -> None:
    chain = {f"a/f{n}.py": f"from attribution.a import f{n - 1}\n" if n else "" for n in range(4)}
    assert a_package(tmp_path, chain).inside("a") == (4, 3, 4)


def test_a_small_file_for_one_neighbour_is_seen(tmp_path: Path) -> None:
    files = {
        "a/small.py": "x = 1\n",
        "a/user.py": "import attribution.a.small\nfrom attribution.a import large, compiled, shared, handed_on\n",
        "a/large.py": "x = 1\n" * 201,
        "a/compiled.py": "from attribution._compile import kernel\n\n\n@kernel\ndef f(): ...\n",
        "a/shared.py": "",
        "a/handed_on.py": "",
        "b/other.py": "from attribution.a import shared, user\n",
        "_compile.py": "",
    }
    found = a_package(tmp_path, files)
    (tmp_path / "attribution" / "a" / "__init__.py").write_text("from attribution.a import handed_on\n")
    assert names(Structure(tmp_path).only_for_a_neighbour()) == {"attribution.a.small"}
    assert names(found.only_for_a_neighbour()) == {"attribution.a.small", "attribution.a.handed_on"}
    assert names(found.only_for_a_neighbour(over=300)) >= {"attribution.a.large"}


def test_arguments_bodies_and_folders_are_counted(tmp_path: Path) -> None:
    text = (
        "class C:\n"
        "    def method(self, a, b, /, c, *, d):\n"
        '        """Says what it does,\n\n        at length."""\n'
        "        x = 1\n\n"
        "        return g(1, 2, *a, k=3)\n"
        "def any_keyword(**rest): ...\n"
        "def _inner(**rest): ...\n"
    )
    found = a_package(tmp_path, {"a/file.py": text, "a/second.py": "", "third.py": ""})
    method = next(each for _, each in found.functions if each.name == "method")
    assert (method.body, method.positional) == (3, 3)
    assert found.modules["attribution.a.file"].widest_call == (2, "g")
    assert found.catch_alls() == ["attribution.a.file.any_keyword"]
    assert found.folders == {"attribution": 1, "attribution.a": 2}


def test_words_are_counted_in_names_and_texts(tmp_path: Path) -> None:
    found = a_package(tmp_path, {"a.py": '"""Told once, untold twice."""\n_told = told_by = folktold = 1\n'})
    assert found.words("told") == 3


def test_the_table_sets_before_beside_after(tmp_path: Path, package: Structure) -> None:
    before = a_package(tmp_path, {"gone/a.py": "x = 1\n", "gone/b.py": "def f(): ...\ng()\n"})
    lines = table(package, before).splitlines()
    assert lines[:2] == ["| | before | after |", "| --- | ---: | ---: |"]
    assert f"| files | 4 | {len(package.modules)} |" in lines
    assert "| gone/: files, arrows, levels | 2, 0, 1 | – |" in lines
    assert set(figures(package)) < {line.split(" | ")[0].removeprefix("| ") for line in lines}
