"""What one line of text looks like: measured in pixels, for telling printed-over text from text in the scene.

Everything is relative to the line's own height, its own contrast or the picture's own sharpness, so that
size and compression of the file say as little as possible. Colours are RGB.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from detector.types import Pixels, Quad, quad_bounds

Array = npt.NDArray[np.float64]

NAMES: tuple[str, ...] = (
    "angle",  # degrees away from the picture's axes, beyond what one pixel of error explains
    "taper",  # how unequal the two short and the two long sides are: perspective
    "height",  # log2 of the line's height as a part of the picture's short side
    "edge_distance",  # distance to the nearest border of the picture, in line heights, at most 10
    "side_distance",  # the same as a part of the picture's short side
    "same_left",  # how many other lines begin, end or are centred at the same x (at most 4)
    "same_base",  # how many stand on the same base line
    "same_height",  # part of the other lines that are as high
    "ink_spread",  # how unequal the strokes' colour is, against the contrast
    "ink_chroma_spread",  # the same for the colour without its brightness
    "ground_spread",  # how restless the ground behind the letters is, against the contrast
    "ground_flat",  # 1 where the ground is one colour: a panel
    "contrast",  # between ink and ground, 0 to 1
    "extreme",  # how near the ink is to pure white, black or a pure colour
    "shading",  # how much the ink's brightness drifts along the line, against the contrast
    "ground_shading",  # the same for the ground
    "sharpness",  # edge steepness of the letters, 0 to 1
    "sharper",  # the same minus the picture's own
    "outline",  # a ring around the strokes that is darker (or lighter) than both ink and ground
    "stroke",  # stroke width against the line's height
    "stroke_spread",  # how unequal the stroke width is
    "ink_share",  # part of the box that is ink
    "ink_noise",  # grain inside the strokes, against the picture's own grain
    "beyond",  # how unlike the ground inside the box is to what is around the box
    "baseline",  # how sharply the ink begins and ends from one row to the next: letters that stand on pixel rows
    "confidence",  # how sure the engine was: crisp print is read more surely
    "polarity",  # how much lighter the ink is than its ground, -1 to 1: most displays are light on dark
    "lines",  # log2 of how many lines there are
    "same_colour",  # part of the other lines whose ink has this colour
    "net_text",  # the network's map: how much of the box is text or a mark laid over
    "net_over",  # how much is anything laid over
    "net_around",  # how much around the box is
    "net_others",  # how much of the other lines' boxes is text or a mark laid over
    "all_angle",  # mean angle, at most 5, of the picture's long lines: a sign seen from the side has all its lines so
)

_HEIGHT = 32
_ALIKE = 32.0
"""Levels by which two inks of one colour may differ, channel by channel."""
_MAX_WIDTH = 640
_LONG = 2.5
"""How many times as wide as high a line is that tells a slant."""
_MOST_ANGLE = 5.0


def measure(
    pixels: Pixels, quads: Sequence[Quad], confidences: Sequence[float], over: Sequence[tuple[float, float, float]]
) -> Array:
    """Return one row of features (see ``NAMES``) for each line.

    Args:
        pixels: (height, width, 3) uint8, RGB.
        quads: where the lines stand, in pixels of the picture.
        confidences: how sure the engine was of each, 0 to 1.
        over: what the network's map says of each: see ``_mask.over_text``.

    Returns:
        (number of lines, number of features) float64, finite.
    """
    rows = np.zeros((len(quads), len(NAMES)))
    if not quads:
        return rows
    own_sharpness, own_grain = picture_sharpness(pixels)
    shapes = _shapes(quads)
    height, width = pixels.shape[:2]
    looks = [_colours(pixels, quad, own_sharpness, own_grain) for quad in quads]
    inks = np.asarray([ink for _, ink in looks])
    words = np.asarray([text for text, _, _ in over])
    for index, quad in enumerate(quads):
        values = _geometry(quad, index, shapes, width, height)
        values.update(looks[index][0])
        values["confidence"] = confidences[index]
        values["lines"] = float(np.log2(len(quads)))
        values["net_text"], values["net_over"], values["net_around"] = over[index]
        others = np.arange(len(quads)) != index
        alike = np.abs(inks[others] - inks[index]).max(axis=1) < _ALIKE
        values["same_colour"] = float(alike.mean()) if len(alike) else 0.0
        # A line alone stands for itself: there is nothing else to ask.
        values["net_others"] = float(words[others].mean()) if len(alike) else over[index][0]
        values["all_angle"] = 0.0  # told below, when all lines are measured
        rows[index] = [values[name] for name in NAMES]
    rows[:, NAMES.index("all_angle")] = _common_angle(rows[:, NAMES.index("angle")], quads)
    return np.nan_to_num(rows, nan=0.0, posinf=10.0, neginf=-10.0)


def _common_angle(angles: Array, quads: Sequence[Quad]) -> float:
    """Return the mean angle of the long lines; 0 if there are none."""
    sides = [[np.hypot(*np.subtract(quad[to], quad[0])) for to in (1, 3)] for quad in quads]
    long = np.asarray([wide >= _LONG * max(1.0, tall) for wide, tall in sides])
    return float(np.minimum(angles[long], _MOST_ANGLE).mean()) if long.any() else 0.0


def picture_sharpness(pixels: Pixels) -> tuple[float, float]:
    """Return (edge steepness 0 to 1, grain in grey levels) of the picture as a whole, from a grid of tiles."""
    tiles = []
    height, width = pixels.shape[:2]
    side = 128
    for top in _starts(height, side):
        for left in _starts(width, side):
            tiles.append(_grey(pixels[top : top + side, left : left + side]))
    steep = [value for tile in tiles if (value := _steepness(tile)) is not None]
    grain = [_grain(tile) for tile in tiles]
    return float(np.median(steep)) if steep else 0.35, float(np.percentile(grain, 25))


def _starts(length: int, side: int, count: int = 4) -> list[int]:
    if length <= side:
        return [0]
    return sorted({int(value) for value in np.linspace(0, length - side, count)})


def _grey(pixels: npt.NDArray[np.generic]) -> npt.NDArray[np.float32]:
    return (pixels.astype(np.float32) @ np.asarray([0.299, 0.587, 0.114], np.float32)).astype(np.float32)


def _steepness(grey: npt.NDArray[np.float32]) -> float | None:
    """Return how much of an edge's height one pixel's step covers, at the clear edges; None without any."""
    import cv2

    if min(grey.shape) < 5:
        return None
    kernel = np.ones((5, 5), np.uint8)
    span = np.asarray(cv2.dilate(grey, kernel), np.float32) - np.asarray(cv2.erode(grey, kernel), np.float32)
    step = np.zeros(grey.shape, np.float32)
    across = np.abs(np.diff(grey, axis=1))
    down = np.abs(np.diff(grey, axis=0))
    step[:, :-1] = across
    step[:-1] = np.maximum(step[:-1], down)
    step = np.asarray(cv2.dilate(step, np.ones((3, 3), np.uint8)), np.float32)
    clear = span > max(24.0, float(np.percentile(span, 80)) * 0.7)
    if int(clear.sum()) < 12:
        return None
    return float(np.median(step[clear] / span[clear]))


def _grain(grey: npt.NDArray[np.float32]) -> float:
    """Return the median absolute second difference: noise where the picture is smooth."""
    if min(grey.shape) < 3:
        return 0.0
    return float(np.median(np.abs(grey[:, 2:] - 2 * grey[:, 1:-1] + grey[:, :-2])))


def _shapes(quads: Sequence[Quad]) -> Array:
    """Return (left, right, centre x, base y, height) of each line."""
    rows = []
    for quad in quads:
        left, _, right, bottom = quad_bounds(quad)
        rows.append((left, right, (left + right) / 2, bottom, _sides(quad)[0]))
    return np.asarray(rows, np.float64)


def _sides(quad: Quad) -> tuple[float, float, float, float, float, float]:
    """Return (height, width, left side, right side, top side, bottom side) in pixels."""
    points = np.asarray(quad, np.float64)
    top, right, bottom, left = (float(np.hypot(*(points[(i + 1) % 4] - points[i]))) for i in range(4))
    return max(1.0, (left + right) / 2), max(1.0, (top + bottom) / 2), left, right, top, bottom


def _geometry(quad: Quad, index: int, shapes: Array, width: int, height: int) -> dict[str, float]:
    points = np.asarray(quad, np.float64)
    tall, wide, left, right, top, bottom = _sides(quad)
    along = (points[1] - points[0]) + (points[2] - points[3])
    # Upright columns of text are no slant either: the angle is taken to the nearest axis.
    degrees = abs(np.degrees(np.arctan2(along[1], along[0]))) % 90
    degrees = min(degrees, 90 - degrees)
    unsure = np.degrees(np.arctan2(1.5, max(wide, tall)))
    near = min(points[:, 0].min(), points[:, 1].min(), width - points[:, 0].max(), height - points[:, 1].max())
    near = max(0.0, float(near))
    short = min(width, height)
    others = np.delete(shapes, index, axis=0)
    own = shapes[index]
    reach = 0.3 * tall
    if len(others):
        aligned = (np.abs(others[:, :3] - own[:3]) < reach).any(axis=1)
        based = np.abs(others[:, 3] - own[3]) < 0.25 * tall
        alike = np.abs(np.log2(others[:, 4] / own[4])) < 0.15
    else:
        aligned = based = alike = np.zeros(1, bool)
    return {
        "angle": float(min(15.0, max(0.0, degrees - unsure))),
        "taper": float(
            max(0.0, abs(left - right) - 1.5) / max(left, right, 1.0)
            + max(0.0, abs(top - bottom) - 1.5) / max(top, bottom, 1.0)
        ),
        "height": float(np.log2(tall / short)),
        "edge_distance": min(10.0, near / tall),
        "side_distance": near / short,
        "same_left": float(min(4, aligned.sum())),
        "same_base": float(min(4, based.sum())),
        "same_height": float(alike.mean()),
    }


def rectify(pixels: Pixels, quad: Quad, *, height: int = _HEIGHT, margin: float = 0.35) -> Pixels:
    """Return the line upright, ``height`` pixels high without its margin, at most 640 pixels wide."""
    import cv2

    tall, wide, *_ = _sides(quad)
    scale = height / tall
    columns = int(np.clip(round(wide * scale), 8, _MAX_WIDTH))
    pad = round(height * margin)
    goal = np.asarray(
        [[pad, pad], [pad + columns, pad], [pad + columns, pad + height], [pad, pad + height]], np.float32
    )
    matrix = cv2.getPerspectiveTransform(np.asarray(quad, np.float32), goal)
    flags = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    source: npt.NDArray[np.uint8] = pixels
    if scale < 0.5:  # warpPerspective does not average: shrink the neighbourhood first
        left, top, right, bottom = quad_bounds(quad)
        x0, y0 = max(0, int(left - tall)), max(0, int(top - tall))
        part = pixels[y0 : int(bottom + tall) + 1, x0 : int(right + tall) + 1]
        if 0 not in part.shape:
            factor = 2 * scale
            size = (max(1, round(part.shape[1] * factor)), max(1, round(part.shape[0] * factor)))
            source = np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.uint8)
            moved = (np.asarray(quad, np.float32) - np.asarray([x0, y0], np.float32)) * np.asarray(
                [size[0] / part.shape[1], size[1] / part.shape[0]], np.float32
            )
            matrix = cv2.getPerspectiveTransform(moved.astype(np.float32), goal)
    size = (columns + 2 * pad, height + 2 * pad)
    return np.asarray(cv2.warpPerspective(source, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE), np.uint8)


def _colours(
    pixels: Pixels, quad: Quad, own_sharpness: float, own_grain: float
) -> tuple[dict[str, float], npt.NDArray[np.float32]]:
    """Return the features that are read off the pixels, and the ink's colour."""
    import cv2

    patch = rectify(pixels, quad)
    pad = round(_HEIGHT * 0.35)
    whole = patch.astype(np.float32)
    grey_whole = _grey(whole)
    inside = np.zeros(grey_whole.shape, bool)
    inside[pad:-pad, pad:-pad] = True
    ink_mask = _ink(whole, inside)
    core = cv2.erode(ink_mask.astype(np.uint8), np.ones((2, 2), np.uint8)).astype(bool)
    if core.sum() < 12:
        core = ink_mask
    wide_ink = cv2.dilate(ink_mask.astype(np.uint8), np.ones((5, 5), np.uint8)).astype(bool)
    ring = wide_ink & ~cv2.dilate(ink_mask.astype(np.uint8), np.ones((2, 2), np.uint8)).astype(bool)
    ground = inside & ~wide_ink
    if ground.sum() < 12:
        ground = inside & ~ink_mask
    outside = ~inside
    if core.sum() < 4 or ground.sum() < 4:
        return dict.fromkeys(NAMES[8:], 0.0), np.zeros(3, np.float32)

    ink_colour = np.median(whole[core], axis=0)
    ground_colour = np.median(whole[ground], axis=0)
    contrast = max(8.0, float(np.abs(ink_colour - ground_colour).max()))
    ink_level, ground_level = float(_grey(ink_colour)), float(_grey(ground_colour))
    grey_contrast = max(8.0, abs(ink_level - ground_level))
    ink_grey, ground_grey = grey_whole[core], grey_whole[ground]
    chroma = whole - grey_whole[..., None]
    pure = np.sort(np.minimum(ink_colour, 255 - ink_colour))
    ring_level = float(np.median(grey_whole[ring])) if ring.sum() > 8 else ground_level
    low, high = sorted((ink_level, ground_level))
    outline = max(low - ring_level, ring_level - high, 0.0) / contrast
    distance = cv2.distanceTransform(ink_mask.astype(np.uint8), cv2.DIST_L2, 3)
    ridge = distance[(distance >= cv2.dilate(distance, np.ones((3, 3), np.uint8))) & ink_mask]
    stroke = 2 * float(np.median(ridge)) if ridge.size else 0.0
    native = _native(pixels, quad)
    steep = _steepness(_grey(native))
    steep = own_sharpness if steep is None else steep
    grain_map = np.abs(grey_whole - cv2.blur(grey_whole, (3, 3)))
    rows = ink_mask[pad:-pad].mean(axis=1)
    values = {
        "ink_spread": min(2.0, _spread(ink_grey) / contrast),
        "ink_chroma_spread": min(2.0, float(np.mean([_spread(chroma[core][:, c]) for c in range(3)])) / contrast),
        "ground_spread": min(3.0, _spread(ground_grey) / contrast),
        "ground_flat": float(np.exp(-_spread(ground_grey) / 3.0)),
        "contrast": contrast / 255,
        "extreme": 1 - float(pure[:2].mean()) / 127.5,
        "shading": min(2.0, _drift(grey_whole, core) / grey_contrast),
        "ground_shading": min(2.0, _drift(grey_whole, ground) / grey_contrast),
        "sharpness": steep,
        "sharper": steep - own_sharpness,
        "outline": min(2.0, outline),
        "stroke": stroke / _HEIGHT,
        "stroke_spread": float(np.std(ridge) / max(0.5, float(np.mean(ridge)))) if ridge.size else 0.0,
        "ink_share": float(ink_mask.sum() / inside.sum()),
        "ink_noise": float(np.clip(np.median(grain_map[core]) / (0.5 + own_grain), 0, 8)),
        "beyond": min(2.0, float(np.abs(np.median(whole[outside], axis=0) - ground_colour).max()) / contrast),
        "polarity": (ink_level - ground_level) / 255,
        "baseline": float(np.abs(np.diff(rows)).max() / max(0.02, rows.max())),
    }
    return values, np.asarray(ink_colour, np.float32)


def _ink(whole: npt.NDArray[np.float32], inside: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Return which pixels are strokes: two colours by k-means; the strokes touch the box's rim less."""
    values = whole[inside]
    middle = values.mean(axis=0)
    axis = np.linalg.eigh(np.cov((values - middle).T) + 1e-3 * np.eye(3))[1][:, -1]
    along = (whole - middle) @ axis
    line = along[inside]
    low, high = float(np.percentile(line, 5)), float(np.percentile(line, 95))
    for _ in range(8):
        cut = (low + high) / 2
        under, over = line[line <= cut], line[line > cut]
        if not under.size or not over.size:
            break
        low, high = float(under.mean()), float(over.mean())
    bright: npt.NDArray[np.bool_] = np.asarray(along > (low + high) / 2, bool) & inside
    rim = inside.copy()
    rim[2:-2, 2:-2] &= ~inside[2:-2, 2:-2] | ~inside[:-4, 2:-2] | ~inside[4:, 2:-2]
    rim_share = float(bright[rim].mean()) if rim.any() else 0.5
    share = float(bright[inside].mean())
    # Strokes are the smaller part and are rarer at the rim than inside.
    is_ink = (share - 0.5) + (rim_share - 0.5) < 0
    return bright if is_ink else inside & ~bright


def _native(pixels: Pixels, quad: Quad) -> Pixels:
    """Return the upright box around the line as it stands in the picture, at most 256 pixels a side."""
    left, top, right, bottom = quad_bounds(quad)
    x0, y0 = max(0, int(left) - 2), max(0, int(top) - 2)
    part = pixels[y0 : int(bottom) + 3, x0 : int(right) + 3][:256, :256]
    return part if 0 not in part.shape else pixels[:1, :1]


def _spread(values: npt.NDArray[np.float32]) -> float:
    """Return half the width of the middle 80 percent."""
    low, high = np.percentile(values, (10, 90))
    return float(high - low) / 2


def _drift(grey: npt.NDArray[np.float32], mask: npt.NDArray[np.bool_]) -> float:
    """Return the largest difference of the medians of four parts along the line, in grey levels."""
    parts = [
        float(np.median(part[chosen]))
        for part, chosen in zip(np.array_split(grey, 4, axis=1), np.array_split(mask, 4, axis=1), strict=True)
        if int(chosen.sum()) >= 6
    ]
    return max(parts) - min(parts) if len(parts) > 1 else 0.0
