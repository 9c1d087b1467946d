"""What several tests share."""

from __future__ import annotations

import os

import pytest

from detector.registry import ENGINES

REQUIRE_ENGINES = "OVERLAY_DETECTOR_REQUIRE_ENGINES"


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip tests of an engine that cannot run here, with the reason; or fail, where engines are required."""
    for marker in item.iter_markers("engine"):
        name = str(marker.args[0])
        available = ENGINES.get(name).availability()
        if available.ready:
            continue
        message = f"OCR engine '{name}': {available.reason}. Type: {available.remedy}"
        if os.environ.get(REQUIRE_ENGINES) == "1":
            pytest.fail(message, pytrace=False)
        pytest.skip(message)
