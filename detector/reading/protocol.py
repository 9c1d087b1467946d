"""What an OCR engine does for us, and what it says about itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol, runtime_checkable

from detector.types import Pixels, Quad


@dataclass(frozen=True, slots=True, kw_only=True)
class RawLine:
    """One line as an engine read it, in the pixel coordinates of the view that it was given."""

    text: str
    confidence: float
    quad: Quad
    char_confidences: tuple[float, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A place where text seems to stand, not yet read.

    Attributes:
        quad: in pixels of the view that was searched; the long side is the direction of the text.
        score: how sure the detector is, 0 to 1; not a probability.
    """

    quad: Quad
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RawText:
    """What a recogniser read in one cut-out line."""

    text: str
    confidence: float
    char_confidences: tuple[float, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Availability:
    """Whether an engine can run here.

    Attributes:
        ready: it can.
        version: of the engine and its models, for provenance; empty if it cannot run.
        scripts: ISO 15924 codes of the scripts that it can read here.
        reason: why it cannot run, or what it cannot do here.
        remedy: what to type to change that.
    """

    ready: bool
    version: str = ""
    scripts: tuple[str, ...] = ()
    reason: str = ""
    remedy: str = ""


class OcrEngine(Protocol):
    """One engine. Made once for each worker; not thread-safe unless it says so."""

    name: ClassVar[str]

    @classmethod
    def availability(cls) -> Availability:
        """Say whether it can run here, without starting it and without importing heavy packages twice."""
        ...

    def __init__(self, *, threads: int = 0) -> None:
        """Start it.

        Args:
            threads: how many threads it may use; 0 for its own choice.

        Raises:
            EngineError: if it cannot start; the message says what to type.
        """

    def read(self, pixels: Pixels) -> list[RawLine]:
        """Return every line it finds, the doubtful ones too.

        Args:
            pixels: (height, width, 3) uint8, RGB.

        Raises:
            EngineError: if the engine fails on this picture.
        """
        ...


@runtime_checkable
class SpottingEngine(OcrEngine, Protocol):
    """An engine whose two halves can be asked for apart: where text stands, and what a cut-out line says.

    Finding is what costs; a line that was read badly is cheaper to cut out and read another way than to
    find again.
    """

    def find(self, pixels: Pixels) -> list[Spot]:
        """Return every place where text seems to stand, the doubtful ones too.

        Args:
            pixels: (height, width, 3) uint8, RGB; searched at the size that it has.
        """
        ...

    def recognise(self, crops: Sequence[Pixels]) -> list[RawText]:
        """Return what each cut-out line says, in the same order; an empty text for nothing.

        Args:
            crops: (height, width, 3) uint8, RGB, each one line from left to right.
        """
        ...

    def models(self) -> dict[str, str]:
        """Return the short SHA-256 of each model file in use, by name."""
        ...


@runtime_checkable
class ScriptEngine(OcrEngine, Protocol):
    """An engine that reads cut-out lines in scripts that the caller names."""

    def recognise_script(self, crops: Sequence[Pixels], script: str) -> list[tuple[RawText, ...]]:
        """Return what each cut-out line says if it stands in this script (ISO 15924), in the same order.

        An engine that prepares a line in several ways returns all of its readings, the surest first.
        """
        ...
