"""How surprising letters are as ordinary text: a character n-gram model for each script.

The model (``models/letters-v1/letters.npz``, made by ``training/letters.py``) knows the letters of a word in up
to four letters of context. Katz back-off, as in the ARPA format: a missing n-gram takes the shorter context's
probability times the longer context's back-off weight.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

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


class LetterModel:
    """The background model of all scripts; never changed, safe to share between threads."""

    def __init__(self) -> None:
        with np.load(model_file("letters-v1", "letters.npz")) as archive:
            arrays = {name: archive[name] for name in archive.files}
        names = sorted({name.split(".")[0] for name in arrays})
        self._scripts = {name: _Script(name, arrays) for name in names}
        with np.load(model_file("letters-v1", "words.npz")) as archive:
            self._word_keys = np.cumsum(archive["keys"], dtype=np.uint32)
            self._word_bits = archive["bits"].astype(np.float32) / 4

    def surprise(self, texts: Sequence[tuple[str, Sequence[bool], bool]]) -> list[Surprise]:
        """Return how ordinary text explains each line.

        Args:
            texts: for each line its folded letters, whether a word begins at each, and whether the line was
                cut so that its first letter may stand inside a word.
        """
        letters = "".join(text for text, _, _ in texts)
        total = len(letters)
        bits = np.full(total, UNKNOWN_BITS, np.float32)
        boundary = np.full(total, 0.2, np.float32)
        rows: dict[str, list[tuple[int, list[int], int]]] = {}
        place = 0
        for text, starts, cut in texts:
            history: list[int] = []
            previous = ""
            for offset, letter in enumerate(text):
                script = script_of(letter)
                model = self._scripts.get(script)
                if offset == 0 and not cut:
                    history = [BOUNDARY]
                elif starts[offset] and offset:
                    history = history if script == previous else []
                number = -1 if model is None else model.places.get(letter, -1)
                if script != previous and offset and not starts[offset]:
                    history = []
                if model is not None:
                    if number >= 0:
                        rows.setdefault(script, []).append((place, history, number if not starts[offset] or not offset else -number - 2))
                    elif script == "Hani":
                        bits[place] = 13.0
                elif script == "Zyyy":
                    bits[place] = DIGIT_BITS
                if starts[offset] and (offset or not cut):
                    history = [BOUNDARY]
                history = [*history[-3:], number] if number >= 0 else []
                previous = script
                place += 1
        for script, found in rows.items():
            self._fill(self._scripts[script], found, bits, boundary)
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

    def _words(self, texts: Sequence[tuple[str, Sequence[bool], bool]], bits: Floats, known: npt.NDArray[np.bool_]) -> None:
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
    def _fill(model: _Script, rows: list[tuple[int, list[int], int]], bits: Floats, boundary: Floats) -> None:
        width = model.order
        count = len(rows)
        grams = np.zeros((count, width), np.int64)
        context = np.zeros(count, np.int64)
        starts = np.zeros(count, bool)
        at = np.empty(count, np.int64)
        for number, (place, history, letter) in enumerate(rows):
            at[number] = place
            if letter < -1:
                starts[number] = True
                letter = -letter - 2
            kept = history[-(width - 1) :]
            context[number] = len(kept)
            if kept:
                grams[number, width - 1 - len(kept) : width - 1] = kept
            grams[number, -1] = letter
        letter = grams[:, -1].copy()
        ends = grams.copy()
        ends[:, -1] = BOUNDARY
        end_bits = model.look_up(ends, context)
        end = np.clip(np.exp2(-end_bits), 0.02, 0.9) if not model.spaceless else np.full(count, 0.2, np.float32)
        inside = np.exp2(-model.look_up(grams, context)) / np.maximum(1 - np.exp2(-end_bits), 0.05)
        first = np.exp2(-model.first[letter])
        own = np.where(starts, first, np.minimum(inside, 1.0))
        mixed = _MIX[0] * own + _MIX[1] * first + _MIX[2] * np.exp2(-model.alone[letter])
        bits[at] = -np.log2(mixed)
        boundary[at] = end


@lru_cache(maxsize=65536)
def word_key(word: str) -> int:
    """Return the hash by which an ordinary word is known: of its letters, those that look alike made one."""
    return zlib.crc32(skeleton(word).encode("utf-8", "surrogatepass"))


@lru_cache(maxsize=1)
def letter_model() -> LetterModel:
    """Return the packaged model, loaded once."""
    return LetterModel()
