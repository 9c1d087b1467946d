"""Lines as they were read, ready to be matched: letters, trust, surprise, and where they stand."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detector.knowledge.costs import codes, places
from detector.knowledge.folding import SPACELESS, Folded, foldings, main_script
from detector.knowledge.letters import letter_model
from detector.knowledge.sides import Floats, TextSide
from detector.types import TextLine, quad_bounds

MOST_VARIANTS = 4
_TRUST = ((0.0, 0.3, 0.5, 0.7, 0.8, 0.9), (0.3, 0.44, 0.62, 0.72, 0.88, 1.0))
"""Confidence of a letter, and how many such letters were right; counted by ``training/confusions.py``."""
SURE = 0.9
RIGHT_TO_LEFT = frozenset({"Arab", "Hebr"})
_LINE_END = 2.5  # bits: ordinary text seldom ends just there, a phrase's part often does
_INNER_END = -1.2
_BREAK_FREE = (-5.0, -3.0, 0.0, 0.0)
"""Bits for a phrase that breaks off where a line begins or ends, though nothing cuts it: inside a word, between
words, between sentences; and for a phrase that counts only as a whole, which may stand in a longer text."""
_BREAK_MET = (-10.0, -8.0, -4.0, 0.0)
"""The same where the line goes on with something that the phrase does not say."""
_JOINED = -4.0  # no blank was read between the phrase and what stands beside it


@dataclass(frozen=True, slots=True)
class Place:
    """Where a line stands.

    Attributes:
        centre: of its quad, pixels.
        along: unit vector in the direction of reading on the screen, left to right of the quad.
        height: of its letters, pixels.
        reach: half its length along that direction, pixels.
        begin: border that the begin of the text touches, or empty.
        end: border that its end touches, or empty.
        beside: border that its long side touches (letters cut in half), or empty.
        zones: zones of the picture that it stands in.
    """

    centre: tuple[float, float]
    along: tuple[float, float]
    height: float
    reach: float
    begin: str
    end: str
    beside: str
    zones: frozenset[str]


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to take one line: a reading and its letters.

    Attributes:
        line: index into the observations' lines.
        folded: the letters.
        script: of most of them.
        side: for the alignment.
        cost: bits for having several readings to choose from, 0 or below.
        words: how many words it has.
    """

    line: int
    folded: Folded
    script: str
    side: TextSide
    cost: float
    words: int


def place_of(line: TextLine, size: tuple[int, int]) -> Place:
    """Return where a line stands in a picture of this size (width, height)."""
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = line.quad
    begin_x, begin_y, end_x, end_y = (ax + dx) / 2, (ay + dy) / 2, (bx + cx) / 2, (by + cy) / 2
    width, height = size
    letter = max(line.height, 1.0)
    length = math.hypot(end_x - begin_x, end_y - begin_y)
    along = ((end_x - begin_x) / length, (end_y - begin_y) / length) if length > 0 else (1.0, 0.0)
    # A line that is cut begins at the border itself; overlays that are whole keep a margin of about a letter.
    near_x = max(3.0, min(0.015 * width, 0.6 * letter))
    near_y = max(3.0, min(0.015 * height, 0.6 * letter))

    def touches(x: float, y: float) -> str:
        if x <= near_x:
            return "left"
        if x >= width - near_x:
            return "right"
        if y <= near_y:
            return "top"
        return "bottom" if y >= height - near_y else ""

    level = abs(along[0]) >= abs(along[1])
    begin = touches(begin_x, begin_y if not level else height / 2)
    end = touches(end_x, end_y if not level else height / 2)
    left, top, right, bottom = quad_bounds(line.quad)
    beside = ""
    if level:
        beside = "top" if top <= near_y / 3 else "bottom" if bottom >= height - near_y / 3 else ""
    else:
        beside = "left" if left <= near_x / 3 else "right" if right >= width - near_x / 3 else ""
    if main_script(line.text) in RIGHT_TO_LEFT:
        begin, end = end, begin
    return Place(
        centre=((left + right) / 2, (top + bottom) / 2),
        along=along,
        height=letter,
        reach=length / 2,
        begin=begin,
        end=end,
        beside=beside,
        zones=_zones(left / width, top / height, right / width, bottom / height),
    )


def _zones(left: float, top: float, right: float, bottom: float) -> frozenset[str]:
    """Return the zones that a rectangle reaches (shares of the picture); the thirds overlap generously."""
    columns = [
        name
        for name, low, high in (("left", 0, 0.4), ("", 0.25, 0.75), ("right", 0.6, 1))
        if right > low and left < high
    ]
    rows = [
        name
        for name, low, high in (("top", 0, 0.36), ("", 0.25, 0.75), ("bottom", 0.64, 1))
        if bottom > low and top < high
    ]
    return frozenset("-".join(filter(None, (row, column))) or "center" for row in rows for column in columns)


def trust(confidences: Sequence[float]) -> npt.NDArray[np.float32]:
    """Return how far letters of these confidences count: as often as such letters were found to be right."""
    return np.interp(confidences, *_TRUST).astype(np.float32)


def prepare(lines: Sequence[TextLine], spots: Sequence[Place]) -> list[Variant]:
    """Return the ways to take each line that has letters."""
    raw: list[tuple[int, Folded, npt.NDArray[np.float32], npt.NDArray[np.bool_], int]] = []
    for number, line in enumerate(lines):
        seen: list[tuple[Folded, npt.NDArray[np.float32], npt.NDArray[np.bool_]]] = []
        readings: list[tuple[str, tuple[float, ...] | None, float]] = [
            (line.text, line.char_confidences, line.confidence),
            *((vote.text, None, vote.confidence) for vote in line.votes),
        ]
        for text, confidences, whole in readings:
            for folded in foldings(text):
                if len(folded.letters) < 2 or any(folded.letters == other.letters for other, _, _ in seen):
                    continue
                if confidences:
                    values = np.array(confidences)[np.array(folded.index)]
                    seen.append((folded, trust(values), values >= SURE))
                else:
                    size = len(folded.letters)
                    seen.append((folded, np.repeat(trust([whole]), size), np.zeros(size, bool)))
        for folded, weight, sure in seen[:MOST_VARIANTS]:
            raw.append((number, folded, weight, sure, min(len(seen), MOST_VARIANTS)))
    surprises = letter_model().surprise(
        [(folded.letters, folded.starts, bool(spots[number].begin)) for number, folded, _, _, _ in raw]
    )
    scripts = [main_script(folded.letters) for _, folded, _, _, _ in raw]
    starts = [np.array(folded.starts, bool) for _, folded, _, _, _ in raw]
    edges = _edges(starts, [script not in SPACELESS for script in scripts])
    variants = []
    for row, (number, folded, weight, sure, count) in enumerate(raw):
        spot, surprise = spots[number], surprises[row]
        variants.append(
            Variant(
                line=number,
                folded=folded,
                script=scripts[row],
                side=TextSide(
                    letters=folded.letters,
                    codes=codes(folded.letters),
                    places=places(folded.letters),
                    starts=starts[row],
                    bits=surprise.bits,
                    boundary=surprise.boundary,
                    weight=weight,
                    begin=edges[row][0],
                    end=edges[row][1],
                    cut_begin=bool(spot.begin),
                    cut_end=bool(spot.end),
                    spaced=scripts[row] not in SPACELESS,
                    known=surprise.known,
                    sure=sure,
                ),
                cost=-0.5 * float(np.log2(count)),
                words=max(sum(folded.starts), 1),
            )
        )
    return variants


def _edges(starts: Sequence[npt.NDArray[np.bool_]], spaced: Sequence[bool]) -> list[tuple[Floats, Floats]]:
    """Return, for each line, the bits of beginning and of ending at each of its letters; see ``TextSide``.

    Args:
        starts: for each line whether a word begins at each letter.
        spaced: for each line whether its script writes blanks.
    """
    if not starts:
        return []
    sizes = np.array([len(row) for row in starts])
    stops = np.cumsum(sizes)
    firsts = stops - sizes
    start = np.concatenate(starts)
    words = np.maximum(np.add.reduceat(start.astype(np.int64), firsts), 1)
    follows = np.append(start[1:], True)
    blanks = np.repeat(spaced, sizes)
    free = np.array(_BREAK_FREE, np.float32)[:, None]
    met = np.array(_BREAK_MET, np.float32)[:, None]
    length = np.repeat(np.log2(sizes), sizes)
    place = np.where(start, -(1 + np.repeat(np.log2(words), sizes)), _JOINED - length)
    begin = (met + np.where(blanks, place, -1 - length)[None]).astype(np.float32)
    end = (met + np.where(follows | ~blanks, _INNER_END, _INNER_END + _JOINED)[None]).astype(np.float32)
    begin[:, firsts] = free - 1
    end[:, stops - 1] = free + _LINE_END
    return [(begin[:, first:stop], end[:, first:stop]) for first, stop in zip(firsts, stops, strict=True)]


def follows_below(upper: Place, lower: Place) -> bool:
    """Return whether one line stands right under another as the next line of the same text."""
    if not 0.55 <= lower.height / upper.height <= 1.8:
        return False
    ux, uy = upper.along
    if ux * lower.along[0] + uy * lower.along[1] < 0.94:  # 20 degrees
        return False
    dx, dy = lower.centre[0] - upper.centre[0], lower.centre[1] - upper.centre[1]
    height = (upper.height + lower.height) / 2
    down = -uy * dx + ux * dy
    across = abs(ux * dx + uy * dy)
    return 0.55 * height <= down <= 2.4 * height and across <= upper.reach + lower.reach + 0.5 * height


def follows_beside(first: Place, second: Place, leftwards: bool = False) -> bool:
    """Return whether one line goes on in another one on the same height, as when an engine splits a line."""
    if not 0.6 <= second.height / first.height <= 1.67:
        return False
    ux, uy = first.along
    if ux * second.along[0] + uy * second.along[1] < 0.97:
        return False
    dx, dy = second.centre[0] - first.centre[0], second.centre[1] - first.centre[1]
    height = (first.height + second.height) / 2
    down = abs(-uy * dx + ux * dy)
    ahead = (ux * dx + uy * dy) * (-1 if leftwards else 1)
    gap = ahead - first.reach - second.reach
    return down <= 0.45 * height and -0.4 * height <= gap <= 4 * height
