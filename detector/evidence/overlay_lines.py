"""Leaves, for each line, how surely it was laid over the picture, rather than standing in the scene.

A phrase on a poster, a shop sign or a lorry is part of the scene and says nothing about where the picture comes from.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from detector.evidence._laid_over import MODEL, told
from detector.knowledge import Knowledge
from detector.types import Evidence, Frame, Json, Observations, TextLine


class Kind:
    """Leaves, for each line, the probability that it was laid over the picture; other kinds weigh words by it."""

    def observe(self, frame: Frame, lines: Sequence[TextLine]) -> Json:
        """Return ``{"version": 1, "lines": [...]}``: one probability a line, in the order of the lines."""
        if not lines:
            return {"version": 1, "lines": []}
        _, over = told(frame, lines)
        return {"version": 1, "lines": [round(float(value), 3) for value in over]}

    def provenance(self) -> dict[str, str]:
        """Return the model's name."""
        return {"overlay_lines": MODEL}

    def find(self, observations: Observations, knowledge: Knowledge) -> Iterable[Evidence]:
        """Return nothing: that a line was laid over the picture is no evidence of where the picture is from."""
        return ()
