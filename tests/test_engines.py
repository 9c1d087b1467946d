"""Every engine keeps the same contract; each reads the same printed line for real where it is installed."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont
from rapidfuzz.fuzz import ratio

from detector.config import Settings
from detector.errors import EngineError, UsageError
from detector.reading.engines import recorded, tesseract
from detector.reading.reader import Reader, engines_table
from detector.registry import ENGINES
from detector.types import Frame, Observations, Pixels, TextLine, box_quad, quad_bounds

LINE = "All content subject to change"
BOX = (330, 40, 620, 70)
REAL = [pytest.param(name, marks=pytest.mark.engine(name)) for name in ("rapidocr", "tesseract", "easyocr")]


def printed() -> Pixels:
    rows = np.linspace(60, 110, 200, dtype=np.uint8)[:, None, None]
    picture = Image.fromarray(np.broadcast_to(rows, (200, 640, 3)).copy())
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(20)
    left, top, right, _ = draw.textbbox((0, 0), LINE, font=font)
    draw.text((BOX[2] - (right - left), BOX[1] - top + 5), LINE, font=font, fill=(235, 235, 235))
    return np.asarray(picture, np.uint8)


def framed(pixels: Pixels, sha256: str = "0" * 64) -> Frame:
    height, width = pixels.shape[:2]
    return Frame(pixels=pixels.copy(), source="x.png", sha256=sha256, original_size=(width, height), format="PNG")


@cache
def reader_of(name: str) -> Reader:
    return Reader(Settings(engine=name, effort="quick"), threads=1)


@pytest.mark.parametrize("name", ENGINES.names())
def test_availability_says_what_to_do(name: str) -> None:
    available = ENGINES.get(name).availability()
    assert available.ready == bool(available.version)
    if not available.ready:
        assert available.reason and available.remedy
    assert (name, available) in engines_table()


@pytest.mark.parametrize("name", REAL)
def test_every_engine_reads_the_same_line(name: str) -> None:
    reading = reader_of(name).read(framed(printed()))
    best = max(reading.lines, key=lambda line: ratio(line.text, LINE))
    assert ratio(best.text, LINE) >= 90
    assert best.engine == name
    left, top, right, bottom = quad_bounds(best.quad)
    assert abs(right - BOX[2]) < 15 and abs(bottom - BOX[3]) < 15 and abs(top - BOX[1]) < 15
    assert left > 250
    assert name in reading.provenance["engine"]
    if best.char_confidences is not None:
        assert len(best.char_confidences) == len(best.text)


@pytest.mark.parametrize("name", REAL)
@pytest.mark.parametrize("size", [(1, 1), (3, 200), (40, 2)])
def test_engines_survive_tiny_pictures(name: str, size: tuple[int, int]) -> None:
    reading = Reader(Settings(engine=name, effort="quick"), threads=1).read(framed(np.full((*size, 3), 99, np.uint8)))
    assert all(line.text for line in reading.lines)


def test_none_reads_nothing() -> None:
    assert Reader(Settings(engine="none")).read(framed(printed())).lines == ()


def test_unknown_engine_lists_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"rapidocr.*tesseract"):
        Reader(Settings(engine="abbyy"))


def test_recorded_replays_by_hash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    line = TextLine(text="REC", confidence=0.4, quad=box_quad(1, 2, 30, 12), engine="rapidocr")
    seen = Observations(source="a.png", sha256="ab" * 32, size=(64, 32), lines=(line,))
    file = tmp_path / "observations.jsonl"
    file.write_text(seen.to_json() + "\n", "utf-8")
    monkeypatch.setenv(recorded.RECORDING, str(file))
    reader = Reader(Settings(engine="recorded"))
    assert reader.read(framed(printed(), "ab" * 32)).lines == (line,)
    assert reader.read(framed(printed(), "cd" * 32)).lines == ()
    file.write_text("{}\n", "utf-8")
    with pytest.raises(EngineError, match="observations"):
        Reader(Settings(engine="recorded"))


def test_the_tesseract_of_an_environment_does_not_hide_the_systems(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, languages in (("venv", "eng"), ("system", "eng rus ukr"), ("again", "eng")):
        (tmp_path / name).mkdir()
        program = tmp_path / name / "tesseract"
        program.write_text(
            f"#!/bin/sh\nif [ $1 = --version ]; then echo tesseract 5.9; else printf '%s\\n' List {languages}; fi\n",
            "utf-8",
        )
        program.chmod(0o755)
    monkeypatch.setenv("PATH", os.pathsep.join(str(tmp_path / name) for name in ("venv", "system", "again")))
    monkeypatch.setattr(tesseract, "find_spec", lambda name: None)
    found = tesseract.programs.__wrapped__()
    assert [Path(program.path).parent.name for program in found] == ["venv", "system"]
    assert found[1].languages == ("eng", "rus", "ukr")


def test_a_missing_engine_says_what_to_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tesseract, "programs", lambda: ())
    with pytest.raises(EngineError, match="pip install"):
        Reader(Settings(engine="tesseract"))


@pytest.mark.engine("rapidocr")
def test_recognisers_of_ones_own_are_used_for_their_script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from detector.reading.engines import rapidocr

    # No file of another script is at hand offline; the packaged one under such a name proves the way.
    packaged = rapidocr._folder()
    assert packaged is not None
    (tmp_path / "cyrillic_PP-OCRv5_rec_mobile.onnx").symlink_to(packaged / rapidocr.RECOGNISER)
    (tmp_path / "notes.txt").write_text("x", "utf-8")
    monkeypatch.setenv(rapidocr.FOLDER, str(tmp_path))
    assert "Cyrl" in rapidocr.Engine.availability().scripts
    engine = rapidocr.Engine(threads=1)
    assert "cyrillic_PP-OCRv5_rec_mobile.onnx" in engine.models()
    (texts,) = engine.recognise_script([printed()[36:74, 320:630]], "Cyrl")
    assert ratio(texts[0].text, LINE) > 90
    with pytest.raises(EngineError, match="Deva"):
        engine.recognise_script([], "Deva")
