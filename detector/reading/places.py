"""Places where text seems to stand: each once, and those that follow one another on one line made one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from detector.reading import geometry
from detector.reading.merge import same_place
from detector.types import Quad, make_quad

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
