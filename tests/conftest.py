"""What several tests share."""

from __future__ import annotations

import logging
import os
from collections.abc import Generator
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, settings

from detector.registry import ENGINES

Kind = TypeVar("Kind", pytest.TestReport, pytest.CollectReport)

NO_SKIPS = "OVERLAY_DETECTOR_NO_SKIPS"
"""Set to 1, a test that is skipped because something is not installed fails."""
OF_THE_MACHINE = ("needs ", "cannot ")
"""How the reasons begin that no installation would change: a terminal, the right to mount a disk."""


# A busy machine draws slowly; that is no fault of a test.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")


@pytest.fixture(autouse=True)
def the_log_as_it_was() -> Generator[None]:
    """A test that calls the command in this process leaves the package's log as it found it."""
    log = logging.getLogger("detector")
    before = log.level, log.propagate, list(log.handlers)
    yield
    log.setLevel(before[0])
    log.propagate, log.handlers[:] = before[1], before[2]


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip tests of an engine that cannot run here, with the reason."""
    for marker in item.iter_markers("engine"):
        name = str(marker.args[0])
        available = ENGINES.get(name).availability()
        if not available.ready:
            pytest.skip(f"OCR engine '{name}': {available.reason}. Type: {available.remedy}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where nothing may be skipped, let a test fail that was."""
    report = yield
    return _judged(report)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """The same for whole files."""
    report = yield
    return _judged(report)


def _judged(report: Kind) -> Kind:
    if os.environ.get(NO_SKIPS) != "1" or not report.skipped or hasattr(report, "wasxfail"):
        return report
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    if not reason.removeprefix("Skipped: ").startswith(OF_THE_MACHINE):
        report.outcome = "failed"
        report.longrepr = f"{NO_SKIPS}=1, and this was skipped: {reason}"
    return report
