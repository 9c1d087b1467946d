"""One picture in, one Report out; knows no folder and no terminal."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from detector import __version__
from detector.config import Settings
from detector.errors import EngineError, PictureError
from detector.evidence import EvidenceKind, ObservingKind
from detector.images import ImageInput, load_frame
from detector.knowledge import Knowledge, load_knowledge
from detector.registry import EVIDENCE
from detector.scoring import MODEL, judge
from detector.types import Evidence, Failure, Frame, Json, Observations, Report, Source

if TYPE_CHECKING:
    from detector.reading.reader import Reader


class Detector:
    """Reads pictures and judges what it read.

    Thread-safe: ``judge`` is pure and runs side by side, ``observe`` runs one picture at a time, because the
    OCR engines are not safe otherwise. For speed use one detector a process, as ``detector.batch`` does.

    Args:
        settings: all settings; the defaults if None.
        overrides: single settings by name, on top: ``Detector(effort="quick")``.

    Raises:
        SettingError: a setting is unknown or out of its range.
        SignatureError: a signature is invalid (on the first call that needs them).
        EngineError: the OCR engine or a model is missing (on the first call that needs it).
    """

    def __init__(self, settings: Settings | None = None, **overrides: Any) -> None:
        from detector.config import load_settings

        base = settings if settings is not None else load_settings(overrides)
        self.settings = replace(base, **overrides) if settings is not None and overrides else base
        self._lock = threading.RLock()
        self._reader: Reader | None = None
        self._knowledge: Knowledge | None = None
        self._kinds: dict[str, EvidenceKind] | None = None

    @property
    def knowledge(self) -> Knowledge:
        """The signatures, loaded on first use."""
        with self._lock:
            if self._knowledge is None:
                self._knowledge = load_knowledge(Path(self.settings.signatures) if self.settings.signatures else None)
            return self._knowledge

    @property
    def kinds(self) -> Mapping[str, EvidenceKind]:
        """The kinds of evidence by name."""
        with self._lock:
            if self._kinds is None:
                self._kinds = {name: EVIDENCE.get(name)() for name in EVIDENCE.names()}
            return self._kinds

    @property
    def versions(self) -> dict[str, str]:
        """Versions of all that a verdict depends on, the reading apart."""
        return {"overlay-detector": __version__, "knowledge": self.knowledge.version, "scoring": MODEL}

    def start(self) -> None:
        """Start the OCR engine now and not at the first picture.

        Raises:
            EngineError: it is missing or cannot start.
        """
        with self._lock:
            self._start_reader()

    def load(self, image: ImageInput, name: str | None = None) -> Frame:
        """Return the decoded picture.

        Raises:
            PictureError: it cannot be read; ``code`` says why.
        """
        return load_frame(image, settings=self.settings, name=name)

    def observe(self, image: ImageInput | Frame, name: str | None = None) -> Observations:
        """Return all that can be seen in a picture: the slow half.

        Args:
            image: a path, bytes, a binary file, an array (height, width, 3) uint8 RGB, a PIL image or a Frame.
            name: what to call it in reports; its path unless given.

        Raises:
            PictureError: it cannot be read.
            EngineError: the OCR engine is missing or failed.
        """
        frame = image if isinstance(image, Frame) else self.load(image, name)
        with self._lock:
            reader = self._start_reader()
            reading = reader.read(frame)
            provenance = dict(reading.provenance)
            readings: dict[str, Json] = {}
            for kind_name, kind in self.kinds.items():
                if isinstance(kind, ObservingKind):
                    readings[kind_name] = kind.observe(frame, reading.lines)
                    provenance.update(kind.provenance())
        provenance["overlay-detector"] = __version__
        observations = Observations(
            source=frame.source,
            sha256=frame.sha256,
            size=(frame.width, frame.height),
            format=frame.format,
            notes=frame.notes + reading.notes,
            lines=reading.lines,
            readings=readings,
            provenance=provenance,
        )
        # Through JSON and back: what is judged now is exactly what can be judged again from the file.
        return Observations.from_json(observations.to_json())

    def judge(self, observations: Observations) -> Report:
        """Return the report on these observations: the fast half, pure and without an OCR engine."""
        knowledge = self.knowledge
        evidence: list[Evidence] = []
        for name in sorted(self.kinds):
            evidence += self.kinds[name].find(observations, knowledge)
        evidence.sort(key=lambda item: -max((abs(bits) for bits in item.bits.values()), default=0.0))
        settings = self.settings
        prior: dict[Source, float] = {
            "camera": 1.0 - settings.prior_game - settings.prior_generated,
            "game": settings.prior_game,
            "generated": settings.prior_generated,
        }
        return Report(
            source=observations.source,
            status="ok",
            sha256=observations.sha256,
            size=observations.size,
            format=observations.format,
            verdict=judge(evidence, prior=prior, genuine_pictures=knowledge.genuine_pictures),
            evidence=tuple(evidence),
            lines=observations.lines,
            notes=observations.notes,
            versions={**self.versions, **{f"reading.{k}": v for k, v in sorted(observations.provenance.items())}},
        )

    def inspect(self, image: ImageInput | Frame, name: str | None = None) -> Report:
        """Return the report on a picture; one that cannot be read gives a report with ``status`` error.

        Raises:
            EngineError: the OCR engine is missing; a failure on this one picture is an error report.
        """
        with self._lock:
            self._start_reader()
        try:
            return self.judge(self.observe(image, name))
        except (PictureError, EngineError, MemoryError) as error:
            return error_report(_source_name(image, name), error)

    def inspect_many(self, images: Iterable[ImageInput | Frame]) -> Iterator[Report]:
        """Yield one report a picture, in order, each as soon as it is there."""
        for image in images:
            yield self.inspect(image)

    def _start_reader(self) -> Reader:
        if self._reader is None:
            from detector.reading.reader import Reader

            self._reader = Reader(self.settings, threads=self.settings.threads)
        return self._reader


def error_report(source: str, error: BaseException, *, sha256: str = "") -> Report:
    """Return the report of a picture that could not be read."""
    code = "memory" if isinstance(error, MemoryError) else getattr(error, "code", "internal")
    message = str(error) or type(error).__name__
    return Report(
        source=source,
        status="error",
        sha256=sha256,
        error=Failure(code=code, message=message),
        versions={"overlay-detector": __version__},
    )


def _source_name(image: object, name: str | None) -> str:
    if name is not None:
        return name
    if isinstance(image, Frame):
        return image.source
    if isinstance(image, (str, Path)):
        return str(image)
    return str(getattr(image, "name", f"<{type(image).__name__}>"))
