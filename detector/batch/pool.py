"""Worker processes that may hang, crash or be killed, and are replaced one by one.

Why not a library: ``concurrent.futures`` gives up the whole pool when one process dies and has no time limit
for a task; pools with shared queues can block for ever when a process is killed while it holds a queue's
lock. Here every worker has a pipe of its own and the parent knows what each one is doing, so whatever happens
to one of them concerns one picture.
"""

from __future__ import annotations

import multiprocessing
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from types import TracebackType
from typing import Any, Self

from detector.errors import EngineError

_START_S = 120.0
_MAX_FAILED_STARTS = 3
_END_S = 10.0
_FROZEN_S = 2.0


@dataclass(eq=False, slots=True)
class Worker:
    """One process.

    Attributes:
        job: what it works on; None while it starts or idles.
        deadline: on the monotonic clock; when it is killed. None while it idles.
        ready: it has said that it is there.
    """

    process: Any
    pipe: Connection
    job: Any = None
    deadline: float | None = None
    ready: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a worker.

    Attributes:
        worker: which one; after ``died`` and ``late`` it is gone and already replaced.
        job: what it was working on.
        what: ``message``, ``died`` or ``late``.
        message: what it said; for ``died``, how it ended (negative: the signal).
    """

    worker: Worker
    job: Any
    what: str
    message: Any = None


class Pool:
    """A fixed number of worker processes.

    Args:
        target: a worker's main function; gets its pipe, then ``args``.
        args: what each worker is given; must be picklable.
        size: how many.
    """

    def __init__(self, target: Callable[..., None], args: tuple[Any, ...], size: int) -> None:
        self._context = multiprocessing.get_context("spawn")
        self._target = target
        self._args = args
        self._size = size
        self._failed_starts = 0
        self.workers: list[Worker] = []

    def __enter__(self) -> Self:
        try:
            for _ in range(self._size):
                self._add()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def idle(self) -> list[Worker]:
        """Return the workers that wait for a job."""
        return [worker for worker in self.workers if worker.ready and worker.job is None]

    def busy(self) -> bool:
        """Return whether any worker has a job."""
        return any(worker.job is not None for worker in self.workers)

    def give(self, worker: Worker, job: Any, message: Any, seconds: float) -> None:
        """Give a worker a job and so many seconds for it; a worker that is gone shows in the next events."""
        worker.job = job
        self.clock(worker, seconds)
        self.say(worker, message)

    def clock(self, worker: Worker, seconds: float) -> None:
        """Give a worker so many seconds from now on."""
        worker.deadline = time.monotonic() + seconds

    def release(self, worker: Worker) -> None:
        """Take a worker's job away: it is done."""
        worker.job = worker.deadline = None

    def say(self, worker: Worker, message: Any) -> None:
        """Say something to a worker; one that is gone shows in the next events."""
        with suppress(OSError):
            worker.pipe.send(message)

    def replace(self, worker: Worker) -> None:
        """End a worker and start another in its place."""
        self._remove(worker)
        self._add()

    def events(self, seconds: float) -> Iterator[Event]:
        """Yield what happened; wait for it so many seconds at most.

        Raises:
            EngineError: workers end again and again before they can do anything.
        """
        now = time.monotonic()
        deadlines = [worker.deadline for worker in self.workers if worker.deadline is not None]
        patience = max(0.0, min([now + seconds, *deadlines]) - now)
        said = set(wait([worker.pipe for worker in self.workers], patience))
        waited = time.monotonic() - now
        if waited - patience > _FROZEN_S:
            # Ctrl-Z, a machine that slept: the workers stood still as well, and lose no time by it.
            for worker in self.workers:
                if worker.deadline is not None:
                    worker.deadline += waited
        for worker in list(self.workers):
            if worker.pipe in said:
                # A process that ends closes its pipe, so its end is heard here too.
                yield from self._heard(worker)
            elif worker.deadline is not None and time.monotonic() >= worker.deadline:
                job = worker.job
                if not worker.ready:
                    self._count_failed_start("it took too long")
                self.replace(worker)
                if job is not None:
                    yield Event(worker, job, "late")

    def _heard(self, worker: Worker) -> Iterator[Event]:
        try:
            message = worker.pipe.recv()
        except (EOFError, OSError):
            job = worker.job
            worker.process.join(5)
            ending = worker.process.exitcode
            if not worker.ready:
                self._count_failed_start(how_it_ended(ending))
            self.replace(worker)
            if job is not None:
                yield Event(worker, job, "died", ending)
            return
        if message[0] == "ready":
            worker.ready, worker.deadline = True, None
            self._failed_starts = 0
            return
        if message[0] == "fatal":
            raise message[1]
        yield Event(worker, worker.job, "message", message)

    def _count_failed_start(self, how: str) -> None:
        self._failed_starts += 1
        if self._failed_starts >= max(_MAX_FAILED_STARTS, self._size):
            raise EngineError(
                f"worker processes cannot start: {how}. If your own script calls scan(), the call must stand "
                "under: if __name__ == '__main__'. Otherwise give them more memory with --max-memory-mb."
            )

    def _add(self) -> None:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=self._target, args=(theirs, *self._args), daemon=True)
        with _deaf_to_ctrl_c():
            process.start()
        theirs.close()  # so that its end is heard
        self.workers.append(Worker(process, ours, deadline=time.monotonic() + _START_S))

    def _remove(self, worker: Worker) -> None:
        self.workers.remove(worker)
        worker.pipe.close()
        worker.process.kill()
        # One that waits for a dead network drive cannot even be killed; nobody waits for it here.
        worker.process.join(_END_S)
        with suppress(ValueError):
            worker.process.close()

    def _end(self) -> None:
        for worker in list(self.workers):
            self._remove(worker)


@contextmanager
def _deaf_to_ctrl_c() -> Iterator[None]:
    # What a new process is deaf to, it stays deaf to: Ctrl-C reaches the whole group of processes, and one that
    # is still importing would end with a trace. The parent hears it a moment later.
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    from multiprocessing import resource_tracker

    resource_tracker.ensure_running()  # now, because it opens the ears again when it starts
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def how_it_ended(exitcode: int | None) -> str:
    """Return how a process ended, in words."""
    if exitcode is not None and exitcode < 0:
        try:
            return f"ended by {signal.Signals(-exitcode).name}"
        except ValueError:
            return f"ended by signal {-exitcode}"
    return f"ended with {exitcode}"
