"""A network with one hidden layer, as plain arrays: what two kinds of evidence weigh their measurements with.

Several networks that were fitted from other random beginnings are one wide one here: the mean of their answers is a
sum over all their units. See ``training.one_hidden_layer`` for how they are fitted.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Net = Mapping[str, npt.NDArray[Any]]
"""``mean`` and ``spread`` (features,); ``weights`` (units, features) and ``bias`` (units,) of the hidden layer;
``answer`` (units,) and ``constant`` ()."""
FARTHEST = 5.0
"""Standard deviations at which a measurement is cut off."""


def load(path: Path) -> Net:
    """Return a stored network; its arrays in double precision."""
    with np.load(path) as stored:
        return {name: stored[name].astype(np.float64) for name in stored.files}


def scaled(values: npt.NDArray[Any], net: Net, start: int = 0) -> Floats:
    """Return measurements as the network takes them: in standard deviations, cut off; what is missing is the mean.

    Args:
        values: (..., features): all, or some of them in their order; NaN where one is missing.
        net: the network.
        start: number of the first.
    """
    stretch = slice(start, start + values.shape[-1])
    away = (values - net["mean"][stretch]) / net["spread"][stretch]
    return np.asarray(np.clip(np.nan_to_num(away), -FARTHEST, FARTHEST), np.float64)


def told_units(values: npt.NDArray[Any], net: Net, start: int = 0) -> Floats:
    """Return what some of one item's measurements tell each hidden unit, (units,); parts of the whole add up.

    Args:
        values: (features,), all, or some of them in their order.
        net: the network.
        start: number of the first.
    """
    return np.asarray(net["weights"][:, start : start + len(values)] @ scaled(values, net, start), np.float64)


def log_odds(told: Floats, net: Net) -> float:
    """Return the natural log odds that the hidden units give, from what all measurements told them."""
    return float(np.maximum(told + net["bias"], 0.0) @ net["answer"] + net["constant"])


__all__ = ["FARTHEST", "Net", "load", "log_odds", "scaled", "told_units"]
