"""Fit how lines look to the image network: the two logistic regressions of ``detector.evidence._line_look``."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from detector.evidence._line_look import INSIDE, LOOK, Head, Vectors, looks

Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
STRENGTH = {"look_around": (2 * INSIDE, 0.003), "look_inside": (INSIDE, 0.01)}
"""How many of the features each hears, and how free its weights are (scikit-learn's ``C``)."""
INNER = 4
"""Parts in which the lines that the trees are fitted on are told by how they look."""
_ROUNDS = 150
_FARTHEST = 5.0


def fit_look(vectors: Vectors, y: npt.NDArray[np.int64], weight: Floats) -> Head:
    """Return the regressions' numbers, fitted on these lines; see ``_line_look.looks``.

    Args:
        vectors: (lines, features) of ``_line_look.line_vectors``.
        y: 1 for lines laid over, 0 for lines of the scene.
        weight: of each line.
    """
    mean = vectors.mean(axis=0, dtype=np.float64).astype(np.float32)
    spread = np.maximum(vectors.std(axis=0, dtype=np.float64), 1e-6).astype(np.float32)
    scaled = np.clip((vectors - mean) / spread, -_FARTHEST, _FARTHEST)
    head = {"mean": mean, "spread": spread}
    with threadpool_limits(1):  # sums in another order would give other bytes
        for name in LOOK:
            many, free = STRENGTH[name]
            model = LogisticRegression(C=free, max_iter=_ROUNDS)
            model.fit(scaled[:, :many], y, sample_weight=weight * len(weight) / weight.sum())
            head[name] = np.append(model.coef_[0], model.intercept_).astype(np.float32)
    return head


def told_by_look(
    vectors: Vectors,
    y: npt.NDArray[np.int64],
    groups: npt.NDArray[np.str_],
    chosen: Mask,
    weigh: Callable[[Mask], Floats],
) -> tuple[Head, Floats]:
    """Return the regressions fitted on the chosen lines, and for every line how it looks to those who never saw it.

    The chosen lines are told in ``INNER`` parts, each by regressions fitted on the other parts' groups: what the trees
    are fitted on is then as good, and no better, than what they will be asked about.

    Args:
        vectors: of ``_line_look.line_vectors``, of all lines.
        y: 1 for lines laid over, 0 for lines of the scene; of those that are not chosen anything.
        groups: what may not be on both sides.
        chosen: which are fitted on.
        weigh: returns the weights of the lines of a mask.
    """
    head = fit_look(vectors[chosen], y[chosen], weigh(chosen))
    out = looks(vectors, head)
    parts = np.asarray([int(hashlib.sha256(f"look {group}".encode()).hexdigest(), 16) % INNER for group in groups])
    for part in range(INNER):
        here, rest = chosen & (parts == part), chosen & (parts != part)
        out[here] = looks(vectors[here], fit_look(vectors[rest], y[rest], weigh(rest)))
    return head, out
