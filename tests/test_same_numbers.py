"""The script that compares results before and after a change sees every number, and only numbers."""

from __future__ import annotations

import json
from pathlib import Path

import h5py
import numpy as np
import pytest

from benchmarks.same_numbers import compare, main

RESULTS = {
    "a/report.json": json.dumps({"p": 0.25, "rows": [{"mean": 1, "said": "about 85 % of 1,200"}], "ok": True}),
    "table.csv": "name,share\nx,0.5\ny,0.125\n",
    "page.md": "# Report 1\n\nThe leader has 85 %, that is −3.5 dB.\n",
    "page.html": '<style>p{top:3px}</style><p title="9">77 %</p><script type="application/json">{"z":[1.5]}</script>',
}


def written(folder: Path, **changes: str) -> Path:
    """The made-up results in a folder; a change is `old text` -> `new text` in all of them."""
    for name, text in RESULTS.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        for old, new in changes.items():
            text = text.replace(old, new)  # noqa: PLW2901
        path.write_text(text)
    return folder


def test_the_same_results_are_the_same(tmp_path: Path) -> None:
    outcome = compare(written(tmp_path / "before"), written(tmp_path / "after"))
    assert (outcome.files, outcome.numbers, outcome.differences) == (4, 14, ())


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("0.25", "0.26", "a/report.json: p: 0.25 -> 0.26"),
        ("0.25", "0.250", "a/report.json: p: 0.25 -> 0.250"),
        ("1,200", "1,201", "a/report.json: rows[0].said, number 2: 1,200 -> 1,201"),
        ("true", "false", "a/report.json: ok: True -> False"),
        ("0.125", "0.126", "table.csv: row 2.share, number 1: 0.125 -> 0.126"),
        ("−3.5", "3.5", "page.md: text, number 3: -3.5 -> 3.5"),
        ("77", "78", "page.html: text, number 1: 77 -> 78"),
        ("1.5", "1.6", "page.html: data 1.z[0]: 1.5 -> 1.6"),
    ],
)
def test_a_number_that_moved_is_named(tmp_path: Path, old: str, new: str, line: str) -> None:
    outcome = compare(written(tmp_path / "before"), written(tmp_path / "after", **{old: new}))
    assert [str(difference) for difference in outcome.differences] == [line]


def test_words_style_and_tags_may_change(tmp_path: Path) -> None:
    changes = {"leader": "front runner", "top:3px": "top:4px", 'title="9"': 'title="8"', "about": "roughly"}
    assert compare(written(tmp_path / "before"), written(tmp_path / "after", **changes)).differences == ()


def test_a_renamed_key_is_the_same_key(tmp_path: Path) -> None:
    before, after = written(tmp_path / "before"), written(tmp_path / "after", mean="average", share="part")
    assert len(compare(before, after).differences) == 6
    assert compare(before, after, renamed={"mean": "average", "share": "part"}).differences == ()


def test_a_tolerance_is_relative_above_one_and_what_is_excepted_does_not_count(tmp_path: Path) -> None:
    before, after = written(tmp_path / "before"), written(tmp_path / "after", **{"0.25": "0.2500001"})
    assert compare(before, after, tolerance=1e-6).differences == ()
    assert len(compare(before, after, tolerance=1e-8).differences) == 1
    assert compare(before, after, excepted=("*report.json: p",)).differences == ()


def test_a_missing_file_and_a_shorter_list_are_differences(tmp_path: Path) -> None:
    before, after = written(tmp_path / "before"), written(tmp_path / "after", **{"[1.5]": "[]"})
    (after / "table.csv").unlink()
    assert [str(difference) for difference in compare(before, after).differences] == [
        "page.html: data 1.z.length: 1 -> 0",
        "page.html: data 1.z[0]: 1.5 -> nothing",
        "table.csv: the file: there -> nothing",
    ]


def test_saved_runs_are_compared_array_by_array(tmp_path: Path) -> None:
    for name, last in (("before.nc", 2.0), ("after.nc", 2.5)):
        with h5py.File(tmp_path / name, "w") as run:
            run["posterior/z"] = np.array([1.0, last])
    (difference,) = compare(tmp_path / "before.nc", tmp_path / "after.nc").differences
    assert str(difference) == ".nc: posterior/z[1]: 2.0 -> 2.5"


def test_the_command_ends_with_what_it_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before, after = written(tmp_path / "before"), written(tmp_path / "after", **{"0.125": "0.5"})
    assert main([str(before), str(before)]) == 0
    assert main([str(before), str(after)]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "14 numbers in 4 files, 0 differences",
        "table.csv: row 2.share, number 1: 0.125 -> 0.5",
        "14 numbers in 4 files, 1 differences",
    ]
    with pytest.raises(SystemExit):
        main([str(before), str(after), "--renamed", "nonsense"])
