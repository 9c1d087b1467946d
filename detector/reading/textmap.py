"""From a detector's text map to quads.

The detector (differentiable binarisation, Liao et al. 2020) gives every pixel a number from 0 to 1: inside
the shrunk core of a text line. Cores are connected regions above a low bar; each is grown back by the amount
that the training shrank it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from detector.reading.protocol import Spot
from detector.types import make_quad

TextMap = npt.NDArray[np.float32]

CORE = 0.2
"""A pixel above this belongs to a core; the engine's own default of 0.3 loses faint letters."""
SURE = 0.35
"""A core whose mean is below this is no text; the engine's own default is 0.5."""
GROW = 1.6
"""Area over perimeter times this is how far a core is grown back."""
THINNEST = 2.0
"""A core thinner than this, in pixels of the map, is no line."""
MOST = 1000
"""Cores looked at, the largest first: a bound on the work that a hostile picture can ask for."""


def spots_in(text_map: TextMap) -> list[Spot]:
    """Return the text lines of a map, as quads in the map's pixels.

    Args:
        text_map: (height, width) float32, 0 to 1.
    """
    import cv2

    mask = (text_map > CORE).astype(np.uint8)
    # The engine closes the small gaps between the words of a line in the same way.
    mask = np.asarray(cv2.dilate(mask, np.ones((2, 2), np.uint8)), np.uint8)
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    contours = sorted(contours, key=lambda contour: -float(cv2.boundingRect(contour)[2]))[:MOST]
    spots = []
    for contour in contours:
        centre, (width, height), tilt = cv2.minAreaRect(contour)
        if min(width, height) < THINNEST:
            continue
        score = _mean_inside(text_map, contour)
        if score < SURE:
            continue
        margin = GROW * width * height / (2 * (width + height))
        width, height = width + 2 * margin, height + 2 * margin
        # A quad's first side is the direction of the text: the long side, read from left to right, or
        # from the top down where the text stands upright.
        if width < height:
            width, height, tilt = height, width, tilt + 90
        tilt = (tilt + 90) % 180 - 90
        if tilt < -60:
            tilt += 180
        if width < 1.5 * height and abs(tilt) > 45:
            # Too square to tell: upright pictures carry upright text.
            width, height, tilt = height, width, tilt - 90
        across = np.array([np.cos(np.radians(tilt)), np.sin(np.radians(tilt))])
        down = np.array([-across[1], across[0]])
        half, low = across * width / 2, down * height / 2
        middle = np.array(centre) + 0.5
        quad = make_quad([middle - half - low, middle + half - low, middle + half + low, middle - half + low])
        spots.append(Spot(quad=quad, score=round(float(score), 4)))
    return spots


def _mean_inside(text_map: TextMap, contour: npt.NDArray[Any]) -> float:
    import cv2

    x, y, width, height = cv2.boundingRect(contour)
    inside = np.zeros((height, width), np.uint8)
    cv2.drawContours(inside, [contour - (x, y)], -1, 1, thickness=-1)
    return float(cv2.mean(text_map[y : y + height, x : x + width], inside)[0])
