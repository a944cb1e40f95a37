"""A cluster is the same script: whoever works, the results are those of one process, bit for bit."""

from __future__ import annotations

import os
import pickle
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import fields, is_dataclass, replace
from functools import cache
from multiprocessing import get_context
from typing import TYPE_CHECKING

import numpy as np
import pytest

import attribution as at
from attribution.analysis.comparison.casebook import casebook
from attribution.archive.evaluation.backtest import Backtest, backtest
from attribution.domain.case import Case
from attribution.domain.model import Model
from attribution.errors import AttributionError, PairError, PoolError, UsageError
from attribution.inference.posterior import Posterior
from attribution.inference.settings import Sampling, Settings
from benchmarks.calibration import calibrate
from tests.archive.simulated import simulated_archive
from tests.simulated_cases import simulated

if TYPE_CHECKING:
    from distributed import Client

SMALL = Sampling(log2_points=8)
EXECUTORS = ("pool", "dask")


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    """A Dask cluster of two processes on this machine."""
    from distributed import Client, LocalCluster

    with (
        LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0") as cluster,
        Client(cluster) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def dask(client: Client) -> Executor:
    return client.get_executor(pure=False)


@pytest.fixture
def executor(request: pytest.FixtureRequest) -> Executor:
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Executor)
    return found


def some_pairs(count: int = 4) -> list[tuple[Case, Model]]:
    """Simulated cases; the last does not fit its model."""
    found = [simulated(seed) for seed in range(count)]
    pairs = [(one.case, one.model) for one in found]
    return [*pairs[:-1], (pairs[-1][0], pairs[0][1])]


@pytest.fixture(scope="module")
def serial() -> list[Posterior | AttributionError]:
    return at.fit_many(some_pairs(), engine="importance", log2_points=8)


def equal(a: Posterior, b: Posterior) -> bool:
    """The same to the last bit, in what travelled and in what is worked out from it."""
    return (
        a.settings == b.settings
        and a.standings == b.standings
        and a.group_standings == b.group_standings
        and a.state_standings == b.state_standings
        and np.array_equal(a.draws.z, b.draws.z)
        and np.array_equal(a.draws.weights, b.draws.weights)
        and np.array_equal(a.log_joint, b.log_joint)
        and a.draws.khat == b.draws.khat
    )


def test_many_fits_are_the_same_as_each_alone(serial: list[Posterior | AttributionError]) -> None:
    for (case, model), found in zip(some_pairs(), serial, strict=True):
        if isinstance(found, Posterior):
            assert equal(found, at.fit(case, model, engine="importance", log2_points=8))
        else:
            with pytest.raises(PairError) as raised:
                at.fit(case, model, engine="importance", log2_points=8)
            assert str(raised.value) == str(found)
    assert [type(found) for found in serial] == [Posterior, Posterior, Posterior, PairError]


@pytest.mark.parametrize("executor", EXECUTORS, indirect=True)
def test_many_fits_are_the_same_whoever_works(executor: Executor, serial: list[Posterior | AttributionError]) -> None:
    found = at.fit_many(some_pairs(), engine="importance", log2_points=8, executor=executor)
    for ours, theirs in zip(serial, found, strict=True):
        if isinstance(ours, Posterior):
            assert isinstance(theirs, Posterior)
            assert equal(ours, theirs)
        else:
            assert (type(ours), str(ours)) == (type(theirs), str(theirs))


@pytest.mark.slow
@pytest.mark.parametrize("executor", EXECUTORS, indirect=True)
def test_nuts_is_the_same_whoever_works(executor: Executor) -> None:
    (ours,) = at.fit_many(some_pairs(2)[:1], chains=2, draws=50, tune=100)
    (theirs,) = at.fit_many(some_pairs(2)[:1], chains=2, draws=50, tune=100, executor=executor)
    assert isinstance(ours, Posterior)
    assert isinstance(theirs, Posterior)
    assert equal(ours, theirs)
    for name, values in ours.draws.stats.items():
        assert np.array_equal(values, theirs.draws.stats[name]), name


def test_each_pair_may_have_settings_of_its_own() -> None:
    case, model = some_pairs()[0]
    own = Settings(engine="importance", random_seed=7, sampling=SMALL)
    first, second = at.fit_many([(case, model, own), (case, model)], engine="importance", random_seed=7, log2_points=8)
    assert isinstance(first, Posterior)
    assert isinstance(second, Posterior)
    assert equal(first, second)
    with pytest.raises(UsageError, match="seed is -1"):
        at.fit_many([], random_seed=-1)
    assert at.fit_many(iter(())) == []


def test_posteriors_of_about_one_size_share_their_points(serial: list[Posterior | AttributionError]) -> None:
    found = [one for one in serial if isinstance(one, Posterior)]
    assert np.shares_memory(found[0].draws.z, found[1].draws.z)
    assert found[0].draws.flat.flags.c_contiguous


def test_what_travels_is_small() -> None:
    case, model = some_pairs()[0]
    posterior = at.fit(case, model, engine="importance")
    assert posterior.log_joint.nbytes > 100_000
    kept = pickle.dumps(posterior)
    assert (
        len(kept) < posterior.draws.z.nbytes + posterior.draws.weights.nbytes + len(pickle.dumps((case, model))) + 5_000
    )
    assert equal(pickle.loads(kept), posterior)
    from attribution.inference.many import _fitted

    answer = pickle.dumps(_fitted((case, model, posterior.settings)))
    assert len(answer) < posterior.draws.weights.nbytes + 10_000


def test_progress_counts_the_fits(capsys: pytest.CaptureFixture[str]) -> None:
    at.fit_many(some_pairs()[:2], engine="importance", log2_points=8, progressbar=True)
    assert "2/" in capsys.readouterr().out


@pytest.mark.parametrize("executor", EXECUTORS, indirect=True)
def test_workers_compile_nothing(executor: Executor) -> None:
    """The caches of numba are files that all processes share; what this process has compiled, no worker compiles."""
    kernels_loaded_and_compiled()
    loaded, compiled = executor.submit(kernels_loaded_and_compiled).result(timeout=120)
    assert loaded > 0
    assert compiled == 0


def kernels_loaded_and_compiled() -> tuple[int, int]:
    """Fit a case with the compiled reader: how many kernels are at hand then, and how many had to be compiled."""
    from attribution import _compile
    from attribution.network import reader

    compiled, compile_kernel = [], _compile._machine_code

    def counted(name: str, function: Callable[..., None]) -> bytes:
        compiled.append(name)
        return compile_kernel(name, function)

    case, model = some_pairs()[1]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ATTRIBUTION_READER", "compiled")
        patch.setattr(_compile, "_machine_code", counted)
        at.fit(case, model, engine="importance", log2_points=8)
    return int(reader._READ.ready), len(compiled)


def fit_or_die(pair: tuple[Case, Model]) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_killed_worker_of_a_pool_is_an_error_that_keeps_the_posteriors(
    serial: list[Posterior | AttributionError],
) -> None:
    """Found by a killer among the cases: pickling it is harmless, unpickling it ends the worker."""
    pairs = some_pairs()
    deadly = (replace(pairs[2][0]), Deadly())
    with (
        ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor,
        pytest.raises(PoolError, match="2 results had come back") as raised,
    ):
        at.fit_many([*pairs[:2], deadly, pairs[2]], engine="importance", log2_points=8, executor=executor)  # type: ignore[list-item]
    finished = raised.value.finished
    assert sorted(finished) == [0, 1]
    for position, ours in enumerate(serial[:2]):
        theirs = finished[position]
        assert isinstance(ours, Posterior)
        assert isinstance(theirs, Posterior)
        assert equal(ours, theirs)


class Deadly:
    """Stands where a model belongs, and ends the process that unpickles it."""

    def __reduce__(self) -> tuple[object, tuple[int, int]]:
        return _die, (0, signal.SIGKILL)


def _die(_: int, how: int) -> None:
    os.kill(os.getpid(), how)


def test_dask_completes_when_a_worker_is_killed_in_the_middle(client: Client, dask: Executor) -> None:
    """The scheduler gives what the lost worker had to another."""
    from attribution.parallel import each

    victims = list(client.run(os.getpid).values())
    killed: list[int] = []

    def kill(position: int, result: object) -> None:
        if not killed:
            killed.append(victims[0])
            os.kill(victims[0], signal.SIGKILL)

    results = each(slow_square, range(12), executor=dask, done=kill)
    assert results == [number * number for number in range(12)]
    assert killed
    client.wait_for_workers(2, timeout=60)
    assert set(client.run(os.getpid).values()) != set(victims)


def slow_square(number: int) -> int:
    import time

    time.sleep(0.3)
    return number * number


def test_a_task_that_kills_every_dask_worker_is_the_same_named_error(dask: Executor) -> None:
    from attribution.parallel import each

    with pytest.raises(PoolError, match="KilledWorker"):
        each(end_worker, [0], executor=dask, timeout=120)


def end_worker(_: int) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize("executor", EXECUTORS, indirect=True)
def test_the_casebook_and_the_calibration_are_the_same_whoever_works(executor: Executor) -> None:
    pairs = some_pairs()[:2]
    assert casebook(pairs, executor=executor) == casebook(pairs)
    ours, theirs = (calibrate(range(4), "importance", executor=by, sampling=SMALL) for by in (None, executor))
    assert repr(ours) == repr(theirs)


def differences(a: object, b: object, where: str = "") -> list[str]:
    """Where two values differ, to the last bit."""
    if is_dataclass(a):
        return [
            line for field in fields(a) for line in differences(*(getattr(x, field.name) for x in (a, b)), field.name)
        ]
    if isinstance(a, tuple) and isinstance(b, tuple) and len(a) == len(b):
        return [
            line
            for position, (x, y) in enumerate(zip(a, b, strict=True))
            for line in differences(x, y, f"{where}[{position}]")
        ]
    return [] if repr(a) == repr(b) else [f"{where}: {a!r} {b!r}"]


def timeless(found: Backtest) -> Backtest:
    return replace(found, forecasters=tuple(replace(one, seconds=0.0) for one in found.forecasters))


NAMES = ("recency", "place-table", "naive-bayes")


@cache
def backtested_alone() -> Backtest:
    return timeless(backtest(simulated_archive(300, seed=2), baselines=NAMES))


@pytest.mark.parametrize("executor", EXECUTORS, indirect=True)
def test_a_backtest_is_the_same_whoever_works(executor: Executor) -> None:
    told: list[str] = []
    theirs = backtest(
        simulated_archive(300, seed=2),
        baselines=NAMES,
        executor=executor,
        progress=lambda name, *_: told.append(name),
    )
    assert differences(backtested_alone(), timeless(theirs)) == []
    told = list(dict.fromkeys(told))
    assert list(dict.fromkeys(name.partition(", ")[0] for name in told)) == ["rolling", "static", "daily"]
    settings = {name.partition(", ")[2] for name in told if name.endswith(" settings")}
    assert settings == {f"{name} settings" for name in ("model", *NAMES)}
