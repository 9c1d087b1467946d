"""One picture in, one report out: both halves, errors as reports, the same bytes again."""

from __future__ import annotations

import io
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from detector import Detector, EngineError, Observations, PictureError, TextLine
from detector.types import box_quad


def observed(*texts: str, size: tuple[int, int] = (1280, 720), source: str = "a.jpg") -> Observations:
    """Return observations of lines one under the other in the top right corner."""
    lines = tuple(
        TextLine(
            text=text,
            confidence=0.99,
            quad=box_quad(size[0] - 20 - 11 * len(text), 20 + 30 * row, size[0] - 20, 44 + 30 * row),
            engine="recorded",
            script="Latn",
        )
        for row, text in enumerate(texts)
    )
    return Observations(source=source, sha256="0" * 64, size=size, lines=lines)


def picture(text: str = "") -> Image.Image:
    image = Image.new("RGB", (640, 360), (90, 110, 80))
    ImageDraw.Draw(image).text((20, 20), text, font=ImageFont.load_default(26), fill="white")
    return image


@pytest.fixture(scope="module")
def blind() -> Detector:
    return Detector(engine="none")


def test_the_whole_disclaimer_is_strong_and_names_the_game(blind: Detector) -> None:
    report = blind.judge(
        observed("Development footage.", "This is a work in progress.", "All content subject to change.")
    )
    assert report.verdict is not None
    assert report.verdict.label == "strong"
    assert any("AC-130" in item.attributes.get("game", "") for item in report.evidence)
    assert report.verdict.sources["game"] > report.verdict.sources["generated"]


def test_nothing_read_is_no_conclusion(blind: Detector) -> None:
    report = blind.judge(observed())
    assert report.verdict is not None
    assert (report.verdict.label, report.evidence) == ("no-finding", ())
    assert "no conclusion" in report.verdict.summary


def test_judging_again_from_the_file_gives_the_same_bytes(blind: Detector) -> None:
    observations = blind.observe(picture("Pre-alpha footage"), name="x.png")
    again = Detector(engine="none").judge(Observations.from_json(observations.to_json()))
    assert again.to_json() == blind.judge(observations).to_json()


def test_every_form_of_a_picture_gives_the_same_verdict(blind: Detector, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    picture().save(path)
    forms = [path, str(path), path.read_bytes(), io.BytesIO(path.read_bytes()), np.asarray(picture()), picture()]
    verdicts = {blind.inspect(form, name="a").verdict.fakeness for form in forms}  # type: ignore[union-attr]
    assert verdicts == {0.1}


def test_a_picture_that_cannot_be_read_is_a_report_and_the_stream_goes_on(blind: Detector, tmp_path: Path) -> None:
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"")
    reports = list(blind.inspect_many([bad, picture(), tmp_path / "missing.png"]))
    assert [report.status for report in reports] == ["error", "ok", "error"]
    assert [report.error.code for report in reports if report.error] == ["empty", "not-found"]
    assert reports[0].source == str(bad)
    with pytest.raises(PictureError, match=r"bad\.jpg"):
        blind.observe(bad)


def test_an_engine_that_is_missing_stops_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from detector.reading.engines import none
    from detector.reading.protocol import Availability

    missing = Availability(ready=False, reason="it is not installed", remedy="pip install it")
    monkeypatch.setattr(none.Engine, "availability", classmethod(lambda cls: missing))
    with pytest.raises(EngineError, match="pip install it"):
        Detector(engine="none").inspect(picture())


def test_threads_may_share_a_detector(blind: Detector) -> None:
    expected = blind.inspect(picture(), name="a").to_json()
    got: list[str] = []
    threads = [
        threading.Thread(target=lambda: got.append(blind.inspect(picture(), name="a").to_json())) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == [expected] * 6


def test_settings_can_be_given_by_name() -> None:
    assert Detector(effort="quick").settings.effort == "quick"


def test_the_prior_is_an_option() -> None:
    sceptical = Detector(engine="none", prior_game=0.6).judge(observed())
    assert sceptical.verdict is not None
    assert sceptical.verdict.fakeness == pytest.approx(0.65)
