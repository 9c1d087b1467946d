"""What the trees are fitted on is told by regressions that never saw the line, nor its group."""

from __future__ import annotations

import numpy as np
import pytest

from detector.evidence._line_look import INSIDE, looks

pytest.importorskip("sklearn", reason="scikit-learn is not installed")

from training.overlay_lines_look import fit_look, told_by_look  # it needs scikit-learn


def test_nobody_is_told_by_a_regression_that_saw_its_group() -> None:
    """The labels are drawn by lot, group by group: only who saw a group can know them."""
    rng = np.random.default_rng(4)
    groups = np.repeat([f"source {number}" for number in range(60)], 4)
    y = np.repeat(rng.integers(0, 2, 60), 4)
    vectors = np.repeat(rng.normal(size=(60, 2 * INSIDE)), 4, axis=0).astype(np.float32)
    chosen = groups < "source 50"  # by name: most of them
    head, told = told_by_look(vectors, y, groups, chosen, lambda mask: np.ones(int(mask.sum())))
    seen = looks(vectors[chosen], head)
    assert (((seen > 0) == y[chosen, None]).mean(axis=0) > 0.9).all()
    assert (((told[chosen] > 0) == y[chosen, None]).mean(axis=0) < 0.75).all()
    assert np.array_equal(told[~chosen], looks(vectors[~chosen], head))


def test_the_same_lines_give_the_same_numbers_and_weights_count() -> None:
    rng = np.random.default_rng(5)
    vectors = rng.normal(size=(80, 2 * INSIDE)).astype(np.float32)
    vectors[:, 7] = 2.0  # a feature that never changes divides by no zero
    y = (vectors[:, 0] > 0).astype(np.int64)
    even = np.ones(80)
    one, two, other = (fit_look(vectors, y, weight) for weight in (even, 3 * even, np.where(y == 1, 9.0, 1.0)))
    assert all(np.array_equal(one[name], two[name]) for name in one)
    assert looks(vectors, one)[:, 0].mean() < looks(vectors, other)[:, 0].mean()
    assert np.isfinite(looks(vectors, one)).all()
