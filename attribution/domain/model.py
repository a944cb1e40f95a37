"""Assumptions: what an analyst holds about the factions, the facts and the sources, each number with its reason."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from html import escape
from typing import Any

from attribution.domain.document import (
    MODEL_FORMAT,
    Document,
    Documented,
    canonical,
    digest,
    keyed,
    plain,
    stated,
)
from attribution.domain.factions import FactionTree
from attribution.domain.grades import Grading
from attribution.domain.identifiers import Catalog
from attribution.domain.numbers import Number
from attribution.domain.tables import Entry, Reason, Table, Trait, most_specific, reason_entry
from attribution.errors import ModelError, Path, UsageError, listed

FEW_LABELS = 50
MOST_CLUSTERS = 14


@dataclass(frozen=True, slots=True)
class HistoryWeight:
    """How often a node of the case's tree would be expected, relative to the others; ratios only.

    `label` is the faction of the archive that stands for it, empty where there is none: then it has the weight of a
    group that the archive does not know. `share` is the mean probability that the archive gives it, for the reader.
    """

    node: str
    weight: Number
    share: float
    label: str = ""
    because: Reason | None = None

    def document(self) -> Document:
        entries = stated({"weight": self.weight.document(), "share": plain(self.share), "label": self.label})
        return entries | dict(reason_entry(self.because))


@dataclass(frozen=True, slots=True)
class History:
    """What events certain to have happened before a day say about who it was.

    Raises
    ------
    ModelError
        A weight that is no ratio, a node named twice, or no node at all.
    """

    id: str
    case: str
    title: str
    weights: tuple[HistoryWeight, ...]
    other: Number
    before: dt.date  # only events that were over before this day were used
    events: int
    labelled: int
    table: str
    sha256: str
    made_by: str = ""
    limits: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.weights:
            raise ModelError("the prior names no faction.", at=("factions",), allowed="a weight for every faction")
        for weight in self.weights:
            if weight.weight.scale != "ratio":
                raise ModelError(
                    f'the weight of "{weight.node}" is no ratio.', at=("factions", weight.node), allowed="a ratio"
                )
        if self.other.scale != "probability":
            raise ModelError("other is a ratio.", at=("other",), allowed="a probability")
        if self.labelled > self.events:
            raise ModelError(
                f"{self.labelled} of {self.events} events are labelled.", at=("used",), allowed="no more than there are"
            )

    def document(self) -> Document:
        """The prior as a block of a model, with what a reader of it must know; not who or what made it possible."""
        weights = ((weight.node, weight.document()) for weight in self.weights)
        return stated(
            {
                "id": self.id,
                "case": self.case,
                "title": self.title,
                "made_by": self.made_by,
                "table": {"file": self.table, "sha256": self.sha256},
                "before": self.before.isoformat(),
                "used": {"events": self.events, "labelled": self.labelled},
                "factions": keyed(weights, at=("perpetrator", "archive", "factions")),
                "other": self.other.document(),
                "limits": list(self.limits),
            }
        )

    def weight_of(self, leaf: str, tree: FactionTree) -> HistoryWeight | None:
        """The weight that covers a faction: its own, or that of the nearest group above it."""
        return most_specific(self.weights, leaf, tree)

    def covered(self, tree: FactionTree, leaves: Iterable[str]) -> Iterator[tuple[HistoryWeight, tuple[str, ...]]]:
        """Each weight with the factions that share it."""
        leaves_of: dict[str, list[str]] = {}
        for leaf in leaves:
            weight = self.weight_of(leaf, tree)
            if weight:
                leaves_of.setdefault(weight.node, []).append(leaf)
        for weight in self.weights:
            if weight.node in leaves_of:
                yield weight, tuple(leaves_of[weight.node])


@dataclass(frozen=True, slots=True)
class Share:
    """The prior total of a node, split among its leaves by size, or by `within` (relative weights)."""

    node: str
    number: Number
    within: tuple[tuple[str, Number], ...] = ()
    because: Reason | None = None

    def document(self) -> Any:
        """The total alone, where that is all there is."""
        value = self.number.document()
        if not self.within and self.because is None and not (isinstance(value, dict) and "value" in value):
            return value
        at = ("perpetrator", "share", self.node, "within")
        within = keyed(((member, weight.document()) for member, weight in self.within), at=at)
        return stated({"value": value, "within": within}) | dict(reason_entry(self.because))


_ONE = Number.exactly(1.0, "ratio")


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many organisations each faction stands for, 1 where nothing is said: positive, uncertain ones as ratios.

    What is split by size (a prior, a mean over a group) is unmoved when a faction is opened into parts that share its
    size and its numbers.

    Raises
    ------
    ModelError
        A size that is a probability, or a faction named twice.
    """

    entries: tuple[Entry, ...] = ()
    because: Reason | None = None

    def __post_init__(self) -> None:
        known: set[str] = set()
        for entry in self.entries:
            at: Path = ("perpetrator", "sizes", entry.node)
            if not isinstance(entry.cell, Number) or entry.cell.scale != "ratio":
                raise ModelError(
                    f'the size of "{entry.node}" is no ratio.', at=at, allowed="a number of organisations above 0"
                )
            if entry.node in known:
                raise ModelError.duplicate("size", entry.node, at=at)
            known.add(entry.node)

    def of(self, leaf: str) -> Number:
        """How many organisations a faction stands for."""
        return next((e.cell for e in self.entries if e.node == leaf and isinstance(e.cell, Number)), _ONE)

    def document(self) -> Document:
        """The number of every faction that has one, and the reason."""
        entries = ((entry.node, entry.document()) for entry in self.entries)
        return keyed((*entries, *reason_entry(self.because)), at=("perpetrator", "sizes"))


@dataclass(frozen=True, slots=True)
class PerpetratorPrior:
    """Who it was before the evidence: by traits, by shares, or as past events say. `other` is drawn first.

    `sizes` says how many organisations the factions stand for.

    `surprise` is the probability that `other` acts like one of the named factions; it caps the likelihood ratio
    against `other` near its inverse and so keeps the open set open.
    """

    other: Number
    surprise: Number
    proportional_to: tuple[str, ...] = ()
    shares: tuple[Share, ...] = ()
    archive: History | None = None
    because: Reason | None = None
    sizes: Sizes = Sizes()

    def __post_init__(self) -> None:
        if sum(map(bool, (self.proportional_to, self.shares, self.archive))) != 1:
            raise ModelError(
                "perpetrator has several of `proportional_to`, `share` and `archive`, or none.",
                at=("perpetrator",),
                allowed="one of `proportional_to: [traits]`, `share: {node: number}` and `archive: name`",
            )
        for name, number in (("other", self.other), ("surprise", self.surprise)):
            if number.scale != "probability":
                raise ModelError(f"{name} is a ratio.", at=("perpetrator", name), allowed="a probability")

    def document(self) -> Document:
        shares = keyed(((share.node, share.document()) for share in self.shares), at=("perpetrator", "share"))
        entries = {
            "proportional_to": list(self.proportional_to),
            "share": shares,
            "archive": self.archive and self.archive.document(),
            "other": self.other.document(),
            "surprise": self.surprise.document(),
            "sizes": self.sizes.document(),
        }
        return stated(entries) | dict(reason_entry(self.because))


def _chance(probability: Number, toward: str, because: Reason | None) -> Document:
    """A block of `deception:`."""
    return stated({"probability": probability.document(), "toward": toward}) | dict(reason_entry(because))


@dataclass(frozen=True, slots=True)
class Staged:
    """The scene was arranged, with `probability`, so that this fact looks like the work of `toward`."""

    fact: str
    probability: Number
    toward: str
    because: Reason | None = None

    def document(self) -> Document:
        return _chance(self.probability, self.toward, self.because)


@dataclass(frozen=True, slots=True)
class Forged:
    """An origin (or every origin of a source) was fabricated to point `toward` a node, or at random."""

    target: str
    probability: Number
    toward: str = ""
    because: Reason | None = None

    def document(self) -> Document:
        return _chance(self.probability, self.toward, self.because)


@dataclass(frozen=True, slots=True)
class Deceptive:
    """A source that, with `probability`, says the opposite of what is true."""

    source: str
    probability: Number
    because: Reason | None = None

    def document(self) -> Document:
        return _chance(self.probability, "", self.because)


@dataclass(frozen=True, slots=True)
class Deception:
    """All ways in which the evidence may have been made to mislead."""

    staged: tuple[Staged, ...] = ()
    forged: tuple[Forged, ...] = ()
    deceptive: tuple[Deceptive, ...] = ()

    def document(self) -> Document:
        at = "deception"
        return stated(
            {
                "staged": keyed(((each.fact, each.document()) for each in self.staged), at=(at, "staged")),
                "forged": keyed(((each.target, each.document()) for each in self.forged), at=(at, "forged")),
                "deceptive": keyed(((each.source, each.document()) for each in self.deceptive), at=(at, "deceptive")),
            }
        )


@dataclass(frozen=True, slots=True)
class Story:
    """Several facts with one common cause: with `strength` one of them speaks for all, the others follow anybody.

    Strength is a constant: evidence would shrink it, which is a judgement about the model and not about the incident.

    Raises
    ------
    ModelError
        Fewer than two facts, one named twice, or a strength that is no constant probability.
    """

    id: str
    facts: tuple[str, ...]
    strength: Number
    because: Reason | None = None

    def __post_init__(self) -> None:
        at: Path = ("stories", self.id)
        if len(self.facts) < 2 or len(set(self.facts)) < len(self.facts):
            raise ModelError(
                f'the story "{self.id}" is told by {listed(self.facts) or "nothing"}.',
                at=(*at, "facts"),
                allowed="two or more facts, each once",
            )
        if not self.strength.constant or self.strength.scale != "probability":
            raise ModelError(
                f'the strength of "{self.id}" is {self.strength}.',
                at=(*at, "strength"),
                allowed="a constant from 0 to 1",
                hint="evidence would shrink an uncertain one: its whole range is swept in the sensitivity",
            )

    def document(self) -> Document:
        return {"facts": list(self.facts), "strength": self.strength.document(), **dict(reason_entry(self.because))}


@dataclass(frozen=True, slots=True)
class Cluster:
    """Origins that an analyst would drop together: a unit of the evidence lattice."""

    id: str
    origins: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Model(Documented):
    """One analyst's assumptions about one case.

    Attributes
    ----------
    written : Written or None
        The file it was read from, with those it names, for its comments and order.
    id, case, title : str
        Its name, the case it is about, and a title for readers.
    grading : Grading
        What Admiralty grades are worth.
    perpetrator : PerpetratorPrior
        Who it was before the evidence.
    tables : Catalog of Table
        Conditional probability tables of the facts, by fact.
    traits : Catalog of Trait
        Capabilities and behaviours of the factions, by id.
    deception : Deception
        Staged scenes, forged origins, sources that turn things round.
    clusters : Catalog of Cluster
        Origins dropped together, at most 14: the units of the evidence lattice.
    stories : Catalog of Story
        Facts that hang together, by id; each fact in one story at most.
    summary : str
        Its idea in two sentences.
    recipe : str
        The recipe that its tables and numbers may name; empty for none.

    Raises
    ------
    ModelError
        More than 14 clusters, an origin in two of them, a fact in two stories, or a trait that is not declared.

    Examples
    --------
    >>> import attribution as at
    >>> model = at.read_model("tower-22/baseline")
    >>> print(model.perpetrator.surprise)
    [0.001, 0.01, 0.05]
    """

    id: str
    case: str
    title: str
    grading: Grading
    perpetrator: PerpetratorPrior
    tables: Catalog[Table]
    traits: Catalog[Trait] = field(default_factory=Catalog)
    deception: Deception = Deception()
    clusters: Catalog[Cluster] = field(default_factory=Catalog)
    stories: Catalog[Story] = field(default_factory=Catalog)
    summary: str = ""
    recipe: str = ""  # the recipe that its tables and numbers may name

    def __post_init__(self) -> None:
        for position, trait in enumerate(self.perpetrator.proportional_to):
            self._check_trait(trait, ("perpetrator", "proportional_to", position))
        for table in self.tables:
            for given in table.states:
                for position, row in enumerate(given.rows):
                    if row.trait:
                        self._check_trait(row.trait, ("facts", table.fact, given.state, position, "trait"))
        self._check_clusters()
        self._check_stories()

    def to_dict(self) -> Document:
        """The model in the words of a model file that stands alone.

        What it took from another model, a recipe, a grading or a prior from events stands in it: numbers of a recipe
        say so in `stated` and in their reasons.
        """
        grading = {key: value for key, value in self.grading.to_dict().items() if key != "format"}
        return stated(
            {
                "format": MODEL_FORMAT,
                "id": self.id,
                "case": self.case,
                "title": self.title,
                "summary": self.summary,
                "recipe": self.recipe,
                "grading": grading,
                "traits": {trait.id: trait.document() for trait in self.traits},
                "perpetrator": self.perpetrator.document(),
                "facts": {table.fact: table.document() for table in self.tables},
                "deception": self.deception.document(),
                "stories": {story.id: story.document() for story in self.stories},
                "clusters": {cluster.id: list(cluster.origins) for cluster in self.clusters},
            }
        )

    def __repr__(self) -> str:
        return f"<Model {self.id} for {self.case}: {self._sizes()}>"

    def _repr_html_(self) -> str:
        """What a notebook shows: its idea, and for each trait and table the reason."""
        blocks = [("trait", block) for block in self.traits] + [("table", block) for block in self.tables]
        reasons = [(kind, block.id, block.because.text if block.because else "") for kind, block in blocks]
        rows = "".join(
            f"<tr><td>{kind}</td><td>{id}</td><td>{escape(reason)}</td></tr>" for kind, id, reason in reasons
        )
        return (
            f"<h4>{escape(self.title)}</h4><p>{escape(self.summary)}</p>"
            f"<details><summary>{self._sizes()}</summary><table>{rows}</table></details>"
        )

    def _sizes(self) -> str:
        counts = (
            (len(self.traits), "trait", "traits"),
            (len(self.tables), "table", "tables"),
            (len(self.stories), "story", "stories"),
        )
        return ", ".join(f"{count} {one if count == 1 else many}" for count, one, many in counts)

    @property
    def digest(self) -> str:
        """SHA-256 of the assumptions, whatever the model is called; the grading has its own."""
        return digest(canonical({key: value for key, value in self.to_dict().items() if key not in ("id", "grading")}))

    def without(self, *origins: str) -> Model:
        """The model for a case without these origins, or sources: none of them forged, deceptive, or in a cluster.

        Raises
        ------
        UsageError
            A name that the model says nothing about.
        """
        named = {origin for cluster in self.clusters for origin in cluster.origins}
        named |= {forged.target for forged in self.deception.forged}
        named |= {deceptive.source for deceptive in self.deception.deceptive}
        for name in origins:
            if name not in named:
                raise UsageError.unknown("origins and sources that the model names", name, named, at=("origin",))
        clusters = (
            replace(cluster, origins=tuple(origin for origin in cluster.origins if origin not in origins))
            for cluster in self.clusters
        )
        return replace(
            self,
            deception=replace(
                self.deception,
                forged=tuple(forged for forged in self.deception.forged if forged.target not in origins),
                deceptive=tuple(each for each in self.deception.deceptive if each.source not in origins),
            ),
            clusters=Catalog(cluster for cluster in clusters if cluster.origins),
        )

    def _check_trait(self, trait: str, at: Path) -> None:
        if trait not in self.traits:
            raise ModelError.unknown("traits", trait, self.traits.ids, at=at)

    def _check_stories(self) -> None:
        home: dict[str, str] = {}
        for story in self.stories:
            for fact in story.facts:
                if fact in home:
                    raise ModelError(
                        f'the fact "{fact}" is in the stories "{home[fact]}" and "{story.id}".',
                        at=("stories", story.id, "facts"),
                        allowed="each fact in one story at most",
                        hint="make one story of the two",
                    )
                home[fact] = story.id

    def _check_clusters(self) -> None:
        if len(self.clusters) > MOST_CLUSTERS:
            raise ModelError(
                f"clusters has {len(self.clusters)} entries.",
                at=("clusters",),
                allowed=f"at most {MOST_CLUSTERS}: every subset of them is looked at",
                hint="put origins that stand or fall together into one cluster",
            )
        home: dict[str, str] = {}
        for cluster in self.clusters:
            for origin in cluster.origins:
                if origin in home:
                    raise ModelError(
                        f'the origin "{origin}" is in the clusters "{home[origin]}" and "{cluster.id}".',
                        at=("clusters", cluster.id),
                        allowed="each origin in one cluster",
                    )
                home[origin] = cluster.id
