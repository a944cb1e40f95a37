"""`attribution elicit --deception`: what practice asks about deception, and what the answers propose for the model.

The questions are those of the deception-detection checklist of structured analysis: motive, opportunity and means of a
deceiver (MOM), past opposition practices (POP), manipulability of sources (MOSES), evaluation of evidence (EVE); see
Heuer and Pherson, *Structured Analytic Techniques for Intelligence Analysis* (CQ Press), after Heuer, "Strategic
Deception and Counterdeception", International Studies Quarterly 25 (1981), 294-327. The words are ours, and so are the
odds that answers are worth: no published table has any. They only propose a number, which is shown with how it came
about, and which an analyst accepts, changes or leaves out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from attribution.cli.asking import (
    ALLOWED_NUMBER,
    Own,
    StopAskingError,
    ask,
    ask_until,
    fitted,
    number_from,
    save,
    show_moved,
    verdict,
)
from attribution.domain.case import Case
from attribution.domain.evidence import Statement
from attribution.domain.model import Model
from attribution.domain.numbers import Number
from attribution.domain.origins import Origin
from attribution.errors import AttributionError, UsageError

Answer = Literal["yes", "no", "unknown"]

_START = 0.01  # of an origin of which nothing is known but that somebody might have made it
_RANGE = 4.0  # odds of the ends to those of the best, where all is known
_WIDER = 1.25  # for every question that nobody can answer
_LEAST, _MOST = 0.0005, 0.5
_WORDS: dict[str, Answer] = {
    "y": "yes",
    "yes": "yes",
    "n": "no",
    "no": "no",
    "": "unknown",
    "u": "unknown",
    "unknown": "unknown",
}
_HOW = "(y, n, Enter where you do not know, s stops)"


@dataclass(frozen=True, slots=True)
class Question:
    """One question: what the odds of deception are multiplied by if the answer is yes, and if it is no.

    `brief` is what the reason in the model says of it; `of` is the checklist it belongs to.
    """

    brief: str
    of: str
    text: str
    yes: float
    no: float


OF_FORGER = (
    Question(
        "gains by it", "motive", "Does anybody gain if {blamed} is blamed, enough to risk being found out?", 2.0, 0.2
    ),
    Question("had the means", "means", "Could they make such a thing so that it stands up to a close look?", 1.5, 0.2),
    Question(
        "has done so before", "past practice", "Have they, or others in this conflict, been shown to do so?", 3.0, 0.7
    ),
)
OF_ORIGIN = (
    Question(
        "could reach it",
        "opportunity",
        "Is it within reach of one who gains: written, found, leaked or relayed by hands of theirs?",
        2.5,
        0.2,
    ),
    Question(
        "source can be steered",
        "manipulability of the source",
        "Could the source itself be fed, pressed or paid, or has it passed on false things before?",
        2.0,
        0.5,
    ),
    Question(
        "borne out elsewhere",
        "evaluation of the evidence",
        "Is it borne out by something of another origin that one forger could not have made as well?",
        0.3,
        1.5,
    ),
    Question(
        "fits too well",
        "evaluation of the evidence",
        "Staged, it would look convenient: too clean, too early, or lacking what a real one carries. Does it?",
        3.0,
        0.6,
    ),
)


def proposed(answers: Mapping[Question, Answer]) -> Number:
    """The triple that answers propose: odds of 1 in 100, times what each is worth; wider for every unknown."""
    odds = _START / (1.0 - _START)
    for question, answer in answers.items():
        odds *= {"yes": question.yes, "no": question.no, "unknown": 1.0}[answer]
    odds = min(max(odds, _odds(_LEAST)), _odds(_MOST))
    wide = _RANGE * _WIDER ** sum(answer == "unknown" for answer in answers.values())
    low, best, high = (_round(value / (1.0 + value)) for value in (odds / wide, odds, odds * wide))
    return Number(low, best, high)


def _odds(probability: float) -> float:
    return probability / (1.0 - probability)


def _round(value: float) -> float:
    """Two digits of what is smaller, the chance or its complement."""
    least = min(value, 1.0 - value)
    return round(value, 1 - math.floor(math.log10(least)))


def reason(answers: Mapping[Question, Answer]) -> str:
    """The answers as a reason: which checklist, each question in brief, and what was answered."""
    told = "; ".join(f"{question.brief}: {answer}" for question, answer in answers.items())
    return f"Deception checklist (motive, opportunity, means, past practice, source, evidence): {told}."


def checklist(own: Own) -> int:
    """Ask about the supposed forger, then about every origin and every scene; what is accepted is saved at once."""
    before = fitted(own.case, own.model)
    print(f"{own.case.title}: {verdict(before)}.\nThe deception checklist, on {own.file}. {_HOW}.")
    walk = _Checklist(own)
    try:
        walk.on(before.ranking[0].id)
        ended = "all has been asked"
    except StopAskingError as stop:
        ended = str(stop)
    print(f"\nSaved: {own.file}; {ended}. {walk.written} numbers written.")
    show_moved(before, fitted(walk.own.case, walk.own.model))
    return 0


@dataclass(slots=True)
class _Checklist:
    own: Own
    written: int = 0

    def on(self, leader: str) -> None:
        """The forger once, then each origin that can be forged, then scenes that can be arranged."""
        case = self.own.case
        toward = ask_until(
            f"\nTo whom would a deception point? (a faction or group, Enter for {leader})", _node(case, leader)
        )
        blamed = case.factions.label(toward)
        print(f"\nWho would want that, and could? (supposing that {blamed} did not do it)")
        forger = {question: _answer(question, blamed) for question in OF_FORGER}
        for origin in case.as_of().origins:
            if isinstance(origin.items[0], Statement) and origin.forgeable:
                self.origin(origin, toward, forger)
        for fact in ask_until(
            "\nFacts that rest on a scene or on traces (ids, ? lists them, Enter for none):", _facts(case)
        ):
            if fact in self.own.model.tables.ids:
                self.scene(fact, toward, forger)

    def origin(self, origin: Origin, toward: str, forger: Mapping[Question, Answer]) -> None:
        print(f"\n“{origin.label}” ({origin.id}, grade {origin.grade or 'none'})")
        entries = {one.target: one for one in self.own.model.deception.forged}
        known = entries.get(origin.id) or entries.get(origin.source)
        self.ask_and_write("forged", origin.id, toward, forger, known.probability if known else None)

    def scene(self, fact: str, toward: str, forger: Mapping[Question, Answer]) -> None:
        print(f"\nThe scene of “{self.own.case.facts[fact].label}”")
        known = {one.fact: one.probability for one in self.own.model.deception.staged}.get(fact)
        self.ask_and_write("staged", fact, toward, forger, known)

    def ask_and_write(
        self, kind: str, target: str, toward: str, forger: Mapping[Question, Answer], known: Number | None
    ) -> None:
        """Ask, propose, and write what is accepted."""
        answers = dict(forger) | {question: _answer(question, "") for question in OF_ORIGIN}
        number = proposed(answers)
        stands = f"; the model says {known}" if known else ""
        print(f"  proposed: {kind} {number}{stands}\n  because: {reason(answers)}")
        while True:
            line = ask("  Enter accepts it, another number instead of it, n leaves the model as it is:")
            if line in ("n", "no"):
                return
            if line in ("s", "stop"):
                raise StopAskingError("stopped as you said")
            try:
                chosen = number_from(line) if line else number
                self.own = save(self.own, with_deception(self.own.model, kind, target, toward, chosen, answers))
            except AttributionError as error:
                print(f"  {error}\n  allowed: {ALLOWED_NUMBER}")
                continue
            self.written += 1
            return


def with_deception(
    model: Model, kind: str, target: str, toward: str, number: Number, answers: Mapping[Question, Answer]
) -> Model:
    """The model with an entry of `deception`, its reason the answers; what else the block holds stays."""
    block = model.deception.document()
    own = "" if number == proposed(answers) else " The number is the analyst's own."
    entry = {"probability": number.document(), "toward": toward, "because": f"{reason(answers)}{own}"}
    return model.with_({"deception": block | {kind: block.get(kind, {}) | {target: entry}}})


def _answer(question: Question, blamed: str) -> Answer:
    def read(line: str) -> Answer:
        if line.casefold() in ("s", "stop"):
            raise StopAskingError("stopped as you said")
        if line.casefold() not in _WORDS:
            raise UsageError(f'"{line[:40]}" is no answer.', allowed="y, n, or Enter where you do not know")
        return _WORDS[line.casefold()]

    return ask_until(f"  [{question.of}] {question.text.format(blamed=blamed)}", read)


def _node(case: Case, leader: str) -> Callable[[str], str]:
    known = (*case.factions.leaves, *case.factions.groups)

    def read(line: str) -> str:
        if line and line not in known:
            raise UsageError.unknown("factions and groups of the case", line, known)
        return line or leader

    return read


def _facts(case: Case) -> Callable[[str], list[str]]:
    def read(line: str) -> list[str]:
        if line == "?":
            raise UsageError("these are the facts:", allowed=", ".join(case.facts.ids))
        named = [one for one in line.replace(",", " ").split() if one]
        for one in named:
            if one not in case.facts:
                raise UsageError.unknown("facts of the case", one, case.facts.ids)
        return named

    return read
