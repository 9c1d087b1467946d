"""How surprising letters are as ordinary text: a character n-gram model for each script.

The model (``models/letters-v1/letters.npz``, made by ``training/letters.py``) knows the letters of a word in up
to four letters of context. Katz back-off, as in the ARPA format: a missing n-gram takes the shorter context's
probability times the longer context's back-off weight.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from detector.knowledge.folding import SPACELESS, script_of, skeleton
from detector.resources import model_file

Floats = npt.NDArray[np.float32]

BOUNDARY = 0
DIGIT_BITS = 3.8
UNKNOWN_BITS = 8.0
COMMON_BITS = 9.0  # a word of two letters is taken for a word only if it is as frequent as "of"
_MIX = (0.90, 0.07, 0.03)
"""Weights of: the letter in its context; as the first of a word whose blank was not read; on its own. What
engines read in pictures holds names, numbers and noise, so no letter is as surprising as in clean text."""


@dataclass(frozen=True, slots=True)
class Surprise:
    """How ordinary text would explain the letters of one line.

    Attributes:
        bits: for each letter -log2 of its probability after the letters before it.
        boundary: for each letter the probability that a word begins there, in ordinary text.
        known: for each letter whether the word that it stands in is an ordinary word.
    """

    bits: Floats
    boundary: Floats
    known: npt.NDArray[np.bool_]


class _Script:
    """The tables of one script: keys of all orders in one sorted array, so that one search serves them all."""

    def __init__(self, name: str, arrays: dict[str, npt.NDArray[np.generic]]) -> None:
        self.spaceless = name in SPACELESS
        alphabet = arrays[f"{name}.alphabet"].astype(np.int64)
        self.base = len(alphabet)
        self.places = {chr(code): number for number, code in enumerate(alphabet) if number != BOUNDARY}
        self.order = max(
            int(key.split(".")[1][0]) for key in arrays if key.startswith(f"{name}.") and key.endswith("p.keys")
        )
        # A table's number is put above the key's digits: orders 1..n of n-grams, then of back-off contexts.
        self.step = np.uint64(self.base**self.order)
        keys, bits = [], []
        for length in range(1, self.order + 1):
            for offset, kind in ((0, "p"), (self.order, "b")):
                table = f"{name}.{length}{kind}"
                found = np.cumsum(arrays[f"{table}.keys"].astype(np.uint64))
                keys.append(found + np.uint64(length - 1 + offset) * self.step)
                bits.append(arrays[f"{table}.bits"].astype(np.float32) / 16)
        order = np.argsort(np.concatenate(keys))
        self.keys = np.concatenate(keys)[order]
        self.bits = np.concatenate(bits)[order]
        everything = np.arange(self.base, dtype=np.int64)
        self.alone = self.look_up(everything[:, None], np.zeros(self.base, np.int64))
        pairs = np.stack([np.zeros(self.base, np.int64), everything], axis=1)
        self.first = self.look_up(pairs, np.ones(self.base, np.int64))

    def look_up(self, grams: npt.NDArray[np.int64], context: npt.NDArray[np.int64]) -> Floats:
        """Return -log2 of the probability of each gram's last letter, given the ``context`` letters before it.

        Args:
            grams: (count, width) numbers of letters, the last one to be predicted.
            context: (count,) how many of those before it may be used.
        """
        count, width = grams.shape
        columns = []
        key = np.zeros(count, np.uint64)
        below = np.zeros(count, np.uint64)  # the same without the last letter: the context
        power = np.uint64(1)
        for length in range(1, width + 1):
            letter = grams[:, width - length].astype(np.uint64)
            key = key + letter * power
            if length > 1:
                below = below + letter * (power // np.uint64(self.base))
            columns.append(key + np.uint64(length - 1) * self.step)
            columns.append(below + np.uint64(length - 1 + self.order) * self.step)
            power = power * np.uint64(self.base)
        wanted = np.stack(columns, axis=1)
        at = np.minimum(np.searchsorted(self.keys, wanted), len(self.keys) - 1)
        hit = self.keys[at] == wanted
        value = np.where(hit, self.bits[at], np.float32(0))
        result = value[:, 0]
        for length in range(2, width + 1):
            gram, back = 2 * (length - 1), 2 * (length - 1) + 1
            longer = np.where(hit[:, gram], value[:, gram], result + value[:, back])
            result = np.where(context >= length - 1, longer, result)
        return result.astype(np.float32)


class _Scripts(Mapping[str, _Script]):
    """The tables of all scripts, each one loaded when a text needs it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with np.load(path) as archive:
            self._names = sorted({name.split(".")[0] for name in archive.files})
        self._loaded: dict[str, _Script] = {}

    def __getitem__(self, name: str) -> _Script:
        if name not in self._names:
            raise KeyError(name)
        if name not in self._loaded:
            with np.load(self._path) as archive:
                arrays = {key: archive[key] for key in archive.files if key.startswith(f"{name}.")}
            self._loaded[name] = _Script(name, arrays)
        return self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


class LetterModel:
    """The background model of all scripts; never changed, safe to share between threads."""

    def __init__(self) -> None:
        self._scripts = _Scripts(model_file("letters-v1", "letters.npz"))
        with np.load(model_file("letters-v1", "words.npz")) as archive:
            self._word_keys = np.cumsum(archive["keys"], dtype=np.uint32)
            self._word_bits = archive["bits"].astype(np.float32) / 4

    def surprise(self, texts: Sequence[tuple[str, Sequence[bool], bool]]) -> list[Surprise]:
        """Return how ordinary text explains each line.

        Args:
            texts: for each line its folded letters, whether a word begins at each, and whether the line was
                cut so that its first letter may stand inside a word.
        """
        total = sum(len(text) for text, _, _ in texts)
        bits = np.full(total, UNKNOWN_BITS, np.float32)
        boundary = np.full(total, 0.2, np.float32)
        symbols, at, starts = _symbols(texts)
        letters = np.array([letter for text, _, _ in texts for letter in text])
        scripts = np.array([script_of(letter) for letter in letters.tolist()])
        bits[scripts == "Zyyy"] = DIGIT_BITS
        bits[scripts == "Hani"] = 13.0
        for name in sorted(set(scripts.tolist()) & set(self._scripts)):
            model = self._scripts[name]
            numbers = np.full(len(symbols), -1, np.int64)
            numbers[symbols == "^"] = BOUNDARY
            here = scripts == name
            places = model.places
            numbers[at[here]] = [places.get(letter, -1) for letter in letters[here].tolist()]
            wanted = here & (numbers[at] >= 0)
            self._fill(model, numbers, at[wanted], starts[wanted], np.nonzero(wanted)[0], bits, boundary)
        known = np.zeros(total, bool)
        self._words(texts, bits, known)
        result = []
        place = 0
        for text, _, _ in texts:
            part = slice(place, place + len(text))
            result.append(Surprise(bits[part], boundary[part], known[part]))
            place += len(text)
        return result

    def word_bits(self, words: Sequence[str]) -> Floats:
        """Return -log2 of each word's frequency; infinity for one that is no ordinary word."""
        keys = np.array([word_key(word) for word in words], np.uint32)
        at = np.minimum(np.searchsorted(self._word_keys, keys), len(self._word_keys) - 1)
        return np.where(self._word_keys[at] == keys, self._word_bits[at], np.float32(np.inf))

    def _words(
        self, texts: Sequence[tuple[str, Sequence[bool], bool]], bits: Floats, known: npt.NDArray[np.bool_]
    ) -> None:
        """Let an ordinary word be as surprising as it is rare, where its letters one by one would be more so."""
        words: list[str] = []
        spans: list[tuple[int, int]] = []
        place = 0
        for text, starts, _ in texts:
            begins = [offset for offset, start in enumerate(starts) if start]
            for begin, end in zip(begins, [*begins[1:], len(text)], strict=True):
                words.append(text[begin:end])
                spans.append((place + begin, place + end))
            place += len(text)
        if not words:
            return
        found = self.word_bits(words)
        for (begin, end), word, rarity in zip(spans, words, found.tolist(), strict=True):
            if rarity == np.inf:
                continue
            known[begin:end] = len(word) > 2 or rarity < COMMON_BITS
            spelled = float(bits[begin:end].sum())
            if rarity + 1 < spelled:
                bits[begin:end] *= (rarity + 1) / spelled

    @staticmethod
    def _fill(
        model: _Script,
        numbers: npt.NDArray[np.int64],
        at: npt.NDArray[np.int64],
        starts: npt.NDArray[np.bool_],
        rows: npt.NDArray[np.int64],
        bits: Floats,
        boundary: Floats,
    ) -> None:
        """Write the surprise of the letters at places ``at`` of a sequence of symbols into ``rows``."""
        # How many symbols before each place belong to its context: those of the word, and the word's begin.
        places = np.arange(len(numbers))
        usable = numbers >= 0
        reset = np.where(usable & (numbers != BOUNDARY), -1, np.where(usable, places, places + 1))
        run = np.maximum(places - np.maximum.accumulate(reset), 0)
        width = model.order

        def windows(last: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
            back = last[:, None] - np.arange(width - 1, -1, -1)[None]
            grams = np.where(back >= 0, numbers[np.maximum(back, 0)], 0)
            before = last - 1
            context = np.where((before >= 0) & usable[np.maximum(before, 0)], run[np.maximum(before, 0)] + 1, 0)
            return np.maximum(grams, 0), np.minimum(context, width - 1)

        letter = numbers[at]
        ends, end_context = windows(np.where(starts, at - 1, at))
        ends[:, -1] = BOUNDARY
        end_bits = model.look_up(ends, end_context)
        # Nothing says how a line begins: what stands there is taken for the begin of a word.
        end = np.clip(np.exp2(-end_bits), 0.02, 0.9) if not model.spaceless else np.full(len(at), 0.2, np.float32)
        inside = np.exp2(-model.look_up(*windows(at))) / np.maximum(1 - np.exp2(-end_bits), 0.05)
        first = np.exp2(-model.first[letter])
        own = np.where(starts, first, np.minimum(inside, 1.0))
        mixed = _MIX[0] * own + _MIX[1] * first + _MIX[2] * np.exp2(-model.alone[letter])
        bits[rows] = -np.log2(mixed)
        boundary[rows] = end


def _symbols(
    texts: Sequence[tuple[str, Sequence[bool], bool]],
) -> tuple[npt.NDArray[np.str_], npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Return all lines as one sequence with ``^`` before each word, each letter's place in it, and its start.

    A line that is cut has a gap in place of its first ``^``: what went before is not known.
    """
    symbols: list[str] = []
    at: list[int] = []
    begins: list[bool] = []
    for text, starts, cut in texts:
        for offset, (letter, start) in enumerate(zip(text, starts, strict=True)):
            if offset == 0 or start:
                symbols.append(" " if offset == 0 and cut else "^")
            at.append(len(symbols))
            begins.append(start and not (offset == 0 and cut))
            symbols.append(letter)
    return np.array(symbols), np.array(at, np.int64), np.array(begins, bool)


@lru_cache(maxsize=65536)
def word_key(word: str) -> int:
    """Return the hash by which an ordinary word is known: of its letters, those that look alike made one."""
    return zlib.crc32(skeleton(word).encode("utf-8", "surrogatepass"))


@lru_cache(maxsize=1)
def letter_model() -> LetterModel:
    """Return the packaged model, loaded once."""
    return LetterModel()
