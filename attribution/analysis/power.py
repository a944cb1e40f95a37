"""Power-scaling: what if a part of the prior, or one origin, counted a little more or a little less?"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from attribution.analysis.factors import tempered_log_joint
from attribution.analysis.finding import Finding, beyond_reach
from attribution.analysis.perturbations import Variant
from attribution.analysis.reweighting import reweight_nearby
from attribution.analysis.units import units
from attribution.analysis.workspace import Workspace
from attribution.domain.verbal import DECIBANS
from attribution.errors import UsageError
from attribution.inference.posterior import Posterior
from attribution.network.program import Coordinate, Floats
from attribution.network.summation import log_joint_at, normalise
from attribution.plots.figures import DotRow, Key, Scale, dots

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

Kind = Literal["perpetrator", "numbers", "evidence", "origin"]
ALPHAS = (0.8, 1.25)
THRESHOLD = 0.05  # of the distance per doubling, below which ArviZ and Kallioinen et al. (2024) call it insensitive
DRAWN = 14  # rows of a figure
_BLOCKS = {
    "prior": "Prior shares",
    "size": "Sizes",
    "surprise": "Surprise",
    "reliability": "What grades are worth",
    "forged": "Forgery",
    "staged": "Staging",
    "deceptive": "Deception",
    "copies": "Copying",
    "anyway": "What would be said anyway",
    "detection": "Detection",
    "ratio": "Weights already given",
}


@dataclass(frozen=True, slots=True)
class Scaled:
    """The posterior with one component to the power of each alpha.

    `probabilities` (alpha, faction); `per_doubling` is how far the leader's probability moves when the power doubles,
    `lead_per_doubling` how far the log-odds of leader against runner-up do, in decibans; `sensitivity` is the distance
    per doubling between the distributions of the leader's probability over the inputs. `khat` is None where the
    effective sample size is at least 400 at both powers.
    """

    id: str
    kind: Kind
    label: str
    probabilities: tuple[tuple[float, ...], ...]
    per_doubling: float
    lead_per_doubling: float
    sensitivity: float
    diagnosis: str
    ess: float
    khat: float | None


@dataclass(frozen=True, slots=True)
class PowerScaling(Finding):
    """What each component of the prior and each origin does when it counts a little less or a little more.

    Attributes
    ----------
    alphas
        The two powers, below and above 1.
    factions
        Ids of the factions, in the order of the case.
    leader
        The most probable faction.
    leader_label
        Its name for a reader.
    runner_up
        The second most probable faction.
    evidence
        All evidence together to each power.
    components
        Every component of the prior and every origin, the most influential first.
    draws
        How many draws it was worked out from.

    Examples
    --------
    >>> findings.power.alphas
    (0.8, 1.25)
    """

    alphas: tuple[float, float]
    factions: tuple[str, ...]
    leader: str
    leader_label: str
    runner_up: str
    evidence: Scaled
    components: tuple[Scaled, ...]
    draws: int = field(metadata={"json": False})

    @property
    def title(self) -> str:
        return "If a part counted more, or less"

    @property
    def method(self) -> str:
        """What was perturbed, and how it was computed."""
        low, high = self.alphas
        return (
            f"Each component is taken to the power {low:g} and {high:g}: a block of numbers by weighting the draws "
            "with its log-prior, an origin's factor and the prior over factions inside the sum, which is exact in "
            "every draw. No new fit."
        )

    def to_frame(self) -> pd.DataFrame:
        """One row per component: kind, the leader's probability at each power, effects per doubling, diagnosis."""
        import pandas as pd

        place = self.factions.index(self.leader)
        rows = [
            {
                "component": one.id,
                "kind": one.kind,
                **{
                    f"leader at {alpha:g}": given[place]
                    for alpha, given in zip(self.alphas, one.probabilities, strict=True)
                },
                "per_doubling": one.per_doubling,
                "lead_per_doubling": one.lead_per_doubling,
                "sensitivity": one.sensitivity,
                "diagnosis": one.diagnosis,
                "ess": one.ess,
                "khat": one.khat,
            }
            for one in (self.evidence, *self.components)
        ]
        return pd.DataFrame(rows).set_index("component")

    @property
    def summary(self) -> str:
        strongest = [one for one in self.components if one.sensitivity >= THRESHOLD]
        shown = strongest[:3] or self.components[:1]
        phrases = "; ".join(f"{one.label} {100 * one.per_doubling:+z.1f} points ({one.diagnosis})" for one in shown)
        return (
            f"{len(strongest)} of {len(self.components)} components move the answer noticeably (distance per doubling "
            f"at least {THRESHOLD}). Per doubling of its power, the probability of {self.leader_label} moves most for: "
            f"{phrases}. All evidence together: {100 * self.evidence.per_doubling:+z.1f} points."
        )

    def unreliable(self) -> tuple[str, ...]:
        """What in it the draws do not reach, one sentence each."""
        parts = (self.evidence, *self.components)
        return beyond_reach(((f"{one.label} at another power", one) for one in parts), self.draws)

    def plot(self, ax: Axes | None = None) -> Axes:
        """A row per component, the most influential first: an open mark at the lower power, a filled one above."""
        place = self.factions.index(self.leader)
        low, high = self.alphas
        rows = []
        for one in (self.evidence, *self.components)[:DRAWN]:
            start, end = (given[place] for given in one.probabilities)
            rows.append(DotRow(one.label, end, "rival" if one.kind == "origin" else "lead", start, (start, end)))
        phrases = f"open at power {low:g}, filled at {high:g}"
        keys = (Key(f"prior, or all evidence: {phrases}", "lead"), Key(f"origin: {phrases}", "rival"))
        return dots(
            rows,
            Scale(f"probability of {self.leader_label}", "near"),
            title=f"Probability of {self.leader_label} if one component counted less or more",
            note=self.method,
            keys=keys,
            ax=ax,
        )


def power_scaling(posterior: Posterior, alphas: tuple[float, float] = ALPHAS) -> PowerScaling:
    """Sensitivity of the probabilities to the power of each prior component and of each origin.

    Follows Kallioinen et al. (2024, doi:10.1007/s11222-023-10366-5): for functions of the unknown numbers it is ArviZ's
    `psense`. The prior over factions is scaled relative to size, ``size (pi / size)^alpha``, so that splitting a
    faction changes nothing; at power 0 every organisation would be as probable as any other. The factor of an act says
    only that it happened: how much it bears on the question is in the table of its fact, a component of its own.

    Parameters
    ----------
    posterior
        The posterior whose parts are scaled.
    alphas
        Two powers, one below and one above 1.

    Returns
    -------
    PowerScaling
        The components, the most influential first.

    Raises
    ------
    UsageError
        Powers that do not lie on both sides of 1.

    Examples
    --------
    >>> at.power_scaling(posterior).components[0].id
    'perpetrator'
    """
    if not 0 < alphas[0] < 1 < alphas[1]:
        raise UsageError(f"the powers are {alphas[0]:g} and {alphas[1]:g}.", allowed="one between 0 and 1, one above 1")
    scale = _Scale.of(posterior, alphas)
    evidence = scale.scaled("evidence", "evidence", "All evidence", *_evidence(posterior, alphas))
    found = [
        scale.scaled("perpetrator", "perpetrator", "Prior over factions", *_perpetrator(posterior, alphas)),
        *_blocks(posterior, scale),
        *_origins(posterior, scale),
    ]
    diagnosed = [replace(one, diagnosis=_diagnosis(one, evidence.sensitivity)) for one in found]
    diagnosed.sort(key=lambda one: (-one.sensitivity, -abs(one.per_doubling)))
    first, second = posterior.ranking[:2]
    factions = posterior.program.factions
    return PowerScaling(
        alphas, factions, first.id, first.label, second.id, evidence, tuple(diagnosed), len(posterior.draws.weights)
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Scale:
    """The posterior that everything is compared with."""

    posterior: Posterior
    alphas: tuple[float, float]
    first: int
    second: int
    base: OrderedSample

    @classmethod
    def of(cls, posterior: Posterior, alphas: tuple[float, float]) -> _Scale:
        first, second = (posterior.program.factions.index(one.id) for one in posterior.ranking[:2])
        base = OrderedSample.of(posterior.faction_draws[:, first], posterior.draws.weights)
        return cls(posterior, alphas, first, second, base)

    def scaled(self, id: str, kind: Kind, label: str, *changes: Change) -> Scaled:
        """What the changes at the two powers amount to."""
        scaled = [reweight_nearby(self.posterior, change.log_ratio, change.probability) for change in changes]
        means = [one.probabilities for one in scaled]
        distances = [
            self.base.distance_to_weights(one.weights)
            if change.probability is None
            else self.base.distance(one.probability[:, self.first], one.weights)
            for one, change in zip(scaled, changes, strict=True)
        ]
        steps = [abs(math.log2(alpha)) for alpha in self.alphas]
        odds = [_log_odds(mean[self.first], mean[self.second]) for mean in means]
        return Scaled(
            id=id,
            kind=kind,
            label=label,
            probabilities=tuple(tuple(float(value) for value in mean) for mean in means),
            per_doubling=float(means[1][self.first] - means[0][self.first]) / sum(steps),
            lead_per_doubling=DECIBANS * (odds[1] - odds[0]) / sum(steps),
            sensitivity=float(np.mean([distance / step for distance, step in zip(distances, steps, strict=True)])),
            diagnosis="",
            ess=min(one.ess for one in scaled),
            khat=max((one.khat for one in scaled if one.khat is not None), default=None),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """``log p(E' | theta) - log p(E | theta)`` (draw,), and ``p(h | E', theta)`` (draw, faction) where that changed."""

    log_ratio: Floats
    probability: Floats | None = None

    @classmethod
    def to(cls, posterior: Posterior, log_joint: Floats) -> Change:
        """The change to another log-joint (draw, faction)."""
        probability, log_evidence = normalise(log_joint)
        return cls(log_evidence - posterior.log_evidence, probability)


def _log_odds(first: float, second: float) -> float:
    tiny = 1e-300
    return math.log(max(first, tiny)) - math.log(max(second, tiny))


def _evidence(posterior: Posterior, alphas: tuple[float, float]) -> list[Change]:
    """All evidence together, as one likelihood of the unknown numbers: what ArviZ scales."""
    return [Change(_tempered(posterior, posterior.log_evidence, alpha)) for alpha in alphas]


def _tempered(posterior: Posterior, log_term: Floats, alpha: float) -> Floats:
    """The log-ratio of a term (draw,) of the density at power alpha to itself; as ArviZ smooths it for equal draws."""
    if posterior.draws.log_weight is not None or np.ptp(log_term) < 1e-12:
        return (alpha - 1.0) * log_term
    from arviz_stats.base.array import array_stats

    by_chain = log_term.reshape(posterior.draws.shape)
    return np.asarray(array_stats.power_scale_lw(by_chain, alpha=alpha, axis=[0, 1])).ravel()


def _perpetrator(posterior: Posterior, alphas: tuple[float, float]) -> list[Change]:
    slot = posterior.program.ints.size_slot
    log_share = posterior.parts.prior - np.log(np.where(slot < 0, 1.0, posterior.slots[:, slot]))
    return [Change.to(posterior, posterior.log_joint + (alpha - 1.0) * log_share) for alpha in alphas]


def _blocks(posterior: Posterior, scale: _Scale) -> list[Scaled]:
    """Blocks of uncertain numbers: each trait, each table, and every other kind of number as one."""
    columns: dict[tuple[str, str], list[int]] = {}
    for position, coordinate in enumerate(posterior.program.coordinates):
        columns.setdefault(block_of(coordinate), []).append(position)
    z = posterior.draws.flat
    found = []
    for (id, label), places in columns.items():
        log_prior = -0.5 * np.sum(z[:, places] ** 2, axis=1)
        changes = [Change(_tempered(posterior, log_prior, alpha)) for alpha in scale.alphas]
        found.append(scale.scaled(id, "numbers", label, *changes))
    return found


def block_of(coordinate: Coordinate) -> tuple[str, str]:
    """The component of the prior that an uncertain number belongs to: id and label."""
    if coordinate.block in ("trait", "table"):
        name = str(coordinate.at[1])
        return f"{coordinate.block}:{name}", f"{coordinate.block.capitalize()} of {name.replace('-', ' ')}"
    return coordinate.block, _BLOCKS.get(coordinate.block, coordinate.block.capitalize())


@dataclass(frozen=True, slots=True)
class OriginPower:
    """The factor of one origin to a power: a perturbation whose amount counts doublings of it."""

    id: str

    def apply(self, variant: Variant, amount: float) -> Variant:
        return variant.edited(lambda program: program.powered(self.id, 2.0**amount))

    def preview(self, workspace: Workspace, amount: float) -> Floats:
        if workspace.rows is None:
            return tempered_log_joint(workspace.posterior, self.id, 2.0**amount)
        return log_joint_at(workspace.program.powered(self.id, 2.0**amount), workspace.slots)

    def size(self, amount: float) -> float:
        return abs(amount)


def _origins(posterior: Posterior, scale: _Scale) -> list[Scaled]:
    whole = Workspace(posterior)
    return [
        scale.scaled(
            unit.id,
            "origin",
            unit.label,
            *(Change.to(posterior, OriginPower(unit.id).preview(whole, math.log2(alpha))) for alpha in scale.alphas),
        )
        for unit in units(posterior, "origin")
    ]


def _diagnosis(one: Scaled, evidence: float) -> str:
    if one.sensitivity < THRESHOLD:
        return "little influence"
    side = "for the leader" if one.per_doubling > 0 else "against the leader"
    if one.kind == "origin":
        return f"speaks {side}"
    return f"pulls {side}; " + ("the evidence is weak" if evidence < THRESHOLD else "the evidence speaks too")


@dataclass(frozen=True, slots=True, eq=False)
class OrderedSample:
    """A weighted sample of one number, put in order once so that many others can be compared with it."""

    values: Floats
    weights: Floats
    order: NDArray[np.int64]

    @classmethod
    def of(cls, values: Floats, weights: Floats) -> OrderedSample:
        return cls(values, weights, np.argsort(values, kind="stable"))

    def distance_to_weights(self, weights: Floats) -> float:
        """The distance to the same values under other weights: what ArviZ calls ``cjs_dist`` in `psense`."""
        ordered = self.values[self.order]
        return _either_tail(np.diff(ordered), self.weights[self.order], weights[self.order])

    def distance(self, values: Floats, weights: Floats) -> float:
        """The distance to another weighted sample."""
        support = np.concatenate([self.values, values])
        order = np.argsort(support, kind="stable")
        mine = np.concatenate([self.weights, np.zeros(len(values))])[order]
        theirs = np.concatenate([np.zeros(len(self.values)), weights])[order]
        return _either_tail(np.diff(support[order]), mine, theirs)


def _either_tail(width: Floats, weights: Floats, others: Floats) -> float:
    """The larger of the distances of the values and of their negatives, so that neither tail is overlooked."""
    wide = width > 0.0
    below, other_below = (np.minimum(np.cumsum(one)[:-1][wide], 1.0) for one in (weights, others))
    width = width[wide]
    return max(_distance(width, below, other_below), _distance(width, 1.0 - below, 1.0 - other_below))


def _distance(width: Floats, p: Floats, q: Floats) -> float:
    """The root of the symmetric divergence of two cumulative functions over its bound."""
    middle = 0.5 * (p + q)
    bound = float(np.sum(width * (p + q)))
    if bound <= 0.0:
        return 0.0
    gap = 0.5 / np.log(2.0) * float(np.sum(width * (q - p)))
    there = max(0.0, float(np.sum(width * _times_log_ratio(p, middle))) + gap)
    back = max(0.0, float(np.sum(width * _times_log_ratio(q, middle))) - gap)
    return float(np.sqrt((there + back) / bound))


def _times_log_ratio(p: Floats, middle: Floats) -> Floats:
    """``p log2(p / middle)``, 0 where p is."""
    held = p > 0.0
    return np.where(held, p * np.log2(np.where(held, p, 1.0) / np.where(held, middle, 1.0)), 0.0)
