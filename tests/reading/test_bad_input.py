"""Every mistake a user can make in a file: where, what was found, what is allowed, the way out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from attribution.errors import InputError
from attribution.reading import (
    case_template,
    model_template,
    parse_case,
    parse_model,
    read_case,
    read_model,
    read_pair_errors,
)
from attribution.reading.shipped import bundled

CASE = case_template("my-case")
MODEL = model_template("my-case")
GRADING = (bundled("models") / "grading" / "standard.yaml").read_text()


@dataclass(frozen=True)
class Mistake:
    """Text to replace in a good file, and what the error must say; `line` is that of the text after replacing."""

    name: str
    old: str
    new: str
    says: str
    allowed: str
    hint: str = ""
    at: str = ""  # text on the line that the error names; by default the replacement

    def line(self, text: str) -> int:
        marker = (self.at or self.new).strip().splitlines()[0]
        return next(number for number, line in enumerate(text.splitlines(), 1) if marker in line)


def said(error: InputError) -> str:
    return f"{error.what}|{error.allowed}|{error.hint}"


CASE_MISTAKES = [
    Mistake("faction", "interest: faction-one}", "interest: faction-on}", '"faction-on"', "faction-one", "faction-one"),
    Mistake("fact", "says: {weapon: drone}", "says: {wepon: drone}", '"wepon"', "weapon", "weapon"),
    Mistake("source", "source: ministry", "source: minstry", '"minstry"', "ministry", "ministry"),
    Mistake("state", "says: {weapon: drone}", "says: {weapon: dron}", '"dron"', "drone, rocket", "drone"),
    Mistake("grade", "grade: B2", "grade: B7", '"B7" is not an Admiralty grade', "A to F", "cannot be judged"),
    Mistake(
        "size", "{title: Faction One}", "{title: Faction One, size: 3}", "has a `size` in the case", "is an assumption",
        "sizes: {faction-one: 3, because",
    ),
    Mistake("letter", "reliability: C", "reliability: G", '"G"', "A, B, C, D, E, F"),
    Mistake("key", "reliability: C", "reliablity: C", '"reliablity"', "reliability", "reliability"),
    Mistake("format", "attribution-case/1", "attribution-case/9", "attribution-case/9", "attribution-case/1", "update"),
    Mistake("item id", "- id: denial", "- id: debris # copy", '"debris" appears twice', "each item once", "rename"),
    Mistake(
        "key twice", "published: 2024-01-03", "published: 2024-01-03\n    published: 2024-01-04", "appears twice",
        "each key once", "rename", at="published: 2024-01-04",
    ),
    Mistake("tree", "faction-two: {title", "other: {title", '"other" appears twice', "each faction once", "rename",
            at="other: {title: Anyone"),
    Mistake("date", "published: 2024-01-03", "published: 2024-02-30", "does not exist", "a day of the calendar"),
    Mistake("url", "https://example.org/debris", "javascript:alert(1)", "is not a web address", "http or https"),
    Mistake("latitude", "place: Somewhere}", "place: Somewhere, latitude: 95}", "latitude is 95", "-90 to 90"),
    Mistake("tag", "title: A title in words", "title: !!python/object:os.system ls", "would build an object", "plain"),
    Mistake("alias", "title: A title in words", "title: &x words", "an alias or anchor", "write it out"),
    Mistake("colon", "title: The debris is that of a drone", "title: what: this", "not YAML", "key: value", "quoted"),
    Mistake("comma", "place: Somewhere}", "place: A yard, a shed, north}", '"a shed"', "latitude",
            'quote the whole: place: "A yard, a shed, north"'),
    Mistake("source kind", "kind: government", "kind: think-tank", '"think-tank"', "telemetry, other"),
    Mistake("address alone",
            'citation: {url: "https://example.org/debris", title: Where it can be read, read: original}',
            "citation: https://example.org/debris", '"https://example.org/debris"', "a block",
            'write {url: "https://example.org/debris", title:'),
    Mistake("item kind", "kind: report", "kind: reprot", '"reprot"', "report", "report"),
    Mistake("percent", "interest: unknown}", "interest: unknown, would_say_anyway: 40%}",
            '"40%', "a number", "write 0.4"),
    Mistake("never", "says: {weapon: drone}", "says: {weapon: [drone, rocket, something-else]}", "always true",
            "some states make true"),
]  # fmt: skip

MODEL_MISTAKES = [
    Mistake("faction", "faction-one: [0.2", "faction-on: [0.2", '"faction-on"', "faction-one", "faction-one"),
    Mistake("fact", "  one-denied:", "  one-denid:", '"one-denid"', "one-denied", "one-denied"),
    Mistake("state", "rocket: {", "rockt: {", '"rockt"', "rocket", "rocket"),
    Mistake("key", "summary" if "summary" in MODEL else "grading: standard", "gradng: standard", '"gradng"', "grading",
            "grading"),
    Mistake("format", "attribution-model/1", "attribution-modl/1", "attribution-modl/1", "attribution-model/1"),
    Mistake("above one", "faction-one: [0.2, 0.4, 0.6]", "faction-one: 1.4", "1.4 is not a probability", "0 to 1"),
    Mistake("percent", "faction-one: [0.2, 0.4, 0.6]", "faction-one: 40%", '"40%"', "0.35", "write 0.4"),
    Mistake("triple", "faction-one: [0.2, 0.4, 0.6]", "faction-one: [0.4, 0.2, 0.6]", "does not increase",
            "low < best < high", "in order: [0.2, 0.4, 0.6]"),
    Mistake("two numbers", "faction-one: [0.2, 0.4, 0.6]", "faction-one: [0.2, 0.4]", "2 numbers", "three"),
    Mistake("ends", "faction-one: [0.2, 0.4, 0.6]", "faction-one: [0, 0.4, 0.6]", "leaves its range", "0 < low",
            "constant"),
    Mistake("sum", "rocket: {some-sponsor: [0.1, 0.3, 0.5]", "rocket: {some-sponsor: [0.2, 0.6, 0.9]",
            'the bests of "weapon"', "less than 1", at="weapon:"),
    Mistake("lows", "rocket: {some-sponsor: [0.1, 0.3, 0.5]", "rocket: {some-sponsor: [0.75, 0.8, 0.9]",
            'the lows of "weapon"', "less than 1", at="weapon:"),
    Mistake("other", "  other: [0.02, 0.05, 0.15]         # somebody not named above\n", "",
            "has no `other`", "required", "add", at="proportional_to"),
    Mistake("trait", "proportional_to: [tempo]", "proportional_to: [temp]", '"temp"', "tempo", "tempo"),
    Mistake("case", "case: my-case", "case: your-case", 'about the case "your-case"', "my-case", "copy it"),
    Mistake("cover", "    else: [0.05, 0.2, 0.4]\n", "", 'no number for "faction-two"', "a number for every faction",
            "else", at="tempo:"),
    Mistake("table", "else: [0.5, 0.8, 0.95]}", "faction-two: 0.5}", 'no number for "other"',
            "a number for every faction", "else"),
    Mistake("rows", "yes: {faction-one: [0.5, 0.7, 0.9], else: [0.5, 0.8, 0.95]}",
            "yes: [{when: {weapon: drone}, else: 0.4}]", "has a `when`", "a last row without"),
    Mistake("row after", "yes: {faction-one: [0.5, 0.7, 0.9], else: [0.5, 0.8, 0.95]}",
            "yes: [{else: 0.5}, {else: 0.4}]", "a row after the one without `when`", "rows with `when` first", "move"),
    Mistake("word", "faction-one: [0.2, 0.4, 0.6]", "faction-one: very unlikly", '"very unlikly"', "a term",
            "very unlikely"),
]  # fmt: skip


@pytest.mark.parametrize("mistake", CASE_MISTAKES, ids=lambda mistake: mistake.name)
def test_a_mistake_in_a_case(mistake: Mistake) -> None:
    assert mistake.old in CASE
    text = CASE.replace(mistake.old, mistake.new, 1)
    with pytest.raises(InputError) as raised:
        parse_case(text, "my-case.yaml")
    check(raised.value, mistake, text, "my-case.yaml")


@pytest.mark.parametrize("mistake", MODEL_MISTAKES, ids=lambda mistake: mistake.name)
def test_a_mistake_in_a_model(mistake: Mistake) -> None:
    assert mistake.old in MODEL
    text = MODEL.replace(mistake.old, mistake.new, 1)
    with pytest.raises(InputError) as raised:
        read_and_pair(text)
    check(raised.value, mistake, text, "my-model.yaml")


def read_and_pair(text: str) -> None:
    model = parse_model(text, "my-model.yaml", grading_text=GRADING)
    read_pair_errors(parse_case(CASE, "my-case.yaml"), model, "my-model.yaml")


def check(error: InputError, mistake: Mistake, text: str, file: str) -> None:
    assert mistake.says in error.what
    assert mistake.allowed in error.allowed
    assert mistake.hint in error.hint
    assert (error.file, error.line) == (file, mistake.line(text)), str(error)


def test_facts_given_one_another_in_a_circle() -> None:
    text = CASE.replace("something-else]}", "something-else], given: [one-denied]}")
    text = text.replace("states: [yes, no]}", "states: [yes, no], given: [weapon]}")
    with pytest.raises(InputError) as raised:
        parse_case(text, "c.yaml")
    line = next(number for number, line in enumerate(text.splitlines(), 1) if "given: [one-denied]" in line)
    assert str(raised.value) == (
        f"c.yaml:{line}: facts are given one another in a circle: weapon -> one-denied -> weapon.\n"
        "  allowed: parents that do not depend on their own children\n"
        "  hint: drop one `given:` of the circle"
    )


def test_one_origin_cannot_tell_two_stories() -> None:
    text = CASE.replace("origins: {}", "origins: {lab: {grade: B2}}").replace("    grade: B2  ", "    origin: lab  ")
    text = text.replace(
        "limits:",
        "  - {id: second, kind: report, says: {weapon: rocket}, source: ministry, origin: lab, published: 2024-01-05}\n"
        "limits:",
    )
    with pytest.raises(InputError) as raised:
        parse_case(text, "c.yaml")
    line = next(number for number, line in enumerate(text.splitlines(), 1) if "id: second" in line)
    assert str(raised.value) == (
        f'c.yaml:{line}: the origin "lab" says two things about "weapon" that cannot both be true: in "debris" drone, '
        'in "second" rocket.\n'
        "  allowed: one origin, one story: it is believed or disbelieved as a whole\n"
        "  hint: make the change of story an act, or give the two items two origins"
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "the file is empty"),
        ("# only a comment\n", "the file is empty"),
        ("- a list\n", "does not begin with"),
        ("just words", "does not begin with"),
        ("a: 1\n---\nb: 2\n", "a second document"),
        ("a: [1, 2\n", "not YAML"),
        ("a:\n\t- x\n", "not YAML"),
        ("? [a, b]\n: c\n", "used as a key"),
        ("a: " + "[" * 60 + "]" * 60, "deep"),
        ("lol: &a [x]\nlol2: [*a, *a, *a]\n", "alias or anchor"),
        ("a: !!python/object/apply:os.system ['ls']\n", "would build an object"),
        ("<<: {a: 1}\nformat: x\n", "format"),
    ],
)
def test_text_that_is_no_file_of_ours(text: str, says: str) -> None:
    with pytest.raises(InputError) as raised:
        parse_case(text, "c.yaml")
    assert says in raised.value.what
    assert raised.value.file == "c.yaml"
    assert raised.value.line >= 1
    assert raised.value.allowed


def test_a_binary_file(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_bytes(b"format: x\n\x00\x01\x02")
    with pytest.raises(InputError, match="binary") as raised:
        read_case(path)
    assert (raised.value.file, raised.value.line) == (str(path), 2)


def test_a_file_in_another_encoding(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_bytes("format: x\ntitle: Müller".encode("latin-1"))
    with pytest.raises(InputError, match="byte 18 is not UTF-8") as raised:
        read_case(path)
    assert raised.value.line == 2


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + CASE.encode())
    assert read_case(path).id == "my-case"


def test_a_file_of_100_megabytes_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    with path.open("wb") as stream:
        stream.truncate(100 << 20)
    with pytest.raises(InputError, match="104,857,600 bytes") as raised:
        read_case(path)
    assert "4,194,304" in raised.value.allowed


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_case(tmp_path / "nowhere.yaml")
    with pytest.raises(InputError, match="is a folder"):
        read_case(str(tmp_path) + "/")


def test_a_name_that_does_not_ship() -> None:
    with pytest.raises(InputError) as raised:
        read_case("tower-2")
    assert "tower-22" in raised.value.allowed
    with pytest.raises(InputError, match="shipped models"):
        read_model("tower-22/baselin")


@pytest.mark.parametrize("grading", ["../../etc/passwd", "../grading/standard", "standard/", "a/b"])
def test_a_grading_that_does_not_ship_is_told_with_those_that_do(tmp_path: Path, grading: str) -> None:
    path = tmp_path / "m.yaml"
    path.write_text(MODEL.replace("grading: standard", f"grading: {grading}"))
    with pytest.raises(InputError, match="not among the shipped gradings") as caught:
        read_model(path)
    assert caught.value.allowed == "sceptical, standard"


@pytest.mark.parametrize("grading", ["../secret.yaml", "/etc/passwd.yaml", "a/../../b.yaml"])
def test_a_grading_outside_the_folder_of_its_model(tmp_path: Path, grading: str) -> None:
    path = tmp_path / "m.yaml"
    path.write_text(MODEL.replace("grading: standard", f"grading: {grading}"))
    with pytest.raises(InputError, match="outside the folder"):
        read_model(path)
