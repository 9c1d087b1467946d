"""Measures of how well scores tell two classes apart; numpy only, ties handled, intervals by source.

A score is a log2 likelihood ratio: positive speaks against a camera. The measures and their names are those of
forensic speaker comparison: Cllr after Brümmer & du Preez, "Application-independent evaluation of speaker
detection" (2006); its minimum by pooling adjacent violators.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

RECALLS = (0.80, 0.90, 0.95)
FALSE_ALARMS = (0.01, 0.02, 0.05, 0.10)
_CHUNK = 2_000_000
"""Cells of the largest table that the bootstrap holds at once."""


@dataclass(frozen=True, slots=True)
class Curve:
    """Cumulated shares of both classes at and above each score, from the highest score down.

    Attributes:
        recall: (samples, levels) share of positives at or above the level.
        alarms: (samples, levels) share of negatives at or above the level.
    """

    recall: Floats
    alarms: Floats

    def auroc(self) -> Floats:
        """Return the area under the ROC curve, (samples,); a tie counts half."""
        first = np.zeros((len(self.recall), 1))
        recall, alarms = np.hstack([first, self.recall]), np.hstack([first, self.alarms])
        area: Floats = np.sum(np.diff(alarms) * (recall[:, 1:] + recall[:, :-1]) / 2, axis=1)
        return area

    def recall_at(self, alarms: float) -> Floats:
        """Return the highest recall whose false-alarm rate is not above ``alarms``, (samples,)."""
        best: Floats = np.max(np.where(self.alarms <= alarms + 1e-12, self.recall, 0.0), axis=1)
        return best

    def alarms_at(self, recall: float) -> Floats:
        """Return the lowest false-alarm rate whose recall is not below ``recall``, (samples,)."""
        best: Floats = np.min(np.where(self.recall >= recall - 1e-12, self.alarms, 1.0), axis=1)
        return best


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float

    def to_dict(self) -> dict[str, float | None]:
        """Return it as JSON, rounded to four places; null where there is nothing to measure."""
        value = None if np.isnan(self.value) else round(self.value, 4)
        return {"value": value, "low": round(self.low, 4), "high": round(self.high, 4)}

    def __str__(self) -> str:
        return "-" if np.isnan(self.value) else f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


def curve(
    positive: Floats, negative: Floats, positive_weights: Floats | None = None, negative_weights: Floats | None = None
) -> Curve:
    """Return the curve of two sets of scores.

    Args:
        positive: (n,) scores of the positives.
        negative: (m,) scores of the negatives.
        positive_weights: (samples, n) how often each counts; once if None.
        negative_weights: (samples, m) likewise.
    """
    levels, where = np.unique(np.concatenate([positive, negative]), return_inverse=True)
    parts = []
    for part, weights in (
        (where[: len(positive)], positive_weights),
        (where[len(positive) :], negative_weights),
    ):
        weights = np.ones((1, len(part))) if weights is None else weights
        counts = np.zeros((len(levels), len(weights)))
        np.add.at(counts, len(levels) - 1 - part, weights.T)  # highest first
        shares = np.cumsum(counts, axis=0) / counts.sum(axis=0)
        parts.append(shares.T)
    return Curve(parts[0], parts[1])


def auroc(positive: Floats, negative: Floats) -> float:
    """Return the chance that a positive scores above a negative; a tie counts half."""
    return float(curve(positive, negative).auroc()[0])


def costs(scores: Floats, *, positive: bool) -> Floats:
    """Return what each score adds to Cllr: log2(1 + 1/LR) for positives, log2(1 + LR) for negatives.

    Args:
        scores: (n,) log2 likelihood ratios.
        positive: which class these are.
    """
    return np.logaddexp2(0.0, -scores if positive else scores)


def cllr(positive: Floats, negative: Floats) -> float:
    """Return the cost of the log likelihood ratio: 0 is perfect, 1 says nothing, more misleads."""
    return float((costs(positive, positive=True).mean() + costs(negative, positive=False).mean()) / 2)


def pav(positive: Floats, negative: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the best monotone calibration of the scores: pooled adjacent violators.

    Returns:
        (levels, positives, negatives): the lowest score of each block, rising, and how many of each class
        are in it.
    """
    levels = np.unique(np.concatenate([positive, negative]))
    up = np.bincount(np.searchsorted(levels, positive), minlength=len(levels))
    down = np.bincount(np.searchsorted(levels, negative), minlength=len(levels))
    blocks: list[list[float]] = []
    for level, p, n in zip(levels, up, down, strict=True):
        blocks.append([float(level), float(p), float(n)])
        # As long as the block below has no smaller share of positives: p1/(p1+n1) >= p2/(p2+n2).
        while len(blocks) > 1 and blocks[-2][1] * blocks[-1][2] >= blocks[-1][1] * blocks[-2][2]:
            _, p2, n2 = blocks.pop()
            blocks[-1][1] += p2
            blocks[-1][2] += n2
    table = np.asarray(blocks)
    return table[:, 0], table[:, 1], table[:, 2]


def cllr_min(positive: Floats, negative: Floats) -> float:
    """Return the Cllr that is left after the best monotone calibration: what the order of scores costs."""
    _, up, down = pav(positive, negative)
    with np.errstate(divide="ignore"):
        scores = np.log2(up / up.sum()) - np.log2(down / down.sum())
    # A block of one class has an infinite ratio and costs that class nothing.
    first = up[up > 0] @ np.logaddexp2(0.0, -scores[up > 0]) / up.sum()
    second = down[down > 0] @ np.logaddexp2(0.0, scores[down > 0]) / down.sum()
    return float((first + second) / 2)


def bootstrap(
    positive: Floats,
    negative: Floats,
    positive_sources: Sequence[str],
    negative_sources: Sequence[str],
    *,
    samples: int,
    seed: int,
    measures: Sequence[Callable[[Curve], Floats]],
) -> tuple[list[tuple[float, float]], tuple[float, float]]:
    """Return 95 % intervals of measures and of Cllr, drawing whole sources with replacement.

    Pictures of one source resemble each other, so that drawing pictures would make the intervals too narrow.

    Args:
        positive: (n,) scores of the positives.
        negative: (m,) scores of the negatives.
        positive_sources: n names of sources.
        negative_sources: m names.
        samples: how many draws.
        seed: of the draws.
        measures: functions of a curve.
    """
    rng = np.random.default_rng(seed)
    up, down = costs(positive, positive=True), costs(negative, positive=False)
    drawn: list[list[Floats]] = [[] for _ in measures]
    misled: list[Floats] = []
    left = samples
    step = max(1, min(samples, _CHUNK // max(1, len(positive) + len(negative))))
    while left > 0:
        size = min(step, left)
        left -= size
        first = _draw(positive_sources, size, rng)
        second = _draw(negative_sources, size, rng)
        bent = curve(positive, negative, first, second)
        for kept, measure in zip(drawn, measures, strict=True):
            kept.append(measure(bent))
        misled.append((first @ up / first.sum(axis=1) + second @ down / second.sum(axis=1)) / 2)
    return [_interval(np.concatenate(kept)) for kept in drawn], _interval(np.concatenate(misled))


def _draw(sources: Sequence[str], samples: int, rng: np.random.Generator) -> Floats:
    """Return (samples, len(sources)) weights: how often the source of each row was drawn."""
    names, where = np.unique(np.asarray(sources, dtype=object).astype(str), return_inverse=True)
    counts = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), size=samples)
    return counts[:, where].astype(np.float64)


def _interval(values: Floats) -> tuple[float, float]:
    low, high = np.quantile(values, [0.025, 0.975])
    return float(low), float(high)


def rate(hits: int, of: int) -> Estimate:
    """Return a share with its Wilson 95 % interval, which stays honest where nothing or everything hit."""
    if of == 0:
        return Estimate(float("nan"), 0.0, 1.0)
    z = 1.959964
    share = hits / of
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z / (1 + z * z / of) * np.sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    return Estimate(share, float(max(0.0, middle - half)), float(min(1.0, middle + half)))
