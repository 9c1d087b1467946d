"""How surprising letters are as ordinary text: a character n-gram model for each script.

The model (``models/letters-v1/letters.npz``, made by ``training/letters.py``) knows the letters of a word in up
to four letters of context. Katz back-off, as in the ARPA format: a missing n-gram takes the shorter context's
probability times the longer context's back-off weight.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from pathlib import Path

import numpy as np
import numpy.typing as npt

from detector.knowledge.costs import codes
from detector.knowledge.folding import SPACELESS, script_of, skeleton
from detector.resources import model_file

Floats = npt.NDArray[np.float32]

BOUNDARY = 0
_bones = skeleton.__wrapped__  # too many words to be kept
DIGIT_BITS = 3.8
UNKNOWN_BITS = 8.0
_DENSE = 300_000  # entries of a table that is kept by place; larger ones are searched
_MISSING = np.float32(1e9)
COMMON_BITS = 9.0  # a word of two letters is taken for a word only if it is as frequent as "of"
_ENDINGS = re.compile(
    "(?:있었|없었|있|없|되었|하였|어졌|아졌|려졌|들어졌|해졌|었|았|였|겠|했|됐|졌|렸|혔|났|왔|갔|않았|않|바랍|드립|하시|하십|되십)*"
    "(?:습니다|습니까|입니다|합니다|됩니다|십니다|니다|니까|하십시오|십시오|시오|하세요|세요|어요|아요|해요|에요|하는|되는"
    "|한다|된다|었다|았다|였다|하기|하고|하여|해서|에서|에게|으로|부터|까지)$"
)
"""How Korean verbs and nouns end, which any text has. The frequencies that the letters were counted from are of parts
of words, so they do not know what follows on what inside of one."""
ENDING_BITS = 3.0  # of all letters of such an ending together
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
        self.dense: dict[int, Floats] = {}
        for number in range(2 * self.order):
            width, context = number % self.order + 1, number // self.order
            size = self.base ** (width - context)
            if size <= _DENSE:
                low, high = np.searchsorted(self.keys, np.array([number, number + 1], np.uint64) * self.step)
                dense = np.full(size, _MISSING, np.float32)
                dense[(self.keys[low:high] - np.uint64(number) * self.step).astype(np.int64)] = self.bits[low:high]
                self.dense[width + context * self.order] = dense
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
        result = self._table(grams[:, -1], 1, 0)[0]
        key = grams[:, -1].copy()
        below = np.zeros(count, np.int64)  # the same without the last letter: the context
        power = 1
        for length in range(2, width + 1):
            letter = grams[:, width - length]
            below = below + letter * power
            power *= self.base
            key = key + letter * power
            wanted = np.flatnonzero(context >= length - 1)
            if not len(wanted):
                break
            gram, hit = self._table(key[wanted], length, 0)
            result[wanted[hit]] = gram[hit]
            missing = wanted[~hit]
            if len(missing):
                result[missing] += self._table(below[missing], length, self.order)[0]
        return result

    def _table(self, keys: npt.NDArray[np.int64], length: int, offset: int) -> tuple[Floats, npt.NDArray[np.bool_]]:
        """Return the bits of n-grams (or, with an offset, of contexts) of one order, 0 where there is none."""
        dense = self.dense.get(length + offset)
        if dense is not None:
            value = dense[keys]
            return np.where(value < _MISSING, value, np.float32(0)), value < _MISSING
        wanted = keys.astype(np.uint64) + np.uint64(length - 1 + offset) * self.step
        at = np.minimum(np.searchsorted(self.keys, wanted), len(self.keys) - 1)
        hit = self.keys[at] == wanted
        return np.where(hit, self.bits[at], np.float32(0)), hit


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
        counts = np.array([len(text) for text, _, _ in texts], np.int64)
        total = int(counts.sum())
        if not total:
            return [Surprise(np.empty(0, np.float32), np.empty(0, np.float32), np.empty(0, bool)) for _ in texts]
        letters, which = np.unique(codes("".join(text for text, _, _ in texts)), return_inverse=True)
        scripts = [script_of(chr(letter)) for letter in letters]
        plain = {"Zyyy": DIGIT_BITS, "Hani": 13.0}
        bits = np.array([plain.get(script, UNKNOWN_BITS) for script in scripts], np.float32)[which]
        boundary = np.full(total, 0.2, np.float32)
        line_begins = (np.cumsum(counts) - counts)[counts > 0]
        cut = np.array([cut for text, _, cut in texts if text], bool)
        starts = np.fromiter((start for _, begins, _ in texts for start in begins), bool, total)
        # All lines as one sequence with a mark before each word. Before a line that is cut there is a gap instead:
        # what went before is not known.
        marked = starts.copy()
        marked[line_begins] = True
        at = np.arange(total) + np.cumsum(marked)
        marks = np.full(total + int(marked.sum()), -1, np.int64)
        marks[at[marked] - 1] = BOUNDARY
        marks[at[line_begins[cut]] - 1] = -1
        starts[line_begins[cut]] = False
        for name in sorted(set(scripts) & set(self._scripts)):
            model = self._scripts[name]
            known_letters = np.array(
                [
                    model.places.get(chr(letter), -1) if script == name else -1
                    for letter, script in zip(letters, scripts, strict=True)
                ],
                np.int64,
            )[which]
            numbers = marks.copy()
            numbers[at] = known_letters
            rows = np.flatnonzero(known_letters >= 0)
            self._fill(model, numbers, at[rows], starts[rows], rows, bits, boundary)
        known = np.zeros(total, bool)
        self._words(texts, bits, known)
        stops = np.cumsum(counts).tolist()
        parts = [slice(stop - len(text), stop) for (text, _, _), stop in zip(texts, stops, strict=True)]
        return [Surprise(bits[part], boundary[part], known[part]) for part in parts]

    def word_bits(self, words: Sequence[str]) -> Floats:
        """Return -log2 of each word's frequency; infinity for one that is no ordinary word."""
        return self._bits_of(np.array([word_key(word) for word in words], np.uint32))

    def _bits_of(self, keys: npt.NDArray[np.uint32]) -> Floats:
        at = np.minimum(np.searchsorted(self._word_keys, keys), len(self._word_keys) - 1)
        return np.where(self._word_keys[at] == keys, self._word_bits[at], np.float32(np.inf))

    def rest_bits(self, rest: str, end: bool) -> float:
        """Return -log2 of the frequency of the ordinary word that a border left this of; infinity if there is none.

        Args:
            rest: letters of one word that lacks one or two.
            end: whether they are its end; otherwise its begin.
        """
        letters = "abcdefghijklmnopqrstuvwxyz" if rest.isascii() else "абвгдежзийклмнопрстуфхцчшщъыьэюяіїєґ"
        lost = [*letters, *("".join(pair) for pair in product(letters, repeat=2))]
        words = [missing + rest if end else rest + missing for missing in lost]
        keys = np.array([zlib.crc32(_bones(word).encode("utf-8", "surrogatepass")) for word in words], np.uint32)
        return float(self._bits_of(keys).min())

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
        for (begin, end), word in zip(spans, words, strict=True):
            ending = None if word.isascii() else _ENDINGS.search(word)
            if ending is not None:
                letters = bits[begin + ending.start() : end]
                letters *= min(1.0, ENDING_BITS / max(float(letters.sum()), ENDING_BITS))
        found = self.word_bits(words)
        first, stop = np.array(spans).T
        ordinary = np.flatnonzero(found < np.inf)
        first, stop, rarity = first[ordinary], stop[ordinary], found[ordinary]
        size = stop - first
        places = np.arange(int(size.sum())) - np.repeat(np.cumsum(size) - size, size) + np.repeat(first, size)
        known[places] = np.repeat((size > 2) | (rarity < COMMON_BITS), size)
        if len(places):
            spelled = np.add.reduceat(bits[places], np.cumsum(size) - size)
            bits[places] *= np.repeat(np.minimum((rarity + 1) / np.maximum(spelled, 1e-6), 1), size)

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
        grams, context = windows(at)
        looked_up = model.look_up(np.concatenate([ends, grams]), np.concatenate([end_context, context]))
        end_bits, own_bits = looked_up[: len(at)], looked_up[len(at) :]
        # Nothing says how a line begins: what stands there is taken for the begin of a word.
        end = np.clip(np.exp2(-end_bits), 0.02, 0.9) if not model.spaceless else np.full(len(at), 0.2, np.float32)
        inside = np.exp2(-own_bits) / np.maximum(1 - np.exp2(-end_bits), 0.05)
        first = np.exp2(-model.first[letter])
        own = np.where(starts, first, np.minimum(inside, 1.0))
        mixed = _MIX[0] * own + _MIX[1] * first + _MIX[2] * np.exp2(-model.alone[letter])
        bits[rows] = -np.log2(mixed)
        boundary[rows] = end


@lru_cache(maxsize=65536)
def word_key(word: str) -> int:
    """Return the hash by which an ordinary word is known: of its letters, those that look alike made one."""
    return zlib.crc32(skeleton(word).encode("utf-8", "surrogatepass"))


@lru_cache(maxsize=4096)
def rest_bits(rest: str, end: bool) -> float:
    """Return ``LetterModel.rest_bits`` of the packaged model."""
    return letter_model().rest_bits(rest, end)


@lru_cache(maxsize=1)
def letter_model() -> LetterModel:
    """Return the packaged model, loaded once."""
    return LetterModel()
