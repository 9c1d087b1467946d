"""Gets the bytes of a file: only of a real file, only up to the limit, read once and for reading only."""

from __future__ import annotations

import errno
import os
import stat
from typing import Any

from detector.config import Settings
from detector.errors import PictureError, UsageError
from detector.remote import is_remote, storage

_CHUNK = 1 << 20
_MISSING = {errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG}
_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISCHR, "a device"),
)


def read_bytes(source: Any, *, settings: Settings) -> tuple[bytes, str]:
    """Return all bytes of a path, a binary file or a bytes object, and its name.

    What is hashed and what is decoded are these same bytes: the file is read once and never opened again.

    Raises:
        PictureError: not-found, not-a-file, unreadable, empty, too-many-bytes.
        UsageError: ``source`` is neither a path nor bytes nor a binary file.
    """
    if isinstance(source, (bytes, bytearray, memoryview)):
        name = "<bytes>"
        _check_size(len(source) if not isinstance(source, memoryview) else source.nbytes, settings, name)
        return bytes(source), name
    if isinstance(source, (str, os.PathLike)):
        path = os.fspath(source)
        text = os.fsdecode(path) if isinstance(path, bytes) else path
        if is_remote(text):
            return _read_remote(text, settings), text
        return _read_path(text, settings), text
    if hasattr(source, "read"):
        own = getattr(source, "name", None)
        name = own if isinstance(own, str) else "<file>"
        return _read_stream(source, settings, name), name
    raise UsageError(f"a path, bytes, a binary file, an array or a PIL image is needed, not {type(source).__name__}")


def _read_path(path: str, settings: Settings) -> bytes:
    try:
        # Asked first: merely opening a pipe would wait for a writer, and opening a device may do things.
        _check_kind(os.stat(path), settings, path)  # noqa: PTH116 - may hold bytes that Path refuses
        handle = os.open(path, os.O_RDONLY | _flags("O_CLOEXEC", "O_NONBLOCK", "O_NOCTTY", "O_BINARY"))
    except (OSError, ValueError) as error:
        raise _refused(path, error) from error
    with os.fdopen(handle, "rb", buffering=0) as file:
        try:
            # And asked again of what was really opened, should the name have changed its file in between.
            _check_kind(os.fstat(file.fileno()), settings, path)
            return _read_stream(file, settings, path)
        except OSError as error:
            raise _refused(path, error) from error


def _read_remote(url: str, settings: Settings) -> bytes:
    system, path = storage(url)
    try:
        found = system.info(path)
        if found.get("type") != "file":
            raise PictureError("not-a-file", f"{url}: a folder, not a file")
        _check_size(int(found.get("size") or 0), settings, url)
        with system.open(path, "rb", cache_type="none", block_size=_CHUNK) as file:
            return _read_stream(file, settings, url)
    except (PictureError, UsageError):
        raise
    except FileNotFoundError as error:
        raise PictureError("not-found", f"{url}: no such file") from error
    except Exception as error:  # each storage has errors of its own
        raise PictureError("unreadable", f"{url}: {type(error).__name__}: {str(error)[:200]}") from error


def _flags(*names: str) -> int:
    flags = 0
    for name in names:
        flags |= getattr(os, name, 0)
    return flags


def _check_kind(found: os.stat_result, settings: Settings, name: str) -> None:
    if not stat.S_ISREG(found.st_mode):
        kind = next((word for test, word in _KINDS if test(found.st_mode)), "something else")
        raise PictureError("not-a-file", f"{name}: {kind}, not a file")
    _check_size(found.st_size, settings, name)


def _check_size(size: int, settings: Settings, name: str) -> None:
    if size == 0:
        raise PictureError("empty", f"{name}: the file is empty")
    if size > settings.max_bytes:
        raise PictureError(
            "too-many-bytes", f"{name}: more than {settings.max_bytes} bytes. Raise the limit with --max-bytes."
        )


def _read_stream(file: Any, settings: Settings, name: str) -> bytes:
    parts: list[bytes] = []
    size = 0
    while size <= settings.max_bytes:
        try:
            part = file.read(min(_CHUNK, settings.max_bytes + 1 - size))
        except (OSError, ValueError) as error:
            raise _refused(name, error) from error
        if isinstance(part, str):
            raise UsageError(f"{name}: opened as text; open it with mode 'rb'")
        if not part:
            break
        parts.append(bytes(part))
        size += len(part)
    _check_size(size, settings, name)
    return b"".join(parts)


def _refused(name: str, error: Exception) -> PictureError:
    if isinstance(error, ValueError):  # a NUL in the name, a closed file
        return PictureError("unreadable", f"{name!r}: {error}")
    number = getattr(error, "errno", None)
    if number in _MISSING:
        return PictureError("not-found", f"{name}: no such file")
    return PictureError("unreadable", f"{name}: {getattr(error, 'strerror', None) or error}")
