"""Reports: inert whatever the case says, the same every time, and never half-written."""

from __future__ import annotations

import json
import re
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import jsonschema
import pytest

import attribution as at
from attribution.domain.verbal import percent, percents
from attribution.errors import OutputError, UsageError
from attribution.reading import case_template, model_template, parse_case, parse_model
from attribution.reading.shipped import bundled
from attribution.reporting import REPORT_SUFFIXES
from attribution.reporting.json import report_schema
from attribution.reporting.text import linked, plain
from attribution.reporting.write import Prepared, prepare

EVIL = "<script>alert(1)</script>\\\"'&`|]]>*_[x](javascript:y) \u202eevil\u200b --> </style>"
OUR_SCRIPTS = ['<script type="application/json" id="what-if-data">', "</script>", "<script>", "</script>"]
VOID = {"meta", "br", "hr", "link", "img", "input", "line", "circle"}


@cache
def prepared(evil: str = "", *, role: bool = False) -> Prepared:
    """The report of the template, with `evil` in every text of the case and of the model; its second fact a role."""
    case, model = case_template("my-case"), model_template("my-case")
    if role:
        case = case.replace("states: [yes, no]}", "states: [yes, no], role: yes}")
    if evil:
        quoted = '"' + evil.replace("\\", "\\\\").replace('"', '\\"') + '"'
        for text in ("A title in words", "Somewhere", "Some sponsor and its clients", "Faction Two", "A ministry",
                     "The debris is that of a drone", "Where it can be read", '"What was the weapon?"',
                     "What a reader must know about what is missing."):  # fmt: skip
            assert text in case
            case = case.replace(f": {text}", f": {quoted}").replace(f"- {text}", f"- {quoted}")
        for text in (
            "How often each of them attacked in the months before.",
            "Who has been seen with what.",
            "Baseline",
        ):
            model = model.replace(f": {text}", f": {quoted}")
    grading = (bundled("models") / "grading" / "standard.yaml").read_text()
    posterior = at.fit(
        parse_case(case), parse_model(model, grading_text=grading), engine="importance", scrambles=4, log2_points=7
    )
    return prepare(posterior)


class Page(HTMLParser):
    """Balanced tags, ids, links, and everything that could reach out."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.handlers: list[str] = []
        self.sources: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            if name == "href":
                self.links.append(value or "")
            if name in ("src", "srcset", "action", "data"):
                self.sources.append(value or "")
            if name.startswith("on"):
                self.handlers.append(name)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open, tag
        assert self.open.pop() == tag


def scripts(text: str) -> list[str]:
    """Every tag that begins or ends a script."""
    return re.findall(r"</?script[^>]*>", text, re.IGNORECASE)


@pytest.mark.parametrize("evil", ["", EVIL, "x" * 10_000, "<img src=x onerror=alert(1)>"])
def test_the_page_is_inert_and_whole(evil: str) -> None:
    text = prepared(evil).render(".html")
    page = Page(text)
    assert page.open == []
    assert len(page.ids) == len(set(page.ids))
    assert all(link.startswith(("https://", "http://", "#")) for link in page.links)
    assert page.tags.isdisjoint({"iframe", "object", "embed", "img", "link", "form"})
    assert scripts(text) == OUR_SCRIPTS
    assert page.handlers == []
    assert page.sources == []
    assert "default-src 'none'" in text
    assert "@import" not in text
    assert "url(" not in text


def test_scenarios_stand_beneath_the_factions_in_every_form() -> None:
    whole = prepared(role=True)
    first = whole.content.scenarios[0]
    faction = whole.content.labels[first.id.partition(",")[0]]
    question, answer = whole.content.facts[1].question.rstrip("?"), first.id.partition("=")[2].capitalize()
    assert first.label == f"{faction} led it. {question}? {answer}."
    sentence = (
        f"The most probable scenario under Baseline, with {percent(first.probability)} "
        f"({percents(first.low, first.high)}), is: {first.label}"
    )
    found = json.loads(whole.render(".json"))
    jsonschema.validate(found, report_schema())
    assert found["scenarios"][0]["label"] == first.label
    assert sum(row["probability"] for row in found["scenarios"]) == pytest.approx(1, abs=1e-5)
    page, note = whole.render(".html"), whole.render(".md")
    assert page.index("Factions, the most probable first") < page.index("Probability by scenario")
    assert page.index("Probability by scenario") < page.index("Probability by faction")
    assert note.index("| faction | before") < note.index("| scenario | before") < note.index("| group | before")
    assert first.label in page and plain(first.label) in note and sentence in whole.bottom_line


def test_without_roles_there_are_no_scenarios_to_show() -> None:
    whole = prepared()
    assert whole.content.scenarios == ()
    assert not any("cenario" in whole.render(suffix) for suffix in (".html", ".md"))


def test_hostile_names_are_text_in_scenarios_too() -> None:
    whole = prepared(EVIL, role=True)
    assert scripts(whole.render(".html")) == OUR_SCRIPTS
    assert "<script" not in whole.render(".md").replace("\\<script", "")


def test_hostile_text_is_shown_as_text() -> None:
    text = prepared(EVIL).render(".html")
    assert "&lt;script&gt;alert(1)" in text
    assert scripts(text) == OUR_SCRIPTS


def test_hostile_text_stays_text_in_markdown() -> None:
    text = prepared(EVIL).render(".md")
    assert "<script" not in text.replace("\\<script", "")
    assert re.search(r"(?<!\\)\]\(javascript:", text) is None
    for text, shown in (
        ("[1, 2]x", "[1, 2]x"),
        ("[a](b)", "[a\\](b)"),
        ("[ ] a", "\\[ ] a"),
        ("[^1] a]", "\\[^1] a\\]"),
    ):
        assert plain(text) == shown
    assert linked("a] [b", "https://x.org") == "[a\\] \\[b](<https://x.org>)"
    for letter in "`*<|~$\\":
        assert plain(f"a{letter}b") == f"a\\{letter}b"
    for letter in "#>+-":
        assert plain(f"{letter} b") == f"\\{letter} b"
    assert plain("_b_ 1. b &lt;") == "\\_b\\_ 1. b \\&lt;"
    assert plain("1. b") == "1\\. b"
    for text in ("a (b) c-d", "a_b", "a > b", "< 0.1 %", "a & b", "+3.1 dB", "1.5 to 2"):
        assert plain(f"x {text}") == f"x {text}"
    assert "\n" not in plain("a\nb")
    assert plain("a\u202eb\u200bc") == "a\ufffdb\ufffdc"


@pytest.mark.parametrize("evil", ["", EVIL])
def test_the_json_fits_its_published_schema(evil: str) -> None:
    jsonschema.Draft202012Validator.check_schema(report_schema())
    found = json.loads(prepared(evil).render(".json"))
    jsonschema.validate(found, report_schema())
    assert found["checks_passed"] is False
    assert sum(row["probability"] for row in found["factions"]) == pytest.approx(1, abs=1e-5)


def test_the_same_posterior_gives_the_same_bytes() -> None:
    first = {suffix: prepared().render(suffix) for suffix in REPORT_SUFFIXES}
    prepared.cache_clear()
    assert {suffix: prepared().render(suffix) for suffix in REPORT_SUFFIXES} == first


def test_every_form_is_written(tmp_path: Path) -> None:
    for suffix in REPORT_SUFFIXES:
        path = tmp_path / "deep" / f"report{suffix}"
        prepared().write(path)
        assert path.read_text() == prepared().render(suffix)
    assert sorted(path.suffix for path in (tmp_path / "deep").iterdir()) == sorted(REPORT_SUFFIXES)


def test_another_suffix() -> None:
    with pytest.raises(UsageError) as raised:
        prepared().render(".pdf")
    assert ".html" in raised.value.allowed


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "report.md"
    path.write_text("old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("attribution.atomic.os.fsync", full)
    with pytest.raises(OutputError, match="no space left"):
        prepared().write(path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        prepared().write(tmp_path / "x" / "report.md")


def test_the_gate_names_what_is_missing() -> None:
    reasons = prepared().gate.reasons
    assert any("no second engine" in reason for reason in reasons)
    assert any("sensitivity" in reason for reason in reasons)
    assert not prepared().gate.passed


def test_a_sensitivity_analysis_is_told_in_every_form() -> None:
    case, model = case_template("my-case"), model_template("my-case")
    grading = (bundled("models") / "grading" / "standard.yaml").read_text()
    posterior = at.fit(
        parse_case(case), parse_model(model, grading_text=grading), engine="importance", scrambles=4, log2_points=7
    )
    whole = prepare(posterior, sensitivity=at.sensitivity(posterior))
    assert not any("sensitivity" in reason for reason in whole.gate.reasons)
    jsonschema.validate(json.loads(whole.render(".json")), report_schema())
    page, note = whole.render(".html"), whole.render(".md")
    for one in whole.content.findings:
        assert f"<h4>{one.title}</h4>" in page
        assert f"**{plain(one.title)}{'' if one.title.endswith('?') else '.'}**" in note
    assert whole.content.bottom_line.confidence.startswith("Analytic confidence: ")
    assert "%" not in whole.content.bottom_line.confidence.partition(". ")[0]
