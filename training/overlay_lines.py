"""Train the model that tells text laid over a picture from text in the scene: ``python -m training.overlay_lines``.

Trained on the lines of labelled folders (their ``manifest.jsonl`` and what was read in them) and on lines that
``training.drawing`` prints over, and paints into, genuine pictures. Measured by leaving out groups of sources: what
shares a source or a game is never on both sides. Writes ``models/overlay-lines-v1``.
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
import numpy.typing as npt

from detector.evidence._laid_over import FEATURES, agree, measurements
from detector.evidence._mask import look_at
from detector.types import Observations, make_quad
from training.drawing.compose import compose
from training.drawing.scene import list_pictures, load
from training.labelled import manifest, open_picture, read_before, side_by_side
from training.one_hidden_layer import Recipe, fit, predict, stored
from training.out_of_fold import groups_of
from training.overlay_lines_labels import labels_of
from training.overlay_lines_report import Line, report
from training.scene_print import picture

Floats = npt.NDArray[np.floating[Any]]
Mask = npt.NDArray[np.bool_]
FOLDS = 10
RECIPE = Recipe(units=64, seeds=2, rounds=8, batch=256, rate=0.002, decay=0.05, dropped=0.1, silent=0.3)
SURE = 0.5
"""What the network's log odds are multiplied by: out of fold they are too sure of themselves."""
OTHERS = 0.3
"""How much of the other lines' mean log odds is added to a line's own."""
SLANT = 0.3
"""Log odds that are taken off for a degree of slant."""


Measured = tuple[Floats, list[Line]]
Drawn = tuple[Floats, list[int]]


def folder_lines(folder: Path, observations: Path, index: int, jobs: int) -> Iterator[Measured]:
    """Yield for every picture, as stored and stored again, what ``measurements`` says of its lines, and what they are.

    Args:
        folder: with ``manifest.jsonl`` and the pictures.
        observations: what a scan read in them.
        index: the folder's number, for the report.
        jobs: processes.
    """
    read = read_before(observations)
    rows = [row for row in manifest(folder) if row["sha256"] in read and read[row["sha256"]].lines]
    tasks = [(folder, row, read[row["sha256"]], index, again) for row in rows for again in (False, True)]
    yield from side_by_side(_measure, tasks, jobs)


def _measure(task: tuple[Path, dict[str, Any], Observations, int, bool]) -> Measured:
    folder, row, seen, index, again = task
    image = open_picture(folder / row["file"], again=again)
    scale = image.width / seen.size[0]
    quads = [make_quad([(x * scale, y * scale) for x, y in line.quad]) for line in seen.lines]
    sure, texts = [line.confidence for line in seen.lines], [line.text for line in seen.lines]
    pixels = np.asarray(image)
    rows = measurements(pixels, look_at(pixels), quads, sure, texts)
    labels = [-1 if label is None else label for label in labels_of(row, seen)]
    lines = [Line(index, row, again, label, text) for label, text in zip(labels, texts, strict=True)]
    return rows, lines


def drawn_lines(
    pictures: list[Path], count: int, seed: int, jobs: int
) -> tuple[Floats, npt.NDArray[np.int64], list[str]]:
    """Return what ``measurements`` says of lines that we draw, their labels, and the name of each line's picture.

    The boxes are as loose as an engine's.
    """
    tasks = [(pictures, seed, index) for index in range(count)]
    made = [found for found in side_by_side(_draw, tasks, jobs) if found is not None]
    names = [f"drawn {number}" for number, (_, kept) in enumerate(made) for _ in kept]
    rows, labels = zip(*made, strict=True)
    return np.concatenate(rows), np.asarray([one for kept in labels for one in kept]), names


def _draw(task: tuple[list[Path], int, int]) -> Drawn | None:
    pictures, seed, index = task
    rng = np.random.default_rng([seed, index])
    if index % 4 == 3:
        printed = picture(rng, load(pictures[int(rng.integers(len(pictures)))]))
        pixels, chosen = printed.pixels, printed.lines
    else:
        example = compose(rng, lambda: load(pictures[int(rng.integers(len(pictures)))]), longest=(560, 1300))
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
    if not quads:
        return None
    # No engine read these: how sure one would have been says nothing here, nor is it known what one would read.
    sure = rng.beta(9, 1, len(quads)).tolist()
    return measurements(pixels, look_at(pixels), quads, sure, [None] * len(quads)), kept


def balanced(y: npt.NDArray[np.int64], groups: npt.NDArray[np.str_], files: npt.NDArray[np.str_]) -> Floats:
    """Return weights: each picture counts by the root of its lines, each group by the root of its pictures."""
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


def fold_of(group: str) -> int:
    """Return in which fold a group of sources is left out."""
    return int(hashlib.sha256(group.encode()).hexdigest(), 16) % FOLDS


def pooled(scores: Floats, files: npt.NDArray[np.str_], angles: Floats) -> Floats:
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
        "--beside", nargs=2, action="append", default=[], type=Path, metavar=("FOLDER", "OBSERVATIONS"),
        help="another labelled folder, whose manifest is part of beside.jsonl",
    )  # fmt: skip
    parser.add_argument("--to", type=Path, default=Path("models/overlay-lines-v1"))
    parser.add_argument("--scores", type=Path, help="write the cross-validated probabilities here, by file")
    parser.add_argument("--drawn", type=int, default=900)
    parser.add_argument("--jobs", type=int, default=2, help="processes that measure")
    parser.add_argument("--drawn-share", type=float, default=0.3)
    arguments = parser.parse_args()
    folders = [(arguments.corpus, arguments.observations), *arguments.beside]
    parts, lines = [], []
    for index, (folder, observations) in enumerate(folders):
        for values, found in folder_lines(folder, observations, index, arguments.jobs):
            parts.append(values)
            lines += found
    drawn = drawn_lines(list_pictures(arguments.pictures), arguments.drawn, 11, arguments.jobs)
    count, share = len(lines), arguments.drawn_share
    x = np.concatenate([*parts, drawn[0]]).astype(np.float32)
    y = np.asarray([line.label for line in lines] + drawn[1].tolist())
    files = np.asarray([f"{line.folder} {line.name}" for line in lines] + drawn[2])
    groups = np.asarray(groups_of([line.row for line in lines]) + drawn[2])
    read = np.arange(len(y)) < count

    def weigh(mask: npt.NDArray[np.bool_]) -> Floats:
        weight = np.zeros(len(y))
        own, made = mask & read, mask & ~read
        weight[own] = balanced(y[own], groups[own], files[own]) * (1 - share)
        for label in (0, 1):
            weight[made & (y == label)] = share / (made & (y == label)).sum()
        return weight[mask] * mask.sum() / weight.sum()

    known, folds = y >= 0, np.asarray([fold_of(group) for group in groups])
    scores = np.zeros(count)
    # Processes share what they fit on; to send it to each would take gigabytes.
    _FITTED.update(x=x, y=y)
    tasks = []
    for fold in range(FOLDS):
        out = read & (folds == fold)
        if out.any():
            tasks.append((weigh(known & ~out), known & ~out, out))
    for (_, _, out), odds in zip(tasks, side_by_side(_left_out, tasks, arguments.jobs), strict=True):
        scores[out[:count]] = 1 / (1 + np.exp(-SURE * odds))
    scores = pooled(scores, files[:count], x[:count, FEATURES.index("angle")])
    report(lines, scores, [str(folder.name) for folder, _ in folders])
    if arguments.scores:
        by_file: dict[str, list[float]] = defaultdict(list)
        for line, score in zip(lines, scores, strict=True):
            by_file[line.name].append(round(float(score), 3))
        arguments.scores.write_text(json.dumps(by_file), "utf-8")
    arguments.to.mkdir(parents=True, exist_ok=True)
    net = stored(fit(x[known], y[known], weigh(known), RECIPE))
    np.savez(arguments.to / "lines.npz", **net)  # type: ignore[arg-type]
    write_config(arguments.to)


_FITTED: dict[str, npt.NDArray[Any]] = {}


def _left_out(task: tuple[Floats, Mask, Mask]) -> Floats:
    """Return the log odds of the lines left out, by a network that was fitted on the chosen ones."""
    weight, chosen, out = task
    x, y = _FITTED["x"], _FITTED["y"]
    return predict(x[out], fit(x[chosen], y[chosen], weight, RECIPE))


def write_config(folder: Path) -> None:
    config = {
        "version": 4,
        "features": list(FEATURES),
        "threshold": 0.5,
        "others": OTHERS,
        "slant": SLANT,
        "sure": SURE,
        "network": "lines.npz",
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
