"""What a display looks like as a whole: a few numbers from its lines and elements, and a sum of weights.

Pure: everything is computed from the observations. Shared by the kind of evidence ``display`` and the command
that fits its weights, so that both always count alike.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from math import exp, log, log2
from typing import Any

from detector.evidence._formats import FORMATS, formats_of
from detector.types import Observations, Quad, TextLine, quad_bounds

# What cameras, sensors and stations print of themselves: times, dates, temperatures, positions, exposures.
_CLOCK = re.compile(r"(?<!\d)([01]?\d|2[0-3])[:：.][0-5]\d[:：.][0-5]\d(?!\d)|(?<!\d)\d{1,2}:[0-5]\d ?[AP]M\b", re.I)
_DATE = re.compile(
    r"(?<!\d)((19|20)\d\d ?[-/.年] ?(0?[1-9]|1[0-2]) ?[-/.月] ?(0?[1-9]|[12]\d|3[01])"
    r"|(0?[1-9]|[12]\d|3[01]) ?[-/.] ?(0?[1-9]|[12]\d|3[01]) ?[-/.] ?(19|20)?\d\d"
    r"|(0?[1-9]|[12]\d|3[01])[ -](JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC)[A-Z]*[ -,]+(19|20)?\d\d)(?!\d)",
    re.I,
)
_DEGREES = re.compile(r"\d ?[°º℃℉]|\d ?° ?[CF]\b|\binHg\b", re.I)
_POSITION = re.compile(r"\d{1,3}[.°]\d{3,}|\bLAT\b|\bLON\b|\bMGRS\b|\bUTM\b", re.I)
_SHORT_NUMBER = re.compile(r"^[\W_]*[$€£+x×-]?\d{1,5}([.,]\d+)?[\W_]*$|^\d{1,4} ?[/|] ?\d{1,4}$")
_TIMER = re.compile(r"^[\W_]*\d{1,2}:\d\d([.:]\d{1,3})?[\W_]*$")

_CERTAIN = 0.5
"""Least confidence of a line whose letters are counted: a format is quickly made of misread letters."""


def line_features(observations: Observations) -> dict[str, float]:
    """Return numbers about the lines, each counted by the probability that it was laid over the picture."""
    lines = observations.lines
    over = over_probabilities(observations)
    width, height = observations.size
    weights = [p * min(1.0, line.confidence / 0.8) for p, line in zip(over, lines, strict=True)]
    total = sum(weights)
    zones: dict[tuple[int, int], float] = {}
    for weight, line in zip(weights, lines, strict=True):
        zone = _zone(line, width, height)
        zones[zone] = max(zones.get(zone, 0.0), weight)
    border = sum(weight for weight, line in zip(weights, lines, strict=True) if _near_border(line, width, height))
    heights = [
        (weight, log2(max(1.0, line.height) / min(width, height))) for weight, line in zip(weights, lines, strict=True)
    ]
    mean = sum(w * h for w, h in heights) / total if total else 0.0
    spread = (sum(w * (h - mean) ** 2 for w, h in heights) / total) ** 0.5 if total else 0.0

    def count(pattern: re.Pattern[str], *, whole: bool = False) -> float:
        check = pattern.match if whole else pattern.search
        return sum(weight for weight, line in zip(weights, lines, strict=True) if check(line.text.strip()))

    formats = dict.fromkeys(FORMATS, 0.0)
    thirds = {f"third_{row}{column}": 0.0 for row in range(3) for column in range(3)}
    small = large = letters = certain = 0.0
    for weight, line in zip(weights, lines, strict=True):
        text = line.text.strip()
        if not text or line.confidence < _CERTAIN:
            continue
        certain += weight
        letters += weight * len(text)
        for name in formats_of(text):
            formats[name] += weight
        column, row = _zone(line, width, height)
        thirds[f"third_{row}{column}"] += weight
        small += weight * (line.height < 0.022 * height)
        large += weight * (line.height > 0.06 * height)
    stamp, degrees, position = count(_CLOCK) + count(_DATE), min(1.0, count(_DEGREES)), min(1.0, count(_POSITION))
    return {
        "lines": log(1 + total),
        "zones": sum(zones.values()),
        "inner": log(1 + total - border),
        "sizes": spread * min(1.0, total / 3),
        "numbers": log(1 + count(_SHORT_NUMBER, whole=True)),
        "timers": min(1.0, count(_TIMER, whole=True)),
        "stamp": min(2.0, stamp),
        "degrees": degrees,
        "position": position,
        "readouts": min(2.0, stamp) / 2 + degrees + position,
        "sure_lines": float(sum(p >= 0.5 for p in over)),
        "certain_lines": log(1 + certain),
        "mean_letters": letters / (certain + 1),
        "small_lines": log(1 + small),
        "large_lines": log(1 + large),
        **{f"format_{name}": log(1 + value) for name, value in formats.items()},
        **{name: log(1 + value) for name, value in thirds.items()},
    }


def over_probabilities(observations: Observations) -> Sequence[float]:
    """Return for each line the probability that it was laid over; one half where nobody looked."""
    reading = observations.readings.get("overlay_lines")
    values = reading.get("lines") if isinstance(reading, Mapping) else None
    count = len(observations.lines)
    if isinstance(values, list) and len(values) == count and all(isinstance(v, int | float) for v in values):
        return [min(1.0, max(0.0, float(value))) for value in values]
    return [0.5] * count


def _zone(line: TextLine, width: int, height: int) -> tuple[int, int]:
    left, top, right, bottom = quad_bounds(line.quad)
    column = min(2, max(0, int(3 * (left + right) / 2 / width)))
    row = min(2, max(0, int(3 * (top + bottom) / 2 / height)))
    return column, row


def _near_border(line: TextLine, width: int, height: int) -> bool:
    left, top, right, bottom = quad_bounds(line.quad)
    reach = 0.12 * min(width, height)
    return left < reach or top < reach or width - right < reach or height - bottom < reach


def logit(features: Mapping[str, float], model: Mapping[str, Any]) -> float:
    """Return the natural log odds of game against camera, at even odds beforehand."""
    total = float(model["intercept"])
    for name, weight in model["weights"].items():
        total += float(weight) * float(features.get(name, 0.0))
    return total


def layout_terms(features: Mapping[str, float], model: Mapping[str, Any], most: int = 8) -> str:
    """Return what the bits come from: the largest terms in bits, held against the mean genuine picture.

    Args:
        features: of the picture.
        model: the layout's ``weights`` and ``typical``, the means of the features over genuine pictures.
        most: how many terms are named; the others are added up.
    """
    typical: Mapping[str, float] = model.get("typical", {})
    terms = {
        name: float(weight) * (float(features.get(name, 0.0)) - float(typical.get(name, 0.0))) / log(2)
        for name, weight in model["weights"].items()
    }
    largest = sorted(terms, key=lambda name: (-abs(terms[name]), name))[:most]
    shown = [f"{terms[name]:+.1f} {name}" for name in largest if abs(terms[name]) >= 0.05]
    rest = sum(terms.values()) - sum(terms[name] for name in largest)
    start = logit(typical, model) / log(2)
    return ", ".join([*shown, f"{rest:+.1f} others", f"{start:+.1f} a typical genuine picture"])


def probability(value: float) -> float:
    """Return the logistic of a value, without overflow."""
    return 1 / (1 + exp(-value)) if value >= 0 else exp(value) / (1 + exp(value))


def quads_of(observations: Observations, least: float) -> list[Quad]:
    """Return where lines stand that were surely laid over."""
    over = over_probabilities(observations)
    return [line.quad for p, line in zip(over, observations.lines, strict=True) if p >= least]
