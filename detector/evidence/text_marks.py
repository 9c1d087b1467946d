"""Marks that are words: disclaimers, recorders, editors, stock, generators, platforms, stations, cameras."""

from __future__ import annotations

from collections.abc import Iterable

from detector.evidence._marks import evidence_of, matches
from detector.knowledge import Knowledge
from detector.types import Evidence, Observations


class Kind:
    """One piece of evidence a signature that was found, what games show to their players left out."""

    def find(self, observations: Observations, knowledge: Knowledge) -> Iterable[Evidence]:
        """Return the marks in these observations, the strongest first."""
        for match in matches(observations, knowledge):
            if match.signature.kind != "hud":
                evidence = evidence_of(match, observations, knowledge, "text_marks")
                if evidence is not None:
                    yield evidence
