"""Bytes of a picture file become a ``Frame``; Pillow and libheif do the decoding."""

from __future__ import annotations

import hashlib
import io
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import numpy as np

from detector.config import Settings
from detector.errors import PictureError
from detector.images import metadata
from detector.images.pixels import array_to_rgb, check_pixels, flatten, flattened_note, to_eight_bits, upright
from detector.images.sniffing import READABLE, is_cut, lying_name, sniff, stated_size
from detector.types import Frame, Pixels

_PLUGINS = {
    "JPEG": "JpegImagePlugin",
    "PNG": "PngImagePlugin",
    "WEBP": "WebPImagePlugin",
    "AVIF": "AvifImagePlugin",
    "TIFF": "TiffImagePlugin",
    "BMP": "BmpImagePlugin",
    "GIF": "GifImagePlugin",
    "TGA": "TgaImagePlugin",
}
_OWN_NAMES = {"MPO": "JPEG", "DIB": "BMP"}
_OPENING = threading.Lock()


def decode(data: bytes, *, settings: Settings, name: str) -> Frame:
    """Return the picture in these bytes.

    Args:
        data: the whole file.
        settings: limits, and what transparent pictures are laid over.
        name: for messages, for notes on a name that lies, and for ``Frame.source``.

    Raises:
        PictureError: too-many-pixels, not-a-picture, unsupported, truncated, damaged, zero-sized, memory.
    """
    found = sniff(data)
    if found is None or found not in READABLE:
        raise _unknown(data, found, name)
    digest = hashlib.sha256(data).hexdigest()
    try:
        image = _open_heif(data, settings, name) if found == "HEIF" else _open(data, name, found, settings)
        with image:
            frame = _finish(image, settings, name, digest, found, data)
    except PictureError:
        raise
    except MemoryError as error:
        raise PictureError("memory", f"{name}: decoding it needs more memory than there is") from error
    except Exception as error:  # hostile bytes; a decoder may raise anything
        raise _decoder_refused(data, found, name, error) from error
    return frame


def is_pillow(value: object) -> bool:
    """Return whether this is a PIL image, without importing Pillow for it."""
    pillow = sys.modules.get("PIL.Image")
    return pillow is not None and isinstance(value, pillow.Image)


def from_pillow(image: Any, settings: Settings, name: str | None) -> Frame:
    """Return a PIL image as a frame; its EXIF orientation, if it still has one, is applied.

    Raises:
        PictureError: zero-sized, too-many-pixels, truncated, damaged, memory.
    """
    own = name or getattr(image, "filename", "") or "<PIL image>"
    found = _OWN_NAMES.get(image.format, image.format) or "ARRAY"
    check_pixels(image.width, image.height, settings, str(own))
    try:
        frame = _finish(image, settings, str(own), "", found, None)
    except PictureError:
        raise
    except MemoryError as error:
        raise PictureError("memory", f"{own}: decoding it needs more memory than there is") from error
    except Exception as error:  # a lazy image decodes only now
        raise _decoder_refused(None, found, str(own), error) from error
    return frame


@contextmanager
def _own_limit() -> Iterator[None]:
    # Pillow's limit is one number for the whole process; ours is checked right after the header was read,
    # and works for any setting. The host program gets its number back.
    from PIL import Image

    with _OPENING:
        kept = Image.MAX_IMAGE_PIXELS
        Image.MAX_IMAGE_PIXELS = None
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = kept


def _open(data: bytes, name: str, found: str, settings: Settings) -> Any:
    from PIL import Image, features

    if found in ("WEBP", "AVIF") and not features.check(found.lower()):
        raise PictureError(
            "unsupported", f"{name}: this build of Pillow cannot read {found}. Type: pip install --upgrade pillow"
        )
    size = stated_size(data, found)
    if size is not None:
        # Before the decoder sees it: some refuse a size of zero with a message that tells nobody why, some
        # allocate a whole canvas when they open.
        check_pixels(size[0], size[1], settings, name)
    import_module(f"PIL.{_PLUGINS[found]}")
    with _own_limit():
        # Only the one decoder that the first bytes call for.
        image = Image.open(io.BytesIO(data), formats=(found,))
    check_pixels(image.width, image.height, settings, name)
    return image


def _open_heif(data: bytes, settings: Settings, name: str) -> Any:
    try:
        import pi_heif
    except ImportError as error:
        raise PictureError(
            "unsupported", f'{name}: HEIC needs a decoder. Type: pip install "overlay-detector[heif]"'
        ) from error
    picture = pi_heif.open_heif(io.BytesIO(data), convert_hdr_to_8bit=True)
    width, height = picture.size
    check_pixels(width, height, settings, name)
    image = picture.to_pillow()
    image.format = "HEIF"
    return image


def _finish(image: Any, settings: Settings, name: str, digest: str, found: str, data: bytes | None) -> Frame:
    notes: list[str] = []
    if data is not None:
        note = lying_name(name, found)
        if note:
            notes.append(note)
    original_size = (image.width, image.height)
    # Pillow turns a TIFF by itself while it loads, and states the turned size from the beginning.
    turned = metadata.orientation(image.tag_v2) if image.format == "TIFF" and hasattr(image, "tag_v2") else 1
    if turned >= 5:
        original_size = original_size[::-1]
    if _has_more(image):
        notes.append("The file holds several pictures; only the first one was read.")
    # Before anything else that might decode: Pillow complains about damage the first time only.
    image.load()
    check_pixels(image.width, image.height, settings, name)
    try:
        exif: Any = image.getexif()
    except Exception:  # hostile bytes; the picture may still be fine
        exif = {}
        notes.append("The EXIF data cannot be read.")
    turn = 1 if found == "HEIF" else metadata.orientation(exif)  # libheif turns by itself, and says nothing
    pixels, more = _to_rgb(image, settings.background_rgb)
    notes += more
    pixels = upright(pixels, turn)
    if turn != 1 or turned != 1:
        notes.append(f"Turned upright: EXIF orientation {max(turn, turned)}.")
    if not digest:
        digest = hashlib.sha256(f"{pixels.shape} ".encode() + pixels.tobytes()).hexdigest()
    return Frame(
        pixels=pixels,
        source=name,
        sha256=digest,
        original_size=original_size,
        format=found,
        metadata=metadata.collect(image, exif),
        notes=tuple(notes),
    )


def _has_more(image: Any) -> bool:
    if image.format == "TIFF":
        # Only whether there is a second one: counting would walk a chain of any length.
        return bool(getattr(image.tag_v2, "next", 0))
    if image.format in ("GIF", "PNG", "WEBP", "AVIF"):
        try:
            return bool(getattr(image, "is_animated", False))
        except Exception:  # a damaged second frame does not spoil the first
            return True
    return False


def _to_rgb(image: Any, background: tuple[int, int, int]) -> tuple[Pixels, list[str]]:
    mode: str = image.mode
    if mode.startswith("I"):
        numbers = np.asarray(image).astype(np.int64 if mode == "I" else np.uint16)
        grey, depth = to_eight_bits(numbers, int(numbers.max()))
        return array_to_rgb(grey, background)[0], [f"{depth}-bit pixels were reduced to 8 bits a channel."]
    if mode == "F":
        return _float_to_rgb(np.asarray(image), background)
    if mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        flat, seen = flatten(np.asarray(image.convert("RGBA")), background)
        return flat, [flattened_note(background)] if seen else []
    notes = ["CMYK was turned into RGB without a colour profile."] if mode == "CMYK" else []
    return np.array(image if mode == "RGB" else image.convert("RGB"), dtype=np.uint8), notes


def _float_to_rgb(numbers: Any, background: tuple[int, int, int]) -> tuple[Pixels, list[str]]:
    numbers = np.nan_to_num(numbers.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(numbers.min()), float(numbers.max())
    if low < 0.0 or high > 1.0:
        numbers = (numbers - low) / max(high - low, 1e-12)
    pixels, _ = array_to_rgb(np.clip(numbers, 0.0, 1.0), background)
    return pixels, ["Floating-point pixels were stretched to 8 bits a channel."]


def _unknown(data: bytes, found: str | None, name: str) -> PictureError:
    if found is not None:
        return PictureError("unsupported", f"{name}: {found} cannot be read. Convert it to PNG first.")
    return PictureError("not-a-picture", f"{name}: no picture format that is known")


def _decoder_refused(data: bytes | None, found: str, name: str, error: Exception) -> PictureError:
    said = f"{error}"[:200] or type(error).__name__
    if "truncated" in said.lower() or (data is not None and is_cut(data, found)):
        return PictureError("truncated", f"{name}: the {found} picture stops before its end")
    # The decoder's own words hold addresses of objects, and the same input must give the same bytes.
    shown = "the decoder refuses it" if " object at 0x" in said else said
    return PictureError("damaged", f"{name}: damaged {found}: {shown}")
