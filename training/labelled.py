"""A labelled folder and what was read in it: what the training commands share.

``python -m training.labelled --corpus FOLDER --to FOLDER`` stores all its pictures again, all alike (JPEG 70, at most
960 pixels long), with a manifest of their own: who tells games from cameras by their files does worse there.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar

from PIL import Image, ImageOps

from detector.types import Observations

Item = TypeVar("Item")
Result = TypeVar("Result")


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


def side_by_side(function: Callable[[Item], Result], items: Iterable[Item], jobs: int) -> Iterator[Result]:
    """Yield what the function makes of each item, in their order, worked on in so many processes."""
    if jobs < 2:
        yield from map(function, items)
        return
    with ProcessPoolExecutor(jobs, get_context("fork")) as pool:
        yield from pool.map(function, items, chunksize=4)


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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--to", type=Path, required=True)
    arguments = parser.parse_args()
    rows = []
    for row in manifest(arguments.corpus):
        path = (arguments.to / row["file"]).with_suffix(".jpg")
        path.parent.mkdir(parents=True, exist_ok=True)
        image = open_picture(arguments.corpus / row["file"], again=False)
        image.thumbnail((960, 960), Image.Resampling.LANCZOS)
        image.save(path, "JPEG", quality=70)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        name = str(path.relative_to(arguments.to))
        rows.append({**row, "file": name, "sha256": digest, "width": image.width, "height": image.height})
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (arguments.to / "manifest.jsonl").write_text(text, "utf-8")


if __name__ == "__main__":
    main()
