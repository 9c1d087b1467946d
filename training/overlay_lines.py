"""Train the model that tells text laid over a picture from text in the scene: ``python -m training.overlay_lines``.

Trained on lines that ``training.drawing`` prints over, and paints into, genuine pictures, and on the lines of a
labelled folder (its ``manifest.jsonl`` and what was read in it). Measured by leaving out one group of sources
at a time. Writes ``models/overlay-lines-v1``.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from rapidfuzz import fuzz
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.metrics import roc_auc_score

from detector.evidence._line_features import NAMES, measure
from detector.evidence._mask import look_at, over_text
from detector.evidence.overlay_lines import agree
from detector.types import make_quad
from training.drawing.compose import compose
from training.drawing.scene import list_pictures, load
from training.labelled import manifest, open_picture, read_before
from training.scene_print import picture

LABELS = Path(__file__).with_name("overlay_lines_labels.json")
TREES, LEAST, TRIED = 150, 12, 8
OTHERS = 0.4
"""How much of the other lines' mean log odds is added to a line's own."""
SLANT = 0.8
"""Log odds that are taken off for a degree of slant."""


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


def corpus_lines(
    corpus: Path, observations: Path, session: Any = None, *, scene_only: bool = False
) -> Iterator[tuple[np.ndarray, int, str, str, str, float]]:
    """Yield (features, label, source, file, text, confidence) of every line read, in two encodings.

    The label is -1 where it is not known. With ``scene_only`` of pictures that nothing is laid over.
    """
    rules = json.loads(LABELS.read_text("utf-8"))
    read = read_before(observations)
    for row in manifest(corpus):
        seen = read.get(row["sha256"])
        if seen is None or not seen.lines or (scene_only and row["overlay"] != "none"):
            continue
        labels = [label_line(line.text, row, rules) for line in seen.lines]
        for again in (False, True):
            image = open_picture(corpus / row["file"], again=again)
            scale = image.width / seen.size[0]
            quads = [make_quad([(x * scale, y * scale) for x, y in line.quad]) for line in seen.lines]
            pixels = np.asarray(image)
            over = look_at(pixels, session)
            values_of = measure(
                pixels, quads, [line.confidence for line in seen.lines], [over_text(over, quad) for quad in quads]
            )
            for values, label, line in zip(values_of, labels, seen.lines, strict=True):
                name = row["file"] + (" again" if again else "")
                yield values, -1 if label is None else label, row["source"], name, line.text, line.confidence


def drawn_lines(pictures: list[Path], count: int, seed: int, session: Any = None) -> tuple[np.ndarray, np.ndarray]:
    """Return features and labels of lines that we draw ourselves, with boxes as loose as an engine's."""
    features, labels = [], []
    for index in range(count):
        rng = np.random.default_rng([seed, index])
        if index % 4 == 3:
            printed = picture(rng, load(pictures[int(rng.integers(len(pictures)))]))
            pixels, chosen = printed.pixels, printed.lines
        else:
            example = compose(
                rng, lambda rng=rng: load(pictures[int(rng.integers(len(pictures)))]), longest=(560, 1300)
            )
            pixels = example.pixels
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
            over = look_at(pixels, session)
            # No engine read these: how sure one would have been says nothing here.
            sure = rng.beta(9, 1, len(quads)).tolist()
            features.append(measure(pixels, quads, sure, [over_text(over, quad) for quad in quads]))
            labels += kept
    return np.concatenate(features), np.asarray(labels)


def fit(x: np.ndarray, y: np.ndarray, weight: np.ndarray) -> ExtraTreesClassifier:
    model = ExtraTreesClassifier(TREES, min_samples_leaf=LEAST, max_features=TRIED, random_state=0, n_jobs=1)
    return model.fit(x, y, sample_weight=weight)


def write_trees(model: ExtraTreesClassifier, path: Path) -> None:
    """Write the trees as plain arrays: for each node feature, threshold, left, right, value; -1 for a leaf."""
    feature, threshold, left, right, value, start = [], [], [], [], [], [0]
    for tree in (member.tree_ for member in model.estimators_):
        base, leaf = start[-1], tree.children_left < 0
        share = tree.value[:, 0, :]
        feature.append(np.where(leaf, -1, tree.feature))
        threshold.append(np.where(leaf, 0, tree.threshold))
        left.append(np.where(leaf, -1, base + tree.children_left))
        right.append(np.where(leaf, -1, base + tree.children_right))
        value.append(share[:, 1] / share.sum(axis=1))
        start.append(base + tree.node_count)
    np.savez_compressed(
        path, feature=np.concatenate(feature).astype(np.int16), threshold=np.concatenate(threshold).astype(np.float32),
        left=np.concatenate(left).astype(np.int32), right=np.concatenate(right).astype(np.int32),
        value=np.concatenate(value).astype(np.float32), roots=np.asarray(start[:-1], np.int32),
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


def folds_of(groups: np.ndarray) -> np.ndarray:
    """Return a fold for each row: one for each source of many lines, four for all others together."""
    counts = Counter(groups.tolist())
    names = sorted(counts)
    small = {name: int(hashlib.sha256(name.encode()).hexdigest(), 16) % 4 for name in names if counts[name] < 40}
    return np.asarray([small.get(name, 4 + names.index(name)) for name in groups.tolist()])


def pooled(scores: np.ndarray, files: np.ndarray, angles: np.ndarray) -> np.ndarray:
    """Return the scores after the lines of each picture have heard each other."""
    out = np.zeros(len(scores))
    for name in sorted(set(files.tolist())):
        here = np.flatnonzero(files == name)
        out[here] = agree(scores[here], angles[here], {"others": OTHERS, "slant": SLANT})
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", nargs="+", required=True, help="folders of genuine pictures to draw over")
    parser.add_argument("--corpus", type=Path, required=True, help="a labelled folder with manifest.jsonl")
    parser.add_argument("--observations", type=Path, required=True, help="what was read in it: <sha256>.json")
    parser.add_argument(
        "--scene", nargs=2, action="append", default=[], type=Path, metavar=("FOLDER", "OBSERVATIONS"),
        help="another labelled folder, whose pictures without an overlay have lines of the scene only",
    )  # fmt: skip
    parser.add_argument("--to", type=Path, default=Path("models/overlay-lines-v1"))
    parser.add_argument("--scores", type=Path, help="write the cross-validated probabilities here, by file")
    parser.add_argument("--drawn", type=int, default=700)
    parser.add_argument("--drawn-share", type=float, default=0.7)
    arguments = parser.parse_args()
    rows = list(corpus_lines(arguments.corpus, arguments.observations))
    count = len(rows)
    for folder, observations in arguments.scene:
        rows += corpus_lines(folder, observations, scene_only=True)
    x = np.asarray([row[0] for row in rows])
    y = np.asarray([row[1] for row in rows])
    groups = np.asarray([row[2] for row in rows])
    files = np.asarray([row[3] for row in rows])
    drawn_x, drawn_y = drawn_lines(list_pictures(arguments.pictures), arguments.drawn, 11)
    drawn_w = np.where(drawn_y == 1, 1 / (drawn_y == 1).sum(), 1 / (drawn_y == 0).sum())
    share = arguments.drawn_share

    def train(chosen: np.ndarray) -> ExtraTreesClassifier:
        own = balanced(y[chosen], groups[chosen], files[chosen])
        weight = np.concatenate([own * (1 - share), drawn_w * share])
        weight *= len(weight) / weight.sum()
        return fit(np.concatenate([x[chosen], drawn_x]), np.concatenate([y[chosen], drawn_y]), weight)

    known = y >= 0
    scores = np.zeros(len(y))
    folds = folds_of(groups)
    for fold in sorted(set(folds)):
        out = folds == fold
        scores[out] = train(~out & known).predict_proba(x[out])[:, 1]
    angles = x[:, NAMES.index("angle")]
    scores = pooled(scores, files, angles)
    own_only = pooled(fit(drawn_x, drawn_y, drawn_w * len(drawn_w) / 2).predict_proba(x)[:, 1], files, angles)
    own = known & (np.arange(len(y)) < count)
    report([row for row, use in zip(rows, own, strict=True) if use], y[own], scores[own], own_only[own])
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
    """Print how many lines are right: in all, by source, and the worst errors."""
    files = np.asarray([row[3] for row in rows])
    counts = Counter(files.tolist())
    share = np.asarray([1 / counts[name] for name in files.tolist()])
    again = np.asarray([name.endswith(" again") for name in files])
    for name, part in (("as stored", ~again), ("JPEG 70, 960", again)):
        for told, s in (("cross-validated", scores[part]), ("drawn lines only", own_only[part])):
            right = (s >= 0.5) == y[part]
            over = y[part] == 1
            print(
                f"{name}, {told}: {part.sum()} lines, {over.sum()} laid over; right {right.mean():.4f}, laid over "
                f"{right[over].mean():.4f}, scene {right[~over].mean():.4f}, AUROC {roc_auc_score(y[part], s):.4f}; "
                f"each picture counted once: right {np.average(right, weights=share[part]):.4f}, "
                f"AUROC {roc_auc_score(y[part], s, sample_weight=share[part]):.4f}"
            )
    table: dict[tuple[str, int], list[float]] = defaultdict(list)
    for row, score in zip(rows, scores, strict=True):
        table[(row[2], row[1])].append(float((score >= 0.5) == row[1]))
    for (source, label), values in sorted(table.items()):
        print(f"| {source} | {'over' if label else 'scene'} | {len(values)} | {np.mean(values):.3f} |")
    order = np.argsort(-np.abs(scores - y))
    for index in order[:60]:
        print(f"   {scores[index]:.2f} {y[index]} {rows[index][3]} {rows[index][4]!r}")


def write_config(folder: Path) -> None:
    config = {
        "version": 1,
        "features": list(NAMES),
        "threshold": 0.5,
        "others": OTHERS,
        "slant": SLANT,
        "trees": "trees.npz",
    }
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n", "utf-8")
    write_sums(folder)


def write_sums(folder: Path) -> None:
    """Write SHA256SUMS over the model's files."""
    names = sorted(path.name for path in folder.iterdir() if path.suffix in (".npz", ".json", ".onnx"))
    rows = [f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in names]
    (folder / "SHA256SUMS").write_text("".join(rows), "utf-8")


if __name__ == "__main__":
    main()
