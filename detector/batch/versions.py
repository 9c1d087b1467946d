"""What observations depend on besides the picture: settings, code, engines, models."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from detector import __version__
from detector.config import Settings
from detector.errors import EngineError
from detector.evidence import ObservingKind
from detector.resources import PACKAGE, models_folder
from detector.types import OBSERVATIONS_SCHEMA, dumps

_READING_CODE = ("images", "reading", "evidence", "types")


def fingerprint(settings: Settings, detector: Any) -> str:
    """Return a text that changes whenever reading the same picture again may give something else.

    Args:
        settings: all settings; only those that change what is read count.
        detector: the detector; asked for its kinds of evidence.
    """
    own = getattr(detector, "fingerprint", None)
    if isinstance(own, str):  # a detector that is not ours speaks for itself
        return dumps({"own": own, "settings": settings.part("images", "reading")})
    kinds = {
        name: kind.provenance() for name, kind in sorted(detector.kinds.items()) if isinstance(kind, ObservingKind)
    }
    return dumps(
        {
            "version": __version__,
            "schema": OBSERVATIONS_SCHEMA,
            "settings": settings.part("images", "reading"),
            "engine": _engine(settings.engine),
            "kinds": kinds,
            "code": _code_digest(),
            "models": _models_digest(),
        }
    )


def _engine(chosen: str) -> list[str]:
    from detector.reading.reader import DEFAULT_ENGINE
    from detector.registry import ENGINES

    name = DEFAULT_ENGINE if chosen == "auto" else chosen
    found = ENGINES.get(name).availability()
    return [name, str(found.ready), found.version, *found.scripts]


@cache
def _code_digest() -> str:
    digest = hashlib.sha256()
    for folder in _READING_CODE:
        for path in sorted((PACKAGE / folder).rglob("*.py")):
            digest.update(path.relative_to(PACKAGE).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


@cache
def _models_digest() -> str:
    try:
        sums: list[Path] = sorted(models_folder().glob("*/SHA256SUMS"))
    except EngineError:
        return ""
    return hashlib.sha256(b"".join(path.read_bytes() for path in sums)).hexdigest()[:16]
