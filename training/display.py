"""Fit what a display's layout and look speak for: ``python -m training.display --corpus FOLDER --observations FOLDER``.

Needs the networks of ``training.display_net`` and ``training.appearance_net`` and labelled folders with what was read
in them. One weight a feature of the layout, and a small network for the look, measured by leaving out one source (a
game, a camera, a repository) at a time. Game frames without an overlay count as genuine here: what tells a game must
be what is laid over, not how the scene was rendered. Writes ``config.json``, ``appearance.npz`` and ``measured.md``
into ``models/display-v2``.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from scipy.optimize import minimize

from detector.evidence import _mask
from detector.evidence._appearance import SORTS, maps_of, pooled, printed
from detector.evidence._layout import line_features, over_probabilities
from detector.evidence._line_look import LOOKS as LINE_LOOKS
from detector.evidence._line_look import line_vectors
from detector.evidence._mask import elements, look_at, picture_features
from detector.evidence.display import asked, most_for, told
from detector.types import Json, Observations, make_quad
from training.display_report import Scores, write_report
from training.drawing.compose import KINDS
from training.drawing.sketch import CLASSES
from training.labelled import manifest, open_picture, read_before, side_by_side
from training.one_hidden_layer import Recipe, fit, predict, stored
from training.out_of_fold import folds_of, groups_of
from training.overlay_lines import write_sums

# What the layout model does not use: how many parts of each class there are depends on where the network cuts them
# apart, and their areas say the same better; and how many lines there are is said on a better scale, too.
_LEFT_OUT = ("count_", "sure_lines")
# What may only speak one way, for that is its meaning: -1 for a camera, 1 for a game.
SIGNS = {
    **dict.fromkeys(("kind_genuine", "kind_stamp", "kind_sensor", "kind_thermal", "kind_broadcast"), -1),
    **dict.fromkeys(("kind_watermark", "kind_player", "kind_drone", "kind_none"), -1),
    **dict.fromkeys(("stamp", "degrees", "position", "readouts"), -1),
    **dict.fromkeys(("format_clock", "format_year", "format_degree_sign", "format_camera_words"), -1),
    **dict.fromkeys(("kind_game", "format_ratio", "format_game_words"), 1),
}
LOOKS = (len(SORTS) + 1) * LINE_LOOKS
"""Features of the look: of each of three sorts of part, and of the lines that were laid over."""
RECIPE = Recipe(units=32, seeds=3, rounds=8, batch=64, rate=0.002, decay=0.3, dropped=0.5, silent=0.5)
LOOK = 0.28
"""Part of their spread that the features of the look are brought to: there are fifty times as many as of the layout."""
SETTINGS: dict[str, Any] = {
    "version": "display-v2",
    "network": "display.onnx",
    "appearance": "appearance.onnx",
    "appearance_weights": "appearance.npz",
    "side": 512,
    "classes": list(CLASSES),
    "kinds": list(KINDS),
    "pixel_threshold": 0.65,
    "least_score": 0.8,
    "least_cells": {"panel": 24, "map": 24, "bar": 8, "mark": 8, "icon": 6, "text": 5, "line": 5},
    "most_elements": 24,
    "least_laid": 0.002,
    "least_bits": 0.5,
    "most_none": 0.0,
    "bits_a_part": 1.0,
    "most_parts": 3,
    "most_camera_bits": 2.0,
}


def examine(corpus: Path, observations: Path, scores: Path | None, model: Path, jobs: int) -> list[dict[str, Any]]:
    """Return the features of every picture of the folder, as stored and stored again.

    Args:
        corpus: folder with ``manifest.jsonl``.
        observations: what a scan read in its pictures.
        scores: cross-validated probabilities of ``training.overlay_lines``, by file; None: the readings' own.
        model: folder of the networks.
        jobs: processes.
    """
    known = json.loads(scores.read_text("utf-8")) if scores else {}
    read = read_before(observations)
    tasks = []
    for row in manifest(corpus):
        for again in (False, True):
            if row["sha256"] in read:
                over = known.get(row["file"] + (" again" if again else ""))
                tasks.append((corpus, row, read[row["sha256"]], again, over, model))
    return list(side_by_side(_examine, tasks, jobs))


def _examine(task: tuple[Path, dict[str, Any], Observations, bool, list[float] | None, Path]) -> dict[str, Any]:
    corpus, row, seen, again, over, model = task
    image = open_picture(corpus / row["file"], again=again)
    pixels, scale = np.asarray(image), image.width / seen.size[0]
    lines = tuple(replace(line, quad=make_quad([(x * scale, y * scale) for x, y in line.quad])) for line in seen.lines)
    readings: dict[str, Json] = dict(seen.readings)
    if over is not None:
        readings["overlay_lines"] = {"version": 1, "lines": over}
    here = replace(seen, size=image.size, lines=lines, readings=readings)
    picture = look_at(pixels, _network(model, "network"))
    features = picture_features(picture, elements(picture, image.size), image.size)
    features.update(line_features(here))
    look = [0.0] * LOOKS
    if features["laid"] >= SETTINGS["least_laid"]:
        maps = maps_of(pixels, _network(model, "appearance"))
        vectors = line_vectors(maps, image.size, [line.quad for line in lines])
        parts = [*pooled(maps, picture).values(), printed(vectors, np.asarray(over_probabilities(here)))]
        look = np.concatenate(parts).round(4).tolist()
    return {"row": row, "again": again, "features": features, "look": look}


@cache
def _network(model: Path, name: str) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(str(model / SETTINGS[name]), options, providers=["CPUExecutionProvider"])


def names_of(examined: list[dict[str, Any]]) -> list[str]:
    """Return the names of the features that the layout is told by."""
    return sorted(name for name in examined[0]["features"] if not name.startswith(_LEFT_OUT))


def table_of(examined: list[dict[str, Any]]) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return (features, label, group, weight): the layout's features, then those of the look.

    Weights even out the groups of each label. A game frame without an overlay is no game's display.
    """
    names = names_of(examined)
    layout = [[entry["features"].get(name, 0.0) for name in names] for entry in examined]
    x = np.hstack([np.asarray(layout), np.asarray([entry["look"] for entry in examined])])
    y = np.asarray([int(is_display(entry["row"])) for entry in examined])
    groups = np.asarray(groups_of([entry["row"] for entry in examined]))
    sizes: dict[tuple[str, int], int] = defaultdict(int)
    for group, label in zip(groups, y, strict=True):
        sizes[(group, label)] += 1
    weight = np.asarray([sizes[(g, label)] ** -0.5 for g, label in zip(groups, y, strict=True)])
    for label in (0, 1):
        weight[y == label] *= 0.5 * len(y) / weight[y == label].sum()
    return x, y, groups, weight


def is_display(row: dict[str, Any]) -> bool:
    """Return whether a game's display is laid over this picture."""
    return bool(row["label"] == "game" and row["overlay"] != "none")


def fitted(x: np.ndarray, y: np.ndarray, weight: np.ndarray, names: Sequence[str]) -> dict[str, np.ndarray]:
    """Return the network of the look, and with it the layout's weights; see ``training.one_hidden_layer.fit``.

    Args:
        x: (pictures, features): those of the layout, then those of the look.
        y: 1 for games.
        weight: of each picture.
        names: of the layout's features, whose weights have signs as in ``SIGNS``.
    """
    signs = np.asarray([SIGNS.get(name, 0) for name in names])
    layout, look = x[:, : len(names)], x[:, len(names) :]
    return stored(fit(look, y, weight, RECIPE, beside=layout, signs=signs, damped=LOOK))


def weights_of(net: dict[str, np.ndarray], names: Sequence[str]) -> tuple[dict[str, float], float]:
    """Return the layout's weights for its features as they are, and the intercept."""
    weights = net["straight"].astype(np.float64) / net["straight_spread"]
    return dict(zip(names, weights.tolist(), strict=True)), -float(weights @ net["straight_mean"])


def natural_odds(x: np.ndarray, net: dict[str, np.ndarray], names: Sequence[str]) -> np.ndarray:
    """Return the natural log odds of pictures, from their features: those of the layout, then those of the look."""
    weights, intercept = weights_of(net, names)
    look = predict(x[:, len(names) :], net)
    return look + x[:, : len(names)] @ np.asarray([weights[name] for name in names]) + intercept


def used(examined: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Leave out pictures that are neither of a game nor of a camera."""
    return [entry for entry in examined if entry["row"]["label"] in ("camera", "game")]


def calibration(examined: list[dict[str, Any]], natural: Scores) -> tuple[float, float]:
    """Return what log odds out of fold are to be multiplied by, and what is to be added, so that they are right.

    A logistic regression on one number (Platt 1999, "Probabilistic outputs for support vector machines"), over the
    pictures that anything is laid over; labels and groups are evened out as in the fit. Nothing is added in favour of
    a game: a false accusation costs more than a miss.
    """
    train = used(examined)
    _, y, _, weight = table_of(train)
    laid = np.asarray([entry["features"]["laid"] >= SETTINGS["least_laid"] for entry in train])
    value = np.asarray([natural[(entry["row"]["file"], entry["again"])] for entry in train])[laid]
    sign, weight = np.where(y == 1, 1.0, -1.0)[laid], weight[laid]
    for side in (-1, 1):
        weight[sign == side] /= weight[sign == side].sum()

    def loss(numbers: np.ndarray) -> float:
        return float((weight * np.logaddexp(0, -sign * (numbers[0] * value + numbers[1]))).sum())

    found = minimize(loss, np.asarray([1.0, 0.0]), bounds=[(0, None), (None, 0)], method="L-BFGS-B")
    return round(float(found.x[0]), 3), round(float(found.x[1]), 3)


def bits_of(natural: float, features: dict[str, float], most: float) -> tuple[float, float]:
    """Return the bits that the program would give, and those that it would hold back; see ``evidence.display``."""
    if features["laid"] < SETTINGS["least_laid"]:
        return 0.0, 0.0
    settings = {**SETTINGS, "most_bits": most}
    bits = natural / float(np.log(2))
    ceiling = most_for(features["parts"], features["sure_lines"], settings)
    given = told(bits, ceiling, features, settings)
    return given, asked(bits, ceiling, settings) - given


def cross(examined: list[dict[str, Any]], jobs: int) -> Scores:
    """Return the natural log odds of every picture, from weights fitted without its group."""
    x, y, _, weight = table_of(examined)
    folds = np.asarray(folds_of(groups_of([entry["row"] for entry in examined]), alone=24, shared=16))
    train = np.asarray([entry["row"]["label"] in ("camera", "game") for entry in examined])
    weight[train] = table_of(used(examined))[3]
    _FITTED.update(x=x.astype(np.float32), y=y, weight=weight, folds=folds, train=train, names=names_of(examined))
    found = np.zeros(len(examined))
    numbers = sorted(set(folds.tolist()))
    for fold, odds in zip(numbers, side_by_side(_left_out, numbers, jobs), strict=True):
        found[folds == fold] = odds
    keys = [(entry["row"]["file"], entry["again"]) for entry in examined]
    return dict(zip(keys, found.tolist(), strict=True))


# Processes share what they fit on; to send it to each would take gigabytes.
_FITTED: dict[str, Any] = {}


def _left_out(fold: int) -> np.ndarray:
    held = _FITTED
    out = held["folds"] == fold
    chosen = held["train"] & ~out
    net = fitted(held["x"][chosen], held["y"][chosen], held["weight"][chosen], held["names"])
    return natural_odds(held["x"][out], net, held["names"])


def ceiling(examined: list[dict[str, Any]], scores: Scores) -> float:
    """Return the most bits that were seen to be earned.

    Over all thresholds: the rate of games above it against the rate of genuine pictures above it, with one more of
    each counted among two more, in log2. No single picture, and no untouched set, makes it large.
    """
    pictures = [entry for entry in examined if not entry["again"]]
    pictures = [entry for entry in pictures if entry["row"]["label"] == "camera" or is_display(entry["row"])]
    laid = [entry["features"].get("laid", 0.0) >= SETTINGS["least_laid"] for entry in pictures]
    value = np.asarray([scores[(entry["row"]["file"], False)] for entry in pictures])
    value = np.where(laid, value, -np.inf)
    game = np.asarray([entry["row"]["label"] == "game" for entry in pictures])
    best = 0.0
    for threshold in value[game & np.isfinite(value)]:
        hits, alarms = int((value[game] >= threshold).sum()), int((value[~game] >= threshold).sum())
        if hits >= 5:
            ratio = ((hits + 1) / (game.sum() + 2)) / ((alarms + 1) / ((~game).sum() + 2))
            best = max(best, float(np.log2(ratio)))
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--observations", type=Path, required=True)
    parser.add_argument(
        "--beside", nargs=2, action="append", default=[], type=Path, metavar=("FOLDER", "OBSERVATIONS"),
        help="another labelled folder, of other games and cameras, and what was read in it",
    )  # fmt: skip
    parser.add_argument("--scores", type=Path, help="cross-validated probabilities of training.overlay_lines")
    parser.add_argument("--to", type=Path, default=Path("models/display-v2"))
    parser.add_argument("--jobs", type=int, default=2, help="processes that look at pictures")
    parser.add_argument("--keep", type=Path, help="keep the features here, to fit again faster")
    parser.add_argument("--bits", type=Path, help="write the cross-validated bits here, given and held back, by file")
    arguments = parser.parse_args()
    arguments.to.mkdir(parents=True, exist_ok=True)
    _mask.config = lambda: SETTINGS  # type: ignore[assignment]  # the config is what we are about to write
    if arguments.keep and arguments.keep.exists():
        examined = json.loads(arguments.keep.read_text("utf-8"))
    else:
        examined = []
        for folder, observations in [(arguments.corpus, arguments.observations), *arguments.beside]:
            examined += examine(folder, observations, arguments.scores, arguments.to, arguments.jobs)
        if arguments.keep:
            arguments.keep.write_text(json.dumps(examined), "utf-8")
    natural = cross(examined, arguments.jobs)
    scale, bias = calibration(examined, natural)
    print(f"log odds times {scale}, and {bias} added")
    natural = {key: scale * value + bias for key, value in natural.items()}
    most = round(ceiling(examined, natural), 2)
    both = {
        (e["row"]["file"], e["again"]): bits_of(natural[(e["row"]["file"], e["again"])], e["features"], most)
        for e in examined
    }
    scores = {key: given for key, (given, _) in both.items()}
    x, y, _, weight = table_of(used(examined))
    names = names_of(examined)
    net = fitted(x.astype(np.float32), y, weight, names)
    own, intercept = weights_of(net, names)
    look = {name: net[name] for name in ("mean", "spread", "weights", "bias", "answer", "constant")}
    np.savez(arguments.to / SETTINGS["appearance_weights"], **look)
    # The look is one more feature of the layout, and counts as it is.
    weights = {name: value * scale for name, value in own.items()} | {"appearance": scale}
    genuine_look = np.average(predict(x[y == 0, len(names) :], net), weights=weight[y == 0])
    mean = np.average(x[y == 0, : len(names)], axis=0, weights=weight[y == 0])
    typical = dict(zip(names, mean.tolist(), strict=True)) | {"appearance": float(genuine_look)}
    genuine = sum(1 for entry in examined if entry["row"]["label"] == "camera" and not entry["again"])
    config = {
        **SETTINGS,
        "most_bits": min(most, round(float(np.log2(genuine)), 2)),
        "genuine_pictures": genuine,
        "layout": {
            "intercept": round(intercept * scale + bias, 4),
            "weights": {name: round(value, 4) for name, value in weights.items() if abs(value) >= 0.00005},
            "typical": {name: round(value, 4) for name, value in typical.items()},
        },
    }
    (arguments.to / "config.json").write_text(json.dumps(config, indent=1) + "\n", "utf-8")
    if arguments.bits:
        by_name = {
            file + (" again" if again else ""): [round(given, 3), round(held, 3)]
            for (file, again), (given, held) in both.items()
        }
        arguments.bits.write_text(json.dumps(by_name, indent=0) + "\n", "utf-8")
    groups = dict(
        zip((entry["row"]["file"] for entry in examined), groups_of([entry["row"] for entry in examined]), strict=True)
    )
    own = {row["file"] for row in manifest(arguments.corpus)}
    corpus = [entry for entry in examined if entry["row"]["file"] in own]
    beside = [entry for entry in examined if entry["row"]["file"] not in own]
    text = write_report(arguments.to / "measured.md", corpus, beside, scores, groups)
    print(text)
    write_sums(arguments.to)


if __name__ == "__main__":
    main()
