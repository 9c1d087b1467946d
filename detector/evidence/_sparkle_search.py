"""Where in a picture Gemini's star may stand: the places that are looked at closely.

In the usual place the position follows from the size, so that all sizes are tried in small steps: the outline is
sampled, and the places are ranked by how much the parts of the outline agree. In the corner beside it, and in the
whole picture, a matched filter looks for the star in a few sizes. Each place is then moved to fit the outline.
"""

from __future__ import annotations

from functools import cache
from itertools import product
from math import hypot, log

import numpy as np
import numpy.typing as npt

from detector.evidence._sparkle import (
    DISTANCES,
    LAYOUTS,
    PAD,
    SECTORS,
    SIDE,
    Candidate,
    Map,
    bands,
    cut,
    measure,
    star,
)
from detector.types import Pixels

Line = npt.NDArray[np.float64]
COARSE = 16
"""Pixels that it is wide where it is searched."""
SCALES = tuple(0.021 * 1.19**step for step in range(13))
"""Sizes of the star looked for in the lower right, as parts of the picture's shorter side."""
SCALES_ANYWHERE = tuple(0.058 * 1.24**step for step in range(5))
"""The same for the rest of the picture."""
LEAST_SIZE = 9.0
"""Pixels: below this the outline cannot be told."""
SEARCH, FINE_STEP = 24, 1.03
"""Pixels that the star is wide where the usual place is searched, and the step from size to size there."""
LEAST_SCALE, MOST_SCALE = 0.02, 0.2
"""Sizes looked for there, as parts of the picture's shorter side."""
MOST_USUAL, MOST_ELSEWHERE = 3, 3
"""Candidates that are looked at closely: in the usual place; in the corner beside it, and as many anywhere."""
POLISH, POLISH_SIZES = (0.07, 0.025), (-1.0, 0.0, 1.0)
"""Steps, in sizes of the star, by which place and size are moved to fit the outline; of the size, how many."""
LEAST_WORTH, HOPELESS = 0.5, 0.36
"""Of the outline, below which nothing is measured; and below which it is not moved a second time."""
LEAST_MATCH, LEAST_ELSEWHERE = 0.2, 0.4
"""Correlation below which no place is kept, or looked at closely."""


def candidates(pixels: Pixels) -> list[Candidate]:
    """Return the places most like the star, measured: those in the usual place first, then the others.

    Args:
        pixels: (height, width, 3) uint8, RGB.
    """
    kept = _usual_places(pixels)
    for found in (_near_corner(pixels), _anywhere(pixels)):
        most = len(kept) + MOST_ELSEWHERE
        for item in sorted(found, key=lambda item: -item.match):
            if len(kept) < most and item.match >= LEAST_ELSEWHERE and _apart(item, kept):
                kept.append(item)
    measured = []
    for item in kept:
        fine = _polish(pixels, item)
        features = measure(pixels, fine) if fine.match >= LEAST_WORTH else None
        if features is not None:
            measured.append(Candidate(fine.x, fine.y, fine.size, fine.match, features))
    return measured


def _apart(item: Candidate, others: list[Candidate]) -> bool:
    return all(
        hypot(item.x - other.x, item.y - other.y) > 0.3 * max(item.size, other.size)
        or not 0.7 < item.size / other.size < 1.4
        for other in others
    )


def _usual_places(pixels: Pixels) -> list[Candidate]:
    """Return the sizes that show a star's outline best where Gemini puts it: the place follows from the size."""
    height, width = pixels.shape[:2]
    short = min(width, height)
    sizes = short * LEAST_SCALE * FINE_STEP ** np.arange(round(log(MOST_SCALE / LEAST_SCALE) / log(FINE_STEP)))
    found: list[Candidate] = []
    least, most = LEAST_SIZE, 2.0 * SEARCH
    while least < sizes[-1]:
        own = np.repeat(sizes[(sizes >= least) & (sizes < most)], len(LAYOUTS))
        away = own * (np.tile(LAYOUTS, len(own) // len(LAYOUTS)) + 0.5)
        fits = away + 0.6 * own < short
        if fits.any():
            own, away = own[fits], away[fits]
            worth = _worth(_steps(pixels, width - away, height - away, own))
            found += [
                Candidate(width - float(far), height - float(far), float(size), float(value), {})
                for far, size, value in zip(away, own, worth, strict=True)
            ]
        least, most = most, 2 * most
    kept: list[Candidate] = []
    for item in sorted(found, key=lambda item: -item.match):
        if len(kept) < MOST_USUAL and _apart(item, kept):
            kept.append(item)
    return kept


def _polish(pixels: Pixels, item: Candidate) -> Candidate:
    """Return the candidate with its size and place as they show the outline best; ``match`` is how well that is."""
    around = np.asarray(list(product((-1, 0, 1), (-1, 0, 1), POLISH_SIZES)), np.float64)
    best = item
    for reach in POLISH:
        size = best.size * (1 + reach * around[:, 2])
        x, y = best.x + reach * best.size * around[:, 0], best.y + reach * best.size * around[:, 1]
        worth = _worth(_steps(pixels, x, y, size))
        at = int(worth.argmax())
        best = Candidate(float(x[at]), float(y[at]), float(size[at]), float(worth[at]), {})
        if best.match < HOPELESS:
            break
    return best


def _steps(pixels: Pixels, x: Line, y: Line, size: Line) -> Map:
    """Return the step from outside to inside at each part of the outline: (places, ``SECTORS``).

    Args:
        pixels: the picture.
        x: centres of the places looked at.
        y: the same.
        size: widths of the star there; the largest no more than about twice the least.
    """
    import cv2

    level = max(1, int(size.max() / (2 * SEARCH) + 0.999))  # the picture is made so many times smaller
    reach = 0.75 * size
    left, top = max(0, int((x - reach).min())), max(0, int((y - reach).min()))
    part = pixels[top : int((y + reach).max()) + level + 1, left : int((x + reach).max()) + level + 1]
    columns, rows = max(1, part.shape[1] // level), max(1, part.shape[0] // level)
    part = part[: rows * level, : columns * level]
    if level > 1:
        small = cv2.resize(np.ascontiguousarray(part), (columns, rows), interpolation=cv2.INTER_AREA)
        part = np.asarray(small, np.uint8)
    plane = DISTANCES[cv2.cvtColor(np.ascontiguousarray(part), cv2.COLOR_RGB2GRAY)]
    rows_of, *_ = bands(SEARCH)
    whole = SEARCH + 2 * (SEARCH * PAD // SIDE)
    line = size[:, None] * ((np.arange(whole) + 0.5 - whole / 2) / SEARCH)
    across = ((x[:, None] - left + line) / level - 0.5).astype(np.float32)
    down = ((y[:, None] - top + line) / level - 0.5).astype(np.float32)
    shape = (len(size), whole, whole)
    seen = cv2.remap(
        plane,
        np.ascontiguousarray(np.broadcast_to(across[:, None, :], shape)).reshape(-1, whole),
        np.ascontiguousarray(np.broadcast_to(down[:, :, None], shape)).reshape(-1, whole),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    means = seen.reshape(len(size), -1) @ rows_of[SECTORS : 3 * SECTORS].T
    return np.asarray(means[:, :SECTORS] - means[:, SECTORS:], np.float32)


def _worth(steps: Map) -> Map:
    """Return how much like one even veil the steps (places, sectors) are."""
    middle = np.median(steps, axis=1)
    spread = np.median(abs(steps - middle[:, None]), axis=1)
    near = (abs(steps - middle[:, None]) < 0.5 * middle[:, None]).mean(axis=1)
    return np.asarray(near + 0.04 * np.clip(middle / (spread + 0.015), 0, 10), np.float32)


def _near_corner(pixels: Pixels) -> list[Candidate]:
    """Return the best place for each size in the lower right corner."""
    height, width = pixels.shape[:2]
    short = min(width, height)
    found = []
    for scale in SCALES:
        size = scale * short
        reach = min(3.5 * size, 0.5 * short)
        if size < LEAST_SIZE:
            continue
        left, top = max(0, int(width - reach)), max(0, int(height - reach))
        plane = _plane(pixels[top:, left:], COARSE / size, COARSE)
        seen = _scores(plane, COARSE)
        if seen is not None:
            unit = (width - left) / plane.shape[1], (height - top) / plane.shape[0]
            found += _peaks(seen[0], seen[1], 1, size, (left, top), unit)
    return found


def _anywhere(pixels: Pixels) -> list[Candidate]:
    """Return the best places for each size in the whole picture."""
    import cv2

    height, width = pixels.shape[:2]
    short = min(width, height)
    side = COARSE - 4
    grey = _grey(pixels, side / (SCALES_ANYWHERE[0] * short))
    found = []
    for scale in SCALES_ANYWHERE:
        size = scale * short
        columns, rows = round(width * side / size), round(height * side / size)
        if size < LEAST_SIZE or min(columns, rows) < 2 * side:
            continue
        plane = cut(DISTANCES[cv2.resize(grey, (columns, rows), interpolation=cv2.INTER_AREA)], side)
        seen = _scores(plane, side)
        if seen is not None:
            found += _peaks(seen[0], seen[1], 2, size, (0, 0), (width / columns, height / rows))
    return found


@cache
def _template(side: int) -> Map:
    """Return the star for the matched filter, with a little of what is around it, low frequencies taken off."""
    return cut(0.4 * star(side, max(2, side // 8)), side)


def _grey(pixels: Pixels, factor: float) -> Pixels:
    """Return the brightness of pixels, made smaller or larger by a factor; much smaller by leaving pixels out first."""
    import cv2

    every = max(1, int(0.7 / factor))
    part = pixels[::every, ::every]
    size = max(1, round(pixels.shape[1] * factor)), max(1, round(pixels.shape[0] * factor))
    way = cv2.INTER_AREA if factor * every < 1 else cv2.INTER_LINEAR
    if factor * every > 1:
        return np.asarray(
            cv2.resize(cv2.cvtColor(np.ascontiguousarray(part), cv2.COLOR_RGB2GRAY), size, interpolation=way)
        )
    return np.asarray(cv2.cvtColor(cv2.resize(np.ascontiguousarray(part), size, interpolation=way), cv2.COLOR_RGB2GRAY))


def _plane(pixels: Pixels, factor: float, side: int) -> Map:
    return cut(DISTANCES[_grey(pixels, factor)], side)


def _scores(plane: Map, side: int) -> tuple[Map, float] | None:
    """Return the correlation at each place, and half of the template's width; None where it does not fit."""
    import cv2

    template = _template(side)
    if min(plane.shape) < len(template) + 1:
        return None
    scores = cv2.matchTemplate(plane, template, cv2.TM_CCOEFF_NORMED)
    return np.asarray(scores, np.float32), len(template) / 2


def _peaks(
    scores: Map,
    half: float,
    most: int,
    size: float,
    origin: tuple[int, int],
    unit: tuple[float, float],
) -> list[Candidate]:
    """Return the highest scores as candidates, those around each left out."""
    import cv2

    found = []
    near = round(half * 0.8)
    if most > 1:
        scores = scores.copy()
    for _ in range(most):
        _, best, _, (column, row) = cv2.minMaxLoc(scores)
        if not LEAST_MATCH < best <= 1.01:  # also false for no number at all: a flat place
            break
        found.append(
            Candidate(origin[0] + (column + half) * unit[0], origin[1] + (row + half) * unit[1], size, float(best), {})
        )
        if most > 1:
            scores[max(0, row - near) : row + near + 1, max(0, column - near) : column + near + 1] = -1
    return found
