"""What is laid over a picture is found, and a display speaks for a game only where it looks like one."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont

from detector.evidence._appearance import maps_of, pooled, printed
from detector.evidence._formats import formats_of
from detector.evidence._layout import layout_terms, line_features, logit
from detector.evidence._mask import look_at
from detector.evidence.display import VERSION, Kind, held_back
from detector.knowledge import Knowledge, load_knowledge
from detector.types import Frame, Observations, Pixels, TextLine, box_quad, quad_bounds
from tests.test_overlay_lines import frame_of, scenery

WIDTH, HEIGHT = 1280, 720
Draw = Callable[[Pixels], tuple[Pixels, list[TextLine]]]


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return load_knowledge()


def draw_game(pixels: Pixels) -> tuple[Pixels, list[TextLine]]:
    """Draw a shooter's display: map, crosshair, health, ammunition, timer, belt."""
    image = Image.fromarray(pixels)
    pen = ImageDraw.Draw(image, "RGBA")
    pen.ellipse((24, 24, 204, 204), fill=(20, 34, 24, 220), outline=(230, 230, 230, 255), width=3)
    pen.polygon([(70, 60), (150, 80), (140, 150), (90, 170)], fill=(110, 120, 90, 255))
    pen.polygon([(114, 104), (122, 124), (106, 124)], fill=(255, 220, 60, 255))
    for x0, y0, x1, y1 in ((626, 359, 636, 361), (644, 359, 654, 361), (639, 346, 641, 356), (639, 364, 641, 374)):
        pen.rectangle((x0, y0, x1, y1), fill=(90, 255, 90, 255))
    for x in (30, 1040):
        pen.rectangle((x, 640, x + 210, 694), fill=(0, 0, 0, 170))
        pen.rectangle((x + 10, 680, x + 200, 688), fill=(60, 60, 60, 255))
        pen.rectangle((x + 10, 680, x + 140, 688), fill=(240, 70, 50, 255))
    for slot in range(5):
        left = 480 + slot * 64
        pen.rectangle((left, 640, left + 56, 696), fill=(10, 10, 10, 180), outline=(220, 220, 220, 255), width=2)
        pen.polygon([(left + 28, 648), (left + 48, 684), (left + 8, 684)], fill=(250, 200, 60, 255))
    pen.rectangle((580, 10, 700, 46), fill=(0, 0, 0, 170))
    lines = []
    for x, y, text, size in ((50, 644, "100", 28), (1060, 644, "30 / 120", 28), (606, 14, "1:47", 24)):
        font = ImageFont.load_default(size)
        pen.text((x, y), text, fill=(255, 255, 255, 255), font=font)
        lines.append(
            TextLine(text=text, confidence=0.97, quad=box_quad(*pen.textbbox((x, y), text, font=font)), engine="none")
        )
    return np.asarray(image), lines


def draw_stamp(pixels: Pixels) -> tuple[Pixels, list[TextLine]]:
    """Draw a trail camera's strip."""
    image = Image.fromarray(pixels)
    pen, font = ImageDraw.Draw(image), ImageFont.load_default(26)
    pen.rectangle((0, 676, WIDTH, HEIGHT), fill="black")
    lines = []
    for x, text in ((20, "CAM04"), (420, "28°C 84°F"), (860, "06-20-2023"), (1110, "13:09:04")):
        pen.text((x, 682), text, fill="white", font=font)
        lines.append(
            TextLine(text=text, confidence=0.97, quad=box_quad(*pen.textbbox((x, 682), text, font=font)), engine="none")
        )
    return np.asarray(image), lines


def write(pen: ImageDraw.ImageDraw, x: int, y: int, text: str, size: int, colour: str = "white") -> TextLine:
    """Write a line; return it as it would be read."""
    font = ImageFont.load_default(size)
    pen.text((x, y), text, fill=colour, font=font, stroke_width=1, stroke_fill="black")
    box = pen.textbbox((x, y), text, font=font)
    return TextLine(text=text, confidence=0.97, quad=box_quad(*box), engine="none")


def draw_signs(pixels: Pixels) -> tuple[Pixels, list[TextLine]]:
    """Draw a game's display without a letter: map, crosshair, hit sign, hearts, bars, belt (scenario T11)."""
    image = Image.fromarray(pixels)
    pen = ImageDraw.Draw(image, "RGBA")
    pen.ellipse((1080, 20, 1260, 200), fill=(24, 40, 30, 230), outline=(240, 240, 240, 255), width=3)
    pen.polygon([(1120, 70), (1210, 60), (1220, 150), (1140, 160)], fill=(120, 130, 100, 255))
    pen.polygon([(1170, 98), (1180, 122), (1160, 122)], fill=(255, 210, 50, 255))
    pen.ellipse((1200, 80, 1210, 90), fill=(255, 60, 60, 255))
    for dx, dy in ((-1, -1), (1, -1), (-1, 1), (1, 1)):
        ends = [(640 + dx * 8, 360 + dy * 8), (640 + dx * 22, 360 + dy * 22)]
        pen.line(ends, fill=(255, 255, 255, 255), width=3)
    for heart in range(6):
        x = 30 + heart * 38
        fill = (235, 50, 60, 255) if heart < 4 else (60, 60, 60, 255)
        pen.ellipse((x, 640, x + 17, 657), fill=fill)
        pen.ellipse((x + 14, 640, x + 31, 657), fill=fill)
        pen.polygon([(x + 1, 652), (x + 30, 652), (x + 15, 672)], fill=fill)
    for row, colour in enumerate(((70, 160, 255, 255), (90, 220, 90, 255))):
        top = 682 + row * 16
        pen.rectangle((30, top, 250, top + 10), fill=(20, 20, 20, 200))
        pen.rectangle((30, top, 30 + 160 - 60 * row, top + 10), fill=colour)
    for slot in range(7):
        left = 440 + slot * 58
        pen.rectangle((left, 650, left + 50, 700), fill=(15, 15, 15, 190), outline=(210, 210, 210, 255), width=2)
        pen.polygon(
            [(left + 25, 658), (left + 42, 690), (left + 8, 690)] if slot % 2 else
            [(left + 12, 662), (left + 38, 662), (left + 38, 688), (left + 12, 688)],
            fill=(250, 190 - 20 * slot, 60 + 20 * slot, 255),
        )  # fmt: skip
    return np.asarray(image), []


def draw_sensor(pixels: Pixels) -> tuple[Pixels, list[TextLine]]:
    """Draw an observation sensor's reticle, brackets and read-outs over grey (N01)."""
    image = Image.fromarray(np.repeat(pixels.mean(axis=2, keepdims=True).astype(np.uint8), 3, axis=2))
    pen = ImageDraw.Draw(image)
    for ends in ((480, 360, 600, 360), (680, 360, 800, 360), (640, 210, 640, 320), (640, 400, 640, 510)):
        pen.line(ends, fill="white", width=2)
    for x, dx in ((400, 1), (880, -1)):
        for y, dy in ((200, 1), (520, -1)):
            pen.line([(x + dx * 40, y), (x, y), (x, y + dy * 40)], fill="white", width=2)
    texts = ((20, 16, "WHT  NAR"), (20, 48, "AZ 123.4"), (20, 80, "EL -12.5"), (1010, 16, "2021-04-03"),
             (1010, 48, "12:30:45Z"), (20, 680, "LRF 1480 M"), (960, 680, "34.12345N 45.67890E"))  # fmt: skip
    return np.asarray(image), [write(pen, x, y, text, 24) for x, y, text in texts]


def draw_flier(pixels: Pixels) -> tuple[Pixels, list[TextLine]]:
    """Draw a flier's horizon, voltages and warnings (N02)."""
    image = Image.fromarray(pixels)
    pen = ImageDraw.Draw(image)
    for step in (-70, 0, 70):
        for x in (420, 720):
            pen.line((x, 380 + step - x // 20, x + 140, 373 + step - x // 20), fill="white", width=3)
    texts = ((40, 30, "15.2V"), (40, 66, "3.80V"), (1120, 30, "08:42"), (1090, 66, "SAT 14"), (40, 660, "ACRO"),
             (1080, 660, "832MAH"), (560, 600, "LAND NOW"), (600, 30, "-62"))  # fmt: skip
    return np.asarray(image), [write(pen, x, y, text, 28) for x, y, text in texts]


def draw_watch(pixels: Pixels) -> tuple[Pixels, list[TextLine]]:
    """Draw a watching camera's time and name (N03)."""
    image = Image.fromarray(pixels)
    pen = ImageDraw.Draw(image)
    return np.asarray(image), [write(pen, 24, 20, "2022-11-05 23:14:09", 30), write(pen, 1060, 670, "Camera 03", 30)]


def draw_station(pixels: Pixels) -> tuple[Pixels, list[TextLine]]:
    """Draw a station's sign, lower third and ticker (N04)."""
    image = Image.fromarray(pixels)
    pen = ImageDraw.Draw(image)
    pen.rectangle((60, 560, 900, 620), fill=(20, 40, 110))
    pen.rectangle((60, 620, 760, 656), fill=(240, 240, 240))
    pen.rectangle((60, 520, 180, 560), fill=(200, 20, 20))
    pen.rectangle((0, 680, WIDTH, HEIGHT), fill=(15, 25, 70))
    pen.ellipse((1150, 30, 1220, 100), outline="white", width=8)
    texts = ((80, 572, "Storm reaches the northern coast", 34), (80, 625, "Thousands leave their homes", 22),
             (78, 526, "LIVE", 24), (20, 686, "Markets close lower - election date set - trains late", 22))  # fmt: skip
    return np.asarray(image), [write(pen, x, y, text, size) for x, y, text, size in texts]


def draw_site(pixels: Pixels) -> tuple[Pixels, list[TextLine]]:
    """Draw a site's mark in the corner."""
    image = Image.fromarray(pixels)
    pen = ImageDraw.Draw(image)
    return np.asarray(image), [write(pen, 1020, 676, "@northern.photos", 26)]


def observe(pixels: Pixels, lines: list[TextLine]) -> Observations:
    frame = frame_of(pixels)
    reading = Kind().observe(frame, lines)
    json.dumps(reading, allow_nan=False)
    return Observations(
        source="drawn",
        sha256=frame.sha256,
        size=(frame.width, frame.height),
        lines=tuple(lines),
        readings={"display": reading, "overlay_lines": {"version": 1, "lines": [0.95] * len(lines)}},
    )


def game_bits(seen: Observations, knowledge: Knowledge) -> float:
    return sum(item.bits.get("game", 0.0) - item.bits.get("camera", 0.0) for item in Kind().find(seen, knowledge))


@pytest.mark.parametrize("seed", range(2))
def test_a_games_display_speaks_for_a_game_and_its_parts_are_found(seed: int, knowledge: Knowledge) -> None:
    seen = observe(*draw_game(scenery(WIDTH, HEIGHT, seed)))
    (evidence,) = Kind().find(seen, knowledge)
    assert evidence.bits["game"] > 1
    assert "game" in evidence.why
    assert len(evidence.attributes["parts"].split(", ")) == len(evidence.quads)
    centres = [((a + c) / 2, (b + d) / 2) for a, b, c, d in map(quad_bounds, evidence.quads)]
    for x, y in ((114, 114), (135, 684), (635, 668)):  # the map, the health bar, the belt
        assert any(abs(cx - x) < 170 and abs(cy - y) < 70 for cx, cy in centres), (x, y)


@pytest.mark.parametrize("seed", range(2))
def test_a_games_display_without_a_letter_speaks_for_a_game(seed: int, knowledge: Knowledge) -> None:
    (evidence,) = Kind().find(observe(*draw_signs(scenery(WIDTH, HEIGHT, seed))), knowledge)
    assert evidence.bits["game"] > 1
    assert evidence.attributes["lines_laid_over"] == "0"


GENUINE = (draw_stamp, draw_sensor, draw_flier, draw_watch, draw_station, draw_site)


@pytest.mark.parametrize("draw", GENUINE)
@pytest.mark.parametrize("seed", range(2))
def test_a_genuine_display_never_speaks_for_a_game(draw: Draw, seed: int, knowledge: Knowledge) -> None:
    assert game_bits(observe(*draw(scenery(WIDTH, HEIGHT, seed))), knowledge) <= 0


def test_few_parts_never_speak_loudly(knowledge: Knowledge) -> None:
    seen = observe(*draw_game(scenery(WIDTH, HEIGHT, 0)))
    reading = seen.readings["display"]
    for count in (1, 2):
        fewer = {**reading, "elements": reading["elements"][:count]}
        lines = {"version": 1, "lines": [0.95 if index < count else 0.05 for index in range(len(seen.lines))]}
        readings = {**seen.readings, "display": fewer, "overlay_lines": lines}
        assert 0 < game_bits(replace(seen, readings=readings), knowledge) <= count
    assert game_bits(seen, knowledge) > 2


def test_shapes_without_letters_never_make_a_finding(knowledge: Knowledge) -> None:
    seen = observe(*draw_game(scenery(WIDTH, HEIGHT, 0)))
    parts = seen.readings["display"]["elements"]
    assert len(parts) > 3
    assert game_bits(replace(seen, lines=(), readings={"display": seen.readings["display"]}), knowledge) <= 3


def test_a_report_says_what_the_bits_of_a_layout_come_from(knowledge: Knowledge) -> None:
    model = {"intercept": 0.0, "weights": {"a": 1.0, "b": -2.0, "c": 0.001}, "typical": {"a": 1.0, "b": 0.0, "c": 0.0}}
    assert layout_terms({"a": 2.0, "b": 1.0}, model, most=2) == (
        "-2.9 b, +1.4 a, +0.0 others, +1.4 a typical genuine picture"
    )
    evidence = next(iter(Kind().find(observe(*draw_game(scenery(WIDTH, HEIGHT, 0))), knowledge)))
    assert evidence.attributes["layout"].endswith("a typical genuine picture")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("24/120", {"ratio"}), ("[E] Use", {"key", "bracket"}), ("+50", {"change", "short_number"}),
        ("12:30:44", {"clock", "timer", "named_value"}), ("person 0.87", {"camera_words", "decimal"}),
        ("GAME OVER", {"capitals"}),
        ("Lap 2/3", {"game_words"}), ("25.3 °C", {"decimal", "degree_sign"}), ("", set()),
    ],
)  # fmt: skip
def test_how_lines_are_formed(text: str, names: set[str]) -> None:
    assert set(formats_of(text)) == names


def test_a_line_of_any_length_is_looked_at_quickly() -> None:
    assert formats_of("A" * 1_000_000) == formats_of("A" * 200)


@pytest.mark.parametrize("seed", range(4))
def test_a_picture_with_nothing_laid_over_gives_no_evidence(seed: int, knowledge: Knowledge) -> None:
    assert list(Kind().find(observe(scenery(WIDTH, HEIGHT, seed), []), knowledge)) == []


def test_what_a_verdict_holds_back_is_said_apart(knowledge: Knowledge) -> None:
    bare = observe(scenery(WIDTH, HEIGHT, 0), [])
    assert game_bits(bare, knowledge) == 0.0
    assert held_back(bare) < -1.0
    shown = observe(*draw_game(scenery(WIDTH, HEIGHT, 0)))
    assert game_bits(shown, knowledge) > 0.0
    assert held_back(shown) == 0.0
    assert held_back(replace(bare, readings={})) == 0.0


def test_how_parts_look_counts_and_is_named(knowledge: Knowledge) -> None:
    seen = observe(*draw_game(scenery(WIDTH, HEIGHT, 0)))
    reading = seen.readings["display"]
    look = reading["features"]["appearance"]
    assert abs(look) > 0.1

    def bits(shift: float) -> float:
        features = {**reading["features"], "appearance": look + shift}
        return game_bits(
            replace(seen, readings={**seen.readings, "display": {**reading, "features": features}}), knowledge
        )

    assert bits(-12.0) < bits(-4.0) <= game_bits(seen, knowledge) == bits(0.0)
    assert " appearance" in next(iter(Kind().find(seen, knowledge))).attributes["layout"]


def test_lines_count_in_the_look_by_how_surely_they_were_laid_over() -> None:
    vectors = np.asarray([[1.0, 0.0], [0.0, 1.0]])
    assert printed(vectors, np.asarray([1.0, 0.0])) == pytest.approx([1 / 1.5, 0])
    assert printed(vectors, np.asarray([1.0, 0.5])) == pytest.approx([1 / 1.75, 0.25 / 1.75])
    assert not printed(np.zeros((0, 2)), np.zeros(0)).any()


def test_where_nothing_is_laid_over_nothing_is_looked_at() -> None:
    pixels = scenery(WIDTH, HEIGHT, 1)
    seen = look_at(pixels)
    blank = replace(seen, labels=np.eye(seen.labels.shape[0], dtype=np.float32)[0][:, None, None] + 0 * seen.labels)
    assert all(not vector.any() for vector in pooled(maps_of(pixels), blank).values())
    assert any(vector.any() for vector in pooled(maps_of(pixels), seen).values())


def test_the_same_picture_gives_the_same_bytes() -> None:
    pixels, lines = draw_game(scenery(640, 360, 5))
    first = Kind().observe(frame_of(pixels), lines)
    Kind().observe(frame_of(scenery(320, 320, 1)), [])
    assert json.dumps(first) == json.dumps(Kind().observe(frame_of(pixels.copy()), lines))


@pytest.mark.parametrize("size", [(1, 1), (3, 900), (900, 3), (64, 64)])
def test_odd_sizes_are_looked_at_without_fault(size: tuple[int, int]) -> None:
    pixels = np.full((size[1], size[0], 3), 127, np.uint8)
    frame = Frame(pixels=pixels, source="x", sha256="0" * 64, original_size=size, format="ARRAY")
    for element in Kind().observe(frame, [])["elements"]:
        left, top, right, bottom = quad_bounds(element["quad"])
        assert 0 <= left <= right <= size[0]
        assert 0 <= top <= bottom <= size[1]


json_values = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None)
@given(elements=json_values, features=json_values, lines=json_values)
def test_a_damaged_reading_gives_no_fault(elements: Any, features: Any, lines: Any, knowledge: Knowledge) -> None:
    reading = {"version": VERSION, "elements": elements, "features": features}
    seen = Observations(
        source="x", sha256="0" * 64, size=(640, 480), readings={"display": reading, "overlay_lines": {"lines": lines}}
    )
    for evidence in Kind().find(seen, knowledge):
        assert evidence.kind == "display"


def test_text_counts_by_how_surely_it_was_laid_over() -> None:
    line = TextLine(text="2021-04-03 12:30:45", confidence=0.9, quad=box_quad(10, 10, 200, 30), engine="none")

    def features(over: float) -> dict[str, float]:
        return line_features(
            Observations(
                source="x",
                sha256="0" * 64,
                size=(640, 480),
                lines=(line,),
                readings={"overlay_lines": {"lines": [over]}},
            )
        )

    assert features(1.0)["stamp"] == pytest.approx(2.0)
    assert features(0.0)["stamp"] == 0.0
    assert features(0.0)["lines"] < features(0.5)["lines"] < features(1.0)["lines"]


def test_the_layout_is_a_sum_of_named_weights() -> None:
    model = {"intercept": -1.0, "weights": {"a": 2.0, "b": -1.0}}
    assert logit({"a": 1.0, "b": 0.5, "other": 9.0}, model) == pytest.approx(0.5)
