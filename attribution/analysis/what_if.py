"""What the posterior would be under other evidence or assumptions, from draws that are there.

Changes are perturbations made together. All stored draws answer by importance sampling, with the weights, the Monte
Carlo error and the new fit of every other analysis. A page answers from the few draws that it holds, plainly weighted;
`page_answer` is its twin in Python.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from numbers import Real
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from numpy.typing import NDArray

from attribution.analysis.finding import Finding
from attribution.analysis.leave_out import Without, without_unit
from attribution.analysis.perturbations import (
    ForgedSums,
    Forgery,
    Regrade,
    Silence,
    Variant,
    forgeable,
    statements,
    weighted,
)
from attribution.analysis.reweighting import Reweighted, reweight, transferred
from attribution.analysis.units import items_together
from attribution.domain.case import Case
from attribution.domain.evidence import Statement
from attribution.domain.grades import Grade
from attribution.domain.model import Model
from attribution.domain.verbal import percent
from attribution.errors import InputError, UsageError, in_one_line
from attribution.inference.draws import khat_threshold
from attribution.inference.posterior import Posterior
from attribution.inference.settings import Settings
from attribution.network.program import Floats, Program
from attribution.network.summation import log_joint, log_joint_at, normalise, numbers
from attribution.plots.figures import DotRow, Scale, dots
from attribution.plots.style import roles

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

LEAST_ESS = 50.0  # with so many effective draws no probability of a page has a Monte Carlo error above 7 points
_LETTERS = 6


@dataclass(frozen=True, slots=True)
class Planted:
    """Every origin that can be forged was, with one probability.

    Attributes
    ----------
    probability
        From 0 to 1.
    toward
        The node of the tree of factions to whom the forgeries point; at random where empty.

    Raises
    ------
    UsageError
        A probability outside 0 to 1.

    Examples
    --------
    >>> at.Planted(0.2, toward="nujaba").probability
    0.2
    """

    probability: float
    toward: str = ""

    def __post_init__(self) -> None:
        if not 0 <= self.probability <= 1:
            raise UsageError(f"planted has the probability {self.probability:g}.", allowed="0 to 1")


@dataclass(frozen=True, slots=True, init=False)
class Changes:
    """What is tried: items switched off, origins graded anew, the prior moved, origins forged.

    An item that is off says nothing; of an origin with several items, what the others say remains. Grades are read as
    they were with all items there; a copy of an item that is off speaks for itself.

    Parameters
    ----------
    off
        The id of an item, or several.
    grades
        From origins to the grades they get: a dict or pairs; a grade is a `Grade` or a text such as ``"B3"``.
    prior
        From factions to the decibans added to their prior odds, a dict or pairs: of a named faction against the other
        named ones, of `other` against all of them together.
    planted
        Forgery of every origin that can be forged: a `Planted`, or its probability; it takes the place of what the
        model says about forging.

    Attributes
    ----------
    off, grades, prior, planted
        The same, as a set of ids, pairs in the order of their names, and a `Planted` or None.

    Raises
    ------
    UsageError
        Something else than these.
    CaseError
        A text that is no grade.

    Examples
    --------
    >>> at.Changes(off="halt", grades={"debris": "C3"}, prior={"nujaba": 3}).prior
    (('nujaba', 3.0),)
    """

    off: frozenset[str]
    grades: tuple[tuple[str, Grade], ...]
    prior: tuple[tuple[str, float], ...]
    planted: Planted | None

    def __init__(
        self,
        off: str | Iterable[str] = (),
        grades: Mapping[str, Grade | str] | Iterable[tuple[str, Grade | str]] = (),
        prior: Mapping[str, float] | Iterable[tuple[str, float]] = (),
        planted: Planted | float | None = None,
    ) -> None:
        names = frozenset({off} if isinstance(off, str) else _names(off))
        chosen = tuple(
            (origin, Grade.parse(grade) if isinstance(grade, str) else _is(grade, Grade, "grades"))
            for origin, grade in _pairs(grades, "grades")
        )
        moved = tuple((faction, float(_is(shift, Real, "prior"))) for faction, shift in _pairs(prior, "prior"))
        if planted is not None and not isinstance(planted, Planted):
            planted = Planted(float(_is(planted, Real, "planted")))
        for name, value in (("off", names), ("grades", chosen), ("prior", moved), ("planted", planted)):
            object.__setattr__(self, name, value)

    @classmethod
    def of(cls, changes: Changes | Mapping[str, Any]) -> Changes:
        """Changes as they are, or from a dict with the same names.

        Raises
        ------
        UsageError
            A name that is none of them, or something else than a dict.
        """
        if isinstance(changes, Changes):
            return changes
        if not isinstance(changes, Mapping):
            raise UsageError(
                f"the changes are a value of the type {type(changes).__name__}.",
                allowed='at.Changes(...), or a dict: {"off": ["halt"]}',
            )
        known = tuple(each.name for each in fields(cls))
        for name in changes:
            if name not in known:
                raise UsageError.unknown("kinds of changes", str(name), known, at=("changes",))
        return cls(**changes)


def _names(given: Any) -> list[str]:
    names = list(given) if isinstance(given, Iterable) else [given]
    for name in names:
        _is(name, str, "off")
    return names


def _pairs(given: Any, name: str) -> list[tuple[str, Any]]:
    """The pairs of a dict, or of a list of pairs."""
    if isinstance(given, Mapping):
        return [(str(key), value) for key, value in given.items()]
    pairs = list(given) if isinstance(given, Iterable) and not isinstance(given, str) else [given]
    for pair in pairs:
        if not isinstance(pair, tuple | list) or len(pair) != 2 or not isinstance(pair[0], str):
            raise UsageError(f"{name} has {pair!r}.", at=(name,), allowed="a dict, or pairs of a name and what it gets")
    return [(pair[0], pair[1]) for pair in pairs]


def _is(value: Any, kind: type, name: str) -> Any:
    if not isinstance(value, kind) or isinstance(value, bool):
        allowed = {"off": "ids of items", "grades": 'grades such as "B3"'}.get(name, "a number")
        raise UsageError(f"{name} has {value!r}.", at=(name,), allowed=allowed)
    return value


@dataclass(frozen=True, slots=True)
class WhatIf(Finding):
    """The posterior under some changes, with its Monte Carlo errors.

    Attributes
    ----------
    factions
        The factions, in the order of the case; `published`, `probabilities` and `mcse` are in their order.
    published
        Their probabilities without a change, from 0 to 1.
    probabilities
        Their probabilities under the changes; NaN where no draw can have left the evidence.
    mcse
        Monte Carlo standard errors of these.
    ess
        Effective sample size of the draws behind them; 0 where no draw can have left the evidence.
    khat
        Pareto shape of the weights; None where `ess` is at least 400.
    khat_limit
        The largest shape at which the answer can be trusted.
    refitted
        The draws are those of a new fit.

    Examples
    --------
    >>> answer = at.what_if(posterior, at.Changes(off="halt"))
    >>> answer.to_frame().columns.tolist()
    ['published', 'probability', 'mcse']
    """

    factions: tuple[str, ...]
    published: tuple[float, ...]
    probabilities: tuple[float, ...]
    mcse: tuple[float, ...]
    ess: float
    khat: float | None
    khat_limit: float
    refitted: bool

    @property
    def trustworthy(self) -> bool:
        """Whether the draws reach as far as the question."""
        return self.ess > 0 and (self.khat is None or self.khat <= self.khat_limit)

    @property
    def title(self) -> str:
        return "What if"

    @property
    def method(self) -> str:
        """How it was computed."""
        how = "Fitted again" if self.refitted else "Stored draws reweighted"
        return f"{how}, to an effective sample size of {self.ess:.0f}; summed exactly in each draw."

    def to_frame(self) -> pd.DataFrame:
        """One row per faction: published, probability, mcse."""
        import pandas as pd

        columns = {"published": self.published, "probability": self.probabilities, "mcse": self.mcse}
        return pd.DataFrame(columns, index=pd.Index(self.factions, name="faction"))

    @property
    def summary(self) -> str:
        """Who would lead, with what probability."""
        if self.ess == 0:
            return "Under these changes the evidence could not have come about."
        first = self.probabilities.index(max(self.probabilities))
        doubt = "" if self.trustworthy else f" k-hat is {self.khat:.2f}: change the files and fit again."
        return (
            f"Under these changes {self.factions[first]} has {percent(self.probabilities[first])} (Monte Carlo error "
            f"{self.mcse[first]:.4f}; published {percent(self.published[first])}).{doubt}"
        )

    def unreliable(self) -> tuple[str, ...]:
        """That the draws do not reach as far as the question, or that the evidence could not have come about."""
        if self.trustworthy:
            return ()
        if self.khat is None:
            return ("Under these changes the evidence could not have come about.",)
        return (
            f"k-hat is {self.khat:.2f}, above its threshold of {self.khat_limit:.2f}: change the files and fit again.",
        )

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw a row per faction: an open mark as published, a filled one under the changes."""
        ranking = sorted(self.factions, key=lambda faction: -self.published[self.factions.index(faction)])
        rows = [
            DotRow(faction, then, role, before=now, line=(now, then))
            for faction, now, then, role in zip(
                self.factions, self.published, self.probabilities, roles(self.factions, *ranking[:2]), strict=True
            )
        ]
        return dots(
            rows,
            Scale("probability: open as published, filled under the changes", "share"),
            title=self.summary,
            note=self.method,
            ax=ax,
        )


@overload
def what_if(posterior: Posterior, changes: Changes | Mapping[str, Any], *, refit: bool = True) -> WhatIf: ...


@overload
def what_if(
    posterior: Posterior, changes: Sequence[Changes | Mapping[str, Any]], *, refit: bool = True
) -> pd.DataFrame: ...


def what_if(
    posterior: Posterior,
    changes: Changes | Mapping[str, Any] | Sequence[Changes | Mapping[str, Any]],
    *,
    refit: bool = True,
) -> WhatIf | pd.DataFrame:
    """The posterior under some changes, by importance sampling from all stored draws; or a table of many such answers.

    Items that are off are left out just as `leave_out` does it. Draws keep their standard normals, so that a changed
    grade is the same opinion of the source read on another scale.

    Parameters
    ----------
    posterior
        The posterior whose case and model are changed.
    changes
        What is tried, all at once: a `Changes`, or a dict with its names. Or a list of these.
    refit
        Fit again, with the engine of the posterior, where k-hat is above its threshold.

    Returns
    -------
    WhatIf or DataFrame
        Probabilities of the factions as published and under the changes. For a list a row per entry and faction: its
        position as `setting`, faction, published, probability, mcse, ess, khat, reliable, and error: why there is no
        answer, which leaves the others as they are.

    Raises
    ------
    UsageError
        A change to something that is not there.

    Examples
    --------
    >>> answer = at.what_if(posterior, {"off": ["halt"]})
    >>> bool(answer.probabilities[0] < answer.published[0])
    True
    >>> at.what_if(posterior, [{"off": "halt"}, {"grades": {"halt": "D4"}}])["setting"].nunique()
    2
    """
    if isinstance(changes, Sequence):
        return _many(posterior, changes, refit)
    return _what_if(posterior, Changes.of(changes), refit)


def _many(posterior: Posterior, settings: Any, refit: bool) -> pd.DataFrame:
    """A row per entry and faction."""
    import pandas as pd

    if isinstance(settings, str) or not settings:
        raise UsageError("the changes are a text, or nothing.", allowed='a list: [{"off": ["halt"]}, ...]')
    nothing = (float("nan"),) * len(posterior.program.factions)
    rows = []
    for number, changes in enumerate(settings):
        answer, error = None, ""
        try:
            answer = _what_if(posterior, Changes.of(changes), refit)
        except InputError as refused:
            error = in_one_line(refused)
        rows += [
            {
                "setting": number,
                "faction": standing.id,
                "published": standing.probability,
                "probability": probability,
                "mcse": mcse,
                "ess": answer.ess if answer else 0.0,
                "khat": answer.khat if answer else None,
                "reliable": bool(answer and answer.trustworthy),
                "error": error,
            }
            for standing, probability, mcse in zip(
                posterior.standings,
                answer.probabilities if answer else nothing,
                answer.mcse if answer else nothing,
                strict=True,
            )
        ]
    return pd.DataFrame(rows).astype({"khat": float})


def _what_if(posterior: Posterior, changes: Changes, refit: bool) -> WhatIf:
    case = posterior.known_case
    variant = changed(Variant.of(posterior), case, changes)
    if changes == Changes(off=changes.off) and changes.off:
        return _of(posterior, without_unit(posterior, items_together(case, changes.off), refit=refit))
    program = variant.program
    instead = substitutes(case, posterior.program.labels, program.labels)
    joint = log_joint_at(program, numbers(program, transferred(posterior, program, instead)))
    if not np.isfinite(joint).any():
        return _of(posterior, None)
    return _of(posterior, reweight(posterior, program, joint, refit=refit))


def _of(posterior: Posterior, found: Reweighted | Without | None) -> WhatIf:
    """The answer as a value; None where the evidence could not have come about."""
    factions = posterior.program.factions
    none = (float("nan"),) * len(factions)
    return WhatIf(
        factions=factions,
        published=tuple(standing.probability for standing in posterior.standings),
        probabilities=tuple(found.probabilities.tolist()) if found else none,
        mcse=tuple(found.mcse.tolist()) if found else none,
        ess=found.ess if found else 0.0,
        khat=found.khat if found else None,
        khat_limit=khat_threshold(len(posterior.draws.weights)),
        refitted=bool(found and found.refitted),
    )


def changed(variant: Variant, case: Case, changes: Changes) -> Variant:
    """A variant with the changes made; `case` is the case as of the day that it is known.

    Raises
    ------
    UsageError
        A change to an item, origin, faction or node that is not there.
    """
    _check(case, changes)
    if changes.off:
        variant = Silence.of(case, items_together(case, changes.off)).apply(variant, 1.0)
    for origin, grade in changes.grades:
        variant = Regrade.to(case, origin, grade).apply(variant, 1.0)
    if changes.planted:
        origins = forgeable(case)
        stated = replace(variant.model, deception=replace(variant.model.deception, forged=()))
        forgery = Forgery(changes.planted.toward, origins, ForgedSums(origins))
        variant = forgery.apply(replace(variant, model=stated), changes.planted.probability)
    for faction, decibans in changes.prior:
        if decibans:
            variant = weighted(variant, faction, 10.0 ** (decibans / 10.0))
    return variant


def _check(case: Case, changes: Changes) -> None:
    graded = tuple(origin.id for origin in statements(case))
    planted = changes.planted.toward if changes.planted else ""
    known = (
        ("off", "items", changes.off, case.evidence.ids),
        ("grades", "origins with a grade", (id for id, _ in changes.grades), graded),
        ("prior", "factions", (id for id, _ in changes.prior), case.factions.leaves),
        ("planted", "factions", (planted,) if planted else (), case.factions.ids),
    )
    for field, kind, named, there in known:
        for name in sorted(named):
            if name not in there:
                raise UsageError.unknown(kind, name, there, at=("changes", field))


def substitutes(case: Case, known: tuple[str, ...], used: tuple[str, ...]) -> dict[str, str]:
    """Which known number each new one takes the place of, by label.

    A letter or digit that is new to its source or origin takes the place of one that went out of use, in order, else a
    spare one.
    """
    there, taken = set(known), set(used)
    instead: dict[str, str] = {}
    for start, pool in grade_pools(case, known).items():
        new = sorted(label for label in used if label.startswith(start) and label not in there)
        free = [label for label in pool if label not in taken]
        instead.update(zip(new, free, strict=False))
    return instead


def grade_pools(case: Case, labels: tuple[str, ...]) -> dict[str, list[str]]:
    """For each source and each origin the labels that its grade may use, those in use at rest first."""
    pools: dict[str, list[str]] = {}
    for kind, names in (("reliability", case.sources.ids), ("credibility", case.origins.ids)):
        for name in names:
            own = [label for label in labels if label.startswith(f"{kind}[{name}|")]
            pools[f"{kind}[{name}|"] = sorted(own, key=lambda label: ("|spare-" in label, label))
    return pools


@dataclass(frozen=True, slots=True, eq=False)
class PageDraws:
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
class PageAnswer:
    """What a page says: probability by faction, its error (draws counted as independent), the effective sample size.

    Where no draw can have left the evidence, probabilities are NaN and `ess` is 0.
    """

    probabilities: tuple[float, ...]
    mcse: tuple[float, ...]
    ess: float


def page_draws(
    posterior: Posterior, chosen: NDArray[np.int64], weights: Floats, dtype: type[np.floating] = np.float64
) -> PageDraws:
    """Some of the draws of a posterior, with standard normals for all that a change may call up.

    They are rounded to `dtype`; everything is computed from what they are after that.
    """
    program, case = posterior.program, posterior.known_case
    spare = _spares(case, posterior.model, program)
    rng = np.random.default_rng([posterior.settings.random_seed, len(spare)])
    fresh = rng.standard_normal((len(chosen), len(spare)))
    z = np.hstack([posterior.draws.rows(chosen), fresh]).astype(dtype).astype(np.float64)
    log_evidence = normalise(log_joint(program, z[:, : program.dimension]))[1]
    labels = (*program.labels, *spare)
    published = tuple(standing.probability for standing in posterior.standings)
    return PageDraws(posterior.case, posterior.model, posterior.settings, labels, z, weights, log_evidence, published)


def page_answer(embedded: PageDraws, changes: Changes) -> PageAnswer:
    """The answer of these draws, plainly weighted by ``p(E' | theta') / p(E | theta)``."""
    as_of = embedded.settings.as_of
    program = changed(Variant(embedded.case, embedded.model, as_of), embedded.case.as_of(as_of), changes).program
    probability, log_evidence = normalise(log_joint(program, _columns(embedded, program)))
    log_weight = log_evidence - embedded.log_evidence
    if not np.isfinite(log_weight).any():
        none = (float("nan"),) * len(program.factions)
        return PageAnswer(none, none, 0.0)
    weights = embedded.weights * np.exp(log_weight - log_weight.max())
    weights /= weights.sum()
    possible = np.where(weights[:, None] > 0, probability, 0.0)
    mean = (weights[:, None] * possible).sum(axis=0)
    error = np.sqrt(((weights[:, None] * (possible - mean)) ** 2).sum(axis=0))
    return PageAnswer(tuple(mean.tolist()), tuple(error.tolist()), float(1.0 / np.sum(weights**2)))


def _columns(embedded: PageDraws, program: Program) -> Floats:
    """The standard normals of a changed network: (draw, coordinate)."""
    place = {label: column for column, label in enumerate(embedded.labels)}
    place |= {new: place[old] for new, old in substitutes(embedded.case, embedded.labels, program.labels).items()}
    return np.ascontiguousarray(embedded.z[:, [place[label] for label in program.labels]])


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
