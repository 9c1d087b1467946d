"""Runs the tests that a signature carries: what it must find, and what it must leave alone."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from detector.knowledge.found import Found
from detector.knowledge.matching import Matcher
from detector.types import Observations, Signature, TextLine, box_quad

SIZE = (1280, 720)
HEIGHT = 20.0
Cut = Literal["", "left", "right"]


@dataclass(frozen=True, slots=True)
class Failure:
    """A test of a signature that failed.

    Attributes:
        signature: its id.
        field: ``tests.match[2]``.
        text: the text of the test.
        message: what was expected and what came.
    """

    signature: str
    field: str
    text: str
    message: str


def picture_of(lines: Sequence[str], where: Sequence[str] = (), cut: Cut = "") -> Observations:
    """Return observations of a picture of 1280 by 720 with these lines, one under the other.

    Args:
        lines: the texts, 20 pixels high.
        where: the zones of a signature; the lines stand in the first one, or in the middle.
        cut: they touch this border instead of standing free.
    """
    zone = where[0] if where else "center"
    width, height = SIZE
    top = {"top": 40.0, "bottom": height - 40 - 1.3 * HEIGHT * len(lines)}.get(zone.split("-")[0], 300.0)
    rows = []
    for number, text in enumerate(lines):
        length = max(HEIGHT * 0.5 * sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text), HEIGHT)
        # No text is so long that it would touch a border that it is not meant to touch.
        length = min(length, width - 120.0)
        left = 60.0 if zone.endswith("left") else (width - length) / 2
        if zone.endswith("right"):
            left = width - length - 60
        if cut:
            left = 0.0 if cut == "left" else width - length
        y = top + 1.3 * HEIGHT * number
        rows.append(
            TextLine(text=text, confidence=1.0, quad=box_quad(left, y, left + length, y + HEIGHT), engine="test")
        )
    return Observations(source="<test>", sha256="", size=SIZE, lines=tuple(rows))


def find_own(matcher: Matcher, signature: Signature, text: str, *, cuts: Sequence[Cut] = ("",)) -> Found | None:
    """Return what a matcher finds of one signature in a text, in the first of these positions that gives any."""
    for cut in cuts:
        for found in matcher.find(picture_of(text.split("\n"), signature.where, cut)):
            if found.signature.id == signature.id:
                return found
    return None


def run_tests(signature: Signature) -> list[Failure]:
    """Return the tests of a signature that fail.

    A text of ``tests.match`` is tried standing free where the signature usually stands, then cut at the left
    and at the right border; once has to be enough. A text of ``tests.no_match`` is tried standing free.
    """
    matcher = Matcher({signature.id: signature})
    failures = []
    for number, text in enumerate(signature.tests_match):
        if find_own(matcher, signature, text, cuts=("", "left", "right")) is None:
            failures.append(
                Failure(
                    signature.id, f"tests.match[{number}]", text, "is not found: too few or too common letters survive"
                )
            )
    for number, text in enumerate(signature.tests_no_match):
        found = find_own(matcher, signature, text)
        if found is not None:
            failures.append(
                Failure(
                    signature.id, f"tests.no_match[{number}]", text,
                    f"is found with {found.bits:.1f} bits: '{found.quote}' looks like '{found.text}'",
                )
            )  # fmt: skip
    return failures
