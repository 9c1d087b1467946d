"""Reads nothing: for judging what is not text, and for tests."""

from __future__ import annotations

from typing import ClassVar

from detector.reading.protocol import Availability, RawLine
from detector.types import Pixels


class Engine:
    """Reads nothing."""

    name: ClassVar[str] = "none"

    @classmethod
    def availability(cls) -> Availability:
        """Say that it can run anywhere."""
        return Availability(ready=True, version="1", reason="reads nothing")

    def __init__(self, *, threads: int = 0) -> None:
        """Start; ``threads`` changes nothing."""

    def read(self, pixels: Pixels) -> list[RawLine]:
        """Return no line."""
        return []
