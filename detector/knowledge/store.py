"""Loads folders of signatures: every file checked, in a stable order."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from platformdirs import user_cache_path

from detector.errors import SignatureError
from detector.types import Signature

if TYPE_CHECKING:
    from detector.knowledge.yamlfile import Lines

CACHE_FORM = "1"  # changes when the form of the cache does
CACHES_KEPT = 4


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a folder of signatures holds.

    Attributes:
        signatures: by id, in the order of the ids.
        files: the file of each signature, by id.
        lines: the line of each field, by id; empty where it came from a cache.
    """

    signatures: Mapping[str, Signature]
    files: Mapping[str, Path]
    lines: Mapping[str, Lines] = field(default_factory=dict)


def signature_files(folder: Path) -> list[Path]:
    """Return the signature files below a folder, sorted by their path.

    Raises:
        SignatureError: if there is no such folder, or a file ends in ``.yml`` and would be overlooked.
    """
    if not folder.is_dir():
        raise SignatureError(f"{folder}: there is no such folder of signatures")
    stray = sorted(folder.rglob("*.yml"))
    if stray:
        raise SignatureError(f"{stray[0]}:1: the name of a signature file ends in '.yaml'; rename it")
    return sorted(folder.rglob("*.yaml"), key=lambda path: path.relative_to(folder).as_posix())


def signature_id(path: Path, folder: Path) -> str:
    """Return the id that a file has by its place."""
    return ".".join(path.relative_to(folder).with_suffix("").parts)


def load_folder(folder: Path) -> tuple[Loaded, list[str]]:
    """Return all valid signatures of a folder, and the faults of the others, one line each."""
    # The schema's machinery takes longer to import than a cache takes to read.
    from detector.knowledge.schema import parse_signature

    signatures: dict[str, Signature] = {}
    files: dict[str, Path] = {}
    lines: dict[str, Lines] = {}
    faults: list[str] = []
    for path in signature_files(folder):
        try:
            signature, where = parse_signature(
                path.read_bytes(), name=str(path), expected_id=signature_id(path, folder)
            )
        except OSError as error:
            faults.append(f"{path}:1: the file cannot be read: {error.strerror}")
        except SignatureError as error:
            faults.extend(str(error).splitlines())
        else:
            signatures[signature.id] = signature
            files[signature.id] = path
            lines[signature.id] = where
    return Loaded(signatures, files, lines), faults


def load_cached(folder: Path) -> tuple[Mapping[str, Signature], list[str]]:
    """Return what ``load_folder`` does, less the files, from a cache if no file has changed since.

    Reading and checking hundreds of YAML files takes a second, reading them as one JSON file some hundredths.
    The cache lies in the user's cache folder under a hash of all names and contents; one that cannot be
    written or read is done without.
    """
    try:
        contents = [(path.relative_to(folder).as_posix(), path.read_bytes()) for path in signature_files(folder)]
    except OSError:
        loaded, faults = load_folder(folder)
        return loaded.signatures, faults
    digest = hashlib.sha256(CACHE_FORM.encode())
    for source in ("schema.py", "yamlfile.py"):
        digest.update((Path(__file__).parent / source).read_bytes())
    for name, data in contents:
        digest.update(f"{name}\0{len(data)}\0".encode("utf-8", "surrogateescape"))
        digest.update(data)
    cache = user_cache_path("overlay-detector") / f"signatures-{digest.hexdigest()[:32]}.json"
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        return {row["id"]: _from_json(row) for row in json.loads(cache.read_bytes())}, []
    loaded, faults = load_folder(folder)
    if not faults:
        with contextlib.suppress(OSError):
            _write_cache(cache, loaded.signatures)
    return loaded.signatures, faults


def _write_cache(cache: Path, signatures: Mapping[str, Signature]) -> None:
    cache.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".signatures-", dir=cache.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump([asdict(signature) for signature in signatures.values()], file)
        Path(name).replace(cache)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
    caches = sorted(cache.parent.glob("signatures-*.json"), key=lambda path: path.stat().st_mtime, reverse=True)
    for old in caches[CACHES_KEPT:]:
        old.unlink(missing_ok=True)


def _from_json(row: dict[str, Any]) -> Signature:
    lists = {name: tuple(value) for name, value in row.items() if isinstance(value, list)}
    phrases = {language: tuple(texts) for language, texts in row["phrases"].items()}
    return Signature(**{**row, **lists, "phrases": phrases})
