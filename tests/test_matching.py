"""A phrase in a few letters: found, weighed, and left alone where it is ordinary text."""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.knowledge import Knowledge, Match, load_knowledge
from detector.knowledge.found import FEW_BITS
from detector.types import Observations, Signature, TextLine, Vote, box_quad

FOUNDING = "Development footage. This is a work in progress. All content subject to change."
DISCLAIMER = "disclaimers.work-in-progress"
SIZE = (1280, 720)


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return load_knowledge()


def line(
    text: str, left: float, top: float, *, height: float = 20, width: float | None = None, **more: object
) -> TextLine:
    width = 9.0 * len(text) if width is None else width
    quad = box_quad(left, top, left + width, top + height)
    return TextLine(text=text, confidence=0.95, quad=quad, engine="test", **more)  # type: ignore[arg-type]


def picture(*lines: TextLine) -> Observations:
    return Observations(source="x", sha256="", size=SIZE, lines=lines)


def at_right(text: str, top: float = 12, gap: float = 0) -> TextLine:
    return line(text, SIZE[0] - gap - 9.0 * len(text), top)


def best(knowledge: Knowledge, *lines: TextLine, name: str = DISCLAIMER) -> Match | None:
    return next((match for match in knowledge.match(picture(*lines)) if match.signature.id == name), None)


def bits(knowledge: Knowledge, *lines: TextLine, name: str = DISCLAIMER) -> float:
    match = best(knowledge, *lines, name=name)
    return match.bits if match else 0.0


def own(phrase: str, **fields: object) -> Knowledge:
    signature = Signature(id="own", title="own", kind="hud", status="test", phrases={"en": (phrase,)}, **fields)  # type: ignore[arg-type]
    return Knowledge({"own": signature})


# --- the founding case


def test_all_content_is_weak_and_all_content_subject_is_strong(knowledge: Knowledge) -> None:
    weak = bits(knowledge, at_right("All content"))
    strong = bits(knowledge, at_right("All content subject"))
    assert 0 < weak <= FEW_BITS  # a trace, below a finding
    assert strong > weak + 6
    assert strong > 14


def test_bits_grow_with_every_letter(knowledge: Knowledge) -> None:
    tail = "All content subject to change."
    values = [bits(knowledge, at_right(tail[:count])) for count in range(3, len(tail) + 1)]
    assert values[0] == 0
    assert all(after >= before - 0.3 for before, after in itertools.pairwise(values)), values
    assert values[-1] > 20


def test_a_cut_inside_a_word_is_found_and_named(knowledge: Knowledge) -> None:
    match = best(knowledge, at_right("elopment foota"))
    assert match is not None and match.bits > 6
    assert match.cut == ("right",)
    assert match.quote == "elopment foota"
    assert 0 < match.share < 0.3
    assert match.placed


def test_one_part_in_each_line_adds_up(knowledge: Knowledge) -> None:
    lines = [
        line(text, 0, 400 + 24 * row)
        for row, text in enumerate(("opment footage.", "work in progress.", "ect to change."))
    ]
    together = best(knowledge, *lines)
    assert together is not None and together.lines == (0, 1, 2)
    assert together.quote.count(" / ") == 2
    assert together.bits > max(bits(knowledge, row) for row in lines) + 5


def test_a_phrase_breaks_over_lines_anywhere(knowledge: Knowledge) -> None:
    for first, second in (
        ("Development footage. This is a wo", "rk in progress. All content"),
        ("Development foo", "tage. This is a"),
    ):
        upper, lower = line(first, 600, 30), line(second, 600, 54)
        whole = bits(knowledge, upper, lower)
        assert whole > max(bits(knowledge, upper), bits(knowledge, lower)) + 3


def test_far_apart_or_out_of_order_lines_do_not_add_up(knowledge: Knowledge) -> None:
    first, second = "Development footage.", "All content subject to change."
    ordered = bits(knowledge, line(first, 900, 20), line(second, 900, 44))
    assert ordered > bits(knowledge, line(second, 900, 20), line(first, 900, 44)) + 5
    assert ordered > bits(knowledge, line(first, 900, 20), line(second, 900, 300)) + 5


def test_read_twice_counts_once(knowledge: Knowledge) -> None:
    once = bits(knowledge, at_right("All content subject to"))
    twice = bits(knowledge, at_right("All content subject to"), at_right("All content subject to", top=14))
    assert twice <= once + 0.1


def test_border_beats_the_middle(knowledge: Knowledge) -> None:
    assert bits(knowledge, at_right("elopment foota")) > bits(knowledge, at_right("elopment foota", gap=300)) + 3


def test_whole_words_at_a_border_show_less_of_a_cut(knowledge: Knowledge) -> None:
    from detector.knowledge.ordinary import WHOLE_WORDS_CUT

    match = best(knowledge, at_right("Development footage"))
    letters = best(knowledge, at_right("Development footag"))
    assert match is not None and letters is not None
    assert WHOLE_WORDS_CUT < 0
    assert -1 < match.bits - letters.bits < 1.5  # one letter more, and a word's end


@pytest.mark.parametrize(("upper", "lower"), [("nage", "M xy"), ("ao de persona", "gem"), ("leção de person", "agem")])
def test_what_a_border_cut_is_paid_for_once_and_never_given_back(knowledge: Knowledge, upper: str, lower: str) -> None:
    # The upper line runs from border to border, as a part of a word that counts only as a whole.
    found = knowledge.match(picture(line(upper, 0, 276, width=SIZE[0]), line(lower, 0, 300)))
    assert all(match.bits < 60 for match in found)


@pytest.mark.parametrize("text", ["emplate", "onfiguration", "nteractive", "upported", "nknown"])
def test_the_rest_of_an_ordinary_word_says_little(knowledge: Knowledge, text: str) -> None:
    from detector.knowledge.letters import letter_model, rest_bits

    assert rest_bits(text, True) == min(
        letter_model().word_bits([start + text])[0] for start in ("t", "c", "i", "s", "u", "r", "su", "un", "co", "in")
    )
    assert rest_bits("zq" + text, True) == float("inf")
    others = [line(other, 300, 400 + 60 * row) for row, other in enumerate(("Ring road", "Temperature 14 C", "Visit"))]
    assert all(match.bits < 4.5 for match in knowledge.match(picture(line(text, 0, 300), *others)))


def test_the_page_states_what_was_found_on_held_out_text() -> None:
    from detector.knowledge.costs import read_config

    held_out = read_config()["held_out"]
    assert isinstance(held_out, dict)
    told, page = held_out["told"], Path("docs/matching.md").read_text("utf-8")
    assert f"{len(held_out['finds'])} of {held_out['pictures']:,} pictures" in page
    assert (
        f"{told['per 1000']:.1f} per 1,000 genuine pictures, 95 % interval {told['from']:.1f} to {told['to']:.1f}"
        in page
    )


@pytest.mark.parametrize("text", ["들어졌습니다", "있습니다", "발견되었습니다", "하였습니다", "확인하십시오"])
def test_how_korean_verbs_end_says_nothing(knowledge: Knowledge, text: str) -> None:
    for left in (0.0, SIZE[0] - 9.0 * len(text)):
        assert not [match for match in knowledge.match(picture(line(text, left, 300))) if match.bits >= 3]
    assert knowledge.match(picture(line("개발 중인 게임 화면입니다", 500, 300)))


def test_a_latin_name_in_a_chinese_phrase_is_searched_among_latin_ones(knowledge: Knowledge) -> None:
    for text, left in (("NDOWS", 0.0), ("window", SIZE[0] - 54.0)):
        assert all(match.bits < 3 for match in knowledge.match(picture(line(text, left, 300))))


def test_doubtful_letters_count_less(knowledge: Knowledge) -> None:
    text = "All content subject to"
    sure = line(text, SIZE[0] - 198, 12, char_confidences=(0.98,) * len(text))
    doubtful = line(text, SIZE[0] - 198, 12, char_confidences=(0.2,) * len(text))
    assert bits(knowledge, doubtful) < 0.7 * bits(knowledge, sure)


def test_another_reading_of_the_line_may_serve(knowledge: Knowledge) -> None:
    vote = Vote(text="All content subject", confidence=0.9, engine="b", view="whole")
    garbled = line("A1 c@nlenl sudjecl", SIZE[0] - 171, 12)
    voted = line("A1 c@nlenl sudjecl", SIZE[0] - 171, 12, votes=(vote,))
    assert bits(knowledge, voted) > bits(knowledge, garbled) + 4


def test_alignment_shows_the_letters_as_read(knowledge: Knowledge) -> None:
    match = best(knowledge, at_right("A11 c0ntent subject to chang"))
    assert match is not None
    assert "".join(read for _, read in match.alignment) == "A11c0ntentsubjecttochang"
    assert ("l", "1") in match.alignment and ("o", "0") in match.alignment


# --- what must stay silent


@pytest.mark.parametrize(
    "text",
    [
        "Road works in progress", "Timetable subject to change", "Work in progress", "Prices are subject to change",
        "Housing development", "All contents insured", "Subject: exchange of letters", "FOOTAGE FROM THE SCENE",
    ],
)  # fmt: skip
@pytest.mark.parametrize("gap", [0, 200])
def test_ordinary_wordings_are_no_disclaimer(knowledge: Knowledge, text: str, gap: float) -> None:
    assert bits(knowledge, at_right(text, gap=gap)) == 0


def test_words_need_word_boundaries() -> None:
    knowledge = own("generated with ai", match="words")
    assert knowledge.match(picture(line("Video generated with AI today", 300, 300)))
    assert not knowledge.match(picture(line("regenerated with aim", 300, 300)))
    assert not knowledge.match(picture(line("generated with air", 300, 300)))


def test_a_fragment_that_goes_on_otherwise_loses() -> None:
    knowledge = own("Simulated engagement footage")
    stop = knowledge.match(picture(line("Simulated engagement", 300, 300)))[0].bits
    other = knowledge.match(picture(line("Simulated engagement rings for sale", 300, 300)))
    assert not other or other[0].bits < stop - 4


def test_line_mode_wants_the_line_to_itself() -> None:
    knowledge = own("Player eliminated", match="line")
    assert knowledge.match(picture(line("PLAYER ELIMINATED", 300, 300)))
    assert not knowledge.match(picture(line("Every player eliminated in round one", 300, 300)))


def test_a_pattern_that_runs_wild_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    from detector.knowledge import patterns

    monkeypatch.setattr(patterns, "TIMEOUT_S", 0.05)
    signature = Signature(id="p", title="p", kind="hud", status="test", patterns=(r"(x+x+)+y",))
    start = time.perf_counter()
    assert not Knowledge({"p": signature}).match(picture(line("x" * 200 + " y" * 2, 0, 300, width=900)))
    assert time.perf_counter() - start < 5


@pytest.mark.parametrize(
    ("pattern", "needed"),
    [
        (r"\b\d+ ?fps\b", ("fps",)), (r"(?:ammo|rounds) \d+", ("ammo", "rounds")), (r"colou?r\d", ("colo",)),
        (r"abc|\d", ()), (r"(?:gpu)?\d+", ()), (r"[a-z]{3}\d", ()), (r"(?!bad)good\d", ("good",)), (r"ab+cd", ("ab",)),
        (r"x\.(?:com|net)", ("com", "net")), (r"wait{0,2}s", ("wai",)),
    ],
)  # fmt: skip
def test_text_that_a_pattern_needs(pattern: str, needed: tuple[str, ...]) -> None:
    from detector.knowledge.patterns import required_text

    assert required_text(pattern) == needed


# --- scenarios of documented cases


def names(knowledge: Knowledge, *texts: str) -> dict[str, Match]:
    lines = [line(text, 500, 300 + 60 * row) for row, text in enumerate(texts)]
    return {match.signature.id: match for match in knowledge.match(picture(*lines))}


def accuses(match: Match) -> float:
    return max((value for source, value in match.signature.speaks_for.items() if source != "camera"), default=0.0)


def test_small_model_text_names_the_game_and_optics_do_not(knowledge: Knowledge) -> None:
    found = knowledge.match(picture(line("PNR-1000A", 1180, 700, height=12, width=70)))
    assert any(accuses(match) >= 5 and "Arma 3" in str(match.signature.attributes) for match in found)
    assert all(accuses(match) < 1 for match in names(knowledge, "MFOV", "WFOV").values())


def test_invented_brand_and_a_typo_that_is_no_misreading(knowledge: Knowledge) -> None:
    assert any(accuses(match) >= 5 for match in names(knowledge, "PUT RON IN YOUR TANK").values())
    assert any(accuses(match) >= 5 for match in names(knowledge, "TRACKING RAINER").values())
    for text in ("PUT OIL IN YOUR TANK", "TRACKING TRAINER", "TRACKING TRAlNER", "TRACKINGTRAINER"):
        assert not any(accuses(match) for match in names(knowledge, text).values())


def test_banners_neither_accuse_nor_acquit(knowledge: Knowledge) -> None:
    for match in names(knowledge, "LIVE", "BREAKING NEWS", "@warchannel", "t.me/warchannel").values():
        assert accuses(match) < 1 and match.signature.speaks_for.get("camera", 0) < 1


def test_illustration_is_declared(knowledge: Knowledge) -> None:
    found = names(knowledge, "Image used for illustration purposes only")
    assert any(match.signature.kind == "disclaimer" and match.share == 1 for match in found.values())


def test_recorders_tell_the_path(knowledge: Knowledge) -> None:
    found = names(knowledge, "www.BANDICAM.com", "GPU 67% 1740MHz 61C", "FPS 144")
    kinds = {match.signature.kind for match in found.values()}
    assert "recorder" in kinds
    assert all(accuses(match) <= 5 for match in found.values() if match.signature.kind == "recorder")


@pytest.mark.parametrize(
    "text",
    [
        "Dеvеlорmеnt fооtаgе",
        "ＤＥＶＥＬＯＰＭＥＮＴ　ＦＯＯＴＡＧＥ",
        "De\u200bvelop\u00adment fo\u2060otage",
        "Dévelopment foötage",
    ],
)
def test_disguised_letters_are_the_same_letters(knowledge: Knowledge, text: str) -> None:
    plain = bits(knowledge, line("Development footage", 900, 20))
    assert plain > 0
    assert bits(knowledge, line(text, 900, 20, width=171)) == pytest.approx(plain, abs=3)
    match = best(knowledge, line(text, 900, 20, width=171))
    assert match is not None and match.quote == text


@pytest.mark.parametrize(
    "text",
    [
        "Техника отремонтирована", "Техніка відремонтована", "任务目标完成", "Araç onarıldı", "Vehículo reparado",
        "Véhicule réparé", "Fahrzeug repariert", "لقطات من اللعبة", "צילומי משחק", "кадры из игры",
        "実際のゲーム画面です", "실제 게임 화면입니다",
    ],
)  # fmt: skip
def test_many_languages(knowledge: Knowledge, text: str) -> None:
    assert any(accuses(match) > 0 for match in names(knowledge, text).values())


def test_shared_symbology_weighs_nothing(knowledge: Knowledge) -> None:
    shared = (
        "WHOT", "BHOT", "RNG 2214", "ALT 14500", "HDG 087", "REC", "ARMED", "N34 12.551 E069 10.004", "LRF", "LASER",
        "AZ 214.3", "EL -11.8", "GPS", "ZOOM 4.0X", "NFOV", "LIVE", "BREAKING NEWS", "SPD 120", "11S MS 12345 67890",
    )  # fmt: skip
    for text in shared:
        for match in names(knowledge, text).values():
            assert accuses(match) < 1, (text, match.signature.id)


# --- properties

letters = st.text(st.characters(codec="utf-8"), max_size=60)


@settings(max_examples=60, deadline=None)
@given(st.lists(letters, max_size=6))
def test_no_text_breaks_the_matcher(knowledge: Knowledge, texts: Sequence[str]) -> None:
    lines = [line(text, 10 * row, 30 * row, width=200) for row, text in enumerate(texts)]
    found = knowledge.match(picture(*lines))
    assert [match.bits for match in found] == sorted((match.bits for match in found), reverse=True)
    assert len({match.signature.id for match in found}) == len(found)
    for match in found:
        assert match.bits > 0 and 0 < match.share <= 1 and 0 < match.e_value <= 2**-match.bits * 1.01
        assert all(
            part in lines[number].text or part in match.quote
            for number, part in zip(match.lines, match.quote.split(" / "), strict=False)
        )


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 60), st.integers(6, 30), st.booleans())
def test_alignment_spells_the_phrase_and_the_quote(knowledge: Knowledge, start: int, count: int, cut: bool) -> None:
    text = FOUNDING[start : start + count].strip()
    match = best(knowledge, at_right(text, gap=0 if cut else 200)) if text else None
    if match is not None:
        read = "".join(there for _, there in match.alignment)
        assert read == "".join(character for character in match.quote if character.isalnum())
        printed = "".join(here for here, _ in match.alignment)
        assert printed in "".join(character for character in FOUNDING if character.isalnum())


def test_many_lines_are_matched_quickly(knowledge: Knowledge) -> None:
    words = ["Traffic on the northern ring road", "Temperature 14 degrees", "Minister visits factory", "Open daily"]
    lines = [line(f"{words[row % 4]} {row}", 40 + 13 * row, 10 * row) for row in range(60)]
    knowledge.match(picture(*lines))
    start = time.process_time()
    knowledge.match(picture(*lines))
    assert time.process_time() - start < 0.5  # a bound for a busy machine; benchmarks/matching.py measures


def test_hostile_lengths_are_bounded(knowledge: Knowledge) -> None:
    start = time.process_time()
    knowledge.match(
        picture(*(line("development footage all content " * 300, 0, 20 * row, width=1280) for row in range(5)))
    )
    assert time.process_time() - start < 20
