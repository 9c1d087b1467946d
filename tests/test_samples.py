"""Every sample is found to be what samples/expected.jsonl says, and is documented."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from detector import Detector, Report
from detector.types import LABELS, quad_bounds

SAMPLES = Path(__file__).parents[1] / "samples"
ROWS: list[dict[str, Any]] = [json.loads(line) for line in (SAMPLES / "expected.jsonl").read_text("utf-8").splitlines()]
PICTURES = sorted(
    path.relative_to(SAMPLES).as_posix()
    for path in SAMPLES.glob("*/*")
    if path.parent.name != "make" and path.is_file()
)


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
