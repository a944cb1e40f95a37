"""From the text of a prior that was learned from events to a `History`."""

from __future__ import annotations

from attribution.domain.model import History, HistoryWeight
from attribution.reading.case_file import check_format, text_of
from attribution.reading.fields import Field, located
from attribution.reading.quantities import quantity, reason
from attribution.reading.vocabulary import (
    HISTORY,
    HISTORY_FORMAT,
    HISTORY_REQUIRED,
    HISTORY_TABLE,
    HISTORY_USED,
    HISTORY_WEIGHT,
)
from attribution.reading.yaml_nodes import parse


def parse_history(text: str, file: str = "prior.yaml", id: str = "events") -> History:
    """A prior from its text; `file` names it in errors.

    Raises
    ------
    FormatError, ModelError
        With file and line.
    """
    root = Field(parse(text, file), (), file)
    check_format(root, HISTORY_FORMAT)
    block = root.block(HISTORY, HISTORY_REQUIRED)
    table = block["table"].block(HISTORY_TABLE, ("file", "sha256"))
    used = block["used"].block(HISTORY_USED, ("events", "labelled"))
    with located(root):
        return History(
            id=id,
            case=block["case"].text(),
            title=block["title"].text(),
            weights=tuple(_weight(field, node) for node, field in block["factions"].entries().items()),
            other=quantity(block["other"]),
            before=block["before"].moment().day,
            events=int(used["events"].number()),
            labelled=int(used["labelled"].number()),
            table=table["file"].text(),
            sha256=table["sha256"].text(),
            made_by=text_of(block, "made_by"),
            limits=tuple(field.text() for field in block["limits"].items()) if "limits" in block else (),
        )


def _weight(field: Field, node: str) -> HistoryWeight:
    block = field.block(HISTORY_WEIGHT, ("weight", "share", "because"))
    share = block["share"].number()
    if not 0 <= share <= 1:
        raise block["share"].fail(f"the share of {node} is {share:g}.", "a probability, 0 to 1")
    return HistoryWeight(node, quantity(block["weight"], "ratio"), share, text_of(block, "label"), reason(block))
