"""Many fits at once, here or on a cluster, each the same as a fit alone.

What travels is small. To a worker go a case and a model as values; back come the probabilities of the factions and what
cannot be made again: weights of the instant engine, whose Sobol points follow from size and seed, or the draws of NUTS.
All else that a posterior can be asked is worked out where it is asked.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass, replace

from attribution.domain.case import Case
from attribution.domain.model import Model
from attribution.domain.moments import Moment
from attribution.errors import AttributionError, PoolError
from attribution.inference.draws import Draws
from attribution.inference.fit import fit_under
from attribution.inference.posterior import Posterior
from attribution.inference.posterior_draws import Standing
from attribution.inference.settings import Engine, Settings
from attribution.inference.sobol import shared_normals
from attribution.parallel import TIMEOUT, each

type Pair = tuple[Case, Model] | tuple[Case, Model, Settings]
type _Task = tuple[Case, Model, Settings]


@dataclass(frozen=True, slots=True, eq=False)
class _Answer:
    """A fit as it travels: the draws, without Sobol points, and how the factions and groups stand."""

    dimension: int
    draws: Draws
    standings: tuple[Standing, ...]
    group_standings: tuple[Standing, ...]


def fit_many(
    pairs: Iterable[Pair],
    *,
    engine: Engine = "nuts",
    draws: int = 1000,
    tune: int = 1000,
    chains: int = 4,
    random_seed: int = 1,
    as_of: Moment | dt.date | str | None = None,
    progressbar: bool = False,
    nuts_sampler_kwargs: Mapping[str, float] | None = None,
    scrambles: int = 8,
    log2_points: int = 11,
    executor: Executor | None = None,
    timeout: float = TIMEOUT,
) -> list[Posterior | AttributionError]:
    """Posteriors of many cases under their models, in order: each what `fit` gives, bit for bit, whoever works.

    Parameters
    ----------
    pairs
        ``(case, model)``, or ``(case, model, settings)`` where a fit has settings of its own. They may be made on the
        fly. What is given back holds them all: take `itertools.batched` of very many.
    engine, draws, tune, chains, random_seed, as_of
        As in `fit`, for all pairs without settings of their own.
    progressbar
        Show how many are done.
    nuts_sampler_kwargs, scrambles, log2_points
        As in `fit`, too.
    executor
        Any `concurrent.futures.Executor`: of processes (not forked), or Dask's ``Client.get_executor()``. None is here
        and now, one after another. It is left open.
    timeout
        Seconds without any result, after which the executor is given up.

    Returns
    -------
    list
        A `Posterior`, or, where a fit is refused or fails, the error that `fit` would have raised, as a value.

    Raises
    ------
    UsageError
        Settings that cannot be.
    PoolError
        Workers were lost or are silent. The results that had come back are in its `finished`, by position.

    Examples
    --------
    >>> import attribution as at
    >>> case = at.read_case("tower-22")
    >>> models = [at.read_model(f"tower-22/{name}") for name in ("baseline", "sceptical")]
    >>> fitted = at.fit_many([(case, each) for each in models], engine="importance")
    >>> [result.model.id for result in fitted if result.ranking[0].id == "kataib-hezbollah"]
    ['baseline']
    """
    common = Settings.of(
        engine,
        draws=draws,
        tune=tune,
        chains=chains,
        random_seed=random_seed,
        as_of=as_of,
        nuts_sampler_kwargs=nuts_sampler_kwargs,
        scrambles=scrambles,
        log2_points=log2_points,
    )
    given: list[_Task] = []
    results: dict[int, Posterior | AttributionError] = {}

    def tasks() -> Iterator[_Task]:
        for pair in pairs:
            given.append(pair if len(pair) == 3 else (*pair, common))
            yield given[-1]

    with _counting(progressbar) as advance:

        def keep(position: int, answer: _Answer | AttributionError) -> None:
            results[position] = _received(*given[position], answer)
            advance()

        try:
            each(_fitted, tasks(), executor=executor, done=keep, timeout=timeout)
        except PoolError as lost:
            raise PoolError(lost.why, results) from lost.__cause__
    return [results[position] for position in range(len(results))]


def _fitted(task: _Task) -> _Answer | AttributionError:
    """In a worker: one fit, as it travels."""
    case, model, settings = task
    try:
        posterior = fit_under(case, model, settings)
    except AttributionError as error:
        return error
    draws = posterior.draws
    if settings.engine == "importance":
        draws = replace(draws, normals=draws.rows(slice(0))[None])
    return _Answer(posterior.program.dimension, draws, posterior.standings, posterior.group_standings)


def _received(
    case: Case, model: Model, settings: Settings, answer: _Answer | AttributionError
) -> Posterior | AttributionError:
    """The posterior of an answer. Sobol points are made once for all models of about one size."""
    if isinstance(answer, AttributionError):
        return answer
    draws, sampling = answer.draws, settings.sampling
    if settings.engine == "importance":
        normals = shared_normals(answer.dimension, sampling.scrambles, sampling.log2_points, settings.random_seed)
        draws = replace(draws, normals=normals)
    return Posterior.drawn(
        case, model, settings, draws, standings=answer.standings, group_standings=answer.group_standings
    )


@contextmanager
def _counting(shown: bool) -> Iterator[Callable[[], None]]:
    """A line that counts the fits, if it is to be shown; what is yielded is called after each."""
    if not shown:
        yield lambda: None
        return
    from rich.progress import MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    with Progress(TextColumn("fitting"), MofNCompleteColumn(), TimeElapsedColumn()) as bar:
        line = bar.add_task("fitting", total=None)
        yield lambda: bar.advance(line)
