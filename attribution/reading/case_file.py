"""From the text of a case file to a `Case`: the incident, its factions, sources and facts, the items, the outcome."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from attribution.domain.case import Case, Incident, Outcome
from attribution.domain.document import CASE_FORMAT, opens
from attribution.domain.evidence import (
    Absence,
    Act,
    Citation,
    Copying,
    Direct,
    Item,
    Proposition,
    Regrade,
    Report,
    Source,
)
from attribution.domain.factions import FactionTree, Node
from attribution.domain.facts import Fact
from attribution.domain.grades import UNGRADED, Grade
from attribution.domain.identifiers import PERPETRATOR, Catalog
from attribution.domain.moments import Moment
from attribution.domain.origins import OriginDeclaration
from attribution.errors import CaseError
from attribution.reading.fields import Field, check_format, declared, entries_of, every, gathered, located, text_of
from attribution.reading.quantities import quantity
from attribution.reading.vocabulary import (
    CASE,
    CASE_REQUIRED,
    CITATION,
    COPIES,
    FACT,
    INCIDENT,
    ITEM,
    ITEM_KINDS,
    ITEM_REQUIRED,
    NODE,
    OF_KIND,
    ORIGIN,
    OUTCOME,
    OUTCOME_REQUIRED,
    READINGS,
    REGRADE,
    RELIABILITIES,
    REQUIRED_OF_KIND,
    SOURCE,
    SOURCE_KINDS,
    WAYS_OF_SETTLING,
)
from attribution.reading.yaml_nodes import Scalar, nodes_of, parse

_UNKNOWN = Incident(Moment.parse("2000-01-01"), "?")  # goes on in place of an incident that cannot be read


def parse_case(text: str, file: str = "case.yaml") -> Case:
    """A case from its text; `file` names it in errors.

    Raises
    ------
    FormatError, CaseError
        With file and line.
    """
    return _case(Field(parse(text, file), (), file)).as_read(text, file)


def _from_dict(document: Mapping[str, Any], folder: Path | None = None) -> Case:
    return _case(Field(nodes_of(document), (), ""))


opens(Case, _from_dict)


def _case(document: Field) -> Case:
    """All that can be read is read before anything is refused, so that a person hears of every error at once."""
    check_format(document, CASE_FORMAT)
    root, problems = gathered(document)
    block = root.part(CASE, CASE_REQUIRED)

    def text(key: str, instead: str) -> str:
        return (problems.attempt(block[key].text) if key in block else None) or instead

    incident = problems.attempt(lambda: _incident(root, block["incident"])) if "incident" in block else None
    tree = problems.attempt(lambda: _tree(root, block["factions"])) if "factions" in block else None
    sources = declared(_named(root, block, "sources"), _source)
    facts = declared(_named(root, block, "facts"), lambda field, name: _fact(field, name, tree))
    items = declared(_listed(root, block, "evidence"), lambda field, _: _item(field))
    origins = declared(_named(root, block, "origins"), _origin)
    outcomes = declared(_listed(root, block, "outcome"), lambda field, _: _outcome(replace(field, problems=None)))
    limits = every((field for _, field in _listed(root, block, "limits")), Field.text)
    if tree is None:
        problems.settle()
    assert tree is not None
    with problems.noting(), located(root):
        case = Case(
            id=text("id", "case"),
            title=text("title", "?"),
            question=text("question", "?"),
            incident=incident or _UNKNOWN,
            factions=tree,
            sources=Catalog(sources),
            facts=Catalog(facts),
            evidence=Catalog(items, kind="item", at=("evidence",)),
            declarations=Catalog(origins),
            outcomes=tuple(outcomes),
            limits=limits,
        )
    problems.settle()
    return case


def _named(root: Field, block: dict[str, Field], key: str) -> list[tuple[str, Field]]:
    """The entries of a mapping, if it is there and is one."""
    return root.attempt(lambda: entries_of(block, key)) or []


def _listed(root: Field, block: dict[str, Field], key: str) -> list[tuple[str, Field]]:
    """The entries of a list, if it is there and is one, each with its id where it has one."""
    fields = root.attempt(block[key].items) if key in block else None
    return [(_id_of(field), field) for field in fields or []]


def _id_of(field: Field) -> str:
    id = field.entries().get("id") if field.is_mapping() else None
    return id.node.text.strip() if id and isinstance(id.node, Scalar) else ""


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
    nodes = tuple(declared(field.entries().items(), lambda inner, name: _node(root, inner, name)))
    with located(root, field):
        return FactionTree(nodes)


def _node(root: Field, field: Field, id: str) -> Node:
    _refuse_size(field, id)
    block = field.block(NODE)
    with located(root, field):
        return Node(
            id=id,
            title=text_of(block, "title"),
            banner=block["banner"].flag() if "banner" in block else False,
            sponsor=block["sponsor"].flag() if "sponsor" in block else False,
            note=text_of(block, "note"),
            members=tuple(declared(entries_of(block, "members"), lambda inner, name: _node(root, inner, name))),
            joint_of=tuple(party.text() for party in block["joint_of"].one_or_more()) if "joint_of" in block else (),
        )


def _refuse_size(field: Field, id: str) -> None:
    """A size was a matter of the case once: it is an assumption, and the models hold it."""
    stated = field.entries().get("size") if field.is_mapping() else None
    if stated is not None:
        raise stated.fail(
            f'"{id}" has a `size` in the case.',
            "title, banner, sponsor, note, members: how many organisations a faction stands for is an assumption",
            f"take it out here, and write in each model, under `perpetrator:`, sizes: {{{id}: {stated.text()[:20]}, "
            'because: "..."}',
        )


def _source(field: Field, id: str) -> Source:
    block = field.block(SOURCE, ("name", "kind", "reliability"))
    with located(field, field):
        return Source(
            id=id,
            name=block["name"].text(),
            kind=block["kind"].choice("kinds of source", SOURCE_KINDS),  # type: ignore[arg-type]
            reliability=block["reliability"].choice("reliability letters", RELIABILITIES),
            interest=text_of(block, "interest") or "unknown",
            part_of=text_of(block, "part_of"),
            would_say_anyway=quantity(block["would_say_anyway"]) if "would_say_anyway" in block else None,
            note=text_of(block, "note"),
        )


def _fact(field: Field, id: str, tree: FactionTree | None) -> Fact | None:
    block = field.block(FACT, ("states",))
    states = block["states"]
    over_factions = isinstance(states.node, Scalar) and states.word("kinds of states", ("factions",)) == "factions"
    if over_factions and tree is None:
        return None
    with located(field, field):
        return Fact(
            id=id,
            states=tree.leaves if over_factions and tree else tuple(state.text() for state in states.items()),
            question=text_of(block, "question"),
            given=tuple(parent.text() for parent in block["given"].one_or_more()) if "given" in block else (),
            over_factions=over_factions,
            note=text_of(block, "note"),
            role=block["role"].flag() if "role" in block else False,
        )


def _origin(field: Field, id: str) -> OriginDeclaration:
    block = field.block(ORIGIN)
    with located(field, field):
        return OriginDeclaration(
            id=id,
            title=text_of(block, "title"),
            grade=_grade(block["grade"]) if "grade" in block else None,
            source=text_of(block, "source"),
            forgeable=block["forgeable"].flag() if "forgeable" in block else None,
            note=text_of(block, "note"),
        )


def _item(field: Field) -> Item:
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
            grade=_grade(block["grade"]) if "grade" in block else None,
            would_say_anyway=quantity(block["would_say_anyway"]) if "would_say_anyway" in block else None,
            copies=_copies(block["copies"]) if "copies" in block else None,
            forgeable=block["forgeable"].flag() if "forgeable" in block else None,
            regraded=tuple(_regrade(each) for each in block["regraded"].items()) if "regraded" in block else (),
        )


def _common(block: dict[str, Field]) -> dict[str, Any]:
    def text(key: str) -> str:
        return block[key].text() if key in block else ""

    return {
        "id": block["id"].text(),
        "title": text("title"),
        "source": text("source"),
        "published": block["published"].moment(),
        "origin": text("origin"),
        "via": tuple(outlet.text() for outlet in block["via"].one_or_more()) if "via" in block else (),
        "date": block["date"].moment() if "date" in block else None,
        "withdrawn": block["withdrawn"].moment() if "withdrawn" in block else None,
        "citations": _citations(block),
        "note": text("note"),
    }


def _says(field: Field) -> tuple[Proposition, ...]:
    return tuple(_proposition(inner, fact) for fact, inner in field.entries().items())


def _proposition(field: Field, fact: str) -> Proposition:
    negated = field.is_mapping()
    named = field.block(("not",), ("not",))["not"] if negated else field
    return Proposition(fact, frozenset(state.text() for state in named.one_or_more()), negated)


def _citations(block: dict[str, Field]) -> tuple[Citation, ...]:
    """Where it can be read: the `citation:` of a block."""
    return every(block["citation"].one_or_more(), _citation) if "citation" in block else ()


def _citation(field: Field) -> Citation:
    block = field.block(CITATION, ("url", "title"))
    url = block["url"]
    with located(url, url):
        return Citation(
            url=url.text(),
            title=block["title"].text(),
            publisher=block["publisher"].text() if "publisher" in block else "",
            published=block["published"].text() if "published" in block else "",
            read=block["read"].choice("ways of reading", READINGS) if "read" in block else "copy",  # type: ignore[arg-type]
            note=block["note"].text() if "note" in block else "",
        )


def _copies(field: Field) -> Copying:
    block = field.block(COPIES, COPIES)
    return Copying(block["of"].text(), quantity(block["probability"]))


def _regrade(field: Field) -> Regrade:
    block = field.block(REGRADE, REGRADE)
    return Regrade(block["date"].moment(), _grade(block["grade"]))


def _grade(field: Field) -> Grade:
    """An Admiralty grade such as B2."""
    try:
        with located(field, field):
            return Grade.parse(field.text())
    except CaseError as error:
        return field.tell(error, UNGRADED)


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
        grade=_grade(block["grade"]) if "grade" in block else None,
    )


def _outcome(field: Field) -> Outcome:
    """One entry of `outcome:`: a set that is true, or one that is excluded."""
    block = field.block(OUTCOME, OUTCOME_REQUIRED)
    if ("true" in block) == ("false" in block):
        raise field.fail(
            "an outcome has both `true` and `false`, or neither.",
            "`true: some-faction` or `false: some-faction`, or {some-fact: state}",
            "two statements are two entries",
        )
    with located(field, field):
        return Outcome(
            proposition=_settled(block["false"], True) if "false" in block else _settled(block["true"], False),
            source=block["source"].text(),
            grade=_grade(block["grade"]),
            date=block["date"].moment(),
            settled=block["settled"].choice("ways of settling", WAYS_OF_SETTLING),  # type: ignore[arg-type]
            note=block["note"].text() if "note" in block else "",
            citations=_citations(block),
        )


def _settled(field: Field, negated: bool) -> Proposition:
    """Factions by themselves, or one fact with its states."""
    about = field.entries() if field.is_mapping() else {PERPETRATOR: field}
    if len(about) != 1:
        raise field.fail(f"the outcome is about {len(about)} facts.", "one fact: {launcher: some-faction}")
    fact, states = next(iter(about.items()))
    return Proposition(fact, frozenset(state.text() for state in states.one_or_more()), negated)
