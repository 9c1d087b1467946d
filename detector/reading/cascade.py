"""The way through a picture for an engine that finds and reads apart: cheap looks first, more where needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from detector.reading import geometry
from detector.reading.merge import merged
from detector.reading.places import Place
from detector.reading.protocol import Availability, ScriptEngine, SpottingEngine
from detector.reading.rereading import Read, corners, is_poor, read_other_ways, read_places, read_scripts, trust, unread
from detector.reading.scripts import script_of
from detector.reading.search import Plan, places_in
from detector.registry import ENGINES
from detector.types import Pixels, TextLine, Vote

OTHER_SCRIPTS = "tesseract"
"""The engine that is asked for scripts which the first one does not read."""
BUILT_IN = frozenset({"Latn", "Grek", "Hani", "Hira", "Kana"})
"""Scripts that the first engine reads without being asked."""
STRICTER = 0.35
"""That engine is less sure of itself: this is added to order the readings of a line of another script."""

FAIRLY = 0.3
"""A line of another script that is read with less confidence still counts as not read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """What an effort looks at.

    Attributes:
        search: in which views.
        most: places read, the surest first.
        other_ways: badly read lines that are read another way.
        other_scripts: lines that are offered to the engine for other scripts.
        second_opinion: badly read lines that the other engine reads in Latin letters, too.
        keeps: an effort that is made before this one and all readings of which are kept.
    """

    search: Plan
    most: int
    other_ways: int
    other_scripts: int
    second_opinion: int = 0
    keeps: str = ""


EFFORTS = {
    "quick": Effort(
        search=Plan(long_side=736, border=0.1, border_long=1280, closer=0.4), most=24, other_ways=2, other_scripts=0
    ),
    "normal": Effort(
        search=Plan(long_side=1040, border=0.14, border_long=1600, edge_depth=32, edge_long=3840, closer=0.8),
        most=80,
        other_ways=8,
        other_scripts=6,
    ),
    "thorough": Effort(
        search=Plan(
            long_side=1600,
            border=0.25,
            border_long=4096,
            sides=True,
            edge_depth=96,
            edge_long=4096,
            contrast=True,
            closer=1.5,
        ),
        most=300,
        other_ways=60,
        other_scripts=20,
        second_opinion=20,
        keeps="normal",
    ),
}


class Cascade:
    """Reads pictures at one effort."""

    def __init__(self, engine: SpottingEngine, effort: str, *, threads: int = 0) -> None:
        self._engine = engine
        self._effort = EFFORTS[effort]
        self._reads = set(engine.availability().scripts)
        own = sorted(self._reads - BUILT_IN) if isinstance(engine, ScriptEngine) else []
        self._asked: list[tuple[ScriptEngine, tuple[str, ...]]] = []
        if own and self._effort.other_scripts:
            self._asked.append((cast(ScriptEngine, engine), tuple(own)))
        self._other: ScriptEngine | None = None
        self._provenance: dict[str, str] = {}
        if self._effort.other_scripts:
            engine_class: Any = ENGINES.get(OTHER_SCRIPTS)
            available: Availability = engine_class.availability()
            scripts: tuple[str, ...] = ()
            if available.ready:
                self._other = engine_class(threads=threads)
                scripts = tuple(script for script in available.scripts if script not in self._reads | {"Jpan"})
                self._asked.append((self._other, scripts))
            self._provenance[f"scripts.{OTHER_SCRIPTS}"] = (
                f"{available.version} ({' '.join(scripts)})" if scripts else "none"
            )

    def provenance(self) -> dict[str, str]:
        """Return the models in use and the engine for other scripts."""
        models = {f"model.{name}": digest for name, digest in self._engine.models().items()}
        return models | self._provenance

    def read(self, pixels: Pixels) -> tuple[tuple[TextLine, ...], tuple[str, ...]]:
        """Return the lines of a picture and what should be noted about them."""
        lines, notes = self._looked(pixels, self._effort)
        if self._effort.keeps:
            kept, _ = self._looked(pixels, EFFORTS[self._effort.keeps])
            lines = merged((*lines, *kept), kept=kept)
        return lines, notes

    def _looked(self, pixels: Pixels, effort: Effort) -> tuple[tuple[TextLine, ...], tuple[str, ...]]:
        places = places_in(pixels, self._engine, effort.search)[: effort.most]
        reads = read_places(pixels, places, self._engine)
        better = read_other_ways(pixels, reads, self._engine, most=effort.other_ways)
        left = unread(reads, better) if effort.other_scripts else []
        known = {place: "".join(read.text.text for read in reads if read.place == place) for place in left}
        foreign: list[Read] = []
        for other, scripts in self._asked:
            done = {read.place for read in foreign}
            still = [place for place in left if place not in done][: effort.other_scripts]
            if still and scripts:
                foreign += read_scripts(pixels, still, other, scripts, known=known)
        second: list[Read] = []
        if self._other is not None and effort.second_opinion:
            doubtful = [read.place for read in (*reads, *better) if is_poor(read)]
            second = read_scripts(pixels, doubtful[: effort.second_opinion], self._other, ("Latn",))
        return merged(_lines((*reads, *better, *foreign, *second), pixels)), self._notes(left, foreign)

    def _notes(self, left: Sequence[Place], foreign: Sequence[Read]) -> tuple[str, ...]:
        done = {read.place for read in foreign if read.text.confidence >= FAIRLY}
        count = sum(place not in done for place in left)
        if not count:
            return ()
        readable = sorted(self._reads.union(*(scripts for _, scripts in self._asked)))
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
        group.sort(key=_rank)
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


def _rank(read: Read) -> float:
    strict = read.engine == OTHER_SCRIPTS and script_of(read.text.text) != "Latn"
    return -(trust(read) + (STRICTER if strict else 0.0))
