"""PP-OCRv6 small, from the models that the package ``rapidocr`` carries; the default engine.

The models are run here and not through ``rapidocr.RapidOCR``: that wrapper drops lines under a confidence of
0.5, shrinks pictures over 2000 pixels, skips detection in wide strips, and gives no confidence for a letter.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from detector.errors import EngineError
from detector.reading import geometry
from detector.reading.ctc import greedy
from detector.reading.onnx import session, short_hash
from detector.reading.protocol import Availability, RawLine, RawText, Spot
from detector.reading.textmap import spots_in
from detector.types import Pixels

DETECTOR = "PP-OCRv6_det_small.onnx"
RECOGNISER = "PP-OCRv6_rec_small.onnx"
REMEDY = "pip install rapidocr onnxruntime"
FOLDER = "OVERLAY_DETECTOR_RAPIDOCR_MODELS"
"""Names a folder with RapidOCR's recognisers for other scripts, such as ``cyrillic_PP-OCRv5_rec_mobile.onnx``."""
OWN_SCRIPTS: Mapping[str, str] = {
    "cyrillic": "Cyrl",
    "eslav": "Cyrl",
    "devanagari": "Deva",
    "korean": "Hang",
    "th": "Thai",
    "ta": "Taml",
    "te": "Telu",
}
"""How the files of these recognisers begin, and what they read; scripts that run from left to right only."""
HEIGHT = 48
"""What the recogniser was trained on, in pixels."""
MAX_WIDTH = 2400
"""Longer lines are squeezed: a bound on memory."""
STEP = 32
"""Sides of the detector's input are multiples of this."""
LONG_SIDE = 1600
"""``read`` searches larger pictures at this size; the reader chooses its own sizes."""


class Engine:
    """Reads Latin, Greek, Chinese and Japanese letters."""

    name: ClassVar[str] = "rapidocr"

    @classmethod
    def availability(cls) -> Availability:
        """Say whether the packages and both models are there; nothing is imported."""
        if find_spec("onnxruntime") is None:
            return Availability(ready=False, reason="onnxruntime is not installed", remedy=REMEDY)
        folder = _folder()
        if folder is None:
            return Availability(ready=False, reason="rapidocr is not installed", remedy=REMEDY)
        missing = [name for name in (DETECTOR, RECOGNISER) if not (folder / name).is_file()]
        if missing:
            return Availability(
                ready=False,
                reason=f"rapidocr {_version('rapidocr')} carries no {' and no '.join(missing)}",
                remedy="pip install 'rapidocr>=3.9'",
            )
        return Availability(
            ready=True,
            version=f"rapidocr {_version('rapidocr')}, onnxruntime {_version('onnxruntime')}",
            scripts=("Latn", "Grek", "Hani", "Hira", "Kana", *own_models()),
        )

    def __init__(self, *, threads: int = 0) -> None:
        available = self.availability()
        folder = _folder()
        if not available.ready or folder is None:
            raise EngineError(f"OCR engine 'rapidocr': {available.reason}. Type: {available.remedy}")
        self._files = (folder / DETECTOR, folder / RECOGNISER)
        self._detector: Any = session(self._files[0], threads)
        self._recogniser: Any = session(self._files[1], threads)
        self._characters = _characters(self._recogniser)
        self._threads = threads
        self._own: dict[str, tuple[Any, tuple[str, ...]]] = {}

    def models(self) -> dict[str, str]:
        """Return the short SHA-256 of both models."""
        return {file.name: short_hash(file) for file in (*self._files, *own_models().values())}

    def find(self, pixels: Pixels) -> list[Spot]:
        """Return every place where text seems to stand, at the size that the picture has."""
        height, width = pixels.shape[:2]
        padded = np.zeros((1, 3, -(-height // STEP) * STEP, -(-width // STEP) * STEP), np.float32)
        # The models want blue first, -1 to 1; what is padded is mid-grey.
        padded[0, :, :height, :width] = pixels[:, :, ::-1].transpose(2, 0, 1)
        padded[0, :, :height, :width] /= 127.5
        padded[0, :, :height, :width] -= 1.0
        text_map = self._run(self._detector, padded)[0, 0, :height, :width]
        return spots_in(np.ascontiguousarray(text_map))

    def recognise(self, crops: Sequence[Pixels]) -> list[RawText]:
        """Return what each cut-out line says."""
        return self._recognise(crops, self._recogniser, self._characters)

    def recognise_script(self, crops: Sequence[Pixels], script: str) -> list[tuple[RawText, ...]]:
        """Return what each cut-out line says by the user's own recogniser of a script.

        Raises:
            EngineError: there is none of this script, or it is damaged.
        """
        if script not in self._own:
            file = own_models().get(script)
            if file is None:
                raise EngineError(
                    f"OCR engine 'rapidocr': no model for the script {script} in the folder {FOLDER} names"
                )
            model = session(file, self._threads)
            self._own[script] = (model, _characters(model))
        model, characters = self._own[script]
        return [(text,) if text.text else () for text in self._recognise(crops, model, characters)]

    def _recognise(self, crops: Sequence[Pixels], model: Any, characters: Sequence[str]) -> list[RawText]:
        texts = []
        for crop in crops:
            # One at a time: on a processor a batch costs more than its lines (docs/reading.md).
            height, width = crop.shape[:2]
            if height != HEIGHT:
                import cv2

                width = min(max(round(width * HEIGHT / height), 8), MAX_WIDTH)
                crop = np.asarray(cv2.resize(crop, (width, HEIGHT), interpolation=cv2.INTER_AREA), np.uint8)
            batch = np.zeros((1, 3, HEIGHT, -(-(width + 8) // STEP) * STEP), np.float32)
            batch[0, :, :, :width] = crop[:, :, ::-1].transpose(2, 0, 1)
            batch[0, :, :, :width] /= 127.5
            batch[0, :, :, :width] -= 1.0
            texts.append(greedy(self._run(model, batch)[0], characters))
        return texts

    def read(self, pixels: Pixels) -> list[RawLine]:
        """Return every line it finds, the doubtful ones too."""
        import cv2

        height, width = pixels.shape[:2]
        factor = min(LONG_SIDE / max(height, width), 1.0)
        view = pixels
        if factor < 1.0:
            size = (max(round(width * factor), 1), max(round(height * factor), 1))
            view = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
        back = geometry.scale(width / view.shape[1], height / view.shape[0])
        quads = [geometry.carry(back, spot.quad) for spot in self.find(view)]
        crops = [geometry.cut_out(pixels, quad, height=HEIGHT, max_width=MAX_WIDTH) for quad in quads]
        return [
            RawLine(
                text=text.text,
                confidence=text.confidence,
                quad=geometry.clip(quad, width, height),
                char_confidences=text.char_confidences,
            )
            for quad, text in zip(quads, self.recognise(crops), strict=True)
            if text.text
        ]

    def _run(self, model: Any, batch: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        try:
            return np.asarray(model.run(None, {model.get_inputs()[0].name: batch})[0], np.float32)
        except Exception as error:  # onnxruntime raises classes of its own that are not exported
            raise EngineError(f"OCR engine 'rapidocr' failed: {error}") from error


def own_models() -> dict[str, Path]:
    """Return the user's own recognisers, by script (ISO 15924)."""
    named = os.environ.get(FOLDER)
    if not named:
        return {}
    found: dict[str, Path] = {}
    for file in sorted(Path(named).glob("*_rec*.onnx")):
        script = OWN_SCRIPTS.get(file.name.split("_", 1)[0].lower())
        if script is not None:
            found.setdefault(script, file)
    return found


def _characters(model: Any) -> tuple[str, ...]:
    """Return a recogniser's letters by class, from class 1 on; the space is not listed, it is the last class."""
    listed = str(model.get_modelmeta().custom_metadata_map.get("character", ""))
    if not listed:
        raise EngineError(
            "OCR engine 'rapidocr': a recogniser without its list of letters; use one made for RapidOCR 3"
        )
    return (*listed.split("\n")[: listed.count("\n") + (not listed.endswith("\n"))], " ")


def _folder() -> Path | None:
    spec = find_spec("rapidocr")
    places = list(spec.submodule_search_locations or ()) if spec else []
    return Path(places[0]) / "models" if places else None


@cache
def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"
