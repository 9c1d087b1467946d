"""Measure on a labelled folder what models say that never saw the source of the picture.

    python -m benchmarks.corpus --corpus C --observations O --lines L --bits B [--again A] [--beside D P ...]
        --to benchmarks/corpus.md

O is what a scan of C wrote (DIR/observations), A what a scan of its pictures stored again wrote (``python -m
training.labelled``), P what a scan of D wrote, another labelled folder. L and B are from ``training.overlay_lines
--scores`` and ``training.display --bits``: what the models for lines and for displays say of each picture, fitted
without its source. The weights of the score are fitted without it here. The figures are those of
``overlay-detector evaluate``.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from detector.evaluation import Figures, Judged, Row, measure
from detector.evaluation.figures import asked_ratio
from detector.scoring import judge, scoring_config
from training.out_of_fold import Case, cases
from training.scoring import add_beside, beside, cross, genuine_pictures

PRIOR = {"camera": 0.9, "game": 0.05, "generated": 0.05}


def judged(found: Sequence[Case]) -> list[Judged]:
    """Return the cases, each judged with weights that were fitted without its group."""
    genuine = genuine_pictures()
    _, weights = cross(found, genuine)
    out = []
    for case, chosen in zip(found, weights, strict=True):
        model = {**scoring_config(), "weights": chosen}
        verdict = judge(case.report.evidence, prior=PRIOR, genuine_pictures=genuine, model=model)  # type: ignore[arg-type]
        row = Row(
            path="",
            name=case.row["file"],
            label=case.row["label"],
            source=case.group,
            category=case.row["category"],
            overlay=case.row["overlay"],
        )
        out.append(Judged(row, replace(case.report, verdict=verdict), case.held))
    return out


def figures_of(found: list[Case], others: list[Case]) -> tuple[list[Judged], Figures]:
    """Return the pictures of games and cameras as judged, and the figures.

    Args:
        found: the pictures that are measured.
        others: more pictures, that the score's weights are fitted on as well.
    """
    kept = [case for case in found if case.row["label"] in ("game", "camera")]
    items = judged(kept + others)[: len(kept)]
    return items, measure(items)


def by_source(items: Sequence[Judged], names: dict[str, str], label: str) -> list[str]:
    """Return a table: one row for each game, or for each source of camera pictures."""
    groups: dict[str, list[Judged]] = defaultdict(list)
    for item in items:
        if item.row.label == label and not item.row.bare:
            groups[names[item.row.name]].append(item)
    lines = [f"| {label} | pictures | flagged | least bits | most bits |", "|---|--:|--:|--:|--:|"]
    for name, members in sorted(groups.items(), key=lambda entry: (-len(entry[1]), entry[0])):
        bits = [asked_ratio(item, ("game",)) for item in members]
        flagged = sum(item.flagged for item in members)
        lines.append(f"| {name} | {len(members)} | {flagged} | {min(bits):.1f} | {max(bits):.1f} |")
    return lines


def worst(items: Sequence[Judged], label: str, most: int = 10) -> list[str]:
    """Return the games with the least bits, or the cameras with the most, and what was found in each."""
    chosen = [item for item in items if item.row.label == label and not item.row.bare]
    sign = 1 if label == "game" else -1
    chosen.sort(key=lambda item: (sign * asked_ratio(item, ("game",)), item.row.name))
    lines = ["| picture | bits | label | what was found |", "|---|--:|---|---|"]
    for item in chosen[:most]:
        assert item.report.verdict is not None
        told = [
            f"{entry.signature or entry.kind} {_bits(entry.bits)}"
            for entry in item.report.evidence
            if any(abs(bits) >= 0.3 for bits in entry.bits.values())
        ]
        bits = asked_ratio(item, ("game",))
        name = Path(item.row.name).stem
        lines.append(f"| {name} | {bits:.1f} | {item.report.verdict.label} | {'; '.join(told) or 'nothing'} |")
    return lines


def _bits(bits: dict[str, float]) -> str:
    return ", ".join(f"{value:+.1f} {name}" for name, value in bits.items())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--observations", type=Path, required=True)
    parser.add_argument("--lines", type=Path, required=True)
    parser.add_argument("--bits", type=Path, required=True)
    parser.add_argument("--again", type=Path)
    add_beside(parser)
    parser.add_argument("--to", type=Path, default=Path("benchmarks/corpus.md"))
    options = parser.parse_args()
    given = (options.corpus, options.observations, options.lines, options.bits)
    found, others = cases(*given), beside(options.beside, options.lines, options.bits)
    items, figures = figures_of(found, others)
    text = ["# Measured out of fold", "", *(__doc__ or "").split("\n\n")[2].strip().splitlines(), ""]
    text += ["```sh", " ".join((__doc__ or "").split("\n\n")[1].split()), "```", ""]
    text += ["## As stored", "", "```", *figures.lines(), "```", ""]
    if options.again:
        text += ["## All stored again as JPEG 70, at most 960 pixels long", ""]
        text += ["```", *figures_of(cases(*given, again=options.again), others)[1].lines(), "```", ""]
    text += ["## Without the signatures that name the game of the picture", ""]
    text += ["```", *figures_of(cases(*given, names=False), others)[1].lines(), "```", ""]
    if others:
        text += ["## The other labelled folders, of other games and cameras", ""]
        text += ["```", *figures_of(others, found)[1].lines(), "```", ""]
    subjects = {case.row["file"]: case.row["subject"] for case in found}
    sources = {case.row["file"]: case.row["source"] for case in found}
    text += ["## One game left out", "", *by_source(items, subjects, "game"), ""]
    text += ["## One source of camera pictures left out", "", *by_source(items, sources, "camera"), ""]
    text += ["## The ten game pictures with the least bits", "", *worst(items, "game"), ""]
    text += ["## The ten camera pictures with the most", "", *worst(items, "camera"), ""]
    options.to.write_text("\n".join(text), "utf-8")
    print("\n".join(text))


if __name__ == "__main__":
    main()
