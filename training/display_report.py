"""Writes what was measured of the display's layout: figures with intervals, a row a source, the worst errors."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import roc_auc_score

Scores = dict[tuple[str, bool], float]
ROUNDS = 1000


def figures(bits: np.ndarray, game: np.ndarray, own: np.ndarray) -> dict[str, float]:
    """Return the figures of one set of pictures.

    Args:
        bits: of each picture, for a game against a camera.
        game: which are game frames with an overlay; the others are camera pictures.
        own: which camera pictures carry a display of their own.
    """
    ratio = np.exp2(bits)
    genuine = np.sort(bits[~game])[::-1]

    def recall(share: float) -> float:
        """Return the share of games above the score that at most this share of genuine pictures reaches."""
        return float((bits[game] > max(0.0, genuine[int(share * len(genuine))])).mean())

    cllr = 0.5 * (np.log2(1 + 1 / ratio[game]).mean() + np.log2(1 + ratio[~game]).mean())
    return {
        "AUROC, all camera pictures": float(roc_auc_score(game, bits)),
        "AUROC, genuine overlays": float(roc_auc_score(game[game | own], bits[game | own])),
        "recall at 1 % false alarms": recall(0.01),
        "recall at 2 % false alarms": recall(0.02),
        "games above 3 bits": float((bits[game] > 3).mean()),
        "cameras above 3 bits": float((bits[~game] > 3).mean()),
        "genuine overlays above 3 bits": float((bits[own] > 3).mean()),
        "Cllr": float(cllr),
    }


def with_intervals(
    bits: np.ndarray, game: np.ndarray, own: np.ndarray, groups: np.ndarray
) -> dict[str, tuple[float, float, float]]:
    """Return each figure with its 95 % interval, drawing groups with replacement."""
    best = figures(bits, game, own)
    rng = np.random.default_rng(5)
    members = {name: np.flatnonzero(groups == name) for name in sorted(set(groups))}
    names = list(members)
    drawn: dict[str, list[float]] = defaultdict(list)
    for _ in range(ROUNDS):
        chosen = np.concatenate([members[names[int(i)]] for i in rng.integers(len(names), size=len(names))])
        if game[chosen].all() or not game[chosen].any() or not own[chosen].any():
            continue
        for name, value in figures(bits[chosen], game[chosen], own[chosen]).items():
            drawn[name].append(value)
    return {
        name: (value, float(np.percentile(drawn[name], 2.5)), float(np.percentile(drawn[name], 97.5)))
        for name, value in best.items()
    }


Entries = list[dict[str, Any]]


def table(entries: Entries, scores: Scores, groups: dict[str, str]) -> list[str]:
    """Return the figures of these pictures as lines of Markdown."""
    games = [e for e in entries if e["row"]["label"] == "game" and e["row"]["overlay"] != "none"]
    bare = [e for e in entries if e["row"]["label"] == "game" and e["row"]["overlay"] == "none"]
    cameras = [e for e in entries if e["row"]["label"] == "camera"]
    named = len({groups[e["row"]["file"]] for e in games}), len({groups[e["row"]["file"]] for e in cameras})
    lines = [
        f"{len(games) // 2} game frames with an overlay, of {named[0]} sources, against {len(cameras) // 2} pictures "
        f"of cameras, of {named[1]}.",
        "",
        "| figure | as stored | JPEG 70, long side 960 |",
        "|---|---|---|",
    ]
    columns = []
    for again in (False, True):
        chosen = [e for e in games + cameras if e["again"] == again]
        columns.append(
            with_intervals(
                np.asarray([scores[(e["row"]["file"], again)] for e in chosen]),
                np.asarray([e["row"]["label"] == "game" for e in chosen]),
                np.asarray([e["row"]["category"] == "RO" for e in chosen]),
                np.asarray([groups[e["row"]["file"]] for e in chosen]),
            )
        )
    for name in columns[0]:
        cells = ("{:.3f} ({:.3f} to {:.3f})".format(*column[name]) for column in columns)
        lines.append(f"| {name} | {' | '.join(cells)} |")
    for again in (False, True):
        values = [scores[(e["row"]["file"], again)] for e in bare if e["again"] == again]
        lines += [
            "",
            f"Game frames without an overlay, {'stored again' if again else 'as stored'}: of {len(values)}, "
            f"{sum(v > 0 for v in values)} get bits for a game, {sum(v > 3 for v in values)} more than 3; "
            f"{sum(v < 0 for v in values)} for a camera.",
        ]
    return lines


def write_report(path: Path, corpus: Entries, beside: Entries, scores: Scores, groups: dict[str, str]) -> str:
    """Write the figures, one row a game and a kind of camera, and the worst errors; return the figures as text.

    Args:
        path: file to write.
        corpus: the pictures of the labelled corpus.
        beside: those of the other labelled folders; may be empty.
        scores: bits of each picture.
        groups: of each picture, by file.
    """
    games = [e for e in corpus if e["row"]["label"] == "game" and e["row"]["overlay"] != "none"]
    cameras = [e for e in corpus if e["row"]["label"] == "camera"]
    lines = [
        "# Measured",
        "",
        "Bits of this kind of evidence alone, from weights fitted without the picture's own source and, for games,",
        "without any other picture of the same game. Intervals: 95 %, sources drawn with replacement.",
        "",
        "## The labelled corpus",
        "",
        *table(corpus, scores, groups),
    ]
    if beside:
        lines += ["", "## The other labelled folders", "", *table(beside, scores, groups)]
    head = "\n".join(lines)
    for title, entries in (("One game left out", games), ("One kind of camera, by source left out", cameras)):
        lines += ["", f"## {title}", ""]
        lines += [
            "| subject | pictures | least bits | median | most | above 0 | above 3 |",
            "|---|---|---|---|---|---|---|",
        ]
        rows: dict[str, list[float]] = defaultdict(list)
        for entry in entries:
            if not entry["again"]:
                rows[entry["row"]["subject"]].append(scores[(entry["row"]["file"], False)])
        for subject, found in sorted(rows.items()):
            v = np.asarray(found)
            lines.append(
                f"| {subject} | {len(v)} | {v.min():+.1f} | {np.median(v):+.1f} | {v.max():+.1f} | {(v > 0).sum()} "
                f"| {(v > 3).sum()} |"
            )
    lines += ["", "## Worst errors", ""]
    for title, entries, way in (("Games least like games", games, 1), ("Cameras most like games", cameras, -1)):
        lines += [f"{title}:", ""]
        order = sorted((e for e in entries if not e["again"]), key=lambda e: way * scores[(e["row"]["file"], False)])
        for entry in order[:10]:
            row = entry["row"]
            lines.append(
                f"- {row['file']}: {row['subject']} ({row['overlay']}), {scores[(row['file'], False)]:+.1f} bits"
            )
        lines.append("")
    path.write_text("\n".join(lines).rstrip() + "\n", "utf-8")
    return head
