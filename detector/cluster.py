"""The same scan on many machines with Ray Data; see docs/scale.md.

Ray hands out batches, restarts actors that die and gives their batches to others. Each actor keeps one worker
process of the very kind that a local scan has: so limits of time and memory hold, a picture that crashes its
decoder is a row and not an actor that is restarted for ever, and the rows are those of a local scan, byte for
byte. What is written is written by one process, this one, in the order of the sources.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

from detector import __version__
from detector.batch import Interrupted, Progress
from detector.batch.folder import ANNOTATED, Folder, safe_name
from detector.batch.pool import Pool
from detector.batch.progress import Meter
from detector.batch.scanning import THUMBNAILS_FOR_ALL, Run, cores
from detector.batch.store import Store
from detector.batch.worker import DetectorFactory, Task, serve
from detector.config import Settings
from detector.errors import DetectorError, EngineError, UsageError
from detector.storage import WORK, SharedStore
from detector.types import Report

BATCH = 16
"""Pictures that an actor gets at a time; the most that are read again when its machine dies."""
LOCAL_OBJECT_STORE = 200 << 20
"""Bytes of shared memory for finished rows on this machine; what is beyond goes to the disk."""

Annotate = Literal["flagged", "all", "none"]


def scan_on_cluster(
    sources: list[str],
    settings: Settings,
    address: str,
    *,
    folder: Folder | None,
    page: bool,
    annotate: Annotate,
    place: str | None,
    on_progress: Callable[[Progress], None] | None,
    factory: DetectorFactory,
) -> Iterator[Report]:
    """Scan on a Ray cluster and yield the reports in the order of ``sources``.

    Args:
        sources: paths and URLs that every machine of the cluster reaches.
        settings: all settings; ``workers`` is the number of actors, 0 for one a core.
        address: ``local``, ``auto``, ``host:port`` or ``ray://host:port``.
        folder: where this process writes, or None.
        page: whether a page is written, which needs small pictures.
        annotate: see ``detector.batch.scan``.
        place: folder or URL that keeps observations by key, and that every machine reaches; or None.
        on_progress: called after each picture that is done.
        factory: makes what reads and judges.

    Raises:
        UsageError: Ray is missing, or no cluster answers.
        OutputError, EngineError, SignatureError, Interrupted: as ``detector.batch.scan``.
    """
    thumbnails = "none" if folder is None or not page else "all" if len(sources) <= THUMBNAILS_FOR_ALL else "flagged"
    task = Task(
        settings=replace(settings, threads=settings.threads or 1),
        annotate="none" if folder is None else annotate,
        thumbnails=thumbnails,
    )
    beside = None
    if place is None and folder is not None:
        # What an unfinished scan has read; of use where the machines share this folder, and made nowhere else.
        beside = str(folder.path.absolute() / WORK)
        place = f"{beside}/observations"
    meter = Meter(len(sources), on_progress)
    done = 0
    with folder if folder is not None else nullcontext():
        if not sources:
            return
        try:
            with connected(address, settings.workers or cores()) as ray:
                for found in _found(ray, sources, settings.workers, (task, factory, place, beside, __version__)):
                    done += 1
                    annotated = None
                    if folder is not None:
                        if found.observations is not None:
                            folder.put_observations(found.report.source, found.observations)
                        if found.annotated is not None:
                            annotated = folder.put_annotated(found.report.source, found.annotated)
                        folder.write(found.report, annotated, found.thumbnail)
                    verdict = found.report.verdict
                    meter.count(verdict.label if verdict is not None else None)
                    yield found.report
        except KeyboardInterrupt as error:
            how = "With -o DIR a scan can be stopped and resumed." if folder is None else (
                "To go on, type the same command with --resume."
            )  # fmt: skip
            raise Interrupted(f"stopped after {done} of {len(sources)} pictures. {how}") from error


@dataclass(frozen=True, slots=True)
class Found:
    """What comes back for one picture.

    Attributes:
        report: the report, or the error report.
        observations: as JSON; None for an error.
        annotated: JPEG bytes, if it was drawn.
        thumbnail: a data URI, if it was made.
    """

    report: Report
    observations: str | None
    annotated: bytes | None
    thumbnail: str | None


def _found(ray: Any, sources: list[str], workers: int, arguments: tuple[Any, ...]) -> Iterator[Found]:
    actors = workers or max(1, int(ray.cluster_resources().get("CPU", 1)))
    actors = min(actors, len(sources))
    batch = max(1, min(BATCH, len(sources) // (4 * actors)))
    context = ray.data.DataContext.get_current()
    context.execution_options.preserve_order = True
    # Names as bytes: those of files may be no valid UTF-8, which Arrow's texts must be.
    rows = [{"index": at, "source": name.encode("utf-8", "surrogatepass")} for at, name in enumerate(sources)]
    dataset = ray.data.from_items(rows, override_num_blocks=-(-len(rows) // batch)).map_batches(
        Reading,
        fn_constructor_args=arguments,
        batch_size=batch,
        batch_format="pyarrow",
        compute=ray.data.ActorPoolStrategy(size=actors),
        num_cpus=1,
    )
    expected = 0
    for block in _blocks(ray, dataset):
        for index, found in zip(block["index"].tolist(), block["found"], strict=True):
            if isinstance(found, DetectorError):
                raise found
            if index != expected:
                raise RuntimeError(f"row {index} came where row {expected} was due")
            expected += 1
            yield found


def _blocks(ray: Any, dataset: Any) -> Iterator[Any]:
    faults_of_ours = (ray.exceptions.RayTaskError, ray.exceptions.UserCodeException)
    try:
        yield from dataset.iter_batches(batch_size=None, batch_format="numpy")
    except (ray.exceptions.RayError, ray.data.exceptions.SystemException) as error:
        if isinstance(error, faults_of_ours):
            raise
        reason = str(error).strip().partition("\n")[0][:300]
        raise UsageError(
            f"the Ray cluster failed: {type(error).__name__}: {reason}. When it is there again, go on with --resume."
        ) from error


class Reading:
    """What a Ray actor does: it keeps one worker process busy, batch after batch.

    Args:
        task: what the worker makes of each picture.
        factory: makes what reads and judges.
        place: folder or URL for observations by key; None to keep them nowhere.
        beside: a folder that must be there for ``place`` to be used, or None.
        version: of the program that asks; this machine must have the same.
    """

    def __init__(
        self, task: Task, factory: DetectorFactory, place: str | None, beside: str | None, version: str
    ) -> None:
        # A spawned process imports its parent's main module first. Here that is Ray's, which takes seconds and
        # a hundred megabytes for nothing.
        sys.modules["__main__"] = ModuleType("__main__")
        self._task = task
        self._factory = factory
        self._end: DetectorError | None = None
        if version != __version__:
            self._end = EngineError(
                f"a machine of the cluster has overlay-detector {__version__}, this one {version}. "
                "Install the same version on all of them."
            )
        self._stack = ExitStack()
        seen = place is not None and (beside is None or Path(beside, "scan").exists())
        self._store: Any = SharedStore(str(place)) if seen else self._stack.enter_context(Store(None))
        self._pool = self._stack.enter_context(Pool(serve, (task, factory), 1))

    def __call__(self, batch: Any) -> dict[str, Any]:
        """Return what was found for a batch of sources.

        An error that no other picture would escape comes back in place of a row: raised here, Ray would wrap it
        and print its own trace.
        """
        import numpy as np

        sources = [str(name, "utf-8", "surrogatepass") for name in batch.column("source").to_pylist()]
        found = np.empty(len(sources), dtype=object)
        try:
            if self._end is None:
                for at, row in enumerate(self._read(sources)):
                    found[at] = row
        except DetectorError as error:
            self._end = error  # its worker is in the middle of something: no more batches
        if self._end is not None:
            found[:] = [self._end] * len(sources)
        return {"index": np.asarray(batch.column("index").to_pylist(), dtype=np.int64), "found": found}

    def _read(self, sources: list[str]) -> Iterator[Found]:
        tray = _Tray()
        folder: Any = tray
        for row in Run(sources, self._task, 1, self._factory, folder, None).rows(self._store, self._pool):
            source = row.report.source
            yield Found(row.report, tray.observations.get(source), tray.annotated.get(source), row.thumbnail)


class _Tray:
    """Takes what a local scan writes into its folder, to be sent to the process that writes."""

    def __init__(self) -> None:
        self.observations: dict[str, str] = {}
        self.annotated: dict[str, bytes] = {}

    def put_observations(self, source: str, text: str) -> None:
        self.observations[source] = text

    def put_annotated(self, source: str, jpeg: bytes) -> str:
        self.annotated[source] = jpeg
        return f"{ANNOTATED}/{safe_name(source)}.jpg"

    def write(self, report: Report, annotated: str | None, thumbnail: str | None) -> None:
        pass


@contextmanager
def connected(address: str, workers: int) -> Iterator[Any]:
    """Give Ray, connected; what was started for this is ended, and leaves nothing behind.

    Args:
        address: ``local`` to start a cluster here, which listens on the loopback alone; else where there is one.
        workers: how many cores a cluster that is started here has.

    Raises:
        UsageError: Ray is missing, or no cluster answers.
    """
    ray = _imported(local=address == "local")
    if ray.is_initialized():  # by the program that calls us
        yield ray
        return
    here = None
    try:
        if address == "local":
            # Short, because the names of sockets are limited; ours, because it may hold what pictures say.
            here = tempfile.mkdtemp(prefix="od-", dir="/tmp" if Path("/tmp").is_dir() else None)
            with _hushed():
                ray.init(
                    address="local", num_cpus=workers, object_store_memory=LOCAL_OBJECT_STORE, include_dashboard=False,
                    log_to_driver=False, logging_level="ERROR", _temp_dir=here,
                )  # fmt: skip
        else:
            with _hushed():
                ray.init(address=address, log_to_driver=False, logging_level="ERROR")
    except Exception as error:  # Ray raises bare ones, too
        ray.shutdown()
        if here is not None:
            shutil.rmtree(here, ignore_errors=True)
        reason = str(error).strip().partition("\n")[0][:300]
        raise UsageError(
            f"no Ray cluster at '{address}': {reason}. Start one with 'ray start --head', or use --cluster local."
        ) from error
    try:
        yield ray
    finally:
        ray.shutdown()
        if here is not None:
            shutil.rmtree(here, ignore_errors=True)


@contextmanager
def _hushed() -> Iterator[None]:
    # Ray's C++ parts greet on the descriptor of standard error, past Python; errors are raised all the same.
    sys.stderr.flush()
    saved, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(nowhere)


def _imported(*, local: bool) -> Any:
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # Ray reports its usage to its makers unless told not to
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")  # its C++ parts write to our terminal
    if local:
        # Ray's ports let anybody who reaches them run code. This makes it listen on the loopback alone, as it
        # does by default on Windows and macOS; its processes read it when they import Ray.
        os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise UsageError("--cluster needs Ray. Type: pip install 'overlay-detector[ray]'") from error
    if local:
        ray._private.ray_constants.ENABLE_RAY_CLUSTER = False  # the same, should Ray have been imported before
    import logging

    ray.data.DataContext.get_current().enable_progress_bars = False
    for handler in logging.getLogger("ray.data").handlers:
        if type(handler).__name__ != "SessionFileHandler":
            handler.setLevel(logging.ERROR)
    return ray
