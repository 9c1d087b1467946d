"""Many alignments at once: pairs of a phrase and a line as one pair hidden Markov model, without padding.

The score of an alignment is the log2 ratio of two explanations of the letters that were read: a part of the
phrase was printed there and read with the usual errors, or it is ordinary text. It is a local alignment
(Smith and Waterman) whose scores depend on the place: a letter that ordinary text would hardly have there
counts more than one that everybody would have guessed.

The letters of all phrases lie in one row, the pairs with the
longest lines first, so that after any number of letters the pairs whose lines go on are the row's begin.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt

from detector.knowledge.costs import OTHER, Costs
from detector.knowledge.sides import PhraseSide, TextSide

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
NEVER = np.float32(-1e6)
MISREAD_SURE = -8.0  # the same where the engine is sure of that letter: 2 in 1000 are wrong then
MISREAD = -4.5  # most bits of a letter read as one that it is never taken for
CUT_END = 2.5
"""Bits for a part that ends where the line ends, at the border; see ``lines``."""
CLASH = (0.90, 0.10, 0.03, 0.97)
"""Chance that a blank is read where a word of the phrase begins, that it is not, that one is read where none
is printed, that none is read there."""
_APART = 1e5  # keeps the running maximum of one phrase out of the next one
_NOWHERE = -1e9  # below all, whatever was added
_WIDTH = OTHER + 1
Hits = dict[int, tuple[Ints, Floats]]


class Block:
    """Pairs laid in one row.

    Arrays of the row have one value for each letter of each phrase; arrays of the texts one row for each letter of
    each line that occurs.
    """

    def __init__(self, pairs: Sequence[tuple[PhraseSide, TextSide]], costs: Costs) -> None:
        self.costs = costs
        self.order = sorted(range(len(pairs)), key=lambda row: -len(pairs[row][1].letters))
        phrases = [pairs[row][0] for row in self.order]
        lines = [pairs[row][1] for row in self.order]
        texts = list({id(line): line for line in lines}.values())
        self.texts = texts
        sizes = np.array([len(phrase.letters) for phrase in phrases])
        self.counts = np.array([len(line.letters) for line in lines])
        self.offsets = np.cumsum(sizes) - sizes
        self.length = int(self.counts[0])
        # How much of the row is still needed after so many letters of the lines.
        longer = len(pairs) - np.searchsorted(self.counts[::-1], np.arange(self.length + 1), side="right")
        self.reach = np.append(self.offsets, sizes.sum())[longer]
        table = np.concatenate([phrase.table for phrase in phrases], axis=1)
        self.codes, self.places, starts, self.begins, self.ends = table[:5].astype(np.int64)
        self.starts = starts.astype(bool)
        self.first, self.last = table[5:]
        self.inside = np.arange(len(self.codes)) - np.repeat(self.offsets, sizes)
        self.pair = np.repeat(np.arange(len(pairs)), sizes)
        begin_of = {id(line): place for line, place in zip(texts, _offsets(texts), strict=True)}
        self.begin_of = np.array([begin_of[id(line)] for line in lines])
        self.text = np.repeat(self.begin_of, sizes)
        self.count = np.repeat(self.counts, sizes)
        border = np.array([phrase.border for phrase in phrases])
        cut_begin = np.array([line.cut_begin for line in lines])
        cut_end = np.array([line.cut_end for line in lines])
        self.cut_first = np.repeat(np.where(cut_begin, border, NEVER), sizes)
        self.cut_last = np.repeat(np.where(cut_end, border + CUT_END, NEVER), sizes)
        self._tables()

    def _tables(self) -> None:
        """Work out, for each letter of each line, the gain of every letter that may have been printed, and more."""
        costs, texts = self.costs, self.texts
        self.t_codes = np.concatenate([text.codes for text in texts])
        self.t_places = np.concatenate([text.places for text in texts])
        self.bits = np.concatenate([text.bits for text in texts]).astype(np.float64)
        self.weight = np.concatenate([text.weight for text in texts]).astype(np.float64)
        sure = np.concatenate([text.sure for text in texts])
        # What a letter is misread as is about as likely as it is in ordinary text: a rare wrong letter is
        # no better than a common one. Only known confusions may come out even.
        most = np.where(sure, MISREAD_SURE, MISREAD)
        read_as = costs.letters.T[self.t_places].astype(np.float64)
        gain = read_as + self.bits[:, None]
        np.copyto(gain, np.minimum(gain, most[:, None]), where=read_as <= float(costs.different))
        self.emission = gain * self.weight[:, None]
        self.same = (float(costs.same) + self.bits) * self.weight
        self.different = np.minimum(float(costs.different) + self.bits, most) * self.weight
        read = np.concatenate([text.starts for text in texts])
        chance = np.concatenate([text.boundary for text in texts]).astype(np.float64)
        spaced = np.repeat([text.spaced for text in texts], [len(text.letters) for text in texts])
        begins = np.where(read, np.log2(CLASH[0] / chance), np.log2(CLASH[1] / (1 - chance)))
        within = np.where(read, np.log2(CLASH[2] / chance), np.log2(CLASH[3] / (1 - chance)))
        never = np.full(len(read), float(NEVER))
        # The third column is for the first letter of a phrase: nothing goes before it.
        self.blanks = np.stack([np.where(spaced, within, 0.0), np.where(spaced, begins, 0.0), never], axis=1)
        self.begin = np.concatenate([text.begin for text in texts], axis=1).T.astype(np.float64)
        self.end = np.concatenate([text.end for text in texts], axis=1).T.astype(np.float64)
        self.blank_kind = np.where(self.inside == 0, 2, self.starts.astype(np.int64))
        self.other = np.nonzero(self.places == OTHER)[0]
        self.t_other = self.t_places == OTHER

    @cached_property
    def two_as_one(self) -> Hits:
        """By text letter: places of the second one of two printed letters that were read as one, and their gain."""
        pair = np.zeros(len(self.places), np.int64)
        pair[1:] = self.places[:-1] * _WIDTH + self.places[1:]
        pair[self.inside == 0] = -1
        at, read, value = self.costs.joined_pairs(pair)
        step, row = self._occurs(at, read, None)
        text = self.text[at[row]] + step
        return _by_step(step, at[row], (value[row] + self.bits[text]) * self.weight[text])

    @cached_property
    def one_as_two(self) -> Hits:
        """By the second text letter: places of a printed letter that was read as two, and the gain."""
        at, read, value = self.costs.split_letters(self.places)
        step, row = self._occurs(at, read % _WIDTH, read // _WIDTH)
        text = self.text[at[row]] + step
        gain = (value[row] + self.bits[text] + self.bits[text - 1]) * self.weight[text]
        return _by_step(step, at[row], gain)

    def _occurs(self, at: Ints, read: Ints, before: Ints | None) -> tuple[Ints, Ints]:
        """Return where in a line its letter is the one wanted (and the one before it too): step, row of ``at``."""
        counts = self.count[at]
        rows = np.repeat(np.arange(len(at)), counts)
        steps = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
        text = self.text[at][rows] + steps
        hit = self.t_places[text] == read[rows]
        if before is not None:
            hit &= (steps > 0) & (self.t_places[np.maximum(text - 1, 0)] == before[rows])
        return steps[hit], rows[hit]

    @cached_property
    def ramp(self) -> Floats:
        """What is added to every value of the row, so that a running maximum charges for each letter left out.

        A large step between phrases keeps the maximum of one out of the next.
        """
        ramp: Floats = self.inside * -float(self.costs.dropped) + self.pair * _APART
        return ramp

    def _steps(self) -> Iterator[tuple[Floats, Floats, Floats]]:
        """Yield, letter by letter of the lines, the arrays ``matched``, ``any`` and ``finish`` of the row's begin.

        ``matched`` ends with a letter of each side taken together (only there may a part end, and only there may
        another letter follow a start), ``any`` may end with a gap. Both have ``ramp`` added, ``finish`` has it taken
        away.
        """
        costs = self.costs
        extra, rise = float(costs.extra), -float(costs.dropped)
        first, last = self.first + self.ramp, self.last - self.ramp
        cut_first, cut_last = self.cut_first + self.ramp, self.cut_last - self.ramp
        emission, blanks = self.emission.ravel(), (self.blanks + rise).ravel()
        begin, end = self.begin.ravel(), self.end.ravel()
        at_emission = self.text * _WIDTH + self.places
        at_blanks = self.text * 3 + self.blank_kind
        at_begin, at_end = self.text * 4 + self.begins, self.text * 4 + self.ends
        two_as_one, one_as_two = self.two_as_one, self.one_as_two
        before = before2 = before_start = self.ramp + float(NEVER)
        for step in range(self.length):
            size = int(self.reach[step])
            start = begin[4 * step :].take(at_begin[:size])
            start += first[:size]
            if step:
                matched = blanks[3 * step :].take(at_blanks[:size])
                matched[1:] += before[: size - 1]
                np.maximum(matched, start, out=matched)
            else:
                np.maximum(start, cut_first[:size], out=start)
                matched = start.copy()
            matched += self._emitted(emission, at_emission, step, size)
            if step in two_as_one:
                at, gain = two_as_one[step]
                wide = np.where(self.inside[at] > 1, before[at - 2] + 2 * rise, _NOWHERE)
                wide = np.maximum(wide, start[at - 1] + rise) + gain
                matched[at] = np.maximum(matched[at], wide)
            if step in one_as_two:
                at, gain = one_as_two[step]
                far = np.where(self.inside[at] > 0, before2[at - 1] + rise, _NOWHERE)
                far = np.maximum(far, before_start[at]) + gain
                matched[at] = np.maximum(matched[at], far)
            finish = end[4 * step :].take(at_end[:size])
            finish += last[:size]
            rest = slice(int(self.reach[step + 1]), size)
            np.maximum(finish[rest], cut_last[rest], out=finish[rest])
            anything = before[:size] + extra
            np.maximum(anything, matched, out=anything)
            np.maximum.accumulate(anything, out=anything)
            yield matched, anything, finish
            before2, before, before_start = before, anything, start

    def _emitted(self, emission: Floats, at: Ints, step: int, size: int) -> Floats:
        gain = emission[_WIDTH * step :].take(at[:size])
        if len(self.other):
            other = self.other[: np.searchsorted(self.other, size)]
            text = self.text[other] + step
            equal = self.codes[other] == self.t_codes[text]
            both = np.where(equal, self.same[text], self.different[text])
            gain[other] = np.where(self.t_other[text], both, gain[other])
        return gain

    def scores(self) -> Floats:
        """Return the best score of each pair, in the order in which they were given."""
        best = np.full(len(self.codes), float(NEVER))
        for matched, _, finish in self._steps():
            np.maximum(best[: len(matched)], matched + finish, out=best[: len(matched)])
        result = np.empty(len(self.order))
        result[self.order] = np.maximum.reduceat(best, self.offsets)
        return result

    def history(self) -> list[tuple[Floats, Floats, Floats]]:
        """Return ``matched``, ``any`` and ``finish`` after each letter of the lines, as plain scores."""
        rows = []
        for matched, anything, finish in self._steps():
            ramp = self.ramp[: len(matched)]
            rows.append((matched - ramp, anything - ramp, finish + ramp))
        return rows


def _offsets(texts: Sequence[TextSide]) -> Ints:
    sizes = np.array([len(text.letters) for text in texts], np.int64)
    return np.cumsum(sizes) - sizes


def _by_step(step: Ints, at: Ints, gain: Floats) -> Hits:
    """Return hits by step; a place that is hit twice in one step counts with its larger gain."""
    if not len(step):
        return {}
    order = np.lexsort((gain, at, step))
    step, at, gain = step[order], at[order], gain[order]
    kept = np.ones(len(step), bool)
    kept[:-1] = (step[1:] != step[:-1]) | (at[1:] != at[:-1])
    step, at, gain = step[kept], at[kept], gain[kept]
    numbers, begins = np.unique(step, return_index=True)
    ends = np.append(begins[1:], len(step))
    return {
        int(number): (at[low:high], gain[low:high]) for number, low, high in zip(numbers, begins, ends, strict=True)
    }
