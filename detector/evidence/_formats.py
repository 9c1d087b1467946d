"""How the letters of displays are formed: counters, shares, timers, prompts, stamps - whatever they say.

Displays of games and of cameras are told apart by what they count more than by their words: a game shows
"24/120", "+50", "LAP 2/3" and "[E]", a camera "12:30:44", "25.3 °C" and "person 0.87". Pure: a line's text in,
names of formats out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

FORMATS: Mapping[str, re.Pattern[str]] = {
    name: re.compile(pattern)
    for name, pattern in {
        # What only counts: ammunition, health, score, speed.
        "short_number": r"^\W*\d{1,4}\W*$",
        "ratio": r"^\W*\d{1,4} ?[/|] ?\d{1,4}\W*$",
        "percent": r"\d ?%",
        "change": r"^\W*[+-] ?\d+",
        "metres": r"^\W*\d+ ?m\W*$",
        "times": r"\bx ?\d|\d ?x\b",
        "decimal": r"\d+\.\d+",
        # When: a race's timer, a camera's clock and date.
        "timer": r"^\W*\d{1,2}[:.]\d\d([:.]\d{1,3})?\W*$",
        "clock": r"\d{1,2}:\d\d:\d\d",
        "year": r"(19|20)\d\d",
        # Prompts for keys, and how words are set.
        "one_letter": r"^\W*[A-Z0-9]\W*$",
        "key": r"[\[(<]\w{1,5}[\])>]",
        "bracket": r"[\[\]<>]",
        "capitals": r"^[A-Z][A-Z '\-]{2,}$",
        "title": r"^([A-Z][a-z]+ ?){1,3}$",
        "sentence": r"^[A-Z].* .* .* ",
        "named_value": r"^\w[\w ]{1,14}: ?\S+",
        # Words that stand on most displays of a kind, in whatever game or camera.
        "degree_sign": r"[°℃]",
        "frame_rate": r"(?i)fps",
        "game_words": (
            r"(?i)score|points|pts|kills?|level|lvl|\bxp\b|\bhp\b|ammo|health|press|mission|objective|quest|reload|wave"
            r"|round|lap|gold|coins?"
        ),
        "camera_words": r"(?i)\bcam|rec\b|live|temp|frame|person|car\b|conf",
    }.items()
}


def formats_of(text: str) -> list[str]:
    """Return the names of the formats that a line has."""
    # The longest format needs 40 letters; a line of thousands is no part of a display.
    short = text.strip()[:200]
    return [name for name, pattern in FORMATS.items() if pattern.search(short)]
