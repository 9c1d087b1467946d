"""Reads what is printed on top of pictures and weighs what it means.

>>> from detector import Detector
>>> report = Detector().inspect("picture.jpg")        # doctest: +SKIP
>>> report.verdict.label, report.verdict.fakeness     # doctest: +SKIP
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from detector.config import Settings as Settings
    from detector.errors import DetectorError as DetectorError
    from detector.errors import EngineError as EngineError
    from detector.errors import ExitCode as ExitCode
    from detector.errors import ObservationsError as ObservationsError
    from detector.errors import PictureError as PictureError
    from detector.errors import SettingError as SettingError
    from detector.errors import SignatureError as SignatureError
    from detector.errors import UsageError as UsageError
    from detector.pipeline import Detector as Detector
    from detector.types import Evidence as Evidence
    from detector.types import Frame as Frame
    from detector.types import Observations as Observations
    from detector.types import Report as Report
    from detector.types import TextLine as TextLine
    from detector.types import Verdict as Verdict

__version__ = "0.1.0"

# Loaded on first use: `import detector` must stay cheap, and must not need OpenCV or an OCR engine.
_HOMES = {
    "Detector": "detector.pipeline",
    "DetectorError": "detector.errors",
    "EngineError": "detector.errors",
    "Evidence": "detector.types",
    "ExitCode": "detector.errors",
    "Frame": "detector.types",
    "Observations": "detector.types",
    "ObservationsError": "detector.errors",
    "PictureError": "detector.errors",
    "Report": "detector.types",
    "SettingError": "detector.errors",
    "Settings": "detector.config",
    "SignatureError": "detector.errors",
    "TextLine": "detector.types",
    "UsageError": "detector.errors",
    "Verdict": "detector.types",
}

__all__ = ["Detector", "DetectorError", "EngineError", "Evidence", "ExitCode", "Frame", "Observations",
           "ObservationsError", "PictureError", "Report", "SettingError", "Settings", "SignatureError",
           "TextLine", "UsageError", "Verdict", "__version__"]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'detector' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
