"""What observations depend on besides the picture: settings, code, engines, models."""

from __future__ import annotations

import hashlib
import os
import sys
from contextlib import suppress
from dataclasses import fields
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from detector.config import ENVIRONMENT_PREFIX, Settings
from detector.errors import EngineError
from detector.evidence import ObservingKind
from detector.registry import ENGINES
from detector.resources import PACKAGE, models_folder
from detector.types import OBSERVATIONS_SCHEMA, dumps

_READING_CODE = ("images/*.py", "reading/**/*.py", "types/*.py", "evidence/_*.py")
_LIBRARIES = ("numpy", "opencv-python-headless", "pi-heif", "pillow")
"""What changes pixels; the versions of engines name their own."""


def fingerprint(settings: Settings, detector: Any) -> str:
    """Return a text that changes whenever reading the same picture again may give something else.

    Args:
        settings: all settings; only those that change what is read count.
        detector: the detector; asked for its kinds of evidence.
    """
    own = getattr(detector, "fingerprint", None)
    if isinstance(own, str):  # a detector that is not ours speaks for itself
        return dumps({"own": own, "settings": settings.part("images", "reading")})
    kinds = {name: kind for name, kind in sorted(detector.kinds.items()) if isinstance(kind, ObservingKind)}
    modules = sorted({type(kind).__module__ for kind in kinds.values()})
    # Not the program's version: most releases change what is known and how it is weighed, and not how a picture
    # is read, and nobody wants to read a whole archive again for that.
    return dumps(
        {
            "schema": OBSERVATIONS_SCHEMA,
            "settings": settings.part("images", "reading"),
            "engines": _engines(),
            "kinds": {name: kind.provenance() for name, kind in kinds.items()},
            "code": _code_digest(tuple(modules)),
            "models": _models_digest(),
            "libraries": [f"{name} {_version(name)}" for name in _LIBRARIES],
            "environment": _environment(),
        }
    )


def _engines() -> list[list[str]]:
    # All that are there, not only the chosen one: an engine may ask another about what it cannot read.
    return [
        [name, found.version, *found.scripts]
        for name in ENGINES.names()
        if (found := ENGINES.get(name).availability()).ready
    ]


def _version(library: str) -> str:
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return ""


def _environment() -> list[str]:
    """Return the variables that name files of an engine, and what tells whether those files are still the same."""
    of_settings = {ENVIRONMENT_PREFIX + item.name.upper() for item in fields(Settings)}
    rows = []
    for name, value in sorted(os.environ.items()):
        if name in of_settings or not (name.startswith(ENVIRONMENT_PREFIX) or name == "TESSDATA_PREFIX"):
            continue
        rows.append(f"{name}={value}")
        with suppress(OSError, ValueError):
            path = Path(value)
            for file in sorted(path.iterdir()) if path.is_dir() else [path]:
                about = file.stat()
                rows.append(f"{file.name} {about.st_size} {about.st_mtime_ns}")
    return rows


@cache
def _code_digest(modules: tuple[str, ...]) -> str:
    paths = {path for pattern in _READING_CODE for path in PACKAGE.glob(pattern)}
    paths |= {Path(file) for name in modules if (file := getattr(sys.modules.get(name), "__file__", None))}
    digest = hashlib.sha256()
    for path in sorted(paths, key=lambda path: path.parts[-3:]):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


@cache
def _models_digest() -> str:
    try:
        sums: list[Path] = sorted(models_folder().glob("*/SHA256SUMS"))
    except EngineError:
        return ""
    return hashlib.sha256(b"".join(path.read_bytes() for path in sums)).hexdigest()[:16]
