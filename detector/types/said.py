"""The fast half's values: what is known, what speaks for what, and what is said about a picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from detector.types.basics import SOURCES, Json, Label, Quad, dumps
from detector.types.seen import TextLine

REPORT_SCHEMA = 1


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
