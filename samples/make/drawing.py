"""Draws printed overlays as vectors on pictures: text, stamps, strips, symbology, signs in perspective.

Fonts are asked for by name (fontconfig finds the file), so that nothing here depends on one machine.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from functools import cache

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

Colour = tuple[int, ...]
WHITE: Colour = (245, 245, 245)
BLACK: Colour = (0, 0, 0)


@cache
def font(name: str, size: int, style: str = "Book") -> ImageFont.FreeTypeFont:
    """Return a font by its family name; DejaVu, Liberation and Noto are free and in every distribution."""
    command = ["fc-match", "--format=%{family}|%{file}|%{index}", f"{name}:style={style}"]
    family, file, index = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("|")
    if name not in family:
        raise SystemExit(f"the font '{name}' is not installed (fontconfig offers '{family}')")
    return ImageFont.truetype(file, size, index=int(index) & 0xFFFF)


def text(
    picture: Image.Image,
    at: tuple[float, float],
    words: str,
    *,
    size: int,
    name: str = "Liberation Sans",
    style: str = "Regular",
    fill: Colour = WHITE,
    outline: int = 0,
    anchor: str = "la",
    opacity: float = 1.0,
    angle: float = 0.0,
    edge: Colour = BLACK,
) -> None:
    """Print one line in place; anchor as in Pillow, angle in degrees anticlockwise around the point."""
    layer = Image.new("RGBA", picture.size, (*fill[:3], 0))
    draw = ImageDraw.Draw(layer)
    draw.text(
        at,
        words,
        font=font(name, size, style),
        fill=(*fill[:3], 255),
        anchor=anchor,
        stroke_width=outline,
        stroke_fill=(*edge[:3], 255),
    )
    if angle:
        layer = layer.rotate(angle, Image.Resampling.BICUBIC, center=at)
    if opacity < 1:
        layer.putalpha(layer.getchannel("A").point(lambda value: int(value * opacity)))
    picture.paste(layer, (0, 0), layer)


def lines(
    picture: Image.Image,
    at: tuple[float, float],
    rows: Sequence[str],
    *,
    size: int,
    spacing: float = 1.25,
    **options: object,
) -> None:
    """Print several lines, one under the other."""
    for number, row in enumerate(rows):
        text(picture, (at[0], at[1] + number * size * spacing), row, size=size, **options)  # type: ignore[arg-type]


def box(picture: Image.Image, where: tuple[float, float, float, float], fill: Colour, opacity: float = 1.0) -> None:
    """Fill a rectangle (left, top, right, bottom)."""
    layer = Image.new("RGBA", picture.size, (0, 0, 0, 0))
    ImageDraw.Draw(layer).rectangle(where, fill=(*fill[:3], int(255 * opacity)))
    picture.paste(layer, (0, 0), layer)


def strokes(
    picture: Image.Image, segments: Sequence[Sequence[tuple[float, float]]], fill: Colour = WHITE, width: int = 2
) -> None:
    """Draw polylines."""
    draw = ImageDraw.Draw(picture)
    for points in segments:
        draw.line([(round(x), round(y)) for x, y in points], fill=fill, width=width)


def crosshair(picture: Image.Image, centre: tuple[float, float], size: float, fill: Colour = WHITE) -> None:
    """Draw an open cross with four corner brackets, as electro-optical sensors do."""
    x, y = centre
    gap, arm, corner = size * 0.12, size * 0.5, size * 0.8
    cross = [
        [(x + sx * gap, y + sy * gap), (x + sx * arm, y + sy * arm)] for sx, sy in ((1, 0), (-1, 0), (0, 1), (0, -1))
    ]
    brackets = [
        [
            (x + sx * corner, y + sy * corner * 0.5),
            (x + sx * corner, y + sy * corner * 0.7),
            (x + sx * corner * 0.8, y + sy * corner * 0.7),
        ]
        for sx in (-1, 1)
        for sy in (-1, 1)
    ]
    strokes(picture, [*cross, *brackets], fill)


def sparkle(picture: Image.Image, at: tuple[int, int], size: int, *, opacity: float) -> None:
    """Lay a see-through white star of four points over it: a square out of which four circles are cut."""
    large = 8 * size
    shape = Image.new("L", (large, large), 255)
    radius = 0.65 * large
    for x in (large / 2 - radius, large / 2 + radius):
        for y in (large / 2 - radius, large / 2 + radius):
            ImageDraw.Draw(shape).ellipse((x - radius, y - radius, x + radius, y + radius), fill=0)
    shape = shape.resize((size, size), Image.Resampling.BOX).point(lambda value: int(value * opacity))
    picture.paste((255, 255, 255), at, shape)


def squares(picture: Image.Image, at: tuple[int, int], size: int) -> None:
    """Draw five squares in a row: yellow, turquoise, green, orange, blue."""
    for index, fill in enumerate(("#ffff66", "#42ffff", "#51da4c", "#ff6e3c", "#3c46ff")):
        left = at[0] + index * size
        ImageDraw.Draw(picture).rectangle((left, at[1], left + size - 1, at[1] + size - 1), fill=fill)


def thermal(
    picture: Image.Image, *, seed: int, blur: float = 1.2, gamma: float = 1.0, invert: bool = False
) -> Image.Image:
    """Return it in grey with the softness, the stretched contrast and the noise of thermal video."""
    rng = np.random.default_rng(seed)
    soft = picture.convert("L").filter(ImageFilter.GaussianBlur(blur))
    values = np.asarray(soft, dtype=np.float64)
    low, high = np.percentile(values, (1, 99.5))
    values = np.clip((values - low) / max(high - low, 1), 0, 1) ** gamma
    if invert:
        values = 1 - values
    height, width = values.shape
    noise = rng.normal(0, 0.018, values.shape) + rng.normal(0, 0.006, (1, width))
    y, x = np.mgrid[0:height, 0:width]
    vignette = 1 - 0.28 * (((x / width - 0.5) ** 2 + (y / height - 0.5) ** 2) / 0.5)
    grey = np.clip((0.08 + 0.8 * values) * vignette + noise, 0, 1)
    return Image.fromarray((grey * 255).round().astype(np.uint8)).convert("RGB")


def in_perspective(picture: Image.Image, panel: Image.Image, corners: Sequence[tuple[float, float]]) -> None:
    """Lay a flat panel into the picture so that its corners (clockwise from the top left) fall on `corners`."""
    width, height = panel.size
    flat = ((0, 0), (width, 0), (width, height), (0, height))
    rows, values = [], []
    for (x, y), (u, v) in zip(corners, flat, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    data = np.linalg.solve(np.asarray(rows, dtype=float), np.asarray(values, dtype=float))
    layer = panel.convert("RGBA").transform(
        picture.size, Image.Transform.PERSPECTIVE, tuple(data), Image.Resampling.BICUBIC
    )
    picture.paste(layer, (0, 0), layer)
