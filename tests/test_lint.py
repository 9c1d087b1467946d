"""The checks of signatures: each finds what it is for, and the packaged signatures pass."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from detector.knowledge.lint import CHECKS, clean_text, lint, lint_folder
from detector.resources import SIGNATURES
from detector.types import Signature

GOOD = Signature(
    id="a.good",
    title="Good",
    kind="hud",
    status="stable",
    speaks_for={"game": 6},
    phrases={"en": ("Quarrelsome zebra checkpoint reached",)},
    group="hud",
    falsepositives=("none known",),
    references=("https://example.org/",),
    tests_match=("Quarrelsome zebra checkpoint", "zebra checkpoint reached"),
    tests_no_match=("Zebra crossing", "Checkpoint"),
)


def checks(signature: Signature) -> set[str]:
    return {problem.check for problem in lint({signature.id: signature})}


def test_a_good_signature_has_no_problem() -> None:
    assert not lint({GOOD.id: GOOD})


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("short-fragment", {"phrases": {"en": ("FPS",)}}),
        ("strong-short", {"phrases": {"en": ("FPS",)}, "match": "words"}),
        ("sensor-accuses", {"kind": "sensor"}),
        ("path-accuses", {"kind": "recorder"}),
        ("no-falsepositives", {"falsepositives": ()}),
        ("few-tests", {"tests_no_match": ("Zebra crossing",)}),
        ("phrase-twice", {"phrases": {"en": ("Zebra checkpoint reached", "ZEBRA: checkpoint reached!")}}),
        ("other-script", {"phrases": {"ru": ("Zebra checkpoint reached",)}}),
        ("mixed-word", {"phrases": {"en": ("Zеbra checkpoint reached",)}}),
        ("slow-pattern", {"patterns": (r"(a+)+b",)}),
        ("reference-form", {"references": ("a book",)}),
        ("failing-test", {"tests_match": ("Elephant", "Quarrelsome zebra")}),
        (
            "failing-test",
            {"tests_no_match": ("Checkpoint",), "phrases": {"en": ("Checkpoint", "zebra")}, "match": "words"},
        ),
    ],
)
def test_each_check_finds_its_fault(name: str, changes: dict[str, object]) -> None:
    problems = [problem for problem in lint({GOOD.id: replace(GOOD, **changes)}) if problem.check == name]  # type: ignore[arg-type]
    assert problems
    assert all(problem.recommendation and problem.message for problem in problems)


def test_every_check_is_tested() -> None:
    tested = {mark.args[1][number][0] for mark in test_each_check_finds_its_fault.pytestmark for number in range(13)}  # type: ignore[attr-defined]
    assert {check.name for check in CHECKS} <= tested


def test_thorough_finds_ordinary_text_and_other_signatures() -> None:
    ordinary = replace(GOOD, id="a.ordinary", phrases={"en": ("Mind the step",)}, match="words")
    stranger = replace(
        GOOD, id="a.stranger", phrases={"en": ("zebra checkpoint reached",)}, group="x", attributes={"game": "Other"}
    )
    named = replace(GOOD, attributes={"game": "Zebra"})
    found = {problem.check for problem in lint({s.id: s for s in (named, ordinary, stranger)}, thorough=True)}
    assert {"clean-text", "finds-other"} <= found


def test_problems_say_where(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("id: bad\ncolour: red\n", "utf-8")
    problem = next(problem for problem in lint_folder(tmp_path) if "colour" in problem.message)
    assert (problem.check, problem.level, problem.line) == ("invalid-file", "error", 2)
    assert problem.file == str(tmp_path / "bad.yaml")


def test_the_thorough_lint_is_clean() -> None:
    assert len(clean_text()) > 500
    problems = [problem for problem in lint_folder(SIGNATURES, thorough=True) if problem.level != "note"]
    assert not problems, problems
