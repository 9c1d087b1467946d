"""Draws on a copy of a picture what was found in it, for print and for the eye.

Boxes go around what they box, a line's width away from it, and tags stand beside, so that nothing covers the
letters that a reader wants to check. Below the picture a strip says what the boxes mean, and of which file,
so that the picture can travel alone. The font is the one that Pillow carries: ASCII and some signs; other
letters are named by their script ("[Cyrillic]"), their exact form stands in the report.
"""

from __future__ import annotations

import base64
import io
import os
import unicodedata
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from math import ceil, floor, sqrt
from typing import TYPE_CHECKING

from detector.types import Evidence, Frame, Quad, Report, quad_bounds
from detector.wording import (
    LABEL_NAMES,
    SOURCE_NAMES,
    at_prior,
    bits_words,
    is_background,
    label_of,
    percent,
    place_words,
    reason_of,
    shorten,
    speaks_for,
    visible,
)

if TYPE_CHECKING:
    from PIL import Image, ImageDraw, ImageFont

Colour = tuple[int, int, int]
Box = tuple[float, float, float, float]

COLOURS: dict[str, Colour] = {
    "game": (217, 72, 15),
    "generated": (156, 54, 181),
    "camera": (43, 138, 62),
    "path": (28, 113, 200),
}
"""By what a piece of evidence speaks for; ``path`` for marks that weigh nothing."""
LABEL_COLOURS: dict[str, Colour] = {
    "strong": (179, 38, 30),
    "suspect": (180, 83, 9),
    "marked": (59, 91, 219),
    "no-finding": (91, 101, 112),
    "error": (107, 33, 168),
}
LEAST_WIDTH = 480
"""Pixels; a smaller picture gets margin on its right, so that the strip below can be read."""
MOST_IN_STRIP = 8
MOST_NUMBERED = 24
LETTERS_HIGH = 30
"""Pixels that a line of enlarged letters is high."""
LETTERS_SIZE = (720, 240)
"""Most pixels of a picture of enlarged letters."""

_WHITE, _INK, _GREY, _PAPER = (255, 255, 255), (27, 31, 36), (150, 150, 150), (250, 250, 248)
_PLAIN = {"—": "-", "–": "-", "−": "-", "×": "x", "→": "->", "•": "·", "\u00a0": " "}


def annotate(frame: Frame, report: Report) -> Image.Image:
    """Return a copy of the picture with boxes, tags and a strip that explains them.

    The picture keeps its place: pixel (x, y) of the frame is pixel (x, y) of the result. The same frame and
    report give the same pixels.

    Args:
        frame: the picture.
        report: what was found in it; its quads are in the frame's pixels.

    Returns:
        An RGB image, at least as large as the frame.
    """
    from PIL import Image, ImageDraw

    width, height = max(frame.width, LEAST_WIDTH), frame.height
    strip = _Strip(report, width)
    canvas = Image.new("RGB", (width, height + strip.height), _PAPER)
    # The boxes are drawn on the picture alone, so that nothing hangs over into the strip.
    picture = Image.fromarray(frame.pixels, "RGB").copy()
    draw = ImageDraw.Draw(picture)
    size = _font_size(frame)
    stroke = max(1, round(size / 9))
    for line in report.lines:
        _outline(draw, line.quad, _GREY, 1 if size < 28 else 2, gap=1)
    taken = [_grown(quad_bounds(line.quad), 1) for line in report.lines]
    taken += [_grown(quad_bounds(quad), 2 * stroke) for item in report.evidence for quad in item.quads]
    for item in reversed(report.evidence):  # the heaviest last, on top
        for quad in item.quads:
            _outline(draw, quad, COLOURS[speaks_for(item.bits)], stroke, gap=stroke + 1)
    tagger = _Tagger(draw, frame, _font(size), taken)
    for number, item in enumerate(report.evidence, 1):
        boxes = [_grown(quad_bounds(quad), 2 * stroke + 1) for quad in item.quads[:MOST_NUMBERED]]
        parts = item.attributes.get("parts", "").split(", ")
        if len(parts) == len(item.quads) > 1:  # each place has a name of its own
            for index, (box, part) in enumerate(zip(boxes, parts, strict=False)):
                tagger.tag(item, number, box, named=index == 0, part=drawable(shorten(part, 24)))
            continue
        # Lines of one finding that stand close together carry one tag.
        for index, box in enumerate(_joined(boxes, size)):
            tagger.tag(item, number, box, named=index == 0)
    canvas.paste(picture, (0, 0))
    strip.draw(ImageDraw.Draw(canvas), height)
    return canvas


def thumbnail(frame: Frame, report: Report | None = None, *, longest: int = 320) -> str:
    """Return the picture as a small JPEG in a data address, for a page that loads nothing.

    Args:
        frame: the picture.
        report: what was found in it. Where that is more than nothing, a blank and another address follow for
            each piece of evidence, in order: its letters, large enough to be checked by eye; ``-`` for a piece
            that has no place, many, or that of another before it, or is background.
        longest: longest side of the small picture in pixels.
    """
    from PIL import Image

    small = Image.fromarray(frame.pixels, "RGB")
    small.thumbnail((longest, longest), Image.Resampling.BILINEAR, reducing_gap=2.0)
    addresses = [_data_address(small)]
    if report is not None and label_of(report) not in ("no-finding", "error"):
        places: set[tuple[Quad, ...]] = {()}
        for item in report.evidence:
            one_place = bool(item.quote) or len(item.quads) == 1
            shown = one_place and len(places) <= MOST_IN_STRIP and item.quads not in places and not is_background(item)
            addresses.append(_data_address(_letters(frame, item)) if shown else "-")
            if shown:
                places.add(item.quads)
    return " ".join(addresses)


def _letters(frame: Frame, item: Evidence) -> Image.Image:
    """Return the first place of a piece of evidence, with some of what is around it, enlarged if it is small."""
    from PIL import Image

    heights = [box[3] - box[1] for box in map(quad_bounds, item.quads)]
    line = max(1.0, sorted(heights)[len(heights) // 2])
    box = _joined([_grown(quad_bounds(quad), 1) for quad in item.quads], line)[0]
    left, top, right, bottom = _grown(box, 0.5 * line + 2)
    inside = (max(0, floor(left)), max(0, floor(top)), min(frame.width, ceil(right)), min(frame.height, ceil(bottom)))
    if inside[2] <= inside[0] or inside[3] <= inside[1]:  # a place outside of the picture
        inside = (0, 0, frame.width, frame.height)
    cut = Image.fromarray(frame.pixels[inside[1] : inside[3], inside[0] : inside[2]], "RGB")
    scale = min(LETTERS_HIGH / line, 4.0, LETTERS_SIZE[0] / cut.width, LETTERS_SIZE[1] / cut.height)
    size = max(1, round(cut.width * scale)), max(1, round(cut.height * scale))
    return cut.resize(size, Image.Resampling.BICUBIC if scale > 1 else Image.Resampling.BOX)


def _data_address(picture: Image.Image) -> str:
    data = io.BytesIO()
    picture.save(data, "JPEG", quality=72)
    return "data:image/jpeg;base64," + base64.b64encode(data.getvalue()).decode("ascii")


def drawable(text: str) -> str:
    """Return a text that the packaged font can draw: accents dropped, other scripts named in brackets."""
    letters: list[str] = []
    for letter in visible(text):
        plain = _PLAIN.get(letter, letter)
        if not _has(plain):
            base = "".join(part for part in unicodedata.normalize("NFKD", letter) if not unicodedata.combining(part))
            plain = base if base and _has(base) else f"\0{_script(letter)}"
        letters.append(plain)
    parts: list[str] = []
    # Blanks between two words of one unknown script belong to it.
    for index, letter in enumerate(letters):
        if letter == " " and 0 < index < len(letters) - 1 and letters[index - 1] == letters[index + 1]:
            letters[index] = letters[index - 1] if letters[index - 1].startswith("\0") else letter
    for letter, group in groupby(letters):
        parts.append(f"[{letter[1:]}]" if letter.startswith("\0") else letter * len(list(group)))
    return "".join(parts)


@dataclass(slots=True)
class _Tagger:
    """Puts tags beside their boxes where nothing that matters stands."""

    draw: ImageDraw.ImageDraw
    frame: Frame
    font: ImageFont.FreeTypeFont
    taken: list[Box]

    def tag(self, item: Evidence, number: int, around: Box, *, named: bool, part: str = "") -> None:
        """Draw the tag with its name, or with its number (and the part's name) alone, or not at all without room."""
        texts = [f"{number} {part}", f"{number}"] if part else [f"{number}"]
        if named and not is_background(item):
            # What follows a colon explains; the strip has room for it.
            title = drawable(shorten(item.title.partition(": ")[0], 48))
            texts = [f"{number}  {title}", *texts]
        for text in texts:
            box = self._place(text, around)
            if box is not None:
                self.taken.append(box)
                pad = self.font.size / 4
                self.draw.rectangle(box, fill=COLOURS[speaks_for(item.bits)], outline=_WHITE)
                self.draw.text((box[0] + pad, box[1] + pad / 2), text, fill=_WHITE, font=self.font)
                return

    def _place(self, text: str, around: Box) -> Box | None:
        pad = self.font.size / 4
        width = ceil(self.font.getlength(text) + 2 * pad)
        height = round(self.font.size * 1.25 + pad)
        left, top, right, bottom = around
        starts = (left, right - width, (left + right - width) / 2)
        inside = [min(max(start, 0.0), self.frame.width - width - 1) for start in starts]
        for x, y in (
            *((x, top - height) for x in inside),
            *((x, bottom) for x in inside),
            (left - width, top),
            (right, top),
            (left - width, bottom - height),
            (right, bottom - height),
        ):
            # Outwards from what it names, so that rounding never makes them touch.
            x, y = floor(x) if x < left else ceil(x), floor(y) if y < top else ceil(y)
            box = (x, y, x + width, y + height)
            if box[0] < 0 or box[1] < 0 or box[2] >= self.frame.width or box[3] >= self.frame.height:
                continue
            if not any(_overlap(box, other) for other in self.taken):
                return box
        return None


class _Strip:
    """What stands below the picture."""

    def __init__(self, report: Report, width: int) -> None:
        self.size = max(13, min(44, round(width / 80)))
        self.font, self.large = _font(self.size), _font(round(self.size * 1.35))
        self.pad = round(self.size * 0.8)
        self.width = width
        label = label_of(report)
        # (font, colour, chip colour or None, text) a row.
        self.rows: list[tuple[ImageFont.FreeTypeFont, Colour, Colour | None, str]] = []
        headline = LABEL_NAMES[label]
        if report.verdict is not None:
            shares = ", ".join(
                f"{SOURCE_NAMES[name]} {percent(share)}" for name, share in report.verdict.sources.items()
            )
            changed = ", as before looking" if at_prior(report.verdict) else ""
            headline += f" · fakeness {percent(report.verdict.fakeness)}{changed} ({shares})"
        self._add(self.large, LABEL_COLOURS[label], headline)
        shown = [(number, item) for number, item in enumerate(report.evidence, 1) if not is_background(item)]
        if report.error is not None:
            self._add(self.font, _INK, f"{reason_of(report)}.")
        elif not shown:
            self._add(self.font, _INK, "No overlay found that tells where it comes from.")
        else:
            marks = all(item.signature for _, item in shown)
            self._add(self.font, _INK, "Carries the mark of:" if marks else "What was found:")
        for number, item in shown[:MOST_IN_STRIP]:
            text = f"{number}  {item.title}: {bits_words(item.bits)}"
            place = place_words(item.quads, report.size)
            text += f", {place}" if place else ", no place in the picture"
            if item.quote:
                text += f' - read: "{visible(item.quote, limit=160)}"'
            self._add(self.font, _INK, text, COLOURS[speaks_for(item.bits)])
        if len(shown) > MOST_IN_STRIP:
            self._add(self.font, _INK, f"and {len(shown) - MOST_IN_STRIP} more in the report")
        quiet = [
            f"{number} {shorten(item.title.partition(': ')[0], 60)}"
            for number, item in enumerate(report.evidence, 1)
            if is_background(item)
        ]
        if quiet:
            more = f"; and {len(quiet) - MOST_IN_STRIP} more" if len(quiet) > MOST_IN_STRIP else ""
            text = f"Cameras and games share, weighs nothing: {'; '.join(quiet[:MOST_IN_STRIP])}{more}."
            self._add(self.font, _INK, text, COLOURS["path"])
        if label == "no-finding":
            self._add(self.font, _INK, "No finding is no conclusion: it does not make the picture authentic.")
        version = report.versions.get("overlay-detector", "")
        name = visible(os.path.split(report.source)[1], limit=80)
        facts = [name, f"SHA-256 {report.sha256[:16]}…" if report.sha256 else "", f"overlay-detector {version}"]
        self._add(self.font, (91, 101, 112), " · ".join(fact for fact in facts if fact))
        self._add(
            self.font, (91, 101, 112),
            "Grey: text that was read. Coloured: what was found. A mark can be forged; check it by eye.",
        )  # fmt: skip
        self.height = 2 * self.pad + sum(_line_height(font) for font, *_ in self.rows)

    def _add(self, font: ImageFont.FreeTypeFont, colour: Colour, text: str, chip: Colour | None = None) -> None:
        room = self.width - 2 * self.pad - (self.size if chip else 0)
        for index, row in enumerate(_wrapped(drawable(text), font, room)):
            # A second row of the same finding is set in, without a chip of its own.
            blank = None if chip is None else (chip if index == 0 else _PAPER)
            self.rows.append((font, colour, blank, row))

    def draw(self, draw: ImageDraw.ImageDraw, top: int) -> None:
        """Draw it below the picture."""
        draw.line([(0, top), (self.width, top)], fill=_INK, width=max(1, self.size // 8))
        y = top + self.pad
        for font, colour, chip, text in self.rows:
            x = self.pad
            if chip is not None:
                side = round(self.size * 0.7)
                draw.rectangle((x, y + self.size * 0.3, x + side, y + self.size * 0.3 + side), fill=chip)
                x += self.size
            draw.text((x, y), text, fill=colour, font=font)
            y += _line_height(font)


def _outline(draw: ImageDraw.ImageDraw, quad: Quad, colour: Colour, stroke: int, *, gap: float) -> None:
    """Draw around a quad, ``gap`` pixels away from it, with a thin light edge for dark pictures."""
    points = _pushed_out(quad, gap + stroke / 2)
    if stroke > 1:
        draw.line([*points, points[0], points[1]], fill=_WHITE, width=stroke + 2, joint="curve")
    draw.line([*points, points[0], points[1]], fill=colour, width=stroke, joint="curve")


def _pushed_out(quad: Quad, distance: float) -> list[tuple[float, float]]:
    """Return the quad with each corner moved away along both of its sides."""
    moved = []
    for index, (x, y) in enumerate(quad):
        for neighbour in (quad[index - 1], quad[(index + 1) % 4]):
            dx, dy = quad[index][0] - neighbour[0], quad[index][1] - neighbour[1]
            length = max((dx * dx + dy * dy) ** 0.5, 1e-6)
            x, y = x + distance * dx / length, y + distance * dy / length
        moved.append((x, y))
    return moved


def _wrapped(text: str, font: ImageFont.FreeTypeFont, room: float) -> list[str]:
    rows = [""]
    for word in text.split(" "):
        if font.getlength(f"{rows[-1]} {word}") <= room:
            rows[-1] = f"{rows[-1]} {word}" if rows[-1] else word
            continue
        if rows[-1]:
            rows.append("")
        for letter in word:  # a word that is longer than a row breaks anywhere
            if font.getlength(rows[-1] + letter) > room:
                rows.append("")
            rows[-1] += letter
    return rows


def _font_size(frame: Frame) -> int:
    return max(12, min(60, round(sqrt(frame.width * frame.height) / 62)))


def _line_height(font: ImageFont.FreeTypeFont) -> int:
    return int(font.size * 1.4 + 0.5)


def _grown(box: Box, by: float) -> Box:
    return box[0] - by, box[1] - by, box[2] + by, box[3] + by


def _joined(boxes: list[Box], distance: float) -> list[Box]:
    """Return the boxes with those united that are no further apart than ``distance``."""
    united: list[Box] = []
    for box in boxes:
        while near := next((other for other in united if _overlap(_grown(box, distance), other)), None):
            united.remove(near)
            box = (
                min(box[0], near[0]), min(box[1], near[1]), max(box[2], near[2]), max(box[3], near[3])
            )  # fmt: skip
        united.append(box)
    return united


def _overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    from PIL import ImageFont

    font = ImageFont.load_default(size)
    if not isinstance(font, ImageFont.FreeTypeFont):  # Pillow built without FreeType
        raise TypeError("Pillow without FreeType cannot draw text; install Pillow from its wheel")
    return font


@cache
def _has(text: str) -> bool:
    if text.isascii():
        return text.isprintable()
    missing = bytes(_font(24).getmask("\U0010fffe"))
    return all(letter.isascii() or bytes(_font(24).getmask(letter)) != missing for letter in text)


def _script(letter: str) -> str:
    if not unicodedata.category(letter).startswith(("L", "M")):
        return "sign"
    word = unicodedata.name(letter, "letter").split(" ")[0].split("-")[0]
    return word if word == "CJK" else word.capitalize()
