"""Merging neither loses nor doubles a line."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from detector.reading import geometry
from detector.reading.merge import merged, reading_order, same
from detector.reading.places import Place, joined, united
from detector.types import TextLine, box_quad


def line(
    text: str,
    x: float,
    y: float,
    *,
    height: float = 20,
    confidence: float = 0.9,
    view: str = "whole",
    engine: str = "a",
) -> TextLine:
    width = len(text) * height * 0.55
    return TextLine(
        text=text, confidence=confidence, quad=box_quad(x, y, x + width, y + height), engine=engine, view=view
    )


ROWS = st.lists(st.text("abcdefgh ", min_size=3, max_size=20).filter(str.strip), min_size=1, max_size=7)


@settings(max_examples=60, deadline=None)
@given(rows=ROWS, seed=st.integers(0, 999), copies=st.integers(1, 4))
def test_every_line_comes_out_once_however_often_it_was_seen(rows: list[str], seed: int, copies: int) -> None:
    rng = random.Random(seed)
    seen = []
    for number, text in enumerate(rows):
        for copy in range(copies):
            # Views disagree about the last pixels of a line, and about its letters.
            seen.append(
                line(
                    text,
                    50 + rng.uniform(-2, 2),
                    30 + 34 * number + rng.uniform(-2, 2),
                    confidence=rng.uniform(0.4, 0.99),
                    view=f"view{copy}",
                )
            )
    first = merged(seen)
    assert [found.text for found in first] == rows
    assert all(len(found.votes) in (0, copies) for found in first)
    rng.shuffle(seen)
    assert merged(seen) == first
    assert [found.text for found in merged(first)] == rows


def test_the_best_reading_wins_and_the_others_stay_as_votes() -> None:
    faint = line("Developrnent", 10, 10, confidence=0.6, view="whole")
    clear = line("Development", 12, 11, confidence=0.97, view="top@2x")
    (found,) = merged([faint, clear])
    assert found.text == "Development" and found.view == "top@2x"
    assert [vote.text for vote in found.votes] == ["Development", "Developrnent"]


@settings(max_examples=40, deadline=None)
@given(
    boxes=st.lists(
        st.tuples(st.floats(0, 900), st.floats(0, 500), st.floats(20, 300), st.floats(8, 30), st.floats(0.1, 1)),
        max_size=25,
    )
)
def test_whatever_was_read_is_kept_or_covered_and_nothing_is_there_twice(
    boxes: list[tuple[float, float, float, float, float]],
) -> None:
    seen = [
        TextLine(text=f"line {number}", confidence=sure, quad=box_quad(x, y, x + width, y + height), engine="a")
        for number, (x, y, width, height, sure) in enumerate(boxes)
    ]
    found = merged(seen)
    kept = {vote.text for line in found for vote in line.votes} | {line.text for line in found}
    for line in seen:
        if line.text not in kept:
            better = [geometry.shared(line.quad, other.quad) for other in found]
            assert sum(better) >= 0.6 * geometry.area(line.quad), "only what better lines cover may go"
    for number, line in enumerate(found):
        assert not any(same(line, other) for other in found[number + 1 :])
    texts = [vote.text for line in found for vote in (line.votes or ())] + [row.text for row in found if not row.votes]
    assert len(texts) == len(set(texts)), "no reading counts for two lines"


def test_neighbours_are_not_merged() -> None:
    above, below, beside = line("alpha beta", 10, 10), line("gamma delta", 10, 32), line("omega", 150, 10)
    assert [found.text for found in merged([below, beside, above])] == ["alpha beta", "omega", "gamma delta"]


def test_a_blot_over_two_lines_is_neither_of_them() -> None:
    blot = TextLine(text="apha", confidence=0.5, quad=box_quad(8, 8, 125, 56), engine="a")
    found = merged([line("alpha beta", 10, 10), line("gamma delta", 10, 34), blot])
    assert [row.text for row in found] == ["alpha beta", "gamma delta"]


def test_weak_lines_are_kept() -> None:
    (found,) = merged([line("lopm", 0, 0, confidence=0.05)])
    assert found.text == "lopm"


def test_reading_order_goes_down_and_then_across() -> None:
    rows = [line("c", 10, 60), line("b", 90, 11), line("a", 10, 10)]
    assert [row.text for row in reading_order(rows)] == ["a", "b", "c"]


def place(left: float, top: float, right: float, bottom: float, *, view: str = "whole", scale: float = 1.0) -> Place:
    return Place(box_quad(left, top, right, bottom), 0.8, view, scale)


def test_places_on_one_line_become_one_and_rows_do_not() -> None:
    (found,) = joined([place(10, 10, 100, 30), place(110, 11, 200, 31)])
    assert geometry.bounds([found.quad])[0].tolist() == [10, 10, 200, 31]
    assert len(joined([place(10, 10, 100, 30), place(10, 33, 100, 53)])) == 2
    assert len(joined([place(10, 10, 100, 30), place(160, 10, 250, 30)])) == 2


def test_a_finer_view_of_the_same_place_is_preferred_unless_it_is_cut() -> None:
    coarse, fine = place(8, 8, 112, 34), place(10, 10, 110, 32, view="top", scale=2.0)
    assert [kept.view for kept in united([coarse, fine])] == ["top"]
    cut = place(10, 10, 60, 32, view="top", scale=2.0)
    assert [kept.view for kept in united([coarse, cut])] == ["whole"]


def test_of_what_must_be_kept_no_reading_is_lost_where_better_lines_cover_it() -> None:
    better = [
        TextLine(text="one one one", confidence=0.99, quad=box_quad(0, 0, 200, 20), engine="e", view="w"),
        TextLine(text="two two two", confidence=0.99, quad=box_quad(0, 22, 200, 42), engine="e", view="w"),
    ]
    blot = TextLine(text="one two", confidence=0.4, quad=box_quad(0, 0, 200, 42), engine="e", view="v")

    def readings(lines: tuple[TextLine, ...]) -> set[str]:
        return {text for line in lines for text in (line.text, *(vote.text for vote in line.votes))}

    assert "one two" not in readings(merged([*better, blot]))
    assert "one two" in readings(merged([*better, blot], kept=[blot]))


def test_what_must_be_kept_is_the_line_unless_another_reading_is_clearly_better() -> None:
    kept = TextLine(text="work in progress", confidence=0.96, quad=box_quad(0, 0, 160, 20), engine="e", view="v")
    alike = TextLine(text="work in progress", confidence=0.98, quad=box_quad(6, 0, 160, 20), engine="e", view="w")
    better = TextLine(text="is a work in progress", confidence=0.98, quad=box_quad(0, 0, 200, 20), engine="e", view="w")
    assert merged([alike, kept])[0].quad == alike.quad
    assert merged([alike, kept], kept=[kept]) == (kept,)
    (line,) = merged([better, alike, kept], kept=[kept])
    assert line.text == better.text
    assert [vote.text for vote in line.votes] == [better.text, kept.text]
