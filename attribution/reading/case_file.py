"""From the text of a case file to a `Case`."""

from __future__ import annotations

from attribution.domain.case import Case, Incident
from attribution.domain.evidence import Source
from attribution.domain.factions import FactionTree, Node
from attribution.domain.facts import Fact
from attribution.domain.identifiers import Catalog
from attribution.domain.origins import OriginDeclaration
from attribution.reading.evidence_file import grade, item
from attribution.reading.fields import Field, located
from attribution.reading.outcome_file import outcome
from attribution.reading.quantities import quantity
from attribution.reading.vocabulary import (
    CASE,
    CASE_FORMAT,
    CASE_REQUIRED,
    FACT,
    INCIDENT,
    NODE,
    ORIGIN,
    RELIABILITIES,
    SOURCE,
    SOURCE_KINDS,
)
from attribution.reading.yaml_nodes import Scalar, parse


def parse_case(text: str, file: str = "case.yaml") -> Case:
    """A case from its text; `file` names it in errors.

    Raises
    ------
    FormatError, CaseError
        With file and line.
    """
    root = Field(parse(text, file), (), file)
    check_format(root, CASE_FORMAT)
    block = root.block(CASE, CASE_REQUIRED)
    tree = _tree(root, block["factions"])
    with located(root):
        return Case(
            id=block["id"].text(),
            title=block["title"].text(),
            question=block["question"].text(),
            incident=_incident(root, block["incident"]),
            factions=tree,
            sources=Catalog(_source(field, id) for id, field in block["sources"].entries().items()),
            facts=Catalog(_fact(field, id, tree) for id, field in _entries(block, "facts")),
            evidence=Catalog((item(field) for field in block["evidence"].items()), kind="item", at=("evidence",)),
            declarations=Catalog(_origin(field, id) for id, field in _entries(block, "origins")),
            outcomes=tuple(outcome(field) for field in block["outcome"].items()) if "outcome" in block else (),
            limits=tuple(field.text() for field in block["limits"].items()) if "limits" in block else (),
            text=text,
        )


def check_format(root: Field, known: str) -> None:
    """Refuse a file that is something else, or of another version."""
    found = root.entries().get("format")
    if found is None:
        raise root.fail("the file has no `format`.", known, f"begin it with `format: {known}`")
    text = found.text()
    if text != known:
        name = known.partition("/")[0]
        hint = "update this program, or write the older format" if text.startswith(f"{name}/") else ""
        raise found.fail(f'the format is "{text[:80]}", which is not known here.', known, hint)


def _entries(block: dict[str, Field], key: str) -> list[tuple[str, Field]]:
    return list(block[key].entries().items()) if key in block else []


def text_of(block: dict[str, Field], key: str) -> str:
    """An optional text."""
    return block[key].text() if key in block else ""


def _incident(root: Field, field: Field) -> Incident:
    block = field.block(INCIDENT, ("date", "place"))
    with located(root, field):
        return Incident(
            date=block["date"].moment(),
            place=block["place"].text(),
            country=text_of(block, "country"),
            latitude=block["latitude"].number() if "latitude" in block else None,
            longitude=block["longitude"].number() if "longitude" in block else None,
            note=text_of(block, "note"),
        )


def _tree(root: Field, field: Field) -> FactionTree:
    nodes = tuple(_node(root, inner, id) for id, inner in field.entries().items())
    with located(root, field):
        return FactionTree(nodes)


def _node(root: Field, field: Field, id: str) -> Node:
    block = field.block(NODE)
    with located(root, field):
        return Node(
            id=id,
            title=text_of(block, "title"),
            size=block["size"].number() if "size" in block else 1.0,
            banner=block["banner"].flag() if "banner" in block else False,
            sponsor=block["sponsor"].flag() if "sponsor" in block else False,
            note=text_of(block, "note"),
            members=tuple(_node(root, inner, name) for name, inner in _entries(block, "members")),
        )


def _source(field: Field, id: str) -> Source:
    block = field.block(SOURCE, ("name", "kind", "reliability"))
    with located(field, field):
        return Source(
            id=id,
            name=block["name"].text(),
            kind=block["kind"].word("kinds of source", SOURCE_KINDS),  # type: ignore[arg-type]
            reliability=block["reliability"].word("reliability letters", RELIABILITIES),
            interest=text_of(block, "interest") or "unknown",
            part_of=text_of(block, "part_of"),
            would_say_anyway=quantity(block["would_say_anyway"]) if "would_say_anyway" in block else None,
            note=text_of(block, "note"),
        )


def _fact(field: Field, id: str, tree: FactionTree) -> Fact:
    block = field.block(FACT, ("states",))
    states = block["states"]
    over_factions = isinstance(states.node, Scalar) and states.word("kinds of states", ("factions",)) == "factions"
    with located(field, field):
        return Fact(
            id=id,
            states=tree.leaves if over_factions else tuple(state.text() for state in states.items()),
            question=text_of(block, "question"),
            given=tuple(parent.text() for parent in block["given"].one_or_more()) if "given" in block else (),
            over_factions=over_factions,
            note=text_of(block, "note"),
        )


def _origin(field: Field, id: str) -> OriginDeclaration:
    block = field.block(ORIGIN)
    with located(field, field):
        return OriginDeclaration(
            id=id,
            title=text_of(block, "title"),
            grade=grade(block["grade"]) if "grade" in block else None,
            source=text_of(block, "source"),
            forgeable=block["forgeable"].flag() if "forgeable" in block else None,
            note=text_of(block, "note"),
        )
