"""What makes matching fast changes no result: the block of alignments, and what is passed over beforehand."""

from __future__ import annotations

import random

import numpy as np
import pytest

from detector.knowledge import alignment, load_knowledge
from detector.knowledge.alignment import align_many, best_scores
from detector.knowledge.block import CLASH, CUT_END, MISREAD, MISREAD_SURE, NEVER
from detector.knowledge.costs import OTHER, packaged_costs
from detector.knowledge.folding import fold, normal_line
from detector.knowledge.lines import place_of, prepare
from detector.knowledge.lint import clean_text
from detector.knowledge.patterns import Patterns, compile_pattern, needs_digit
from detector.knowledge.phrases import phrase_side
from detector.knowledge.sides import PhraseSide, TextSide
from detector.types import TextLine, box_quad

SIZE = (1280, 720)
PHRASES = (
    "Development footage. This is a work in progress.", "Press any key", "modern warfare", "vvindow claim riii",
    "開発中の画面です", "игровой процесс, не является финальным", "GAME OVER", "x1",
)  # fmt: skip


def printed(text: str, left: float, confidences: tuple[float, ...] | None = None) -> TextSide:
    line = TextLine(
        text=text,
        confidence=0.9,
        quad=box_quad(left, 40, left + 9.0 * len(text), 60),
        engine="test",
        char_confidences=confidences,
    )
    return prepare([line], [place_of(line, SIZE)])[0].side


def damaged(text: str, rng: random.Random) -> str:
    begin = rng.randrange(max(len(text) - 3, 1))
    letters = list(text[begin : begin + rng.randrange(2, 30)])
    for place in range(len(letters)):
        if rng.random() < 0.15:
            letters[place] = rng.choice(["", "rn", "l", "0", "w", "d", "e", "く", "ж", " "])
    return "".join(letters).replace("m", rng.choice(["m", "rn"])).replace("cl", rng.choice(["cl", "d"]))


def cases() -> list[tuple[PhraseSide, TextSide]]:
    rng = random.Random(8)
    pairs = []
    for number in range(90):
        phrase = rng.choice(PHRASES)
        text = damaged(rng.choice([phrase, phrase, rng.choice(PHRASES)]), rng)
        if len(fold(text).letters) < 2:
            continue
        left = rng.choice([0.0, 300.0, SIZE[0] - 9.0 * len(text)])
        sure = tuple(rng.uniform(0.2, 1) for _ in text) if number % 2 else None
        pairs.append((phrase_side(fold(phrase), whole=number % 3 == 0), printed(text, left, sure)))
    return pairs


def plain_score(phrase: PhraseSide, text: TextSide) -> float:
    """The recursion as it is defined, cell by cell."""
    costs = packaged_costs()
    never = float(NEVER)
    width, length = len(phrase.letters), len(text.letters)
    matched = [[never] * width for _ in range(length)]
    either = [[never] * width for _ in range(length)]

    def gain(column: int, step: int) -> float:
        printed, read = phrase.places[column], text.places[step]
        if printed == OTHER == read:
            known = float(costs.same if phrase.codes[column] == text.codes[step] else costs.different)
        else:
            known = float(costs.letters[printed, read])
        total = known + float(text.bits[step])
        if known <= float(costs.different):
            total = min(total, MISREAD_SURE if text.sure[step] else MISREAD)
        return total * float(text.weight[step])

    def start(column: int, step: int) -> float:
        value = float(phrase.first[column] + text.begin[phrase.begins[column], step])
        return max(value, phrase.border) if step == 0 and text.cut_begin else value

    def blank(column: int, step: int) -> float:
        if not text.spaced:
            return 0.0
        chance = float(text.boundary[step])
        read, begins = bool(text.starts[step]), bool(phrase.starts[column])
        share = CLASH[0 if begins else 2] if read else CLASH[1 if begins else 3]
        return float(np.log2(share / (chance if read else 1 - chance)))

    def at(table: list[list[float]], step: int, column: int) -> float:
        return table[step][column] if step >= 0 and column >= 0 else never

    best = never
    for step in range(length):
        for column in range(width):
            value = start(column, step)
            if step and column:
                value = max(value, at(either, step - 1, column - 1) + blank(column, step))
            value += gain(column, step)
            two = (
                costs.two_as_one.get((phrase.letters[column - 1 : column + 1], text.letters[step])) if column else None
            )
            if column and two is not None:
                come = max(start(column - 1, step), at(either, step - 1, column - 2))
                value = max(value, come + (two + float(text.bits[step])) * float(text.weight[step]))
            one = costs.one_as_two.get((phrase.letters[column], text.letters[step - 1 : step + 1])) if step else None
            if one is not None:
                come = max(start(column, step - 1), at(either, step - 2, column - 1))
                worth = one + float(text.bits[step]) + float(text.bits[step - 1])
                value = max(value, come + worth * float(text.weight[step]))
            matched[step][column] = value
            finish = float(phrase.last[column] + text.end[phrase.ends[column], step])
            if step == length - 1 and text.cut_end:
                finish = max(finish, phrase.border + CUT_END)
            best = max(best, value + finish)
            either[step][column] = max(
                value,
                at(either, step - 1, column) + costs.extra,
                at(either, step, column - 1) + costs.dropped,
            )
    return best


@pytest.mark.parametrize("cells", [1_500_000, 2_000, 1])
def test_many_alignments_at_once_score_as_one_by_one(monkeypatch: pytest.MonkeyPatch, cells: int) -> None:
    monkeypatch.setattr(alignment, "MOST_CELLS", cells)
    pairs = cases()
    expected = [plain_score(phrase, text) for phrase, text in pairs]
    assert len({round(value, 3) for value in expected}) > 40
    scores = best_scores(pairs, packaged_costs())
    aligned = align_many(pairs, packaged_costs())
    for want, score, found in zip(expected, scores.tolist(), aligned, strict=True):
        if want < -1e4:
            assert score < -1e4 and found is None
        else:
            assert score == pytest.approx(want, abs=1e-3)
            assert found is not None and found.score == pytest.approx(want, abs=1e-3)


@pytest.mark.parametrize(
    ("pattern", "needed"),
    [
        (r"\b\d{1,3} ?fps", True), (r"x ?2 xp|double xp", False), (r"(?:\d+|no) ammo", False), (r"\d*ammo", False),
        (r"(?:[1-9]\d?|100)/\d+", True), (r"(?!\d)ammo", False), (r"[A-Z\d]{4}", False), (r"(?:\d\d:)?ammo", False),
        (r"[12]k", True), (r"\pN+", False), (r"v1\.", True), (r"ammo{1,2}", False),
    ],
)  # fmt: skip
def test_digits_that_a_pattern_needs(pattern: str, needed: bool) -> None:
    assert needs_digit(pattern) is needed


def test_patterns_find_in_many_lines_what_they_find_in_each() -> None:
    signatures = load_knowledge().signatures
    texts = [row for signature in signatures.values() for text in signature.tests_match for row in text.split("\n")]
    texts += [text for _, text in clean_text()]
    lines = list(dict.fromkeys(filter(None, map(normal_line, texts))))
    random.Random(4).shuffle(lines)
    patterns = Patterns(signatures.values())
    found = set()
    for first in range(0, len(lines), 40):
        hits = patterns.find(lines[first : first + 40])
        found |= {(hit.signature.id, hit.pattern, first + hit.line, hit.text) for hit in hits}
    expected = set()
    for signature in signatures.values():
        for source in signature.patterns:
            compiled = compile_pattern(source)
            for number, line in enumerate(lines):
                match = compiled.search(line)
                if match is not None and match.group():
                    expected.add((signature.id, source, number, match.group()))
    assert len(expected) > 500
    assert found == expected
