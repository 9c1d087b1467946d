"""Fit what a display's layout speaks for: ``python -m training.display``.

Needs the network of ``training.display_net`` and a labelled folder with what was read in it. The weights are few,
shrunk towards nothing, and measured by leaving out one source (a game, a camera, a repository) at a time. Writes
``models/display-v1/config.json`` and ``measured.md``.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from detector.evidence import _mask
from detector.evidence._layout import line_features
from detector.evidence._mask import elements, look_at, picture_features
from detector.types import Json, Observations, make_quad
from training.drawing.compose import KINDS
from training.drawing.sketch import CLASSES
from training.overlay_lines import open_picture, write_sums

# What the layout model may use; everything else in the reading is for people to look at.
FEATURES = (
    "kind_game", "kind_none", "kind_stamp", "kind_drone", "kind_broadcast", "kind_thermal", "kind_sensor",
    "area_bar", "area_map", "area_icon", "area_panel", "count_icon", "count_bar", "reticle", "strip", "corners",
    "lines", "zones", "numbers", "timers", "stamp", "degrees", "position",
)  # fmt: skip
SETTINGS: dict[str, Any] = {
    "version": "display-v1",
    "network": "display.onnx",
    "side": 512,
    "classes": list(CLASSES),
    "kinds": list(KINDS),
    "pixel_threshold": 0.5,
    "least_cells": {"panel": 24, "map": 24, "bar": 8, "mark": 8, "icon": 6, "text": 5, "line": 5},
    "most_elements": 60,
    "least_laid": 0.002,
    "least_bits": 0.3,
    "most_camera_bits": 1.0,
}


def examine(corpus: Path, observations: Path, scores: Path | None, session: Any) -> list[dict[str, Any]]:
    """Return the features of every picture of the folder, as stored and stored again.

    Args:
        corpus: folder with ``manifest.jsonl``.
        observations: what was read: ``<sha256>.json``.
        scores: cross-validated probabilities of ``training.overlay_lines``, by file; None: the readings' own.
        session: the network.
    """
    rows = [json.loads(line) for line in (corpus / "manifest.jsonl").read_text("utf-8").splitlines()]
    known = json.loads(scores.read_text("utf-8")) if scores else {}
    out = []
    for row in rows:
        path = observations / f"{row['sha256']}.json"
        if not path.exists():
            continue
        seen = Observations.from_json(path.read_text("utf-8"))
        for again in (False, True):
            image = open_picture(corpus / row["file"], again=again)
            scale = image.width / seen.size[0]
            lines = tuple(
                replace(line, quad=make_quad([(x * scale, y * scale) for x, y in line.quad])) for line in seen.lines
            )
            readings: dict[str, Json] = dict(seen.readings)
            over = known.get(row["file"] + (" again" if again else ""))
            if over is not None:
                readings["overlay_lines"] = {"version": 1, "lines": over}
            here = replace(seen, size=image.size, lines=lines, readings=readings)
            picture = look_at(np.asarray(image), session)
            features = picture_features(picture, elements(picture, image.size), image.size)
            features.update(line_features(here))
            out.append({"row": row, "again": again, "features": features})
    return out


def table_of(examined: list[dict[str, Any]]) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return (features, label, source, weight); weights even out the sources of each label."""
    x = np.asarray([[entry["features"].get(name, 0.0) for name in FEATURES] for entry in examined])
    y = np.asarray([int(entry["row"]["label"] == "game") for entry in examined])
    groups = np.asarray([entry["row"]["source"] for entry in examined])
    sizes: dict[tuple[str, int], int] = defaultdict(int)
    for group, label in zip(groups, y, strict=True):
        sizes[(group, label)] += 1
    weight = np.asarray([sizes[(g, label)] ** -0.5 for g, label in zip(groups, y, strict=True)])
    for label in (0, 1):
        weight[y == label] *= 0.5 * len(y) / weight[y == label].sum()
    return x, y, groups, weight


def fit(x: np.ndarray, y: np.ndarray, weight: np.ndarray, strength: float) -> tuple[np.ndarray, float]:
    """Return (weights, intercept) on the features as they are; shrunk on their common scale."""
    spread = x.std(axis=0) + 1e-6
    model = LogisticRegression(C=strength, max_iter=2000).fit(x / spread, y, sample_weight=weight)
    return model.coef_[0] / spread, float(model.intercept_[0])


def used(examined: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Leave out game frames without an overlay and pictures that are neither game nor camera."""
    return [
        entry for entry in examined
        if entry["row"]["label"] == "camera" or (entry["row"]["label"] == "game" and entry["row"]["overlay"] != "none")
    ]  # fmt: skip


def cross(examined: list[dict[str, Any]], strength: float) -> dict[tuple[str, bool], float]:
    """Return the natural log odds of every picture, from weights fitted without its source."""
    train = used(examined)
    x, y, groups, weight = table_of(train)
    all_x, _, all_groups, _ = table_of(examined)
    scores: dict[tuple[str, bool], float] = {}
    for group in sorted(set(all_groups)):
        keep = groups != group
        coefficients, intercept = fit(x[keep], y[keep], weight[keep], strength)
        for index in np.flatnonzero(all_groups == group):
            entry = examined[index]
            scores[(entry["row"]["file"], entry["again"])] = float(all_x[index] @ coefficients + intercept)
    return scores


def measure(examined: list[dict[str, Any]], scores: dict[tuple[str, bool], float], again: bool) -> dict[str, float]:
    """Return AUROC against all camera pictures and against genuine overlays, and recall at 1 % false alarms."""
    chosen = [entry for entry in used(examined) if entry["again"] == again]
    s = np.asarray([scores[(entry["row"]["file"], again)] for entry in chosen])
    y = np.asarray([int(entry["row"]["label"] == "game") for entry in chosen])
    category = np.asarray([entry["row"]["category"] for entry in chosen])
    own = (y == 1) | (category == "RO")
    threshold = np.sort(s[y == 0])[::-1][max(1, int(0.01 * (y == 0).sum()))]
    return {
        "auroc": float(roc_auc_score(y, s)),
        "auroc_genuine_overlays": float(roc_auc_score(y[own], s[own])),
        "recall_at_1": float((s[y == 1] > threshold).mean()),
    }


def write_report(path: Path, examined: list[dict[str, Any]], scores: dict[tuple[str, bool], float]) -> None:
    """Write the figures, one row a source, and the worst errors each way."""
    lines = [
        "# Measured",
        "",
        "Cross-validated: the source of a picture is never among those that its weights were fitted on.",
        "",
    ]
    lines += [
        "| encoding | AUROC, all camera pictures | AUROC, genuine overlays | recall at 1 % false alarms |",
        "|---|---|---|---|",
    ]
    for again in (False, True):
        m = measure(examined, scores, again)
        name = "JPEG 70, long side 960" if again else "as stored"
        lines.append(f"| {name} | {m['auroc']:.3f} | {m['auroc_genuine_overlays']:.3f} | {m['recall_at_1']:.2f} |")
    for title, label in (("One game left out", "game"), ("One camera or station left out", "camera")):
        lines += [
            "",
            f"## {title}",
            "",
            "| subject | pictures | median bits | above 0 | above 3 bits |",
            "|---|---|---|---|---|",
        ]
        rows: dict[str, list[float]] = defaultdict(list)
        for entry in used(examined):
            if entry["row"]["label"] == label and not entry["again"]:
                rows[entry["row"]["subject"]].append(scores[(entry["row"]["file"], False)] / np.log(2))
        for subject, values in sorted(rows.items()):
            v = np.asarray(values)
            lines.append(
                f"| {subject} | {len(v)} | {np.median(v):+.1f} | {(v > 0).mean():.2f} | {(v > 3).mean():.2f} |"
            )
    lines += ["", "## Worst errors", ""]
    order = sorted(used(examined), key=lambda entry: scores[(entry["row"]["file"], entry["again"])])
    order = [entry for entry in order if not entry["again"]]
    for title, chosen in (
        ("Games taken for cameras", [entry for entry in order if entry["row"]["label"] == "game"][:10]),
        ("Cameras taken for games", [entry for entry in order[::-1] if entry["row"]["label"] == "camera"][:10]),
    ):
        lines += [f"{title}:", ""]
        for entry in chosen:
            bits = scores[(entry["row"]["file"], False)] / np.log(2)
            lines.append(f"- {entry['row']['subject']} ({entry['row']['overlay']}), {bits:+.1f} bits")
        lines.append("")
    path.write_text("\n".join(lines) + "\n", "utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--observations", type=Path, required=True)
    parser.add_argument("--scores", type=Path, help="cross-validated probabilities of training.overlay_lines")
    parser.add_argument("--to", type=Path, default=Path("models/display-v1"))
    parser.add_argument("--strength", type=float, default=0.1)
    parser.add_argument("--keep", type=Path, help="keep the features here, to fit again faster")
    arguments = parser.parse_args()
    arguments.to.mkdir(parents=True, exist_ok=True)
    network = arguments.to / SETTINGS["network"]
    _mask.config = lambda: SETTINGS  # type: ignore[assignment]  # the config is what we are about to write
    if arguments.keep and arguments.keep.exists():
        examined = json.loads(arguments.keep.read_text("utf-8"))
    else:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        session = onnxruntime.InferenceSession(str(network), options, providers=["CPUExecutionProvider"])
        examined = examine(arguments.corpus, arguments.observations, arguments.scores, session)
        if arguments.keep:
            arguments.keep.write_text(json.dumps(examined), "utf-8")
    scores = cross(examined, arguments.strength)
    for again in (False, True):
        print("again" if again else "as stored", measure(examined, scores, again))
    x, y, _, weight = table_of(used(examined))
    coefficients, intercept = fit(x, y, weight, arguments.strength)
    genuine = sum(1 for entry in examined if entry["row"]["label"] == "camera" and not entry["again"])
    config = {
        **SETTINGS,
        "most_bits": round(float(np.log2(genuine)), 2),
        "genuine_pictures": genuine,
        "layout": {
            "intercept": round(intercept, 4),
            "weights": {name: round(float(value), 4) for name, value in zip(FEATURES, coefficients, strict=True)},
        },
    }
    (arguments.to / "config.json").write_text(json.dumps(config, indent=1) + "\n", "utf-8")
    write_report(arguments.to / "measured.md", examined, scores)
    write_sums(arguments.to)


if __name__ == "__main__":
    main()
