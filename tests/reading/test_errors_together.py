"""Every error of a file is told at once, each where it stands, and none that only follows from another."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from attribution import read_case, read_model
from attribution.cli import main
from attribution.errors import CaseError, FormatError, InputError, PairError, Problems
from attribution.reading import parse_case, read_pair_errors

CASE = """\
format: attribution-case/1
id: mine
titel: A title
question: "Who?"
incident: {date: 2024-01-32, place: Somewhere}
factions:
  a: {titel: A}
  b: {}
  other: {}
sources:
  ministry: {name: A ministry, kind: governmint, reliability: B2}
  press: {name: Press, kind: media, reliability: C}
facts:
  weapon: {states: [drone, rocket, mine]}
  denied: {states: [yes]}
evidence:
  - {id: one, kind: report, says: {weapon: dron}, source: pres, grade: B, published: 2024-01-03}
  - {id: two, kind: absence, says: {denied: no}, published: 2024-01-03}
  - {id: three, kind: act, says: {denied: no}, source: ministry, grade: A1, published: 2024-01-03,
     copies: {of: two, probability: 0.2}}
"""
MODEL = """\
format: attribution-model/1
case: mine
title: Baseline
grading: standard
perpetrator: {share: {a: 0.5, else: [0.5, 0.2, 0.6]}, other: 1.2, surprise: [0.01, 0.02, 0.1]}
facts:
  weapon:
    drone: {a: [0.9, 0.5, 0.7], else: 5}
    rocket: {a: likly, else: [0.1, 0.2]}
  denied:
    yes: {weapon: drone, a: 0.2, else: 0.1}
"""
IN_CASE = [(3, "titel"), (5, "2024-01-32"), (7, "titel"), (11, "governmint"), (11, "B2"), (15, "1 state")]
IN_CASE += [(17, "dron"), (17, "pres"), (17, '"B"'), (18, "detection")]
IN_MODEL = [(5, "1.2"), (5, "0.5, 0.2, 0.6"), (8, "0.9, 0.5, 0.7"), (8, "5 is"), (9, "likly"), (9, "2 numbers")]
IN_MODEL += [(11, "weapon: drone")]


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "mine.yaml").write_text(CASE, encoding="utf-8")
    (tmp_path / "mine-baseline.yaml").write_text(MODEL, encoding="utf-8")
    return tmp_path


def told(error: InputError, file: Path, expected: list[tuple[int, str]]) -> bool:
    """Exactly these, in the order of the lines."""
    found = [(each.line, each.what) for each in error.each if each.file == str(file)]
    assert [line for line, _ in found] == sorted(line for line, _ in expected)
    return all(any(line == at and word in what for at, what in found) for line, word in expected)


def test_all_that_is_wrong_in_a_case_is_told_at_once(files: Path) -> None:
    with pytest.raises(InputError) as raised:
        read_case(files / "mine.yaml")
    assert told(raised.value, files / "mine.yaml", IN_CASE)
    assert str(raised.value).endswith(f"{len(IN_CASE)} errors.")


def test_all_that_is_wrong_in_a_model_is_told_at_once(files: Path) -> None:
    with pytest.raises(InputError) as raised:
        read_model(files / "mine-baseline.yaml")
    assert told(raised.value, files / "mine-baseline.yaml", IN_MODEL)


def test_the_command_tells_the_errors_of_both_files(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(files / "mine.yaml")]) == 2
    shown = capsys.readouterr().err
    assert shown.endswith(f"{len(IN_CASE) + len(IN_MODEL)} errors.\n")
    assert shown.index("mine.yaml:18") < shown.index("mine-baseline.yaml:5")


def test_every_file_that_an_error_names_is_there(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["check", str(files / "mine.yaml")])
    named = re.findall(r"^(?:attribution: )?(\S+\.yaml):\d+:", capsys.readouterr().err, re.MULTILINE)
    assert len(named) == len(IN_CASE) + len(IN_MODEL)
    assert all(Path(name).is_file() for name in named)


def test_at_most_twenty_errors_are_told_and_the_rest_counted() -> None:
    problems = Problems()
    for number in range(33):
        problems.note(CaseError(f"number {number} is wrong."))
    with pytest.raises(CaseError) as raised:
        problems.settle()
    assert str(raised.value).count("is wrong") == 20
    assert str(raised.value).endswith("33 errors, of which 13 are not shown.")


def test_what_follows_from_another_error_is_not_told() -> None:
    text = CASE.replace("copies: {of: two", "copies: {of: one")
    with pytest.raises(InputError) as raised:
        parse_case(text)
    assert not any("copies" in each.what or ("denied" in each.what.split("state")[0] and each.line != 15)
                   for each in raised.value.each)  # fmt: skip


@pytest.mark.parametrize("empty", ["source: ''", "source: [press]", "source: {a: b}"])
def test_a_text_that_is_none_is_told_once(empty: str) -> None:
    act = f"  - {{id: act, kind: act, says: {{denied: yes}}, {empty}, published: 2024-01-03}}\n"
    with pytest.raises(FormatError) as raised:
        parse_case(SOUND + act)
    assert [each.what.split(" is ")[0] for each in raised.value.each] == ["evidence[1].source"]


def test_what_is_required_comes_with_an_example() -> None:
    with pytest.raises(FormatError, match=r"add `detection: \[0.4, 0.7, 0.9\]  # the chance"):
        parse_case(SOUND.replace("detection: 0.8, ", ""))


SOUND = """\
format: attribution-case/1
id: mine
title: A title
question: "Who?"
incident: {date: 2024-01-02, place: Somewhere}
factions: {a: {}, b: {}, other: {}}
sources: {press: {name: Press, kind: media, reliability: C}}
facts:
  weapon: {states: [drone, rocket, mine]}
  denied: {states: [yes, no], given: [weapon]}
evidence:
  - {id: none, kind: absence, says: {denied: no}, detection: 0.8, published: 2024-01-03}
"""
FITTING = """\
format: attribution-model/1
case: mine
title: Baseline
grading: standard
perpetrator: {share: {a: 0.5, else: 0.5}, other: [0.02, 0.1, 0.2], surprise: [0.01, 0.02, 0.1]}
facts:
  weapon: {drone: {a: 1.0, else: 0.0}, rocket: {a: 0.0, else: 0.25}}
  denied: {yes: {a: 0.2, else: 0.1}}
"""


def paired(folder: Path, model: str, base: str = "") -> InputError | None:
    for name, text in (("mine.yaml", SOUND), ("mine-own.yaml", model), ("below.yaml", base)):
        if text:
            (folder / name).write_text(text, encoding="utf-8")
    case, read = read_case(folder / "mine.yaml"), read_model(folder / "mine-own.yaml")
    try:
        read_pair_errors(case, read)
    except PairError as error:
        return error
    return None


def test_certain_states_of_a_fact_with_three_are_allowed(tmp_path: Path) -> None:
    assert paired(tmp_path, FITTING) is None


def test_all_that_does_not_fit_is_told_with_the_file_it_stands_in(tmp_path: Path) -> None:
    wrong = FITTING.replace("rocket: {a: 0.0, else: 0.25}", "rocket: {c: 0.3, a: 0.0, else: 0.25}")
    wrong = wrong.replace("  denied: {yes: {a: 0.2,", "  denied: {maybe: {d: 0.2,") + "clusters: {voices: [nothing]}\n"
    error = paired(tmp_path, wrong)
    assert error is not None
    assert [each.line for each in error.each] == [7, 8, 8, 9]
    assert all(Path(each.file).is_file() for each in error.each)


def test_an_error_in_a_model_that_is_extended_names_that_file(tmp_path: Path) -> None:
    own = "format: attribution-model/1\ntitle: Mine\nextends: below\n"
    error = paired(tmp_path, own, FITTING.replace("else: 0.5}", "else: 0.5, c: 0.1}"))
    assert error is not None
    assert (Path(error.file).name, error.line) == ("below.yaml", 5)
    assert Path(error.file).is_file()


def test_a_condition_without_when_is_guessed(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"if weapon is a fact, this is a condition: when: {weapon: drone}"):
        paired(tmp_path, FITTING.replace("{yes: {a: 0.2", "{yes: {weapon: drone, a: 0.2"))
    error = paired(tmp_path, FITTING.replace("{yes: {a: 0.2", "{yes: {weapon: 0.3, a: 0.2"))
    assert error is not None
    assert '"weapon" is a fact: a condition stands under `when:`' in error.hint
    with pytest.raises(InputError, match=r"lose its `when: {some-fact: some-state}`"):
        paired(
            tmp_path, FITTING.replace("{yes: {a: 0.2, else: 0.1}}", "{yes: [{a: 0.5, else: 0.3}, {a: 0.2, else: 0.1}]}")
        )
