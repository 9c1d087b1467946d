"""Replays what was read before, by the picture's hash: for tests, and for pictures read elsewhere."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from detector.errors import EngineError, ObservationsError
from detector.reading.protocol import Availability, RawLine
from detector.types import Frame, Observations, Pixels, TextLine

RECORDING = "OVERLAY_DETECTOR_RECORDING"
"""Names a file of observations, one JSON object a line, or a folder of such files."""


class Engine:
    """Gives the lines that are recorded for a picture; none for a picture that is not recorded."""

    name: ClassVar[str] = "recorded"

    @classmethod
    def availability(cls) -> Availability:
        """Say whether a recording is named."""
        named = os.environ.get(RECORDING)
        if named and not Path(named).exists():
            return Availability(
                ready=False, reason=f"{named} does not exist", remedy=f"set {RECORDING} to a file of observations"
            )
        if not named:
            return Availability(
                ready=False,
                reason="no recording is named",
                remedy=f"set {RECORDING} to a file or folder of observations",
            )
        return Availability(ready=True, version="1", reason="replays what was read before")

    def __init__(self, *, threads: int = 0, lines: Mapping[str, Sequence[TextLine]] | None = None) -> None:
        """Start it.

        Args:
            threads: changes nothing.
            lines: by SHA-256 of the picture's bytes; the recording named in the environment if None.

        Raises:
            EngineError: the recording is missing or damaged.
        """
        self._lines = dict(_load()) if lines is None else {name: tuple(rows) for name, rows in lines.items()}

    def recall(self, frame: Frame) -> tuple[TextLine, ...]:
        """Return the recorded lines of a picture."""
        return tuple(self._lines.get(frame.sha256, ()))

    def read(self, pixels: Pixels) -> list[RawLine]:
        """Return no line: pixels alone have no hash; see ``recall``."""
        return []


def _load() -> Mapping[str, tuple[TextLine, ...]]:
    available = Engine.availability()
    if not available.ready:
        raise EngineError(f"OCR engine 'recorded': {available.reason}. {available.remedy.capitalize()}.")
    named = Path(os.environ[RECORDING])
    files = sorted(file for file in named.rglob("*.json*") if file.is_file()) if named.is_dir() else [named]
    lines: dict[str, tuple[TextLine, ...]] = {}
    for file in files:
        try:
            rows = [row for row in file.read_text("utf-8").splitlines() if row.strip()]
            for row in rows:
                seen = Observations.from_json(row)
                lines[seen.sha256] = seen.lines
        except (OSError, UnicodeDecodeError, ObservationsError) as error:
            raise EngineError(f"OCR engine 'recorded': {file}: {error}") from error
    return lines
