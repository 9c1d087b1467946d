"""How surely each line was laid over the picture: its measurements, and a small network that weighs them.

What is printed over a picture keeps to its axes, is evenly coloured, crisper than the picture, outlined, and lines up
with its fellows; and a network that knows pictures sees it so. The lines of a picture ask each other. See
``models/overlay-lines-v1/README.md`` for how it was fitted and how often it is right.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np
import numpy.typing as npt

from detector.evidence._appearance import maps_of
from detector.evidence._line_context import CONTEXT, context
from detector.evidence._line_features import NAMES, measure
from detector.evidence._line_look import LOOKS, line_vectors
from detector.evidence._mask import Look, look, over_text
from detector.evidence._one_hidden_layer import Net, load, log_odds
from detector.resources import model_config, model_file
from detector.types import Frame, Pixels, Quad, TextLine

MODEL = "overlay-lines-v1"
FEATURES: tuple[str, ...] = (*NAMES, *CONTEXT)
"""What is measured of a line, by name; what the image network sees of it follows, without names."""
_ANGLE = FEATURES.index("angle")
_MOST_SLANT = 3.0
Rows = npt.NDArray[np.float64]

_LAST: dict[str, tuple[Pixels, tuple[TextLine, ...], Rows, Rows]] = {}


def told(frame: Frame, lines: Sequence[TextLine]) -> tuple[Rows, Rows]:
    """Return what the image network sees of each line, and the probability that it was laid over.

    The lines of the last picture are remembered.

    Returns:
        (lines, ``LOOKS``) of ``_line_look.line_vectors``, and (lines,).
    """
    if not lines:
        return np.zeros((0, LOOKS)), np.zeros(0)
    held = _LAST.get("lines")
    if held is not None and held[0] is frame.pixels and held[1] == tuple(lines):
        return held[2], held[3]
    rows = measurements(
        frame.pixels,
        look(frame),
        [line.quad for line in lines],
        [line.confidence for line in lines],
        [line.text for line in lines],
    )
    vectors, over = rows[:, len(FEATURES) :], agree(probabilities(rows), rows[:, _ANGLE])
    _LAST["lines"] = (frame.pixels, tuple(lines), vectors, over)
    return vectors, over


def measurements(
    pixels: Pixels, seen: Look, quads: Sequence[Quad], confidences: Sequence[float], texts: Sequence[str | None]
) -> npt.NDArray[np.float64]:
    """Return one row for each line: the ``FEATURES`` in their order, then how it looks to the image network.

    Args:
        pixels: (height, width, 3) uint8, RGB.
        seen: what the display network sees in them.
        quads: where the lines stand, in pixels.
        confidences: how sure the engine was of each, 0 to 1.
        texts: what was read; None if nothing was, in training.
    """
    own = measure(pixels, quads, confidences, [over_text(seen, quad) for quad in quads])
    height, width = pixels.shape[:2]
    vectors = line_vectors(maps_of(pixels), (width, height), quads)
    return np.concatenate([own, context(seen, quads, texts), vectors], axis=1)


def probabilities(rows: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the probability of having been laid over, for rows of ``measurements``; each line by itself."""
    net, sure = _net(), float(model_config(MODEL)["sure"])
    # Line by line: a product of matrices would sum in another order where there are more lines.
    odds = np.asarray([sure * log_odds(row, net) for row in rows], np.float64)
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
    numbers = model_config(MODEL) if model is None else model
    sure = np.clip(own, 0.001, 0.999)
    odds = np.log(sure / (1 - sure)) - numbers["slant"] * np.minimum(angles, _MOST_SLANT)
    if len(odds) > 1:
        odds = odds + numbers["others"] * (odds.sum() - odds) / (len(odds) - 1)
    result: npt.NDArray[np.float64] = 1.0 / (1.0 + np.exp(-odds))
    return result


@cache
def _net() -> Net:
    """Return the network.

    Raises:
        EngineError: the model is missing or damaged, or was trained on other features.
    """
    config = model_config(MODEL)
    if config["features"] != list(FEATURES):
        from detector.errors import EngineError

        raise EngineError(f"{MODEL} was trained on other features than this program measures. Install it again.")
    return load(model_file(MODEL, config["network"]))
