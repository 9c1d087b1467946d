"""How surely each line was laid over the picture, rather than standing in the scene.

A phrase on a poster, a shop sign or a lorry is part of the scene and says nothing about where the picture
comes from. What is printed over a picture keeps to its axes, is evenly coloured, crisper than the picture,
outlined, and lines up with its fellows; and a network that knows pictures sees it so. Each line's measurements go
into a set of decision trees, and the lines of a picture ask each other; see ``models/overlay-lines-v1/README.md``
for how the trees were trained and how often they are right.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from detector.evidence._appearance import maps_of
from detector.evidence._line_context import CONTEXT, context
from detector.evidence._line_features import NAMES, measure
from detector.evidence._line_look import LOOK, Vectors, line_vectors, looks
from detector.evidence._mask import Look, look, over_text
from detector.knowledge import Knowledge
from detector.resources import model_file
from detector.types import Evidence, Frame, Json, Observations, Pixels, Quad, TextLine

MODEL = "overlay-lines-v1"
FEATURES: tuple[str, ...] = (*NAMES, *CONTEXT, *LOOK)
_ANGLE = FEATURES.index("angle")
_MOST_SLANT = 3.0


class Kind:
    """Leaves, for each line, the probability that it was laid over the picture; other kinds weigh words by it."""

    def observe(self, frame: Frame, lines: Sequence[TextLine]) -> Json:
        """Return ``{"version": 1, "lines": [...]}``: one probability a line, in the order of the lines."""
        if not lines:
            return {"version": 1, "lines": []}
        rows = features(
            frame.pixels,
            look(frame),
            [line.quad for line in lines],
            [line.confidence for line in lines],
            [line.text for line in lines],
        )
        return {
            "version": 1,
            "lines": [round(float(value), 3) for value in agree(probabilities(rows), rows[:, _ANGLE])],
        }

    def provenance(self) -> dict[str, str]:
        """Return the model's name."""
        return {"overlay_lines": MODEL}

    def find(self, observations: Observations, knowledge: Knowledge) -> Iterable[Evidence]:
        """Return nothing: that a line was laid over the picture is no evidence of where the picture is from."""
        return ()


def features(
    pixels: Pixels, seen: Look, quads: Sequence[Quad], confidences: Sequence[float], texts: Sequence[str | None]
) -> npt.NDArray[np.float64]:
    """Return one row of measurements for each line, in the order of ``FEATURES``.

    Args:
        pixels: (height, width, 3) uint8, RGB.
        seen: what the display network sees in them.
        quads: where the lines stand, in pixels.
        confidences: how sure the engine was of each, 0 to 1.
        texts: what was read; None if nothing was, in training.
    """
    measured, vectors = measurements(pixels, seen, quads, confidences, texts)
    return np.concatenate([measured, looks(vectors)], axis=1)


def measurements(
    pixels: Pixels,
    seen: Look,
    quads: Sequence[Quad],
    confidences: Sequence[float],
    texts: Sequence[str | None],
) -> tuple[npt.NDArray[np.float64], Vectors]:
    """Return for each line the ``FEATURES`` but for those of ``LOOK``, and how it looks to the image network.

    Args:
        pixels: (height, width, 3) uint8, RGB.
        seen: what the display network sees in them.
        quads: where the lines stand, in pixels.
        confidences: how sure the engine was of each, 0 to 1.
        texts: what was read; None if nothing was.
    """
    own = measure(pixels, quads, confidences, [over_text(seen, quad) for quad in quads])
    height, width = pixels.shape[:2]
    vectors = line_vectors(maps_of(pixels), (width, height), quads)
    return np.concatenate([own, context(seen, quads, texts)], axis=1), vectors


def probabilities(rows: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the probability of having been laid over, for rows of features in the order of ``FEATURES``.

    Each line by itself: the log odds that the trees' leaves add up to.
    """
    trees = _trees()
    at = np.repeat(trees["roots"][None, :], len(rows), axis=0)
    everyone = np.arange(len(rows))[:, None]
    while True:
        feature = trees["feature"][at]
        inner = feature >= 0
        if not inner.any():
            break
        low = rows[everyone, np.maximum(feature, 0)] <= trees["threshold"][at]
        at = np.where(inner, np.where(low, trees["left"][at], trees["right"][at]), at)
    odds = trees["value"][at].sum(axis=1) + float(trees["base"])
    result: npt.NDArray[np.float64] = 1.0 / (1.0 + np.exp(-odds))
    return result


def agree(
    own: npt.NDArray[np.float64], angles: npt.NDArray[np.float64], model: Mapping[str, float] | None = None
) -> npt.NDArray[np.float64]:
    """Return the probabilities of one picture's lines after each was held against its slant and has heard the others.

    Print over a picture keeps to its axes: log odds are taken off for each degree that the box is slanted beyond
    what a pixel explains. And most pictures hold lines of one sort only: to each line's log odds a share of the
    mean of the others' is added.

    Args:
        own: (lines,) each line's probability by itself.
        angles: (lines,) degrees of slant, the feature ``angle``.
        model: ``others`` and ``slant``; the packaged ones if None.
    """
    numbers = _config() if model is None else model
    sure = np.clip(own, 0.001, 0.999)
    odds = np.log(sure / (1 - sure)) - numbers["slant"] * np.minimum(angles, _MOST_SLANT)
    if len(odds) > 1:
        odds = odds + numbers["others"] * (odds.sum() - odds) / (len(odds) - 1)
    result: npt.NDArray[np.float64] = 1.0 / (1.0 + np.exp(-odds))
    return result


@cache
def _config() -> Mapping[str, Any]:
    loaded: Mapping[str, Any] = json.loads(model_file(MODEL, "config.json").read_text("utf-8"))
    return loaded


@cache
def _trees() -> Mapping[str, Any]:
    """Return the trees' arrays.

    Raises:
        EngineError: the model is missing or damaged, or was trained on other features.
    """
    config = _config()
    if config["features"] != list(FEATURES):
        from detector.errors import EngineError

        raise EngineError(f"{MODEL} was trained on other features than this program measures. Install it again.")
    with np.load(model_file(MODEL, config["trees"])) as stored:
        return {name: stored[name] for name in stored.files}
