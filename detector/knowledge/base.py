"""The knowledge as one value: the signatures, ready to be matched against what was read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from detector.types import Observations, Signature


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """One signature found in what was read.

    Attributes:
        signature: which one.
        phrase: the phrase or pattern that was found, as the signature writes it.
        language: BCP 47 code of the phrase; empty for a pattern.
        quote: the letters as they were read, lines joined by " / ".
        lines: indices into ``Observations.lines``.
        bits: log2 of how much likelier these letters are if the phrase was printed there than in ordinary
            text, after the correction for everything that was searched.
        share: part of the phrase's letters that survive, 0 to 1.
        e_value: how many such matches are expected in one genuine picture.
        cut: borders of the picture at which the phrase breaks off: ``left``, ``right``, ``top``, ``bottom``.
        placed: it stands where the signature says that it usually stands.
        alignment: (letter of the phrase or "", letter read or "") pairs.
    """

    signature: Signature
    phrase: str
    language: str
    quote: str
    lines: tuple[int, ...]
    bits: float
    share: float
    e_value: float
    cut: tuple[str, ...] = ()
    placed: bool = True
    alignment: tuple[tuple[str, str], ...] = ()


class Knowledge:
    """Signatures compiled for matching; made once, used many times, never changed.

    Attributes:
        signatures: by id, deprecated ones left out.
        version: short hash over all signatures and the matcher's model; changes when a verdict may.
        genuine_pictures: how many genuine pictures' worth of text the matcher's null was measured on; no
            likelihood ratio that rests on text is allowed above it.
    """

    signatures: Mapping[str, Signature]
    version: str
    genuine_pictures: int

    def match(self, observations: Observations) -> tuple[Match, ...]:
        """Return every signature found, the strongest first; at most one match for each signature."""
        raise NotImplementedError


def load_knowledge(own: Path | None = None) -> Knowledge:
    """Return the packaged signatures and, beside them, those in the user's own folder.

    Raises:
        SignatureError: a signature is invalid; the message names file, line and field.
    """
    raise NotImplementedError
