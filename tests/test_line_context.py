"""What stands around a line and what it says, as numbers."""

from __future__ import annotations

import numpy as np
import pytest

from detector.evidence._line_context import CONTEXT, context
from detector.evidence._mask import Look, config
from detector.types import box_quad


@pytest.fixture
def seen() -> Look:
    """A map of 64 x 32 cells of 10 pixels: all background but for a text in columns 20 to 29, rows 10 to 13."""
    names = config()["classes"]
    labels = np.zeros((len(names), 32, 64), np.float32)
    labels[names.index("background")] = 1
    labels[names.index("background"), 10:14, 20:30] = 0.2
    labels[names.index("text"), 10:14, 20:30] = 0.8
    kinds = dict.fromkeys(config()["kinds"], 0.0) | {"stamp": 0.7}
    return Look(labels=labels, kinds=kinds, scale=(10.0, 10.0))


def values(row: np.ndarray) -> dict[str, float]:
    return dict(zip(CONTEXT, row.tolist(), strict=True))


def test_the_map_is_read_in_the_box_around_it_and_in_the_whole_picture(seen: Look) -> None:
    inside, beside = (
        values(row)
        for row in context(seen, [box_quad(200, 100, 300, 140), box_quad(200, 150, 300, 190)], ["ALT", "ALT"])
    )
    assert inside["inside_text"] == pytest.approx(0.8)
    assert inside["inside_most"] == pytest.approx(0.8)
    assert inside["around_text"] == pytest.approx(0.8 * 40 / (18 * 12))
    assert beside["inside_text"] == 0.0
    assert 0.0 < beside["around_text"] < inside["around_text"]
    assert inside["all_text"] == beside["all_text"] == pytest.approx(0.8 * 40 / (64 * 32))
    assert inside["kind_stamp"] == pytest.approx(0.7)
    assert inside["aspect"] == pytest.approx(np.log2(100 / 40))


def test_what_was_read_counts_and_nothing_read_is_not_a_number(seen: Look) -> None:
    quad = box_quad(0, 0, 100, 20)
    number, word, sign, nothing = (values(row) for row in context(seen, [quad] * 4, ["12:34", "Alt", "中", None]))
    assert (number["letters"], number["digits"], number["alphabetic"]) == (5, 0.8, 0)
    assert (word["digits"], word["alphabetic"], word["capitals"]) == (0, 1, pytest.approx(1 / 3))
    assert (sign["single"], sign["square_script"], word["square_script"]) == (1, 1, 0)
    assert np.isnan(nothing["letters"])
    assert np.isfinite(nothing["aspect"])


def test_no_lines_no_rows_and_an_empty_line_is_no_error(seen: Look) -> None:
    assert context(seen, [], []).shape == (0, len(CONTEXT))
    assert np.isfinite(context(seen, [box_quad(5, 5, 5, 5)], [""])).all()
    assert np.isfinite(context(seen, [box_quad(-900, -900, -800, -880)], ["far"])).all()
