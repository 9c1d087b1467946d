"""What a scan writes where every machine can reach it: observations by key, and a report in object storage.

Reading from object storage is ``detector.remote``'s matter; this is the other direction. Objects appear whole or
not at all, so no partial names are needed there, and what must not be seen before it is complete is uploaded last.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import shutil
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from detector.errors import OutputError, UsageError
from detector.remote import is_remote, storage

WORK = ".partial"
"""Under an output folder or prefix: what an unfinished scan needs, gone when it is finished."""
_MAX_ENTRY = 64 << 20
_AT_ONCE = 500
_OURS = re.compile(r"-[0-9a-f]{32}\.(json|jpg)\Z")
_REPLACED = ("observations", "annotated")


class SharedStore:
    """Observations by key, one gzipped JSON object a picture, in a folder or under a URL; never pickles.

    It stands in for ``detector.batch.store.Store`` where many machines read and write at the same time: SQLite
    needs locks that network drives do not keep. An entry is whole or not there; two machines that write the same
    key write the same bytes.

    Args:
        place: a folder or a URL such as ``s3://bucket/cache``; made by the first entry.
    """

    def __init__(self, place: str) -> None:
        self._place = place.rstrip("/") or place
        self._read: Callable[[str], bytes]
        self._write: Callable[[str, bytes], None]
        if is_remote(place):
            system, base = storage(self._place)
            self._read = lambda name: bytes(system.cat_file(f"{base}/{name}"))
            self._write = lambda name, data: system.pipe_file(f"{base}/{name}", data)
        else:
            self._read = lambda name: (Path(self._place) / name).read_bytes()
            self._write = lambda name, data: _replace(Path(self._place) / name, data)

    def get(self, key: str) -> str | None:
        """Return the observations as JSON, or None; a damaged entry counts as none.

        Raises:
            OutputError: the place cannot be reached.
        """
        with _writing(self._place):
            try:
                packed = self._read(_name(key))
            # Whoever may not list a bucket is told "forbidden" for every object that is not there.
            except (FileNotFoundError, PermissionError):
                return None
        unpack = zlib.decompressobj(31)
        try:
            text = unpack.decompress(packed, _MAX_ENTRY)  # bounded: the entry may come from somebody else
            return None if unpack.unconsumed_tail or not unpack.eof else str(text, "utf-8")
        except (ValueError, zlib.error):
            return None

    def put(self, key: str, content: str, observations: str) -> None:
        """Keep the observations (JSON) of a picture; ``content`` is not needed here.

        Raises:
            OutputError: they cannot be written.
        """
        with _writing(self._place):
            self._write(_name(key), gzip.compress(observations.encode("utf-8"), 6, mtime=0))


class Upload:
    """A report that is written here and moved to object storage when it is complete.

    Args:
        url: where to; ``s3://bucket/folder``.
        home: folder for what waits here; the user's cache folder if None. Named after ``url``, so that the same
            command finds it again.

    Attributes:
        folder: write the report here.
        store: a file beside it for observations, which survive a failed upload.
        shared: URL for observations, for scans on many machines.
    """

    def __init__(self, url: str, home: Path | None = None) -> None:
        from platformdirs import user_cache_path

        self.url = url.rstrip("/")
        self._system, self._base = storage(self.url)
        digest = hashlib.sha256(self.url.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        self._here = (home or user_cache_path("overlay-detector") / "uploads") / digest
        self.folder = self._here / "report"
        self.store = self._here / "observations.sqlite"
        self.shared = f"{self.url}/{WORK}/observations"

    def prepare(self, *, resume: bool) -> None:
        """Make sure, before anything is read, that the report can be written in the end.

        Raises:
            UsageError: a scan to this URL was stopped, and ``resume`` is false.
            OutputError: the storage refuses, or this machine's disk does.
        """
        if (self.folder / WORK / "scan").exists() and not resume:
            raise UsageError(
                f"{self.url}: a scan to there was stopped. Add --resume to go on with it, or delete {self._here} "
                "to start again."
            )
        with _writing(self.url):
            self._here.mkdir(parents=True, exist_ok=True)
            self._system.pipe_file(f"{self._base}/{WORK}/scan", b"")

    def finish(self) -> None:
        """Move the report to its place: reports last, and older results of other pictures away.

        Raises:
            OutputError: the storage refuses; everything is kept here for ``--resume``.
        """
        names = sorted(
            (
                path.relative_to(self.folder).as_posix()
                for path in self.folder.rglob("*")
                if path.is_file() and WORK not in path.relative_to(self.folder).parts
            ),
            key=lambda name: ("/" not in name, name),
        )
        with _writing(self.url, kept=self._here):
            for part in _in_parts(names):
                self._system.put([str(self.folder / name) for name in part], [f"{self._base}/{name}" for name in part])
            self._remove(self._outdated(set(names)))
            self._remove(self._found(WORK))
        shutil.rmtree(self._here, ignore_errors=True)

    def _outdated(self, names: set[str]) -> list[str]:
        found = [path for folder in _REPLACED for path in self._found(folder) if _OURS.search(path)]
        return [path for path in found if path[len(self._base) + 1 :] not in names]

    def _found(self, folder: str) -> list[str]:
        self._system.invalidate_cache()
        with suppress(FileNotFoundError):
            return list(self._system.find(f"{self._base}/{folder}"))
        return []

    def _remove(self, paths: list[str]) -> None:
        for part in _in_parts(paths):
            self._system.rm(part)


def _name(key: str) -> str:
    return f"{key[:2]}/{key}.json.gz"


def _in_parts(items: Sequence[str]) -> Iterator[list[str]]:
    for start in range(0, len(items), _AT_ONCE):
        yield list(items[start : start + _AT_ONCE])


def _replace(target: Path, data: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(f"{target.name}.{os.getpid()}.tmp")
    fresh.write_bytes(data)
    fresh.replace(target)


@contextmanager
def _writing(place: str, kept: Path | None = None) -> Iterator[None]:
    try:
        yield
    except OutputError:
        raise
    except Exception as error:  # each storage has errors of its own
        reason: Any = getattr(error, "strerror", None) or error or type(error).__name__
        advice = f" What was read is kept in {kept}." if kept is not None else ""
        raise OutputError(
            f"{place}: cannot be written: {str(reason)[:300]}.{advice} "
            "Check the name, the access rights and AWS_ENDPOINT_URL, then run again with --resume."
        ) from error
