"""`attribution elicit`: the numbers of a model one by one, those first on which the answer depends most."""

from __future__ import annotations

import argparse
import json
import textwrap
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from attribution.atomic import write_text
from attribution.cli.asking import (
    ALLOWED_NUMBER,
    Own,
    StopAskingError,
    ask,
    ask_reason,
    fitted,
    number_from,
    read_own,
    save,
    show_moved,
    verdict,
)
from attribution.cli.output import Table, show, working
from attribution.domain.numbers import Number
from attribution.domain.verbal import percent
from attribution.errors import AttributionError, UsageError

if TYPE_CHECKING:
    from attribution.analysis.assumptions.walk import Step
    from attribution.inference.posterior import Posterior

_FORMAT = "attribution-elicit/1"
_TOLD, _SHOWN = 10, 4  # facts and factions of what is expected at the end
_KEYS = "Enter keeps it, b goes back, ? explains, s stops"
_EXPLAINED = (
    "The three numbers are the 5, 50 and 95 % quantiles of what you believe: in 1 of 20 judgements like this the truth "
    "may lie below the first, in 1 of 20 above the last. Think of a hundred cases in which the condition holds, and "
    f"count. Allowed: {ALLOWED_NUMBER}; one number alone counts as known, and is not asked about again. {_KEYS}. "
    "What is answered is saved at once, with your reason."
)


def elicit(arguments: argparse.Namespace) -> int:
    """Walk through the numbers, or through the deception checklist; what is answered is saved at once."""
    own = read_own(arguments)
    if arguments.deception:
        from attribution.cli.checklist import checklist

        return checklist(own)
    from attribution.analysis.assumptions.walk import steps_in_order

    with working("ordering the numbers"):
        before = fitted(own.case, own.model)
        steps = steps_in_order(before)
    walk = _Walk.begun(own, steps)
    print(_beginning(walk, before))
    try:
        walk.on()
        ended = "every number has been walked through"
    except StopAskingError as stop:
        ended = str(stop)
    print(f"\nSaved: {walk.own.file}; {ended}. {walk.done} of {len(steps)} numbers walked through.")
    if walk.done < len(steps):
        print(f"To go on: {walk.own.command}")
    after = fitted(walk.own.case, walk.own.model)
    show_moved(before, after)
    show([_by_faction(after)], "text")
    return 0


def _beginning(walk: _Walk, posterior: Posterior) -> str:
    done = f", {walk.done} of them before now" if walk.done else ""
    elsewhere = len(posterior.program.coordinates) - len(walk.steps)
    return (
        f"{walk.own.case.title}: {verdict(posterior)}.\n{len(walk.steps)} uncertain numbers of {walk.own.file}{done}, "
        "those first on which the answer depends most; "
        f"{elsewhere} more stand in the grading, the case or a prior from events.\n{_KEYS}."
    )


@dataclass(slots=True)
class _Walk:
    """What has been walked through: the numbers as they were when they were answered, by label.

    Kept in a file beside the model, not in it: a model is its content, its reasons are read by others, and comments go
    where a block is written anew. A number that was changed elsewhere since counts as not walked.
    """

    own: Own
    steps: tuple[Step, ...]
    walked: dict[str, list[float]] = field(default_factory=dict)

    @classmethod
    def begun(cls, own: Own, steps: tuple[Step, ...]) -> _Walk:
        walk = cls(own, steps, _read_progress(_progress(own.file)))
        walk.walked = {step.label: walk.walked[step.label] for step in steps if walk.is_done(step)}
        return walk

    def is_done(self, step: Step) -> bool:
        return self.walked.get(step.label) == _triple(step.number)

    @property
    def done(self) -> int:
        return len(self.walked)

    def on(self) -> None:
        """From the first number that has not been walked through to the last."""
        left = [step for step in self.steps if not self.is_done(step)]
        place, numbers = 0, {step.label: step.number for step in left}
        while place < len(left):
            step = left[place]
            chosen = self._one(step, numbers[step.label], place + 1, len(left))
            if chosen is None:
                place = max(0, place - 1)
                continue
            numbers[step.label] = chosen
            self.walked[step.label] = _triple(chosen)
            write_text(_progress(self.own.file), _written(self.walked))
            place += 1

    def _one(self, step: Step, now: Number, position: int, left: int) -> Number | None:
        """The number that was chosen, kept or new and saved; None to go back."""
        print(f"\n{position} of {left}. {self._told(step, now)}")
        while True:
            line = ask(f"  new number ({_KEYS}):")
            if line in ("b", "back"):
                return None
            if line in ("s", "stop"):
                raise StopAskingError("stopped as you said")
            if line in ("", "keep"):
                return now
            if line == "?":
                print(textwrap.indent(textwrap.fill(_EXPLAINED, 100), "  "))
                continue
            try:
                return self._changed(step, now, number_from(line, step.number.scale))
            except AttributionError as error:
                print(textwrap.indent(str(error), "  "))

    def _told(self, step: Step, now: Number) -> str:
        from attribution.analysis.assumptions.walk import meaning_of, question_of, reason_at

        case, model = self.own.case, self.own.model
        reason = reason_at(model, step.at) or "no reason is given"
        moves = f"moved by its own width, {case.factions.label(step.faction)} moves by {percent(step.influence)}"
        return (
            f"{question_of(case, model, step.at)}\n  now {now}: {meaning_of(case, model, step.at, now)}\n"
            f"{textwrap.indent(textwrap.fill(f'because: {reason}', 110), '  ')}\n  {moves}"
        )

    def _changed(self, step: Step, now: Number, new: Number) -> Number:
        from attribution.analysis.assumptions.walk import answered, is_close, meaning_of

        if now.vary:
            new = Number(new.low, new.best, new.high, new.scale, vary=now.vary)
        if is_close(new, now):
            return now
        print(f"  {new}: {meaning_of(self.own.case, self.own.model, step.at, new)}")
        why = ask_reason("  why?")
        self.own = save(self.own, answered(self.own.model, step.at, new, why))
        return new


def _triple(number: Number) -> list[float]:
    return [number.low, number.best, number.high]


def _progress(file: Path) -> Path:
    return file.with_suffix(".elicit.json")


def _written(walked: dict[str, list[float]]) -> str:
    return json.dumps({"format": _FORMAT, "walked": walked}, indent=1, ensure_ascii=False) + "\n"


def _read_progress(path: Path) -> dict[str, list[float]]:
    """The numbers that were walked through.

    Raises
    ------
    UsageError
        The file is there, and is none of ours.
    """
    if not path.exists():
        return {}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if found["format"] != _FORMAT:
            raise ValueError
        return {str(label): [float(value) for value in triple] for label, triple in found["walked"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise UsageError(
            f"{path} does not say what has been walked through.",
            allowed="the file that `attribution elicit` writes beside a model",
            hint="delete it to begin anew",
        ) from None


def _by_faction(posterior: Posterior) -> Table:
    """What the model expects of the first factions and of anybody: where these differ most, one state of each fact."""
    from attribution.analysis.assumptions.expected import of_each

    factions = tuple(one.id for one in posterior.ranking[:_SHOWN])
    every = of_each(posterior, factions)
    rows = []
    for told in zip(*(one.facts for one in every), strict=True):
        chances = [each.probability for each in told]
        apart = round(max(chances) - min(chances), 9)  # of two states both lie equally far apart: that which is there
        rows.append((apart, told[0].there, told[0], tuple(map(percent, (*chances, told[0].anybody)))))
    kept: dict[str, tuple[str, ...]] = {}
    for _, _, thing, shown in sorted(rows, key=lambda row: (-row[0], not row[1])):
        kept.setdefault(thing.id, (thing.label, *shown))
    title = "what you would expect to see, by who did it"
    return Table(
        title,
        ("fact", *(posterior.case.factions.label(id) for id in factions), "anybody"),
        tuple(kept.values())[:_TOLD],
    )
