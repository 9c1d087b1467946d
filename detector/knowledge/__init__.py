"""What is known: signatures, how to check them, and how to find one in a few letters."""

from __future__ import annotations

from detector.knowledge.base import Knowledge, Match, load_knowledge

__all__ = ["Knowledge", "Match", "load_knowledge"]
