"""From the tempo of attacks to the attribution of one: what a stop says about pressure and about who did it.

If attacks stopped within a window, that is a fact of a case. Its table needs the probability of no attack at all, given
who led the incident and whether all were pressed. Both follow from the rate that would have been, the factions' shares
in the campaign, and by how much each cut its attacks. Shares cannot be learned from totals: they are given.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from attribution.campaign.assumptions import Assumptions, read_assumptions
from attribution.campaign.document import Observer, Tempo
from attribution.campaign.findings import LEVELS, days_of
from attribution.campaign.reading import read_tempo
from attribution.domain.concern import Concern
from attribution.domain.identifiers import ELSE
from attribution.domain.numbers import Number
from attribution.domain.tables import Computed
from attribution.errors import InputError, UsageError
from attribution.network.curves import quantile
from attribution.network.program import Floats

if TYPE_CHECKING:
    import pandas as pd

    from attribution.campaign.posterior import TempoPosterior
    from attribution.domain.model import Model

_LEAST = 1e-6  # a probability that a model file can hold
_CLOCK = 28  # days before and after a halt that are counted
PRESSED_CUT = Number(0.8, 0.9, 0.97)
LEADERS_CUT = Number(0.3, 0.7, 0.95)


@dataclass(frozen=True, slots=True)
class Row:
    """Probability of no attack in the window: `leader` led the incident ("else": one without a share of its own).

    Quantiles over what is uncertain, and the `mean`: where the rate is uncertain by far, a stop is likelier than under
    the median rate, and it is means that weigh.
    """

    pressed: bool
    leader: str
    low: float
    best: float
    high: float
    mean: float

    @property
    def triple(self) -> str:
        """As a model file writes it: without exponents, which YAML 1.1 takes for text."""
        return f"[{', '.join(_plainly(float(f'{value:.3g}')) for value in (self.low, self.best, self.high))}]"


def _plainly(value: float) -> str:
    return np.format_float_positional(value, trim="-")


@dataclass(frozen=True, slots=True)
class Stopped:
    """The table of "no attack from the first to the last day", to be reviewed and pasted into a model.

    `expected` are the 5, 50 and 95 % quantiles of the attacks that would have come.
    """

    computed: Computed
    expected: tuple[float, float, float]
    rows: tuple[Row, ...]
    because: str

    def ratio(self, pressed: bool) -> float:
        """The largest likelihood ratio between two leaders: how much the stop says about who it was."""
        means = [row.mean for row in self.rows if row.pressed == pressed]
        return max(means) / min(means)

    @property
    def for_pressure(self) -> float:
        """The likelihood ratio of pressure against none, where the leader has no share of its own."""
        both = {row.pressed: row.mean for row in self.rows if row.leader == ELSE}
        return both[True] / both[False]

    def text(self, fact: str, given: str) -> str:
        """The block `facts:` of a model for this fact, with its reason."""
        one = self.computed
        first, last = one.window
        lines = [
            f"  {fact}:",
            "    computed:",
            f"      by: {one.by}",
            f"      series: {one.series}",
            f"      observer: {one.observer}",
            f"      assumptions: {one.assumptions}",
            f"      window: [{first}, {last}]",
            f"      given: [{given}]",
            f"      sha256: {one.sha256}",
            f'      made_by: "{one.made_by}"',
            f'    because: "{self.because}"',
            "    yes:",
        ]
        for pressed in (True, False):
            cells = {row.leader: row.triple for row in self.rows if row.pressed == pressed}
            if len(set(cells.values())) == 1:
                cells = {ELSE: cells[ELSE]}
            when = f"when: {{{given}: yes}}, " if pressed else ""
            lines.append(f"      - {{{when}{', '.join(f'{name}: {triple}' for name, triple in cells.items())}}}")
        return "\n".join(lines) + "\n"

    def __str__(self) -> str:
        low, best, high = self.expected
        first, last = self.computed.window
        return (
            f"From {first} to {last} {best:.0f} attacks [{low:.0f}, {high:.0f}] would have come. That none "
            f"came speaks for pressure on all by {self.for_pressure:.0f} to 1, and between leaders by at most "
            f"{self.ratio(True):.2f} to 1 where all were pressed, {self.ratio(False):.2f} to 1 where none was."
        )


def stopped(
    posterior: TempoPosterior,
    window: tuple[dt.date | str, dt.date | str],
    shares: Mapping[str, Number],
    *,
    pressed_cut: Number = PRESSED_CUT,
    leaders_cut: Number = LEADERS_CUT,
    halted: Sequence[str] = (),
) -> Stopped:
    """The probability of no attack within a window, by who led the incident and whether all were pressed.

    Pressed, every faction keeps ``1 - pressed_cut`` of its attacks, and the leader none. Not pressed, the leader alone
    cuts its own by `leaders_cut`, lying low. Those `halted` announced a halt, and keep none in any case: where the
    announcement is a fact of its own, its weight must not be counted a second time here. Numbers are drawn from their
    triples, the rate from the posterior.

    Without pressure, the rate is that of no intervention at all: what the strikes of those days did by themselves is in
    none of the two rows, since they cannot be told apart from the halt.

    Raises
    ------
    TempoError
        A window outside the series.
    UsageError
        Shares that are more than everything.
    """
    for name in halted:
        if name not in shares:
            raise UsageError.unknown("factions with a share", name, shares, at=("halted",))
    if sum(number.best for number in shares.values()) > 1.0:
        raise UsageError("the best shares add to more than 1.", allowed="shares of one campaign")
    first, last = days_of(posterior.design, window)
    days = slice(posterior.design.index(first), posterior.design.index(last) + 1)
    z = posterior.draws.flat
    expected = np.exp(posterior.rates.log_without[:, days]).sum(axis=1)
    burst = np.exp(posterior.design.scalar(z, 5))
    rng = np.random.default_rng(posterior.seed)
    cut, own = (quantile(number, rng.standard_normal(len(z))) for number in (pressed_cut, leaders_cut))
    drawn = {name: quantile(number, rng.standard_normal(len(z))) for name, number in shares.items()}
    leaders: dict[str, Floats] = {**drawn, ELSE: np.zeros(len(z))}
    others = np.maximum(1.0 - sum((drawn[name] for name in halted), np.zeros(len(z))), 0.0)
    rows = []
    for pressed in (True, False):
        for name, share in leaders.items():
            led = np.zeros(len(z)) if name in halted else np.minimum(share, others)
            left = (1.0 - cut) * (others - led) if pressed else others - led * own
            rows.append(_row(pressed, name, (1.0 + burst) ** (-expected * left / burst)))
    low, best, high = (float(x) for x in np.quantile(expected, LEVELS))
    means = {row.pressed: row.mean for row in rows if row.leader == ELSE}
    because = (
        f"Computed from the tempo of {posterior.tempo.id} by the count of {posterior.observer.id} (seed "
        f"{posterior.seed}); {best:.0f} attacks ({low:.0f} to {high:.0f}) would have come from {first} to {last}. None "
        f"at all: {means[True]:.2g} in the mean where all are pressed, {means[False]:.2g} where none is. Pressed, each "
        f"keeps 1 less {pressed_cut.best:g} of its attacks and the leader none; not pressed, the leader alone cuts its "
        f"own by {leaders_cut.best:g}; strikes by themselves change nothing.{_halted(halted)}"
    )
    computed = Computed(
        by="tempo",
        series=posterior.tempo.id,
        observer=posterior.observer.id,
        assumptions=posterior.design.assumptions.id,
        window=(first, last),
        given=(),
        sha256=digest_of(posterior.tempo, posterior.design.assumptions),
        made_by=_command(posterior, (first, last), shares, pressed_cut, halted),
    )
    return Stopped(computed, (low, best, high), tuple(rows), because)


def digest_of(series: Tempo, assumptions: Assumptions) -> str:
    """The hash of all text that a fit rests on."""
    return hashlib.sha256(f"{series.text}\n{assumptions.text}".encode()).hexdigest()


def _command(
    posterior: TempoPosterior,
    window: tuple[dt.date, dt.date],
    shares: Mapping[str, Number],
    cut: Number,
    halted: Sequence[str],
) -> str:
    """The command that computes the same; what is the default is left out."""
    parts = [f"attribution tempo prior {posterior.tempo.id} --observer {posterior.observer.id}"]
    parts.append(f"--window {window[0]} {window[1]}")
    parts += [f"--share {name}={_plain(number)}" for name, number in shares.items()]
    parts += [f"--cut {_plain(cut)}"] if cut != PRESSED_CUT else []
    parts += [f"--halted {name}" for name in halted]
    parts += [f"--seed {posterior.seed}"]
    return " ".join(parts)


def _plain(number: Number) -> str:
    return f"{number.low:g},{number.best:g},{number.high:g}"


def computed_concerns(model: Model) -> Iterator[Concern]:
    """Tables that were computed from a series, or under assumptions, that say something else by now."""
    for table in model.tables:
        one = table.computed
        if one is None:
            continue
        try:
            now = digest_of(read_tempo(one.series), read_assumptions(one.assumptions))
        except InputError as error:
            yield Concern(
                f"{table.fact} was computed from {one.series} ({one.assumptions}), which cannot be read: {error.what}",
                "nobody can compute its numbers again",
                "bring the series along, or leave `computed:` out and say in `because:` why these numbers",
                topic="assumptions",
            )
            continue
        if now != one.sha256:
            yield Concern(
                f"{table.fact} was computed from {one.series} as it was; series or assumptions have changed since",
                "its numbers are not those that the series would give now",
                one.made_by,
                topic="assumptions",
            )


def _halted(halted: Sequence[str]) -> str:
    return f" Halted, whoever led: {', '.join(halted)}." if halted else ""


def _row(pressed: bool, leader: str, chance: Floats) -> Row:
    low, best, high = (float(x) for x in np.clip(np.quantile(chance, LEVELS), _LEAST, 1 - 3 * _LEAST))
    best = max(best, low * 1.001)
    return Row(pressed, leader, low, best, min(max(high, best * 1.001), 1 - _LEAST), max(float(chance.mean()), _LEAST))


def halt_clock(series: Tempo, observer: Observer) -> pd.DataFrame:
    """For each faction that events name and each halt or truce: how long until its next attack, and was it kept?

    Returns
    -------
    DataFrame
        ``before`` and ``after`` are attacks in the 28 days before and after (or until it ended), ``next_after`` days
        from the date to the next attack (missing if none came), ``kept`` whether none came while it was in force.
    """
    import pandas as pd

    rows = []
    for one in series.interventions:
        if one.kind not in ("halt", "truce"):
            continue
        end = min(one.ends or dt.date.max, one.date + dt.timedelta(days=_CLOCK), series.last)
        for faction, days in observer.by_faction:
            before = sum(one.date - dt.timedelta(days=_CLOCK) <= day < one.date for day in days)
            after = [day for day in days if day > one.date]
            rows.append(
                {
                    "intervention": one.id, "faction": faction, "before": before,
                    "after": sum(day <= end for day in after),
                    "next_after": (after[0] - one.date).days if after else None,
                    "kept": not any(day <= end for day in after),
                }
            )  # fmt: skip
    return pd.DataFrame(rows, columns=["intervention", "faction", "before", "after", "next_after", "kept"])
