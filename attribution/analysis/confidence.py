"""Analytic confidence: how well founded the judgement is, by a rule, from findings; a statement apart from its odds.

The rule. Eleven grounds are each rated low, moderate or high:

=========================  ==============================  ======================  ==========================
ground                     high                            moderate                low
=========================  ==============================  ======================  ==========================
independent origins        effective number at least 4     at least 2              fewer
every single source        lead holds without each         open without one        lost without one
deception                  lead stands up to d = 0.3       up to d = 0.1           falls below that
weight of the prior        at most 1/3 of the log-odds     at most 2/3             more
agreement of the engines   two engines, sound fit          one engine, sound fit   unsound, or they differ
agreement of the models    all name the same leader        -                       they do not
range over inputs          at most two word bands          three                   four or more
originals read             at least 2/3 of the decibans    at least 1/3            less
numbers not learned        lead and word stay              the word changes        another lead
stories at full strength   lead and word stay              word changes, or open   another lead
record of the recipe       20 settled outcomes, a gain     5, a gain               no gain
=========================  ==============================  ======================  ==========================

Confidence is *low* if the lead is open, if the engines or the models do not agree, or if two grounds are low. It is
*high* if all are high. Otherwise it is *moderate*. A ground that was not looked at is never high, nor is a record of
fewer than five settled outcomes, nor a model that tells no story. The range is that with an analyst's lean where it
was worked out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from attribution.analysis.assumptions.lean import Lean
from attribution.analysis.assumptions.learning import Learning
from attribution.analysis.assumptions.stories import StorySweep
from attribution.analysis.comparison.record import Record
from attribution.analysis.dependence import Dependence
from attribution.analysis.finding import Finding
from attribution.analysis.leave_out import LeaveOut
from attribution.analysis.naming import readable
from attribution.analysis.reweighting import lead
from attribution.analysis.shapley import Decomposition
from attribution.domain.case import Case
from attribution.domain.evidence import Absence
from attribution.domain.verbal import ICD_203, conjoined, percents, probability_words
from attribution.errors import listed
from attribution.inference.posterior import Posterior
from attribution.plots.figures import DotRow, Scale, dots
from attribution.plots.style import Role

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

Level = Literal["low", "moderate", "high"]

ORIGINS = (2.0, 4.0)
DECEPTION = (0.1, 0.3)
PRIOR = (1.0 / 3.0, 2.0 / 3.0)
READ = (1.0 / 3.0, 2.0 / 3.0)
BANDS = (2, 3)
RECORD = (5, 20)
_DECISIVE = ("engines", "models")

_PLACES: dict[Level | None, float] = {None: -1.0, "low": 0.0, "moderate": 1.0, "high": 2.0}


@dataclass(frozen=True, slots=True)
class Ground:
    """One ground of confidence: its level (None: not looked at), and the reason as a sentence without odds."""

    id: str
    level: Level | None
    reason: str


@dataclass(frozen=True, slots=True)
class Confidence(Finding):
    """Analytic confidence, with the grounds that it follows from: a statement apart from the probabilities.

    Attributes
    ----------
    level
        ``low``, ``moderate`` or ``high``.
    tied
        The lead is open within its Monte Carlo error.
    grounds
        The grounds, each with its level (None where it was not looked at) and its reason as a sentence.

    Examples
    --------
    >>> findings.confidence.to_frame().index.tolist()[:3]
    ['origins', 'sources', 'deception']
    """

    level: Level
    tied: bool
    grounds: tuple[Ground, ...]

    @property
    def title(self) -> str:
        return "Analytic confidence"

    @property
    def method(self) -> str:
        """How the level follows."""
        return (
            "Low if the lead is open, if engines or models differ, or if two grounds are low; high if all are high; "
            "otherwise moderate."
        )

    @property
    def statement(self) -> str:
        """The level, and the grounds that hold it there."""
        return f"Analytic confidence: {self.level}. {' '.join(self.reasons)}"

    @property
    def reasons(self) -> tuple[str, ...]:
        """The sentences behind the level: what keeps it down, or, where nothing does, all of them."""
        order = {"low": 0, None: 1, "moderate": 2, "high": 3}
        held = [ground for ground in self.grounds if ground.level != "high"]
        phrases = [ground.reason for ground in sorted(held or self.grounds, key=lambda ground: order[ground.level])]
        return ("The lead is no more than Monte Carlo error.", *phrases) if self.tied else tuple(phrases)

    def to_frame(self) -> pd.DataFrame:
        """One row per ground: level and reason."""
        import pandas as pd

        rows = [{"ground": one.id, "level": one.level or "not assessed", "reason": one.reason} for one in self.grounds]
        return pd.DataFrame(rows).set_index("ground")

    @property
    def summary(self) -> str:
        return f"{self.statement}"

    def unreliable(self) -> tuple[str, ...]:
        """Nothing: it needs no draws beyond those of the posterior."""
        return ()

    def plot(self, ax: Axes | None = None) -> Axes:
        """A row per ground, its level as a position; a square is low, a diamond was not looked at."""
        rows = []
        for ground in self.grounds:
            role: Role = "rest" if ground.level is None else "rival" if ground.level == "low" else "lead"
            rows.append(DotRow(ground.id, _PLACES[ground.level], role))
        ticks = tuple((place, level or "not assessed") for level, place in _PLACES.items())
        return dots(
            rows,
            Scale("what each ground allows", ticks=ticks),
            title=f"Analytic confidence: {self.level}",
            note=self.method,
            ax=ax,
        )


def confidence(
    posterior: Posterior,
    *,
    sources: LeaveOut,
    dependence: Dependence,
    deception: float | None = None,
    supposed: str = "",
    rivals: tuple[Posterior, ...] = (),
    lean: Lean | None = None,
    decomposition: Decomposition | None = None,
    learning: Learning | None = None,
    stories: StorySweep | None = None,
    record: Record | None = None,
) -> Confidence:
    """Analytic confidence in the lead, by the rule of this module.

    Parameters
    ----------
    posterior
        The posterior whose leader is judged.
    sources
        What leaving out each source does.
    dependence
        How many independent origins there are.
    deception
        The smallest common probability of forgery that changes the lead, infinite where none does; None where that was
        not looked at.
    supposed
        That, in a sentence that says what was supposed: `DeceptionBudget.supposed`.
    rivals
        Posteriors of the same case under other models.
    lean
        The range over inputs with an analyst's lean; without it, the range over inputs alone is judged.
    decomposition
        What each origin adds to the log-odds of leader against runner-up.
    learning
        The answer with the numbers not learned.
    stories
        The answer as every story of the model is swept; what counts is each at full strength.
    record
        How the recipe of the model fared on settled cases.

    Returns
    -------
    Confidence
        The level and its grounds.

    Examples
    --------
    >>> found = at.confidence(posterior, sources=findings.sources, dependence=findings.dependence)
    >>> found.level in ("low", "moderate", "high")
    True
    """
    grounds = (
        _origins(dependence.effective),
        _sources(sources),
        _deception(deception, supposed),
        _prior(posterior),
        _engines(posterior),
        _models(posterior, rivals),
        _range(posterior, lean),
        _read(posterior.known_case, decomposition),
        _learning(learning),
        _stories(posterior, stories),
        _record(record),
    )
    tied = lead(posterior).tied
    return Confidence(level_of(grounds, tied=tied), tied, grounds)


def level_of(grounds: tuple[Ground, ...], *, tied: bool) -> Level:
    """The rule."""
    low = [ground.id for ground in grounds if ground.level == "low"]
    if tied or len(low) >= 2 or any(id in _DECISIVE for id in low):
        return "low"
    return "high" if all(ground.level == "high" for ground in grounds) else "moderate"


def _rated(value: float, limits: tuple[float, float]) -> Level:
    """Low below the first limit, high from the second on."""
    return "low" if value < limits[0] else "moderate" if value < limits[1] else "high"


def _origins(effective: float) -> Ground:
    return Ground(
        "origins",
        _rated(effective, ORIGINS),
        f"The lead rests on an effective number of {effective:.1f} independent origins.",
    )


def _sources(sources: LeaveOut) -> Ground:
    lost = [one.label for one in sources.removals if one.changes_lead]
    opened = [one.label for one in sources.removals if one.lead_open and not one.changes_lead]
    if lost:
        return Ground("sources", "low", f"The lead is lost without {listed(lost)}.")
    if opened:
        return Ground("sources", "moderate", f"The lead is open without {listed(opened)}.")
    return Ground("sources", "high", "The lead holds without any single source.")


def _deception(budget: float | None, supposed: str) -> Ground:
    if budget is None:
        return Ground("deception", None, "How much deception the lead stands up to was not looked at.")
    if not np.isfinite(budget):
        return Ground("deception", "high", "No common rate of forgery changes the lead.")
    return Ground(
        "deception",
        _rated(budget, DECEPTION),
        supposed or f"The lead changes once what can be forged is forged at a rate of {budget:.0%}.",
    )


def _prior(posterior: Posterior) -> Ground:
    """The share of the prior in all log-odds of leader against runner-up, whichever way they point."""
    first, second = posterior.ranking[:2]
    tiny = 1e-300
    before = float(np.log(max(first.prior, tiny)) - np.log(max(second.prior, tiny)))
    after = float(np.log(max(first.probability, tiny)) - np.log(max(second.probability, tiny)))
    whole = abs(before) + abs(after - before)
    share = abs(before) / whole if whole > 0 else 1.0
    level: Level = "high" if share <= PRIOR[0] else "moderate" if share <= PRIOR[1] else "low"
    return Ground("prior", level, f"{share:.0%} of what separates leader and runner-up comes from the prior.")


def _engines(posterior: Posterior) -> Ground:
    if not posterior.trustworthy:
        return Ground("engines", "low", "The fit is not sound, or the engines differ.")
    if posterior.diagnostics.cross_check is None:
        return Ground("engines", "moderate", "One engine alone was used, and its diagnostics are sound.")
    return Ground("engines", "high", "Two engines agree, and the diagnostics are sound.")


def _models(posterior: Posterior, rivals: tuple[Posterior, ...]) -> Ground:
    if not rivals:
        return Ground("models", None, "No other model of the case was compared.")
    leaders: dict[tuple[str, ...], list[str]] = {}
    for model in (posterior, *rivals):
        leaders.setdefault(tuple(one.label for one in model.level), []).append(model.model.title)
    if len(leaders) > 1:
        told = "; ".join(_says(models, level) for level, models in leaders.items())
        return Ground("models", "low", f"The models do not name the same leader: {told}.")
    if len(posterior.level) > 1:
        level = conjoined(one.label for one in posterior.level)
        return Ground("models", "low", f"In all models the same factions are level: {level}.")
    return Ground("models", "high", f"All {len(rivals) + 1} models name the same leader.")


def _says(models: list[str], level: tuple[str, ...]) -> str:
    """What some models agree on: one leader, or several factions that are level."""
    if len(level) == 1:
        return f"{conjoined(models)} name{'s' if len(models) == 1 else ''} {level[0]}"
    return f"under {conjoined(models)} {conjoined(level)} are level"


def _range(posterior: Posterior, lean: Lean | None) -> Ground:
    """How many bands of words the range of the leader touches."""
    leader = posterior.ranking[0]
    low, high = lean.range_of(leader.id) if lean else (leader.low, leader.high)
    terms = [band.terms[0] for band in ICD_203]
    count = terms.index(probability_words(high)) - terms.index(probability_words(low)) + 1
    level: Level = "high" if count <= BANDS[0] else "moderate" if count <= BANDS[1] else "low"
    leaned = " with an analyst's lean" if lean else ""
    return Ground(
        "range",
        level,
        f"The leader's range over inputs{leaned}, {percents(low, high)}, touches {count} of {len(terms)} word bands.",
    )


def _read(case: Case, decomposition: Decomposition | None) -> Ground:
    """The share of all decibans, whichever way they point, that rests on what was read in the original."""
    whole = sum(abs(bar.decibans) for bar in decomposition.origins) if decomposition else 0.0
    if decomposition is None or whole == 0.0:
        return Ground("read", None, "How much rests on originals that were read was not looked at.")
    share = sum(abs(bar.decibans) * read_in_original(case, bar.id) for bar in decomposition.origins) / whole
    return Ground(
        "read", _rated(share, READ), f"{share:.0%} of the weight of the evidence rests on originals that were read."
    )


def read_in_original(case: Case, origin: str) -> float:
    """The share of an origin's items that somebody read in the original; a search is an original of its own."""
    items = case.origins[origin].items
    read = [
        isinstance(item, Absence) or any(citation.read == "original" for citation in item.citations) for item in items
    ]
    return sum(read) / len(read)


def _learning(learning: Learning | None) -> Ground:
    if learning is None:
        return Ground("learning", None, "The answer with the numbers not learned from this case was not looked at.")
    if learning.changes_lead:
        return Ground("learning", "low", "With the numbers not learned from this case another faction leads.")
    if learning.changes_word:
        return Ground(
            "learning", "moderate", "With the numbers not learned from this case the leader has another word."
        )
    return Ground("learning", "high", "With the numbers not learned from this case lead and word stay.")


def _stories(posterior: Posterior, swept: StorySweep | None) -> Ground:
    """Whether the lead and its word outlast each story taken for one act, the others as the model has them."""
    whole = [one for one in swept.tellings if one.strength == 1.0] if swept else []
    if swept is None or not whole:
        unsaid = "was not looked at" if swept is None or swept.stories else "the model does not say"
        return Ground("stories", None, f"Whether acts that hang together carry the lead {unsaid}.")
    leader, words = swept.factions.index(swept.leader), posterior.ranking[0].words
    lost = [readable(one.story) for one in whole if one.leader != swept.leader]
    opened = [readable(one.story) for one in whole if one.lead_open]
    renamed = [readable(one.story) for one in whole if probability_words(one.probabilities[leader]) != words]
    if lost:
        return Ground("stories", "low", f"Another faction leads with all of {listed(lost)} taken for one act.")
    if opened:
        return Ground("stories", "moderate", f"The lead is open with all of {listed(opened)} taken for one act.")
    if renamed:
        return Ground("stories", "moderate", f"The leader has another word with all of {listed(renamed)} as one act.")
    return Ground("stories", "high", "Lead and word stay with each story taken for one act.")


def _record(record: Record | None) -> Ground:
    if record is None:
        return Ground("record", None, "How such a model fared on settled cases was not looked at.")
    if not record.recipe or not record.outcomes:
        return Ground("record", None, "No settled outcome of another case bears on numbers like these.")
    counted = f"{record.outcomes} settled outcome{'' if record.outcomes == 1 else 's'} of other cases"
    told = f"On {counted} the recipe gained {record.gain:+z.1f} bits over its prior"
    if record.gain <= 0.0:
        return Ground("record", "low", f"{told}.")
    if record.outcomes < RECORD[0]:
        return Ground("record", None, f"{told}: too few for a record.")
    return Ground("record", _rated(record.outcomes, RECORD), f"{told}.")
