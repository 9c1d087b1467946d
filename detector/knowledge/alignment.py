"""Aligns phrases with what was read, and walks back through the best alignment of each pair."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from detector.knowledge.block import CLASH, NEVER, Block, Floats, Hits
from detector.knowledge.costs import OTHER, Costs
from detector.knowledge.sides import Alignment, PhraseSide, TextSide

BELOW_ALL = -5e4
"""No alignment scores so little, unless it is impossible."""
MOST_CELLS = 1_500_000  # of one block, so that hostile text cannot ask for all memory
SELDOM = -5.2  # bits; below it a confusion counts as an error, above it as the same letter


class _Trace:
    """Walks back from the last letters of one pair's best alignment to the first."""

    def __init__(self, block: Block, history: Sequence[tuple[Floats, Floats, Floats]], row: int) -> None:
        self.block = block
        self.history = history
        self.offset = int(block.offsets[row])
        self.stop = int(block.offsets[row + 1]) if row + 1 < len(block.offsets) else len(block.codes)
        self.text = int(block.begin_of[row])
        self.count = int(block.counts[row])

    def alignment(self) -> Alignment | None:
        """Return the best alignment, or None if no letter can be matched."""
        place: tuple[int, int] | None = None
        top = BELOW_ALL
        for step in range(self.count):
            matched, _, finish = self.history[step]
            total = matched[self.offset : self.stop] + finish[self.offset : self.stop]
            column = int(total.argmax())
            if total[column] > top:
                top, place = float(total[column]), (column, step)
        if place is None:
            return None
        steps, errors = self._walk(*place)
        return Alignment(
            score=top,
            phrase=(steps[0][0], place[0] + 1),
            text=(steps[0][2], place[1] + 1),
            steps=tuple(steps),
            errors=errors,
        )

    def _wrong(self, column: int, step: int) -> bool:
        """Return whether a letter of the phrase was read as one that it is seldom taken for."""
        block, at, text = self.block, self.offset + column, self.text + step
        if block.codes[at] == block.t_codes[text]:
            return False
        printed, read = block.places[at], block.t_places[text]
        return bool((printed == OTHER == read) or block.costs.letters[printed, read] < SELDOM)

    def _emission(self, column: int, step: int) -> float:
        block, at, text = self.block, self.offset + column, self.text + step
        if block.places[at] == OTHER == block.t_places[text]:
            return float((block.same if block.codes[at] == block.t_codes[text] else block.different)[text])
        return float(block.emission[text, block.places[at]])

    def _start(self, column: int, step: int) -> float:
        block, at = self.block, self.offset + column
        start = float(block.begin[self.text + step, block.begins[at]] + block.first[at])
        return max(start, float(block.cut_first[at])) if step == 0 else start

    def _joined(self, hits: Hits, column: int, step: int) -> float | None:
        if step not in hits:
            return None
        at, gain = hits[step]
        found = np.nonzero(at == self.offset + column)[0]
        return float(gain[found].max()) if len(found) else None

    def _before(self, step: int, column: int) -> float:
        return float(self.history[step][1][self.offset + column]) if step >= 0 and column >= 0 else float(NEVER)

    def _walk(self, column: int, step: int) -> tuple[list[tuple[int, int, int, int]], int]:
        """Return the steps in order, and how many errors they have."""
        block = self.block
        steps: list[tuple[int, int, int, int]] = []
        errors = 0
        must_match = True

        def close(one: float, other: float) -> bool:
            return abs(one - other) < 2e-3 + 1e-5 * abs(one)

        while True:
            matched = float(self.history[step][0][self.offset + column])
            here = self._before(step, column)
            if must_match or close(matched, here):
                must_match = False
                emission = self._emission(column, step)
                if close(matched, self._start(column, step) + emission):
                    steps.append((column, column + 1, step, step + 1))
                    errors += self._wrong(column, step)
                    break
                blanks = float(block.blanks[self.text + step, block.blank_kind[self.offset + column]])
                if close(matched, self._before(step - 1, column - 1) + blanks + emission):
                    steps.append((column, column + 1, step, step + 1))
                    errors += self._wrong(column, step)
                    column, step = column - 1, step - 1
                    continue
                errors += 1
                joined = self._joined(block.two_as_one, column, step)
                if joined is not None and column and close(matched, self._start(column - 1, step) + joined):
                    steps.append((column - 1, column + 1, step, step + 1))
                    break
                if joined is not None and close(matched, self._before(step - 1, column - 2) + joined):
                    steps.append((column - 1, column + 1, step, step + 1))
                    column, step = column - 2, step - 1
                    continue
                split = self._joined(block.one_as_two, column, step)
                steps.append((column, column + 1, step - 1, step + 1))
                if split is None or close(matched, self._start(column, step - 1) + split):
                    break
                column, step = column - 1, step - 2
                continue
            errors += 1
            if close(here, self._before(step - 1, column) + block.costs.extra):
                steps.append((column + 1, column + 1, step, step + 1))
                step -= 1
            else:
                steps.append((column, column + 1, step + 1, step + 1))
                column -= 1
        steps.reverse()
        return steps, errors


def _blocks(pairs: Sequence[tuple[PhraseSide, TextSide]]) -> Iterator[list[int]]:
    """Yield the pairs of each block: as many as fit into ``MOST_CELLS``, and one at least."""
    rows: list[int] = []
    cells = 0
    for row, (phrase, text) in enumerate(pairs):
        size = len(phrase.letters) * len(text.letters)
        if rows and cells + size > MOST_CELLS:
            yield rows
            rows, cells = [], 0
        rows.append(row)
        cells += size
    if rows:
        yield rows


def best_scores(pairs: Sequence[tuple[PhraseSide, TextSide]], costs: Costs) -> Floats:
    """Return the score of the best alignment of each pair, in bits; below zero where there is none."""
    scores = np.empty(len(pairs))
    for rows in _blocks(pairs):
        scores[rows] = Block([pairs[row] for row in rows], costs).scores()
    return scores


def align_many(pairs: Sequence[tuple[PhraseSide, TextSide]], costs: Costs) -> list[Alignment | None]:
    """Return the best alignment of each pair with its steps, or None where no letter can be matched."""
    result: list[Alignment | None] = []
    for rows in _blocks(pairs):
        block = Block([pairs[row] for row in rows], costs)
        history = block.history()
        found = {number: _Trace(block, history, row).alignment() for row, number in enumerate(block.order)}
        result += [found[number] for number in range(len(rows))]
    return result


def align(phrase: PhraseSide, text: TextSide, costs: Costs) -> Alignment | None:
    """Return the best alignment of one pair with its steps, or None if no letter can be matched."""
    return align_many([(phrase, text)], costs)[0]


def align_equal(phrase: PhraseSide, text: TextSide, begin: int, costs: Costs) -> Alignment:
    """Return the alignment of a whole phrase with as many letters of a line, from ``begin`` on, one by one."""
    size = len(phrase.letters)
    part = slice(begin, begin + size)
    known = costs.letters[phrase.places, text.places[part]]
    outside = (phrase.places == OTHER) & (text.places[part] == OTHER)
    other = np.where(phrase.codes == text.codes[part], costs.same, costs.different)
    gain = (np.where(outside, other, known) + text.bits[part]) * text.weight[part]
    score = float(gain.sum()) + float(phrase.first[0] + phrase.last[-1])
    score += float(text.begin[phrase.begins[0], begin] + text.end[phrase.ends[-1], begin + size - 1])
    if text.spaced and size > 1:
        chance, read = text.boundary[part][1:], text.starts[part][1:]
        agree = np.where(read, np.log2(CLASH[0] / chance), np.log2(CLASH[3] / (1 - chance)))
        clash = np.where(read, np.log2(CLASH[2] / chance), np.log2(CLASH[1] / (1 - chance)))
        score += float(np.where(read == phrase.starts[1:], agree, clash).sum())
    return Alignment(
        score=score,
        phrase=(0, size),
        text=(begin, begin + size),
        steps=tuple((place, place + 1, begin + place, begin + place + 1) for place in range(size)),
        errors=0,
    )
