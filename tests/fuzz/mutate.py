"""Makes damaged and hostile pictures from good ones: the same seed, the same bytes."""

from __future__ import annotations

import io
import random
import struct
import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, PngImagePlugin

Mutation = Callable[[random.Random, bytes], bytes]
INTERESTING = (0, 1, 2, 3, 7, 8, 16, 32, 64, 100, 127, 128, 255, 256, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF)


@cache
def good_pictures() -> tuple[tuple[str, bytes], ...]:
    """Return small valid files of every format and of many of their variants: (name, bytes)."""
    noise = np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8)
    colour = Image.fromarray(noise)
    smooth = colour.resize((8, 6)).resize((64, 48), Image.Resampling.BICUBIC)
    grey = smooth.convert("L")
    clear = smooth.convert("RGBA")
    clear.putalpha(grey)
    deep = Image.fromarray(np.asarray(grey).astype(np.uint16) * 257)
    real = Image.fromarray(np.asarray(grey).astype(np.float32))
    exif = Image.Exif()
    exif[0x010F], exif[0x0112], exif[0x0131] = "Maker", 6, "Software 1.0"
    exif.get_ifd(0x8769).update({0x9003: "2017:11:14 10:00:00", 0x9286: b"ASCII\0\0\0a comment"})
    exif.get_ifd(0x8825).update({1: "N", 2: (33.0, 20.0, 1.0)})
    texts = PngImagePlugin.PngInfo()
    texts.add_text("parameters", "a prompt " * 20, zip=True)
    texts.add_itxt("XML:com.adobe.xmp", "<x:xmpmeta xmlns:x='adobe:ns:meta/'/>")
    pages = [smooth, grey.convert("RGB"), colour.copy()]
    rows: list[tuple[str, Image.Image, str, dict[str, object]]] = [
        ("baseline", smooth, "JPEG", {"quality": 80, "exif": exif, "comment": b"a comment"}),
        ("progressive", smooth, "JPEG", {"quality": 80, "progressive": True}),
        ("grey", grey, "JPEG", {"restart_marker_blocks": 2}),
        ("cmyk", smooth.convert("CMYK"), "JPEG", {}),
        ("mpo", smooth, "MPO", {"save_all": True}),
        ("rgb", smooth, "PNG", {"pnginfo": texts, "exif": exif}),
        ("rgba", clear, "PNG", {}),
        ("palette", smooth.quantize(16), "PNG", {"transparency": 3}),
        ("bits", grey.convert("1"), "PNG", {}),
        ("deep", deep, "PNG", {}),
        ("animated", smooth, "PNG", {"save_all": True}),
        ("lossy", smooth, "WEBP", {"exif": exif}),
        ("lossless", clear, "WEBP", {"lossless": True}),
        ("animated", smooth, "WEBP", {"save_all": True}),
        ("plain", smooth, "AVIF", {"exif": exif}),
        ("alpha", clear, "AVIF", {}),
        ("animated", smooth, "AVIF", {"save_all": True}),
        ("raw", smooth, "TIFF", {"exif": exif}),
        ("lzw", smooth, "TIFF", {"compression": "tiff_lzw"}),
        ("deflate", deep, "TIFF", {"compression": "tiff_adobe_deflate"}),
        ("jpeg", smooth, "TIFF", {"compression": "jpeg"}),
        ("fax", grey.convert("1"), "TIFF", {"compression": "group4"}),
        ("float", real, "TIFF", {}),
        ("pages", smooth, "TIFF", {"save_all": True}),
        ("rgb", smooth, "BMP", {}),
        ("palette", smooth.quantize(16), "BMP", {}),
        ("bits", grey.convert("1"), "BMP", {}),
        ("plain", smooth, "GIF", {}),
        ("animated", smooth, "GIF", {"save_all": True, "transparency": 0}),
        ("plain", smooth, "TGA", {}),
        ("runs", smooth, "TGA", {"compression": "tga_rle"}),
    ]
    made = [("heif-plain", (Path(__file__).parent.parent / "data" / "corners.heic").read_bytes())]
    for name, image, format, options in rows:
        buffer = io.BytesIO()
        if "save_all" in options:
            options["append_images"] = [page.copy() for page in pages[1:]]
        image.copy().save(buffer, format, **options)  # saving leaves settings in the image
        made.append((f"{format.lower()}-{name}", buffer.getvalue()))
    return tuple(made)


def cut(chance: random.Random, data: bytes) -> bytes:
    return data[: chance.randrange(len(data))]


def flip(chance: random.Random, data: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 4, 16, 64))):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def header(chance: random.Random, data: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.choice((1, 2, 4, 8))):
        changed[chance.randrange(min(len(changed), 96))] = chance.randrange(256)
    return bytes(changed)


def number(chance: random.Random, data: bytes) -> bytes:
    """Put a number at an edge of its range somewhere: sizes, counts, offsets."""
    changed = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 3))):
        code, size = chance.choice(((">I", 4), ("<I", 4), (">H", 2), ("<H", 2)))
        at = chance.randrange(min(len(changed), chance.choice((64, 512, 1 << 20))))
        value = chance.choice(INTERESTING) & ((1 << 8 * size) - 1)
        changed[at : at + size] = struct.pack(code, value)
    return bytes(changed)


def move(chance: random.Random, data: bytes) -> bytes:
    start, end = sorted(chance.randrange(len(data)) for _ in range(2))
    at = chance.randrange(len(data))
    piece = data[start:end]
    return chance.choice((data[:at] + piece + data[at:], data[:start] + data[end:], data[:at] + piece * 4 + data[at:]))


def splice(chance: random.Random, data: bytes) -> bytes:
    _, other = chance.choice(good_pictures())
    return data[: chance.randrange(len(data))] + other[chance.randrange(len(other)) :]


def fill(chance: random.Random, data: bytes) -> bytes:
    start = chance.randrange(len(data))
    length = chance.choice((4, 64, 1024))
    return data[:start] + bytes([chance.choice((0, 255, 0x80))]) * length + data[start + length :]


def bomb(chance: random.Random, data: bytes) -> bytes:
    """A few bytes that promise a huge picture, or unpack to one."""
    width, height = chance.choice(
        ((100_000, 100_000), (65_535, 65_535), (1, 2**31 - 1), (30_000, 3_000), (2**31, 2**31))
    )
    rows = zlib.compress(b"\0" * chance.choice((1_000, 1_000_000)))
    kind = chance.randrange(6)
    if kind == 0:
        return _png(width, height, (b"IDAT", rows))
    if kind == 1:
        text = b"k\0\0" + zlib.compress(b"a" * chance.choice((100, 2_000_000, 8_000_000)))
        return _png(10, 10, *[(chance.choice((b"zTXt", b"iCCP")), text)] * chance.choice((1, 3)), (b"IDAT", rows))
    if kind == 2:
        size = (40, width & 0x7FFFFFFF, -(height & 0x7FFFFFFF), 1, chance.choice((1, 8, 24)), chance.choice((0, 1)))
        return b"BM" + struct.pack("<IHHI", 200, 0, 0, 54) + struct.pack("<IiiHHI", *size) + bytes(120)
    if kind == 3:
        frame = b"," + struct.pack("<HHHHB", 65535, 65535, 65535, 65535, 0)
        return b"GIF89a" + struct.pack("<HHBBB", 9, 9, 0, 0, 0) + frame + b"\x08\x01\x00\x00;"
    if kind == 4:
        return _tiff(chance, width & 0xFFFFFFFF, height & 0xFFFFFFFF)
    at = data.find(b"\xff\xc0")
    return data if at < 0 else data[: at + 5] + struct.pack(">HH", 65500, 65500) + data[at + 9 :]


def nested(chance: random.Random, data: bytes) -> bytes:
    """A TIFF whose folders point to themselves, to each other, or nowhere; long chains, absurd counts."""
    return _tiff(chance, 16, 16, loops=True)


def absurd_exif(chance: random.Random, data: bytes) -> bytes:
    """A JPEG with an EXIF block of nonsense: loops, huge counts, wrong types."""
    body = b"Exif\0\0" + _tiff(chance, 16, 16, loops=True)[:60_000]
    segment = b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body
    jpeg = dict(good_pictures())["jpeg-baseline"]
    return jpeg[:2] + segment * chance.choice((1, 1, 30)) + jpeg[2:]


def lying_head(chance: random.Random, data: bytes) -> bytes:
    """The first bytes of one format before the rest of another."""
    _, other = chance.choice(good_pictures())
    return other[: chance.choice((2, 4, 8, 12, 32))] + data[chance.choice((0, 8, 32)) :]


def noise(chance: random.Random, data: bytes) -> bytes:
    return data[: chance.choice((0, 4, 12))] + chance.randbytes(chance.choice((0, 1, 20, 500)))


MUTATIONS: tuple[Mutation, ...] = (
    cut, flip, flip, header, number, number, number, move, splice, fill, bomb, nested, absurd_exif, lying_head, noise,
)  # fmt: skip


def mutant(seed: int) -> tuple[str, bytes]:
    """Return one damaged picture and the name of how it was made."""
    chance = random.Random(seed)
    name, data = chance.choice(good_pictures())
    used = []
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        mutation = chance.choice(MUTATIONS)
        used.append(mutation.__name__)
        data = mutation(chance, data) if data else data
    return f"{seed}-{name}-{'+'.join(used)}", data


def _png(width: int, height: int, *chunks: tuple[bytes, bytes]) -> bytes:
    head = struct.pack(">IIBBBBB", width & 0xFFFFFFFF, height & 0xFFFFFFFF, 8, 2, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n"
    for name, body in ((b"IHDR", head), *chunks, (b"IEND", b"")):
        data += struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
    return data


def _tiff(chance: random.Random, width: int, height: int, *, loops: bool = False) -> bytes:
    order = chance.choice("<>")
    folders = chance.choice((1, 2, 5, 200)) if loops else 1
    size = 2 + 12 * 12 + 4
    data = (b"II" if order == "<" else b"MM") + struct.pack(order + "HI", 42, 8)
    for at in range(folders):
        here = 8 + at * size
        there = chance.choice((here, 8, here + size, 0, 0xFFFFFFF0)) if loops else 0
        huge = chance.choice((1, 1, 65_535, 0x0FFFFFFF, 0xFFFFFFFF)) if loops else 1
        pointer = chance.choice((here, 8, here + size, 4)) if loops else 8
        entries = [
            (256, 4, 1, width), (257, 4, 1, height), (258, 3, chance.choice((1, huge)), 8), (259, 3, 1,
             chance.choice((1, 5, 7, 8, 32773, 34712))), (262, 3, 1, chance.choice((1, 2, 6, 8))), (273, 4, huge, 8),
            (277, 3, 1, chance.choice((1, 3, 65_535))), (278, 4, 1, height), (279, 4, huge, 0xFFFF),
            (330, 13, 1, pointer), (34665, 4, 1, pointer), (chance.choice((34853, 700, 271, 37500)),
             chance.randrange(0, 20), huge, pointer),
        ]  # fmt: skip
        data += struct.pack(order + "H", len(entries))
        for tag, kind, count, value in entries:
            data += struct.pack(order + "HHII", tag, kind, count, value)
        data += struct.pack(order + "I", there)
    return data + bytes(64)
