"""Fit how evidence is weighed: ``python -m training.scoring --corpus C --observations O --lines L --bits B``.

Three weights (of words, of a display's layout, of what speaks for a camera), none above 1: the bits say already
what was measured, and a weight can only make them more careful. They are chosen from a coarse grid, so that no
single picture decides, by the cost that Cllr counts; sources count by the root of their pictures. Prints the figures
cross-validated by source and writes ``models/scoring-v1/config.json``.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from detector.evaluation.measures import auroc, cllr, cllr_min, costs
from detector.scoring import judge, scoring_config
from training.out_of_fold import Case, cases
from training.overlay_lines import write_sums

WORDS = (0.6, 0.7, 0.8, 0.9, 1.0)
DISPLAY = (0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
CAMERA = (0.5, 0.75, 1.0)
PULL = 0.01
"""Cost of a weight that is 1 below what the bits say: without a reason they are taken as they are."""
EVEN = {"camera": 1 / 3, "game": 1 / 3, "generated": 1 / 3}

Grid = list[dict[str, float]]


def grid() -> Grid:
    """Return all weights that are tried."""
    return [{"words": w, "display": d, "camera": c} for w, d, c in product(WORDS, DISPLAY, CAMERA)]


def ratios(found: Sequence[Case], tried: Grid, genuine: int) -> np.ndarray:
    """Return (weights, pictures) log2 ratios of game against camera."""
    table = np.zeros((len(tried), len(found)))
    for row, weights in enumerate(tried):
        model = {**scoring_config(), "weights": weights}
        for column, case in enumerate(found):
            verdict = judge(case.report.evidence, prior=EVEN, genuine_pictures=genuine, model=model)  # type: ignore[arg-type]
            terms = verdict.contributions[1:]
            table[row, column] = sum(t.bits.get("game", 0.0) - t.bits.get("camera", 0.0) for t in terms)
    return table


def best(table: np.ndarray, held: np.ndarray, y: np.ndarray, groups: np.ndarray, tried: Grid) -> int:
    """Return the row of the cheapest weights.

    Args:
        table: (weights, pictures) log2 ratios.
        held: (pictures,) what verdicts hold back, and what counts here: all game frames here have an overlay.
        y: 1 for games.
        groups: of each picture.
        tried: the weights of the rows.
    """
    sizes = Counter(zip(groups.tolist(), y.tolist(), strict=True))
    weight = np.asarray([sizes[key] ** -0.5 for key in zip(groups.tolist(), y.tolist(), strict=True)])
    cost = np.asarray([PULL * sum((1 - value) ** 2 for value in weights.values()) for weights in tried])
    for positive in (True, False):
        part = y == int(positive)
        scores = table[:, part] + held[part]
        cost = cost + costs(scores, positive=positive) @ (weight[part] / weight[part].sum() / 2)
    return int(cost.argmin())


def cross(found: Sequence[Case], genuine: int) -> tuple[np.ndarray, list[dict[str, float]]]:
    """Return each picture's ratio and the weights, both fitted without its group."""
    tried = grid()
    table = ratios(found, tried, genuine)
    held = np.asarray([case.held for case in found])
    y = np.asarray([int(case.row["label"] == "game") for case in found])
    groups = np.asarray([case.group for case in found])
    used = np.asarray([case.used for case in found])
    out, chosen = np.zeros(len(found)), [{}] * len(found)
    for group in sorted(set(groups.tolist())):
        keep = used & (groups != group)
        row = best(table[:, keep], held[keep], y[keep], groups[keep], tried)
        for index in np.flatnonzero(groups == group):
            out[index], chosen[index] = table[row, index], tried[row]
    return out, chosen


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--observations", type=Path, required=True, help="what a scan of it wrote")
    parser.add_argument("--lines", type=Path, required=True, help="from training.overlay_lines --scores")
    parser.add_argument("--bits", type=Path, required=True, help="from training.display --bits")
    add_beside(parser)
    parser.add_argument("--to", type=Path, default=Path("models/scoring-v1"))
    arguments = parser.parse_args()
    found = cases(arguments.corpus, arguments.observations, arguments.lines, arguments.bits)
    found += beside(arguments.beside, arguments.lines, arguments.bits)
    found = [case for case in found if case.used]
    genuine = genuine_pictures()
    y = np.asarray([int(case.row["label"] == "game") for case in found])
    groups = np.asarray([case.group for case in found])
    held = np.asarray([case.held for case in found])
    scores, chosen = cross(found, genuine)
    tried = grid()
    row = best(ratios(found, tried, genuine), held, y, groups, tried)
    print(f"weights {tried[row]}, without one group each: {Counter(str(weights) for weights in chosen)}")
    for name, s in (("as the verdict says", scores), ("given that there is an overlay", scores + held)):
        up, down = s[y == 1], s[y == 0]
        print(f"{name}: AUROC {auroc(up, down):.4f}, Cllr {cllr(up, down):.4f}, least {cllr_min(up, down):.4f}")
    write(arguments.to, {"weights": tried[row]})


def add_beside(parser: argparse.ArgumentParser) -> None:
    """Add the option that names further labelled folders."""
    parser.add_argument(
        "--beside", nargs=2, action="append", default=[], type=Path, metavar=("FOLDER", "OBSERVATIONS"),
        help="another labelled folder, of other games and cameras, and what a scan of it wrote",
    )  # fmt: skip


def beside(folders: Sequence[Sequence[Path]], lines: Path, bits: Path) -> list[Case]:
    """Return the pictures of further labelled folders, each judged by models that did not see its source."""
    return [case for folder, seen in folders for case in cases(folder, seen, lines, bits)]


def genuine_pictures() -> int:
    """Return the number of genuine pictures behind the words' error rates."""
    from detector.knowledge import load_knowledge

    return load_knowledge().genuine_pictures


def write(folder: Path, fitted: dict[str, Any]) -> None:
    """Write the fitted numbers beside those that are set, and the sums."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps({**scoring_config(), **fitted}, indent=2)
    (folder / "config.json").write_text(text + "\n", "utf-8")
    write_sums(folder)


if __name__ == "__main__":
    main()
