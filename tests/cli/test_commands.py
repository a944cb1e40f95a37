"""The commands as they are typed: what is printed, what is written, and the exit code."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from attribution.cli import main
from attribution.reading import case_template, model_template

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.yaml").write_text(case_template("mine"))
    (tmp_path / "model.yaml").write_text(model_template("mine"))
    return tmp_path


def run(*arguments: str) -> int:
    return main(list(arguments))


PAIR = ("./mine.yaml", "--model", "model.yaml")


def test_new_writes_files_that_check_reads_and_takes_for_what_they_are(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("new", "my-case") == 0
    assert run("check", "./my-case.yaml", "--model", "./my-case-baseline.yaml") == 1
    shown = capsys.readouterr().out
    assert "the model fits the case" in shown
    assert "text of the template" in shown
    assert run("new", "my-case") == 2
    assert "is there already" in capsys.readouterr().err
    assert run("new", "My Case") == 2
    assert 'try "my-case"' in capsys.readouterr().err
    assert len(list(folder.iterdir())) == 4


def test_fit_prints_tables_and_a_paragraph(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("fit", *PAIR, "--engine", "importance") == 0
    shown = capsys.readouterr().out
    assert "faction-one" in shown
    assert "Ahead: " in shown
    assert "\x1b[" not in shown
    assert list(folder.glob("*.nc")) == []


def test_fit_speaks_json_and_csv(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("fit", *PAIR, "--engine", "importance", "--format", "json") == 0
    found = json.loads(capsys.readouterr().out)
    assert sum(row["probability"] for row in found["factions"]) == pytest.approx(1)
    assert run("fit", *PAIR, "--engine", "importance", "--format", "csv") == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert {row["table"] for row in rows if row["table"] != "table"} == {"factions", "groups", "facts"}


def test_fit_shows_the_scenarios_of_a_case_with_roles(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    case = folder / "mine.yaml"
    case.write_text(case.read_text().replace("states: [yes, no]}", "states: [yes, no], role: yes}"))
    assert run("fit", *PAIR, "--engine", "importance", "--format", "json") == 0
    found = json.loads(capsys.readouterr().out)
    assert list(found)[:2] == ["factions", "scenarios"]
    assert sum(row["probability"] for row in found["scenarios"]) == pytest.approx(1)


def test_compare_runs_models_and_dates(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "other.yaml").write_text((folder / "model.yaml").read_text().replace("0.05", "0.06"))
    assert run("fit", *PAIR, "--engine", "importance", "-o", "run.nc") == 0
    capsys.readouterr()
    assert run("compare", "run.nc", "./mine.yaml", "--model-b", "other.yaml", "--format", "json") == 0
    found = json.loads(capsys.readouterr().out)
    for row in found["changes"]:
        parts = ("evidence", "grades", "tables", "priors", "engine")
        assert row["before"] + sum(row[part] for part in parts) == pytest.approx(row["after"])
        assert row["evidence"] == row["grades"] == 0
    assert run("compare", "./mine.yaml@2000-01-01", "./mine.yaml", "--model", "model.yaml", "-o", "c.html") == 0
    shown = capsys.readouterr()
    assert "as of 2000-01-01" in shown.out and "written: c.html" in shown.err
    assert run("compare", "./mine.yaml@soon", "./mine.yaml", "--model", "model.yaml") == 2
    assert '"soon" is not a date' in capsys.readouterr().err
    assert run("compare", "run.nc", "run.nc", "-o", "c.txt") == 2


def test_a_run_can_be_saved_and_reported(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("fit", *PAIR, "--engine", "importance", "-o", "run.nc") == 0
    assert run("report", "run.nc") == 1  # written, and stamped
    out, err = capsys.readouterr()
    assert "checks not passed" in err
    assert "written: reports/mine/model.html" in out
    assert sorted(path.suffix for path in (folder / "reports" / "mine").iterdir()) == [".html", ".json", ".md"]
    assert run("fit", *PAIR, "-o", "run.txt") == 2


def test_check_finds_what_blocks(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = folder / "model.yaml"
    path.write_text(path.read_text().replace("    because: Who has been seen with what.\n", ""))
    assert run("check", *PAIR, "--format", "json") == 1
    assert "numbers have no reason" in capsys.readouterr().out


def test_what_cannot_be_believed_is_a_warning(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = folder / "model.yaml"
    run("check", *PAIR)
    assert "impossible whoever did it" not in capsys.readouterr().out
    stated = "{faction-one: [0.5, 0.7, 0.9], else: [0.5, 0.8, 0.95]}"
    assert stated in path.read_text()
    path.write_text(path.read_text().replace(stated, "{else: 0.0}"))
    run("check", *PAIR)
    shown = " ".join(capsys.readouterr().out.split())
    assert re.search(r"\[doubt[^]]*\] \"denial\" [^[]*impossible whoever did it", shown)
    assert run("fit", *PAIR, "--engine", "importance") == 0
    assert 'warning: "denial" (grade A1) says "one-denied: yes"' in capsys.readouterr().err


def test_schemas_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    for what in ("case", "model", "grading", "report"):
        assert run("schema", what) == 0
        assert json.loads(capsys.readouterr().out)["type"] == "object"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("source: ministry", "source: minstry", 'did you mean "ministry"'),
        ("grade: B2", "grade: B9", "is not an Admiralty grade"),
        ("published: 2024-01-03", "published: 2024-02-30", "does not exist"),
        ("https://example.org/debris", "javascript:alert(1)", "is not a web address"),
        ("title: A title in words", "title: !!python/object:os.system x", "would build an object"),
        ("says: {weapon: drone}", "says: {weapon: dron}", "drone, rocket"),
        ("factions:", "factions: {}\nfacions:", "which is not known here"),
        ("format: attribution-case/1", "format: attribution-case/2", "attribution-case/1"),
    ],
)
def test_bad_input_is_told_and_nothing_written(
    folder: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, says: str
) -> None:
    path = folder / "mine.yaml"
    path.write_text(path.read_text().replace(old, new, 1))
    for command in ("check", "fit", "report"):
        assert run(command, *PAIR) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith("attribution: ./mine.yaml:")
        assert says in err
        assert "Traceback" not in err
    assert sorted(path.name for path in folder.iterdir()) == ["mine.yaml", "model.yaml"]


def test_a_model_for_another_case_names_its_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = folder / "model.yaml"
    path.write_text(path.read_text().replace("case: mine", "case: yours"))
    assert run("fit", *PAIR) == 2
    assert ":5: the model" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["repot", "x"], 'did you mean "report"'),
        (["fit", "tower-2"], 'did you mean "tower-22"'),
        (["fit", "tower-22", "--model", "sceptic"], 'did you mean "tower-22/sceptical"'),
        (["fit", "tower-22", "--seed", "-1"], "--help"),
        (["fit", "tower-22", "--engine", "vi"], "invalid choice"),
        (["report", "nowhere.nc"], "is not there"),
        (["fit", "tower-22", "--as-of", "2024-02-30"], "a day that does not exist"),
        (["fit", "tower-22", "--as-of", "2024-02-03 13:30"], "2024-01-28T13:30"),
        ([], "required"),
    ],
)
def test_usage(arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert says in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["fit", "nowhere", "-o", "x.txt"], 'a run cannot be written to "x.txt"'),
        (["report", "nowhere", "-o", "x.txt"], 'a report cannot be written to "x.txt"'),
        (["sensitivity", "nowhere", "-o", "x.html"], "a file ending in .json or .csv or .md"),
        (["compare", "nowhere", "nowhere", "-o", "x.csv"], "x.html would do"),
        (["reports", "nowhere", "-o", "taken"], '"taken" is a file'),
        (["casebook", "nowhere", "-o", "taken"], '"taken" is a file'),
        (["new", "mine-2", "-o", "taken"], '"taken" is a file'),
        (["report", "nowhere", "-o", "folder.md"], "which is a folder"),
        (["archive", "fit", "nowhere", "-o", "x.csv"], "a file ending in .json"),
        (["archive", "predict", "nowhere", "-o", "x.json"], "a file ending in .csv or .parquet"),
        (["archive", "prior", "nowhere", "nowhere", "-o", "x.md"], "a file ending in .yaml"),
        (["archive", "backtest", "nowhere", "-o", "x.md"], "a file ending in .html or .json"),
        (["archive", "describe", "nowhere", "-o", "x.html", "-o", "x.md"], 'a description cannot be written to "x.md"'),
        (["archive", "mapping", "nowhere", "-o", "x.json"], "a file ending in .yaml"),
        (["sweep", "nowhere", "--set", "x=1", "-o", "x.json"], "a file ending in .csv"),
        (["tempo", "report", "nowhere", "-o", "x.html", "-o", "x.csv"], 'a tempo report cannot be written to "x.csv"'),
        (["tempo", "report", "nowhere", "-o", "taken/x.md"], "taken is a file"),
        (["export", "nowhere", "-o", "x.yaml"], "a file ending in .xlsx or .csv"),
        (["import", "nowhere.csv", "-o", "taken"], '"taken" is a file'),
        (["archive", "predict", "nowhere", "-o", "/proc/x.csv"], "/proc may not be written into"),
    ],
)
def test_what_cannot_be_written_is_refused_before_anything_is_read(
    arguments: list[str], says: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "taken").write_text("")
    (folder / "folder.md").mkdir()
    assert main(arguments) == 2
    assert says in capsys.readouterr().err


@pytest.mark.parametrize("command", ["report", "tempo report", "archive prior"])
def test_where_results_go_by_default_is_looked_at_before_the_work_too(
    command: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("reports", "models"):
        (folder / name).write_text("a file, not a folder")
    case = ["tower-22"] if command == "archive prior" else []
    assert run(*command.split(), *case, "nowhere") == 2
    assert "is a file" in capsys.readouterr().err


def test_a_folder_that_cannot_be_written(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "blocked").write_text("a file, not a folder")
    assert run("report", *PAIR, "--engine", "importance", "-o", "blocked/report.html") == 2
    assert "cannot be written" in capsys.readouterr().err
    assert (folder / "blocked").read_text() == "a file, not a folder"


def test_a_fault_of_ours_has_its_own_code(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def broken(_: object) -> None:
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr("attribution.cli.case.schema", broken)
    assert run("schema", "case") == 3
    assert "not of your input" in capsys.readouterr().err
    monkeypatch.setenv("ATTRIBUTION_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        run("schema", "case")


def test_the_package_is_a_command() -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "attribution", "--version"], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert shown.stdout.startswith("attribution 0.")


@pytest.mark.parametrize("seconds", [0.0, 0.5], ids=["before the first draw", "while it draws"])
def test_interrupting_leaves_the_old_report(seconds: float, tmp_path: Path) -> None:
    """Ctrl-C while it samples: exit code 130, and the report that was there is untouched."""
    old = tmp_path / "reports" / "tower-22" / "baseline.html"
    old.parent.mkdir(parents=True)
    old.write_text("old")
    code = (
        "import signal, sys, nutpie\nreal = nutpie.sample\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # shells let background jobs ignore it
        "def sample(*a, **k):\n    print('sampling', flush=True)\n    k.update(draws=1_000_000)\n"
        "    return real(*a, **k)\n"
        "nutpie.sample = sample\nfrom attribution.cli import main\nsys.exit(main(['report', 'tower-22']))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline().strip() == "sampling"
    time.sleep(seconds)
    process.send_signal(signal.SIGINT)
    try:
        _, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130, err
    assert "nothing was written" in err
    assert old.read_text() == "old"
    assert [path.name for path in old.parent.iterdir()] == ["baseline.html"]


def test_interrupting_reports_says_which_are_written(tmp_path: Path) -> None:
    command = ["reports", "erbil-2021", "erbil-2023", "--engine", "importance", "--no-sensitivity", "-o", "out"]
    code = (
        "import signal, sys\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"
        f"from attribution.cli import main\nsys.exit(main({command}))"
    )
    process = subprocess.Popen(
        [sys.executable, "-u", "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert process.stdout is not None
    first = process.stdout.readline().split(":")[0]
    process.send_signal(signal.SIGINT)
    try:
        _, err = process.communicate(timeout=120)
    finally:
        process.kill()
    assert process.returncode == 130, err
    named = err.split("whole: ")[1].splitlines()[0].rstrip(".").split(", ")
    assert named[:3] == [f"out/{first}.{form}" for form in ("html", "json", "md")]
    assert {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.*")} == set(named)


@pytest.mark.parametrize(
    ("command", "work"),
    [
        (["casebook", "erbil-2023", "-o", "book"], "attribution.analysis.comparison.casebook.casebook"),
        (["tempo", "report", "us-forces-2023-24", "-o", "x.html"], "attribution.campaign.posterior.tempo"),
        (["sweep", "./mine.yaml", "--model", "model.yaml", "--set", "perpetrator.other=0.1", "-o", "x.csv"],
         "attribution.analysis.assumptions.sweep.sweep"),
    ],
)  # fmt: skip
def test_interrupting_what_writes_at_its_end_leaves_nothing(
    command: list[str], work: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    before = set(folder.iterdir())
    monkeypatch.setattr(work, stopped)
    monkeypatch.setattr("attribution.atomic._written", [])
    assert run(*command) == 130
    assert "nothing was written" in capsys.readouterr().err
    assert set(folder.iterdir()) == before


def test_casebook(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["casebook", "erbil-2023", "-o", str(tmp_path / "book")]) == 0
    told = capsys.readouterr().out
    assert told.startswith("1 case, ")
    assert "not that it is calibrated" in told
    found = json.loads((tmp_path / "book" / "index.json").read_text())
    assert {study["case"] for study in found["studies"]} == {"erbil-2023"}
    assert main(["casebook", "erbil-2032"]) == 2
    assert 'did you mean "erbil-2023"' in capsys.readouterr().err


def test_a_sweep_prints_a_row_per_setting_and_writes_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = tmp_path / "sweep.csv"
    typed = ["--set", "perpetrator.other=0.1,[0.01,0.03,0.1]", "--set", "evidence.halt.grade=A1,off"]
    assert main(["sweep", "k1-2019", "--set", "perpetrator.other=0.1,1.5", "-o", str(table)]) == 1
    assert "1.5 is not a probability" in capsys.readouterr().out
    assert main(["sweep", "tower-22", *typed, "-o", str(table), "--format", "csv"]) == 0
    printed, written = capsys.readouterr().out, table.read_text()
    assert printed.count("\n") - 1 == written.count("\n") - 1 == 4 * 9 and '"[0.01, 0.03, 0.1]"' in written


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        (["--set", "perpetrator.othr=0.1"], 'did you mean "other"'),
        (["--set", "perpetrator.other=[0.1"], "cannot be read"),
        (["--set", "perpetrator.other"], "a list of values"),
        (["--set", "perpetrator.other=0.1", "--set", "perpetrator.other=0.2"], "given twice"),
        ([], "--set"),
    ],
)
def test_a_sweep_that_cannot_be_says_why(typed: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sweep", "k1-2019", *typed]) == 2
    assert says in capsys.readouterr().err


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A case of one's own in a folder of one's own, with two models of it, a model of another and a broken file."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my.yaml").write_text(case_template("my"))
    (tmp_path / "my-baseline.yaml").write_text(model_template("my"))
    (tmp_path / "doubtful.yaml").write_text(model_template("my").replace("[0.02, 0.05, 0.15]", "[0.2, 0.4, 0.6]"))
    (tmp_path / "foreign.yaml").write_text(model_template("another"))
    (tmp_path / "broken.yaml").write_bytes(b"\xff\xfe\x00: [")
    return tmp_path


def test_the_model_that_new_wrote_is_the_default_and_those_beside_it_are_its_rivals(
    own: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", "./my.yaml"]) == 1 and "Baseline" in capsys.readouterr().out  # text of the template is left
    main(["report", "./my.yaml", "--engine", "importance", "-o", "my.json"])
    content = json.loads(Path("my.json").read_text())
    assert [one["id"] for one in content["models"]] == ["my-baseline", "doubtful"]
    command = content["provenance"]["command"]
    assert command == (
        "attribution report ./my.yaml --model my-baseline.yaml --rival doubtful.yaml --engine importance --seed 1"
    )
    Path("first.json").write_text(Path("my.json").read_text())
    main([*command.split()[1:], "-o", "my.json"])
    assert Path("my.json").read_text() == Path("first.json").read_text()


def test_rivals_that_are_named_stand_beside_the_model(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    typed = ["./my.yaml", "--engine", "importance", "--format", "json", "--rival", "doubtful.yaml"]
    main(["fit", *typed])
    table = json.loads(capsys.readouterr().out)["models"]
    assert list(table[0]) == ["faction", "my-baseline", "doubtful"]
    assert table[2]["doubtful"] > table[2]["my-baseline"]
    main(["fit", *typed, "--rival", "doubtful.yaml"])
    assert 'two of the models are called "doubtful"' in capsys.readouterr().err
    assert main(["fit", *typed[:3], "--rival", "foreign.yaml"]) == 2 and "another" in capsys.readouterr().err
    assert main(["fit", *typed[:3], "--rival", "gone.yaml"]) == 2 and "gone.yaml" in capsys.readouterr().err


def test_a_case_without_a_model_says_where_one_comes_from(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (own / "my-baseline.yaml").unlink()
    assert main(["check", "./my.yaml"]) == 2
    assert "my-baseline.yaml" in (said := capsys.readouterr().err) and "--model FILE.yaml" in said
