"""Train the model that tells text laid over a picture from text in the scene: ``python -m training.overlay_lines``.

Trained on lines that ``training.drawing`` prints over, and paints into, genuine pictures, and on the lines of a
labelled folder (its ``manifest.jsonl`` and what was read in it). Measured by leaving out one group of sources
at a time. Writes ``models/overlay-lines-v1``.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from rapidfuzz import fuzz
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score

from detector.evidence._line_features import NAMES, measure
from detector.types import make_quad
from training.drawing.compose import compose
from training.drawing.scene import list_pictures, load
from training.labelled import manifest, open_picture, read_before

LABELS = Path(__file__).with_name("overlay_lines_labels.json")
TREES, LEAVES, RATE = 90, 10, 0.1
# More slant, more perspective or more shading never makes an overlay likelier.
FALLING = ("angle", "taper")


def squash(text: str) -> str:
    return "".join(letter for letter in text.lower() if letter.isalnum())


def label_line(text: str, row: dict[str, Any], rules: dict[str, Any]) -> int | None:
    """Return 1 for a line laid over, 0 for one in the scene, None if it cannot be told."""
    if row["overlay"] == "none":
        return 0
    if row["category"] == "W":
        return None
    rule = rules.get(row["file"], {"scene": [], "skip": []})
    if any(part == text or (len(part) > 3 and part in text) for part in rule["skip"]):
        return None
    if any(part != "*" and part in text for part in rule["scene"]):
        return 0
    told = squash(row["overlay_text"].split("scene:")[0].split("plate ")[0])
    own = squash(text)
    if len(own) >= 2 and told and fuzz.partial_ratio(own, told) >= 75:
        return 1
    if "*" in rule["scene"]:
        return 0
    if "*" in rule["skip"]:
        return None
    return 1


def corpus_lines(corpus: Path, observations: Path) -> Iterator[tuple[np.ndarray, int, str, str, str, float]]:
    """Yield (features, label, source, file, text, confidence) of every line read, in two encodings.

    The label is -1 where it is not known.
    """
    rules = json.loads(LABELS.read_text("utf-8"))
    read = read_before(observations)
    for row in manifest(corpus):
        seen = read.get(row["sha256"])
        if seen is None or not seen.lines:
            continue
        labels = [label_line(line.text, row, rules) for line in seen.lines]
        for again in (False, True):
            image = open_picture(corpus / row["file"], again=again)
            scale = image.width / seen.size[0]
            quads = [make_quad([(x * scale, y * scale) for x, y in line.quad]) for line in seen.lines]
            for values, label, line in zip(measure(np.asarray(image), quads), labels, seen.lines, strict=True):
                name = row["file"] + (" again" if again else "")
                yield values, -1 if label is None else label, row["source"], name, line.text, line.confidence


def drawn_lines(pictures: list[Path], count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return features and labels of lines that we draw ourselves, with boxes as loose as an engine's."""
    features, labels = [], []
    for index in range(count):
        rng = np.random.default_rng([seed, index])
        example = compose(rng, lambda rng=rng: load(pictures[int(rng.integers(len(pictures)))]), longest=(560, 1300))
        chosen = [(quad, 1) for quad, _ in example.over] + [(quad, 0) for quad, _ in example.scene]
        quads, kept = [], []
        for quad, label in chosen:
            points = np.asarray(quad, np.float64)
            tall = np.hypot(*(points[3] - points[0]))
            if tall < 7:
                continue
            middle = points.mean(axis=0)
            grow = 1 + rng.uniform(0.02, 0.3) * np.asarray([tall / max(tall, np.hypot(*(points[1] - points[0]))), 1.0])
            points = middle + (points - middle) * grow + rng.normal(0, 0.5, (4, 2) if label == 0 else (1, 2))
            quads.append(make_quad(np.round(points)))
            kept.append(label)
        if quads:
            features.append(measure(example.pixels, quads))
            labels += kept
    return np.concatenate(features), np.asarray(labels)


def fit(x: np.ndarray, y: np.ndarray, weight: np.ndarray) -> HistGradientBoostingClassifier:
    model = HistGradientBoostingClassifier(
        max_iter=TREES, max_leaf_nodes=LEAVES, learning_rate=RATE, min_samples_leaf=30, l2_regularization=5.0,
        monotonic_cst=[-1 if name in FALLING else 0 for name in NAMES], random_state=0, early_stopping=False,
    )  # fmt: skip
    return model.fit(x, y, sample_weight=weight)


def write_trees(model: HistGradientBoostingClassifier, path: Path) -> None:
    """Write the trees as plain arrays: for each node feature, threshold, left, right, value; -1 for a leaf."""
    feature, threshold, left, right, value, start = [], [], [], [], [], [0]
    for (tree,) in model._predictors:
        nodes, base = tree.nodes, start[-1]
        for node in nodes:
            leaf = bool(node["is_leaf"])
            feature.append(-1 if leaf else int(node["feature_idx"]))
            threshold.append(0.0 if leaf else float(node["num_threshold"]))
            left.append(-1 if leaf else base + int(node["left"]))
            right.append(-1 if leaf else base + int(node["right"]))
            value.append(float(node["value"]))
        start.append(base + len(nodes))
    np.savez(
        path, feature=np.asarray(feature, np.int16), threshold=np.asarray(threshold, np.float32),
        left=np.asarray(left, np.int32), right=np.asarray(right, np.int32), value=np.asarray(value, np.float32),
        roots=np.asarray(start[:-1], np.int32), bias=np.asarray(model._baseline_prediction, np.float32).ravel(),
    )  # fmt: skip


def balanced(y: np.ndarray, groups: np.ndarray, files: np.ndarray) -> np.ndarray:
    """Return weights: each picture counts by the root of its lines, each source by the root of its pictures."""
    by_file: dict[str, int] = defaultdict(int)
    by_group: dict[str, set[str]] = defaultdict(set)
    for group, file in zip(groups, files, strict=True):
        by_file[file] += 1
        by_group[group].add(file)
    weight = np.asarray(
        [(by_file[f] ** 0.5 / by_file[f]) / len(by_group[g]) ** 0.5 for g, f in zip(groups, files, strict=True)]
    )
    for label in (0, 1):
        weight[y == label] /= weight[y == label].sum()
    return weight


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", nargs="+", required=True, help="folders of genuine pictures to draw over")
    parser.add_argument("--corpus", type=Path, required=True, help="a labelled folder with manifest.jsonl")
    parser.add_argument("--observations", type=Path, required=True, help="what was read in it: <sha256>.json")
    parser.add_argument("--to", type=Path, default=Path("models/overlay-lines-v1"))
    parser.add_argument("--scores", type=Path, help="write the cross-validated probabilities here, by file")
    parser.add_argument("--drawn", type=int, default=1200)
    parser.add_argument("--drawn-share", type=float, default=0.5)
    parser.add_argument("--folds", type=int, default=6)
    arguments = parser.parse_args()
    rows = list(corpus_lines(arguments.corpus, arguments.observations))
    x = np.asarray([row[0] for row in rows])
    y = np.asarray([row[1] for row in rows])
    groups = np.asarray([row[2] for row in rows])
    files = np.asarray([row[3] for row in rows])
    drawn_x, drawn_y = drawn_lines(list_pictures(arguments.pictures), arguments.drawn, 11)
    drawn_w = np.where(drawn_y == 1, 1 / (drawn_y == 1).sum(), 1 / (drawn_y == 0).sum())
    share = arguments.drawn_share

    def train(chosen: np.ndarray) -> HistGradientBoostingClassifier:
        own = balanced(y[chosen], groups[chosen], files[chosen])
        weight = np.concatenate([own * (1 - share), drawn_w * share])
        weight *= len(weight) / weight.sum()
        return fit(np.concatenate([x[chosen], drawn_x]), np.concatenate([y[chosen], drawn_y]), weight)

    known = y >= 0
    scores = np.zeros(len(y))
    fold_of = {
        name: int(hashlib.sha256(name.encode()).hexdigest(), 16) % arguments.folds for name in sorted(set(groups))
    }
    folds = np.asarray([fold_of[name] for name in groups])
    for fold in range(arguments.folds):
        out = folds == fold
        if out.any():
            scores[out] = train(~out & known).predict_proba(x[out])[:, 1]
    own_only = fit(drawn_x, drawn_y, drawn_w * len(drawn_w) / 2).predict_proba(x)[:, 1]
    report([row for row in rows if row[1] >= 0], y[known], scores[known], own_only[known])
    if arguments.scores:
        by_file: dict[str, list[float]] = defaultdict(list)
        for row, score in zip(rows, scores, strict=True):
            by_file[row[3]].append(round(float(score), 3))
        arguments.scores.write_text(json.dumps(by_file), "utf-8")
    model = train(known)
    arguments.to.mkdir(parents=True, exist_ok=True)
    write_trees(model, arguments.to / "trees.npz")
    write_config(arguments.to)


def report(rows: list[Any], y: np.ndarray, scores: np.ndarray, own_only: np.ndarray) -> None:
    again = np.asarray([row[3].endswith("again") for row in rows])
    for name, part in (("as stored", ~again), ("JPEG 70, 960", again)):
        right = (scores[part] >= 0.5) == y[part]
        print(f"{name}: {part.sum()} lines, {y[part].sum()} laid over; right {right.mean():.4f}, "
              f"laid over {right[y[part] == 1].mean():.4f}, scene {right[y[part] == 0].mean():.4f}, "
              f"AUROC {roc_auc_score(y[part], scores[part]):.4f}; trained on drawn lines only: right "
              f"{((own_only[part] >= 0.5) == y[part]).mean():.4f}, "
              f"AUROC {roc_auc_score(y[part], own_only[part]):.4f}")  # fmt: skip
    table: dict[tuple[str, int], list[float]] = defaultdict(list)
    for row, score in zip(rows, scores, strict=True):
        table[(row[2], row[1])].append(float((score >= 0.5) == row[1]))
    for (source, label), values in sorted(table.items()):
        print(f"| {source} | {'over' if label else 'scene'} | {len(values)} | {np.mean(values):.3f} |")
    order = np.argsort(-np.abs(scores - y))
    for index in order[:60]:
        print(f"   {scores[index]:.2f} {y[index]} {rows[index][3]} {rows[index][4]!r}")


def write_config(folder: Path) -> None:
    config = {"version": 1, "features": list(NAMES), "threshold": 0.5, "trees": "trees.npz"}
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n", "utf-8")
    write_sums(folder)


def write_sums(folder: Path) -> None:
    """Write SHA256SUMS over the model's files."""
    names = sorted(path.name for path in folder.iterdir() if path.suffix in (".npz", ".json", ".onnx"))
    rows = [f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in names]
    (folder / "SHA256SUMS").write_text("".join(rows), "utf-8")


if __name__ == "__main__":
    main()
