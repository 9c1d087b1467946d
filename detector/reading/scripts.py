"""Which script a text stands in (ISO 15924), from the names of its letters."""

from __future__ import annotations

import unicodedata
from collections import Counter
from functools import lru_cache

_BY_NAME = {
    "LATIN": "Latn",
    "FULLWIDTH": "Latn",
    "CYRILLIC": "Cyrl",
    "GREEK": "Grek",
    "ARABIC": "Arab",
    "HEBREW": "Hebr",
    "DEVANAGARI": "Deva",
    "CJK": "Hani",
    "HIRAGANA": "Hira",
    "KATAKANA": "Kana",
    "HALFWIDTH": "Kana",
    "HANGUL": "Hang",
    "THAI": "Thai",
    "ARMENIAN": "Armn",
    "GEORGIAN": "Geor",
    "BENGALI": "Beng",
    "TAMIL": "Taml",
    "TELUGU": "Telu",
}
_JAPANESE = {"Hira", "Kana"}


@lru_cache(maxsize=8192)
def letter_script(letter: str) -> str:
    """Return the script of one character; ``Zyyy`` for digits, signs and blanks, ``Zzzz`` for unknown."""
    if not unicodedata.category(letter).startswith(("L", "M")):
        return "Zyyy"
    return _BY_NAME.get(unicodedata.name(letter, "").split(" ", 1)[0], "Zzzz")


def script_of(text: str) -> str:
    """Return the script of most letters of a text: ``Latn``, ``Cyrl``, …, ``Jpan``; ``Zyyy`` for none."""
    counted = Counter(letter_script(letter) for letter in text)
    counted.pop("Zyyy", None)
    if not counted:
        return "Zyyy"
    east = counted["Hani"] + counted["Hira"] + counted["Kana"]
    first, most = max(counted.items(), key=lambda item: (item[1], item[0]))
    if east >= most:
        return "Jpan" if any(counted[name] for name in _JAPANESE) else "Hani"
    return first
