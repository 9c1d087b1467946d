"""How a line looks to an image network: the network's features in the line's box and around it.

The network (EfficientNet-Lite0, shared with ``_appearance``) knows nothing of displays or letters. For each line the
mean of its features in the line's box, from the picture seen large, and in the box and what is a line's height around
it, from the picture seen small, are more measurements of the line.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from detector.evidence._appearance import Maps
from detector.types import Quad, quad_bounds

Vectors = npt.NDArray[np.float32]
LOOKS = 864
"""Features of a line: 432 of its box, as many of the box and what is around it."""
_LEAST_PAD = 4.0
"""Pixels that the box grows by at least."""


def line_vectors(maps: Maps, size: tuple[int, int], quads: Sequence[Quad]) -> Vectors:
    """Return for each line the network's mean features in its box, then in the box grown by its shorter side.

    Args:
        maps: of ``_appearance.maps_of``: the last two are looked at in the box, the first two in the grown box.
        size: (width, height) of the picture in pixels.
        quads: where the lines stand, in pixels of the picture; they may reach beyond it.

    Returns:
        (number of lines, twice the number of features) float32. A box smaller than a cell counts as one cell wide or
        high; one outside the picture as the cell at the border that is nearest to it.
    """
    width, height = size
    rows = []
    for quad in quads:
        x0, y0, x1, y1 = quad_bounds(quad)
        pad = max(_LEAST_PAD, min(x1 - x0, y1 - y0))
        parts = []
        for grow, seen in ((0.0, maps[-2:]), (pad, maps[:2])):
            for features in seen:
                down = _cover((y0 - grow) / height, (y1 + grow) / height, features.shape[1])
                across = _cover((x0 - grow) / width, (x1 + grow) / width, features.shape[2])
                part = features[:, down[0] : down[0] + len(down[1]), across[0] : across[0] + len(across[1])]
                parts.append((part * (down[1][:, None] * across[1])).sum(axis=(1, 2)))
        rows.append(np.concatenate(parts))
    count = 2 * sum(len(features) for features in maps[:2])
    return np.asarray(rows, np.float32).reshape(len(rows), count)


def _cover(start: float, end: float, cells: int) -> tuple[int, Vectors]:
    """Return the first cell of a stretch, and the share of each cell from there on; the shares sum to 1.

    Args:
        start: where the stretch begins, as a part of the picture's side.
        end: where it ends.
        cells: how many cells that side has.
    """
    low, high = (min(max(value * cells, 0.0), float(cells)) for value in (start, end))
    if high - low < 1:
        middle = min(max((low + high) / 2, 0.5), cells - 0.5)
        low, high = middle - 0.5, middle + 0.5
    first, last = int(low), min(cells, int(np.ceil(high)))
    index = np.arange(first, last)
    share = np.clip(np.minimum(index + 1, high) - np.maximum(index, low), 0, 1)
    return first, np.asarray(share / share.sum(), np.float32)


__all__ = ["LOOKS", "Vectors", "line_vectors"]
