"""Random cases and models, legal by construction, that together use every feature of the two file formats."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
from math import prod
from random import Random

from attribution.domain.case import Case, Incident
from attribution.domain.evidence import (
    Absence,
    Act,
    Copying,
    Direct,
    Item,
    Proposition,
    Regrade,
    Report,
    Source,
    Statement,
)
from attribution.domain.factions import FactionTree, Node
from attribution.domain.facts import Fact
from attribution.domain.grades import LETTERS, Grade
from attribution.domain.identifiers import PERPETRATOR, Catalog
from attribution.domain.model import Model
from attribution.domain.moments import Moment
from attribution.domain.origins import OriginDeclaration
from tests.random_models import random_model
from tests.random_numbers import probability, ratio

DAY = Moment.parse("2024-01-28")
MOST_WORLDS = 160

type World = dict[str, str]


def random_pair(seed: int, *, surprise: bool = True) -> tuple[Case, Model]:
    """A case and a model that fit together; the same pair for the same seed."""
    r = Random(seed)
    case = random_case(r)
    return case, random_model(r, case, surprise=surprise)


def random_case(r: Random) -> Case:
    """Two to seven facts, two to nine origins, three or more items of all four kinds."""
    tree = random_tree(r)
    facts = _facts(r, tree)
    sources = Catalog(
        Source(
            f"source-{i}",
            f"Source {i}",
            "media",
            r.choice(LETTERS),
            would_say_anyway=probability(r) if r.random() < 0.4 else None,
        )
        for i in range(r.randint(2, 4))
    )
    frame = Case("random", "Random", "Who?", Incident(DAY, "Here"), tree, sources, facts, Catalog())
    items, declarations = _Pen(r, frame).write()
    return replace(frame, evidence=Catalog(items), declarations=Catalog(declarations))


def random_tree(r: Random) -> FactionTree:
    """Two to about seven factions, up to three levels deep, `other` anywhere at the top."""
    names = (f"f{number}" for number in range(100))
    left = [6]

    def node(depth: int) -> Node:
        name = next(names)
        if depth < 2 and left[0] > 1 and r.random() < 0.45:
            members = tuple(node(depth + 1) for _ in range(r.randint(1, 3)))
            return Node(name, members=members, banner=r.random() < 0.3)
        left[0] -= 1
        return Node(name)

    roots = [node(0)]
    while left[0] > 3 and r.random() < 0.7:
        roots.append(node(0))
    roots.insert(r.randint(0, len(roots)), Node("other"))
    alone = [leaf for leaf in FactionTree(tuple(roots)).leaves if leaf != "other"]
    if 2 <= len(alone) <= 5 and r.random() < 0.4:
        roots.insert(r.randint(0, len(roots)), Node("joint", joint_of=tuple(r.sample(alone, r.randint(2, len(alone))))))
    return FactionTree(tuple(roots))


def _facts(r: Random, tree: FactionTree) -> Catalog[Fact]:
    """A random directed acyclic graph, at most two parents each, declared in random order."""
    drawn: list[Fact] = []
    for number in range(r.randint(2, 7)):
        given = tuple(r.sample([fact.id for fact in drawn], min(len(drawn), r.choice((0, 0, 1, 1, 2)))))
        over = r.random() < 0.15
        states = tree.leaves if over else tuple("wxyz"[: r.choice((2, 2, 2, 3, 4))])
        if prod(len(fact.states) for fact in drawn) * len(states) > MOST_WORLDS:
            over, states = False, ("w", "x")
        if prod(len(fact.states) for fact in drawn) * len(states) > MOST_WORLDS:
            break
        drawn.append(Fact(f"fact-{number}", states, given=given, over_factions=over))
    r.shuffle(drawn)
    return Catalog(drawn)


class _Pen:
    """Writes the evidence; each origin tells one story, true in a world of its own."""

    def __init__(self, r: Random, frame: Case) -> None:
        self.r, self.frame = r, frame
        self.items: list[Item] = []
        self.declarations: list[OriginDeclaration] = []

    def write(self) -> tuple[list[Item], list[OriginDeclaration]]:
        origins = self.r.randint(2, 9)
        for number in range(origins):
            kind = self.r.choices((self._statements, self._absence, self._direct), (7, 2, 2))[0]
            kind(number)
        while len(self.items) < 3:
            self._statements(origins + len(self.items))
        self.r.shuffle(self.items)
        return self.items, self.declarations

    def _source(self) -> str:
        return self.r.choice(self.frame.sources.ids)

    def _grade(self) -> Grade | None:
        if self.r.random() < 0.15:
            return None
        return Grade(self.r.choice(LETTERS), self.r.choice("111223456"))

    def _story(self) -> World:
        facts = {fact.id: self.r.choice(fact.states) for fact in self.frame.facts}
        return facts | {PERPETRATOR: self.r.choice(self.frame.factions.leaves)}

    def _says(self, story: World, most: int = 3) -> tuple[Proposition, ...]:
        about = [*self.frame.facts.ids, PERPETRATOR]
        chosen = self.r.sample(about, self.r.randint(1, min(most, len(about))))
        return tuple(self._proposition(fact, story[fact]) for fact in chosen)

    def _proposition(self, fact: str, truth: str) -> Proposition:
        """Something about a fact that leaves `truth` possible and rules something else out."""
        nodes = self.frame.factions.ids
        names = nodes if fact == PERPETRATOR or self.frame.facts[fact].over_factions else self.frame.states(fact)
        while True:
            named = frozenset(self.r.sample(names, self.r.randint(1, min(3, len(names)))))
            proposition = Proposition(fact, named, self.r.random() < 0.25)
            meaning = self.frame.meaning(proposition)
            if truth in meaning and len(meaning) < len(self.frame.states(fact)):
                return proposition

    def _statements(self, number: int) -> None:
        count = self.r.choice((1, 1, 1, 2, 3))
        if count == 1:
            self.items.append(self._lone(number))
            return
        name, story = f"origin-{number}", self._story()
        drawn = [self._statement(f"item-{number}-{i}", story, origin=name) for i in range(count)]
        if self.r.random() < 0.3:
            drawn[-1] = replace(drawn[-1], says=drawn[0].says)
        named = {item.source for item in drawn}
        source = self._source() if len(named) > 1 or self.r.random() < 0.2 else ""
        self.declarations.append(
            OriginDeclaration(
                name, grade=self._grade(), source=source, forgeable=self.r.choice((None, None, True, False))
            )
        )
        self.items += drawn

    def _lone(self, number: int) -> Statement:
        """An item that is its own origin; sometimes a copy, regraded, or withdrawn."""
        item = replace(self._statement(f"item-{number}", self._story()), grade=self._grade())
        if self.r.random() < 0.1:
            item = replace(item, withdrawn=DAY.days_later(30))
        if self.r.random() < 0.2:
            item = replace(item, regraded=(Regrade(DAY.days_later(9), Grade(self.r.choice(LETTERS), "2")),))
        if self.items and self.r.random() < 0.4:
            original = self.r.choice(self.items)
            says = item.says if self.r.random() < 0.4 or not original.propositions else original.propositions[:1]
            item = replace(item, says=says, copies=Copying(original.id, probability(self.r)))
        return item

    def _statement(self, id: str, story: World, origin: str = "") -> Statement:
        kind = self.r.choice((Report, Report, Act))
        return kind(
            id=id,
            title="",
            source=self._source(),
            published=DAY,
            origin=origin,
            says=self._says(story),
            would_say_anyway=probability(self.r) if self.r.random() < 0.2 else None,
            forgeable=False if not origin and self.r.random() < 0.2 else None,
        )

    def _absence(self, number: int) -> None:
        self.items.append(
            Absence(
                id=f"item-{number}",
                title="",
                source=self._source(),
                published=DAY,
                says=self._says(self._story(), 2),
                detection=probability(self.r),
                searched="everywhere",
            )
        )

    def _direct(self, number: int) -> None:
        fact = self.r.choice([*self.frame.facts.ids, PERPETRATOR, PERPETRATOR])
        over = fact == PERPETRATOR or self.frame.facts[fact].over_factions
        names = self.frame.factions.ids if over else self.frame.states(fact)
        named = self.r.sample(names, self.r.randint(1, len(names)))
        ratios = tuple((name, ratio(self.r)) for name in named)
        self.items.append(
            Direct(id=f"item-{number}", title="", source=self._source(), published=DAY, fact=fact, ratios=ratios)
        )


def kinds_used(case: Case) -> set[str]:
    """The kinds of item in a case, and the features of its statements."""
    statements = [item for item in case.evidence if isinstance(item, Statement)]
    features = {
        "copies": any(item.copies for item in statements),
        "shared origin": any(len(origin.items) > 1 for origin in case.origins),
        "negated": any(said.negated for said in chain.from_iterable(item.says for item in statements)),
        "role": any(fact.over_factions for fact in case.facts),
        "joint": any(case.factions[leaf].joint_of for leaf in case.factions.leaves),
    }
    return {item.kind for item in case.evidence} | {name for name, present in features.items() if present}
