"""Finds what is packaged beside the code - models, fonts, signatures - and verifies it by hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from detector.errors import EngineError

PACKAGE = Path(__file__).parent
SIGNATURES = PACKAGE / "knowledge" / "signatures"


def models_folder() -> Path:
    """Return the folder of the models: in the installed package, or at the top of a checkout.

    Raises:
        EngineError: if neither is there.
    """
    for folder in (PACKAGE / "_models", PACKAGE.parent / "models"):
        if folder.is_dir():
            return folder
    raise EngineError("the packaged models are missing. Install overlay-detector again.")


@cache
def model_file(model: str, name: str) -> Path:
    """Return the path of one file of a packaged model, once its hash was found right.

    Each model's folder has a file ``SHA256SUMS`` in the format of ``sha256sum``.

    Args:
        model: name of the folder, such as ``letters-v1``.
        name: name of the file in it.

    Raises:
        EngineError: if the file is missing, not listed, or not the one that was packaged.
    """
    folder = models_folder() / model
    path = folder / name
    try:
        rows = [row.split(maxsplit=1) for row in (folder / "SHA256SUMS").read_text("utf-8").splitlines() if row]
        listed = {row[-1]: row[0] for row in rows}
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise EngineError(f"model file {path} cannot be read: {error}. Install overlay-detector again.") from error
    if listed.get(name) != digest:
        raise EngineError(
            f"model file {path} is not the one that was packaged (SHA-256 {digest}). Install overlay-detector again."
        )
    return path


@cache
def model_config(model: str) -> Mapping[str, Any]:
    """Return the numbers and names of a packaged model, its ``config.json``.

    Raises:
        EngineError: the model is missing or damaged.
    """
    loaded: Mapping[str, Any] = json.loads(model_file(model, "config.json").read_text("utf-8"))
    return loaded
