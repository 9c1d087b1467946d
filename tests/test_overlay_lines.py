"""Text laid over a picture is told from text that stands in the scene."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont

from detector.evidence.overlay_lines import Kind
from detector.knowledge import load_knowledge
from detector.types import Frame, Observations, Pixels, Quad, TextLine, box_quad, make_quad


def scenery(width: int, height: int, seed: int) -> Pixels:
    """Return something with the statistics of a photograph: noise that falls off with its frequency."""
    rng = np.random.default_rng(seed)
    across, down = np.meshgrid(np.fft.fftfreq(width), np.fft.fftfreq(height))
    falloff = 1 / np.maximum(np.hypot(across, down), 1 / max(width, height)) ** 1.3
    planes = []
    for _ in range(3):
        plane = np.real(np.fft.ifft2(falloff * np.exp(2j * np.pi * rng.random((height, width)))))
        planes.append((plane - plane.mean()) / plane.std())
    shared = planes[0]
    out = np.stack([115 + 38 * shared + 9 * plane for plane in planes], axis=-1)
    return np.clip(out + rng.normal(0, 2, out.shape), 0, 255).astype(np.uint8)


def frame_of(pixels: Pixels) -> Frame:
    height, width = pixels.shape[:2]
    return Frame(pixels=pixels, source="drawn", sha256="0" * 64, original_size=(width, height), format="ARRAY")


def line(text: str, quad: Quad) -> TextLine:
    return TextLine(text=text, confidence=0.95, quad=quad, engine="none", script="Latn")


def print_over(pixels: Pixels, texts: list[tuple[int, int, str]], size: int) -> tuple[Pixels, list[TextLine]]:
    """Write white, outlined lines over the picture."""
    image = Image.fromarray(pixels)
    pen, font = ImageDraw.Draw(image), ImageFont.load_default(size)
    lines = []
    for x, y, text in texts:
        pen.text((x, y), text, fill="white", font=font, stroke_width=1, stroke_fill="black")
        left, top, right, bottom = pen.textbbox((x, y), text, font=font)
        lines.append(line(text, box_quad(left - 2, top - 2, right + 2, bottom + 2)))
    return np.asarray(image), lines


def hang_sign(pixels: Pixels, text: str, seed: int) -> tuple[Pixels, TextLine]:
    """Put a board with a word into the scene: seen from the side, unevenly lit, as soft as the picture."""
    rng = np.random.default_rng(seed)
    board = np.full((90, 360, 3), (40, 70, 150), np.float32)
    image = Image.fromarray(board.astype(np.uint8))
    ImageDraw.Draw(image).text((24, 12), text, fill=(225, 220, 200), font=ImageFont.load_default(52))
    light = np.linspace(0.55, 1.05, 360)[None, :, None]
    board = np.clip(np.asarray(image) * light + rng.normal(0, 5, board.shape), 0, 255).astype(np.float32)
    height, width = pixels.shape[:2]
    corners = (np.asarray([(0.3, 0.4), (0.55, 0.34), (0.56, 0.47), (0.31, 0.5)]) * (width, height)).astype(np.float32)
    whole = np.asarray([(0, 0), (360, 0), (360, 90), (0, 90)], np.float32)
    matrix = cv2.getPerspectiveTransform(whole, corners)
    warped = cv2.GaussianBlur(cv2.warpPerspective(board, matrix, (width, height)), (0, 0), 1.2)
    cover = cv2.GaussianBlur(cv2.warpPerspective(np.ones((90, 360), np.float32), matrix, (width, height)), (0, 0), 1.2)
    out = pixels + (warped - pixels) * cover[..., None]
    ink = np.asarray([[(22, 14), (330, 14), (330, 74), (22, 74)]], np.float32)
    quad = cv2.perspectiveTransform(ink, matrix)[0]
    return out.astype(np.uint8), line(text, make_quad(quad.tolist()))


@pytest.mark.parametrize("seed", range(3))
def test_printed_lines_are_told_from_a_sign_in_the_scene(seed: int) -> None:
    pixels, sign = hang_sign(scenery(960, 540, seed), "Stationery", seed)
    pixels, printed = print_over(
        pixels, [(14, 12, "REC 00:12:44"), (14, 36, "ALT 350"), (760, 500, "2019-09-26 13:46")], 20
    )
    values = Kind().observe(frame_of(pixels), [*printed, sign])["lines"]
    assert min(values[:3]) > 0.5 > values[3]


def test_the_order_of_the_lines_is_kept_and_changes_nothing() -> None:
    pixels, sign = hang_sign(scenery(960, 540, 8), "Bakery", 8)
    pixels, printed = print_over(pixels, [(14, 12, "Camera 07"), (700, 12, "12:30:01")], 22)
    one = Kind().observe(frame_of(pixels), [*printed, sign])["lines"]
    other = Kind().observe(frame_of(pixels), [sign, *reversed(printed)])["lines"]
    assert one == list(reversed(other))
    assert one == Kind().observe(frame_of(pixels), [*printed, sign])["lines"]


@settings(max_examples=25, deadline=None)
@given(
    corner=st.tuples(st.floats(-80, 400), st.floats(-80, 300)),
    size=st.tuples(st.floats(0, 500), st.floats(0, 200)),
    angle=st.floats(0, 6.3),
)
def test_any_box_gives_a_probability(corner: tuple[float, float], size: tuple[float, float], angle: float) -> None:
    pixels = scenery(320, 200, 1)
    x, y = corner
    across = np.asarray([np.cos(angle), np.sin(angle)]) * size[0]
    down = np.asarray([-np.sin(angle), np.cos(angle)]) * size[1]
    points = [
        np.asarray([x, y]),
        np.asarray([x, y]) + across,
        np.asarray([x, y]) + across + down,
        np.asarray([x, y]) + down,
    ]
    reading = Kind().observe(frame_of(pixels), [line("x", make_quad([point.tolist() for point in points]))])
    assert reading["version"] == 1
    assert len(reading["lines"]) == 1
    assert 0.0 <= reading["lines"][0] <= 1.0


def test_no_lines_no_work_and_never_evidence_by_itself() -> None:
    kind = Kind()
    assert kind.observe(frame_of(scenery(64, 48, 0)), []) == {"version": 1, "lines": []}
    seen = Observations(source="x", sha256="0" * 64, size=(64, 48), readings={"overlay_lines": {"lines": [1.0]}})
    assert list(kind.find(seen, load_knowledge())) == []
