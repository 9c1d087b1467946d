"""The knowledge as one value: the signatures, ready to be matched against what was read."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from detector.errors import SignatureError
from detector.resources import SIGNATURES
from detector.types import Observations, Signature

if TYPE_CHECKING:
    from detector.knowledge.matching import Matcher


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

    def __init__(self, signatures: Mapping[str, Signature]) -> None:
        from detector.knowledge.costs import read_config
        from detector.resources import models_folder

        self.signatures = {
            name: signatures[name] for name in sorted(signatures) if signatures[name].status != "deprecated"
        }
        self.genuine_pictures = int(read_config()["genuine_pictures"])  # type: ignore[call-overload]
        digest = hashlib.sha256((models_folder() / "letters-v1" / "SHA256SUMS").read_bytes())
        for signature in self.signatures.values():
            digest.update(repr(signature).encode("utf-8", "surrogatepass"))
        self.version = digest.hexdigest()[:12]
        self._matcher: Matcher | None = None

    @property
    def matcher(self) -> Matcher:
        """The compiled signatures; compiled when first needed."""
        if self._matcher is None:
            from detector.knowledge.matching import Matcher

            self._matcher = Matcher(self.signatures)
        return self._matcher

    def match(self, observations: Observations) -> tuple[Match, ...]:
        """Return every signature found, the strongest first; at most one match for each signature."""
        return tuple(
            Match(
                signature=found.signature,
                phrase=found.text,
                language=found.language,
                quote=found.quote,
                lines=found.lines,
                bits=round(found.bits, 3),
                share=round(found.share, 4),
                e_value=float(f"{found.e_value:.3g}"),
                cut=found.cut,
                placed=found.placed,
                alignment=found.alignment,
            )
            for found in self.matcher.find(observations)
        )


def load_knowledge(own: Path | None = None) -> Knowledge:
    """Return the packaged signatures and, beside them, those in the user's own folder.

    Raises:
        SignatureError: a signature is invalid; the message names file, line and field.
    """
    signatures = dict(load_signatures(SIGNATURES))
    if own is not None:
        for name, signature in load_signatures(own).items():
            if name in signatures:
                raise SignatureError(
                    f"{own}: the signature '{name}' is packaged already; give yours another name or folder"
                )
            signatures[name] = signature
    return Knowledge(signatures)


def load_signatures(folder: Path) -> Mapping[str, Signature]:
    """Return the signatures of a folder by id.

    Raises:
        SignatureError: one is invalid; one line for each fault, with file, line and field.
    """
    from detector.knowledge.store import load_cached

    signatures, faults = load_cached(folder)
    if faults:
        raise SignatureError("\n".join(faults))
    return signatures


def match_text(
    knowledge: Knowledge, text: str | Sequence[str], *, cut: Literal["", "left", "right"] = ""
) -> tuple[Match, ...]:
    """Return what would be found in a text, as if an engine had read it in the middle of a picture.

    Args:
        knowledge: the signatures.
        text: one line, or several one under the other (a list, or line ends in the text).
        cut: the picture's border that the lines touch, as if the picture had been cropped there.
    """
    from detector.knowledge.selftest import picture_of

    lines = text.split("\n") if isinstance(text, str) else list(text)
    return knowledge.match(picture_of([line for line in lines if line.strip()], cut=cut))
