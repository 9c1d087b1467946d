"""What a match of a signature is worth, and how it is said."""

from __future__ import annotations

from dataclasses import replace
from math import log2

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.evidence._marks import evidence_of, mark_bits, shifted
from detector.knowledge import Match
from detector.types import Observations, Signature, TextLine, box_quad

DISCLAIMER = Signature(
    id="disclaimers.example",
    title="Disclaimer of a trailer",
    kind="disclaimer",
    status="stable",
    speaks_for={"game": 12.0},
    phrases={"en": ("All content subject to change.",)},
    attributes={"game": "Some Game"},
)
LINE = TextLine(text="All content subj", confidence=0.9, quad=box_quad(800, 4, 998, 24), engine="recorded")
SEEN = Observations(source="a.jpg", sha256="0" * 64, size=(1000, 600), lines=(LINE,))
MATCH = Match(
    signature=DISCLAIMER,
    phrase="All content subject to change.",
    language="en",
    quote="All content subj",
    lines=(0,),
    bits=13.0,
    share=0.56,
    e_value=1.2e-4,
    cut=("right",),
)


class Known:
    genuine_pictures = 20_000


def found(match: Match = MATCH, seen: Observations = SEEN):  # type: ignore[no-untyped-def]
    return evidence_of(match, seen, Known(), "text_marks")  # type: ignore[arg-type]


@given(st.floats(0, 40), st.floats(0, 13), st.floats(0.01, 0.5))
def test_a_mark_is_never_worth_more_than_either_half(match_bits: float, speaks_for: float, rate: float) -> None:
    bits = mark_bits(match_bits, speaks_for, rate)
    assert -1e-9 <= bits <= min(speaks_for, log2(1 + rate * 2**match_bits)) + 1e-9


@given(st.floats(0, 30), st.floats(0, 5))
def test_more_letters_are_never_worth_less(match_bits: float, more: float) -> None:
    assert mark_bits(match_bits + more, 12, 0.25) >= mark_bits(match_bits, 12, 0.25) - 1e-9


def test_the_reader_is_told_that_a_picture_was_flipped() -> None:
    assert "mirror" not in found().why
    flipped = replace(SEEN, lines=(replace(LINE, view="top:2x:mirrored"),))
    assert "It was read in a mirror: the picture was flipped." in found(MATCH, flipped).why


def test_the_reader_is_told_letters_place_owner_and_chance() -> None:
    evidence = found()
    assert evidence.bits["game"] > 8
    for words in ("All content subj", "top right corner", "Some Game", "cut off at the right border", "8300"):
        assert words in evidence.why
    assert evidence.quads == (LINE.quad,)


def test_the_same_words_in_the_scene_count_little() -> None:
    poster = replace(SEEN, readings={"overlay_lines": {"version": 1, "lines": [0.05]}})
    assert found(seen=poster).bits["game"] < 1.5
    assert "part of the scene" in found(seen=poster).why


@given(st.floats(0, 1), st.floats(0.05, 0.95))
def test_even_odds_stay_the_prior_and_certainty_stays_certain(probability: float, prior: float) -> None:
    assert shifted(0.5, prior) == pytest.approx(prior)
    assert shifted(0.0, prior) == 0.0
    assert shifted(1.0, prior) == 1.0
    assert shifted(probability, 0.5) == pytest.approx(probability)
    assert 0 <= shifted(probability, prior) <= 1


def test_readings_of_another_form_are_left_aside() -> None:
    for reading in (None, [], {"lines": "x"}, {"lines": []}, {"lines": [None]}):
        assert found(seen=replace(SEEN, readings={"overlay_lines": reading})).bits == found().bits


def test_a_mark_elsewhere_than_usual_counts_less() -> None:
    assert 0 < found(replace(MATCH, placed=False)).bits["game"] < found().bits["game"]


def test_a_match_by_chance_is_not_told() -> None:
    assert found(replace(MATCH, bits=1.0, e_value=0.5)) is None


def test_a_mark_of_the_path_has_no_bits() -> None:
    editor = replace(DISCLAIMER, kind="editor", speaks_for={})
    assert found(replace(MATCH, signature=editor)).bits == {}


def test_bits_stay_below_what_was_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Known, "genuine_pictures", 64)
    assert found(replace(MATCH, bits=40.0)).bits["game"] <= 6.0
