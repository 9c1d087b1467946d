"""From a picture to its lines: chooses the engine, the views and the way through them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from detector.config import EFFORTS, Settings
from detector.errors import EngineError
from detector.reading import geometry, views
from detector.reading.cascade import Cascade
from detector.reading.merge import merged
from detector.reading.protocol import Availability, RawLine, SpottingEngine
from detector.reading.scripts import script_of
from detector.reading.views import View
from detector.registry import ENGINES
from detector.types import Frame, TextLine

DEFAULT_ENGINE = "rapidocr"
"""What ``auto`` means."""
BORDER_SHARE = 6
"""For engines that read a whole view at once: each border is this part of the short side ..."""
BORDER_LEAST = 120
"""... but at least this many pixels deep."""
WHOLE_LONG_SIDE = 1600
TURNS = (-7.0, 7.0, 180.0)
"""Degrees for the tilt of a filmed screen, and for pictures on their head."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What was read in one picture.

    Attributes:
        lines: in reading order, the doubtful ones too.
        provenance: engine, models and settings with their versions.
        notes: what a reader of the report should know, such as text in a script that nothing here reads.
    """

    lines: tuple[TextLine, ...] = ()
    provenance: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


class Reader:
    """Reads pictures with one engine; one for each worker, not thread-safe.

    Args:
        settings: ``engine`` and ``effort`` are used.
        threads: how many threads the engine may use; 0 for its own choice.

    Raises:
        UsageError: the engine has no such name.
        EngineError: it cannot start here; the message says what to type.
    """

    def __init__(self, settings: Settings, *, threads: int = 0) -> None:
        self._effort = settings.effort
        name = DEFAULT_ENGINE if settings.engine == "auto" else settings.engine
        engine_class = ENGINES.get(name)
        available: Availability = engine_class.availability()
        if not available.ready:
            raise EngineError(f"OCR engine '{name}' cannot run here: {available.reason}. {_remedy(available)}")
        self._name = name
        self._engine: Any = engine_class(threads=threads)
        self._provenance = {"engine": name, "engine.version": available.version, "effort": self._effort}
        self._cascade: Cascade | None = None
        if isinstance(self._engine, SpottingEngine):
            self._cascade = Cascade(self._engine, self._effort, threads=threads)
            self._provenance |= self._cascade.provenance()

    def read(self, frame: Frame) -> Reading:
        """Return what stands in a picture.

        Raises:
            EngineError: the engine failed on it.
        """
        if self._cascade is not None:
            lines, notes = self._cascade.read(frame.pixels)
        elif hasattr(self._engine, "recall"):
            lines, notes = self._engine.recall(frame), ()
        else:
            lines, notes = merged(self._view_by_view(frame)), ()
        return Reading(lines=tuple(lines), provenance=dict(self._provenance), notes=tuple(notes))

    def _view_by_view(self, frame: Frame) -> Iterator[TextLine]:
        for view in self._views(frame):
            for raw in self._engine.read(view.pixels):
                if not view.is_cut(raw.quad):
                    yield to_line(raw, view, frame, self._name)

    def _views(self, frame: Frame) -> Iterator[View]:
        if self._name == "none":
            return
        whole = views.whole(frame.pixels, WHOLE_LONG_SIDE)
        yield whole
        least = "normal" if getattr(self._engine, "slow", False) else "quick"
        if EFFORTS.index(self._effort) > EFFORTS.index(least):
            depth = max(min(frame.width, frame.height) // BORDER_SHARE, BORDER_LEAST)
            yield from views.borders(frame.pixels, depth, 2.0)
        if self._effort == "thorough":
            # These engines cannot cut out a line and read it another way; they are shown the whole again.
            yield views.contrasted(whole)
            yield views.mirrored(whole)
            for degrees in TURNS:
                yield views.turned(whole, degrees)


def to_line(raw: RawLine, view: View, frame: Frame, engine: str) -> TextLine:
    """Return a line that an engine read in a view as a line of the picture."""
    quad = geometry.clip(view.to_picture(raw.quad), frame.width, frame.height)
    return TextLine(
        text=raw.text,
        confidence=raw.confidence,
        quad=quad,
        engine=engine,
        view=view.name,
        char_confidences=raw.char_confidences,
        script=script_of(raw.text),
    )


def engines_table() -> list[tuple[str, Availability]]:
    """Return every known engine and whether it can run here, by name."""
    return [(name, ENGINES.get(name).availability()) for name in ENGINES.names()]


def _remedy(available: Availability) -> str:
    return f"Type: {available.remedy}" if available.remedy else "See 'overlay-detector engines'."
