"""Plug-ins are found by file, and an unknown name lists the known ones."""

from __future__ import annotations

import subprocess
import sys

import pytest

from detector.errors import UsageError
from detector.registry import ENGINES, EVIDENCE, OUTPUTS, Registry


@pytest.mark.parametrize("registry", [ENGINES, EVIDENCE, OUTPUTS], ids=lambda r: r.package)
def test_every_name_has_its_class(registry: Registry) -> None:
    assert registry.names()
    for name in registry.names():
        assert registry.get(name).__name__ == registry.attribute


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"unknown OCR engine 'easy'; known: .*rapidocr, .*tesseract"):
        ENGINES.get("easy")


@pytest.mark.parametrize("statement", ["import detector", "import detector.cli", "from detector import Detector"])
def test_importing_loads_nothing_heavy(statement: str) -> None:
    code = (
        f"{statement}\nimport sys\nprint([m for m in ('cv2', 'onnxruntime', 'torch', 'rapidocr') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
