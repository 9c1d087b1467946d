"""Adds up evidence: named terms in bits, correlated ones discounted and capped, and a posterior.

The sum is Bayes' rule in base 2. Every piece of evidence carries log2 likelihood ratios; within a group the
second strongest counts half, the third a quarter and so on, because they are correlated; what a group adds
is weighted and capped, and so is the whole sum, at the number of genuine pictures that the error rates were
measured on. All numbers stand in ``models/scoring-v1/config.json``, and its card says how they were found.

The verbal scale is that of the ENFSI Guideline for Evaluative Reporting in Forensic Science (2015).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from math import log2
from typing import Any

from detector.resources import model_file
from detector.types import PATH_KINDS, SOURCES, Contribution, Evidence, Label, Source, Verdict

MODEL = "scoring-v1"

PROPOSITIONS: Mapping[Source, str] = {
    "camera": "it was recorded by a camera or a real sensor, with or without a display of its own",
    "game": "it was rendered by a game or a simulator",
    "generated": "it was made by an AI model",
}

# Lower bound of the likelihood ratio, and the words for it.
_SCALE = (
    (1e6, "extremely strong support"),
    (1e4, "very strong support"),
    (1e3, "strong support"),
    (1e2, "moderately strong support"),
    (1e1, "moderate support"),
    (2.0, "weak support"),
)


@cache
def scoring_config() -> Mapping[str, Any]:
    """Return the numbers of the scoring model.

    Raises:
        EngineError: if its file is missing or damaged.
    """
    config: Mapping[str, Any] = json.loads(model_file(MODEL, "config.json").read_text("utf-8"))
    return config


def judge(
    evidence: Sequence[Evidence],
    *,
    prior: Mapping[Source, float],
    genuine_pictures: int | None = None,
    model: Mapping[str, Any] | None = None,
) -> Verdict:
    """Return what the evidence adds up to.

    Args:
        evidence: what was found; the order does not matter for the sum, only for the list of terms.
        prior: probability of each source before looking; sums to 1.
        genuine_pictures: size of the genuine set behind the error rates: no source is favoured over camera by
            a likelihood ratio above it. None: no such cap.
        model: numbers to use in place of the packaged ones; for measuring.

    Raises:
        ValueError: if the prior is no distribution over the sources.
    """
    if set(prior) != set(SOURCES) or min(prior.values()) <= 0 or abs(sum(prior.values()) - 1) > 1e-6:
        raise ValueError(f"a prior is a positive probability for each of {', '.join(SOURCES)}, not {prior}")
    terms = [Contribution(name="prior", bits={name: log2(prior[name]) for name in SOURCES})]
    terms += _evidence_terms(evidence, scoring_config() if model is None else model)
    ratios = {name: sum(term.bits.get(name, 0.0) for term in terms[1:]) for name in SOURCES}
    ceiling = None if genuine_pictures is None else log2(max(genuine_pictures, 1))
    if ceiling is not None:
        excess = {name: max(0.0, ratios[name] - ratios["camera"] - ceiling) for name in SOURCES}
        if any(excess.values()):
            cut: dict[str, float] = {name: -value for name, value in excess.items()}
            terms.append(Contribution(name=f"cap: measured on {genuine_pictures} genuine pictures", bits=cut))
            ratios = {name: ratios[name] - excess[name] for name in SOURCES}
    weights = {name: log2(prior[name]) + ratios[name] for name in SOURCES}
    top = max(weights.values())
    total = sum(2 ** (weight - top) for weight in weights.values())
    sources: dict[str, float] = {name: round(2 ** (weights[name] - top) / total, 6) for name in SOURCES}
    fakeness = round(1 - sources["camera"], 6)
    label = _label(fakeness, evidence)
    return Verdict(
        sources=sources,
        fakeness=fakeness,
        label=label,
        scale=_scale(ratios),
        contributions=tuple(terms),
        summary=_summary(label, evidence),
    )


def group_of(item: Evidence, source: Source, bits: float) -> str:
    """Return which evidence this is correlated with, as far as it speaks for one source."""
    # All that speaks for a camera is one group: whoever fakes one part of a display can fake all.
    return "camera" if source == "camera" and bits > 0 else item.group or item.mark or item.kind


def _evidence_terms(evidence: Sequence[Evidence], config: Mapping[str, Any]) -> list[Contribution]:
    """Discount, weigh and cap each group, source by source and sign by sign; one term a piece of evidence."""
    weights: Mapping[str, float] = config["weights"]
    counted: list[dict[str, float]] = [{} for _ in evidence]
    groups: dict[tuple[str, str, bool], list[int]] = {}
    for index, item in enumerate(evidence):
        for source, bits in item.bits.items():
            groups.setdefault((group_of(item, source, bits), source, bits > 0), []).append(index)  # type: ignore[arg-type]
    for (group, source, _), members in groups.items():
        members.sort(key=lambda index: (-abs(evidence[index].bits[source]), index))
        weight = weights.get(group, weights["words"])
        weighted = [
            weight * evidence[index].bits[source] * config["discount"] ** rank for rank, index in enumerate(members)
        ]
        cap = config["group_caps"].get(group, config["default_cap"])
        total = abs(sum(weighted))
        shrink = cap / total if total > cap else 1.0
        for index, bits in zip(members, weighted, strict=True):
            counted[index][source] = bits * shrink
    return [Contribution(name=item.title, bits=counted[index], evidence=index) for index, item in enumerate(evidence)]


def _label(fakeness: float, evidence: Sequence[Evidence]) -> Label:
    labels = scoring_config()["labels"]
    if fakeness >= labels["strong"]:
        return "strong"
    if fakeness >= labels["suspect"]:
        return "suspect"
    return "marked" if any(item.mark in PATH_KINDS for item in evidence) else "no-finding"


def _scale(ratios: Mapping[Source, float]) -> str:
    """Put the likelihood ratio of the best supported proposition into words, both propositions named."""
    other = max(("game", "generated"), key=lambda name: ratios[name])  # type: ignore[index]
    bits = ratios[other] - ratios["camera"]  # type: ignore[index]
    ratio = 2 ** abs(bits)
    words = next((words for bound, words in _SCALE if ratio >= bound), None)
    if words is None:
        return (
            "no support either way: what was found is about as likely if "
            f"{PROPOSITIONS['camera']} as if {PROPOSITIONS['game']}"
        )
    better, worse = (other, "camera") if bits > 0 else ("camera", other)
    return (
        f"{words}: what was found is about {_round_ratio(ratio)} times more likely if {PROPOSITIONS[better]} "  # type: ignore[index]
        f"than if {PROPOSITIONS[worse]}"  # type: ignore[index]
    )


def _round_ratio(ratio: float) -> str:
    digits = max(0, len(str(int(ratio))) - 2)
    return f"{round(ratio, -digits):.0f}" if ratio >= 10 else f"{ratio:.1f}"


def _summary(label: Label, evidence: Sequence[Evidence]) -> str:
    against = [item for item in evidence if max((item.bits.get("game", 0.0), item.bits.get("generated", 0.0))) > 0]
    against.sort(key=lambda item: -max(item.bits.values()))
    if label in ("strong", "suspect") and against:
        best = against[0]
        quote = f" (“{best.quote}”)" if best.quote else ""
        degree = "strongly" if label == "strong" else "clearly enough for a closer look"
        return (
            f"Carries the mark of: {best.title}{quote}. This speaks {degree} against a recording by a camera. "
            "Marks can be printed on any picture: check the original."
        )
    if label in ("strong", "suspect"):
        return "The prior alone makes a camera unlikely; nothing was found in the picture itself."
    if label == "marked":
        marks = ", ".join(dict.fromkeys(item.title for item in evidence if item.mark in PATH_KINDS))
        return f"Only marks of the path that the picture took: {marks}. They do not tell whether it is genuine."
    if against:
        return (
            "Traces only, too weak for a finding. This is no conclusion: "
            "most game pictures that were passed off as real carried no readable overlay."
        )
    return (
        "No overlay was found that tells where the picture comes from. This is no conclusion, and never a sign "
        "that it is authentic."
    )
