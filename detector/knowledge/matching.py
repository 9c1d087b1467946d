"""Finds phrases in what was read: candidates, alignment, lines of one text added up, and how rare that is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from detector.knowledge.alignment import align_many, best_scores
from detector.knowledge.block import NEVER
from detector.knowledge.costs import packaged_costs, read_config
from detector.knowledge.folding import normal_line
from detector.knowledge.found import (
    LEAST_WHOLE,
    Found,
    Hit,
    found_phrase,
    line_weights,
    next_line,
    pattern_bits,
    place_bits,
)  # fmt: skip
from detector.knowledge.lines import Place, Variant, place_of, prepare
from detector.knowledge.ordinary import LETTERS_AN_ERROR, Pairs, discount
from detector.knowledge.patterns import Patterns
from detector.knowledge.phrases import CUT_LETTERS, Ends, Index, Phrase, compile_phrases
from detector.knowledge.whole import WholePhrases
from detector.types import Observations, Signature

MOST_CANDIDATES = 10  # phrases aligned with one reading of a line
MOST_ENDS = 40  # phrases that begin or end as a line at the border does
LEAST_SHARED = 5.0  # worth of the triples that they have to share
MOST_TRACED = 60  # alignments whose steps are worked out, in one picture
LEAST_TRACED = -8.0  # bits, before calibration
LEAST_RAW = 0.0  # what scores less is ordinary enough to be told by nobody
LINE_LETTERS = 16  # so many letters, or as many as are missing, may a border have taken of one line
FEWEST = {"Latn": 512, "Cyrl": 128, "*": 64}
"""Phrases counted as searched even where there are fewer, so that bits do not sink with each new signature."""


class Matcher:
    """Signatures compiled for matching; made once, never changed."""

    def __init__(self, signatures: Mapping[str, Signature]) -> None:
        self.signatures = signatures
        self.phrases = compile_phrases(signatures.values())
        self.part_phrases = [phrase for phrase in self.phrases if not phrase.whole]
        self.long_phrases = [
            phrase for phrase in self.phrases if phrase.whole and phrase.size >= min(LETTERS_AN_ERROR, CUT_LETTERS)
        ]
        self.index = Index(self.part_phrases)
        self.whole_index = Index(self.long_phrases)
        self.ends = Ends(self.long_phrases)
        self.patterns = Patterns(signatures.values())
        self.costs = packaged_costs()
        self.whole = WholePhrases(self.phrases, self.long_phrases, self.costs)
        calibration = read_config()["calibration"]
        assert isinstance(calibration, dict)
        self._slope = float(calibration["slope"])
        self._shift: dict[str, float] = {name: float(value) for name, value in calibration["shift"].items()}
        self._most: dict[str, float] = {name: float(value) for name, value in calibration.get("most", {}).items()}
        self._null: dict[str, dict[str, float]] = calibration.get("null", {})
        self._own_pairs: dict[str, Pairs] = {}
        counts: dict[tuple[str, bool], int] = defaultdict(int)
        for phrase in self.phrases:
            if not phrase.whole or phrase.size >= CUT_LETTERS:
                counts[phrase.script, phrase.whole] += 1
        # log2 of how many phrases were looked for where each one was, and in lines of each script.
        self.searched_in = {
            script: float(np.log2(max(counts[script, False] + counts[script, True], FEWEST.get(script, FEWEST["*"]))))
            for script in {phrase.script for phrase in self.phrases}
        }
        self.searched = [
            float(
                np.log2(
                    max(
                        counts[phrase.script, False] + (counts[phrase.script, True] if phrase.whole else 0),
                        FEWEST.get(phrase.script, FEWEST["*"]),
                    )
                )
            )
            for phrase in self.phrases
        ]

    def find(self, observations: Observations) -> list[Found]:
        """Return the best find of each signature, the strongest first; only those with bits above 0."""
        lines = observations.lines
        spots = [place_of(line, observations.size) for line in lines]
        variants = prepare(lines, spots)
        best: dict[str, Found] = {}
        found = [
            *self._fragments(variants, spots),
            *self.whole.find(variants, spots),
            *self._structured(observations, variants, spots),
        ]
        for item in found:
            known = best.get(item.signature.id)
            if item.bits > 0 and (known is None or item.bits > known.bits):
                best[item.signature.id] = item
        return sorted(best.values(), key=lambda item: (-item.bits, item.signature.id))

    def calibrated(self, raw: float, script: str) -> float:
        """Return the bits of a part that scores so high: no more than ordinary text allows."""
        bits = self._slope * raw + self._shift.get(script, self._shift["*"])
        # Latin text was measured on most pictures; scripts that were seen on few may claim no more than that.
        return bits if script == "Latn" else min(bits, self._most.get(script, self._most.get("*", bits)))

    def expected(self, raw: float, script: str) -> float:
        """Return how many parts that score so high one genuine picture is expected to hold (E-value).

        From the tail of finds that was fitted to ordinary text, and never more than the bits say.
        """
        most = float(2.0 ** -self.calibrated(raw, script))
        tail = self._null.get(script)
        if tail is None:
            return most
        return min(most, tail["share"] * float(2.0 ** (-tail["slope"] * max(raw - tail["from"], 0.0))))

    def _fragments(self, variants: Sequence[Variant], spots: Sequence[Place]) -> list[Found]:
        letters = [variant.folded.letters for variant in variants]
        pairs = [
            (line, self.part_phrases[number].number)
            for line, number in self.index.candidates(letters, MOST_CANDIDATES, LEAST_SHARED)
        ]
        # A phrase that counts only as a whole is looked for in part only where the border cuts it.
        at_border = [row for row, variant in enumerate(variants) if variant.side.cut_begin or variant.side.cut_end]
        cut = dict.fromkeys(
            (at_border[line], number)
            for line, number in self.whole_index.candidates(
                [letters[row] for row in at_border], MOST_CANDIDATES, LEAST_SHARED
            )
        )
        for row in at_border:
            side = variants[row].side
            numbers = self.ends.candidates(letters[row], side.cut_begin, side.cut_end, MOST_ENDS)
            cut.update(dict.fromkeys((row, number) for number in numbers))
        pairs += [(row, self.long_phrases[number].number) for row, number in cut]
        if not pairs:
            return []
        weights = line_weights(variants, spots)
        scores = best_scores([(self.phrases[number].side, variants[line].side) for line, number in pairs], self.costs)
        places = [variant.cost + weights[variant.line] for variant in variants]
        total = scores + [places[line] - self._searched(number, variants[line]) for line, number in pairs]
        likely = np.flatnonzero(total >= LEAST_TRACED).tolist()
        likely.sort(key=lambda row: (-total[row], pairs[row]))
        hits: dict[int, list[Hit]] = defaultdict(list)
        best = list(dict.fromkeys((number, line) for line, number in (pairs[row] for row in likely[:MOST_TRACED])))
        self._trace(best, variants, hits)
        tried = set(best)
        by_line: dict[int, list[int]] = defaultdict(list)
        for row, variant in enumerate(variants):
            by_line[variant.line].append(row)
        result = []
        for number in sorted(hits):
            self._neighbours(number, variants, spots, by_line, hits, tried)
            item = self._best_chain(self.phrases[number], hits[number], spots, weights)
            if item is not None and item.raw > LEAST_RAW:
                result.append(item)
        return result

    def _trace(self, pairs: Sequence[tuple[int, int]], variants: Sequence[Variant], hits: dict[int, list[Hit]]) -> None:
        """Add the hits of pairs of a phrase and a reading."""
        alignments = align_many([(self.phrases[number].side, variants[row].side) for number, row in pairs], self.costs)
        for (number, row), alignment in zip(pairs, alignments, strict=True):
            if alignment is not None and alignment.score > -4:
                phrase = self.phrases[number]
                lost, _ = discount(phrase, variants[row], alignment, self._ordinary(phrase.signature))
                hits[number].append(Hit(variants[row], alignment, lost))

    def _searched(self, number: int, variant: Variant) -> float:
        """Return the charge for a phrase; a Latin name in a Chinese phrase was looked for among all Latin ones."""
        if variant.script == self.phrases[number].script:
            return self.searched[number]
        return max(self.searched[number], self.searched_in.get(variant.script, 0.0))

    def _ordinary(self, signature: Signature) -> Pairs:
        """Return the pairs of words that a signature's author calls ordinary; worked out when first needed."""
        known = self._own_pairs.get(signature.id)
        if known is None:
            known = self._own_pairs[signature.id] = Pairs(signature.tests_no_match)
        return known

    def _neighbours(
        self,
        number: int,
        variants: Sequence[Variant],
        spots: Sequence[Place],
        by_line: Mapping[int, Sequence[int]],
        hits: dict[int, list[Hit]],
        tried: set[tuple[int, int]],
    ) -> None:
        """Look for the rest of a phrase in the lines around those that hold a part of it."""
        phrase = self.phrases[number]
        open_lines = [hit.variant.line for hit in hits[number] if hit.alignment.phrase != (0, phrase.size)]
        done: set[int] = set()
        while open_lines and len(done) < 8:
            line = open_lines.pop(0)
            if line in done:
                continue
            done.add(line)
            near = [
                other
                for other in by_line
                if other != line
                and (
                    next_line(spots[line], spots[other], phrase.script)
                    or next_line(spots[other], spots[line], phrase.script)
                )
            ]
            wanted = [
                (number, row)
                for other in near
                for row in by_line[other]
                if variants[row].script == phrase.script and (number, row) not in tried
            ]
            tried.update(wanted)
            before = len(hits[number])
            self._trace(wanted, variants, hits)
            open_lines.extend(dict.fromkeys(hit.variant.line for hit in hits[number][before:]))

    def _best_chain(
        self, phrase: Phrase, hits: Sequence[Hit], spots: Sequence[Place], weights: Mapping[int, float]
    ) -> Found | None:
        """Return the best find of one phrase: one line, or several of one text in the phrase's order."""
        if not hits:
            return None
        order = sorted(range(len(hits)), key=lambda row: (hits[row].alignment.phrase, hits[row].variant.line))
        total: dict[int, float] = {}
        came: dict[int, int | None] = {}
        for row in order:
            hit = hits[row]
            total[row], came[row] = hit.score, None
            for earlier in order:
                if earlier == row:
                    break
                link = self._link(phrase, hits[earlier], hit, spots)
                if link is not None and total[earlier] + link + hit.score > total[row]:
                    total[row], came[row] = total[earlier] + link + hit.score, earlier
        last = max(order, key=lambda row: total[row])
        chain: list[Hit] = []
        at: int | None = last
        while at is not None:
            chain.append(hits[at])
            at = came[at]
        chain.reverse()
        numbers = [hit.variant.line for hit in chain]
        placed, bits = place_bits(phrase.signature, [spots[number] for number in numbers])
        searched = max(self._searched(phrase.number, hit.variant) for hit in chain)
        raw = total[last] - searched + max(weights[number] for number in numbers) + bits
        return found_phrase(
            phrase,
            chain,
            spots,
            raw=raw,
            bits=self.calibrated(raw, phrase.script),
            placed=placed,
            expected=self.expected(raw, phrase.script),
        )

    @staticmethod
    def _link(phrase: Phrase, upper: Hit, lower: Hit, spots: Sequence[Place]) -> float | None:
        """Return the bits for one hit going on in another, or None where it cannot."""
        begin, end = lower.alignment.phrase[0], upper.alignment.phrase[1]
        if begin < end - 1 or upper.variant.line == lower.variant.line:
            return None
        if not next_line(spots[upper.variant.line], spots[lower.variant.line], phrase.script):
            return None
        broke, began = float(phrase.side.last[end - 1]), float(phrase.side.first[begin])
        if upper.variant.side.cut_end and upper.alignment.text[1] == len(upper.variant.folded.letters):
            broke = max(broke, phrase.side.border)
        if lower.variant.side.cut_begin and lower.alignment.text[0] == 0:
            began = max(began, phrase.side.border)
        if min(broke, began) <= NEVER / 2:
            return None
        if begin - end > 1:
            # Letters are missing in between. Where the border took them, both lines broke off for one reason, and
            # the next part begins within a line's length: that is cheaper than a second part from anywhere.
            if upper.alignment.phrase[0] != lower.alignment.phrase[0] and _cut_between(upper, lower):
                return min(0.0, -1.0 - float(np.log2(min(begin - end, phrase.size) + LINE_LETTERS)) - broke - began)
            return -1.0
        # The text goes on where it broke off: there was no choice of where to break and where to begin.
        return -2.0 - broke - began

    def _structured(
        self, observations: Observations, variants: Sequence[Variant], spots: Sequence[Place]
    ) -> list[Found]:
        """Return patterns that were found."""
        texts: list[tuple[int, str]] = []
        for number, line in enumerate(observations.lines):
            seen = dict.fromkeys(normal_line(text) for text in (line.text, *(vote.text for vote in line.votes)))
            texts.extend((number, text) for text in seen if text)
        rarity: dict[int, Variant] = {}
        for variant in variants:
            rarity.setdefault(variant.line, variant)
        lines = float(np.log2(max(len(observations.lines), 1)))
        result = []
        for hit in self.patterns.find([text for _, text in texts]):
            number = texts[hit.line][0]
            placed, bits = place_bits(hit.signature, [spots[number]])
            raw = pattern_bits(hit, rarity.get(number)) + bits - lines
            result.append(
                Found(
                    signature=hit.signature, text=hit.pattern, language="", script="Zyyy", raw=raw,
                    bits=max(raw, LEAST_WHOLE),
                    e_value=2.0 ** -max(raw, LEAST_WHOLE),
                    quote=hit.text, lines=(number,), share=1.0, cut=(), placed=placed,
                    alignment=(),
                )
            )  # fmt: skip
        return result


def _cut_between(upper: Hit, lower: Hit) -> bool:
    """Return whether the border took what one line lacks before the next one goes on."""
    ends = upper.variant.side.cut_end and upper.alignment.text[1] == len(upper.variant.folded.letters)
    begins = lower.variant.side.cut_begin and lower.alignment.text[0] == 0
    return ends or begins
