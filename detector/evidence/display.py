"""The display as a whole: what is laid over the picture without words, and whose layout that is.

Games, cameras, drones, sensors and stations all lay things over their pictures. ``observe`` finds the parts -
panels, maps, bars, icons, lines, text - with a small network; ``find`` counts them together with the lines that
were laid over, and says whether a layout like this is commoner among games or among genuine displays. It says
nothing where nothing was laid over: how the picture itself looks is no matter of this kind.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import log

from detector.evidence._layout import layout_terms, line_features, logit, quads_of
from detector.evidence._mask import MODEL, config, elements, look, picture_features
from detector.knowledge import Knowledge
from detector.types import Evidence, Frame, Json, Observations, Quad, TextLine, make_quad

VERSION = 1


class Kind:
    """One piece of evidence a picture at most: a display like a game's, or like a camera's own."""

    def observe(self, frame: Frame, lines: Sequence[TextLine]) -> Json:
        """Return the parts of the display and what the network says of the whole.

        Returns:
            ``{"version": 1, "elements": [{"name", "quad", "score"}], "features": {name: number}}``; quads in
            pixels of the picture.
        """
        if not config()["network"]:
            return {"version": VERSION, "elements": [], "features": {}}
        seen = look(frame)
        size = (frame.width, frame.height)
        found = elements(seen, size)
        return {
            "version": VERSION,
            "elements": [
                {"name": part.name, "quad": [list(point) for point in part.quad], "score": part.score} for part in found
            ],
            "features": {name: round(value, 4) for name, value in picture_features(seen, found, size).items()},
        }

    def provenance(self) -> dict[str, str]:
        """Return the model's name."""
        return {"display": MODEL}

    def find(self, observations: Observations, knowledge: Knowledge) -> Iterable[Evidence]:
        """Return what the display speaks for; nothing if there is none or it could be anybody's."""
        reading = observations.readings.get("display")
        if not isinstance(reading, Mapping) or reading.get("version") != VERSION:
            return
        settings = config()
        stored = reading.get("features")
        features = {name: _number(stored, name) for name in stored} if isinstance(stored, Mapping) else {}
        features.update(line_features(observations))
        if features.get("laid", 0.0) < settings["least_laid"]:
            return
        bits = logit(features, settings["layout"]) / log(2)
        parts = _parts(reading)
        # A word and a sign are not told from a stamp or a mark: few lines never speak loudly. Shapes without letters
        # never make a finding: nets, bricks and lamps of the scene are now and then taken for parts.
        count = len(quads_of(observations, 0.5))
        spoken = max(min(int(settings["most_parts"]), len(parts)), count)
        ceiling = min(float(settings["most_bits"]), float(settings["bits_a_part"]) * spoken)
        bits = max(-float(settings["most_camera_bits"]), min(ceiling, bits))
        nothing = bits < 0 and features.get("kind_none", 0.0) > settings["most_none"]
        if abs(bits) < settings["least_bits"] or nothing:  # without a display there is none like a camera's
            return
        names = _names(parts)
        told: dict[str, float] = {"game": bits} if bits > 0 else {"camera": -bits}
        yield Evidence(
            kind="display",
            group="display",
            mark="display",
            title="A display like a game's" if bits > 0 else "A display like a camera's or station's own",
            bits=told,
            why=_why(bits, names, count),
            quads=tuple(quad for _, quad, _ in parts),
            attributes={
                "parts": ", ".join(name for name, _, _ in parts),
                "lines_laid_over": str(count),
                "layout": layout_terms(features, settings["layout"]),
            },
        )


def _number(features: Json, name: str) -> float:
    value = features.get(name, 0.0) if isinstance(features, Mapping) else 0.0
    return float(value) if isinstance(value, int | float) and abs(value) < 1e6 else 0.0


def _parts(reading: Mapping[str, Json]) -> list[tuple[str, Quad, float]]:
    """Return (name, quad, score) of the stored parts; a damaged entry is left out."""
    parts: list[tuple[str, Quad, float]] = []
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
        f"Laid over the picture: {what}. A layout like this is about {factor} times commoner in {whose[0]} "
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
