"""Mapping files: their keys with what these mean, from the text of one to an `EventMapping`, and their JSON Schema."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

from attribution.archive.reading.mapping import (
    CaseLink,
    Certainty,
    Claims,
    ClaimWord,
    Condition,
    Dates,
    Encoding,
    EventMapping,
    Exclusion,
    Feature,
    Order,
    Perpetrators,
    Places,
    Precision,
    Umbrella,
)
from attribution.domain.numbers import Number
from attribution.errors import EventError, UsageError
from attribution.reading.fields import Field, check_format, located, text_of
from attribution.reading.json_schema import Schema, block, closed, either, file_schema, list_of, map_of, ref
from attribution.reading.schema import scalars
from attribution.reading.shipped import bundled
from attribution.reading.vocabulary import Keys
from attribution.reading.yaml_nodes import Scalar, parse, read_text

MAPPING_FORMAT = "attribution-mapping/1"
ORDERS = get_args(Order)
ENCODINGS = get_args(Encoding)
CLAIM_WORDS = get_args(ClaimWord)
MAPPING: Keys = {
    "format": ("format", "version of this format"),
    "title": ("text", "name of the table"),
    "source": ("text", "where the table comes from, its licence, how to cite it"),
    "encoding": ("encoding", "auto, utf-8, latin-1 or mac-roman (default: auto, and it says what it found)"),
    "extends": ("text", "a shipped mapping, or a path beside this one: what is not said here is taken from there"),
    "separator": ("text", "what stands between the fields of a CSV (default: it is found out)"),
    "header": (
        "lines",
        "line, or row of a sheet, with the names of the columns (default: the first); [3, 4]: both",
    ),
    "last": ("last-line", "line, or row of the sheet, of the last event: notes below it are not read"),
    "sheet": ("text", "sheet of an Excel file (default: the first)"),
    "optional": ("texts", "columns that a table may lack: it is then read without what is made of them"),
    "missing": ("texts", "words that mean that nothing is known, in every column"),
    "id": ("text", "column with the id of the event (default: the line)"),
    "date": ("dates", "when it happened"),
    "place": ("places", "where it happened"),
    "perpetrator": ("perpetrators", "who it was"),
    "claim": ("claims", "who claimed it"),
    "umbrellas": ("umbrellas", "names that hide one of several factions"),
    "aliases": ("aliases", "faction to its other names and spellings, * for anything"),
    "lineage": ("lineage", "faction or group to the one it came from or belongs to"),
    "features": ("features", "what else was recorded: name to column, or to {column, bins}"),
    "where": (
        "conditions",
        "only these rows: column to words (* for anything), {not: words}, or {from, until}; date: the event's own",
    ),
    "exclude": ("exclusions", "events left out, with the reason"),
    "lifetimes": ("lifetimes", "faction to the first and last date on which it can have acted"),
    "labelled": ("propensities", "faction, or else, to how likely an attack of its is to be labelled: low, best, high"),
    "cases": ("case-links", "cases whose prior may be learned from this table"),
}
MAPPING_REQUIRED = ("format", "title", "date", "perpetrator")
DATES: Keys = {
    "column": ("text", "column with the day, or with the first day that is possible"),
    "until": ("text", "column with the last day that is possible"),
    "year": ("text", "column with the year"),
    "month": ("text", "column with the month, 0 unknown"),
    "day": ("text", "column with the day of the month, 0 unknown"),
    "order": ("order", "how 02/03/2004 is meant"),
    "serial": ("flag", "yes: numbers of five digits are days as Excel counts them, 45319 for 2024-01-28"),
    "precision": ("precision", "how coarse the date is"),
}
PRECISION: Keys = {
    "column": ("text", "column that says how coarse the date is"),
    "days": ("windows", "its word to the days after the date that are possible, or to [before, after]"),
}
PLACES: Keys = {
    "levels": ("columns", "name of the level to its column, from coarse to fine"),
    "latitude": ("text", "column with degrees north"),
    "longitude": ("text", "column with degrees east"),
}
PERPETRATORS: Keys = {
    "columns": ("texts", "column with the perpetrator; several columns mean: one of these"),
    "marks": ("texts", "words, such as x or 1, that stand for the name of their column: a column for each faction"),
    "separator": ("text", "what stands between several names in one cell: one of these"),
    "together": ("flag", "yes: rows of one id are one event, by one of those whom they name (default: no)"),
    "unknown": ("texts", "names of nobody, * for anything"),
    "residual": ("texts", "names of a known perpetrator that is none of the named, * for anything"),
    "certainty": ("certainty", "how sure a label is"),
}
CERTAINTY: Keys = {
    "columns": ("texts", "columns that say how sure the label is; the least sure counts"),
    "values": ("probabilities", "their words to the probability that the label is right"),
    "else": ("number", "that probability for all other words (default: 1)"),
    "because": ("text", "why"),
}
CLAIMS: Keys = {
    "column": ("text", "column with the name of who claimed it, or with whether it was claimed"),
    "values": ("claim-words", "its words to claimed, none or not-recorded; all others are names"),
    "labels": ("number", "certainty with which a claiming umbrella makes an unknown perpetrator one of its members"),
    "because": ("text", "why"),
}
UMBRELLA: Keys = {"members": ("texts", "the factions it may be"), "because": ("text", "why")}
FEATURE: Keys = {
    "column": ("text", "the column"),
    "bins": ("numbers", "where a number is cut, increasing"),
    "values": ("words", "some of its words to what they are read as"),
    "optional": ("flag", "yes: a table without the column is read without the feature"),
}
CASE_LINK: Keys = {
    "factions": ("faction-links", "node of the case to the faction of the table that it is"),
    "incident": ("columns", "level or feature to its word for the incident: only what is no item of evidence there"),
    "because": ("text", "why this and no more"),
}
FACTION_LINK: Keys = {"label": ("text", "name in the table"), "because": ("text", "why it is the same")}
SPAN: Keys = {"from": ("text", "first day, month or year"), "until": ("text", "the last")}
LIFETIME: Keys = {
    "from": ("text", "first year, month or day on which it can have acted"),
    "until": ("text", "the last"),
}
EXCLUSION: Keys = {
    "ids": ("texts", "ids of the events"),
    "case": ("id", "left out for the prior of this case only"),
    "because": ("text", "why"),
}
_MOST_LINES = 10**9
_LINE: Schema = {"type": "integer", "minimum": 1, "maximum": 1000}
_NUMBER = {"type": "number"}
_SHARE: Schema = {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}
_DAYS = {"type": "integer", "minimum": 0, "maximum": 36_600}


def shipped_mappings() -> tuple[str, ...]:
    """Names of the mappings that ship."""
    return tuple(sorted(path.stem for path in (bundled("data") / "mappings").glob("*.yaml")))


def read_mapping(name: str) -> EventMapping:
    """A mapping by its shipped name, such as ``gtd``, or from a path (with a ``/``, or ending in ``.yaml``).

    Raises
    ------
    UsageError
        No such shipped mapping.
    FormatError, EventError
        The file cannot be used; file and line are named.
    """
    if "/" in name or name.endswith((".yaml", ".yml")):
        return parse_mapping(read_text(Path(name)), name)
    if name not in shipped_mappings():
        error = UsageError.unknown("shipped mappings", name, shipped_mappings(), at=("mapping",))
        error.hint = error.hint or "a file of your own is named by its path, which ends in .yaml"
        raise error
    return parse_mapping(read_text(bundled("data") / "mappings" / f"{name}.yaml"), f"data/mappings/{name}.yaml")


def mapping_root(text: str, file: str) -> Field:
    """The document of a mapping file, its format checked."""
    root = Field(parse(text, file), (), file)
    check_format(root, MAPPING_FORMAT)
    return root


def _extended(text: str, file: str, depth: int = 0) -> dict[str, Field]:
    """The keys of a mapping, and those of the mapping that it extends where it does not have them itself.

    Raises
    ------
    FormatError, UsageError
        The other mapping is not there, or they go round in a circle.
    """
    root = mapping_root(text, file)
    own = root.block(MAPPING, () if "extends" in root.entries() else MAPPING_REQUIRED)
    if "extends" not in own:
        return own
    name = own["extends"].text()
    if depth >= 8:
        raise own["extends"].fail("mappings extend one another in a circle.", "a chain of at most eight")
    path = f"{Path(file).parent}/{name}" if name.endswith((".yaml", ".yml")) else ""
    if not path and name not in shipped_mappings():
        raise own["extends"].fail(f'"{name[:60]}" is no shipped mapping.', ", ".join(shipped_mappings()))
    other = read_text(Path(path)) if path else read_text(bundled("data") / "mappings" / f"{name}.yaml")
    return _extended(other, path or f"data/mappings/{name}.yaml", depth + 1) | own


def parse_mapping(text: str, file: str = "mapping.yaml") -> EventMapping:
    """A mapping from its text; `file` names it in errors.

    Raises
    ------
    FormatError, EventError
        With file and line.
    """
    root = mapping_root(text, file)
    block = _extended(text, file)
    header = _header(block["header"]) if "header" in block else (0,)
    with located(root):
        return EventMapping(
            title=block["title"].text(),
            source=text_of(block, "source"),
            encoding=block["encoding"].word("encodings", ENCODINGS) if "encoding" in block else "auto",  # type: ignore[arg-type]
            separator=_separator(block["separator"]) if "separator" in block else "",
            header=header[-1],
            above=header[-1] - header[0],
            last=_line(block["last"], _MOST_LINES) if "last" in block else 0,
            sheet=text_of(block, "sheet"),
            missing=("", *(_raw(word) for word in block["missing"].one_or_more())) if "missing" in block else ("",),
            optional=_texts(block["optional"]) if "optional" in block else (),
            id=text_of(block, "id"),
            dates=_dates(block["date"]),
            places=_places(block["place"]) if "place" in block else Places(),
            perpetrators=_perpetrators(block["perpetrator"]),
            claims=_claims(block["claim"]) if "claim" in block else None,
            umbrellas=tuple(_umbrella(field, name) for name, field in _entries(block, "umbrellas")),
            aliases=tuple((name, _texts(field)) for name, field in _entries(block, "aliases")),
            lineage=tuple((name, field.text()) for name, field in _entries(block, "lineage")),
            features=tuple(_feature(field, name) for name, field in _entries(block, "features")),
            where=tuple(_condition(field, column) for column, field in _entries(block, "where")),
            exclude=tuple(_exclusion(field) for field in block["exclude"].items()) if "exclude" in block else (),
            cases=tuple(_case_link(field, case) for case, field in _entries(block, "cases")),
            lifetimes=tuple(_lifetime(field, name) for name, field in _entries(block, "lifetimes")),
            labelled=tuple((name, _propensity(field)) for name, field in _entries(block, "labelled")),
            file=file,
            text=text,
        )


def locate(mapping: EventMapping, error: EventError) -> EventError:
    """Give an error about the mapping the file and the line of the mapping."""
    if mapping.text:
        try:
            with located(mapping_root(mapping.text, mapping.file)):
                raise error
        except EventError:
            return error
    return error


def mapping_schema() -> Schema:
    """The schema (draft 2020-12) of ``attribution-mapping/1`` files."""
    shapes = scalars() | _blocks() | _maps()
    schema = file_schema(MAPPING_FORMAT, "mapping", MAPPING, ("format",), shapes)
    return schema | {"anyOf": [{"required": list(MAPPING_REQUIRED)}, {"required": ["extends"]}]}


def _entries(block: dict[str, Field], key: str) -> list[tuple[str, Field]]:
    return list(block[key].entries().items()) if key in block else []


def _texts(field: Field) -> tuple[str, ...]:
    return tuple(one.text() for one in field.one_or_more())


def _raw(field: Field) -> str:
    """A text that may be empty."""
    return field.node.text.strip() if isinstance(field.node, Scalar) else field.text()


def _separator(field: Field) -> str:
    if not isinstance(field.node, Scalar):
        return field.text()
    text = {"tab": "\t", "\\t": "\t"}.get(field.node.text, field.node.text)
    if len(text) != 1 or text in '"\r\n':
        raise field.fail(f"separator is {field.found()}.", "one character, or the word tab")
    return text


def _dates(field: Field) -> Dates:
    if isinstance(field.node, Scalar):
        return Dates(column=field.text())
    block = field.block(DATES)
    with located(field, field):
        return Dates(
            column=text_of(block, "column"),
            until=text_of(block, "until"),
            year=text_of(block, "year"),
            month=text_of(block, "month"),
            day=text_of(block, "day"),
            order=block["order"].word("orders", ORDERS) if "order" in block else None,  # type: ignore[arg-type]
            serial=_flag(block["serial"]) if "serial" in block else False,
            precision=_precision(block["precision"]) if "precision" in block else None,
        )


def _precision(field: Field) -> Precision:
    block = field.block(PRECISION, PRECISION)
    return Precision(
        block["column"].text(), tuple((word, _window(days)) for word, days in block["days"].entries().items())
    )


def _window(field: Field) -> tuple[int, int]:
    days = [one.number() for one in field.one_or_more()]
    if len(days) not in (1, 2) or any(day < 0 or day != int(day) or day > 36_600 for day in days):
        raise field.fail("the days are no window.", "days after the date, such as 30, or [before, after]: [3, 3]")
    return (0, int(days[0])) if len(days) == 1 else (int(days[0]), int(days[1]))


def _places(field: Field) -> Places:
    block = field.block(PLACES)
    with located(field, field):
        return Places(
            levels=tuple((name, column.text()) for name, column in _entries(block, "levels")),
            latitude=text_of(block, "latitude"),
            longitude=text_of(block, "longitude"),
        )


def _perpetrators(field: Field) -> Perpetrators:
    if not field.is_mapping():
        return Perpetrators(_texts(field))
    block = field.block(PERPETRATORS, ("columns",))
    return Perpetrators(
        columns=_texts(block["columns"]),
        marks=_texts(block["marks"]) if "marks" in block else (),
        separator=text_of(block, "separator"),
        together=_flag(block["together"]) if "together" in block else False,
        unknown=_texts(block["unknown"]) if "unknown" in block else (),
        residual=_texts(block["residual"]) if "residual" in block else (),
        certainty=_certainty(block["certainty"]) if "certainty" in block else None,
    )


def _certainty(field: Field) -> Certainty:
    block = field.block(CERTAINTY, ("columns", "values"))
    with located(field, field):
        return Certainty(
            columns=_texts(block["columns"]),
            values=tuple((word, value.number()) for word, value in block["values"].entries().items()),
            otherwise=block["else"].number() if "else" in block else 1.0,
        )


def _claims(field: Field) -> Claims:
    if isinstance(field.node, Scalar):
        return Claims(field.text())
    block = field.block(CLAIMS, ("column",))
    values = tuple((word, meaning.word("claims", CLAIM_WORDS)) for word, meaning in _entries(block, "values"))
    with located(field, field):
        labels = block["labels"].number() if "labels" in block else 0.0
        return Claims(block["column"].text(), values, labels)  # type: ignore[arg-type]


def _umbrella(field: Field, name: str) -> Umbrella:
    with located(field, field):
        if not field.is_mapping():
            return Umbrella(name, _texts(field))
        block = field.block(UMBRELLA, ("members",))
        return Umbrella(name, _texts(block["members"]), text_of(block, "because"))


def _feature(field: Field, name: str) -> Feature:
    if not field.is_mapping():
        return Feature(name, field.text())
    block = field.block(FEATURE, ("column",))
    bins = tuple(cut.number() for cut in block["bins"].items()) if "bins" in block else ()
    values = tuple((word, other.text()) for word, other in _entries(block, "values"))
    with located(field, field):
        optional = _flag(block["optional"]) if "optional" in block else False
        return Feature(name, block["column"].text(), bins, values, optional)


def _condition(field: Field, column: str) -> Condition:
    if field.is_mapping() and "not" not in field.entries():
        block = field.block(SPAN)
        if not block:
            raise field.fail("the condition says nothing.", "words, {not: words}, or {from: 2010, until: 2015-06}")
        return Condition(column, (), True, text_of(block, "from"), text_of(block, "until"))
    negated = field.is_mapping()
    words = field.block(("not",), ("not",))["not"] if negated else field
    return Condition(column, tuple(_raw(word) for word in words.one_or_more()), not negated)


def _flag(field: Field) -> bool:
    return field.word("words", ("yes", "no")) == "yes"


def _header(field: Field) -> tuple[int, ...]:
    lines = tuple(_line(one, 1000) for one in field.one_or_more())
    if not lines or lines not in (lines[:1], (lines[0], lines[0] + 1)):
        raise field.fail("the header is no line.", "one line, or two that follow one another: 3, or [3, 4]")
    return lines


def _line(field: Field, most: int) -> int:
    line = field.number()
    if line != int(line) or not 1 <= line <= most:
        raise field.fail("this is no line.", f"a whole number from 1 to {most:,}")
    return int(line)


def _exclusion(field: Field) -> Exclusion:
    block = field.block(EXCLUSION, ("ids", "because"))
    return Exclusion(_texts(block["ids"]), block["because"].text(), text_of(block, "case"))


def _case_link(field: Field, case: str) -> CaseLink:
    block = field.block(CASE_LINK, ("factions",))
    links = []
    for node, inner in block["factions"].entries().items():
        link = inner.block(FACTION_LINK, ("label", "because"))
        links.append((node, link["label"].text(), link["because"].text()))
    incident = tuple((name, word.text()) for name, word in _entries(block, "incident"))
    with located(field, field):
        return CaseLink(case, tuple(links), incident, text_of(block, "because"))


def _lifetime(field: Field, name: str) -> tuple[str, str, str]:
    block = field.block(LIFETIME)
    if not block:
        raise field.fail("the lifetime says nothing.", "{from: 2004, until: 2013-06}, or one of the two")
    return name, text_of(block, "from"), text_of(block, "until")


def _propensity(field: Field) -> Number:
    numbers = [one.number() for one in field.one_or_more()]
    low, best, high = numbers if len(numbers) == 3 else (numbers * 3)[:3]
    if len(numbers) not in (1, 3) or not 0.0 < low <= best <= high < 1.0:
        raise field.fail(
            "how likely an attack is to be labelled is no number.", "[low, best, high], each above 0 and below 1"
        )
    return Number(low, best, high)


def _blocks() -> dict[str, Schema]:
    exclusion = block(EXCLUSION, ("ids", "because"))
    return {
        "dates": either(ref("text"), block(DATES)),
        "precision": block(PRECISION, tuple(PRECISION)),
        "places": block(PLACES),
        "perpetrators": either(ref("texts"), block(PERPETRATORS, ("columns",))),
        "certainty": block(CERTAINTY, ("columns", "values")),
        "claims": either(ref("text"), block(CLAIMS, ("column",))),
        "umbrella": either(ref("texts"), block(UMBRELLA, ("members",))),
        "feature": either(ref("text"), block(FEATURE, ("column",))),
        "case-links": map_of(block(CASE_LINK, ("factions",))),
        "faction-links": map_of(block(FACTION_LINK, ("label", "because"))),
        "exclusions": list_of(exclusion),
        "lifetimes": map_of(block(LIFETIME)),
    }


def _maps() -> dict[str, Schema]:
    window = {"type": "array", "items": _DAYS, "minItems": 2, "maxItems": 2}
    negated, span = closed({"not": ref("texts")}), block(SPAN)
    return {
        "encoding": {"enum": list(ENCODINGS)},
        "order": {"enum": list(ORDERS)},
        "windows": map_of(either(_DAYS, window)),
        "columns": map_of(ref("text")),
        "lineage": map_of(ref("text")),
        "words": map_of(ref("text")),
        "aliases": map_of(ref("texts")),
        "umbrellas": map_of(ref("umbrella")),
        "probabilities": map_of({"type": "number", "minimum": 0, "maximum": 1}),
        "claim-words": map_of({"enum": list(CLAIM_WORDS)}),
        "features": map_of(ref("feature")),
        "numbers": list_of(_NUMBER),
        "propensities": map_of(either(_SHARE, {"type": "array", "items": _SHARE, "minItems": 3, "maxItems": 3})),
        "conditions": map_of(either(ref("texts"), negated, span)),
        "lines": either(_LINE, {"type": "array", "items": _LINE, "minItems": 2, "maxItems": 2}),
        "last-line": {"type": "integer", "minimum": 1, "maximum": _MOST_LINES},
    }
