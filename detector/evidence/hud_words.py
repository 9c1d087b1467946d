"""What games show to their players, in words: prompts, kill feeds, scores, frame rates."""

from __future__ import annotations

from collections.abc import Iterable

from detector.evidence._marks import evidence_of, matches
from detector.knowledge import Knowledge
from detector.types import Evidence, Observations


class Kind:
    """One piece of evidence a HUD signature that was found."""

    def find(self, observations: Observations, knowledge: Knowledge) -> Iterable[Evidence]:
        """Return the HUD words in these observations, the strongest first."""
        for match in matches(observations, knowledge):
            if match.signature.kind == "hud":
                evidence = evidence_of(match, observations, knowledge, "hud_words")
                if evidence is not None:
                    yield evidence
