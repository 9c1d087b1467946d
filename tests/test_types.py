"""The values: what they refuse, and the way through JSON and back."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.errors import ObservationsError
from detector.types import Frame, Observations, TextLine, Vote, box_quad, dumps, quad_bounds

texts = st.text(max_size=12)
numbers = st.floats(-50, 5000, allow_nan=False)
points = st.tuples(numbers, numbers)


@st.composite
def text_lines(draw: st.DrawFn) -> TextLine:
    text = draw(texts)
    unit = st.floats(0, 1)
    return TextLine(
        text=text,
        confidence=draw(unit),
        quad=draw(st.tuples(points, points, points, points)),
        engine=draw(texts),
        view=draw(texts),
        char_confidences=draw(st.none() | st.tuples(*[unit] * len(text))),
        votes=tuple(draw(st.lists(st.builds(Vote, text=texts, confidence=unit, engine=texts, view=texts), max_size=2))),
    )


@given(st.lists(text_lines(), max_size=4), texts, st.dictionaries(texts, st.integers() | texts, max_size=3))
def test_observations_survive_json(lines: list[TextLine], source: str, readings: dict[str, object]) -> None:
    observations = Observations(
        source=source, sha256="0" * 64, size=(3, 4), lines=tuple(lines), readings=readings, provenance={"a": "1"}
    )
    text = observations.to_json()
    again = Observations.from_json(text)
    assert again.lines == observations.lines
    assert again.to_json() == text
    assert "\n" not in text
    text.encode("utf-8")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no JSON"),
        ("[1]", "schema"),
        ('{"schema": 999}', "version 999"),
        ('{"schema": 1, "source": "a", "sha256": "", "size": [1, 1], "provenance": {}}', "'lines' is missing"),
        ('{"schema": 1, "source": 7, "sha256": "", "size": [1, 1], "lines": [], "provenance": {}}', "text"),
        ('{"schema": 1, "source": "a", "sha256": "", "size": [0, 1], "lines": [], "provenance": {}}', "0 by 1"),
        ("[" * 100_000, "no JSON"),
    ],
)
def test_observations_that_cannot_be_used_say_why(text: str, message: str) -> None:
    with pytest.raises(ObservationsError, match=message):
        Observations.from_json(text)


def test_a_name_that_is_no_utf8_can_be_written() -> None:
    name = b"caf\xe9.jpg".decode("utf-8", "surrogateescape")
    assert json.loads(dumps({"source": name}).encode("utf-8"))["source"] == name


def test_a_frame_is_read_only_rgb() -> None:
    frame = Frame(pixels=np.zeros((2, 3, 3), np.uint8), source="a", sha256="", original_size=(3, 2), format="PNG")
    assert (frame.width, frame.height) == (3, 2)
    with pytest.raises(ValueError, match="read-only"):
        frame.pixels[0, 0, 0] = 1
    with pytest.raises(ValueError, match="uint8"):
        Frame(pixels=np.zeros((2, 3), np.uint8), source="a", sha256="", original_size=(3, 2), format="PNG")


@pytest.mark.parametrize("confidence", [-0.1, 1.1])
def test_a_confidence_out_of_range_is_refused(confidence: float) -> None:
    with pytest.raises(ValueError, match="confidence"):
        TextLine(text="a", confidence=confidence, quad=box_quad(0, 0, 1, 1), engine="none")


def test_a_line_measures_its_height_along_its_short_sides() -> None:
    line = TextLine(text="a", confidence=1, quad=((10, 0), (0, 30), (-4, 28.7), (6, -1.3)), engine="none")
    assert line.height == pytest.approx(4.2, abs=0.05)
    assert quad_bounds(line.quad) == (-4, -1.3, 10, 30)
