"""Items of evidence as they are written."""

from __future__ import annotations

from typing import Any

from attribution.domain.evidence import Absence, Act, Citation, Copying, Direct, Item, Proposition, Regrade, Report
from attribution.domain.grades import Grade
from attribution.reading.fields import Field, located
from attribution.reading.quantities import quantity
from attribution.reading.vocabulary import (
    CITATION,
    COPIES,
    ITEM,
    ITEM_KINDS,
    ITEM_REQUIRED,
    OF_KIND,
    READINGS,
    REGRADE,
    REQUIRED_OF_KIND,
)


def item(field: Field) -> Item:
    """One item, of the kind it says it is."""
    entries = field.entries()
    if "kind" not in entries:
        raise field.fail(
            "an item has no `kind`.", ", ".join(ITEM_KINDS), "a statement that is itself the fact is an act"
        )
    kind = entries["kind"].word("kinds of item", ITEM_KINDS)
    block = field.block({**ITEM, **OF_KIND[kind]}, (*ITEM_REQUIRED, *REQUIRED_OF_KIND[kind]))
    common = _common(block)
    with located(field, field):
        if kind == "absence":
            return Absence(
                **common,
                says=_says(block["says"]),
                detection=quantity(block["detection"]),
                searched=block["searched"].text() if "searched" in block else "",
            )
        if kind == "direct":
            return _direct(block, common)
        build = Report if kind == "report" else Act
        return build(
            **common,
            says=_says(block["says"]),
            grade=grade(block["grade"]) if "grade" in block else None,
            would_say_anyway=quantity(block["would_say_anyway"]) if "would_say_anyway" in block else None,
            copies=_copies(block["copies"]) if "copies" in block else None,
            forgeable=block["forgeable"].flag() if "forgeable" in block else None,
            regraded=tuple(_regrade(one) for one in block["regraded"].items()) if "regraded" in block else (),
        )


def _common(block: dict[str, Field]) -> dict[str, Any]:
    def text(key: str) -> str:
        return block[key].text() if key in block else ""

    id = block["id"].text()
    return {
        "id": id,
        "title": text("title") or id.replace("-", " ").capitalize(),
        "source": text("source"),
        "published": block["published"].moment(),
        "origin": text("origin"),
        "via": tuple(outlet.text() for outlet in block["via"].one_or_more()) if "via" in block else (),
        "date": block["date"].moment() if "date" in block else None,
        "withdrawn": block["withdrawn"].moment() if "withdrawn" in block else None,
        "citations": citations(block),
        "note": text("note"),
    }


def _says(field: Field) -> tuple[Proposition, ...]:
    return tuple(_proposition(inner, fact) for fact, inner in field.entries().items())


def _proposition(field: Field, fact: str) -> Proposition:
    negated = field.is_mapping()
    named = field.block(("not",), ("not",))["not"] if negated else field
    return Proposition(fact, frozenset(state.text() for state in named.one_or_more()), negated)


def citations(block: dict[str, Field]) -> tuple[Citation, ...]:
    """Where it can be read: the `citation:` of a block."""
    return tuple(_citation(one) for one in block["citation"].one_or_more()) if "citation" in block else ()


def _citation(field: Field) -> Citation:
    block = field.block(CITATION, ("url", "title"))
    url = block["url"]
    with located(url, url):
        return Citation(
            url=url.text(),
            title=block["title"].text(),
            publisher=block["publisher"].text() if "publisher" in block else "",
            published=block["published"].text() if "published" in block else "",
            read=block["read"].word("ways of reading", READINGS) if "read" in block else "copy",  # type: ignore[arg-type]
            note=block["note"].text() if "note" in block else "",
        )


def _copies(field: Field) -> Copying:
    block = field.block(COPIES, COPIES)
    return Copying(block["of"].text(), quantity(block["probability"]))


def _regrade(field: Field) -> Regrade:
    block = field.block(REGRADE, REGRADE)
    return Regrade(block["date"].moment(), grade(block["grade"]))


def grade(field: Field) -> Grade:
    """An Admiralty grade such as B2."""
    with located(field, field):
        return Grade.parse(field.text())


def _direct(block: dict[str, Field], common: dict[str, Any]) -> Direct:
    ratios = block["likelihood_ratio"]
    about = ratios.entries()
    if len(about) != 1:
        raise ratios.fail(
            f"the likelihood ratio is about {len(about)} facts.",
            "one fact, or perpetrator: {perpetrator: {some-faction: [1, 1.8, 4]}}",
        )
    fact, states = next(iter(about.items()))
    return Direct(
        **common,
        fact=fact,
        ratios=tuple((state, quantity(value, "ratio")) for state, value in states.entries().items()),
        grade=grade(block["grade"]) if "grade" in block else None,
    )
