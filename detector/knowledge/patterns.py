"""Patterns: regular expressions for texts with structure, such as counters and kill feeds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import regex

from detector.types import Signature

TIMEOUT_S = 0.25
LONGEST_LINE = 1000


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
            place, options = _group(pattern, place)
        elif character == "[":
            place = _class_end(pattern, place)
        elif character == "\\":
            place += 2
            if place <= len(pattern) and pattern[place - 1] in "pPNx{uU":
                return ()
        else:
            place += 1
        optional = place < len(pattern) and (pattern[place] in "?*" or pattern[place : place + 2] in ("{0", "{,"))
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


def _group(pattern: str, place: int) -> tuple[int, tuple[str, ...]]:
    """Return the place after a group and what one of its alternatives requires each; () if one requires nothing."""
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
    if not positive:
        return place, ()
    ends = [*(cut - 1 for cut in cuts[1:]), place - 1]
    options: list[str] = []
    for begin, end in zip(cuts, ends, strict=True):
        needed = required_text(pattern[begin:end])
        if not needed:
            return place, ()
        options.extend(needed)
    return place, tuple(options)


class Patterns:
    """All patterns of all signatures, compiled when they are first needed."""

    def __init__(self, signatures: Iterable[Signature]) -> None:
        self._sources = [(signature, pattern) for signature in signatures for pattern in signature.patterns]
        self._required = [required_text(pattern) for _, pattern in self._sources]
        self._compiled: dict[str, regex.Pattern[str]] = {}

    def find(self, lines: Sequence[str]) -> list[PatternHit]:
        """Return the first hit of each pattern in each line.

        Each pattern runs once over all lines joined; only where it hits, over each line by itself. A pattern
        that takes too long on hostile text is passed over.

        Args:
            lines: as ``normal_line`` gives them.
        """
        cut = [line[:LONGEST_LINE] for line in lines]
        # NUL keeps a pattern's \s* or look-around from reaching into the next line.
        joined = "\n\0\n".join(cut)
        hits: list[PatternHit] = []
        lowered = joined.lower()
        for (signature, source), required in zip(self._sources, self._required, strict=True):
            if required and not any(text in lowered for text in required):
                continue
            pattern = self._compiled.get(source)
            if pattern is None:
                pattern = self._compiled[source] = compile_pattern(source)
            try:
                if pattern.search(joined, timeout=TIMEOUT_S) is None:
                    continue
                for number, line in enumerate(cut):
                    found = pattern.search(line, timeout=TIMEOUT_S)
                    if found is not None and found.end() > found.start():
                        hits.append(PatternHit(signature, source, number, found.start(), found.end(), found.group()))
            except TimeoutError:
                continue
        return hits
