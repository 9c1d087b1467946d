"""What ordinary text says anyway: wordings that say nothing about who printed them.

Two sources: ``ordinary.txt``, and the ``no_match`` tests of a signature, in which its author states what looks
alike but means nothing. A word that follows another one as it does there counts next to nothing; so does a
word that stands alone there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import numpy as np

from detector.knowledge.folding import Folded, fold, skeleton
from detector.knowledge.letters import letter_model, rest_bits
from detector.knowledge.lines import Variant
from detector.knowledge.phrases import Phrase
from detector.knowledge.sides import Alignment

FIRST_BITS = 13.0  # the first of two words that ordinary text has side by side
FOLLOWS_BITS = 1.5  # a word that ordinary text has just after the one before it
ALONE_BITS = 4.0  # a word that a no_match test consists of
ONE_WORD = -6.0  # one whole word of several: every language has it, whoever printed it
ONE_WORD_CUT = -3.0  # the same where the border may have cut the other words
WHOLE_WORDS_CUT = -1.6
"""Two words, both whole and both ordinary: nothing shows that the border cut anything. It leaves that of one phrase in
five, and of ordinary text, which keeps a margin, of three lines in five."""
OTHER_WORD = -12.0  # an ordinary word was read where the phrase has another one
RARE_WORD = -5.0  # the same where that word is so rare that a misread letter makes one as easily
RARE_BITS = 16.0
CUT_WORD = 4  # letters that the rest of a cut word needs to be looked up
CUT_BITS = 2.0  # by which such a rest is rarer than the ordinary word that it is of: the border may leave others
PART_OF_WORD = -8.0  # an ordinary word was read of which the phrase explains a part only
LETTERS_AN_ERROR = 10  # a word that counts only as a whole may have one letter wrong in so many
RUNS_ON = -5.0  # other words stand on both sides: a part of a sentence, not a text that somebody laid over
OTHER_BLANKS = -6.0  # an ordinary word was read, and the phrase has no word that begins and ends there


class Pairs:
    """Which words ordinary text has side by side, and which stand alone there; by their skeletons."""

    def __init__(self, texts: Iterable[str]) -> None:
        self.alone: set[str] = set()
        self._after: dict[str, set[str]] = defaultdict(set)
        self._before: dict[str, set[str]] = defaultdict(set)
        for text in texts:
            for line in text.split("\n"):
                folded = fold(line)
                words = [skeleton(folded.letters[begin:end]) for begin, end in word_spans(folded)]
                if len(words) == 1:
                    self.alone.add(words[0])
                for one, other in pairwise(words):
                    self._after[one].add(other)
                    self._before[other].add(one)

    def follows(self, one: str, other: str, cut_one: bool, cut_other: bool) -> bool:
        """Return whether ordinary text has these words side by side.

        Args:
            one: the first word.
            other: the second word.
            cut_one: only the end of the first word is left.
            cut_other: only the begin of the second word is left.
        """
        if other in self._after.get(one, ()):
            return True
        if cut_other and not cut_one:
            return any(word.startswith(other) for word in self._after.get(one, ()))
        return cut_one and any(word.endswith(one) for word in self._before.get(other, ()))


def word_spans(folded: Folded) -> list[tuple[int, int]]:
    """Return begin and end of each word, as places in the letters."""
    begins = [place for place, start in enumerate(folded.starts) if start]
    return list(zip(begins, [*begins[1:], len(folded.letters)], strict=True))


@lru_cache(maxsize=1)
def ordinary_pairs() -> Pairs:
    """Return the pairs of words of the packaged list."""
    rows = (Path(__file__).parent / "ordinary.txt").read_text("utf-8").splitlines()
    return Pairs(row for row in rows if row and not row.startswith("#"))


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
    inner = [number for number, (first, stop) in enumerate(spans) if stop > begin and first < end]
    follows = {
        number: shared.follows(*pair) or own.follows(*pair)
        for number in inner
        if number
        for pair in [
            (
                bones_of[number - 1],
                bones_of[number],
                number == 1 and side.cut_begin,
                number == len(spans) - 1 and side.cut_end,
            )
        ]
    }
    may_be_cut = (side.cut_begin and inner[0] == 0) or (side.cut_end and inner[-1] == len(spans) - 1)
    from_word = alignment.phrase[0] in begins and alignment.phrase[1] in ends
    if len(inner) == 1 and len(begins) > 1 and side.spaced:
        if not may_be_cut:
            lost += ONE_WORD
        elif from_word and side.known[begin]:
            lost += ONE_WORD_CUT if alignment.phrase != (0, phrase.size) else 0.0
    elif len(inner) == 2 and from_word and side.spaced and may_be_cut and len(begins) > 2:
        lost += WHOLE_WORDS_CUT if all(side.known[spans[number][0]] for number in inner) else 0.0
    if side.spaced and begin > 0 and end < len(folded.letters):
        lost += RUNS_ON
    # A wording that is ordinary from end to end says nothing at all; one in a longer text still has its place.
    nothing_else = all(follows.get(number) for number in inner[1:])
    for number in inner:
        first, stop = spans[number]
        bones = bones_of[number]
        most = np.inf
        if follows.get(number):
            most = FOLLOWS_BITS
        elif len(inner) == 1 and bones in own.alone:
            most = ALONE_BITS
        elif follows.get(number + 1):
            most = ALONE_BITS if nothing_else else FIRST_BITS
        cut = (number == 0 and side.cut_begin) or (number == len(spans) - 1 and side.cut_end)
        if cut and side.spaced and stop - first >= CUT_WORD and not side.known[first]:
            rest = rest_bits(folded.letters[first:stop], number == 0 and side.cut_begin)
            most = min(most, rest + CUT_BITS)
            if len(inner) == 1 and len(begins) > 1 and np.isfinite(rest):
                lost += ONE_WORD_CUT
        low, high = max(first, begin), min(stop, end)
        lost -= max(0.0, float(worth[low:high].sum()) - most)
        inside = first >= begin and stop <= end
        if side.spaced and not cut and side.known[first]:
            steps = [step for step in alignment.steps if step[2] < stop and step[3] > first]
            low, high = min(step[0] for step in steps), max(step[1] for step in steps)
            printed = phrase.folded.letters[low:high]
            if not inside:
                lost += PART_OF_WORD
                other_words += 1
            elif skeleton(printed) != bones:
                rarity = float(letter_model().word_bits([folded.letters[first:stop]])[0])
                lost += RARE_WORD if RARE_BITS <= rarity < np.inf else OTHER_WORD
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
