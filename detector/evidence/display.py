"""The display as a whole: what is laid over the picture without words, and whose layout that is.

Games, cameras, drones, sensors and stations all lay things over their pictures. ``observe`` finds the parts -
panels, maps, bars, icons, lines, text - with a small network, and how they look with another; ``find`` counts them
together with the lines that were laid over, and says whether a display like this is commoner among games or among
genuine ones. It says nothing where nothing was laid over: how the picture itself looks is no matter of this kind.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import log
from typing import Any

from detector.evidence._appearance import appearance, maps_of, pooled, printed
from detector.evidence._laid_over import told as told_lines
from detector.evidence._layout import layout_terms, line_features, logit, quads_of
from detector.evidence._mask import MODEL, config, elements, look, picture_features
from detector.knowledge import Knowledge
from detector.types import Evidence, Frame, Json, Observations, Quad, TextLine, make_quad

VERSION = 4


class Kind:
    """One piece of evidence a picture at most: a display like a game's, or like a camera's own."""

    def observe(self, frame: Frame, lines: Sequence[TextLine]) -> Json:
        """Return the parts of the display and what the network says of the whole.

        Returns:
            ``{"version": 4, "elements": [{"name", "quad", "score"}], "features": {name: number}}``; quads in
            pixels of the picture.
        """
        if not config()["network"]:
            return {"version": VERSION, "elements": [], "features": {}}
        seen = look(frame)
        size = (frame.width, frame.height)
        found = elements(seen, size)
        features = picture_features(seen, found, size)
        if features["laid"] >= config()["least_laid"]:
            features["appearance"] = appearance(pooled(maps_of(frame.pixels), seen), printed(*told_lines(frame, lines)))
        return {
            "version": VERSION,
            "elements": [
                {"name": part.name, "quad": [list(point) for point in part.quad], "score": part.score} for part in found
            ],
            "features": {name: round(value, 4) for name, value in features.items()},
        }

    def provenance(self) -> dict[str, str]:
        """Return the model's name."""
        return {"display": MODEL}

    def find(self, observations: Observations, knowledge: Knowledge) -> Iterable[Evidence]:
        """Return what the display speaks for; nothing if there is none or it could be anybody's."""
        found = _measured(observations)
        if found is None:
            return
        bits, ceiling, features, parts, count = found
        settings = config()
        bits = told(bits, ceiling, features, settings)
        if not bits:
            return
        names = _names(parts)
        by_source: dict[str, float] = {"game": bits} if bits > 0 else {"camera": -bits}
        yield Evidence(
            kind="display",
            group="display",
            mark="display",
            title="A display like a game's" if bits > 0 else "A display like a camera's or station's own",
            bits=by_source,
            why=_why(bits, names, count),
            quads=tuple(quad for _, quad, _ in parts),
            attributes={
                "parts": ", ".join(name for name, _, _ in parts),
                "lines_laid_over": str(count),
                "layout": layout_terms(features, settings["layout"]),
            },
        )


def told(bits: float, ceiling: float, features: Mapping[str, float], settings: Mapping[str, Any]) -> float:
    """Return what of the measured bits a verdict counts.

    A camera's display is easily forged and counts little; without a display there is none like a camera's, and a game
    frame without one must stay as it was.
    """
    bits = max(-float(settings["most_camera_bits"]), min(ceiling, bits))
    nothing = bits < 0 and features.get("kind_none", 0.0) > settings["most_none"]
    return 0.0 if nothing or abs(bits) < settings["least_bits"] else bits


def held_back(observations: Observations) -> float:
    """Return the bits for a game that a verdict does not count, but that hold for a picture known to have an overlay.

    Most of them are negative: where hardly anything is seen, a picture *with an overlay* is rarely a game's. Only a
    measurement on labelled pictures knows that there is one.
    """
    found = _measured(observations)
    if found is None:
        return 0.0
    bits, ceiling, features, _, _ = found
    settings = config()
    return asked(bits, ceiling, settings) - told(bits, ceiling, features, settings)


def asked(bits: float, ceiling: float, settings: Mapping[str, Any]) -> float:
    """Return the measured bits for a picture known to have an overlay: capped alike both ways."""
    return max(-float(settings["most_bits"]), min(ceiling, bits))


def most_for(parts: float, lines: float, settings: Mapping[str, Any]) -> float:
    """Return the most bits that a display of so many parts and lines may speak for a game with.

    A word and a sign are not told from a stamp or a mark: few lines never speak loudly. Shapes without letters never
    make a finding: nets, bricks and lamps of the scene are now and then taken for parts.
    """
    spoken = max(min(float(settings["most_parts"]), parts), lines)
    return min(float(settings["most_bits"]), float(settings["bits_a_part"]) * spoken)


_Parts = list[tuple[str, Quad, float]]


def _measured(observations: Observations) -> tuple[float, float, Mapping[str, float], _Parts, int] | None:
    """Return (bits, the most it may be, features, parts, lines laid over); None where nothing is laid over."""
    reading = observations.readings.get("display")
    if not isinstance(reading, Mapping) or reading.get("version") != VERSION:
        return None
    settings = config()
    stored = reading.get("features")
    features = {name: _number(stored, name) for name in stored} if isinstance(stored, Mapping) else {}
    features.update(line_features(observations))
    if features.get("laid", 0.0) < settings["least_laid"]:
        return None
    parts = _parts(reading)
    count = len(quads_of(observations, 0.5))
    bits = logit(features, settings["layout"]) / log(2)
    return bits, most_for(len(parts), count, settings), features, parts, count


def _number(features: Json, name: str) -> float:
    value = features.get(name, 0.0) if isinstance(features, Mapping) else 0.0
    return float(value) if isinstance(value, int | float) and abs(value) < 1e6 else 0.0


def _parts(reading: Mapping[str, Json]) -> _Parts:
    """Return (name, quad, score) of the stored parts; a damaged entry is left out."""
    parts: _Parts = []
    entries = reading.get("elements")
    for entry in entries if isinstance(entries, list) else ():
        try:
            parts.append((str(entry["name"])[:40], make_quad(entry["quad"]), float(entry["score"])))
        except (KeyError, TypeError, ValueError):
            continue
    return parts


def _names(parts: Sequence[tuple[str, Quad, float]]) -> dict[str, int]:
    names: dict[str, int] = {}
    for name, _, _ in parts:
        names[name] = names.get(name, 0) + 1
    return dict(sorted(names.items(), key=lambda item: (-item[1], item[0])))


def _why(bits: float, names: Mapping[str, int], lines: int) -> str:
    shown = [f"{count} {_PLAIN.get(name, (name, name))[count > 1]}" for name, count in names.items() if name != "text"]
    if lines:
        shown.append(f"{lines} line{'s' * (lines > 1)} of text")
    what = ", ".join(shown[:-1]) + " and " + shown[-1] if len(shown) > 1 else "".join(shown) or "something"
    ratio = 2 ** abs(bits)
    factor = f"{ratio:.1f}" if ratio < 3 else f"{ratio:.0f}"
    whose = (
        ("games", "pictures of cameras, sensors and stations")
        if bits > 0
        else ("cameras, sensors and stations", "games")
    )
    return (
        f"Laid over the picture: {what}. A display like this is about {factor} times commoner in {whose[0]} "
        f"than in {whose[1]}; by itself it proves nothing."
    )


# In the plain words of a report: one, several.
_PLAIN: Mapping[str, tuple[str, str]] = {
    "panel": ("panel", "panels"),
    "map": ("map or radar", "maps or radars"),
    "bar": ("bar or gauge", "bars or gauges"),
    "mark": ("logo or watermark", "logos or watermarks"),
    "icon": ("icon or button", "icons or buttons"),
    "line": ("drawn line or frame", "drawn lines or frames"),
    "reticle": ("reticle in the exact centre", "reticles in the exact centre"),
}
