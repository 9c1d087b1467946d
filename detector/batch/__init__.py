"""Many pictures: worker processes, stable order, cache, resume, error rows. See docs/batch.md."""

from __future__ import annotations

from detector.batch.progress import Interrupted, Progress
from detector.batch.rescoring import observed, rescore
from detector.batch.scanning import scan

__all__ = ["Interrupted", "Progress", "observed", "rescore", "scan"]
