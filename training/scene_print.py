"""Print that stands in the scene and yet is level, crisp and even: paper before a camera, boards along a court.

The signs of ``training.drawing.scene`` are seen from the side. What is hard to tell from a display is print seen
head-on: receipts, letters, posters, packages, rows of boards. Here some lines are laid over such pictures as well,
so that the one cannot be told from the other by what else is there.
"""

from __future__ import annotations

import string
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from detector.types import Pixels, Quad, box_quad, make_quad, quad_bounds
from training.drawing.scene import recompress
from training.drawing.sketch import font_files
from training.drawing.style import Rng

Floats = npt.NDArray[np.float32]


@dataclass
class Printed:
    """A picture, and the lines in its scene (0) and laid over it (1)."""

    pixels: Pixels
    lines: list[tuple[Quad, int]]


def words(rng: Rng, most: int) -> str:
    """Return made-up words and numbers."""
    parts = []
    for _ in range(int(rng.integers(1, most + 1))):
        letters = string.digits + ".:/" if rng.random() < 0.3 else string.ascii_letters
        word = "".join(rng.choice(list(letters), int(rng.integers(2, 9))))
        parts.append(word.upper() if rng.random() < 0.5 else word.capitalize())
    return " ".join(parts)


def face(rng: Rng, size: int) -> ImageFont.FreeTypeFont:
    files = sorted(font_files().values())
    return ImageFont.truetype(files[int(rng.integers(len(files)))], size)


def sheet(rng: Rng, width: int, height: int, *, paper: float = 0.9) -> tuple[Image.Image, list[Quad]]:
    """Return a page with rows of print: dark on light as often as ``paper`` says, else light on dark or coloured."""
    light = rng.uniform(185, 252, 3) if rng.random() < paper else rng.uniform(20, 120, 3)
    dark = np.clip(light - rng.uniform(120, 200), 0, 255) if light.mean() > 150 else rng.uniform(190, 255, 3)
    page = Image.new("RGB", (width, height), tuple(int(value) for value in light))
    pen, quads = ImageDraw.Draw(page), []
    size = int(rng.integers(max(9, height // 45), max(11, height // 12)))
    font = face(rng, size)
    columns = bool(rng.random() < 0.4)
    y = float(rng.uniform(0.02, 0.2) * height)
    while y < height * 0.95 and len(quads) < 40:
        if rng.random() < 0.15:
            font = face(rng, int(size * rng.uniform(0.8, 2)))
        x = float(rng.uniform(0.03, 0.12) * width) if rng.random() < 0.7 else float(rng.uniform(0.1, 0.4) * width)
        places = [(x, words(rng, 4)), (width * 0.78, words(rng, 1))] if columns else [(x, words(rng, 5))]
        for left, text in places:
            box = pen.textbbox((left, y), text, font=font)
            if box[2] < width and box[3] < height:
                pen.text((left, y), text, fill=tuple(int(value) for value in dark), font=font)
                quads.append(box_quad(*box))
        y += size * float(rng.uniform(1.1, 1.9))
    return page, quads


def boards(rng: Rng, width: int, height: int) -> tuple[Image.Image, list[Quad]]:
    """Return a row of boards, each with its own colour and word; some say the same."""
    page = Image.new("RGB", (width, height))
    pen, quads = ImageDraw.Draw(page), []
    own = [words(rng, 2) for _ in range(int(rng.integers(1, 4)))]
    shared = tuple(int(value) for value in rng.integers(0, 190, 3))
    x = 0.0
    while x < width:
        wide = float(rng.uniform(1.5, 5)) * height
        colour = shared if rng.random() < 0.6 else tuple(int(value) for value in rng.integers(0, 255, 3))
        pen.rectangle((x, 0, x + wide, height), fill=colour)
        font = face(rng, max(8, int(height * rng.uniform(0.35, 0.75))))
        text = own[int(rng.integers(len(own)))]
        ink = (245, 245, 245) if sum(colour) < 420 else (20, 20, 20)
        left = x + max(2.0, (wide - pen.textlength(text, font=font)) / 2)
        box = pen.textbbox((left, height / 2), text, font=font, anchor="lm")
        if box[2] < min(width, x + wide):
            pen.text((left, height / 2), text, fill=ink, font=font, anchor="lm")
            quads.append(box_quad(*box))
        x += wide
    return page, quads


def lay(rng: Rng, ground: Floats, page: Image.Image, quads: list[Quad], corners: Floats, blur: float) -> list[Quad]:
    """Photograph the page into the ground, and return where its lines are then."""
    height, width = ground.shape[:2]
    flat = np.asarray(page, np.float32)
    light = np.linspace(rng.uniform(0.7, 1.1), rng.uniform(0.7, 1.1), page.width, dtype=np.float32)[None, :, None]
    down = np.linspace(rng.uniform(0.8, 1.1), rng.uniform(0.8, 1.1), page.height, dtype=np.float32)[:, None, None]
    flat = np.clip(flat * light * down, 0, 255)
    whole = np.asarray([(0, 0), (page.width, 0), (page.width, page.height), (0, page.height)], np.float32)
    matrix = cv2.getPerspectiveTransform(whole, corners)
    layer = cv2.warpPerspective(flat, matrix, (width, height), flags=cv2.INTER_AREA)
    cover = cv2.warpPerspective(np.ones(flat.shape[:2], np.float32), matrix, (width, height))
    if blur > 0.3:
        layer, cover = cv2.GaussianBlur(layer, (0, 0), blur), cv2.GaussianBlur(cover, (0, 0), blur)
    ground += (layer - ground) * cover[..., None]
    found = []
    for quad in quads:
        moved = cv2.perspectiveTransform(np.asarray([quad], np.float32), matrix)[0]
        if moved.min() > 1 and moved[:, 0].max() < width - 1 and moved[:, 1].max() < height - 1:
            found.append(make_quad(moved.tolist()))
    return found


def place_posters(rng: Rng, ground: Floats) -> list[Quad]:
    """Hang one to three posters or signs into the ground: crisp, seen a little from the side, above or below."""
    height, width = ground.shape[:2]
    found: list[Quad] = []
    for _ in range(int(rng.integers(1, 4))):
        wide, tall = int(rng.uniform(0.15, 0.6) * width), int(rng.uniform(0.12, 0.7) * height)
        page, quads = sheet(rng, wide, tall, paper=0.5)
        left, top = rng.uniform(0, width - wide), rng.uniform(0, height - tall)
        corners = np.asarray([(0, 0), (wide, 0), (wide, tall), (0, tall)], np.float32)
        # The far side is the shorter one, and what is seen from the side is narrower.
        turn, tilt = rng.uniform(-0.2, 0.2, 2) * (1, rng.random() < 0.4)
        side = 1 if turn > 0 else 0
        corners[[side, 3 - side], 1] += (abs(turn) * tall / 2, -abs(turn) * tall / 2)
        corners[:2, 0] += (abs(tilt) * wide / 2, -abs(tilt) * wide / 2) if tilt > 0 else (0, 0)
        corners[:, 0] = wide / 2 + (corners[:, 0] - wide / 2) * (1 - abs(turn))
        middle, angle = corners.mean(axis=0), np.radians(rng.normal(0, 2.5) * (rng.random() < 0.7))
        spin = np.asarray([(np.cos(angle), np.sin(angle)), (-np.sin(angle), np.cos(angle))], np.float32)
        corners = (corners - middle) @ spin + middle + np.asarray((left, top), np.float32)
        found = [quad for quad in found if not _hidden(quad, corners)]
        found += lay(rng, ground, page, quads, corners, float(rng.uniform(0, 1.1)))
    return found


def place_boards(rng: Rng, ground: Floats, blur: float) -> list[Quad]:
    """Put one to three rows of boards into the ground, near or far, level or seen a little from the side."""
    height, width = ground.shape[:2]
    found: list[Quad] = []
    for _ in range(int(rng.integers(1, 4))):
        page, quads = boards(rng, width, max(14, int(height * rng.uniform(0.025, 0.1))))
        left, right = sorted(rng.uniform(0, width, 2)) if rng.random() < 0.4 else (0.0, float(width))
        right = max(right, left + 0.3 * width)
        top = float(rng.uniform(0.02, 0.85) * height)
        slope = float(rng.normal(0, 0.03) * (right - left)) * (rng.random() < 0.5)
        # The far end of a row is lower than the near one.
        near = float(rng.uniform(0.75, 1.25)) if rng.random() < 0.4 else 1.0
        corners = np.asarray(
            [(left, top), (right, top + slope), (right, top + slope + page.height * near), (left, top + page.height)],
            np.float32,
        )
        found = [quad for quad in found if not _hidden(quad, corners)]
        found += lay(rng, ground, page, quads, corners, blur)
    return found


def _hidden(quad: Quad, corners: Floats) -> bool:
    middle = np.asarray(quad, np.float64).mean(axis=0)
    return cv2.pointPolygonTest(corners, (float(middle[0]), float(middle[1])), measureDist=False) >= 0


def sweep(rng: Rng, ground: Floats) -> Floats:
    """Return the picture of a camera that was panning: smeared sideways by some pixels."""
    length = int(rng.integers(2, max(3, ground.shape[1] // 110)))
    return np.asarray(cv2.blur(ground, (length, 1)), np.float32)


def picture(rng: Rng, photo: Pixels) -> Printed:
    """Return a photograph with print in its scene, and sometimes with lines laid over."""
    width = int(rng.integers(520, 1300))
    height = int(width * rng.uniform(0.55, 1.3))
    ground = cv2.resize(photo, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32)
    blur = float(rng.uniform(0.3, 1.5))
    lines: list[tuple[Quad, int]] = []
    sort = rng.random()
    if sort < 0.35:
        page, quads = sheet(rng, width, height)
        shift = rng.uniform(-0.06, 0.25, 4) * (width, height, width, height) * (rng.random() < 0.6)
        left, top, right, bottom = shift[0], shift[1], width - shift[2], height - shift[3]
        corners = np.asarray([(left, top), (right, top), (right, bottom), (left, bottom)], np.float32)
        corners += rng.normal(0, 0.004 * width, (4, 2)).astype(np.float32) * (rng.random() < 0.7)
        lines += [(quad, 0) for quad in lay(rng, ground, page, quads, corners, blur)]
    elif sort < 0.7:
        lines += [(quad, 0) for quad in place_boards(rng, ground, blur)]
        if rng.random() < 0.4:
            ground = sweep(rng, ground)
    else:
        lines += [(quad, 0) for quad in place_posters(rng, ground)]
    if rng.random() < 0.5:
        ground, over = print_over(rng, ground)
        lines = [(quad, 0) for quad, _ in lines if not any(_touch(quad, other) for other in over)]
        lines += [(quad, 1) for quad in over]
    grain = rng.normal(0, rng.uniform(0, 5), ground.shape).astype(np.float32)
    ground = np.clip(ground + grain, 0, 255)
    if rng.random() < 0.3:  # a recording smaller than what it is shown as: all is equally soft
        small = cv2.resize(
            ground, None, fx=(part := float(rng.uniform(0.5, 0.9))), fy=part, interpolation=cv2.INTER_AREA
        )
        ground = np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC), np.float32)
    return Printed(recompress(rng, np.clip(ground, 0, 255)), lines)


def print_over(rng: Rng, ground: Floats) -> tuple[Floats, list[Quad]]:
    """Return the picture with some lines laid over: outlined, or on a panel as a score or a name is."""
    height, width = ground.shape[:2]
    image = Image.fromarray(np.clip(ground, 0, 255).astype(np.uint8))
    pen, font = ImageDraw.Draw(image), face(rng, int(rng.integers(12, max(14, height // 18))))
    down, edge = float(rng.uniform(4, 20)), int(rng.integers(0, 3))
    panel = tuple(int(value) for value in rng.integers(0, 110, 3)) if rng.random() < 0.4 else None
    left = down if rng.random() < 0.7 else float(rng.uniform(0, 0.7) * width)
    found = []
    for row in range(int(rng.integers(1, 5))):
        top = down + row * 1.3 * font.size if rng.random() < 0.8 else height - 2.0 * font.size
        text = words(rng, 3)
        box = pen.textbbox((left, top), text, font=font)
        if box[2] >= width:
            continue
        if panel is not None:
            pen.rectangle((box[0] - 6, box[1] - 4, box[2] + 6, box[3] + 4), fill=panel)
        pen.text((left, top), text, fill=(240, 240, 240), font=font, stroke_width=edge, stroke_fill=(10, 10, 10))
        found.append(box_quad(*box))
    return np.asarray(image, np.float32), found


def _touch(one: Quad, other: Quad) -> bool:
    a, b = quad_bounds(one), quad_bounds(other)
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
