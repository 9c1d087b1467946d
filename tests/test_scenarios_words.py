"""Documented cases of wordings, from what was read to the verdict: model plates, scene texts, banners, marks.

Each test is one scenario that fact-checkers met; the pictures themselves are not needed for it, only the lines
that an engine reads in them.
"""

from __future__ import annotations

import pytest

from detector import Detector, Report
from detector.types import Observations, TextLine, box_quad

SIZE = (1280, 720)


@pytest.fixture(scope="module")
def detector() -> Detector:
    return Detector()


def judged(detector: Detector, *texts: str, left: float = 500, top: float = 200, height: float = 20) -> Report:
    lines = tuple(
        TextLine(
            text=text,
            confidence=0.95,
            quad=box_quad(left, top + 60 * row, left + 0.45 * height * len(text), top + 60 * row + height),
            engine="test",
        )
        for row, text in enumerate(texts)
    )
    return detector.judge(Observations(source="x", sha256="", size=SIZE, lines=lines))


def against_camera(report: Report) -> float:
    """Return the bits of the evidence for a game or a model, against a camera."""
    assert report.verdict is not None
    terms = report.verdict.contributions[1:]
    total = {name: sum(term.bits.get(name, 0.0) for term in terms) for name in ("camera", "game", "generated")}
    return max(total["game"], total["generated"]) - total["camera"]


# --- small text of an equipment's model, lower right


def test_a_games_radio_model_names_the_game(detector: Detector) -> None:
    report = judged(detector, "PNR-1000A", left=1180, top=690, height=12)
    assert against_camera(report) > 3
    assert any("Arma 3" in item.attributes.get("game", "") for item in report.evidence)


def test_field_of_view_of_any_optics_weighs_nothing(detector: Detector) -> None:
    for text in ("MFOV", "WFOV", "NFOV"):
        assert abs(against_camera(judged(detector, text, left=1180, top=690, height=12))) < 1


# --- texts in the scene: a brand that does not exist, a typo


def test_an_invented_brand_is_not_the_real_wording(detector: Detector) -> None:
    assert against_camera(judged(detector, "PUT RON IN YOUR TANK")) > 3
    assert abs(against_camera(judged(detector, "PUT OIL IN YOUR TANK"))) < 1


def test_a_game_makers_typo_is_told_from_a_misreading(detector: Detector) -> None:
    assert against_camera(judged(detector, "TRACKING RAINER")) > 3
    for genuine in ("TRACKING TRAINER", "TRACKING TRAlNER", "TRACKlNG TRAINER"):
        assert abs(against_camera(judged(detector, genuine))) < 1


# --- banners that make a clip look like news


def test_banners_give_no_support_for_reality(detector: Detector) -> None:
    clip = ("RETURN TO THE BATTLEFIELD!", "Respawning in 5")
    bare = against_camera(judged(detector, *clip))
    dressed = against_camera(judged(detector, *clip, "LIVE", "BREAKING NEWS", "t.me/warchannel", "@warchannel"))
    assert bare > 5
    assert dressed > bare - 1
    assert abs(against_camera(judged(detector, "LIVE", "BREAKING NEWS", "t.me/warchannel", "@warchannel"))) < 1


# --- who posts it says that it is no evidence


def test_an_illustration_notice_is_a_finding_of_its_own(detector: Detector) -> None:
    report = judged(detector, "For illustration purposes only", top=680)
    found = [item for item in report.evidence if item.mark == "disclaimer"]
    assert found and "illustration" in found[0].quote.lower()
    assert report.verdict is not None and report.verdict.label in ("no-finding", "marked")


# --- a recorder's marks and figures


@pytest.mark.parametrize(
    "texts",
    [
        ("www.BANDICAM.com",),
        ("GPU 67% 1740MHz 61C", "CPU 23% 4200MHz", "FRAMETIME 6.9 ms"),
        ("Unregistered HyperCam 2",),
    ],
)
def test_a_recorder_tells_of_a_screen_and_not_of_a_fake(detector: Detector, texts: tuple[str, ...]) -> None:
    report = judged(detector, *texts, left=20, top=10)
    assert any(item.mark == "recorder" for item in report.evidence)
    assert report.verdict is not None
    assert report.verdict.label in ("no-finding", "marked")
    assert report.verdict.fakeness < 0.5


# --- disguised letters


@pytest.mark.parametrize(
    "text",
    [
        "RЕTURN TО THЕ BАTTLЕFIЕLD!",  # Cyrillic look-alikes
        "ＲＥＴＵＲＮ　ＴＯ　ＴＨＥ　ＢＡＴＴＬＥＦＩＥＬＤ",
        "RE\u200bTURN TO\u00ad THE BATTLE\u2060FIELD",
        "𝐑𝐄𝐓𝐔𝐑𝐍 𝐓𝐎 𝐓𝐇𝐄 𝐁𝐀𝐓𝐓𝐋𝐄𝐅𝐈𝐄𝐋𝐃",
    ],
)
def test_disguised_letters_are_read_as_what_they_show(detector: Detector, text: str) -> None:
    plain = against_camera(judged(detector, "RETURN TO THE BATTLEFIELD!"))
    assert against_camera(judged(detector, text)) > 0.8 * plain > 3


# --- other languages and scripts


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("Вернитесь на поле боя!", "Cyrl"), ("Техніка відремонтована", "Cyrl"), ("任务目标完成", "Hani"),
        ("Araç onarıldı", "Latn"), ("Vehículo reparado", "Latn"), ("Véhicule réparé", "Latn"),
        ("Fahrzeug repariert", "Latn"), ("لقطات من اللعبة", "Arab"), ("צילומי משחק", "Hebr"),
    ],
)  # fmt: skip
def test_a_games_own_words_count_in_every_language(detector: Detector, text: str, script: str) -> None:
    from detector.knowledge.folding import fold, main_script

    assert main_script(fold(text).letters) == script
    assert against_camera(judged(detector, text)) > 1
