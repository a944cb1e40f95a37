"""The casebook as a page, as Markdown and as JSON: the same numbers, the same caveats, and text of others inert."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import jsonschema
import pytest

import attribution as at
from attribution.analysis.comparison.casebook import Casebook, casebook
from attribution.domain.verbal import percent
from attribution.reading import shipped_cases, shipped_models
from attribution.reporting.casebook import (
    CAVEATS,
    POST_HOC,
    casebook_html,
    casebook_json,
    casebook_schema,
    pages,
    write_casebook,
)
from attribution.reporting.figures.casebook import movement
from tests.analysis.comparison.test_casebook import dated
from tests.analysis.test_scores import MODEL, a_case_of
from tests.reporting.hostile import EVIL

COMMITTED = Path(__file__).parent.parent.parent / "reports" / "casebook"


@pytest.fixture(scope="module")
def book() -> Casebook:
    scored, open_case = a_case_of(dated(20), late=25), replace(a_case_of(), id="open", title="Open")
    return casebook([(scored, MODEL), (open_case, replace(MODEL, case="open", id="other", title="Other"))])


@pytest.fixture(scope="module")
def written(book: Casebook, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("book")
    assert [path.name for path in write_casebook(book, folder)] == ["index.html", "index.json", "index.md"]
    return folder


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


def tags(page: str) -> list[tuple[str, dict[str, str | None]]]:
    parser = _Tags()
    parser.feed(page)
    return parser.seen


def test_the_json_fits_its_schema_and_holds_the_caveats(book: Casebook, written: Path) -> None:
    found = json.loads((written / "index.json").read_text())
    jsonschema.Draft202012Validator.check_schema(casebook_schema())
    jsonschema.validate(found, casebook_schema())
    assert found["caveats"] == list(CAVEATS)
    assert len(found["studies"]) == 2
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**found, "more": 1}, casebook_schema())


def test_the_three_forms_hold_the_same_numbers(book: Casebook, written: Path) -> None:
    page, note = ((written / f"index.{suffix}").read_text() for suffix in ("html", "md"))
    plain_note = re.sub(r"\\(.)", r"\1", note)
    for study in book.studies:
        for glance in study.glances:
            for value in glance.probabilities:
                assert percent(value).replace("<", "&lt;").replace(">", "&gt;") in page
                assert percent(value) in plain_note
    for caveat in CAVEATS:
        assert caveat in page
        assert caveat in plain_note


def test_what_is_not_settled_is_said_to_be_shown_and_not_scored(book: Casebook, written: Path) -> None:
    found = pages(book)
    assert found.headline.startswith("2 cases, 2 models. 1 outcome settled well enough")
    assert found.cases[1].settled == ()
    assert "Nothing is settled: shown, not scored." in (written / "index.html").read_text()
    (line,) = found.scores
    assert line.under == "B or Anyone else: true" or line.under.startswith("B or ")
    assert line.cells[-1] == "settled by then"


def test_a_shipped_study_stands_beside_its_first_run() -> None:
    """Only a study that was in the first run has one; its figures are those of that run."""
    shipped = casebook([(at.read_case("k1-2019"), at.read_model("k1-2019/baseline"))])
    found = pages(shipped)
    (line,) = found.first
    assert line.cells[0].endswith(", 55 %")
    assert line.cells[1] == ""
    told = json.loads(casebook_json(shipped))
    jsonschema.validate(told, casebook_schema())
    assert [one["probability"] for one in told["first_run"]] == [0.5451]
    page = casebook_html(found)
    assert page.count(POST_HOC) == 1
    assert line.cells[0] in page


def test_a_book_of_other_cases_has_no_first_run(book: Casebook, written: Path) -> None:
    assert pages(book).first == ()
    assert "post hoc" not in (written / "index.html").read_text()
    assert "post hoc" not in (written / "index.md").read_text()


def test_the_page_asks_nothing_of_anybody(written: Path) -> None:
    page = (written / "index.html").read_text()
    assert "default-src 'none'" in page
    for tag, attributes in tags(page):
        assert tag not in ("script", "img", "iframe", "link", "object")
        assert not any(name.startswith("on") or name == "src" for name in attributes)
        assert not (attributes.get("href") or "#").startswith(("http", "javascript"))


def test_anchors_lead_somewhere(written: Path) -> None:
    seen = tags((written / "index.html").read_text())
    ids = [attributes["id"] for _, attributes in seen if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes in seen:
        if (href := attributes.get("href") or "").startswith("#"):
            assert href[1:] in ids


def test_text_of_others_stays_text() -> None:
    case = replace(a_case_of(replace(dated(20), note=EVIL), late=25), title=EVIL * 50)
    book = casebook([(case, replace(MODEL, title=EVIL, summary=EVIL))])
    page = casebook_html(pages(book))
    assert {tag for tag, _ in tags(page)}.isdisjoint({"script", "img"})
    assert "\u202e" not in page
    jsonschema.validate(json.loads(casebook_json(book)), casebook_schema())


def test_lines_start_at_the_prior_and_end_at_the_latest(book: Casebook) -> None:
    study = book.studies[0]
    found = movement(study)
    assert found.lines[0][0] == study.labels[study.factions.index("a")]
    paths = re.findall(r'class="step l0" d="M0 ([\d.]+)(.*?)"', str(found.drawing))
    ((start, steps),) = paths
    assert float(start) == pytest.approx(200 * (1 - study.prior[0]), abs=0.06)
    assert float(re.findall(r"V([\d.]+)", steps)[-1]) == pytest.approx(
        200 * (1 - study.latest.probabilities[0]), abs=0.06
    )
    across = [float(value) for value in re.findall(r"H([\d.]+)", steps)]
    assert across == sorted(across)


def test_the_casebook_is_of_the_files_that_ship() -> None:
    """Every case under every model, from the evidence and the assumptions as they are."""
    found = json.loads((COMMITTED / "index.json").read_text())
    jsonschema.validate(found, casebook_schema())
    told = {
        (study["case"], study["model"]): (study["evidence_hash"], study["assumptions_hash"])
        for study in found["studies"]
    }
    assert told == {
        (case, model): (
            at.read_case(case).digest,
            at.read_model(f"{case}/{model}").digest,
        )
        for case in shipped_cases()
        for model in shipped_models(case)
    }
    assert not re.search(r"\b\d{1,2}:\d{2}:\d{2}\b", (COMMITTED / "index.md").read_text())
