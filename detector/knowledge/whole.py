"""Finds phrases that count only as a whole: single words and short wordings, between word boundaries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
from rapidfuzz.fuzz import partial_ratio
from rapidfuzz.process import cpdist

from detector.knowledge.alignment import align_equal, align_many
from detector.knowledge.costs import Costs
from detector.knowledge.folding import skeleton
from detector.knowledge.found import LEAST_WHOLE, Found, Hit, found_phrase, place_bits
from detector.knowledge.lines import Place, Variant
from detector.knowledge.ordinary import LETTERS_AN_ERROR, Pairs, discount, read_in_whole, word_spans
from detector.knowledge.phrases import Index, Phrase
from detector.knowledge.sides import Alignment

MOST_CANDIDATES = 40  # phrases that may be misread in one reading of a line
LEAST_SHARED = 10.0  # worth of the triples that they have to share
WHOLE_SHARED = 0.25  # part of its triples' worth that a line has to share with a phrase
LEAST_RATIO = 88.0  # likeness, 0 to 100, of a phrase with a part of the line, before it is aligned
MOST_WORDS = 6
NO_PAIRS = Pairs(())


class WholePhrases:
    """The phrases that count only as a whole, ready to be found."""

    def __init__(self, phrases: Sequence[Phrase], long: Sequence[Phrase], costs: Costs) -> None:
        """Take all phrases of a matcher, and those that are long enough to be misread."""
        self._phrases = phrases
        self._costs = costs
        self._words: dict[str, list[Phrase]] = defaultdict(list)
        for phrase in phrases:
            if phrase.whole:
                self._words[_word_key(phrase.folded.letters, phrase.folded.starts)].append(phrase)
        self._longest_key = max(map(len, self._words), default=0)
        self._key_heads = {key[:3] for key in self._words}
        # Only long words may have a letter wrong where the whole phrase has to be there; the others are looked up.
        self._misread = [
            phrase
            for phrase in long
            if max(end - begin for begin, end in word_spans(phrase.folded)) >= LETTERS_AN_ERROR
        ]
        self._misread_index = Index(self._misread)

    def find(self, variants: Sequence[Variant], spots: Sequence[Place]) -> list[Found]:
        """Return phrases that count only as a whole, between word boundaries."""
        if not self._words:
            return []
        wanted: dict[tuple[int, int], int | None] = {}
        for row, variant in enumerate(variants):
            for key, begin in _word_keys(variant, self._longest_key, self._key_heads).items():
                for phrase in self._words.get(key, ()):
                    wanted[row, phrase.number] = begin
        bones = [skeleton(variant.folded.letters) for variant in variants]
        pairs = [
            (row, self._misread[number])
            for row, number in self._misread_index.candidates(
                [variant.folded.letters for variant in variants], MOST_CANDIDATES, LEAST_SHARED, WHOLE_SHARED
            )
        ]
        pairs = [(row, phrase) for row, phrase in pairs if (row, phrase.number) not in wanted]
        if pairs:
            ratios = cpdist(
                [phrase.bones for _, phrase in pairs],
                [bones[row] for row, _ in pairs],
                scorer=partial_ratio,
                score_cutoff=LEAST_RATIO,
            )
            likely = np.flatnonzero(ratios).tolist()
            wanted.update({(pairs[place][0], pairs[place][1].number): None for place in likely})
        lines = float(np.log2(max(len({variant.line for variant in variants}), 1)))
        result = []
        for row, number, alignment in self._aligned(wanted, variants):
            phrase, variant = self._phrases[number], variants[row]
            if not _same_words(phrase, variant, alignment):
                if not self._stands_alone(phrase, variant, alignment):
                    continue
                if discount(phrase, variant, alignment, NO_PAIRS)[1]:
                    continue
            placed, bits = place_bits(phrase.signature, [spots[variant.line]])
            raw = alignment.score + variant.cost + 2 - lines + bits
            honest = max(raw, LEAST_WHOLE) if alignment.errors == 0 else raw
            result.append(found_phrase(phrase, [Hit(variant, alignment)], spots, raw=raw, bits=honest, placed=placed))
        return result

    def _aligned(
        self, wanted: Mapping[tuple[int, int], int | None], variants: Sequence[Variant]
    ) -> list[tuple[int, int, Alignment]]:
        """Return (reading, phrase, alignment) for each pair wanted; letter by letter where it is known to begin."""
        known: dict[tuple[int, int], Alignment | None] = {}
        unknown = []
        for (row, number), start in wanted.items():
            phrase, variant = self._phrases[number], variants[row]
            if start is None or not skeleton_equal(phrase, variant, start):
                unknown.append((row, number))
            elif self._free(phrase, variant, start, start + phrase.size):
                known[row, number] = align_equal(phrase.side, variant.side, start, self._costs)
        sides = [(self._phrases[number].side, variants[row].side) for row, number in unknown]
        known.update(zip(unknown, align_many(sides, self._costs), strict=True))
        pairs = [(row, number, known.get((row, number))) for row, number in wanted]
        return [(row, number, alignment) for row, number, alignment in pairs if alignment is not None]

    @staticmethod
    def _stands_alone(phrase: Phrase, variant: Variant, alignment: Alignment) -> bool:
        return read_in_whole(phrase, alignment, variant.folded) and WholePhrases._free(phrase, variant, *alignment.text)

    @staticmethod
    def _free(phrase: Phrase, variant: Variant, begin: int, end: int) -> bool:
        """Return whether a part of a line stands between word boundaries, or is all of it where that is wanted."""
        if phrase.signature.match == "line":
            return begin == 0 and end == len(variant.folded.letters)
        if not variant.side.spaced:
            return True
        starts = variant.folded.starts
        return starts[begin] and (end == len(starts) or starts[end])


def _same_words(phrase: Phrase, variant: Variant, alignment: Alignment) -> bool:
    """Return whether a line has the very words of a phrase there, none of them misread, joined or parted."""
    begin, end = alignment.text
    folded = variant.folded
    return (
        variant.side.spaced
        and (phrase.signature.match != "line" or (begin == 0 and end == len(folded.starts)))
        and alignment.phrase == (0, phrase.size)
        and folded.letters[begin:end] == phrase.folded.letters
        and folded.starts[begin:end] == phrase.folded.starts
        and (end == len(folded.starts) or folded.starts[end])
    )


def _word_key(letters: str, starts: Sequence[bool]) -> str:
    return "".join(skeleton(word) for word in _words(letters, starts))


def _words(letters: str, starts: Sequence[bool]) -> list[str]:
    begins = [place for place, start in enumerate(starts) if start]
    return [letters[begin:end] for begin, end in zip(begins, [*begins[1:], len(letters)], strict=True)]


def _word_keys(variant: Variant, longest: int, heads: set[str]) -> dict[str, int]:
    """Return the keys of all runs of words in a line, and the letter that each begins with.

    Args:
        variant: the line.
        longest: letters of the longest key that is wanted.
        heads: the first three letters of all keys that are wanted.
    """
    starts = [place for place, start in enumerate(variant.folded.starts) if start]
    bones = [skeleton(word) for word in _words(variant.folded.letters, variant.folded.starts)]
    keys: dict[str, int] = {}
    for first in range(len(bones)):
        key = ""
        if len(bones[first]) > 2 and bones[first][:3] not in heads:
            continue
        for word in bones[first : first + MOST_WORDS]:
            key += word
            if len(key) > longest:
                break
            keys.setdefault(key, starts[first])
    if bones:
        keys.setdefault("".join(bones), 0)
    return keys


def skeleton_equal(phrase: Phrase, variant: Variant, begin: int) -> bool:
    """Return whether a line has, letter by letter from ``begin`` on, what looks like the phrase."""
    read = variant.folded.letters[begin : begin + phrase.size]
    return read == phrase.folded.letters or (len(read) == phrase.size and skeleton(read) == phrase.bones)
