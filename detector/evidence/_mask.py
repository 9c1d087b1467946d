"""The network that finds what is laid over a picture, and what its map of the picture says.

The network labels every fourth pixel of the picture, made 512 pixels long: background, panel, map, bar, mark,
icon, text, line. It was trained only on displays that the project draws itself over genuine pictures; see
``models/display-v2/README.md``. Both kinds of evidence that use it share one look at each picture.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from math import log
from typing import Any

import numpy as np
import numpy.typing as npt

from detector.resources import model_config, model_file
from detector.types import Frame, Pixels, Quad, box_quad, quad_bounds

MODEL = "display-v2"
Map = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Look:
    """What the network saw in one picture.

    Attributes:
        labels: (classes, rows, columns) probability of each class; they sum to 1.
        kinds: probability of each kind of display, by name.
        scale: (x, y) pixels of the picture for one column and one row.
    """

    labels: Map
    kinds: Mapping[str, float]
    scale: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Element:
    """One part of a display.

    Attributes:
        name: what it is.
        quad: where it stands, in pixels of the picture.
        score: mean probability, over its area, that anything is laid over the picture there.
        area: its part of the picture.
    """

    name: str
    quad: Quad
    score: float
    area: float


def config() -> Mapping[str, Any]:
    """Return the thresholds and names of the model.

    Raises:
        EngineError: the model is missing or damaged.
    """
    return model_config(MODEL)


@cache
def network(name: str) -> Any:
    """Return one of the model's networks, ready to run; ``name`` is its place in ``config.json``.

    Raises:
        EngineError: the model is missing or damaged.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # pictures are scanned side by side; one thread each gives the same bytes
    options.inter_op_num_threads = 1
    options.enable_mem_pattern = False  # each size of picture would keep a plan of its own, and memory for it
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(
        str(model_file(MODEL, config()[name])), options, providers=["CPUExecutionProvider"]
    )


_LAST: dict[str, tuple[Pixels, Look]] = {}


def look(frame: Frame) -> Look:
    """Return what the network sees in this picture; the last picture is remembered."""
    held = _LAST.get("look")
    if held is not None and held[0] is frame.pixels:
        return held[1]
    seen = look_at(frame.pixels)
    _LAST["look"] = (frame.pixels, seen)
    return seen


def look_at(pixels: Pixels, session: Any = None) -> Look:
    """Return what the network sees in these pixels.

    Args:
        pixels: (height, width, 3) uint8, RGB.
        session: an onnxruntime session to use in place of the packaged network.
    """
    height, width = pixels.shape[:2]
    side = int(config()["side"]) if session is None else 512
    labels, kinds = (session or network("network")).run(None, {"pixels": sized(pixels, side) / 255})
    names = config()["kinds"]
    found = np.asarray(labels[0], np.float32)
    return Look(
        labels=found,
        kinds={name: float(value) for name, value in zip(names, kinds[0], strict=True)},
        scale=(width / found.shape[2], height / found.shape[1]),
    )


def sized(pixels: Pixels, side: int) -> Map:
    """Return a picture as the networks take it: (1, 3, rows, columns) float32, 0 to 255, RGB.

    Args:
        pixels: (height, width, 3) uint8, RGB.
        side: pixels of the long side; rows and columns are multiples of 32, and at least 64.
    """
    import cv2

    height, width = pixels.shape[:2]
    factor = side / max(width, height)
    columns = max(64, round(width * factor / 32) * 32)
    rows = max(64, round(height * factor / 32) * 32)
    way = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    small = np.asarray(cv2.resize(pixels, (columns, rows), interpolation=way), np.float32)
    return np.ascontiguousarray(small.transpose(2, 0, 1)[None])


def elements(seen: Look, size: tuple[int, int]) -> list[Element]:
    """Return the parts of the display, the largest first, at most as many as the model's config says.

    Args:
        seen: what the network saw.
        size: (width, height) of the picture in pixels.
    """
    import cv2

    settings = config()
    names: list[str] = settings["classes"]
    best = seen.labels[1:].argmax(axis=0) + 1
    over = 1 - seen.labels[0]
    found = []
    for index, name in enumerate(names):
        if index == 0:
            continue
        mask = ((best == index) & (over >= settings["pixel_threshold"])).astype(np.uint8)
        # A reticle is one thing, although its strokes do not touch.
        joined = cv2.dilate(mask, np.ones((5, 5), np.uint8)) if name == "line" else mask
        count, parts, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
        for part in range(1, count):
            inside = (parts == part) & (mask > 0)
            cells = int(inside.sum())
            score = float(over[inside].mean()) if cells else 0.0
            if cells < settings["least_cells"][name] or score < settings["least_score"]:
                continue
            left, top, wide, tall = (int(value) for value in stats[part][:4])
            sx, sy = seen.scale
            found.append(
                Element(
                    name=name,
                    quad=box_quad(
                        left * sx, top * sy, min(size[0], (left + wide) * sx), min(size[1], (top + tall) * sy)
                    ),
                    score=round(score, 3),
                    area=round(cells / mask.size, 5),
                )
            )
    found.sort(key=lambda element: (-element.area * element.score, element.quad))
    return [_named(element, size) for element in found[: int(settings["most_elements"])]]


def _named(element: Element, size: tuple[int, int]) -> Element:
    """Call lines in the exact centre a reticle."""
    left, top, right, bottom = quad_bounds(element.quad)
    width, height = size
    near = 0.03 * min(size)
    centred = abs((left + right) / 2 - width / 2) < near and abs((top + bottom) / 2 - height / 2) < near
    if element.name == "line" and centred and right - left < width / 3:
        return Element(name="reticle", quad=element.quad, score=element.score, area=element.area)
    return element


def picture_features(seen: Look, found: Sequence[Element], size: tuple[int, int]) -> dict[str, float]:
    """Return numbers about the whole display: how much of each class, where it stands, whose display it resembles."""
    names: list[str] = list(config()["classes"])
    over = 1 - seen.labels[0]
    rows, columns = over.shape
    features = {"laid": float(over.mean()), "parts": float(len(found))}
    for index, name in enumerate(names[1:], start=1):
        features[f"area_{name}"] = log(1 + 200 * float(seen.labels[index].mean()))
        count = sum(element.score for element in found if element.name == name)
        features[f"count_{name}"] = log(1 + count)
    features["reticle"] = max((element.score for element in found if element.name == "reticle"), default=0.0)
    y, x = rows // 5, columns // 5
    inner = float(over[y : rows - y, x : columns - x].sum())
    features["inner_share"] = inner / (float(over.sum()) + 0.002 * over.size)
    corners = (over[:y, :x], over[:y, -x:], over[-y:, :x], over[-y:, -x:])
    features["corners"] = float(sum(min(1.0, 25 * float(corner.mean())) for corner in corners))
    cy, cx = max(1, rows // 16), max(1, columns // 16)
    middle = over[rows // 2 - cy : rows // 2 + cy + 1, columns // 2 - cx : columns // 2 + cx + 1]
    features["middle"] = float(middle.mean())
    strip = 0.0
    for element in found:
        left, top, right, bottom = quad_bounds(element.quad)
        if element.name == "panel" and right - left > 0.9 * size[0] and min(top, size[1] - bottom) < 0.03 * size[1]:
            strip = max(strip, element.score)
    features["strip"] = strip
    kinds = seen.kinds
    none = min(0.999, kinds["none"])
    game = kinds["game"] + kinds["menu"]
    features["kind_game"] = log((game + 0.01) / (1 - none - game + 0.01))
    # A flier's display is much like a game's; what sets the rest of the genuine ones apart is surer.
    apart = sum(value for name, value in kinds.items() if name not in ("none", "game", "menu", "drone"))
    features["kind_genuine"] = log((apart + 0.01) / (game + kinds.get("drone", 0.0) + 0.01))
    features["kind_none"] = log((none + 0.01) / (1 - none + 0.01))
    for name, value in kinds.items():
        if name not in ("none", "game"):
            features[f"kind_{name}"] = value
    return features


def over_text(seen: Look, quad: Quad) -> tuple[float, float, float]:
    """Return what the network says of a line: (text or mark, anything laid over, anything around it)."""
    x0, y0, x1, y1 = cells(seen, quad)
    names: list[str] = list(config()["classes"])
    part = seen.labels[:, y0:y1, x0:x1]
    words = part[names.index("text")] + part[names.index("mark")]
    pad = max(2, y1 - y0)
    around = 1 - seen.labels[0, max(0, y0 - pad) : y1 + pad, max(0, x0 - pad) : x1 + pad]
    return float(words.mean()), float(1 - part[0].mean()), float(around.mean())


def cells(seen: Look, quad: Quad) -> tuple[int, int, int, int]:
    """Return the map's cells that a box covers: first column, first row, and those after the last; one at least."""
    sx, sy = seen.scale
    left, top, right, bottom = quad_bounds(quad)
    rows, columns = seen.labels.shape[1:]
    x0, x1 = _span(left / sx, right / sx, columns)
    y0, y1 = _span(top / sy, bottom / sy, rows)
    return x0, y0, x1, y1


def _span(low: float, high: float, length: int) -> tuple[int, int]:
    first = min(length - 1, max(0, int(low)))
    return first, min(length, max(first + 1, round(high)))


__all__ = [
    "MODEL",
    "Element",
    "Look",
    "cells",
    "config",
    "elements",
    "look",
    "look_at",
    "network",
    "over_text",
    "picture_features",
    "sized",
]
