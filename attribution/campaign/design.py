"""From a series and assumptions to the arrays that the likelihood works on."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from attribution.campaign.assumptions import PARAMETERS, Assumption, Assumptions
from attribution.campaign.document import Intervention, Observer, Tempo
from attribution.domain.numbers import Number
from attribution.network.curves import curve
from attribution.network.program import Floats, Ints

if TYPE_CHECKING:
    from attribution.modelling.tempo_kernel import Packed

_FOREVER = 1 << 40
_DAY = dt.timedelta(days=1)
_SLOW_EDGE, _FAST_EDGE = 1.5, 1.2  # how far the box of a process reaches beyond the series, in half-lengths
_MOST_FAST = 160
_WIDTH = 2 * 1.6448536269514722  # standard deviations from the 5 % to the 95 % quantile
_REGISTERED = 0.999  # a delay is followed until so many attacks are registered


@dataclass(frozen=True, slots=True)
class Group:
    """Interventions whose effects are pooled: of one kind, all fading or all lasting."""

    kind: str
    lasts: bool

    @property
    def name(self) -> str:
        usual = (self.kind != "strike") == self.lasts
        return self.kind if usual else f"{self.kind} that {'may last' if self.lasts else 'fades'}"


@dataclass(frozen=True, slots=True, eq=False)
class Observation:
    """A count, or the step between two totals: its days, what was stated, and whether nothing can be seen inside."""

    first: dt.date
    last: dt.date
    count: int  # of the interval, or by how much the total rose
    total: int  # stated; -1 for a count
    label: str


@dataclass(frozen=True, slots=True, eq=False)
class Design:
    """What one observer saw, as arrays, with the names of what is in them."""

    tempo: Tempo
    observer: Observer
    assumptions: Assumptions
    interventions: tuple[Intervention, ...]
    groups: tuple[Group, ...]
    observations: tuple[Observation, ...]
    packed: Packed
    pooled: bool

    @property
    def size(self) -> int:
        """Coordinates of z."""
        return len(self.packed.curves) + len(self.packed.effects) + len(self.packed.frequency)

    @property
    def first_effect(self) -> int:
        """Where the effects begin in z."""
        return len(self.packed.curves)

    @property
    def labels(self) -> tuple[str, ...]:
        """A name for each coordinate of z."""
        groups = tuple(group.name for group in self.groups)
        fast = len(self.packed.frequency) - self.packed.slow
        return (
            *PARAMETERS,
            *(f"mean of {name}" for name in groups),
            *(f"spread of {name}" for name in groups),
            *(one.id for one in self.interventions),
            *(f"slow {at}" for at in range(self.packed.slow)),
            *(f"fast {at}" for at in range(fast)),
        )

    def day(self, index: int) -> dt.date:
        """A day of the series by its number."""
        return self.tempo.first + dt.timedelta(days=index)

    def index(self, day: dt.date) -> int:
        """The number of a day of the series."""
        return (day - self.tempo.first).days

    def log_effects(self, z: Floats) -> Floats:
        """Logs of the ratios (draw, intervention) from draws of z (draw, size)."""
        mean, spread = self.log_kinds(z), self.spreads(z)
        group = self.packed.effects[:, 0]
        start = self.first_effect
        return np.asarray(mean[:, group] + spread[:, group] * z[:, start : start + len(group)])

    def log_kinds(self, z: Floats) -> Floats:
        """Means of the log ratios of the groups (draw, group)."""
        return np.column_stack(
            [np.empty((len(z), 0)), *(self.scalar(z, self._scalars + g) for g in range(len(self.groups)))]
        )

    def spreads(self, z: Floats) -> Floats:
        """How much log ratios differ within the groups (draw, group)."""
        at = self._scalars + len(self.groups)
        return np.exp(
            np.column_stack([np.empty((len(z), 0)), *(self.scalar(z, at + g) for g in range(len(self.groups)))])
        )

    def scalar(self, z: Floats, position: int) -> Floats:
        """A scalar on its log scale (draw,)."""
        a, b, d, s = self.packed.curves[position]
        x = z[:, position]
        return np.asarray(a + b * (np.sinh(d * (x + s)) if d > 0 else x))

    @property
    def _scalars(self) -> int:
        return len(PARAMETERS)

    def shares(self, z: Floats) -> Floats:
        """How much of each effect is felt on each day (draw, intervention, day)."""
        tau, delta = np.exp(self.scalar(z, 6)), np.exp(self.scalar(z, 7))
        days = np.arange(self.tempo.days)
        out = np.zeros((len(z), len(self.packed.effects), len(days)))
        for k, (_, form, day, last) in enumerate(self.packed.effects):
            since = days - day
            age = (since - 1) / tau[:, None] if form == 0 else (since + 0.5) / delta[:, None]
            felt = (since >= (1 if form == 0 else 0)) & (days <= last)
            decay = np.exp(-np.where(felt, age, 0.0))
            out[:, k] = np.where(felt, decay if form == 0 else 1.0 - decay, 0.0)
        return out

    def with_interventions(self, interventions: tuple[Intervention, ...]) -> Design:
        """The same counts under other interventions."""
        return design(self.tempo, self.observer, self.assumptions, interventions=interventions, pooled=self.pooled)

    def until(self, many: int) -> Design:
        """As it was when only so many of the observations were known; coordinates stay the same."""
        packed, end = self.packed, int(self.packed.start[many])
        known = packed._replace(
            start=packed.start[: many + 1],
            day=packed.day[:end],
            weight=packed.weight[:end],
            counted=packed.counted[:many],
            kind=packed.kind[:many],
            error=packed.error[:many],
        )
        return replace(self, observations=self.observations[:many], packed=known)

    def with_counts(self, counts: Ints) -> Design:
        """Other counts, or steps between totals, on the same days."""
        packed = self.packed._replace(counted=np.ascontiguousarray(counts, dtype=np.int64))
        return replace(self, packed=packed)


def design(
    tempo: Tempo,
    observer: Observer,
    assumptions: Assumptions,
    *,
    interventions: tuple[Intervention, ...] | None = None,
    pooled: bool = True,
) -> Design:
    """The arrays of one observer; unpooled, each effect has a wide prior of its own."""
    from attribution.modelling.tempo_kernel import Packed

    used = tempo.interventions if interventions is None else interventions
    groups = tuple(dict.fromkeys(Group(one.kind, one.may_last) for one in used))
    observations, start, day, weight, kind, error = _observed(tempo, observer, assumptions)
    basis, frequency, slow = _basis(tempo.days, observations, assumptions)
    effects = np.array(
        [
            (
                groups.index(Group(one.kind, one.may_last)),
                int(one.may_last),
                (one.date - tempo.first).days,
                (one.ends - tempo.first).days if one.ends else _FOREVER,
            )
            for one in used
        ],
        dtype=np.int64,
    ).reshape(-1, 4)
    packed = Packed(
        curves=_curves(observer, observations, assumptions, len(groups), pooled),
        basis=basis,
        sines=np.ascontiguousarray(basis.T),
        frequency=frequency,
        slow=slow,
        effects=effects,
        start=start,
        day=day,
        weight=weight,
        counted=np.array([one.count for one in observations], dtype=np.int64),
        kind=kind,
        error=error,
    )
    return Design(tempo, observer, assumptions, used, groups, observations, packed, pooled)


def _curves(
    observer: Observer, observations: tuple[Observation, ...], assumptions: Assumptions, groups: int, pooled: bool
) -> Floats:
    """The curve of each scalar; the level is around the crude rate, the fast length no shorter than what is seen."""
    days = sum((one.last - one.first).days + 1 for one in observations)
    crude = max(observer.total, 1) / max(days, 1)
    scaled = {"level": crude, "fast_length": _coarseness(observations)}
    rows = [_curve(assumptions[name], scaled.get(name, 1.0)) for name in PARAMETERS]
    if pooled:
        rows += [_curve(assumptions["kind_ratio"])] * groups + [_curve(assumptions["kind_spread"])] * groups
    else:
        alone = assumptions["own_ratio"].number
        sd = math.log(alone.high / alone.low) / _WIDTH
        rows += [(math.log(alone.best), 0.0, 0.0, 0.0)] * groups + [(math.log(sd), 0.0, 0.0, 0.0)] * groups
    return np.array(rows)


def _curve(one: Assumption, factor: float = 1.0) -> tuple[float, float, float, float]:
    number = one.number
    shape = curve(Number(number.low * factor, number.best * factor, number.high * factor, "ratio"))
    return shape.a, shape.b, shape.d, shape.s


def _coarseness(observations: tuple[Observation, ...]) -> float:
    """How many times as long as assumed the fast process is: what moves faster than the counts cannot be seen."""
    usual = float(np.median([(one.last - one.first).days + 1 for one in observations]))
    return max(1.0, 2.0 * usual / 6.0) if usual >= 5.0 else 1.0


def _basis(days: int, observations: tuple[Observation, ...], assumptions: Assumptions) -> tuple[Floats, Floats, int]:
    """Sines on a box around the series, slow then fast; as many as the shortest likely lengths need.

    Each has its mean over the series taken away: then the level is the mean log rate that counts know well, and chains
    need not walk along its sum with the longest wave.
    """
    half = max(days - 1, 1) / 2.0
    x = np.arange(days) - (days - 1) / 2.0
    slow_length = assumptions["slow_length"].number.low
    shortest = assumptions["fast_length"].number
    fast_length = math.sqrt(shortest.low * shortest.best) * _coarseness(observations)
    slow = math.ceil(2.65 * _SLOW_EDGE * half / slow_length) + 3
    fast = min(math.ceil(3.42 * _FAST_EDGE * half / fast_length) + 3, _MOST_FAST)
    parts, frequencies = [], []
    for many, edge in ((slow, _SLOW_EDGE), (fast, _FAST_EDGE)):
        box = edge * half
        frequency = np.arange(1, many + 1) * math.pi / (2.0 * box)
        part = np.sin((x[:, None] + box) * frequency) / math.sqrt(box)
        parts.append(part - part.mean(axis=0))
        frequencies.append(frequency)
    return np.ascontiguousarray(np.concatenate(parts, axis=1)), np.concatenate(frequencies), slow


type _Arrays = tuple[tuple[Observation, ...], Ints, Ints, Floats, Ints, Floats]


def _observed(tempo: Tempo, observer: Observer, assumptions: Assumptions) -> _Arrays:
    """Counts cover their days; a total covers what was registered since the one before it."""
    if observer.counts:
        observations = tuple(Observation(one.first, one.last, one.count, -1, str(one.last)) for one in observer.counts)
        spans = [
            np.arange((one.first - tempo.first).days, (one.last - tempo.first).days + 1) for one in observer.counts
        ]
        start = np.cumsum([0, *(len(span) for span in spans)])
        many = len(observations)
        days = np.concatenate(spans)
        return observations, start, days, np.ones(len(days)), np.zeros(many, dtype=np.int64), np.ones((many, 2))
    return _totals(tempo, observer, assumptions)


def _totals(tempo: Tempo, observer: Observer, assumptions: Assumptions) -> _Arrays:
    """Steps between totals; days of which "none" was said are counts of nought, and in no step."""
    delay = assumptions["delay"].number.best
    days = np.arange((observer.since - tempo.first).days, tempo.days)
    before, total, registered, silent = observer.since - _DAY, 0, np.zeros(len(days)), _silent(tempo, observer, days)
    observations: list[Observation] = []
    spans: list[tuple[Ints, Floats]] = []
    kinds: list[int] = []
    errors: list[tuple[float, float]] = []
    for one in observer.statements:
        until = (one.as_of - tempo.first).days
        if one.none_since:
            quiet = days[(days > (one.none_since - tempo.first).days) & (days <= until)]
            spans.append((quiet, np.ones(len(quiet))))
            observations.append(Observation(one.none_since + _DAY, one.as_of, 0, -1, f"none to {one.as_of}"))
        else:
            now = np.where(days <= until, 1.0 - np.exp(-np.maximum(until - days + 0.5, 0.0) / delay), 0.0)
            now = np.where(now > _REGISTERED, 1.0, now)
            step = np.where(silent, 0.0, now - registered)
            seen = np.flatnonzero(step > 0)
            spans.append((days[seen], step[seen]))
            first = min(before + _DAY, one.as_of)
            observations.append(Observation(first, one.as_of, one.total - total, one.total, str(one.as_of)))
            before, total, registered = one.as_of, one.total, now
        kinds.append(0 if one.none_since else 1)
        errors.append(assumptions.errors(one.precision))
    start = np.cumsum([0, *(len(span) for span, _ in spans)])
    covered = np.concatenate([span for span, _ in spans]).astype(np.int64)
    weight = np.concatenate([share for _, share in spans])
    return tuple(observations), start, covered, weight, np.array(kinds, dtype=np.int64), np.array(errors)


def _silent(tempo: Tempo, observer: Observer, days: Ints) -> NDArray[np.bool_]:
    """Which days somebody said that nothing happened on."""
    silent = np.zeros(len(days), dtype=np.bool_)
    for one in observer.statements:
        if one.none_since:
            silent |= (days > (one.none_since - tempo.first).days) & (days <= (one.as_of - tempo.first).days)
    return silent
