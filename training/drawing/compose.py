"""One example: a genuine picture, perhaps with text in the scene, perhaps with a display over it, stored again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training.drawing.game import draw_hud
from training.drawing.genuine import draw_genuine
from training.drawing.scene import Pixels, Quad, add_clutter, add_scene_text, add_screen, cut, recompress
from training.drawing.sketch import Sketch
from training.drawing.style import Rng

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
    if rng.random() < 0.2:
        add_clutter(rng, pixels)
    if rng.random() < 0.42:
        scene = add_scene_text(rng, pixels, int(rng.integers(1, 5)) if rng.random() < 0.8 else int(rng.integers(5, 14)))
    if rng.random() < 0.04:
        inner = Sketch(cut(rng, picture(), 480, 270))
        draw_hud(inner, rng)
        add_screen(rng, pixels, inner.pixels)
    sketch = Sketch(pixels)
    choice = rng.random()
    if choice < 0.22:
        kind = "none"
    elif choice < 0.61:
        kind = draw_hud(sketch, rng)
    else:
        kind = draw_genuine(sketch, rng)
    if kind == "game" and rng.random() < 0.05:  # a broadcaster shows a game
        draw_genuine(sketch, rng)
    if sketch.labels.max() == 0:
        kind = "none"
    over: list[tuple[Quad, str]] = [
        ([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], text) for x0, y0, x1, y1, text in sketch.lines
    ]
    return Example(recompress(rng, sketch.pixels), sketch.labels, kind, over, scene)
