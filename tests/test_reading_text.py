"""The text map, the letters with their confidences, and scripts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.reading import geometry
from detector.reading.ctc import greedy
from detector.reading.scripts import script_of
from detector.reading.textmap import spots_in


def steps(*rows: tuple[int, float], classes: int = 5) -> np.ndarray:
    table = np.full((len(rows), classes), 0.001, np.float32)
    for number, (best, sure) in enumerate(rows):
        table[number, best] = sure
    return table


def test_repeats_collapse_blanks_split_and_every_letter_has_its_confidence() -> None:
    read = greedy(steps((1, 0.9), (1, 0.7), (0, 0.9), (1, 0.4), (2, 0.3)), "ab x")
    assert read.text == "aab"
    assert read.char_confidences == (0.9, 0.4, 0.3)
    assert read.confidence == pytest.approx((0.9 + 0.4 + 0.3) / 3, abs=1e-3)


def test_blanks_at_the_ends_go_and_nothing_is_nothing() -> None:
    assert greedy(steps((3, 0.9), (1, 0.9), (3, 0.9)), "ab x").text == "a"
    assert greedy(steps((0, 0.9), (3, 0.9)), "ab x").text == ""


@settings(max_examples=40, deadline=None)
@given(degrees=st.floats(-44, 44), along=st.floats(50, 120), x=st.floats(100, 140), y=st.floats(100, 120))
def test_a_core_grows_back_to_its_line(degrees: float, along: float, x: float, y: float) -> None:
    import cv2

    text_map = np.zeros((240, 260), np.float32)
    core = cv2.boxPoints(((x, y), (along, 10.0), degrees))
    cv2.fillPoly(text_map, [np.round(core).astype(np.int32)], 0.9)
    (spot,) = spots_in(text_map)
    assert spot.score > 0.6
    length, height = geometry.sides(spot.quad)
    assert along < length < along + 25 and 18 < height < 32
    assert abs(geometry.angle(spot.quad) - degrees) < 6
    assert np.abs(geometry.points_of(spot.quad).mean(axis=0) - (x, y)).max() < 2.5


def test_faint_cores_are_kept_and_noise_is_not() -> None:
    text_map = np.zeros((60, 200), np.float32)
    text_map[20:28, 20:120] = 0.42
    text_map[50, 150] = 1.0
    assert len(spots_in(text_map)) == 1
    assert spots_in(np.zeros((1, 1), np.float32)) == []


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("Development", "Latn"), ("Кадры из", "Cyrl"), ("لقطات", "Arab"), ("משחק", "Hebr"), ("वीडियो", "Deva"),
        ("游戏", "Hani"), ("開発中のゲーム", "Jpan"), ("게임", "Hang"), ("12:30 — 4", "Zyyy"), ("", "Zyyy"),
    ],
)  # fmt: skip
def test_scripts(text: str, script: str) -> None:
    assert script_of(text) == script
