"""The slow half's values: a picture, what was read in it, and all that was observed."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from detector.errors import ObservationsError
from detector.types.basics import Json, Pixels, Quad, dumps, make_quad

OBSERVATIONS_SCHEMA = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One decoded picture, upright.

    Attributes:
        pixels: (height, width, 3) uint8, RGB, read-only.
        source: where it came from: the path as it was given, or a name such as ``<bytes>``.
        sha256: of the bytes of the file (of the pixels where there never was a file), lower-case hex.
        original_size: (width, height) as stored, before the orientation was applied.
        format: what the bytes really are: ``JPEG``, ``PNG``, …; ``ARRAY`` for pixels handed in.
        metadata: short texts found in the file; hostile input.
        notes: what was done to it or is odd about it, one sentence each.
        index: number of the frame in its video, from 0.
        time_s: its time in the video, in seconds.
    """

    pixels: Pixels
    source: str
    sha256: str
    original_size: tuple[int, int]
    format: str
    metadata: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    index: int | None = None
    time_s: float | None = None

    def __post_init__(self) -> None:
        shape = self.pixels.shape
        if self.pixels.dtype != np.uint8 or len(shape) != 3 or shape[2] != 3 or 0 in shape:
            raise ValueError(f"pixels are (height, width, 3) uint8, not {shape} {self.pixels.dtype}")
        self.pixels.setflags(write=False)

    @property
    def width(self) -> int:
        """Width of the upright picture in pixels."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """Height of the upright picture in pixels."""
        return int(self.pixels.shape[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """One reading of a line: what one engine read in one view."""

    text: str
    confidence: float
    engine: str
    view: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "confidence", round(float(self.confidence), 4))

    def to_dict(self) -> dict[str, Json]:
        """Return it as JSON."""
        return {"text": self.text, "confidence": self.confidence, "engine": self.engine, "view": self.view}


@dataclass(frozen=True, slots=True, kw_only=True)
class TextLine:
    """One line of text: what was read, never what was guessed.

    Attributes:
        text: the best reading; hostile input.
        confidence: the engine's own, 0 to 1; not a probability.
        quad: where it stands; see the module for the order of the points.
        engine: which engine read it.
        view: in which view of the picture (``whole``, ``top-right@2x``, ``mirrored``, …).
        char_confidences: one number 0 to 1 for each character of ``text``, where the engine tells.
        script: ISO 15924 code of most of its letters (``Latn``, ``Cyrl``, …), or ``Zyyy`` for none.
        votes: every reading of this line, the best first, this one included; empty means only this one.
    """

    text: str
    confidence: float
    quad: Quad
    engine: str
    view: str = "whole"
    char_confidences: tuple[float, ...] | None = None
    script: str = "Zyyy"
    votes: tuple[Vote, ...] = ()

    def __post_init__(self) -> None:
        # Rounded here and not on writing: what is judged is then exactly what is written, so that judging
        # again from the file gives the same bytes.
        object.__setattr__(self, "confidence", round(float(self.confidence), 4))
        object.__setattr__(self, "quad", make_quad(self.quad))
        if not 0.0 <= self.confidence <= 1.0:
            raise ValueError(f"a confidence lies between 0 and 1, not {self.confidence}")
        if self.char_confidences is not None:
            rounded = tuple(round(float(value), 3) for value in self.char_confidences)
            if len(rounded) != len(self.text):
                raise ValueError(f"{len(rounded)} character confidences for {len(self.text)} characters")
            object.__setattr__(self, "char_confidences", rounded)

    @property
    def height(self) -> float:
        """Height of the line in pixels: the mean of its two short sides."""
        (ax, ay), (bx, by), (cx, cy), (dx, dy) = self.quad
        return float((np.hypot(dx - ax, dy - ay) + np.hypot(cx - bx, cy - by)) / 2)

    def to_dict(self) -> dict[str, Json]:
        """Return it as JSON; fields at their defaults are left out."""
        row: dict[str, Json] = {
            "text": self.text,
            "confidence": self.confidence,
            "quad": [list(point) for point in self.quad],
            "engine": self.engine,
            "view": self.view,
            "script": self.script,
        }
        if self.char_confidences is not None:
            row["char_confidences"] = list(self.char_confidences)
        if self.votes:
            row["votes"] = [vote.to_dict() for vote in self.votes]
        return row

    @classmethod
    def from_dict(cls, row: Mapping[str, Json]) -> TextLine:
        """Return the line that ``to_dict`` wrote.

        Raises:
            KeyError, TypeError, ValueError: if a field is missing or of the wrong form.
        """
        confidences = row.get("char_confidences")
        return cls(
            text=_text(row["text"]),
            confidence=row["confidence"],
            quad=make_quad(row["quad"]),
            engine=_text(row["engine"]),
            view=_text(row.get("view", "whole")),
            script=_text(row.get("script", "Zyyy")),
            char_confidences=None if confidences is None else tuple(confidences),
            votes=tuple(
                Vote(
                    text=_text(vote["text"]),
                    confidence=vote["confidence"],
                    engine=_text(vote["engine"]),
                    view=_text(vote["view"]),
                )
                for vote in row.get("votes", ())
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Observations:
    """All that was seen in one picture: the end of the slow half and the only input of the fast one.

    It is a cache entry, a test fixture and a legal input of ``overlay-detector rescore``.

    Attributes:
        source: as in ``Frame``.
        sha256: as in ``Frame``.
        size: (width, height) of the upright picture in pixels.
        lines: what was read, in reading order.
        readings: what each kind of evidence observed, by its name, as JSON.
        provenance: engines, models and settings with their versions: what it would take to read it again.
        format: as in ``Frame``.
        notes: as in ``Frame``.
    """

    source: str
    sha256: str
    size: tuple[int, int]
    lines: tuple[TextLine, ...] = ()
    readings: Mapping[str, Json] = field(default_factory=dict)
    provenance: Mapping[str, str] = field(default_factory=dict)
    format: str = ""
    notes: tuple[str, ...] = ()

    def to_json(self) -> str:
        """Return it as one line of JSON, without the line's end."""
        return dumps(
            {
                "schema": OBSERVATIONS_SCHEMA,
                "source": self.source,
                "sha256": self.sha256,
                "size": list(self.size),
                "format": self.format,
                "notes": list(self.notes),
                "lines": [line.to_dict() for line in self.lines],
                "readings": {name: self.readings[name] for name in sorted(self.readings)},
                "provenance": {name: self.provenance[name] for name in sorted(self.provenance)},
            }
        )

    @classmethod
    def from_json(cls, text: str | bytes) -> Observations:
        """Return the observations that ``to_json`` wrote.

        Raises:
            ObservationsError: if it is no JSON, of another schema version, or a field is missing or wrong.
        """
        try:
            row = json.loads(text, parse_float=_finite, parse_constant=_finite)
        except (ValueError, RecursionError) as error:
            raise ObservationsError(f"these observations are no JSON: {error}") from error
        if not isinstance(row, dict) or "schema" not in row:
            raise ObservationsError("these are no observations: a JSON object with a field 'schema' is needed")
        if row["schema"] != OBSERVATIONS_SCHEMA:
            raise ObservationsError(
                f"these observations have schema version {row['schema']!r}; this program reads version "
                f"{OBSERVATIONS_SCHEMA}. Scan the pictures again."
            )
        try:
            width, height = (int(number) for number in row["size"])
            if width < 1 or height < 1:
                raise ValueError(f"a picture of {width} by {height} pixels")
            return cls(
                source=_text(row["source"]),
                sha256=_text(row["sha256"]),
                size=(width, height),
                format=_text(row.get("format", "")),
                notes=tuple(_text(note) for note in row.get("notes", ())),
                lines=tuple(TextLine.from_dict(line) for line in row["lines"]),
                readings=_mapping(row.get("readings", {})),
                provenance={name: _text(value) for name, value in _mapping(row["provenance"]).items()},
            )
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            detail = f"field {error} is missing" if isinstance(error, KeyError) else str(error)
            raise ObservationsError(f"these observations cannot be used: {detail}") from error


def _text(value: Json) -> str:
    if not isinstance(value, str):
        raise TypeError(f"a text is needed, not {value!r:.60}")
    return value


def _mapping(value: Json) -> Mapping[str, Json]:
    if not isinstance(value, dict):
        raise TypeError(f"an object is needed, not {value!r:.60}")
    return value


def _finite(text: str) -> float:
    # NaN and Infinity, also written as 1e999: they could be read but never be written again.
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text:.40} is no number")
    return number
