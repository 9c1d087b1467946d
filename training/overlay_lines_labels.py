"""Which read lines of the labelled folders were laid over the picture, and which stand in its scene.

In the first folder a rule tells it from the manifest's ``overlay_text``, and ``overlay_lines_labels.json`` names the
lines it would get wrong. The second folder (``beside.jsonl``) has no such text: there every line of a picture with an
overlay counts as laid over, but for those that ``overlay_lines_beside.json`` names by their places.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rapidfuzz import fuzz

from detector.types import Observations, Quad, quad_bounds

BY_TEXT = Path(__file__).with_name("overlay_lines_labels.json")
BY_PLACE = Path(__file__).with_name("overlay_lines_beside.json")
LABELS = {"over": 1, "scene": 0, "skip": None}
_SAME_PLACE = 0.3
"""How much of what two boxes cover together both must cover to be the same line read again."""


def labels_of(row: dict[str, Any], seen: Observations) -> list[int | None]:
    """Return for each line 1 if it was laid over, 0 if it stands in the scene, None if it cannot be told."""
    if row["overlay"] == "none":
        return [0] * len(seen.lines)
    if "overlay_text" in row:
        rules = json.loads(BY_TEXT.read_text("utf-8"))
        return [label_by_text(line.text, row, rules) for line in seen.lines]
    places = json.loads(BY_PLACE.read_text("utf-8"))
    named = places.get(f"{row['source']}/{row['path']}", {})
    return [label_by_place(line.quad, seen.size, named) for line in seen.lines]


def label_by_text(text: str, row: Mapping[str, Any], rules: Mapping[str, Any]) -> int | None:
    """Return the label of a line of a picture whose overlay's text is known."""
    if row["category"] == "W":
        return None
    rule = rules.get(row["file"], {"scene": [], "skip": []})
    if any(part == text or (len(part) > 3 and part in text) for part in rule["skip"]):
        return None
    if any(part != "*" and part in text for part in rule["scene"]):
        return 0
    told = squash(row["overlay_text"].split("scene:")[0].split("plate ")[0])
    own = squash(text)
    if len(own) >= 2 and told and fuzz.partial_ratio(own, told) >= 75:
        return 1
    if "*" in rule["scene"]:
        return 0
    if "*" in rule["skip"]:
        return None
    return 1


def label_by_place(quad: Quad, size: tuple[int, int], named: Mapping[str, Any]) -> int | None:
    """Return the label of a line by where it stands.

    Args:
        quad: the line's box, in pixels.
        size: (width, height) of the picture in pixels.
        named: for each label boxes [left, top, right, bottom] in thousandths of the picture; ``rest`` names the label
            of all other lines, "over" if it is not there.
    """
    left, top, right, bottom = quad_bounds(quad)
    own = (1000 * left / size[0], 1000 * top / size[1], 1000 * right / size[0], 1000 * bottom / size[1])
    best, found = _SAME_PLACE, str(named.get("rest", "over"))
    for label in LABELS:
        for box in named.get(label, ()):
            shared = _shared(own, box)
            if shared > best:
                best, found = shared, label
    return LABELS[found]


def squash(text: str) -> str:
    """Return the letters and digits only, in lower case."""
    return "".join(letter for letter in text.lower() if letter.isalnum())


def _shared(one: Sequence[float], other: Sequence[float]) -> float:
    wide = min(one[2], other[2]) - max(one[0], other[0])
    tall = min(one[3], other[3]) - max(one[1], other[1])
    if wide <= 0 or tall <= 0:
        return 0.0
    areas = [max(1e-6, (box[2] - box[0]) * (box[3] - box[1])) for box in (one, other)]
    return wide * tall / (sum(areas) - wide * tall)
