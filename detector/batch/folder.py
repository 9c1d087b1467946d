"""The output folder: stable safe names, whole files, nothing outside it."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path, PurePath
from types import TracebackType
from typing import Any, Literal, Self

from detector.errors import OutputError, UsageError
from detector.files import MARKER
from detector.registry import OUTPUTS
from detector.types import Report

WORK = ".partial"
OBSERVATIONS = "observations"
ANNOTATED = "annotated"
_OURS = re.compile(r"-([0-9a-f]{32})\.(json|jpg)\Z")
_MARKER_TEXT = "The results of overlay-detector. Scans of the folder above pass over this one.\n"


def safe_name(source: str) -> str:
    """Return a file name for what belongs to a source: always the same, harmless on every system.

    The readable part is only for people; the hash of the whole source keeps names apart, and has so many digits
    that nobody finds two names that share it, to let one picture's results take the place of another's.
    """
    stem = re.sub(r"[^A-Za-z0-9_-]+", "_", PurePath(source).stem[:200]).strip("_-")[:60] or "picture"
    digest = hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{stem}-{digest[:32]}"


class Folder:
    """The folder that a scan writes to; a context manager around the whole run.

    As long as the run is not complete, ``.partial`` holds what it takes to go on, and the reports have not
    their final names yet.

    Args:
        path: the folder; made if missing.
        formats: names of the output formats.
        job: ``scan`` or ``rescore``; what a scan drew is not touched by a rescore.
        resume: go on with an unfinished scan.

    Raises:
        UsageError: an unknown format; an unfinished scan is there and ``resume`` is false.
        OutputError: the folder cannot be made or written.
    """

    def __init__(
        self, path: Path, formats: Sequence[str], *, job: Literal["scan", "rescore"], resume: bool = False
    ) -> None:
        self.path = path
        self._job = job
        self._kinds = [OUTPUTS.get(name) for name in dict.fromkeys(formats)]
        self._writers: list[Any] = []
        self._stack = ExitStack()
        self._written: set[int] = set()
        if self._unfinished() and not resume:
            advice = (
                f"Add --resume to go on with it, or delete {path / WORK} to start again."
                if job == "scan"
                else "Finish it first, or choose another folder with -o."
            )
            raise UsageError(f"{path} holds a scan that was stopped. {advice}")

    def _unfinished(self) -> bool:
        try:
            return (self.path / WORK / "scan").exists()
        except OSError as error:  # a folder that may not be entered
            raise self._failed(error) from error

    @property
    def store_path(self) -> Path:
        """Where the observations of an unfinished run are kept."""
        return self.path / WORK / "observations.sqlite"

    def put_observations(self, source: str, text: str) -> None:
        """Write ``observations/<name>.json``."""
        self._put(OBSERVATIONS, source, ".json", text.encode("utf-8") + b"\n")

    def put_annotated(self, source: str, jpeg: bytes) -> str:
        """Write ``annotated/<name>.jpg`` and return its path relative to the folder."""
        return self._put(ANNOTATED, source, ".jpg", jpeg)

    def write(self, report: Report, annotated: str | None, thumbnail: str | None) -> None:
        """Add a report to every format."""
        for writer in self._writers:
            try:
                writer.write(report, annotated=annotated, thumbnail=thumbnail)
            except OSError as error:
                raise self._failed(error) from error

    def __enter__(self) -> Self:
        try:
            with ExitStack() as stack:
                self.path.mkdir(parents=True, exist_ok=True)
                for name in (WORK, OBSERVATIONS, ANNOTATED):
                    if (self.path / name).is_symlink():
                        raise OutputError(f"{self.path / name}: a link; nothing is written through one. Remove it.")
                (self.path / WORK).mkdir(exist_ok=True)
                _refuse_links(self.path / WORK)
                stack.enter_context(_only_one(self.path))
                if self._job == "scan":
                    (self.path / WORK / "scan").touch()
                self._replace(self.path / MARKER, _MARKER_TEXT.encode())
                self._writers = [stack.enter_context(kind(self.path)) for kind in self._kinds]
                self._stack = stack.pop_all()
        except OSError as error:
            raise self._failed(error) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._forget_older()
            self._stack.__exit__(kind, error, trace)
            if kind is None:
                # Last of all: from here on the run counts as complete.
                shutil.rmtree(self.path / WORK)
        except OSError as failure:
            raise self._failed(failure) from failure

    def _put(self, folder: str, source: str, ending: str, data: bytes) -> str:
        name = safe_name(source)
        target = self.path / folder / f"{name}{ending}"
        try:
            target.parent.mkdir(exist_ok=True)
            self._replace(target, data)
        except OSError as error:
            raise self._failed(error) from error
        self._written.add(_mark(name[-32:], ending))
        return f"{folder}/{name}{ending}"

    def _replace(self, target: Path, data: bytes) -> None:
        # Whole or not at all: written beside it, then renamed. What a killed run leaves is in .partial, and
        # goes with it.
        fresh = self.path / WORK / f"{os.getpid()}.tmp"
        with fresh.open("wb") as file:
            file.write(data)
        fresh.replace(target)

    def _forget_older(self) -> None:
        # What an earlier run wrote for sources that are no longer there would pass for a result of this one.
        for folder in (OBSERVATIONS, ANNOTATED) if self._job == "scan" else (OBSERVATIONS,):
            if not (self.path / folder).is_dir():
                continue
            with os.scandir(self.path / folder) as entries:
                old = [
                    entry.path
                    for entry in entries
                    if (found := _OURS.search(entry.name)) and _mark(found[1], f".{found[2]}") not in self._written
                ]
            for path in old:
                Path(path).unlink()

    def _failed(self, error: OSError) -> OutputError:
        return OutputError(
            f"{self.path}: cannot be written: {error.strerror or error}. "
            "Free some space or choose another folder with -o, then run again with --resume."
        )


@contextmanager
def _only_one(path: Path) -> Iterator[None]:
    # The system lets go of the lock however a process ends, so a killed scan never locks its folder.
    try:
        import fcntl
    except ImportError:  # Windows
        yield
        return
    with (path / WORK / "lock").open("wb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UsageError(f"{path}: another scan is writing there. Wait for it or choose another folder.") from error
        yield


def _refuse_links(work: Path) -> None:
    # A folder that somebody handed us may hold a .partial of theirs; what is written there must stay there.
    shared = work / OBSERVATIONS
    for folder in (work, shared) if shared.is_dir() and not shared.is_symlink() else (work,):
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_symlink():
                    raise OutputError(f"{entry.path}: a link; nothing is written through one. Remove it.")


def _mark(digest: str, ending: str) -> int:
    return int(digest, 16) * 2 + (ending == ".jpg")
