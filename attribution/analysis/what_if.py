"""What the posterior would be under other evidence or assumptions, from draws that are there: no new fit."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from attribution.domain.case import Case
from attribution.domain.evidence import Item, Statement
from attribution.domain.grades import Grade
from attribution.domain.identifiers import Catalog
from attribution.domain.model import Forged, Model
from attribution.domain.numbers import Number
from attribution.domain.origins import Origin, OriginDeclaration
from attribution.domain.verbal import percent
from attribution.errors import UsageError
from attribution.inference.posterior import Posterior
from attribution.inference.settings import Settings
from attribution.network.compile_origins import Unsaid
from attribution.network.compiler import compile_network
from attribution.network.program import CONSTANT, ODDS, Floats, Program, frozen
from attribution.network.summation import log_joint, normalise

if TYPE_CHECKING:
    import pandas as pd

LEAST_ESS = 50.0  # with so many effective draws no probability has a Monte Carlo error above 7 points
_LETTERS = 6
_NONE = -1


@dataclass(frozen=True, slots=True, eq=False)
class Carried:
    """Draws to answer from: standard normals (draw, column) by label, weights that sum to one, ``log p(E | theta)``.

    A number that the network does not use at rest, such as what a grade nobody carries is worth, has standard normals
    of its own, drawn from the prior: reweighting stays exact.
    """

    case: Case
    model: Model
    settings: Settings
    labels: tuple[str, ...]
    z: Floats
    weights: Floats
    log_evidence: Floats
    published: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class WhatIf:
    """The answer: probability by faction with its Monte Carlo error, and the effective number of draws behind it.

    Errors count draws as independent of one another.

    Where no draw can have left the evidence, probabilities are NaN and `ess` is 0.
    """

    factions: tuple[str, ...]
    published: tuple[float, ...]
    probabilities: tuple[float, ...]
    mcse: tuple[float, ...]
    ess: float

    @property
    def carried(self) -> bool:
        """Whether the draws still carry the question."""
        return self.ess >= LEAST_ESS

    def to_frame(self) -> pd.DataFrame:
        """One row per faction: published, probability, mcse."""
        import pandas as pd

        columns = {"published": self.published, "probability": self.probabilities, "mcse": self.mcse}
        return pd.DataFrame(columns, index=pd.Index(self.factions, name="faction"))

    def __str__(self) -> str:
        if self.ess == 0:
            return "Under these changes the evidence could not have come about."
        first = self.probabilities.index(max(self.probabilities))
        doubt = "" if self.carried else f" That is fewer than {LEAST_ESS:.0f}: change the files and fit again."
        return (
            f"Under these changes {self.factions[first]} has {percent(self.probabilities[first])} (Monte Carlo error "
            f"{self.mcse[first]:.4f}; published {percent(self.published[first])}), reweighted to an effective sample "
            f"size of {self.ess:.0f}.{doubt}"
        )


def what_if(posterior: Posterior, changes: Changes) -> WhatIf:
    """The posterior under some changes, reweighted from all stored draws.

    Draws keep their standard normals, so that a changed grade is the same opinion of the source read on another scale.
    Weights are ``p(E' | theta') / p(E | theta)``, not smoothed; look at `ess` before you believe the answer.

    Raises
    ------
    UsageError
        A change to something that is not there.
    """
    every = np.arange(len(posterior.draws.flat))
    return answer(carry(posterior, every, posterior.draws.weights), changes)


def carry(
    posterior: Posterior, chosen: NDArray[np.int64], weights: Floats, dtype: type[np.floating] = np.float64
) -> Carried:
    """Some of the draws of a posterior, with standard normals for all that a change may call up.

    They are rounded to `dtype`; everything is computed from what they are after that.
    """
    program, case = posterior.program, posterior.case.as_of(posterior.settings.as_of)
    spare = _spares(case, posterior.model, program)
    rng = np.random.default_rng([posterior.settings.seed, len(spare)])
    fresh = rng.standard_normal((len(chosen), len(spare)))
    z = np.hstack([posterior.draws.flat[chosen], fresh]).astype(dtype).astype(np.float64)
    log_evidence = normalise(log_joint(program, z[:, : program.dimension]))[1]
    labels = (*program.labels, *spare)
    published = tuple(standing.probability for standing in posterior.standings)
    return Carried(posterior.case, posterior.model, posterior.settings, labels, z, weights, log_evidence, published)


def answer(carried: Carried, changes: Changes) -> WhatIf:
    """The answer of these draws."""
    program = changed_network(carried.case, carried.model, carried.settings, changes)
    probability, log_evidence = normalise(log_joint(program, _columns(carried, program)))
    log_weight = log_evidence - carried.log_evidence
    if not np.isfinite(log_weight).any():
        none = (float("nan"),) * len(program.factions)
        return WhatIf(program.factions, carried.published, none, none, 0.0)
    weights = carried.weights * np.exp(log_weight - log_weight.max())
    weights /= weights.sum()
    possible = np.where(weights[:, None] > 0, probability, 0.0)
    mean = (weights[:, None] * possible).sum(axis=0)
    error = np.sqrt(((weights[:, None] * (possible - mean)) ** 2).sum(axis=0))
    ess = float(1.0 / np.sum(weights**2))
    return WhatIf(program.factions, carried.published, tuple(mean.tolist()), tuple(error.tolist()), ess)


def grade_pools(case: Case, labels: tuple[str, ...]) -> dict[str, list[str]]:
    """For each source and each origin the labels that its grade may use, those in use at rest first."""
    pools: dict[str, list[str]] = {}
    for kind, names in (("reliability", case.sources.ids), ("credibility", case.origins.ids)):
        for name in names:
            own = [label for label in labels if label.startswith(f"{kind}[{name}|")]
            pools[f"{kind}[{name}|"] = sorted(own, key=lambda label: ("|spare-" in label, label))
    return pools


def _spares(case: Case, model: Model, program: Program) -> tuple[str, ...]:
    """Labels of numbers that no draw has: of grades nobody carries, and of second wordings."""
    there = set(program.labels)
    spare: list[str] = []
    graded = statements(case)
    for source in dict.fromkeys(origin.source for origin in graded):
        held = sum(label.startswith(f"reliability[{source}|") for label in there)
        most = min(_LETTERS, sum(origin.source == source for origin in graded))
        if not all(number.constant for number in model.grading.letters):
            spare += [f"reliability[{source}|spare-{number}]" for number in range(most - held)]
    for origin in graded:
        held = sum(label.startswith(f"credibility[{origin.id}|") for label in there)
        if not held and not all(number.constant for number in model.grading.digits):
            spare.append(f"credibility[{origin.id}|spare-0]")
        for item in origin.items:
            own = item.would_say_anyway if isinstance(item, Statement) else None
            number = own or case.sources[origin.source].would_say_anyway
            label = f"anyway[{origin.source}|{item.id}]" if own else f"anyway[{origin.source}]"
            if number and not number.constant and label not in there and label not in spare:
                spare.append(label)
    return tuple(spare)


def _columns(carried: Carried, program: Program) -> Floats:
    """The standard normals of a changed network: (draw, coordinate).

    A letter or digit that is new to its source or origin takes the place of one that went out of use, in order, else
    a spare one.
    """
    place = {label: column for column, label in enumerate(carried.labels)}
    used = set(program.labels)
    known = {label: place[label] for label in used if label in place}
    for start, pool in grade_pools(carried.case, carried.labels).items():
        new = sorted(label for label in used if label.startswith(start) and label not in place)
        free = [label for label in pool if label not in used]
        known.update((label, place[taken]) for label, taken in zip(new, free, strict=False))
    return np.ascontiguousarray(carried.z[:, [known[label] for label in program.labels]])


@dataclass(frozen=True, slots=True)
class Planted:
    """Every origin that can be forged was, with this probability: to point `toward` a node, or at random."""

    probability: float
    toward: str = ""

    def __post_init__(self) -> None:
        if not 0 <= self.probability <= 1:
            raise UsageError(f"planted has the probability {self.probability:g}.", allowed="0 to 1")


@dataclass(frozen=True, slots=True)
class Changes:
    """What is tried: items `off`, `grades` by origin, decibans added to the `prior` odds by faction, `planted`.

    An item that is off says nothing; of an origin with several items, what the others say remains. Grades and copies
    are read as they were with all items there. A named faction's prior gains against the other named ones, `other`
    against all of them together. `planted` takes the place of what the model says about forging.
    """

    off: frozenset[str] = frozenset()
    grades: tuple[tuple[str, Grade], ...] = ()
    prior: tuple[tuple[str, float], ...] = ()
    planted: Planted | None = None


def changed_network(case: Case, model: Model, settings: Settings, changes: Changes) -> Program:
    """The network of a case and a model, compiled anew with the changes made.

    Raises
    ------
    UsageError
        A change to an item, origin, faction or node that is not there.
    """
    standing = case.as_of(settings.as_of)
    _check(standing, changes)
    regraded = _regraded(case, dict(changes.grades))
    if changes.planted:
        model = _planted(standing, model, changes.planted)
    silent = [origin for origin in standing.origins if all(item.id in changes.off for item in origin.items)]
    whole = {item.id for origin in silent for item in origin.items}
    program = compile_network(regraded, model, settings.as_of, unsaid=Unsaid(items=changes.off - whole))
    return _shifted(program.without(frozenset(origin.id for origin in silent)), dict(changes.prior))


def statements(case: Case) -> tuple[Origin, ...]:
    """The origins that a grade applies to."""
    return tuple(origin for origin in case.origins if isinstance(origin.items[0], Statement))


def _check(case: Case, changes: Changes) -> None:
    graded = tuple(origin.id for origin in statements(case))
    known = (
        ("items", changes.off, case.evidence.ids),
        ("origins with a grade", (id for id, _ in changes.grades), graded),
        ("factions", (id for id, _ in changes.prior), case.factions.leaves),
        (
            "factions",
            (changes.planted.toward,) if changes.planted and changes.planted.toward else (),
            case.factions.ids,
        ),
    )
    for kind, named, there in known:
        for name in sorted(named):
            if name not in there:
                raise UsageError.unknown(kind, name, there)


def _regraded(case: Case, grades: dict[str, Grade]) -> Case:
    """The case with other grades, each where the file would hold it: on the declared origin or on its only item."""
    if not grades:
        return case
    declared = [
        replace(one, grade=grades[one.id]) if one.id in grades and _holds_grade(case, one) else one
        for one in case.declarations
    ]
    held = {one.id for one in case.declarations if _holds_grade(case, one)}
    items = [
        _with_grade(item, grades.get(item.origin_id) if item.origin_id not in held else None) for item in case.evidence
    ]
    return replace(case, declarations=Catalog(declared), evidence=Catalog(items, kind="item"))


def _holds_grade(case: Case, declared: OriginDeclaration) -> bool:
    return declared.grade is not None or sum(item.origin_id == declared.id for item in case.evidence) > 1


def _with_grade(item: Item, grade: Grade | None) -> Item:
    return replace(item, grade=grade, regraded=()) if grade and isinstance(item, Statement) else item


def _planted(case: Case, model: Model, planted: Planted) -> Model:
    """The model in which every origin that can be forged is, with one constant probability."""
    forged = tuple(
        Forged(origin.id, Number.exactly(planted.probability), planted.toward)
        for origin in statements(case)
        if origin.forgeable
    )
    return replace(model, deception=replace(model.deception, forged=forged))


def _shifted(program: Program, decibans: dict[str, float]) -> Program:
    """The network with prior odds multiplied: a constant more in each faction's weight, a ratio on those of `other`."""
    moved = {faction: 10 ** (shift / 10) for faction, shift in decibans.items() if shift}
    if not moved:
        return program
    ints, floats = program.ints, program.floats
    first_new, other = len(ints.slot_kind), program.factions[int(ints.other[0])]
    new_slot = {faction: first_new + position for position, faction in enumerate(moved)}
    kinds, firsts, seconds = [CONSTANT] * len(moved), [_NONE] * len(moved), [_NONE] * len(moved)
    surprise = ints.surprise
    if other in moved:
        kinds, firsts, seconds = [*kinds, ODDS], [*firsts, int(surprise[0])], [*seconds, new_slot[other]]
        surprise = np.array([first_new + len(moved), surprise[1]])
    weights = [
        [*ints.prior_slot[ints.prior_start[h] : ints.prior_start[h + 1]]]
        + ([new_slot[faction]] if faction in moved and faction != other else [])
        for h, faction in enumerate(program.factions)
    ]
    values = [*moved.values(), *[0.0] * (len(kinds) - len(moved))]
    zeros = [0.0] * len(kinds)
    return replace(
        program,
        ints=replace(
            ints,
            slot_kind=frozen([*ints.slot_kind, *kinds], np.int64),
            slot_first=frozen([*ints.slot_first, *firsts], np.int64),
            slot_second=frozen([*ints.slot_second, *seconds], np.int64),
            surprise=frozen(surprise, np.int64),
            prior_start=frozen(np.cumsum([0, *(len(slots) for slots in weights)]), np.int64),
            prior_slot=frozen([slot for slots in weights for slot in slots], np.int64),
        ),
        floats=replace(
            floats,
            curve_a=frozen([*floats.curve_a, *values], np.float64),
            curve_b=frozen([*floats.curve_b, *zeros], np.float64),
            curve_d=frozen([*floats.curve_d, *zeros], np.float64),
            curve_s=frozen([*floats.curve_s, *zeros], np.float64),
            curve_vary=frozen([*floats.curve_vary, *zeros], np.float64),
        ),
    )
