"""Fit networks with one hidden layer, and store them as the program reads them.

Measurements are standardised, cut off at five deviations and dropped at random while fitting (Srivastava et al. 2014,
"Dropout"); weights decay apart from the gradient (Loshchilov and Hutter 2019, "Decoupled weight decay
regularization"). Networks from several random beginnings answer together. Seeded, one thread: the same measurements
give the same arrays.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detector.evidence._one_hidden_layer import Net, log_odds, scaled

Floats = npt.NDArray[np.floating]


_SOONER = 3.0
"""How many times the learning rate of the network is that of the weights that go straight."""
_STRAIGHT_DECAY = 0.05


@dataclass(frozen=True, slots=True)
class Recipe:
    """How networks are fitted.

    Attributes:
        units: in the hidden layer of each.
        seeds: how many networks answer together.
        rounds: how often each item is seen.
        batch: items a step.
        rate: largest learning rate.
        decay: of the network's weights.
        dropped: part of the measurements that are dropped in each step; of those that go straight, half of it.
        silent: part of the hidden units that are.
    """

    units: int
    seeds: int
    rounds: int
    batch: int
    rate: float
    decay: float
    dropped: float
    silent: float


def fit(
    x: Floats,
    y: npt.NDArray[np.integer],
    weight: Floats,
    recipe: Recipe,
    *,
    beside: Floats | None = None,
    signs: Floats | None = None,
    damped: float = 1.0,
) -> dict[str, npt.NDArray[np.float32]]:
    """Return a network that answers with log odds; see ``detector.evidence._one_hidden_layer``.

    Args:
        x: (items, features); NaN where something was not measured.
        y: 1 or 0.
        weight: of each item.
        recipe: how.
        beside: (items, more features) that go straight into the answer, each by a weight of its own and not cut off.
        signs: of these weights: 1 or -1 for one that may only be positive or negative, 0 for any.
        damped: part of their standard deviations that the features of ``x`` are brought to.

    Returns:
        The network; with ``beside`` also ``straight``, their weights, and ``straight_mean`` and ``straight_spread``.
    """
    import torch
    from torch import nn

    torch.set_num_threads(1)  # sums in another order would give other numbers
    mean, spread = _standard(x)
    net = {"mean": mean, "spread": (spread / damped).astype(np.float32)}
    away = torch.from_numpy(scaled(x, net).astype(np.float32))
    if beside is None:
        beside = np.zeros((len(x), 0))
    straight_mean, straight_spread = _standard(beside)
    direct = torch.from_numpy(((beside - straight_mean) / straight_spread).astype(np.float32))
    ways = torch.from_numpy((np.zeros(beside.shape[1]) if signs is None else signs).astype(np.float32))
    told = torch.from_numpy((y == 1).astype(np.float32))
    counts = torch.from_numpy((weight / weight.mean()).astype(np.float32))
    parts = []
    for seed in range(recipe.seeds):
        torch.manual_seed(seed)
        inner, outer = nn.Linear(x.shape[1], recipe.units), nn.Linear(recipe.units, 1)
        layers = nn.Sequential(nn.Dropout(recipe.dropped), inner, nn.ReLU(), nn.Dropout(recipe.silent), outer)
        straight, some = nn.Parameter(torch.zeros(beside.shape[1])), nn.Dropout(recipe.dropped / 2)
        steps = recipe.rounds * (len(away) // recipe.batch)
        # What goes straight has few weights, each with a meaning: they may grow sooner, and hardly decay.
        rates = [recipe.rate, _SOONER * recipe.rate]
        optimizer = torch.optim.AdamW(
            [
                {"params": layers.parameters(), "weight_decay": recipe.decay},
                {"params": [straight], "weight_decay": _STRAIGHT_DECAY},
            ]
        )
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rates, total_steps=steps, pct_start=0.15)
        for _ in range(recipe.rounds):
            order = torch.randperm(len(away))
            for first in range(0, len(away) - recipe.batch + 1, recipe.batch):
                chosen = order[first : first + recipe.batch]
                odds = layers(away[chosen])[:, 0] + some(direct[chosen]) @ straight
                loss = nn.functional.binary_cross_entropy_with_logits(odds, told[chosen], weight=counts[chosen])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                schedule.step()
                with torch.no_grad():
                    straight[(straight * ways) < 0] = 0.0
        parts.append([tensor.detach().numpy() for tensor in (*inner.parameters(), *outer.parameters(), straight)])
    weights, bias, answer, constant, direct_weights = zip(*parts, strict=True)
    net |= {
        "weights": np.concatenate(weights),
        "bias": np.concatenate(bias),
        "answer": np.concatenate([one[0] for one in answer]) / recipe.seeds,
        "constant": np.asarray(np.mean(constant), np.float32),
    }
    if beside.shape[1]:
        net |= {"straight": np.mean(direct_weights, axis=0), "straight_mean": straight_mean}
        net |= {"straight_spread": straight_spread}
    return net


def _standard(x: Floats) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Return mean and standard deviation of each feature; one that never changes has a small one."""
    spread = np.nanstd(x, axis=0, dtype=np.float64) + 1e-3
    return np.nanmean(x, axis=0, dtype=np.float64).astype(np.float32), spread.astype(np.float32)


def predict(x: Floats, net: Net) -> npt.NDArray[np.float64]:
    """Return the natural log odds of each row, as the program would."""
    double = {name: array.astype(np.float64) for name, array in net.items()}
    return np.asarray([log_odds(row, double) for row in x])


def stored(net: Net) -> dict[str, npt.NDArray[np.floating]]:
    """Return the network with its large arrays in half precision, as it is written."""
    return {name: array.astype(np.float16 if array.ndim > 1 else np.float32) for name, array in net.items()}
