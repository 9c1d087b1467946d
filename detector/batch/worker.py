"""What happens in a worker process: one picture after the other, one detector for all of them.

What parent and worker say to each other, over a pipe of their own:

=================================  ============================================================
parent                             worker
=================================  ============================================================
                                   ``("ready",)``
``("inspect", source)``            ``("content", content, key)``: it was read and hashed
``("read",)``                      the first time ``("starting",)`` and ``("reading",)`` around the start of
                                   the engine; then ``("done", Outcome)``
``("judge", observations)``        ``("done", Outcome)``
``("drop",)``                      ``("dropped",)``: another worker reads the same content
=================================  ============================================================

Instead of any of its answers a worker may say ``("done", Outcome)`` with an error report, or ``("fatal",
error)``: no worker will ever work.
"""

from __future__ import annotations

import hashlib
import os
import signal
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from detector.batch.store import content_of, key_of
from detector.batch.versions import fingerprint
from detector.config import Settings
from detector.errors import DetectorError, EngineError, ObservationsError, PictureError
from detector.images import read_bytes
from detector.types import Frame, Observations, Report

DetectorFactory = Callable[[Settings], Any]
"""Makes what reads and judges; ``Detector`` unless a test says otherwise."""
_GUARD_S = 240.0
"""Beyond ``timeout_s``; more than an engine may take to start, so the parent's clock always comes first."""
_LONGEST_JPEG = 65_500
"""Pixels of the longest side that libjpeg writes; a longer picture has a report and no drawing."""
_OUT_OF_MEMORY = ("bad_alloc", "bad allocation", "failed to allocate", "insufficient memory", "out of memory")


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What a worker shall make of each picture.

    Attributes:
        settings: all settings; ``threads`` is already this worker's share.
        annotate: ``flagged`` (whatever has a finding), ``all`` or ``none``.
        thumbnails: the same for the small pictures of the page.
    """

    settings: Settings
    annotate: str = "none"
    thumbnails: str = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one picture.

    Attributes:
        report: the report, or the error report.
        observations: as JSON; None for an error.
        fresh: they were read just now and are not in the store yet.
        annotated: JPEG bytes, if it was drawn.
        thumbnail: data URIs, if they were made; see ``detector.annotate.thumbnail``.
        spent: the worker should be replaced: it ran out of memory.
    """

    report: Report
    observations: str | None = None
    fresh: bool = False
    annotated: bytes | None = None
    thumbnail: str | None = None
    spent: bool = False


def serve(pipe: Connection, task: Task, factory: DetectorFactory) -> None:
    """Work until the parent hangs up; the main function of a worker process."""
    try:
        _prepare(task.settings)
        detector = factory(task.settings)
        hand = _Hand(pipe, task, detector, fingerprint(task.settings, detector))
        pipe.send(("ready",))
        while True:
            _, source = pipe.recv()
            with hand.guarded():
                hand.inspect(source)
    except (_ParentGoneError, EOFError, BrokenPipeError, ConnectionResetError):
        return
    except DetectorError as error:
        pipe.send(("fatal", error))
    except Exception as error:  # a fault of ours, before any picture: the parent shows where
        pipe.send(("fatal", RuntimeError(f"{type(error).__name__}: {error}\n{traceback.format_exc()}")))


class _ParentGoneError(Exception):
    """Told apart from what an engine raises when a process or a connection of its own has gone."""


class _Hand:
    def __init__(self, pipe: Connection, task: Task, detector: Any, versions: str) -> None:
        self._pipe = pipe
        self._task = task
        self._detector = detector
        self._versions = versions
        self._started = False
        self._proven = False

    def inspect(self, source: str) -> None:
        sha256 = ""
        try:
            data, _ = read_bytes(source, settings=self._task.settings)
            sha256 = hashlib.sha256(data).hexdigest()
            content = content_of(sha256, source)
            self._say(("content", content, key_of(content, self._versions)))
            order = self._order()
            if order[0] == "drop":
                self._say(("dropped",))
                return
            observations = _known(order[1], sha256, source) if order[0] == "judge" else None
            frame: Frame | None = None
            fresh = observations is None
            if observations is None:
                self._start()
                frame = self._detector.load(data, name=source)
                observations = self._detector.observe(frame)
                self._proven = True
            self._say(("done", self._outcome(observations, frame, data, fresh)))
        except _ParentGoneError:
            raise
        except Exception as error:  # whatever a picture does to us, it is one row
            traceback.clear_frames(error.__traceback__)  # what filled the memory may hang on them
            if isinstance(error, DetectorError) and not self._concerns_one_picture(error):
                raise
            self._say(("done", _error_outcome(source, error, sha256)))

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """Let the system end this process if it hangs here after its parent was killed."""
        _guard_seconds(self._task.settings.timeout_s + _GUARD_S)
        try:
            yield
        finally:
            _guard_seconds(0)

    def _say(self, message: tuple[Any, ...]) -> None:
        with self._unguarded():
            self._pipe.send(message)

    def _order(self) -> Any:
        with self._unguarded():
            return self._pipe.recv()

    @contextmanager
    def _unguarded(self) -> Iterator[None]:
        # This may take as long as it likes: the parent waits for whoever takes the reports. If it dies, this ends.
        _guard_seconds(0)
        try:
            yield
        except (EOFError, OSError) as error:
            raise _ParentGoneError from error
        _guard_seconds(self._task.settings.timeout_s + _GUARD_S)

    def _start(self) -> None:
        if not self._started:
            self._say(("starting",))
            self._detector.start()
            self._started = True
            self._say(("reading",))

    def _concerns_one_picture(self, error: DetectorError) -> bool:
        if isinstance(error, PictureError):
            return True
        return isinstance(error, EngineError) and self._started and self._works()

    def _works(self) -> bool:
        # An engine may fail on one picture. If it fails on an empty one too, a model is missing or damaged, and
        # a row of errors for every picture would only hide that.
        if not self._proven:
            empty = Frame(
                pixels=np.full((64, 64, 3), 128, np.uint8), source="<empty>", sha256="", original_size=(64, 64),
                format="ARRAY",
            )  # fmt: skip
            try:
                self._detector.observe(empty)
            except EngineError:
                return False
            self._proven = True
        return True

    def _outcome(self, observations: Observations, frame: Frame | None, data: bytes, fresh: bool) -> Outcome:
        from detector.annotate import thumbnail

        report = self._detector.judge(observations)
        found = report.verdict is not None and report.verdict.label != "no-finding"
        draw = _wanted(self._task.annotate, found)
        small = _wanted(self._task.thumbnails, found)
        if frame is None and (draw or small):
            frame = self._detector.load(data, name=observations.source)
        return Outcome(
            report=report,
            observations=observations.to_json(),
            fresh=fresh,
            annotated=_annotated(frame, report) if frame is not None and draw else None,
            thumbnail=thumbnail(frame, report) if frame is not None and small else None,
        )


def _known(text: str, sha256: str, source: str) -> Observations | None:
    try:
        known = Observations.from_json(text)
    except ObservationsError:
        return None  # damaged in the store: it is read again
    return replace(known, source=source) if known.sha256 == sha256 else None


def _wanted(which: str, found: bool) -> bool:
    return which == "all" or (which == "flagged" and found)


def _error_outcome(source: str, error: Exception, sha256: str) -> Outcome:
    from detector.pipeline import error_report

    memory = isinstance(error, MemoryError) or any(word in str(error).lower() for word in _OUT_OF_MEMORY)
    if memory and getattr(error, "code", "") != "memory":
        error = PictureError("memory", f"{source}: needs more memory than a worker may have. See --max-memory-mb.")
    elif isinstance(error, EngineError):
        error = EngineError(f"{source}: {error}")
    elif not isinstance(error, DetectorError):
        error = RuntimeError(f"{source}: {type(error).__name__}: {str(error)[:300]}")
    return Outcome(report=error_report(source, error, sha256=sha256), spent=memory)


def _annotated(frame: Frame, report: Report) -> bytes | None:
    import io

    from detector.annotate import annotate

    drawn = annotate(frame, report).convert("RGB")
    if max(drawn.size) > _LONGEST_JPEG:
        return None
    buffer = io.BytesIO()
    # Full colour resolution: thin coloured lines and small letters are what it is for.
    drawn.save(buffer, "JPEG", quality=90, subsampling=0)
    return buffer.getvalue()


def _prepare(settings: Settings) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides
    warnings.simplefilter("ignore")  # decoders warn about hostile bytes, in hostile words
    # Decoders write to stdout, which is for results, and to stderr, in words that come from the picture.
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    os.close(silence)
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OPENCV_FOR_THREADS_NUM"):
        os.environ[name] = str(max(1, settings.threads))
    if settings.max_memory_mb and sys.platform.startswith("linux"):
        import resource

        # Counts what is really private and writable; RLIMIT_AS would also count mapped models and libraries.
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        resource.setrlimit(resource.RLIMIT_DATA, (settings.max_memory_mb << 20, hard))


def _guard_seconds(seconds: float) -> None:
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, seconds)
