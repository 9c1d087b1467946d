"""Aligns phrases with what was read: many pairs at once, as a pair hidden Markov model.

The score of an alignment is the log2 ratio of two explanations of the letters that were read: a part of the
phrase was printed there and read with the usual errors, or it is ordinary text. It is a local alignment
(Smith and Waterman) whose scores depend on the place: a letter that ordinary text would hardly have there
counts more than one that everybody would have guessed.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from detector.knowledge.costs import OTHER, Costs
from detector.knowledge.sides import Alignment, PhraseSide, TextSide

Floats = npt.NDArray[np.float32]
NEVER = np.float32(-1e6)
MISREAD_SURE = np.float32(-8.0)  # the same where the engine is sure of that letter: 2 in 1000 are wrong then
MISREAD = np.float32(-4.5)  # most bits of a letter read as one that it is never taken for
MOST_CELLS = 1_500_000  # of one block, so that hostile text cannot ask for all memory
SELDOM = -5.2  # bits; below it a confusion counts as an error, above it as the same letter
CUT_END = np.float32(2.5)
"""Bits for a part that ends where the line ends, at the border; see ``lines``."""
_CLASH = (0.90, 0.10, 0.03, 0.97)
"""Chance that a blank is read where a word of the phrase begins, that it is not, that one is read where none
is printed, that none is read there."""


class _Batch:
    """Pairs of similar size, padded to one block: axis 0 the pairs, axis 1 the letters of the phrase."""

    def __init__(self, pairs: Sequence[tuple[PhraseSide, TextSide]], costs: Costs) -> None:
        self.pairs = pairs
        self.costs = costs
        self.rows = len(pairs)
        self.width = max(len(phrase.letters) for phrase, _ in pairs)
        self.length = max(len(text.letters) for _, text in pairs)
        rows, width, length = self.rows, self.width, self.length
        self.p_codes = np.full((rows, width), -1, np.int64)
        self.p_places = np.full((rows, width), OTHER, np.int64)
        self.p_starts = np.zeros((rows, width), bool)
        self.p_begins = np.zeros((rows, width), np.int8)
        self.p_ends = np.zeros((rows, width), np.int8)
        self.first = np.full((rows, width), NEVER, np.float32)
        self.last = np.full((rows, width), NEVER, np.float32)
        self.border = np.empty(rows, np.float32)
        self.t_codes = np.full((length, rows), -2, np.int64)
        self.t_places = np.full((length, rows), OTHER, np.int64)
        self.t_starts = np.zeros((length, rows), bool)
        self.bits = np.zeros((length, rows), np.float32)
        self.boundary = np.full((length, rows), 0.2, np.float32)
        self.weight = np.ones((length, rows), np.float32)
        self.sure = np.zeros((length, rows), bool)
        self.begin = np.full((4, length, rows), NEVER, np.float32)
        self.end = np.full((4, length, rows), NEVER, np.float32)
        self.spaced = np.array([text.spaced for _, text in pairs])
        self.cut_begin = np.array([text.cut_begin for _, text in pairs])
        self.cut_end = np.zeros((length, rows), bool)
        for row, (phrase, text) in enumerate(pairs):
            size, count = len(phrase.letters), len(text.letters)
            self.p_codes[row, :size] = phrase.codes
            self.p_places[row, :size] = phrase.places
            self.p_starts[row, :size] = phrase.starts
            self.p_begins[row, :size] = phrase.begins
            self.p_ends[row, :size] = phrase.ends
            self.first[row, :size] = phrase.first
            self.last[row, :size] = phrase.last
            self.border[row] = phrase.border
            self.t_codes[:count, row] = text.codes
            self.t_places[:count, row] = text.places
            self.t_starts[:count, row] = text.starts
            self.bits[:count, row] = text.bits
            self.boundary[:count, row] = text.boundary
            self.weight[:count, row] = text.weight
            self.sure[:count, row] = text.sure
            self.begin[:, :count, row] = text.begin
            self.end[:, :count, row] = text.end
            self.cut_end[count - 1, row] = text.cut_end
        self.each = np.arange(rows)[:, None]
        self.two_as_one, self.one_as_two = self._joined()
        self.emission = self._emission()
        self.blanks = self._blanks()
        self.start = (
            self.first[None] + self.begin[self.p_begins[None], np.arange(length)[:, None, None], self.each[None]]
        )
        self.finish = self.last[None] + self.end[self.p_ends[None], np.arange(length)[:, None, None], self.each[None]]
        possible = self.p_codes >= 0
        begin_cut = np.where(possible & self.cut_begin[:, None], self.border[:, None], NEVER)
        np.maximum(self.start[0], begin_cut, out=self.start[0])
        possible = self.p_codes >= 0
        for step in np.nonzero(self.cut_end.any(axis=1))[0]:
            end_cut = np.where(possible & self.cut_end[step][:, None], self.border[:, None] + CUT_END, NEVER)
            np.maximum(self.finish[step], end_cut, out=self.finish[step])

    def _joined(self) -> tuple[dict[int, Floats], dict[int, Floats]]:
        """Return, by text letter, the bits for two printed letters read as one, and for one read as two."""
        two: dict[int, Floats] = {}
        one: dict[int, Floats] = {}
        printed_letters = set(np.unique(self.p_codes).tolist())
        read_letters = set(np.unique(self.t_codes).tolist())
        previous: npt.NDArray[np.int64] | None = None
        for (printed, read), value in self.costs.two_as_one.items():
            if ord(read) not in read_letters or not {ord(printed[0]), ord(printed[1])} <= printed_letters:
                continue
            if previous is None:
                previous = np.roll(self.p_codes, 1, axis=1)
                previous[:, 0] = -1
            here = (previous == ord(printed[0])) & (self.p_codes == ord(printed[1]))
            hits = (self.t_codes == ord(read)) & here.any(axis=1)[None]
            for step in np.nonzero(hits.any(axis=1))[0].tolist():
                block = two.setdefault(step, np.full((self.rows, self.width), NEVER, np.float32))
                gain = (value + self.bits[step]) * self.weight[step]
                np.maximum(block, np.where(here & hits[step][:, None], gain[:, None], NEVER), out=block)
        for (printed, read), value in self.costs.one_as_two.items():
            if ord(printed) not in printed_letters or not {ord(read[0]), ord(read[1])} <= read_letters:
                continue
            here = self.p_codes == ord(printed)
            hits = np.zeros_like(self.t_codes, bool)
            hits[1:] = (self.t_codes[:-1] == ord(read[0])) & (self.t_codes[1:] == ord(read[1]))
            hits &= here.any(axis=1)[None]
            for step in np.nonzero(hits.any(axis=1))[0].tolist():
                block = one.setdefault(step, np.full((self.rows, self.width), NEVER, np.float32))
                gain = (value + self.bits[step] + self.bits[step - 1]) * self.weight[step]
                np.maximum(block, np.where(here & hits[step][:, None], gain[:, None], NEVER), out=block)
        return two, one

    def _emission(self) -> Floats:
        """Return the gain of reading each text letter for each letter of the phrases: (length, rows, width)."""
        gain = self.costs.letters[self.p_places[None], self.t_places[:, :, None]]
        if (self.p_places == OTHER).any():
            outside = (self.p_places == OTHER)[None] & (self.t_places == OTHER)[:, :, None]
            other = np.where(self.p_codes[None] == self.t_codes[:, :, None], self.costs.same, self.costs.different)
            gain = np.where(outside, other, gain)
        total = gain + self.bits[:, :, None]
        # What a letter is misread as is about as likely as it is in ordinary text: a rare wrong letter is
        # no better than a common one. Only known confusions may come out even.
        most = np.where(self.sure, MISREAD_SURE, MISREAD)[:, :, None]
        total = np.where(gain <= self.costs.different, np.minimum(total, most), total)
        return total * self.weight[:, :, None]

    def _blanks(self) -> Floats:
        """Return the gain of agreeing, or the cost of not, about whether a word begins at each text letter."""
        read, chance = self.t_starts, self.boundary
        begins = np.where(read, np.log2(_CLASH[0] / chance), np.log2(_CLASH[1] / (1 - chance)))
        inside = np.where(read, np.log2(_CLASH[2] / chance), np.log2(_CLASH[3] / (1 - chance)))
        begins = np.where(self.spaced, begins, 0).astype(np.float32)
        inside = np.where(self.spaced, inside, 0).astype(np.float32)
        return np.where(self.p_starts[None], begins[:, :, None], inside[:, :, None])

    def wrong(self, column: int, step: int) -> bool:
        """Return whether a letter of the first pair was read as one that it is seldom taken for."""
        if self.p_codes[0, column] == self.t_codes[step, 0]:
            return False
        printed, read = self.p_places[0, column], self.t_places[step, 0]
        return bool((printed == OTHER == read) or self.costs.letters[printed, read] < SELDOM)

    def run(self, keep: bool = False) -> tuple[Floats, list[tuple[Floats, Floats]]]:
        """Return the best score of each pair, and with ``keep`` the matrices of every step.

        Two values a cell: ``matched`` ends with a letter of each side taken together (only there may a part
        end, and only there may another letter follow a start), ``any`` may end with a gap.
        """
        costs = self.costs
        ramp = (np.arange(self.width, dtype=np.float32) * -costs.dropped)[None, :]
        extra = np.float32(costs.extra)
        best = np.full(self.rows, NEVER, np.float32)
        nothing = np.full((self.rows, self.width), NEVER, np.float32)
        before, before2 = nothing, nothing
        history: list[tuple[Floats, Floats]] = []
        for step in range(self.length):
            matched = self.start[step].copy()
            if step:
                come = matched[:, 1:]
                np.maximum(come, before[:, :-1] + self.blanks[step][:, 1:], out=come)
            matched += self.emission[step]
            if step in self.two_as_one and self.width > 1:
                wide = np.full_like(before, NEVER)
                wide[:, 2:] = before[:, :-2]
                wide[:, 1:] = np.maximum(wide[:, 1:], self.start[step][:, :-1])
                matched = np.maximum(matched, wide + self.two_as_one[step])
            if step in self.one_as_two:
                far = self.start[step - 1].copy()
                far[:, 1:] = np.maximum(far[:, 1:], before2[:, :-1])
                matched = np.maximum(matched, far + self.one_as_two[step])
            np.maximum(best, (matched + self.finish[step]).max(axis=1), out=best)
            anything = np.maximum(matched, before + extra)
            anything += ramp
            np.maximum.accumulate(anything, axis=1, out=anything)
            anything -= ramp
            before2, before = before, anything
            if keep:
                history.append((matched, before))
        return best, history


def best_scores(pairs: Sequence[tuple[PhraseSide, TextSide]], costs: Costs) -> Floats:
    """Return the score of the best alignment of each pair, in bits; below zero where there is none.

    Pairs are sorted by size and computed in blocks, so that little is spent on padding.
    """
    scores = np.empty(len(pairs), np.float32)
    sizes = [(len(phrase.letters), len(text.letters)) for phrase, text in pairs]
    order = sorted(range(len(pairs)), key=lambda row: (sizes[row][1] // 12, sizes[row][0], sizes[row][1]))
    start = 0
    while start < len(order):
        stop = start + 1
        length, width = sizes[order[start]][1], sizes[order[start]][0]
        while stop < len(order) and stop - start < 256:
            longer, wider = sizes[order[stop]][1], sizes[order[stop]][0]
            if (longer > 1.6 * length + 6 or wider > 2 * width + 12) and stop - start >= 8:
                break
            if (stop - start + 1) * max(length, longer) * max(width, wider) > MOST_CELLS:
                break
            length, width = max(length, longer), max(width, wider)
            stop += 1
        rows = order[start:stop]
        scores[rows] = _Batch([pairs[row] for row in rows], costs).run()[0]
        start = stop
    return scores


def align(phrase: PhraseSide, text: TextSide, costs: Costs) -> Alignment | None:
    """Return the best alignment of one pair with its steps, or None if no letter can be matched."""
    batch = _Batch([(phrase, text)], costs)
    best, history = batch.run(keep=True)
    if best[0] < NEVER / 2:
        return None
    place: tuple[int, int] | None = None
    top = NEVER
    for step, (matched, _) in enumerate(history):
        total = matched[0] + batch.finish[step, 0]
        column = int(total.argmax())
        if total[column] > top:
            top, place = total[column], (column, step)
    assert place is not None
    steps, errors = _trace(batch, history, *place)
    return Alignment(
        score=float(top),
        phrase=(steps[0][0], place[0] + 1),
        text=(steps[0][2], place[1] + 1),
        steps=tuple(steps),
        errors=errors,
    )


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
        agree = np.where(read, np.log2(_CLASH[0] / chance), np.log2(_CLASH[3] / (1 - chance)))
        clash = np.where(read, np.log2(_CLASH[2] / chance), np.log2(_CLASH[1] / (1 - chance)))
        score += float(np.where(read == phrase.starts[1:], agree, clash).sum())
    return Alignment(
        score=score,
        phrase=(0, size),
        text=(begin, begin + size),
        steps=tuple((place, place + 1, begin + place, begin + place + 1) for place in range(size)),
        errors=0,
    )


def _trace(
    batch: _Batch, history: list[tuple[Floats, Floats]], column: int, step: int
) -> tuple[list[tuple[int, int, int, int]], int]:
    """Walk back from the last letters to the first; return the steps in order and how many errors they have."""
    costs = batch.costs
    steps: list[tuple[int, int, int, int]] = []
    errors = 0
    must_match = True

    def close(one: float, other: float) -> bool:
        return bool(abs(one - other) < 2e-3 + 1e-5 * abs(one))

    def before(at: int, col: int) -> float:
        return float(history[at][1][0, col]) if at >= 0 and col >= 0 else float(NEVER)

    while True:
        matched = float(history[step][0][0, column])
        here = float(history[step][1][0, column])
        if must_match or close(matched, here):
            must_match = False
            emission = float(batch.emission[step, 0, column])
            if close(matched, float(batch.start[step, 0, column]) + emission):
                steps.append((column, column + 1, step, step + 1))
                errors += batch.wrong(column, step)
                break
            blanks = float(batch.blanks[step, 0, column]) if step else 0.0
            if close(matched, before(step - 1, column - 1) + blanks + emission):
                steps.append((column, column + 1, step, step + 1))
                errors += batch.wrong(column, step)
                column, step = column - 1, step - 1
                continue
            errors += 1
            if step in batch.two_as_one:
                joined = float(batch.two_as_one[step][0, column])
                if column and close(matched, float(batch.start[step, 0, column - 1]) + joined):
                    steps.append((column - 1, column + 1, step, step + 1))
                    break
                if close(matched, before(step - 1, column - 2) + joined):
                    steps.append((column - 1, column + 1, step, step + 1))
                    column, step = column - 2, step - 1
                    continue
            split = float(batch.one_as_two[step][0, column])
            steps.append((column, column + 1, step - 1, step + 1))
            if close(matched, float(batch.start[step - 1, 0, column]) + split):
                break
            column, step = column - 1, step - 2
            continue
        errors += 1
        if close(here, before(step - 1, column) + costs.extra):
            steps.append((column + 1, column + 1, step, step + 1))
            step -= 1
        else:
            steps.append((column, column + 1, step + 1, step + 1))
            column -= 1
    steps.reverse()
    return steps, int(errors)
