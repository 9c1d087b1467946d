"""Signatures' phrases, ready to be found: their letters, where they may break, and an index of letter triples."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from detector.knowledge.block import NEVER
from detector.knowledge.costs import codes, places
from detector.knowledge.folding import Folded, fold, main_script, script_of, skeleton
from detector.knowledge.sides import PhraseSide
from detector.types import Signature

_SENTENCE_END = re.compile(r"[.!?;:|/•·\n。！？،؛।]")
END_SHIFTS = 2
BORDER_BITS = -3.0
"""Bits for a part that breaks off at the picture's border. How much is left of the line says where it broke off, so
there is next to nothing to choose; that few letters are left is charged by itself (``found_phrase``)."""
CUT_LETTERS = 10
"""A phrase that counts only as a whole may still be cut by the picture's border if it has so many letters."""
_WIDE = frozenset({"Hani", "Hang", "Thai", "Deva", "Beng", "Taml"})


@dataclass(frozen=True)
class Phrase:
    """One phrase of one signature.

    Attributes:
        number: its place in the index.
        signature: whose it is.
        text: as the signature writes it.
        language: BCP 47 code.
        folded: its letters.
        script: of most of them.
        whole: only the whole phrase counts, between word boundaries.
        bones: its letters, those that look alike made one.
    """

    number: int
    signature: Signature
    text: str
    language: str
    folded: Folded
    script: str
    whole: bool
    bones: str

    @cached_property
    def side(self) -> PhraseSide:
        """The phrase for the alignment; worked out when first needed, since most phrases never are."""
        return phrase_side(self.folded, self.whole)

    @property
    def size(self) -> int:
        """How many letters it has."""
        return len(self.folded.letters)


def compile_phrases(signatures: Iterable[Signature]) -> list[Phrase]:
    """Return all phrases of these signatures."""
    phrases: list[Phrase] = []
    for signature in signatures:
        for language, texts in signature.phrases.items():
            for text in texts:
                folded = fold(text)
                whole = signature.match != "fragment"
                phrases.append(
                    Phrase(
                        number=len(phrases),
                        signature=signature,
                        text=text,
                        language=language,
                        folded=folded,
                        script=main_script(folded.letters),
                        whole=whole,
                        bones=skeleton(folded.letters),
                    )
                )
    return phrases


def phrase_side(folded: Folded, whole: bool = False) -> PhraseSide:
    """Return a phrase's letters with what it costs to begin or end a part at each of them.

    Parts are counted as hypotheses: the whole phrase is one, its sentences are few, its words more, any other
    place one of as many as it has letters.
    """
    size = len(folded.letters)
    starts = np.array(folded.starts, bool)
    sentence = np.zeros(size, bool)
    for place in range(1, size):
        between = folded.text[folded.index[place - 1] + 1 : folded.index[place]]
        sentence[place] = bool(starts[place] and _SENTENCE_END.search(between))
    words = max(int(starts.sum()), 1)
    sentences = int(sentence.sum()) + 1
    inside = -(2 + np.log2(size))
    first = np.full(size, inside, np.float32)
    first[starts] = max(-(2 + np.log2(words)), inside)
    first[sentence] = -(1 + np.log2(sentences))
    if whole:
        first[:] = NEVER
    first[0] = -1
    last = np.full(size, inside, np.float32)
    last[:-1][starts[1:]] = max(-(2 + np.log2(words)), inside)
    last[:-1][sentence[1:]] = -(1 + np.log2(sentences))
    if whole:
        last[:] = NEVER
    last[-1] = -1
    begins = starts.astype(np.int8)
    begins[sentence] = 2
    begins[0] = 3 if whole else 2
    ends = np.append(begins[1:], begins[0])
    letter_codes, rows = codes(folded.letters), places(folded.letters)
    return PhraseSide(
        letters=folded.letters,
        codes=letter_codes,
        places=rows,
        starts=starts,
        begins=begins,
        ends=ends,
        first=first,
        last=last,
        border=float(NEVER) if whole and size < CUT_LETTERS else BORDER_BITS,
        table=np.array([letter_codes, rows, starts, begins, ends, first, last], np.float64),
    )


def _line_grams(lines: Sequence[str]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the keys of all lines, and the line of each; a triple that a line has twice is there twice."""
    if not lines:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    bones = [skeleton(letters) for letters in lines]
    joined = codes("\0".join(bones)) & 0x1FFFF
    owners = np.repeat(np.arange(len(bones)), [len(bone) + 1 for bone in bones])[:-1]
    inside = joined != 0
    three = inside[:-2] & inside[1:-1] & inside[2:]
    keys = ((joined[:-2] << 34) | (joined[1:-1] << 17) | joined[2:])[three]
    whose = owners[:-2][three]
    if not all(map(str.isascii, bones)):
        wide = np.array([script_of(letter) in _WIDE for letter in "\0".join(bones)])
        two = wide[:-1] & wide[1:]
        keys = np.concatenate([keys, ((joined[:-1] << 17) | joined[1:])[two]])
        whose = np.concatenate([whose, owners[:-1][two]])
    return keys, whose


class Ends:
    """Which phrases begin or end as a line does: those that a border may have cut."""

    def __init__(self, phrases: Sequence[Phrase]) -> None:
        self._heads: dict[str, list[int]] = defaultdict(list)
        self._tails: dict[str, list[int]] = defaultdict(list)
        for place, phrase in enumerate(phrases):
            for shift in range(END_SHIFTS):
                self._heads[_head(phrase.bones, shift)].append(place)
                self._tails[_tail(phrase.bones, shift)].append(place)

    def candidates(self, letters: str, cut_begin: bool, cut_end: bool, most: int) -> list[int]:
        """Return the places of phrases that end as a line does whose begin is cut, or begin as one does whose end is.

        Three letters together have to agree; the outermost one may be misread.
        """
        bones = skeleton(letters)
        found: dict[int, None] = {}
        for shift in range(END_SHIFTS):
            if cut_begin:
                found.update(dict.fromkeys(self._tails.get(_tail(bones, shift), ())))
            if cut_end:
                found.update(dict.fromkeys(self._heads.get(_head(bones, shift), ())))
        return list(found)[:most]


def _head(bones: str, shift: int) -> str:
    return f"{shift}{bones[shift : shift + 3]}"


def _tail(bones: str, shift: int) -> str:
    return f"{shift}{bones[len(bones) - shift - 3 : len(bones) - shift]}"


class Index:
    """Which phrases share triples of letters with a line."""

    def __init__(self, phrases: Sequence[Phrase]) -> None:
        self.count = len(phrases)
        keys, owners = _line_grams([phrase.folded.letters for phrase in phrases])
        order = np.lexsort((owners, keys))
        keys, owners = keys[order], owners[order]
        new = np.ones(len(keys), bool)
        new[1:] = (keys[1:] != keys[:-1]) | (owners[1:] != owners[:-1])
        self.owners = owners[new].astype(np.int32)
        self.keys, self.starts, self.counts = np.unique(keys[new], return_index=True, return_counts=True)
        # A triple that few phrases have says more. No index is taken for smaller than 2048 phrases, so that a
        # signature tested by itself is found as it is found among all others.
        self.worth = np.log2(max(self.count, 2048) / (self.counts + 4)).astype(np.float32)
        worth = np.repeat(self.worth, self.counts)
        self.all_worth = np.bincount(self.owners, weights=worth, minlength=self.count)

    def candidates(self, lines: Sequence[str], most: int, least: float, share: float = 0.0) -> list[tuple[int, int]]:
        """Return (line, phrase) pairs worth aligning.

        Args:
            lines: letters of the lines.
            most: how many phrases a line may have.
            least: worth of the shared triples that a pair needs.
            share: part of the worth of all of the phrase's triples that a pair needs.
        """
        if not self.count or not lines:
            return []
        keys, owner_line = _line_grams(lines)
        if not len(keys):
            return []
        at = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        hit = self.keys[at] == keys
        at, owner_line = at[hit], owner_line[hit]
        if not len(at):
            return []
        counts = self.counts[at]
        total = int(counts.sum())
        offsets = np.repeat(self.starts[at] - (np.cumsum(counts) - counts), counts) + np.arange(total)
        cells = np.repeat(owner_line, counts) * self.count + self.owners[offsets]
        scores = np.bincount(cells, weights=np.repeat(self.worth[at], counts), minlength=len(lines) * self.count)
        good = np.flatnonzero(scores >= least)
        line, phrase = np.divmod(good, self.count)
        if share:
            enough = scores[good] >= share * self.all_worth[phrase]
            good, line, phrase = good[enough], line[enough], phrase[enough]
        order = np.lexsort((phrase, -scores[good], line))
        line, phrase = line[order], phrase[order]
        # How many of the same line stand before each pair.
        begins = np.flatnonzero(np.diff(line, prepend=-1))
        rank = np.arange(len(line)) - np.repeat(begins, np.diff(np.append(begins, len(line))))
        kept = rank < most
        return list(zip(line[kept].tolist(), phrase[kept].tolist(), strict=True))
