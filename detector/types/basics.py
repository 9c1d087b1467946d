"""Geometry, sources, labels, and one canonical way to write JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
Point = tuple[float, float]
Quad = tuple[Point, Point, Point, Point]
Source = Literal["camera", "game", "generated"]
Label = Literal["no-finding", "marked", "suspect", "strong"]
Json = Any
"""What ``json.loads`` can return."""

SOURCES: tuple[Source, ...] = ("camera", "game", "generated")
"""Where a picture can come from: a camera or real sensor, a game or simulator, a generating model."""
LABELS: tuple[Label, ...] = ("no-finding", "marked", "suspect", "strong")
"""From quiet to loud; ``--fail-on`` compares by this order."""

_STEERING = re.compile("[\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]")


def dumps(value: Json) -> str:
    """Return one line of JSON: keys as given, text readable, the same bytes for the same value.

    File names may hold bytes that are no valid UTF-8 (lone surrogates in Python); such a line falls back to
    ASCII escapes, so that it can always be written and read again. Characters that steer a terminal, end a
    line for some readers or turn the direction of text are escaped too: the line may be shown as it is.
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    text = _STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return json.dumps(value, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    return text


def make_quad(points: Iterable[Iterable[float]]) -> Quad:
    """Return four (x, y) points as a quad, rounded to a tenth of a pixel.

    Raises:
        ValueError: if there are not exactly four points of two finite numbers.
    """
    rounded = tuple(tuple(round(float(number), 1) for number in point) for point in points)
    if len(rounded) != 4 or any(len(point) != 2 for point in rounded):
        raise ValueError(f"a quad has four points of two numbers, not {rounded!r}")
    if not np.isfinite(np.asarray(rounded)).all():
        raise ValueError(f"a quad has finite numbers, not {rounded!r}")
    return rounded  # type: ignore[return-value]


def box_quad(left: float, top: float, right: float, bottom: float) -> Quad:
    """Return the upright rectangle with these edges (pixels) as a quad."""
    return make_quad(((left, top), (right, top), (right, bottom), (left, bottom)))


def quad_bounds(quad: Quad) -> tuple[float, float, float, float]:
    """Return (left, top, right, bottom) of the smallest upright rectangle around a quad, in pixels."""
    xs = [x for x, _ in quad]
    ys = [y for _, y in quad]
    return min(xs), min(ys), max(xs), max(ys)
