"""Which files to scan: folders, lists, patterns; stable order, no loops, nothing twice."""

from __future__ import annotations

import logging
import os
import stat
import sys
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import BinaryIO

from detector.errors import UsageError
from detector.remote import is_folder, is_remote, listed

ENDINGS = frozenset(
    {"jpg", "jpeg", "jpe", "jfif", "jif", "mpo", "png", "apng", "webp", "avif", "avifs", "tif", "tiff", "bmp", "dib"}
    | {"gif", "heic", "heif", "heics", "heifs", "hif", "jxl", "jp2", "j2k", "jpx", "tga"}
)
"""File-name endings (lower case, without the dot) that make a file in a folder a picture to report on, even
if it turns out to be none, or one that cannot be decoded."""

MARKER = ".overlay-detector"
"""A file of this name says that a folder holds results; a scan of the folder above does not go in, and says so."""

_log = logging.getLogger(__name__)

_HEADS = (
    b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"II*\x00", b"MM\x00*",
    b"\xff\x0a", b"\x00\x00\x00\x0cJXL ", b"\x00\x00\x00\x0cjP  ",
)  # fmt: skip
_BRANDS = (b"avif", b"avis", b"heic", b"heix", b"hevc", b"mif1", b"msf1")


def find_pictures(
    paths: Sequence[str | os.PathLike[str]],
    *,
    files_from: str | os.PathLike[str] | BinaryIO | None = None,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    recursive: bool = True,
) -> list[str]:
    """Return the files to scan, each once, in a stable order.

    A path that is named is always there, even if it does not exist: it becomes an error row, never a silent
    gap. In a folder, a file counts as a picture by its ending or, with any other ending, by its first bytes.
    Hidden files and folders, links to folders, and folders with our own results are passed over. Folders are
    sorted by the bytes of their names, so that the order is the same on every machine.

    Args:
        paths: files and folders, as typed; or URLs of object storage, such as ``s3://bucket/folder``.
        files_from: a file with one path a line (or between NUL bytes), or ``-`` for standard input, or an
            open binary file; these come after ``paths``.
        include: patterns such as ``*.png`` or ``2017/*``; in folders, only files that fit one are taken,
            whatever their ending.
        exclude: patterns; in folders, files and folders that fit one are passed over.
        recursive: go into folders inside folders.

    Raises:
        UsageError: the list cannot be read.
    """
    named = [os.fsdecode(path) for path in paths]
    if files_from is not None:
        named += _read_list(files_from)
    found: dict[str, str] = {}
    for path in named:
        if is_remote(path):
            candidates = _walk_remote(path, include, exclude, recursive) if is_folder(path) else iter((path,))
        else:
            candidates = _walk(path, include, exclude, recursive) if _is_folder(path) else iter((path,))
        for candidate in candidates:
            found.setdefault(_plain(candidate), candidate)
    return list(found.values())


def order_key(source: str) -> tuple[bytes, ...]:
    """Return what sources of one folder are sorted by: the bytes of each part of the path."""
    return tuple(source.encode("utf-8", "surrogatepass").replace(b"\\", b"/").split(b"/"))


def _plain(path: str) -> str:
    if is_remote(path):
        return path
    try:
        return os.path.normcase(os.path.abspath(path))  # noqa: PTH100 - Path refuses what only a row can report
    except (OSError, ValueError):
        return path


def _is_folder(path: str) -> bool:
    try:
        return stat.S_ISDIR(os.stat(path).st_mode)  # noqa: PTH116 - as above
    except (OSError, ValueError):
        return False


def _read_list(source: str | os.PathLike[str] | BinaryIO) -> list[str]:
    try:
        if not isinstance(source, (str, os.PathLike)):
            data = source.read()
        elif source == "-":
            data = sys.stdin.buffer.read()
        else:
            data = Path(source).read_bytes()
    except (OSError, ValueError) as error:
        raise UsageError(
            f"the list of files {os.fspath(source) if not hasattr(source, 'read') else ''}: {error}"
        ) from error
    if isinstance(data, str):
        raise UsageError("the list of files was opened as text; open it with mode 'rb'")
    rows = data.split(b"\0") if b"\0" in data else [row.rstrip(b"\r") for row in data.split(b"\n")]
    return [os.fsdecode(row) for row in rows if row.strip()]


def _walk(top: str, include: Sequence[str], exclude: Sequence[str], recursive: bool) -> Iterator[str]:
    # A stack and no recursion: hostile folders can be nested deeper than Python's call stack.
    stack: list[tuple[str, str, bool]] = [(top, "", True)]
    while stack:
        path, inside, folder = stack.pop()
        if not folder:
            yield path
            continue
        try:
            with os.scandir(path) as listing:
                entries = sorted(listing, key=lambda entry: os.fsencode(entry.name))
        except OSError:
            yield path  # becomes an error row
            continue
        if inside and any(entry.name == MARKER for entry in entries):
            # Said, because the mark may also have been put there to hide pictures.
            _log.warning("%s: passed over, because it holds the results of a scan. Name it to scan it.", path)
            continue
        for entry in reversed(entries):
            name = f"{inside}/{entry.name}" if inside else entry.name
            if entry.name.startswith(".") or _fits(name, exclude):
                continue
            if _entry_is_folder(entry):
                if entry.is_symlink():
                    _log.info("%s: passed over, because it is a link to a folder. Name it to scan it.", entry.path)
                elif recursive:
                    stack.append((entry.path, name, True))
            elif _fits(name, include) if include else _looks_like_picture(entry):
                stack.append((entry.path, name, False))


def _walk_remote(top: str, include: Sequence[str], exclude: Sequence[str], recursive: bool) -> Iterator[str]:
    # By ending only: looking into every other object would be one request each.
    base = top.rstrip("/")
    for url in sorted(listed(top), key=order_key):
        name = url[len(base) + 1 :]
        parts = name.split("/")
        if any(part.startswith(".") for part in parts) or (len(parts) > 1 and not recursive):
            continue
        if any(_fits("/".join(parts[: depth + 1]), exclude) for depth in range(len(parts))):
            continue
        if _fits(name, include) if include else parts[-1].rpartition(".")[2].lower() in ENDINGS:
            yield url


def _entry_is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a loop of links
        return False


def _fits(name: str, patterns: Sequence[str]) -> bool:
    last = name.rsplit("/", 1)[-1]
    return any(fnmatchcase(name, pattern) or fnmatchcase(last, pattern) for pattern in patterns)


def _looks_like_picture(entry: os.DirEntry[str]) -> bool:
    if entry.name.rsplit(".", 1)[-1].lower() in ENDINGS and "." in entry.name:
        return True
    try:
        if not entry.is_file():
            return False
        handle = os.open(entry.path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        with os.fdopen(handle, "rb", buffering=0) as file:
            head = file.read(16)
    except OSError:
        return False
    if head[4:8] == b"ftyp":
        return head[8:12] in _BRANDS
    if head[:4] == b"RIFF":
        return head[8:12] == b"WEBP"
    # "BM" alone begins too many texts; the four reserved bytes after the size are always zero.
    return head.startswith(_HEADS) or (head[:2] == b"BM" and head[6:10] == b"\0\0\0\0")
