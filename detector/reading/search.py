"""Where text stands in a picture: searched in several views, each place once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from detector.reading import geometry, views
from detector.reading.merge import same_place
from detector.reading.protocol import SpottingEngine
from detector.reading.views import View
from detector.types import Pixels, Quad, make_quad

CUT_SLACK = 3.0
"""A place that comes this near to an edge inside the picture (pixels of the view) is cut off by the view."""
FLAT = 12
"""Blocks of a view whose brightness spans less than this hold no letter that anybody could see."""
BLOCK = 16
"""Size of those blocks in pixels."""
MOST_PIXELS = 2_000_000
"""Of a view: the search takes about 350 MiB for each million pixels."""
FINER = 1.15
"""A strip is searched only where it shows this many times the detail that was seen before."""
BORDER_LEAST = 48
"""A border is at least this many pixels deep."""
BORDER_MOST = 240
"""... and at most this many in its view: a bound on memory."""
JOIN_GAP = 1.2
"""Two places on one line with a gap of less than this many heights are one line."""
FINER_ENOUGH = 0.85
"""A finer view's place replaces a coarser one's when it has this much of its length."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where text seems to stand.

    Attributes:
        quad: in pixels of the picture; its first side is the direction of the text.
        score: the detector's, 0 to 1.
        view: in which view it was found.
        scale: pixels of that view for each pixel of the picture.
    """

    quad: Quad
    score: float
    view: str
    scale: float

    @property
    def aspect(self) -> float:
        """Length over height."""
        along, across = geometry.sides(self.quad)
        return along / max(across, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """In which views to search. No view has more than 2 megapixels, whatever the picture.

    Attributes:
        long_side: the whole picture is searched at no more pixels than this.
        border: top and bottom, this part of the height, are searched at a finer scale as well; 0 for not.
        border_long: the long side of these strips is no more than this.
        sides: the left and the right border too, not only top and bottom.
        edge_depth: of the outermost strips that are searched at double size, in pixels of the picture; 0 for none.
        edge_long: the long side of those strips is no more than this.
        contrast: the borders once more with raised local contrast.
    """

    long_side: int
    border: float = 0.0
    border_long: int = 0
    sides: bool = False
    edge_depth: int = 0
    edge_long: int = 0
    contrast: bool = False


def places_in(pixels: Pixels, engine: SpottingEngine, plan: Plan) -> list[Place]:
    """Return every place of a picture where text seems to stand, once, the surest first."""
    found: list[Place] = []
    for view in planned(pixels, plan):
        scale = float(1.0 / np.hypot(view.back[0, 0], view.back[1, 0]))
        for spot in engine.find(view.pixels):
            if not view.is_cut(spot.quad, slack=CUT_SLACK):
                found.append(Place(view.to_picture(spot.quad), spot.score, view.name, scale))
    return joined(united(found))


def planned(pixels: Pixels, plan: Plan) -> Iterator[View]:
    """Yield the views of a plan; parts without any contrast are left out."""
    height, width = pixels.shape[:2]
    # Of a square picture the same long side would have most pixels.
    square = round((MOST_PIXELS * max(width, height) / min(width, height)) ** 0.5)
    first = views.whole(pixels, min(plan.long_side, square), largest=2.0)
    yield first
    coarse = first.pixels.shape[1] / width
    finer = min(plan.border_long / (max(width, height) if plan.sides else width), 1.0)
    depth = 0
    if plan.border:
        depth = min(max(round(plan.border * height), BORDER_LEAST), height // 3, round(BORDER_MOST / finer))
    if depth and finer >= FINER * coarse:
        yield from _worth_it(views.borders(pixels, depth, finer, sides=plan.sides), contrast=plan.contrast)
    elif depth and plan.contrast:
        yield views.contrasted(first)
    edge = min(plan.edge_depth, height // 3)
    finest = min(plan.edge_long / width, 2.0)
    if edge and finest >= FINER * max(coarse, finer if depth else 0.0):
        yield from _worth_it(views.borders(pixels, edge, finest, sides=False), contrast=False)


def _worth_it(strips: Iterator[View], *, contrast: bool) -> Iterator[View]:
    for view in strips:
        trimmed = without_flat_ends(view)
        if trimmed is not None:
            yield trimmed
            if contrast:
                yield views.contrasted(trimmed)


def without_flat_ends(view: View) -> View | None:
    """Return a view without its flat left and right ends; None if there is nothing to see in it at all."""
    rows, columns = (size // BLOCK for size in view.pixels.shape[:2])
    if not rows or not columns:
        return view
    grey = view.pixels[: rows * BLOCK, : columns * BLOCK, 1].reshape(rows, BLOCK, columns, BLOCK)
    span = (grey.max(axis=(1, 3)).astype(np.int16) - grey.min(axis=(1, 3))).max(axis=0)
    busy = np.flatnonzero(span >= FLAT)
    if not len(busy):
        return None
    # Two blocks are left around what is seen, so that no line is cut by this.
    first, last = max(int(busy[0]) - 2, 0) * BLOCK, (int(busy[-1]) + 3) * BLOCK
    if first == 0 and last >= view.pixels.shape[1]:
        return view
    left, top, right, bottom = view.inner
    return replace(
        view,
        pixels=view.pixels[:, first:last],
        back=view.back @ geometry.shift(first, 0),
        # What lies beyond is flat: nothing is cut off there.
        inner=(left and first == 0, top, right and last >= view.pixels.shape[1], bottom),
    )


def united(places: Sequence[Place]) -> list[Place]:
    """Return each place once: the longest of those that are the same line, or a finer one as long."""
    ordered = sorted(places, key=lambda place: (-geometry.area(place.quad), place.quad, place.view))
    boxes = geometry.bounds(place.quad for place in ordered)
    kept: list[Place] = []
    around = np.zeros((len(ordered), 4))
    for place, box in zip(ordered, boxes, strict=True):
        for number in geometry.near(around[: len(kept)], box):
            other = kept[number]
            if same_place(place.quad, other.quad):
                along, longest = geometry.sides(place.quad)[0], geometry.sides(other.quad)[0]
                if place.scale > other.scale and along >= FINER_ENOUGH * longest:
                    kept[number] = replace(place, score=max(place.score, other.score))
                    around[number] = box
                break
        else:
            around[len(kept)] = box
            kept.append(place)
    return sorted(kept, key=lambda place: (-place.score, place.quad))


def joined(places: Sequence[Place]) -> list[Place]:
    """Return places with those that follow one another on one line made one."""
    ordered = sorted(places, key=lambda place: (place.quad, place.view))
    boxes = geometry.bounds(place.quad for place in ordered)
    heights = np.array([geometry.sides(place.quad)[1] for place in ordered])
    rest = np.ones(len(ordered), bool)
    done: list[Place] = []
    for number, place in enumerate(ordered):
        if not rest[number]:
            continue
        rest[number] = False
        while (follower := _follower(place, ordered, boxes, heights, rest)) is not None:
            rest[follower] = False
            other = ordered[follower]
            place = Place(
                _spanned(place.quad, other.quad),
                max(place.score, other.score),
                place.view,
                min(place.scale, other.scale),
            )
        done.append(place)
    return sorted(done, key=lambda place: (-place.score, place.quad))


def _follower(
    place: Place,
    others: Sequence[Place],
    boxes: geometry.Points,
    heights: geometry.Points,
    rest: npt.NDArray[np.bool_],
) -> int | None:
    """Return the first of the rest that stands beside a place on one line."""
    height = geometry.sides(place.quad)[1]
    # What is farther away or of another size cannot follow; it is not looked at more closely.
    size = heights.clip(1.0)
    possible = rest & (size < 1.5 * max(height, 1.0)) & (height < 1.5 * size)
    for number in geometry.near(boxes, geometry.bounds([place.quad])[0], 2 * height + 2):
        if possible[number] and _follows(place, others[number]):
            return int(number)
    return None


def _follows(one: Place, other: Place) -> bool:
    """Say whether both stand side by side on one line."""
    (along, across), (other_along, other_across) = geometry.sides(one.quad), geometry.sides(other.quad)
    low, high = sorted((across, other_across))
    if high > 1.45 * max(low, 1.0) or min(along / max(across, 1.0), other_along / max(other_across, 1.0)) < 0.6:
        return False
    turn = np.radians(geometry.angle(one.quad if along > other_along else other.quad))
    direction = np.array([np.cos(turn), np.sin(turn)])
    down = np.array([-direction[1], direction[0]])
    first, second = geometry.points_of(one.quad), geometry.points_of(other.quad)
    if abs(float((first.mean(axis=0) - second.mean(axis=0)) @ down)) > 0.3 * low:
        return False
    if abs(geometry.angle(one.quad) - geometry.angle(other.quad)) > 12 and min(along, other_along) > 3 * high:
        return False
    ends = first @ direction, second @ direction
    gap = max(float(ends[0].min()), float(ends[1].min())) - min(float(ends[0].max()), float(ends[1].max()))
    return gap < JOIN_GAP * low


def _spanned(one: Quad, other: Quad) -> Quad:
    """Return the smallest quad around both, in the direction of the longer."""
    longer = max((one, other), key=lambda quad: geometry.sides(quad)[0])
    turn = np.radians(geometry.angle(longer))
    axes = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    points = np.vstack([geometry.points_of(one), geometry.points_of(other)]) @ axes.T
    (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
    corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom]]) @ axes
    return make_quad(corners)
