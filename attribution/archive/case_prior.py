"""What past events say about who carried out the incident of a case, as independent uncertain weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from attribution.archive.case_link import CaseLink
from attribution.archive.classes import OTHER, Classes
from attribution.archive.codes import Floats, Ints
from attribution.archive.discounts import Discounts
from attribution.archive.events import EventTable
from attribution.archive.forecast import Store
from attribution.archive.incident import before_and_incident
from attribution.archive.laplace import draw_discounts
from attribution.archive.learning import choose_shrinkage, learn, weigh
from attribution.archive.settings import Shrinkage
from attribution.archive.stream import Stream
from attribution.domain.case import Case
from attribution.domain.identifiers import OTHER as OPEN
from attribution.errors import EventError

_Z95 = 1.6448536269514722
_NARROWEST = 0.02  # standard deviation on the log scale: nothing is known better than that
_REPLICATES = 300
_FEW = 100
_UNLINKED = "Not in the archive: it has a part of what is given to groups unknown there."


@dataclass(frozen=True, slots=True)
class NodeWeight:
    """A node of the case: its weight as 5, 50 and 95 % quantiles, and the mean probability the archive gives it."""

    node: str
    label: str
    because: str
    weight: tuple[float, float, float]
    share: float
    alone: int  # events of that faction alone
    among: int  # events that may have been its


@dataclass(frozen=True, slots=True)
class CasePrior:
    """What an archive says about a case, from events that were over before the incident."""

    weights: tuple[NodeWeight, ...]
    other: tuple[float, float, float]
    other_share: float
    used: EventTable  # without the incident
    replicates: int


def case_prior(
    events: EventTable, case: Case, link: CaseLink, *, seed: int = 1, replicates: int = _REPLICATES
) -> CasePrior:
    """The archive's forecast of the incident, with two kinds of doubt: about the events, and about the discounts.

    Each replicate draws as many events with replacement, learns the discounts from them, draws discounts around the
    learned ones, and forecasts the incident. Factions that are no class of their own in the case's tree go to `other`.

    Raises
    ------
    EventError
        A faction that the table does not have, or no event before the incident.
    """
    table = before_and_incident(events, case.incident, link)
    classes = _linked(table, case, link)
    rng = np.random.default_rng(seed)
    past = len(table) - 1
    shrinkage = _shrinkage(table, classes)
    rows = [np.sort(rng.integers(0, past, past)) for _ in range(replicates)]
    probability = np.stack([_forecast(table, classes, one, shrinkage, rng) for one in rows])
    return _summary(table.take(slice(0, past)), classes, case, link, probability)


def _linked(events: EventTable, case: Case, link: CaseLink) -> Classes:
    """One class for each linked faction; everybody else is `other`."""
    for node, label, _ in link.factions:
        if label not in events.factions:
            raise EventError.unknown(
                "factions of the table", label, events.factions, at=("cases", case.id, "factions", node, "label")
            )
    names = tuple(label for _, label, _ in link.factions)
    of_faction = [names.index(name) if name in names else len(names) for name in events.factions]
    return Classes((*names, OTHER), np.array(of_faction, dtype=np.int64))


def _shrinkage(table: EventTable, classes: Classes) -> Shrinkage:
    """As strong as forecasts within the past say; with too few events to say it, `cautious`."""
    store = _filled(table, classes)
    if len(store.examples()) < _FEW:
        return cautious(len(store.stream.names))
    return choose_shrinkage(store.examples(), int(table.day[-1]), store.stream.shrinkage)


def cautious(features: int) -> Shrinkage:
    """Discounts that together make one: all log-features count as one piece of evidence until events say otherwise.

    A hundred events are needed to learn what each is worth. Fewer cannot tell a dozen features that repeat one another
    from a dozen that do not, and must not multiply them.
    """
    one = 1.0 / features
    return Shrinkage(discount=one, discount_sd=one, faction_sd=one)


def _filled(table: EventTable, classes: Classes) -> Store:
    """All events but the last gone through."""
    stream = Stream(table, classes)
    size = (len(stream.names), len(classes))
    store = Store(stream, len(table), size)
    store.advance(len(table) - 1, Discounts.prior(*size, stream.shrinkage), 1 << 40)
    return store


def _forecast(
    table: EventTable, classes: Classes, rows: Ints, shrinkage: Shrinkage, rng: np.random.Generator
) -> Floats:
    """Probabilities of the incident, (class,), when the past was these rows."""
    store = _filled(table.take(np.append(rows, len(table) - 1)), classes)
    examples, now = store.examples(), int(table.day[-1])
    learned = learn(examples, now, shrinkage, Discounts.prior(len(store.stream.names), len(classes), shrinkage))
    chosen, weight = weigh(examples, now, shrinkage.half_life)
    drawn = draw_discounts(examples, chosen, weight, shrinkage, learned, 1, rng)
    return np.asarray(store.stream.advance(store.stream.position + 1, drawn.slope[0], drawn.intercept[0])[0])


def _summary(used: EventTable, classes: Classes, case: Case, link: CaseLink, probability: Floats) -> CasePrior:
    """Weights of the case's nodes. A faction without a link shares what the archive gives to `other`, by size."""
    linked = {node: (label, why) for node, label, why in link.factions}
    tree = case.factions
    bare = [leaf for leaf in tree.leaves if leaf != OPEN and not any(node in linked for node in tree.upward(leaf))]
    open_share = probability[:, classes.other] / (1.0 + sum(tree[leaf].size for leaf in bare))
    nodes = [*linked, *bare]
    columns = [probability[:, at] for at in range(len(linked))] + [open_share * tree[leaf].size for leaf in bare]
    column = np.stack(columns, axis=1)
    middle, deviation = independent_logs(column)
    alone = np.bincount(used.label[used.labelled], minlength=len(used.factions))
    among = np.bincount(used.among.member, minlength=len(used.factions))
    weights = []
    for at, node in enumerate(nodes):
        label, why = linked.get(
            node, ("", "Not in the archive: it has a part of what is given to groups unknown there.")
        )
        code = used.factions.index(label) if label else -1
        triple = tuple(float(np.exp(middle[at] + z * deviation[at])) for z in (-_Z95, 0.0, _Z95))
        counts = (int(alone[code]), int(among[code])) if label else (0, 0)
        weights.append(NodeWeight(node, label, why, triple, float(column[:, at].mean()), *counts))  # type: ignore[arg-type]
    return CasePrior(tuple(weights), _triple(open_share), float(open_share.mean()), used, len(probability))


def independent_logs(share: Floats) -> tuple[Floats, Floats]:
    """Medians and deviations of independent log weights whose differences vary as those of the shares (draw, node).

    If the log weights have variances v and are independent, the log ratio of i and j has variance v_i + v_j. Least
    squares over all pairs give v; for draws of a Dirichlet distribution, which is gamma weights made to sum to one,
    this is exact.
    """
    log = np.log(np.maximum(share, 1e-12))
    middle = np.median(log - log.mean(axis=1, keepdims=True), axis=0)
    size = log.shape[1]
    if size == 1:
        return middle, np.array([_NARROWEST])
    pairs = np.var(log[:, :, None] - log[:, None, :], axis=0)
    if size == 2:
        variance = np.full(2, pairs[0, 1] / 2)
    else:
        row = pairs.sum(axis=1)
        variance = (row - row.sum() / (2 * (size - 1))) / (size - 2)
    return middle, np.sqrt(np.maximum(variance, _NARROWEST**2))


def _triple(probability: Floats) -> tuple[float, float, float]:
    low, best, high = (float(value) for value in np.quantile(probability, (0.05, 0.5, 0.95)))
    return low, best, high
