"""Every packaged signature keeps its own promises, both ways."""

from __future__ import annotations

from collections import Counter

import pytest

from benchmarks.matching_counts import PAGE, counts
from detector.knowledge.lint import CHECKS
from detector.knowledge.selftest import run_tests
from detector.knowledge.store import load_folder
from detector.resources import SIGNATURES

LOADED, FAULTS = load_folder(SIGNATURES)
PARTS = 24


def test_every_file_is_valid() -> None:
    assert not FAULTS


@pytest.mark.parametrize("part", range(PARTS))
def test_own_tests(part: int) -> None:
    names = sorted(LOADED.signatures)[part::PARTS]
    failures = [failure for name in names for failure in run_tests(LOADED.signatures[name])]
    assert not failures, "\n".join(f"{f.signature} {f.field} {f.text!r} {f.message}" for f in failures)


def test_no_check_finds_an_error() -> None:
    errors = [
        (name, check.name, message)
        for name, signature in LOADED.signatures.items()
        for check in CHECKS
        if check.level == "error"
        for _, message in check.run(signature)
    ]
    assert not errors


def test_breadth() -> None:
    kinds = Counter(signature.kind for signature in LOADED.signatures.values())
    languages = {language.split("-")[0] for signature in LOADED.signatures.values() for language in signature.phrases}
    games = {signature.attributes["game"] for signature in LOADED.signatures.values() if "game" in signature.attributes}
    assert len(LOADED.signatures) >= 350
    assert len(kinds) == 11
    assert len(languages) >= 14
    assert len(games) >= 30


def test_the_page_states_todays_counts() -> None:
    assert counts() in PAGE.read_text("utf-8"), "run: python -m benchmarks.matching_counts --write"


def test_every_named_game_of_the_plan_is_known() -> None:
    games = " ".join(signature.attributes.get("game", "") for signature in LOADED.signatures.values())
    wanted = (
        "Arma 3", "Arma Reforger", "DCS", "War Thunder", "Squad", "Call of Duty", "Battlefield", "Counter-Strike",
        "PUBG", "Grand Theft Auto V", "Tarkov", "Medal of Honor", "Apache: Air Assault", "AC-130 Gunship Simulator",
        "Zombie Gunship", "Wargame: Red Dragon", "World of Tanks", "Hell Let Loose", "Insurgency", "Ready or Not",
        "Microsoft Flight Simulator", "X-Plane", "FlightGear",
    )  # fmt: skip
    assert not [name for name in wanted if name not in games]
