"""What speaks for or against a source: one kind a file, each with a class ``Kind`` (see ``EvidenceKind``).

A kind has a slow half, ``observe``, that looks at pixels and leaves JSON behind, and a fast half, ``find``,
that needs nothing but the observations and the knowledge. A kind without a slow half leaves ``observe`` out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol, runtime_checkable

from detector.knowledge import Knowledge
from detector.types import Evidence, Frame, Json, Observations, TextLine


class EvidenceKind(Protocol):
    """What every kind does: pure, no files, no clock, milliseconds."""

    def find(self, observations: Observations, knowledge: Knowledge) -> Iterable[Evidence]:
        """Return what speaks for or against a source in these observations."""
        ...


@runtime_checkable
class ObservingKind(EvidenceKind, Protocol):
    """A kind that also looks at pixels."""

    def observe(self, frame: Frame, lines: Sequence[TextLine]) -> Json:
        """Return what it saw, as JSON; stored under the kind's name in ``Observations.readings``.

        Args:
            frame: the picture.
            lines: what was read in it.
        """
        ...

    def provenance(self) -> dict[str, str]:
        """Return the versions of the models that ``observe`` uses, by name."""
        ...
