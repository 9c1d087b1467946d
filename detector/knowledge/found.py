"""What was found: the parts of phrases in lines, where they stand, and what they are worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from detector.knowledge.folding import normal_line
from detector.knowledge.lines import RIGHT_TO_LEFT, Place, Variant, follows_below, follows_beside
from detector.knowledge.patterns import PatternHit
from detector.knowledge.phrases import Phrase
from detector.knowledge.sides import Alignment
from detector.types import Signature

BORDER_WEIGHT = 4.0  # a line at the border is the likelier place of a cut phrase
PLACED_BITS, ELSEWHERE_BITS = 1.0, -2.0
LEAST_WHOLE = 0.5  # bits of a whole word read without an error: it is there, however little that says


FEW_LETTERS, FEW_BITS = 10, 5.5
"""A part of so few letters counts at most so much: nearly all chance finds are one word, or two that no text at hand
held side by side. By itself it is a trace, below a finding (docs/matching.md)."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A part of a phrase in one line."""

    variant: Variant
    alignment: Alignment
    lost: float = 0.0

    @property
    def score(self) -> float:
        """Bits, less those for choosing among the line's readings and for ordinary words."""
        return self.alignment.score + self.variant.cost + self.lost


@dataclass(frozen=True, slots=True)
class Found:
    """A phrase or pattern that was found.

    Attributes:
        raw: its score before calibration.
        e_value: how many such finds one genuine picture is expected to hold.
        bits: what it is worth: -log2 of that, less what a phrase seldom does, such as losing most of its letters.
        The others are those of ``Match``.
    """

    signature: Signature
    text: str
    language: str
    script: str
    raw: float
    bits: float
    e_value: float
    quote: str
    lines: tuple[int, ...]
    share: float
    cut: tuple[str, ...]
    placed: bool
    alignment: tuple[tuple[str, str], ...]


def found_phrase(
    phrase: Phrase,
    chain: Sequence[Hit],
    spots: Sequence[Place],
    raw: float,
    bits: float,
    placed: bool,
    expected: float | None = None,
) -> Found:
    """Return a phrase found in the lines of a chain of hits; with ``expected``, its E-value, it may lack letters.

    A phrase that was cropped keeps any number of its letters with equal chance: that few are left is a reason
    against it, and is charged.
    """
    letters = sum(hit.alignment.text[1] - hit.alignment.text[0] for hit in chain)
    matched = np.zeros(phrase.size, bool)
    pairs: list[tuple[str, str]] = []
    quotes = []
    cut: dict[str, None] = {}
    for hit in chain:
        folded, alignment = hit.variant.folded, hit.alignment
        quotes.append(folded.quote(*alignment.text))
        spot = spots[hit.variant.line]
        begin, end = alignment.phrase
        if begin > 0 and alignment.text[0] == 0 and spot.begin:
            cut[spot.begin] = None
        if end < phrase.size and alignment.text[1] == len(folded.letters) and spot.end:
            cut[spot.end] = None
        if (begin > 0 or end < phrase.size) and spot.beside:
            cut[spot.beside] = None
        for first, stop, at, after in alignment.steps:
            if after > at:
                matched[first:stop] = True
            pairs.append((phrase.folded.quote(first, stop), folded.quote(at, after)))
    if expected is not None:
        bits += float(np.log2(matched.mean()))
        if phrase.script == "Latn" and letters <= FEW_LETTERS:
            bits = min(bits, FEW_BITS)
    return Found(
        signature=phrase.signature, text=phrase.text, language=phrase.language, script=phrase.script, raw=raw,
        bits=bits,
        e_value=2.0**-bits if expected is None else expected,
        quote=" / ".join(quotes), lines=tuple(hit.variant.line for hit in chain),
        share=float(matched.mean()), cut=tuple(cut), placed=placed, alignment=tuple(pairs),
    )  # fmt: skip


def next_line(upper: Place, lower: Place, script: str) -> bool:
    """Return whether a text may go on from one place in the other."""
    return follows_below(upper, lower) or follows_beside(upper, lower, leftwards=script in RIGHT_TO_LEFT)


def line_weights(variants: Sequence[Variant], spots: Sequence[Place]) -> dict[int, float]:
    """Return log2 of each line's share of the places that were searched."""
    weights = {
        variant.line: BORDER_WEIGHT if (spots[variant.line].begin or spots[variant.line].end) else 1.0
        for variant in variants
    }
    whole = sum(weights.values())
    return {line: float(np.log2(weight / whole)) for line, weight in weights.items()}


def place_bits(signature: Signature, spots: Sequence[Place]) -> tuple[bool, float]:
    """Return whether one of these places is usual for a signature, and what that is worth."""
    if not signature.where:
        return True, 0.0
    placed = any(spot.zones.intersection(signature.where) for spot in spots)
    return placed, PLACED_BITS if placed else ELSEWHERE_BITS


def pattern_bits(hit: PatternHit, variant: Variant | None) -> float:
    """Return how surprising the letters of a structured text are; its digits may be any and count one bit each."""
    if variant is None:
        return LEAST_WHOLE
    mean = {letter: float(bits) for letter, bits in zip(variant.folded.letters, variant.side.bits, strict=True)}
    letters = [character for character in normal_line(hit.text).casefold() if character.isalnum()]
    digits = sum(character.isdigit() for character in letters)
    rest = sum(mean.get(letter, 3.0) for letter in letters if not letter.isdigit())
    return rest + min(digits, 6) + 2.0 - float(np.log2(variant.words))
