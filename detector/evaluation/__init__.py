"""Labelled pictures and their reports in; error rates with intervals, plots and a ledger of errors out."""

from __future__ import annotations

from detector.evaluation.figures import Comparison, Figures, Judged, false_alarms, measure, misses
from detector.evaluation.manifest import Row, load_manifest

__all__ = ["Comparison", "Figures", "Judged", "Row", "false_alarms", "load_manifest", "measure", "misses"]
