"""How things are said to people: hostile text made visible, labels, places, amounts of evidence.

Every text that was read from a picture, its name or its metadata passes ``visible`` before a person sees it,
in whatever output. What a machine reads (JSON) keeps the text as it is, because JSON escapes by itself.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from math import isfinite
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from detector.types import Evidence, Quad, Report, Verdict

LABEL_NAMES: Mapping[str, str] = {
    "no-finding": "No finding",
    "marked": "Marked",
    "suspect": "Suspect",
    "strong": "Strong",
    "error": "Not read",
}
"""What people see for each label, and for a picture without one."""

LABEL_MEANINGS: Mapping[str, str] = {
    "no-finding": "Nothing was found that tells where the picture comes from. That is no conclusion: it does "
    "not make the picture authentic.",
    "marked": "The picture carries marks of the path that it took (a recorder, an editor, an agency, a "
    "platform, a station), and nothing strong that speaks against a camera.",
    "suspect": "What was found makes a game or an AI model at least as likely a source as a camera, with the "
    "stated prior.",
    "strong": "What was found makes a game or an AI model much likelier than a camera: 95 % and more, with "
    "the stated prior.",
    "error": "The picture could not be read, so nothing is said about it.",
}
"""One sentence for each label."""

NO_CONCLUSION = (
    "No finding is no conclusion. Many pictures with a false claim show no overlay at all, and an overlay can "
    "be cropped, blurred or painted over. Marks can be forged: a picture “carries the mark of” somebody, which "
    "is not the same as “was made by”. Check every finding by eye against the boxed place."
)
"""What every report for people says."""

SOURCE_NAMES: Mapping[str, str] = {"camera": "camera", "game": "game", "generated": "AI model"}
"""What people see for each source."""

_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def visible(text: str, *, limit: int | None = None) -> str:
    r"""Return a text in which nothing hides: what steers instead of showing is written as an escape.

    Control characters, line ends, direction marks, zero-width characters, lone surrogates, private and
    unassigned code points become ``\n``, ``\x1b``, ``\u202e`` and the like. Letters of every script stay.

    Args:
        text: anything.
        limit: longest text to return, in characters; the rest is counted, not shown.
    """
    rest = 0
    if limit is not None and len(text) > limit:
        text, rest = text[:limit], len(text) - limit
    shown = text
    if not (text.isascii() and text.isprintable()):
        shown = "".join(_escaped(letter) for letter in text)
    return f"{shown}… ({rest} more characters)" if rest else shown


def _escaped(letter: str) -> str:
    if letter in _SHORT:
        return _SHORT[letter]
    if unicodedata.category(letter) not in _HIDDEN:
        return letter
    code = ord(letter)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def label_of(report: Report) -> str:
    """Return the report's label, or ``error`` where it has none."""
    return "error" if report.verdict is None else report.verdict.label


def at_prior(verdict: Verdict) -> bool:
    """Say whether nothing that was found changed what was assumed before looking."""
    return all(abs(bits) < 0.05 for term in verdict.contributions[1:] for bits in term.bits.values())


def reason_of(report: Report) -> str:
    """Return why a picture could not be read, without the name that stands beside it anyway."""
    return "" if report.error is None else report.error.message.removeprefix(f"{report.source}: ")


def percent(probability: float) -> str:
    """Return a probability as people read it, never rounded up to certainty or down to nothing."""
    if 0.0 < probability < 0.001:
        return "< 0.1 %"
    if 0.999 < probability < 1.0:
        return "> 99.9 %"
    if 0.01 <= probability <= 0.99:
        return f"{probability * 100:.0f} %"
    return f"{probability * 100:.0f} %" if probability in (0.0, 1.0) else f"{probability * 100:.1f} %"


def signed(bits: float) -> str:
    """Return bits with their sign, to a tenth; nothing is ``0.0`` and not minus nothing."""
    text = f"{bits:+.1f}"
    return "0.0" if text in ("+0.0", "-0.0") else text


def shorten(text: str, length: int) -> str:
    """Return a visible text of at most so many characters, for a column."""
    text = visible(text)
    return text if len(text) <= length else text[: length - 1] + "…"


def bits_words(bits: Mapping[str, float]) -> str:
    """Return bits by source in words: ``game +12.0 bits``; empty evidence tells nothing either way."""
    parts = [
        f"{SOURCE_NAMES[name]} {bits[name]:+.1f}"
        for name in ("camera", "game", "generated")
        if abs(bits.get(name, 0.0)) >= 0.05
    ]
    return f"{', '.join(parts)} bits" if parts else "0 bits: weighs nothing either way"


def one_in(frequency: float) -> str:
    """Return how often something happens in words: ``1 in 29,000``, to two figures; ``1 in 1`` for each time."""
    every = 1.0 / max(min(frequency, 1.0), 1e-9)
    return f"{'less than ' if frequency < 1e-9 else ''}1 in {float(f'{every:.2g}'):,.0f}"


def attribute_words(name: str, value: str) -> str:
    """Return an attribute of evidence in words; one that nobody has named keeps its name.

    Args:
        name: of the attribute, as in the report.
        value: as text.
    """
    if name == "share" and is_number(value):
        return f"{percent(float(value))} of the phrase was read"
    if name == "match_bits" and is_number(value):
        return f"{float(value):.1f} bits: how surprising these letters are"
    if name == "e_value" and is_number(value):
        return f"by chance, the model of letters expects it in {one_in(float(value))} genuine pictures"
    if name == "overlaid" and is_number(value):
        return f"{percent(float(value))} sure that it was laid over the picture and is no part of the scene"
    return f"{visible(name.replace('_', ' '))}: {visible(value)}"


def is_number(text: str) -> bool:
    """Say whether a text is a finite number."""
    try:
        return isfinite(float(text))
    except ValueError:
        return False


def speaks_for(bits: Mapping[str, float]) -> str:
    """Return what a piece of evidence speaks for: ``camera``, ``game``, ``generated``, or ``path``.

    ``path`` is for marks that weigh nothing: they tell which way a picture went.
    """
    relative = {name: bits.get(name, 0.0) - bits.get("camera", 0.0) for name in ("game", "generated")}
    best = max(relative, key=lambda name: relative[name])
    if relative[best] >= 0.05:
        return best
    return "camera" if min(relative.values()) <= -0.05 else "path"


def weight(evidence: Evidence) -> float:
    """Return how much a piece of evidence says, either way, in bits."""
    camera = evidence.bits.get("camera", 0.0)
    return max(abs(evidence.bits.get(name, 0.0) - camera) for name in ("game", "generated"))


def is_background(evidence: Evidence) -> bool:
    """Say whether it neither weighs anything nor tells the path: symbology that cameras and games share."""
    from detector.types import PATH_KINDS

    return weight(evidence) < 0.05 and evidence.mark not in PATH_KINDS


def strongest(evidence: Iterable[Evidence]) -> Evidence | None:
    """Return the evidence that says most against a camera; the first one where none says anything."""
    found = list(evidence)
    if not found:
        return None
    return max(
        found,
        key=lambda item: (
            max(item.bits.get("game", 0.0), item.bits.get("generated", 0.0)) - item.bits.get("camera", 0.0)
        ),
    )


def place_words(quads: Iterable[Quad], size: tuple[int, int] | None) -> str:
    """Return where quads stand in a picture of (width, height) pixels: ``top right corner``."""
    points = [point for quad in quads for point in quad]
    if not points or size is None:
        return ""
    xs, ys = [x for x, _ in points], [y for _, y in points]
    width, height = size
    if (max(xs) - min(xs)) > 0.6 * width and (max(ys) - min(ys)) > 0.6 * height:
        return "all over the picture"
    across = _third((min(xs) + max(xs)) / 2, width, ("left", "", "right"))
    down = _third((min(ys) + max(ys)) / 2, height, ("top", "", "bottom"))
    if across and down:
        return f"{down} {across} corner"
    if down:
        return f"{down} centre"
    return f"{across} side" if across else "centre"


def _third(position: float, length: int, words: tuple[str, str, str]) -> str:
    return words[max(0, min(2, int(3 * position / max(1, length))))]
