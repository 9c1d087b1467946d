"""The list of labelled pictures: JSON Lines, one object a picture."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from detector.errors import UsageError
from detector.types import Json, Source

_BY_CATEGORY: Mapping[str, Source] = {"G": "game", "R": "camera", "RO": "camera", "RT": "camera"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One labelled picture.

    Attributes:
        path: where its file is.
        name: its file as the manifest names it.
        label: what it really is.
        source: what must not be on both sides of a split; the file itself where the manifest says nothing.
        category: finer than the label, for tables; the label itself where the manifest says nothing.
        overlay: what is laid over it, as the manifest says; ``none`` for nothing; empty for unknown.
        sha256: of its bytes, where the manifest says it.
    """

    path: str
    name: str
    label: Source
    source: str
    category: str
    overlay: str = ""
    sha256: str = ""

    @property
    def bare(self) -> bool:
        """Whether it is no camera's picture and has nothing laid over it: nobody can tell it by an overlay."""
        return self.label != "camera" and self.overlay == "none"


def load_manifest(file: Path, *, root: Path | None = None) -> list[Row]:
    """Return the rows whose label is a source; rows with another label (``mark``, say) are passed over.

    Args:
        file: JSON Lines with ``file``, ``label`` or ``category``, and, if known, ``source``, ``overlay``,
            ``sha256``.
        root: folder that the files are relative to; the manifest's own if None.

    Raises:
        UsageError: it cannot be read, or a row is wrong; the message names file, line and field.
    """
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file}: the manifest cannot be read: {error}") from error
    rows = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            given = json.loads(line)
        except ValueError as error:
            raise UsageError(f"{file}:{number}: no JSON: {error}") from error
        row = _row(given, root if root is not None else file.parent, f"{file}:{number}")
        if row is not None:
            rows.append(row)
    if not rows:
        raise UsageError(f"{file}: no row has a label camera, game or generated")
    return rows


def _row(given: Json, root: Path, where: str) -> Row | None:
    if not isinstance(given, dict):
        raise UsageError(f"{where}: a JSON object is needed")
    for field in ("file", "label", "category", "source", "overlay", "sha256"):
        if not isinstance(given.get(field, ""), str):
            raise UsageError(f"{where}: {field}: a text is needed")
    if not given.get("file"):
        raise UsageError(f"{where}: file: missing")
    category = given.get("category", "")
    label: Json = given.get("label") or _BY_CATEGORY.get(category)
    if label is None and not category:
        raise UsageError(f"{where}: label: missing; camera, game or generated is needed")
    if label not in get_args(Source):
        return None
    name = given["file"]
    row = Row(
        path=str(root / name),
        name=name,
        label=label,
        source=given.get("source") or name,
        category=category or label,
        overlay=given.get("overlay", ""),
        sha256=given.get("sha256", ""),
    )
    return row
