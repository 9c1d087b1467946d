"""What is known: signatures, how to check them, and how to find one in a few letters.

``detector.knowledge.lint`` checks signatures, ``detector.knowledge.selftest`` runs the tests that they carry.
"""

from __future__ import annotations

from detector.knowledge.base import Knowledge, Match, load_knowledge, load_signatures, match_text

__all__ = ["Knowledge", "Match", "load_knowledge", "load_signatures", "match_text"]
