"""The two sides of an alignment, and what comes of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class PhraseSide:
    """A phrase, ready to be aligned; arrays of its ``size`` letters.

    Attributes:
        letters: its folded letters.
        codes: code points.
        places: rows in the table of confusions.
        starts: whether a word begins at the letter.
        begins: 3 where a phrase begins that counts only as a whole, 2 where a sentence begins, 1 where a word does,
            0 inside a word.
        ends: the same for what ends with the letter.
        first: bits for a part that begins with this letter, 0 or below.
        last: bits for a part that ends with this letter, 0 or below.
        border: bits for a part that breaks off at the picture's border, anywhere.
        table: (7, letters) float64: codes, places, starts, begins, ends, first and last once more, in one piece.
    """

    letters: str
    codes: npt.NDArray[np.int64]
    places: npt.NDArray[np.int64]
    starts: npt.NDArray[np.bool_]
    begins: npt.NDArray[np.int8]
    ends: npt.NDArray[np.int8]
    first: Floats
    last: Floats
    border: float
    table: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class TextSide:
    """A line as it was read, ready to be aligned; arrays of its letters.

    Attributes:
        letters: its folded letters.
        codes: code points.
        places: rows in the table of confusions.
        starts: whether a word begins at the letter.
        bits: how surprising each letter is as ordinary text.
        boundary: the probability that ordinary text begins a word there.
        weight: how far each letter is trusted, 0 to 1.
        begin: (4, letters) bits for a part beginning here, by the phrase's ``begins``.
        end: (4, letters) bits for a part ending here, by the phrase's ``ends``.
        cut_begin: the line begins at the picture's border.
        cut_end: the line ends at the picture's border.
        spaced: the script writes blanks.
        known: whether the letter stands in a word that ordinary text has.
        sure: whether the engine was asked about this very letter and is sure of it.
    """

    letters: str
    codes: npt.NDArray[np.int64]
    places: npt.NDArray[np.int64]
    starts: npt.NDArray[np.bool_]
    bits: Floats
    boundary: Floats
    weight: Floats
    begin: Floats
    end: Floats
    cut_begin: bool
    cut_end: bool
    spaced: bool
    known: npt.NDArray[np.bool_]
    sure: npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Alignment:
    """The best alignment of a part of a phrase with a part of a line.

    Attributes:
        score: log2 ratio of the two explanations, with the bits for where it begins and ends.
        phrase: first letter of the phrase's part and the one after its last.
        text: first letter of the line's part and the one after its last.
        steps: (phrase letters, text letters) index ranges of each step: (i, i2, j, j2).
        errors: letters dropped, added, or read as one that they are seldom taken for.
    """

    score: float
    phrase: tuple[int, int]
    text: tuple[int, int]
    steps: tuple[tuple[int, int, int, int], ...]
    errors: int
