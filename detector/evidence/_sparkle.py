"""The four-pointed star that Gemini prints on what it makes and edits: its outline, and what is measured of it.

The star is white and lets the picture through. Where a share ``a`` of white covers a pixel of brightness ``b``, the
distance to white shrinks from ``255 - b`` to ``(1 - a) * (255 - b)``: on the logarithm of that distance the mark is a
constant that is added, whatever lies below. There it is searched for (``_sparkle_search``) and measured: all parts of
its outline must show the same step, the inside must be as even as the outside, and all three colours move alike.

The outline is our own: a square whose four sides are circular arcs, drawn in. Sizes and margins are those that
Gemini's pictures show (see ``models/shape-marks-v1/README.md``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from math import hypot, log
from typing import Any

import numpy as np
import numpy.typing as npt

from detector.types import Pixels

Map = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]
Line = npt.NDArray[np.float64]

ARC = 1.3
"""Radius of the four circles that cut the star out of a square from -1 to 1: each touches two of its axes."""
LAYOUTS = (2 / 3, 2.0)
"""Margin at the right and at the bottom, in sizes of the star: 32 to 48 and 64 to 96; 192 to 96 and 96 to 48."""
SIDE = 48
"""Pixels that the star is wide where it is measured."""
PAD = 10
"""Pixels around it there."""
SECTORS = 24
"""Parts of the outline that are measured by themselves."""
NAMES = (
    "match", "step", "weakest", "uneven", "steady", "alike", "sharp", "plateau", "texture", "tint", "contrast", "usual",
    "pixels",
)  # fmt: skip
"""What the model weighs of a candidate, in its order."""
_WHITE = 295.0
"""Brightness that the distance is taken to: above white, so that noise in the lights does not explode."""


MOST_CONTRAST = 0.2
"""Contrast beyond which a pixel counts no more, in what ``distance`` returns."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A place that may carry the star.

    Attributes:
        x: centre, pixels of the picture from its left.
        y: centre, from its top.
        size: width and height of the star in pixels.
        match: normalised correlation there.
        features: measurements by name; empty until measured.
    """

    x: float
    y: float
    size: float
    match: float
    features: Mapping[str, float]


def star(side: int, pad: int = 0, finer: int = 4) -> Map:
    """Return how much of each pixel the star covers, (side + 2 * pad) squared, 0 to 1.

    Args:
        side: width of the star in pixels.
        pad: pixels around it.
        finer: points a pixel, either way.
    """
    whole = side + 2 * pad
    line = (np.arange(whole * finer) + 0.5) / finer - whole / 2
    along = np.abs(line) / (side / 2)
    far = (ARC - along) ** 2
    inside = (far[:, None] + far[None, :] >= ARC**2) & (along[:, None] <= 1) & (along[None, :] <= 1)
    return np.asarray(inside.reshape(whole, finer, whole, finer).mean((1, 3)), np.float32)


def distance(grey: npt.NDArray[Any]) -> Map:
    """Return the logarithm on which a veil of white adds a constant, upwards for brighter."""
    return np.asarray(-np.log((_WHITE - grey.astype(np.float32)) / _WHITE), np.float32)


DISTANCES = distance(np.arange(256))
"""The same, ready for each brightness."""


def usual(x: float, y: float, size: float, picture: tuple[int, int]) -> float:
    """Return how far the star stands from where Gemini puts it, in sizes of the star.

    Args:
        x: its centre, pixels.
        y: the same.
        size: its width in pixels.
        picture: (width, height) in pixels.
    """
    right, bottom = (picture[0] - x) / size, (picture[1] - y) / size
    return min(hypot(right - margin - 0.5, bottom - margin - 0.5) for margin in LAYOUTS)


def level_off(values: Map, side: int) -> Map:
    import cv2

    span = side + 1 - side % 2
    return np.asarray(values - cv2.blur(values, (span, span), borderType=cv2.BORDER_REFLECT), np.float32)


def cut(plane: Map, side: int) -> Map:
    """Return it with low frequencies taken off, and cut: no bright window or dark line outweighs the rest."""
    return np.asarray(np.clip(level_off(plane, side), -MOST_CONTRAST, MOST_CONTRAST), np.float32)


@cache
def bands(side: int) -> tuple[Map, Mask, Mask]:
    """Return where a star is measured that is ``side`` pixels wide.

    Returns:
        rows that take a mean each: for each of ``SECTORS`` parts of the outline well inside, just inside, just
        outside and well outside of it; then the core and the arms; and the masks of the inside and of a ring around.
    """
    import cv2

    finer = 4  # points a pixel, either way
    cover = star(side * finer, side * PAD // SIDE * finer, finer=1)
    unit = side * finer / SIDE
    solid = (cover > 0.5).astype(np.uint8)
    depth = cv2.distanceTransform(solid, cv2.DIST_L2, 5) - cv2.distanceTransform(1 - solid, cv2.DIST_L2, 5)
    depth = (depth - 0.5 * np.sign(depth)) / unit
    line = np.arange(len(cover)) + 0.5 - len(cover) / 2
    x, y = np.meshgrid(line, line)
    radius = np.hypot(x, y) / (side * finer / 2)
    along = np.maximum(abs(x), abs(y)) / (side * finer / 2)
    # Each half arc in three parts of about the same length.
    turn = np.degrees(np.arctan2(y, x)) % 360
    part = np.digitize(45 - abs(turn % 90 - 45), (13.0, 27.0))
    sector = 3 * (turn // 45).astype(int) + part
    masks = []
    for low, high in ((2.4, 5.4), (0.3, 2.4), (-2.4, -0.3), (-5.4, -2.4)):
        band = (depth > low) & (depth <= high) & (along < 0.93)
        masks += [band & (sector == number) for number in range(SECTORS)]
    for number in range(SECTORS):  # the arms are too thin for a band well inside
        if masks[number].sum() < 3 * finer**2:
            masks[number] = masks[SECTORS + number]
    masks += [radius < 0.22, (depth > 0.7) & (radius > 0.4)]
    whole = len(cover) // finer
    shares = np.asarray(masks, np.float32).reshape(len(masks), whole, finer, whole, finer).mean((2, 4))
    rows = shares.reshape(len(masks), -1)
    inside, ring = depth > 1, (depth < -1) & (depth > -8) & (along < 1.2)
    return (
        rows / rows.sum(axis=1, keepdims=True),
        inside.reshape(whole, finer, whole, finer).mean((1, 3)) > 0.5,
        ring.reshape(whole, finer, whole, finer).mean((1, 3)) > 0.5,
    )


def measure(pixels: Pixels, item: Candidate) -> dict[str, float] | None:
    """Return the measurements of a candidate by name, None where the star would reach out of the picture.

    Returns:
        ``match``: correlation at ``SIDE`` pixels. ``step``: the median step from outside to inside, which is nearly
        -log(1 - alpha). Of the parts of the outline: ``weakest``, the least step of a half arc, ``uneven``, the spread
        of all, both in steps; ``steady``, the step in median deviations; ``alike``, the share whose step is near the
        median. ``sharp``: what of the step is left when the slopes on both sides are taken off, in steps.
        ``plateau``: how much the core differs from the arms. ``texture``: how much rougher it is inside than outside.
        ``tint``: how differently the colours move. ``contrast``: the step in spreads of what surrounds the star.
        ``usual``: distance from the usual place, in sizes of the star, at most 3. ``pixels``: size of the star.
    """
    import cv2

    height, width = pixels.shape[:2]
    if item.x + item.size / 2 > width + 1 or item.y + item.size / 2 > height + 1:
        return None
    planes = DISTANCES[_patch(pixels, item)]
    rows, inside, ring = bands(SIDE)
    means = rows @ planes.reshape(-1, 3)
    deep, near, out, far = (means[SECTORS * index : SECTORS * (index + 1)] for index in range(4))
    colours = (near - out).mean(axis=0)
    steps = (near - out).mean(axis=1)
    slopes = (0.5 * (deep - near) + 0.5 * (out - far)).mean(axis=1)
    step = float(np.median(steps))
    floor = max(step, 0.02)
    spread = float(np.median(abs(steps - step)))
    arcs = steps.reshape(8, 3).mean(axis=1)
    plane = np.asarray(planes.mean(axis=2), np.float32)
    rough = plane - cv2.blur(plane, (5, 5))
    ratio = (rough[inside].std() + 0.01) / (rough[ring].std() + 0.01)
    return {
        "match": _agreement(plane),
        "step": float(np.clip(step, -1, 2)),
        "weakest": float(np.clip(arcs.min() / floor, -2, 1)),
        "uneven": float(min(2.0, steps.std() / floor)),
        "steady": float(np.clip(step / (spread + 0.005), -10, 40)),
        "alike": float((abs(steps - floor) < 0.5 * floor).mean()),
        "sharp": float(np.clip(1 - np.median(slopes) / floor, -2, 2)),
        "plateau": float(np.clip((means[-2] - means[-1]).mean() / floor, -2, 2)),
        "texture": float(np.clip(np.log(ratio), -2, 2)),
        "tint": float(min(2.0, colours.std() / floor)),
        "contrast": float(np.clip(step / (plane[ring].std() + 0.01), -3, 12)),
        "usual": min(3.0, usual(item.x, item.y, item.size, (width, height))),
        "pixels": item.size,
    }


def _patch(pixels: Pixels, item: Candidate) -> Pixels:
    """Return the surroundings of the star, itself ``SIDE`` pixels wide and in the middle."""
    import cv2

    whole = SIDE + 2 * PAD
    factor = SIDE / item.size
    reach = whole / factor / 2
    left, top = max(0, int(item.x - reach) - 2), max(0, int(item.y - reach) - 2)
    source = pixels[top : int(item.y + reach) + 3, left : int(item.x + reach) + 3]
    x, y = item.x - left, item.y - top
    if factor < 0.8:  # made smaller by areas first, so that nothing is left out
        columns, rows = max(1, round(source.shape[1] * factor)), max(1, round(source.shape[0] * factor))
        x, y = x * columns / source.shape[1], y * rows / source.shape[0]
        source = np.asarray(cv2.resize(source, (columns, rows), interpolation=cv2.INTER_AREA), np.uint8)
        factor = 1.0
    shift = whole / 2 - 0.5
    matrix = np.asarray([[factor, 0, shift - factor * (x - 0.5)], [0, factor, shift - factor * (y - 0.5)]])
    return np.asarray(
        cv2.warpAffine(source, matrix, (whole, whole), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    )


def _agreement(plane: Map) -> float:
    """Return the normalised correlation of a patch with the star after low frequencies were taken off both."""
    own, ours = cut(plane, SIDE), _whole_template()
    own = own - own.mean()
    return float((own * ours).sum() / (np.sqrt((own**2).sum() * (ours**2).sum()) + 1e-6))


@cache
def _whole_template() -> Map:
    leveled = cut(0.4 * star(SIDE, PAD), SIDE)
    return np.asarray(leveled - leveled.mean(), np.float32)


def terms(features: Mapping[str, float]) -> list[float]:
    """Return what the model weighs, in the order of ``NAMES``: the measurements, bent to a like scale."""
    step = min(2.0, max(0.0, features.get("step", 0.0)))
    away = min(3.0, max(0.0, features.get("usual", 3.0)))
    steady = features.get("steady", 0.0)
    bent = {
        "step": log(step + 0.03),
        "steady": log(1 + abs(steady)) * (1 if steady > 0 else -1),
        "plateau": abs(features.get("plateau", 2.0)),
        "contrast": min(4.0, max(-1.0, features.get("contrast", 0.0))),
        "usual": min(0.5, away),
        "pixels": log(max(1.0, features.get("pixels", 1.0))),
    }
    return [bent[name] if name in bent else features.get(name, 0.0) for name in NAMES]


def log_odds(values: Sequence[float], trees: Mapping[str, Any]) -> float:
    """Return what the trees say of a candidate: log odds, base e, that it is the mark.

    Args:
        values: its ``terms``.
        trees: arrays by name: ``roots`` of the trees; of each node its ``feature`` (-1: a leaf), ``threshold``,
            ``left``, ``right`` and ``value``; ``base``.
    """
    row = np.asarray(values, np.float64)
    at = trees["roots"]
    while True:
        feature = trees["feature"][at]
        inner = feature >= 0
        if not inner.any():
            break
        low = row[np.maximum(feature, 0)] <= trees["threshold"][at]
        at = np.where(inner, np.where(low, trees["left"][at], trees["right"][at]), at)
    return float(trees["base"][0] + trees["value"][at].sum(dtype=np.float64))
