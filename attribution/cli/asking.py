"""Questions to a person, or to lines of a pipe: what is asked again, what ends it, and numbers as people type them."""

from __future__ import annotations

import argparse
import re
import shlex
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from attribution.cli.inputs import fit_few
from attribution.domain.case import Case
from attribution.domain.model import Model
from attribution.domain.numbers import Number, Scale
from attribution.errors import AttributionError, ModelError, UsageError

if TYPE_CHECKING:
    from attribution.inference.posterior import Posterior

ALLOWED_NUMBER = "low best high, such as 0.2 0.4 0.7; one number; 7 of 10; a term such as unlikely"
_COUNT = re.compile(r"(\d{1,15})\s+of\s+(\d{1,15})")
_LOG2_POINTS = 9  # of each of 8 scrambles: half a point of error, and a tenth of a second


class StopAskingError(Exception):
    """The person has had enough, or the lines have ended; what was answered is saved."""

    def __init__(self, why: str) -> None:
        super().__init__(why)


def ask(prompt: str) -> str:
    """One line, without the blanks around it.

    Raises
    ------
    StopAskingError
        There are no more lines.
    """
    print(prompt, end=" ", flush=True)
    line = sys.stdin.readline()
    if not line:
        print()
        raise StopAskingError("the input has ended")
    if not sys.stdin.isatty():
        print(line.rstrip("\n"))
    return line.strip()


def ask_until[T](prompt: str, read: Callable[[str], T]) -> T:
    """What `read` makes of a line, which is asked for again as long as that refuses it, saying what is allowed."""
    while True:
        line = ask(prompt)
        try:
            return read(line)
        except AttributionError as error:
            print(f"  {error}")


def ask_reason(prompt: str) -> str:
    """A sentence."""

    def read(line: str) -> str:
        if len(line) < 3 or not re.search(r"\w{2}", line):
            raise UsageError("a number without a reason cannot be argued with.", allowed="a sentence")
        return line

    return ask_until(prompt, read)


def number_from(line: str, scale: Scale = "probability") -> Number:
    """A number as a person types it.

    Raises
    ------
    ModelError, UsageError
        It is none, or one that cannot be.
    """
    counted = _COUNT.fullmatch(line)
    if counted and scale == "probability":
        return Number.from_counts(int(counted[1]), int(counted[2]))
    parts = re.split(r"[\s,;]+", line.strip("[] "))
    try:
        values = [float(part.removesuffix("%")) / (100.0 if part.endswith("%") else 1.0) for part in parts]
    except ValueError:
        with suppress(ModelError):
            if scale == "probability":
                return Number.from_words(line)
        raise UsageError(f'"{line[:60]}" is no number.', allowed=ALLOWED_NUMBER) from None
    if len(values) not in (1, 3):
        raise UsageError(f"these are {len(values)} numbers.", allowed=ALLOWED_NUMBER)
    if len(values) == 3 and values[0] == values[2]:
        raise ModelError("the three are one and the same.", allowed="low < best < high, or one number alone")
    return Number(values[0], values[len(values) // 2], values[-1], scale)


class Own(NamedTuple):
    """A model that may be changed: its file, itself, the case it is about, and the command that goes on with it."""

    file: Path
    model: Model
    case: Case
    command: str


def read_own(arguments: argparse.Namespace) -> Own:
    """The model of one's own that is named, and its case: as named, shipped, or beside it; checked against each other.

    Raises
    ------
    UsageError
        A shipped model, or no case to be found.
    """
    from attribution.reading import read_case, read_model, read_pair_errors, write_model

    name: str = arguments.model
    file = Path(arguments.output or name)
    if file.suffix != ".yaml":
        raise UsageError(
            f'"{name}" is a shipped model, which is not written to.',
            allowed="a file of your own, ending in .yaml",
            hint=f"attribution elicit {name} -o mine.yaml starts from it",
        )
    if arguments.output and file.exists():
        raise UsageError(f"{file} is there already.", allowed="a new file", hint=f"attribution elicit {file} goes on")
    model = read_model(name)
    case = read_case(arguments.case or _case_of(model, Path(name)))
    read_pair_errors(case, model)
    if arguments.output:
        write_model(replace(model, id=file.stem), file)
        model = read_model(file)
    return Own(file, model, case, shlex.join(["attribution", "elicit", str(file), *filter(None, [arguments.case])]))


def _case_of(model: Model, file: Path) -> str:
    from attribution.reading import shipped_cases

    beside = file.with_name(f"{model.case}.yaml")
    if file.suffix == ".yaml" and beside.exists():
        return str(beside)
    if model.case in shipped_cases():
        return model.case
    raise UsageError(
        f'the case "{model.case}" of the model is neither shipped nor beside it.',
        allowed=f"{beside}, or the case as the second argument",
        hint=f"attribution elicit {file} CASE",
    )


def fitted(case: Case, model: Model) -> Posterior:
    """The answer now, from few points."""
    return fit_few(case, model, _LOG2_POINTS)


def verdict(posterior: Posterior) -> str:
    """Who leads, how probably, in what range, and who is next."""
    from attribution.domain.verbal import percent

    first, second = posterior.ranking[:2]
    level = " (level with the next)" if len(posterior.level) > 1 else ""
    return (
        f"{first.label} {percent(first.probability)} ({percent(first.low)} to {percent(first.high)} over the inputs), "
        f"{first.words}{level}; then {second.label} {percent(second.probability)}"
    )


def show_moved(before: Posterior, after: Posterior) -> None:
    """How the answer moved."""
    if before.model == after.model:
        print(f"The answer is as it was: {verdict(after)}.")
        return
    print(f"Before: {verdict(before)}.\nNow:    {verdict(after)}.")


def save(own: Own, model: Model) -> Own:
    """Write the changed model onto its file, comments and order kept, if the case can still be fitted with it.

    Raises
    ------
    InputError
        It cannot; the file stays what it was.
    """
    from attribution.reading import read_pair_errors, write_model

    read_pair_errors(own.case, model)
    write_model(model, own.file)
    return own._replace(model=model)
