"""What a file is by its first bytes, whatever its name says; and whether it stops before its end."""

from __future__ import annotations

import struct
from pathlib import PurePath

READABLE = ("JPEG", "PNG", "WEBP", "AVIF", "TIFF", "BMP", "GIF", "HEIF", "TGA")
"""The formats that are decoded; a short list, because every decoder more is a door more."""

_ENDINGS = {
    "JPEG": "jpg jpeg jpe jfif jif mpo",
    "PNG": "png apng",
    "WEBP": "webp",
    "AVIF": "avif avifs",
    "TIFF": "tif tiff",
    "BMP": "bmp dib",
    "GIF": "gif",
    "HEIF": "heic heif heics heifs hif",
    "TGA": "tga",
}
ENDINGS: dict[str, str] = {ending: name for name, row in _ENDINGS.items() for ending in row.split()}
"""File-name ending (lower case, without the dot) to format."""

_MAGIC = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
    (b"II+\x00", "TIFF"),
    (b"MM\x00+", "TIFF"),
    (b"BM", "BMP"),
    # Known, but not decoded:
    (b"\xff\x0a", "JPEG XL"),
    (b"\x00\x00\x00\x0cJXL \r\n\x87\n", "JPEG XL"),
    (b"\x00\x00\x00\x0cjP  \r\n\x87\n", "JPEG 2000"),
    (b"\xff\x4f\xff\x51", "JPEG 2000"),
    (b"8BPS", "Photoshop"),
    (b"%PDF-", "PDF"),
    (b"%!PS", "PostScript"),
    (b"gimp xcf", "GIMP"),
    (b"v/1\x01", "OpenEXR"),
    (b"#?RADIANCE", "Radiance HDR"),
    (b"DDS ", "DirectDraw Surface"),
    (b"\x00\x00\x01\x00", "Windows icon"),
    (b"qoif", "QOI"),
    (b"\xd7\xcd\xc6\x9a", "Windows metafile"),
    (b"\x1aE\xdf\xa3", "Matroska video"),
    (b"OggS", "Ogg video"),
    (b"FLV\x01", "Flash video"),
)
_HEIF = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"}


def sniff(data: bytes) -> str | None:
    """Return the format by the first bytes: one of ``READABLE``, another known one, or None."""
    for magic, name in _MAGIC:
        if data.startswith(magic):
            return name
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if data[:4] == b"RIFF" and data[8:12] == b"AVI ":
        return "AVI video"
    if data[4:8] == b"ftyp":
        return _brand(data)
    head = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if head.startswith((b"<svg", b"<?xml")) and b"<svg" in head:
        return "SVG"
    return "TGA" if _is_targa(data) else None


def _is_targa(data: bytes) -> bool:
    """Return whether this is a Truevision picture, which games write and which begins with no mark of its own.

    Only true-colour and grey pictures without a palette, plain or run-length coded; every byte of the header
    that has to be a certain value is looked at, so that a text or noise is none.
    """
    if len(data) < 18 or data[1] != 0 or data[2] not in (2, 3, 10, 11) or any(data[3:8]):
        return False
    width, height, depth, flags = struct.unpack("<HHBB", data[12:18])
    depths = (8,) if data[2] in (3, 11) else (16, 24, 32)
    return bool(width > 0 and height > 0 and depth in depths and flags & 0xC0 == 0 and flags & 0x0F in (0, 1, 8))


def _brand(data: bytes) -> str:
    size = min(max(int.from_bytes(data[:4], "big"), 16), 256)
    brands = {data[at : at + 4] for at in (8, *range(16, size, 4))}
    if brands & {b"avif", b"avis"}:
        return "AVIF"
    if brands & _HEIF:
        return "HEIF"
    if b"crx " in brands:
        return "Canon raw"
    return "MP4 video"


def lying_name(name: str, found: str) -> str | None:
    """Return a note if the ending of a name promises another picture format than was found."""
    promised = ENDINGS.get(PurePath(name).suffix[1:].lower())
    if promised is None or promised == found:
        return None
    return f"The name says {promised}, the content is {found}."


def is_cut(data: bytes, name: str | None) -> bool:
    """Return whether the bytes end before the end that the file itself states.

    Only where a format states its length or has an end mark; asked after the decoder has refused it, to tell
    a cut file from a damaged one.
    """
    if len(data) < 12:
        return name is not None
    if name == "PNG":
        return b"IEND" not in data[-64:] and b"IEND" not in data
    if name == "JPEG":
        return b"\xff\xd9" not in data[-4096:]
    if name == "GIF":
        return b";" not in data[-16:]
    if name == "WEBP":
        return int.from_bytes(data[4:8], "little") + 8 > len(data)
    if name == "BMP":
        return int.from_bytes(data[2:6], "little") > len(data)
    if name in ("AVIF", "HEIF"):
        return _boxes_cut(data)
    if name == "TGA" and data[2] < 8:
        width, height, depth = struct.unpack("<HHB", data[12:17])
        return bool(18 + data[0] + width * height * (depth // 8) > len(data))
    if name == "TIFF":
        order = ">" if data[:2] == b"MM" else "<"
        return bool(data[2:3] in (b"*", b"\x00") and struct.unpack(order + "I", data[4:8])[0] >= len(data) - 2)
    return False


def _boxes_cut(data: bytes) -> bool:
    at = 0
    for _ in range(64):
        if at + 8 > len(data):
            return at != len(data)
        size = int.from_bytes(data[at : at + 4], "big")
        if size == 1:
            size = int.from_bytes(data[at + 8 : at + 16], "big")
        if size == 0:
            return False
        if size < 8:
            return False
        at += size
        if at > len(data):
            return True
    return False


def stated_size(data: bytes, name: str | None) -> tuple[int, int] | None:
    """Return (width, height) as the header states it, for formats where it stands at a fixed place."""
    try:
        if name == "PNG" and data[12:16] == b"IHDR":
            return struct.unpack(">II", data[16:24])
        if name == "GIF":
            return struct.unpack("<HH", data[6:10])
        if name == "TGA":
            return struct.unpack("<HH", data[12:16])
        if name == "BMP" and int.from_bytes(data[14:18], "little") >= 40:
            width, height = struct.unpack("<ii", data[18:26])
            return abs(width), abs(height)
        if name == "WEBP" and data[12:16] == b"VP8 ":
            width, height = struct.unpack("<HH", data[26:30])
            return width & 0x3FFF, height & 0x3FFF
        if name == "JPEG":
            return _jpeg_size(data)
    except struct.error:
        pass
    return None


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    at = 2
    for _ in range(1000):
        if at + 9 > len(data) or data[at] != 0xFF:
            return None
        marker = data[at + 1]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return width, height
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return None
