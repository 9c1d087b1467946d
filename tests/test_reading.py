"""The way through a picture: what is looked at again and why, and that it really reads what others miss."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Sequence
from functools import cache
from typing import ClassVar

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont
from rapidfuzz.fuzz import ratio

from detector.config import Settings
from detector.errors import EngineError
from detector.reading.cascade import EFFORTS, Cascade
from detector.reading.places import Place
from detector.reading.protocol import Availability, RawLine, RawText, Spot
from detector.reading.reader import Reader, Reading
from detector.reading.rereading import Read, over_the_border, trust, unread
from detector.reading.search import planned
from detector.registry import ENGINES
from detector.types import Frame, Pixels, TextLine, box_quad, quad_bounds

LINE = "All content subject to change"


def picture(
    at: tuple[float, float], *, text: str = LINE, size: int = 22, shape: tuple[int, int] = (960, 540)
) -> Image.Image:
    columns = np.linspace(50, 120, shape[0], dtype=np.uint8)[None, :, None]
    ground = Image.fromarray(np.broadcast_to(columns, (shape[1], shape[0], 3)).copy())
    ImageDraw.Draw(ground).text(at, text, font=ImageFont.load_default(size), fill=(240, 240, 240))
    return ground


def framed(image: Image.Image) -> Frame:
    return Frame(
        pixels=np.array(image.convert("RGB")), source="x", sha256="0" * 64, original_size=image.size, format="PNG"
    )


@cache
def reader(effort: str = "normal", threads: int = 1) -> Reader:
    return Reader(Settings(effort=effort), threads=threads)


def best(reading: Reading, text: str = LINE) -> float:
    return max((ratio(line.text, text) for line in reading.lines), default=0.0)


@pytest.mark.engine("rapidocr")
@pytest.mark.parametrize("effort", ["quick", "normal", "thorough"])
def test_a_mirrored_line_is_read(effort: str) -> None:
    reading = reader(effort).read(framed(picture((500, 60)).transpose(Image.Transpose.FLIP_LEFT_RIGHT)))
    assert best(reading) > 90
    (line,) = [line for line in reading.lines if ratio(line.text, LINE) > 90]
    assert line.view == "mirrored"
    # It begins where its first letter stands: on the right.
    assert line.quad[0][0] > line.quad[1][0]


@pytest.mark.engine("rapidocr")
def test_a_line_on_its_head_and_a_tilted_one_are_read() -> None:
    assert best(reader().read(framed(picture((500, 60)).transpose(Image.Transpose.ROTATE_180)))) > 90
    tilted = picture((300, 240)).rotate(8, Image.Resampling.BICUBIC)
    assert best(reader().read(framed(tilted))) > 90


@pytest.mark.engine("rapidocr")
def test_letters_cut_at_the_borders_are_read() -> None:
    left = reader().read(framed(picture((-130, 20))))
    assert best(left, "subject to change") > 80
    # The upper half of the letters is outside.
    halves = reader().read(framed(picture((300, -12), size=26)))
    assert (
        max((ratio(vote.text, LINE) for line in halves.lines for vote in line.votes or ()), default=best(halves)) > 55
    )


@pytest.mark.engine("rapidocr")
def test_small_letters_at_the_border_of_a_large_picture_are_read() -> None:
    large = picture((1560, 1050), size=13, shape=(1920, 1080))
    assert best(reader().read(framed(large))) > 90


@pytest.mark.engine("rapidocr")
def test_the_same_picture_gives_the_same_lines_whatever_the_number_of_threads() -> None:
    image = picture((500, 60))
    ImageDraw.Draw(image).text((20, 500), "2011-11-23 13:22:37", font=ImageFont.load_default(14), fill="white")
    first = reader(threads=1).read(framed(image))
    assert first == reader(threads=2).read(framed(image)) == reader(threads=1).read(framed(image))
    assert len(first.lines) == 2
    assert all(line.char_confidences for line in first.lines)
    assert set(first.provenance) >= {"engine", "engine.version", "effort", "model.PP-OCRv6_det_small.onnx"}


def _lines_in_a_worker(pixels: Pixels) -> tuple[TextLine, ...]:
    image = Image.fromarray(pixels)
    return Reader(Settings(effort="quick"), threads=1).read(framed(image)).lines


@pytest.mark.engine("rapidocr")
def test_the_same_picture_gives_the_same_lines_whatever_the_number_of_workers() -> None:
    images = [picture((500, 60)), picture((-130, 20)), picture((300, -12), size=26)]
    here = [reader("quick").read(framed(image)).lines for image in images]
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        assert pool.map(_lines_in_a_worker, [np.array(image) for image in images], chunksize=1) == here
    assert any(here)


class FakeEngine:
    """Finds one place and cannot read it, the other way round neither."""

    name: ClassVar[str] = "fake"

    def __init__(self, *, threads: int = 0) -> None:
        self.asked: list[int] = []

    @classmethod
    def availability(cls) -> Availability:
        return Availability(ready=True, version="1", scripts=("Latn",))

    def read(self, pixels: Pixels) -> list[RawLine]:
        return []

    def find(self, pixels: Pixels) -> list[Spot]:
        width = pixels.shape[1]
        return [Spot(quad=box_quad(0.2 * width, 50, 0.5 * width, 72), score=0.85)] if pixels.shape[0] > 200 else []

    def recognise(self, crops: Sequence[Pixels]) -> list[RawText]:
        self.asked.append(len(crops))
        return [RawText(text="", confidence=0.0, char_confidences=()) for _ in crops]

    def models(self) -> dict[str, str]:
        return {"fake.onnx": "0123456789ab"}


class FakeScripts(FakeEngine):
    """Reads Cyrillic, whatever stands there."""

    @classmethod
    def availability(cls) -> Availability:
        return Availability(ready=True, version="1", scripts=("Latn", "Cyrl", "Hebr"))

    def recognise_script(self, crops: Sequence[Pixels], script: str) -> list[tuple[RawText, ...]]:
        text = RawText(
            text="Кадры из игры" if script == "Cyrl" else "מחשב", confidence=0.9 if script == "Cyrl" else 0.2
        )
        return [(text,) for _ in crops]


def test_a_line_nothing_reads_is_offered_to_other_scripts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ENGINES, "get", lambda name: FakeScripts)
    lines, notes = Cascade(FakeEngine(), "normal").read(np.full((300, 400, 3), 90, np.uint8))
    (line,) = lines
    assert (line.text, line.script, line.engine) == ("Кадры из игры", "Cyrl", "fake")
    assert quad_bounds(line.quad)[0] == pytest.approx(80, abs=1)
    assert notes == ()


def test_a_doubtful_reading_in_the_right_script_is_not_lost_to_a_surer_one_in_a_wrong_script(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Doubtful(FakeScripts):
        def recognise_script(self, crops: Sequence[Pixels], script: str) -> list[tuple[RawText, ...]]:
            text = {"Cyrl": RawText(text="ампо идея", confidence=0.41), "Hebr": RawText(text="משחק", confidence=0.24)}
            return [(text[script],) for _ in crops]

    monkeypatch.setattr(ENGINES, "get", lambda name: Doubtful)
    (line,), notes = Cascade(FakeEngine(), "normal").read(np.full((300, 400, 3), 90, np.uint8))
    assert line.text == "ампо идея"
    assert [vote.text for vote in line.votes] == ["ампо идея", "משחק"]
    assert notes == ()


def test_a_report_says_that_text_was_seen_that_nothing_here_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    class Missing(FakeScripts):
        @classmethod
        def availability(cls) -> Availability:
            return Availability(ready=False, reason="not installed", remedy="install it")

    monkeypatch.setattr(ENGINES, "get", lambda name: Missing)
    engine = FakeEngine()
    lines, notes = Cascade(engine, "normal").read(np.full((300, 400, 3), 90, np.uint8))
    assert lines == ()
    (note,) = notes
    assert "1 line of text" in note and "Latn" in note and "overlay-detector engines" in note
    assert engine.asked == [1, 2], "read once, then mirrored and on its head"


def test_a_failing_engine_is_an_engine_error() -> None:
    class Broken(FakeEngine):
        def find(self, pixels: Pixels) -> list[Spot]:
            raise EngineError("it failed")

    with pytest.raises(EngineError):
        Cascade(Broken(), "quick").read(np.zeros((50, 50, 3), np.uint8))


def test_only_lines_that_the_border_cuts_are_grown_over_it() -> None:
    size = (400, 300)
    assert over_the_border(box_quad(10, 50, 200, 70), size) is None
    grown = over_the_border(box_quad(10, 0, 200, 20), size)
    assert grown is not None and quad_bounds(grown) == (10, -8, 200, 20)
    grown = over_the_border(box_quad(10, 280, 200, 300), size)
    assert grown is not None and quad_bounds(grown) == (10, 280, 200, 308)


class CrowdedEngine(FakeEngine):
    """Finds a full page of lines in whatever it is shown, and reads them all alike."""

    def find(self, pixels: Pixels) -> list[Spot]:
        height, width = pixels.shape[:2]
        rows, columns = max(height // 14, 1), max(width // 130, 1)
        return [
            Spot(quad=box_quad(x * 130 + 5, y * 14 + 2, x * 130 + 95, y * 14 + 12), score=0.9)
            for y in range(rows)
            for x in range(columns)
        ]

    def recognise(self, crops: Sequence[Pixels]) -> list[RawText]:
        self.asked.append(len(crops))
        return [RawText(text="ordinary words", confidence=0.95, char_confidences=(0.95,) * 14) for _ in crops]


@pytest.mark.parametrize("effort", ["quick", "normal"])
def test_a_page_full_of_lines_takes_bounded_time(effort: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ENGINES, "get", lambda name: FakeScripts)
    engine = CrowdedEngine()
    before = time.process_time()
    lines, _ = Cascade(engine, effort).read(np.full((2000, 3000, 3), 90, np.uint8))
    assert len(lines) <= EFFORTS[effort].most
    assert sum(engine.asked) <= EFFORTS[effort].most + 3 * EFFORTS[effort].other_ways
    # Comparing every line with every other one took twenty times as long.
    assert time.process_time() - before < 5


@pytest.mark.engine("rapidocr")
@pytest.mark.parametrize("size", [(1, 3000), (3000, 1), (50, 20000), (2, 2)])
def test_pictures_of_hostile_shapes_are_read(size: tuple[int, int]) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (*size, 3)).astype(np.uint8)
    reading = reader().read(framed(Image.fromarray(noise)))
    assert all(line.text for line in reading.lines)


@pytest.mark.parametrize("effort", ["quick", "normal", "thorough"])
@pytest.mark.parametrize("size", [(1, 9000), (9000, 1), (60, 9000), (9000, 1500), (3000, 4000), (2500, 2500)])
def test_no_view_of_any_picture_is_large(effort: str, size: tuple[int, int]) -> None:
    stripes = (np.arange(size[1]) % 7 * 30).astype(np.uint8)
    pixels = np.broadcast_to(stripes[None, :, None], (*size, 3))
    areas = [view.pixels.shape[0] * view.pixels.shape[1] for view in planned(pixels, EFFORTS[effort].search)]
    assert areas and 0 < max(areas) <= (2.02e6 if effort == "thorough" else 1.0e6)


def test_a_few_dots_read_in_a_long_line_are_no_reading_of_it() -> None:
    place = Place(box_quad(0, 0, 600, 30), 0.9, "whole", 1.0)
    dots = Read(place, RawText(text=".     .", confidence=0.96), "rapidocr", "whole")
    words = Read(place, RawText(text="Development footage, work in progress", confidence=0.96), "rapidocr", "whole")
    assert unread([dots], []) == [place]
    assert unread([words], []) == []
    assert trust(dots) < 0.3
    assert trust(words) == 0.96
