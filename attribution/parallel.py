"""The same work here, on all processors, or on a cluster: tasks for any `concurrent.futures.Executor`.

`each` shares out many tasks, `meanwhile` has one done beside what is done here. What they give back does not depend on
the executor: results come in the order of the tasks, and where several tasks fail the first of them is raised. A lost
worker is told apart from a failed task: it is a `PoolError`, which carries what had finished.
"""

from __future__ import annotations

import os
import signal
import threading
import traceback
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from concurrent.futures import Executor, Future
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from itertools import islice
from queue import Empty, SimpleQueue

from attribution.errors import AttributionError, PoolError

TIMEOUT = 3600.0  # seconds without any result, after which a pool is given up: a deadlock says nothing by itself
_AHEAD = 1024  # tasks given out at a time: enough for every worker, few enough that 10^5 cases are never all in flight

_task = threading.local()


def each[T, R](
    work: Callable[[T], R],
    tasks: Iterable[T],
    *,
    executor: Executor | None = None,
    done: Callable[[int, R], None] | None = None,
    timeout: float = TIMEOUT,
) -> list[R]:
    """Results of `work` on every task, in the order of the tasks.

    Parameters
    ----------
    work
        A function that can be pickled, where the executor has other processes: one of a module, or a `partial` of one.
    tasks
        Asked for as they are needed, at most some thousand ahead; they may be made on the fly.
    executor
        Any executor; None is here and now, one after another. It is left open.
    done
        Told position and result of each task as it finishes, in this thread.
    timeout
        Seconds without any result, after which the pool is given up.

    Raises
    ------
    PoolError
        Workers were lost or are silent. What had finished is in its `finished`, by position.
    Exception
        What the first failing task raised. No later task is begun then.
    """
    finished: dict[int, R] = {}
    source = _one_by_one(work, tasks) if executor is None else _shared_out(work, tasks, executor, timeout)
    with _as_pool_errors(finished), closing(source):
        for position, result in source:
            finished[position] = result
            if done is not None:
                done(position, result)
    return [finished[position] for position in range(len(finished))]


@contextmanager
def meanwhile[R](
    work: Callable[[], R], *, executor: Executor | None = None, timeout: float = TIMEOUT
) -> Iterator[Callable[[], R]]:
    """A piece of work done elsewhere while this thread goes on; what is yielded waits for its result.

    Parameters
    ----------
    work
        What can be pickled, where the executor has other processes.
    executor
        Any executor, left open; None is here, when the result is asked for.
    timeout
        Seconds of waiting after which the pool is given up.

    Raises
    ------
    PoolError
        The worker was lost or is silent; when the result is asked for, as is the next.
    Exception
        What the work raised.
    """
    if executor is None:
        yield work
        return
    ready: SimpleQueue[int] = SimpleQueue()
    with _as_pool_errors({}), _pool_errors():
        future = executor.submit(_attempt, _called, work)
        future.add_done_callback(partial(_announce, ready, 0))

    def result() -> R:
        with _as_pool_errors({}):
            _next(ready, timeout)
            with _pool_errors():
                found = future.result()
        if isinstance(found, _Failed):
            raise found.error
        return found

    try:
        yield result
    finally:
        future.cancel()


def processors() -> int:
    """How many processors this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def threads() -> int:
    """How many threads a sum may use: one within a task of a pool, whose workers are the parallelism already."""
    return 1 if in_worker() else processors()


def in_worker() -> bool:
    """Whether this is a task that an executor was given."""
    return bool(getattr(_task, "shared", False))


@contextmanager
def one_thread() -> Iterator[None]:
    """Linear algebra and scikit-learn on one thread of this one.

    The last bits of both depend on how many there are, and workers of a cluster have one. And scikit-learn's wait for
    one another after each leaf of a tree, spinning: on a busy machine two of them were up to a hundred times as slow as
    one for 300 rows, and no faster for 30,000.
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):
        yield


@contextmanager
def processes(workers: int) -> Iterator[Executor | None]:
    """So many processes on this machine; None, which is here and now, where one is asked for.

    They are started afresh (forking a process that has threads is not safe), never hear Ctrl-C themselves, and end with
    this process or as soon as anything is raised: what they are in the middle of is of no use then.
    """
    if workers <= 1:
        yield None
        return
    with _started(workers, os.getpid) as executor:
        yield executor


@contextmanager
def another(module: str) -> Iterator[Executor | None]:
    """One process beside this one, which begins by importing a module; None where it would be of no use.

    That is where there is no processor for it, and in a task of a pool, whose workers are the parallelism already; and
    where the machine lets none be started. It ends as those of `processes` do.
    """
    with ExitStack() as stack:
        executor: Executor | None = None
        if not in_worker() and processors() > 1:
            with suppress(OSError):
                executor = stack.enter_context(_started(1, partial(_imported, module)))
        yield executor


@contextmanager
def _started(workers: int, first: Callable[[], object]) -> Iterator[Executor]:
    """So many processes, each of which begins with some work."""
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import active_children, get_context

    others = set(active_children())
    executor = ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_begin)
    try:
        with _deaf():
            for _ in range(workers):
                executor.submit(first)
        yield executor
    except BaseException:
        executor.shutdown(wait=False, cancel_futures=True)
        for process in set(active_children()) - others:
            process.terminate()
        raise
    executor.shutdown()


@dataclass(frozen=True, slots=True)
class _Failed:
    """What a task raised, as a value: so that it is told apart from what a pool raises."""

    error: Exception


class _LostError(Exception):
    """The pool, not a task, gave up."""


def _one_by_one[T, R](work: Callable[[T], R], tasks: Iterable[T]) -> Generator[tuple[int, R]]:
    for position, task in enumerate(tasks):
        yield position, work(task)


def _shared_out[T, R](
    work: Callable[[T], R], tasks: Iterable[T], executor: Executor, timeout: float
) -> Generator[tuple[int, R]]:
    """Positions and results as they finish; raises what the first failing task raised, or that the pool is lost."""
    coming = enumerate(tasks)
    waiting: dict[int, Future[R | _Failed]] = {}  # by position, in order
    ready: SimpleQueue[int] = SimpleQueue()
    failed: dict[int, Exception] = {}

    def give(count: int) -> None:
        for position, task in islice(coming, count):
            with _pool_errors():
                waiting[position] = executor.submit(_attempt, work, task)
            waiting[position].add_done_callback(partial(_announce, ready, position))

    try:
        give(_AHEAD)
        while waiting and not (failed and min(failed) < next(iter(waiting))):
            position = _next(ready, timeout)
            with _pool_errors():
                result = waiting.pop(position).result()
            if isinstance(result, _Failed):
                failed[position] = result.error
            else:
                yield position, result
            give(0 if failed else 1)
    except _LostError:
        yield from _came_back(waiting)
        raise
    finally:
        for future in waiting.values():
            future.cancel()
    if failed:
        raise failed[min(failed)]


def _attempt[T, R](work: Callable[[T], R], task: T) -> R | _Failed:
    """In a worker: the result, or what was raised, with where it was raised if it was not meant to be."""
    _task.shared = True
    try:
        return work(task)
    except Exception as error:
        if not isinstance(error, AttributionError):
            error.add_note(f"in a worker:\n{traceback.format_exc()}")
        return _Failed(error)
    finally:
        _task.shared = False


def _called[R](work: Callable[[], R]) -> R:
    return work()


def _announce(ready: SimpleQueue[int], position: int, _: object) -> None:
    ready.put(position)


def _next(ready: SimpleQueue[int], timeout: float) -> int:
    try:
        return ready.get(timeout=timeout)
    except Empty:
        raise _LostError(f"no result for {timeout:,.0f} seconds") from None


@contextmanager
def _as_pool_errors(finished: Mapping[int, object]) -> Iterator[None]:
    """A pool that gave up, as the error that callers know, with what had finished."""
    try:
        yield
    except _LostError as lost:
        raise PoolError(str(lost), finished) from lost.__cause__


@contextmanager
def _pool_errors() -> Iterator[None]:
    """Whatever an executor itself raises: each kind has errors of its own for a worker that is gone."""
    try:
        yield
    except Exception as error:
        raise _LostError(f"{type(error).__name__}: {str(error).rstrip('.')}") from error


def _came_back[R](waiting: dict[int, Future[R | _Failed]]) -> Iterator[tuple[int, R]]:
    """What had finished before anybody noticed that the pool was lost."""
    for position, future in waiting.items():
        if future.done() and not future.cancelled() and future.exception() is None:
            result = future.result()
            if not isinstance(result, _Failed):
                yield position, result


@contextmanager
def _deaf() -> Iterator[None]:
    """Processes started meanwhile never hear Ctrl-C: this one does, and ends them."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _imported(module: str) -> None:
    import_module(module)


def _begin() -> None:
    """In a worker: be deaf to Ctrl-C, and end when the process that started it has ended, however it ended."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    from multiprocessing import parent_process

    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
