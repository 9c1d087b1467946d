"""A labelled folder and what was read in it: what the training commands share."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps

from detector.types import Observations


def manifest(corpus: Path) -> list[dict[str, Any]]:
    """Return the rows of a folder's ``manifest.jsonl``."""
    return [json.loads(line) for line in (corpus / "manifest.jsonl").read_text("utf-8").splitlines()]


def read_before(folder: Path) -> dict[str, Observations]:
    """Return what a scan wrote into its ``observations``, by the sha256 of the pictures.

    Raises:
        SystemExit: there is none; a training on nothing would say so much later.
    """
    seen = [Observations.from_json(path.read_text("utf-8")) for path in sorted(folder.glob("*.json"))]
    if not seen:
        raise SystemExit(f"{folder}: no observations; scan the pictures first, and name DIR/observations")
    return {item.sha256: item for item in seen}


def open_picture(path: Path, *, again: bool) -> Image.Image:
    """Return the picture upright; with ``again`` at most 960 pixels long and stored as JPEG 70."""
    image: Image.Image = ImageOps.exif_transpose(Image.open(path))
    if image.mode in ("RGBA", "LA", "P"):
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, (128, 128, 128, 255)), image)
    image = image.convert("RGB")
    if again:
        image.thumbnail((960, 960), Image.Resampling.LANCZOS)
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=70)
        image = Image.open(buffer).convert("RGB")
    return image
