"""How much of the answer comes from learning the numbers from this one case: the full answer beside the cut one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from attribution.analysis.finding import Finding
from attribution.domain.verbal import percent, percents
from attribution.inference.posterior import Posterior
from attribution.inference.posterior_draws import Standing
from attribution.plots.figures import DotRow, Scale, dots
from attribution.plots.style import roles

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


@dataclass(frozen=True, slots=True)
class Learning(Finding):
    """The posterior beside the answer with the numbers as they were stated.

    Attributes
    ----------
    leader, cut_leader
        The most probable faction, in the posterior and with the numbers not learned.
    full, cut
        Every faction in both, in the order of the case.

    Examples
    --------
    >>> at.learning(posterior).changes_lead
    False
    """

    leader: str
    cut_leader: str
    full: tuple[Standing, ...]
    cut: tuple[Standing, ...]

    @property
    def title(self) -> str:
        return "If the numbers were not learned"

    @property
    def method(self) -> str:
        """What was perturbed, and how it was computed."""
        return (
            "The same evidence also says which of the uncertain numbers to believe. Cut off from that, the answer is "
            "the mean of p(h | E, theta) over the numbers as they were stated, not as one case has taught them."
        )

    @property
    def changes_lead(self) -> bool:
        """Whether another faction leads."""
        return self.leader != self.cut_leader

    @property
    def changes_word(self) -> bool:
        """Whether another word of ICD 203 describes the leader."""
        first, second = self._pair
        return first.words != second.words

    @property
    def _pair(self) -> tuple[Standing, Standing]:
        return next((a, b) for a, b in zip(self.full, self.cut, strict=True) if a.id == self.leader)

    def to_frame(self) -> pd.DataFrame:
        """Indexed by faction: probability, mcse, low and high; the same with the numbers not learned, after `cut`."""
        import pandas as pd

        columns = ("probability", "mcse", "low", "high")
        rows = [
            [getattr(one, column) for one in pair for column in columns]
            for pair in zip(self.full, self.cut, strict=True)
        ]
        index = pd.Index([one.id for one in self.full], name="faction")
        return pd.DataFrame(rows, index=index, columns=[*columns, *(f"cut {column}" for column in columns)])

    @property
    def summary(self) -> str:
        first, second = self._pair
        lines = [
            f"With the numbers not learned from this one case {first.label} has {percent(second.probability)} "
            f"({percents(second.low, second.high)} over the inputs), with them {percent(first.probability)}."
        ]
        if self.changes_lead:
            ahead = next(one for one in self.cut if one.id == self.cut_leader)
            lines.append(f"Then {ahead.label} leads with {percent(ahead.probability)}.")
        elif self.changes_word:
            lines.append(f'In words: "{second.words}", not "{first.words}".')
        else:
            lines.append("Neither the lead nor the word changes.")
        return " ".join(lines)

    def unreliable(self) -> tuple[str, ...]:
        """Nothing: it needs no weights at all."""
        return ()

    def plot(self, ax: Axes | None = None) -> Axes:
        """A row per faction: a filled mark for the posterior, an open one with the numbers not learned."""
        pairs = sorted(zip(self.full, self.cut, strict=True), key=lambda pair: -pair[0].probability)
        role = roles([first.id for first, _ in pairs], self.leader, pairs[1][0].id)
        rows = [
            DotRow(a.label, a.probability, of, before=b.probability, line=(b.low, b.high))
            for (a, b), of in zip(pairs, role, strict=True)
        ]
        return dots(
            rows,
            Scale("probability: open and lines, the numbers as stated; filled, as learned", "share"),
            title=self.summary,
            note=self.method,
            ax=ax,
        )


def learning(posterior: Posterior) -> Learning:
    """Set the posterior beside the answer with its numbers not learned from this one case (cut).

    Parameters
    ----------
    posterior
        The posterior.

    Returns
    -------
    Learning
        Every faction in both answers; `posterior.cut()` is the second as a table by itself.

    Examples
    --------
    >>> frame = at.learning(posterior).to_frame()
    >>> bool((frame["cut probability"] < frame["probability"])["kataib-hezbollah"])
    True
    """
    cut = max(posterior.cut_standings, key=lambda one: one.probability)
    return Learning(posterior.ranking[0].id, cut.id, posterior.standings, posterior.cut_standings)
