"""One output format a file; each module defines a class ``Format`` (see ``OutputFormat``).

A format is a context manager that gets the reports one by one, in order, and holds none of them back
longer than it must. Everything that a report holds was read from a picture and is hostile.
"""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import ClassVar, Protocol, Self

from detector.types import Report


class OutputFormat(Protocol):
    """What every format does.

    Attributes:
        file_name: name of the file it writes in the output folder.
    """

    file_name: ClassVar[str]

    def __init__(self, folder: Path) -> None:
        """Prepare to write ``folder / file_name``; the folder exists."""

    def __enter__(self) -> Self: ...

    def write(self, report: Report, *, annotated: str | None = None, thumbnail: str | None = None) -> None:
        """Add one report.

        Args:
            report: the report.
            annotated: path of its annotated picture, relative to the folder, if one was drawn.
            thumbnail: a data URI of a small picture, if there is one.
        """
        ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Finish the file; it appears under its final name only now, and only if nothing was raised."""
        ...
