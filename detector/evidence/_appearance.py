"""How what is laid over a picture looks: an image network's features, taken where something is laid over.

The network (EfficientNet-Lite0, see ``models/display-v2/README.md``) knows nothing of displays. What counts is the
mean of its features under the parts that ``_mask`` found, by sort of part, and in the lines that were laid over; a
small network with one hidden layer makes one number of them. Where nothing is laid over, nothing is looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from detector.evidence._mask import MODEL, Look, config, network, sized
from detector.evidence._one_hidden_layer import Net, load, log_odds
from detector.resources import model_file
from detector.types import Pixels

Vector = npt.NDArray[np.float32]
Maps = tuple[npt.NDArray[np.float32], ...]

SORTS: Mapping[str, tuple[str, ...]] = {
    "text": ("text",),
    "panels": ("panel", "map", "bar"),
    "signs": ("mark", "icon", "line"),
}
"""Which classes of the map are looked at together."""
SIDES = (448, 960)
"""Pixels of the long side at which the network sees the picture: a panel as a whole, and the letters in it."""
_LITTLE = 0.003
"""Part of the picture at which a sort's features count half: the mean over a few cells says little."""
_FEW = 0.5
"""Lines at which their features count half."""


_LAST: dict[str, tuple[Pixels, Maps]] = {}


def maps_of(pixels: Pixels, session: Any = None) -> Maps:
    """Return the network's features of a picture; those of the last picture are remembered.

    Args:
        pixels: (height, width, 3) uint8, RGB.
        session: an onnxruntime session to use in place of the packaged network.

    Returns:
        For each of ``SIDES`` (112, rows, columns) of every 16 pixels and (320, rows, columns) of every 32 of the
        picture made so long; float32.
    """
    held = _LAST.get("maps")
    if held is not None and held[0] is pixels:
        return held[1]
    run = (session or network("appearance")).run
    maps = tuple(np.asarray(out[0], np.float32) for side in SIDES for out in run(None, {"pixels": sized(pixels, side)}))
    _LAST["maps"] = (pixels, maps)
    return maps


def pooled(maps: Maps, seen: Look) -> dict[str, Vector]:
    """Return for each sort of part the mean features under it.

    Args:
        maps: of ``maps_of``.
        seen: the map of the same picture.

    Returns:
        By sort a float32 vector: 112 features of every 16 pixels, then 320 of every 32, for each of ``SIDES``. It
        shrinks to zero where the sort covers less than a few thousandths of the picture.
    """
    import cv2

    names: list[str] = list(config()["classes"])
    found: dict[str, Vector] = {}
    for sort, classes in SORTS.items():
        cover = np.asarray(seen.labels[[names.index(name) for name in classes]].sum(axis=0), np.float32)
        parts = []
        for features in maps:
            mask = cv2.resize(cover, features.shape[:0:-1], interpolation=cv2.INTER_AREA)
            share = mask / (mask.sum() + _LITTLE * mask.size)
            parts.append((features * share).sum(axis=(1, 2)))
        found[sort] = np.concatenate(parts)
    return found


def printed(vectors: npt.NDArray[np.floating[Any]], over: npt.NDArray[np.floating[Any]]) -> Vector:
    """Return the mean features of the lines that were laid over.

    Args:
        vectors: (lines, features) of ``_line_look.line_vectors``.
        over: (lines,) the probability that each was laid over; its square is the line's weight.

    Returns:
        (features,) float32. It shrinks to zero where hardly any line was laid over.
    """
    weight = np.square(over)
    return np.asarray((vectors * weight[:, None]).sum(axis=0) / (weight.sum() + _FEW), np.float32)


def appearance(found: Mapping[str, Vector], lines: Vector) -> float:
    """Return what the look says of game against camera, in natural log odds.

    Args:
        found: of ``pooled``.
        lines: of ``printed``.
    """
    return log_odds(np.concatenate([*(found[sort] for sort in SORTS), lines]), _net())


@cache
def _net() -> Net:
    return load(model_file(MODEL, config()["appearance_weights"]))


__all__ = ["SIDES", "SORTS", "Maps", "appearance", "maps_of", "pooled", "printed"]
