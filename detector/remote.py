"""Files in object storage, named by URL (``s3://bucket/folder/picture.jpg``); fsspec does the work.

Only storage that a user names and has credentials for: no ``http://``, because a list of files may come from
somebody else, and reading must not visit addresses that it was handed.
"""

from __future__ import annotations

from typing import Any

from detector.errors import UsageError

SCHEMES = ("s3", "gs", "gcs", "az", "abfs", "abfss", "hdfs")
_EXTRAS = {"s3": "overlay-detector[s3]", "gs": "gcsfs", "gcs": "gcsfs", "hdfs": "pyarrow"}


def is_remote(path: str) -> bool:
    """Return whether a path is the URL of an object storage."""
    scheme, separator, _ = path.partition("://")
    return bool(separator) and scheme in SCHEMES


def storage(url: str) -> tuple[Any, str]:
    """Return the fsspec file system of a URL, and the path inside it.

    Raises:
        UsageError: the package for this storage is not installed; the message says what to type.
    """
    scheme = url.partition("://")[0]
    try:
        from fsspec.core import url_to_fs

        system, path = url_to_fs(url)
    except ImportError as error:
        extra = _EXTRAS.get(scheme, "adlfs")
        raise UsageError(f'{url}: reading {scheme}:// needs a package. Type: pip install "{extra}"') from error
    return system, str(path)


def is_folder(url: str) -> bool:
    """Return whether objects lie under this URL and none is the URL itself."""
    system, path = storage(url)
    try:
        return bool(system.isdir(path))
    except Exception:  # each storage has errors of its own; the scan reports them by reading
        return False


def listed(url: str) -> list[str]:
    """Return the URLs of everything under a URL, at any depth, unsorted.

    Raises:
        UsageError: the storage refuses; the message says why.
    """
    system, path = storage(url)
    scheme = url.partition("://")[0]
    try:
        return [f"{scheme}://{found.lstrip('/')}" for found in system.find(path)]
    except Exception as error:  # each storage has errors of its own
        raise UsageError(f"{url}: cannot be listed: {error}") from error
