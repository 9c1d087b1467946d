"""The values that travel between the rooms: frozen, JSON-serialisable, standard library and numpy only.

Coordinates everywhere are pixels of the upright picture: origin at the top left corner, x to the right, y
down; a quad is four (x, y) points, clockwise from the top left corner *of the text*, so that a line that
stands on its head starts at the bottom right. Colours are RGB, 8 bits a channel.

Evidence is counted in bits: log2 of a likelihood ratio against the other sources.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from detector.errors import ObservationsError

Pixels = npt.NDArray[np.uint8]
Point = tuple[float, float]
Quad = tuple[Point, Point, Point, Point]
Source = Literal["camera", "game", "generated"]
Label = Literal["no-finding", "marked", "suspect", "strong"]
Json = Any
"""What ``json.loads`` can return."""

SOURCES: tuple[Source, ...] = ("camera", "game", "generated")
"""Where a picture can come from: a camera or real sensor, a game or simulator, a generating model."""
LABELS: tuple[Label, ...] = ("no-finding", "marked", "suspect", "strong")
"""From quiet to loud; ``--fail-on`` compares by this order."""

OBSERVATIONS_SCHEMA = 1
REPORT_SCHEMA = 1


def dumps(value: Json) -> str:
    """Return one line of JSON: keys as given, text readable, the same bytes for the same value.

    File names may hold bytes that are no valid UTF-8 (lone surrogates in Python); such a line falls back to
    ASCII escapes, so that it can always be written and read again.
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return json.dumps(value, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    return text


def make_quad(points: Iterable[Iterable[float]]) -> Quad:
    """Return four (x, y) points as a quad, rounded to a tenth of a pixel.

    Raises:
        ValueError: if there are not exactly four points of two finite numbers.
    """
    rounded = tuple(tuple(round(float(number), 1) for number in point) for point in points)
    if len(rounded) != 4 or any(len(point) != 2 for point in rounded):
        raise ValueError(f"a quad has four points of two numbers, not {rounded!r}")
    if not np.isfinite(np.asarray(rounded)).all():
        raise ValueError(f"a quad has finite numbers, not {rounded!r}")
    return rounded  # type: ignore[return-value]


def box_quad(left: float, top: float, right: float, bottom: float) -> Quad:
    """Return the upright rectangle with these edges (pixels) as a quad."""
    return make_quad(((left, top), (right, top), (right, bottom), (left, bottom)))


def quad_bounds(quad: Quad) -> tuple[float, float, float, float]:
    """Return (left, top, right, bottom) of the smallest upright rectangle around a quad, in pixels."""
    xs = [x for x, _ in quad]
    ys = [y for _, y in quad]
    return min(xs), min(ys), max(xs), max(ys)


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
            row = json.loads(text)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """What is known about one thing that somebody prints on pictures; see docs/signatures.md.

    Attributes:
        id: its path under ``signatures/`` with dots, without the ending.
        title: what it is, in a few words.
        kind: one of ``SIGNATURE_KINDS``.
        status: ``experimental``, ``test``, ``stable`` or ``deprecated``.
        speaks_for: bits by source when it is read whole; empty for a mark that only tells the path.
        phrases: texts by BCP 47 language code.
        patterns: regular expressions over one normalised line, for texts with structure.
        match: ``fragment``: any surviving part counts; ``words``: the whole phrase, between word
            boundaries; ``line``: the phrase is all that the line says.
        where: zones of the picture where it usually stands; empty for anywhere.
        group: evidence of one group is correlated and is capped together; the kind unless stated.
        attributes: facts to show, such as ``game`` or ``maker``.
    """

    id: str
    title: str
    kind: str
    status: str
    speaks_for: Mapping[str, float] = field(default_factory=dict)
    phrases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    patterns: tuple[str, ...] = ()
    match: str = "fragment"
    where: tuple[str, ...] = ()
    group: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    falsepositives: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    tests_match: tuple[str, ...] = ()
    tests_no_match: tuple[str, ...] = ()


SIGNATURE_KINDS: tuple[str, ...] = (
    "disclaimer",  # says itself that it is a game, a trailer, an illustration
    "hud",  # what a game shows its player
    "content",  # invented brands, places and names inside a game's world
    "recorder",  # screen recorders and performance displays
    "editor",  # video and picture editors
    "stock",  # stock agencies' preview marks
    "generator",  # AI models and services, and legally required AI labels
    "platform",  # where it was posted, and by whom
    "broadcaster",  # stations and news agencies
    "sensor",  # genuine sights, drones, thermal cameras
    "device",  # genuine cameras: body, trail, traffic, phone
)
PATH_KINDS: frozenset[str] = frozenset({"recorder", "editor", "stock", "platform", "broadcaster"})
"""Kinds that tell the path that a picture took, not what it shows."""
ZONES: tuple[str, ...] = (
    "top-left", "top", "top-right", "left", "center", "right", "bottom-left", "bottom", "bottom-right",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One thing that speaks for or against a source.

    Attributes:
        kind: the evidence kind that found it.
        signature: id of the signature it rests on, or None.
        title: what was found, in a few words.
        quote: the text as it was read, or empty; hostile input.
        bits: log2 likelihood ratio by source; a source that is not named has 0.
        why: a sentence that a journalist can print.
        quads: where it stands in the picture.
        group: evidence of one group is correlated and is capped together.
        mark: the kind of the signature, or what sort of thing was found.
        attributes: facts to show; ``e_value`` and the like as text.
    """

    kind: str
    title: str
    bits: Mapping[str, float]
    why: str
    signature: str | None = None
    quote: str = ""
    quads: tuple[Quad, ...] = ()
    group: str = ""
    mark: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "bits", {name: round(float(value), 3) for name, value in self.bits.items()})
        unknown = set(self.bits) - set(SOURCES)
        if unknown:
            raise ValueError(f"evidence speaks for {', '.join(SOURCES)}, not for {', '.join(sorted(unknown))}")

    def to_dict(self) -> dict[str, Json]:
        """Return it as JSON."""
        return {
            "kind": self.kind,
            "mark": self.mark,
            "signature": self.signature,
            "title": self.title,
            "quote": self.quote,
            "bits": {name: self.bits[name] for name in SOURCES if name in self.bits},
            "group": self.group,
            "quads": [[list(point) for point in quad] for quad in self.quads],
            "why": self.why,
            "attributes": dict(self.attributes),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribution:
    """One named term of the verdict's sum: what a piece of evidence really added after the caps.

    Attributes:
        evidence: index into the report's evidence, or None for the prior and for caps of a group.
        name: what it is, in a few words.
        bits: log2 likelihood ratio by source.
    """

    name: str
    bits: Mapping[str, float]
    evidence: int | None = None

    def to_dict(self) -> dict[str, Json]:
        """Return it as JSON."""
        return {
            "name": self.name,
            "evidence": self.evidence,
            "bits": {name: round(self.bits.get(name, 0.0), 3) for name in SOURCES},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the evidence adds up to.

    Attributes:
        sources: posterior probability of each source; they sum to 1.
        fakeness: 1 minus the probability of ``camera``.
        label: ``no-finding``, ``marked``, ``suspect`` (fakeness 0.5 and more) or ``strong`` (0.95).
        scale: the verbal scale of the ENFSI guideline for evaluative reporting (2015), both propositions named.
        contributions: the terms of the sum, the prior first; they add up to the posterior's log2 odds.
        summary: one or two sentences for a reader who sees nothing else.
    """

    sources: Mapping[str, float]
    fakeness: float
    label: Label
    scale: str
    contributions: tuple[Contribution, ...]
    summary: str

    def to_dict(self) -> dict[str, Json]:
        """Return it as JSON."""
        return {
            "fakeness": self.fakeness,
            "label": self.label,
            "sources": {name: self.sources[name] for name in SOURCES},
            "scale": self.scale,
            "summary": self.summary,
            "contributions": [term.to_dict() for term in self.contributions],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a picture has no verdict."""

    code: str
    message: str

    def to_dict(self) -> dict[str, Json]:
        """Return it as JSON."""
        return {"code": self.code, "message": self.message}


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything that is said about one picture; one JSON object, the same bytes for the same input.

    Attributes:
        source: as it was given.
        status: ``ok`` or ``error``; with ``error`` there is no verdict.
        sha256: of the file's bytes; empty where they could not be read.
        size: (width, height) of the upright picture, or None.
        verdict, evidence, lines, notes: what was found.
        error: why not, where not.
        versions: of the program, the knowledge and the models.
    """

    source: str
    status: Literal["ok", "error"]
    sha256: str = ""
    size: tuple[int, int] | None = None
    format: str = ""
    verdict: Verdict | None = None
    evidence: tuple[Evidence, ...] = ()
    lines: tuple[TextLine, ...] = ()
    notes: tuple[str, ...] = ()
    error: Failure | None = None
    versions: Mapping[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Json]:
        """Return it as JSON."""
        return {
            "schema": REPORT_SCHEMA,
            "source": self.source,
            "sha256": self.sha256,
            "status": self.status,
            "error": None if self.error is None else self.error.to_dict(),
            "size": None if self.size is None else list(self.size),
            "format": self.format,
            "verdict": None if self.verdict is None else self.verdict.to_dict(),
            "evidence": [item.to_dict() for item in self.evidence],
            "lines": [line.to_dict() for line in self.lines],
            "notes": list(self.notes),
            "versions": dict(self.versions),
        }

    def to_json(self) -> str:
        """Return it as one line of JSON, without the line's end."""
        return dumps(self.to_dict())


def _text(value: Json) -> str:
    if not isinstance(value, str):
        raise TypeError(f"a text is needed, not {value!r:.60}")
    return value


def _mapping(value: Json) -> Mapping[str, Json]:
    if not isinstance(value, dict):
        raise TypeError(f"an object is needed, not {value!r:.60}")
    return value
