"""From a recogniser's output to text, with a confidence for each character."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from detector.reading.protocol import RawText


def greedy(steps: npt.NDArray[np.float32], characters: Sequence[str]) -> RawText:
    """Return the likeliest text of one line (connectionist temporal classification, Graves et al. 2006).

    Args:
        steps: (time, classes) probabilities; class 0 is the blank, the others follow ``characters``.
        characters: the letters by class, from class 1 on.
    """
    best = steps.argmax(axis=1)
    starts = np.flatnonzero((best != 0) & (best != np.concatenate([[-1], best[:-1]])))
    letters, sure = [], []
    for start in starts:
        stop = start
        while stop < len(best) and best[stop] == best[start]:
            stop += 1
        for letter in characters[best[start] - 1]:
            letters.append(letter)
            sure.append(float(steps[start:stop, best[start]].max()))
    while letters and letters[-1].isspace():
        letters.pop(), sure.pop()
    while letters and letters[0].isspace():
        letters.pop(0), sure.pop(0)
    if not letters:
        return RawText(text="", confidence=0.0, char_confidences=())
    confidences = tuple(round(min(max(value, 0.0), 1.0), 3) for value in sure)
    return RawText(
        text="".join(letters),
        confidence=round(float(np.mean(confidences)), 4),
        char_confidences=confidences,
    )
