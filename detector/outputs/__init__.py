"""One output format a file; each module defines a class ``Format`` (see ``OutputFormat``).

A format is a context manager that gets the reports one by one, in order, and holds none of them back
longer than it must. Everything that a report holds was read from a picture and is hostile.
"""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType
from typing import IO, ClassVar, Protocol, Self

from detector.errors import OutputError
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


class WholeFile:
    """A file that appears under its final name only when it is complete.

    Until then it is written beside it, as ``<name>.partial``. When something is raised, the final name stays
    as it was; what was written so far stays under the partial name if ``keep`` says so.

    Args:
        path: the final name.
        keep: whether an unfinished file is of use: rows are, half a page is not.
    """

    def __init__(self, path: Path, *, keep: bool) -> None:
        self.path = path
        self.partial = path.with_name(f"{path.name}.partial")
        self.keep = keep
        self.stream: IO[bytes]

    def __enter__(self) -> Self:
        try:
            # Never through a link that stands there already: nothing is written outside the folder.
            self.partial.unlink(missing_ok=True)
            self.stream = self.partial.open("xb")
        except OSError as error:
            raise self._failed(error) from error
        return self

    def write(self, data: bytes) -> None:
        """Add bytes and hand them to the system at once, so that a killed run leaves whole rows.

        Raises:
            OutputError: the disk is full, or the like.
        """
        try:
            self.stream.write(data)
            self.stream.flush()
        except OSError as error:
            raise self._failed(error) from error

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self.stream.flush()
                os.fsync(self.stream.fileno())
            self.stream.close()
            if kind is None:
                self.partial.replace(self.path)
            elif not self.keep:
                self.partial.unlink(missing_ok=True)
        except OSError as failure:
            if kind is None:
                raise self._failed(failure) from failure

    def _failed(self, error: OSError) -> OutputError:
        return OutputError(
            f"{self.path}: cannot be written: {error.strerror or error}. "
            "Free some space or choose another folder with -o, then run again with --resume."
        )
