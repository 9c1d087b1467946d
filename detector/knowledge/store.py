"""Loads folders of signatures: every file checked, in a stable order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from detector.errors import SignatureError
from detector.knowledge.schema import parse_signature
from detector.knowledge.yamlfile import Lines
from detector.types import Signature


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
