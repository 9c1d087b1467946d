"""The closer look: what stands beside small letters is found, what stands alone is not searched for."""

from __future__ import annotations

import numpy as np
import pytest

from detector.reading import closer, views
from detector.reading.places import Place
from detector.reading.protocol import Spot
from detector.reading.search import Plan, places_in
from detector.types import Pixels, box_quad, quad_bounds

LEAST = 7
"""Pixels of height from which the engine of these tests sees a bar."""


class Bars:
    """Sees bright bars that are high enough in the view."""

    name = "bars"

    def __init__(self) -> None:
        self.searched = 0

    def find(self, pixels: Pixels) -> list[Spot]:
        import cv2

        self.searched += pixels.shape[0] * pixels.shape[1]
        _, _, rows, _ = cv2.connectedComponentsWithStats((pixels[:, :, 1] > 128).astype(np.uint8))
        return [
            Spot(quad=box_quad(x, y, x + wide, y + high), score=0.9)
            for x, y, wide, high, _ in rows[1:]
            if high >= LEAST
        ]


def picture(*bars: tuple[int, int, int, int]) -> Pixels:
    pixels = np.zeros((1080, 1920, 3), np.uint8)
    for left, top, wide, high in bars:
        pixels[top : top + high, left : left + wide] = 255
    return pixels


def tops(places: list[Place]) -> list[int]:
    return sorted(round(quad_bounds(place.quad)[1]) for place in places)


PLAN = Plan(long_side=960)
CLOSER = Plan(long_side=960, closer=0.8)


def test_a_list_is_followed_line_by_line_from_the_one_that_was_seen() -> None:
    pixels = picture((600, 400, 300, 16), *((600, 400 + 20 * row, 260, 10) for row in range(1, 5)), (1500, 900, 90, 10))
    assert tops(places_in(pixels, Bars(), PLAN)) == [400]
    # The bar that stands alone gives no reason to look there.
    assert tops(places_in(pixels, Bars(), CLOSER)) == [400, 420, 440, 460, 480]


def test_where_nothing_small_was_seen_nothing_is_searched_again() -> None:
    pixels = picture((600, 400, 300, 60))
    plain, closely = Bars(), Bars()
    assert tops(places_in(pixels, plain, PLAN)) == tops(places_in(pixels, closely, CLOSER)) == [400]
    assert plain.searched == closely.searched


def test_a_page_of_small_letters_costs_no_more_than_was_planned() -> None:
    bars = [(40 + 180 * column, 20 + 24 * row, 150, 16) for column in range(10) for row in range(44)]
    engine = Bars()
    places_in(picture(*bars), engine, CLOSER)
    assert engine.searched <= 960 * 540 + 0.8e6
    assert engine.searched > 960 * 540


@pytest.mark.parametrize("size", [(1080, 1920), (1033, 1677), (61, 90), (9, 3000)])
def test_what_one_view_showed_is_known_to_its_last_pixel(size: tuple[int, int]) -> None:
    pixels = np.zeros((*size, 3), np.uint8)
    seen = closer.Seen(size[1], size[0])
    assert seen.not_at(0.5, (0.0, 0.0, float(size[1]), float(size[0]))) == (0.0, 0.0, size[1], size[0])
    seen.add(views.part(pixels, (0, 0, size[1], size[0]), 0.5, "whole"))
    assert seen.scales.min() == pytest.approx(0.5, rel=0.02)
    seen.add(views.part(pixels, (0, 0, size[1], size[0] // 2 // 8 * 8 + 8), 1.0, "top"))
    missing = seen.not_at(0.9, (0.0, 0.0, float(size[1]), float(size[0])))
    if size[0] > 16:
        assert missing is not None
        assert missing[1] == size[0] // 2 // 8 * 8 + 8
