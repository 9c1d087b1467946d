"""What an OCR engine does for us, and what it says about itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Protocol

from detector.types import Pixels, Quad


@dataclass(frozen=True, slots=True, kw_only=True)
class RawLine:
    """One line as an engine read it, in the pixel coordinates of the view that it was given."""

    text: str
    confidence: float
    quad: Quad
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
