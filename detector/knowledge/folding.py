"""Folds text to the letters that count, and remembers where each one stood in the text as it was read.

Upper and lower case, full width, accents, invisible characters and look-alikes from another alphabet are
ways to write the same letters. Blanks and punctuation are no letters; they only say where words begin.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

# Letters of another alphabet that look like a Latin one (UTS 39 has the long list; these are the ones that
# keyboards produce). Case matters before folding: В looks like B, в does not look like b.
_CYRILLIC_TO_LATIN = dict(
    zip("АВЕКМНОРСТУХІЈЅҮԀԚԜаеорсухіјѕԁһӏѵԛԝүк", "ABEKMHOPCTYXIJSYDQWaeopcyxijsdhlvqwyk", strict=True)
)
_GREEK_TO_LATIN = dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧϹαικνορτυχγω", "ABEZHIKMNOPTYXCaikvoptuxyw", strict=True))
_LATIN_TO_CYRILLIC = dict(zip("ABEKMHOPCTYXIJSaeopcyxijsk", "АВЕКМНОРСТУХІЈЅаеорсухіјѕк", strict=True))
_LATIN_TO_GREEK = dict(zip("ABEZHIKMNOPTYXaikvopuxyw", "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧαικνορυχγω", strict=True))
_TO_LATIN = {"Cyrl": _CYRILLIC_TO_LATIN, "Grek": _GREEK_TO_LATIN}
_FROM_LATIN = {"Cyrl": _LATIN_TO_CYRILLIC, "Grek": _LATIN_TO_GREEK}

_RANGES: tuple[tuple[int, int, str], ...] = (
    (0x41, 0x24F, "Latn"), (0x370, 0x3FF, "Grek"), (0x400, 0x52F, "Cyrl"), (0x590, 0x5FF, "Hebr"),
    (0x600, 0x77F, "Arab"), (0x8A0, 0x8FF, "Arab"), (0x900, 0x97F, "Deva"), (0x980, 0x9FF, "Beng"),
    (0xB80, 0xBFF, "Taml"), (0xE00, 0xE7F, "Thai"), (0x1100, 0x11FF, "Hang"), (0x1C80, 0x1C8F, "Cyrl"),
    (0x1D00, 0x1DBF, "Latn"), (0x1E00, 0x1EFF, "Latn"), (0x1F00, 0x1FFF, "Grek"), (0x2E80, 0x2FFF, "Hani"),
    (0x3005, 0x3007, "Hani"), (0x3040, 0x312F, "Hani"), (0x31F0, 0x31FF, "Hani"), (0x3400, 0x9FFF, "Hani"),
    (0xA640, 0xA69F, "Cyrl"), (0xAC00, 0xD7AF, "Hang"), (0xF900, 0xFAFF, "Hani"), (0xFB50, 0xFDFF, "Arab"),
    (0xFE70, 0xFEFF, "Arab"), (0x20000, 0x3FFFF, "Hani"),
)  # fmt: skip
_ACCENTS_FALL = frozenset({"Latn", "Grek", "Cyrl", "Arab", "Hebr", "Zyyy"})
# In these a mark above or below is the vowel: part of the letters, unlike an accent.
_MARKS_STAY = frozenset({"Deva", "Beng", "Taml", "Thai"})
_PLAIN = str.maketrans("ıłøđðħŧœæəىةکیٱ", "ilodddtoaeيهكيا")
_IN_WORD = {"|": "l", "!": "i", "¡": "i", "$": "s", "@": "a", "€": "e", "£": "e", "¦": "l"}
_SKELETON = str.maketrans("1lj052869vу", "iiiosbzbguy")
SPACELESS = frozenset({"Hani", "Thai"})
"""Scripts that write no blanks between words."""


@lru_cache(maxsize=65536)
def script_of(character: str) -> str:
    """Return the ISO 15924 code of a letter's script; Han, kana and bopomofo are one; ``Zyyy`` for none."""
    code = ord(character)
    if 0x30 <= code <= 0x39 or not (character.isalpha() or unicodedata.category(character)[0] == "M"):
        return "Zyyy"
    for low, high, script in _RANGES:
        if low <= code <= high:
            return script
    return "Zzzz"


@dataclass(frozen=True, slots=True)
class Folded:
    """The letters of a text.

    Attributes:
        letters: lower-case letters and digits, one code point each.
        index: for each letter the position in the text of the character that it came from.
        starts: for each letter whether a word begins with it.
        text: the text as it was.
    """

    letters: str
    index: tuple[int, ...]
    starts: tuple[bool, ...]
    text: str

    def quote(self, start: int, stop: int) -> str:
        """Return the part of the text that the letters ``start`` to ``stop`` came from, as it was read."""
        if stop <= start:
            return ""
        return self.text[self.index[start] : self.index[stop - 1] + 1]


@lru_cache(maxsize=65536)
def _spell(character: str) -> str:
    """Return the folded letters of one character; empty for one that is no letter."""
    result = []
    for wide in unicodedata.normalize("NFKC", character).casefold():
        script = script_of(wide)
        parts = unicodedata.normalize("NFD", wide) if script in _ACCENTS_FALL else wide
        for part in parts:
            category = unicodedata.category(part)
            if category[0] == "M" and script_of(part) not in _MARKS_STAY:
                continue
            if category[0] in "LMN" and part != "ـ":
                result.append(part)
    folded = unicodedata.normalize("NFC", "".join(result)) if result else ""
    return "".join(_decimal(part) for part in folded.translate(_PLAIN))


@lru_cache(maxsize=65536)
def _counts_as(character: str) -> str | None:
    """Return the folded letters of a character, empty for one that separates, None for one that does neither."""
    if unicodedata.category(character) in ("Cf", "Mn", "Me", "Mc") and script_of(character) not in _MARKS_STAY:
        return None
    return _spell(character)


def _decimal(character: str) -> str:
    value = unicodedata.decimal(character, None)
    return character if value is None else str(value)


def fold(text: str) -> Folded:
    """Return the letters of a text, each word in the alphabet that it was most likely meant in."""
    return _fold(text, _words_as_meant(text, None))


def foldings(text: str) -> tuple[Folded, ...]:
    """Return the ways to take a text: a word of nothing but look-alikes may be meant in either alphabet."""
    first = fold(text)
    if text.isascii() or not {"Cyrl", "Grek"}.intersection(map(script_of, text)):
        return (first,)
    result = {first.letters: first}
    for script in ("Latn", "Cyrl"):
        other = _fold(text, _words_as_meant(text, script))
        result.setdefault(other.letters, other)
    return tuple(result.values())


def _fold(text: str, meant: Iterable[str]) -> Folded:
    letters: list[str] = []
    index: list[int] = []
    starts: list[bool] = []
    boundary = True
    for position, character in enumerate(meant):
        spelled = _counts_as(character)
        if spelled is None:
            continue  # invisible characters and free-standing accents neither count nor separate
        if not spelled:
            boundary = True
        for letter in spelled:
            letters.append(letter)
            index.append(position)
            starts.append(boundary)
            boundary = False
    return Folded("".join(letters), tuple(index), tuple(starts), text)


def normal_line(text: str) -> str:
    """Return a line as patterns see it: NFKC, look-alikes resolved, nothing invisible, single blanks."""
    if not text.isascii():
        visible = "".join(character for character in text if unicodedata.category(character) != "Cf")
        text = unicodedata.normalize("NFKC", "".join(_words_as_meant(visible, None, symbols=False)))
    return " ".join(text.split())


def _words_as_meant(text: str, prefer: str | None, symbols: bool = True) -> list[str]:
    """Return the characters of a text, look-alikes replaced word by word; as many as the text has."""
    characters = list(text)
    if text.isascii():
        if symbols:
            _symbols_in_words(characters)
        return characters
    strong = [_strong_script(character) for character in characters]
    line = {script for script in strong if script}
    position = 0
    while position < len(characters):
        if not characters[position].isalnum():
            position += 1
            continue
        stop = position
        while stop < len(characters) and (
            characters[stop].isalnum() or unicodedata.category(characters[stop]) in ("Cf", "Mn")
        ):
            stop += 1
        target = _target(text[position:stop], {strong[place] for place in range(position, stop)} - {""}, line, prefer)
        for place in range(position, stop):
            characters[place] = target.get(characters[place], characters[place])
        position = stop
    if symbols:
        _symbols_in_words(characters)
    return characters


def _target(word: str, inside: set[str], line: set[str], prefer: str | None) -> dict[str, str]:
    """Return what the letters of a word become: nothing, unless it mixes alphabets or could be of either.

    Args:
        word: the word.
        inside: scripts of its letters that have no look-alike.
        line: the same for the whole line.
        prefer: script for a word of nothing but look-alikes; None for the one that it is written in, or the
            only one of the line.
    """
    scripts = {script_of(character) for character in word} & {"Latn", "Cyrl", "Grek"}
    for script in ("Cyrl", "Grek"):
        if script in scripts:
            if "Latn" in inside and script not in inside:
                return _TO_LATIN[script]
            if script in inside:
                return _FROM_LATIN[script] if "Latn" in scripts and "Latn" not in inside else {}
            if not inside and (prefer == "Latn" or ("Latn" in line and script not in line)):
                return _TO_LATIN[script]
            if not inside and "Latn" in scripts:
                return _FROM_LATIN[script] if script in line else _TO_LATIN[script]
        elif scripts == {"Latn"} and not inside and prefer == script and script in line:
            return _FROM_LATIN[script]
    return {}


@lru_cache(maxsize=65536)
def _strong_script(character: str) -> str:
    """Return the script of a letter that has no look-alike in the others; empty for one that has."""
    if not character.isalpha():
        return ""
    plain = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", character))[0]
    script = script_of(plain)
    if script in _TO_LATIN:
        return "" if plain in _TO_LATIN[script] else script
    if script == "Latn":
        return "" if plain in _LATIN_TO_CYRILLIC or plain in _LATIN_TO_GREEK else "Latn"
    return script


def _symbols_in_words(characters: list[str]) -> None:
    """Replace symbols that an engine reads for a letter inside a word, such as ``|`` for l."""
    if _IN_WORD.keys().isdisjoint(characters):
        return
    for place, character in enumerate(characters):
        letter = _IN_WORD.get(character)
        if letter is None:
            continue
        before = place > 0 and characters[place - 1].isalpha()
        after = place + 1 < len(characters) and characters[place + 1].isalpha()
        if (before and after) or (character in "|¦" and (before or after)):
            characters[place] = letter


def main_script(letters: str) -> str:
    """Return the script of most letters; ``Zyyy`` if there are only digits."""
    if letters.isascii():
        return "Latn" if any(map(str.isalpha, letters)) else "Zyyy"
    counts: dict[str, int] = {}
    for letter in letters:
        script = script_of(letter)
        if script != "Zyyy":
            counts[script] = counts.get(script, 0) + 1
    return max(sorted(counts), key=lambda name: counts[name]) if counts else "Zyyy"


@lru_cache(maxsize=65536)
def skeleton(letters: str) -> str:
    """Return letters with those that are read for one another made one, so that an index still finds them."""
    bones = letters.translate(_SKELETON)
    return bones.replace("rn", "m").replace("uu", "w").replace("ci", "d").replace("nn", "m")
