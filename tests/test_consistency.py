"""Stamps that cannot be are shown, without weight; stamps that can be are left alone."""

from __future__ import annotations

import pytest

from detector.evidence.consistency import Kind, contradictions
from detector.knowledge import load_knowledge
from detector.types import Observations, TextLine, box_quad


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("2022-02-30 12:00:01", "date"), ("31.06.2021", "date"), ("CAM 1 13/13/2020 04:00:00", "date"),
        ("2023-05-06 12:61:00", "time"), ("LAT: 94.123456", "latitude"), ("48.85837N 192.29448E", "longitude"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_named(text: str, fault: str) -> None:
    assert [fault in told for _, told in contradictions(text)] == [True]


@pytest.mark.parametrize(
    "text",
    [
        "2024-02-29 23:59:59", "02/13/2020", "13/02/2020", "REC 26:10:02", "Lat: 64.123456", "22.596196N 114.007268E",
        "1.1.1.1", "192.168.99.99", "v2020.31.31.1", "03:12:45", "10.000.000", "", "2021-13-05",
    ],
)  # fmt: skip
def test_what_can_be_is_left_alone(text: str) -> None:
    assert list(contradictions(text)) == []


def seen(confidence: float, laid: object) -> Observations:
    line = TextLine(text="2022-02-30 12:00:01", confidence=confidence, quad=box_quad(0, 0, 90, 20), engine="none")
    readings = {"overlay_lines": {"version": 1, "lines": [laid]}}
    return Observations(source="x", sha256="0" * 64, size=(200, 100), lines=(line,), readings=readings)


def test_only_sure_lines_count_and_the_score_never_moves() -> None:
    knowledge = load_knowledge()
    (found,) = Kind().find(seen(0.98, 0.97), knowledge)
    assert found.bits == {}
    assert found.quote == "2022-02-30"
    assert "no such date" in found.why
    for other in (seen(0.5, 0.97), seen(0.98, 0.4), seen(0.98, "x")):
        assert list(Kind().find(other, knowledge)) == []
