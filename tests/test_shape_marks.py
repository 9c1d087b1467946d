"""AI marks without letters are found on pictures that the project draws, and what resembles them is not."""

from __future__ import annotations

import io
from dataclasses import replace
from math import log2
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFilter

from detector import Detector
from detector.evidence import shape_marks
from detector.evidence.shape_marks import Kind
from detector.knowledge import Knowledge, load_knowledge
from detector.types import Evidence, Observations, Pixels, quad_bounds
from tests.test_overlay_lines import frame_of, scenery

SIGNATURE = ((255, 255, 102), (66, 255, 255), (81, 218, 76), (255, 110, 60), (60, 70, 255))


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return load_knowledge()


def drawn_star(size: int) -> Image.Image:
    """Return a star of four points: a square out of which four circles are cut. Drawn here with other code."""
    large = size * 8
    shape = Image.new("L", (large, large), 255)
    pen = ImageDraw.Draw(shape)
    radius = 1.3 * large / 2
    for x in (large / 2 - radius, large / 2 + radius):
        for y in (large / 2 - radius, large / 2 + radius):
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=0)
    return shape.resize((size, size), Image.Resampling.BOX)


def with_star(pixels: Pixels, size: int, margin: int, opacity: float = 0.5) -> Pixels:
    """Return the picture with a veil of white in the form of the star, in the lower right corner."""
    image = Image.fromarray(pixels)
    layer = drawn_star(size).point(lambda value: int(value * opacity))
    image.paste((255, 255, 255), (image.width - margin - size, image.height - margin - size), layer)
    return np.asarray(image)


def with_squares(pixels: Pixels, colours: tuple[tuple[int, int, int], ...] = SIGNATURE) -> Pixels:
    out = pixels.copy()
    height, width = out.shape[:2]
    for index, colour in enumerate(colours):
        out[height - 16 :, width - 80 + 16 * index : width - 64 + 16 * index] = colour
    return out


def again(pixels: Pixels, scale: float, quality: int) -> Pixels:
    image = Image.fromarray(pixels)
    image = image.resize((round(image.width * scale), round(image.height * scale)), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer).convert("RGB"))


def seen(pixels: Pixels) -> Observations:
    reading = Kind().observe(frame_of(pixels), [])
    return Observations(
        source="drawn", sha256="0" * 64, size=(pixels.shape[1], pixels.shape[0]), readings={"shape_marks": reading}
    )


def found(pixels: Pixels, knowledge: Knowledge) -> list[Evidence]:
    return list(Kind().find(seen(pixels), knowledge))


@pytest.mark.parametrize(
    ("width", "height", "size", "margin"),
    [(900, 700, 48, 32), (1400, 1100, 96, 64), (1376, 768, 96, 64), (1400, 1100, 96, 192)],
)
@pytest.mark.parametrize(("scale", "quality"), [(1.0, 92), (0.5, 80), (1.6, 70)])
def test_the_star_is_found_where_it_usually_stands(
    width: int, height: int, size: int, margin: int, scale: float, quality: int, knowledge: Knowledge
) -> None:
    pixels = again(with_star(scenery(width, height, 3), size, margin), scale, quality)
    (evidence,) = found(pixels, knowledge)
    assert evidence.title == "Gemini's sparkle: made or edited with Google's AI"
    assert evidence.attributes["usual_place"] == "yes"
    left, top, right, bottom = quad_bounds(evidence.quads[0])
    near = 0.12 * size * scale
    assert (left + right) / 2 == pytest.approx((width - margin - size / 2) * scale, abs=near)
    assert (top + bottom) / 2 == pytest.approx((height - margin - size / 2) * scale, abs=near)
    assert right - left == pytest.approx(size * scale, rel=0.1)


def test_a_faint_star_and_one_on_a_bright_ground_are_found(knowledge: Knowledge) -> None:
    assert found(with_star(scenery(1400, 1100, 4), 96, 64, opacity=0.25), knowledge)
    bright = np.asarray(200 + scenery(1400, 1100, 5) * 0.15, np.uint8)
    assert found(with_star(bright, 96, 64), knowledge)


def test_a_star_in_the_picture_of_a_picture_is_found_and_said_to_stand_elsewhere(knowledge: Knowledge) -> None:
    inner = with_star(scenery(1080, 810, 6), 96, 64)
    screen = np.full((2000, 1080, 3), 18, np.uint8)
    screen[500 : 500 + 810] = inner
    (evidence,) = found(again(screen, 0.7, 85), knowledge)
    assert evidence.attributes["usual_place"] == "no"
    assert "not where it usually stands" in evidence.why


@pytest.mark.parametrize("seed", range(6))
def test_a_picture_without_a_mark_shows_none(seed: int, knowledge: Knowledge) -> None:
    assert found(scenery(1000 + 60 * seed, 800, seed), knowledge) == []


@pytest.mark.parametrize("thing", ["light", "lens", "square", "diamond", "plus", "five", "flake", "word"])
def test_what_resembles_the_star_is_not_taken_for_it(thing: str, knowledge: Knowledge) -> None:
    image = Image.fromarray(np.asarray(scenery(1400, 1100, 8) * 0.5, np.uint8))
    layer = Image.new("L", image.size, 0)
    pen = ImageDraw.Draw(layer)
    x, y, r = 1400 - 112, 1100 - 112, 48
    if thing == "light":
        pen.ellipse((x - 30, y - 30, x + 30, y + 30), fill=230)
        layer = layer.filter(ImageFilter.GaussianBlur(12))
    elif thing == "lens":
        across, down = np.meshgrid(np.arange(1400) - x, np.arange(1100) - y)
        rays = np.exp(-abs(across) / 3 - abs(down) / 20) + np.exp(-abs(down) / 3 - abs(across) / 20)
        layer = Image.fromarray(np.asarray(np.clip(rays * 255, 0, 255), np.uint8))
    elif thing == "square":
        pen.rectangle((x - r, y - r, x + r, y + r), fill=127)
    elif thing == "diamond":
        pen.polygon([(x, y - r), (x + r, y), (x, y + r), (x - r, y)], fill=127)
    elif thing == "plus":
        pen.rectangle((x - 9, y - r, x + 9, y + r), fill=127)
        pen.rectangle((x - r, y - 9, x + r, y + 9), fill=127)
    elif thing == "five":
        points = [
            (x + (r if i % 2 == 0 else r * 0.4) * np.sin(i * np.pi / 5),
             y - (r if i % 2 == 0 else r * 0.4) * np.cos(i * np.pi / 5)) for i in range(10)
        ]  # fmt: skip
        pen.polygon(points, fill=127)
    elif thing == "flake":
        for angle in np.arange(0, np.pi, np.pi / 3):
            dx, dy = r * np.cos(angle), r * np.sin(angle)
            pen.line((x - dx, y - dy, x + dx, y + dy), fill=200, width=10)
    else:
        pen.text((x - 90, y - 30), "GATE 4", fill=160, font_size=60)
    image.paste((255, 255, 255), (0, 0), layer)
    assert found(np.asarray(image), knowledge) == []


@pytest.mark.parametrize(("scale", "quality"), [(1.0, 95), (0.3, 75), (1.7, 60)])
def test_five_squares_are_found(scale: float, quality: int, knowledge: Knowledge) -> None:
    (evidence,) = found(again(with_squares(scenery(1024, 1024, 9)), scale, quality), knowledge)
    assert evidence.title.startswith("DALL-E 2's signature")
    left, top, right, bottom = quad_bounds(evidence.quads[0])
    assert left == pytest.approx(944 * scale, abs=5 * scale + 2)
    assert top == pytest.approx(1008 * scale, abs=3 * scale + 2)
    assert right == pytest.approx(1024 * scale, abs=3)
    assert bottom == pytest.approx(1024 * scale, abs=3)


@pytest.mark.parametrize(
    "colours",
    [SIGNATURE[::-1], ((200, 200, 200),) * 5, ((255, 0, 0), (255, 255, 0), (0, 255, 0), (0, 255, 255), (0, 0, 255))],
    ids=["reversed", "grey", "rainbow"],
)
def test_other_squares_are_not_the_signature(colours: Any, knowledge: Knowledge) -> None:
    assert found(with_squares(scenery(1024, 1024, 10), colours), knowledge) == []


def test_the_verdict_says_made_or_edited_and_never_more_than_was_measured(knowledge: Knowledge) -> None:
    observations = seen(with_star(scenery(1400, 1100, 11), 96, 64))
    report = Detector(effort="quick").judge(observations)
    assert report.verdict is not None
    assert report.verdict.label in ("suspect", "strong")
    assert report.verdict.sources["generated"] > report.verdict.sources["game"]
    (evidence,) = report.evidence
    assert evidence.mark == evidence.group == "generator"
    assert "made or edited" in evidence.why
    assert "pasted onto any picture" in evidence.why
    genuine = shape_marks.config()["sparkle"]["genuine_pictures"]
    assert 0 < evidence.bits["generated"] <= min(log2(genuine), shape_marks.config()["sparkle"]["speaks_for"])


def test_it_is_judged_again_without_pixels_and_without_the_reading(knowledge: Knowledge) -> None:
    observations = seen(with_star(scenery(1400, 1100, 12), 96, 64))
    stored = Observations.from_json(observations.to_json())
    assert list(Kind().find(stored, knowledge)) == list(Kind().find(observations, knowledge)) != []
    assert list(Kind().find(replace(observations, readings={}), knowledge)) == []  # read by an older version
    newer = {"shape_marks": {**observations.readings["shape_marks"], "version": 99}}
    assert list(Kind().find(replace(observations, readings=newer), knowledge)) == []


def test_a_higher_score_is_never_likelier_by_chance() -> None:
    for shape in ("sparkle", "squares"):
        model = shape_marks.config()[shape]
        bits = [shape_marks.false_alarm_bits(score, model) for score in np.arange(-30, 30, 0.1)]
        assert bits == sorted(bits)
        assert bits[0] == 0.0
        assert bits[-1] == pytest.approx(log2(model["genuine_pictures"]))


@pytest.mark.parametrize("size", [(1, 1), (9, 40), (64, 3000), (30, 30)])
def test_tiny_and_narrow_pictures_are_looked_at_without_a_fault(size: tuple[int, int], knowledge: Knowledge) -> None:
    for value in (0, 255):
        assert found(np.full((size[1], size[0], 3), value, np.uint8), knowledge) == []
    assert found(np.full((400, 600, 3), 255, np.uint8), knowledge) == []


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(quad=json_values, features=json_values, marks=json_values)
def test_a_damaged_reading_gives_no_fault(quad: Any, features: Any, marks: Any, knowledge: Knowledge) -> None:
    whole = [{"shape": shape, "quad": quad, "features": features} for shape in ("sparkle", "squares", "other")]
    for entries in (whole, marks):
        observations = Observations(
            source="x", sha256="0" * 64, size=(640, 480), readings={"shape_marks": {"version": 1, "marks": entries}}
        )
        assert list(Kind().find(observations, knowledge)) == []
