"""JSON Lines: one report a line, exact and complete; the format for programs."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

from detector.outputs import WholeFile
from detector.types import Report


class Format(AbstractContextManager["Format"]):
    """Writes ``reports.jsonl``; the fields stand in docs/reports.md."""

    file_name: ClassVar[str] = "reports.jsonl"

    def __init__(self, folder: Path) -> None:
        self._file = WholeFile(folder / self.file_name, keep=True)

    def __enter__(self) -> Self:
        self._file.__enter__()
        return self

    def write(self, report: Report, *, annotated: str | None = None, thumbnail: str | None = None) -> None:
        """Add one line; it reaches the system whole or not at all."""
        self._file.write(report.to_json().encode("utf-8") + b"\n")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.__exit__(kind, error, trace)
