"""The network with one hidden layer: its sum by hand, its parts, and that the fit learns and repeats."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.evidence._one_hidden_layer import FARTHEST, Net, load, log_odds

HAND: Net = {
    "mean": np.asarray([1.0, 0.0]),
    "spread": np.asarray([2.0, 1.0]),
    "weights": np.asarray([[1.0, 2.0], [-1.0, 0.5]]),
    "bias": np.asarray([0.5, -0.25]),
    "answer": np.asarray([2.0, -4.0]),
    "constant": np.asarray(0.125),
}


def odds(*values: float) -> float:
    return log_odds(np.asarray(values), HAND)


def test_the_answer_is_the_sum_by_hand() -> None:
    # Standardised 2 and 1: units 2 + 2 + 0.5 and -2 + 0.5 - 0.25, the second silent.
    assert odds(5.0, 1.0) == 2 * 4.5 + 0.125
    # -1 and 0: units -0.5, silent, and 1 - 0.25.
    assert odds(-1.0, 0.0) == -4 * 0.75 + 0.125


def test_what_is_missing_counts_as_the_mean_and_what_is_far_is_cut_off() -> None:
    assert odds(float("nan"), 1.0) == odds(1.0, 1.0)
    assert odds(1e9, 0.0) == odds(1.0 + 2.0 * FARTHEST, 0.0)


@settings(max_examples=50, deadline=None)
@given(values=st.tuples(st.floats(-99, 99), st.floats(-99, 99)))
def test_parts_of_the_measurements_add_up(values: tuple[float, float]) -> None:
    first, second = max(-5.0, min(5.0, (values[0] - 1) / 2)), max(-5.0, min(5.0, values[1]))
    one, two = first + 2 * second + 0.5, -first + 0.5 * second - 0.25
    assert odds(*values) == pytest.approx(2 * max(one, 0) - 4 * max(two, 0) + 0.125, abs=1e-9)


def test_a_fit_learns_what_no_single_weight_could_and_repeats(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="fitting needs torch")
    from training.one_hidden_layer import Recipe, fit, predict, stored

    rng = np.random.default_rng(3)
    x = rng.normal(size=(800, 3))
    y = (x[:, 0] * x[:, 1] > 0).astype(int)
    x[::50, 2] = np.nan
    recipe = Recipe(units=16, seeds=2, rounds=40, batch=32, rate=0.01, decay=0.01, dropped=0.0, silent=0.0)
    net = fit(x, y, np.ones(800), recipe)
    again = fit(x, y, np.ones(800), recipe)
    assert all(np.array_equal(net[name], again[name]) for name in net)
    assert ((predict(x, net) > 0) == (y == 1)).mean() > 0.95
    path = tmp_path / "net.npz"
    np.savez(path, **stored(net))
    assert predict(x[:20], load(path)) == pytest.approx(predict(x[:20], net), abs=0.05)


def test_what_goes_straight_keeps_its_sign() -> None:
    pytest.importorskip("torch", reason="fitting needs torch")
    from training.one_hidden_layer import Recipe, fit

    rng = np.random.default_rng(4)
    beside = rng.normal(size=(600, 3))
    y = (beside.sum(axis=1) > 0).astype(int)
    recipe = Recipe(units=2, seeds=1, rounds=20, batch=32, rate=0.02, decay=0.01, dropped=0.0, silent=0.0)
    signs = np.asarray([1.0, -1.0, 0.0])
    net = fit(np.zeros((600, 1)), y, np.ones(600), recipe, beside=beside, signs=signs)
    assert net["straight"][0] > 0.5
    assert net["straight"][1] == 0.0
    assert net["straight"][2] > 0.5
