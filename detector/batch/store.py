"""Observations by content: the cache, and what lets a stopped scan go on. SQLite and JSON, never pickles.

The key of an entry is a hash over the content, the ending of the name (a note depends on it), the settings
that change what is read, and the versions of all that reads. So an entry is either exactly what reading
again would give, or it is not found.
"""

from __future__ import annotations

import hashlib
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePath
from typing import Self

from detector.errors import ObservationsError, OutputError
from detector.types import Observations, dumps

FILE_NAME = "observations.sqlite"
_KEEP_IN_MEMORY = 5_000
_MAX_ENTRY = 64 << 20
_TABLE = """
CREATE TABLE IF NOT EXISTS observations (
    key TEXT PRIMARY KEY, content TEXT NOT NULL, data BLOB NOT NULL
)
"""


def content_of(sha256: str, source: str) -> str:
    """Return what makes two pictures the same to read: the bytes and the ending of the name."""
    return f"{sha256}{PurePath(source).suffix.lower()}"


def key_of(content: str, fingerprint: str) -> str:
    """Return the key of a picture's observations.

    Args:
        content: see ``content_of``.
        fingerprint: of the settings and versions that read it.
    """
    return hashlib.sha256(dumps([content, fingerprint]).encode()).hexdigest()


class Store:
    """Observations by key, in a file or, for a scan without one, in memory and then only the last ones.

    Every entry is written whole or not at all, also when the process is killed in the middle. Several scans
    may use one file at a time.

    Args:
        path: the file; made if missing. None for memory.

    Raises:
        OutputError: the file cannot be opened, or is no store.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._count = 0
        with self._guarded():
            self._base = sqlite3.connect(
                ":memory:" if path is None else path, timeout=60.0, isolation_level=None, check_same_thread=False
            )
            if path is not None:
                self._base.execute("PRAGMA journal_mode=WAL")
                # A killed process loses nothing; a power cut may lose the last entries, never the file.
                self._base.execute("PRAGMA synchronous=NORMAL")
            self._base.execute(_TABLE)

    def get(self, key: str) -> str | None:
        """Return the observations as JSON, or None; a damaged entry counts as none."""
        with self._guarded():
            row = self._base.execute("SELECT data FROM observations WHERE key = ?", (key,)).fetchone()
        return None if row is None else _unpacked(row[0])

    def put(self, key: str, content: str, observations: str) -> None:
        """Keep the observations (JSON) of a picture."""
        packed = zlib.compress(observations.encode("utf-8"), 1)
        with self._guarded():
            self._base.execute("INSERT OR REPLACE INTO observations VALUES (?, ?, ?)", (key, content, packed))
            if self.path is None:
                self._count += 1
                if self._count > _KEEP_IN_MEMORY:
                    self._base.execute("DELETE FROM observations WHERE rowid = (SELECT min(rowid) FROM observations)")

    def latest(self) -> Iterator[Observations]:
        """Yield the newest readable observations of each content, in the order of their hashes."""
        with self._guarded():
            contents = self._base.execute("SELECT DISTINCT content FROM observations ORDER BY content")
            for (content,) in contents:
                rows = self._base.execute(
                    "SELECT data FROM observations WHERE content = ? ORDER BY rowid DESC", (content,)
                )
                for (data,) in rows:
                    text = _unpacked(data)
                    if text is None:
                        continue
                    try:
                        yield Observations.from_json(text)
                    except ObservationsError:
                        continue
                    break

    def contents(self) -> int:
        """Return of how many different pictures something is kept."""
        with self._guarded():
            return int(self._base.execute("SELECT count(DISTINCT content) FROM observations").fetchone()[0])

    def __len__(self) -> int:
        with self._guarded():
            return int(self._base.execute("SELECT count(*) FROM observations").fetchone()[0])

    def close(self) -> None:
        """Close the file."""
        self._base.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            said = str(error)
            if "not a database" in said or "malformed" in said:
                advice = "Delete it, or name another."
            elif "locked" in said:
                advice = "Another program holds it. Wait for it or name another place, then run again with --resume."
            else:
                advice = "Free some space or name another place, then run again with --resume."
            raise OutputError(f"{self.path}: {error}. {advice}") from error


def _unpacked(data: object) -> str | None:
    try:
        # Bounded: the file may come from somebody else.
        unpack = zlib.decompressobj()
        text = unpack.decompress(bytes(data), _MAX_ENTRY)  # type: ignore[call-overload]
        return None if unpack.unconsumed_tail else str(text, "utf-8")
    except (TypeError, ValueError, zlib.error):
        return None
