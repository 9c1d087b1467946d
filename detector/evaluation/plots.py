"""Three plots as SVG, drawn from numbers alone: ROC, Tippett, reliability."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from detector.evaluation.measures import Floats, curve

WIDTH, HEIGHT = 380, 330
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 12, 12, 46
BINS = 10


def roc(positive: Floats, negative: Floats) -> str:
    """Return recall over false alarms, with the diagonal that knows nothing."""
    whole = curve(positive, negative)
    xs = np.concatenate([[0.0], whole.alarms[0]])
    ys = np.concatenate([[0.0], whole.recall[0]])
    plot = _Plot((0, 1), (0, 1), "false alarms", "recall")
    return plot.svg(plot.path([0, 1], [0, 1], "guide"), plot.path(xs, ys, "game"))


def tippett(positive: Floats, negative: Floats) -> str:
    """Return the share of each class above a log2 likelihood ratio; where lines cross 0 they mislead."""
    both = np.concatenate([positive, negative])
    low, high = float(np.floor(both.min() - 1)), float(np.ceil(both.max() + 1))
    plot = _Plot((low, high), (0, 1), "log2 likelihood ratio", "share above")
    lines = [plot.path([0, 0], [0, 1], "guide")]
    for scores, name in ((positive, "game"), (negative, "camera")):
        levels = np.sort(scores)
        shares = 1 - np.arange(len(levels) + 1) / len(levels)
        xs = np.concatenate([[low], np.repeat(levels, 2), [high]])
        lines.append(plot.path(xs, np.repeat(shares, 2), name))
    return plot.svg(*lines)


def reliability(positive: Floats, negative: Floats) -> str:
    """Return observed over stated probability, both classes weighted alike; on the diagonal it is calibrated."""
    plot = _Plot((0, 1), (0, 1), "stated probability", "observed share")
    parts = [plot.path([0, 1], [0, 1], "guide")]
    for x, y, count in reliability_points(positive, negative):
        parts.append(plot.dot(x, y, 3 + 1.2 * np.log2(1 + count)))
    return plot.svg(*parts)


def reliability_points(positive: Floats, negative: Floats) -> list[tuple[float, float, int]]:
    """Return (stated probability, observed share, pictures) of each bin that holds a picture.

    Probabilities are those at even odds, so that they depend on the likelihood ratios alone.
    """
    stated = 1 / (1 + np.exp2(-np.concatenate([positive, negative])))
    weights = np.concatenate([np.full(len(positive), 1 / len(positive)), np.full(len(negative), 1 / len(negative))])
    hits = np.concatenate([np.ones(len(positive)), np.zeros(len(negative))])
    where = np.minimum((stated * BINS).astype(int), BINS - 1)
    points = []
    for index in range(BINS):
        here = where == index
        if here.any():
            total = weights[here].sum()
            points.append(
                (
                    float((stated * weights)[here].sum() / total),
                    float((hits * weights)[here].sum() / total),
                    int(here.sum()),
                )
            )
    return points


class _Plot:
    def __init__(self, across: tuple[float, float], up: tuple[float, float], x_title: str, y_title: str) -> None:
        self._x = self._scale(across, _LEFT, WIDTH - _RIGHT)
        self._y = self._scale(up, HEIGHT - _BOTTOM, _TOP)
        self._across, self._up = across, up
        self._titles = (x_title, y_title)

    @staticmethod
    def _scale(values: tuple[float, float], start: float, end: float) -> Callable[[float], float]:
        low, high = values
        return lambda value: round(start + (value - low) / (high - low) * (end - start), 1)

    def path(self, xs: Sequence[float] | Floats, ys: Sequence[float] | Floats, name: str) -> str:
        points = " ".join(f"{self._x(float(x)):g},{self._y(float(y)):g}" for x, y in zip(xs, ys, strict=True))
        return f'<polyline class="{name}" points="{points}"/>'

    def dot(self, x: float, y: float, radius: float) -> str:
        return f'<circle class="game" cx="{self._x(x):g}" cy="{self._y(y):g}" r="{radius:.1f}"/>'

    def svg(self, *parts: str) -> str:
        ticks = []
        bottom = HEIGHT - _BOTTOM
        for value in _ticks(*self._across):
            x = self._x(float(value))
            ticks.append(f'<line class="tick" x1="{x:g}" y1="{bottom}" x2="{x:g}" y2="{bottom + 4}"/>')
            ticks.append(f'<text x="{x:g}" y="{bottom + 17}" text-anchor="middle">{value:.3g}</text>')
        for value in _ticks(*self._up):
            y = self._y(float(value))
            ticks.append(f'<line class="tick" x1="{_LEFT - 4}" y1="{y:g}" x2="{_LEFT}" y2="{y:g}"/>')
            ticks.append(f'<text x="{_LEFT - 7}" y="{y + 4:g}" text-anchor="end">{value:.3g}</text>')
        middle = (_LEFT + WIDTH - _RIGHT) / 2
        titles = (
            f'<text x="{middle:g}" y="{HEIGHT - 8}" text-anchor="middle">{self._titles[0]}</text>'
            f'<text x="14" y="{bottom / 2:g}" text-anchor="middle" '
            f'transform="rotate(-90 14 {bottom / 2:g})">{self._titles[1]}</text>'
        )
        frame = (
            f'<rect class="frame" x="{_LEFT}" y="{_TOP}" width="{WIDTH - _LEFT - _RIGHT}" '
            f'height="{HEIGHT - _TOP - _BOTTOM}"/>'
        )
        what = f"{self._titles[1]} over {self._titles[0]}"
        return (
            f'<svg class="plot" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
            f'aria-label="{what}">{frame}{"".join(ticks)}{titles}{"".join(parts)}</svg>'
        )


def _ticks(low: float, high: float) -> list[float]:
    """Return round values from low to high, about six of them."""
    rough = (high - low) / 7
    unit = 10.0 ** np.floor(np.log10(rough))
    step = next(unit * factor for factor in (1, 2, 5, 10) if unit * factor >= rough * 0.999)
    return [float(value) + 0.0 for value in np.arange(np.ceil(low / step), np.floor(high / step) + 1) * step]
