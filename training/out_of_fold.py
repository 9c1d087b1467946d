"""What is found in a labelled folder by models that never saw the source of the picture.

The models that were fitted on a labelled folder are measured on it by leaving out the source (a game, a camera, a
repository) of each picture: ``training.overlay_lines --scores`` and ``training.display --bits`` write what their
models say of each picture without having seen its source, and here that takes the place of what the packaged
models say. The words were never fitted, but some signatures were collected from the games of the folder: their
games can be left out, too.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from detector.knowledge import Knowledge, load_knowledge
from detector.pipeline import Detector
from detector.types import Evidence, Observations, Quad, Report, quad_bounds
from training.labelled import manifest, read_before


@dataclass(frozen=True, slots=True)
class Case:
    """A labelled picture, the report with the evidence found out of fold, and what may not be on both sides.

    ``held`` are the display's bits for a game that a verdict holds back (see ``evidence.display.held_back``).
    """

    row: dict[str, Any]
    report: Report
    group: str
    held: float

    @property
    def used(self) -> bool:
        """Whether it is what weights are fitted on: a camera's picture, or a game frame with an overlay."""
        return self.row["label"] == "camera" or (self.row["label"] == "game" and self.row["overlay"] != "none")


def cases(
    corpus: Path,
    observations: Path,
    lines: Path | None,
    bits: Path,
    *,
    again: Path | None = None,
    names: bool = True,
) -> list[Case]:
    """Return the labelled pictures, each judged by models that did not see its source.

    Args:
        corpus: folder with ``manifest.jsonl``.
        observations: what a scan of it wrote.
        lines: the cross-validated probabilities of ``training.overlay_lines --scores``; None for a folder whose
            overlays the packaged model never saw.
        bits: the cross-validated bits of ``training.display --bits``.
        again: what a scan of the pictures stored again wrote (see ``training.labelled``): judge those instead, as
            far as they are there.
        names: False leaves out, for each game's pictures, every signature that names the game.
    """
    over = {} if lines is None else json.loads(lines.read_text("utf-8"))
    display = json.loads(bits.read_text("utf-8"))
    stored = read_before(observations)
    copies = {} if again is None else {Path(item.source).stem: item for item in read_before(again).values()}
    rows = [row for row in manifest(corpus) if row["sha256"] in stored]
    groups = groups_of(rows)
    whole, suffix = load_knowledge(), "" if again is None else " again"
    judges: dict[str, Detector] = {}
    found = []
    for row, group in zip(rows, groups, strict=True):
        seen = stored[row["sha256"]]
        probabilities = over.get(row["file"] + suffix, [])
        if again is not None:
            copy = copies.get(Path(row["file"]).stem)
            if copy is None:
                continue
            probabilities = moved(seen, probabilities, copy)
            seen = copy
        if lines is not None and len(probabilities) == len(seen.lines):
            readings = {**seen.readings, "overlay_lines": {"version": 1, "lines": probabilities}}
            seen = replace(seen, readings=readings)
        game = "" if names or row["label"] != "game" else row["subject"]
        if game not in judges:
            judges[game] = Detector()
            judges[game]._knowledge = whole if not game else without(whole, game)
        report = judges[game].judge(seen)
        kept = [item for item in report.evidence if item.kind != "display"]
        given, held = display.get(row["file"] + suffix, (0.0, 0.0))
        kept += display_evidence(float(given))
        found.append(Case(row, replace(report, source=row["file"], evidence=tuple(kept)), group, float(held)))
    return found


def display_evidence(bits: float) -> list[Evidence]:
    """Return the evidence that a display of these bits is; positive ones speak for a game."""
    if not bits:
        return []
    told: dict[str, float] = {"game": bits} if bits > 0 else {"camera": -bits}
    title = "A display like a game's" if bits > 0 else "A display like a camera's or station's own"
    return [Evidence(kind="display", group="display", mark="display", title=title, bits=told, why="measured")]


def groups_of(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return each picture's group: those of one source are together, and so are a game's of all sources."""
    above: dict[str, str] = {}

    def root(name: str) -> str:
        while above.setdefault(name, name) != name:
            name = above[name]
        return name

    for row in rows:
        if row["label"] == "game":
            above[root("source " + row["source"])] = root("game " + row["subject"].split(":")[0])
    return [root("source " + row["source"]) for row in rows]


def folds_of(groups: Sequence[str], *, alone: int, shared: int) -> list[int]:
    """Return a fold for each picture: one for each group of at least ``alone``, ``shared`` for all others together."""
    counts = Counter(groups)
    names = sorted(counts)
    own = {name: shared + number for number, name in enumerate(names) if counts[name] >= alone}
    return [own.get(name, int(hashlib.sha256(name.encode()).hexdigest(), 16) % shared) for name in groups]


def moved(before: Observations, values: Sequence[float], after: Observations) -> list[float]:
    """Return for each line of the second reading the value of the line that stands there in the first.

    A line that was not read before gets the mean of the others.
    """
    if len(values) != len(before.lines) or not values:
        return []
    scale = after.size[0] / before.size[0]
    old = [tuple(value * scale for value in quad_bounds(line.quad)) for line in before.lines]
    middle = sum(values) / len(values)
    out = []
    for line in after.lines:
        shares = [_shared(line.quad, box) for box in old]
        best = max(range(len(shares)), key=shares.__getitem__)
        out.append(values[best] if shares[best] > 0.2 else middle)
    return out


def _shared(quad: Quad, box: Sequence[float]) -> float:
    left, top, right, bottom = quad_bounds(quad)
    wide = max(0.0, min(right, box[2]) - max(left, box[0]))
    tall = max(0.0, min(bottom, box[3]) - max(top, box[1]))
    both = (right - left) * (bottom - top) + (box[2] - box[0]) * (box[3] - box[1]) - wide * tall
    return wide * tall / both if both > 0 else 0.0


def squash(text: str) -> str:
    """Return the letters and digits only."""
    return "".join(letter for letter in text.lower() if letter.isalnum())


def without(knowledge: Knowledge, game: str) -> Knowledge:
    """Return the knowledge without the signatures that name a game, or one of its series."""
    own = squash(game.split(":")[0])
    stem = own.rstrip("0123456789")

    def names_it(signature: Any) -> bool:
        told = [squash(signature.id.rpartition(".")[2])]
        for name in ("game", "games", "series", "engine"):
            told += [squash(part) for part in signature.attributes.get(name, "").replace(" and ", ",").split(",")]
        return any(len(part) > 3 and (part in own or own in part or (len(stem) > 3 and stem in part)) for part in told)

    return Knowledge({name: item for name, item in knowledge.signatures.items() if not names_it(item)})
