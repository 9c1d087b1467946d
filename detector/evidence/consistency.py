"""Stamps that contradict themselves: a date that no calendar has, a clock beyond midnight, a place beyond the poles.

Cameras count their days and hours themselves, so that a printed stamp that cannot be is worth a look. It may as
well be misread: such a finding has no weight in the score, it is shown so that somebody looks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date

from detector.knowledge import Knowledge
from detector.types import Evidence, Observations

LEAST_SURE = 0.9
"""How sure the engine must be of a line, and the model that it was laid over: doubt is no contradiction."""

_YEAR_FIRST = re.compile(r"(?<![\w.:/-])((?:19|20)\d\d)([-/.])(\d\d)\2(\d\d)(?![\d/-]|\.\d)")
_YEAR_LAST = re.compile(r"(?<![\w.:/-])(\d\d)([-/.])(\d\d)\2((?:19|20)\d\d)(?!\d)")
_CLOCK = re.compile(r"(?<![\d:.])(\d\d):(\d\d):(\d\d)(?![\d:])")
_LATITUDE = re.compile(r"(?<![\d.])(\d{2,3})\.\d{4,}\s?°?\s?[NS]\b|\b(?:LAT|Lat)\w*[:\s]+-?(\d{2,3})\.\d{4,}")
_LONGITUDE = re.compile(r"(?<![\d.])(\d{3})\.\d{4,}\s?°?\s?[EW]\b|\b(?:LON|Lon)\w*[:\s]+-?(\d{3})\.\d{4,}")


class Kind:
    """One finding without weight for each printed stamp that cannot be."""

    def find(self, observations: Observations, knowledge: Knowledge) -> Iterable[Evidence]:
        """Return the contradictions in lines that were surely read and surely laid over."""
        reading = observations.readings.get("overlay_lines")
        stored = reading.get("lines") if isinstance(reading, dict) else None
        over = stored if isinstance(stored, list) and len(stored) == len(observations.lines) else None
        for index, line in enumerate(observations.lines):
            laid = 1.0 if over is None else over[index]
            if line.confidence < LEAST_SURE or not isinstance(laid, int | float) or laid < LEAST_SURE:
                continue
            for quote, fault in contradictions(line.text):
                yield Evidence(
                    kind="consistency",
                    mark="consistency",
                    group="consistency",
                    title="A stamp that cannot be",
                    quote=quote,
                    bits={},
                    why=f"“{quote}” is printed over the picture: {fault}. Cameras do not print that; if it was "
                    "read rightly, somebody else did. It has no weight in the score.",
                    quads=(line.quad,),
                )


def contradictions(text: str) -> Iterator[tuple[str, str]]:
    """Yield (what is printed, what is wrong with it) for each stamp in a line that cannot be."""
    for found in _YEAR_FIRST.finditer(text):
        year, _, month, day = found.groups()
        # Some write day before month even behind the year.
        if not _exists(year, month, day) and not _exists(year, day, month):
            yield found[0], "there is no such date"
    for found in _YEAR_LAST.finditer(text):
        first, _, second, year = found.groups()
        if not _exists(year, first, second) and not _exists(year, second, first):
            yield found[0], "there is no such date"
    for found in _CLOCK.finditer(text):
        hour, minute, second = (int(part) for part in found.groups())
        # Recording times run beyond a day, and leap seconds exist.
        if minute > 59 or second > 60 or hour > 99:
            yield found[0], "no clock shows such a time"
    for pattern, most, name in ((_LATITUDE, 90, "latitude"), (_LONGITUDE, 180, "longitude")):
        for found in pattern.finditer(text):
            if int(next(part for part in found.groups() if part)) > most:
                yield found[0].strip(), f"there is no such {name}"


def _exists(year: str, month: str, day: str) -> bool:
    try:
        date(int(year), int(month), int(day))
    except ValueError:
        return False
    return True
