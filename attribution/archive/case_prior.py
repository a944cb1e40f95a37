"""What past events say about who carried out the incident of a case, as independent uncertain weights, in a small text.

The incident is put as one more event after those that were over before its day.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from dataclasses import dataclass, replace

import numpy as np

from attribution.archive.codes import MISSING, Coding, Floats, Ints, LabelSets
from attribution.archive.events import LIMITS, NOT_RECORDED, UNKNOWN, EventTable
from attribution.archive.model.classes import OTHER, Classes
from attribution.archive.model.coefficients import Coefficients, choose_shrinkage, learn, weigh
from attribution.archive.model.features import PrequentialFilter
from attribution.archive.model.forecast import Store
from attribution.archive.model.posterior import draw_coefficients
from attribution.archive.model.settings import Shrinkage, cautious
from attribution.archive.reading.mapping import CaseLink
from attribution.archive.reading.read import Archive
from attribution.domain.case import Case, Incident
from attribution.domain.identifiers import OTHER as OPEN
from attribution.domain.model import FEW_LABELS
from attribution.errors import EventError
from attribution.reading.vocabulary import HISTORY_FORMAT

_Z95 = 1.6448536269514722
_NARROWEST = 0.02  # standard deviation on the log scale: nothing is known better than that
_REPLICATES = 300
_FEW = 100
_UNLINKED = "Not in the archive: it has a part of what is given to groups unknown there."
_EPOCH_ORDINAL = 719_163  # of 1970-01-01, in the days of `date.toordinal`
_EPOCH = dt.date(1970, 1, 1)


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
    """The archive's forecast of the incident, with two kinds of doubt: about the events, and about the coefficients.

    Each replicate draws as many events with replacement, learns the coefficients from them, draws coefficients around
    the learned ones, and forecasts the incident. Factions that are no class of their own in the case's tree go to
    `other`.

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


def before_and_incident(events: EventTable, incident: Incident, link: CaseLink) -> EventTable:
    """The events that were over before the day of the incident, and the incident itself as the last, of unknown hand.

    Raises
    ------
    EventError
        No event was over before that day.
    """
    day = incident.date.day.toordinal() - _EPOCH_ORDINAL
    past = np.flatnonzero(events.last_day < day)
    if not len(past):
        raise EventError(
            f"no event was over before {incident.date.day}, the day of the incident.",
            allowed="a table with earlier events",
        )
    return with_event(events.take(past), day, incident, dict(link.incident))


def with_event(events: EventTable, day: int, incident: Incident, words: dict[str, str]) -> EventTable:
    """The table with one more event, described by its day, its place and some words."""
    latitude, longitude = (np.nan if at is None else at for at in (incident.latitude, incident.longitude))
    return replace(
        events,
        id=np.array([*events.id.tolist(), "the incident"], dtype=np.dtypes.StringDType()),
        row=np.append(events.row, -1),
        day=np.append(events.day, day),
        precision=np.append(events.precision, 0),
        label=np.append(events.label, UNKNOWN),
        claim=np.append(events.claim, NOT_RECORDED),
        certainty=np.append(events.certainty, 1.0),
        among=LabelSets(np.append(events.among.start, events.among.start[-1]), events.among.member),
        place=_places(events.place, words),
        features=tuple(_more(coding, words.get(coding.name, "")) for coding in events.features),
        latitude=np.append(events.latitude, latitude),
        longitude=np.append(events.longitude, longitude),
    )


def prior_text(prior: CasePrior, archive: Archive, case: Case, link: CaseLink, command: str) -> str:
    """The file that `perpetrator: {archive: NAME}` names; texts are quoted, so that nothing in them can break out."""
    mapping, used = archive.mapping, prior.used
    labelled = int(used.labelled.sum())
    partial = int(used.among.partial.sum())
    first, last = (str(_EPOCH + dt.timedelta(days=int(day))) for day in (used.day[0], used.last_day.max()))
    lines = [
        f"# What past events say about {case.id}, by the command below; which names are one is a judgement.",
        "# Weights are 5, 50 and 95 % quantiles, and only their ratios count.",
        f"format: {HISTORY_FORMAT}",
        f"case: {case.id}",
        f"title: {_quoted(f'{mapping.title}: what was over before {case.incident.date.day}')}",
        f"made_by: {_quoted(command)}",
        f"table: {{file: {_quoted(archive.file)}, sha256: {_quoted(archive.sha256)}}}",
        f"mapping: {{file: {_quoted(mapping.file)}, sha256: {_quoted(_hash(mapping.text))}}}",
        f"before: {case.incident.date.day}",
        f"used: {{events: {len(used)}, labelled: {labelled}, partial: {partial}, first: {first}, last: {last}}}",
        f"left_out: [{', '.join(_quoted(id) for id in sorted(mapping.excluded(case.id)))}]",
        *_incident(case, link),
        "factions:",
        *(line for weight in prior.weights for line in _weight(weight)),
        f"other: [{', '.join(f'{value:.4g}' for value in prior.other)}]",
        "limits:",
        *(f"  - {_quoted(limit)}" for limit in limits(prior, labelled)),
    ]
    return "\n".join(lines) + "\n"


def limits(prior: CasePrior, labelled: int) -> list[str]:
    """What a reader of the prior must know."""
    unnamed = [weight.label for weight in prior.weights if weight.label and not weight.alone]
    found = [*LIMITS]
    if labelled < FEW_LABELS:
        found.insert(0, f"Only {labelled} events have one known perpetrator, so single events move these numbers.")
    if unnamed:
        found.append(
            f"No event names {', '.join(unnamed)} alone: what they have comes from events that may have been theirs, "
            "and hardly anything here tells them apart."
        )
    return found


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
        return cautious(len(store.prequential.names))
    return choose_shrinkage(store.examples(), int(table.day[-1]), store.prequential.shrinkage)


def _filled(table: EventTable, classes: Classes) -> Store:
    """All events but the last gone through."""
    prequential = PrequentialFilter(table, classes)
    size = (len(prequential.names), len(classes))
    store = Store(prequential, len(table), size)
    store.advance(len(table) - 1, Coefficients.prior(*size, prequential.shrinkage), 1 << 40)
    return store


def _forecast(
    table: EventTable, classes: Classes, rows: Ints, shrinkage: Shrinkage, rng: np.random.Generator
) -> Floats:
    """Probabilities of the incident, (class,), when the past was these rows."""
    store = _filled(table.take(np.append(rows, len(table) - 1)), classes)
    examples, now = store.examples(), int(table.day[-1])
    learned = learn(examples, now, shrinkage, Coefficients.prior(len(store.prequential.names), len(classes), shrinkage))
    chosen, weight = weigh(examples, now, shrinkage.half_life)
    drawn = draw_coefficients(examples, chosen, weight, shrinkage, learned, 1, rng)
    return np.asarray(store.prequential.advance(store.prequential.position + 1, drawn.slope[0], drawn.intercept[0])[0])


def _summary(used: EventTable, classes: Classes, case: Case, link: CaseLink, probability: Floats) -> CasePrior:
    """Weights of the case's nodes. A faction without a link shares what the archive gives to `other`, as one group."""
    linked = {node: (label, why) for node, label, why in link.factions}
    tree = case.factions
    bare = [leaf for leaf in tree.leaves if leaf != OPEN and not any(node in linked for node in tree.upward(leaf))]
    open_share = probability[:, classes.other] / (1.0 + len(bare))
    nodes = [*linked, *bare]
    columns = [probability[:, at] for at in range(len(linked))] + [open_share] * len(bare)
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


def _triple(probability: Floats) -> tuple[float, float, float]:
    low, best, high = (float(value) for value in np.quantile(probability, (0.05, 0.5, 0.95)))
    return low, best, high


def _places(levels: tuple[Coding, ...], words: dict[str, str]) -> tuple[Coding, ...]:
    path: list[str] = []
    out = []
    for level in levels:
        word = words.get(level.name, "")
        path.append(word or "?")
        out.append(_more(level, " / ".join(path) if word else ""))
    return tuple(out)


def _more(coding: Coding, word: str) -> Coding:
    """The column with one more code; a word that is not among its names is a new one."""
    if not word:
        return Coding(coding.name, np.append(coding.codes, MISSING), coding.names)
    names = coding.names if word in coding.names else (*coding.names, word)
    return Coding(coding.name, np.append(coding.codes, names.index(word)), names)


def _incident(case: Case, link: CaseLink) -> list[str]:
    words = {"date": str(case.incident.date.day)}
    if case.incident.latitude is not None and case.incident.longitude is not None:
        words |= {"latitude": f"{case.incident.latitude:g}", "longitude": f"{case.incident.longitude:g}"}
    words |= dict(link.incident)
    described = ", ".join(f"{key}: {_quoted(word)}" for key, word in words.items())
    return [f"# {link.because}" if link.because else "#", f"incident: {{{described}}}"]


def _weight(weight: NodeWeight) -> list[str]:
    counted = f" {weight.alone} events alone, {weight.among} that may have been its." if weight.label else ""
    label = f"label: {_quoted(weight.label)}, " if weight.label else ""
    return [
        f"  {weight.node}:",
        f"    {{weight: [{', '.join(f'{value:.4g}' for value in weight.weight)}], share: {weight.share:.3f}, {label}"
        f"because: {_quoted(weight.because + counted)}}}",
    ]


def _quoted(text: str) -> str:
    """A text as a double-quoted YAML scalar (which JSON's are)."""
    return json.dumps(text, ensure_ascii=False)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
