"""Many settings of a case and a model at once: grids, lists of settings, and draws from an analyst's own ranges."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from functools import partial
from itertools import batched, product
from typing import TYPE_CHECKING, Any

import numpy as np

from attribution.analysis.assumptions.answering import Answer, Place, Setting, answering, number_at, varied
from attribution.domain.case import Case
from attribution.domain.document import entry_at
from attribution.domain.model import Model
from attribution.domain.moments import Moment
from attribution.domain.numbers import Number, Scale
from attribution.domain.verbal import NAMING_LIMIT, probability_words
from attribution.errors import InputError, UsageError
from attribution.inference.draws import khat_threshold
from attribution.inference.settings import Engine, Settings
from attribution.inference.sobol import normal_quantiles, sobol_points
from attribution.network.curves import quantile
from attribution.network.program import Floats
from attribution.parallel import each

if TYPE_CHECKING:
    import pandas as pd

MOST_SETTINGS = 100_000
_BATCH = 32  # settings that travel together: by the same draws they have much in common, by draws of their own nothing
_NOBODY = "nobody can be named"

type Wanted = Mapping[str, Sequence[Any] | None] | Sequence[Setting]


def sweep(
    case: Case,
    model: Model,
    settings: Wanted,
    *,
    engine: Engine = "importance",
    n: int | None = None,
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
) -> pd.DataFrame:
    """The answer under many settings of the case and the model, as one tidy table.

    With the instant engine all settings share their draws and what was compiled: a number, a grade or an item that is
    off costs no more than summing again what it bears upon, and the differences between settings are no differences
    between random numbers. Each is what `fit` gives for files that say so, within its Monte Carlo error; an item that
    is off is left out as `leave_out` and `what_if` do it.

    Parameters
    ----------
    case, model
        What is swept.
    settings
        A grid: from paths to lists of values, of which all combinations are tried. Or a list of settings: each from
        paths to values. Paths are those of the files, such as ``"perpetrator.other"``, ``"traits.tempo.nujaba"``,
        ``"evidence.halt.grade"``; values are in the words of the files, or ``"off"`` for an item or its grade.
    engine : {"importance", "nuts"}, default "importance"
        With ``nuts`` every setting is sampled by itself.
    n
        So many random settings instead of a grid, 1 to 100,000. A path then has a range: ``[low, best, high]`` by its
        5, 50 and 95 % quantiles, ``[low, high]`` evenly, any other list one of its values, None the model's own number.
    draws, tune, chains
        As in `fit`, with ``nuts``.
    random_seed
        From 0 to 2^63 - 1; of all draws.
    as_of
        Use only what was published by then.
    progressbar
        Show how many settings are done.
    nuts_sampler_kwargs, scrambles, log2_points
        As in `fit`.
    executor
        Any `concurrent.futures.Executor`; None is here and now.

    Returns
    -------
    DataFrame
        A row per setting and faction: the number of the setting, a column for each path with its value, faction,
        probability with mcse (its Monte Carlo error), low and high (its range over inputs), verdict, khat (the Pareto
        shape of the weights; none with NUTS), reliable, and error: why a setting has no answer, which leaves its
        numbers empty and the others as they are.

    Raises
    ------
    UsageError
        A path that leads nowhere, no values for it, or `n` out of its range.
    InputError
        The case and the model by themselves cannot be fitted.
    PoolError
        Workers were lost.

    Examples
    --------
    >>> frame = at.sweep(case, model, {"perpetrator.other": [0.01, 0.3], "evidence.halt.grade": ["A1", "B2", "off"]})
    >>> frame["setting"].nunique(), len(frame) == 6 * len(case.factions.leaves)
    (6, True)
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
    tried = _expanded(case, model, settings, n, random_seed)
    _check_paths(case, model, common.as_of, tried)
    batches = list(batched(tried, 1 if engine == "nuts" else _BATCH))
    with _counting(progressbar, len(tried)) as advance:
        found = each(
            partial(_answers, case, model, common),
            batches,
            executor=executor,
            done=lambda position, answers: advance(len(answers)),
        )
    return _frame(case, tried, [answer for answers in found for answer in answers], common)


def _answers(case: Case, model: Model, common: Settings, batch: tuple[Setting, ...]) -> list[Answer]:
    """In a worker: the answers of some settings."""
    return answering(case, model, common).answers(batch)


def _expanded(case: Case, model: Model, settings: Any, n: int | None, random_seed: int) -> list[dict[str, Any]]:
    """All settings, one by one."""
    if not isinstance(settings, Mapping):
        if isinstance(settings, str) or n is not None or not all(isinstance(one, Mapping) for one in settings):
            raise UsageError(
                "the settings are neither a grid nor a list of settings.",
                allowed='{"perpetrator.other": [0.01, 0.1]}, or [{"perpetrator.other": 0.01}, ...] without `n`',
            )
        if not settings:
            raise UsageError("there are no settings.", allowed="at least one")
        return [dict(one) for one in settings]
    if not settings:
        raise UsageError("there is nothing to sweep.", allowed='at least one path: {"perpetrator.other": [0.01, 0.1]}')
    values = {path: _values(path, given, n) for path, given in settings.items()}
    if n is not None:
        return _drawn(case, model, values, n, random_seed)
    count = math.prod(len(some or ()) for some in values.values())
    if count > MOST_SETTINGS:
        raise UsageError(f"the grid has {count:,} settings.", allowed=f"at most {MOST_SETTINGS:,}", hint="n=1000")
    return [dict(zip(values, some, strict=True)) for some in product(*(some or () for some in values.values()))]


def _values(path: str, given: Any, n: int | None) -> list[Any] | None:
    if given is None and n is not None:
        return None
    if isinstance(given, np.ndarray):
        given = given.tolist()
    if isinstance(given, str) or not isinstance(given, Iterable) or isinstance(given, Mapping):
        raise UsageError(f"{path} has {given!r} instead of values.", at=(path,), allowed="a list of values")
    if not list(given):
        raise UsageError(f"{path} has no values.", at=(path,), allowed="a list with at least one value")
    return list(given)


def _drawn(
    case: Case, model: Model, ranges: Mapping[str, list[Any] | None], n: int, random_seed: int
) -> list[dict[str, Any]]:
    """Settings from the ranges: points of a scrambled Sobol sequence, which fill them evenly."""
    if not 1 <= n <= MOST_SETTINGS:
        raise UsageError(f"n is {n}.", allowed=f"1 to {MOST_SETTINGS:,}")
    rng = np.random.default_rng(random_seed)
    points = sobol_points(len(ranges), max(1, math.ceil(math.log2(n))), rng)[:n]
    columns = [
        _in_range(case, model, path, some, np.clip(points[:, position], 2.0**-32, 1.0 - 2.0**-32))
        for position, (path, some) in enumerate(ranges.items())
    ]
    return [dict(zip(ranges, values, strict=True)) for values in zip(*columns, strict=True)]


def _in_range(case: Case, model: Model, path: str, given: list[Any] | None, points: Floats) -> list[Any]:
    if given is None:
        number = number_at((case if Place.of(case, path).in_case else model).to_dict(), path)
        if number is None:
            raise UsageError(
                f"{path} is no number with a range of its own.",
                at=(path,),
                allowed="a range instead of None: [0.1, 0.3]",
            )
        return list(quantile(number, normal_quantiles(points)).tolist())
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in given):
        if len(given) == 2:
            return list((given[0] + (given[1] - given[0]) * points).tolist())
        if len(given) == 3:
            scale: Scale = "ratio" if max(given) >= 1 else "probability"
            low, best, high = map(float, given)
            return list(quantile(Number(low, best, high, scale), normal_quantiles(points)).tolist())
    return [given[min(int(point * len(given)), len(given) - 1)] for point in points]


def _check_paths(case: Case, model: Model, as_of: Moment | None, tried: list[dict[str, Any]]) -> None:
    """Refuse a path that leads nowhere: nothing stands there, and none of its values may."""
    values: dict[str, list[Any]] = {}
    for setting in tried:
        for path, value in setting.items():
            values.setdefault(path, []).append(value)
    documents = {True: case.to_dict(), False: model.to_dict()}
    for path, some in values.items():
        place = Place.of(case, path)
        if place.item or place.origin:
            continue
        try:
            entry_at(documents[place.in_case], path)
        except UsageError as missing:
            if not any(_can_be(case, model, as_of, {path: value}) for value in some[:_BATCH]):
                raise UsageError(missing.what, at=(path,), allowed=missing.allowed, hint=missing.hint) from None


def _can_be(case: Case, model: Model, as_of: Moment | None, setting: Setting) -> bool:
    try:
        return bool(varied(case, model, as_of, setting).program.factions)
    except InputError:
        return False


def _frame(case: Case, tried: list[dict[str, Any]], answers: list[Answer], common: Settings) -> pd.DataFrame:
    """A row per setting and faction."""
    import pandas as pd

    factions, paths = case.factions.leaves, list(dict.fromkeys(path for setting in tried for path in setting))
    limit = khat_threshold(common.sampling.scrambles * 2**common.sampling.log2_points)
    rows: list[dict[str, Any]] = []
    for number, (setting, answer) in enumerate(zip(tried, answers, strict=True)):
        head = {"setting": number, **{path: as_cell(setting.get(path)) for path in paths}}
        rows += [{**head, **row} for row in rows_of(factions, answer, limit)]
    return pd.DataFrame(rows)


def rows_of(factions: Sequence[str], answer: Answer, limit: float) -> Iterator[dict[str, Any]]:
    """The rows of one answer, a faction each."""
    found = answer.estimate
    verdict, nothing = "", float("nan")
    if found is not None:
        first = int(np.argmax(found.mean))
        probability = float(found.mean[first])
        named = probability >= NAMING_LIMIT
        verdict = f"{factions[first]}: {probability_words(probability)}" if named else _NOBODY
    for position, faction in enumerate(factions):
        yield {
            "faction": faction,
            "probability": float(found.mean[position]) if found else nothing,
            "mcse": float(found.mcse[position]) if found else nothing,
            "low": float(found.low[position]) if found else nothing,
            "high": float(found.high[position]) if found else nothing,
            "verdict": verdict,
            "khat": answer.khat,
            "reliable": found is not None and not answer.khat > limit,
            "error": answer.error,
        }


def as_cell(value: Any) -> Any:
    """A value of a setting as a cell: lists and blocks as texts, so that rows can be grouped by it."""
    return value if value is None or isinstance(value, str | int | float) else str(value)


@contextmanager
def _counting(shown: bool, total: int) -> Iterator[Callable[[int], None]]:
    """A bar that counts the settings, if it is to be shown; what is yielded takes how many more are done."""
    if not shown:
        yield lambda done: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("settings"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns) as bar:
        line = bar.add_task("settings", total=total)
        yield lambda done: bar.advance(line, done)
