"""A line that was read badly is cut out and read another way; that is far cheaper than to search again.

The reason is always in the picture: a place that the detector is sure of and the recogniser is not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from detector.reading import geometry
from detector.reading.places import Place
from detector.reading.protocol import RawText, ScriptEngine, SpottingEngine
from detector.reading.scripts import letter_script
from detector.types import Pixels, Quad, make_quad

CROP_HEIGHT = 48
SCRIPT_HEIGHT = 64
MAX_WIDTH = 2400
POOR = 0.9
"""A line read with less confidence than this is read another way, too."""
LINE_LIKE = 2.2
"""Length over height from which a badly read place is worth that: scenery is mostly squarer."""
LINE_SCORE = 0.45
"""... and the detector's score from which."""
UNREAD_LIKE = 2.8
UNREAD_SCORE = 0.6
UNREAD_HEIGHT = 8.0
"""A place this long, sure and high that nothing reads well stands in another script."""
VERY_LONG = 5.0
LONG_SCORE = 0.5
"""Scenery is rarely this much longer than high; of such places the detector may be a little less sure."""
UNREAD_CONFIDENCE = 0.93
LATIN_ENOUGH = 0.82
LATIN_SHARE = 0.5
"""A reading this sure with this share of small Latin letters and digits is one of Latin print, if perhaps faint:
other scripts are read as capitals, as Chinese, or hardly at all."""
SPARSE = 0.4
"""Fewer characters than this for each height of a place's length: most of what stands there was not read."""
CLEARLY = 0.04
"""A changed reading must be better by this much confidence: letters look alike in the mirror."""
EXTEND = 0.4
"""Letters cut by the upper or lower border get this part of their height back: their strokes run on."""
SCRIPT_CONFIDENCE = 0.15
"""A reading in another script that is less sure is left out; one that is right can be as doubtful as this."""
LIKE_CHINESE = "Hang"
"""Korean is read as Chinese by an engine without its letters; it is tried first, and where that is so only."""
SCRIPT_FITS = 0.75
SCRIPT_SHARE = 0.6
"""Of the letters must belong to the script that was tried."""


@dataclass(frozen=True, slots=True)
class Read:
    """One reading of a place."""

    place: Place
    text: RawText
    engine: str
    view: str


def crop_of(pixels: Pixels, quad: Quad) -> Pixels:
    """Return the line in a quad at the height that recognisers want."""
    return geometry.cut_out(pixels, quad, height=CROP_HEIGHT, max_width=MAX_WIDTH)


def read_places(pixels: Pixels, places: Sequence[Place], engine: SpottingEngine) -> list[Read]:
    """Return one reading for each place, empty ones too."""
    texts = engine.recognise([crop_of(pixels, place.quad) for place in places])
    return [Read(place, text, engine.name, place.view) for place, text in zip(places, texts, strict=True)]


def trust(read: Read) -> float:
    """Return a reading's confidence, less where far fewer characters were read than the place is long.

    A recogniser without the letters of a script can be sure of the few dots that it finds in a whole line.
    """
    characters = sum(not letter.isspace() for letter in read.text.text)
    return read.text.confidence * min(1.0, characters / (SPARSE * read.place.aspect))


def is_poor(read: Read) -> bool:
    """Say whether a reading of a place that looks like a line leaves doubt."""
    return trust(read) < POOR and read.place.score >= LINE_SCORE and read.place.aspect >= LINE_LIKE


def variants(read: Read, size: tuple[int, int]) -> list[tuple[str, Quad]]:
    """Return other ways to cut a badly read line out of a picture of (width, height): name and quad."""
    a, b, c, d = read.place.quad
    ways: list[tuple[str, Quad]] = []
    extended = over_the_border(read.place.quad, size)
    if extended is not None:
        ways.append(("extended", extended))
    ways.append(("mirrored", (b, a, d, c)))
    ways.append(("upside-down", (c, d, a, b)))
    return ways


def over_the_border(quad: Quad, size: tuple[int, int]) -> Quad | None:
    """Return a level line that the upper or lower border cuts, grown over it; None if none does."""
    left, top, right, bottom = geometry.bounds([quad])[0]
    height = bottom - top
    if abs(geometry.angle(quad)) > 10 or height <= 0:
        return None
    if top <= 1.5:
        return make_quad(
            ((left, top - EXTEND * height), (right, top - EXTEND * height), (right, bottom), (left, bottom))
        )
    if bottom >= size[1] - 1.5:
        return make_quad(
            ((left, top), (right, top), (right, bottom + EXTEND * height), (left, bottom + EXTEND * height))
        )
    return None


def read_other_ways(pixels: Pixels, reads: Sequence[Read], engine: SpottingEngine, *, most: int) -> list[Read]:
    """Return further readings of the lines that were read badly, those that are clearly better."""
    size = (pixels.shape[1], pixels.shape[0])
    poor = sorted((read for read in reads if is_poor(read)), key=lambda read: (-read.place.score, read.place.quad))
    asked = [(read, name, quad) for read in poor[:most] for name, quad in variants(read, size)]
    texts = engine.recognise([crop_of(pixels, quad) for _, _, quad in asked])
    better = []
    for (read, name, quad), text in zip(asked, texts, strict=True):
        needed = trust(read) + (CLEARLY if name != "extended" else 0.0)
        place = read.place if name == "extended" else Place(quad, read.place.score, name, read.place.scale)
        other = Read(place, text, engine.name, name)
        if text.text and trust(other) > needed:
            better.append(other)
    return better


def unread(reads: Sequence[Read], better: Sequence[Read]) -> list[Place]:
    """Return places that look like lines of text and that nothing has read well so far."""
    best: dict[tuple[tuple[float, float], ...], float] = {}
    for read in (*reads, *better):
        best[corners(read)] = max(best.get(corners(read), 0.0), trust(read))
    return [
        read.place
        for read in reads
        if read.place.score >= (LONG_SCORE if read.place.aspect >= VERY_LONG else UNREAD_SCORE)
        and read.place.aspect >= UNREAD_LIKE
        and geometry.sides(read.place.quad)[1] >= UNREAD_HEIGHT
        and best[corners(read)] < UNREAD_CONFIDENCE
        and not _is_latin(read)
    ]


def _is_latin(read: Read) -> bool:
    letters = [letter for letter in read.text.text if not letter.isspace()]
    plain = sum(letter.isascii() and (letter.islower() or letter.isdigit()) for letter in letters)
    return trust(read) >= LATIN_ENOUGH and plain >= LATIN_SHARE * len(letters)


def corners(read: Read) -> tuple[tuple[float, float], ...]:
    """Return a key that is the same whichever way a place was read."""
    return tuple(sorted(read.place.quad))


def read_scripts(
    pixels: Pixels,
    places: Sequence[Place],
    engine: ScriptEngine,
    scripts: Sequence[str],
    *,
    known: Mapping[Place, str] | None = None,
) -> list[Read]:
    """Return the readings of each place in every script that fits it, until one fits well.

    Letters of a wrong script are read with hardly less confidence than faint ones of the right script, so that
    all readings are kept; the surest is the line's text, the others are its votes.

    Args:
        pixels: the picture.
        places: where to read.
        engine: that has these scripts.
        scripts: to try.
        known: what another engine made of a place.
    """
    crops = [geometry.cut_out(pixels, place.quad, height=SCRIPT_HEIGHT, max_width=MAX_WIDTH) for place in places]
    kept: dict[int, list[Read]] = {number: [] for number in range(len(places))}
    fits: set[int] = set()
    for script in sorted(scripts, key=lambda script: script != LIKE_CHINESE):
        # A line that one script fits well needs no other.
        numbers = [number for number in kept if number not in fits]
        if script == LIKE_CHINESE and known is not None:
            numbers = [number for number in numbers if _looks_chinese(known.get(places[number], ""))]
        if not numbers:
            continue
        answers = engine.recognise_script([crops[number] for number in numbers], script)
        for number, texts in zip(numbers, answers, strict=True):
            for text in texts:
                part = share_of(text.text, script)
                if text.confidence >= SCRIPT_CONFIDENCE and part >= SCRIPT_SHARE:
                    kept[number].append(Read(places[number], text, engine.name, places[number].view))
                    if text.confidence * part >= SCRIPT_FITS:
                        fits.add(number)
    return [read for number in kept for read in kept[number]]


def _looks_chinese(text: str) -> bool:
    scripts = {letter_script(letter) for letter in text} - {"Zyyy"}
    return not scripts or bool(scripts & {"Hani", "Hira", "Kana"})


def share_of(text: str, script: str) -> float:
    """Return which part of a text's letters belongs to a script; 0 for fewer than three of them."""
    letters = [letter_script(letter) for letter in text]
    letters = [name for name in letters if name != "Zyyy"]
    belong = sum(name == script for name in letters)
    return belong / len(letters) if belong >= 3 else 0.0
