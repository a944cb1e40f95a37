"""What a careful reader of a case would ask before anything is computed; and the grade that would be usual for an item.

The usual grade is offered to whoever left one out, with its reason; it is never applied.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from attribution.domain.case import Case
from attribution.domain.concern import Concern
from attribution.domain.evidence import Absence, Act, Direct, Item, Report, SourceKind, Statement
from attribution.domain.grades import Grade
from attribution.domain.identifiers import OTHER, PERPETRATOR
from attribution.domain.origins import Origin
from attribution.errors import listed

MANY_VOICES = 3
_APART = 30  # between the first and the last item of one origin, where they are of several sources
_DOUBTFUL_DIGITS = "3456"
_DENIAL = re.compile(r"\b(?:den(?:y|ies|ied|ial|ials|ying)|reject(?:s|ed)?|disavow(?:s|ed)?)\b")
_PUBLIC_ARTEFACT = re.compile(
    r"\b(?:photo|photograph|picture|video|footage|sample|malware|recording|serial|hash)(?:s|es)?\b"
)
_EVERYBODY = ("all factions", "every faction", "all groups", "all suspects")
# digit and reason by kind of source, for a report about the world
_BY_SOURCE: dict[SourceKind, tuple[str, str]] = {
    "government": ("3", "a government asserts, and seldom shows what it rests on"),
    "military": ("3", "a military speaker asserts, and seldom shows what it rests on"),
    "intelligence": ("3", "a service knows more than the public, and shows little of it"),
    "court": ("2", "a court or prosecutor states what could be tested and refuted"),
    "armed-group": ("4", "an armed group speaks in its own cause"),
    "media": ("3", "a medium relays what it was told, unless it looked for itself"),
    "expert": ("2", "an expert shows what was examined, and peers can disagree"),
    "organisation": ("3", "an organisation relays its own observers, whom nobody else can ask"),
    "anonymous": ("3", "one who will not be named answers for nothing"),
    "analyst": ("3", "an analyst concludes from what others found"),
    "vendor": ("2", "a vendor shows samples and servers that other vendors can look at"),
    "malware": ("2", "a sample can be looked at again by anybody"),
    "telemetry": ("2", "sensors record what happened, and only their owner can check it"),
    "other": ("6", "nothing is known of how such a source comes to know"),
}
# what a thing is, by words of the item's title or of its fact's question, where that says more than who speaks
_BY_ARTEFACT: tuple[tuple[re.Pattern[str], str, str], ...] = tuple(
    (re.compile(rf"\b(?:{words})(?:s|es)?\b"), digit, why)
    for words, digit, why in (
        ("photo|photograph|picture|video|footage", "3", "a picture has first to be placed and dated"),
        ("leak|leaked|document|memo", "4", "a paper without a known way from its author may be altered or made up"),
        ("confession|confessed", "4", "a confession in custody says what custody wants"),
        ("debris|wreckage|remains|fragment|serial", "2", "remains can be examined again"),
        ("overheard|intercept|wiretap", "3", "what was overheard is told by whoever listened"),
    )
)
_HOLDERS = ("government", "military", "court", "organisation")  # who may have the thing itself, and let others see it
_NAMES_SOMEBODY = ("4", "whom it was is an opinion until it is shown why")


def case_concerns(case: Case) -> Iterator[Concern]:
    """What the evidence itself leaves open: grades and citations that are missing."""
    for item in case.evidence:
        origin = case.origins[item.origin_id]
        missing = []
        if isinstance(item, Statement) and origin.grade is None:
            missing.append("grade")
        if not isinstance(item, Absence) and not item.citations:
            missing.append("citation")
        if isinstance(item, Absence) and not item.searched:
            missing.append("`searched:`")
        usual = usual_grade(case, item) if "grade" in missing else None
        if missing:
            yield Concern(
                what=f'"{item.id}" has no {" and no ".join(missing)}',
                means="a reader cannot check it; an item without a grade is used as F6, cannot be judged",
                remedy=f"add it to the case file{f'; {usual}' if usual else ''}",
                severity="blocking",
                topic="evidence",
            )


def case_lint(case: Case) -> Iterator[Concern]:
    """Digits that nothing confirms, hindsight, evidence older than the incident, one-sided searches, one chorus.

    And a beginner's slips: acts graded for what they claim, artefacts that nobody looked at again, facts that ask about
    one faction, origins that are several.
    """
    yield from _lone_ones(case)
    yield from _hindsight(case)
    yield from _older_than_the_incident(case)
    yield from one_sided_searches(case)
    yield from _one_institution(case)
    yield from _graded_for_the_claim(case)
    yield from _unchecked_artefacts(case)
    yield from _one_sided_facts(case)
    yield from _several_in_one_origin(case)


def case_gaps(case: Case) -> Iterator[Concern]:
    """What an honest answer usually rests on, and this case does not have."""
    if not case.evidence:
        yield Concern(
            what="there is no evidence",
            means="the answer is the prior",
            remedy="enter what was said, done and not found, an item each",
            topic="evidence",
        )
        return
    yield from _nothing_missed(case)
    spoken = {each.fact for item in case.evidence for each in item.propositions}
    spoken |= {item.fact for item in case.evidence if isinstance(item, Direct)}
    silent = [fact for fact in case.facts.ids if fact not in spoken]
    if silent:
        yield Concern(
            what=f"no item speaks about {listed(silent)}",
            means="such a fact is inferred, and moves nothing: it has a posterior of its own in the report",
            remedy="enter the item that speaks about it, or keep it as something to be inferred",
            severity="note",
            topic="evidence",
        )
    pages = [page for item in case.evidence for page in item.citations]
    read = sum(page.read == "original" for page in pages)
    if pages and 2 * read < len(pages):
        yield Concern(
            what=f"{read} of {len(pages)} pages that are cited were read in the original",
            means="copies and excerpts drop the words that limit a statement",
            remedy="read the original where it can be had, and say so: `read: original`",
            severity="note",
            topic="evidence",
        )


def _nothing_missed(case: Case) -> Iterator[Concern]:
    if not any(isinstance(item, Absence) for item in case.evidence):
        yield Concern(
            what="nothing was looked for and not found",
            means="what did not happen speaks too: a claim that never came, a trace that would have been there",
            remedy="enter an absence: what was looked for, where, about whom, how probably it would have been found",
            severity="note",
            topic="evidence",
        )


def one_sided_searches(case: Case) -> Iterator[Concern]:
    """Searches for what only one suspect could have done, said or denied, and searches made at one suspect's only.

    A text that says *all* does not help where the question names one: whatever was found or not found about the others
    is in no fact of the case, and cannot speak for or against them.
    """
    for item in case.evidence:
        if not isinstance(item, Absence):
            continue
        alone = [named for each in item.says if each.fact in case.facts for named in _asked_alone(case, each.fact)]
        searched = item.searched.lower()
        at_one = [] if any(word in searched for word in _EVERYBODY) else _named(case, searched)
        if alone:
            named, others = alone[0]
            yield Concern(
                what=f'"{item.id}" looked for what concerns {case.factions.label(named)} only',
                means="the same may be missing everywhere: no fact asks this, in the same words, about "
                f"{listed(case.factions.label(other) for other in others)}",
                remedy="add the same question about each of them, in the same words, as a fact with what was found; "
                "or ask one question that names nobody",
                topic="evidence",
            )
        elif len(at_one) == 1:
            yield Concern(
                what=f'"{item.id}" looked at {case.factions.label(at_one[0])} only',
                means="what was not found there may be missing everywhere: the search tells nothing about the others",
                remedy="search for the same about every faction, or say `all factions` in `searched:` if that was done",
                topic="evidence",
            )


def _asked_alone(case: Case, fact: str) -> Iterator[tuple[str, list[str]]]:
    """The one node that a fact's question names, with the factions of which no item answers the same question."""
    named = _named(case, _question(case, fact))
    if len(named) != 1:
        return
    spoken = {each.fact for item in case.evidence for each in item.propositions if each.fact in case.facts}
    form = _form(case, fact, named[0])
    asked = {
        leaf
        for other in spoken
        for node in _named(case, _question(case, other))
        if _form(case, other, node) == form
        for leaf in case.factions.under(node)
    }
    own = case.factions.under(named[0])
    others = [leaf for leaf in case.factions.leaves if leaf != OTHER and leaf not in own and leaf not in asked]
    if others:
        yield named[0], others


def _question(case: Case, fact: str) -> str:
    """What a fact asks, in lower case: its question, or its id where it has none."""
    return (case.facts[fact].question or fact.replace("-", " ")).lower()


def _form(case: Case, fact: str, node: str) -> str:
    """The question with a blank for the node that it names, with or without an article."""
    question = _question(case, fact)
    for name in (case.factions.label(node).lower(), node.replace("-", " ")):
        question = question.replace(f"the {name}", "___").replace(name, "___")
    return question


def _lone_ones(case: Case) -> Iterator[Concern]:
    """A digit 1 says *confirmed by other sources*; of an act it only says that it happened."""
    for origin in case.origins:
        if not isinstance(origin.items[0], Report) or origin.grade is None or origin.grade.digit != "1":
            continue
        facts = _facts(origin)
        if not any(facts & _facts(other) for other in case.origins if other.id != origin.id):
            about = listed(sorted(facts))
            yield Concern(
                what=f'"{origin.id}" has the digit 1 (confirmed), and no other origin speaks about {about}',
                means="nothing in the case confirms it: the digit rests on something that a reader does not see",
                remedy="add the item that confirms it, or grade it 2, probably true",
                topic="evidence",
            )


def _facts(origin: Origin) -> set[str]:
    return {proposition.fact for item in origin.items for proposition in item.propositions}


def _hindsight(case: Case) -> Iterator[Concern]:
    """Evidence that could only be had once the matter was settled."""
    scored = [outcome for outcome in case.outcomes if outcome.scored]
    if not scored:
        return
    settled = min(outcome.date for outcome in scored)
    cited = {citation.url for outcome in scored for citation in outcome.citations}
    for item in case.evidence:
        shared = sorted(cited.intersection(citation.url for citation in item.citations))
        late = f"was published on {item.published.in_words()}, not before the outcome of {settled.in_words()}"
        if shared or item.published >= settled:
            yield Concern(
                what=f'"{item.id}" {f"cites {shared[0]}, as the outcome does" if shared else late}',
                means="the outcome leaks into the evidence: a score of this posterior would reward knowing the ending",
                remedy="take it out of the evidence, or score only what was known before (the casebook does)",
                topic="evidence",
            )


def _older_than_the_incident(case: Case) -> Iterator[Concern]:
    for item in case.evidence:
        if item.published.end < case.incident.date.start and not _is_denial(case, item):
            yield Concern(
                what=f'"{item.id}" was published on {item.published.in_words()}, before the incident',
                means="what was known before belongs to the prior: as evidence it may count twice",
                remedy="move it into the reasons of the prior, or correct the date",
                topic="evidence",
            )


def _is_denial(case: Case, item: Item) -> bool:
    """Whether an item is a denial in advance, which is an act like any other."""
    words = (
        item.id,
        item.title,
        *(_question(case, each.fact) for each in item.propositions if each.fact in case.facts),
    )
    return isinstance(item, Act) and any(_DENIAL.search(text.lower()) for text in words)


def _graded_for_the_claim(case: Case) -> Iterator[Concern]:
    """An act whose grade is that of the source's word: it then says that it is doubtful whether the act took place."""
    for origin in case.origins:
        grade, source = origin.grade, case.sources.get(origin.source)
        if grade is None or source is None or source.kind == "anonymous" or grade.digit not in _DOUBTFUL_DIGITS:
            continue
        if isinstance(origin.items[0], Act) and grade.letter == source.reliability:
            yield Concern(
                what=f'the act "{origin.id}" has the grade {grade}, as if its content were graded',
                means=f"of an act the grade says only whether it happened: {grade} doubts that it was said or done",
                remedy="grade it A1 if it is on record; how often guilty and innocent do it stands in its table",
                topic="evidence",
            )


def _unchecked_artefacts(case: Case) -> Iterator[Concern]:
    """Something that others can look at again, graded as if one had to take a word for it."""
    for origin in case.origins:
        source = case.sources.get(origin.source)
        seen = any(page.read == "original" for item in origin.items for page in item.citations)
        texts = " ".join(item.title.lower() for item in origin.items)
        public = source is not None and source.kind == "malware"
        if not isinstance(origin.items[0], Report) or str(origin.grade) != "B2":
            continue
        if public or (seen and _PUBLIC_ARTEFACT.search(texts)):
            yield Concern(
                what=f'"{origin.id}" is something that others can check, and is left at B2',
                means="B2 takes somebody's word: whoever looks again, or finds nobody who did, knows more than that",
                remedy="A2 or A1 where others looked and found the same, C3 where nobody could confirm it",
                severity="note",
                topic="evidence",
            )


def _one_sided_facts(case: Case) -> Iterator[Concern]:
    """What one faction was seen to do, asked about that one only: whether the others did it too is in no fact."""
    acts = [item for item in case.evidence if isinstance(item, Act) and item.source in case.sources]
    own = {(each.fact, case.sources[item.source].interest) for item in acts for each in item.says}
    alone = {
        fact: named
        for fact in dict.fromkeys(fact for fact, _ in own if fact in case.facts)
        for named, _ in _asked_alone(case, fact)
        if (fact, named) in own
    }
    if alone:
        told = listed(f'"{fact}" ({case.factions.label(named)})' for fact, named in sorted(alone.items()))
        yield Concern(
            what=f"{len(alone)} {'fact asks' if len(alone) == 1 else 'facts ask'} what one faction did, and none asks "
            f"it of the others: {told}",
            means="if the others did the same, it does not tell them apart; if not, that speaks too",
            remedy="ask the same of each of them, and enter what was found or not found",
            severity="note",
            topic="evidence",
        )


def _several_in_one_origin(case: Case) -> Iterator[Concern]:
    """One origin is believed or disbelieved as a whole: several sources are several, unless it says what joins them."""
    for origin in case.origins:
        declared = case.declarations.get(origin.id)
        sources = list(dict.fromkeys(item.source for item in origin.items))
        days = [item.published for item in origin.items]
        apart = (max(days).start - min(days).start).days
        if (declared and declared.note) or not (len(sources) >= MANY_VOICES or (len(sources) > 1 and apart > _APART)):
            continue
        yield Concern(
            what=f'the origin "{origin.id}" holds items of {len(sources)} sources: {listed(sources)}',
            means="they are believed or disbelieved as one: what each of them found for itself is lost",
            remedy="give each that looked for itself an origin of its own, with `copies:` where it may repeat another; "
            "or say in a `note:` what makes them one",
            severity="note",
            topic="evidence",
        )


def _named(case: Case, text: str) -> list[str]:
    """Factions and groups whose name stands in a text."""
    return [
        id
        for id in case.factions.ids
        if id != OTHER and (id.replace("-", " ") in text or case.factions.label(id).lower() in text)
    ]


def _one_institution(case: Case) -> Iterator[Concern]:
    """Several origins of one institution count as several witnesses, on the same fact above all."""
    voices: dict[str, dict[str, list[str]]] = {}
    for origin in case.origins:
        if origin.source and any(isinstance(item, Statement) for item in origin.items):
            facts = voices.setdefault(case.sources[origin.source].institution, {})
            for fact in dict.fromkeys(each.fact for item in origin.items for each in item.propositions):
                facts.setdefault(fact, []).append(origin.id)
    for institution, facts in voices.items():
        origins = list(dict.fromkeys(origin for several in facts.values() for origin in several))
        if len(origins) >= MANY_VOICES:
            same = [f"{fact} ({listed(several)})" for fact, several in facts.items() if len(several) > 1]
            chorus = f"; about the same fact: {'; '.join(same)}" if same else ""
            yield Concern(
                what=f'{len(origins)} of {len(case.origins)} origins are voices of "{institution}"{chorus}',
                means="if they draw on one body of knowledge they are one witness, and count here as several",
                remedy="give voices that repeat one finding one origin, and look at the answer without the institution",
                severity="warning" if same else "note",
                topic="evidence",
            )


@dataclass(frozen=True, slots=True)
class UsualGrade:
    """A grade to start from, and why."""

    grade: Grade
    what: str
    because: str

    def __str__(self) -> str:
        return f"{_article(str(self.grade))} {self.grade} would be usual for {self.what}, because {self.because}"


def usual_grade(case: Case, item: Item) -> UsualGrade | None:
    """The usual grade of a report or an act; None for what has no grade.

    Examples
    --------
    >>> import attribution as at
    >>> case = at.read_case("tower-22")
    >>> print(usual_grade(case, case.evidence["halt"]))
    an A1 would be usual for an act, because its grade says only whether it happened, and that is on record
    """
    if not isinstance(item, Statement) or item.source not in case.sources:
        return None
    if isinstance(item, Act):
        return UsualGrade(Grade("A", "1"), "an act", "its grade says only whether it happened, and that is on record")
    source = case.sources[item.source]
    digit, because = _BY_SOURCE[source.kind]
    questions = (case.facts[each.fact].question for each in item.says if each.fact in case.facts)
    texts = " ".join((item.title, *questions)).lower()
    for words, own, why in _BY_ARTEFACT:
        if words.search(texts) and (own > digit or (own < digit and source.kind in _HOLDERS)):
            digit, because = own, f"{because}; {why}"
            break
    if any(each.fact == PERPETRATOR for each in item.says) and digit < _NAMES_SOMEBODY[0]:
        digit, because = _NAMES_SOMEBODY[0], f"{because}; {_NAMES_SOMEBODY[1]}"
    return UsualGrade(Grade(source.reliability, digit), f"a report by such a source ({source.kind})", because)


def _article(grade: str) -> str:
    return "an" if grade[0] in "AEF" else "a"
