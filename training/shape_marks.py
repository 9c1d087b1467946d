"""Fit and measure the AI marks that are shapes: ``python -m training.shape_marks``.

Marks are drawn over photographs (``training.shape_marks_drawing``); the same photographs, a part of each and mirrored,
and drawn things that look alike are the other side. Both models are logistic regressions over a few measurements.
The photographs are in two halves, each judged by a model that was fitted on the other; a labelled folder
(``--corpus``) is only judged. Writes ``models/shape-marks-v1/config.json`` and prints the figures of its card.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from math import hypot, log, log2
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from detector.evidence import _sparkle, _sparkle_search, _squares
from training.drawing.scene import list_pictures
from training.labelled import manifest, open_picture
from training.shape_marks_drawing import Drawn, Pixels, alike, open_photo, resized, sparkle, squares, stored

MODEL = Path(__file__).parent.parent / "models" / "shape-marks-v1"
SQUARE_TERMS = ("mean", "worst", "rough", "off")
SEED = 20
TREES, LEAVES = 80, 16
DIRECTIONS = {
    "match": 1, "step": 0, "weakest": 1, "uneven": -1, "steady": 1, "alike": 1, "sharp": 0, "plateau": -1,
    "texture": -1, "tint": -1, "contrast": 1, "usual": -1, "pixels": 0,
}  # fmt: skip
"""Which way each measurement may count: 1 more is more like the mark, -1 less, 0 either."""
SPEAKS_FOR = {"sparkle": 9.0, "squares": 10.0}
"""Bits, set by hand: how much commoner the mark is on what the model made than on what a camera recorded."""
TAIL = 0.05
"""Share of genuine pictures, those that score highest, that the tail is fitted on."""

LEAST_SCORE = 1.0
"""Log odds below which nothing is found, however rare such a place is among genuine pictures."""
LEAST_LEAD = 3.5
"""Log odds by which a star off the usual place must lead the next best place, or it is taken for part of a pattern. Set
by hand after a drawn mesh (tests, N08) had been taken for one with a lead of 3.1; of 31 drawn stars it loses none."""
MOST_PIXELS = 20_000_000
"""Larger pictures of the labelled folders are left out, to save time."""

Table = npt.NDArray[np.float64]


def sparkle_rows(pixels: Pixels, truth: Drawn | None = None) -> tuple[list[list[float]], int]:
    """Return the terms of all candidates, and which of them is the drawn mark (-1: none)."""
    rows, hit, nearest = [], -1, 0.3
    for index, item in enumerate(_sparkle_search.candidates(pixels)):
        rows.append(_sparkle.terms(item.features))
        if truth is not None:
            away = hypot(item.x - truth.x, item.y - truth.y) / truth.size
            if away < nearest and 0.75 < item.size / truth.size < 1.3:
                hit, nearest = index, away
    return rows, hit


def square_rows(pixels: Pixels, truth: Drawn | None = None) -> tuple[list[list[float]], int]:
    """Return the terms of the best place, and 0 if it is the drawn mark (-1: it is not)."""
    row = _squares.best_row(pixels)
    if row is None:
        return [], -1
    hit = -1
    if truth is not None:
        x, y = row.left + 2.5 * row.size, row.top + 0.5 * row.size
        if hypot(x - truth.x, y - truth.y) < 1.0 * truth.size and 0.8 < row.size / truth.size < 1.25:
            hit = 0
    return [[_squares.terms(row.features)[name] for name in SQUARE_TERMS]], hit


Model = dict[str, Any]


def logistic(rows: Table, labels: Table) -> Model:
    """Return intercept and weights of a regression over the terms of the row of squares."""
    from sklearn.linear_model import LogisticRegression

    found = LogisticRegression(C=1.0, class_weight="balanced", max_iter=1000).fit(rows, labels)
    weights = dict(zip(SQUARE_TERMS, (round(float(weight), 4) for weight in found.coef_[0]), strict=True))
    return {"intercept": round(float(found.intercept_[0]), 4), "weights": weights}


def trees(rows: Table, labels: Table) -> Model:
    """Return boosted trees over the terms of the sparkle: what is more like the star never counts less."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    found = HistGradientBoostingClassifier(
        learning_rate=0.1, max_iter=TREES, max_leaf_nodes=LEAVES, min_samples_leaf=25, l2_regularization=5.0,
        monotonic_cst=[DIRECTIONS[name] for name in _sparkle.NAMES], early_stopping=False, random_state=SEED,
        class_weight="balanced",
    )  # fmt: skip
    found.fit(rows, labels)
    columns: dict[str, list[Any]] = {"feature": [], "threshold": [], "left": [], "right": [], "value": []}
    roots = []
    for (predictor,) in found._predictors:
        first = len(columns["feature"])
        roots.append(first)
        for node in predictor.nodes:
            columns["feature"].append(-1 if node["is_leaf"] else int(node["feature_idx"]))
            columns["threshold"].append(float(node["num_threshold"]))
            columns["left"].append(first + int(node["left"]))
            columns["right"].append(first + int(node["right"]))
            columns["value"].append(float(node["value"]))
    arrays = {
        "roots": np.asarray(roots, np.int32),
        "feature": np.asarray(columns["feature"], np.int8),
        "threshold": np.asarray(columns["threshold"], np.float32),
        "left": np.asarray(columns["left"], np.int32),
        "right": np.asarray(columns["right"], np.int32),
        "value": np.asarray(columns["value"], np.float32),
        "base": np.asarray(found._baseline_prediction, np.float32).reshape(1),
    }
    return {"trees": arrays}


def fitted(pictures: Sequence[dict[str, Any]], train: Callable[[Table, Table], Model]) -> Model:
    """Return a model of the candidates of these pictures: the drawn ones against all others."""
    rows, labels = [], []
    for picture in pictures:
        for index, row in enumerate(picture["rows"]):
            if picture["mark"] and index != picture["hit"]:
                continue  # the photograph below is there once without a mark
            rows.append(row)
            labels.append(float(picture["mark"]))
    return train(np.asarray(rows), np.asarray(labels))


def odds(row: Sequence[float], model: Model) -> float:
    """Return the log odds of one candidate's terms."""
    if "trees" not in model:
        return float(model["intercept"] + np.dot(row, list(model["weights"].values())))
    return _sparkle.log_odds(row, model["trees"])


def score(picture: Mapping[str, Any], model: Model) -> float:
    """Return the highest log odds of a picture's candidates; of a drawn mark its own."""
    if picture["mark"]:
        return -99.0 if picture["hit"] < 0 else odds(picture["rows"][picture["hit"]], model)
    return max((odds(row, model) for row in picture["rows"]), default=-99.0)


def tail(scores: Table) -> tuple[float, float]:
    """Return (start, rate) of the genuine scores' tail: beyond start a share falls by e for each 1 / rate."""
    ordered = np.sort(scores)[::-1]
    top = ordered[: max(20, int(TAIL * len(ordered)))]
    start = float(top[-1])
    return start, float(1 / max(1e-6, (top - start).mean()))


def genuine_corpus(folder: Path, every: int) -> list[tuple[str, Path]]:
    """Return the labelled folder's camera pictures and game frames, as (label, path)."""
    rows = [row for row in manifest(folder) if row["label"] in ("camera", "game")]
    return [(row["label"], folder / row["file"]) for row in rows[::every]]


Rows = Callable[..., tuple[list[list[float]], int]]


def gather(photos: Sequence[Path], corpus: Sequence[tuple[str, Path]]) -> dict[str, list[dict[str, Any]]]:
    """Return, for each shape, the terms of the candidates of each genuine and each drawn picture."""
    rng = np.random.default_rng(SEED)
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in SHAPES}

    def add(kind: str, half: int, name: str, pixels: Pixels, drawn: tuple[str, Drawn] | None = None) -> None:
        for shape, (look, _, _) in SHAPES.items():
            if drawn is None or drawn[0] == shape:
                truth = None if drawn is None else drawn[1]
                rows, hit = look(pixels, truth)
                row: dict[str, Any] = {"kind": kind, "half": half, "name": name, "rows": rows, "hit": hit}
                row["mark"] = truth is not None
                if truth is not None:
                    row |= {key: getattr(truth, key) for key in ("scale", "quality", "place", "alpha", "size")}
                found[shape].append(row)

    def add_drawn(kind: str, half: int, name: str, pixels: Pixels) -> None:
        for shape, (_, draw, _) in SHAPES.items():
            drawn = draw(rng, pixels)
            add(kind, half, name, drawn.pixels, (shape, drawn))

    for index, path in enumerate(photos):
        photo = open_photo(path)
        half = index // 2 % 2
        if min(photo.shape[:2]) < 64:
            continue
        add("photo", half, path.name, photo)
        if index % 2:
            continue  # every other photograph is drawn on
        height, width = photo.shape[:2]
        w, h = int(width * rng.uniform(0.4, 0.9)), int(height * rng.uniform(0.4, 0.9))
        x, y = int(rng.integers(0, width - w + 1)), int(rng.integers(0, height - h + 1))
        part = np.ascontiguousarray(photo[y : y + h, x : x + w][:, ::-1])
        grown = float(rng.uniform(0.7, 2.5))
        part = stored(resized(part, round(w * grown), round(h * grown)), int(rng.integers(50, 96)))
        add("part", half, path.name, part)
        add("alike", half, path.name, alike(rng, photo))
        add_drawn("drawn", half, path.name, photo)
    for index, (label, path) in enumerate(corpus):
        try:
            pixels = np.asarray(open_picture(path, again=False))
        except (OSError, ValueError) as error:
            print(f"left out: {path.name}: {type(error).__name__}")
            continue
        if pixels.size > 3 * MOST_PIXELS:
            continue
        add(label, 2, path.name, pixels)
        if index % 3 == 0:
            add_drawn(f"drawn on {label}", 2, path.name, pixels)
    return found


def report(name: str, pictures: Sequence[dict[str, Any]], train: Callable[[Table, Table], Model]) -> dict[str, Any]:
    """Cross-fit on the halves, print the figures, and return the model's part of the config."""
    halves = [fitted([item for item in pictures if item["half"] == 1 - half], train) for half in (0, 1)]
    whole = fitted([item for item in pictures if item["half"] < 2], train)
    for item in pictures:
        item["score"] = score(item, whole if item["half"] == 2 else halves[item["half"]])
    real = [item for item in pictures if item["kind"] in ("photo", "camera", "game")]
    start, rate = tail(np.asarray([item["score"] for item in real + [x for x in pictures if x["kind"] == "part"]]))
    model = {
        **whole,
        "tail_start": round(start, 3),
        "tail_rate": round(rate, 4),
        "tail_share": TAIL,
        "genuine_pictures": len(real),
        "least_bits": round(log2(len(real)) - 0.005, 2),
        "least_score": LEAST_SCORE,
        **({"least_lead": LEAST_LEAD} if name == "sparkle" else {}),
        "speaks_for": SPEAKS_FOR[name],
    }
    needed = max(LEAST_SCORE, start + (log2(len(real)) + log2(TAIL)) * log(2) / rate)
    print(
        f"\n## {name}: {len(real)} genuine pictures, tail from {start:.2f} at {rate:.3f}; a finding from {needed:.2f}"
    )
    for kind in ("photo", "part", "alike", "camera", "game"):
        own = sorted((item for item in pictures if item["kind"] == kind), key=lambda item: -item["score"])
        loud = sum(item["score"] >= needed for item in own)
        best = ", ".join(f"{item['score']:.2f} {item['name']}" for item in own[:4])
        print(f"genuine, {kind}: {loud} of {len(own)} found; highest {best}")
    for kind in ("drawn", "drawn on camera", "drawn on game"):
        own = [item for item in pictures if item["kind"] == kind]
        shares(kind, own, needed)
        for label, test in GROUPS:
            shares(f"{kind}, {label}", [item for item in own if test(item)], needed)
    return model


def _between(name: str, low: float, high: float) -> Callable[[Mapping[str, Any]], bool]:
    return lambda item: low <= item[name] < high


def _at(place: str) -> Callable[[Mapping[str, Any]], bool]:
    return lambda item: item["place"] == place


GROUPS: tuple[tuple[str, Callable[[Mapping[str, Any]], bool]], ...] = (
    *((f"scale {low} to {high}", _between("scale", low, high)) for low, high in ((0.25, 0.5), (0.5, 1), (1, 2))),
    *((f"JPEG {low} to {high - 1}", _between("quality", low, high)) for low, high in ((50, 65), (65, 80), (80, 96))),
    *((place, _at(place)) for place in ("usual", "cropped", "elsewhere")),
    *((f"{low} to {high} pixels", _between("size", low, high)) for low, high in ((0, 20), (20, 40), (40, 999))),
    *((f"alpha {low} to {high}", _between("alpha", low, high)) for low, high in ((0.1, 0.3), (0.3, 0.45), (0.45, 1.1))),
)


def shares(label: str, items: Sequence[Mapping[str, Any]], needed: float) -> None:
    if items:
        hits = sum(item["score"] >= needed for item in items)
        low, high = wilson(hits, len(items))
        print(f"{label}: {hits} of {len(items)}, {hits / len(items):.1%} ({low:.1%} to {high:.1%})")


def wilson(hits: int, count: int, z: float = 1.96) -> tuple[float, float]:
    share = hits / count
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    reach = z * (share * (1 - share) / count + z * z / (4 * count * count)) ** 0.5 / (1 + z * z / count)
    return max(0.0, middle - reach), min(1.0, middle + reach)


SHAPES: dict[str, tuple[Rows, Callable[..., Drawn], Callable[[Table, Table], Model]]] = {
    "sparkle": (sparkle_rows, sparkle, trees),
    "squares": (square_rows, squares, logistic),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", nargs="+", required=True)
    parser.add_argument("--corpus", type=Path, nargs="+", required=True, help="labelled folders, only judged")
    parser.add_argument("--every", type=int, default=1, help="take only each n-th photograph, to try")
    parser.add_argument("--out", type=Path, default=MODEL)
    parser.add_argument("--keep", type=Path, help="file for all measurements; if it is there, they are taken from it")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    photos = list_pictures(arguments.pictures)[:: arguments.every]
    corpus = [item for folder in arguments.corpus for item in genuine_corpus(folder, arguments.every)]
    print(f"{len(photos)} photographs, {len(corpus)} pictures of the labelled folder")
    begun = time.process_time()
    config: dict[str, Any] = {"version": "shape-marks-v1"}
    if arguments.keep is not None and arguments.keep.exists():
        found = json.loads(arguments.keep.read_text("utf-8"))
    else:
        found = gather(photos, corpus)
        if arguments.keep is not None:
            arguments.keep.write_text(json.dumps(found), "utf-8")
    for name, (_, _, train) in SHAPES.items():
        config[name] = report(name, found[name], train)
    print(f"\n{time.process_time() - begun:.0f} seconds of one core")
    arguments.out.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(arguments.out / "sparkle.npz", **config["sparkle"].pop("trees"))
    config["sparkle"]["features"] = list(_sparkle.NAMES)
    (arguments.out / "config.json").write_text(json.dumps(config, indent=1) + "\n", "utf-8")
    sums = [
        f"{hashlib.sha256((arguments.out / name).read_bytes()).hexdigest()}  {name}\n"
        for name in ("config.json", "sparkle.npz")
    ]
    (arguments.out / "SHA256SUMS").write_text("".join(sums), "utf-8")


if __name__ == "__main__":
    main()
