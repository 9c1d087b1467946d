"""Patterns: regular expressions for texts with structure, such as counters and kill feeds."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

import regex

from detector.types import Signature

TIMEOUT_S = 0.25
LONGEST_LINE = 1000
_FEW = 3
_DIGIT = regex.compile(r"\d")
_DIGITS = regex.compile(r"\[(?:\d(?:-\d)?|\\d)+\]")


@dataclass(frozen=True, slots=True)
class PatternHit:
    """A pattern that was found in a line: which signature, which pattern, which line, which part of it."""

    signature: Signature
    pattern: str
    line: int
    start: int
    stop: int
    text: str


def compile_pattern(pattern: str) -> regex.Pattern[str]:
    """Return a signature's pattern, compiled as the matcher uses it: upper and lower case are alike."""
    return regex.compile(pattern, regex.IGNORECASE | regex.MULTILINE | regex.V0)


def required_text(pattern: str) -> tuple[str, ...]:
    """Return texts of which one has to stand in a line, in lower case, before a pattern can match; () if unknown.

    Only what is certain: literal letters outside of brackets and of anything optional, or a group of
    alternatives that all have some. Searching a text for a literal is far cheaper than running the pattern.
    """
    best: tuple[str, ...] = ()
    run = ""
    place = 0
    while place < len(pattern):
        character = pattern[place]
        options: tuple[str, ...] = ()
        if character == "|":
            return ()
        if character == "(":
            place, parts = _alternatives(pattern, place)
            needed = [required_text(part) for part in parts]
            options = tuple(text for texts in needed for text in texts) if all(needed) else ()
        elif character == "[":
            place = _class_end(pattern, place)
        elif character == "\\":
            place += 2
            if place <= len(pattern) and pattern[place - 1] in "pPNx{uU":
                return ()
        else:
            place += 1
        optional = _optional(pattern, place)
        repeated = place < len(pattern) and pattern[place] in "+{"
        literal = (character.isalpha() and len(character.lower()) == 1) or character in " &"
        if literal and not optional:
            run += character.lower()
        if not literal or optional or repeated:
            best = _better(best, (run,))
            run = ""
        if options and not optional:
            best = _better(best, options)
        while place < len(pattern) and pattern[place] in "?*+":
            place += 1
        if place < len(pattern) and pattern[place] == "{":
            place = pattern.find("}", place) + 1 or len(pattern)
    return _better(best, (run,))


def _better(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    other = tuple(text.strip() for text in other)
    if min(map(len, other), default=0) < 2:
        return one
    return other if not one or (min(map(len, other)), -len(other)) > (min(map(len, one)), -len(one)) else one


def _class_end(pattern: str, place: int) -> int:
    place += 1
    if pattern[place : place + 1] == "^":
        place += 1
    if pattern[place : place + 1] == "]":
        place += 1
    while place < len(pattern) and pattern[place] != "]":
        place += 2 if pattern[place] == "\\" else 1
    return place + 1


def needs_digit(pattern: str) -> bool:
    """Return whether a line certainly needs a digit for a pattern to match."""
    place = 0
    needed = False
    while place < len(pattern):
        character = pattern[place]
        digit = character.isdigit()
        if character == "|":
            return False
        if character == "(":
            place, parts = _alternatives(pattern, place)
            digit = bool(parts) and all(map(needs_digit, parts))
        elif character == "[":
            end = _class_end(pattern, place)
            digit = _DIGITS.fullmatch(pattern, place, end) is not None
            place = end
        elif character == "\\":
            digit = pattern[place + 1 : place + 2] == "d"
            if pattern[place + 1 : place + 2] in tuple("pPNxuU"):
                return False
            place += 2
        else:
            place += 1
        needed = needed or (digit and not _optional(pattern, place))
        if place < len(pattern) and pattern[place] == "{":
            place = pattern.find("}", place) + 1 or len(pattern)
    return needed


def _optional(pattern: str, place: int) -> bool:
    """Return whether what stands before a place may be missing."""
    return place < len(pattern) and (pattern[place] in "?*" or pattern[place : place + 2] in ("{0", "{,"))


def _alternatives(pattern: str, place: int) -> tuple[int, list[str]]:
    """Return the place after a group and its alternatives; none if it consumes nothing, as a look-around."""
    start = place + 1
    positive = not pattern.startswith("?", start)
    for opening in ("?:", "?-i:", "?i:"):
        if pattern.startswith(opening, start):
            start, positive = start + len(opening), True
    depth, place = 1, start
    cuts = [start]
    while place < len(pattern) and depth:
        character = pattern[place]
        if character == "\\":
            place += 2
            continue
        if character == "[":
            place = _class_end(pattern, place)
            continue
        depth += (character == "(") - (character == ")")
        if character == "|" and depth == 1:
            cuts.append(place + 1)
        place += 1
    ends = [*(cut - 1 for cut in cuts[1:]), place - 1]
    return place, [pattern[begin:end] for begin, end in zip(cuts, ends, strict=True)] if positive else []


class Patterns:
    """All patterns of all signatures, compiled when they are first needed."""

    def __init__(self, signatures: Iterable[Signature]) -> None:
        self._sources = [(signature, pattern) for signature in signatures for pattern in signature.patterns]
        self._required = [required_text(pattern) for _, pattern in self._sources]
        self._digit = [needs_digit(pattern) for _, pattern in self._sources]
        self._needing: dict[str, list[int]] = defaultdict(list)
        for number, texts in enumerate(self._required):
            for text in texts:
                self._needing[text].append(number)
        self._anywhere = [number for number, texts in enumerate(self._required) if not texts]
        self._compiled: dict[str, regex.Pattern[str]] = {}

    def find(self, lines: Sequence[str]) -> list[PatternHit]:
        """Return the first hit of each pattern in each line.

        A pattern runs only over lines that have what it certainly needs. One that takes too long on hostile text
        is passed over.

        Args:
            lines: as ``normal_line`` gives them.
        """
        cut = [line[:LONGEST_LINE] for line in lines]
        lowered = [line.lower() for line in cut]
        joined = "\n".join(lowered)
        begins = [0, *accumulate(len(line) + 1 for line in lowered)]
        everywhere = list(range(len(cut)))
        digits = [number for number in everywhere if _DIGIT.search(cut[number])]
        numbered = set(digits)
        triples = {joined[place : place + 3] for place in range(len(joined) - 2)}
        wanted: dict[int, set[int]] = defaultdict(set)
        for text, numbers in self._needing.items():
            if (len(text) < 3 or text[:3] in triples) and text in joined:
                having = _lines_with(text, joined, begins)
                for number in numbers:
                    wanted[number] |= having & numbered if self._digit[number] else having
        where_of = {number: sorted(found) for number, found in wanted.items() if found}
        where_of.update((number, digits if self._digit[number] else everywhere) for number in self._anywhere)
        together: dict[tuple[int, ...], str] = {}
        hits: list[PatternHit] = []
        for index, where in sorted(where_of.items()):
            if not where:
                continue
            signature, source = self._sources[index]
            pattern = self._compiled.get(source)
            if pattern is None:
                pattern = self._compiled[source] = compile_pattern(source)
            try:
                # Nearly always nothing is found: one search over many lines is cheaper than many. NUL keeps a
                # pattern's \s* or look-around from reaching into the next line.
                if len(where) > _FEW:
                    key = tuple(where)
                    if key not in together:
                        together[key] = "\n\0\n".join(cut[number] for number in where)
                    if pattern.search(together[key], timeout=TIMEOUT_S) is None:
                        continue
                for number in where:
                    found = pattern.search(cut[number], timeout=TIMEOUT_S)
                    if found is not None and found.end() > found.start():
                        hits.append(PatternHit(signature, source, number, found.start(), found.end(), found.group()))
            except TimeoutError:
                continue
        return hits


def _lines_with(text: str, joined: str, begins: list[int]) -> set[int]:
    """Return the numbers of the lines that have a text."""
    found: set[int] = set()
    place = joined.find(text)
    while place >= 0:
        number = bisect_right(begins, place) - 1
        found.add(number)
        place = joined.find(text, begins[number + 1])
    return found
