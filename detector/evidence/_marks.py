"""What a signature's match is worth, and the sentence that says so; shared by the kinds that rest on text."""

from __future__ import annotations

import threading
from math import log2

from detector.knowledge import Knowledge, Match
from detector.scoring import scoring_config
from detector.types import Evidence, Observations, Quad, quad_bounds

# What a match of this kind shows, for the reader.
_SAYS = {
    "disclaimer": "a notice of the kind that is printed on game trailers, previews or illustrations",
    "hud": "wording that games show to their players",
    "content": "a name that exists only in a game's invented world",
    "recorder": "the mark of a screen recorder or of a performance display",
    "editor": "the mark of an editing program",
    "stock": "the preview mark of a picture agency",
    "generator": "the mark of an AI service, or a label for AI-made pictures",
    "platform": "the mark of a platform or of an account",
    "broadcaster": "the mark of a station or of a news programme",
    "sensor": "wording of a genuine sight, drone or thermal camera (games copy it)",
    "device": "the stamp of a genuine camera (it can be copied)",
}


_memo = threading.local()


def matches(observations: Observations, knowledge: Knowledge) -> tuple[Match, ...]:
    """Return ``knowledge.match(observations)``, worked out once for all kinds that ask in a row."""
    last = getattr(_memo, "last", None)
    if last is None or last[0] is not observations or last[1] is not knowledge:
        last = _memo.last = (observations, knowledge, knowledge.match(observations))
    found: tuple[Match, ...] = last[2]
    return found


def mark_bits(match_bits: float, speaks_for: float, rate: float) -> float:
    """Return log2 of the likelihood ratio that a text match gives to a source against camera.

    With E = 2^-match_bits false matches in a genuine picture, the mark on a share ``rate`` of the source's
    pictures, and ``speaks_for`` the log2 ratio of how often either source really carries it:
    (rate + E) / (rate * 2^-speaks_for + E). Close to ``speaks_for`` once chance is excluded, close to
    ``match_bits`` minus log2(1 / rate) before.
    """
    chance = 2.0**-match_bits
    return log2((rate + chance) / (rate * 2.0**-speaks_for + chance))


def evidence_of(match: Match, observations: Observations, knowledge: Knowledge, kind: str) -> Evidence | None:
    """Return the evidence that a match is, or None if it is too weak to be told."""
    config = scoring_config()
    signature = match.signature
    bits = match.bits - (0.0 if match.placed else config["misplaced_bits"])
    if bits < config["report_from_bits"]:
        return None
    overlaid = 1.0
    if signature.kind != "content":
        overlaid = shifted(overlay_probability(match, observations), config["overlaid_prior"])
    ceiling = log2(max(2, knowledge.genuine_pictures))
    worth = {}
    for source, strength in signature.speaks_for.items():
        sign = 1.0 if strength >= 0 else -1.0
        full = mark_bits(bits, min(abs(strength), ceiling), config["mark_rate"])
        # The same words on a poster or a sign, as part of the scene, tell nothing about the picture: the bits
        # shrink in proportion. A mixture of ratios would let one chance in twenty decide.
        worth[source] = sign * overlaid * full
    attributes = dict(signature.attributes)
    attributes["share"] = f"{match.share:.2f}"
    attributes["match_bits"] = f"{match.bits:.1f}"
    attributes["e_value"] = f"{match.e_value:.2g}"
    if overlaid < 1.0:
        attributes["overlaid"] = f"{overlaid:.2f}"
    quads = tuple(observations.lines[index].quad for index in match.lines)
    return Evidence(
        kind=kind,
        mark=signature.kind,
        signature=signature.id,
        title=signature.title,
        quote=match.quote,
        bits=worth,
        why=_why(match, observations, quads, overlaid, knowledge.genuine_pictures),
        quads=quads,
        group=signature.group or signature.kind,
        attributes=attributes,
    )


def overlay_probability(match: Match, observations: Observations) -> float:
    """Return the probability that the lines of a match were laid over the picture; 1 where nobody looked."""
    reading = observations.readings.get("overlay_lines")
    values = reading.get("lines") if isinstance(reading, dict) else None
    if not isinstance(values, list) or len(values) != len(observations.lines):
        return 1.0
    chosen = [float(values[index]) for index in match.lines if isinstance(values[index], (int, float))]
    return min(1.0, max(0.0, max(chosen))) if chosen else 1.0


def shifted(probability: float, prior: float) -> float:
    """Return a probability that was learnt at even odds, for lines of which ``prior`` are laid over.

    The model of lines was balanced between both sorts. Words that match a signature are more often printed over a
    picture than they hang in a street.
    """
    over = probability * prior
    return over / (over + (1 - probability) * (1 - prior)) if over > 0 else 0.0


def place(quads: tuple[Quad, ...], size: tuple[int, int]) -> str:
    """Return where the quads stand, in words: "in the top right corner", "at the bottom", "in the middle"."""
    bounds = [quad_bounds(quad) for quad in quads]
    x = (min(box[0] for box in bounds) + max(box[2] for box in bounds)) / 2 / size[0]
    y = (min(box[1] for box in bounds) + max(box[3] for box in bounds)) / 2 / size[1]
    vertical = "top" if y < 0.3 else "bottom" if y > 0.7 else ""
    horizontal = "left" if x < 0.35 else "right" if x > 0.65 else ""
    if vertical and horizontal:
        return f"in the {vertical} {horizontal} corner"
    if vertical:
        return f"at the {vertical}"
    if horizontal:
        return f"on the {horizontal}"
    return "in the middle"


def _why(
    match: Match, observations: Observations, quads: tuple[Quad, ...], overlaid: float, genuine_pictures: int
) -> str:
    signature = match.signature
    where = place(quads, observations.size) if quads else "in the picture"
    if not match.language:
        letters = "it is written just as this mark is"
    elif match.share >= 0.995:
        letters = f"this is “{match.phrase}”"
    else:
        letters = f"{match.share:.0%} of the letters of “{match.phrase}” are left"
    cut = f", cut off at the {' and '.join(match.cut)} border" if match.cut else ""
    owner = signature.attributes.get("game") or signature.attributes.get("maker")
    owner = f" ({owner})" if owner and owner not in signature.title else ""
    sentences = [
        f"“{match.quote}” stands {where}: {letters}{cut}.",
        f"{signature.title}{owner}: {_SAYS.get(signature.kind, 'a known mark')}.",
    ]
    if any("mirrored" in observations.lines[index].view for index in match.lines):
        sentences.append("It was read in a mirror: the picture was flipped.")
    # Genuine sensors and cameras do print their own wording: how often chance would is of no interest there.
    if signature.kind not in ("sensor", "device"):
        sentences.append(_chance(match.e_value, genuine_pictures))
    if overlaid < 0.5:
        sentences.append("It seems to be part of the scene, not laid over the picture, and counts little.")
    return " ".join(sentences)


def _chance(e_value: float, genuine_pictures: int) -> str:
    """Say how often a genuine picture would give such a reading, and no rarer than was measured."""
    if e_value >= 0.5:
        return "By chance, genuine pictures give such a reading about as often."
    once_in = 1 / max(e_value, 1e-12)
    if once_in >= genuine_pictures:
        return f"By chance, less than one in {genuine_pictures} genuine pictures gives such a reading."
    digits = len(str(int(once_in))) - 2
    return f"By chance, about one in {round(once_in, -max(0, digits)):.0f} genuine pictures gives such a reading."
