"""Only ever the old file or the new one, whatever happens while it is written."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import time
from pathlib import Path
from threading import Thread

import pytest

from attribution.atomic import write_atomically, write_text, write_texts, write_together, written
from attribution.errors import OutputError

ROOT = Path(__file__).parent.parent


def test_a_failure_in_the_middle_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text("old")

    def half(part: Path) -> None:
        part.write_text("ne")
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OutputError, match="no space left on device"):
        write_atomically(path, half)
    assert [(one.name, one.read_text()) for one in tmp_path.iterdir()] == [("report.html", "old")]


def test_what_a_killed_run_left_is_swept_up_but_not_what_another_writes_now(tmp_path: Path) -> None:
    path = tmp_path / "re[port].html"
    left, busy, foreign = (
        tmp_path / name for name in (".re[port].html.x.part", ".re[port].html.y.part", ".other.z.part")
    )
    for one in (left, busy, foreign):
        one.write_text("half")
    long_ago = time.time() - 7200
    for one in (left, foreign):
        os.utime(one, (long_ago, long_ago))
    write_text(path, "new")
    assert sorted(one.name for one in tmp_path.iterdir()) == sorted([path.name, busy.name, foreign.name])


def test_two_that_write_one_file_leave_one_of_the_two(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    texts = ["a" * 100_000, "b" * 100_000]

    def often(text: str) -> None:
        for _ in range(40):
            write_text(path, text)

    threads = [Thread(target=often, args=(text,)) for text in texts]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        if path.exists():
            assert path.read_text() in texts
    for thread in threads:
        thread.join()
    assert [one.name for one in tmp_path.iterdir()] == ["report.json"]


@pytest.mark.parametrize(("limit", "name"), [(400_000, "run.nc"), (2000, "report.html")])
def test_a_full_disk(tmp_path: Path, limit: int, name: str) -> None:
    """Files that cannot grow: exit code 2, one plain message, nothing left behind."""
    (tmp_path / "full.py").write_text(
        "import resource, signal, sys\nfrom attribution.cli import main\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "assert main(['new', 'small']) == 0\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))\n"
        f"what = 'fit' if {name!r}.endswith('.nc') else 'report'\n"
        "sys.exit(main([what, './small.yaml', '--model', './small-baseline.yaml', '--engine', 'importance', "
        f"'-o', {name!r}]))"
    )
    shown = subprocess.run(
        [sys.executable, "full.py"], cwd=tmp_path, capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert shown.returncode == 2, shown.stderr
    assert f"{name} cannot be written: file too large.\n  allowed: " in shown.stderr
    assert "Traceback" not in shown.stderr
    assert sorted(one.name for one in tmp_path.iterdir()) == ["full.py", "small-baseline.yaml", "small.yaml"]


def test_several_files_appear_together_or_not_at_all(tmp_path: Path) -> None:
    first, second = tmp_path / "report.html", tmp_path / "report.json"
    first.write_text("old")
    second.mkdir()  # cannot be replaced by a file
    with pytest.raises(OutputError):
        write_together({first: lambda part: None, tmp_path / "report.md": failing})
    assert first.read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report.html", "report.json"]


def test_the_last_of_several_that_cannot_take_its_place_leaves_all_as_they_were(tmp_path: Path) -> None:
    old, new, folder = tmp_path / "report.html", tmp_path / "report.json", tmp_path / "report.md"
    old.write_text("old")
    folder.mkdir()  # cannot be replaced by a file
    with pytest.raises(OutputError):
        write_texts({old: "new", new: "new", folder: "new"})
    assert old.read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report.html", "report.md"]
    folder.rmdir()
    write_texts({old: "new", new: "new", folder: "new"})
    assert [path.read_text() for path in sorted(tmp_path.iterdir())] == ["new"] * 3


def failing(part: Path) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_link_stays_a_link_and_what_it_leads_to_is_written(tmp_path: Path) -> None:
    target, link = tmp_path / "real" / "report.md", tmp_path / "report.md"
    target.parent.mkdir()
    target.write_text("old")
    link.symlink_to(target)
    write_text(link, "new")
    assert link.is_symlink()
    assert target.read_text() == "new"


def test_what_was_written_can_be_named(tmp_path: Path) -> None:
    write_text(tmp_path / "named.md", "text")
    assert written()[-1] == tmp_path / "named.md"
