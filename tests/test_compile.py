"""Compiled code is kept only where nobody else could have put it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from attribution import _compile
from attribution.cli.output import first

ROOT = Path(__file__).parent.parent


def folder_in(monkeypatch: pytest.MonkeyPatch, package: Path, cache: Path) -> str:
    """Where kernels would be kept by a package that lies in one place, for a user whose cache is another."""
    monkeypatch.setattr(_compile, "__file__", str(package / "_compile.py"))
    monkeypatch.setattr(_compile, "kernel_digest", lambda: "0" * 16)
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    return str(_compile._cache_folder.__wrapped__())


def test_a_folder_made_by_us_is_ours_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = Path(folder_in(monkeypatch, tmp_path, tmp_path / "cache"))
    assert folder.parent == tmp_path / "__pycache__"
    assert folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("trap", ["writable by others", "a link"])
def test_a_folder_that_others_may_have_filled_is_passed_by(
    trap: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    planted = tmp_path / "__pycache__" / f"kernel-{'0' * 16}"
    planted.parent.mkdir()
    if trap == "a link":
        (tmp_path / "elsewhere").mkdir()
        planted.symlink_to(tmp_path / "elsewhere")
    else:
        planted.mkdir()
        planted.chmod(0o777)
    folder = Path(folder_in(monkeypatch, tmp_path, tmp_path / "cache"))
    assert folder.parent == tmp_path / "cache" / "attribution"


def test_a_folder_in_which_others_could_swap_ours_is_passed_by(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__").chmod(0o777)
    folder = Path(folder_in(monkeypatch, tmp_path, tmp_path / "cache"))
    assert folder.parent == tmp_path / "cache" / "attribution"
    assert folder.parent.stat().st_mode & 0o777 == 0o700


def test_a_full_disk_keeps_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(_compile, "_room", lambda folder: False)
    assert folder_in(monkeypatch, tmp_path, tmp_path / "cache") == ""


def test_no_predictable_folder_under_the_shared_one(tmp_path: Path) -> None:
    """Where neither the package nor a home can be written, two processes have two folders, mode 700, and tidy up."""
    code = (
        "import os, attribution._compile as c\n"
        "from pathlib import Path\n"
        "c.__file__ = '/proc/self/none/_compile.py'\n"
        "c.kernel_digest = lambda: '0' * 16\n"
        "folder = c._cache_folder()\n"
        "print(folder, oct(os.stat(folder).st_mode & 0o777))\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path), "XDG_CACHE_HOME": "/proc/none"}
    shown = [
        subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    ]
    assert shown[0] != shown[1]
    assert all(line.endswith("0o700\n") for line in shown)
    assert list(tmp_path.iterdir()) == []


def doubled() -> Callable[..., None]:
    """The source of a kernel that doubles some numbers."""
    from numba import carray

    from attribution.network.pointers_kernel import doubles

    def double(places: Any, shapes: Any) -> None:
        values = carray(doubles(places[0]), (shapes[0],))
        for k in range(shapes[0]):
            values[k] *= 2.0

    return double


def never() -> Callable[..., None]:
    raise AssertionError("compiled although it lay on disk")


def test_machine_code_is_kept_and_loaded_without_a_compiler(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(_compile, "_cache_folder", lambda: str(tmp_path))
    fresh = _compile.Native("double", "d", doubled)
    assert not fresh.ready
    values = np.arange(3.0)
    fresh(values)
    assert values.tolist() == [0.0, 2.0, 4.0]
    again = _compile.Native("double", "d", never)
    assert again.ready
    again(values)
    assert values.tolist() == [0.0, 4.0, 8.0]


def test_machine_code_that_was_changed_is_not_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(_compile, "_cache_folder", lambda: str(tmp_path))
    _compile.Native("double", "d", doubled)(np.ones(1))
    (kept,) = tmp_path.iterdir()
    whole = kept.read_bytes()
    for changed in (whole[: len(whole) // 2], whole[:-1] + b"x", b""):
        kept.write_bytes(changed)
        with pytest.raises(AssertionError, match="lay on disk"):
            _compile.Native("double", "d", never)(np.ones(1))
        _compile.Native("double", "d", doubled)(np.ones(1))
        _compile.Native("double", "d", never)(np.ones(1))


def test_what_numpy_did_is_remembered_until_compiling_pays(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Three processes of 1.5 seconds each: the third compiles, and from then on nobody works without machine code."""
    monkeypatch.setattr(_compile, "_cache_folder", lambda: str(tmp_path))
    monkeypatch.delenv("ATTRIBUTION_READER", raising=False)
    chosen = []
    for _ in range(3):
        process = _compile.Native("double", "d", doubled)
        chosen.append(process.rather(1.5))
        process._remember()
    assert chosen == [False, False, True]
    process(np.ones(1))
    assert process.rather(0.0)
    later = _compile.Native("double", "d", never)
    assert not later.rather(0.01)
    assert later.rather(1.0)


def test_a_note_of_what_numpy_did_that_nobody_can_read_counts_as_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(_compile, "_cache_folder", lambda: str(tmp_path))
    monkeypatch.delenv("ATTRIBUTION_READER", raising=False)
    (tmp_path / "double.seconds").write_text("long")
    assert not _compile.Native("double", "d", doubled).rather(3.0)


def test_machine_code_takes_only_what_it_was_made_for() -> None:
    double = _compile.Native("double", "d", never)
    for wrong in (np.arange(3), np.ones((4, 4))[:, 1]):
        with pytest.raises(TypeError, match="contiguous"):
            double(wrong)


def test_it_is_known_whether_kernels_must_be_compiled_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(_compile, "_cache_folder", lambda: str(tmp_path))
    said = "learning (first time: compiling for half a minute)"
    assert first("learning", "two_sided_kernel") == said
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "features_kernel.step-1.py312.nbi").write_bytes(b"")
    assert first("learning", "two_sided_kernel") == said
    assert first("learning", "features_kernel") == "learning"
    monkeypatch.setattr(_compile, "_cache_folder", str)  # nothing can be kept
    assert first("learning", "features_kernel") == said
