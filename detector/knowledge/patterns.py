"""Patterns: regular expressions for texts with structure, such as counters and kill feeds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import regex

from detector.knowledge.schema import compile_pattern
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


class Patterns:
    """All patterns of all signatures, compiled when they are first needed."""

    def __init__(self, signatures: Iterable[Signature]) -> None:
        self._sources = [(signature, pattern) for signature in signatures for pattern in signature.patterns]
        self._compiled: list[regex.Pattern[str]] | None = None

    def find(self, lines: Sequence[str]) -> list[PatternHit]:
        """Return the first hit of each pattern in each line.

        Each pattern runs once over all lines joined; only where it hits, over each line by itself. A pattern
        that takes too long on hostile text is passed over.

        Args:
            lines: as ``normal_line`` gives them.
        """
        if self._compiled is None:
            self._compiled = [compile_pattern(pattern) for _, pattern in self._sources]
        cut = [line[:LONGEST_LINE] for line in lines]
        # NUL keeps a pattern's \s* or look-around from reaching into the next line.
        joined = "\n\0\n".join(cut)
        hits: list[PatternHit] = []
        for (signature, source), pattern in zip(self._sources, self._compiled, strict=True):
            try:
                if pattern.search(joined, timeout=TIMEOUT_S) is None:
                    continue
                for number, line in enumerate(cut):
                    found = pattern.search(line, timeout=TIMEOUT_S)
                    if found is not None and found.end() > found.start():
                        hits.append(PatternHit(signature, source, number, *found.span(), found.group()))
            except TimeoutError:
                continue
        return hits
