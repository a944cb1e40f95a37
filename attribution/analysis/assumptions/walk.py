"""The numbers of a model in the order in which the answer depends on them, each with what it says in words."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from attribution.analysis.perturbations import number_shifts
from attribution.analysis.workspace import Workspace, even_rows
from attribution.domain.case import Case
from attribution.domain.document import Document
from attribution.domain.identifiers import ELSE
from attribution.domain.model import Model
from attribution.domain.model_lint import traits_in_tables
from attribution.domain.numbers import Number
from attribution.domain.tables import Row
from attribution.inference.posterior import Posterior
from attribution.network.program import Floats

_DRAWS = 256  # equal draws on which every number is tried: enough to rank them
_OUT_OF = (10, 20, 100, 1000, 10_000, 100_000)
_NEAR = 0.04  # of the smaller of a chance and its complement: how far a round frequency may be off


@dataclass(frozen=True, slots=True)
class Step:
    """An uncertain number of a model, and how far the answer moves with it.

    Attributes
    ----------
    label
        Its name in the network.
    at
        Where it stands in the document of the model.
    number
        What it is.
    influence
        The largest move of any faction's probability when it is moved one width `H - L` either way.
    faction
        Whose probability that is.
    """

    label: str
    at: tuple[str | int, ...]
    number: Number
    influence: float
    faction: str


def steps_in_order(posterior: Posterior) -> tuple[Step, ...]:
    """Every uncertain number that stands in the model itself, those on which the answer depends most first.

    Numbers of a grading, of a prior learned from events and of the case are judged elsewhere, and not among them. A
    number is moved one width either way, its width kept, as tipping points move it, on a few hundred equal draws.
    """
    on = Workspace(posterior, even_rows(posterior, _DRAWS))
    now = _probabilities(on, on.known.total, kept=True)
    steps = []
    for shift in number_shifts(posterior):
        coordinate = posterior.program.coordinates[shift.coordinate]
        if coordinate.document != "model" or coordinate.at[:2] == ("perpetrator", "archive") or "~" in shift.id:
            continue
        moved = [np.abs(_probabilities(on, shift.preview(on, side)) - now) for side in (-1.0, 1.0)]
        most = np.maximum(*moved)
        steps.append(
            Step(
                coordinate.label,
                coordinate.at,
                coordinate.number,
                float(most.max()),
                posterior.program.factions[int(most.argmax())],
            )
        )
    return tuple(sorted(steps, key=lambda step: -step.influence))


def _probabilities(on: Workspace, log_joint: Floats, *, kept: bool = False) -> Floats:
    """Of every faction, from equal draws weighed by how the change fits the evidence: (faction,)."""
    total = on.posterior.log_joint[on.rows] if kept else log_joint
    logs = total + on.log_weight[:, None]
    mass = np.exp(logs - logs.max()).sum(axis=0)
    return np.asarray(mass / mass.sum())


def place_of(document: Document, at: tuple[str | int, ...]) -> str:
    """The path in a document to where a number stands: a row that is alone has no number of its own there."""
    here: Any = document
    steps = []
    for step in at:
        if isinstance(here, dict) and step not in here:
            continue
        here = here[step]
        steps.append(str(step))
    return ".".join(steps)


def in_cases(probability: float) -> str:
    """A probability as a round frequency: ``7 of 10``, ``3 of 100``."""
    if probability in (0.0, 1.0):
        return "never" if probability == 0.0 else "always"
    for out_of in _OUT_OF:
        count = round(probability * out_of)
        if 0 < count < out_of and abs(count / out_of - probability) <= _NEAR * min(probability, 1.0 - probability):
            return f"{count:,} of {out_of:,}"
    return f"{probability:.3g}"


def question_of(case: Case, model: Model, at: tuple[str | int, ...]) -> str:
    """What a number is the answer to, in words."""
    block, name = str(at[0]), str(at[1])
    if block == "traits":
        return f"{_who(case, str(at[2]))}: {model.traits[name].kind} “{name.replace('-', ' ')}”"
    if block == "facts":
        return _of_table(case, model, name, at)
    if block == "perpetrator":
        return _of_prior(case, at)
    kind, target = str(at[1]), str(at[2])
    entry = next(one.document() for one in getattr(model.deception, kind) if target in (_target(one)))
    toward = entry.get("toward", "")
    blamed = f", to point to {case.factions.label(toward)}" if toward else ""
    if kind == "staged":
        return f"Was the scene of “{case.facts[target].label}” arranged{blamed}?"
    named = case.sources[target].name if target in case.sources else case.origins[target].label
    return f"Was “{named}” fabricated{blamed}?" if kind == "forged" else f"Does {named} turn things round?"


def _target(entry: Any) -> tuple[str, ...]:
    return tuple(str(getattr(entry, name)) for name in ("fact", "target", "source") if hasattr(entry, name))


def _of_table(case: Case, model: Model, fact: str, at: tuple[str | int, ...]) -> str:
    state, place, node = str(at[2]), at[3] if len(at) > 4 else 0, str(at[-1])
    rows = next(given.rows for given in model.tables[fact].states if given.state == state)
    row = rows[int(place)]
    told = state.replace("-", " ") if state != "same" else "the same as whoever did it"
    return f"If it was {_who(case, node)}{_condition(case, row, len(rows) > 1)}: {case.facts[fact].label} “{told}”"


def _condition(case: Case, row: Row, several: bool) -> str:
    stated = [
        f"{case.facts[parent].label} {' or '.join(sorted(states)).replace('-', ' ')}" for parent, states in row.when
    ]
    return f", and {' and '.join(stated)}" if stated else ", and otherwise" if several else ""


def _of_prior(case: Case, at: tuple[str | int, ...]) -> str:
    if at[1] == "other":
        return "Before the evidence: somebody whom nobody named"
    if at[1] == "surprise":
        return "If it was somebody whom nobody named: acts just like one of those named"
    if at[1] == "sizes":
        return f"How many organisations does {_who(case, str(at[2]))} stand for?"
    return f"Before the evidence: {_who(case, str(at[-1]))}"


def _who(case: Case, node: str) -> str:
    return "any other" if node == ELSE else case.factions.label(node)


def meaning_of(case: Case, model: Model, at: tuple[str | int, ...], number: Number) -> str:
    """What a number says, in words: how often that is expected, hardly less and hardly more than what."""
    if number.scale == "ratio":
        what = "organisations" if "sizes" in at else "times the odds of the others"
        if number.constant:
            return f"you expect {number.best:g} {what}"
        return f"you expect {number.best:g} {what}; hardly fewer than {number.low:g}, hardly more than {number.high:g}"
    if at[0] == "traits" and _is_weight(model, str(at[1])):
        told = (
            f"you give {_who(case, str(at[2]))} {number.best:g} for this; only how it compares with the others counts"
        )
        return told if number.constant else f"{told}; hardly less than {number.low:g}, hardly more than {number.high:g}"
    best, low, high = (in_cases(value) for value in (number.best, number.low, number.high))
    told = f"you expect {_expected(case, model, at)} in {best} such cases"
    return told if number.constant else f"{told}; hardly less than {low}, hardly more than {high}"


def _is_weight(model: Model, trait: str) -> bool:
    """Whether a trait is in the prior alone, where its ratios count, and in no table, where it is a chance."""
    return trait in model.perpetrator.proportional_to and trait not in {used for used, _ in traits_in_tables(model)}


def _expected(case: Case, model: Model, at: tuple[str | int, ...]) -> str:
    if at[0] == "traits":
        return f"{_who(case, str(at[2]))} to show this {model.traits[str(at[1])].kind}"
    if at[0] == "facts":
        return f"“{str(at[2]).replace('-', ' ')}” of {_who(case, str(at[-1]))}"
    if at[0] == "deception":
        return "deception"
    if at[1] == "surprise":
        return "that"
    return "somebody else" if at[1] == "other" else _who(case, str(at[-1]))


def reason_at(model: Model, at: tuple[str | int, ...]) -> str:
    """The reason nearest to a number: its own, or that of the block around it."""
    here: Any = model.to_dict()
    found = ""
    for step in at:
        if isinstance(here, dict) and "because" in here:
            found = _text(here["because"])
        if isinstance(here, dict) and step not in here:
            continue
        here = here[step]
    own = here.get("because") if isinstance(here, dict) else None
    return _text(own) if own else found


def _text(reason: Any) -> str:
    return str(reason["reason"] if isinstance(reason, dict) else reason)


def answered(model: Model, at: tuple[str | int, ...], number: Number, why: str) -> Model:
    """The model with another number, and the reason for it, where that has a place of its own.

    The prior of `other` and the surprise share the reason of their block, which is added to.
    """
    document = model.to_dict()
    path = place_of(document, at)
    stated: Any = number.document()
    if at[0] == "deception":
        block = path.rpartition(".")[0]
        return model.with_({path: stated, f"{block}.because": why})
    if at[:2] in (("perpetrator", "other"), ("perpetrator", "surprise")):
        before = document["perpetrator"].get("because")
        text = f"{_text(before)} " if before else ""
        reason: Any = f"{text}{str(at[1]).capitalize()}: {why}"
        if isinstance(before, dict):
            reason = before | {"reason": reason}
        return model.with_({path: stated, "perpetrator.because": reason})
    value: Any = {"lr": stated} if number.scale == "ratio" and at[0] == "facts" else stated
    if isinstance(value, dict) and "value" in value:
        return model.with_({path: value | {"because": why}})
    if at[:2] == ("perpetrator", "share"):
        return _with_share(model, document, path, at, value, why)
    return model.with_({path: {"value": value, "because": why}})


def _with_share(model: Model, document: Document, path: str, at: tuple[str | int, ...], value: Any, why: str) -> Model:
    """A share, or a weight within one, whose reason stands beside the share."""
    node = str(at[2])
    share = document["perpetrator"]["share"][node]
    block = dict(share) if isinstance(share, dict) and {"value", "within"} & set(share) else {"value": share}
    if len(at) > 3 and "within" in block and at[-1] in block["within"]:
        block["within"] = block["within"] | {str(at[-1]): value}
    else:
        block["value"] = value
    return model.with_({f"perpetrator.share.{node}": block | {"because": why}})


def is_close(one: Number, two: Number) -> bool:
    """Whether two numbers are the same, but for rounding."""
    pairs = zip((one.low, one.best, one.high), (two.low, two.best, two.high), strict=True)
    return all(math.isclose(a, b, rel_tol=1e-12) for a, b in pairs)
