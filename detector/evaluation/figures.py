"""From labelled pictures and their reports to figures."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from detector.errors import UsageError
from detector.evaluation.manifest import Row
from detector.evaluation.measures import (
    FALSE_ALARMS,
    RECALLS,
    Curve,
    Estimate,
    Floats,
    auroc,
    bootstrap,
    cllr,
    cllr_min,
    curve,
    rate,
)
from detector.types import LABELS, SOURCES, Json, Report, Source
from detector.wording import label_of

FLAGGED = ("suspect", "strong")
COLUMNS = (*LABELS, "error")


@dataclass(frozen=True, slots=True)
class Judged:
    """A labelled picture and what was said about it.

    Attributes:
        row: of the manifest.
        report: on the picture.
        held: bits for a game that the verdict held back, and that count among pictures known to have an overlay;
            see ``detector.evidence.display.held_back``.
    """

    row: Row
    report: Report
    held: float = 0.0

    @property
    def flagged(self) -> bool:
        """Whether its label is ``suspect`` or ``strong``."""
        return label_of(self.report) in FLAGGED


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """How well one class is told from camera pictures.

    Attributes:
        name: which class.
        positives, negatives: log2 likelihood ratios.
        positive_sources, negative_sources: how many different sources they are from.
        estimates: figures by name, with intervals.
        cllr_min: Cllr after the best monotone calibration.
        cllr_printed, auroc_printed: of the ratios as the verdicts give them, where nothing found counts as nothing.
    """

    name: str
    positives: Floats
    negatives: Floats
    positive_sources: int
    negative_sources: int
    estimates: dict[str, Estimate]
    cllr_min: float
    cllr_printed: float
    auroc_printed: float

    @property
    def calibration_loss(self) -> float:
        """What of Cllr is due to calibration, and not to the order of the scores."""
        return self.estimates["Cllr"].value - self.cllr_min

    def to_dict(self) -> dict[str, Json]:
        """Return it as JSON."""
        return {
            "name": self.name,
            "positives": len(self.positives),
            "negatives": len(self.negatives),
            "positive_sources": self.positive_sources,
            "negative_sources": self.negative_sources,
            **{name: estimate.to_dict() for name, estimate in self.estimates.items()},
            "Cllr_min": round(self.cllr_min, 4),
            "calibration_loss": round(self.calibration_loss, 4),
            "Cllr_as_printed": round(self.cllr_printed, 4),
            "AUROC_as_printed": round(self.auroc_printed, 4),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """All that is measured on a manifest.

    Attributes:
        comparisons: each class that is there against camera pictures, all together last.
        rates: share flagged (``suspect`` or ``strong``) by category, with Wilson intervals.
        confusion: how many pictures of a category got a label.
        by_source: (source, label, pictures, flagged), for sources with an error first.
        bare: pictures of games and models without any overlay, and how many were flagged; reported apart.
        errors: pictures that could not be read; they count in no figure.
        versions: what was measured.
    """

    comparisons: tuple[Comparison, ...]
    rates: dict[str, tuple[int, int, Estimate]]
    confusion: dict[str, dict[str, int]]
    by_source: tuple[tuple[str, str, int, int], ...]
    bare: tuple[int, int]
    errors: int
    versions: dict[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Json]:
        """Return it as JSON."""
        return {
            "comparisons": [item.to_dict() for item in self.comparisons],
            "flagged": {
                name: {"flagged": hits, "of": of, **estimate.to_dict()}
                for name, (hits, of, estimate) in self.rates.items()
            },
            "confusion": self.confusion,
            "by_source": [list(item) for item in self.by_source],
            "without_overlay": {"pictures": self.bare[0], "flagged": self.bare[1]},
            "errors": self.errors,
            "versions": self.versions,
        }

    def lines(self) -> list[str]:
        """Return it for the terminal."""
        lines = []
        for item in self.comparisons:
            lines += [
                f"{item.name}: {len(item.positives)} pictures of {item.positive_sources} sources, against "
                f"{len(item.negatives)} of {item.negative_sources}",
                *(f"  {name:<32} {estimate}" for name, estimate in item.estimates.items()),
                f"  {'Cllr, minimum':<32} {item.cllr_min:.3f}",
                f"  {'Cllr, lost to calibration':<32} {item.calibration_loss:.3f}",
                f"  {'Cllr of the verdicts as printed':<32} {item.cllr_printed:.3f}",
                f"  {'AUROC of the verdicts as printed':<32} {item.auroc_printed:.3f}",
                "",
            ]
        lines.append(f"{'category':<22}" + "".join(f"{name:>12}" for name in COLUMNS) + "   flagged [95 %]")
        for category, counts in self.confusion.items():
            cells = "".join(f"{counts[name]:>12}" for name in COLUMNS)
            lines.append(f"{category:<22}{cells}   {self.rates[category][2]}")
        if self.bare[0]:
            lines += ["", f"without overlay, reported apart: {self.bare[0]} pictures, {self.bare[1]} flagged"]
        return lines


def log2_ratio(report: Report, against_camera: Sequence[Source]) -> float:
    """Return the log2 likelihood ratio of these sources against camera, from the terms of the verdict.

    Several sources are weighed by their prior.
    """
    assert report.verdict is not None
    terms = report.verdict.contributions
    prior = {name: terms[0].bits.get(name, 0.0) for name in SOURCES}
    ratio = {name: sum(term.bits.get(name, 0.0) for term in terms[1:]) for name in SOURCES}
    total = sum(2.0 ** prior[name] for name in against_camera)
    mixed = sum(2.0 ** (prior[name] + ratio[name]) for name in against_camera)
    return math.log2(mixed / total) - ratio["camera"]


def asked_ratio(judged: Judged, against_camera: Sequence[Source]) -> float:
    """Return the log2 likelihood ratio for what a comparison asks: is a picture *with an overlay* a game's?

    The verdict does not know whether there is an overlay, and so counts nothing found as nothing. Among pictures that
    are known to have one, hardly anything like a display is itself found more often with cameras.
    """
    ratio = log2_ratio(judged.report, against_camera)
    return ratio + judged.held if tuple(against_camera) == ("game",) else ratio


def measure(judged: Sequence[Judged], *, samples: int = 1000, seed: int = 0) -> Figures:
    """Return all figures.

    Args:
        judged: labelled pictures with their reports.
        samples: draws of the bootstrap.
        seed: of the draws; same seed, same intervals.

    Raises:
        UsageError: without at least one camera picture and one other picture nothing can be measured.
    """
    read = [item for item in judged if item.report.verdict is not None]
    cameras = [item for item in read if item.row.label == "camera"]
    fakes = [item for item in read if item.row.label != "camera" and not item.row.bare]
    if not cameras or not fakes:
        raise UsageError(
            "pictures of both kinds are needed: at least one labelled camera, and one labelled game or "
            "generated whose overlay is not none"
        )
    comparisons = []
    classes: list[tuple[str, list[Judged], tuple[Source, ...]]] = [
        (f"{label} against camera", [item for item in fakes if item.row.label == label], (label,))
        for label in SOURCES[1:]
    ]
    present = [item for item in classes if item[1]]
    if len(present) > 1:
        present.append(("all against camera", fakes, SOURCES[1:]))
    for name, positives, sources in present:
        comparisons.append(_compare(name, positives, cameras, sources, samples, seed))
    bare = [item for item in read if item.row.bare]
    return Figures(
        comparisons=tuple(comparisons),
        rates=_rates(judged),
        confusion=_confusion(judged),
        by_source=_by_source(read),
        bare=(len(bare), sum(item.flagged for item in bare)),
        errors=len(judged) - len(read),
        versions=dict(read[0].report.versions),
    )


def _compare(
    name: str, positives: list[Judged], cameras: list[Judged], sources: tuple[Source, ...], samples: int, seed: int
) -> Comparison:
    scores = [np.asarray([asked_ratio(item, sources) for item in part]) for part in (positives, cameras)]
    printed = [np.asarray([log2_ratio(item.report, sources) for item in part]) for part in (positives, cameras)]
    groups = [[item.row.source for item in part] for part in (positives, cameras)]
    named: dict[str, Callable[[Curve], Floats]] = {"AUROC": Curve.auroc}
    named |= {f"recall at {share:.0%} false alarms": _recall_at(share) for share in FALSE_ALARMS}
    named |= {f"false alarms at {share:.0%} recall": _alarms_at(share) for share in RECALLS}
    intervals, misled = bootstrap(
        scores[0], scores[1], groups[0], groups[1], samples=samples, seed=seed, measures=list(named.values())
    )
    whole = curve(scores[0], scores[1])
    estimates = {
        title: Estimate(float(function(whole)[0]), *interval)
        for (title, function), interval in zip(named.items(), intervals, strict=True)
    }
    estimates["Cllr"] = Estimate(cllr(scores[0], scores[1]), *misled)
    return Comparison(
        name=name,
        positives=scores[0],
        negatives=scores[1],
        positive_sources=len(set(groups[0])),
        negative_sources=len(set(groups[1])),
        estimates=estimates,
        cllr_min=cllr_min(scores[0], scores[1]),
        cllr_printed=cllr(printed[0], printed[1]),
        auroc_printed=auroc(printed[0], printed[1]),
    )


def _recall_at(share: float) -> Callable[[Curve], Floats]:
    return lambda bent: bent.recall_at(share)


def _alarms_at(share: float) -> Callable[[Curve], Floats]:
    return lambda bent: bent.alarms_at(share)


def _category(row: Row) -> str:
    name = row.label if row.category == row.label else f"{row.label} ({row.category})"
    return f"{name}, no overlay" if row.bare else name


def _confusion(judged: Sequence[Judged]) -> dict[str, dict[str, int]]:
    counts: dict[str, Counter[str]] = {}
    for item in judged:
        counts.setdefault(_category(item.row), Counter())[label_of(item.report)] += 1
    return {name: {label: counts[name][label] for label in COLUMNS} for name in sorted(counts)}


def _rates(judged: Sequence[Judged]) -> dict[str, tuple[int, int, Estimate]]:
    rates = {}
    for name in sorted({_category(item.row) for item in judged}):
        members = [item for item in judged if _category(item.row) == name and item.report.verdict is not None]
        hits = sum(item.flagged for item in members)
        rates[name] = (hits, len(members), rate(hits, len(members)))
    return rates


def _by_source(judged: Sequence[Judged]) -> tuple[tuple[str, str, int, int], ...]:
    members: dict[tuple[str, str], list[Judged]] = {}
    for item in judged:
        if not item.row.bare:
            members.setdefault((item.row.source, item.row.label), []).append(item)
    rows = [
        (source, label, len(items), sum(item.flagged for item in items)) for (source, label), items in members.items()
    ]

    def wrong(entry: tuple[str, str, int, int]) -> float:
        _, label, pictures, flagged = entry
        return (flagged if label == "camera" else pictures - flagged) / pictures

    return tuple(sorted(rows, key=lambda entry: (-wrong(entry), entry[1], entry[0])))


def misses(judged: Sequence[Judged]) -> list[Judged]:
    """Return pictures with an overlay that are no camera's and were not flagged, the worst first."""
    found = [
        item
        for item in judged
        if item.report.verdict is not None and item.row.label != "camera" and not item.row.bare and not item.flagged
    ]
    return sorted(found, key=lambda item: (log2_ratio(item.report, (item.row.label,)), item.row.name))


def false_alarms(judged: Sequence[Judged]) -> list[Judged]:
    """Return camera pictures that were flagged, the worst first."""
    found = [item for item in judged if item.row.label == "camera" and item.flagged]
    return sorted(found, key=lambda item: (-log2_ratio(item.report, SOURCES[1:]), item.row.name))


def near_alarms(judged: Sequence[Judged], most: int = 10) -> list[Judged]:
    """Return camera pictures that were not flagged although something speaks against a camera, the worst first."""
    found = [
        (log2_ratio(item.report, SOURCES[1:]), item)
        for item in judged
        if item.report.verdict is not None and item.row.label == "camera" and not item.flagged
    ]
    worst = sorted((pair for pair in found if pair[0] > 0.5), key=lambda pair: (-pair[0], pair[1].row.name))
    return [item for _, item in worst[:most]]
