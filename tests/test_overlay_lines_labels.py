"""Which lines of the labelled folders count as laid over: told by their place, whatever was read there."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from detector.types import Observations, TextLine, box_quad
from training.overlay_lines_labels import BY_PLACE, LABELS, label_by_place, labels_of

SIZE = (2000, 1000)
BOARD = box_quad(200, 100, 600, 150)
NAMED = {"scene": [[100, 100, 300, 150]], "skip": [[500, 500, 600, 550]]}


def test_a_line_is_laid_over_unless_its_place_is_named() -> None:
    assert label_by_place(BOARD, SIZE, NAMED) == 0
    assert label_by_place(box_quad(1000, 500, 1200, 550), SIZE, NAMED) is None
    assert label_by_place(box_quad(200, 400, 600, 450), SIZE, NAMED) == 1


def test_the_same_line_read_again_a_little_elsewhere_keeps_its_label() -> None:
    assert label_by_place(box_quad(190, 95, 620, 155), SIZE, NAMED) == 0
    # A display's line inside a large box of misread scenery is another line.
    around = {"scene": [[0, 0, 1000, 1000]]}
    assert label_by_place(BOARD, SIZE, around) == 1


def test_the_nearest_of_two_places_tells() -> None:
    both = {"scene": [[100, 100, 300, 170]], "skip": [[100, 100, 300, 150]]}
    assert label_by_place(BOARD, SIZE, both) is None


def test_where_most_lines_are_of_the_scene_the_others_are_named() -> None:
    named = {"rest": "scene", "over": [[100, 100, 300, 150]]}
    assert label_by_place(BOARD, SIZE, named) == 1
    assert label_by_place(box_quad(0, 0, 50, 20), SIZE, named) == 0


def test_no_line_of_a_picture_without_an_overlay_is_laid_over() -> None:
    line = TextLine(text="BAKERY", confidence=0.9, quad=BOARD, engine="none", script="Latn")
    seen = Observations(source="x", sha256="0" * 64, size=SIZE, lines=(line,))
    row = {"overlay": "none", "source": "somebody/something", "path": "street.jpg"}
    assert labels_of(row, seen) == [0]
    assert labels_of({**row, "overlay": "text"}, replace(seen, lines=(line, line))) == [1, 1]


@pytest.fixture(scope="module")
def places() -> dict[str, dict[str, object]]:
    loaded = json.loads(BY_PLACE.read_text("utf-8"))
    del loaded["note"]
    return loaded


def test_every_place_is_inside_a_picture_of_the_second_folder(places: dict[str, dict[str, object]]) -> None:
    rows = Path(BY_PLACE).with_name("beside.jsonl").read_text("utf-8").splitlines()
    known = {f"{row['source']}/{row['path']}" for row in map(json.loads, rows) if row["overlay"] != "none"}
    assert set(places) <= known
    for name, entry in places.items():
        for label, boxes in entry.items():
            if label == "rest":
                assert boxes in LABELS, name
                continue
            assert label in LABELS, name
            assert isinstance(boxes, list)
            for left, top, right, bottom in boxes:
                # An engine's box may reach a little over the picture's edge.
                assert -30 <= left < right <= 1030, name
                assert -30 <= top < bottom <= 1030, name
