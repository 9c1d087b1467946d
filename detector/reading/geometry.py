"""Quads, and the ways between a picture and a view of it.

Coordinates are continuous: the picture's left edge is x = 0 and its right edge is x = width, so that the
centre of the first pixel is 0.5. A way is a 3 x 3 matrix of homogeneous coordinates.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from detector.types import Pixels, Quad, make_quad

Way = npt.NDArray[np.float64]
Points = npt.NDArray[np.float64]


def points_of(quad: Quad | Points) -> Points:
    """Return a quad as a (4, 2) array."""
    return np.asarray(quad, dtype=np.float64).reshape(4, 2)


def apply(way: Way, points: Points) -> Points:
    """Return (n, 2) points carried along a way."""
    homogeneous = np.column_stack([points, np.ones(len(points))]) @ way.T
    return np.asarray(homogeneous[:, :2] / homogeneous[:, 2:], dtype=np.float64)


def carry(way: Way, quad: Quad | Points) -> Quad:
    """Return a quad carried along a way."""
    return make_quad(apply(way, points_of(quad)))


def shift(x: float, y: float) -> Way:
    """Return the way that moves every point by (x, y) pixels."""
    return np.array([[1.0, 0.0, x], [0.0, 1.0, y], [0.0, 0.0, 1.0]])


def scale(x: float, y: float) -> Way:
    """Return the way that stretches about the origin."""
    return np.diag([x, y, 1.0])


def clip(quad: Quad | Points, width: float, height: float) -> Quad:
    """Return a quad with its points moved into the picture."""
    points = points_of(quad)
    return make_quad(np.column_stack([points[:, 0].clip(0, width), points[:, 1].clip(0, height)]))


def sides(quad: Quad | Points) -> tuple[float, float]:
    """Return (length along the text, height across it) in pixels, the mean of the opposite sides."""
    a, b, c, d = points_of(quad)
    along = (np.hypot(*(b - a)) + np.hypot(*(c - d))) / 2
    across = (np.hypot(*(d - a)) + np.hypot(*(c - b))) / 2
    return float(along), float(across)


def angle(quad: Quad | Points) -> float:
    """Return the direction of the text in degrees, 0 for left to right, positive clockwise."""
    a, b, c, d = points_of(quad)
    dx, dy = (b - a) + (c - d)
    return float(np.degrees(np.arctan2(dy, dx)))


def grow(quad: Quad | Points, along: float, across: float) -> Points:
    """Return the quad with each end moved out by ``along`` and each long side by ``across`` pixels."""
    a, b, c, d = points_of(quad)
    u = _unit((b - a) + (c - d))
    v = _unit((d - a) + (c - b))
    return np.array(
        [
            a - along * u - across * v,
            b + along * u - across * v,
            c + along * u + across * v,
            d - along * u + across * v,
        ]
    )


def _unit(vector: Points) -> Points:
    length = float(np.hypot(*vector))
    return vector / length if length else np.zeros(2)


def bounds(quads: Iterable[Quad | Points]) -> Points:
    """Return (n, 4) left, top, right, bottom of the upright rectangles around quads."""
    rows = [np.concatenate([points_of(q).min(axis=0), points_of(q).max(axis=0)]) for q in quads]
    return np.array(rows).reshape(-1, 4)


def near(rows: Points, box: Points, margin: float = 0.0) -> npt.NDArray[np.intp]:
    """Return the numbers of the upright rectangles that come within a margin of another one, in order.

    Args:
        rows: (n, 4) left, top, right, bottom.
        box: (4,) likewise.
        margin: in pixels.
    """
    left, top, right, bottom = box
    meet = (rows[:, 0] < right + margin) & (rows[:, 2] > left - margin)
    meet &= (rows[:, 1] < bottom + margin) & (rows[:, 3] > top - margin)
    return np.flatnonzero(meet)


def area(quad: Quad | Points) -> float:
    """Return the area of a quad in square pixels, by the shoelace formula."""
    x, y = points_of(quad).T
    return float(abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2)


def shared(one: Quad | Points, other: Quad | Points) -> float:
    """Return the area that two convex quads share, in square pixels."""
    import cv2

    first, second = (points_of(quad).astype(np.float32) for quad in (one, other))
    if (first.max(axis=0) <= second.min(axis=0)).any() or (second.max(axis=0) <= first.min(axis=0)).any():
        return 0.0
    return float(cv2.intersectConvexConvex(first, second)[0])


def cut_out(pixels: Pixels, quad: Quad | Points, *, height: int, max_width: int) -> Pixels:
    """Return the line inside a quad, turned upright.

    Where the quad reaches over the picture's border the last pixels are repeated, so that letters which the
    border cuts off keep a margin.

    Args:
        pixels: (height, width, 3) uint8.
        quad: the line; its first side is the direction of the text.
        height: of the result in pixels.
        max_width: of the result; longer lines are squeezed.
    """
    import cv2

    points = points_of(quad)
    along, across = sides(points)
    width = int(np.clip(round(along * height / max(across, 1.0)), 8, max_width))
    # Letters shrunk by plain interpolation lose thin strokes; shrink the region by whole areas first.
    left, top = np.floor(points.min(axis=0)).astype(int) - 2
    right, bottom = np.ceil(points.max(axis=0)).astype(int) + 2
    x0, y0 = max(left, 0), max(top, 0)
    x1, y1 = min(right, pixels.shape[1]), min(bottom, pixels.shape[0])
    if x1 - x0 < 1 or y1 - y0 < 1:
        return np.zeros((height, width, 3), np.uint8)
    part = pixels[y0:y1, x0:x1]
    points = points - (x0, y0)
    shrink = across / height
    if shrink > 1.5:
        size = (max(round(part.shape[1] / shrink), 1), max(round(part.shape[0] / shrink), 1))
        points = points * (size[0] / part.shape[1], size[1] / part.shape[0])
        part = np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.uint8)
    target = np.array([[0, 0], [width, 0], [width, height]], np.float32) - 0.5
    matrix = cv2.getAffineTransform((points[:3] - 0.5).astype(np.float32), target)
    return np.asarray(
        cv2.warpAffine(part, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE),
        np.uint8,
    )
