"""From the text of a model file and its grading to a `Model`."""

from __future__ import annotations

from attribution.domain.catalog import Catalog
from attribution.domain.grades import DIGITS, LETTERS
from attribution.domain.grading import Grading, numbers_in_order
from attribution.domain.model import Cluster, Deception, Deceptive, Forged, Model, PerpetratorPrior, Share, Staged
from attribution.domain.numbers import Number
from attribution.domain.tables import Entry, Row, StateRows, Table, Trait
from attribution.reading.case_file import check_format, text_of
from attribution.reading.fields import Field, located
from attribution.reading.quantities import cell, quantity, reason
from attribution.reading.vocabulary import (
    DECEPTION,
    DECEPTIVE,
    GRADING,
    GRADING_FORMAT,
    MODEL,
    MODEL_FORMAT,
    MODEL_REQUIRED,
    PERPETRATOR,
    PERPETRATOR_REQUIRED,
    SHARE,
    STAGED,
    TRAIT_KINDS,
)
from attribution.reading.yaml_nodes import parse


def parse_grading(text: str, file: str = "grading.yaml", id: str = "standard") -> Grading:
    """A grading from its text."""
    root = Field(parse(text, file), (), file)
    check_format(root, GRADING_FORMAT)
    block = root.block(GRADING, ("letters", "digits"))
    with located(root):
        return Grading(
            id=id,
            title=text_of(block, "title"),
            letters=numbers_in_order("letters", LETTERS, _parts(block["letters"])),
            digits=numbers_in_order("digits", DIGITS, _parts(block["digits"])),
            because=reason(block),
            text=text,
        )


def _parts(field: Field) -> dict[str, Number]:
    return {name: quantity(value) for name, value in field.entries().items()}


def parse_model(
    text: str,
    file: str = "model.yaml",
    *,
    grading_text: str,
    grading_id: str = "standard",
    grading_file: str = "",
    id: str = "model",
) -> Model:
    """A model from its text and that of its grading; the names are for errors.

    Raises
    ------
    FormatError, ModelError
        With file and line.
    """
    root = model_root(text, file)
    block = root.block(MODEL, MODEL_REQUIRED)
    grading = parse_grading(grading_text, grading_file or f"{grading_id}.yaml", grading_id)
    with located(root):
        return Model(
            id=id,
            case=block["case"].text(),
            title=block["title"].text(),
            summary=text_of(block, "summary"),
            grading=grading,
            perpetrator=_perpetrator(root, block["perpetrator"]),
            traits=Catalog(_trait(root, field, name) for name, field in _entries(block, "traits")),
            tables=Catalog(_table(root, field, fact) for fact, field in _entries(block, "facts")),
            deception=_deception(block["deception"]) if "deception" in block else Deception(),
            clusters=Catalog(
                Cluster(name, tuple(origin.text() for origin in field.one_or_more()))
                for name, field in _entries(block, "clusters")
            ),
            text=text,
        )


def model_root(text: str, file: str) -> Field:
    """The document of a model file, its format checked."""
    root = Field(parse(text, file), (), file)
    check_format(root, MODEL_FORMAT)
    return root


def _entries(block: dict[str, Field], key: str) -> list[tuple[str, Field]]:
    return list(block[key].entries().items()) if key in block else []


def _perpetrator(root: Field, field: Field) -> PerpetratorPrior:
    block = field.block(PERPETRATOR, PERPETRATOR_REQUIRED)
    with located(root, field):
        return PerpetratorPrior(
            other=quantity(block["other"]),
            surprise=quantity(block["surprise"]),
            proportional_to=tuple(trait.text() for trait in block["proportional_to"].one_or_more())
            if "proportional_to" in block
            else (),
            shares=tuple(_share(inner, node) for node, inner in _entries(block, "share")),
            because=reason(block),
        )


def _share(field: Field, node: str) -> Share:
    if field.is_mapping() and ("within" in field.entries() or "value" in field.entries()):
        block = field.block(SHARE, ("value",))
        within = tuple((member, quantity(weight)) for member, weight in _entries(block, "within"))
        return Share(node, quantity(block["value"]), within, reason(block))
    return Share(node, quantity(field))


def _trait(root: Field, field: Field, id: str) -> Trait:
    entries = field.entries()
    if "kind" not in entries:
        raise field.fail(f'the trait "{id}" has no `kind`.', " or ".join(TRAIT_KINDS))
    kind = entries["kind"].word("kinds of trait", TRAIT_KINDS)
    with located(root, field):
        return Trait(
            id=id,
            kind=kind,  # type: ignore[arg-type]
            entries=tuple(_entry(inner, node) for node, inner in entries.items() if node not in ("kind", "because")),
            because=reason(entries),
        )


def _entry(field: Field, node: str) -> Entry:
    found, why = cell(field)
    return Entry(node, found, why)


def _table(root: Field, field: Field, fact: str) -> Table:
    entries = field.entries()
    with located(root, field):
        return Table(
            fact=fact,
            states=tuple(
                StateRows(state, tuple(_row(row) for row in inner.one_or_more()))
                for state, inner in entries.items()
                if state != "because"
            ),
            because=reason(entries),
        )


def _row(field: Field) -> Row:
    entries = field.entries()
    when = tuple(
        (parent, frozenset(state.text() for state in states.one_or_more()))
        for parent, states in _entries(entries, "when")
    )
    named = {node: inner for node, inner in entries.items() if node not in ("when", "because", "trait")}
    if "trait" in entries:
        field.block(("when", "because", "trait"))
        return Row(when, trait=entries["trait"].text(), because=reason(entries))
    if not named:
        raise field.fail("a row has no numbers.", "{some-faction: [low, best, high], else: [low, best, high]}")
    return Row(when, tuple(_entry(inner, node) for node, inner in named.items()), because=reason(entries))


def _deception(field: Field) -> Deception:
    block = field.block(DECEPTION)
    return Deception(
        staged=tuple(_staged(inner, fact) for fact, inner in _entries(block, "staged")),
        forged=tuple(_forged(inner, target) for target, inner in _entries(block, "forged")),
        deceptive=tuple(_deceptive(inner, source) for source, inner in _entries(block, "deceptive")),
    )


def _staged(field: Field, fact: str) -> Staged:
    block = field.block(STAGED, ("probability", "toward"))
    return Staged(fact, quantity(block["probability"]), block["toward"].text(), reason(block))


def _forged(field: Field, target: str) -> Forged:
    block = field.block(STAGED, ("probability",))
    return Forged(target, quantity(block["probability"]), text_of(block, "toward"), reason(block))


def _deceptive(field: Field, source: str) -> Deceptive:
    block = field.block(DECEPTIVE, ("probability",))
    return Deceptive(source, quantity(block["probability"]), reason(block))
