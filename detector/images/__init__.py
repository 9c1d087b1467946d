"""Bytes, arrays and pictures in memory become a ``Frame``: formats, orientation, transparency, colour, limits.

Everything in a file is hostile. What it would cost is asked before it is paid: the kind of the file before
it is opened, its size before it is read, its number of pixels before it is decoded.
"""

from __future__ import annotations

import hashlib
import os
from typing import BinaryIO, TypeAlias

import numpy as np
import numpy.typing as npt

from detector.config import Settings
from detector.errors import PictureError, UsageError
from detector.images.decoding import decode, from_pillow, is_pillow
from detector.images.opening import read_bytes
from detector.images.pixels import array_to_rgb, check_pixels
from detector.types import Frame

ImageInput: TypeAlias = "str | os.PathLike[str] | bytes | BinaryIO | npt.NDArray[np.generic] | object"
"""A path, the bytes of a file, a binary file, an array, or a PIL image."""

__all__ = ["ImageInput", "load_frame", "read_bytes"]


def load_frame(source: ImageInput, *, settings: Settings, name: str | None = None) -> Frame:
    """Return the decoded picture, upright, RGB, 8 bits a channel.

    Args:
        source: a path; the bytes of a file; a binary file; an array of (height, width) or (height, width, 1)
            grey, (height, width, 3) RGB or (height, width, 4) RGBA, as uint8, uint16, bool or float from 0
            to 1; a PIL image; or a ``Frame``, which comes back as it is.
        settings: limits, and what transparent pictures are laid over.
        name: what to call it in reports; its path, or a name such as ``<bytes>``, unless given.

    Raises:
        PictureError: it cannot be read; ``code`` says why.
        UsageError: ``source`` is nothing of all this.
    """
    if isinstance(source, Frame):
        return source
    if isinstance(source, np.ndarray):
        return _from_array(source, settings, name or "<array>")
    if is_pillow(source):
        return from_pillow(source, settings, name)
    data, own_name = read_bytes(source, settings=settings)
    return decode(data, settings=settings, name=name if name is not None else own_name)


def _from_array(array: npt.NDArray[np.generic], settings: Settings, name: str) -> Frame:
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (1, 3, 4)):
        raise UsageError(
            f"{name}: an array of (height, width), (height, width, 3) or (height, width, 4) is needed, "
            f"not {array.shape}"
        )
    height, width = array.shape[:2]
    check_pixels(width, height, settings, name)
    try:
        pixels, notes = array_to_rgb(array, settings.background_rgb)
    except ValueError as error:
        raise PictureError("damaged", f"{name}: {error}") from error
    except TypeError as error:
        raise UsageError(f"{name}: {error}") from error
    header = f"{array.dtype.str} {array.shape} ".encode()
    digest = hashlib.sha256(header + np.ascontiguousarray(array).tobytes()).hexdigest()
    return Frame(
        pixels=pixels, source=name, sha256=digest, original_size=(width, height), format="ARRAY", notes=tuple(notes)
    )
