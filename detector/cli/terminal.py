"""The terminal: results on standard output and nothing else there; messages and progress on standard error."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import IO

import click

from detector.errors import OutputError
from detector.wording import visible

LABEL_STYLES = {"strong": "red", "suspect": "yellow", "marked": "blue", "no-finding": "white", "error": "magenta"}


class Results:
    """The way to standard output while a command runs.

    Args:
        stream: where results go.

    Attributes:
        closed: the reader has gone (``| head -1``); what is written now is dropped.
        on_terminal: a person is looking.
    """

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self.closed = False
        self.on_terminal = stream.isatty()
        self._colour = wants_colour(stream)

    def line(self, text: str = "") -> None:
        """Write one line at once; it must not hold hostile text that did not pass ``visible``.

        Raises:
            OutputError: the disk is full, or the like.
        """
        if self.closed:
            return
        try:
            self._stream.write(f"{text}\n")
            self._stream.flush()
        except BrokenPipeError:
            self.closed = True
        except OSError as error:
            raise OutputError(f"standard output cannot be written: {error.strerror}") from error

    def style(self, text: str, **how: object) -> str:
        """Return the text in a colour, where a person is looking and did not forbid it."""
        return click.style(text, **how) if self._colour else text  # type: ignore[arg-type]


@contextmanager
def results() -> Iterator[Results]:
    """Give standard output to results alone: what libraries print meanwhile goes to standard error.

    The descriptor itself is exchanged, because engines written in C and worker processes do not know Python's
    ``sys.stdout``.
    """
    try:
        direct = sys.stdout is not None and sys.stdout.fileno() == 1 and os.fstat(2) is not None
    except (OSError, ValueError, AttributeError):
        direct = False
    out: IO[str]
    if not direct:  # inside a test or another program that exchanged sys.stdout already
        before, sys.stdout = sys.stdout, sys.stderr
        try:
            yield Results(before if before is not None else _nowhere())
        finally:
            sys.stdout = before
        return
    sys.stdout.flush()
    saved = os.dup(1)
    os.dup2(2, 1)
    # Not inherited by workers, so that a reader sees the end as soon as this process ends.
    os.set_inheritable(saved, False)
    out = os.fdopen(os.dup(saved), "w", encoding="utf-8", errors="backslashreplace", newline="\n")
    try:
        yield Results(out)
    finally:
        with suppress(OSError):
            out.close()
        sys.stdout.flush()
        os.dup2(saved, 1)
        os.close(saved)


def _nowhere() -> IO[str]:
    return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123 - lives as long as the command


def wants_colour(stream: IO[str]) -> bool:
    """Say whether a stream gets colours: a terminal does, unless NO_COLOR is set; FORCE_COLOR asks for them."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def say(message: str) -> None:
    """Write a message for people to standard error; line ends stay, everything else that steers is escaped."""
    if sys.stderr is None:
        return
    with suppress(OSError, ValueError):
        for row in message.split("\n"):
            sys.stderr.write(visible(row).encode("utf-8", "replace").decode("utf-8") + "\n")
        sys.stderr.flush()


class _Plain(logging.Formatter):
    """Log records on one line, nothing in them that steers a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        text = f"{record.levelname.lower()}: {visible(record.getMessage())}"
        return f"{text}\n{self.formatException(record.exc_info)}" if record.exc_info else text


class _ToStandardError(logging.Handler):
    """Writes to whatever standard error is now."""

    def emit(self, record: logging.LogRecord) -> None:
        with suppress(OSError, ValueError):
            sys.stderr.write(self.format(record) + "\n")


def set_up_logging(verbose: int, quiet: bool) -> None:
    """Let the package's own log through: warnings, or less with ``-q``, or more with ``-v`` and ``-vv``."""
    log = logging.getLogger("detector")
    log.setLevel(logging.ERROR if quiet else (logging.WARNING, logging.INFO, logging.DEBUG)[min(verbose, 2)])
    if not any(isinstance(handler, _ToStandardError) for handler in log.handlers):
        handler = _ToStandardError()
        handler.setFormatter(_Plain())
        log.addHandler(handler)
        log.propagate = False


@contextmanager
def progress(total: int, *, show: bool) -> Iterator[Callable[[], None]]:
    """Show a bar with rate and time left on standard error; give the function that moves it on by one."""
    if not (show and sys.stderr is not None and sys.stderr.isatty()):
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TimeRemainingColumn
    from rich.text import Text

    class Rate(ProgressColumn):
        """Pictures a second."""

        def render(self, task: Task) -> Text:
            speed = task.finished_speed or task.speed
            return Text("" if speed is None else f"{speed:.1f} pictures/s")

    columns = (BarColumn(), MofNCompleteColumn(), Rate(), TimeRemainingColumn(elapsed_when_finished=True))
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=total)
        yield lambda: bar.advance(task)
