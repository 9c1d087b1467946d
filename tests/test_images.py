"""Real files of every format through the real decoders, and every error code with a real cause."""

from __future__ import annotations

import hashlib
import io
import os
import struct
import threading
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from detector.config import Settings
from detector.errors import PictureError, UsageError
from detector.images import load_frame
from detector.types import Frame

SETTINGS = Settings()
RED, GREEN, BLUE = (200, 30, 30), (20, 180, 40), (30, 40, 200)


def picture(width: int = 96, height: int = 64) -> Image.Image:
    """Red top left, green top right, blue bottom left, white bottom right: no turn goes unnoticed."""
    image = Image.new("RGB", (width, height), "white")
    image.paste(RED, (0, 0, width // 2, height // 2))
    image.paste(GREEN, (width // 2, 0, width, height // 2))
    image.paste(BLUE, (0, height // 2, width // 2, height))
    return image


def encode(image: Image.Image, format: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def load(source: Any, **options: Any) -> Frame:
    return load_frame(source, settings=options.pop("settings", SETTINGS), **options)


def assert_corners(frame: Frame, tolerance: int = 12) -> None:
    height, width = frame.pixels.shape[:2]
    for (x, y), colour in {(0.2, 0.2): RED, (0.8, 0.2): GREEN, (0.2, 0.8): BLUE, (0.8, 0.8): (255,) * 3}.items():
        seen = frame.pixels[int(height * y), int(width * x)].astype(int)
        assert np.abs(seen - np.array(colour)).max() <= tolerance, (x, y, seen)


def code_of(source: Any, **options: Any) -> str:
    with pytest.raises(PictureError) as caught:
        load(source, **options)
    assert caught.value.exit_code == 3
    return caught.value.code


@pytest.mark.parametrize(
    ("format", "options"),
    [("JPEG", {"quality": 92}), ("PNG", {}), ("WEBP", {"lossless": True}), ("AVIF", {"quality": 90}),
     ("TIFF", {}), ("TIFF", {"compression": "tiff_lzw"}), ("BMP", {}), ("GIF", {}),
     ("TGA", {}), ("TGA", {"compression": "tga_rle"})],
)  # fmt: skip
def test_formats(format: str, options: dict[str, Any], tmp_path: Path) -> None:
    data = encode(picture(), format, **options)
    path = tmp_path / f"x.{format.lower()}"
    path.write_bytes(data)
    frame = load(path)
    assert (frame.format, frame.width, frame.height, frame.original_size) == (format, 96, 64, (96, 64))
    assert frame.sha256 == hashlib.sha256(data).hexdigest()
    assert frame.source == str(path)
    assert frame.notes == ()
    assert_corners(frame)
    for source in (data, io.BytesIO(data), bytearray(data)):
        assert np.array_equal(load(source).pixels, frame.pixels)


def test_heic_is_read_with_its_extra_and_named_without(monkeypatch: pytest.MonkeyPatch) -> None:
    header = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 40
    monkeypatch.setitem(__import__("sys").modules, "pi_heif", None)
    with pytest.raises(PictureError, match=r"pip install .overlay-detector\[heif\]") as caught:
        load(header)
    assert caught.value.code == "unsupported"
    monkeypatch.undo()
    pytest.importorskip("pi_heif", reason="the extra 'heif' is not installed")
    assert code_of(header) in ("damaged", "truncated")
    sample = Path(__file__).parent / "data" / "corners.heic"
    frame = load(sample)
    assert frame.format == "HEIF"
    assert_corners(frame, 30)
    assert code_of(sample, settings=Settings(max_pixels=100)) == "too-many-pixels"


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "PA", "RGBA", "CMYK", "I;16", "I", "F", "YCbCr", "LAB", "HSV"])
def test_colour_modes(mode: str) -> None:
    grey = picture().convert("L")
    if mode == "I;16":
        image = Image.fromarray(np.asarray(grey).astype(np.uint16) * 257)
    elif mode == "F":
        image = Image.fromarray(np.asarray(grey).astype(np.float32) / 255)
    elif mode in ("LA", "PA"):
        image = picture().convert("RGBA").convert("LA").convert(mode)
    elif mode == "LAB":
        pytest.importorskip("PIL.ImageCms")
        image = picture().convert("LAB") if hasattr(Image, "LAB") else Image.new("LAB", (96, 64))
    elif mode == "P":
        image = picture().quantize(16)
    else:
        image = picture().convert(mode)
    frame = load(image)
    assert frame.pixels.shape == (64, 96, 3)
    if mode in ("RGBA", "P", "CMYK", "YCbCr", "HSV"):
        assert_corners(frame)
    elif mode in ("L", "LA", "PA", "I;16", "F", "I"):
        assert np.abs(frame.pixels[:, :, 0].astype(int) - np.asarray(grey).astype(int)).max() <= 1


def test_cmyk_jpeg_and_sixteen_bit_files() -> None:
    assert_corners(load(encode(picture().convert("CMYK"), "JPEG", quality=95)))
    deep = np.asarray(picture().convert("L")).astype(np.uint16) * 257
    for format in ("PNG", "TIFF"):
        frame = load(encode(Image.fromarray(deep), format))
        assert abs(int(frame.pixels[10, 10, 0]) - int(deep[10, 10] // 257)) <= 1
        assert any("16-bit" in note for note in frame.notes)
    # A thermal camera's 12 bits in 16: text must not come out black.
    thermal = load(encode(Image.fromarray((deep // 16).astype(np.uint16)), "TIFF"))
    assert thermal.pixels.max() == 255


def test_transparent_pixels_lie_over_the_background_that_was_asked_for() -> None:
    image = picture().convert("RGBA")
    image.putpixel((0, 0), (255, 255, 255, 0))
    for data in (encode(image, "PNG"), encode(image, "WEBP", lossless=True)):
        frame = load(data, settings=Settings(background="#102030"))
        assert tuple(frame.pixels[0, 0]) == (0x10, 0x20, 0x30)
        assert frame.notes == ("Transparent pixels were laid over #102030.",)
    opaque = load(encode(picture().convert("RGBA"), "PNG"))
    assert opaque.notes == ()
    palette = picture().quantize(16)
    index = palette.getpixel((0, 0))
    frame = load(encode(palette, "PNG", transparency=index), settings=Settings(background="#102030"))
    assert tuple(frame.pixels[0, 0]) == (0x10, 0x20, 0x30)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_every_orientation_comes_out_upright(orientation: int, format: str) -> None:
    undo = {2: [0], 3: [3], 4: [1], 5: [5], 6: [2], 7: [6], 8: [4]}
    stored = picture()
    for step in undo.get(orientation, []):
        stored = stored.transpose(Image.Transpose(step))
    exif = Image.Exif()
    exif[0x0112] = orientation
    frame = load(encode(stored, format, exif=exif))
    assert (frame.width, frame.height) == (96, 64)
    assert frame.original_size == stored.size
    assert_corners(frame)
    assert any("upright" in note for note in frame.notes) == (orientation != 1)


def test_a_name_that_lies_is_read_with_a_note(tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    path.write_bytes(encode(picture(), "JPEG"))
    assert load(path).notes == ("The name says PNG, the content is JPEG.",)


def test_several_pictures_in_one_file_give_the_first() -> None:
    second = Image.new("RGB", (96, 64), "black")
    for format in ("GIF", "TIFF", "WEBP", "PNG", "AVIF"):
        frame = load(encode(picture(), format, save_all=True, append_images=[second]))
        assert_corners(frame, 20)
        assert any("first one" in note for note in frame.notes), format


def test_arrays() -> None:
    array = np.asarray(picture())
    assert_corners(load(array))
    assert_corners(load(array.astype(np.uint16) * 257))
    assert_corners(load(array.astype(np.float64) / 255))
    assert_corners(load(np.dstack([array, np.full(array.shape[:2], 255, np.uint8)])))
    assert load(array[:, :, 0] > 100).pixels.max() == 255
    assert load(array[::2, ::-1]).pixels.flags["C_CONTIGUOUS"]
    own = array.copy()
    frame = load(own)
    own[:] = 0
    assert_corners(frame)
    assert load(array).sha256 == load(array.copy()).sha256 != load(array[:, ::-1]).sha256
    with pytest.raises(UsageError):
        load(np.zeros((4, 4, 2), np.uint8))
    with pytest.raises(UsageError):
        load(np.zeros((4, 4), np.int64))
    assert code_of(np.full((4, 4), np.nan)) == "damaged"
    assert code_of(np.zeros((0, 4, 3), np.uint8)) == "zero-sized"
    assert code_of(array, settings=Settings(max_pixels=10)) == "too-many-pixels"


def test_what_is_no_input_at_all() -> None:
    for source in (None, 7, io.StringIO("text")):
        with pytest.raises(UsageError):
            load(source)


# Every code


def test_not_found(tmp_path: Path) -> None:
    (tmp_path / "dangling.jpg").symlink_to(tmp_path / "gone.jpg")
    for path in (tmp_path / "none.jpg", tmp_path / "dangling.jpg", tmp_path / ("x" * 300), "/etc/passwd/x.jpg"):
        assert code_of(path) == "not-found"


def test_not_a_file_never_waits(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.jpg"
    os.mkfifo(pipe)
    codes: list[str] = []
    reader = threading.Thread(target=lambda: codes.append(code_of(pipe)), daemon=True)
    reader.start()
    reader.join(5)
    assert codes == ["not-a-file"], "opening a pipe waited for a writer"
    assert code_of(tmp_path) == "not-a-file"
    assert code_of("/dev/zero") == "not-a-file"


def test_a_pipe_put_in_the_place_of_a_file_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain, pipe = tmp_path / "plain.jpg", tmp_path / "pipe.jpg"
    plain.write_bytes(b"x")
    os.mkfifo(pipe)
    real = os.stat
    monkeypatch.setattr("detector.images.opening.os.stat", lambda path: real(plain))
    assert code_of(pipe) == "not-a-file"


def test_unreadable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loop = tmp_path / "loop.jpg"
    loop.symlink_to(loop)
    assert code_of(loop) == "unreadable"
    assert code_of("nul\0byte.jpg") == "unreadable"
    path = tmp_path / "locked.jpg"
    path.write_bytes(encode(picture(), "JPEG"))
    if os.geteuid() == 0:  # the superuser may read everything

        def refuse(*args: object) -> int:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr("detector.images.opening.os.open", refuse)
    else:
        path.chmod(0)
    assert code_of(path) == "unreadable"


def test_empty_and_too_many_bytes(tmp_path: Path) -> None:
    path = tmp_path / "x.png"
    path.write_bytes(b"")
    assert [code_of(path), code_of(b""), code_of(io.BytesIO())] == ["empty"] * 3
    data = encode(picture(), "PNG")
    path.write_bytes(data)
    small = Settings(max_bytes=len(data) - 1)
    assert [code_of(source, settings=small) for source in (path, data, io.BytesIO(data))] == ["too-many-bytes"] * 3
    assert load(path, settings=Settings(max_bytes=len(data))).format == "PNG"
    sparse = tmp_path / "sparse.png"
    with sparse.open("wb") as file:
        file.truncate(1 << 40)
    assert code_of(sparse) == "too-many-bytes"


class Endless(io.RawIOBase):
    taken = 0

    def read(self, size: int = -1) -> bytes:
        assert size >= 0, "asked for everything of an endless file"
        self.taken += size
        return b"\xff" * size


def test_an_endless_stream_is_read_up_to_the_limit_only() -> None:
    stream = Endless()
    assert code_of(stream, settings=Settings(max_bytes=3_000_000)) == "too-many-bytes"
    assert stream.taken == 3_000_001


def png(width: int, height: int, data: bytes = b"", *extra: tuple[bytes, bytes]) -> bytes:
    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = [(b"IHDR", header), *extra, (b"IDAT", data), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*row) for row in rows)


def test_bombs_are_refused_before_they_are_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    jpeg = bytearray(encode(picture(), "JPEG"))
    at = jpeg.index(b"\xff\xc0") + 5
    jpeg[at : at + 4] = struct.pack(">HH", 65500, 65500)
    bmp = bytearray(encode(picture(), "BMP"))
    bmp[18:26] = struct.pack("<ii", 100_000, -100_000)
    gif = bytearray(encode(picture(), "GIF"))
    gif[6:10] = struct.pack("<HH", 65535, 65535)
    monkeypatch.setattr(Image.Image, "load", lambda self: pytest.fail("decoded a bomb"))
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", lambda self: pytest.fail("decoded a bomb"))
    for data in (png(100_000, 100_000), bytes(jpeg), bytes(bmp), bytes(gif)):
        assert code_of(data) == "too-many-pixels"


def test_the_limit_is_ours_and_pillows_own_number_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    assert_corners(load(encode(picture(), "PNG")))
    assert Image.MAX_IMAGE_PIXELS == 10


def test_zero_sized() -> None:
    gif = bytearray(encode(picture(), "GIF"))
    gif[6:10] = b"\0\0\0\0"
    bmp = bytearray(encode(picture(), "BMP"))
    bmp[18:22] = b"\0\0\0\0"
    jpeg = bytearray(encode(picture(), "JPEG"))
    at = jpeg.index(b"\xff\xc0") + 7
    jpeg[at : at + 2] = b"\0\0"
    for data in (png(0, 0), png(0, 10), bytes(gif), bytes(bmp), bytes(jpeg)):
        assert code_of(data) == "zero-sized"
    assert code_of(Image.new("RGB", (0, 5))) == "zero-sized"


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "AVIF", "TIFF", "BMP", "GIF", "TGA"])
def test_truncated(format: str) -> None:
    noise = Image.fromarray(np.random.default_rng(1).integers(0, 256, (120, 160, 3), np.uint8))
    data = encode(noise, format)
    for part in (0.3, 0.6, 0.95):
        assert code_of(data[: int(len(data) * part)]) == "truncated", (format, part)


def test_damaged_not_a_picture_and_unsupported() -> None:
    broken = bytearray(png(10, 10, zlib.compress(b"\0" * 310)))
    broken[40] ^= 0xFF
    assert code_of(bytes(broken)) == "damaged"
    stream = bytearray(encode(picture(), "PNG"))
    at = stream.index(b"IDAT") + 4
    stream[at : at + 3] = b"\xff\xff\xff"
    assert code_of(bytes(stream)) == "damaged", "came out black instead"
    assert code_of(Image.open(io.BytesIO(bytes(stream)))) == "damaged"
    assert code_of(b"GIF89a" + b"\x10\0\x10\0" + b"\xff" * 40 + b";") == "damaged"
    nothing = bytearray(encode(picture(), "TGA"))
    nothing[12:14] = b"\0\0"
    assert code_of(bytes(nothing)) == "not-a-picture"
    for data in (b"hello, I am a text", b"\0" * 1000, b"<html><body>", b"PK\x03\x04" + b"\0" * 40):
        assert code_of(data) == "not-a-picture"
    for data in (b"\xff\x0a" + b"x" * 30, b"%PDF-1.7 x", b"8BPS" + b"\0" * 30, b"<?xml version='1.0'?><svg>",
                 b"\0\0\0\x18ftypisom\0\0\0\0isom" + b"\0" * 20):  # fmt: skip
        assert code_of(data) == "unsupported"


def test_the_same_damage_gives_the_same_words() -> None:
    data = b"BM" + b"\x01" * 60
    words = set()
    for _ in range(3):
        with pytest.raises(PictureError) as caught:
            load(data, name="x.bmp")
        words.add(str(caught.value))
    assert len(words) == 1 and "0x" not in words.pop()


def test_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: object) -> None:
        raise MemoryError

    data = encode(picture(), "PNG")
    monkeypatch.setattr("PIL.PngImagePlugin.PngImageFile.load", fail)
    assert code_of(data) == "memory"


def test_metadata_is_short_text_whatever_stands_there() -> None:
    exif = Image.Exif()
    exif[0x010F] = "Maker<script>"
    exif[0x0110] = "M" * 9000
    exif[0x0131] = b"\xff\xfe\0soft"
    exif.get_ifd(0x8769)[0x9286] = b"UNICODE\0" + "Hé".encode("utf-16-be")
    frame = load(encode(picture(), "JPEG", exif=exif, comment=b"a comment\x1b[31m"))
    assert frame.metadata["exif:Make"] == "Maker<script>"
    assert len(frame.metadata["exif:Model"]) == 2000
    assert frame.metadata["exif:UserComment"] == "Hé"
    assert frame.metadata["comment"] == "a comment\x1b[31m"
    texts = PngImagePlugin.PngInfo()
    texts.add_text("parameters", "a prompt, steps: 20")
    texts.add_itxt("XML:com.adobe.xmp", "<x:xmpmeta/>")
    for number in range(100):
        texts.add_text(f"k{number}" * 20, "v")
    frame = load(encode(picture(), "PNG", pnginfo=texts))
    assert frame.metadata["text:parameters"] == "a prompt, steps: 20"
    assert frame.metadata["xmp"] == "<x:xmpmeta/>"
    assert len(frame.metadata) <= 40 and all(len(key) <= 60 for key in frame.metadata)


def test_a_text_bomb_in_a_png_costs_little() -> None:
    bomb = b"x\0\0" + zlib.compress(b"a" * 30_000_000)
    data = png(10, 10, zlib.compress((b"\0" + b"\x80" * 30) * 10), (b"zTXt", bomb))
    try:
        assert load(data).pixels.shape == (10, 10, 3)
    except PictureError as error:
        assert error.code == "damaged"


def test_absurd_exif_does_not_spoil_the_picture() -> None:
    data = encode(picture(), "JPEG")
    for body in (b"", b"II*\0\xff\xff\xff\xff", b"MM\0*\0\0\0\x08\xff\xff" + b"\xff" * 200, b"nonsense" * 8000):
        segment = b"Exif\0\0" + body[:60000]
        frame = load(data[:2] + b"\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment + data[2:])
        assert_corners(frame)


def test_sources_are_never_changed(tmp_path: Path) -> None:
    path = tmp_path / "x.tiff"
    path.write_bytes(encode(picture(), "TIFF"))
    os.utime(path, (1, 1))
    before = (path.read_bytes(), path.stat().st_mtime_ns, sorted(tmp_path.iterdir()))
    load(path)
    assert (path.read_bytes(), path.stat().st_mtime_ns, sorted(tmp_path.iterdir())) == before


def test_from_many_threads(tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    data = encode(picture(), "PNG")
    with ThreadPoolExecutor(8) as pool:
        frames = list(pool.map(lambda _: load(data), range(64)))
    assert all(np.array_equal(frame.pixels, frames[0].pixels) for frame in frames)
