"""A closer look: the surroundings of small letters are searched once more, as fine as they are.

Where a shrunk view shows small letters it mostly shows them in part: the faint end of a line, or the line below,
is lost. Such places are known; only what lies around them is searched again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from detector.reading import geometry, views
from detector.reading.places import Place
from detector.reading.protocol import SpottingEngine
from detector.reading.views import View
from detector.types import Pixels

CUT_SLACK = 3.0
"""A place that comes this near to an edge inside the picture (pixels of the view) is cut off by the view."""
SMALL = 20.0
"""A place of less height in its view (pixels, with its margin) is looked at once more."""
AIM = 26.0
"""The height that it is given, if the picture has as much."""
LARGEST = 1.0
"""The picture is not enlarged."""
BESIDE = 5.0
ABOVE = 1.6
"""Heights of a place that are searched beside it, and above and below it."""
WASTE = 1.25
"""Windows are united when the union is no larger than this many times both."""
LEAST = 64
"""Pixels of the smallest window."""
LARGEST_WINDOW = 250_000
"""... and when it has no more pixels than this: memory, and a share of what may be spent for each."""
MOST_WINDOWS = 40
MOST_PLACES = 150
"""Places whose surroundings are looked at, the surest first: a page of text has hundreds."""
FINER = 1.2
"""What was searched at this much less than the scale wanted is not searched again."""
CELL = 8
"""Pixels of the picture; how exactly it is kept what was searched."""
ROUNDS = 5
"""Looks, each at the surroundings of what the one before it found."""

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Window:
    """A part of the picture, and at which scale to search it."""

    box: tuple[float, float, float, float]
    scale: float

    @property
    def cost(self) -> float:
        """Pixels of its view."""
        left, top, right, bottom = self.box
        return (right - left) * (bottom - top) * self.scale**2


def seen_in(view: View, engine: SpottingEngine) -> list[Place]:
    """Return the places of one view, in pixels of the picture; those that an edge inside the picture cuts are left."""
    scale = float(1.0 / np.hypot(view.back[0, 0], view.back[1, 0]))
    return [
        Place(view.to_picture(spot.quad), spot.score, view.name, scale)
        for spot in engine.find(view.pixels)
        if not view.is_cut(spot.quad, slack=CUT_SLACK)
    ]


def closer_look(
    pixels: Pixels, views_seen: Sequence[View], places: Sequence[Place], engine: SpottingEngine, *, most: float
) -> list[Place]:
    """Return what a closer look at the surroundings of small letters finds.

    What is found can have surroundings of its own that were not searched, as in a list of which only the first
    line was seen; so it goes on for a few rounds.

    Args:
        pixels: the picture.
        views_seen: searched so far.
        places: found so far.
        engine: who searches.
        most: megapixels to search at most.
    """
    seen = Seen(pixels.shape[1], pixels.shape[0])
    for view in views_seen:
        seen.add(view)
    found: list[Place] = []
    new: Sequence[Place] = places
    left = most * 1e6
    for _ in range(ROUNDS):
        fresh: list[Place] = []
        for window in windows(new, seen):
            if window.cost > left:
                continue
            left -= window.cost
            first, top, last, bottom = (round(side) for side in window.box)
            view = views.part(pixels, (first, top, last, bottom), window.scale, "closer")
            seen.add(view)
            fresh += seen_in(view, engine)
        if not fresh:
            break
        found += fresh
        new = fresh
    return found


class Seen:
    """How finely each part of a picture was searched, in cells of some pixels."""

    def __init__(self, width: int, height: int) -> None:
        self.size = (width, height)
        self.scales = np.zeros((-(-height // CELL), -(-width // CELL)), np.float32)

    def add(self, view: View) -> None:
        """Note what a view shows."""
        height, width = view.pixels.shape[:2]
        corners = geometry.apply(view.back, np.array([[0.0, 0.0], [width, height]]))
        (left, top), (right, bottom) = np.round(corners / CELL).astype(int)
        # What is left over at the right and the lower border belongs to the last cell.
        right += corners[1, 0] > self.size[0] - CELL / 2
        bottom += corners[1, 1] > self.size[1] - CELL / 2
        part = self.scales[max(top, 0) : bottom, max(left, 0) : right]
        np.maximum(part, view.pixels.shape[1] / max(corners[1, 0] - corners[0, 0], 1.0), out=part)

    def not_at(self, scale: float, box: Box) -> Box | None:
        """Return the part of a box that was not searched as finely as this; None if there is none."""
        left, top = (int(side // CELL) for side in box[:2])
        right, bottom = (int(-(-side // CELL)) for side in box[2:])
        rows, columns = np.nonzero(self.scales[top:bottom, left:right] < scale)
        if not len(rows):
            return None
        return (
            max(box[0], float(left + columns.min()) * CELL),
            max(box[1], float(top + rows.min()) * CELL),
            min(box[2], float(left + columns.max() + 1) * CELL),
            min(box[3], float(top + rows.max() + 1) * CELL),
        )


def windows(places: Sequence[Place], seen: Seen) -> list[Window]:
    """Return where to look once more, the surest first."""
    width, height = seen.size
    coarse = float(seen.scales.min())
    wanted: list[tuple[float, Window]] = []
    for place in places:
        across = geometry.sides(place.quad)[1]
        scale = min(LARGEST, AIM / max(across, 1.0))
        if across * coarse >= SMALL:
            continue
        left, top, right, bottom = geometry.bounds([place.quad])[0]
        beside, above = BESIDE * across, ABOVE * across
        box = (max(left - beside, 0.0), max(top - above, 0.0), min(right + beside, width), min(bottom + above, height))
        missing = seen.not_at(scale / FINER, box)
        if missing is None:
            continue
        # The place itself belongs to it: what stands beside it is the end of its line.
        least = LEAST / scale / 2
        middle = (top + bottom) / 2
        box = (
            max(min(missing[0], left), 0.0),
            max(min(missing[1], top, middle - least), 0.0),
            min(max(missing[2], right), float(width)),
            min(max(missing[3], bottom, middle + least), float(height)),
        )
        wanted.append((place.score, Window(box, scale)))
    wanted.sort(key=lambda pair: (-pair[0], pair[1].box))
    return united_windows([window for _, window in wanted[:MOST_PLACES]])


def united_windows(wanted: Sequence[Window]) -> list[Window]:
    """Return windows with those that lie together made one, in the order of the first of each."""
    done: list[Window] = []
    for window in wanted:
        again = True
        while again:
            again = False
            for number, other in enumerate(done):
                both = _both(window, other)
                if both.cost <= WASTE * (window.cost + other.cost) and both.cost <= LARGEST_WINDOW:
                    window, again = both, True
                    del done[number]
                    break
        done.append(window)
    return done[:MOST_WINDOWS]


def _both(one: Window, other: Window) -> Window:
    (a, b, c, d), (e, f, g, h) = one.box, other.box
    return Window((min(a, e), min(b, f), max(c, g), max(d, h)), max(one.scale, other.scale))
