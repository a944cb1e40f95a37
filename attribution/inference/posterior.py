"""The posterior over factions: what a fit gives, with its diagnostics, its concerns, its tree and its file."""

from __future__ import annotations

from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from attribution.domain.concern import Concern
from attribution.domain.verbal import monte_carlo_error, percent
from attribution.errors import UsageError
from attribution.inference.concerns import all_concerns, fit_concerns
from attribution.inference.diagnostics import Diagnostics, diagnose
from attribution.inference.posterior_draws import MOST_SCENARIOS, PosteriorDraws, Standing
from attribution.inference.saved import check_stands_alone, read_run, write_run
from attribution.inference.tree import build_tree, leave_one_out
from attribution.plots.figures import DotRow, Scale, dots
from attribution.plots.style import roles

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from matplotlib.axes import Axes


NO_CROSS_CHECK = "a cross-check is not possible, since the instant engine does not reach this posterior"


class Posterior(PosteriorDraws):
    """What a fit gives: the case and model it is about, how it was drawn, and the draws.

    Everything else is computed from these when first asked for, and is a function of them alone. It prints as a short
    paragraph: the size of the problem, who leads with range and error, whether the fit can be trusted, what to do next.

    Attributes
    ----------
    case : Case
        The evidence.
    model : Model
        The assumptions.
    settings : Settings
        Engine, seed, moment and numbers of draws.
    draws : Draws
        Standard normals (chain, draw, number), with log-weights where they do not count equally.
    program : Program
        The compiled network.
    standings, group_standings, state_standings : tuple of Standing
        Probabilities of factions, of groups, and of the states of facts as ``fact=state``, before and after the
        evidence, in the order of the case; each with its Monte Carlo error and its range over inputs.
    ranking : tuple of Standing
        The factions, the most probable first; those that are level at the top in the order of the case.
    level : tuple of Standing
        Who leads; several where they are equal within 4 Monte Carlo errors.
    faction_draws, prior_faction_draws : ndarray (draw, faction)
        ``p(h | E, theta)`` in every draw, and ``pi_h`` in draws from the prior.
    state_draws, prior_state_draws : ndarray (draw, state)
        Probabilities of the states of all facts, one fact after another, in the same draws.
    log_joint : ndarray (draw, faction)
        ``log pi_h p(E | h, theta)``.
    log_evidence : ndarray (draw,)
        ``log p(E | theta)``.
    diagnostics : Diagnostics
        How well it was drawn, and whether the other engine agrees.
    trustworthy : bool
        Whether nothing in the fit itself stops publication.
    tree : xarray.DataTree
        Equally weighted draws for ArviZ, every dimension named; weighted points in a group of their own.

    See Also
    --------
    fit : Makes one.
    load_posterior : Reads one that was saved.

    Examples
    --------
    >>> import attribution as at
    >>> posterior = at.fit(at.read_case("tower-22"), at.read_model("tower-22/baseline"), engine="importance")
    >>> posterior.probabilities().loc["kataib-hezbollah", "words"]
    'likely'
    >>> posterior.trustworthy
    True
    """

    @cached_property
    def diagnostics(self) -> Diagnostics:
        """How well the posterior was drawn, and whether the other engine agrees."""
        return diagnose(self)

    @property
    def trustworthy(self) -> bool:
        """Whether nothing in the fit itself stops publication."""
        concerns = fit_concerns(self.diagnostics, self.settings.sampling.chains)
        return not any(concern.severity == "blocking" for concern in concerns)

    def concerns(self) -> tuple[Concern, ...]:
        """List the doubts about the assumptions, the fit, and how the two meet.

        Returns
        -------
        tuple of Concern
            Blocking ones first.
        """
        return self._concerns

    @cached_property
    def _concerns(self) -> tuple[Concern, ...]:
        return all_concerns(self, self.diagnostics)

    @cached_property
    def tree(self) -> xr.DataTree:
        """All draws as an ArviZ `DataTree` with named dimensions.

        Its groups over chain and draw count equally under either engine. Under the instant one they are as many of the
        weighted points as their effective sample size, drawn again by weight; the points are `weighted_points`.
        """
        return build_tree(self)

    def probabilities(self) -> pd.DataFrame:
        """Tabulate the factions.

        Returns
        -------
        DataFrame
            Indexed by faction: probability, a fraction; low and high, its 5 and 95 % quantiles over the inputs; prior,
            its value before the evidence; mcse, the Monte Carlo standard error of the probability; words of ICD 203.
        """
        return _frame(self.standings, "faction")

    def cut(self) -> pd.DataFrame:
        """Tabulate the factions with the numbers not learned from this one case.

        The mean of ``p(h | E, theta)`` over the prior of theta, where `probabilities` has it over the posterior: the
        evidence still says who it was, but not which of the stated numbers to believe. Where the two differ much, the
        answer rests on what the program made of the numbers.

        Returns
        -------
        DataFrame
            As `probabilities`; low and high are quantiles over the prior of the inputs.

        Examples
        --------
        >>> import attribution as at
        >>> posterior = at.fit(at.read_case("tower-22"), at.read_model("tower-22/baseline"), engine="importance")
        >>> bool(posterior.cut().loc["kataib-hezbollah", "probability"] < posterior.ranking[0].probability)
        True
        """
        return _frame(self.cut_standings, "faction")

    def groups(self) -> pd.DataFrame:
        """Tabulate the groups of the tree.

        Returns
        -------
        DataFrame
            As `probabilities`, indexed by group.
        """
        return _frame(self.group_standings, "group")

    def facts(self) -> pd.DataFrame:
        """Tabulate the states of the facts.

        Returns
        -------
        DataFrame
            As `probabilities`, indexed by fact and state.
        """
        import pandas as pd

        frame = _frame(self.state_standings, "state")
        pairs = [tuple(id.split("=", 1)) for id in frame.index]
        frame.index = pd.MultiIndex.from_tuples(pairs, names=["fact", "state"])
        return frame

    def scenarios(self, *, top: int = MOST_SCENARIOS) -> pd.DataFrame:
        """Tabulate the scenarios: who did it, and the state of every fact that the case marks as a role.

        Exact sums in every draw. Over the states of the roles they add up to `probabilities`, over the perpetrators to
        `facts`. Where no fact is a role, the scenarios are the factions.

        Parameters
        ----------
        top : int
            How many rows of their own the likeliest have, at least 1; the last row, `rest`, is all others together.

        Returns
        -------
        DataFrame
            As `probabilities`, the likeliest first, indexed by scenario: ``faction, fact=state, ...``. Scenarios that
            are impossible before the evidence and after it are left out.

        Raises
        ------
        UsageError
            `top` is below 1.

        Examples
        --------
        >>> import attribution as at
        >>> posterior = at.fit(at.read_case("tower-22"), at.read_model("tower-22/baseline"), engine="importance")
        >>> posterior.scenarios(top=2)["probability"].round(2)
        scenario
        kataib-hezbollah, awfiya-involved=yes    0.65
        kataib-hezbollah, awfiya-involved=no     0.18
        rest                                     0.17
        Name: probability, dtype: float64
        """
        if top < 1:
            raise UsageError(f"top is {top}.", allowed="a whole number of at least 1", hint="leave it out for ten rows")
        return _frame(self.scenario_ranking(top), "scenario", labelled=True)

    def loo(self) -> object:
        """Ask how well each origin was predicted by all the others under this model.

        ArviZ's leave-one-out by Pareto-smoothed importance sampling, over ``log p(o | all other origins, theta)``.

        Returns
        -------
        arviz.ELPDData
            Expected log predictive density, in nats, with one value and one k-hat per origin.

        Raises
        ------
        UsageError
            The draws are weighted: it needs a posterior fitted by NUTS.
        """
        return leave_one_out(self, self.tree)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw a row per faction, the most probable first, onto an Axes or a new figure.

        A filled mark after the evidence, an open one before it, a line over the range over inputs.

        Raises
        ------
        UsageError
            matplotlib is not installed.
        """
        first, second = (one.id for one in self.ranking[:2])
        rows = [
            DotRow(one.label, one.probability, role, before=one.prior, line=(one.low, one.high), remark=one.words)
            for one, role in zip(self.ranking, roles([one.id for one in self.ranking], first, second), strict=True)
        ]
        return dots(
            rows,
            Scale("probability: open before the evidence, filled after it; lines: range over inputs", "share"),
            title=self.case.question,
            note=f"Conditional on the evidence and on the model {self.model.title}. Engine {self.settings.engine}, "
            f"{len(self.draws.weights):,} draws; Monte Carlo errors up to "
            f"{monte_carlo_error(self.diagnostics.largest_mcse)}.",
            ax=ax,
        )

    def save(self, path: str | Path) -> None:
        """Write the run to one NetCDF-4 file that stands alone: draws, settings, case and model as text.

        Parameters
        ----------
        path : str or path
            Where; what stood there stays until the new file is whole.

        Raises
        ------
        RunError
            The case or the model was built in Python, so that there is no text to keep.
        OutputError
            The file cannot be written.
        """
        check_stands_alone(self)
        write_run(self, Path(path))

    def __repr__(self) -> str:
        return _paragraph(self)

    def _repr_html_(self) -> str:
        return _notebook(self)


def load_posterior(path: str | Path) -> Posterior:
    """Read a run that was saved.

    Parameters
    ----------
    path : str or path
        A file that `Posterior.save` or ``attribution fit CASE -o RUN.nc`` wrote.

    Returns
    -------
    Posterior
        The same posterior, to the last bit.

    Raises
    ------
    RunError
        Not a run, a run of a newer program, or one whose parts do not belong together.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import attribution as at
    >>> posterior = at.fit(at.read_case("k1-2019"), at.read_model("k1-2019/baseline"), engine="importance")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     posterior.save(Path(folder) / "k1.nc")
    ...     again = at.load_posterior(Path(folder) / "k1.nc")
    >>> bool((again.draws.z == posterior.draws.z).all())
    True
    """
    run = read_run(Path(path))
    return Posterior.drawn(  # the check of its densities has computed what follows from them
        run.case, run.model, run.settings, run.draws, program=run.program, numbers=run.numbers, log_joint=run.log_joint
    )


def _frame(standings: tuple[Standing, ...], name: str, *, labelled: bool = False) -> pd.DataFrame:
    """The numbers first: 80 columns hold those that matter most, and the words."""
    import pandas as pd

    columns = ("probability", "low", "high", "prior", "mcse", "words", *(("label",) if labelled else ()))
    rows = [[getattr(standing, column) for column in columns] for standing in standings]
    index = pd.Index([standing.id for standing in standings], name=name)
    return pd.DataFrame(rows, index=index, columns=list(columns))


def _paragraph(posterior: Posterior) -> str:
    """Size of the problem, the first two with range and error, the verdict on the fit, and the next step."""
    program, settings = posterior.program, posterior.settings
    how = f"{settings.engine}, seed {settings.random_seed}"
    first, second = posterior.ranking[:2]
    blocking = [
        concern
        for concern in fit_concerns(posterior.diagnostics, settings.sampling.chains)
        if concern.severity == "blocking"
    ]
    lines = [
        f"Posterior of {posterior.case.id} under {posterior.model.id} ({how}): "
        f"{len(program.factions)} factions, {len(program.facts)} facts, {len(program.origins)} origins, "
        f"{program.dimension} uncertain numbers.",
        f"Ahead: {_named(first)}. Next: {_named(second)}."
        if len(posterior.level) == 1
        else f"Level within Monte Carlo error: {'; '.join(_named(one) for one in posterior.level)}.",
        f"Largest Monte Carlo error {monte_carlo_error(posterior.diagnostics.largest_mcse)}. {_verdict(posterior)}",
    ]
    if blocking:
        lines += [f"Not to be trusted: {concern.what}. Remedy: {concern.remedy}." for concern in blocking]
    else:
        lines.append("Next: attribution report, or leave_out(posterior) to see what it rests on.")
    return "\n".join(lines)


def _named(standing: Standing) -> str:
    return (
        f"{standing.label} {percent(standing.probability)} "
        f"({percent(standing.low)} to {percent(standing.high)} over the inputs), {standing.words}"
    )


def _verdict(posterior: Posterior) -> str:
    diagnostics = posterior.diagnostics
    if diagnostics.convergence:
        chains = diagnostics.convergence
        ess = min(chains.ess_bulk, chains.ess_tail)
        check = diagnostics.cross_check
        agreement = f"the engines differ by at most {check.worst:.1f} standard errors" if check else NO_CROSS_CHECK
        return (
            f"R-hat at most {chains.rhat:.3f}, effective sample size at least {ess:.0f}, "
            f"{chains.divergences} divergences; "
            f"{agreement}."
        )
    assert diagnostics.tails is not None
    why = "R-hat and traces do not apply to weighted points"
    if posterior.settings.engine == "nuts":
        why = "R-hat does not apply, since no number is uncertain"
    return f"k-hat {diagnostics.tails.khat:.2f}, effective sample size {diagnostics.tails.ess:.0f}; {why}."


def _notebook(posterior: Posterior) -> str:
    """The paragraph and the table of factions as HTML, every text escaped."""
    lines = "".join(f"<p>{escape(line)}</p>" for line in _paragraph(posterior).splitlines())
    rows = "".join(
        f"<tr><th>{escape(each.label)}</th><td>{percent(each.prior)}</td><td><b>{percent(each.probability)}</b></td>"
        f"<td>{percent(each.low)} to {percent(each.high)}</td><td>{each.words}</td></tr>".replace("< ", "&lt; ")
        for each in posterior.ranking
    )
    head = "<tr><th>faction</th><th>before</th><th>after</th><th>range over inputs</th><th>in words</th></tr>"
    return f"{lines}<table>{head}{rows}</table>"
