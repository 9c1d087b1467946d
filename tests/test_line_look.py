"""How a line looks to the image network: means of its features in a box, which the small network hears."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.evidence._appearance import Maps, maps_of
from detector.evidence._laid_over import FEATURES, measurements, probabilities, told
from detector.evidence._line_look import LOOKS, line_vectors
from detector.evidence._mask import look_at
from detector.types import Frame, Pixels, TextLine, box_quad

SIZE = (640, 320)


@pytest.fixture
def maps() -> Maps:
    """Maps whose first feature is the column's number and whose second is the row's, in cells of 16 and 32 pixels."""
    made = []
    for cell in (16, 32):
        down, across = np.mgrid[: SIZE[1] // cell, : SIZE[0] // cell].astype(np.float32)
        made.append(np.stack([across, down]))
    return made[0], made[1]


def scenery(width: int, height: int, seed: int) -> Pixels:
    small = np.random.default_rng(seed).integers(0, 256, (height // 8 + 1, width // 8 + 1, 3), np.uint8)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


def test_a_box_is_the_mean_of_its_cells_weighed_by_how_much_of_them_it_covers(maps: Maps) -> None:
    (row,) = line_vectors(maps, SIZE, [box_quad(32, 64, 72, 96)])
    # Columns 2, 3 and half of 4 of the fine map, rows 4 and 5; column 1 and a quarter of 2 of the coarse one, row 2.
    assert row[:4] == pytest.approx([(2 + 3 + 0.5 * 4) / 2.5, 4.5, (1 + 0.25 * 2) / 1.25, 2.0])
    # Grown by its shorter side, 32 pixels: columns 0 to 6 and half of 6, rows 2 to 7.
    assert row[4:6] == pytest.approx([(0 + 1 + 2 + 3 + 4 + 5 + 0.5 * 6) / 6.5, 4.5])


def test_a_box_smaller_than_a_cell_is_as_large_as_one(maps: Maps) -> None:
    (row,) = line_vectors(maps, SIZE, [box_quad(100, 40, 104, 44)])
    # 102 and 42 pixels are 6.375 and 2.625 cells: half a cell to either side of there.
    assert row[:2] == pytest.approx([0.125 * 5 + 0.875 * 6, 0.875 * 2 + 0.125 * 3])


@pytest.mark.parametrize(
    ("box", "at"),
    [
        ((-50, -50, 8, 8), (0.0, 0.0)),
        ((632, 312, 700, 400), (39.0, 19.0)),
        ((-900, 100, -800, 104), (0.0, 5.875)),
        ((9000, -900, 9100, -800), (39.0, 0.0)),
    ],
)
def test_at_the_border_and_beyond_it_the_cells_there_count(
    maps: Maps, box: tuple[float, float, float, float], at: tuple[float, float]
) -> None:
    (row,) = line_vectors(maps, SIZE, [box_quad(*box)])
    assert row[:2] == pytest.approx(at)


@settings(max_examples=60, deadline=None)
@given(
    box=st.tuples(st.floats(-300, 900), st.floats(-300, 700), st.floats(0, 900), st.floats(0, 700)),
    cells=st.tuples(st.integers(1, 41), st.integers(1, 41)),
    size=st.tuples(st.integers(1, 3001), st.integers(1, 3001)),
)
def test_a_mean_lies_between_the_least_and_the_most_whatever_the_sizes(
    box: tuple[float, float, float, float], cells: tuple[int, int], size: tuple[int, int]
) -> None:
    fine = np.random.default_rng(1).random((3, *cells)).astype(np.float32)
    coarse = np.random.default_rng(2).random((2, (cells[0] + 1) // 2, (cells[1] + 1) // 2)).astype(np.float32)
    x, y, wide, tall = box
    rows = line_vectors((fine, coarse), size, [box_quad(x, y, x + wide, y + tall)])
    assert rows.shape == (1, 10)
    assert rows.min() >= -1e-6
    assert rows.max() <= 1 + 1e-5


def test_the_box_is_looked_at_large_and_what_is_around_it_small(maps: Maps) -> None:
    large = tuple(100 + values for values in maps)
    (row,) = line_vectors((*maps, *large), SIZE, [box_quad(32, 64, 72, 96)])
    (inside,) = line_vectors(large, SIZE, [box_quad(32, 64, 72, 96)])
    (around,) = line_vectors(maps, SIZE, [box_quad(32, 64, 72, 96)])
    assert row[:4].tolist() == inside[:4].tolist()
    assert row[4:].tolist() == around[4:].tolist()


def test_no_lines_no_rows(maps: Maps) -> None:
    assert line_vectors(maps, SIZE, []).shape == (0, 8)


def test_a_row_is_what_is_measured_and_what_the_network_sees() -> None:
    pixels = scenery(417, 233, 3)
    quads, sure, texts = [box_quad(8, 8, 120, 30), box_quad(-5, 200, 90, 240)], [0.9, 0.8], ["ALT 350", "12:04"]
    rows = measurements(pixels, look_at(pixels), quads, sure, texts)
    assert rows.shape == (2, len(FEATURES) + LOOKS)
    assert np.array_equal(rows[:, len(FEATURES) :], line_vectors(maps_of(pixels), (417, 233), quads))


def test_a_line_is_told_the_same_alone_and_among_others_and_every_time() -> None:
    pixels = scenery(333, 217, 5)
    quads = [box_quad(10 * step, 20 * step, 10 * step + 90, 20 * step + 15) for step in range(9)]
    rows = measurements(pixels, look_at(pixels), quads, [0.9] * 9, ["x"] * 9)
    together = probabilities(rows)
    assert np.array_equal(together, probabilities(rows.copy()))
    assert np.array_equal(together, [probabilities(row[None])[0] for row in rows])
    assert len(set(together.tolist())) == 9


def test_the_lines_of_the_last_picture_are_remembered_and_only_those() -> None:
    def frame(pixels: Pixels) -> Frame:
        return Frame(pixels=pixels, source="x", sha256="0" * 64, original_size=pixels.shape[1::-1], format="ARRAY")

    def line(text: str) -> TextLine:
        return TextLine(text=text, confidence=0.9, quad=box_quad(8, 8, 120, 30), engine="none")

    first, other = frame(scenery(200, 120, 1)), frame(scenery(200, 120, 2))
    one = told(first, [line("ALT 350")])
    assert told(first, [line("ALT 350")])[0] is one[0]
    assert not np.array_equal(told(first, [line("ALTITUDE")])[1], one[1])
    assert not np.array_equal(told(other, [line("ALT 350")])[1], one[1])
    assert np.array_equal(told(first, [line("ALT 350")])[1], one[1])
    assert told(first, [])[0].shape == (0, LOOKS)
