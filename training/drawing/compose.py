"""One example: a genuine picture, perhaps with text in the scene, perhaps with a display over it, stored again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from training.drawing.apps import inset
from training.drawing.game import draw_hud
from training.drawing.genuine import draw_genuine
from training.drawing.scene import Pixels, Quad, add_clutter, add_scene_text, add_screen, cut, recompress
from training.drawing.sketch import Sketch
from training.drawing.style import Rng, any_style

KINDS = ("none", "game", "menu", "stamp", "sensor", "thermal", "drone", "broadcast", "watermark", "player")


@dataclass
class Example:
    """Pixels as stored, a label for each, the kind of display, the lines laid over and the lines in the scene."""

    pixels: Pixels
    labels: npt.NDArray[np.uint8]
    kind: str
    over: list[tuple[Quad, str]]
    scene: list[tuple[Quad, str]]


SHAPES = ((16, 9), (16, 9), (16, 9), (4, 3), (4, 3), (5, 4), (3, 2), (2, 1), (1, 1), (9, 16))


def compose(
    rng: Rng,
    picture: Callable[[], Pixels],
    *,
    longest: tuple[int, int] = (512, 1000),
    shape: tuple[int, int] | None = None,
) -> Example:
    """Return one example.

    Args:
        rng: decides everything.
        picture: gives a background.
        longest: range of the long side in pixels.
        shape: width to height; one of ``SHAPES`` if None.
    """
    a, b = shape or SHAPES[int(rng.integers(len(SHAPES)))]
    side = int(rng.integers(*longest))
    width, height = (side, side * b // a) if a >= b else (side * a // b, side)
    pixels = cut(rng, picture(), width, height)
    scene: list[tuple[Quad, str]] = []
    if rng.random() < 0.25:
        add_clutter(rng, pixels)
    if rng.random() < 0.42:
        scene = add_scene_text(rng, pixels, int(rng.integers(1, 5)) if rng.random() < 0.8 else int(rng.integers(5, 14)))
    if rng.random() < 0.04:
        inner = Sketch(cut(rng, picture(), 480, 270))
        draw_hud(inner, rng)
        add_screen(rng, pixels, inner.pixels)
    if rng.random() < 0.06:
        letterbox(rng, pixels)
    sketch = Sketch(pixels)
    choice = rng.random()
    if choice < 0.28:
        kind = "none"
    elif choice < 0.64:
        kind = draw_hud(sketch, rng)
    else:
        kind = draw_genuine(sketch, rng)
    if kind == "game" and rng.random() < 0.05:  # a broadcaster shows a game
        draw_genuine(sketch, rng)
    if kind != "none" and rng.random() < 0.03:
        inset(sketch, any_style(rng, height, kind="plain"), cut(rng, picture(), 480, 360))
    over: list[tuple[Quad, str]] = [
        ([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], text) for x0, y0, x1, y1, text in sketch.lines
    ]
    example = Example(recompress(rng, sketch.pixels), sketch.labels, kind, over, scene)
    if rng.random() < 0.12:
        example = crop(rng, example)
    if example.labels.max() == 0:
        example.kind = "none"
    return example


def letterbox(rng: Rng, pixels: npt.NDArray[np.float32]) -> None:
    """Blacken (or whiten) strips along two opposite borders: they belong to the film or the page, not to a display."""
    height, width = pixels.shape[:2]
    shade = 0.0 if rng.random() < 0.85 else 255.0
    if rng.random() < 0.7:
        tall = int(height * rng.uniform(0.03, 0.16))
        pixels[:tall] = shade
        pixels[height - tall :] = shade
    else:
        wide = int(width * rng.uniform(0.03, 0.2))
        pixels[:, :wide] = shade
        pixels[:, width - wide :] = shade


def crop(rng: Rng, example: Example) -> Example:
    """Cut away some of one or two sides, as who hides a display does, and enlarge the rest to the old size."""
    height, width = example.labels.shape
    cuts = rng.uniform(0.03, 0.3, 4) * (rng.random(4) < 0.4)
    x0, x1 = int(width * cuts[0]), width - int(width * cuts[1])
    y0, y1 = int(height * cuts[2]), height - int(height * cuts[3])
    fx, fy = width / (x1 - x0), height / (y1 - y0)

    def moved(lines: list[tuple[Quad, str]]) -> list[tuple[Quad, str]]:
        kept = []
        for quad, text in lines:
            if all(x0 <= x <= x1 and y0 <= y <= y1 for x, y in quad):
                kept.append(([((x - x0) * fx, (y - y0) * fy) for x, y in quad], text))
        return kept

    pixels = cv2.resize(example.pixels[y0:y1, x0:x1], (width, height), interpolation=cv2.INTER_LINEAR)
    labels = cv2.resize(example.labels[y0:y1, x0:x1], (width, height), interpolation=cv2.INTER_NEAREST)
    return Example(pixels, labels, example.kind, moved(example.over), moved(example.scene))
