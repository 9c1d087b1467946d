"""How far a scan is."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass


class Interrupted(KeyboardInterrupt):
    """Ctrl-C, after what was in flight was finished; the message says how to go on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a scan is.

    Attributes:
        done: pictures with a row, error rows too.
        total: pictures to scan.
        flagged: rows labelled ``suspect`` or ``strong``.
        failed: error rows.
        rate: pictures a second, over the last half minute.
        seconds_left: at this rate; None as long as nobody can say.
    """

    done: int
    total: int
    flagged: int
    failed: int
    rate: float
    seconds_left: float | None


class Meter:
    """Counts rows and tells ``on_progress`` about each.

    The rate is taken over the last half minute and not over the whole run, because a resumed run starts with
    rows that cost nothing.
    """

    WINDOW_S = 30.0

    def __init__(self, total: int, on_progress: Callable[[Progress], None] | None) -> None:
        self._total = total
        self._tell = on_progress
        self._done = self._flagged = self._failed = 0
        self._times: deque[float] = deque([time.monotonic()])

    def count(self, label: str | None) -> None:
        """Count one row: its label, or None for an error row."""
        self._done += 1
        self._flagged += label in ("suspect", "strong")
        self._failed += label is None
        now = time.monotonic()
        self._times.append(now)
        while len(self._times) > 2 and (now - self._times[0] > self.WINDOW_S or len(self._times) > 5000):
            self._times.popleft()
        if self._tell is None:
            return
        span = now - self._times[0]
        rate = (len(self._times) - 1) / span if span > 0 else 0.0
        self._tell(
            Progress(
                done=self._done,
                total=self._total,
                flagged=self._flagged,
                failed=self._failed,
                rate=rate,
                seconds_left=(self._total - self._done) / rate if rate > 0 else None,
            )
        )
