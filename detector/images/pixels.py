"""Arrays of any usual kind become (height, width, 3) uint8 RGB."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from detector.config import Settings
from detector.errors import PictureError
from detector.types import Pixels


def check_pixels(width: int, height: int, settings: Settings, name: str) -> None:
    """Refuse a picture without pixels, or with more than the limit.

    Raises:
        PictureError: zero-sized, too-many-pixels.
    """
    if width < 1 or height < 1:
        raise PictureError("zero-sized", f"{name}: a picture of {width} by {height} pixels")
    if width * height > settings.max_pixels:
        raise PictureError(
            "too-many-pixels",
            f"{name}: {width} by {height} pixels are more than {settings.max_pixels}. "
            "Raise the limit with --max-pixels.",
        )


def array_to_rgb(array: npt.NDArray[Any], background: tuple[int, int, int]) -> tuple[Pixels, list[str]]:
    """Return an array of grey, RGB or RGBA as RGB with 8 bits a channel, and notes on what was done.

    Args:
        array: (height, width), or (height, width, channels) with 1, 3 or 4 channels; uint8, uint16, bool, or
            float from 0 to 1.
        background: RGB colour under transparent pixels.

    Raises:
        TypeError: another type of numbers.
        ValueError: floats outside 0 to 1.
    """
    notes: list[str] = []
    if array.dtype == np.bool_:
        array = array.astype(np.uint8) * np.uint8(255)
    elif array.dtype.kind == "f":
        if not np.isfinite(array).all() or array.min() < 0.0 or array.max() > 1.0:
            raise ValueError("pixels as floats lie between 0 and 1")
        array = np.rint(array.astype(np.float32) * 255.0).astype(np.uint8)
        notes.append("Floating-point pixels were rounded to 8 bits a channel.")
    elif array.dtype.kind == "u" and array.dtype.itemsize == 2:
        colour = array[:, :, :3] if array.ndim == 3 else array
        array, depth = to_eight_bits(array, int(colour.max()))
        notes.append(f"{depth}-bit pixels were reduced to 8 bits a channel.")
    elif array.dtype != np.uint8:
        raise TypeError(f"pixels are uint8, uint16, bool or float from 0 to 1, not {array.dtype}")
    if array.ndim == 2:
        array = array[:, :, np.newaxis]
    if array.shape[2] == 4:
        flat, seen = flatten(array, background)
        if seen:
            notes.append(flattened_note(background))
        return flat, notes
    if array.shape[2] == 1:
        array = np.repeat(array, 3, axis=2)
    # A copy of its own: the Frame makes its pixels read-only, and the caller's array is the caller's.
    return np.array(array, dtype=np.uint8, order="C"), notes


def to_eight_bits(array: npt.NDArray[Any], highest: int) -> tuple[npt.NDArray[np.uint8], int]:
    """Return whole numbers scaled to 8 bits, and how many bits they really used.

    A thermal camera's 14 bits in a 16-bit file would be nearly black if all 16 were scaled, and its text
    with it; so the highest value that occurs says how many bits there are.

    Args:
        array: whole numbers from 0.
        highest: the highest value that counts; higher ones become white.
    """
    depth = max(8, highest.bit_length())
    scaled = np.clip(array, 0, (1 << depth) - 1).astype(np.float32) * (255.0 / ((1 << depth) - 1))
    return np.rint(scaled).astype(np.uint8), depth


def flatten(rgba: npt.NDArray[Any], background: tuple[int, int, int]) -> tuple[Pixels, bool]:
    """Return RGBA (height, width, 4) uint8 laid over a colour, and whether any pixel was transparent."""
    alpha = rgba[:, :, 3:4]
    if int(alpha.min()) == 255:
        return np.ascontiguousarray(rgba[:, :, :3]), False
    weight = alpha.astype(np.uint16)
    under = np.array(background, dtype=np.uint16)
    mixed = (rgba[:, :, :3].astype(np.uint16) * weight + under * (np.uint16(255) - weight) + np.uint16(127)) // 255
    return mixed.astype(np.uint8), True


def flattened_note(background: tuple[int, int, int]) -> str:
    """Return the sentence that says that transparency was laid over a colour."""
    return "Transparent pixels were laid over #{:02x}{:02x}{:02x}.".format(*background)


def upright(pixels: Pixels, orientation: int) -> Pixels:
    """Return the picture turned as the EXIF orientation (1 to 8) demands; other values change nothing."""
    if orientation == 2:
        pixels = pixels[:, ::-1]
    elif orientation == 3:
        pixels = pixels[::-1, ::-1]
    elif orientation == 4:
        pixels = pixels[::-1]
    elif orientation == 5:
        pixels = pixels.transpose(1, 0, 2)
    elif orientation == 6:
        pixels = pixels.transpose(1, 0, 2)[:, ::-1]
    elif orientation == 7:
        pixels = pixels.transpose(1, 0, 2)[::-1, ::-1]
    elif orientation == 8:
        pixels = pixels.transpose(1, 0, 2)[::-1]
    else:
        return pixels
    return np.ascontiguousarray(pixels)
