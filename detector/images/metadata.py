"""Short texts that a file carries beside its pixels: few, bounded, and hostile."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

MAX_ENTRIES = 40
MAX_KEY = 60
MAX_VALUE = 2000
"""In characters. Generators write whole prompts, and markers are near their beginning."""

_EXIF = {
    0x010F: "Make",
    0x0110: "Model",
    0x0131: "Software",
    0x0132: "DateTime",
    0x010E: "ImageDescription",
    0x013B: "Artist",
    0x8298: "Copyright",
    0x013C: "HostComputer",
}
_EXIF_CAMERA = {0x9003: "DateTimeOriginal", 0x9286: "UserComment", 0xA433: "LensMake", 0xA434: "LensModel"}
_CAMERA_FOLDER = 0x8769
_XMP_KEYS = ("xmp", "XML:com.adobe.xmp")


def orientation(exif: Any) -> int:
    """Return the EXIF orientation from 1 to 8; 1 if there is none or it is nonsense."""
    try:
        value = exif.get(0x0112, 1)
    except Exception:  # hostile bytes; a parser may raise anything
        return 1
    return value if type(value) is int and 1 <= value <= 8 else 1


def collect(image: Any, exif: Any) -> dict[str, str]:
    """Return the texts of a PIL image by name, such as ``exif:Make``, ``text:parameters``, ``xmp``.

    Never raises: what cannot be parsed is left out.
    """
    found: dict[str, str] = {}
    for source in (_exif_texts, _info_texts):
        try:
            for key, value in source(image, exif):
                text = _short(value)
                if text:
                    found.setdefault(key[:MAX_KEY], text)
                if len(found) >= MAX_ENTRIES:
                    return found
        except Exception:  # hostile bytes; a parser may raise anything
            continue
    return found


def _exif_texts(image: Any, exif: Any) -> Iterator[tuple[str, Any]]:
    for tag, name in _EXIF.items():
        if tag in exif:
            yield f"exif:{name}", exif[tag]
    camera = exif.get_ifd(_CAMERA_FOLDER)
    for tag, name in _EXIF_CAMERA.items():
        if tag in camera:
            yield f"exif:{name}", camera[tag]


def _info_texts(image: Any, exif: Any) -> Iterator[tuple[str, Any]]:
    info = dict(image.info)
    for key in _XMP_KEYS:
        if key in info:
            yield "xmp", info.pop(key)
    if "comment" in info:
        yield "comment", info.pop("comment")
    if image.format == "PNG":
        for key, value in info.items():
            if isinstance(key, str) and isinstance(value, str):
                yield f"text:{key}", value


def _short(value: Any) -> str:
    if isinstance(value, bytes):
        for prefix, codec in ((b"ASCII\x00\x00\x00", "ascii"), (b"UNICODE\x00", "utf-16-be")):
            if value.startswith(prefix):
                value = value[8 : 8 + 4 * MAX_VALUE].decode(codec, "replace")
                break
        else:
            value = value[: 4 * MAX_VALUE].decode("utf-8", "replace")
    if not isinstance(value, str):
        return ""
    text = value[: 4 * MAX_VALUE].strip("\x00 \t\r\n")[:MAX_VALUE]
    return text.encode("utf-8", "replace").decode("utf-8")
