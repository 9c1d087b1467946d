"""A view's way back is exact to a pixel."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.reading import geometry, views
from detector.reading.search import Plan, busy_parts, planned
from detector.reading.views import View
from detector.types import Pixels, box_quad

SIZES = st.tuples(st.integers(90, 260), st.integers(90, 260))


def picture_with_dot(size: tuple[int, int], share: tuple[float, float], dot: int = 5) -> tuple[Pixels, np.ndarray]:
    """Return a noisy dark picture with one bright square, and the square's centre."""
    height, width = size
    pixels = np.random.default_rng(height * 1000 + width).integers(0, 60, (height, width, 3)).astype(np.uint8)
    x, y = int(share[0] * (width - dot)), int(share[1] * (height - dot))
    pixels[y : y + dot, x : x + dot] = 255
    return pixels, np.array([x + dot / 2, y + dot / 2])


def dots_in(view: View) -> np.ndarray | None:
    """Return the centre of the bright square in a view's coordinates, None where it is not or only partly."""
    bright = view.pixels[:, :, 1].astype(float) - 150
    bright[bright < 0] = 0
    if not bright.any():
        return None
    rows, columns = np.nonzero(bright)
    height, width = bright.shape
    if rows.min() < 1 or columns.min() < 1 or rows.max() >= height - 1 or columns.max() >= width - 1:
        return None
    weight = bright[rows, columns]
    return np.array([np.average(columns + 0.5, weights=weight), np.average(rows + 0.5, weights=weight)])


def all_views(pixels: Pixels) -> list[View]:
    whole = views.whole(pixels, 150, largest=2.0)
    found = [whole, *views.borders(pixels, 40, 1.0), *views.borders(pixels, 33, 2.0)]
    found += [views.mirrored(view) for view in found[:3]]
    found += [views.turned(whole, degrees) for degrees in (-9.0, 4.0, 30.0, 90.0, 180.0)]
    return found


@settings(max_examples=25, deadline=None)
@given(size=SIZES, share=st.tuples(st.floats(0, 1), st.floats(0, 1)))
def test_the_way_back_is_exact_to_a_pixel(size: tuple[int, int], share: tuple[float, float]) -> None:
    pixels, truth = picture_with_dot(size, share)
    seen = 0
    for view in all_views(pixels):
        dot = dots_in(view)
        if dot is not None:
            seen += 1
            back = geometry.apply(view.back, dot[None])[0]
            assert np.abs(back - truth).max() < 1.0, view.name
    inside = min(*truth, *(np.array(size[::-1]) - truth)) > 12
    assert seen >= 5 or not inside


@settings(max_examples=40, deadline=None)
@given(size=SIZES, depth=st.integers(10, 120), factor=st.sampled_from([1.0, 2.0]))
def test_borders_cover_every_border_and_lose_no_line_between_them(
    size: tuple[int, int], depth: int, factor: float
) -> None:
    pixels = np.zeros((*size, 3), np.uint8)
    height, width = size
    covered = np.zeros(size, bool)
    for view in views.borders(pixels, depth, factor):
        corners = np.array([[0, 0], [view.pixels.shape[1], view.pixels.shape[0]]], float)
        (left, top), (right, bottom) = np.round(geometry.apply(view.back, corners)).astype(int)
        assert 0 <= left < right <= width and 0 <= top < bottom <= height
        covered[top:bottom, left:right] = True
    deep = min(depth, height, width)
    assert covered[:deep].all() and covered[-deep:].all() and covered[:, :deep].all() and covered[:, -deep:].all()


def test_a_line_at_an_inner_edge_is_cut_and_at_the_pictures_edge_is_not() -> None:
    top = next(iter(views.borders(np.zeros((300, 400, 3), np.uint8), 60, 1.0)))
    assert top.name == "top"
    assert top.is_cut(box_quad(10, 40, 90, 59))
    assert not top.is_cut(box_quad(0, 0, 90, 20))


def test_flat_ends_are_left_out_and_flat_views_are_not_searched() -> None:
    pixels = np.full((300, 640, 3), 80, np.uint8)
    pixels[10:20, 320:350] = 200
    top = views.part(pixels, (0, 0, 640, 64), 1.0, "top")
    (trimmed,) = busy_parts(top)
    assert trimmed.pixels.shape[1] < 200
    assert geometry.apply(trimmed.back, np.array([[0.0, 0.0]]))[0][0] <= 304
    assert not busy_parts(views.part(pixels, (0, 200, 640, 264), 1.0, "x"))


@pytest.mark.parametrize("y", [1, 3, 5, 290, 297])
def test_what_the_border_cuts_is_looked_for_in_the_outermost_strips(y: int) -> None:
    pixels = np.full((300, 640, 3), 80, np.uint8)
    pixels[y : y + 2, 320:350:4] = 200
    name = "top@2x" if y < 150 else "bottom@2x"
    plan = Plan(long_side=64, edge_depth=32, edge_long=1280)
    assert [view.name for view in planned(pixels, plan)] == ["whole", name]
    assert [view.name for view in planned(np.full_like(pixels, 80), plan)] == ["whole"]


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (500, 1), (33, 47)])
def test_odd_sizes_give_views_that_can_be_searched(size: tuple[int, int]) -> None:
    plan = Plan(long_side=64, border=0.3, border_long=400, sides=True, edge_depth=20, edge_long=800, contrast=True)
    for view in planned(np.zeros((*size, 3), np.uint8), plan):
        assert 0 not in view.pixels.shape


@settings(max_examples=30, deadline=None)
@given(
    degrees=st.floats(-40, 40),
    along=st.floats(40, 90),
    across=st.floats(12, 30),
)
def test_a_tilted_line_is_cut_out_upright(degrees: float, along: float, across: float) -> None:
    import cv2

    turn = np.radians(degrees)
    u, v = np.array([np.cos(turn), np.sin(turn)]), np.array([-np.sin(turn), np.cos(turn)])
    middle = np.array([100.0, 90.0])
    quad = np.array(
        [middle + sx * u * along / 2 + sy * v * across / 2 for sx, sy in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
    )
    pixels = np.zeros((180, 200, 3), np.uint8)
    # The left half of the line is bright.
    half = np.array([quad[0], (quad[0] + quad[1]) / 2, (quad[2] + quad[3]) / 2, quad[3]])
    cv2.fillPoly(pixels, [np.round(half * 16).astype(np.int32)], (255, 255, 255), shift=4)
    crop = geometry.cut_out(pixels, quad, height=48, max_width=400)
    width = crop.shape[1]
    assert crop.shape[0] == 48 and abs(width - along * 48 / across) <= 1
    inner = crop[6:-6, :, 1].astype(float)
    margin = max(width // 10, 5)
    assert inner[:, margin : width // 2 - margin].mean() > 230
    assert inner[:, width // 2 + margin : -1].mean() < 25
    flipped = geometry.cut_out(pixels, quad[[1, 0, 3, 2]], height=48, max_width=400)
    assert flipped[6:-6, width // 2 + margin : -margin, 1].mean() > 230
