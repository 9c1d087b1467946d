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


def scaled(values: npt.NDArray[Any], net: Net) -> Floats:
    """Return measurements as the network takes them: in standard deviations, cut off; what is missing is the mean.

    Args:
        values: (..., features); NaN where one is missing.
        net: the network.
    """
    away = (values - net["mean"]) / net["spread"]
    return np.asarray(np.clip(np.nan_to_num(away), -FARTHEST, FARTHEST), np.float64)


def log_odds(values: npt.NDArray[Any], net: Net) -> float:
    """Return the natural log odds that the network gives for the measurements of one item, (features,)."""
    hidden = np.maximum(net["weights"] @ scaled(values, net) + net["bias"], 0.0)
    return float(hidden @ net["answer"] + net["constant"])


__all__ = ["FARTHEST", "Net", "load", "log_odds", "scaled"]
