"""DALL-E 2's signature: five coloured squares in a row in the bottom right corner.

On the pictures of 1024 by 1024 pixels that it gave out each square is 16 pixels wide, and the row is flush with both
edges. The lower right corner is looked at in sizes around a 64th of the picture; a place counts by how far the middle
of each square is from its colour.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from detector.types import Pixels

COLOURS = ((255, 255, 102), (66, 255, 255), (81, 218, 76), (255, 110, 60), (60, 70, 255))
"""Yellow, turquoise, green, orange, blue, from left to right."""
SIDE = 4
"""Pixels that a square is wide where it is searched."""
SCALES = tuple(0.0072 * 1.1**step for step in range(18))
"""Widths of a square looked for, as parts of the picture's shorter side; uncut it is a 64th."""
LEAST_SIZE = 2.8
"""Pixels: below this the squares run into each other."""
NAMES = ("mean", "worst", "rough", "off")

Plane = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Row:
    """The place most like the five squares.

    Attributes:
        left: of the row, pixels of the picture.
        top: the same.
        size: width of one square in pixels.
        features: ``mean`` and ``worst``: distance of the squares from their colours, 0 to 255; ``rough``: how uneven
            they are, the same; ``off``: distance of the row from the corner, in squares.
    """

    left: float
    top: float
    size: float
    features: Mapping[str, float]


def best_row(pixels: Pixels) -> Row | None:
    """Return the place in the lower right corner that is most like the signature, None if the picture is too small.

    Args:
        pixels: (height, width, 3) uint8, RGB.
    """
    height, width = pixels.shape[:2]
    best: Row | None = None
    for scale in SCALES:
        size = scale * min(width, height)
        if size < LEAST_SIZE:
            continue
        found = _row(pixels, size)
        if found is not None and (best is None or found.features["mean"] < best.features["mean"]):
            best = found
    return best


def _row(pixels: Pixels, size: float) -> Row | None:
    import cv2

    height, width = pixels.shape[:2]
    across, down = min(width, round(8 * size)), min(height, round(3 * size))
    columns, rows = round(across * SIDE / size), round(down * SIDE / size)
    if columns < 5 * SIDE or rows < SIDE:
        return None
    every = max(1, int(0.5 * size / SIDE))
    source = np.ascontiguousarray(pixels[height - down :: every, width - across :: every])
    way = cv2.INTER_AREA if size > SIDE * every else cv2.INTER_LINEAR
    part = cv2.resize(source, (columns, rows), interpolation=way).astype(np.float32)
    # The middle of each square: two by two of its four by four pixels.
    middle = cv2.blur(part, (2, 2), anchor=(0, 0), borderType=cv2.BORDER_REPLICATE)
    spread = cv2.blur(part * part, (2, 2), anchor=(0, 0), borderType=cv2.BORDER_REPLICATE) - middle * middle
    wide, high = columns - 5 * SIDE + 1, rows - SIDE + 1
    total, worst, rough = (np.zeros((high, wide), np.float32) for _ in range(3))
    for index, colour in enumerate(COLOURS):
        x = index * SIDE + 1
        cell = middle[1 : 1 + high, x : x + wide] - np.asarray(colour, np.float32)
        away = np.sqrt((cell**2).mean(axis=2))
        total += away / len(COLOURS)
        worst = np.maximum(worst, away)
        uneven = np.sqrt(np.maximum(0, spread[1 : 1 + high, x : x + wide].max(axis=2)))
        rough = np.maximum(rough, uneven)
    row, column = np.unravel_index(int(total.argmin()), total.shape)
    # The picture's edge need not fall on a whole pixel here.
    right, bottom = (columns - 5 * SIDE - column) / SIDE, (rows - SIDE - row) / SIDE
    return Row(
        left=width - (right + 5) * size,
        top=height - (bottom + 1) * size,
        size=size,
        features={
            "mean": float(total[row, column]),
            "worst": float(worst[row, column]),
            "rough": float(rough[row, column]),
            "off": float(max(right, bottom)),
        },
    )


def log_odds(features: Mapping[str, float], model: Mapping[str, Any]) -> float:
    """Return the model's log odds of a place.

    Args:
        features: as in ``Row``.
        model: ``intercept`` and ``weights``.
    """
    weights: Mapping[str, float] = model["weights"]
    return float(model["intercept"]) + sum(weight * terms(features)[name] for name, weight in weights.items())


def terms(features: Mapping[str, float]) -> dict[str, float]:
    """Return what the model weighs, by name."""
    mean, worst = features.get("mean", 255.0), features.get("worst", 255.0)
    return {
        "mean": mean / 64,
        "worst": worst / 64,
        "rough": min(64.0, features.get("rough", 255.0)) / 64,
        "off": float(features.get("off", 3.0) > 0.3),
    }
