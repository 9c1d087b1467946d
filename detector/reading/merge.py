"""One line seen in several views, or by several engines, is one line with all its votes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

import numpy as np

from detector.reading import geometry
from detector.types import Quad, TextLine, Vote

SAME_AREA = 0.5
"""Two quads that share this much of the smaller one can be the same line."""
SAME_HEIGHT = 1.7
"""... unless one is this many times as high: then it holds more lines than one."""
COVERED = 0.6
"""A reading of which other, better lines cover this much adds nothing."""
NEARLY = 0.9
"""A reading that must be kept is the line's own if it is worth this part of the best one."""


def worth(line: TextLine) -> float:
    """Return how much was read: letters weighed by their confidence, doubtful ones for little."""
    if line.char_confidences is not None:
        return sum(max(sure - 0.3, 0.02) for sure in line.char_confidences)
    return len(line.text) * max(line.confidence - 0.3, 0.02)


def same(one: TextLine, other: TextLine) -> bool:
    """Say whether two readings are of the same line."""
    return same_place(one.quad, other.quad)


def same_place(one: Quad, other: Quad) -> bool:
    """Say whether two quads are the same line."""
    low, high = sorted((geometry.sides(one)[1], geometry.sides(other)[1]))
    if high > SAME_HEIGHT * max(low, 1.0):
        return False
    smaller = min(geometry.area(one), geometry.area(other))
    return smaller > 0 and geometry.shared(one, other) >= SAME_AREA * smaller


def merged(lines: Iterable[TextLine], *, kept: Sequence[TextLine] = ()) -> tuple[TextLine, ...]:
    """Return every line once, with all its readings, in reading order.

    The best reading of a line is kept whole; nothing is put together from several. Exact repetitions leave
    one vote.

    Args:
        lines: as they were read.
        kept: those of which no reading may be lost, even where better lines cover them: there they are votes.
    """
    precious = {id(line) for line in kept}
    ordered = sorted(lines, key=lambda line: (-worth(line), line.quad, line.text, line.engine, line.view))
    boxes = geometry.bounds(line.quad for line in ordered)
    # Only lines whose rectangles meet can be the same: a page of text has hundreds.
    firsts = np.zeros((len(ordered), 4))
    groups: list[list[TextLine]] = []
    for line, box in zip(ordered, boxes, strict=True):
        close = [groups[number] for number in geometry.near(firsts[: len(groups)], box)]
        home = next((group for group in close if same(group[0], line)), None)
        if home is not None:
            home.append(line)
        elif not _covered(line, [group[0] for group in close]):
            firsts[len(groups)] = box
            groups.append([line])
        elif id(line) in precious:
            max(close, key=lambda group: geometry.shared(group[0].quad, line.quad)).append(line)
    return reading_order([_with_votes(group, precious) for group in groups])


def _covered(line: TextLine, better: Sequence[TextLine]) -> bool:
    inside = [
        geometry.shared(line.quad, other.quad)
        for other in better
        if geometry.shared(line.quad, other.quad) >= COVERED * geometry.area(other.quad)
    ]
    return len(inside) > 1 and sum(inside) >= COVERED * geometry.area(line.quad)


def _with_votes(group: Sequence[TextLine], precious: Collection[int]) -> TextLine:
    best, kept = group[0], [line for line in group if id(line) in precious]
    if kept:
        # It stays as it is unless another reading is clearly better; that one is then its only new vote. With
        # every further reading that is tried, each counts for less.
        best = kept[0] if worth(kept[0]) >= NEARLY * worth(best) else best
        group = [best, *(line for line in kept if line is not best)]
    votes: dict[Vote, None] = {}
    for line in group:
        own = Vote(text=line.text, confidence=line.confidence, engine=line.engine, view=line.view)
        for vote in (own,) if kept and id(line) not in precious else line.votes or (own,):
            votes.setdefault(vote)
    return replace(best, votes=tuple(votes) if len(votes) > 1 else ())


def reading_order(lines: Sequence[TextLine]) -> tuple[TextLine, ...]:
    """Return lines from top to bottom, those at one height from left to right."""

    def middle(line: TextLine) -> float:
        _, top, _, bottom = geometry.bounds([line.quad])[0]
        return float((top + bottom) / 2)

    rows: list[list[TextLine]] = []
    for line in sorted(lines, key=lambda line: (middle(line), line.quad, line.text)):
        if rows and middle(line) - middle(rows[-1][0]) < 0.5 * min(line.height, rows[-1][0].height):
            rows[-1].append(line)
        else:
            rows.append([line])
    return tuple(line for row in rows for line in sorted(row, key=lambda line: (line.quad[0], line.quad, line.text)))
