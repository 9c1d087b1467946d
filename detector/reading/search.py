"""Where text stands in a picture: searched in several views, each place once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from detector.reading import geometry, views
from detector.reading.closer import closer_look, seen_in
from detector.reading.places import Place, joined, united
from detector.reading.protocol import SpottingEngine
from detector.reading.views import View
from detector.types import Pixels

FLAT = 12
"""Blocks of a view whose brightness spans less than this hold no letter that anybody could see."""
BLOCK = 16
"""Size of those blocks in pixels."""
QUIET = 10
"""More flat blocks than this one after the other part a strip: no line has such a gap."""
SEEN = 24
OUTERMOST = 12
"""The outermost strips are for letters that the border cuts: something must stand out this much there, within this
many pixels of the picture."""
MOST_PIXELS = 2_000_000
"""Of a view: the search takes about 350 MiB for each million pixels."""
SQUARE = 0.8
"""... nor more than this part of the square of its long side: most pictures have three quarters of it or less."""
ENLARGED = 736
"""Small pictures are enlarged to this long side at most: more blurs what the compression left of faint letters."""
FINER = 1.15
"""A strip is searched only where it shows this many times the detail that was seen before."""
BORDER_LEAST = 48
"""A border is at least this many pixels deep."""
BORDER_MOST = 240
"""... and at most this many in its view: a bound on memory."""


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
        closer: megapixels of a closer look at where small letters were seen; 0 for none.
    """

    long_side: int
    border: float = 0.0
    border_long: int = 0
    sides: bool = False
    edge_depth: int = 0
    edge_long: int = 0
    contrast: bool = False
    closer: float = 0.0


def places_in(pixels: Pixels, engine: SpottingEngine, plan: Plan) -> list[Place]:
    """Return every place of a picture where text seems to stand, once, the surest first."""
    found: list[Place] = []
    seen: list[View] = []
    for view in planned(pixels, plan):
        seen.append(view)
        found += seen_in(view, engine)
    if plan.closer:
        found += closer_look(pixels, seen, found, engine, most=plan.closer)
    return joined(united(found))


def planned(pixels: Pixels, plan: Plan) -> Iterator[View]:
    """Yield the views of a plan; parts without any contrast are left out."""
    height, width = pixels.shape[:2]
    # Of a square picture the same long side would have most pixels.
    most = min(MOST_PIXELS, SQUARE * plan.long_side**2)
    square = round((most * max(width, height) / min(width, height)) ** 0.5)
    first = views.whole(pixels, min(plan.long_side, square, max(width, height, ENLARGED)), largest=2.0)
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
        for strip in views.borders(pixels, edge, finest, sides=False):
            yield from busy_parts(strip, least=SEEN, rows=_outermost(strip, round(OUTERMOST * finest)))


def _worth_it(strips: Iterator[View], *, contrast: bool) -> Iterator[View]:
    for strip in strips:
        for part in busy_parts(strip):
            yield part
            if contrast:
                yield views.contrasted(part)


def _outermost(strip: View, depth: int) -> slice:
    """Return the rows of a top or bottom strip that lie at the picture's border."""
    return slice(-depth, None) if strip.inner[1] else slice(0, depth)


def busy_parts(view: View, *, least: int = FLAT, rows: slice = slice(None)) -> list[View]:
    """Return the parts of a strip in which letters can stand, from left to right.

    Args:
        view: top, bottom, left or right border.
        least: the span of brightness of a block from which something can be seen in it.
        rows: of the view, in which to look for it; nothing stands where there is nothing in them.
    """
    looked = view.pixels[rows, :, 1]
    # A block is as high as what is looked at, if that is not a whole number of them: no row is left out.
    high = BLOCK if looked.shape[0] % BLOCK == 0 or rows == slice(None) else looked.shape[0]
    high = min(high, looked.shape[0])
    down, columns = looked.shape[0] // max(high, 1), view.pixels.shape[1] // BLOCK
    if not down or not columns:
        return [view]
    grey = looked[: down * high, : columns * BLOCK].reshape(down, high, columns, BLOCK)
    span = (grey.max(axis=(1, 3)).astype(np.int16) - grey.min(axis=(1, 3))).max(axis=0)
    busy = np.flatnonzero(span >= least)
    if not len(busy):
        return []
    left, top, right, bottom = view.inner
    parts = []
    for run in np.split(busy, np.flatnonzero(np.diff(busy) > QUIET) + 1):
        # Some blocks are left around what is seen, so that no line is cut by this.
        first, last = max(int(run[0]) - 3, 0) * BLOCK, (int(run[-1]) + 4) * BLOCK
        at_end = last >= columns * BLOCK
        parts.append(
            replace(
                view,
                pixels=view.pixels[:, first:] if at_end else view.pixels[:, first:last],
                back=view.back @ geometry.shift(first, 0),
                inner=(left and first == 0, top, right and at_end, bottom),
            )
        )
    return parts
