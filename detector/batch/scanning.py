"""Scan many pictures: hands them to the workers and brings the reports back in order."""

from __future__ import annotations

import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from detector.batch.folder import Folder
from detector.batch.pool import Event, Pool, Worker, how_it_ended
from detector.batch.progress import Interrupted, Meter, Progress
from detector.batch.store import FILE_NAME, Store
from detector.batch.worker import DetectorFactory, Outcome, Task, serve
from detector.config import Settings
from detector.errors import OutputError, PictureError
from detector.pipeline import Detector, error_report
from detector.types import Report

LOOK_AHEAD = 16
"""Pictures a worker may be ahead of the first one that is not done yet; bounds what waits in memory."""
THUMBNAILS_FOR_ALL = 1_000
"""In scans of more pictures than this, only those with a finding get a small picture on the page."""
_TICK_S = 0.5
_ENGINE_START_S = 120.0
_FROM_OUTSIDE = {
    -getattr(signal, name) for name in ("SIGKILL", "SIGTERM", "SIGHUP", "SIGALRM") if hasattr(signal, name)
}  # fmt: skip


def scan(
    sources: Sequence[str],
    settings: Settings,
    *,
    output: Path | None = None,
    formats: Sequence[str] = ("jsonl", "csv", "html"),
    annotate: Literal["flagged", "all", "none"] = "flagged",
    resume: bool = False,
    cache: Path | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    detector: DetectorFactory = Detector,
) -> Iterator[Report]:
    """Scan pictures in worker processes and yield their reports in the order of ``sources``.

    A picture that cannot be read is a report with ``status`` error, whatever it does: hang, crash its decoder
    or eat memory. The same input gives the same bytes with any number of workers, from the cache or not, in
    one go or resumed. Pictures of the same content are read once. Nothing is written unless ``output`` or
    ``cache`` is given, and nothing happens before the first report is asked for, apart from checks.

    Args:
        sources: paths, as ``find_pictures`` returns them.
        settings: all settings.
        output: folder for ``reports.*``, ``index.html``, ``annotated/`` and ``observations/``.
        formats: names of the output formats.
        annotate: which pictures to draw on: ``flagged`` (whatever has a finding), ``all`` or ``none``.
        resume: go on with what a stopped scan left in ``output``.
        cache: SQLite file, or folder for one, that keeps observations from one scan to the next.
        on_progress: called after each picture that is done.
        detector: makes what reads and judges from the settings, in each worker; a function at the top of a
            module.

    Raises:
        UsageError: an unknown format; a stopped scan is there and ``resume`` is false.
        OutputError: results cannot be written.
        EngineError: the OCR engine is missing, or no worker can start.
        SignatureError: a signature is invalid.
        Interrupted: Ctrl-C; what was in flight has been finished and kept.
    """
    sources = [os.fsdecode(source) for source in sources]
    folder = None if output is None else Folder(Path(output), formats, job="scan", resume=resume)
    workers = max(1, min(settings.workers or cores(), len(sources)))
    task = Task(
        settings=replace(settings, threads=settings.threads or max(1, cores() // workers)),
        annotate="none" if folder is None else annotate,
        thumbnails="none"
        if folder is None or "html" not in formats
        else ("all" if len(sources) <= THUMBNAILS_FOR_ALL else "flagged"),
    )
    store_path = _cache_file(cache) if cache is not None else folder.store_path if folder else None
    run = Run(sources, task, workers, detector, folder, on_progress)
    return run.reports(store_path)


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _cache_file(cache: Path) -> Path:
    path = Path(cache)
    try:
        if path.suffix and not path.is_dir():
            path.parent.mkdir(parents=True, exist_ok=True)
            return path
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{path}: cannot be made: {error.strerror or error}") from error
    return path / FILE_NAME


@dataclass(slots=True, eq=False)
class _Job:
    index: int
    source: str
    content: str = ""
    key: str = ""
    holds: bool = False
    kills: int = 0


@dataclass(slots=True)
class Row:
    """What a scan brings back for one picture: paths of drawings are relative to the output folder."""

    report: Report
    observations: str | None
    annotated: str | None
    thumbnail: str | None


class Run:
    """One scan: which pictures are done, in work, and still to come."""

    def __init__(
        self,
        sources: list[str],
        task: Task,
        workers: int,
        factory: DetectorFactory,
        folder: Folder | None,
        on_progress: Callable[[Progress], None] | None,
    ) -> None:
        self._sources = sources
        self._task = task
        self._workers = workers
        self._factory = factory
        self._folder = folder
        self._meter = Meter(len(sources), on_progress)
        self._again: deque[_Job] = deque()
        self._next = 0
        self._head = 0
        self._rows: dict[int, Row] = {}
        self._in_flight: dict[str, list[_Job]] = {}
        self._stop = False
        self._store: Store
        self._pool: Pool

    def reports(self, store_path: Path | None) -> Iterator[Report]:
        """Yield the reports in order, with workers and a store of its own."""
        with ExitStack() as stack:
            # The folder is left last: it forgets what it takes to go on when it is left without an error.
            if self._folder is not None:
                stack.enter_context(self._folder)
            store = stack.enter_context(Store(store_path))
            if self._sources:
                stack.enter_context(self._listening())
                pool = stack.enter_context(Pool(serve, (self._task, self._factory), self._workers))
                for row in self.rows(store, pool):
                    yield row.report

    def rows(self, store: Store, pool: Pool) -> Iterator[Row]:
        """Yield the rows in order, with workers and a store that outlive it."""
        self._store, self._pool = store, pool
        yield from self._work()

    def _work(self) -> Iterator[Row]:
        timeout = self._task.settings.timeout_s
        while self._head < len(self._sources):
            for worker in self._pool.idle():
                job = self._next_job()
                if job is None:
                    break
                self._pool.give(worker, job, ("inspect", job.source), timeout)
            if self._stop and not self._pool.busy() and self._head not in self._rows:
                raise Interrupted(self._how_to_go_on())
            for event in self._pool.events(_TICK_S):
                self._handle(event)
            while self._head in self._rows:
                row = self._rows.pop(self._head)
                self._head += 1
                if self._folder is not None:
                    self._folder.write(row.report, row.annotated, row.thumbnail)
                yield row

    def _next_job(self) -> _Job | None:
        if self._stop:
            return None
        if self._again:
            return self._again.popleft()
        if self._next >= min(len(self._sources), self._head + LOOK_AHEAD * self._workers):
            return None
        self._next += 1
        return _Job(self._next - 1, self._sources[self._next - 1])

    def _handle(self, event: Event) -> None:
        job: _Job = event.job
        settings = self._task.settings
        if event.what == "late":
            self._fail(job, "timeout", f"took longer than {settings.timeout_s:g} s. Allow more with --timeout-s.")
        elif event.what == "died":
            job.kills += 1
            if event.message in _FROM_OUTSIDE and job.kills == 1:
                # Perhaps by accident, or for the memory of another: one more try before the picture is blamed.
                self._release(job)
                self._again.append(job)
            else:
                self._fail(job, "worker-died", f"the process that read it was {how_it_ended(event.message)}")
        else:
            self._answer(event.worker, job, event.message)

    def _answer(self, worker: Worker, job: _Job, message: Any) -> None:
        what = message[0]
        if what == "content":
            self._pool.say(worker, self._order(job, message[1], message[2]))
            # From now on: until here it may have waited for whoever takes the reports.
            self._pool.clock(worker, self._task.settings.timeout_s)
        elif what == "starting":
            self._pool.clock(worker, _ENGINE_START_S)
        elif what == "reading":
            self._pool.clock(worker, self._task.settings.timeout_s)
        else:
            self._pool.release(worker)
            if what == "done":
                outcome: Outcome = message[1]
                self._done(job, outcome)
                if outcome.spent:
                    self._pool.replace(worker)

    def _order(self, job: _Job, content: str, key: str) -> tuple[Any, ...]:
        job.content, job.key = content, key
        known = self._store.get(key)
        if known is not None:
            return ("judge", known)
        if key in self._in_flight:
            self._in_flight[key].append(job)
            return ("drop",)
        self._in_flight[key] = []
        job.holds = True
        return ("read",)

    def _release(self, job: _Job) -> None:
        # Those of the same content that waited for this one can go on.
        if job.holds:
            job.holds = False
            self._again.extend(self._in_flight.pop(job.key))

    def _fail(self, job: _Job, code: str, message: str) -> None:
        error = PictureError(code, f"{job.source}: {message}")
        self._done(job, Outcome(report=error_report(job.source, error)))

    def _done(self, job: _Job, outcome: Outcome) -> None:
        annotated = None
        if outcome.observations is not None:
            if outcome.fresh:
                self._store.put(job.key, job.content, outcome.observations)
            if self._folder is not None:
                self._folder.put_observations(job.source, outcome.observations)
                if outcome.annotated is not None:
                    annotated = self._folder.put_annotated(job.source, outcome.annotated)
        self._release(job)
        self._rows[job.index] = Row(outcome.report, outcome.observations, annotated, outcome.thumbnail)
        verdict = outcome.report.verdict
        self._meter.count(None if outcome.report.status == "error" or verdict is None else verdict.label)

    @contextmanager
    def _listening(self) -> Iterator[None]:
        # The first Ctrl-C lets what is in flight finish, the second one ends at once.
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def stop(number: int, frame: Any) -> None:
            if self._stop:
                raise KeyboardInterrupt
            self._stop = True

        before = signal.signal(signal.SIGINT, stop)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)

    def _how_to_go_on(self) -> str:
        state = f"stopped after {self._head} of {len(self._sources)} pictures"
        if self._folder is None:
            return f"{state}. With -o DIR a scan can be stopped and resumed."
        return f"{state}. To go on, type the same command with --resume."
