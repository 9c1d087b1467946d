"""AI marks that are shapes: Gemini's four-pointed star, DALL-E 2's five squares.

``observe`` finds the places that are most like one of the marks and leaves their measurements; ``find`` weighs them
with ``models/shape-marks-v1`` and says how rarely a genuine picture shows such a place. A mark says that a service made
the picture or edited it: a photograph that was only edited with Gemini carries the star too, and anybody can paste
one. See docs/shape-marks.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from math import hypot, isfinite, log, log2
from typing import Any

import numpy as np

from detector.evidence import _sparkle, _sparkle_search, _squares
from detector.evidence._marks import mark_bits, place
from detector.knowledge import Knowledge
from detector.resources import model_config, model_file
from detector.scoring import scoring_config
from detector.types import Evidence, Frame, Json, Observations, Quad, TextLine, box_quad, make_quad

MODEL = "shape-marks-v1"
VERSION = 1
NO_RIVAL = -99.0
"""Log odds of the next best place where there is none."""


class Kind:
    """One piece of evidence a mark at most: the likeliest place."""

    def observe(self, frame: Frame, lines: Sequence[TextLine]) -> Json:
        """Return the places that are most like a mark, whether they are one or not.

        Returns:
            ``{"version": 1, "marks": [{"shape", "quad", "features": {name: number}}]}``: the best place of each shape;
            quads in pixels of the picture.
        """
        marks: list[Json] = []
        places = _sparkle_search.candidates(frame.pixels)
        scored = sorted(((log_odds("sparkle", item.features), item) for item in places), key=lambda pair: -pair[0])
        if scored:
            best = scored[0][1]
            # A mark stands once; a net, a fence or a pattern shows its crossings in several places.
            rival = max(
                (odds for odds, item in scored[1:] if hypot(item.x - best.x, item.y - best.y) > item.size + best.size),
                default=NO_RIVAL,
            )
            half = best.size / 2
            box = (best.x - half, best.y - half, best.x + half, best.y + half)
            marks.append(_row("sparkle", box, {**best.features, "rival": rival}))
        row = _squares.best_row(frame.pixels)
        if row is not None:
            marks.append(
                _row("squares", (row.left, row.top, row.left + 5 * row.size, row.top + row.size), row.features)
            )
        return {"version": VERSION, "marks": marks}

    def provenance(self) -> dict[str, str]:
        """Return the model's name."""
        return {"shape_marks": MODEL}

    def find(self, observations: Observations, knowledge: Knowledge) -> Iterable[Evidence]:
        """Return the marks that are surely there, with what they speak for."""
        reading = observations.readings.get("shape_marks")
        if not isinstance(reading, Mapping) or reading.get("version") != VERSION:
            return  # read before this kind was there
        entries = reading.get("marks")
        for entry in entries if isinstance(entries, list) else ():
            try:
                shape, quad = str(entry["shape"]), make_quad(entry["quad"])
                features = {str(name): _number(value) for name, value in entry["features"].items()}
            except (AttributeError, KeyError, TypeError, ValueError):
                continue
            if shape in _TOLD:
                evidence = _evidence(shape, quad, features, observations.size)
                if evidence is not None:
                    yield evidence


def log_odds(shape: str, features: Mapping[str, float]) -> float:
    """Return the model's log odds, base e, that a place with these measurements carries the mark."""
    if shape == "sparkle":
        return _sparkle.log_odds(_sparkle.terms(features), _trees())
    return _squares.log_odds(features, config()["squares"])


def false_alarm_bits(score: float, model: Mapping[str, Any]) -> float:
    """Return -log2 of the share of genuine pictures that have a place with this score or a higher one.

    From the measured tail, at most log2 of the number of genuine pictures that it was measured on; 0 below the tail.
    """
    if score < model["tail_start"]:
        return 0.0
    beyond = (score - float(model["tail_start"])) * float(model["tail_rate"]) / log(2)
    return min(log2(float(model["genuine_pictures"])), beyond - log2(float(model["tail_share"])))


def config() -> Mapping[str, Any]:
    """Return the models' numbers and thresholds.

    Raises:
        EngineError: the model is missing or damaged.
    """
    return model_config(MODEL)


@cache
def _trees() -> Mapping[str, Any]:
    if config()["sparkle"]["features"] != list(_sparkle.NAMES):
        from detector.errors import EngineError

        raise EngineError(f"{MODEL} was trained on other features than this program measures. Install it again.")
    with np.load(model_file(MODEL, "sparkle.npz")) as stored:
        return {name: stored[name] for name in stored.files}


def _row(shape: str, box: tuple[float, float, float, float], features: Mapping[str, float]) -> Json:
    quad = [list(point) for point in box_quad(*box)]
    return {"shape": shape, "quad": quad, "features": {name: round(value, 3) for name, value in features.items()}}


def _number(value: Json) -> float:
    number = float(value)
    if not isfinite(number) or abs(number) > 1e6:
        raise ValueError(f"no measurement: {value!r:.40}")
    return number


def _evidence(shape: str, quad: Quad, features: Mapping[str, float], size: tuple[int, int]) -> Evidence | None:
    model = config()[shape]
    score = log_odds(shape, features)
    bits = false_alarm_bits(score, model)
    if bits < model["least_bits"] or score < model["least_score"]:
        return None
    usual = features.get("usual", 3.0) < 0.3 if shape == "sparkle" else features.get("off", 9.0) < 0.5
    if shape == "sparkle" and not usual and score - features.get("rival", NO_RIVAL) < model["least_lead"]:
        return None
    title, maker, says = _TOLD[shape]
    genuine = model["genuine_pictures"]
    rare = f"less than one in {genuine}" if 2**bits >= 0.99 * genuine else f"about one in {round(2**bits, -1):.0f}"
    where = "where it usually stands" if usual else "not where it usually stands, as in a cut or pasted picture"
    attributes = {"maker": maker, "by_chance": f"{rare} genuine pictures", "usual_place": "yes" if usual else "no"}
    return Evidence(
        kind="shape_marks",
        mark="generator",
        group="generator",
        title=title,
        bits={"generated": mark_bits(bits, float(model["speaks_for"]), float(scoring_config()["mark_rate"]))},
        why=f"{says} stands {place((quad,), size)}, {where}. By chance, {rare} genuine pictures shows such a shape. "
        "It can be pasted onto any picture.",
        quads=(quad,),
        attributes=attributes,
    )


# Title, who prints it, how the sentence begins.
_TOLD: Mapping[str, tuple[str, str, str]] = {
    "sparkle": (
        "Gemini's sparkle: made or edited with Google's AI",
        "Google Gemini",
        "A white, see-through star of four points, as Google's Gemini prints it on pictures that it made or edited,",
    ),
    "squares": (
        "DALL-E 2's signature: made or edited with OpenAI's model",
        "OpenAI DALL-E 2",
        "A row of five coloured squares, as OpenAI's DALL-E 2 printed it on pictures that it made or edited,",
    ),
}
