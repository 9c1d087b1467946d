"""The picture below the display: cut, coloured, with text of its own; and what happens to it afterwards."""

from __future__ import annotations

import io
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from training.drawing import style as words
from training.drawing.sketch import text_mask
from training.drawing.style import Rng, any_colour, any_font

Pixels = npt.NDArray[np.uint8]
ENDINGS = {".jpg", ".jpeg", ".png", ".webp", ".tga"}


def list_pictures(folders: list[str]) -> list[Path]:
    """Return the pictures below these folders, or named in these lists (``.txt``, one path a line), sorted."""
    found = [
        Path(line) for name in folders if name.endswith(".txt") for line in Path(name).read_text("utf-8").split("\n")
    ]
    found = [path for path in found if path.name]
    found += [path for folder in folders for path in Path(folder).rglob("*") if path.suffix.lower() in ENDINGS]
    return sorted(found)


@lru_cache(maxsize=2000)
def load(path: Path, *, longest: int = 1400) -> Pixels:
    """Return a picture as RGB, not larger than ``longest``; kept in memory, for it is drawn on many times."""
    image = Image.open(path)
    image.draft("RGB", (longest, longest))
    image = image.convert("RGB")
    image.thumbnail((longest, longest), Image.Resampling.BILINEAR)
    return np.asarray(image)


def cut(rng: Rng, pixels: Pixels, width: int, height: int) -> npt.NDArray[np.float32]:
    """Return a random part of the picture at this size, mirrored, re-coloured, blurred or noisy at random."""
    large = rng.random() < 0.5
    if large:  # four mirror images make one large picture: as full of detail as large pictures are
        pixels = np.concatenate([pixels, pixels[:, ::-1]], axis=1)
        pixels = np.concatenate([pixels, pixels[::-1]], axis=0)
    source_height, source_width = pixels.shape[:2]
    # Large photographs are crisp when they are made small: do not enlarge small ones much.
    scale = min(source_width / width, source_height / height) * float(rng.uniform(0.55 if large else 0.8, 1))
    w, h = max(8, int(width * scale)), max(8, int(height * scale))
    x, y = int(rng.integers(0, source_width - w + 1)), int(rng.integers(0, source_height - h + 1))
    part = cv2.resize(
        pixels[y : y + h, x : x + w], (width, height), interpolation=cv2.INTER_AREA if scale > 1 else cv2.INTER_CUBIC
    )
    out = part.astype(np.float32)
    if rng.random() < 0.5:
        out = out[:, ::-1]
    choice = rng.random()
    if choice < 0.22:  # grey, as thermal pictures and old footage are
        grey = out @ np.asarray([0.3, 0.59, 0.11], np.float32)
        if rng.random() < 0.3:
            grey = 255 - grey
        out = np.repeat(grey[..., None], 3, axis=2)
    elif choice < 0.29:  # false colours
        grey = (out @ np.asarray([0.3, 0.59, 0.11], np.float32)).clip(0, 255).astype(np.uint8)
        table = int(rng.choice([cv2.COLORMAP_INFERNO, cv2.COLORMAP_JET, cv2.COLORMAP_PLASMA, cv2.COLORMAP_HOT]))
        out = cv2.applyColorMap(grey, table)[..., ::-1].astype(np.float32)
    elif choice < 0.34:
        out = out * np.asarray([0.25, 1.0, 0.35], np.float32)
    gain, bias = rng.uniform(0.5, 1.25), rng.uniform(-30, 30)
    out = np.clip(out * gain + bias, 0, 255)
    if rng.random() < 0.15:
        out = cv2.GaussianBlur(out, (0, 0), float(rng.uniform(0.5, 3)))
    elif rng.random() < 0.35:  # sharp as rendered pictures are: edges to the pixel
        out = np.clip(out + 0.8 * (out - cv2.GaussianBlur(out, (0, 0), 1.2)), 0, 255)
    if rng.random() < 0.3:
        grain = rng.standard_normal((height, width, 1), dtype=np.float32) * np.float32(rng.uniform(2, 12))
        out = np.clip(out + grain, 0, 255)
    return np.ascontiguousarray(out, dtype=np.float32)


def add_clutter(rng: Rng, pixels: npt.NDArray[np.float32]) -> None:
    """Put hard-edged, evenly coloured things into the scene, as rendered scenes and built places have them."""
    height, width = pixels.shape[:2]
    base = np.asarray(any_colour(rng, bright=rng.random() < 0.4), np.float32)
    for _ in range(int(rng.integers(4, 40))):
        x, y = rng.uniform(0, width), rng.uniform(0, height)
        size = float(np.exp(rng.uniform(np.log(0.015), np.log(0.4)))) * height
        n = int(rng.choice([3, 4, 4, 4, 5, 6]))
        angles = np.sort(rng.uniform(0, 2 * np.pi, n))
        points = np.stack([x + size * np.cos(angles) * rng.uniform(0.5, 1.6), y + size * np.sin(angles)], 1)
        shade = np.clip(base * rng.uniform(0.3, 1.8) + rng.uniform(-40, 40, 3), 0, 255)
        x0, y0 = (max(0, int(v)) for v in np.floor(points.min(axis=0)))
        x1, y1 = (int(v) for v in np.minimum(np.ceil(points.max(axis=0)) + 1, (width, height)))
        w, h = x1 - x0, y1 - y0
        if w < 2 or h < 2:
            continue
        mask = np.zeros((h, w), np.uint8)
        cv2.fillPoly(mask, [np.round((points - (x0, y0)) * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
        part = pixels[y0:y1, x0:x1]
        light = 1 + rng.uniform(-0.5, 0.5) * np.linspace(-1, 1, w, dtype=np.float32)[None, :, None]
        keep = float(rng.uniform(0, 0.4))  # some of the texture below shows through
        fill = np.clip(shade * light * (1 - keep) + part * keep + rng.normal(0, 3), 0, 255)
        part += (fill - part) * (mask[..., None] / np.float32(255))
    for _ in range(int(rng.integers(0, 9))):  # road markings, court lines, wires, trails
        ends = rng.uniform(-0.1, 1.1, (int(rng.integers(2, 4)), 2)) * (width, height)
        mask = np.zeros((height, width), np.uint8)
        thick = max(1, round(height * float(rng.uniform(0.001, 0.012))))
        cv2.polylines(mask, [np.round(ends).astype(np.int32)], False, 255, thick, cv2.LINE_AA)
        soft = cv2.GaussianBlur(mask, (0, 0), float(rng.uniform(0.4, 1.6))).astype(np.float32) / 255
        shade = np.asarray(any_colour(rng, bright=rng.random() < 0.6), np.float32) * float(rng.uniform(0.6, 1))
        pixels += (shade - pixels) * soft[..., None] * float(rng.uniform(0.4, 1))


Quad = list[tuple[float, float]]


def add_scene_text(rng: Rng, pixels: npt.NDArray[np.float32], count: int) -> list[tuple[Quad, str]]:
    """Put signs, posters and screens into the scene: in perspective, lit and blurred with it.

    Returns:
        Quad and text of each line.
    """
    height, width = pixels.shape[:2]
    done: list[tuple[Quad, str]] = []
    for _ in range(count):
        rows = int(rng.integers(1, 4))
        size = float(rng.uniform(22, 40))
        font = any_font(rng, hershey=0)
        texts = [words.words(rng, 1, 3) if rng.random() < 0.75 else words.number(rng, 5) for _ in range(rows)]
        masks = [text_mask(text, font, size * float(rng.uniform(0.7, 1.2))) for text in texts]
        pad = int(rng.uniform(0.2, 1.0) * size)
        board_w = max(mask.shape[1] for mask in masks) + 2 * pad
        board_h = sum(mask.shape[0] for mask in masks) + pad * (rows + 1)
        ground = np.asarray(any_colour(rng, bright=rng.random() < 0.5), np.float32)
        ink = np.asarray(any_colour(rng, bright=float(ground.mean()) < 128), np.float32)
        board = np.empty((board_h, board_w, 3), np.float32)
        board[:] = ground
        if rng.random() < 0.4:
            cv2.rectangle(board, (2, 2), (board_w - 3, board_h - 3), ink.tolist(), 2)
        boxes, y = [], pad
        for mask in masks:
            x = (board_w - mask.shape[1]) // 2 if rng.random() < 0.7 else pad
            x = min(x, board_w - mask.shape[1])
            part = board[y : y + mask.shape[0], x : x + mask.shape[1]]
            part += (ink - part) * mask[..., None]
            boxes.append((x, y, x + mask.shape[1], y + mask.shape[0]))
            y += mask.shape[0] + pad
        bare = rng.random() < 0.3  # painted on the wall: no board
        alpha = np.ones(board.shape[:2], np.float32)
        if bare:
            alpha[:] = 0
            for (x, top, _, _), mask in zip(boxes, masks, strict=True):
                alpha[top : top + mask.shape[0], x : x + mask.shape[1]] = mask
        light = 1 + float(rng.uniform(0, 0.5)) * (
            np.linspace(-1, 1, board_w)[None] * rng.uniform(-1, 1)
            + np.linspace(-1, 1, board_h)[:, None] * rng.uniform(-1, 1)
        )
        gain = float(rng.uniform(0.45, 0.95))
        board = np.clip(board * light[..., None] * gain + rng.normal(0, 4, board.shape), 0, 255).astype(np.float32)
        wide = width * float(rng.uniform(0.06, 0.4))
        tall = wide * board_h / board_w
        if tall > height * 0.5:
            wide, tall = wide * height * 0.5 / tall, height * 0.5
        cx, cy = width * rng.uniform(0.1, 0.9), height * rng.uniform(0.1, 0.9)
        level = rng.random() < 0.35  # signs that face the camera are level, nearly
        angle = np.radians(rng.normal(0, 0.7 if level else 7))
        corners = np.asarray([(-1, -1), (1, -1), (1, 1), (-1, 1)], np.float64) * (wide / 2, tall / 2)
        lean = 0.03 if level else 0.22
        corners = corners * (1 + rng.uniform(-lean, lean, (4, 2)))
        turn = np.asarray([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        corners = (corners @ turn.T + (cx, cy)).astype(np.float32)
        source = np.asarray([(0, 0), (board_w, 0), (board_w, board_h), (0, board_h)], np.float32)
        shrink = board_w / max(8.0, wide)
        if shrink > 1.5:
            board = cv2.GaussianBlur(board, (0, 0), shrink / 2.5)
            alpha = cv2.GaussianBlur(alpha, (0, 0), shrink / 2.5)
        matrix = cv2.getPerspectiveTransform(source, corners)
        focus = float(rng.uniform(0.4, 1.6))
        x0, y0 = (max(0, int(v)) for v in np.floor(corners.min(axis=0)) - 6)
        x1, y1 = (int(v) for v in np.minimum(np.ceil(corners.max(axis=0)) + 6, (width, height)))
        if x1 - x0 < 4 or y1 - y0 < 4:
            continue
        local = np.asarray([[1, 0, -x0], [0, 1, -y0], [0, 0, 1]], np.float64) @ matrix
        size_ = (x1 - x0, y1 - y0)
        warped = cv2.warpPerspective(board, local, size_, flags=cv2.INTER_LINEAR)
        cover = cv2.warpPerspective(alpha, local, size_, flags=cv2.INTER_LINEAR)
        warped, cover = cv2.GaussianBlur(warped, (0, 0), focus), cv2.GaussianBlur(cover, (0, 0), focus)
        part = pixels[y0:y1, x0:x1]
        part += (warped - part) * cover[..., None] * float(rng.uniform(0.85, 1))
        for box, text in zip(boxes, texts, strict=True):
            flat = np.asarray([(box[0], box[1]), (box[2], box[1]), (box[2], box[3]), (box[0], box[3])], np.float32)
            quad = cv2.perspectiveTransform(flat[None], matrix)[0]
            inside = (quad[:, 0] > 0) & (quad[:, 0] < width) & (quad[:, 1] > 0) & (quad[:, 1] < height)
            if inside.all():
                done.append(([(float(a), float(b)) for a, b in quad], text))
    return done


def add_screen(rng: Rng, pixels: npt.NDArray[np.float32], shown: npt.NDArray[np.float32]) -> None:
    """Put a screen with another picture on it into the scene: what it shows is part of the scene."""
    height, width = pixels.shape[:2]
    wide = width * float(rng.uniform(0.2, 0.45))
    tall = wide * shown.shape[0] / shown.shape[1]
    cx, cy = width * rng.uniform(0.25, 0.75), height * rng.uniform(0.3, 0.7)
    corners = np.asarray([(-1, -1), (1, -1), (1, 1), (-1, 1)], np.float64) * (wide / 2, tall / 2)
    corners = (corners * (1 + rng.uniform(-0.15, 0.15, (4, 2))) + (cx, cy)).astype(np.float32)
    source = np.asarray(
        [(0, 0), (shown.shape[1], 0), (shown.shape[1], shown.shape[0]), (0, shown.shape[0])], np.float32
    )
    soft = cv2.GaussianBlur(shown, (0, 0), shown.shape[1] / wide / 2)
    matrix = cv2.getPerspectiveTransform(source, corners)
    frame = ((corners - corners.mean(axis=0)) * 1.06 + corners.mean(axis=0)).astype(np.int32)
    cv2.fillConvexPoly(pixels, frame, (18.0, 18.0, 18.0))
    warped = cv2.warpPerspective(soft, matrix, (width, height))
    cover = cv2.warpPerspective(np.ones(shown.shape[:2], np.float32), matrix, (width, height))
    pixels += (warped - pixels) * cover[..., None]


def recompress(rng: Rng, pixels: npt.NDArray[Any], *, chance: float = 0.85) -> Pixels:
    """Return the picture as it is after being scaled and stored once or twice."""
    out = np.clip(pixels, 0, 255).astype(np.uint8)
    if rng.random() < 0.15:  # it was smaller once
        height, width = out.shape[:2]
        factor = float(rng.uniform(0.45, 0.9))
        small = cv2.resize(out, (round(width * factor), round(height * factor)), interpolation=cv2.INTER_AREA)
        out = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
    if rng.random() < 0.12:
        grey = cv2.cvtColor(out, cv2.COLOR_RGB2GRAY)
        out = np.repeat(grey[..., None], 3, axis=2)
    if rng.random() < 0.25:
        out = cv2.GaussianBlur(out, (0, 0), float(rng.uniform(0.3, 0.9)))
    for _ in range(int(rng.integers(1, 3))):
        if rng.random() < chance:
            buffer = io.BytesIO()
            Image.fromarray(out).save(
                buffer, "JPEG", quality=int(rng.integers(35, 96)), subsampling=int(rng.choice([0, 2]))
            )
            out = np.asarray(Image.open(buffer))
    return out
