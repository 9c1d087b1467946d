"""Every sample is found to be what samples/expected.jsonl says, and is documented."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from rapidfuzz.fuzz import ratio

from detector import Detector, Report
from detector.types import LABELS, quad_bounds

SAMPLES = Path(__file__).parents[1] / "samples"
ROWS: list[dict[str, Any]] = [json.loads(line) for line in (SAMPLES / "expected.jsonl").read_text("utf-8").splitlines()]
PICTURES = sorted(
    path.relative_to(SAMPLES).as_posix()
    for path in SAMPLES.glob("*/*")
    if path.parent.name != "make" and path.is_file()
)

HEADLINE = (44 / 1120, 600 / 700, 790 / 1120, 632 / 700)
"""Where the letters of the headline on the news picture stand: left, top, right, bottom; measured on the picture."""


@cache
def detector() -> Detector:
    return Detector(effort="normal")


@cache
def report(file: str) -> Report:
    return detector().inspect(SAMPLES / file)


def test_every_sample_is_listed_once_and_documented() -> None:
    assert sorted(row["file"] for row in ROWS) == PICTURES
    readme = (SAMPLES / "README.md").read_text("utf-8")
    for file in PICTURES:
        folder, name = file.split("/")
        assert folder == "founding-case" or f"`{name}`" in readme, file
    assert sum((SAMPLES / file).stat().st_size for file in PICTURES) < 6_000_000


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["file"])
def test_sample_is_judged_as_expected(row: dict[str, Any]) -> None:
    found = report(row["file"])
    assert found.status == "ok", found.error
    assert found.verdict is not None
    labels = row.get("labels") or [row["label"]]
    assert set(labels) <= set(LABELS)
    seen = [(item.signature, item.quote) for item in found.evidence]
    assert found.verdict.label in labels, (seen, [line.text for line in found.lines])
    assert set(row["signatures"]) <= {signature for signature, _ in seen}, seen
    assert not row["quote_contains"] or any(row["quote_contains"] in (quote or "") for _, quote in seen), seen


def test_founding_case_flags_exactly_the_game_frame() -> None:
    files = [file for file in PICTURES if file.startswith("founding-case/")]
    loud = {file for file in files if (verdict := report(file).verdict) and verdict.label in ("suspect", "strong")}
    assert len(files) == 5
    assert loud == {"founding-case/proof-3.jpg"}

    frame = report("founding-case/proof-3.jpg")
    strongest = max(frame.evidence, key=lambda item: item.bits.get("game", 0.0))
    assert strongest.attributes["game"] == "AC-130 Gunship Simulator: Special Ops Squadron"
    assert "content subj" in strongest.quote
    # The letters stand in the top right corner: measured on the picture, 1091..1240 by 14..38 of 1240 x 550.
    left, top, right, bottom = quad_bounds(strongest.quads[0])
    assert 1075 < left < 1105
    assert right > 1225
    assert 0 <= top < 22
    assert 30 < bottom < 52


@pytest.mark.parametrize(
    "engine", [pytest.param(name, marks=pytest.mark.engine(name)) for name in ("rapidocr", "tesseract", "easyocr")]
)
def test_every_engine_reads_the_same_headline_on_the_same_sample(engine: str) -> None:
    headline = "Rocket lifts off from the coast after two delays"
    seen = Detector(effort="quick", engine=engine).observe(SAMPLES / "cameras/news-live.jpg")
    best = max(seen.lines, key=lambda line: ratio(line.text, headline))
    assert best.text == headline
    assert best.engine == engine
    left, top, right, bottom = quad_bounds(best.quad)
    width, height = seen.size
    # An engine may leave some margin around the letters.
    assert HEADLINE[0] == pytest.approx(left / width, abs=0.015)
    assert HEADLINE[1] == pytest.approx(top / height, abs=0.05)
    assert HEADLINE[2] == pytest.approx(right / width, abs=0.015)
    assert HEADLINE[3] == pytest.approx(bottom / height, abs=0.05)
