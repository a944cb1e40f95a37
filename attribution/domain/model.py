"""Assumptions: what an analyst holds about the factions, the facts and the sources, each number with its reason."""

from __future__ import annotations

from dataclasses import dataclass, field

from attribution.domain.catalog import Catalog
from attribution.domain.grading import Grading
from attribution.domain.history import History
from attribution.domain.numbers import Number
from attribution.domain.tables import Reason, Table, Trait
from attribution.errors import ModelError, Path

MOST_CLUSTERS = 14


@dataclass(frozen=True, slots=True)
class Share:
    """The prior total of a node, split among its leaves by size, or by `within` (relative weights)."""

    node: str
    number: Number
    within: tuple[tuple[str, Number], ...] = ()
    because: Reason | None = None


@dataclass(frozen=True, slots=True)
class PerpetratorPrior:
    """Who it was before the evidence: by traits, by shares, or as past events say. `other` is drawn first.

    `surprise` is the probability that `other` acts like one of the named factions; it caps the likelihood ratio
    against `other` near its inverse and so keeps the open set open.
    """

    other: Number
    surprise: Number
    proportional_to: tuple[str, ...] = ()
    shares: tuple[Share, ...] = ()
    archive: History | None = None
    because: Reason | None = None

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


@dataclass(frozen=True, slots=True)
class Staged:
    """The scene was arranged, with `probability`, so that this fact looks like the work of `toward`."""

    fact: str
    probability: Number
    toward: str
    because: Reason | None = None


@dataclass(frozen=True, slots=True)
class Forged:
    """An origin (or every origin of a source) was fabricated to point `toward` a node, or at random."""

    target: str
    probability: Number
    toward: str = ""
    because: Reason | None = None


@dataclass(frozen=True, slots=True)
class Deceptive:
    """A source that, with `probability`, says the opposite of what is true."""

    source: str
    probability: Number
    because: Reason | None = None


@dataclass(frozen=True, slots=True)
class Deception:
    """All ways in which the evidence may have been made to mislead."""

    staged: tuple[Staged, ...] = ()
    forged: tuple[Forged, ...] = ()
    deceptive: tuple[Deceptive, ...] = ()


@dataclass(frozen=True, slots=True)
class Cluster:
    """Origins that an analyst would drop together: a unit of the evidence lattice."""

    id: str
    origins: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Model:
    """One analyst's assumptions about one case.

    Raises
    ------
    ModelError
        More than 14 clusters, an origin in two of them, or a trait that is not declared.
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
    summary: str = ""
    recipe: str = ""  # the recipe that its tables and numbers may name
    text: str = field(default="", repr=False, compare=False)  # the file it was read from, so that a run stands alone

    def __post_init__(self) -> None:
        for position, trait in enumerate(self.perpetrator.proportional_to):
            self._check_trait(trait, ("perpetrator", "proportional_to", position))
        for table in self.tables:
            for given in table.states:
                for position, row in enumerate(given.rows):
                    if row.trait:
                        self._check_trait(row.trait, ("facts", table.fact, given.state, position, "trait"))
        self._check_clusters()

    def _check_trait(self, trait: str, at: Path) -> None:
        if trait not in self.traits:
            raise ModelError.unknown("traits", trait, self.traits.ids, at=at)

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
