"""What stands around one line of text, and what it says: the display network's map, and the sort of its letters.

``_line_features`` measures the pixels of a line. Here is what else tells print laid over a picture from print in the
scene: which parts of a display the network sees in the line's box, around it and in the whole picture, what kind of
display it takes the picture's for, and whether the line is a word, a number or a single sign.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from detector.evidence._mask import Look, cells, config
from detector.types import Quad

Array = npt.NDArray[np.float64]

_CLASSES = ("background", "panel", "map", "bar", "mark", "icon", "text", "line")
_KINDS = (
    "none", "game", "menu", "stamp", "sensor", "thermal", "drone", "broadcast", "watermark", "player",
)  # fmt: skip
_MOST_LETTERS = 30
_FIRST_EAST_ASIAN = 0x2E80
"""Unicode's CJK radicals: from here on signs are square and say much each."""

CONTEXT: tuple[str, ...] = (
    *(f"inside_{name}" for name in _CLASSES),  # the map's mean in the box, class by class
    "inside_most",  # how surely the surest cell of the box is something laid over
    *(f"around_{name}" for name in _CLASSES),  # the same for the box and what is a line's height around it
    *(f"all_{name}" for name in _CLASSES),  # the same for the whole picture
    *(f"kind_{name}" for name in _KINDS),  # whose display the network takes it for
    "letters",  # how many signs were read, at most 30
    "digits",  # part of them that are digits
    "alphabetic",  # part of them that are letters
    "capitals",  # part of them that are capitals
    "square_script",  # 1 if any is Chinese, Japanese or Korean: what scenery is misread as
    "single",  # 1 if there is one sign only
    "aspect",  # log2 of the box's width against its height
)


def context(seen: Look, quads: Sequence[Quad], texts: Sequence[str | None]) -> Array:
    """Return one row of features (see ``CONTEXT``) for each line.

    Args:
        seen: what the display network sees in the picture.
        quads: where the lines stand, in pixels of the picture.
        texts: what was read; None where nothing was (in training), which gives NaN.

    Returns:
        (number of lines, number of features) float64.
    """
    names: list[str] = list(config()["classes"])
    labels = seen.labels[[names.index(name) for name in _CLASSES]]
    whole = [*labels.mean(axis=(1, 2)), *(seen.kinds[name] for name in _KINDS)]
    rows = np.zeros((len(quads), len(CONTEXT)))
    for index, (quad, text) in enumerate(zip(quads, texts, strict=True)):
        x0, y0, x1, y1 = cells(seen, quad)
        part = labels[:, y0:y1, x0:x1]
        pad = max(2, y1 - y0)
        around = labels[:, max(0, y0 - pad) : y1 + pad, max(0, x0 - pad) : x1 + pad]
        points = np.asarray(quad, np.float64)
        wide, tall = (max(1.0, float(np.hypot(*(points[to] - points[0])))) for to in (1, 3))
        rows[index] = [
            *part.mean(axis=(1, 2)), 1 - part[0].min(), *around.mean(axis=(1, 2)), *whole, *_said(text),
            np.log2(wide / tall),
        ]  # fmt: skip
    return rows


def _said(text: str | None) -> list[float]:
    if text is None:
        return [float("nan")] * 6
    count = max(1, len(text))
    return [
        float(min(len(text), _MOST_LETTERS)),
        sum(letter.isdigit() for letter in text) / count,
        sum(letter.isalpha() for letter in text) / count,
        sum(letter.isupper() for letter in text) / count,
        float(any(ord(letter) >= _FIRST_EAST_ASIAN for letter in text)),
        float(len(text) == 1),
    ]


__all__ = ["CONTEXT", "context"]
