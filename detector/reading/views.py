"""Views of a picture, each of which knows its way back to the picture's coordinates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from detector.reading import geometry
from detector.reading.geometry import Way
from detector.types import Pixels, Quad

SURROUNDINGS = 8.0
"""Pixels of a view (standard deviation) over which the surroundings of a letter are averaged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A picture made from the picture.

    Attributes:
        name: ``whole``, ``top``, ``right@2x``, ``mirrored``, …; part of the observations.
        pixels: (height, width, 3) uint8, RGB.
        back: the way from the view's coordinates to the picture's.
        inner: which of its edges (left, top, right, bottom) lie inside the picture and may cut a line.
    """

    name: str
    pixels: Pixels
    back: Way
    inner: tuple[bool, bool, bool, bool] = (False, False, False, False)

    def to_picture(self, quad: Quad) -> Quad:
        """Return a quad of the view in the picture's coordinates."""
        return geometry.carry(self.back, quad)

    def is_cut(self, quad: Quad, *, slack: float = 3.0) -> bool:
        """Say whether a quad of the view touches an edge that lies inside the picture."""
        left, top, right, bottom = geometry.bounds([quad])[0]
        height, width = self.pixels.shape[:2]
        gaps = (left, top, width - right, height - bottom)
        return any(inside and gap < slack for inside, gap in zip(self.inner, gaps, strict=True))


def part(pixels: Pixels, box: tuple[int, int, int, int], factor: float, name: str) -> View:
    """Return a part of the picture, shrunk or enlarged.

    Args:
        pixels: the picture.
        box: left, top, right, bottom in its pixels.
        factor: size of the view over size of the part.
        name: of the view.
    """
    import cv2

    height, width = pixels.shape[:2]
    left, top, right, bottom = box
    cut = pixels[top:bottom, left:right]
    size = (max(round((right - left) * factor), 1), max(round((bottom - top) * factor), 1))
    if size != (right - left, bottom - top):
        how = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
        cut = np.asarray(cv2.resize(cut, size, interpolation=how), np.uint8)
    back = geometry.shift(left, top) @ geometry.scale((right - left) / size[0], (bottom - top) / size[1])
    inner = (left > 0, top > 0, right < width, bottom < height)
    return View(name=name, pixels=cut, back=back, inner=inner)


def whole(pixels: Pixels, long_side: int, *, largest: float = 1.0) -> View:
    """Return the whole picture with a long side of at most this many pixels, enlarged at most ``largest``."""
    height, width = pixels.shape[:2]
    factor = min(long_side / max(height, width), largest)
    return part(pixels, (0, 0, width, height), factor, "whole")


def borders(pixels: Pixels, depth: int, factor: float, *, sides: bool = True) -> Iterator[View]:
    """Yield the borders: top and bottom over the whole width, left and right between them.

    Args:
        pixels: the picture.
        depth: of top and bottom in pixels of the picture; the sides are twice as deep, as lines run that way.
        factor: size of the view over size of the part.
        sides: yield left and right, too.
    """
    height, width = pixels.shape[:2]
    suffix = "" if factor == 1 else f"@{round(factor, 2):g}x"
    deep = min(depth, height)
    yield part(pixels, (0, 0, width, deep), factor, f"top{suffix}")
    if height > deep:
        yield part(pixels, (0, height - deep, width, height), factor, f"bottom{suffix}")
    # The sides overlap the top and the bottom, so that no line is lost between them.
    top, bottom = max(deep - depth // 3, 0), min(height - deep + depth // 3, height)
    wide = min(depth * 2, width)
    if sides and bottom > top and height > 2 * deep:
        yield part(pixels, (0, top, wide, bottom), factor, f"left{suffix}")
        if width > wide:
            yield part(pixels, (width - wide, top, width, bottom), factor, f"right{suffix}")


def mirrored(view: View) -> View:
    """Return a view as in a mirror, left for right."""
    width = view.pixels.shape[1]
    flip = np.array([[-1.0, 0.0, width], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    left, top, right, bottom = view.inner
    return View(
        name=_named(view, "mirrored"),
        pixels=np.ascontiguousarray(view.pixels[:, ::-1]),
        back=view.back @ flip,
        inner=(right, top, left, bottom),
    )


def turned(view: View, degrees: float) -> View:
    """Return a view turned clockwise about its centre, large enough to hold all of it.

    Args:
        view: what to turn.
        degrees: clockwise, as seen on the screen.
    """
    import cv2

    height, width = view.pixels.shape[:2]
    radians = np.radians(degrees)
    cosine, sine = float(np.cos(radians)), float(np.sin(radians))
    new_width = max(round(abs(width * cosine) + abs(height * sine)), 1)
    new_height = max(round(abs(width * sine) + abs(height * cosine)), 1)
    turn = np.array([[cosine, -sine, 0.0], [sine, cosine, 0.0], [0.0, 0.0, 1.0]])
    there = geometry.shift(new_width / 2, new_height / 2) @ turn @ geometry.shift(-width / 2, -height / 2)
    # OpenCV counts from the centre of the first pixel, ways from its corner.
    centred = geometry.shift(-0.5, -0.5) @ there @ geometry.shift(0.5, 0.5)
    pixels = cv2.warpAffine(
        view.pixels, centred[:2], (new_width, new_height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return View(
        name=_named(view, f"turned{degrees:+g}"),
        pixels=np.asarray(pixels, np.uint8),
        back=view.back @ np.linalg.inv(there),
    )


def contrasted(view: View) -> View:
    """Return a view with its local contrast tripled: every pixel moves away from its surroundings' mean.

    For faint letters this was measured to be better than CLAHE, which raises the grain as well
    (docs/reading.md).
    """
    import cv2

    pixels = view.pixels.astype(np.float32)
    around = cv2.GaussianBlur(pixels, (0, 0), SURROUNDINGS)
    raised = np.clip(pixels + 2.0 * (pixels - around), 0, 255).astype(np.uint8)
    return View(name=_named(view, "contrast"), pixels=raised, back=view.back, inner=view.inner)


def _named(view: View, change: str) -> str:
    return change if view.name == "whole" else f"{view.name}+{change}"
