"""A picture to draw on: blends shapes and text over it and notes what stands where."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

Colour = tuple[float, float, float]
Mask = npt.NDArray[np.float32]

# The order is the order of precedence when labels are made smaller: fine things win.
BACKGROUND, PANEL, MAP, BAR, MARK, ICON, TEXT, LINE = range(8)
CLASSES = ("background", "panel", "map", "bar", "mark", "icon", "text", "line")

FONT_FOLDERS = ("/usr/share/fonts",)
LATIN_FONTS = (
    "DejaVuSans",
    "DejaVuSans-Bold",
    "DejaVuSansMono",
    "DejaVuSansMono-Bold",
    "DejaVuSansCondensed-Bold",
    "DejaVuSansCondensed",
    "DejaVuSerif-Bold",
    "LiberationSans-Regular",
    "LiberationSans-Bold",
    "LiberationSansNarrow-Bold",
    "LiberationSansNarrow-Regular",
    "LiberationSans-BoldItalic",
    "LiberationMono-Regular",
    "LiberationMono-Bold",
    "LiberationSerif-Bold",
    "NotoSans-Regular",
    "NotoSans-Bold",
    "NotoSans-Black",
    "NotoSansDisplay-Regular",
    "NotoSansDisplay-Bold",
    "NotoSansMono-Regular",
    "NotoSansMono-Bold",
    "NotoSerif-Bold",
    "NotoSans-Medium",
)
CJK_FONTS = ("NotoSansCJK-Regular", "NotoSansCJK-Bold", "DroidSansFallbackFull")
HERSHEY = ("hershey-0", "hershey-1", "hershey-2", "hershey-3")


@lru_cache(maxsize=1)
def font_files() -> dict[str, str]:
    """Return the fonts of this machine that we draw with, by name; matplotlib's own are always there."""
    import matplotlib

    found: dict[str, str] = {}
    folders = [Path(matplotlib.__file__).parent / "mpl-data/fonts/ttf", *map(Path, FONT_FOLDERS)]
    for folder in folders:
        for path in sorted(folder.rglob("*.tt[fc]")):
            if path.stem in LATIN_FONTS or path.stem in CJK_FONTS:
                found[path.stem] = str(path)
    return dict(sorted(found.items()))


@lru_cache(maxsize=512)
def _font(name: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(font_files()[name], size)


def text_mask(text: str, font: str, size: float) -> Mask:
    """Return the text's coverage 0 to 1, cut to its ink; Hershey fonts are single strokes."""
    size = max(5.0, size)
    if font.startswith("hershey"):
        face = int(font[-1])
        scale = size / 30.0
        thick = max(1, round(size / 16))
        (width, height), base = cv2.getTextSize(text, face, scale, thick)
        canvas = np.zeros((height + base + 6, width + 6), np.uint8)
        cv2.putText(canvas, text, (3, height + 3), face, scale, 255, thick, cv2.LINE_AA)
    else:
        pixelated = font.endswith("#")  # a bitmap font: drawn small, enlarged without smoothing
        face_name = font.rstrip("#")
        drawn = 12 if pixelated else round(size)
        face = _font(face_name, max(5, drawn))
        box = face.getbbox(text)
        image = Image.new("L", (max(1, int(box[2] - box[0]) + 4), max(1, int(box[3] - box[1]) + 4)))
        ImageDraw.Draw(image).text((2 - box[0], 2 - box[1]), text, fill=255, font=face)
        canvas = np.asarray(image)
        if pixelated:
            factor = max(1.0, size / 12)
            canvas = (canvas > 110).astype(np.uint8) * 255
            canvas = cv2.resize(canvas, None, fx=factor, fy=factor, interpolation=cv2.INTER_NEAREST)
    rows = np.flatnonzero(canvas.max(axis=1) > 20)
    columns = np.flatnonzero(canvas.max(axis=0) > 20)
    if not rows.size:
        return np.zeros((1, 1), np.float32)
    cut = canvas[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return (cut / 255.0).astype(np.float32)


@dataclass
class Sketch:
    """Pixels with a label for each, and the text lines drawn.

    Attributes:
        pixels: (height, width, 3) float32, RGB 0 to 255.
        labels: (height, width) uint8, one of the classes above.
        lines: (left, top, right, bottom, text) of each line that was laid over the picture.
    """

    pixels: npt.NDArray[np.float32]
    labels: npt.NDArray[np.uint8] = field(init=False)
    lines: list[tuple[float, float, float, float, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.labels = np.zeros(self.pixels.shape[:2], np.uint8)

    @property
    def width(self) -> int:
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        return int(self.pixels.shape[0])

    def blend(self, mask: Mask, x: float, y: float, colour: Any, opacity: float, label: int | None) -> None:
        """Lay a mask in one colour (or an array of colours) over the picture at (x, y)."""
        left, top = round(x), round(y)
        x0, y0 = max(0, left), max(0, top)
        x1, y1 = min(self.width, left + mask.shape[1]), min(self.height, top + mask.shape[0])
        if x0 >= x1 or y0 >= y1:
            return
        part = mask[y0 - top : y1 - top, x0 - left : x1 - left, None] * opacity
        paint = np.asarray(colour, np.float32)
        if paint.ndim == 3:
            paint = paint[y0 - top : y1 - top, x0 - left : x1 - left]
        region = self.pixels[y0:y1, x0:x1]
        region += (paint - region) * part
        if label is not None:
            spot = self.labels[y0:y1, x0:x1]
            seen = part[..., 0] > 0.12
            spot[seen] = np.maximum(spot[seen], label) if label in (PANEL,) else label

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: float,
        font: str,
        colour: Colour,
        *,
        opacity: float = 1.0,
        anchor: str = "l",
        edge: str = "none",
        edge_colour: Colour = (0, 0, 0),
        label: int = TEXT,
    ) -> tuple[float, float, float, float]:
        """Write a line whose ink starts (anchor l), is centred (c) or ends (r) at x, with its top at y.

        The edge is ``none``, ``shadow``, ``outline``, ``glow`` or ``box``. Returns (left, top, right, bottom) of
        the ink.
        """
        if not text.strip():
            return x, y, x, y
        mask = text_mask(text, font, size)
        height, width = mask.shape
        left = {"l": x, "c": x - width / 2, "r": x - width}[anchor]
        left = round(left)
        top = round(y)
        pad = max(2, round(size * 0.12))
        padded = np.pad(mask, pad)
        if edge == "shadow":
            off = max(1, round(size / 14))
            self.blend(mask, left + off, top + off, edge_colour, 0.85 * opacity, None)
        elif edge == "outline":
            k = 2 * max(1, round(size / 18)) + 1
            self.blend(cv2.dilate(padded, np.ones((k, k))), left - pad, top - pad, edge_colour, opacity, None)
        elif edge == "glow":
            soft = np.clip(cv2.GaussianBlur(cv2.dilate(padded, np.ones((3, 3))), (0, 0), pad / 2) * 1.6, 0, 1)
            self.blend(soft, left - pad, top - pad, edge_colour, 0.8 * opacity, None)
        elif edge == "box":
            self.blend(np.ones_like(padded), left - pad, top - pad, edge_colour, 0.9 * opacity, PANEL)
        self.blend(mask, left, top, colour, opacity, None)
        if opacity > 0.12:
            y0, y1 = max(0, top - 1), min(self.height, top + height + 1)
            x0, x1 = max(0, left - 1), min(self.width, left + width + 1)
            if y0 < y1 and x0 < x1:
                self.labels[y0:y1, x0:x1] = label
                seen = (x1 - x0) * (y1 - y0) / ((width + 2) * (height + 2))
                if seen > 0.5 and label in (TEXT, MARK):
                    self.lines.append((x0, y0, x1, y1, text))
        return left, top, left + width, top + height

    def rect(
        self,
        x0: float,
        y0: float,
        x1: float,
        y1: float,
        colour: Any,
        opacity: float = 1.0,
        label: int | None = PANEL,
        *,
        round_: float = 0,
        border: float = 0,
        fade: str = "",
    ) -> None:
        """Fill (or, with ``border``, outline) a rectangle, its corners rounded, faded to one side if asked."""
        width, height = max(1, round(x1 - x0)), max(1, round(y1 - y0))
        if width > 3 * self.width or height > 3 * self.height:
            return
        mask = np.zeros((height, width), np.float32)
        radius = int(min(round_, width / 2, height / 2))
        if radius > 1:
            cv2.rectangle(mask, (radius, 0), (width - 1 - radius, height - 1), 1.0, -1)
            cv2.rectangle(mask, (0, radius), (width - 1, height - 1 - radius), 1.0, -1)
            for cx in (radius, width - 1 - radius):
                for cy in (radius, height - 1 - radius):
                    cv2.circle(mask, (cx, cy), radius, 1.0, -1, cv2.LINE_AA)
        else:
            mask[:] = 1
        if border:
            k = max(1, round(border))
            inner = cv2.erode(np.pad(mask, 1), np.ones((3, 3)), iterations=k)[1:-1, 1:-1]
            mask = mask - inner
        if fade == "right":
            mask *= np.linspace(1, 0, width, dtype=np.float32)[None]
        elif fade == "left":
            mask *= np.linspace(0, 1, width, dtype=np.float32)[None]
        elif fade == "up":
            mask *= np.linspace(0, 1, height, dtype=np.float32)[:, None]
        self.blend(mask, x0, y0, colour, opacity, label)

    def shape(
        self,
        points: Any,
        colour: Any,
        opacity: float = 1.0,
        label: int | None = ICON,
        *,
        width: float = 0,
        closed: bool = True,
        edge: float = 0.0,
    ) -> None:
        """Fill a polygon, or draw its line with ``width``; ``edge`` is the opacity of a dark rim."""
        array = np.asarray(points, np.float32)
        pad = int(max(2, width + 3))
        low = np.floor(array.min(axis=0)).astype(int) - pad
        high = np.ceil(array.max(axis=0)).astype(int) + pad
        size = high - low
        if size[0] > 3 * self.width or size[1] > 3 * self.height:
            return
        canvas = np.zeros((int(size[1]), int(size[0])), np.uint8)
        fixed = [np.round((array - low) * 16).astype(np.int32)]
        if width:
            cv2.polylines(canvas, fixed, closed, 255, max(1, round(width)), cv2.LINE_AA, 4)
        else:
            cv2.fillPoly(canvas, fixed, 255, cv2.LINE_AA, 4)
        mask = (canvas / 255.0).astype(np.float32)
        if edge:
            self.blend(cv2.dilate(mask, np.ones((3, 3))), low[0], low[1], (0, 0, 0), edge * opacity, None)
        if width and label == LINE:  # a thin line's label is a little wider than its ink
            self._mark(cv2.dilate(mask, np.ones((3, 3))), low, label, opacity)
            label = None
        self.blend(mask, float(low[0]), float(low[1]), colour, opacity, label)

    def circle(
        self,
        x: float,
        y: float,
        radius: float,
        colour: Any,
        opacity: float = 1.0,
        label: int | None = ICON,
        *,
        width: float = 0,
        start: float = 0,
        sweep: float = 360,
        edge: float = 0.0,
    ) -> None:
        """Fill a disc, or draw a ring or an arc with ``width`` (degrees, clockwise from the right)."""
        steps = int(np.clip(radius * 1.5, 12, 90))
        angles = np.radians(start + np.linspace(0, sweep, steps + 1))
        points = np.stack([x + radius * np.cos(angles), y + radius * np.sin(angles)], axis=1)
        full = sweep >= 360
        self.shape(
            points[:-1] if full else points, colour, opacity, label, width=width, closed=full or not width, edge=edge
        )

    def _mark(self, mask: Mask, low: Any, label: int, opacity: float) -> None:
        if opacity <= 0.12:
            return
        x0, y0 = max(0, int(low[0])), max(0, int(low[1]))
        x1, y1 = min(self.width, int(low[0]) + mask.shape[1]), min(self.height, int(low[1]) + mask.shape[0])
        if x0 < x1 and y0 < y1:
            part = mask[y0 - int(low[1]) : y1 - int(low[1]), x0 - int(low[0]) : x1 - int(low[0])]
            self.labels[y0:y1, x0:x1][part > 0.3] = label
