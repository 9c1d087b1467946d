"""What engines confuse, as log2 probabilities: how likely a printed letter is read as another one.

The packaged numbers are counted by ``training/confusions.py`` on printed text of known content.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from detector.resources import model_file

ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyzабвгдежзийклмнопрстуфхцчшщъыьэюяіїєґ"
"""Letters whose confusions are known; all others are only equal or not."""
OTHER = len(ALPHABET)
Joined = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float64]]
_PLACES = {letter: number for number, letter in enumerate(ALPHABET)}


class Costs:
    """The error model of reading, in bits (log2 of probabilities, so 0 or below).

    Attributes:
        letters: (OTHER + 1, OTHER + 1): printed letter by read letter.
        same: a letter read right that is not in ``ALPHABET``.
        different: two such letters that differ.
        extra: a letter is read that was not printed.
        dropped: a printed letter is not read.
        two_as_one: printed pair -> the letter it is read as -> bits; ``rn`` read as m.
        one_as_two: printed letter -> the pair it is read as -> bits.
    """

    def __init__(self, config: Mapping[str, object]) -> None:
        right = float(config["right"])  # type: ignore[arg-type]
        wrong = float(config["wrong"])  # type: ignore[arg-type]
        self.same = np.float32(right)
        self.different = np.float32(wrong)
        self.extra = float(config["extra"])  # type: ignore[arg-type]
        self.dropped = float(config["dropped"])  # type: ignore[arg-type]
        letters = np.full((OTHER + 1, OTHER + 1), wrong, np.float32)
        np.fill_diagonal(letters, right)
        self.two_as_one: dict[tuple[str, str], float] = {}
        self.one_as_two: dict[tuple[str, str], float] = {}
        confused: Mapping[str, float] = config["confused"]  # type: ignore[assignment]
        for pair, bits in confused.items():
            printed, read = pair.split(">")
            if len(printed) == 2:
                self.two_as_one[printed, read] = float(bits)
            elif len(read) == 2:
                self.one_as_two[printed, read] = float(bits)
            else:
                letters[_PLACES[printed], _PLACES[read]] = bits
        self.letters = letters

    def joined_pairs(self, pairs: npt.NDArray[np.int64]) -> Joined:
        """Return which of these printed pairs are read as one letter: the places, that letter's row, and the bits.

        Args:
            pairs: for each place the row of the letter before it, times ``OTHER + 1``, and its own.
        """
        rules = [(_row(printed), _PLACES[read], bits) for (printed, read), bits in self.two_as_one.items()]
        return _apply(rules, pairs)

    def split_letters(self, letters: npt.NDArray[np.int64]) -> Joined:
        """Return which of these printed letters are read as two: the places, that pair's row, and the bits."""
        rules = [(_PLACES[printed], _row(read), bits) for (printed, read), bits in self.one_as_two.items()]
        return _apply(rules, letters)


def _row(pair: str) -> int:
    return _PLACES[pair[0]] * (OTHER + 1) + _PLACES[pair[1]]


def _apply(rules: list[tuple[int, int, float]], keys: npt.NDArray[np.int64]) -> Joined:
    found = [(np.nonzero(keys == key)[0], read, bits) for key, read, bits in rules]
    counts = [len(at) for at, _, _ in found]
    return (
        np.concatenate([np.empty(0, np.int64), *(at for at, _, _ in found)]),
        np.repeat(np.array([read for _, read, _ in found], np.int64), counts),
        np.repeat(np.array([bits for _, _, bits in found]), counts),
    )


def places(letters: str) -> npt.NDArray[np.int64]:
    """Return each letter's row in ``Costs.letters``."""
    return np.array([_PLACES.get(letter, OTHER) for letter in letters], np.int64)


def codes(letters: str) -> npt.NDArray[np.int64]:
    """Return each letter's code point."""
    return np.frombuffer(letters.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.int64)


@lru_cache(maxsize=1)
def read_config() -> dict[str, object]:
    """Return the matcher's packaged settings: costs, calibration, and what they were measured on."""
    value = json.loads(model_file("letters-v1", "config.json").read_text("utf-8"))
    assert isinstance(value, dict)
    return value


@lru_cache(maxsize=1)
def packaged_costs() -> Costs:
    """Return the packaged error model."""
    return Costs(read_config()["costs"])  # type: ignore[arg-type]
