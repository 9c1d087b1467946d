"""How many lines the model tells rightly, set by set and source by source: what ``training.overlay_lines`` prints."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.metrics import roc_auc_score

_FEWEST = 20
_WORST = 40


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a labelled picture: its folder's number, the picture's manifest row, and what the line is.

    ``label`` is 1 if it was laid over, 0 if it stands in the scene, -1 if it cannot be told.
    """

    folder: int
    row: dict[str, Any]
    again: bool
    label: int
    text: str

    @property
    def name(self) -> str:
        """The picture's name, with ``" again"`` for the one stored again."""
        return str(self.row["file"]) + (" again" if self.again else "")


def report(lines: Sequence[Line], scores: npt.NDArray[np.float64], folders: Sequence[str]) -> None:
    """Print how many lines are right, by folder and by source, and the worst errors; a line's score is out of fold."""
    label = np.asarray([line.label for line in lines])
    again = np.asarray([line.again for line in lines])
    folder = np.asarray([line.folder for line in lines])
    mixed = np.asarray([line.row["overlay"] != "none" for line in lines])
    names = [line.name for line in lines]
    sets = [(name, folder == index) for index, name in enumerate(folders)]
    if len(folders) > 1:
        beside = folder > 0
        sets += [("all beside the first", beside), ("all beside the first, with an overlay", beside & mixed)]
    print("| lines of | stored | lines | right | laid over | scene | AUROC | each picture counted once |")
    print("|---|---|--:|--:|--:|--:|--:|--:|")
    for name, chosen in sets:
        for stored, part in (("as it was", ~again), ("JPEG 70, 960", again)):
            here = np.flatnonzero(chosen & part & (label >= 0))
            right, over = (scores[here] >= 0.5) == label[here], label[here] == 1
            counts = Counter(names[index] for index in here)
            once = np.asarray([1 / counts[names[index]] for index in here])
            print(
                f"| {name} | {stored} | {len(here):,} | {right.mean():.1%} | {right[over].mean():.1%} | "
                f"{right[~over].mean():.1%} | {roc_auc_score(label[here], scores[here]):.3f} | "
                f"{np.average(right, weights=once):.1%} |"
            )
    for title, inside in (("first folder", folder == 0), ("beside it", folder > 0)):
        table: dict[tuple[str, int], list[bool]] = defaultdict(list)
        for index in np.flatnonzero(inside & (label >= 0)):
            table[(lines[index].row["source"], lines[index].label)].append(bool((scores[index] >= 0.5) == label[index]))
        print(f"\n{title}, by source, both encodings together:\n")
        print("| source | lines | how many | right |\n|---|---|--:|--:|")
        for (source, sort), values in sorted(table.items()):
            if len(values) >= _FEWEST:
                print(f"| {source} | {'over' if sort else 'scene'} | {len(values)} | {np.mean(values):.0%} |")
    known = np.flatnonzero(label >= 0)
    for index in known[np.argsort(-np.abs(scores[known] - label[known]), kind="stable")[:_WORST]]:
        print(f"   {scores[index]:.2f} {label[index]} {names[index]} {lines[index].text!r}")
