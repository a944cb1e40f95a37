"""Work shared out: the same results in the same order whoever does it, and nothing lost when a worker is."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import pytest

from attribution.errors import AttributionError, CaseError, EngineError, PairError, PoolError, TooTiedError
from attribution.parallel import another, each, meanwhile, processes, processors, threads

ROOT = Path(__file__).parent.parent


def squared(number: int) -> int:
    return number * number


def slower_at_first(number: int) -> int:
    time.sleep(0.02 * (5 - number))
    return number


def odd_refused(number: int) -> int:
    time.sleep(0.05 if number == 1 else 0.0)
    if number % 2:
        raise CaseError(f"{number} is odd.", at=("numbers", number), allowed="even numbers")
    return number


def deadly(number: int) -> int:
    if number == 3:
        time.sleep(1.0)  # the others have come back by then
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def allowed_threads(_: int) -> int:
    return threads()


def test_results_come_in_the_order_of_the_tasks(pool: Executor) -> None:
    finished: list[int] = []
    with ThreadPoolExecutor(5) as many:
        for executor in (None, pool, many):
            finished.clear()
            results = each(slower_at_first, range(5), executor=executor, done=lambda at, _: finished.append(at))
            assert results == [0, 1, 2, 3, 4]
            assert sorted(finished) == [0, 1, 2, 3, 4]
            assert executor or finished == [0, 1, 2, 3, 4]
    assert each(squared, iter(()), executor=pool) == []


def test_more_tasks_than_are_given_out_at_a_time(pool: Executor) -> None:
    asked: list[int] = []

    def tasks() -> Iterator[int]:
        for number in range(3000):
            asked.append(number)
            yield number

    first: list[int] = []
    results = each(squared, tasks(), executor=pool, done=lambda *_: first.append(len(asked)))
    assert results == [number * number for number in range(3000)]
    assert first[0] < 1100


def test_of_several_failures_the_first_task_is_the_one_that_is_raised(pool: Executor) -> None:
    for executor in (None, pool):
        with pytest.raises(CaseError) as raised:
            each(odd_refused, range(8), executor=executor)
        assert str(raised.value) == "numbers[1]: 1 is odd.\n  allowed: even numbers"
        assert raised.value.at == ("numbers", 1)


def test_a_fault_says_where_in_the_worker_it_was(pool: Executor) -> None:
    with pytest.raises(TypeError) as raised:
        each(squared, ["x"], executor=pool)  # type: ignore[list-item]
    assert "in squared" in "".join(raised.value.__notes__)


def test_a_task_of_a_pool_uses_one_thread(pool: Executor) -> None:
    assert each(allowed_threads, range(2), executor=pool) == [1, 1]
    assert each(allowed_threads, range(2)) == [processors()] * 2
    assert threads() == processors()


def test_a_worker_that_is_killed_is_a_named_error_with_what_had_come_back() -> None:
    with pytest.raises(PoolError, match="lost") as raised, processes(2) as executor:
        each(deadly, range(4), executor=executor)
    assert raised.value.finished == {0: 0, 1: 1, 2: 2}
    assert "BrokenProcessPool" in str(raised.value)
    assert "3 results had come back" in str(raised.value)
    assert raised.value.exit_code == 3


def test_a_pool_that_is_broken_already_is_the_same_error() -> None:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor:
        with pytest.raises(PoolError):
            each(deadly, [3], executor=executor)
        with pytest.raises(PoolError) as raised:
            each(squared, range(3), executor=executor)
    assert raised.value.finished == {}


def is_alone() -> bool:
    with another("json") as executor:
        return executor is None


def test_what_is_done_meanwhile() -> None:
    with meanwhile(partial(squared, 3)) as result:
        assert result() == 9
    assert is_alone() == (processors() == 1)
    with another("json") as executor, meanwhile(is_alone, executor=executor) as alone:
        assert alone(), "a worker starts no other"


def test_what_fails_meanwhile(pool: Executor) -> None:
    with pytest.raises(CaseError, match="1 is odd"), meanwhile(partial(odd_refused, 1), executor=pool) as result:
        result()
    silent = Silent()
    with (
        meanwhile(partial(squared, 3), executor=silent) as done,
        meanwhile(partial(squared, 4), executor=silent, timeout=0.2) as never,
    ):
        assert done() == 9
        with pytest.raises(PoolError, match="no result for 0 seconds"):
            never()
    assert silent.given[1].cancelled()
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor:
        with meanwhile(partial(deadly, 3), executor=executor) as killed, pytest.raises(PoolError, match="Broken"):
            killed()
        with pytest.raises(PoolError, match="Broken"), meanwhile(partial(squared, 3), executor=executor):
            pass


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="needs a process that can be kept to one processor")
def test_one_processor_has_no_other_process() -> None:
    everywhere = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(everywhere)})
        with another("json") as executor:
            assert executor is None
            assert threads() == 1
    finally:
        os.sched_setaffinity(0, everywhere)


class Silent(Executor):
    """An executor that does the first task and never another."""

    def __init__(self) -> None:
        self.given: list[Future[object]] = []

    def submit(self, fn, /, *args, **kwargs):  # type: ignore[no-untyped-def]
        future: Future[object] = Future()
        if not self.given:
            future.set_result(fn(*args, **kwargs))
        self.given.append(future)
        return future


def test_a_pool_that_says_nothing_is_given_up() -> None:
    silent = Silent()
    with pytest.raises(PoolError, match=r"no result for 0 seconds.*1 result had") as raised:
        each(squared, range(3), executor=silent, timeout=0.2)
    assert raised.value.finished == {0: 0}
    assert [future.cancelled() for future in silent.given] == [False, True, True]


def test_what_goes_wrong_outside_the_workers_leaves_nothing_waiting() -> None:
    def refuse(position: int, result: int) -> None:
        raise KeyboardInterrupt

    silent = Silent()
    with pytest.raises(KeyboardInterrupt):
        each(squared, range(3), executor=silent, done=refuse)
    assert [future.cancelled() for future in silent.given] == [False, True, True]


@pytest.mark.parametrize(
    "error",
    [
        TooTiedError(("a", "b"), 1 << 20, 1 << 16),
        CaseError("it is wrong.", at=("evidence", 3), allowed="right", hint="look").located("case.yaml", 7),
        PairError.unknown("sources", "us-dod", ["us_dod"], at=("evidence", 1, "source")),
        EngineError("NUTS gave up"),
        PoolError("gone", {0: "a"}),
    ],
    ids=lambda error: type(error).__name__,
)
def test_errors_travel_between_processes(error: AttributionError) -> None:
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error)
    assert str(copy) == str(error)
    assert vars(copy) == vars(error)


ENDLESS = """
import signal

signal.signal(signal.SIGINT, signal.default_int_handler)  # shells let background jobs ignore it
from attribution.parallel import each, processes
from tests.test_parallel import own_pid, sleepy

with processes(2) as executor:
    print(*each(own_pid, range(2), executor=executor), flush=True)
    each(sleepy, [60] * 4, executor=executor)
"""


def own_pid(_: int) -> int:
    time.sleep(0.5)  # so that both workers are asked
    return os.getpid()


def sleepy(seconds: int) -> None:
    time.sleep(seconds)


def gone(pid: int) -> bool:
    """Whether a process has ended; one that nobody collected yet has."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda stop: stop.name)
def test_workers_end_with_the_process_that_started_them(stop: signal.Signals) -> None:
    script = subprocess.Popen(
        [sys.executable, "-c", ENDLESS],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    try:
        assert script.stdout is not None
        workers = [int(pid) for pid in script.stdout.readline().split()]
        assert len(workers) == 2
        if stop is signal.SIGINT:
            os.killpg(script.pid, stop)  # as a terminal does
        else:
            os.kill(script.pid, stop)
        _, errors = script.communicate(timeout=30)
        assert script.returncode == -stop
        assert errors.count("Traceback") <= (stop is signal.SIGINT), errors
        patience = time.monotonic() + 10
        while not all(gone(pid) for pid in workers):
            assert time.monotonic() < patience
            time.sleep(0.05)
    finally:
        script.kill()
        script.wait()
