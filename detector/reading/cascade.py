"""The way through a picture for an engine that finds and reads apart: cheap looks first, more where needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from detector.reading import geometry
from detector.reading.merge import merged
from detector.reading.protocol import Availability, ScriptEngine, SpottingEngine
from detector.reading.rereading import Read, corners, read_other_ways, read_places, read_scripts, unread
from detector.reading.scripts import script_of
from detector.reading.search import Place, Plan, places_in
from detector.registry import ENGINES
from detector.types import Pixels, TextLine, Vote

OTHER_SCRIPTS = "tesseract"
"""The engine that is asked for scripts which the first one does not read."""
STRICTER = {OTHER_SCRIPTS: 0.35}
"""Engines are not equally sure of themselves: this is added to order the readings of one line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """What an effort looks at.

    Attributes:
        search: in which views.
        most: places read, the surest first.
        other_ways: badly read lines that are read another way.
        other_scripts: lines that are offered to the engine for other scripts.
    """

    search: Plan
    most: int
    other_ways: int
    other_scripts: int


EFFORTS = {
    "quick": Effort(search=Plan(long_side=736), most=24, other_ways=2, other_scripts=0),
    "normal": Effort(
        search=Plan(long_side=960, coarse=0.7, depth=180, edge_depth=44), most=80, other_ways=8, other_scripts=6
    ),
    "thorough": Effort(
        search=Plan(long_side=1600, coarse=2.0, depth=240, sides=True, edge_depth=96, contrast=True),
        most=300,
        other_ways=60,
        other_scripts=20,
    ),
}


class Cascade:
    """Reads pictures at one effort."""

    def __init__(self, engine: SpottingEngine, effort: str, *, threads: int = 0) -> None:
        self._engine = engine
        self._effort = EFFORTS[effort]
        self._threads = threads
        self._reads = set(engine.availability().scripts)
        self._other: ScriptEngine | None = None
        self._scripts: tuple[str, ...] = ()
        self._other_available = Availability(ready=False)
        if self._effort.other_scripts:
            engine_class: Any = ENGINES.get(OTHER_SCRIPTS)
            self._other_available = engine_class.availability()
            if self._other_available.ready:
                self._other = engine_class(threads=threads)
                self._scripts = tuple(
                    script for script in self._other_available.scripts if script not in self._reads | {"Jpan"}
                )

    def provenance(self) -> dict[str, str]:
        """Return the models in use and the engine for other scripts."""
        models = {f"model.{name}": digest for name, digest in self._engine.models().items()}
        if self._effort.other_scripts:
            models[f"scripts.{OTHER_SCRIPTS}"] = (
                f"{self._other_available.version} ({' '.join(self._scripts)})" if self._scripts else "none"
            )
        return models

    def read(self, pixels: Pixels) -> tuple[tuple[TextLine, ...], tuple[str, ...]]:
        """Return the lines of a picture and what should be noted about them."""
        effort = self._effort
        places = places_in(pixels, self._engine, effort.search)[: effort.most]
        reads = read_places(pixels, places, self._engine)
        better = read_other_ways(pixels, reads, self._engine, most=effort.other_ways)
        left = unread(reads, better) if effort.other_scripts else []
        foreign: list[Read] = []
        if self._other is not None and self._scripts and left:
            foreign = read_scripts(pixels, left[: effort.other_scripts], self._other, self._scripts)
        return merged(_lines((*reads, *better, *foreign), pixels)), self._notes(left, foreign)

    def _notes(self, left: Sequence[Place], foreign: Sequence[Read]) -> tuple[str, ...]:
        done = {read.place for read in foreign}
        count = sum(place not in done for place in left)
        if not count:
            return ()
        readable = sorted(self._reads | set(self._scripts))
        what = "1 line of text was" if count == 1 else f"{count} lines of text were"
        return (
            f"{what} seen but not read: perhaps of another script than those that can be read here "
            f"({', '.join(readable)}); see 'overlay-detector engines'",
        )


def _lines(reads: Sequence[Read], pixels: Pixels) -> list[TextLine]:
    """Return one line for each place that was read, with all its readings, the best first."""
    height, width = pixels.shape[:2]
    by_place: dict[tuple[tuple[float, float], ...], list[Read]] = {}
    for read in reads:
        if read.text.text:
            by_place.setdefault(corners(read), []).append(read)
    lines = []
    for group in by_place.values():
        group.sort(key=lambda read: -(read.text.confidence + STRICTER.get(read.engine, 0.0)))
        best = group[0]
        votes = dict.fromkeys(
            Vote(text=read.text.text, confidence=read.text.confidence, engine=read.engine, view=read.view)
            for read in group
        )
        lines.append(
            TextLine(
                text=best.text.text,
                confidence=best.text.confidence,
                quad=geometry.clip(best.place.quad, width, height),
                engine=best.engine,
                view=best.view,
                char_confidences=best.text.char_confidences,
                script=script_of(best.text.text),
                votes=tuple(votes) if len(votes) > 1 else (),
            )
        )
    return lines
