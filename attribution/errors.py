"""Everything that can go wrong, as one tree.

AttributionError
├── InputError            what the user gave cannot be used            exit code 2
│   ├── FormatError       the text of a file (YAML, size, encoding)
│   ├── CaseError         evidence: a case that cannot be
│   ├── ModelError        assumptions: a model that cannot be
│   ├── PairError         a case and a model that do not fit together
│   ├── TempoError        a series of counts, or an intervention on it, cannot be used
│   ├── EventError        past events, or the mapping that reads them, cannot be used
│   ├── RunError          a saved run that cannot be read
│   └── UsageError        an argument of a command or a function
├── TooTiedError          facts tied together past what can be summed  exit code 2
├── OutputError           a file that cannot be written                exit code 2
├── EngineError           sampling failed                              exit code 3
└── PoolError             workers of a pool were lost, or are silent   exit code 3

An error says where, what was found, what is allowed, and the way out. `at` is a path inside the
document, such as ``("evidence", 3, "source")``; the reader that knows the text turns it into file and line.
What is wrong in several places is told at once: `Problems` gathers errors of one reading, the first carries the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from copyreg import __newobj__  # type: ignore[attr-defined]
from difflib import get_close_matches
from typing import Self

type Path = tuple[str | int, ...]

_LONGEST_LIST = 12
_FEW = 2  # names that take no more room than the words that they are left out
_MOST_TOLD = 20  # errors of one reading that are told; a person mends these, and asks again


class AttributionError(Exception):
    """Anything this package raises on purpose: catching it catches all of them.

    Its text says where, what was found, what is allowed, and the way out.

    Attributes
    ----------
    exit_code
        What a command ends with: 2 for bad input or usage, 3 for what is no fault of the input.

    Examples
    --------
    >>> try:
    ...     at.read_case("tower-23")
    ... except at.AttributionError as error:
    ...     print(str(error).splitlines()[0])
    case is "tower-23", which is not among the shipped cases.
    """

    exit_code = 3

    def __reduce__(self) -> tuple[object, ...]:
        """As it is, whatever its `__init__` takes: errors travel between processes."""
        return __newobj__, (type(self), *self.args), self.__dict__


class InputError(AttributionError):
    """What the user gave cannot be used; says where, what was found, what is allowed, and the way out.

    `others` are further errors of the same reading, which its text tells too, up to twenty.
    """

    exit_code = 2
    others: tuple[InputError, ...] = ()

    def __init__(
        self, what: str, *, at: Path = (), allowed: str = "", hint: str = "", file: str = "", line: int = 0
    ) -> None:
        self.what = what
        self.at = at
        self.allowed = allowed
        self.hint = hint
        self.file = file
        self.line = line
        self.missing: str | None = None  # the name that is not declared, where that is what is wrong
        super().__init__(what)

    def located(self, file: str, line: int) -> Self:
        """The same error, now knowing where in which file; keeps an earlier answer."""
        if not self.file:
            self.file, self.line = file, line
        return self

    @property
    def each(self) -> tuple[InputError, ...]:
        """Itself, and the others of the same reading."""
        return (self, *self.others)

    def __str__(self) -> str:
        if not self.others:
            return self._alone()
        told = [error._alone() for error in self.each[:_MOST_TOLD]]
        rest = len(self.each) - len(told)
        hidden = f", of which {rest} {'is' if rest == 1 else 'are'} not shown" if rest else ""
        return "\n".join([*told, f"{len(self.each)} errors{hidden}."])

    def _alone(self) -> str:
        path = spell(self.at) if self.at else ""
        where = f"{self.file}:{self.line}: " if self.line else f"{self.file}: " if self.file else ""
        where = where or (f"{path}: " if path not in self.what else "")
        lines = [f"{where}{self.what}"]
        if self.allowed:
            lines.append(f"  allowed: {self.allowed}")
        if self.hint:
            lines.append(f"  hint: {self.hint}")
        return "\n".join(lines)

    @classmethod
    def unknown(cls, kind: str, found: str, known: Iterable[str], *, at: Path = ()) -> Self:
        """A name that is not among those declared."""
        known = sorted(known)
        error = cls(
            f'{spell(at)} is "{found}", which is not among the {kind}.',
            at=at,
            allowed=listed(known) or f"nothing: no {kind} are declared here",
            hint=did_you_mean(found, known) or ("" if known else "declare it, or take the line out"),
        )
        error.missing = found
        return error

    @classmethod
    def duplicate(cls, kind: str, found: str, *, at: Path = ()) -> Self:
        """Two things of one kind with one name."""
        return cls(
            f'{spell(at)}: the {kind} "{found}" appears twice.',
            at=at,
            allowed=f"each {kind} once",
            hint="rename one of them, or delete the copy",
        )


class Problems:
    """Errors of one reading, so that a person hears of all of them before mending any.

    What cannot be built is left out, and what fails only because a part of it was left out is not an error of its own.

    Attributes
    ----------
    errors
        What was found, in the order in which it was found.
    lost
        Names of what was left out: whoever refers to them makes no mistake.
    """

    def __init__(self) -> None:
        self.errors: list[InputError] = []
        self.lost: set[str] = set()
        self._told: set[str] = set()

    def note(self, error: InputError) -> None:
        """One more error, unless it was told already, or only misses what was left out."""
        for each in error.each:
            alone = copy(each)
            alone.others = ()
            if str(alone) not in self._told and alone.missing not in self.lost:
                self._told.add(str(alone))
                self.errors.append(alone)

    @contextmanager
    def noting(self) -> Iterator[None]:
        """Go on after an error in this block."""
        try:
            yield
        except InputError as error:
            self.note(error)

    def attempt[T](self, build: Callable[[], T], name: str = "") -> T | None:
        """What is built; nothing where that fails: because of itself, or of a part of it that was told already."""
        before = len(self.errors)
        try:
            return build()
        except InputError as error:
            if len(self.errors) == before:
                self.note(error)
        if name:
            self.lost.add(name)
        return None

    def settle(self) -> None:
        """Raise what was found, if anything, file by file and line by line: the first, which carries the others."""
        if self.errors:
            files = list(dict.fromkeys(error.file for error in self.errors))
            first, *others = sorted(self.errors, key=lambda error: (files.index(error.file), error.line))
            first.others = tuple(others)
            raise first


class FormatError(InputError):
    """The text of a file cannot be read."""


class CaseError(InputError):
    """The evidence describes a case that cannot be."""


class ModelError(InputError):
    """The assumptions describe a model that cannot be."""


class PairError(InputError):
    """The case and the model do not fit together."""


class EventError(InputError):
    """Past events, or the mapping that says how to read them, cannot be used."""


class TempoError(InputError):
    """A series of counts, or an intervention on it, cannot be used."""


class RunError(InputError):
    """A saved run cannot be read, or does not belong to what it is asked about."""


class UsageError(InputError):
    """An argument of a command or of a function cannot be used."""


class TooTiedError(AttributionError):
    """Facts are tied together so closely that exact summation would need too many states."""

    exit_code = 2

    def __init__(self, facts: tuple[str, ...], states: int, limit: int) -> None:
        self.facts, self.states, self.limit = facts, states, limit
        super().__init__(
            f"the facts {listed(facts)} are tied together: summing them out needs {states:,} joint states.\n"
            f"  allowed: {limit:,} joint states\n"
            "  hint: drop a parent from `given:`, split an origin that speaks about many facts, or merge states"
        )


class OutputError(AttributionError):
    """A file cannot be written; what stood there before is untouched."""

    exit_code = 2


class EngineError(AttributionError):
    """Sampling failed for a reason that is not the user's input."""


class PoolError(AttributionError):
    """Workers of a pool were lost, or are silent: one was killed, or ran out of memory.

    Attributes
    ----------
    why
        What the executor said.
    finished
        The results that had come back, by position.

    Examples
    --------
    >>> error = at.PoolError("a worker was killed", {0: "first"})
    >>> error.finished
    {0: 'first'}
    """

    def __init__(self, why: str, finished: Mapping[int, object]) -> None:
        self.why = why
        self.finished = dict(finished)
        results = f"{len(finished)} {'result' if len(finished) == 1 else 'results'}"
        super().__init__(
            f"the pool of workers was lost ({why}); {results} had come back.\n"
            "  allowed: an executor whose workers live until all is done\n"
            "  hint: with fewer workers each has more memory; what had come back is in `finished` of this error"
        )


def in_one_line(error: AttributionError) -> str:
    """All that an error says, for a cell of a table."""
    return "; ".join(line.strip() for line in str(error).splitlines())


def spell(at: Path) -> str:
    """``("evidence", 3, "source")`` as ``evidence[3].source``."""
    text = ""
    for step in at:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text or "the document"


def listed(names: Iterable[str]) -> str:
    """Names for an error message, cut where a list would drown the message."""
    names = list(names)
    rest = len(names) - _LONGEST_LIST
    if rest <= _FEW:
        return ", ".join(names)
    return f"{', '.join(names[:_LONGEST_LIST])} and {rest} more"


def did_you_mean(found: str, known: Iterable[str]) -> str:
    """The nearest known name as a question, or nothing."""
    near = get_close_matches(found, list(known), n=1, cutoff=0.6)
    return f'did you mean "{near[0]}"?' if near else ""
