"""What ordinary text says anyway: wordings that say nothing about who printed them.

Two sources: ``ordinary.txt``, and the ``no_match`` tests of a signature, in which its author states what looks
alike but means nothing. A word that follows another one as it does there counts next to nothing; so does a
word that stands alone there.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import numpy as np

from detector.knowledge.folding import Folded, fold, skeleton
from detector.knowledge.letters import letter_model
from detector.knowledge.lines import Variant
from detector.knowledge.phrases import Phrase
from detector.knowledge.sides import Alignment

FIRST_BITS = 7.0  # the first of two words that ordinary text has side by side
FOLLOWS_BITS = 1.5  # a word that ordinary text has just after the one before it
ALONE_BITS = 4.0  # a word that a no_match test consists of
OTHER_WORD = -12.0  # an ordinary word was read where the phrase has another one
PART_OF_WORD = -8.0  # an ordinary word was read of which the phrase explains a part only
LETTERS_AN_ERROR = 10  # a word that counts only as a whole may have one letter wrong in so many
OTHER_BLANKS = -6.0  # an ordinary word was read, and the phrase has no word that begins and ends there

Pairs = frozenset[tuple[str, str]]


def word_spans(folded: Folded) -> list[tuple[int, int]]:
    """Return begin and end of each word, as places in the letters."""
    begins = [place for place, start in enumerate(folded.starts) if start]
    return list(zip(begins, [*begins[1:], len(folded.letters)], strict=True))


def pairs_of(texts: Iterable[str]) -> Pairs:
    """Return the pairs of neighbouring words in these texts; a text of one word gives ("", word)."""
    pairs: set[tuple[str, str]] = set()
    for text in texts:
        for line in text.split("\n"):
            folded = fold(line)
            words = [skeleton(folded.letters[begin:end]) for begin, end in word_spans(folded)]
            if len(words) == 1:
                pairs.add(("", words[0]))
            pairs.update(pairwise(words))
    return frozenset(pairs)


@lru_cache(maxsize=1)
def ordinary_pairs() -> Pairs:
    """Return the pairs of words of the packaged list."""
    rows = (Path(__file__).parent / "ordinary.txt").read_text("utf-8").splitlines()
    return pairs_of(row for row in rows if row and not row.startswith("#"))


def discount(phrase: Phrase, variant: Variant, alignment: Alignment, own: Pairs) -> tuple[float, int]:
    """Return what an alignment loses for ordinary words, in bits (0 or below), and how many words contradict it.

    Args:
        phrase: the phrase.
        variant: the line.
        alignment: of both.
        own: pairs of words that the signature's author calls ordinary.
    """
    folded, side = variant.folded, variant.side
    begin, end = alignment.text
    shared = ordinary_pairs()
    lost = 0.0
    other_words = other_blanks = 0
    spans = word_spans(folded)
    begins, ends = _phrase_words(phrase)
    bones_of = [skeleton(folded.letters[first:stop]) for first, stop in spans]
    worth = side.bits * side.weight
    for number, (first, stop) in enumerate(spans):
        bones = bones_of[number]
        if stop > begin and first < end:
            cut = (number == 0 and side.cut_begin) or (number == len(spans) - 1 and side.cut_end)
            inside = first >= begin and stop <= end
            before = (bones_of[number - 1] if number else "", bones)
            after = (bones, bones_of[number + 1] if number + 1 < len(spans) else "")
            if inside:
                most = np.inf
                if number and (before in own or before in shared):
                    most = FOLLOWS_BITS
                elif ("", bones) in own:
                    most = ALONE_BITS
                elif after[1] and (after in own or after in shared):
                    most = FIRST_BITS
                lost -= max(0.0, float(worth[first:stop].sum()) - most)
            if side.spaced and not cut and side.known[first]:
                steps = [step for step in alignment.steps if step[2] < stop and step[3] > first]
                low, high = min(step[0] for step in steps), max(step[1] for step in steps)
                printed = phrase.folded.letters[low:high]
                if not inside:
                    lost += PART_OF_WORD
                    other_words += 1
                elif skeleton(printed) != bones:
                    lost += OTHER_WORD
                    other_words += 1
                elif low not in begins or high not in ends:
                    lost += OTHER_BLANKS
                    other_blanks += 1
    if side.spaced:
        for low, high, at, ends_at in _misread_words(phrase, alignment, folded):
            # A misread word is no rarer than the word that was printed.
            rarity = float(letter_model().word_bits([phrase.folded.letters[low:high]])[0])
            lost -= max(0.0, float(worth[at:ends_at].sum()) - rarity - 1)
            # "trackingtrainer": no word of its own as it was read, but one where the phrase's word stands.
            read = folded.letters[at:ends_at]
            if not side.known[at] and ends_at - at > 3 and np.isfinite(letter_model().word_bits([read])[0]):
                lost += OTHER_WORD
                other_words += 1
    return lost, other_words + other_blanks


def _misread_words(phrase: Phrase, alignment: Alignment, folded: Folded) -> list[tuple[int, int, int, int]]:
    """Return where a word of the phrase stands in it, and in the line, for words of which other letters were read."""
    result = []
    for first, stop in word_spans(phrase.folded):
        steps = [step for step in alignment.steps if first <= step[0] and step[1] <= stop]
        if not steps or steps[0][0] > first or steps[-1][1] < stop:
            continue
        begin, end = min(step[2] for step in steps), max(step[3] for step in steps)
        letters = folded.letters[begin:end]
        if letters and skeleton(letters) != skeleton(phrase.folded.letters[first:stop]):
            result.append((first, stop, begin, end))
    return result


def read_in_whole(phrase: Phrase, alignment: Alignment, folded: Folded) -> bool:
    """Return whether every word of a phrase was read, short words without an error."""
    if alignment.phrase != (0, phrase.size):
        return False
    for first, stop in word_spans(phrase.folded):
        letters = phrase.folded.letters[first:stop]
        steps = [step for step in alignment.steps if first <= step[0] and step[1] <= stop]
        read = "".join(folded.letters[step[2] : step[3]] for step in steps)
        if skeleton(letters) == skeleton(read):
            continue
        wrong = sum(skeleton(phrase.folded.letters[a:b]) != skeleton(folded.letters[c:d]) for a, b, c, d in steps)
        if wrong > (stop - first) // LETTERS_AN_ERROR:
            return False
    return True


def _phrase_words(phrase: Phrase) -> tuple[frozenset[int], frozenset[int]]:
    spans = word_spans(phrase.folded)
    return frozenset(begin for begin, _ in spans), frozenset(end for _, end in spans)
