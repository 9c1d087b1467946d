"""AI marks that are shapes, drawn over photographs; and genuine things that look like them."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from detector.evidence._sparkle import star
from detector.evidence._squares import COLOURS

Pixels = npt.NDArray[np.uint8]
Rng = np.random.Generator
LAYOUTS = ((48, 32, 380, 1024), (96, 64, 672, 2400), (96, 192, 768, 1536), (48, 96, 1536, 2048))
"""Star, margin, least and most shorter side of the pictures that carry it so, in pixels."""
SHARES = (0.35, 0.4, 0.15, 0.1)
WORK = 1100
"""Pixels of the shorter side that are drawn on at most; a larger picture is drawn smaller, star and all."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture with a mark.

    Attributes:
        pixels: the picture.
        x: centre of the mark, pixels.
        y: the same.
        size: its width in pixels (of one square, for the row of squares).
        alpha: share of white.
        scale: of the finished picture against the one that the model gave out.
        quality: of the JPEG.
        place: ``usual``, ``cropped`` or ``elsewhere``.
    """

    pixels: Pixels
    x: float
    y: float
    size: float
    alpha: float
    scale: float
    quality: int
    place: str


def stored(pixels: Pixels, quality: int) -> Pixels:
    """Return the picture after it was stored as a JPEG."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer).convert("RGB"))


def resized(pixels: Pixels, width: int, height: int) -> Pixels:
    way = cv2.INTER_AREA if width < pixels.shape[1] else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(pixels, (max(8, width), max(8, height)), interpolation=way), np.uint8)


def veil(pixels: Pixels, cover: npt.NDArray[np.float32], left: int, top: int, alpha: float) -> Pixels:
    """Return the picture with white laid over it: a share ``alpha`` where ``cover`` is 1."""
    out = pixels.astype(np.float32)
    rows, columns = cover.shape
    part = out[top : top + rows, left : left + columns]
    share = alpha * cover[: part.shape[0], : part.shape[1], None]
    part += share * (255 - part)
    return np.asarray(np.clip(out + 0.5, 0, 255), np.uint8)


def sparkle(rng: Rng, photo: Pixels, *, scale: float | None = None, quality: int | None = None) -> Drawn:
    """Return a photograph as if Gemini had made it, and as it may arrive: cut, made larger or smaller, stored."""
    size, margin, least, most = LAYOUTS[int(rng.choice(len(LAYOUTS), p=SHARES))]
    short = float(np.exp(rng.uniform(np.log(least), np.log(most))))
    scale = float(np.exp(rng.uniform(np.log(0.25), np.log(2)))) if scale is None else scale
    quality = int(rng.integers(50, 96)) if quality is None else quality
    alpha = 0.5 if rng.random() < 0.6 else float(rng.uniform(0.18, 0.6))
    work = min(WORK, short) / short
    pixels, own = photo, min(photo.shape[:2])
    if rng.random() < 0.5:
        pixels = pixels[:, ::-1]
    while short * work / own > 1.4 and rng.random() < 0.7:
        # Four mirror images make one large picture: as full of detail as large pictures are.
        pixels = np.concatenate([pixels, pixels[:, ::-1]], axis=1)
        pixels = np.concatenate([pixels, pixels[::-1]], axis=0)
        own *= 2
    factor = short * work / own
    pixels = resized(np.ascontiguousarray(pixels), round(pixels.shape[1] * factor), round(pixels.shape[0] * factor))
    side, away = round(size * work), margin * work
    height, width = pixels.shape[:2]
    left, top = round(width - away - side), round(height - away - side)
    pixels = veil(pixels, star(side, finer=8), left, top, alpha)
    x, y = left + side / 2, top + side / 2
    place, draw = "usual", rng.random()
    if draw < 0.2:
        place = "cropped"
        keep = side * 0.6
        cut_right = int(rng.uniform(0, max(1, width - x - keep)))
        cut_bottom = int(rng.uniform(0, max(1, height - y - keep)))
        cut_left, cut_top = int(rng.uniform(0, 0.35) * width), int(rng.uniform(0, 0.35) * height)
        pixels = pixels[cut_top : height - cut_bottom, cut_left : width - cut_right]
        x, y = x - cut_left, y - cut_top
    elif draw < 0.35:
        place = "elsewhere"
        above, below = (int(rng.uniform(0, 0.7) * height) for _ in range(2))
        sides = int(rng.uniform(0, 0.5) * width)
        colour = int(rng.choice([0, 18, 255, 245]))
        pixels = np.pad(pixels, ((above, below), (0, sides), (0, 0)), constant_values=colour)
        y += above
    final = scale / work
    new = max(24, round(pixels.shape[1] * final)), max(24, round(pixels.shape[0] * final))
    fx, fy = new[0] / pixels.shape[1], new[1] / pixels.shape[0]
    pixels = stored(resized(np.ascontiguousarray(pixels), *new), quality)
    return Drawn(pixels, x * fx, y * fy, side * fx, alpha, scale, quality, place)


def squares(rng: Rng, photo: Pixels, *, scale: float | None = None, quality: int | None = None) -> Drawn:
    """Return a photograph as if DALL-E 2 had made it: square, with its signature, and as it may arrive."""
    scale = float(np.exp(rng.uniform(np.log(0.25), np.log(2)))) if scale is None else scale
    quality = int(rng.integers(50, 96)) if quality is None else quality
    side = min(photo.shape[:2])
    pixels = resized(np.ascontiguousarray(photo[:side, :side]), 1024, 1024).copy()
    for index, colour in enumerate(COLOURS):
        start = 1024 - 16 * (len(COLOURS) - index)
        pixels[1008:, start : start + 16] = colour
    x, y, place = 1024 - 40.0, 1024 - 8.0, "usual"
    if rng.random() < 0.25:
        place = "cropped"
        cut_left, cut_top = (int(value) for value in rng.uniform(0, 350, 2))
        pixels = pixels[cut_top:, cut_left:]
        x, y = x - cut_left, y - cut_top
        if rng.random() < 0.4:
            pad = int(rng.uniform(0, 30))
            pixels = np.pad(pixels, ((0, pad), (0, pad), (0, 0)), constant_values=255)
    new = max(24, round(pixels.shape[1] * scale)), max(24, round(pixels.shape[0] * scale))
    fx, fy = new[0] / pixels.shape[1], new[1] / pixels.shape[0]
    pixels = stored(resized(np.ascontiguousarray(pixels), *new), quality)
    return Drawn(pixels, x * fx, y * fy, 16 * fx, 1.0, scale, quality, place)


def alike(rng: Rng, photo: Pixels) -> Pixels:
    """Return a photograph with genuine things that look like a sparkle: lens stars, snow, lights, white icons."""
    short = min(photo.shape[:2])
    pixels = np.clip(photo.astype(np.float32) * rng.uniform(0.15, 0.9), 0, 255)
    kind = int(rng.integers(5))
    for _ in range(int(rng.integers(3, 30)) if kind < 3 else int(rng.integers(1, 4))):
        size = float(short * np.exp(rng.uniform(np.log(0.025), np.log(0.2))))
        x, y = rng.uniform(0, pixels.shape[1]), rng.uniform(0, pixels.shape[0])
        if rng.random() < 0.5:  # where the mark would stand
            x, y = pixels.shape[1] - 1.17 * size, pixels.shape[0] - 1.17 * size
        _thing(rng, pixels, kind, x, y, size)
    out = np.asarray(np.clip(pixels, 0, 255), np.uint8)
    return stored(out, int(rng.integers(60, 96)))


def _thing(rng: Rng, pixels: npt.NDArray[np.float32], kind: int, x: float, y: float, size: float) -> None:
    height, width = pixels.shape[:2]
    left, top = max(0, int(x - size)), max(0, int(y - size))
    right, bottom = min(width, int(x + size)), min(height, int(y + size))
    if right - left < 4 or bottom - top < 4:
        return
    dx, dy = np.meshgrid(np.arange(left, right) - x, np.arange(top, bottom) - y)
    dx, dy = dx / (size / 2), dy / (size / 2)
    radius = np.hypot(dx, dy) + 1e-6
    if kind == 0:  # light through a lens: four or eight rays, brightest in the middle
        turn = float(rng.uniform(0, 0.3)) if rng.random() < 0.5 else 0.0
        u, v = dx * np.cos(turn) - dy * np.sin(turn), dx * np.sin(turn) + dy * np.cos(turn)
        rays = np.exp(-abs(u) * 12 - abs(v) * 1.5) + np.exp(-abs(v) * 12 - abs(u) * 1.5) + np.exp(-radius * 3)
        light = np.clip(rays * rng.uniform(0.6, 1.6), 0, 1)
    elif kind == 1:  # snow and drops out of focus
        light = rng.uniform(0.2, 0.9) * (radius < rng.uniform(0.3, 0.8))
        light = cv2.GaussianBlur(light.astype(np.float32), (0, 0), max(0.6, size / 20))
    elif kind == 2:  # lamps at night
        light = np.exp(-((radius * rng.uniform(2, 4)) ** 2)) + 0.3 * np.exp(-radius * 2)
    elif kind == 3:  # icons: a diamond, a cross, an astroid, a star of five, all white
        choice = int(rng.integers(4))
        if choice == 0:
            inside = abs(dx) + abs(dy) < 0.9
        elif choice == 1:
            inside = (np.minimum(abs(dx), abs(dy)) < 0.16) & (np.maximum(abs(dx), abs(dy)) < 0.9)
        elif choice == 2:
            inside = np.maximum(abs(dx), abs(dy)) < 0.8
        else:
            angle = np.arctan2(dx, -dy) % (2 * np.pi / 5) - np.pi / 5
            inside = radius * np.cos(angle) < 0.45 + 0.5 * abs(angle)
        light = inside * rng.uniform(0.4, 1.0)
        light = cv2.GaussianBlur(light.astype(np.float32), (0, 0), 0.7)
    else:  # a sparkle that covers all that is below it, as programs print beside a button
        cover = star(max(9, round(size)), finer=4)
        cover = cv2.resize(cover, (max(4, round(size)),) * 2)
        half = len(cover) // 2
        light = np.zeros(dx.shape, np.float32)
        row, column = max(0, int(y - top) - half), max(0, int(x - left) - half)
        part = light[row : row + len(cover), column : column + len(cover)]
        part[:] = cover[: part.shape[0], : part.shape[1]]
    share = np.clip(np.asarray(light, np.float32), 0, 1)[..., None]
    region = pixels[top:bottom, left:right]
    region += share * (255 - region)


def open_photo(path: Path) -> Pixels:
    return np.asarray(Image.open(path).convert("RGB"))
