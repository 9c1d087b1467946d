"""The way through a picture for an engine that finds and reads apart: cheap looks first, more where needed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from detector.reading import geometry, views
from detector.reading.merge import merged, same_place
from detector.reading.protocol import SpottingEngine
from detector.reading.scripts import script_of
from detector.reading.views import View
from detector.types import Pixels, Quad, TextLine

CROP_HEIGHT = 48
MAX_WIDTH = 2400


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What an effort looks at.

    Attributes:
        long_side: the whole picture is searched at no more pixels than this.
        border_factors: the borders are searched at these sizes.
        most: lines read, the surest first.
    """

    long_side: int
    border_factors: tuple[float, ...]
    most: int


PLANS = {
    "quick": Plan(long_side=736, border_factors=(), most=60),
    "normal": Plan(long_side=960, border_factors=(1.0,), most=200),
    "thorough": Plan(long_side=1600, border_factors=(1.0, 2.0), most=400),
}


@dataclass(frozen=True, slots=True)
class Place:
    """A spot in the picture's coordinates, and the view that it was found in."""

    quad: Quad
    score: float
    view: str


class Cascade:
    """Reads pictures at one effort."""

    def __init__(self, engine: SpottingEngine, effort: str, *, threads: int = 0) -> None:
        self._engine = engine
        self._plan = PLANS[effort]

    def provenance(self) -> dict[str, str]:
        """Return the models in use."""
        return {f"model.{name}": digest for name, digest in self._engine.models().items()}

    def read(self, pixels: Pixels) -> tuple[tuple[TextLine, ...], tuple[str, ...]]:
        """Return the lines of a picture and what should be noted about them."""
        places: list[Place] = []
        for view in self._views(pixels):
            for spot in self._engine.find(view.pixels):
                if not view.is_cut(spot.quad):
                    places.append(Place(view.to_picture(spot.quad), spot.score, view.name))
        places = united(places)[: self._plan.most]
        crops = [geometry.cut_out(pixels, place.quad, height=CROP_HEIGHT, max_width=MAX_WIDTH) for place in places]
        height, width = pixels.shape[:2]
        lines = [
            TextLine(
                text=text.text,
                confidence=text.confidence,
                quad=geometry.clip(place.quad, width, height),
                engine=self._engine.name,
                view=place.view,
                char_confidences=text.char_confidences,
                script=script_of(text.text),
            )
            for place, text in zip(places, self._engine.recognise(crops), strict=True)
            if text.text
        ]
        return merged(lines), ()

    def _views(self, pixels: Pixels) -> Iterator[View]:
        yield views.whole(pixels, self._plan.long_side, largest=2.0)
        height, width = pixels.shape[:2]
        depth = max(min(height, width) // 6, 96)
        for factor in self._plan.border_factors:
            if max(height, width) * factor > self._plan.long_side:
                yield from views.borders(pixels, depth, factor)


def united(places: list[Place]) -> list[Place]:
    """Return each place once, the longest of those that are the same line, the surest first."""
    kept: list[Place] = []
    for place in sorted(places, key=lambda place: (-geometry.area(place.quad), place.quad, place.view)):
        if not any(same_place(place.quad, other.quad) for other in kept):
            kept.append(place)
    return sorted(kept, key=lambda place: (-place.score, place.quad))
